//! The vocabulary: `given([…]).when(command, at).then([…])`. Times are RFC 3339; what happens to one contact point
//! in one case needs no more words.

use std::collections::BTreeSet;

use events::gate::{
    ContactLinkedV1, ContactPlacedV1, ContactStatus, Figures, GateAnswer, GateCommand, GateEvent, GateQuery,
    GateReply, PermitRequest, PolicyAdoptedV1, PolicyV1,
};
use events::{Code, Decider, Now, Position, Reason, Refusal, Tally};
use gate::{Gate, State};
use model::{
    AgencyId, CaseId, Channel, CollectorId, ContactPointId, LenderId, Outcome, PersonId, Purpose, Role,
    Timestamp,
};

pub const CONTACT: ContactPointId = ContactPointId(*b"contact-point-01");
pub const CASE: CaseId = CaseId(*b"case-number-0001");
pub const AGENCY: AgencyId = AgencyId(3);

/// A moment such as `2026-11-24T08:00:01+08:00`.
#[track_caller]
pub fn moment(text: &str) -> Timestamp {
    Timestamp(text.parse::<jiff::Timestamp>().expect(text).as_millisecond())
}

pub fn policy(policy: PolicyV1) -> GateEvent {
    GateEvent::PolicyAdopted(PolicyAdoptedV1 { policy })
}

pub fn linked(role: Role, zones: &[&str]) -> ContactLinkedV1 {
    let zones = zones.iter().map(|zone| zone.parse().expect("a zone name")).collect();
    let (contact, case, person) = (CONTACT, CASE, PersonId([1; 16]));
    ContactLinkedV1 { contact, case, lender: LenderId(2), person, role, zones }
}

pub fn placed() -> ContactPlacedV1 {
    ContactPlacedV1 { contact: CONTACT, case: CASE, agency: Some(AGENCY) }
}

/// The debtor of the case calls nobody's zone but these.
pub fn debtor_in(zones: &[&str]) -> Given {
    person(Role::Debtor, zones, gate::strict())
}

/// A debtor in Shanghai under a changed strict policy.
pub fn debtor_under(change: impl FnOnce(&mut PolicyV1)) -> Given {
    let mut changed = gate::strict();
    change(&mut changed);
    person(Role::Debtor, &["Asia/Shanghai"], changed)
}

pub fn person(role: Role, zones: &[&str], by: PolicyV1) -> Given {
    given([policy(by), GateEvent::ContactLinked(linked(role, zones)), GateEvent::ContactPlaced(placed())])
}

/// The request that everything is about.
pub fn asked() -> PermitRequest {
    PermitRequest {
        contact: CONTACT,
        case: CASE,
        agency: AGENCY,
        collector: CollectorId(301),
        channel: Channel::Call,
        purpose: Purpose::Collect,
        line: "95533".parse().expect("a line"),
    }
}

pub fn request() -> GateCommand {
    GateCommand::RequestPermit(asked())
}

pub fn request_for(purpose: Purpose) -> GateCommand {
    GateCommand::RequestPermit(PermitRequest { purpose, ..asked() })
}

pub fn redeem(permit: Position, call: u8) -> GateCommand {
    GateCommand::RedeemPermit { contact: CONTACT, permit, call: [call; 16] }
}

pub fn settle(permit: Position, outcome: Outcome) -> GateCommand {
    GateCommand::SettlePermit { contact: CONTACT, permit, outcome }
}

pub fn tick() -> GateCommand {
    GateCommand::Tick { repeated: Vec::new() }
}

/// A state, and where its log ends.
#[derive(Default)]
pub struct Given {
    pub state: State,
    pub end: u64,
    /// Where the last permit stands.
    pub permit: Position,
}

/// What happened so far, before the times that matter.
pub fn given<const N: usize>(events: [GateEvent; N]) -> Given {
    let mut given = Given::default();
    for event in events {
        given.take(&event, Timestamp(0));
    }
    given
}

pub struct When {
    given: Given,
    pub result: Result<Vec<GateEvent>, Refusal>,
    at: Timestamp,
}

impl Given {
    pub fn take(&mut self, event: &GateEvent, at: Timestamp) {
        if matches!(event, GateEvent::PermitReserved(_)) {
            self.permit = Position(self.end);
        }
        Gate::evolve(&mut self.state, event, at, Position(self.end));
        self.end += 1;
    }

    #[track_caller]
    pub fn when(self, command: GateCommand, at: &str) -> When {
        self.when_at(&command, Now { at: moment(at), trusted: true })
    }

    pub fn when_at(self, command: &GateCommand, now: Now) -> When {
        let result = Gate::decide(&self.state, command, now);
        When { given: self, result, at: now.at }
    }

    /// A request, allowed; redeemed at once by a call of its own; not settled.
    #[track_caller]
    pub fn called(self, at: &str) -> Given {
        let given = self.when(request(), at).then_permit();
        let (permit, call) = (given.permit, given.end as u8);
        given.when(redeem(permit, call), at).then_some(1)
    }

    pub fn query(&self, query: &GateQuery, at: &str) -> GateReply {
        Gate::query(&self.state, query, Now { at: moment(at), trusted: true })
    }

    pub fn figures(&self) -> Figures {
        match self.query(&GateQuery::Figures, "2026-11-24T12:00:00Z") {
            GateReply::Figures(figures) => *figures,
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    pub fn status(&self, at: &str) -> ContactStatus {
        match self.query(&GateQuery::Contact(CONTACT), at) {
            GateReply::Contact(Some(status)) => *status,
            other => panic!("{other:?}"),
        }
    }
}

impl When {
    /// Takes the events in, if there are any.
    fn go_on(self) -> Given {
        let mut given = self.given;
        for event in self.result.unwrap_or_default() {
            given.take(&event, self.at);
        }
        given
    }

    #[track_caller]
    pub fn then<const N: usize>(self, events: [GateEvent; N]) -> Given {
        assert_eq!(self.result.as_deref(), Ok(&events[..]));
        self.go_on()
    }

    #[track_caller]
    pub fn then_nothing(self) -> Given {
        self.then([])
    }

    /// So many events of any kind.
    #[track_caller]
    pub fn then_some(self, count: usize) -> Given {
        assert_eq!(self.result.as_ref().map(Vec::len), Ok(count), "{:?}", self.result);
        self.go_on()
    }

    #[track_caller]
    pub fn then_permit(self) -> Given {
        match self.answer() {
            Some(GateAnswer::Permit { .. }) => self.go_on(),
            _ => panic!("expected a permit, got {:?}", self.result),
        }
    }

    /// Refused for these rules; recorded or not.
    #[track_caller]
    pub fn then_refused<const N: usize>(self, codes: [Code; N]) -> Given {
        assert_eq!(self.codes(), codes, "{:?}", self.result);
        self.go_on()
    }

    /// Refused for these rules, and all of them would next allow it then.
    #[track_caller]
    pub fn then_refused_until<const N: usize>(self, codes: [Code; N], next: &str) -> Given {
        let next_allowed = match &self.result {
            Ok(events) => match &events[..] {
                [GateEvent::PermitRefused(refused)] => refused.next_allowed,
                other => panic!("expected a refusal, got {other:?}"),
            },
            Err(refusal) => refusal.next_allowed,
        };
        assert_eq!(next_allowed, Some(moment(next)), "expected {next}, got {:?}", self.result);
        self.then_refused(codes)
    }

    #[track_caller]
    pub fn then_repeats(self, first: Position) -> Given {
        let repeats = self.result.as_ref().err().and_then(|refusal| refusal.repeats);
        assert_eq!(repeats, Some(Tally { key: CONTACT.0, first }), "{:?}", self.result);
        self.go_on()
    }

    pub fn answer(&self) -> Option<GateAnswer> {
        self.result.as_ref().ok().map(|events| Gate::answer(events, Position(self.given.end)))
    }

    pub fn reasons(&self) -> Vec<Reason> {
        match (&self.result, self.answer()) {
            (Err(refusal), _) => refusal.reasons.clone(),
            (_, Some(GateAnswer::Refused { reasons, .. })) => reasons,
            _ => Vec::new(),
        }
    }

    /// In the order given; none twice.
    pub fn codes(&self) -> Vec<Code> {
        let codes: Vec<_> = self.reasons().iter().map(|reason| reason.code).collect();
        let ordered: BTreeSet<_> = codes.iter().copied().collect();
        assert!(ordered.iter().eq(codes.iter()), "not in order of code: {codes:?}");
        codes
    }
}
