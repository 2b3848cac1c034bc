//! Where somebody may be, as far as the law is concerned.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::IdError;

/// A country, or a part of one: ISO 3166-1 alpha-2, then parts behind dashes, such as `CN`, `US-MA` or `US-NY-NYC`.
/// Kept inline: a request names some and must not allocate for them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region {
    bytes: [u8; Region::MAX],
    length: u8,
}

impl Region {
    /// Most bytes.
    pub const MAX: usize = 11;

    /// The text.
    pub fn as_str(&self) -> &str {
        // ASCII by construction.
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }

    /// Whether this is `other` or a part of it: `US-MA` lies in `US`.
    pub fn lies_in(&self, other: &Self) -> bool {
        let rest = self.as_str().strip_prefix(other.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    }
}

impl FromStr for Region {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let refused = || IdError {
            expected: "a region such as CN, US-MA or US-NY-NYC",
            got: text.chars().take(40).collect(),
        };
        let mut parts = text.split('-');
        let country = parts.next().is_some_and(|part| part.len() == 2 && upper(part.as_bytes()));
        let rest = parts.all(|part| !part.is_empty() && upper_or_digit(part.as_bytes()));
        if !country || !rest || text.len() > Self::MAX {
            return Err(refused());
        }
        let mut bytes = [0; Self::MAX];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        // At most 11.
        Ok(Self { bytes, length: text.len() as u8 })
    }
}

fn upper(part: &[u8]) -> bool {
    part.iter().all(u8::is_ascii_uppercase)
}

fn upper_or_digit(part: &[u8]) -> bool {
    part.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Region {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Region {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Region;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a region such as CN, US-MA or US-NY-NYC")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Region, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(text: &str) -> Region {
        text.parse().expect("a region")
    }

    #[test]
    fn a_part_lies_in_its_country_and_not_in_another_with_the_same_beginning() {
        assert!(region("US-NY-NYC").lies_in(&region("US-NY")) && region("US").lies_in(&region("US")));
        assert!(!region("US").lies_in(&region("US-NY")) && !region("US-NYX").lies_in(&region("US-NY")));
    }

    #[test]
    fn what_is_not_a_region_is_refused() {
        for wrong in ["", "us", "USA", "U", "US-", "US-ma", "US--MA", "中国", "US-NY-NYCITY"] {
            assert!(wrong.parse::<Region>().is_err(), "{wrong:?}");
        }
    }
}
