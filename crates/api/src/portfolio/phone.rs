//! Phone numbers in the spellings that files have. One cell is one number that reaches its person directly.

use model::{PhoneError, PhoneNumber};

use super::date;
use super::error::shape;
use super::text::{is_masked, is_scientific, plain, without_zero_fraction};

const NUMBER: &str = "a phone number such as 13812345678 or +8613812345678";
/// Shortest number of a telephone network that is not a short code.
const DIGITS_MIN: usize = 7;
const EXTENSION_DIGITS_MAX: usize = 5;
/// A Chinese number with its area code.
const WHOLE_DIGITS_MIN: usize = 10;

/// What was expected and what came.
pub type Wrong = (String, String);

/// Reads a number. `country` fixes what a national number means; `second` names the column for a second number.
pub fn parse(text: &str, country: &str, second: Option<&str>) -> Result<PhoneNumber, Wrong> {
    if text.len() == 11
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && let Ok(number) = PhoneNumber::parse(text, Some(country))
    {
        return Ok(number);
    }
    let plain = plain(text);
    let ungrouped = ungrouped(&plain);
    let text = without_zero_fraction(ungrouped.as_deref().unwrap_or(&plain));
    check(text, second)?;
    PhoneNumber::parse(text, Some(country)).map_err(|error| match error {
        PhoneError::Masked | PhoneError::Scientific | PhoneError::NotANumber { .. } => {
            (NUMBER.to_owned(), shape(text))
        }
        PhoneError::NotAssigned { country_code: 86 } => {
            let plan = "a number that the numbering plan of +86 assigns: a mobile number of 11 digits, or another with its area code";
            (plan.to_owned(), shape(text))
        }
        PhoneError::NotAssigned { country_code } => {
            (format!("a number that the numbering plan of +{country_code} assigns"), shape(text))
        }
    })
}

/// Thousands of a number that a spreadsheet took for an amount.
fn ungrouped(text: &str) -> Option<String> {
    let mut groups = text.split(',');
    let digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let first = groups.next().is_some_and(|group| (1..=3).contains(&group.len()) && digits(group));
    let grouped = first && text.contains(',') && groups.all(|group| group.len() == 3 && digits(group));
    grouped.then(|| text.replace(',', ""))
}

/// Says what is wrong in words that a numbering plan has not.
fn check(text: &str, second: Option<&str>) -> Result<(), Wrong> {
    let wrong = |expected: &str, got: &str| Err((expected.to_owned(), got.to_owned()));
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if is_masked(text) {
        return wrong(
            "a whole phone number (one with hidden digits cannot be called: export it unmasked)",
            "one with hidden digits",
        );
    }
    if is_scientific(text) {
        return wrong(
            "a phone number (format the column as text and export again)",
            "scientific notation, which has lost digits",
        );
    }
    if digits == 0 {
        let got = format!("{} (look whether columns are swapped)", shape(text));
        return Err((NUMBER.to_owned(), got));
    }
    if let Some(numbers) = several(text) {
        let place = second.map_or(String::new(), |column| format!(" (a second one: column {column})"));
        return Err((format!("one phone number{place}"), format!("{numbers} numbers in one cell")));
    }
    // 18 digits, the last of which may be an X.
    let identity =
        digits == 18 && text.len() == 18 || digits == 17 && text.len() == 18 && text.ends_with(['x', 'X']);
    if identity {
        return wrong(NUMBER, "18 characters, as an identity number has (look whether columns are swapped)");
    }
    if has_extension(text) {
        return wrong(
            "a number that reaches the person directly (without its extension it reaches a switchboard, where anybody answers)",
            "one with an extension",
        );
    }
    if digits <= 8 && date::parse(text).is_ok() && digits != text.len() {
        return wrong(NUMBER, "a date (look whether columns are swapped)");
    }
    Ok(())
}

/// How many numbers are in a cell, if there are several.
fn several(text: &str) -> Option<usize> {
    let digits = |part: &str| part.bytes().filter(u8::is_ascii_digit).count();
    let parts: Vec<&str> =
        text.split(['/', ',', ';', '|', '、', '\\', '\n', '\r', '&', '或', '和']).collect();
    let listed = parts.iter().filter(|part| digits(part) > 0).count();
    // Separated by blanks alone, each of them must be long enough to be one.
    let spaced = text.split(' ').filter(|part| digits(part) >= 10).count();
    match (listed, spaced) {
        (2.., _) if parts.iter().any(|part| digits(part) >= DIGITS_MIN) => Some(listed),
        (_, 2..) => Some(spaced),
        _ => None,
    }
}

fn has_extension(text: &str) -> bool {
    let lower = text.to_lowercase();
    if lower.contains(['转', '#', 'x']) || lower.contains("ext") || lower.contains("分机") {
        return true;
    }
    let groups: Vec<usize> = text.split(['-', ' ']).filter(|group| !group.is_empty()).map(str::len).collect();
    let [rest @ .., before, last] = &groups[..] else { return false };
    // 021-50000003-801, but not 86 1381234 5678.
    let whole = rest.iter().sum::<usize>() + before >= WHOLE_DIGITS_MIN;
    !rest.is_empty() && whole && (7..=8).contains(before) && *last <= EXTENSION_DIGITS_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, Wrong> {
        parse(text, "CN", Some("debtor_phone2")).map(|number| number.e164().to_owned())
    }

    #[test]
    fn one_number_has_many_spellings() {
        for spelling in [
            "13800138000",
            "+86-138 0013 8000",
            "+8613800138000",
            "8613800138000",
            "0086 13800138000",
            "(+86)13800138000",
            "（＋８６）１３８００１３８０００",
            "１３８００１３８０００",
            "138-0013-8000",
            "138 0013 8000",
            "013800138000",
            "'13800138000",
            "=\"13800138000\"",
            "13800138000.0",
            "13,800,138,000",
            "\u{202d}13800138000\u{202c}",
            "138\u{a0}0013\u{3000}8000",
            "138—0013—8000",
            "tel:13800138000",
        ] {
            assert_eq!(read(spelling).as_deref(), Ok("+8613800138000"), "{spelling}");
        }
        for spelling in
            ["021-50000003", "(021)50000003", "（021）5000 0003", "+86 21 5000 0003", "02150000003"]
        {
            assert_eq!(read(spelling).as_deref(), Ok("+862150000003"), "{spelling}");
        }
        assert_eq!(read("+852 5123 4567").as_deref(), Ok("+85251234567"));
    }

    #[test]
    fn what_is_not_one_whole_number_is_refused_with_its_reason() {
        for (text, expected, got) in [
            ("138****0000", "unmasked", "hidden"),
            ("138xxxx0000", "unmasked", "hidden"),
            ("1.38E+10", "format the column as text", "scientific"),
            ("王小明", "a phone number", "3 characters, none of them a digit (look"),
            ("13800000000/13900000000", "a second one: column debtor_phone2", "2 numbers"),
            ("13800000000,13900000000", "one phone number", "2 numbers"),
            ("13800000000、13900000000；13700000000", "one phone number", "3 numbers"),
            ("13800000000 13900000000", "one phone number", "2 numbers"),
            ("021-50000003/04", "one phone number", "2 numbers"),
            ("021-50000003-801", "switchboard", "extension"),
            ("021-50000003转801", "switchboard", "extension"),
            ("(021)50000003 ext. 801", "switchboard", "extension"),
            ("310101199001011234", "a phone number", "identity number"),
            ("31010119900101123x", "a phone number", "identity number"),
            ("2026-03-01", "a phone number", "a date"),
            ("1380013800", "11 digits", "10 digits"),
            ("138001380000", "11 digits", "12 digits"),
            ("50000003", "area code", "8 digits"),
            ("11111111111", "+86", "11 digits"),
            ("12345678901", "+86", "11 digits"),
            ("+852 1234 5678", "+852", "digits"),
        ] {
            let (says, told) = read(text).expect_err(text);
            assert!(says.contains(expected) && told.contains(got), "{text}: {says} / {told}");
            assert!(!says.contains("138001") && !told.contains("138001"), "{text}: {says} / {told}");
        }
    }
}
