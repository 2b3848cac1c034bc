//! Windows, durations and spans of the week, as a pack writes them.

use crate::pack::Window;
use crate::sets::{Day, DaySet};
use crate::span::Span;

/// What a window is written like.
pub(super) const WINDOW: &str = "a window: \"1 day\" to \"366 days\" (calendar days, today the last), \"week\", \
     \"month\" (calendar), \"24 hours\", \"90 minutes\", \"30 seconds\" (up to now) or \"ever\"";
/// What a duration is written like.
pub(super) const DURATION: &str = "a duration such as \"5 minutes\", \"24 hours\" or \"30 seconds\"";
/// What a span of the week is written like.
pub(super) const SPAN: &str = "days and times such as \"mon-fri 08:00-20:00\", \"sat,sun 10:00:01-17:59:59\" or \
     \"daily 09:00-21:00\": first and last second belong to it, an end without seconds does not; what ends on the \
     next day is written as two";

const DAYS_MAX: u16 = 366;
const MS_MAX: i64 = DAYS_MAX as i64 * 86_400_000;

pub(super) fn window(text: &str) -> Option<Window> {
    match text {
        "week" => return Some(Window::Week),
        "month" => return Some(Window::Month),
        "ever" => return Some(Window::Ever),
        _ => {}
    }
    if let Some((days, "day" | "days")) = text.split_once(' ') {
        let days = digits(days).and_then(|days| u16::try_from(days).ok())?;
        return (1..=DAYS_MAX).contains(&days).then_some(Window::Days(days));
    }
    duration_ms(text).map(Window::RollingMs)
}

pub(super) fn duration_ms(text: &str) -> Option<i64> {
    let (amount, unit) = text.split_once(' ')?;
    let unit_ms = match unit {
        "hour" | "hours" => 3_600_000,
        "minute" | "minutes" => 60_000,
        "second" | "seconds" => 1_000,
        _ => return None,
    };
    let ms = digits(amount)?.checked_mul(unit_ms)?;
    (1..=MS_MAX).contains(&ms).then_some(ms)
}

pub(super) fn span(text: &str) -> Option<Span> {
    let (days, times) = text.split_once(' ')?;
    let (from, until) = times.split_once('-')?;
    let (from_s, _) = second_of_day(from)?;
    let (end_s, with_seconds) = second_of_day(until)?;
    // "18:00" ends with 17:59:59, "18:00:00" with 18:00:00.
    let until_s = if with_seconds { end_s } else { end_s.checked_sub(1)? };
    (from_s <= until_s && until_s < 86_400).then_some(Span { days: days_of(days)?, from_s, until_s })
}

/// The second, and whether it was written with seconds. `24:00` is the end of the day.
fn second_of_day(text: &str) -> Option<(u32, bool)> {
    let mut parts = text.split(':');
    let (hour, minute, second) = (two_digits(parts.next()?)?, two_digits(parts.next()?)?, parts.next());
    if parts.next().is_some() || minute > 59 || hour > 24 || hour == 24 && (minute > 0 || second.is_some()) {
        return None;
    }
    let seconds = match second {
        None => 0,
        Some(text) => two_digits(text).filter(|seconds| *seconds < 60)?,
    };
    Some((hour * 3600 + minute * 60 + seconds, second.is_some()))
}

fn days_of(text: &str) -> Option<DaySet> {
    if text == "daily" {
        return Some(DaySet::ALL);
    }
    let mut days = DaySet::NONE;
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (day(first)?, day(last)?);
        if last < first {
            return None;
        }
        days = Day::ALL
            .iter()
            .filter(|day| (first..=last).contains(*day))
            .fold(days, |days, day| days.with(*day));
    }
    Some(days)
}

fn day(text: &str) -> Option<Day> {
    Day::ALL.iter().copied().find(|day| day.word() == text)
}

fn two_digits(text: &str) -> Option<u32> {
    (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn digits(text: &str) -> Option<i64> {
    // No sign, no leading zero: a number is written in one way.
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    plain.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_read_as_they_are_written() {
        assert_eq!(window("7 days"), Some(Window::Days(7)));
        assert_eq!(window("1 day"), Some(Window::Days(1)));
        assert_eq!(window("week"), Some(Window::Week));
        assert_eq!(window("24 hours"), Some(Window::RollingMs(86_400_000)));
        assert_eq!(window("90 minutes"), Some(Window::RollingMs(5_400_000)));
        assert_eq!(window("ever"), Some(Window::Ever));
    }

    #[test]
    fn windows_that_are_none_are_refused() {
        for wrong in
            ["", "0 days", "367 days", "-1 days", "07 days", "+7 days", "7", "7 Days", "1 week", "0 hours"]
        {
            assert_eq!(window(wrong), None, "{wrong:?}");
        }
        assert_eq!(window("9223372036854775807 hours"), None, "too long");
    }

    #[test]
    fn an_end_without_seconds_does_not_belong_and_one_with_seconds_does() {
        let both = |text| span(text).map(|span| (span.from_s, span.until_s));
        assert_eq!(both("daily 08:00-18:00"), Some((28_800, 64_799)));
        assert_eq!(both("daily 08:00:01-18:00:00"), Some((28_801, 64_800)));
        assert_eq!(both("daily 00:00-24:00"), Some((0, 86_399)));
        assert_eq!(both("daily 08:00-08:01"), Some((28_800, 28_859)));
    }

    #[test]
    fn spans_that_are_none_are_refused() {
        for wrong in [
            "08:00-18:00",
            "daily 18:00-08:00",
            "daily 08:00-08:00",
            "daily 8:00-18:00",
            "daily 08:60-18:00",
            "daily 08:00-24:01",
            "daily 08:00-24:00:00",
            "daily 08:00-23:59:60",
            "daily 00:00-00:00",
            "fri-mon 08:00-18:00",
            "mon,,tue 08:00-18:00",
            "Mon 08:00-18:00",
            "mon 08:00 - 18:00",
        ] {
            assert_eq!(span(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn days_may_be_ranges_and_lists() {
        let days =
            |text: &str| days_of(text).map(|days| days.words().map(Day::word).collect::<Vec<_>>().join(" "));
        assert_eq!(days("mon-wed,fri").as_deref(), Some("mon tue wed fri"));
        assert_eq!(days("daily").as_deref(), Some("mon tue wed thu fri sat sun"));
        assert_eq!(days("sun").as_deref(), Some("sun"));
    }
}
