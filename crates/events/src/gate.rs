//! Words of the gate service. The key of every command but two is the contact point: whoever is behind
//! the number is protected, whatever case, lender, agency, collector or line is used.

use std::fmt;
use std::str::FromStr;

use model::{
    AgencyId, CaseId, Channel, CollectorId, ContactPointId, LenderId, Outcome, PersonId, Purpose, Role,
    Timestamp, ZoneName,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Code, Position, Reason, Tally};

/// What may be asked of the gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum GateCommand {
    /// Decide by this policy from now on. Sent to each partition.
    AdoptPolicy(PolicyV1),
    /// A lender's file names this contact point for a case. The same again changes nothing.
    LinkContact(ContactLinkedV1),
    /// The case was placed with an agency, or (`None`) taken back.
    PlaceContact(ContactPlacedV1),
    /// The case needs no more contact.
    CloseContact(ContactClosedV1),
    /// May this contact be made? If so, a permit is reserved and counts at once.
    RequestPermit(PermitRequest),
    /// The contact is being made now. Idempotent per call.
    RedeemPermit {
        /// Whom the permit is for.
        contact: ContactPointId,
        /// The permit: where its reservation stands.
        permit: Position,
        /// Which call: a digest of its SIP Call-ID and From-tag, or of a message's id.
        call: [u8; 16],
    },
    /// What became of it.
    SettlePermit {
        /// Whom the permit was for.
        contact: ContactPointId,
        /// The permit.
        permit: Position,
        /// What became of the call.
        outcome: Outcome,
    },
    /// Leave this contact point alone, everywhere. Holds for contact points not known yet, too.
    PlaceStop {
        /// Whom to leave alone.
        contact: ContactPointId,
        /// Who says so.
        source: StopSource,
    },
    /// What somebody who was named as a contact answered to the one notice.
    AnswerConsent(ConsentAnsweredV1),
    /// Time passed. Sent to each partition.
    Tick {
        /// Refusals repeated since the last tick.
        repeated: Vec<(Tally, u32)>,
    },
}

/// Who asks to make which contact. Frozen: it is part of [`PermitReservedV1`] and [`PermitRefusedV1`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitRequest {
    /// Whom.
    pub contact: ContactPointId,
    /// About which case.
    pub case: CaseId,
    /// The agency that asks.
    pub agency: AgencyId,
    /// Its collector.
    pub collector: CollectorId,
    /// How.
    pub channel: Channel,
    /// What for.
    pub purpose: Purpose,
    /// The agency's own number or sender name, that the called person will see.
    pub line: Line,
}

/// A calling number or sender name: 1 to 24 printable ASCII characters without spaces. It is the agency's own, not
/// personal data. Kept inline, so that a decision allocates nothing for it; stored as a string.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line {
    length: u8,
    bytes: [u8; Line::MAX],
}

/// A text that cannot be a calling number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a calling number or sender name of 1 to 24 ASCII characters without spaces, got {0:?}")]
pub struct LineError(pub String);

impl Line {
    /// Most bytes.
    pub const MAX: usize = 24;

    /// The text.
    pub fn as_str(&self) -> &str {
        // ASCII by construction.
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }
}

impl FromStr for Line {
    type Err = LineError;

    fn from_str(text: &str) -> Result<Self, LineError> {
        let fits = (1..=Self::MAX).contains(&text.len());
        if !fits || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(LineError(text.chars().take(40).collect()));
        }
        let mut bytes = [0; Self::MAX];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        // At most 24.
        Ok(Self { length: text.len() as u8, bytes })
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Line;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a calling number or sender name of 1 to 24 ASCII characters without spaces")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Line, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// Who placed a stop. Append only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum StopSource {
    /// The person themselves, on the page or by message.
    CalledPerson,
    /// A collector who was told on a call.
    Collector,
    /// Whoever runs the platform.
    Operator,
    /// A regulator's order.
    Regulator,
}

/// What somebody who was named as a contact answered. Append only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ConsentAnswer {
    /// Knows of it and agrees.
    Confirmed,
    /// Does not agree.
    Refused,
    /// Does not know the debtor.
    UnknownDebtor,
}

/// The numbers that the gate decides by. A legal rule pack will replace this as a new version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyV1 {
    /// Its name, such as `strict`.
    pub id: String,
    /// Its version, from 1; the same id and version is always the same content.
    pub version: u32,
    /// Most contacts to one contact point per calendar day in its own zone.
    pub per_day: u16,
    /// Most contacts on seven consecutive calendar days.
    pub per_seven_days: u16,
    /// First second of the local day at which contact is allowed.
    pub from_s: u32,
    /// Last second of the local day at which contact is allowed.
    pub until_s: u32,
    /// How long a permit may wait to be redeemed.
    pub permit_ttl_ms: u32,
    /// Whether a call that never reached the number gives its slot back.
    pub give_back_unconnected: bool,
    /// The legal or other source of these numbers.
    pub source: String,
}

/// A policy was adopted. Its place in the log is how decisions name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyAdoptedV1 {
    /// All of it.
    pub policy: PolicyV1,
}

/// A contact point was named for a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactLinkedV1 {
    /// The contact point.
    pub contact: ContactPointId,
    /// The case.
    pub case: CaseId,
    /// Whose case it is.
    pub lender: LenderId,
    /// Who is said to be behind it.
    pub person: PersonId,
    /// What they are to the case.
    pub role: Role,
    /// Every zone that they may plausibly be in; at most 16.
    pub zones: Vec<ZoneName>,
}

/// A case's contact point was placed with an agency or taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactPlacedV1 {
    /// The contact point.
    pub contact: ContactPointId,
    /// The case.
    pub case: CaseId,
    /// With whom; `None`: taken back.
    pub agency: Option<AgencyId>,
}

/// A case's contact point is closed for contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactClosedV1 {
    /// The contact point.
    pub contact: ContactPointId,
    /// The case.
    pub case: CaseId,
}

/// What was counted against a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Count {
    /// Contacts counted, permits that wait included.
    pub counted: u16,
    /// The limit.
    pub limit: u16,
}

/// A permit was given. Its place in the log is the permit's number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitReservedV1 {
    /// Who asked for what.
    pub asked: PermitRequest,
    /// The policy that allowed it: where its adoption stands.
    pub policy: Position,
    /// The last moment at which it may be redeemed.
    pub expires_at: Timestamp,
    /// The calendar day in the strictest zone, this permit included.
    pub day: Count,
    /// Seven calendar days in the strictest zone, this permit included.
    pub seven_days: Count,
}

/// A permit was refused, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitRefusedV1 {
    /// Who asked for what.
    pub asked: PermitRequest,
    /// The policy in force; `None`: none was adopted.
    pub policy: Option<Position>,
    /// Every rule that refused, in order of code.
    pub reasons: Vec<RefusedByV1>,
    /// When all of them together would next allow it; `None`: not by the passing of time.
    pub next_allowed: Option<Timestamp>,
}

/// One rule that refused: a [`Reason`] without its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedByV1 {
    /// Which.
    pub code: Code,
    /// The limit, where the rule has one.
    pub limit: Option<u32>,
    /// What was counted against it.
    pub counted: Option<u32>,
    /// When this rule alone would next allow it; `None`: not by the passing of time.
    pub next_allowed: Option<Timestamp>,
}

impl From<&Reason> for RefusedByV1 {
    fn from(reason: &Reason) -> Self {
        let Reason { code, limit, counted, next_allowed, .. } = *reason;
        Self { code, limit, counted, next_allowed }
    }
}

impl From<&RefusedByV1> for Reason {
    fn from(refused: &RefusedByV1) -> Self {
        let RefusedByV1 { code, limit, counted, next_allowed } = *refused;
        Self { code, limit, counted, next_allowed, detail: None }
    }
}

/// A recorded refusal was repeated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalsRepeatedV1 {
    /// Whom it was about.
    pub contact: ContactPointId,
    /// Where the recorded refusal stands.
    pub first: Position,
    /// How often since the last count.
    pub count: u32,
    /// The rules that refused; empty in the rare case that the gate no longer remembers (they stand at `first`).
    pub codes: Vec<Code>,
}

/// The contact is being made. It counts at this event's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitRedeemedV1 {
    /// To whom.
    pub contact: ContactPointId,
    /// By which permit.
    pub permit: Position,
    /// Which call.
    pub call: [u8; 16],
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitSettledV1 {
    /// To whom.
    pub contact: ContactPointId,
    /// By which permit.
    pub permit: Position,
    /// What became of the call; [`Outcome::Unknown`] also when nobody said so in time.
    pub outcome: Outcome,
    /// The slot was given back: the call no longer counts.
    pub given_back: bool,
}

/// A permit was not used in time. It stopped counting at its `expires_at`; this is the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitExpiredV1 {
    /// Whom it was for.
    pub contact: ContactPointId,
    /// The permit.
    pub permit: Position,
}

/// A permit was voided by a stop before it was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitVoidedV1 {
    /// Whom it was for.
    pub contact: ContactPointId,
    /// The permit.
    pub permit: Position,
    /// How many places before this event the [`StopPlacedV1`] stands: both are of one command, and a decision does
    /// not know its own place yet.
    pub stop_before: u32,
}

impl PermitVoidedV1 {
    /// Where the stop stands, given where this event stands.
    pub const fn stop(&self, own: Position) -> Position {
        Position(own.0.saturating_sub(self.stop_before as u64))
    }
}

/// The contact point is to be left alone, everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopPlacedV1 {
    /// Whom.
    pub contact: ContactPointId,
    /// Who said so.
    pub source: StopSource,
}

/// Somebody who was named as a contact answered. A no is followed by a stop in the same command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentAnsweredV1 {
    /// Who.
    pub contact: ContactPointId,
    /// Named in which case.
    pub case: CaseId,
    /// What they said.
    pub answer: ConsentAnswer,
}

crate::events! {
    /// What happened at the gate: types 0x03xx.
    pub enum GateEvent {
        /// A policy was adopted.
        0x0301 PolicyAdopted(PolicyAdoptedV1) = { 1: PolicyAdoptedV1 },
        /// A contact point was named for a case.
        0x0302 ContactLinked(ContactLinkedV1) = { 1: ContactLinkedV1 },
        /// It was placed with an agency or taken back.
        0x0303 ContactPlaced(ContactPlacedV1) = { 1: ContactPlacedV1 },
        /// It was closed for contact.
        0x0304 ContactClosed(ContactClosedV1) = { 1: ContactClosedV1 },
        /// A permit was given.
        0x0305 PermitReserved(PermitReservedV1) = { 1: PermitReservedV1 },
        /// A permit was refused.
        0x0306 PermitRefused(PermitRefusedV1) = { 1: PermitRefusedV1 },
        /// The refusal was repeated.
        0x0307 RefusalsRepeated(RefusalsRepeatedV1) = { 1: RefusalsRepeatedV1 },
        /// A permit was used.
        0x0308 PermitRedeemed(PermitRedeemedV1) = { 1: PermitRedeemedV1 },
        /// What became of the call.
        0x0309 PermitSettled(PermitSettledV1) = { 1: PermitSettledV1 },
        /// A permit was not used in time.
        0x030a PermitExpired(PermitExpiredV1) = { 1: PermitExpiredV1 },
        /// A permit was voided by a stop.
        0x030b PermitVoided(PermitVoidedV1) = { 1: PermitVoidedV1 },
        /// The contact point is to be left alone.
        0x030c StopPlaced(StopPlacedV1) = { 1: StopPlacedV1 },
        /// Somebody who was named as a contact answered.
        0x030d ConsentAnswered(ConsentAnsweredV1) = { 1: ConsentAnsweredV1 },
    }
}

/// What the asker is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum GateAnswer {
    /// It is so. Every command that led to no event is answered `changed: false`: it was so before (the same call
    /// redeemed the permit, the stop stands, the outcome is recorded).
    Done {
        /// Whether this command made it so.
        changed: bool,
    },
    /// Go ahead, once.
    Permit {
        /// The permit's number.
        permit: Position,
        /// The last moment at which it may be redeemed.
        expires_at: Timestamp,
        /// The calendar day, this permit included.
        day: Count,
        /// Seven calendar days, this permit included.
        seven_days: Count,
    },
    /// No. A repeat of a recorded refusal is answered with a [`Refusal`](crate::Refusal) instead.
    Refused {
        /// Where the refusal stands.
        decision: Position,
        /// Every rule that refused, in order of code.
        reasons: Vec<Reason>,
        /// When all of them together would next allow it; `None`: not by the passing of time.
        next_allowed: Option<Timestamp>,
    },
    /// The call may be placed now.
    Redeemed {
        /// The permit.
        permit: Position,
        /// The call that it is used for.
        call: [u8; 16],
    },
    /// The outcome is recorded.
    Settled {
        /// The permit.
        permit: Position,
        /// The slot was given back.
        given_back: bool,
    },
    /// From here on nobody may contact this contact point.
    Stopped {
        /// Where the stop stands: its receipt.
        stop: Position,
        /// How many permits it voided.
        voided: u32,
    },
}

/// What may be asked without changing anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum GateQuery {
    /// What would the answer be? Reserves and records nothing.
    Check(PermitRequest),
    /// When would each next be allowed?
    CheckMany(Vec<PermitRequest>),
    /// What does the gate hold about a contact point?
    Contact(ContactPointId),
    /// What happened in this partition so far?
    Figures,
}

/// What a query is answered with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum GateReply {
    /// To [`GateQuery::Check`].
    Check(Verdict),
    /// To [`GateQuery::CheckMany`], in the same order: the query's own time if it would be allowed now; `None` if
    /// not by the passing of time.
    CheckMany(Vec<Option<Timestamp>>),
    /// To [`GateQuery::Contact`]; `None`: nothing is known and nothing was stopped. Boxed for size.
    Contact(Option<Box<ContactStatus>>),
    /// To [`GateQuery::Figures`]. Boxed for size.
    Figures(Box<Figures>),
}

/// What the answer would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// A permit would be given.
    Allowed {
        /// The calendar day, the permit included.
        day: Count,
        /// Seven calendar days, the permit included.
        seven_days: Count,
    },
    /// It would be refused.
    Refused {
        /// Every rule that would refuse, in order of code.
        reasons: Vec<Reason>,
        /// When all of them together would next allow it; `None`: not by the passing of time.
        next_allowed: Option<Timestamp>,
    },
}

/// What the gate holds about a contact point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactStatus {
    /// The stop, if there is one.
    pub stop: Option<Stop>,
    /// Today in the strictest zone; limit 0 without a policy, counted 0 without a known zone.
    pub day: Count,
    /// Today and the six days before.
    pub seven_days: Count,
    /// Permits that are waiting to be redeemed; part of both counts.
    pub pending: u32,
    /// The one notice that asks for consent was sent, or a permit for it waits.
    pub notice_used: bool,
    /// Every zone that is held for it.
    pub zones: Vec<ZoneName>,
    /// Who holds it and why.
    pub holders: Vec<Holder>,
}

/// A stop that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Where it stands in the log: its receipt.
    pub position: Position,
    /// Since when.
    pub at: Timestamp,
    /// Who said so.
    pub source: StopSource,
}

/// A case that holds a contact point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The case.
    pub case: CaseId,
    /// Whose it is.
    pub lender: LenderId,
    /// The agency that it is placed with.
    pub agency: Option<AgencyId>,
    /// What the person is to the case.
    pub role: Role,
    /// What they answered when asked.
    pub consent: Option<ConsentAnswer>,
    /// The case needs no more contact.
    pub closed: bool,
}

/// What happened in a partition, counted from its events.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Figures {
    /// Permits asked for: `allowed` + `refused`.
    pub asked: u64,
    /// Permits given.
    pub allowed: u64,
    /// Permits refused, repeats included.
    pub refused: u64,
    /// How often each rule refused, repeats included, in order of code. One refusal may have several rules.
    pub refused_by: Vec<(Code, u64)>,
    /// Refusals that repeated a recorded one.
    pub repeated: u64,
    /// Permits used.
    pub redeemed: u64,
    /// Calls settled, by outcome, in wire order.
    pub settled: Vec<(Outcome, u64)>,
    /// Slots given back.
    pub given_back: u64,
    /// Permits not used in time.
    pub expired: u64,
    /// Permits voided by stops.
    pub voided: u64,
    /// Contact points stopped.
    pub stops: u64,
    /// Contact points named by at least one case.
    pub contacts: u64,
    /// The policy in force: id and version.
    pub policy: Option<(String, u32)>,
}

impl Figures {
    /// Adds another partition's figures; keeps this one's policy if it has one.
    pub fn add(&mut self, other: &Self) {
        self.asked += other.asked;
        self.allowed += other.allowed;
        self.refused += other.refused;
        self.repeated += other.repeated;
        self.redeemed += other.redeemed;
        self.given_back += other.given_back;
        self.expired += other.expired;
        self.voided += other.voided;
        self.stops += other.stops;
        self.contacts += other.contacts;
        add_each(&mut self.refused_by, &other.refused_by);
        add_each(&mut self.settled, &other.settled);
        if self.policy.is_none() {
            self.policy.clone_from(&other.policy);
        }
    }
}

fn add_each<K: Copy + Ord>(sums: &mut Vec<(K, u64)>, more: &[(K, u64)]) {
    for &(key, count) in more {
        match sums.binary_search_by_key(&key, |(known, _)| *known) {
            Ok(index) => sums[index].1 += count,
            Err(index) => sums.insert(index, (key, count)),
        }
    }
}

/// One representative of each event type, in order of type: the golden bytes are made from these.
pub fn samples() -> Vec<GateEvent> {
    let contact = ContactPointId(*b"contact-point-01");
    let case = CaseId(*b"case-number-0001");
    // A literal that parses; the sample is checked against golden bytes.
    let line = Line { length: 5, bytes: *b"95533\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" };
    let asked = PermitRequest {
        contact,
        case,
        agency: AgencyId(3),
        collector: CollectorId(301),
        channel: Channel::Call,
        purpose: Purpose::Collect,
        line,
    };
    let time = Timestamp(1_795_500_000_000);
    let policy = PolicyV1 {
        id: "strict".to_owned(),
        version: 1,
        per_day: 3,
        per_seven_days: 7,
        from_s: 28_801,
        until_s: 79_199,
        permit_ttl_ms: 60_000,
        give_back_unconnected: false,
        source: "CBA guideline of 30 January 2026, strictest reading".to_owned(),
    };
    let day_cap = RefusedByV1 {
        code: Code::DAY_CAP,
        limit: Some(3),
        counted: Some(3),
        next_allowed: Some(time.plus_ms(86_400_000)),
    };
    let not_placed = RefusedByV1 { code: Code::NOT_PLACED, limit: None, counted: None, next_allowed: None };
    let permit = Position(1000);
    vec![
        GateEvent::PolicyAdopted(PolicyAdoptedV1 { policy }),
        GateEvent::ContactLinked(ContactLinkedV1 {
            contact,
            case,
            lender: LenderId(2),
            person: PersonId(*b"person-number-01"),
            role: Role::EmergencyContact,
            zones: ["Asia/Shanghai", "Asia/Urumqi"].iter().filter_map(|name| name.parse().ok()).collect(),
        }),
        GateEvent::ContactPlaced(ContactPlacedV1 { contact, case, agency: Some(AgencyId(3)) }),
        GateEvent::ContactClosed(ContactClosedV1 { contact, case }),
        GateEvent::PermitReserved(PermitReservedV1 {
            asked,
            policy: Position(1),
            expires_at: time.plus_ms(60_000),
            day: Count { counted: 2, limit: 3 },
            seven_days: Count { counted: 5, limit: 7 },
        }),
        GateEvent::PermitRefused(PermitRefusedV1 {
            asked,
            policy: Some(Position(1)),
            reasons: vec![day_cap, not_placed],
            next_allowed: None,
        }),
        GateEvent::RefusalsRepeated(RefusalsRepeatedV1 {
            contact,
            first: Position(1001),
            count: 250,
            codes: vec![Code::DAY_CAP, Code::NOT_PLACED],
        }),
        GateEvent::PermitRedeemed(PermitRedeemedV1 { contact, permit, call: *b"call-id-from-tag" }),
        GateEvent::PermitSettled(PermitSettledV1 {
            contact,
            permit,
            outcome: Outcome::Busy,
            given_back: true,
        }),
        GateEvent::PermitExpired(PermitExpiredV1 { contact, permit }),
        GateEvent::PermitVoided(PermitVoidedV1 { contact, permit, stop_before: 1 }),
        GateEvent::StopPlaced(StopPlacedV1 { contact, source: StopSource::CalledPerson }),
        GateEvent::ConsentAnswered(ConsentAnsweredV1 { contact, case, answer: ConsentAnswer::UnknownDebtor }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Decoded, Event};

    #[test]
    fn samples_are_one_of_each_type_and_read_back() {
        let samples = samples();
        let names: Vec<_> = samples.iter().map(GateEvent::name).collect();
        let catalogue: Vec<_> = GateEvent::catalogue().iter().map(|(_, _, name)| *name).collect();
        assert_eq!(names, catalogue);
        for sample in samples {
            let mut bytes = Vec::new();
            sample.encode(&mut bytes);
            assert_eq!(GateEvent::decode(&bytes), Ok(Decoded::Known(sample)));
        }
    }

    #[test]
    fn a_line_is_short_printable_ascii() {
        let longest = "+86075588889999#12345678";
        assert_eq!(longest.parse::<Line>().map(|line| line.to_string()), Ok(longest.to_owned()));
        for wrong in ["", "0755 8888", "+86075588889999#123456789", "電話"] {
            assert!(wrong.parse::<Line>().is_err(), "{wrong:?}");
        }
        let bytes = postcard::to_allocvec("two words").expect("a string");
        assert!(postcard::from_bytes::<Line>(&bytes).is_err());
    }
}
