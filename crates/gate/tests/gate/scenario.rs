//! The vocabulary: `given([…]).when(command, at).then([…])`. Times are RFC 3339, or a day of November 2026 and a time
//! in Shanghai, such as `24 10:00`; the 23rd was a Monday. Contact points, cases and persons have numbers.

use std::collections::BTreeSet;

use events::gate::{
    ContactLinkedV2, ContactPlacedV1, ContactStatus, Explanation, Figures, GateAnswer, GateCommand,
    GateEvent, GateQuery, GateReply, LineRegisteredV1, PermitRequest, PolicyAdoptedV1, PolicyAdoptedV2,
    PolicyV1,
};
use events::{Code, Decider, Now, Position, Reason, Refusal, Tally};
use gate::{Gate, State};
use model::{
    AgencyId, CaseId, Channel, CollectorId, ContactPointId, LenderId, Outcome, PersonId, Place, Purpose,
    Role, Timestamp,
};

pub const CONTACT: ContactPointId = ContactPointId(*b"contact-point-01");
pub const CASE: CaseId = CaseId(*b"case-number-0001");
pub const AGENCY: AgencyId = AgencyId(3);

/// A moment such as `2026-11-24T08:00:01+08:00` or `24 08:00:01`.
#[track_caller]
pub fn moment(text: &str) -> Timestamp {
    let long = match text.split_once(' ') {
        Some((day, time)) if time.len() == 5 => format!("2026-11-{day}T{time}:00+08:00"),
        Some((day, time)) => format!("2026-11-{day}T{time}+08:00"),
        None => text.to_owned(),
    };
    Timestamp(long.parse::<jiff::Timestamp>().expect(text).as_millisecond())
}

fn numbered(name: [u8; 16], number: u8) -> [u8; 16] {
    let mut name = name;
    name[15] = b'0' + number;
    name
}

/// The first is [`CONTACT`].
pub fn contact(number: u8) -> ContactPointId {
    ContactPointId(numbered(CONTACT.0, number))
}

/// The first is [`CASE`].
pub fn case(number: u8) -> CaseId {
    CaseId(numbered(CASE.0, number))
}

/// The first is who is behind [`CONTACT`].
pub fn somebody(number: u8) -> PersonId {
    PersonId([number; 16])
}

/// A few numbers, as they were before there were packs.
pub fn strict() -> PolicyV1 {
    PolicyV1 {
        id: "strict".to_owned(),
        version: 1,
        per_day: 3,
        per_seven_days: 7,
        from_s: 28_801,
        until_s: 79_199,
        permit_ttl_ms: 60_000,
        give_back_unconnected: false,
        source: "the platform's caution".to_owned(),
    }
}

pub fn policy(policy: PolicyV1) -> GateEvent {
    GateEvent::PolicyAdopted(PolicyAdoptedV1 { policy }.into())
}

/// A checked-in pack.
pub fn checked_in(id: &str) -> GateEvent {
    let pack = policy::text(id).expect("a checked-in pack").to_owned();
    GateEvent::PolicyAdopted(PolicyAdoptedV2 { pack })
}

/// A pack's text: its head beside id and schema, and its rules without their sources.
pub fn pack(id: &str, head: &str, rules: &str) -> PolicyAdoptedV2 {
    let mut pack = format!("schema = 1\nid = \"{id}\"\ntitle = \"A test\"\n");
    let defaults = [
        ("version", "1"),
        ("effective", "1970-01-01"),
        ("applies", "\"everywhere\""),
        ("owner", "\"platform\""),
    ];
    pack.push_str(head);
    pack.push('\n');
    for (key, value) in defaults {
        if !head.contains(key) {
            pack.push_str(&format!("{key} = {value}\n"));
        }
    }
    for line in rules.lines() {
        pack.push_str(line);
        pack.push('\n');
        if line.starts_with("[[") {
            pack.push_str("source = \"a test\"\nread = \"derived\"\n");
        }
    }
    PolicyAdoptedV2 { pack }
}

/// The pack `law`, in force everywhere.
pub fn law(rules: &str) -> Given {
    given([GateEvent::PolicyAdopted(pack("law", "", rules))])
}

pub fn linked(role: Role, zones: &[&str]) -> ContactLinkedV2 {
    let zones = zones.iter().map(|zone| zone.parse().expect("a zone name")).collect();
    let (contact, case, person) = (CONTACT, CASE, somebody(1));
    let (regions, place) = (Vec::new(), Place::Unknown);
    ContactLinkedV2 { contact, case, lender: LenderId(2), person, role, zones, regions, place }
}

/// A debtor in Shanghai, by number of contact point, case and person.
pub fn named(number: u8, of_case: u8, person: u8) -> ContactLinkedV2 {
    let link = linked(Role::Debtor, &["Asia/Shanghai"]);
    ContactLinkedV2 { contact: contact(number), case: case(of_case), person: somebody(person), ..link }
}

pub fn placed() -> ContactPlacedV1 {
    ContactPlacedV1 { contact: CONTACT, case: CASE, agency: Some(AGENCY) }
}

/// The debtor of the case calls nobody's zone but these.
pub fn debtor_in(zones: &[&str]) -> Given {
    person(Role::Debtor, zones, strict())
}

/// A debtor in Shanghai under a changed strict policy.
pub fn debtor_under(change: impl FnOnce(&mut PolicyV1)) -> Given {
    let mut changed = strict();
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
        also: Vec::new(),
        agency: AGENCY,
        collector: CollectorId(301),
        channel: Channel::Call,
        purpose: Purpose::Collect,
        line: "95533".parse().expect("a line"),
        template: None,
    }
}

/// A call, by number of contact point and case.
pub fn call(number: u8, of_case: u8) -> PermitRequest {
    PermitRequest { contact: contact(number), case: case(of_case), ..asked() }
}

/// The line of [`asked`] is the agency's.
pub fn line_registered() -> GateEvent {
    let line = asked().line;
    GateEvent::LineRegistered(LineRegisteredV1 { agency: AGENCY, line, registered: true })
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
    GateCommand::SettlePermit { contact: CONTACT, permit, outcome, toward: Vec::new(), discussed: Vec::new() }
}

pub fn tick() -> GateCommand {
    GateCommand::Tick { repeated: Vec::new() }
}

/// A state, and where its log ends.
pub struct Given {
    pub state: State,
    pub end: u64,
    /// Where the last permit stands.
    pub permit: Position,
    /// Whom it is for.
    pub whom: ContactPointId,
}

/// What happened so far, before the times that matter.
pub fn given<const N: usize>(events: [GateEvent; N]) -> Given {
    let (state, end, permit, whom) = (State::default(), 0, Position(0), CONTACT);
    let mut given = Given { state, end, permit, whom };
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
        if let GateEvent::PermitReserved(reserved) = event {
            self.permit = Position(self.end);
            self.whom = reserved.asked.contact;
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

    /// What also happened before the times that matter.
    pub fn and(mut self, event: GateEvent) -> Given {
        self.take(&event, Timestamp(0));
        self
    }

    /// A case names somebody, and is placed with [`AGENCY`].
    pub fn knows(self, link: ContactLinkedV2) -> Given {
        let place = ContactPlacedV1 { contact: link.contact, case: link.case, agency: Some(AGENCY) };
        self.and(GateEvent::ContactLinked(link)).and(GateEvent::ContactPlaced(place))
    }

    /// A command that changes something.
    #[track_caller]
    pub fn does(self, command: GateCommand, at: &str) -> Given {
        let when = self.when(command, at);
        let refused = when.reasons();
        assert!(
            refused.is_empty() && when.result.as_ref().is_ok_and(|events| !events.is_empty()),
            "{:?}",
            when.result
        );
        when.go_on()
    }

    /// Why a command is refused.
    #[track_caller]
    pub fn refuses(&self, command: &GateCommand, at: &str) -> Vec<Code> {
        let refusal = Gate::decide(&self.state, command, Now { at: moment(at), trusted: true });
        refusal.expect_err("a refusal").reasons.iter().map(|reason| reason.code).collect()
    }

    /// A request.
    #[track_caller]
    pub fn asks(self, asked: PermitRequest, at: &str) -> When {
        self.when(GateCommand::RequestPermit(asked), at)
    }

    /// A request, allowed, redeemed at once and not settled.
    #[track_caller]
    pub fn made(self, asked: PermitRequest, at: &str) -> Given {
        let given = self.asks(asked, at).then_permit();
        let (contact, permit, call) = (given.whom, given.permit, [given.end as u8; 16]);
        given.does(GateCommand::RedeemPermit { contact, permit, call }, at)
    }

    /// What became of the last permit.
    #[track_caller]
    pub fn became(self, outcome: Outcome, at: &str) -> Given {
        self.became_about(outcome, &[], &[], at)
    }

    /// What became of the last permit, which debts it counts toward, and which were spoken about.
    #[track_caller]
    pub fn became_about(self, outcome: Outcome, toward: &[u8], discussed: &[u8], at: &str) -> Given {
        let (contact, permit) = (self.whom, self.permit);
        let debts = |numbers: &[u8]| numbers.iter().map(|number| case(*number)).collect();
        let (toward, discussed) = (debts(toward), debts(discussed));
        self.does(GateCommand::SettlePermit { contact, permit, outcome, toward, discussed }, at)
    }

    #[track_caller]
    pub fn explains(&self, asked: PermitRequest, at: &str) -> Explanation {
        match self.query(&GateQuery::Explain(asked), at) {
            GateReply::Explain(explanation) => explanation,
            other => panic!("{other:?}"),
        }
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

    /// In order of code; each once, whatever number of rules refuses with it.
    pub fn codes(&self) -> Vec<Code> {
        let codes: Vec<_> = self.reasons().iter().map(|reason| reason.code).collect();
        assert!(codes.is_sorted(), "not in order of code: {codes:?}");
        let once: BTreeSet<_> = codes.into_iter().collect();
        once.into_iter().collect()
    }
}
