//! A stop: nobody may contact this contact point, from this event on.

use events::gate::{GateEvent, PermitVoidedV1, StopPlacedV1, StopSource};
use model::ContactPointId;

use crate::State;
use crate::attempts::Stage;

/// The stop and, in the same batch, the end of every permit that waits. Nothing if it is stopped already: the first
/// stop stands.
pub(crate) fn place(state: &State, contact: ContactPointId, source: StopSource) -> Vec<GateEvent> {
    let known = state.contacts.get(&contact);
    if known.is_some_and(|known| known.stopped) {
        return Vec::new();
    }
    let mut events = vec![GateEvent::StopPlaced(StopPlacedV1 { contact, source })];
    // By the log and not by the clock: a stop must not depend on a clock that may be wrong.
    let attempts = known.into_iter().flat_map(|known| known.attempts());
    let waiting = attempts.filter(|attempt| attempt.stage == Stage::Waiting);
    events.extend((1..).zip(waiting).map(|(stop_before, attempt)| {
        GateEvent::PermitVoided(PermitVoidedV1 { contact, permit: attempt.position, stop_before })
    }));
    events
}
