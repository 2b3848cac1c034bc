//! Consents given and taken back. What a named contact answers to the one notice is in [`super::contacts`].

use axum::Json;
use axum::extract::State;
use model::{AgencyId, CaseId, ContactPointId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::asker::{Asker, RetryKey};
use super::input::{Input, malformed, moment_if_any, parsed, parsed_if_any, whom};
use super::problem::Problem;
use crate::platform::{ConsentAsk, Platform};
use crate::shape;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Give {
    number: Option<String>,
    region: Option<String>,
    #[serde(default, deserialize_with = "parsed_if_any")]
    contact: Option<ContactPointId>,
    #[serde(deserialize_with = "parsed")]
    case: CaseId,
    #[serde(default, deserialize_with = "parsed_if_any")]
    agency: Option<AgencyId>,
    #[serde(default)]
    every_debt: bool,
    #[serde(default)]
    every_contact: bool,
    /// frequency, hours, messages.
    covers: String,
    given: Option<String>,
    from: Option<String>,
    until: Option<String>,
}

pub(super) async fn give(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Input(give): Input<Give>,
) -> Result<Json<Value>, Problem> {
    let ask = ConsentAsk {
        target: whom(give.number.as_deref(), give.region.as_deref(), give.contact)?,
        case: give.case,
        agency: give.agency,
        every_debt: give.every_debt,
        every_contact: give.every_contact,
        covers: shape::consent_covers(&give.covers)
            .ok_or_else(|| malformed("covers: expected one of frequency, hours, messages"))?,
        given: moment_if_any("given", give.given.as_deref())?,
        from: moment_if_any("from", give.from.as_deref())?,
        until: moment_if_any("until", give.until.as_deref())?,
    };
    let changed = platform.give_consent(&principal, &ask, retry_key.as_deref()).await?;
    Ok(Json(json!({ "changed": changed })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Revoke {
    number: Option<String>,
    region: Option<String>,
    #[serde(default, deserialize_with = "parsed_if_any")]
    contact: Option<ContactPointId>,
    #[serde(deserialize_with = "parsed")]
    case: CaseId,
}

pub(super) async fn revoke(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Input(revoke): Input<Revoke>,
) -> Result<Json<Value>, Problem> {
    let target = whom(revoke.number.as_deref(), revoke.region.as_deref(), revoke.contact)?;
    let changed = platform.revoke_consents(&principal, &target, revoke.case, retry_key.as_deref()).await?;
    Ok(Json(json!({ "changed": changed })))
}
