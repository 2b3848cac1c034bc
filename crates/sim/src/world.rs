//! A small world by chance: who can be called, for which cases, and by which rules.

use events::gate::{ContactLinkedV2, ContactPlacedV1, GateCommand, PermitRequest, PolicyAdoptedV2};
use model::{
    AgencyId, CaseId, Channel, CollectorId, ContactPointId, LenderId, PersonId, Place, Purpose, Role,
    Timestamp,
};

use crate::caps::{Cap, Scope, pack};
use crate::chance::Chance;

/// A contact point, a case, and the person that the case says is behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// The contact point.
    pub contact: ContactPointId,
    /// The case.
    pub case: CaseId,
    /// The person.
    pub person: PersonId,
    /// Whom it is placed with at first.
    pub agency: AgencyId,
    zones: &'static [&'static str],
}

/// Who and what there is.
#[derive(Debug, Clone)]
pub struct World {
    /// When it begins.
    pub start: Timestamp,
    /// Who can be called.
    pub links: Vec<Named>,
    /// Somebody whom nobody calls or stops before the end.
    pub spared: Named,
    /// The versions of the law, in the order in which they are adopted. Their windows are the same.
    pub laws: Vec<Vec<Cap>>,
    /// The numbers and cases of a person may be at home in partitions other than theirs.
    pub spread: bool,
}

/// Offsets from -10 to +13 hours, summer time on both halves of the earth, and two that cannot agree on a day.
const ZONES: [&[&str]; 6] = [
    &["Asia/Shanghai"],
    &["America/New_York"],
    &["Pacific/Auckland"],
    &["Pacific/Honolulu"],
    &["America/Los_Angeles", "Asia/Kolkata"],
    &["Europe/London"],
];

/// A key in the middle of a partition's share of all keys.
fn key(partition: u64, partitions: u16, number: u64) -> [u8; 16] {
    let point = (partition * 65_536 + 32_768) / u64::from(partitions);
    let mut key = [0xa5; 16];
    key[..2].copy_from_slice(&(point as u16).to_be_bytes());
    key[8..].copy_from_slice(&number.to_be_bytes());
    key
}

impl World {
    /// The world of a seed.
    pub fn random(seed: u64, partitions: u16) -> Self {
        let mut chance = Chance::new(seed, 0x000f_0001);
        // From March through November 2026: changes of the clock.
        let start = Timestamp(chance.between(1_772_400_000_000, 1_794_000_000_000));
        let persons = 2 + chance.below(3);
        let spread = partitions > 1 && chance.percent(75);
        let mut homes = chance.clone();
        let mut at_home = |partition: u64, number| {
            let elsewhere = homes.below(u64::from(partitions));
            key(if spread { elsewhere } else { partition }, partitions, number)
        };
        let mut links = Vec::new();
        let mut number = 0;
        for person in 0..persons {
            let partition = person % u64::from(partitions);
            let cases = 1 + chance.below(2);
            let zones = *chance.pick(&ZONES);
            let them = PersonId(at_home(partition, 2_000 + person));
            let debts: Vec<CaseId> =
                (0..cases).map(|case| CaseId(at_home(partition, 1_000 + person * 10 + case))).collect();
            for _ in 0..1 + chance.below(3) {
                number += 1;
                let contact = ContactPointId(at_home(partition, number));
                for (nth, case) in debts.iter().enumerate() {
                    let agency = AgencyId(1 + (person as u32 + nth as u32) % 2);
                    links.push(Named { contact, case: *case, person: them, agency, zones });
                }
            }
        }
        // A phone that two people share: its calls count for the one or the other.
        let first = links[0];
        let sharing = links.iter().copied().find(|link| {
            let near = spread || link.contact.0[..2] == first.contact.0[..2];
            link.person != first.person && near && chance.percent(50)
        });
        links.extend(sharing.map(|other| Named { contact: first.contact, ..other }));
        let partition = chance.below(u64::from(partitions));
        let spared = Named {
            contact: ContactPointId(at_home(partition, 99)),
            case: CaseId(at_home(partition, 1_990)),
            person: PersonId(at_home(partition, 2_990)),
            agency: AgencyId(1),
            zones: ZONES[0],
        };
        Self { start, links, spared, laws: laws(&mut chance), spread }
    }

    /// What makes it known to the gate.
    pub fn facts(&self) -> Vec<GateCommand> {
        let named = || self.links.iter().chain([&self.spared]);
        named().map(Named::linked).chain(named().map(|named| named.placed(Some(named.agency)))).collect()
    }

    /// A version of the law, as the gate takes it.
    pub fn law(&self, version: usize) -> PolicyAdoptedV2 {
        pack(version + 1, &self.laws[version % self.laws.len()])
    }
}

fn laws(chance: &mut Chance) -> Vec<Vec<Cap>> {
    let mut first = vec![Cap::random(Scope::ContactPoint, chance), Cap::random(Scope::Person, chance)];
    if chance.percent(40) {
        let scope = *chance.pick(&[Scope::ContactPoint, Scope::Person, Scope::Case]);
        first.push(Cap::random(scope, chance));
    }
    // Later versions count in the same windows: what a longer one would count may be forgotten.
    let mut laws = vec![first];
    for _ in 0..3 {
        let mut next = laws[0].clone();
        next.iter_mut().for_each(|cap| cap.limit = 1 + chance.below(4) as usize);
        laws.push(next);
    }
    laws
}

impl Named {
    /// The case names the contact point.
    pub fn linked(&self) -> GateCommand {
        self.linked_as(Role::Debtor)
    }

    /// The case names the contact point as that of somebody in this role.
    pub fn linked_as(&self, role: Role) -> GateCommand {
        GateCommand::LinkContact(ContactLinkedV2 {
            contact: self.contact,
            case: self.case,
            lender: LenderId(1),
            person: self.person,
            role,
            zones: self.zones.iter().filter_map(|zone| zone.parse().ok()).collect(),
            regions: Vec::new(),
            place: Place::Unknown,
        })
    }

    /// It is placed with an agency, or taken back.
    pub fn placed(&self, agency: Option<AgencyId>) -> GateCommand {
        GateCommand::PlaceContact(ContactPlacedV1 { contact: self.contact, case: self.case, agency })
    }

    /// A request to call.
    pub fn asked(&self, agency: AgencyId, channel: Channel) -> PermitRequest {
        PermitRequest {
            contact: self.contact,
            case: self.case,
            also: Vec::new(),
            agency,
            collector: CollectorId(agency.0 * 100 + 1),
            channel,
            purpose: Purpose::Collect,
            line: LINE,
            template: None,
        }
    }
}

const LINE: events::gate::Line = match events::gate::Line::new("95533") {
    Some(line) => line,
    None => panic!("a line"),
};
