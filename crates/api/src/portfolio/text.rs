//! The text of a cell, as spreadsheets, databases and copying leave it.

use std::borrow::Cow;

/// Words that say that there is nothing.
const ABSENT: [&str; 12] = ["无", "暂无", "没有", "无联系人", "-", "--", "—", "——", "/", "\\N", "N/A", "n/a"];
/// The same, where no name is expected: Na and Null are names of people.
const ABSENT_UNLESS_A_NAME: [&str; 10] =
    ["NA", "na", "null", "NULL", "Null", "none", "None", "nan", "NaN", "未知"];
/// Spreadsheets mark a formula that failed, or a number that was wider than its column.
const SPREADSHEET_ERRORS: [&str; 9] =
    ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "####"];
/// What programs print in place of a digit.
const MASKS: &str = "*＊•●·×xX_#?？※○";

/// A text without the blanks around it, among them those that are not seen.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(|sign: char| sign.is_whitespace() || sign.is_control() || is_invisible(sign))
}

/// Byte order marks, joiners, and what sets the direction of writing: they come along when text is copied.
fn is_invisible(sign: char) -> bool {
    matches!(sign, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Whether a trimmed text is a word for nothing; `name`: where a person's name is expected.
pub fn is_absent(text: &str, name: bool) -> bool {
    const LONGEST: usize = 12;
    if text.len() > LONGEST || text.as_bytes().first().is_none_or(u8::is_ascii_digit) {
        return text.is_empty();
    }
    ABSENT.contains(&text) || !name && ABSENT_UNLESS_A_NAME.contains(&text)
}

/// Whether a spreadsheet wrote an error in place of a value.
pub fn is_spreadsheet_error(text: &str) -> bool {
    text.starts_with('#') && SPREADSHEET_ERRORS.iter().any(|error| text.starts_with(error))
}

/// The form in which numbers and dates are read: signs of full width made narrow, every blank a space, every dash a
/// minus; without what is not seen, and without the marks by which spreadsheets keep a number as a text (`'138`, `="138"`).
pub fn plain(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    let text = text.trim_start_matches(['\'', '‘', '’', '`']);
    if text.is_ascii() {
        return Cow::Borrowed(trimmed(text));
    }
    let narrow: String = text.chars().filter(|sign| !is_invisible(*sign)).map(narrow).collect();
    Cow::Owned(trimmed(&narrow).to_owned())
}

fn narrow(sign: char) -> char {
    match sign {
        // The block of full-width signs is ASCII, moved.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(sign) - 0xfee0).unwrap_or(sign),
        '￥' => '¥',
        '。' => '.',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        _ if sign.is_whitespace() => ' ',
        _ => sign,
    }
}

/// Whether digits are hidden, as in `138****0000` and `138xxxx0000`: two or more masks after a digit.
pub fn is_masked(text: &str) -> bool {
    let (mut seen, mut run) = (false, 0);
    for sign in text.chars() {
        if MASKS.contains(sign) {
            run += 1;
        } else {
            run = 0;
        }
        seen |= sign.is_ascii_digit();
        if seen && run >= 2 {
            return true;
        }
    }
    text.contains(['*', '＊'])
}

/// Whether a number is in scientific notation, as spreadsheets show long ones: digits are lost.
pub fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let signed = exponent.strip_prefix(['+', '-']);
    // A passport may be 12E45, but not 1.2E45.
    let number = signed.is_some() || mantissa.contains('.');
    number && digits(&mantissa.replacen('.', "", 1)) && digits(signed.unwrap_or(exponent))
}

/// A whole number without the `.0` that programs add which keep every number as a fraction.
pub fn without_zero_fraction(text: &str) -> &str {
    const EXACT_DIGITS: usize = 15;
    let Some((whole, fraction)) = text.split_once('.') else { return text };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let exact = whole.len() <= EXACT_DIGITS && digits(whole) && digits(fraction);
    if exact && fraction.bytes().all(|byte| byte == b'0') { whole } else { text }
}

/// Eleven digits as a Chinese mobile number has them.
pub fn is_like_mobile(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 11
        && bytes[0] == b'1'
        && (b'3'..=b'9').contains(&bytes[1])
        && bytes.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_goes_and_what_is_wide_becomes_narrow() {
        assert_eq!(trimmed("\u{feff}\u{a0}王小明\u{3000}\u{200b}\0"), "王小明");
        for (text, expected) in [
            ("'13812345678", "13812345678"),
            ("=\"13812345678\"", "13812345678"),
            ("＋８６\u{3000}１３８", "+86 138"),
            ("\u{202d}13812345678\u{202c}", "13812345678"),
            ("１，２３４。５６", "1,234.56"),
            ("−5", "-5"),
        ] {
            assert_eq!(plain(text), expected, "{text}");
        }
    }

    #[test]
    fn what_programs_spoil_is_known() {
        for masked in ["138****0000", "138xxxx0000", "138＊＊＊＊0000", "138____0000", "****5678"] {
            assert!(is_masked(masked), "{masked}");
        }
        for whole in ["13812345678", "021-50000003x12", "31010119900101123X", "138·1234·5678"] {
            assert!(!is_masked(whole), "{whole}");
        }
        for lost in ["1.38E+10", "3.10101E+17", "1E+05", "1.2e3"] {
            assert!(is_scientific(lost), "{lost}");
        }
        for whole in ["E12345678", "12E45", "13812345678", "1.2"] {
            assert!(!is_scientific(whole), "{whole}");
        }
        assert_eq!(without_zero_fraction("13812345678.0"), "13812345678");
        for kept in ["138.5", "310101199001011234.0", "A.0", ".0", "5."] {
            assert_eq!(without_zero_fraction(kept), kept);
        }
    }

    #[test]
    fn a_word_for_nothing_is_nothing_unless_it_may_be_a_name() {
        assert!(is_absent("", true) && is_absent("无", true) && is_absent("N/A", false));
        assert!(is_absent("Null", false) && !is_absent("Null", true) && !is_absent("0", false));
        assert!(
            is_spreadsheet_error("#N/A") && is_spreadsheet_error("########") && !is_spreadsheet_error("#1")
        );
    }
}
