//! Times of the week as they are written: `mon-fri 09:00-12:00`.

use events::gate::WeekTime;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Seconds of a day.
const DAY_S: u32 = 86_400;

/// Reads `mon-fri,sun 09:00-12:00`; the second of the end belongs to it, `24:00` is the last of the day.
pub fn week_time(text: &str) -> Option<WeekTime> {
    let (days, clock) = text.trim().split_once(' ')?;
    let (from, until) = clock.trim().split_once('-')?;
    let mut bits = 0;
    for part in days.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (day(first)?, day(last)?);
        // Sunday to Tuesday goes on over the end of the week.
        let span = (last + 7 - first) % 7;
        (0..=span).for_each(|ahead| bits |= 1 << ((first + ahead) % 7));
    }
    let (from_s, until_s) = (second(from)?, second(until)?.min(DAY_S - 1));
    (from_s <= until_s).then_some(WeekTime { days: bits, from_s, until_s })
}

/// As it is written.
pub fn week_time_text(time: &WeekTime) -> String {
    let on = |day: &usize| time.days >> day & 1 == 1;
    let days: Vec<&str> = (0..DAYS.len()).filter(on).map(|day| DAYS[day]).collect();
    format!("{} {}-{}", days.join(","), clock(time.from_s), clock(time.until_s))
}

fn day(text: &str) -> Option<usize> {
    DAYS.iter().position(|day| *day == text)
}

fn second(text: &str) -> Option<u32> {
    let mut parts = text.split(':');
    let (hour, minute): (u32, u32) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let second: u32 = parts.next().map_or(Some(0), |second| second.parse().ok())?;
    let sound = parts.next().is_none() && hour <= 24 && minute < 60 && second < 60;
    let of_day = hour * 3600 + minute * 60 + second;
    (sound && of_day <= DAY_S).then_some(of_day)
}

fn clock(second: u32) -> String {
    let (hours, minutes, seconds) = (second / 3600, second / 60 % 60, second % 60);
    if seconds == 0 {
        format!("{hours:02}:{minutes:02}")
    } else {
        format!("{hours:02}:{minutes:02}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_the_week_are_read_and_written() {
        let time = week_time("mon-fri,sun 09:00-12:00").expect("a time");
        assert_eq!((time.days, time.from_s, time.until_s), (0b101_1111, 32_400, 43_200));
        assert_eq!(week_time_text(&time), "mon,tue,wed,thu,fri,sun 09:00-12:00");
        assert_eq!(
            week_time("sun-tue 00:00-24:00").map(|time| (time.days, time.until_s)),
            Some((0b100_0011, 86_399))
        );
        for wrong in
            ["", "mon", "mon 9", "may 09:00-10:00", "mon 12:00-09:00", "mon 09:00-25:00", "mon 09:61-10:00"]
        {
            assert_eq!(week_time(wrong), None, "{wrong}");
        }
    }
}
