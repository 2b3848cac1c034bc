//! Recorded refusals, to tell a repeat from a new one. A dialer that hammers the same refusal costs a count.

use std::collections::{BTreeMap, VecDeque};

use events::gate::{PermitRefusedV2, PermitRequest};
use events::{Code, Position, Reason, Tally};
use model::{AgencyId, CaseId, Channel, ContactPointId, Purpose, Timestamp};
use serde::{Deserialize, Serialize};

/// Contact points that no case names and no stop protects: at most this many are remembered, the oldest go first.
pub const STRANGERS_MAX: usize = 65_536;

/// Askers remembered for one contact point; the oldest go first.
const ASKERS_MAX: usize = 8;

/// Refusals that were forgotten lately, so that a count which is still under way finds its rules.
const RETIRED_MAX: usize = 1024;

/// A refusal is repeated on its day only, which ends within two days anywhere: then it need not be remembered.
const REMEMBER_MS: i64 = 2 * 86_400_000;

/// The last refusal of each asker. Ordered maps: their keys may be ids that an attacker made up.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Refusals {
    by_contact: BTreeMap<ContactPointId, Vec<Recorded>>,
    /// Contact points that were refused lately, by the time of it.
    recent: VecDeque<(Timestamp, ContactPointId)>,
    strangers: VecDeque<ContactPointId>,
    retired: VecDeque<(Position, Codes)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Recorded {
    asker: Asker,
    codes: Codes,
    at: Timestamp,
    first: Position,
}

/// Who asks for the same thing. Not the collector nor the line: changing those makes no new request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Asker {
    case: CaseId,
    agency: AgencyId,
    channel: Channel,
    purpose: Purpose,
}

impl From<&PermitRequest> for Asker {
    fn from(asked: &PermitRequest) -> Self {
        let PermitRequest { case, agency, channel, purpose, .. } = *asked;
        Self { case, agency, channel, purpose }
    }
}

/// A set of codes from 300 to 363, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Codes(u64);

impl Codes {
    const FIRST: u16 = 300;

    fn of(codes: impl Iterator<Item = Code>) -> Self {
        let bit = |code: Code| 1_u64.checked_shl(u32::from(code.0.wrapping_sub(Self::FIRST))).unwrap_or(0);
        Self(codes.map(bit).fold(0, |all, one| all | one))
    }

    fn list(self) -> Vec<Code> {
        (0..64).filter(|bit| self.0 >> bit & 1 == 1).map(|bit| Code(Self::FIRST + bit)).collect()
    }
}

impl Refusals {
    /// The recorded refusal that this one repeats: the asker's last, on this day, by the same rules.
    pub fn repeated(
        &self,
        asked: &PermitRequest,
        reasons: &[Reason],
        day_start: impl FnOnce() -> Timestamp,
    ) -> Option<Tally> {
        let asker = Asker::from(asked);
        let recorded =
            self.by_contact.get(&asked.contact)?.iter().find(|recorded| recorded.asker == asker)?;
        let same = recorded.codes == Codes::of(reasons.iter().map(|reason| reason.code))
            && recorded.at >= day_start();
        same.then_some(Tally { key: asked.contact.0, first: recorded.first })
    }

    /// The rules of a recorded refusal; empty if it is forgotten.
    pub fn codes(&self, contact: ContactPointId, first: Position) -> Vec<Code> {
        let mut recorded = self.by_contact.get(&contact).into_iter().flatten();
        let codes = recorded.find(|recorded| recorded.first == first).map(|recorded| recorded.codes);
        let retired =
            || self.retired.iter().find(|(position, _)| *position == first).map(|(_, codes)| *codes);
        codes.or_else(retired).map(Codes::list).unwrap_or_default()
    }

    /// Takes a refusal in.
    pub fn record(&mut self, refused: &PermitRefusedV2, stranger: bool, at: Timestamp, first: Position) {
        let contact = refused.asked.contact;
        if stranger && !self.by_contact.contains_key(&contact) {
            self.strangers.push_back(contact);
        }
        let asker = Asker::from(&refused.asked);
        let codes = Codes::of(refused.reasons.iter().map(|reason| reason.code));
        let recorded = self.by_contact.entry(contact).or_default();
        let same = recorded.iter().position(|recorded| recorded.asker == asker);
        let oldest = (recorded.len() >= ASKERS_MAX).then_some(0);
        if let Some(index) = same.or(oldest) {
            let old = recorded.remove(index);
            self.retire(&old);
        }
        self.by_contact.entry(contact).or_default().push(Recorded { asker, codes, at, first });
        self.recent.push_back((at, contact));
        self.forget(at);
        while self.strangers.len() > STRANGERS_MAX {
            let Some(oldest) = self.strangers.pop_front() else { break };
            for old in self.by_contact.remove(&oldest).unwrap_or_default() {
                self.retire(&old);
            }
        }
    }

    /// Drops what is too old to be repeated.
    fn forget(&mut self, now: Timestamp) {
        let old = |at: Timestamp| now.ms_since(at) > REMEMBER_MS;
        while let Some((_, contact)) = self.recent.pop_front_if(|(at, _)| old(*at)) {
            let Some(recorded) = self.by_contact.get_mut(&contact) else { continue };
            recorded.retain(|recorded| !old(recorded.at));
            if recorded.is_empty() {
                self.by_contact.remove(&contact);
            }
        }
    }

    fn retire(&mut self, old: &Recorded) {
        if self.retired.len() >= RETIRED_MAX {
            self.retired.pop_front();
        }
        self.retired.push_back((old.first, old.codes));
    }
}
