//! Keyed pseudonyms: HMAC-SHA256 under the pseudonym key, over a domain and length-prefixed parts, cut to
//! 16 bytes (RFC 2104 section 5: not less than half). Among 10^9 of them the chance of one collision is
//! below 10^-20. Without the key a phone number cannot be guessed from its pseudonym.

use std::fmt;
use std::sync::Arc;

use hmac::Mac;
use model::{CaseId, ContactPointId, LenderId, PersonId, PhoneNumber};

use crate::derive::{HmacSha256, absorb, hmac_for};

/// Makes pseudonyms. Cheap to clone and to share between threads.
#[derive(Clone)]
pub struct Pseudonyms(Arc<Domains>);

/// Keyed states with their domain absorbed: the import makes several pseudonyms for every row.
struct Domains {
    phone: HmacSha256,
    person: HmacSha256,
    case: HmacSha256,
    row: HmacSha256,
}

impl Pseudonyms {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(Arc::new(Domains {
            phone: hmac_for(key, "contact-point/phone"),
            person: hmac_for(key, "person"),
            case: hmac_for(key, "case"),
            row: hmac_for(key, "row"),
        }))
    }

    /// The gate's key for a phone number: the same for every lender, agency, case and channel.
    pub fn contact_point(&self, number: &PhoneNumber) -> ContactPointId {
        ContactPointId(cut(&self.0.phone, &[number.e164().as_bytes()]))
    }

    /// A person as one lender identifies them (identity document, customer number). Byte for byte: bring
    /// `identity` to one form first. The same text of two lenders is two people.
    pub fn person(&self, lender: LenderId, identity: &str) -> PersonId {
        PersonId(cut(&self.0.person, &[&lender.0.to_be_bytes(), identity.as_bytes()]))
    }

    /// A case by its lender's own reference, byte for byte.
    pub fn case(&self, lender: LenderId, reference: &str) -> CaseId {
        CaseId(cut(&self.0.case, &[&lender.0.to_be_bytes(), reference.as_bytes()]))
    }

    /// Digest of a row of a lender's file, to recognise the same row again. Keyed, because a row is personal
    /// data that could be guessed.
    pub fn row_digest(&self, row: &[u8]) -> [u8; 16] {
        cut(&self.0.row, &[row])
    }
}

fn cut(keyed: &HmacSha256, parts: &[&[u8]]) -> [u8; 16] {
    let mut mac = keyed.clone();
    parts.iter().for_each(|part| absorb(&mut mac, part));
    let full: [u8; 32] = mac.finalize().into_bytes().into();
    std::array::from_fn(|index| full[index])
}

impl fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pseudonyms(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MasterKey;

    fn pseudonyms() -> Pseudonyms {
        let hex: String = (0..32).map(|byte| format!("{byte:02x}")).collect();
        MasterKey::from_hex(&hex).expect("key").pseudonyms()
    }

    // Computed with Python's hmac, struct and hashlib, not with this code.
    #[test]
    fn given_known_inputs_then_pseudonyms_are_the_golden_ones() {
        let ours = pseudonyms();
        let number = PhoneNumber::parse("13812345678", Some("CN")).expect("number");
        assert_eq!(ours.contact_point(&number).to_string(), "contact-1c952314a48676c8bf67db1559d78b5b");
        assert_eq!(
            ours.person(LenderId(7), "110101199001011234").to_string(),
            "person-f172b86eb2351f87bda7de4fb92692bf"
        );
        assert_eq!(ours.case(LenderId(7), "L-0001").to_string(), "case-1db7773c32e4ef05c6661f106079e525");
        assert_eq!(CaseId(ours.row_digest(b"a,b,c")).to_string(), "case-275a6734a9b606a418f4263f8b513c4f");
    }

    #[test]
    fn a_domain_and_a_lender_and_a_key_each_change_the_pseudonym() {
        let ours = pseudonyms();
        assert_ne!(ours.person(LenderId(1), "x").0, ours.case(LenderId(1), "x").0);
        assert_ne!(ours.person(LenderId(1), "x"), ours.person(LenderId(2), "x"));
        let other = MasterKey::generate().expect("random").pseudonyms();
        assert_ne!(ours.case(LenderId(1), "x"), other.case(LenderId(1), "x"));
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let ours = pseudonyms();
        assert_ne!(cut(&ours.0.row, &[b"ab", b"c"]), cut(&ours.0.row, &[b"a", b"bc"]));
        assert_ne!(cut(&ours.0.row, &[b"ab"]), cut(&ours.0.row, &[b"ab", b""]));
    }
}
