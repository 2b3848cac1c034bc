//! What is kept is bounded: by who there is, and by how far back some rule looks.

use events::gate::{
    ContactLinkedV2, ContactPlacedV1, GateEvent, PermitRedeemedV1, PermitRefusedV2, PermitRequest,
    PermitReservedV2, PermitSettledV2, RefusedByV2,
};
use events::{Code, Decider, Position};
use gate::{Gate, State};
use model::{CaseId, ContactPointId, Outcome, PersonId, Timestamp};

use crate::scenario::{AGENCY, asked, linked, moment, policy, strict};

const PEOPLE: u8 = 100;
const DAY_MS: i64 = 86_400_000;

struct World {
    state: State,
    end: u64,
}

impl World {
    fn take(&mut self, event: &GateEvent, at: Timestamp) {
        Gate::evolve(&mut self.state, event, at, Position(self.end));
        self.end += 1;
    }

    fn call(&mut self, person: u8, at: Timestamp) {
        let (asked, permit) = (request(person), Position(self.end));
        let (contact, expires_at) = (asked.contact, at.plus_ms(60_000));
        let reserved = PermitReservedV2 { asked, policy: Position(0), expires_at, tightest: None };
        self.take(&GateEvent::PermitReserved(reserved), at);
        self.take(&GateEvent::PermitRedeemed(PermitRedeemedV1 { contact, permit, call: [1; 16] }), at);
        let (toward, discussed) = (Vec::new(), Vec::new());
        let outcome = Outcome::NoAnswer;
        let settled = PermitSettledV2 { contact, permit, outcome, toward, discussed, given_back: false };
        self.take(&GateEvent::PermitSettled(settled), at);
    }

    fn refuse(&mut self, person: u8, at: Timestamp) {
        let reasons = vec![RefusedByV2::from(&events::Reason::new(Code::OUTSIDE_HOURS))];
        let (asked, policy) = (request(person), Some(Position(0)));
        self.take(
            &GateEvent::PermitRefused(PermitRefusedV2 { asked, policy, reasons, next_allowed: None }),
            at,
        );
    }

    fn bytes(&self) -> usize {
        postcard::to_allocvec(&self.state).expect("a state").len()
    }
}

fn request(person: u8) -> PermitRequest {
    PermitRequest { contact: ContactPointId([person; 16]), case: CaseId([person; 16]), ..asked() }
}

#[test]
fn given_calls_and_refusals_that_no_rule_looks_back_to_when_life_goes_on_then_nothing_of_them_is_kept() {
    let mut world = World { state: State::default(), end: 0 };
    let begin = moment("2026-01-05T10:00:00+08:00");
    world.take(&policy(strict()), begin);
    for person in 0..PEOPLE {
        let (contact, case) = (ContactPointId([person; 16]), CaseId([person; 16]));
        let link = linked(model::Role::Debtor, &["Asia/Shanghai"]);
        let link = ContactLinkedV2 { contact, case, person: PersonId([person; 16]), ..link };
        world.take(&GateEvent::ContactLinked(link), begin);
        let placed = ContactPlacedV1 { contact, case, agency: Some(AGENCY) };
        world.take(&GateEvent::ContactPlaced(placed), begin);
    }
    let before = world.bytes();
    for round in 0..6 {
        for person in 0..PEOPLE {
            world.call(person, begin.plus_ms(round * DAY_MS / 8));
            world.refuse(person, begin.plus_ms(round * DAY_MS / 8));
        }
    }
    let busy = world.bytes();
    // A month later one person is called; so are others whom nobody calls again tidied up after.
    for calls in 0..i64::from(PEOPLE) {
        world.call(0, begin.plus_ms(30 * DAY_MS + calls * DAY_MS));
        world.refuse(0, begin.plus_ms(30 * DAY_MS + calls * DAY_MS));
    }
    let after = world.bytes();
    assert!(busy > before + usize::from(PEOPLE) * 6 * 32, "{before} bytes, then {busy}");
    // What is left: a few days of one person's calls, a day's closed permits, the last refusals that were replaced.
    assert!(after < before + 3_000, "{before} bytes, then {busy}, then {after}");
}
