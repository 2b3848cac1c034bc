//! What the gate answers, and what it may be asked without changing anything.

use model::{
    AgencyId, CaseId, ContactPointId, LenderId, Outcome, PersonId, Place, Region, Role, Timestamp, ZoneName,
};
use serde::{Deserialize, Serialize};

use super::{
    ConsentAnswer, ContactLinkedV2, ContactRecordedV1, Count, HoldKind, HoldPlacedV1, PermitRequest,
    RuleName, SharedPermit, StopSource, Tightest,
};
use crate::{Code, Position, Reason};

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
        /// The frequency rule that leaves least, this permit included.
        tightest: Option<Tightest>,
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
    /// It counts here: ask on.
    Share {
        /// The share's number.
        share: Position,
        /// The last moment at which it may be redeemed.
        expires_at: Timestamp,
        /// Of the frequency rules that are asked here, the one that leaves least.
        tightest: Option<Tightest>,
    },
    /// The share is redeemed.
    ShareRedeemed {
        /// Which.
        share: Position,
        /// When it was judged: the contact is not made before.
        at: Timestamp,
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
    /// What does every rule say? Reserves and records nothing.
    Explain(PermitRequest),
    /// What does the gate hold about a contact point?
    Contact(ContactPointId),
    /// The text of every rule pack in force, in order of id.
    Policies,
    /// What happened in this partition so far?
    Figures,
    /// What is known of a contact point for a case, with every zone and region?
    Link(ContactPointId, CaseId),
    /// Who is behind each of these contact points for these cases?
    Persons(Vec<(ContactPointId, CaseId)>),
    /// What does an open permit stand on?
    Shares(ContactPointId, Position),
    /// At which contact points elsewhere may a debtor of this case be reached?
    Debtors(CaseId),
    /// When was somebody last reached at this contact point, or may be now?
    Reached(ContactPointId),
    /// When was a share redeemed?
    ShareRedeemed(ContactPointId, Position),
    /// Which contacts were made at a contact point for a person, as far as some rule may count them?
    History(ContactPointId, PersonId),
    /// Which holds stand that were placed on this contact point, or else on this person, or else on this case?
    Holds {
        /// On this contact point.
        contact: Option<ContactPointId>,
        /// On this person.
        person: Option<PersonId>,
        /// On this case.
        case: Option<CaseId>,
    },
}

/// What a query is answered with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum GateReply {
    /// To [`GateQuery::Check`].
    Check(Verdict),
    /// To [`GateQuery::CheckMany`], in the same order: the query's own time if it would be allowed now; `None` if
    /// not by the passing of time.
    CheckMany(Vec<Option<Timestamp>>),
    /// To [`GateQuery::Explain`].
    Explain(Explanation),
    /// To [`GateQuery::Policies`]: where the last change stands, and the texts.
    Policies(Option<Position>, Vec<String>),
    /// To [`GateQuery::Contact`]; `None`: nothing is known and nothing was stopped. Boxed for size.
    Contact(Option<Box<ContactStatus>>),
    /// To [`GateQuery::Figures`]. Boxed for size.
    Figures(Box<Figures>),
    /// To [`GateQuery::Holds`], in order of their places.
    Holds(Vec<StandingHold>),
    /// To [`GateQuery::Link`]; `None`: the case does not name it. Boxed for size.
    Link(Option<Box<ContactLinkedV2>>),
    /// To [`GateQuery::Persons`], in the same order.
    Persons(Vec<Option<PersonId>>),
    /// To [`GateQuery::Shares`]. Boxed for size.
    Shares(Box<SharedPermit>),
    /// To [`GateQuery::Debtors`].
    Debtors(Vec<ContactPointId>),
    /// To [`GateQuery::Reached`]; `None`: never, as far as is remembered.
    Reached(Option<Timestamp>),
    /// To [`GateQuery::ShareRedeemed`]; `None`: it was not.
    ShareRedeemed(Option<Timestamp>),
    /// To [`GateQuery::History`], as they would be recorded elsewhere; one that is being made has an unknown outcome.
    History(Vec<ContactRecordedV1>),
}

/// What the answer would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// A permit would be given.
    Allowed {
        /// The frequency rule that leaves least, the permit included.
        tightest: Option<Tightest>,
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
    /// What each frequency rule on the contact point alone counts now, in the strictest zone, for a call to collect.
    pub counts: Vec<(RuleName, Count)>,
    /// Permits that are waiting to be redeemed; part of both counts.
    pub pending: u32,
    /// The one notice that asks for consent was sent, or a permit for it waits.
    pub notice_used: bool,
    /// Every zone that is held for it.
    pub zones: Vec<ZoneName>,
    /// Every region.
    pub regions: Vec<Region>,
    /// Where it is.
    pub place: Place,
    /// Holds that concern it, those of its persons and cases included.
    pub holds: Vec<Held>,
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

/// A hold that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Where it stands in the log.
    pub position: Position,
    /// Since when.
    pub at: Timestamp,
    /// Of which kind.
    pub kind: HoldKind,
    /// Until when; `None`: until it is lifted.
    pub until: Option<Timestamp>,
}

/// A hold that stands, with all that was said when it was placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingHold {
    /// Where it stands in this partition's log.
    pub position: Position,
    /// Since when.
    pub at: Timestamp,
    /// What was placed.
    pub placed: HoldPlacedV1,
}

/// A case that holds a contact point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The case.
    pub case: CaseId,
    /// Whose it is.
    pub lender: LenderId,
    /// Who is said to be behind it.
    pub person: PersonId,
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
    /// Contacts that a later fact showed should not have been made.
    pub findings: u64,
    /// Contact points named by at least one case.
    pub contacts: u64,
    /// The rule packs in force: id and version, in order of id.
    pub policies: Vec<(String, u32)>,
}

impl Figures {
    /// Adds another partition's figures; keeps this one's policies if it has any.
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
        self.findings += other.findings;
        self.contacts += other.contacts;
        add_each(&mut self.refused_by, &other.refused_by);
        add_each(&mut self.settled, &other.settled);
        if self.policies.is_empty() {
            self.policies.clone_from(&other.policies);
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

/// What every rule says about a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// When it was judged.
    pub at: Timestamp,
    /// A permit would be given.
    pub allowed: bool,
    /// When it would next be allowed; `None`: now, or not by the passing of time.
    pub next_allowed: Option<Timestamp>,
    /// Every rule that was asked, the gate's own first, then by pack and place in it.
    pub rules: Vec<Considered>,
}

/// What one rule says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Considered {
    /// Which.
    pub rule: RuleName,
    /// What it says.
    pub verdict: RuleVerdict,
    /// The code that it refuses with.
    pub code: Code,
    /// The limit, where it has one.
    pub limit: Option<u32>,
    /// What was counted against it, the contact asked for not included.
    pub counted: Option<u32>,
    /// Where what was counted stands in the log: reservations of permits, recorded contacts, holds, consents.
    pub positions: Vec<Position>,
    /// When this rule alone would next allow it; `None`: now, or not by the passing of time.
    pub next_allowed: Option<Timestamp>,
    /// What this case adds: expected, got. Never personal data.
    pub detail: Option<String>,
}

/// What a rule says about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RuleVerdict {
    /// Does not speak of such a contact.
    Silent,
    /// Does not refuse.
    Allows,
    /// Does not refuse, because an exception of it applies.
    Excepted,
    /// Does not hold, and is not there to refuse.
    Flags,
    /// Refuses.
    Refuses,
}
