//! Figures: what happened at the gate, in all and per agency.

use std::ops::Deref;

use events::gate::{PermitRefusedV2, StopSource};
use events::{Code, Position, StreamId};
use model::{AgencyId, ContactPointId, Outcome, Timestamp};
use serde::{Deserialize, Serialize};

/// How many of the most called contact points are kept.
pub const MOST_CALLED: usize = 10;
/// How many of the last stops are kept, per stream.
pub const LAST_STOPS: usize = 20;

/// What was asked of the gate and what came of it, counted from its events: the gate's own figures, without those
/// that belong to nobody in particular (stops, contact points, policy), which stay empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Figures(pub(crate) events::gate::Figures);

impl Deref for Figures {
    type Target = events::gate::Figures;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Figures {
    /// Adds others.
    pub fn add(&mut self, other: &Self) {
        self.0.add(&other.0);
    }

    pub(crate) fn reserved(&mut self) {
        self.0.asked += 1;
        self.0.allowed += 1;
    }

    pub(crate) fn refused(&mut self, refused: &PermitRefusedV2) {
        self.0.asked += 1;
        self.0.refused += 1;
        refused.reasons.iter().for_each(|reason| add_to(&mut self.0.refused_by, reason.code, 1));
    }

    pub(crate) fn repeated(&mut self, codes: &[Code], count: u32) {
        let count = u64::from(count);
        self.0.asked += count;
        self.0.refused += count;
        self.0.repeated += count;
        codes.iter().for_each(|code| add_to(&mut self.0.refused_by, *code, count));
    }

    pub(crate) fn settled(&mut self, outcome: Outcome, given_back: bool) {
        add_to(&mut self.0.settled, outcome, 1);
        self.0.given_back += u64::from(given_back);
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
    /// The rule packs in force: id and version, in order of id.
    pub policies: Vec<(String, u32)>,
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
    /// In order of id.
    pub policies: Vec<(String, u32)>,
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

    /// A pack's text was adopted, in place of the one with the same id. A text that is no pack is none in force.
    pub fn adopted(&mut self, text: &str) {
        let Ok(pack) = policy::parse(text) else { return };
        self.withdrawn(&pack.id);
        self.policies.push((pack.id, pack.version));
        self.policies.sort_unstable();
    }

    pub fn withdrawn(&mut self, id: &str) {
        self.policies.retain(|(known, _)| known != id);
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
