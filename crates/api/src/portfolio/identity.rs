//! Identity numbers. They tell a lender's people apart, so one that lost digits would make two people one.

use super::error::shape;
use super::phone::Wrong;
use super::text::{is_like_mobile, is_masked, is_scientific, plain};

/// Reads an identity number: without blanks, letters in capitals. What a Chinese one must be is known; other
/// countries' are taken as they are.
pub fn parse(text: &str, country: Option<&str>) -> Result<String, Wrong> {
    let mut number: String = plain(text).chars().filter(|sign| !sign.is_whitespace()).collect();
    number.make_ascii_uppercase();
    let wrong = |expected: &str, got: String| Err((expected.to_owned(), got));
    let as_text = "a whole identity number (format the column as text and export again)";
    if is_masked(&number) {
        let expected = "a whole identity number, or none (with hidden digits two people may look like one)";
        return wrong(expected, "one with hidden digits".to_owned());
    }
    if is_scientific(&number) {
        return wrong(as_text, "scientific notation, which has lost digits".to_owned());
    }
    let swapped = |what: &str| format!("{what} (look whether columns are swapped)");
    if !number.bytes().any(|byte| byte.is_ascii_digit()) {
        return wrong("an identity number", swapped(&shape(&number)));
    }
    if country == Some("CN") {
        if is_like_mobile(&number) {
            return wrong("an identity number", swapped("11 digits, as a mobile number has"));
        }
        if number.len() == 18 && number.ends_with("000") && !has_check_digit(&number) {
            return wrong(as_text, "18 digits whose last three a spreadsheet has set to 0".to_owned());
        }
    }
    Ok(number)
}

/// The last of 18 digits follows from the others (GB 11643-1999, by ISO 7064 MOD 11-2).
fn has_check_digit(number: &str) -> bool {
    let bytes = number.as_bytes();
    let (Some((last, digits)), true) = (bytes.split_last(), bytes.len() == 18) else { return false };
    if !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let rest = digits.iter().fold(0, |rest, digit| (rest + u32::from(digit - b'0')) * 2 % 11);
    b"10X98765432".get((rest % 11) as usize) == Some(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_form() {
        for spelling in [
            "11010519491231002X",
            "11010519491231002x",
            "１１０１０５１９４９１２３１００２Ｘ",
            "'110105 19491231 002X",
        ] {
            assert_eq!(parse(spelling, Some("CN")).as_deref(), Ok("11010519491231002X"), "{spelling}");
        }
        assert_eq!(parse("A123456(7)", Some("CN")).as_deref(), Ok("A123456(7)"));
        assert_eq!(parse("E12345678", Some("CN")).as_deref(), Ok("E12345678"));
        assert_eq!(parse("13812345678", Some("US")).as_deref(), Ok("13812345678"));
    }

    #[test]
    fn what_lost_digits_is_no_number() {
        for (text, got) in [
            ("3.10101E+17", "scientific"),
            ("3101**********1234", "hidden"),
            ("310101199001011000", "set to 0"),
            ("王小明", "swapped"),
            ("13812345678", "swapped"),
        ] {
            let (_, told) = parse(text, Some("CN")).expect_err(text);
            assert!(told.contains(got), "{text}: {told}");
        }
    }

    #[test]
    fn the_check_digit_is_that_of_the_standards_example() {
        assert!(has_check_digit("11010519491231002X") && has_check_digit("440524188001010014"));
        assert!(!has_check_digit("110105194912310021") && !has_check_digit("11010519491231002"));
    }
}
