//! Reading forms.

use std::collections::HashMap;

use axum::Form;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde::de::value::MapDeserializer;

use crate::failure::Failure;
use crate::visit::Visit;

/// The field that shows that a form comes from a page of this session.
pub(crate) const FORM_TOKEN: &str = "form_token";

/// What stands after the question mark.
pub(crate) struct Params<T>(pub T);

/// A form that anybody may send: it makes no use of who is signed in.
pub(crate) struct OpenForm<T>(pub T);

/// A form of somebody who is signed in, from a page that was made for their session.
pub(crate) struct OwnForm<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        Query::try_from_uri(&parts.uri).map(|Query(params)| Self(params)).map_err(|_| Failure::nothing())
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for OpenForm<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let fields = fields(request, state).await?;
        read(fields).map(Self)
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for OwnForm<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let expected = request.extensions().get::<Visit>().and_then(|visit| visit.form_token.clone());
        let expected = expected.ok_or_else(Failure::signed_out)?;
        let mut fields = fields(request, state).await?;
        match fields.remove(FORM_TOKEN) {
            Some(given) if same(&given, &expected) => read(fields).map(Self),
            _ => Err(Failure::foreign_form()),
        }
    }
}

async fn fields<S: Send + Sync>(request: Request, state: &S) -> Result<HashMap<String, String>, Failure> {
    // What came is not repeated: it may be somebody's number.
    let form = Form::from_request(request, state).await;
    form.map(|Form(fields)| fields).map_err(|_| Failure::malformed("expected a form of this page"))
}

fn read<T: DeserializeOwned>(fields: HashMap<String, String>) -> Result<T, Failure> {
    let read = T::deserialize(MapDeserializer::<_, serde::de::value::Error>::new(fields.into_iter()));
    read.map_err(|_| Failure::malformed("expected every field of the form"))
}

/// Of the same duration wherever they differ.
fn same(one: &str, other: &str) -> bool {
    let differing = one.bytes().zip(other.bytes()).fold(0, |bits, (one, other)| bits | (one ^ other));
    one.len() == other.len() && differing == 0
}
