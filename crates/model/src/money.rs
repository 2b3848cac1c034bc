//! Money is a whole number of minor units and a currency (P9). There is no floating point here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An ISO 4217 alphabetic code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Renminbi.
    pub const CNY: Self = Self(*b"CNY");

    /// Digits after the point in this currency, where we know the currency.
    pub fn minor_digits(self) -> Option<u32> {
        match &self.0 {
            b"CNY" | b"USD" | b"EUR" | b"GBP" | b"HKD" | b"SGD" | b"INR" | b"AUD" => Some(2),
            b"JPY" | b"KRW" | b"VND" => Some(0),
            _ => None,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{}", char::from(*byte)))
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let unknown = || MoneyError::Currency(text.to_owned());
        let code: [u8; 3] = text.as_bytes().try_into().map_err(|_| unknown())?;
        let currency = Self(code);
        currency.minor_digits().ok_or_else(unknown)?;
        Ok(currency)
    }
}

/// An amount in minor units (fen, cents) of one currency. May be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Whole minor units.
    pub minor: i64,
    /// What they are units of.
    pub currency: Currency,
}

/// Why an amount could not be read or added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a currency that we know the minor unit of.
    #[error("expected a three-letter currency code such as CNY, got {0:?}")]
    Currency(String),
    /// Not a plain decimal number.
    #[error("expected an amount such as 1234.56, got {0:?}")]
    Amount(String),
    /// More digits after the point than the currency has.
    #[error("expected at most {digits} digits after the point, got {got:?}")]
    TooPrecise {
        /// Digits of the currency.
        digits: u32,
        /// What was given.
        got: String,
    },
    /// Two currencies in one sum.
    #[error("cannot add {0} and {1}")]
    Mixed(Currency, Currency),
    /// Outside the range of 64-bit minor units.
    #[error("the amount is out of range")]
    Overflow,
}

impl Money {
    /// Reads a plain decimal amount (`1234.56`, `-3`), exactly.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let digits = currency.minor_digits().ok_or_else(|| MoneyError::Currency(currency.to_string()))?;
        let wrong = || MoneyError::Amount(text.to_owned());
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let ends_in_point = unsigned.ends_with('.');
        if whole.is_empty() || ends_in_point || !all_digits(whole) || !all_digits(fraction) {
            return Err(wrong());
        }
        let scale = digits as usize;
        if fraction.len() > scale && fraction.bytes().skip(scale).any(|digit| digit != b'0') {
            return Err(MoneyError::TooPrecise { digits, got: text.to_owned() });
        }
        let kept = fraction.bytes().chain(std::iter::repeat(b'0')).take(scale);
        let magnitude = whole
            .bytes()
            .chain(kept)
            .try_fold(0_i64, |sum, digit| sum.checked_mul(10)?.checked_add(i64::from(digit - b'0')))
            .ok_or(MoneyError::Overflow)?;
        Ok(Self { minor: if unsigned.len() < text.len() { -magnitude } else { magnitude }, currency })
    }

    /// The sum, if both are of one currency and it fits.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Mixed(self.currency, other.currency));
        }
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, currency: self.currency })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.currency.minor_digits().unwrap_or(0);
        let unit = 10_u64.pow(digits);
        let (sign, magnitude) = (if self.minor < 0 { "-" } else { "" }, self.minor.unsigned_abs());
        if digits == 0 {
            return write!(f, "{sign}{magnitude} {}", self.currency);
        }
        let width = digits as usize;
        write!(f, "{sign}{}.{:0width$} {}", magnitude / unit, magnitude % unit, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_exactly() {
        let cny = |text| Money::parse(text, Currency::CNY).map(|money| money.minor);
        assert_eq!(cny("1234.56"), Ok(123_456));
        assert_eq!(cny("0.1"), Ok(10));
        assert_eq!(cny("-3"), Ok(-300));
        assert_eq!(cny("7.500"), Ok(750));
        assert_eq!(cny("1.005"), Err(MoneyError::TooPrecise { digits: 2, got: "1.005".into() }));
        for wrong in ["", ".", "1.", ".5", "1,000", "1e3", "１２", "--1", "+1", " 1"] {
            assert!(cny(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(cny("92233720368547758.07"), Ok(i64::MAX));
        assert_eq!(cny("92233720368547758.08"), Err(MoneyError::Overflow));
        assert_eq!(cny("99999999999999999999"), Err(MoneyError::Overflow));
        assert_eq!(cny("000000000000000000000000.010"), Ok(1));
    }

    #[test]
    fn amounts_print_with_their_minor_digits() {
        let money = |minor, code: &str| Money { minor, currency: code.parse().expect("known") };
        assert_eq!(money(-5, "CNY").to_string(), "-0.05 CNY");
        assert_eq!(money(1200, "JPY").to_string(), "1200 JPY");
        assert_eq!(money(i64::MIN, "CNY").to_string(), "-92233720368547758.08 CNY");
    }

    #[test]
    fn sums_keep_to_one_currency() {
        let yuan = Money { minor: 1, currency: Currency::CNY };
        let dollar = Money { minor: 1, currency: "USD".parse().expect("known") };
        assert!(matches!(yuan.checked_add(dollar), Err(MoneyError::Mixed(..))));
        assert_eq!(yuan.checked_add(Money { minor: i64::MAX, ..yuan }), Err(MoneyError::Overflow));
    }
}
