//! Calling hours: the clock on the wall must be inside them in every zone that the contact point may be in.

use model::Timestamp;
use policy::pack::Hours;
use policy::span::Span;

use crate::zone::{CalendarDay, Moment, ZoneClock};

/// How many days ahead an opening is looked for.
const HORIZON_DAYS: i64 = 16;

/// Whether the clock is inside the hours.
pub(crate) fn open_in(moment: &Moment<'_>, hours: &Hours) -> bool {
    let holiday = !hours.holidays.is_empty() && hours.holidays.contains(&moment.date());
    inside(moment, if holiday { &hours.holiday_open } else { &hours.open })
}

/// Whether the clock is inside one of the spans.
pub(crate) fn inside(moment: &Moment<'_>, spans: &[Span]) -> bool {
    let (day, second) = (moment.weekday(), moment.second_of_day());
    spans.iter().any(|span| span.days.has(day) && (span.from_s..=span.until_s).contains(&second))
}

/// The first moment from `from` on at which the clock is inside the hours.
pub(crate) fn next_open(clock: &ZoneClock, hours: &Hours, from: Timestamp) -> Option<Timestamp> {
    if open_in(&clock.at(from), hours) {
        return Some(from);
    }
    let today = clock.day(from);
    let mut days = (0..HORIZON_DAYS).filter_map(|days| clock.later(&today, days));
    days.find_map(|day| first_open(clock, hours, &day, from))
}

/// The first opening of a day. Hours begin where the clock reaches their first second, or where it jumps into them.
fn first_open(clock: &ZoneClock, hours: &Hours, day: &CalendarDay, from: Timestamp) -> Option<Timestamp> {
    let spans = if hours.holidays.contains(&day.date) { &hours.holiday_open } else { &hours.open };
    if let Some(weekday) = day.weekday_without_jump() {
        let begun = spans.iter().filter(|span| span.days.has(weekday));
        let moments = begun.map(|span| day.start.plus_ms(i64::from(span.from_s) * 1000));
        return moments.filter(|moment| *moment >= from).min();
    }
    let moments = spans.iter().flat_map(|span| clock.moments_of(span.from_s, day));
    moments.filter(|moment| *moment >= from && open_in(&clock.at(*moment), hours)).min()
}

/// The first moment from `from` on at which the clock is outside every span.
pub(crate) fn next_outside(clock: &ZoneClock, spans: &[Span], from: Timestamp) -> Option<Timestamp> {
    let mut at = from;
    for _ in 0..64 {
        let moment = clock.at(at);
        let (day, second) = (moment.weekday(), moment.second_of_day());
        let held = |span: &&Span| span.days.has(day) && (span.from_s..=span.until_s).contains(&second);
        let Some(span) = spans.iter().find(held) else { return Some(at) };
        let left_ms = i64::from(span.until_s + 1 - second) * 1000;
        let end = at.plus_ms(left_ms - at.0.rem_euclid(1000));
        // Where the clock jumps before, it is asked again then.
        at = clock.next_change(at).filter(|change| *change < end).unwrap_or(end);
    }
    None
}
