//! Where what is counted is known: the partitions at which a contact point, a person and a case are at home.
//!
//! A home of a person knows every contact point of theirs, and a home of a case every one that it names: with the links of
//! that person or case, and their contacts (as shares, or as they were recorded). A rule is asked where what its scope names
//! is known: the contact point's own partition asks what concerns the contact point, a home what spans several.

use events::gate::{ContactLinkedV2, GateEvent, HomeKey, PartitionsSetV1};
use events::{Code, Reason, Refusal, partition_of};
use model::{CaseId, ContactPointId, PersonId};
use serde::{Deserialize, Serialize};

use crate::link::PLACES_MAX;
use crate::{State, link};

/// Which partition this is, of how many.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Partitions {
    /// 0: it was not told, and takes itself for the only one.
    count: u16,
    own: u16,
}

impl Partitions {
    pub fn set(&mut self, set: &PartitionsSetV1) {
        (self.count, self.own) = (set.partitions, set.own);
    }

    /// How many there are.
    pub fn count(self) -> u16 {
        self.count.max(1)
    }

    /// There is no other.
    pub fn sole(self) -> bool {
        self.count <= 1
    }

    /// Whether a key is at home here.
    pub fn is_here(self, key: &[u8; 16]) -> bool {
        self.sole() || partition_of(key, self.count) == self.own
    }
}

/// Another partition that a request must be asked at, and a key that leads there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Home {
    /// Which.
    pub partition: u16,
    /// A person's, or a case's.
    pub key: HomeKey,
}

/// The homes of a request beside the contact point's own partition, each once, in the order in which shares are reserved and
/// redeemed: by number, so that of two requests for the last place one gets it.
pub fn homes(contact: ContactPointId, person: PersonId, case: CaseId, partitions: u16) -> Vec<Home> {
    let home = |key: HomeKey| Home { partition: partition_of(&key, partitions), key };
    let own = home(contact.0).partition;
    let mut homes: Vec<Home> = [home(person.0), home(case.0)].into();
    homes.retain(|home| home.partition != own);
    homes.sort_by_key(|home| home.partition);
    homes.dedup_by_key(|home| home.partition);
    homes
}

pub(crate) fn set(state: &State, asked: &PartitionsSetV1) -> Result<Vec<GateEvent>, Refusal> {
    let known = state.partitions;
    if asked.partitions == 0 || asked.own >= asked.partitions {
        let detail = format!("expected a partition of {}, got {}", asked.partitions, asked.own);
        return Err(Reason::detail(Code::MALFORMED, detail).into());
    }
    match known.count {
        // Alone it need not be told.
        0 | 1 if asked.partitions == 1 => Ok(Vec::new()),
        0 => Ok(vec![GateEvent::PartitionsSet(*asked)]),
        count if (count, known.own) == (asked.partitions, asked.own) => Ok(Vec::new()),
        count => {
            let detail = format!(
                "expected partition {} of {count}, as the log says, got {} of {}; the number never changes",
                known.own, asked.own, asked.partitions
            );
            Err(Reason::detail(Code::MALFORMED, detail).into())
        }
    }
}

/// Takes in what the contact point's own partition knows.
pub(crate) fn tell(state: &State, told: &ContactLinkedV2) -> Result<Vec<GateEvent>, Refusal> {
    if state.partitions.sole() {
        // Whoever follows another's log must not go past this.
        return Err(Reason::detail(Code::UNAVAILABLE, "it was not told yet which partition it is").into());
    }
    if state.partitions.is_here(&told.contact.0) {
        return Ok(Vec::new());
    }
    link::link(state, told)
}

/// A link in parts that can be told: a contact point may have more zones and regions than one command may name.
pub(crate) fn parts(link: &ContactLinkedV2) -> Vec<ContactLinkedV2> {
    let (mut zones, mut regions) = (link.zones.chunks(PLACES_MAX), link.regions.chunks(PLACES_MAX));
    let mut parts = Vec::new();
    loop {
        let (zones, regions) = (zones.next(), regions.next());
        if zones.is_none() && regions.is_none() && !parts.is_empty() {
            return parts;
        }
        parts.push(ContactLinkedV2 {
            zones: zones.map(<[_]>::to_vec).unwrap_or_default(),
            regions: regions.map(<[_]>::to_vec).unwrap_or_default(),
            ..link.clone()
        });
    }
}

/// Whether a home knows what the contact point's own partition does.
pub(crate) fn is_told(state: &State, told: &ContactLinkedV2) -> bool {
    let own = link_of(state, told.contact, told.case);
    own.is_some_and(|own| (own.person, own.role) == (told.person, told.role))
        && parts(told).iter().all(|part| link::link(state, part).is_ok_and(|events| events.is_empty()))
}

/// What is known of a contact point for a case.
pub(crate) fn link_of(state: &State, id: ContactPointId, case: CaseId) -> Option<ContactLinkedV2> {
    let contact = state.contacts.get(&id)?;
    let link = contact.link(state.cases.number(&case)?)?;
    Some(ContactLinkedV2 {
        contact: id,
        case,
        lender: link.lender,
        person: state.persons.id(link.person)?,
        role: link.role,
        zones: state.zones.names(contact.zones).cloned().collect(),
        regions: state.policies.regions(contact.regions).to_vec(),
        place: contact.place,
    })
}
