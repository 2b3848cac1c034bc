//! Amounts in the spellings that files have. Never guesses: an amount is a legal claim.

use model::{Currency, Money, MoneyError};

use super::text::{is_like_mobile, is_scientific, plain};

/// The most that one amount may be, in minor units: as much as the ledger takes.
const MINOR_MAX: i64 = 1_000_000_000_000_000;

/// Words and signs of currencies, before or behind an amount: those that begin with another come before it.
const SIGNS: [(&str, &[&str]); 22] = [
    ("人民币", &["CNY"]),
    ("RMB", &["CNY"]),
    ("CNY", &["CNY"]),
    ("港元", &["HKD"]),
    ("港币", &["HKD"]),
    ("美元", &["USD"]),
    ("元整", &["CNY"]),
    ("元", &["CNY"]),
    ("圆", &["CNY"]),
    ("HKD", &["HKD"]),
    ("HK$", &["HKD"]),
    ("USD", &["USD"]),
    ("US$", &["USD"]),
    ("EUR", &["EUR"]),
    ("GBP", &["GBP"]),
    ("INR", &["INR"]),
    ("JPY", &["JPY"]),
    ("¥", &["CNY", "JPY"]),
    ("$", &["USD", "HKD", "SGD", "AUD"]),
    ("€", &["EUR"]),
    ("£", &["GBP"]),
    ("₹", &["INR"]),
];

/// Reads an amount that is owed; or what was expected.
pub fn parse(text: &str, currency: Currency) -> Result<Money, String> {
    match Money::parse(text, currency) {
        Ok(money) if !is_like_mobile(text) => in_range(money),
        Err(MoneyError::Amount(_)) => in_range(spelled(&plain(text), currency)?),
        Ok(_) => Err("an amount such as 1234.56, and not eleven digits as of a mobile number (look whether columns are swapped; if it is the amount, write its decimals)".to_owned()),
        Err(error) => Err(expected(&error, currency)),
    }
}

fn in_range(money: Money) -> Result<Money, String> {
    match money.minor {
        ..0 => Err("an amount that is not negative (a credit is no claim: leave the row out)".to_owned()),
        0..=MINOR_MAX => Ok(money),
        _ => Err(expected(&MoneyError::Overflow, money.currency)),
    }
}

fn expected(error: &MoneyError, currency: Currency) -> String {
    match error {
        MoneyError::TooPrecise { digits, .. } => format!("at most {digits} digits after the point"),
        MoneyError::Overflow => format!("an amount of at most {}", Money { minor: MINOR_MAX, currency }),
        _ => "an amount in digits, such as 1234.56".to_owned(),
    }
}

fn spelled(text: &str, currency: Currency) -> Result<Money, String> {
    let inside = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    let number = without_signs(inside.unwrap_or(text), currency)?;
    let unsigned = number.trim_start_matches(['-', '+']).trim_end_matches('-').trim();
    let negative = inside.is_some() || number.starts_with('-') || number.ends_with('-');
    let digits = number.bytes().any(|byte| byte.is_ascii_digit());
    if digits && number.contains(['万', '萬', '亿', '千', '仟']) {
        return Err(
            "the whole amount, such as 12345.67 (in units of thousands it is usually rounded)".to_owned()
        );
    }
    if is_scientific(unsigned) {
        return Err("an amount in digits, such as 1234.56 (scientific notation has lost some: format the column as a number with decimals and export again)".to_owned());
    }
    let bare = ungrouped(unsigned, currency)?;
    // Databases leave out a zero before the point.
    let whole = if bare.starts_with('.') && bare.len() > 1 { format!("0{bare}") } else { bare };
    let money = Money::parse(&whole, currency).map_err(|error| expected(&error, currency))?;
    Ok(if negative { Money { minor: -money.minor.max(1), ..money } } else { money })
}

/// Without signs of the row's own currency; another's is an error.
fn without_signs(text: &str, currency: Currency) -> Result<&str, String> {
    let (mut rest, code) = (text.trim(), currency.to_string());
    loop {
        let found = SIGNS.iter().find_map(|(sign, of)| {
            let without = rest.strip_prefix(sign).or_else(|| rest.strip_suffix(sign))?;
            Some((without.trim(), of))
        });
        match found {
            None => return Ok(rest),
            Some((without, of)) if of.contains(&code.as_str()) => rest = without,
            Some(_) => return Err(format!("an amount in {code}, the currency of the row")),
        }
    }
}

/// Without separators of thousands: a comma or a blank, every three digits (in rupees also every two before the last three).
fn ungrouped(text: &str, currency: Currency) -> Result<String, String> {
    let separator = match (text.contains(','), text.contains(' ')) {
        (false, false) => return Ok(text.to_owned()),
        (true, false) => ',',
        (false, true) => ' ',
        (true, true) => return Err(expected(&MoneyError::Amount(String::new()), currency)),
    };
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let groups: Vec<&str> = whole.split(separator).collect();
    let digits = |group: &&str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit());
    let sizes = if currency.to_string() == "INR" { 2..=3 } else { 3..=3 };
    let grouped = match &groups[..] {
        [first, inner @ .., last] => {
            groups.iter().all(digits)
                && first.len() <= 3
                && last.len() == 3
                && inner.iter().all(|group| sizes.contains(&group.len()) && group.len() == inner[0].len())
                && !fraction.is_some_and(|rest| rest.contains(separator))
        }
        _ => false,
    };
    if !grouped {
        return Err(
            "a point before the decimals, and a comma every three digits or none: 1,234.56".to_owned()
        );
    }
    let whole = groups.concat();
    Ok(fraction.map_or(whole.clone(), |fraction| format!("{whole}.{fraction}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_currency(text: &str, code: &str) -> Result<i64, String> {
        parse(text, code.parse().expect("known")).map(|money| money.minor)
    }

    fn cny(text: &str) -> Result<i64, String> {
        in_currency(text, "CNY")
    }

    #[test]
    fn one_amount_has_many_spellings() {
        for spelling in [
            "1234.56",
            "1,234.56",
            "1，234.56",
            "１２３４．５６",
            "１，２３４。５６",
            "1 234.56",
            "1\u{a0}234.56",
            "1234.560",
            "+1234.56",
            "¥1,234.56",
            "￥ 1,234.56",
            "1234.56元",
            "人民币1,234.56元整",
            "RMB 1234.56",
            "CNY1234.56",
            "'1234.56",
            "=\"1234.56\"",
        ] {
            assert_eq!(cny(spelling), Ok(123_456), "{spelling}");
        }
        assert_eq!(cny(".5"), Ok(50));
        assert_eq!(cny("1,234"), Ok(123_400));
        assert_eq!(cny("13,812,345,678.00"), Ok(1_381_234_567_800));
        assert_eq!(in_currency("12,34,567.80", "INR"), Ok(123_456_780));
        assert_eq!(in_currency("¥1,234", "JPY"), Ok(1_234));
        assert_eq!(in_currency("HK$5", "HKD"), Ok(500));
    }

    #[test]
    fn what_may_be_another_amount_is_refused_with_its_reason() {
        for (text, reason) in [
            ("-5", "negative"),
            ("(1,234.56)", "negative"),
            ("(0.001)", "at most 2 digits"),
            ("-0.00-", "negative"),
            ("1234.56-", "negative"),
            ("−5", "negative"),
            ("1.005", "at most 2 digits"),
            ("1234.5600000000001", "at most 2 digits"),
            ("1.234,56", "a point before"),
            ("1234,56", "a point before"),
            ("12,34,567.80", "a point before"),
            ("1,2345", "a point before"),
            ("1.5万", "whole amount"),
            ("1.5万元", "whole amount"),
            ("1.2E+05", "scientific"),
            ("$5", "in CNY"),
            ("5美元", "in CNY"),
            ("13812345678", "mobile"),
            ("310101199001011234", "at most 10000000000000.00 CNY"),
            ("99999999999999999999", "at most 10000000000000.00 CNY"),
            ("壹仟元", "in digits"),
            ("约5000", "in digits"),
            ("2026-03-01", "in digits"),
            ("5.", "in digits"),
            ("元", "in digits"),
        ] {
            let error = cny(text).expect_err(text);
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
