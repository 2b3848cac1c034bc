//! Figures: what happened at the gate, in all and per agency.

use events::gate::{PermitRefusedV1, StopSource};
use events::{Code, Position, StreamId};
use model::{AgencyId, ContactPointId, Outcome, Timestamp};
use serde::{Deserialize, Serialize};

/// How many of the most called contact points are kept.
pub const MOST_CALLED: usize = 10;
/// How many of the last stops are kept, per stream.
pub const LAST_STOPS: usize = 20;

/// What was asked of the gate and what came of it, counted from its events.
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
    /// Permits used: calls placed.
    pub redeemed: u64,
    /// Calls settled, by outcome, in wire order.
    pub settled: Vec<(Outcome, u64)>,
    /// Slots given back.
    pub given_back: u64,
    /// Permits not used in time.
    pub expired: u64,
    /// Permits voided by stops.
    pub voided: u64,
}

impl Figures {
    /// Adds others.
    pub fn add(&mut self, other: &Self) {
        self.asked += other.asked;
        self.allowed += other.allowed;
        self.refused += other.refused;
        self.repeated += other.repeated;
        self.redeemed += other.redeemed;
        self.given_back += other.given_back;
        self.expired += other.expired;
        self.voided += other.voided;
        other.refused_by.iter().for_each(|(code, count)| add_to(&mut self.refused_by, *code, *count));
        other.settled.iter().for_each(|(outcome, count)| add_to(&mut self.settled, *outcome, *count));
    }

    pub(crate) fn reserved(&mut self) {
        self.asked += 1;
        self.allowed += 1;
    }

    pub(crate) fn refused(&mut self, refused: &PermitRefusedV1) {
        self.asked += 1;
        self.refused += 1;
        refused.reasons.iter().for_each(|reason| add_to(&mut self.refused_by, reason.code, 1));
    }

    pub(crate) fn repeated(&mut self, codes: &[Code], count: u32) {
        let count = u64::from(count);
        self.asked += count;
        self.refused += count;
        self.repeated += count;
        codes.iter().for_each(|code| add_to(&mut self.refused_by, *code, count));
    }

    pub(crate) fn settled(&mut self, outcome: Outcome, given_back: bool) {
        add_to(&mut self.settled, outcome, 1);
        self.given_back += u64::from(given_back);
    }
}

/// Adds to the count of a key in a list sorted by key.
pub(crate) fn add_to<K: Copy + Ord>(counts: &mut Vec<(K, u64)>, key: K, count: u64) {
    match counts.binary_search_by_key(&key, |(known, _)| *known) {
        Ok(index) => counts[index].1 += count,
        Err(index) => counts.insert(index, (key, count)),
    }
}

/// An agency's figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgencyFigures {
    /// Which.
    pub agency: AgencyId,
    /// Its legal name, if it is registered.
    pub name: Option<String>,
    /// What it asked and what came of it.
    pub figures: Figures,
}

/// A contact point and how often it was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MostCalled {
    /// Which.
    pub contact: ContactPointId,
    /// Permits used, those given back included: how often the phone was dialed.
    pub calls: u32,
}

/// A stop that was placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopRecord {
    /// Which contact point.
    pub contact: ContactPointId,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub source: StopSource,
    /// The log it stands in.
    pub stream: StreamId,
    /// Where: its receipt.
    pub position: Position,
}

/// All figures, of everything that has been taken so far.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AuditFigures {
    /// All agencies together.
    pub totals: Figures,
    /// Each agency that asked for something or is registered, in order of id.
    pub agencies: Vec<AgencyFigures>,
    /// The contact points called most, at most ten.
    pub most_called: Vec<MostCalled>,
    /// Contact points stopped.
    pub stops: u64,
    /// The last stops, newest first.
    pub last_stops: Vec<StopRecord>,
    /// Cases opened, payments posted and cases closed.
    pub cases: CaseFigures,
    /// Events taken, of all streams, those of the platform included.
    pub events: u64,
    /// Of these, such as this program does not know or cannot read: they are in no other figure.
    pub not_read: u64,
    /// The policy in force: id and version.
    pub policy: Option<(String, u32)>,
}

/// What happened in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CaseFigures {
    /// Cases opened.
    pub opened: u64,
    /// Payments posted.
    pub payments: u64,
    /// Cases closed.
    pub closed: u64,
}

/// What is kept per stream.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StreamTotals {
    pub events: u64,
    pub not_read: u64,
    pub stops: u64,
    pub last_stops: Vec<StopRecord>,
    pub most_called: Vec<MostCalled>,
    pub cases: CaseFigures,
    pub policy: Option<(String, u32)>,
    /// Of permits whose request is not in the log: none, unless the gate was faulty.
    pub unattributed: Figures,
}

impl StreamTotals {
    /// Notes a contact point's count of calls. Counts only grow, so the list of the highest is exact.
    pub fn called(&mut self, contact: ContactPointId, calls: u32) {
        let list = &mut self.most_called;
        match list.iter().position(|known| known.contact == contact) {
            Some(index) => list[index].calls = calls,
            None if list.len() < MOST_CALLED => list.push(MostCalled { contact, calls }),
            None => match list.last_mut() {
                Some(last) if last.calls < calls => *last = MostCalled { contact, calls },
                _ => return,
            },
        }
        sort_most_called(list);
    }

    pub fn stopped(&mut self, stop: StopRecord) {
        self.stops += 1;
        self.last_stops.insert(0, stop);
        self.last_stops.truncate(LAST_STOPS);
    }
}

pub fn sort_most_called(list: &mut [MostCalled]) {
    list.sort_by_key(|called| (std::cmp::Reverse(called.calls), called.contact));
}
