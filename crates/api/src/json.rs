//! How values look in JSON: ids as they print, times in RFC 3339 (UTC), days as `2026-11-24`.

use std::fmt::Display;

use model::{Money, Timestamp};
use serde::{Serialize, Serializer};

/// RFC 3339, UTC; a time outside the calendar prints as its milliseconds.
pub fn rfc3339(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| at.0.to_string(), |at| at.to_string())
}

/// `2026-11-24`, of days since 1970-01-01.
pub fn day(days: i32) -> String {
    let epoch = jiff::civil::date(1970, 1, 1);
    epoch.checked_add(jiff::Span::new().days(days)).map_or_else(|_| days.to_string(), |date| date.to_string())
}

/// Days since 1970-01-01 of `2026-11-24`.
pub fn parse_day(text: &str) -> Option<i32> {
    let date: jiff::civil::Date = text.parse().ok()?;
    jiff::civil::date(1970, 1, 1).until(date).ok().map(|span| span.get_days())
}

/// A moment of RFC 3339, or of a day in UTC: its first, or its last.
pub fn parse_moment(text: &str, end_of_day: bool) -> Option<Timestamp> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(Timestamp(at.as_millisecond()));
    }
    let first = Timestamp::of_day(parse_day(text)?);
    Some(if end_of_day { first.plus_ms(86_399_999) } else { first })
}

pub(crate) fn text<T: Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}

pub(crate) fn time<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&rfc3339(*at))
}

pub(crate) fn time_or_null<S: Serializer>(at: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
    at.map(rfc3339).serialize(to)
}

pub(crate) fn money<S: Serializer>(money: &Money, to: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Shape {
        minor: i64,
        currency: String,
        text: String,
    }
    Shape { minor: money.minor, currency: money.currency.to_string(), text: money.to_string() }.serialize(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_days_are_readable() {
        assert_eq!(rfc3339(Timestamp(1_795_478_400_000)), "2026-11-24T00:00:00Z");
        assert_eq!(rfc3339(Timestamp(i64::MAX)), i64::MAX.to_string());
        assert_eq!(day(20_781), "2026-11-24");
        assert_eq!(parse_day("2026-11-24"), Some(20_781));
        assert_eq!(parse_day(&day(-1)), Some(-1));
        assert_eq!(parse_day("24.11.2026"), None);
    }
}
