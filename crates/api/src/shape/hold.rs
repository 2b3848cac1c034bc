//! Holds and who speaks for them.

use events::gate::HoldSource;
use serde_json::{Value, json};

use crate::json::rfc3339;
use crate::platform::HoldView;
use crate::week_time::week_time_text;

/// A hold that stands.
pub fn hold(view: &HoldView) -> Value {
    let placed = &view.placed;
    json!({
        "hold": view.hold.to_string(),
        "at": rfc3339(view.at),
        "contact": placed.contact.map(|contact| contact.to_string()),
        "person": placed.person.map(|person| person.to_string()),
        "case": placed.case.map(|case| case.to_string()),
        "kind": placed.kind.word(),
        "channels": placed.channels.iter().map(|channel| channel.word()).collect::<Vec<_>>(),
        "places": placed.places.iter().map(|place| place.word()).collect::<Vec<_>>(),
        "times": placed.times.iter().map(week_time_text).collect::<Vec<_>>(),
        "until": placed.until.map(rfc3339),
        "by": hold_source(placed.by),
    })
}

fn hold_source(source: HoldSource) -> String {
    match source {
        HoldSource::CalledPerson => "called-person".to_owned(),
        HoldSource::Lender(lender) => lender.to_string(),
        HoldSource::Agency(agency) => agency.to_string(),
        HoldSource::Operator => "operator".to_owned(),
        HoldSource::Regulator => "regulator".to_owned(),
    }
}
