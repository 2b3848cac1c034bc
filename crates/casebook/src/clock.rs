//! Times of a case as moments, and back.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use model::Timestamp;
use serde::Serialize;

use crate::case::{Moment, TimeOfDay};

/// A moment as people read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Instant {
    /// RFC 3339, UTC.
    pub utc: String,
    /// The clock on the wall there: `2026-04-07 12:00:00`.
    pub local: String,
    /// Where.
    pub zone: String,
}

impl Instant {
    pub(crate) fn new(at: Timestamp, zone: &str) -> Self {
        let moment = jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::MAX);
        let local = open(zone).to_datetime(moment);
        let whole =
            if local.subsec_nanosecond() == 0 { "%Y-%m-%d %H:%M:%S" } else { "%Y-%m-%d %H:%M:%S.%3f" };
        Self { utc: moment.to_string(), local: local.strftime(whole).to_string(), zone: zone.to_owned() }
    }
}

/// The zone; its name was checked when it was read.
pub(crate) fn open(zone: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(zone).unwrap_or(TimeZone::UTC)
}

/// A local time as a moment, or why it is not one moment.
pub(crate) fn moment(date: Date, said: &TimeOfDay, zone: &str) -> Result<Timestamp, String> {
    let zone = said.zone.as_deref().unwrap_or(zone);
    let local = date.to_datetime(said.time);
    if let Some(offset) = said.offset {
        let moment = offset.to_timestamp(local).map_err(|error| error.to_string())?;
        return Ok(Timestamp(moment.as_millisecond()));
    }
    let ambiguous = open(zone).into_ambiguous_zoned_datetime(local);
    match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { offset } => {
            let moment = offset.to_timestamp(local).map_err(|error| error.to_string())?;
            Ok(Timestamp(moment.as_millisecond()))
        }
        AmbiguousOffset::Gap { before, after } => Err(format!(
            "a time that the clocks in {zone} skip on {date}; say which is meant, as in {}{before} or {}{after}",
            said.time, said.time
        )),
        AmbiguousOffset::Fold { before, after } => Err(format!(
            "a time that the clocks in {zone} show twice on {date}; say which is meant, as in {}{before} or {}{after}",
            said.time, said.time
        )),
    }
}

/// A local time as a moment, the later one if the clocks show it twice, the next one if they skip it.
pub(crate) fn plain(local: DateTime, zone: &str) -> Timestamp {
    let moment = open(zone).into_ambiguous_zoned_datetime(local).later().map(|zoned| zoned.timestamp());
    Timestamp(moment.unwrap_or(jiff::Timestamp::MAX).as_millisecond())
}

/// The first moment of what was said.
pub(crate) fn start(moment: &Moment, zone: &str) -> Result<Timestamp, String> {
    match &moment.time {
        Some(time) => self::moment(moment.date, time, zone),
        None => Ok(plain(moment.date.to_datetime(Time::midnight()), zone)),
    }
}

/// The last moment of what was said: of the day, where no time was said.
pub(crate) fn end(moment: &Moment, zone: &str) -> Result<Timestamp, String> {
    match &moment.time {
        Some(time) => self::moment(moment.date, time, zone),
        None => Ok(plain(moment.date.tomorrow().unwrap_or(Date::MAX).to_datetime(Time::midnight()), zone)
            .plus_ms(-1)),
    }
}

/// The local time of a moment.
pub(crate) fn local(at: Timestamp, zone: &str) -> DateTime {
    let moment = jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::MAX);
    open(zone).to_datetime(moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> TimeOfDay {
        TimeOfDay { time: text.parse().expect(text), zone: None, offset: None }
    }

    #[test]
    fn given_skipped_and_doubled_hours_when_read_then_the_author_must_say_which() {
        let zone = "America/New_York";
        let spring = "2026-03-08".parse().expect("a date");
        let autumn = "2026-11-01".parse().expect("a date");
        assert!(moment(spring, &said("02:30:00"), zone).expect_err("skipped").contains("skip"));
        assert!(moment(autumn, &said("01:30:00"), zone).expect_err("doubled").contains("twice"));
        let first = TimeOfDay { offset: Some(jiff::tz::offset(-4)), ..said("01:30:00") };
        let second = TimeOfDay { offset: Some(jiff::tz::offset(-5)), ..said("01:30:00") };
        let hour = moment(autumn, &second, zone)
            .expect("one moment")
            .ms_since(moment(autumn, &first, zone).expect("one"));
        assert_eq!(hour, 3_600_000);
    }
}
