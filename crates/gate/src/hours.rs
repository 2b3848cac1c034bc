//! Calling hours: the clock on the wall must be inside them in every zone that the contact point may be in.

use jiff::civil::Date;
use model::Timestamp;
use policy::pack::Hours;
use policy::span::Span;

use crate::zone::ZoneClock;

/// How many days ahead an opening is looked for.
const HORIZON_DAYS: i64 = 16;

/// Whether the clock is inside the hours.
pub(crate) fn open_in(clock: &ZoneClock, hours: &Hours, at: Timestamp) -> bool {
    let holiday = !hours.holidays.is_empty() && hours.holidays.contains(&clock.date(at));
    inside(clock, if holiday { &hours.holiday_open } else { &hours.open }, at)
}

/// Whether the clock is inside one of the spans.
pub(crate) fn inside(clock: &ZoneClock, spans: &[Span], at: Timestamp) -> bool {
    let (day, second) = (clock.weekday(at), clock.second_of_day(at));
    spans.iter().any(|span| span.days.has(day) && (span.from_s..=span.until_s).contains(&second))
}

/// The first moment from `from` on at which the clock is inside the hours.
pub(crate) fn next_open(clock: &ZoneClock, hours: &Hours, from: Timestamp) -> Option<Timestamp> {
    if open_in(clock, hours, from) {
        return Some(from);
    }
    let today = clock.date(from);
    let days = (0..HORIZON_DAYS).filter_map(|days| today.checked_add(jiff::Span::new().days(days)).ok());
    days.into_iter().find_map(|date| first_open(clock, hours, date, from))
}

/// The first opening of a day. Hours begin where the clock reaches their first second, or where it jumps into them.
fn first_open(clock: &ZoneClock, hours: &Hours, date: Date, from: Timestamp) -> Option<Timestamp> {
    let spans = if hours.holidays.contains(&date) { &hours.holiday_open } else { &hours.open };
    let moments = spans.iter().flat_map(|span| clock.moments_of(span.from_s, date));
    moments.filter(|moment| *moment >= from && open_in(clock, hours, *moment)).min()
}

/// The first moment from `from` on at which the clock is outside every span.
pub(crate) fn next_outside(clock: &ZoneClock, spans: &[Span], from: Timestamp) -> Option<Timestamp> {
    let mut at = from;
    for _ in 0..64 {
        let (day, second) = (clock.weekday(at), clock.second_of_day(at));
        let held = |span: &&Span| span.days.has(day) && (span.from_s..=span.until_s).contains(&second);
        let Some(span) = spans.iter().find(held) else { return Some(at) };
        let left_ms = i64::from(span.until_s + 1 - second) * 1000;
        let end = at.plus_ms(left_ms - at.0.rem_euclid(1000));
        // Where the clock jumps before, it is asked again then.
        at = clock.next_change(at).filter(|change| *change < end).unwrap_or(end);
    }
    None
}
