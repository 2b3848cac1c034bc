//! The zones that a contact point may be in.

use events::gate::{GateQuery, GateReply};
use jiff::tz::TimeZone;
use model::ContactPointId;

use crate::Pages;

/// Most zones in which one time is shown.
const SHOWN_MAX: usize = 3;

/// The zones of a contact point; that of the pages if none is known. Asked only after the platform has let the asker
/// see the contact point.
pub(crate) async fn of(pages: &Pages, contact: ContactPointId) -> Vec<TimeZone> {
    let gate = &pages.platform.parts().gate;
    let asked = gate.query(gate.partition_of(&contact.0), GateQuery::Contact(contact)).await;
    let names = match asked {
        Ok(GateReply::Contact(Some(status))) => status.zones,
        // A time in the wrong zone says which; better than no page.
        _ => Vec::new(),
    };
    let mut zones: Vec<TimeZone> =
        names.iter().filter_map(|name| TimeZone::get(name.as_str()).ok()).take(SHOWN_MAX).collect();
    if zones.is_empty() {
        zones.push(pages.options.zone());
    }
    zones
}
