//! Test vocabulary: `given(&events).when(&command)`.

use events::assignment::{
    AgencyRegisteredV1, AssignmentAnswer, AssignmentCommand, AssignmentEvent, AssignmentFigures,
    AssignmentQuery, AssignmentReply, CaseOfferedV2, CasePlacedV1, CollectorRegisteredV1, CollectorView,
    PlacementReason, QueuedCase,
};
use events::{Code, Decider, Now, Position, Refusal};
use model::{AgencyId, CaseId, CollectorId, ContactPointId, Currency, LenderId, Role, Timestamp};

use crate::{Assignment, State};

pub const NOW: Now = Now { at: Timestamp(0), trusted: true };

pub struct Given {
    state: State,
    now: Now,
}

/// A service in which this has happened.
pub fn given(events: &[AssignmentEvent]) -> Given {
    let mut given = Given { state: State::default(), now: NOW };
    given.happens(events);
    given
}

type Told = Result<(Vec<AssignmentEvent>, AssignmentAnswer), Refusal>;

impl Given {
    pub fn state(&self) -> &State {
        &self.state
    }

    pub fn passes(&mut self, days: i64) {
        self.now.at = self.now.at.plus_ms(days * 86_400_000);
    }

    pub fn happens(&mut self, events: &[AssignmentEvent]) {
        for event in events {
            Assignment::evolve(&mut self.state, event, self.now.at, Position(0));
        }
    }

    /// What the command would lead to.
    pub fn when(&self, command: &AssignmentCommand) -> Told {
        let events = Assignment::decide(&self.state, command, self.now)?;
        let answer = Assignment::answer(&events, Position(0));
        Ok((events, answer))
    }

    /// The same, and it happens.
    pub fn then(&mut self, command: &AssignmentCommand) -> Told {
        let told = self.when(command)?;
        self.happens(&told.0);
        Ok(told)
    }

    pub fn page(&self, collector: u32, limit: u32, after: Option<(i64, CaseId)>) -> Vec<QueuedCase> {
        let query = AssignmentQuery::Queue { collector: CollectorId(collector), limit, after };
        match Assignment::query(&self.state, &query, self.now) {
            AssignmentReply::Queue(cases) => cases,
            other => panic!("{other:?}"),
        }
    }

    pub fn queue(&self, collector: u32) -> Vec<QueuedCase> {
        self.page(collector, u32::MAX, None)
    }

    pub fn collector(&self, collector: u32) -> CollectorView {
        match Assignment::query(&self.state, &AssignmentQuery::Collector(CollectorId(collector)), self.now) {
            AssignmentReply::Collector(Some(view)) => view,
            other => panic!("{other:?}"),
        }
    }

    pub fn figures(&self) -> AssignmentFigures {
        match Assignment::query(&self.state, &AssignmentQuery::Figures, self.now) {
            AssignmentReply::Figures(figures) => figures,
            other => panic!("{other:?}"),
        }
    }
}

pub fn codes(told: Told) -> Vec<Code> {
    told.expect_err("a refusal").reasons.iter().map(|reason| reason.code).collect()
}

/// Licensed in CN.
pub fn agency(id: u32, capacity: u32) -> AgencyRegisteredV1 {
    AgencyRegisteredV1 {
        agency: AgencyId(id),
        name: format!("Agency {id}"),
        jurisdictions: vec!["CN".to_owned()],
        capacity,
        lines: vec!["+862150000001".to_owned()],
    }
}

pub fn collector(id: u32, agency: u32) -> CollectorRegisteredV1 {
    CollectorRegisteredV1 { collector: CollectorId(id), agency: AgencyId(agency), name_sealed: vec![0; 30] }
}

/// The case id that begins with this byte.
pub fn case_id(case: u8) -> CaseId {
    let mut id = CaseId([0; 16]);
    id.0[0] = case;
    id
}

/// A case in CN.
pub fn offered(case: u8, minor: i64) -> CaseOfferedV2 {
    CaseOfferedV2 {
        case: case_id(case),
        lender: LenderId(1),
        jurisdiction: "CN".to_owned(),
        contacts: vec![(ContactPointId([case; 16]), Role::Debtor)],
        minor,
        currency: Currency::CNY,
        product: String::new(),
        overdue_since: None,
    }
}

pub fn placed(case: u8, agency: u32, collector: u32) -> CasePlacedV1 {
    CasePlacedV1 {
        case: case_id(case),
        agency: AgencyId(agency),
        collector: CollectorId(collector),
        contacts: vec![ContactPointId([case; 16])],
        reason: PlacementReason::OnlyAgency,
    }
}
