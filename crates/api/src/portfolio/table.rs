//! CSV: RFC 4180 fields separated by comma, semicolon or tab, under a header.

use std::borrow::Cow;
use std::io::{self, Read};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::column::Column;
use super::encoding::Encoding;
use super::error::{Problem, RowError};
use super::lines::{LINE_LEN_MAX, Line, Lines};
use super::row::{self, Cells};
use super::{Defaults, PortfolioError, PortfolioRow};

const COLUMNS_MAX: usize = 256;
/// A quoted field may run over this many lines. A quotation mark that is never closed costs one row and not
/// the rest of the file.
const ROW_LINES_MAX: usize = 16;

/// Reads rows under a header.
#[derive(Debug)]
pub struct Table {
    header: Vec<(String, Option<Column>)>,
    ignored: Vec<String>,
    fields: Fields,
}

impl Table {
    /// Reads the header, the first line that is not blank.
    pub fn open<R: Read>(lines: &mut Lines<R>, mut encoding: Encoding) -> Result<Self, PortfolioError> {
        let mut line = Vec::new();
        loop {
            if lines.next(&mut line)?.is_none() {
                return Err(PortfolioError::Empty);
            }
            if !line.trim_ascii().is_empty() {
                break;
            }
        }
        let mut fields = Fields::new(sniff(&line));
        let header_error =
            |expected: &str, got: String| PortfolioError::Header { expected: expected.to_owned(), got };
        if fields.split(vec![line], lines)?.is_err() {
            return Err(header_error("column names, each quotation mark closed", "an open one".to_owned()));
        }
        let mut header = Vec::new();
        for bytes in fields.iter() {
            let name = encoding.decode(bytes).unwrap_or(Cow::Borrowed("?")).trim().to_owned();
            let column = Column::called(&name);
            if column.is_some() && header.iter().any(|(_, known)| *known == column) {
                return Err(header_error("each column once", format!("{name} twice")));
            }
            header.push((name, column));
        }
        let has = |column: &Column| header.iter().any(|(_, known)| *known == Some(*column));
        let missing = Column::REQUIRED.iter().filter(|column| !has(column));
        let missing: Vec<_> = missing.map(|column| column.names().join(" or ")).collect();
        if !missing.is_empty() {
            // Of a file without a header this is a row, so only known names are repeated.
            let known = header.iter().filter(|(_, column)| column.is_some()).map(|(name, _)| name.as_str());
            let known = known.collect::<Vec<_>>().join(", ");
            let got = format!("{} columns, of which known here: [{known}]", header.len());
            return Err(PortfolioError::Header { expected: format!("columns {}", missing.join("; ")), got });
        }
        let ignored = header.iter().filter(|(_, column)| column.is_none()).map(|(name, _)| name.clone());
        Ok(Self { ignored: ignored.collect(), header, fields })
    }

    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    pub fn next<R: Read>(
        &mut self,
        lines: &mut Lines<R>,
        encoding: &mut Encoding,
        defaults: &Defaults,
    ) -> Option<Result<PortfolioRow, RowError>> {
        let mut line = std::mem::take(&mut self.fields.line);
        let number = loop {
            match lines.next(&mut line) {
                Err(error) => return Some(Err(RowError::unreadable(lines.number(), &error))),
                Ok(None) => return None,
                // Spreadsheets export their empty rows as delimiters.
                Ok(Some(_))
                    if line
                        .iter()
                        .all(|byte| byte.is_ascii_whitespace() || *byte == self.fields.delimiter) => {}
                Ok(Some(Line { number, whole: false })) => {
                    let problem =
                        Problem::row(format!("a row of at most {LINE_LEN_MAX} bytes"), "a longer one");
                    return Some(Err(RowError::one(number, problem)));
                }
                Ok(Some(Line { number, .. })) => break number,
            }
        };
        match self.fields.split(vec![line], lines) {
            Err(error) => Some(Err(RowError::unreadable(number, &error))),
            Ok(Err(problem)) => Some(Err(RowError::one(number, problem))),
            Ok(Ok(())) => Some(self.row(number, encoding, defaults)),
        }
    }

    fn row(&self, line: u64, encoding: &mut Encoding, defaults: &Defaults) -> Result<PortfolioRow, RowError> {
        let (expected, got) = (self.header.len(), self.fields.iter().count());
        let surplus = self.fields.iter().skip(expected);
        if got < expected || surplus.into_iter().any(|field| !field.trim_ascii().is_empty()) {
            let problem =
                Problem::row(format!("{expected} fields, as in the header"), format!("{got} fields"));
            return Err(RowError::one(line, problem));
        }
        let mut cells = Cells::default();
        let mut problems = Vec::new();
        for ((name, column), field) in self.header.iter().zip(self.fields.iter()) {
            let Some(column) = column else { continue };
            match encoding.decode(field) {
                Some(text) => cells.put(*column, text),
                None => problems.push(Problem::new(
                    name.as_str(),
                    format!("{} text, as in the rest of the file", encoding.name()),
                    format!("{} bytes that are not", field.len()),
                )),
            }
        }
        let name = |column: Column| {
            let named = self.header.iter().find(|(_, known)| *known == Some(column));
            named.map_or(column.name(), |(name, _)| name).to_owned()
        };
        row::read(line, &cells, &name, problems, defaults)
    }
}

/// The fields of one row.
struct Fields {
    delimiter: u8,
    reader: Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    count: usize,
    /// Kept for its memory.
    line: Vec<u8>,
}

impl std::fmt::Debug for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fields({})", self.count)
    }
}

impl Fields {
    fn new(delimiter: u8) -> Self {
        let text = vec![0; 2 * LINE_LEN_MAX];
        let reader = ReaderBuilder::new().delimiter(delimiter).build();
        Self { delimiter, reader, text, ends: vec![0; COLUMNS_MAX], count: 0, line: Vec::new() }
    }

    /// Splits a row that begins with the one line in `read`, taking more lines while a field is open.
    fn split<R: Read>(
        &mut self,
        mut read: Vec<Vec<u8>>,
        lines: &mut Lines<R>,
    ) -> io::Result<Result<(), Problem>> {
        self.reader.reset();
        let (mut written, mut bytes) = (0, 0);
        self.count = 0;
        let problem = loop {
            let Some(line) = read.last() else { break Problem::row("a row", "none") };
            bytes += line.len();
            let (result, taken, text, ends) =
                self.reader.read_record(line, &mut self.text[written..], &mut self.ends[self.count..]);
            written += text;
            self.count += ends;
            match result {
                ReadRecordResult::Record if line[taken..].iter().all(|byte| *byte == b'\n') => {
                    self.line = read.swap_remove(0);
                    return Ok(Ok(()));
                }
                ReadRecordResult::Record | ReadRecordResult::End => {
                    break Problem::row(
                        "one row on a line, ended by LF or CRLF",
                        "a bare carriage return in it",
                    );
                }
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    break Problem::row(format!("at most {COLUMNS_MAX} fields"), "more");
                }
                ReadRecordResult::InputEmpty => {}
            }
            let mut next = Vec::new();
            let more = read.len() < ROW_LINES_MAX
                && lines.next(&mut next)?.inspect(|_| read.push(next)).is_some_and(|line| line.whole);
            if !more || bytes > LINE_LEN_MAX {
                break Problem::row("each quotation mark closed", "an open one");
            }
        };
        lines.again(read.drain(1..).collect());
        Ok(Err(problem))
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let ends = &self.ends[..self.count];
        let starts = std::iter::once(0).chain(ends.iter().copied());
        starts.zip(ends).map(|(start, end)| &self.text[start..*end])
    }
}

/// The likeliest delimiter of a header: the one that is there most often.
fn sniff(header: &[u8]) -> u8 {
    let count = |delimiter: u8| header.iter().filter(|byte| **byte == delimiter).count();
    // `max_by_key` keeps the last of equals: the comma.
    [b'\t', b';', b','].into_iter().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',')
}
