//! The cells of a row, and reading them into typed values while collecting everything that is wrong.

use std::borrow::Cow;

use events::Code;
use events::ledger::PRODUCT_LEN_MAX;
use model::{Currency, Money};

use super::column::Column;
use super::error::{Problem, RowError, quote, shape};
use super::text::{is_absent, is_spreadsheet_error, plain, trimmed};
use super::{Defaults, amount, date, identity};

const REFERENCE_LEN_MAX: usize = 128;
const PERSONAL_LEN_MAX: usize = 200;
/// So many digits may be a phone number.
const PHONE_DIGITS_MIN: usize = 7;
/// 1990-01-01. Nothing that old can still be claimed, and programs write earlier days for none.
const EARLIEST: i32 = 7_305;

/// The cells of a row, by column.
#[derive(Debug, Default)]
pub struct Cells<'a> {
    cells: [Option<Cow<'a, str>>; Column::ALL.len()],
}

impl<'a> Cells<'a> {
    /// Puts a cell in, without the blanks around it; a word for nothing is nothing. False: the column had one.
    pub fn put(&mut self, column: Column, text: Cow<'a, str>) -> bool {
        let text = match text {
            Cow::Borrowed(text) => Cow::Borrowed(trimmed(text)),
            Cow::Owned(text) if trimmed(&text).len() == text.len() => Cow::Owned(text),
            Cow::Owned(text) => Cow::Owned(trimmed(&text).to_owned()),
        };
        if is_absent(&text, column.is_name()) {
            return true;
        }
        self.cells[column as usize].replace(text).is_none()
    }

    /// What is in the column's cell; never empty.
    pub fn get(&self, column: Column) -> Option<&str> {
        self.cells[column as usize].as_deref()
    }

    /// The columns whose cells are not empty.
    pub fn filled(&self) -> impl Iterator<Item = (Column, &str)> {
        Column::ALL.iter().filter_map(|column| Some((*column, self.get(*column)?)))
    }
}

/// A row that is being read.
pub struct Reading<'a> {
    pub cells: &'a Cells<'a>,
    pub defaults: &'a Defaults,
    line: u64,
    /// What the file calls a column.
    name: &'a dyn Fn(Column) -> String,
    problems: Vec<Problem>,
}

impl<'a> Reading<'a> {
    /// `problems` are those found on the way here.
    pub fn new(
        line: u64,
        cells: &'a Cells<'a>,
        name: &'a dyn Fn(Column) -> String,
        problems: Vec<Problem>,
        defaults: &'a Defaults,
    ) -> Self {
        let mut reading = Self { cells, defaults, line, name, problems };
        for (column, text) in cells.filled().filter(|(_, text)| is_spreadsheet_error(text)) {
            let expected = "a value (repair the formula, or widen the column, and export again)";
            reading.problem(
                column,
                Code::MALFORMED,
                expected,
                format!("{text:.8}, an error of the spreadsheet"),
            );
        }
        reading
    }

    /// The line that the row begins on.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// What the file calls a column.
    pub fn name_of(&self, column: Column) -> String {
        (self.name)(column)
    }

    /// The row, or everything that is wrong with it.
    pub fn end<T>(self, row: Option<T>) -> Result<T, RowError> {
        match row {
            Some(row) if self.problems.is_empty() => Ok(row),
            _ => Err(RowError { line: self.line, problems: self.problems }),
        }
    }

    pub fn problem(&mut self, column: Column, code: Code, expected: impl Into<String>, got: String) {
        let column = self.name_of(column);
        // A cell that could not be decoded has been reported, and looks empty here.
        if self.problems.iter().any(|problem| problem.column == column) {
            return;
        }
        self.problems.push(Problem { code, ..Problem::new(column, expected, got) });
    }

    pub fn malformed(&mut self, column: Column, expected: impl Into<String>, got: impl Into<String>) {
        self.problem(column, Code::MALFORMED, expected, got.into());
    }

    /// Reports an empty cell.
    pub fn require(&mut self, column: Column) {
        if self.cells.get(column).is_none() {
            self.malformed(column, "a value", "nothing");
        }
    }

    /// The lender's number of the case: one line, signs of full width made narrow, because it is the case's identity.
    pub fn reference(&mut self) -> Option<String> {
        let text = self.text(Column::Reference, REFERENCE_LEN_MAX)?;
        let number = super::text::without_zero_fraction(&plain(&text)).to_owned();
        if super::text::is_scientific(&number) {
            let expected = "the whole number (format the column as text and export again)";
            self.malformed(Column::Reference, expected, "scientific notation, which has lost digits");
            return None;
        }
        Some(number)
    }

    /// The lender's word for the product.
    pub fn product(&mut self) -> Option<String> {
        match self.cells.get(Column::Product) {
            None => Some(self.defaults.product.clone()),
            Some(_) => self.text(Column::Product, PRODUCT_LEN_MAX),
        }
    }

    fn text(&mut self, column: Column, len_max: usize) -> Option<String> {
        let text = self.cells.get(column).unwrap_or("");
        if text.is_empty() || text.len() > len_max {
            let got = if text.is_empty() { "nothing".to_owned() } else { format!("{} bytes", text.len()) };
            self.malformed(column, format!("a text of 1 to {len_max} bytes"), got);
            return None;
        }
        if text.contains(char::is_control) {
            self.malformed(column, "a text on one line", "one with a line break, a tab or the like");
            return None;
        }
        Some(text.to_owned())
    }

    /// A person's name. Blanks between Chinese characters only align them.
    pub fn person_name(&mut self, column: Column) -> Option<String> {
        let name = self.text(column, PERSONAL_LEN_MAX)?;
        let digits = name.chars().filter(|sign| sign.is_numeric()).count();
        let letters = name.chars().any(char::is_alphabetic);
        let got = match (letters, digits) {
            (_, PHONE_DIGITS_MIN..) | (false, _) => {
                format!("{} (look whether columns are swapped)", shape(&plain(&name)))
            }
            _ if name.contains(['*', '＊']) => "one with hidden characters".to_owned(),
            _ if !name.contains(char::is_whitespace) => return Some(name),
            _ => {
                let chinese = name
                    .chars()
                    .all(|sign| sign.is_whitespace() || ('\u{3400}'..='\u{9fff}').contains(&sign));
                let words: Vec<&str> = name.split_whitespace().collect();
                return Some(words.join(if chinese { "" } else { " " }));
            }
        };
        self.malformed(column, "a person's whole name", got);
        None
    }

    /// The identity number, if there is one.
    pub fn identity(&mut self, column: Column, country: Option<&str>) -> Option<String> {
        self.cells.get(column)?;
        let text = self.text(column, PERSONAL_LEN_MAX)?;
        identity::parse(&text, country).map_err(|(expected, got)| self.malformed(column, expected, got)).ok()
    }

    /// The currency that the row names, or the usual one.
    pub fn currency(&mut self) -> Option<Currency> {
        let Some(text) = self.cells.get(Column::Currency) else { return Some(self.defaults.currency) };
        let code = match text {
            "人民币" | "人民币元" | "元" | "RMB" | "rmb" => "CNY",
            "美元" => "USD",
            "港币" | "港元" => "HKD",
            other => other,
        };
        let currency = code.to_ascii_uppercase().parse().ok();
        if currency.is_none() {
            let expected = "a three-letter currency code such as CNY";
            self.malformed(Column::Currency, expected, quote(text));
        }
        currency
    }

    /// The jurisdiction that the row names, or the usual one.
    pub fn jurisdiction(&mut self) -> Option<String> {
        let text = self.cells.get(Column::Jurisdiction).unwrap_or(&self.defaults.jurisdiction);
        let country = text.to_ascii_uppercase();
        if country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Some(country);
        }
        let expected = "a country in two capital letters such as CN";
        self.malformed(Column::Jurisdiction, expected, quote(text));
        None
    }

    /// An amount that is owed; the outer `None`: it is wrong, and reported; the inner: the cell is empty.
    pub fn amount(&mut self, column: Column, currency: Currency) -> Option<Option<Money>> {
        let Some(text) = self.cells.get(column) else { return Some(None) };
        match amount::parse(text, currency) {
            Ok(money) => Some(Some(money)),
            Err(expected) => {
                self.problem(column, Code::AMOUNT_INVALID, expected, quote(text));
                None
            }
        }
    }

    /// A day that has come. `None`: there is none, or it is wrong, and reported.
    pub fn date(&mut self, column: Column) -> Option<i32> {
        let Some(text) = self.cells.get(column) else {
            self.malformed(column, date::FORM, "nothing");
            return None;
        };
        // Where the lender is, it may be tomorrow.
        let latest = self.defaults.today.map_or(i32::MAX, |today| today.saturating_add(1));
        let expected = match date::parse(text) {
            Ok(day) if day < EARLIEST => {
                "a day since 1990 (programs write 1900-01-01 or 1970-01-01 where they have none)"
            }
            Ok(day) if day > latest => "a day that has come",
            Ok(day) => return Some(day),
            Err(expected) => expected,
        };
        self.malformed(column, expected, quote(text));
        None
    }
}
