//! A permit's life: reserved or refused, redeemed, settled, expired, voided.

use model::{CaseId, ContactPointId, Outcome, Timestamp};
use serde::{Deserialize, Serialize};

use super::{PermitRequest, PermitRequestV1, RuleName};
use crate::{Code, Position, Reason};

/// What was counted against a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Count {
    /// Contacts counted, permits that wait included.
    pub counted: u16,
    /// The limit.
    pub limit: u16,
}

/// A permit was given, as the first version said it. Frozen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitReservedV1 {
    /// Who asked for what.
    pub asked: PermitRequestV1,
    /// The policy that allowed it: where its adoption stands.
    pub policy: Position,
    /// The last moment at which it may be redeemed.
    pub expires_at: Timestamp,
    /// The calendar day in the strictest zone, this permit included.
    pub day: Count,
    /// Seven calendar days in the strictest zone, this permit included.
    pub seven_days: Count,
}

/// A permit was refused, as the first version said it. Frozen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitRefusedV1 {
    /// Who asked for what.
    pub asked: PermitRequestV1,
    /// The policy in force; `None`: none was adopted.
    pub policy: Option<Position>,
    /// Every rule that refused, in order of code.
    pub reasons: Vec<RefusedByV1>,
    /// When all of them together would next allow it; `None`: not by the passing of time.
    pub next_allowed: Option<Timestamp>,
}

/// One rule that refused, as the first version said it. Frozen.
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

/// The frequency rule that leaves least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tightest {
    /// Which.
    pub rule: RuleName,
    /// What it counts in the strictest zone, this permit included, and its limit.
    pub count: Count,
}

/// A permit was given. Its place in the log is the permit's number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitReservedV2 {
    /// Who asked for what.
    pub asked: PermitRequest,
    /// The rules that allowed it: where the last change of the packs in force stands.
    pub policy: Position,
    /// The last moment at which it may be redeemed.
    pub expires_at: Timestamp,
    /// The frequency rule that leaves least; `None` where none applies.
    pub tightest: Option<Tightest>,
}

impl From<PermitReservedV1> for PermitReservedV2 {
    fn from(old: PermitReservedV1) -> Self {
        let PermitReservedV1 { asked, policy, expires_at, day, seven_days } = old;
        let left = |count: Count| count.limit.saturating_sub(count.counted);
        let (name, count) = if left(day) <= left(seven_days) {
            ("gate/day-cap", day)
        } else {
            ("gate/seven-day-cap", seven_days)
        };
        let tightest = RuleName::new(name).map(|rule| Tightest { rule, count });
        Self { asked: asked.into(), policy, expires_at, tightest }
    }
}

/// A permit was refused, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitRefusedV2 {
    /// Who asked for what.
    pub asked: PermitRequest,
    /// The rules in force: where the last change of the packs stands; `None`: there were none.
    pub policy: Option<Position>,
    /// Every rule that refused, in order of code, then of name.
    pub reasons: Vec<RefusedByV2>,
    /// When all of them together would next allow it; `None`: not by the passing of time.
    pub next_allowed: Option<Timestamp>,
}

impl From<PermitRefusedV1> for PermitRefusedV2 {
    fn from(old: PermitRefusedV1) -> Self {
        let PermitRefusedV1 { asked, policy, reasons, next_allowed } = old;
        let reasons = reasons.into_iter().map(RefusedByV2::from).collect();
        Self { asked: asked.into(), policy, reasons, next_allowed }
    }
}

/// One rule that refused: a [`Reason`] without its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedByV2 {
    /// What kind of rule.
    pub code: Code,
    /// Which; `None` where the code says it all.
    pub rule: Option<RuleName>,
    /// The limit, where the rule has one.
    pub limit: Option<u32>,
    /// What was counted against it.
    pub counted: Option<u32>,
    /// When this rule alone would next allow it; `None`: not by the passing of time.
    pub next_allowed: Option<Timestamp>,
}

impl From<RefusedByV1> for RefusedByV2 {
    fn from(old: RefusedByV1) -> Self {
        let RefusedByV1 { code, limit, counted, next_allowed } = old;
        Self { code, rule: None, limit, counted, next_allowed }
    }
}

impl From<&Reason> for RefusedByV2 {
    fn from(reason: &Reason) -> Self {
        let Reason { code, rule, limit, counted, next_allowed, .. } = *reason;
        Self { code, rule, limit, counted, next_allowed }
    }
}

impl From<&RefusedByV2> for Reason {
    fn from(refused: &RefusedByV2) -> Self {
        let RefusedByV2 { code, rule, limit, counted, next_allowed } = *refused;
        Self { code, rule, limit, counted, next_allowed, detail: None }
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

/// What became of it, as the first version said it. Frozen.
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

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitSettledV2 {
    /// To whom.
    pub contact: ContactPointId,
    /// By which permit.
    pub permit: Position,
    /// What became of it; [`Outcome::Unknown`] also when nobody said so in time.
    pub outcome: Outcome,
    /// The debts that it counts toward, by their cases, where they differ from those of the request: the collector
    /// may choose where the call itself names none (12 CFR 1006.14(b)(4), comment -1). At most 16; empty: as asked.
    pub toward: Vec<CaseId>,
    /// The debts that were spoken about, by their cases: none that it does not count toward. At most 16. Empty, if
    /// there was a conversation: every debt that it counts toward.
    pub discussed: Vec<CaseId>,
    /// It never reached the number: rules that give such a contact back no longer count it.
    pub given_back: bool,
}

impl From<PermitSettledV1> for PermitSettledV2 {
    fn from(old: PermitSettledV1) -> Self {
        let PermitSettledV1 { contact, permit, outcome, given_back } = old;
        Self { contact, permit, outcome, toward: Vec::new(), discussed: Vec::new(), given_back }
    }
}

/// A permit was not used in time. It stopped counting at its `expires_at`; this is the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitExpiredV1 {
    /// Whom it was for.
    pub contact: ContactPointId,
    /// The permit.
    pub permit: Position,
}

/// A permit was voided before it was used: by a stop, or because a share of it could not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitVoidedV1 {
    /// Whom it was for.
    pub contact: ContactPointId,
    /// The permit.
    pub permit: Position,
    /// How many places before this event the [`StopPlacedV1`](super::StopPlacedV1) stands: both are of one command, and a
    /// decision does not know its own place yet. 0: there is no stop; a share of it could not be used.
    pub stop_before: u32,
}

impl PermitVoidedV1 {
    /// Where the stop stands, given where this event stands.
    pub const fn stop(&self, own: Position) -> Position {
        Position(own.0.saturating_sub(self.stop_before as u64))
    }
}
