//! Facts that come from elsewhere or late.

use std::pin::pin;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use events::Refusal;
use events::gate::Line;
use futures::StreamExt;
use model::{AgencyId, CaseId, Channel, ContactPointId, Outcome, PersonId, Purpose};
use serde::Deserialize;
use serde_json::{Value, json};

use super::asker::{Asker, RetryKey};
use super::input::{Input, malformed, moment, moment_if_any, parsed, parsed_each, parsed_if_any, whom};
use super::json_lines::JsonLines;
use super::lines::lines;
use super::problem::Problem;
use crate::platform::{ContactAsk, DisproveAsk, Platform};
use crate::shape;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Contact {
    number: Option<String>,
    region: Option<String>,
    #[serde(default, deserialize_with = "parsed_if_any")]
    contact: Option<ContactPointId>,
    #[serde(deserialize_with = "parsed")]
    case: CaseId,
    #[serde(default, deserialize_with = "parsed_if_any")]
    agency: Option<AgencyId>,
    #[serde(deserialize_with = "parsed")]
    channel: Channel,
    #[serde(deserialize_with = "parsed")]
    purpose: Purpose,
    /// outbound, inbound.
    direction: String,
    at: String,
    #[serde(deserialize_with = "parsed")]
    outcome: Outcome,
    #[serde(default, deserialize_with = "parsed_each")]
    toward: Vec<CaseId>,
    #[serde(default, deserialize_with = "parsed_each")]
    discussed: Vec<CaseId>,
    #[serde(default, deserialize_with = "parsed_if_any")]
    line: Option<Line>,
}

impl Contact {
    fn read(self) -> Result<ContactAsk, Refusal> {
        let target = whom(self.number.as_deref(), self.region.as_deref(), self.contact)?;
        let direction = shape::direction(&self.direction)
            .ok_or_else(|| malformed("direction: expected outbound or inbound"))?;
        let at = moment("at", &self.at)?;
        let Self { case, agency, channel, purpose, outcome, toward, discussed, line, .. } = self;
        Ok(ContactAsk {
            target,
            case,
            agency,
            channel,
            purpose,
            direction,
            at,
            outcome,
            toward,
            discussed,
            line,
        })
    }
}

pub(super) async fn record(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Input(contact): Input<Contact>,
) -> Result<Json<Value>, Problem> {
    let changed = platform.record_contact(&principal, &contact.read()?, retry_key.as_deref()).await?;
    Ok(Json(json!({ "changed": changed })))
}

/// One line for each, in order: whether it was recorded, or why not. In the order of the file: a later fact is judged by
/// those before it.
pub(super) async fn record_many(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    body: JsonLines,
) -> Response {
    let (sender, response) = lines();
    tokio::spawn(async move {
        let mut contacts = pin!(body.read::<Contact>().enumerate());
        while let Some((nth, contact)) = contacts.next().await {
            let key = retry_key.as_deref().map(|key| format!("{key}#{nth}"));
            let recorded = match contact.and_then(Contact::read) {
                Ok(ask) => platform.record_contact(&principal, &ask, key.as_deref()).await,
                Err(refusal) => Err(refusal),
            };
            let line = match recorded {
                Ok(changed) => json!({ "changed": changed }),
                Err(refusal) => json!({ "refusal": shape::refusal(&refusal) }),
            };
            if sender.send(line).await.is_err() {
                return;
            }
        }
    });
    response
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Disprove {
    number: Option<String>,
    region: Option<String>,
    #[serde(default, deserialize_with = "parsed_if_any")]
    contact: Option<ContactPointId>,
    #[serde(deserialize_with = "parsed")]
    case: CaseId,
    #[serde(default, deserialize_with = "parsed_if_any")]
    belongs_to: Option<PersonId>,
}

pub(super) async fn disprove(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Input(disprove): Input<Disprove>,
) -> Result<Json<Value>, Problem> {
    let target = whom(disprove.number.as_deref(), disprove.region.as_deref(), disprove.contact)?;
    let ask = DisproveAsk { target, case: disprove.case, belongs_to: disprove.belongs_to };
    let changed = platform.disprove_number(&principal, &ask, retry_key.as_deref()).await?;
    Ok(Json(json!({ "changed": changed })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Check {
    number: Option<String>,
    region: Option<String>,
    #[serde(default, deserialize_with = "parsed_if_any")]
    contact: Option<ContactPointId>,
    /// not-reassigned, not-in-service, shared-in-order, fabricated.
    found: String,
    at: Option<String>,
}

pub(super) async fn check(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Input(check): Input<Check>,
) -> Result<Json<Value>, Problem> {
    let target = whom(check.number.as_deref(), check.region.as_deref(), check.contact)?;
    let found = shape::number_check(&check.found).ok_or_else(|| {
        malformed("found: expected one of not-reassigned, not-in-service, shared-in-order, fabricated")
    })?;
    let at = moment_if_any("at", check.at.as_deref())?;
    let changed = platform.check_number(&principal, &target, found, at, retry_key.as_deref()).await?;
    Ok(Json(json!({ "changed": changed })))
}
