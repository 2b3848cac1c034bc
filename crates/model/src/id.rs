//! Typed identifiers. Parties that register with the platform have small numbers; people, cases and
//! contact points have 128-bit keyed pseudonyms, so an id never carries personal data.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that is not an identifier of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, got {got:?}")]
pub struct IdError {
    /// The shape that was expected, with an example.
    pub expected: &'static str,
    /// What was given.
    pub got: String,
}

macro_rules! numbered_id {
    ($($(#[$doc:meta])* $name:ident, $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub u32);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "-{}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            /// Accepts the displayed form and the bare number.
            fn from_str(text: &str) -> Result<Self, IdError> {
                let digits = text.strip_prefix(concat!($prefix, "-")).unwrap_or(text);
                digits.parse().map(Self).map_err(|_| IdError {
                    expected: concat!("an id such as ", $prefix, "-7"),
                    got: text.to_owned(),
                })
            }
        }
    )*};
}

numbered_id! {
    /// Who owns the claim and dispatches cases.
    LenderId, "lender";
    /// An outside agency that collects for lenders.
    AgencyId, "agency";
    /// A registered collector of one agency.
    CollectorId, "collector";
    /// One running process of the program.
    InstanceId, "instance";
}

macro_rules! pseudonym {
    ($($(#[$doc:meta])* $name:ident, $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// What the displayed form begins with, before the dash.
            pub const PREFIX: &'static str = $prefix;
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!($prefix, "-"))?;
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let hex = text.strip_prefix(concat!($prefix, "-")).unwrap_or(text);
                parse_hex16(hex).map(Self).ok_or_else(|| IdError {
                    expected: concat!("an id such as ", $prefix, "-0123456789abcdef0123456789abcdef"),
                    got: text.to_owned(),
                })
            }
        }
    )*};
}

pseudonym! {
    /// A debt under collection: keyed pseudonym of lender and the lender's own reference.
    CaseId, "case";
    /// A natural person: keyed pseudonym.
    PersonId, "person";
    /// A phone number or address that can be contacted: keyed pseudonym of its normal form (E.164).
    /// This is the key of the gate.
    ContactPointId, "contact";
    /// The client's name for one command; a retry carries the same one.
    CommandId, "command";
}

fn parse_hex16(hex: &str) -> Option<[u8; 16]> {
    if hex.len() != 32 || !hex.is_ascii() {
        return None;
    }
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back_what_they_print() {
        let agency = AgencyId(3);
        assert_eq!(agency.to_string(), "agency-3");
        assert_eq!("agency-3".parse(), Ok(agency));
        assert_eq!("3".parse(), Ok(agency));
        let contact = ContactPointId(*b"0123456789abcdef");
        assert_eq!(contact.to_string().parse(), Ok(contact));
    }

    #[test]
    fn a_wrong_id_says_what_was_expected() {
        let error = "collector-3".parse::<AgencyId>().expect_err("another kind of id");
        assert_eq!(error.to_string(), "expected an id such as agency-7, got \"collector-3\"");
        assert!("contact-12".parse::<ContactPointId>().is_err());
        assert!("contact-é123456789abcdef0123456789abcde".parse::<ContactPointId>().is_err());
    }
}
