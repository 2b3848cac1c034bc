//! A lender dispatched a case: who is in it and how they can be reached.

use model::{CaseId, ContactPointId, Currency, LenderId, PersonId, Region, Role, ZoneName};
use serde::{Deserialize, Serialize};

use super::PostingV1;

/// Most zones of one contact point: as many as the gate takes.
pub const ZONES_MAX: usize = 16;

/// Most regions of one contact point besides the case's jurisdiction: with it as many as the gate takes.
pub const REGIONS_MAX: usize = 15;

/// A contact point of a party, as the first version said it. Frozen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactV1 {
    /// Pseudonym of the number or address.
    pub contact: ContactPointId,
    /// Every time zone that the person may be in; none: not known.
    pub zones: Vec<ZoneName>,
    /// The number itself, sealed under the person's key.
    #[serde(with = "super::sealed")]
    pub sealed: Vec<u8>,
}

/// A person in a case, as the first version said it. Frozen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartyV1 {
    /// Pseudonym of the person.
    pub person: PersonId,
    /// What they are to the case.
    pub role: Role,
    /// How they can be reached.
    pub contacts: Vec<ContactV1>,
    /// Name and identity number, sealed under the person's key.
    #[serde(with = "super::sealed")]
    pub sealed: Vec<u8>,
}

/// A lender dispatched a case, as the first version said it. Frozen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseOpenedV1 {
    /// Keyed pseudonym of lender and reference.
    pub case: CaseId,
    /// Whose claim it is.
    pub lender: LenderId,
    /// The lender's word for the product; at most [`PRODUCT_LEN_MAX`](super::PRODUCT_LEN_MAX) bytes.
    pub product: String,
    /// Of every amount in the case.
    pub currency: Currency,
    /// Whose rules apply: ISO 3166 alpha-2.
    pub jurisdiction: String,
    /// Days since 1970-01-01.
    pub opened_on: i32,
    /// First day without the payment that was due: days since 1970-01-01.
    pub overdue_since: i32,
    /// The claims, against [`Account::Opening`](super::Account::Opening).
    pub postings: Vec<PostingV1>,
    /// Who is in the case; at least one who owes.
    pub parties: Vec<PartyV1>,
    /// The lender's own reference, sealed.
    #[serde(with = "super::sealed")]
    pub reference_sealed: Vec<u8>,
    /// Keyed digest of the row that the case was read from, to tell a repeat from a change.
    pub digest: [u8; 16],
}

/// A contact point of a party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactV2 {
    /// Pseudonym of the number or address.
    pub contact: ContactPointId,
    /// Every time zone that the person may be in; none: not known. At most [`ZONES_MAX`].
    pub zones: Vec<ZoneName>,
    /// Every region, besides the case's jurisdiction, whose law may protect whoever is reached here: those that
    /// the lender names, and the country of the number. At most [`REGIONS_MAX`].
    pub regions: Vec<Region>,
    /// The number itself, sealed under the person's key.
    #[serde(with = "super::sealed")]
    pub sealed: Vec<u8>,
}

/// A person in a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartyV2 {
    /// Pseudonym of the person.
    pub person: PersonId,
    /// What they are to the case.
    pub role: Role,
    /// How they can be reached.
    pub contacts: Vec<ContactV2>,
    /// Name and identity number, sealed under the person's key.
    #[serde(with = "super::sealed")]
    pub sealed: Vec<u8>,
}

/// A lender dispatched a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseOpenedV2 {
    /// Keyed pseudonym of lender and reference.
    pub case: CaseId,
    /// Whose claim it is.
    pub lender: LenderId,
    /// The lender's word for the product; at most [`PRODUCT_LEN_MAX`](super::PRODUCT_LEN_MAX) bytes.
    pub product: String,
    /// Of every amount in the case.
    pub currency: Currency,
    /// Whose rules apply: ISO 3166 alpha-2.
    pub jurisdiction: String,
    /// Days since 1970-01-01.
    pub opened_on: i32,
    /// First day without the payment that was due: days since 1970-01-01.
    pub overdue_since: i32,
    /// The claims, against [`Account::Opening`](super::Account::Opening).
    pub postings: Vec<PostingV1>,
    /// Who is in the case; at least one who owes.
    pub parties: Vec<PartyV2>,
    /// The lender's own reference, sealed.
    #[serde(with = "super::sealed")]
    pub reference_sealed: Vec<u8>,
    /// Keyed digest of the row that the case was read from, to tell a repeat from a change.
    pub digest: [u8; 16],
}

impl CaseOpenedV2 {
    /// Every region whose law may protect whoever is reached at one of the case's contact points. The lender's law
    /// protects everybody whom its claim concerns, wherever they are.
    pub fn regions(&self, contact: &ContactV2) -> Vec<Region> {
        let mut regions: Vec<Region> = self.jurisdiction.parse().into_iter().collect();
        for region in &contact.regions {
            if !regions.contains(region) {
                regions.push(*region);
            }
        }
        regions
    }
}

impl PartyV2 {
    /// Every zone in which a contact must be convenient that is made at one of the person's contact points: its own, and those of
    /// their others, since they may be wherever any of them is (12 CFR 1006, comment 6(b)(1)(i)-2). None where its own are not
    /// known: no other one tells them.
    pub fn zones(&self, contact: &ContactV2) -> Vec<ZoneName> {
        let mut zones = contact.zones.clone();
        if zones.is_empty() {
            return zones;
        }
        for zone in self.contacts.iter().flat_map(|other| &other.zones) {
            if !zones.contains(zone) {
                zones.push(zone.clone());
            }
        }
        zones
    }
}

impl From<ContactV1> for ContactV2 {
    fn from(old: ContactV1) -> Self {
        let ContactV1 { contact, zones, sealed } = old;
        Self { contact, zones, regions: Vec::new(), sealed }
    }
}

impl From<PartyV1> for PartyV2 {
    fn from(old: PartyV1) -> Self {
        let PartyV1 { person, role, contacts, sealed } = old;
        Self { person, role, contacts: contacts.into_iter().map(ContactV2::from).collect(), sealed }
    }
}

impl From<CaseOpenedV1> for CaseOpenedV2 {
    fn from(old: CaseOpenedV1) -> Self {
        let CaseOpenedV1 {
            case,
            lender,
            product,
            currency,
            jurisdiction,
            opened_on,
            overdue_since,
            postings,
            parties,
            reference_sealed,
            digest,
        } = old;
        Self {
            case,
            lender,
            product,
            currency,
            jurisdiction,
            opened_on,
            overdue_since,
            postings,
            parties: parties.into_iter().map(PartyV2::from).collect(),
            reference_sealed,
            digest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_bytes_are_stored_as_any_sequence_is() {
        let contact =
            ContactV1 { contact: ContactPointId([1; 16]), zones: vec![], sealed: vec![0, 200, 255] };
        let plain = (contact.contact, &contact.zones, &contact.sealed);
        let stored = postcard::to_allocvec(&contact).expect("serialises");
        assert_eq!(stored, postcard::to_allocvec(&plain).expect("serialises"));
        assert_eq!(postcard::from_bytes(&stored), Ok(contact));
    }

    #[test]
    fn given_a_contact_points_regions_then_the_jurisdiction_is_among_them_once() {
        let regions = |names: &[&str]| -> Vec<Region> {
            names.iter().map(|name| name.parse().expect("a region")).collect()
        };
        let mut contact =
            ContactV2 { contact: ContactPointId([1; 16]), zones: vec![], regions: vec![], sealed: vec![] };
        let case = CaseOpenedV2 {
            case: CaseId([1; 16]),
            lender: LenderId(1),
            product: String::new(),
            currency: Currency::CNY,
            jurisdiction: "CN".to_owned(),
            opened_on: 0,
            overdue_since: 0,
            postings: vec![],
            parties: vec![],
            reference_sealed: vec![],
            digest: [0; 16],
        };
        assert_eq!(case.regions(&contact), regions(&["CN"]));
        contact.regions = regions(&["CN", "HK", "US-MA"]);
        assert_eq!(case.regions(&contact), regions(&["CN", "HK", "US-MA"]));
    }

    #[test]
    fn given_numbers_in_two_zones_when_one_is_called_then_both_zones_count() {
        let contact = |number: u8, zones: &[&str]| ContactV2 {
            contact: ContactPointId([number; 16]),
            zones: zones.iter().map(|zone| zone.parse().expect("a zone")).collect(),
            regions: vec![],
            sealed: vec![],
        };
        let contacts = vec![
            contact(1, &["America/New_York"]),
            contact(2, &["America/Denver", "America/New_York"]),
            contact(3, &[]),
        ];
        let party = PartyV2 { person: PersonId([1; 16]), role: Role::Debtor, contacts, sealed: vec![] };
        let zones = |index: usize| -> Vec<String> {
            party.zones(&party.contacts[index]).iter().map(ToString::to_string).collect()
        };
        assert_eq!(zones(0), ["America/New_York", "America/Denver"]);
        assert_eq!(zones(1), ["America/Denver", "America/New_York"]);
        assert_eq!(zones(2), [""; 0]);
    }
}
