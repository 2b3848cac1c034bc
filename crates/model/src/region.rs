//! Where somebody may be, as far as the law is concerned.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::IdError;
use crate::ascii::Ascii;

/// A country, or a part of one: ISO 3166-1 alpha-2, then parts behind dashes, such as `CN`, `US-MA` or `US-NY-NYC`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Region(Ascii<11>);

impl Region {
    const EXPECTED: &'static str = "a region such as CN, US-MA or US-NY-NYC";

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
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
        let upper = |byte: u8| byte.is_ascii_uppercase();
        let mut parts = text.split('-');
        let country = parts.next().is_some_and(|part| part.len() == 2 && part.bytes().all(upper));
        let rest = parts
            .all(|part| !part.is_empty() && part.bytes().all(|byte| upper(byte) || byte.is_ascii_digit()));
        let refused = || IdError { expected: Self::EXPECTED, got: text.chars().take(40).collect() };
        Ascii::new(text).filter(|_| country && rest).map(Self).ok_or_else(refused)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Region {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ascii::<11>::deserialize(deserializer)?.as_str().parse().map_err(de::Error::custom)
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
