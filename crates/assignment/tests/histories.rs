//! Random histories: whatever is asked, a case is in one queue, and no agency exceeds its capacity.

use std::collections::BTreeMap;

use assignment::{Assignment, State};
use events::assignment::{
    AgencyRegisteredV1, AssignmentCommand, AssignmentEvent, AssignmentQuery, AssignmentReply, CaseOfferedV2,
    CollectorRegisteredV1,
};
use events::{Decider, Decoded, Event, Now, Position};
use model::{AgencyId, CaseId, CollectorId, ContactPointId, Currency, LenderId, Role, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;

const NOW: Now = Now { at: Timestamp(0), trusted: true };
const JURISDICTIONS: [&str; 3] = ["CN", "HK", "GB"];
const COLLECTORS: u32 = 6;

fn command() -> impl Strategy<Value = AssignmentCommand> {
    let agency = || (0_u32..3).prop_map(AgencyId);
    let collector = || (0..COLLECTORS).prop_map(CollectorId);
    let case = || (0_u8..30).prop_map(|case| CaseId([case; 16]));
    let jurisdiction = || proptest::sample::select(JURISDICTIONS.to_vec()).prop_map(str::to_owned);
    let limit = 0_u32..8;
    prop_oneof![
        2 => (agency(), vec(jurisdiction(), 1..3), 0_u32..8).prop_map(|(agency, jurisdictions, capacity)| {
            let name = "An agency".to_owned();
            let registered = AgencyRegisteredV1 { agency, name, jurisdictions, capacity, lines: vec![] };
            AssignmentCommand::RegisterAgency(registered)
        }),
        2 => (agency(), any::<bool>())
            .prop_map(|(agency, suspended)| AssignmentCommand::SuspendAgency { agency, suspended }),
        3 => (collector(), agency()).prop_map(|(collector, agency)| {
            let registered = CollectorRegisteredV1 { collector, agency, name_sealed: vec![] };
            AssignmentCommand::RegisterCollector(registered)
        }),
        1 => collector().prop_map(|collector| AssignmentCommand::EndCollector { collector }),
        9 => (case(), jurisdiction(), 0_i64..4).prop_map(|(case, jurisdiction, minor)| {
            AssignmentCommand::OfferCase(CaseOfferedV2 {
                case,
                lender: LenderId(1),
                jurisdiction,
                contacts: vec![(ContactPointId(case.0), Role::Debtor)],
                minor,
                currency: Currency::CNY,
                product: String::new(),
                overdue_since: None,
            })
        }),
        2 => case().prop_map(|case| AssignmentCommand::WithdrawCase { case }),
        1 => (agency(), limit.clone())
            .prop_map(|(agency, limit)| AssignmentCommand::WithdrawFromAgency { agency, limit }),
        1 => (collector(), limit.clone())
            .prop_map(|(collector, limit)| AssignmentCommand::WithdrawFromCollector { collector, limit }),
        5 => limit.prop_map(|limit| AssignmentCommand::PlaceOpenCases { limit }),
    ]
}

/// What an observer who reads only the events believes.
#[derive(Default)]
struct Observer {
    capacity: BTreeMap<AgencyId, u32>,
    placed: BTreeMap<CaseId, (AgencyId, CollectorId)>,
}

impl Observer {
    fn sees(&mut self, event: &AssignmentEvent) -> Result<(), TestCaseError> {
        match event {
            AssignmentEvent::AgencyRegistered(agency) => {
                prop_assert!(self.capacity.insert(agency.agency, agency.capacity).is_none());
            }
            AssignmentEvent::CasePlaced(case) => {
                let before = self.placed.insert(case.case, (case.agency, case.collector));
                prop_assert!(before.is_none(), "placed twice");
                let held = self.placed.values().filter(|(agency, _)| *agency == case.agency).count();
                prop_assert!(held <= self.capacity[&case.agency] as usize, "over capacity");
            }
            AssignmentEvent::CaseWithdrawn(case) => {
                let before = self.placed.remove(&case.case).map(|(agency, _)| agency);
                prop_assert_eq!(before, case.agency);
            }
            _ => {}
        }
        Ok(())
    }
}

fn run(commands: &[AssignmentCommand]) -> Result<(State, Vec<AssignmentEvent>, Observer), TestCaseError> {
    let (mut state, mut log, mut observer) = (State::default(), Vec::new(), Observer::default());
    for command in commands {
        let Ok(events) = Assignment::decide(&state, command, NOW) else { continue };
        for event in events {
            observer.sees(&event)?;
            Assignment::evolve(&mut state, &event, NOW.at, Position(log.len() as u64));
            log.push(event);
        }
    }
    Ok((state, log, observer))
}

fn bytes(state: &State) -> Vec<u8> {
    postcard::to_allocvec(state).expect("serialises")
}

/// Everything that can be asked.
fn replies(state: &State) -> Vec<AssignmentReply> {
    let queue = |id| AssignmentQuery::Queue { collector: CollectorId(id), limit: u32::MAX, after: None };
    let collector = |id| AssignmentQuery::Collector(CollectorId(id));
    let queries = (0..COLLECTORS).flat_map(|id| [queue(id), collector(id)]);
    let queries = queries.chain([AssignmentQuery::Figures, AssignmentQuery::Agencies]);
    queries.map(|query| Assignment::query(state, &query, NOW)).collect()
}

proptest! {
    #[test]
    fn a_case_is_in_one_queue_and_no_agency_over_capacity(commands in vec(command(), 0..200)) {
        let (state, _, observer) = run(&commands)?;
        let mut queued = 0;
        for id in 0..COLLECTORS {
            let query = AssignmentQuery::Queue { collector: CollectorId(id), limit: u32::MAX, after: None };
            let AssignmentReply::Queue(cases) = Assignment::query(&state, &query, NOW) else {
                return Err(TestCaseError::fail("no queue"));
            };
            let worths: Vec<_> = cases.iter().map(|case| case.minor).collect();
            prop_assert!(worths.is_sorted_by(|left, right| left >= right));
            for case in cases {
                queued += 1;
                prop_assert_eq!(observer.placed.get(&case.case).map(|placed| placed.1), Some(CollectorId(id)));
            }
        }
        let AssignmentReply::Figures(figures) = Assignment::query(&state, &AssignmentQuery::Figures, NOW) else {
            return Err(TestCaseError::fail("no figures"));
        };
        prop_assert!(queued <= figures.placed);
        prop_assert_eq!(figures.placed, observer.placed.len() as u64);
        prop_assert_eq!(figures.agencies.iter().map(|agency| u64::from(agency.placed)).sum::<u64>(), figures.placed);
        prop_assert_eq!(figures.misplaced, 0);
    }

    #[test]
    fn replay_and_snapshot_give_the_same_state(commands in vec(command(), 0..200), next in vec(command(), 20)) {
        let (state, log, _) = run(&commands)?;
        let mut replayed = State::default();
        for (position, event) in log.iter().enumerate() {
            let mut stored = Vec::new();
            event.encode(&mut stored);
            let Ok(Decoded::Known(event)) = AssignmentEvent::decode(&stored) else {
                return Err(TestCaseError::fail("an event does not read back"));
            };
            Assignment::evolve(&mut replayed, &event, NOW.at, Position(position as u64));
        }
        prop_assert_eq!(bytes(&replayed), bytes(&state));
        // Derived parts are not in the bytes: restored and live must answer and decide alike.
        let restored: State = postcard::from_bytes(&bytes(&state)).expect("reads back");
        prop_assert_eq!(bytes(&restored), bytes(&state));
        prop_assert_eq!(replies(&restored), replies(&state));
        for command in next {
            let decided = Assignment::decide(&restored, &command, NOW);
            prop_assert_eq!(decided, Assignment::decide(&state, &command, NOW));
        }
    }

    #[test]
    fn a_registration_or_offer_that_was_taken_changes_nothing_the_second_time(
        commands in vec(command(), 1..80),
    ) {
        use AssignmentCommand as C;
        let (mut state, ..) = run(&commands[1..])?;
        let command = &commands[0];
        if !matches!(command, C::RegisterAgency(_) | C::SuspendAgency { .. } | C::RegisterCollector(_)
            | C::EndCollector { .. } | C::OfferCase(_))
        {
            return Ok(());
        }
        let Ok(events) = Assignment::decide(&state, command, NOW) else { return Ok(()) };
        for event in &events {
            Assignment::evolve(&mut state, event, NOW.at, Position(0));
        }
        prop_assert_eq!(Assignment::decide(&state, command, NOW), Ok(Vec::new()));
    }
}
