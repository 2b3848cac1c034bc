//! Local days and times, from the bundled time zone database.

use jiff::Span;
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use model::{Timestamp, ZoneName};
use policy::sets::Day;

const DAY_S: i64 = 86_400;

/// The zone of that name; `None` if the database does not have it.
pub fn zone(name: &ZoneName) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(name.as_str()).ok()
}

/// The calendar day there (days since 1970-01-01) and the second of it, by the wall clock.
pub fn day_and_second(zone: &TimeZone, at: Timestamp) -> (i64, u32) {
    let utc_s = at.0.div_euclid(1000);
    let moment = jiff::Timestamp::from_second(utc_s).unwrap_or_default();
    let local_s = utc_s + i64::from(zone.to_offset(moment).seconds());
    // From 0 to 86,399.
    (local_s.div_euclid(DAY_S), local_s.rem_euclid(DAY_S) as u32)
}

/// The calendar day there.
pub fn day(zone: &TimeZone, at: Timestamp) -> i64 {
    day_and_second(zone, at).0
}

/// The Monday of a day's week.
pub fn monday(day: i64) -> i64 {
    day - weekday_number(day)
}

/// The day of the week.
pub fn weekday(day: i64) -> Day {
    // From 0 to 6.
    Day::ALL.get(weekday_number(day) as usize).copied().unwrap_or(Day::Mon)
}

/// From 0, a Monday; 1970-01-01 was a Thursday.
fn weekday_number(day: i64) -> i64 {
    (day + 3).rem_euclid(7)
}

/// The day as a date; `None` far from our time.
pub fn date(day: i64) -> Option<Date> {
    Date::constant(1970, 1, 1).checked_add(Span::new().try_days(day).ok()?).ok()
}

/// The first of a day's month.
pub fn first_of_month(day: i64) -> i64 {
    date(day).map_or(day, |date| day + 1 - i64::from(date.day()))
}

/// The first moment of a day, UTC.
pub fn midnight(date: Date) -> Option<Timestamp> {
    let first = TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
    Some(Timestamp(first.as_millisecond()))
}
