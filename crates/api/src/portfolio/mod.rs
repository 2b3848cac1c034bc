//! Reads a lender's files: CSV or JSON lines, UTF-8 or GB18030, in constant memory.
//!
//! Every bad row is reported with its line, column, what was expected and what came; good rows go on. The
//! columns are described in `proto/portfolio.md`. Nothing here knows of the services.
//!
//! - `encoding`, `lines`, `table`, `json_lines`: from bytes to cells; `column`, `naming`: whose they are.
//! - `cells`: from cells to values; `text`, `amount`, `date`, `phone`, `identity`, `region`, `zone`: one kind each.
//! - `row`, `update`, `recall`, `person`: what a row says.

mod amount;
mod cells;
mod column;
mod date;
mod encoding;
mod error;
mod identity;
mod json_lines;
mod lines;
mod naming;
mod person;
mod phone;
mod recall;
mod region;
mod row;
mod table;
mod text;
mod update;
mod zone;

use std::io::Read;
use std::marker::PhantomData;

use model::Currency;

pub use error::{PortfolioError, Problem, RowError};
pub use naming::ColumnNames;
pub use person::{PersonRow, SecondNumber};
pub use recall::RecallRow;
pub use row::PortfolioRow;
pub use update::UpdateRow;

use cells::{Cells, Reading};
use column::Column;
use encoding::{Encoding, HEAD_LEN};
use lines::Lines;

/// What a file leaves unsaid: values where it has no such column or the cell is empty, names of columns, the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defaults {
    /// The product.
    pub product: String,
    /// The currency.
    pub currency: Currency,
    /// ISO 3166 alpha-2; also the region of phone numbers in national form.
    pub jurisdiction: String,
    /// What the file calls the columns.
    pub columns: ColumnNames,
    /// The day on which it is read, as days since 1970-01-01: later ones have not come yet. `None`: any day is taken.
    pub today: Option<i32>,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            product: String::new(),
            currency: Currency::CNY,
            jurisdiction: "CN".to_owned(),
            columns: ColumnNames::default(),
            today: None,
        }
    }
}

/// What a row of one kind of file says.
pub trait Row: Sized {
    /// Columns without which no row can be taken.
    const REQUIRED: &'static [Column];

    /// Whether such a row looks at a column.
    fn has(column: Column) -> bool;

    /// Reads a row, reporting what is wrong with it; `None`: too much to say what the row is.
    fn read(row: &mut Reading<'_>) -> Option<Self>;
}

/// A file that dispatches cases.
pub type Portfolio<R> = Rows<R, PortfolioRow>;

/// A file: an iterator over its rows. A file that cannot be read on gives an error with code `F0001` and ends.
#[derive(Debug)]
pub struct Rows<R, T> {
    lines: Lines<R>,
    encoding: Encoding,
    format: Format,
    defaults: Defaults,
    ended: bool,
    row: PhantomData<fn() -> T>,
}

#[derive(Debug)]
enum Format {
    Table(Box<table::Table>),
    JsonLines,
}

impl<R: Read, T: Row> Rows<R, T> {
    /// Looks at the first 64 KiB for encoding and format, and reads the header.
    pub fn open(mut input: R, defaults: Defaults) -> Result<Self, PortfolioError> {
        let mut head = Vec::new();
        input.by_ref().take(HEAD_LEN).read_to_end(&mut head)?;
        let (mut encoding, mark_len) = Encoding::detect(&head)?;
        head.drain(..mark_len);
        let first = head.iter().find(|byte| !byte.is_ascii_whitespace()).copied();
        if let Some(kind) = other_format(&head, first) {
            return Err(PortfolioError::Format(kind));
        }
        let mut lines = Lines::new(head, input);
        let format = match first {
            None => return Err(PortfolioError::Empty),
            Some(b'{') => Format::JsonLines,
            Some(_) => {
                let table = table::Table::open::<R, T>(&mut lines, &mut encoding, &defaults.columns)?;
                Format::Table(Box::new(table))
            }
        };
        Ok(Self { lines, encoding, format, defaults, ended: false, row: PhantomData })
    }

    /// Bytes read so far, for a progress bar.
    pub fn offset(&self) -> u64 {
        self.lines.offset()
    }

    /// What the file calls the column of the lender's own number of a case.
    pub fn reference_column(&self) -> &str {
        match &self.format {
            Format::Table(table) => table.name(Column::Reference),
            Format::JsonLines => Column::Reference.name(),
        }
    }

    /// Columns of the file that mean nothing here.
    pub fn ignored_columns(&self) -> &[String] {
        match &self.format {
            Format::Table(table) => table.ignored(),
            Format::JsonLines => &[],
        }
    }
}

/// What a file is that ends in `.csv` and is none.
fn other_format(head: &[u8], first: Option<u8>) -> Option<&'static str> {
    match (head, first) {
        ([b'P', b'K', 3, 4, ..] | [0xd0, 0xcf, 0x11, 0xe0, ..], _) => {
            Some("a workbook of a spreadsheet program")
        }
        (_, Some(b'<')) => Some("a web page or XML"),
        (_, Some(b'[')) => Some("a JSON array"),
        _ => None,
    }
}

impl<R: Read, T: Row> Iterator for Rows<R, T> {
    type Item = Result<T, RowError>;

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

/// Reads a row from its cells. `name` says what the file calls a column; `problems` are those found on the way here.
fn read_row<T: Row>(
    line: u64,
    cells: &Cells<'_>,
    name: &dyn Fn(Column) -> String,
    problems: Vec<Problem>,
    defaults: &Defaults,
) -> Result<T, RowError> {
    let mut reading = Reading::new(line, cells, name, problems, defaults);
    let row = T::read(&mut reading);
    reading.end(row)
}

#[cfg(test)]
mod tests;
