//! Which times two rules about hours leave open.

use jiff::civil::{Date, Weekday};

use crate::notation::list;
use crate::pack::Hours;
use crate::sets::Day;
use crate::span::Span;
use crate::strictness::{Difference, Direction, flag};

/// The fields, each with the direction of all times together: one alone says little.
pub(crate) fn differences(old: &Hours, new: &Hours) -> Vec<Difference> {
    let direction = Direction::of(within(new, old), within(old, new));
    let spans = |spans: &[Span]| list(spans.iter().map(Span::to_string));
    let dates = |hours: &Hours| list(hours.holidays.iter().map(Date::to_string));
    let field = |field, from, to| Difference { field, from, to, direction };
    vec![
        field("open", spans(&old.open), spans(&new.open)),
        field("holidays", dates(old), dates(new)),
        field("holiday-open", spans(&old.holiday_open), spans(&new.holiday_open)),
        Difference {
            field: "unless-consented",
            from: old.unless_consented.to_string(),
            to: new.unless_consented.to_string(),
            direction: flag(new.unless_consented, old.unless_consented),
        },
    ]
}

/// Whether every time that the narrow one leaves open, the wide one does too.
fn within(narrow: &Hours, wide: &Hours) -> bool {
    let ordinary = Day::ALL.iter().all(|day| covered(&narrow.open, &wide.open, *day));
    let mut holidays = narrow.holidays.iter().chain(&wide.holidays);
    ordinary && holidays.all(|date| covered(on(narrow, *date), on(wide, *date), weekday(*date)))
}

fn on(hours: &Hours, date: Date) -> &[Span] {
    if hours.holidays.contains(&date) { &hours.holiday_open } else { &hours.open }
}

fn weekday(date: Date) -> Day {
    match date.weekday() {
        Weekday::Monday => Day::Mon,
        Weekday::Tuesday => Day::Tue,
        Weekday::Wednesday => Day::Wed,
        Weekday::Thursday => Day::Thu,
        Weekday::Friday => Day::Fri,
        Weekday::Saturday => Day::Sat,
        Weekday::Sunday => Day::Sun,
    }
}

fn covered(narrow: &[Span], wide: &[Span], day: Day) -> bool {
    let wide = seconds(wide, day);
    let inside =
        |(from, until): (u32, u32)| wide.iter().any(|(first, last)| *first <= from && until <= *last);
    seconds(narrow, day).into_iter().all(inside)
}

/// First and last open second of each stretch of a day, in order, none touching the next.
fn seconds(spans: &[Span], day: Day) -> Vec<(u32, u32)> {
    let mut stretches: Vec<(u32, u32)> =
        spans.iter().filter(|span| span.days.has(day)).map(|span| (span.from_s, span.until_s)).collect();
    stretches.sort_unstable();
    let mut merged: Vec<(u32, u32)> = Vec::new();
    for (from, until) in stretches {
        match merged.last_mut() {
            Some((_, last)) if from <= *last + 1 => *last = until.max(*last),
            _ => merged.push((from, until)),
        }
    }
    merged
}
