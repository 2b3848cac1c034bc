//! Calendar dates as days since 1970-01-01, in the proleptic Gregorian calendar, in the spellings that files have.

use super::text::plain;

/// What a date looks like.
pub const FORM: &str = "a date as YYYY-MM-DD, such as 2026-03-01";
const REAL: &str = "a day that the calendar has, such as 2026-03-01";
const YEAR_FIRST: &str =
    "a date with the year first, such as 2026-03-01 (which of two numbers is the month cannot be known)";
const WHOLE_YEAR: &str = "a year of four digits, as in 2026-03-01";
const DAY: &str = "a date with its day, such as 2026-03-01";
const NO_ZONE: &str =
    "a day without a time zone, such as 2026-03-01 (elsewhere it may be another day: give the lender's)";
const NO_SERIAL: &str = "a date such as 2026-03-01 (day numbers of spreadsheets count from 1900 or from 1904: format the column as a date and export again)";
const NO_SECONDS: &str = "a date such as 2026-03-01, not seconds since 1970";

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Reads a date; or what was expected. Never guesses: where a spelling may mean two days, it is none.
pub fn parse(text: &str) -> Result<i32, &'static str> {
    if let Some(days) = iso(text) {
        return Ok(days);
    }
    let text = plain(text);
    let (date, time) = match text.find([' ', 'T']) {
        Some(at) => (&text[..at], text[at + 1..].trim()),
        None => (&*text, ""),
    };
    check_time(time)?;
    match date.contains('年') {
        true => parts(date.replacen(['年', '月'], "-", 2).replace(['日', '号'], "").trim_end_matches('-')),
        false => parts(&date.replace(['/', '.'], "-")),
    }
}

/// `YYYY-MM-DD`, by far the commonest.
fn iso(text: &str) -> Option<i32> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    days(number(&text.as_bytes()[..4])?, number(&bytes[5..7])?, number(&bytes[8..])?)
}

fn number(digits: &[u8]) -> Option<i32> {
    let digit = |value: i32, byte: &u8| {
        byte.is_ascii_digit().then(|| value.checked_mul(10)?.checked_add(i32::from(byte - b'0')))?
    };
    if digits.is_empty() { None } else { digits.iter().try_fold(0, digit) }
}

/// A time of day says nothing about the day; a time zone does.
fn check_time(time: &str) -> Result<(), &'static str> {
    match time {
        "" => Ok(()),
        _ if time.ends_with(['Z', 'z']) || time.contains(['+', '-']) || time.ends_with("UTC") => Err(NO_ZONE),
        _ if time.bytes().all(|byte| byte.is_ascii_digit() || byte == b':' || byte == b'.') => Ok(()),
        _ => Err(FORM),
    }
}

/// A date whose parts are separated by a dash, or not at all.
fn parts(date: &str) -> Result<i32, &'static str> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let bytes = date.as_bytes();
    match date.split('-').collect::<Vec<_>>()[..] {
        [whole] if digits(whole) => match whole.len() {
            8 => ymd(&bytes[..4], &bytes[4..6], &bytes[6..]),
            6 => Err(DAY),
            5 => Err(NO_SERIAL),
            10 | 13 => Err(NO_SECONDS),
            _ => Err(FORM),
        },
        // A point has become a dash.
        [serial, fraction] if serial.len() == 5 && digits(serial) && digits(fraction) => Err(NO_SERIAL),
        [year, month]
            if year.len() == 4 && digits(year) && (1..=2).contains(&month.len()) && digits(month) =>
        {
            ymd(year.as_bytes(), month.as_bytes(), b"1").map_err(|_| FORM).and(Err(DAY))
        }
        [day, month, year] if digits(day) && digits(year) && month.is_ascii() && !digits(month) => {
            let name = month.get(..3).unwrap_or_default().to_ascii_lowercase();
            let known = MONTHS.iter().position(|known| *known == name);
            let month = known.and_then(|index| i32::try_from(index + 1).ok()).ok_or(FORM)?;
            if year.len() != 4 {
                return Err(WHOLE_YEAR);
            }
            let (Some(year), Some(day)) = (number(year.as_bytes()), number(day.as_bytes())) else {
                return Err(FORM);
            };
            days(year, month, day).ok_or(REAL)
        }
        [first, second, third] if [first, second, third].into_iter().all(digits) => {
            match (first.len(), second.len(), third.len()) {
                (4, 1..=2, 1..=2) => ymd(first.as_bytes(), second.as_bytes(), third.as_bytes()),
                (1..=2, 1..=2, 4) => Err(YEAR_FIRST),
                (2..=3, 1..=2, 1..=2) => Err(WHOLE_YEAR),
                (1, 1..=2, 2) => Err(YEAR_FIRST),
                _ => Err(FORM),
            }
        }
        _ => Err(FORM),
    }
}

fn ymd(year: &[u8], month: &[u8], day: &[u8]) -> Result<i32, &'static str> {
    let (year, month, day) = (number(year), number(month), number(day));
    let parts = year.zip(month).zip(day).ok_or(FORM)?;
    let ((year, month), day) = parts;
    days(year, month, day).ok_or(REAL)
}

/// `None` for a day that the month does not have, or a year outside 1900 to 2999.
fn days(year: i32, month: i32, day: i32) -> Option<i32> {
    let valid = (1900..3000).contains(&year) && (1..=12).contains(&month);
    (valid && (1..=month_len(year, month)).contains(&day)).then(|| since_1970(year, month, day))
}

fn month_len(year: i32, month: i32) -> i32 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Counts from March, so that the leap day is the last of its year.
fn since_1970(year: i32, month: i32, day: i32) -> i32 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let of_year = (153 * month + 2) / 5 + day - 1;
    // 719,468 days from 0000-03-01 to 1970-01-01.
    365 * year + year / 4 - year / 100 + year / 400 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_follow_each_other() {
        assert_eq!(parse("1970-01-01"), Ok(0));
        assert_eq!(parse("2000-03-01"), Ok(11_017));
        assert_eq!(parse("2026-11-24"), Ok(20_781));
        let mut last = since_1970(1899, 12, 31);
        for year in 1900..2200 {
            for month in 1..=12 {
                for day in 1..=month_len(year, month) {
                    let today = parse(&format!("{year}-{month:02}-{day:02}")).expect("a date");
                    assert_eq!(today, last + 1, "{year}-{month}-{day}");
                    last = today;
                }
            }
        }
    }

    #[test]
    fn one_day_has_many_spellings() {
        for spelling in [
            "2026-3-1",
            "2026/3/1",
            "2026/03/01",
            "2026.3.1",
            "20260301",
            "2026年3月1日",
            "2026年03月01日",
            "２０２６年３月１日",
            "２０２６－０３－０１",
            "2026-03-01 00:00:00",
            "2026/3/1 0:00",
            "2026-03-01T00:00:00.000",
            "1-Mar-2026",
            "01-MAR-2026",
            "'2026-03-01",
        ] {
            assert_eq!(parse(spelling), Ok(20_513), "{spelling}");
        }
    }

    #[test]
    fn what_may_mean_two_days_or_none_is_refused_with_its_reason() {
        for (text, expected) in [
            ("", FORM),
            ("soon", FORM),
            ("1234.56", FORM),
            ("2026-03-01 morning", FORM),
            ("2026-3-1-5", FORM),
            ("2026-02-29", REAL),
            ("2026-13-01", REAL),
            ("20260230", REAL),
            ("0026-03-01", REAL),
            ("01/03/2026", YEAR_FIRST),
            ("13.01.2026", YEAR_FIRST),
            ("3/1/26", YEAR_FIRST),
            ("26-03-01", WHOLE_YEAR),
            ("115/03/01", WHOLE_YEAR),
            ("01-MAR-26", WHOLE_YEAR),
            ("2026-03", DAY),
            ("2026年3月", DAY),
            ("202603", DAY),
            ("46082", NO_SERIAL),
            ("46082.5", NO_SERIAL),
            ("1772323200", NO_SECONDS),
            ("2026-02-28T16:00:00Z", NO_ZONE),
            ("2026-03-01 00:00:00+08:00", NO_ZONE),
        ] {
            assert_eq!(parse(text), Err(expected), "{text}");
        }
    }
}
