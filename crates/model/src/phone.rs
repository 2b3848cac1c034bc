//! Phone numbers in E.164. They are personal data: `Debug` and `Display` never show one, and there is no
//! `Serialize`. To store one, seal it or take its pseudonym (`vault`).

use std::fmt;

use phonenumber::metadata::DATABASE;
use phonenumber::{Metadata, Mode, Type, country};

use crate::Region;

/// A valid number in E.164, such as `+8613812345678`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PhoneNumber(String);

/// Why a text is not a phone number. Never repeats the text: it may be somebody's number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// Digits are hidden, as in `138****0000`.
    #[error(
        "expected a whole phone number, got one with hidden digits (*); ask the lender for the full number"
    )]
    Masked,
    /// A spreadsheet turned the number into scientific notation and lost digits.
    #[error("expected a phone number, got scientific notation; format the column as text and export again")]
    Scientific,
    /// Not a number of any known plan.
    #[error("expected a phone number such as +8613812345678, got {length} characters that are not one")]
    NotANumber {
        /// How long the text was.
        length: usize,
    },
    /// A number that the numbering plan does not assign.
    #[error("expected a number that the numbering plan of +{country_code} assigns, got one that it does not")]
    NotAssigned {
        /// The country calling code.
        country_code: u16,
    },
}

impl PhoneNumber {
    /// Reads a number in national or international form; `region` (ISO 3166 alpha-2) fixes what a national
    /// number means.
    pub fn parse(text: &str, region: Option<&str>) -> Result<Self, PhoneError> {
        let trimmed = text.trim();
        match plain_chinese_mobile(trimmed, region) {
            Some(number) => Ok(number),
            None => Self::parse_any(trimmed, region),
        }
    }

    fn parse_any(trimmed: &str, region: Option<&str>) -> Result<Self, PhoneError> {
        if trimmed.contains(['*', '＊']) {
            return Err(PhoneError::Masked);
        }
        if looks_scientific(trimmed) {
            return Err(PhoneError::Scientific);
        }
        let not_a_number = || PhoneError::NotANumber { length: trimmed.chars().count() };
        let region: Option<country::Id> = region.and_then(|code| code.parse().ok());
        let number = phonenumber::parse(region, trimmed).map_err(|_| not_a_number())?;
        if !phonenumber::is_valid(&number) {
            return Err(PhoneError::NotAssigned { country_code: number.country().code() });
        }
        Ok(Self(number.format().mode(Mode::E164).to_string()))
    }

    /// The E.164 form, with the plus sign. For sealing, for pseudonyms, and for the dialer.
    pub fn e164(&self) -> &str {
        &self.0
    }

    /// The country that issued the number, where it is one for sure: its calling code is that of one country, or the
    /// number lies in the plan of only one of those that share the code. None for numbers that several countries may
    /// have, such as `+1 800`, or none, such as `+870`.
    pub fn country(&self) -> Option<Region> {
        let digits = self.0.strip_prefix('+')?;
        if digits.starts_with("86") {
            // By far the commonest; nobody shares it.
            return "CN".parse().ok();
        }
        // No calling code is the beginning of another.
        let (national, sharing) = (1..=3).find_map(|length| {
            let code: u16 = digits.get(..length)?.parse().ok()?;
            Some((digits.get(length..)?, DATABASE.region(&code)?))
        })?;
        let mut issuers = match sharing[..] {
            [only] => return only.parse().ok(),
            _ => sharing.iter().filter(|id| DATABASE.by_id(**id).is_some_and(|plan| has(plan, national))),
        };
        let first = issuers.next()?;
        if issuers.next().is_some() { None } else { first.parse().ok() }
    }

    /// Whether there is such a country, in two capital letters of ISO 3166, with a numbering plan.
    pub fn has_plan(country: &str) -> bool {
        country.parse::<country::Id>().is_ok()
    }

    /// Enough to recognise one's own number, not enough to call it: `+86 ··· 5678`.
    pub fn hint(&self) -> String {
        let tail = self.0.len().saturating_sub(4);
        format!("{} ··· {}", &self.0[..3.min(tail)], &self.0[tail..])
    }
}

/// The commonest form by far in a Chinese portfolio, read a hundred times faster than by the library:
/// eleven digits that begin with a block assigned to mobile numbers. A test holds it to the library's
/// verdict. `None`: ask the library.
fn plain_chinese_mobile(trimmed: &str, region: Option<&str>) -> Option<PhoneNumber> {
    let digits = match trimmed.strip_prefix("+86") {
        Some(national) => national,
        None if region == Some("CN") => trimmed,
        None => return None,
    };
    if digits.len() != 11 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let assigned = matches!(
        digits.as_bytes(),
        [b'1', b'3' | b'8', ..]
            | [b'1', b'4', b'5' | b'7', ..]
            | [b'1', b'5' | b'9', b'0'..=b'3' | b'5'..=b'9', ..]
            | [b'1', b'6', b'2' | b'5'..=b'7', ..]
            | [b'1', b'7', b'0'..=b'3' | b'5'..=b'8', ..]
    );
    assigned.then(|| PhoneNumber(["+86", digits].concat()))
}

/// What a plan says that a number of a country can be.
const KINDS: [Type; 9] = [
    Type::FixedLine,
    Type::Mobile,
    Type::TollFree,
    Type::PremiumRate,
    Type::SharedCost,
    Type::PersonalNumber,
    Type::Voip,
    Type::Pager,
    Type::Uan,
];

/// Whether a number is one of a plan that shares its calling code with others. Where a plan names its leading
/// digits, they decide: its patterns may then be as wide as those of the country that it shares the code with.
fn has(plan: &Metadata, national: &str) -> bool {
    if let Some(leading) = plan.leading_digits() {
        return leading.find(national).is_some_and(|found| found.start() == 0);
    }
    let kinds = KINDS.iter().filter_map(|kind| plan.descriptors().get(*kind));
    kinds.into_iter().any(|kind| kind.is_match(national))
}

fn looks_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    mantissa.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && digits(exponent.strip_prefix('+').unwrap_or(exponent))
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_one_form() {
        let forms = ["13812345678", "+86 138 1234 5678", "0086-138-1234-5678", " 138-1234-5678 "];
        for form in forms {
            let number = PhoneNumber::parse(form, Some("CN")).expect(form);
            assert_eq!(number.e164(), "+8613812345678");
        }
    }

    #[test]
    fn what_a_spreadsheet_spoils_is_named() {
        let parse = |text| PhoneNumber::parse(text, Some("CN"));
        assert_eq!(parse("138****0000"), Err(PhoneError::Masked));
        assert_eq!(parse("1.38123E+10"), Err(PhoneError::Scientific));
        assert!(matches!(parse("王小明"), Err(PhoneError::NotANumber { length: 3 })));
        assert!(matches!(parse("1234"), Err(PhoneError::NotAssigned { country_code: 86 })));
    }

    #[test]
    fn the_quick_way_agrees_with_the_library_on_every_prefix() {
        let mut quick_ones = 0;
        for prefix in 0..1000 {
            for rest in ["00000000", "12345678", "04999999", "99999999"] {
                let digits = format!("{prefix:03}{rest}");
                let international = format!("+86{digits}");
                for (text, region) in
                    [(&digits, Some("CN")), (&international, Some("CN")), (&international, None)]
                {
                    let Some(quick) = plain_chinese_mobile(text, region) else { continue };
                    assert_eq!(Ok(quick), PhoneNumber::parse_any(text, region), "prefix {prefix}");
                    quick_ones += 1;
                }
            }
        }
        // 10 blocks each of 13 and 18, 9 each of 15 and 19, 8 of 17, 4 of 16, 2 of 14; 12 forms of each.
        assert_eq!(quick_ones, 12 * (20 + 18 + 8 + 4 + 2));
        assert_eq!(plain_chinese_mobile("13812345678", Some("HK")), None);
        assert_eq!(plain_chinese_mobile("１３８１２３４５６７８", Some("CN")), None);
    }

    #[test]
    fn a_number_tells_its_country_where_only_one_can_have_issued_it() {
        let country = |text| {
            let number = PhoneNumber::parse(text, None).expect(text);
            number.country().map(|country| country.to_string())
        };
        let known = [
            ("+8613812345678", "CN"),
            ("+862150000003", "CN"),
            ("+85251234567", "HK"),
            ("+85366123456", "MO"),
            ("+919876543210", "IN"),
            ("+4915112345678", "DE"),
            ("+33612345678", "FR"),
            // Shared with others, but the number itself decides.
            ("+16175550123", "US"),
            ("+14165550123", "CA"),
            ("+18765550123", "JM"),
            ("+17875550123", "PR"),
            ("+447400123456", "GB"),
            ("+447911123456", "GG"),
            ("+442071234567", "GB"),
            ("+447797712345", "JE"),
            ("+79161234567", "RU"),
            ("+77012345678", "KZ"),
            ("+393123456789", "IT"),
            ("+4740612345", "NO"),
            ("+358412345678", "FI"),
        ];
        for (text, expected) in known {
            assert_eq!(country(text).as_deref(), Some(expected), "{text}");
        }
        // Toll-free numbers and mobile numbers of several countries; satellites.
        for text in ["+18005550123", "+61412345678", "+870301234567"] {
            assert_eq!(country(text), None, "{text}");
        }
        assert!(PhoneNumber::has_plan("GB") && !PhoneNumber::has_plan("UK") && !PhoneNumber::has_plan("gb"));
    }

    #[test]
    fn a_number_is_never_shown() {
        let number = PhoneNumber::parse("13812345678", Some("CN")).expect("valid");
        assert_eq!(format!("{number:?}"), "PhoneNumber(hidden)");
        assert_eq!(number.hint(), "+86 ··· 5678");
    }
}
