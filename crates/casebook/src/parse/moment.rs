//! Dates, times and zones as written.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::{Offset, TimeZoneDatabase};
use model::Region;

use super::zone_exists;
use crate::case::{Moment, TimeOfDay, Zones};
use crate::error::Problem;
use crate::text::Cursor;
use crate::words::{ZONE_LETTERS, ZONES, phrases};

const WEEKDAYS: &[(&str, Weekday)] = &[
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// Most days of a range: a year and a day.
const RANGE_DAYS_MAX: usize = 367;

pub(super) fn weekday(word: &str) -> Option<Weekday> {
    let word = word.to_lowercase();
    let word = word.strip_suffix('s').filter(|rest| rest.ends_with("day")).unwrap_or(&word);
    let whole = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    WEEKDAYS
        .iter()
        .zip(whole)
        .find(|((short, _), whole)| {
            word == *short || word == *whole || (word.len() == 4 && whole.starts_with(word))
        })
        .map(|((_, day), _)| *day)
}

/// Whether a word is a date.
pub(super) fn is_date(word: &str) -> bool {
    word.len() == 10 && word.parse::<Date>().is_ok()
}

/// Whether a date comes next, perhaps behind its day of the week.
pub(super) fn sees_date(cursor: &Cursor<'_>) -> bool {
    let looks = |word: &str| word.len() == 10 && word.as_bytes()[4] == b'-';
    match (cursor.peek(), cursor.peek_second()) {
        (Some(first), _) if looks(&first.text) => true,
        (Some(first), Some(second)) => weekday(&first.text).is_some() && looks(&second.text),
        _ => false,
    }
}

pub(super) fn date(cursor: &mut Cursor<'_>) -> Result<Date, Problem> {
    const EXPECTED: &str = "a date such as 2026-04-07, or Tue 2026-04-07";
    let at = cursor.place();
    let said = cursor.peek().and_then(|word| weekday(&word.text));
    if said.is_some() {
        cursor.take();
    }
    let date =
        cursor.peek().filter(|word| is_date(&word.text)).and_then(|word| word.text.parse::<Date>().ok());
    let date = date.ok_or_else(|| cursor.problem(EXPECTED))?;
    if let Some(said) = said.filter(|said| *said != date.weekday()) {
        cursor.back_to(at);
        let real = date.weekday();
        return Err(cursor.problem(format!("{real:?}, which {date} is, not {said:?}")));
    }
    cursor.take();
    Ok(date)
}

/// One date, a list of dates, or `each day from … to …`.
pub(super) fn dates(cursor: &mut Cursor<'_>) -> Result<Vec<Date>, Problem> {
    let each = ["each of", "each day from", "each day between", "each from", "each", "every day from"];
    let weekdays = ["each weekday from", "each business day from", "every weekday from"];
    let only_weekdays = cursor.eat_any(&weekdays);
    if only_weekdays || cursor.eat_any(&each) {
        let first = date(cursor)?;
        if !cursor.eat_any(&["to", "through", "until"]) {
            return list(cursor, first);
        }
        let at = cursor.place();
        let last = date(cursor)?;
        let days: Vec<Date> = first
            .series(jiff::Span::new().days(1))
            .take(RANGE_DAYS_MAX)
            .take_while(|day| *day <= last)
            .collect();
        let whole = days.last() == Some(&last);
        let weekend = |day: &Date| matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        let days: Vec<Date> = days.into_iter().filter(|day| !(only_weekdays && weekend(day))).collect();
        if !whole || days.is_empty() {
            cursor.back_to(at);
            return Err(cursor.problem(format!("a date from {first} on, at most a year later")));
        }
        return Ok(days);
    }
    let first = date(cursor)?;
    list(cursor, first)
}

fn list(cursor: &mut Cursor<'_>, first: Date) -> Result<Vec<Date>, Problem> {
    let mut dates = vec![first];
    loop {
        let at = cursor.place();
        let comma = cursor.after_comma();
        let and = cursor.eat("and");
        if (and || comma) && sees_date(cursor) {
            dates.push(date(cursor)?);
        } else {
            cursor.back_to(at);
            return Ok(dates);
        }
    }
}

/// A time of day if one comes next, with its zone if one follows.
pub(super) fn time(cursor: &mut Cursor<'_>) -> Result<Option<TimeOfDay>, Problem> {
    let Some(word) = cursor.peek().filter(|word| !word.quoted) else { return Ok(None) };
    let text = word.text.to_lowercase();
    let named = match text.as_str() {
        "noon" => Some(Time::constant(12, 0, 0, 0)),
        "midnight" => Some(Time::midnight()),
        _ => None,
    };
    let (time, offset) = match named {
        Some(time) => (Some(time), None),
        None => {
            if !text.starts_with(|letter: char| letter.is_ascii_digit()) || is_date(&text) {
                return Ok(None);
            }
            let next = cursor.peek_second().map(|next| next.text.to_lowercase().replace('.', ""));
            let apart = next.filter(|next| matches!(next.as_str(), "am" | "pm"));
            match clock(&text, apart.as_deref()) {
                None if !text.contains(':')
                    && !text.ends_with("am")
                    && !text.ends_with("pm")
                    && apart.is_none() =>
                {
                    return Ok(None);
                }
                None => return Err(cursor.problem("a time such as 10:00, 20:59:59 or 8am")),
                Some(read) => {
                    if apart.is_some() {
                        cursor.take();
                    }
                    (Some(read.0), read.1)
                }
            }
        }
    };
    let Some(time) = time else { return Ok(None) };
    cursor.take();
    cursor.eat("local time");
    let zone = zone(cursor)?.or_else(|| cursor.choose(ZONE_LETTERS).map(ToOwned::to_owned));
    if zone.is_some() {
        cursor.eat("time");
    }
    Ok(Some(TimeOfDay { time, zone, offset }))
}

/// `10:00`, `8am`, `8:30 p.m.`, `01:30-05:00`.
fn clock(text: &str, apart: Option<&str>) -> Option<(Time, Option<Offset>)> {
    let (text, half) = match (apart, text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(half), _, _) => (text, Some(half == "pm")),
        (None, Some(rest), _) => (rest, Some(false)),
        (None, _, Some(rest)) => (rest, Some(true)),
        (None, None, None) => (text, None),
    };
    let (text, offset) = match text.find(['+', '-', 'z']) {
        Some(at) => (&text[..at], Some(offset(&text[at..])?)),
        None => (text, None),
    };
    let mut parts = text.split(':').map(|part| part.parse::<i8>().ok());
    let hour = parts.next()??;
    let minute = parts.next().unwrap_or(Some(if half.is_some() { 0 } else { -1 }))?;
    let second = parts.next().unwrap_or(Some(0))?;
    let hour = match half {
        None => hour,
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
    };
    if parts.next().is_some() {
        return None;
    }
    Some((Time::new(hour, minute, second, 0).ok()?, offset))
}

fn offset(text: &str) -> Option<Offset> {
    if text == "z" {
        return Some(Offset::UTC);
    }
    let (sign, rest) = text.split_at(1);
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes) = (hours.parse::<u8>().ok()?, minutes.parse::<u8>().ok()?);
    let seconds = i32::from(hours) * 3600 + i32::from(minutes) * 60;
    Offset::from_seconds(if sign == "-" { -seconds } else { seconds }).ok()
}

/// A date with a time if one follows.
pub(super) fn moment(cursor: &mut Cursor<'_>) -> Result<Moment, Problem> {
    let date = date(cursor)?;
    let at = cursor.place();
    let said = cursor.eat("at");
    let time = time(cursor)?;
    if said && time.is_none() {
        cursor.back_to(at);
    }
    Ok(Moment { date, time })
}

/// A time zone if one comes next: an IANA name, or a short name of the United States.
pub(super) fn zone(cursor: &mut Cursor<'_>) -> Result<Option<String>, Problem> {
    if let Some(zone) = cursor.choose(ZONES) {
        return Ok(Some(zone.to_owned()));
    }
    let Some(word) = cursor.peek().filter(|word| !word.quoted) else { return Ok(None) };
    if word.text.contains('/') || word.text == "UTC" {
        if !zone_exists(&word.text) {
            let known: Vec<String> =
                TimeZoneDatabase::bundled().available().map(|zone| zone.as_str().to_owned()).collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            return Err(cursor.problem_among("an IANA time zone such as America/New_York", &known));
        }
        cursor.take();
        return Ok(Some(word.text.clone()));
    }
    Ok(None)
}

/// `in America/New_York and US-NY`, `in unknown zone`: everything that says where somebody may be.
pub(super) fn whereabouts(cursor: &mut Cursor<'_>) -> Result<(Zones, Vec<String>), Problem> {
    if cursor.eat_any(&["unknown zone", "unknown place", "unknown"]) {
        return Ok((Zones::Unknown, Vec::new()));
    }
    let (mut zones, mut regions) = (Vec::new(), Vec::new());
    loop {
        if let Some(zone) = zone(cursor)? {
            cursor.eat("time");
            zones.push(zone);
        } else if let Some(word) = cursor.peek().filter(|word| word.text.parse::<Region>().is_ok()) {
            cursor.take();
            regions.push(word.text.clone());
        } else {
            let mut known = phrases(ZONES);
            known.push("unknown");
            return Err(cursor.problem_among(
                "a time zone such as America/New_York or Eastern, or a region such as US-MA",
                &known,
            ));
        }
        let (at, comma) = (cursor.place(), cursor.after_comma());
        if !cursor.eat_any(&["and", "or"]) && !comma {
            break;
        }
        let more =
            cursor.peek().is_some_and(|word| word.text.contains('/') || word.text.parse::<Region>().is_ok())
                || ZONES.iter().any(|(name, _)| cursor.sees(name));
        if !more {
            cursor.back_to(at);
            break;
        }
    }
    Ok((if zones.is_empty() { Zones::Unsaid } else { Zones::Known(zones) }, regions))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::lines;

    fn with<T>(text: &str, read: impl FnOnce(&mut Cursor<'_>) -> T) -> T {
        let lines = lines(text, &mut Vec::new());
        read(&mut Cursor::new(&lines[0]))
    }

    #[test]
    fn given_a_wrong_weekday_when_read_then_the_right_one_is_named() {
        let problem = with("Mon 2026-04-07", date).expect_err("a Tuesday");
        assert_eq!(
            problem.to_string(),
            "line 1, column 1: expected Tuesday, which 2026-04-07 is, not Monday, got \"Mon\""
        );
        assert!(with("Tuesday 2026-04-07", date).is_ok() && with("Tues 2026-04-07", date).is_ok());
        assert!(with("2026-02-29", date).is_err());
    }

    #[test]
    fn given_times_in_many_forms_when_read_then_they_are_the_same() {
        for form in ["20:30", "8:30pm", "8:30 p.m.", "8:30 PM", "20:30:00"] {
            let read = with(form, time).expect(form).expect(form);
            assert_eq!(read.time, Time::constant(20, 30, 0, 0), "{form}");
        }
        assert!(with("25:00", time).is_err());
        assert_eq!(with("7 times", time), Ok(None));
    }

    #[test]
    fn given_a_range_when_read_then_each_day_is_in_it() {
        let days = with("each day from Thu 2026-04-02 to Tue 2026-04-07", dates).expect("a range");
        assert_eq!(days.len(), 6);
        let days = with("each weekday from 2026-04-02 to 2026-04-07", dates).expect("a range");
        assert_eq!(days.len(), 4);
        assert_eq!(with("2026-04-02, 2026-04-04 and 2026-04-06", dates).expect("a list").len(), 3);
        assert!(with("each day from 2026-04-07 to 2026-04-02", dates).is_err());
    }
}
