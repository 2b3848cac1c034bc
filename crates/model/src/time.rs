//! Time is data here: an argument, never a clock.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This much later; saturates.
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// How many milliseconds later than `earlier` this is; negative if it is not.
    pub const fn ms_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The first moment of a day (UTC), of days since 1970-01-01.
    pub const fn of_day(day: i32) -> Self {
        Self(day as i64 * DAY_MS)
    }

    /// The day (UTC) that it lies in, in days since 1970-01-01; saturates.
    pub fn day(self) -> i32 {
        let day = self.0.div_euclid(DAY_MS);
        i32::try_from(day).unwrap_or(if day < 0 { i32::MIN } else { i32::MAX })
    }
}

const DAY_MS: i64 = 86_400_000;

/// An IANA time zone name, such as `Asia/Shanghai`. That the zone exists is checked where it is used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ZoneName(String);

/// A text that cannot be a zone name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an IANA time zone such as Asia/Shanghai, got {0:?}")]
pub struct ZoneNameError(pub String);

impl ZoneName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ZoneName {
    type Err = ZoneNameError;

    fn from_str(text: &str) -> Result<Self, ZoneNameError> {
        let plausible = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte);
        if text.is_empty() || text.len() > 64 || !text.bytes().all(plausible) {
            return Err(ZoneNameError(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for ZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_and_ends_before_the_next_also_before_1970() {
        for day in [i32::MIN, -1, 0, 20_781, i32::MAX] {
            let first = Timestamp::of_day(day);
            assert_eq!((first.day(), first.plus_ms(DAY_MS - 1).day()), (day, day));
        }
        assert_eq!((Timestamp(i64::MIN).day(), Timestamp(i64::MAX).day()), (i32::MIN, i32::MAX));
    }
}
