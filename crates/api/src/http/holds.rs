//! Holds: placed, lifted, listed.

use axum::Json;
use axum::extract::State;
use events::Refusal;
use events::gate::{HoldKind, WeekTime};
use model::{CaseId, Channel, ContactPointId, PersonId, Place};
use serde::Deserialize;
use serde_json::{Value, json};

use super::asker::{Asker, RetryKey};
use super::input::{Input, malformed, moment_if_any, parsed, parsed_each, parsed_if_any, whom};
use super::problem::Problem;
use crate::platform::{HoldAsk, HoldName, HoldOn, HoldVoice, Platform};
use crate::shape;
use crate::target::Target;
use crate::week_time::week_time;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlaceHold {
    number: Option<String>,
    region: Option<String>,
    #[serde(default, deserialize_with = "parsed_if_any")]
    contact: Option<ContactPointId>,
    #[serde(default, deserialize_with = "parsed_if_any")]
    person: Option<PersonId>,
    #[serde(default, deserialize_with = "parsed_if_any")]
    case: Option<CaseId>,
    #[serde(deserialize_with = "parsed")]
    kind: HoldKind,
    #[serde(default, deserialize_with = "parsed_each")]
    channels: Vec<Channel>,
    #[serde(default, deserialize_with = "parsed_each")]
    places: Vec<Place>,
    /// Such as `mon-fri 09:00-12:00`.
    #[serde(default)]
    times: Vec<String>,
    until: Option<String>,
    source: Option<String>,
}

pub(super) async fn place(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Input(place): Input<PlaceHold>,
) -> Result<Json<Value>, Problem> {
    let PlaceHold { kind, channels, places, person, case, .. } = place;
    let target = target(place.number.as_deref(), place.region.as_deref(), place.contact)?;
    let ask = HoldAsk {
        on: HoldOn { target, person, case },
        kind,
        channels,
        places,
        times: times(&place.times)?,
        until: moment_if_any("until", place.until.as_deref())?,
        source: voice(place.source.as_deref())?,
    };
    let receipt = platform.place_hold(&principal, &ask, retry_key.as_deref()).await?;
    Ok(Json(json!({ "hold": receipt.hold.to_string(), "changed": receipt.changed })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lift {
    number: Option<String>,
    region: Option<String>,
    #[serde(default, deserialize_with = "parsed_if_any")]
    contact: Option<ContactPointId>,
    #[serde(default, deserialize_with = "parsed_if_any")]
    person: Option<PersonId>,
    #[serde(default, deserialize_with = "parsed_if_any")]
    case: Option<CaseId>,
    #[serde(deserialize_with = "parsed")]
    hold: HoldName,
    source: Option<String>,
}

pub(super) async fn lift(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Input(lift): Input<Lift>,
) -> Result<Json<Value>, Problem> {
    let target = target(lift.number.as_deref(), lift.region.as_deref(), lift.contact)?;
    let on = HoldOn { target, person: lift.person, case: lift.case };
    let source = voice(lift.source.as_deref())?;
    let changed = platform.lift_hold(&principal, &on, lift.hold, source, retry_key.as_deref()).await?;
    Ok(Json(json!({ "changed": changed })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct On {
    number: Option<String>,
    region: Option<String>,
    #[serde(default, deserialize_with = "parsed_if_any")]
    contact: Option<ContactPointId>,
    #[serde(default, deserialize_with = "parsed_if_any")]
    person: Option<PersonId>,
    #[serde(default, deserialize_with = "parsed_if_any")]
    case: Option<CaseId>,
}

pub(super) async fn list(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    Input(on): Input<On>,
) -> Result<Json<Value>, Problem> {
    let target = target(on.number.as_deref(), on.region.as_deref(), on.contact)?;
    let holds = platform.holds(&principal, &HoldOn { target, person: on.person, case: on.case }).await?;
    Ok(Json(json!({ "holds": holds.iter().map(shape::hold).collect::<Vec<_>>() })))
}

/// A hold may be on a person or a case alone.
fn target(
    number: Option<&str>,
    region: Option<&str>,
    contact: Option<ContactPointId>,
) -> Result<Option<Target>, Refusal> {
    match (number, contact) {
        (None, None) => Ok(None),
        _ => whom(number, region, contact).map(Some),
    }
}

fn times(texts: &[String]) -> Result<Vec<WeekTime>, Refusal> {
    let read = |text: &String| {
        week_time(text)
            .ok_or_else(|| malformed("times: expected such as `mon-fri 09:00-12:00`, got something else"))
    };
    texts.iter().map(read).collect()
}

fn voice(word: Option<&str>) -> Result<Option<HoldVoice>, Refusal> {
    match word {
        None => Ok(None),
        Some("called-person") => Ok(Some(HoldVoice::CalledPerson)),
        Some("regulator") => Ok(Some(HoldVoice::Regulator)),
        Some(_) => Err(malformed("source: expected called-person or regulator, or nothing for one's own")),
    }
}
