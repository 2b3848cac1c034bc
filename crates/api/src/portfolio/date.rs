//! Calendar dates as days since 1970-01-01, in the proleptic Gregorian calendar.

/// Reads `YYYY-MM-DD`; `None` for any other spelling, a day that the month does not have, or a year outside
/// 1900 to 2999.
pub fn parse(text: &str) -> Option<i32> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let number = |range: std::ops::Range<usize>| {
        bytes[range]
            .iter()
            .try_fold(0_i32, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i32::from(byte - b'0')))
    };
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let valid = (1900..3000).contains(&year) && (1..=12).contains(&month);
    if !valid || !(1..=month_len(year, month)).contains(&day) {
        return None;
    }
    Some(days(year, month, day))
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
fn days(year: i32, month: i32, day: i32) -> i32 {
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
        assert_eq!(parse("1970-01-01"), Some(0));
        assert_eq!(parse("2000-03-01"), Some(11_017));
        assert_eq!(parse("2026-11-24"), Some(20_781));
        let mut last = days(1899, 12, 31);
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
    fn other_spellings_are_refused() {
        for wrong in [
            "",
            "2026/03/01",
            "2026-3-1",
            "2026-02-29",
            "2026-13-01",
            "20260301",
            "2026年3月1日",
            "２０２６-03",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
