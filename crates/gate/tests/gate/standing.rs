//! Who may collect at all.

use events::Code;
use events::gate::{GateCommand, StandingChangedV1};
use model::{AgencyId, CollectorId};

use crate::scenario::{AGENCY, asked, call, law, named};

#[test]
fn given_a_suspended_agency_or_collector_then_nothing_is_allowed_until_they_are_admitted_again() {
    let standing =
        |agency, collector, active| GateCommand::SetStanding(StandingChangedV1 { agency, collector, active });
    let known = || law("[[shared]]\nid = \"shared\"\nmost = 100\n").knows(named(1, 1, 1));
    for collector in [None, Some(asked().collector)] {
        known()
            .does(standing(AGENCY, collector, false), "24 09:00")
            .when(standing(AGENCY, collector, false), "24 09:00")
            .then_nothing()
            .asks(call(1, 1), "24 10:00")
            .then_refused([Code::NOT_IN_STANDING])
            .does(standing(AGENCY, collector, true), "24 11:00")
            .made(call(1, 1), "24 11:00");
    }
    known()
        .does(standing(AGENCY, Some(CollectorId(9)), false), "24 09:00")
        .does(standing(AgencyId(9), None, false), "24 09:00")
        .made(call(1, 1), "24 10:00");
}
