//! Signing in with a code, and who one is.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderName;
use axum::http::header::SET_COOKIE;
use serde::Deserialize;
use serde_json::{Value, json};

use super::asker::{Asker, sign_in_cookie};
use super::client::{ClientAddress, OverHttps};
use super::input::{Input, phone};
use super::problem::Problem;
use crate::code_sender::Delivery;
use crate::platform::Platform;
use crate::principal::Principal;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Number {
    number: String,
    region: Option<String>,
}

pub(super) async fn send_code(
    State(platform): State<Platform>,
    ClientAddress(address): ClientAddress,
    Input(number): Input<Number>,
) -> Result<Json<Value>, Problem> {
    platform.admit_anonymous(address)?;
    let number = phone(&number.number, number.region.as_deref())?;
    Ok(Json(match platform.send_code(&number).await? {
        Delivery::Sent => json!({ "sent": true }),
        Delivery::Shown(text) => json!({ "sent": false, "demonstration": text }),
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Verify {
    number: String,
    region: Option<String>,
    code: String,
}

pub(super) async fn verify_code(
    State(platform): State<Platform>,
    ClientAddress(address): ClientAddress,
    OverHttps(https): OverHttps,
    Input(verify): Input<Verify>,
) -> Result<([(HeaderName, String); 1], Json<Value>), Problem> {
    platform.admit_anonymous(address)?;
    let number = phone(&verify.number, verify.region.as_deref())?;
    let (principal, token) = platform.verify_code(&number, &verify.code)?;
    let cookie = sign_in_cookie(&token, 1800, https);
    let Principal::CalledPerson(contact) = principal else {
        return Err(principal.forbidden("a called person").into());
    };
    Ok(([(SET_COOKIE, cookie)], Json(json!({ "token": token, "contact": contact.to_string() }))))
}

pub(super) async fn me(Asker(principal): Asker) -> Json<Value> {
    let lender = match principal {
        Principal::Lender(lender) => Some(lender.to_string()),
        _ => None,
    };
    let collector = match principal {
        Principal::Collector(collector, _) => Some(collector.to_string()),
        _ => None,
    };
    let contact = match principal {
        Principal::CalledPerson(contact) => Some(contact.to_string()),
        _ => None,
    };
    Json(json!({
        "role": principal.role(),
        "lender": lender,
        "agency": principal.agency().map(|agency| agency.to_string()),
        "collector": collector,
        "contact": contact,
    }))
}
