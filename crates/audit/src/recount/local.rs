//! Local days and times, from the bundled time zone database.

use jiff::tz::TimeZone;
use model::{Timestamp, ZoneName};

const DAY_S: i64 = 86_400;

/// The zone of that name; `None` if the database does not have it.
pub fn zone(name: &ZoneName) -> Option<TimeZone> {
    TimeZone::get(name.as_str()).ok()
}

/// The calendar day there (days since 1970-01-01) and the second of it, by the wall clock.
pub fn day_and_second(zone: &TimeZone, at: Timestamp) -> (i64, u32) {
    let utc_s = at.0.div_euclid(1000);
    let moment = jiff::Timestamp::from_second(utc_s).unwrap_or_default();
    let local_s = utc_s + i64::from(zone.to_offset(moment).seconds());
    // From 0 to 86,399.
    (local_s.div_euclid(DAY_S), local_s.rem_euclid(DAY_S) as u32)
}
