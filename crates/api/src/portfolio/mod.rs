//! Reads a lender's portfolio: CSV or JSON lines, UTF-8 or GB18030, in constant memory.
//!
//! Every bad row is reported with its line, column, what was expected and what came; good rows go on. The
//! columns are described in `proto/portfolio.md`. Nothing here knows of the services.

mod column;
mod date;
mod encoding;
mod error;
mod json_lines;
mod lines;
mod region;
mod row;
mod table;
mod zone;

use std::io::Read;

use model::Currency;

pub use error::{PortfolioError, Problem, RowError};
pub use row::{PersonRow, PortfolioRow};

use encoding::{Encoding, HEAD_LEN};
use lines::Lines;

/// What holds where a file has no such column, or the cell is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defaults {
    /// The product.
    pub product: String,
    /// The currency.
    pub currency: Currency,
    /// ISO 3166 alpha-2; also the region of phone numbers in national form.
    pub jurisdiction: String,
}

impl Default for Defaults {
    fn default() -> Self {
        Self { product: String::new(), currency: Currency::CNY, jurisdiction: "CN".to_owned() }
    }
}

/// A portfolio file: an iterator over its rows. A file that cannot be read on gives an error with code
/// `F0001` and ends.
#[derive(Debug)]
pub struct Portfolio<R> {
    lines: Lines<R>,
    encoding: Encoding,
    format: Format,
    defaults: Defaults,
    ended: bool,
}

#[derive(Debug)]
enum Format {
    Table(Box<table::Table>),
    JsonLines,
}

impl<R: Read> Portfolio<R> {
    /// Looks at the first 64 KiB for encoding and format, and reads the header.
    pub fn open(mut input: R, defaults: Defaults) -> Result<Self, PortfolioError> {
        let mut head = Vec::new();
        input.by_ref().take(HEAD_LEN).read_to_end(&mut head)?;
        let (encoding, mark_len) = Encoding::detect(&head)?;
        head.drain(..mark_len);
        let first = head.iter().find(|byte| !byte.is_ascii_whitespace()).copied();
        let mut lines = Lines::new(head, input);
        let format = match first {
            None => return Err(PortfolioError::Empty),
            Some(b'{') => Format::JsonLines,
            Some(_) => Format::Table(Box::new(table::Table::open(&mut lines, encoding)?)),
        };
        Ok(Self { lines, encoding, format, defaults, ended: false })
    }

    /// Bytes read so far, for a progress bar.
    pub fn offset(&self) -> u64 {
        self.lines.offset()
    }

    /// Columns of the file that mean nothing here.
    pub fn ignored_columns(&self) -> &[String] {
        match &self.format {
            Format::Table(table) => table.ignored(),
            Format::JsonLines => &[],
        }
    }
}

impl<R: Read> Iterator for Portfolio<R> {
    type Item = Result<PortfolioRow, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let row = match &mut self.format {
            Format::Table(table) => table.next(&mut self.lines, &mut self.encoding, &self.defaults),
            Format::JsonLines => json_lines::next(&mut self.lines, &mut self.encoding, &self.defaults),
        };
        self.ended = match &row {
            None => true,
            Some(Ok(_)) => false,
            Some(Err(error)) => error.is_unreadable(),
        };
        row
    }
}

#[cfg(test)]
mod tests;
