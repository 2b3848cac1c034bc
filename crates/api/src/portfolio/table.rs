//! CSV: RFC 4180 fields separated by comma, semicolon or tab, under a header.

use std::borrow::Cow;
use std::io::{self, Read};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::cells::Cells;
use super::column::Column;
use super::encoding::Encoding;
use super::error::{Problem, RowError};
use super::lines::{LINE_LEN_MAX, Line, Lines};
use super::{ColumnNames, Defaults, PortfolioError, Row, read_row};

const COLUMNS_MAX: usize = 256;
/// A quoted field may run over this many lines. A quotation mark that is never closed costs one row and not
/// the rest of the file.
const ROW_LINES_MAX: usize = 16;

/// Reads rows under a header.
#[derive(Debug)]
pub struct Table {
    header: Header,
    ignored: Vec<String>,
    fields: Fields,
}

impl Table {
    /// Reads the header: the first line that has a column which is known. Titles may stand above it.
    pub fn open<R: Read, T: Row>(
        lines: &mut Lines<R>,
        encoding: &mut Encoding,
        columns: &ColumnNames,
    ) -> Result<Self, PortfolioError> {
        let mut first_error = None;
        for _ in 0..TITLE_LINES_MAX {
            let mut line = Vec::new();
            if lines.next(&mut line)?.is_none() {
                break;
            }
            if line.iter().all(|byte| byte.is_ascii_whitespace() || DELIMITERS.contains(byte)) {
                continue;
            }
            let number = lines.number();
            let mut fields = Fields::new(sniff(&line));
            let header = match fields.split(vec![line], lines)? {
                Ok(()) => fields.known_header(encoding, columns, T::REQUIRED),
                Err(problem) => Err(Unfit { known: false, expected: problem.expected, got: problem.got }),
            };
            match header {
                Ok(mut header) => {
                    for (_, column) in &mut header {
                        *column = column.filter(|column| T::has(*column));
                    }
                    let ignored = header.iter().filter(|(_, column)| column.is_none());
                    let ignored = ignored.map(|(name, _)| name.clone()).collect();
                    return Ok(Self { ignored, header, fields });
                }
                Err(Unfit { known, expected, got }) => {
                    let error = PortfolioError::Header { line: number, expected, got };
                    if known {
                        return Err(error);
                    }
                    first_error.get_or_insert(error);
                }
            }
        }
        Err(first_error.unwrap_or(PortfolioError::Empty))
    }

    /// What the file calls a column.
    pub fn name(&self, column: Column) -> &str {
        let named = self.header.iter().find(|(_, known)| *known == Some(column));
        named.map_or(column.name(), |(name, _)| name)
    }

    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    pub fn next<R: Read, T: Row>(
        &mut self,
        lines: &mut Lines<R>,
        encoding: &mut Encoding,
        defaults: &Defaults,
    ) -> Option<Result<T, RowError>> {
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

    fn row<T: Row>(&self, line: u64, encoding: &mut Encoding, defaults: &Defaults) -> Result<T, RowError> {
        let (expected, got) = (self.header.len(), self.fields.iter().count());
        let surplus = self.fields.iter().skip(expected);
        if got < expected || surplus.into_iter().any(|field| !field.trim_ascii().is_empty()) {
            let advice = if got > expected {
                " (a cell with a comma in it, such as 1,234.56, must stand in quotation marks)"
            } else {
                ""
            };
            let problem =
                Problem::row(format!("{expected} fields, as in the header{advice}"), format!("{got} fields"));
            return Err(RowError::one(line, problem));
        }
        let mut cells = Cells::default();
        let mut problems = Vec::new();
        let (mut total, mut filled) = (false, 0);
        for ((name, column), field) in self.header.iter().zip(self.fields.iter()) {
            filled += usize::from(!field.trim_ascii().is_empty());
            // Among the ignored columns may be the one that says what the row is.
            if column.is_none() && field.len() > TOTAL_LEN_MAX {
                continue;
            }
            let text = encoding.decode(field);
            total |= text.as_deref().is_some_and(is_total);
            let Some(column) = column else { continue };
            match text {
                Some(text) => {
                    cells.put(*column, text);
                }
                None => problems.push(Problem::new(
                    name.as_str(),
                    format!("{} text, as in the rest of the file", encoding.name()),
                    format!("{} bytes that are not", field.len()),
                )),
            }
        }
        if let Some(what) = no_case(&cells, total, filled) {
            let problem = Problem::row("one case on each row (leave this one out)", what);
            return Err(RowError::one(line, problem));
        }
        let name = |column: Column| self.name(column).to_owned();
        read_row(line, &cells, &name, problems, defaults)
    }
}

/// What a row is that exports have and that is no case.
fn no_case(cells: &Cells<'_>, total: bool, filled: usize) -> Option<&'static str> {
    let reference = cells.get(Column::Reference);
    if reference.is_some_and(|text| Column::called(text) == Some(Column::Reference)) {
        return Some("the header once more");
    }
    match total && cells.get(Column::DebtorPhone).is_none() {
        true => Some("a row of totals"),
        false if filled == 1 && reference.is_none() => Some("a row with a single cell"),
        false => None,
    }
}

/// Lines above a header that may be a title, the day of the export and the like.
const TITLE_LINES_MAX: usize = 8;
const DELIMITERS: [u8; 3] = [b'\t', b';', b','];
/// The longest cell that is looked at for such a word, in bytes.
const TOTAL_LEN_MAX: usize = 16;
const TOTALS: [&str; 7] = ["合计", "总计", "小计", "共计", "total", "subtotal", "grand total"];

fn is_total(text: &str) -> bool {
    // Most cells are told by their first sign: numbers, and letters that no such word begins with.
    let may_be = |first: &u8| !first.is_ascii_graphic() || b"tTsSgG".contains(first);
    if text.len() > TOTAL_LEN_MAX || !text.as_bytes().first().is_some_and(may_be) {
        return false;
    }
    let text = super::text::trimmed(text).trim_end_matches([':', '：']);
    TOTALS.iter().any(|total| text.eq_ignore_ascii_case(total))
}

/// The names of a header, and which column each is.
type Header = Vec<(String, Option<Column>)>;

/// A line that cannot be the header; `known`: it has columns that are known, so nothing else can.
struct Unfit {
    known: bool,
    expected: String,
    got: String,
}

/// The header, if it has the columns without which no row can be taken.
fn complete(header: Header, required: &[Column]) -> Result<Header, Unfit> {
    let has = |column: &Column| header.iter().any(|(_, known)| *known == Some(*column));
    let missing = required.iter().filter(|column| !has(column));
    let missing: Vec<_> = missing.map(|column| column.names().join(" or ")).collect();
    if missing.is_empty() {
        return Ok(header);
    }
    // Of a file without a header this is a row, so only known names are repeated.
    let known = header.iter().filter(|(_, column)| column.is_some()).map(|(name, _)| name.as_str());
    let known = known.collect::<Vec<_>>();
    let got = format!("{} columns, of which known here: [{}]", header.len(), known.join(", "));
    let expected = format!("columns {} (names of your own: import --columns)", missing.join("; "));
    Err(Unfit { known: !known.is_empty(), expected, got })
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
                // A mark that was never closed ends at the next one, some rows on: those must not be lost with it.
                ReadRecordResult::Record if read.len() > 1 && !closes_well(&read, self.delimiter) => {
                    break Problem::row("each quotation mark closed", "an open one");
                }
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

    /// The header in the encoding of the file; or, where files were joined, in the other one, if only there it has columns
    /// that are known.
    fn known_header(
        &self,
        encoding: &mut Encoding,
        columns: &ColumnNames,
        required: &[Column],
    ) -> Result<Header, Unfit> {
        let read = |encoding: &mut Encoding| {
            self.header(encoding, columns).and_then(|header| complete(header, required))
        };
        let header = read(encoding);
        if !matches!(header, Err(Unfit { known: false, .. })) {
            return header;
        }
        let mut other = encoding.other();
        match read(&mut other) {
            Err(Unfit { known: false, .. }) => header,
            found => {
                *encoding = other;
                found
            }
        }
    }

    fn header(&self, encoding: &mut Encoding, columns: &ColumnNames) -> Result<Header, Unfit> {
        let unfit = |expected: &str, got: String| Unfit { known: true, expected: expected.to_owned(), got };
        let mut header: Header = Vec::new();
        for bytes in self.iter() {
            let name = encoding.decode(bytes).unwrap_or(Cow::Borrowed("?"));
            let name = super::text::trimmed(&name).to_owned();
            let column = columns.column(&name);
            if column.is_none() && Column::in_ten_thousands(&name).is_some() {
                return Err(unfit("amounts in whole units, not in ten thousands", name));
            }
            if let Some((other, _)) = header.iter().find(|(_, known)| column.is_some() && *known == column) {
                let got =
                    if *other == name { format!("{name} twice") } else { format!("{other} and {name}") };
                return Err(unfit("each column once", got));
            }
            header.push((name, column));
        }
        Ok(header)
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let ends = &self.ends[..self.count];
        let starts = std::iter::once(0).chain(ends.iter().copied());
        starts.zip(ends).map(|(start, end)| &self.text[start..*end])
    }
}

/// Whether each quoted field of a row is followed by a delimiter or the end of the row.
fn closes_well(lines: &[Vec<u8>], delimiter: u8) -> bool {
    let mut bytes = lines.iter().flatten().peekable();
    let (mut quoted, mut begins) = (false, true);
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if quoted && bytes.next_if_eq(&&b'"').is_some() => {}
            b'"' if quoted => {
                let next = bytes.peek().map_or(b'\n', |next| **next);
                if next != delimiter && !matches!(next, b'\r' | b'\n') {
                    return false;
                }
                quoted = false;
            }
            b'"' if begins => quoted = true,
            _ => {}
        }
        begins = !quoted && (*byte == delimiter || *byte == b'\n');
    }
    true
}

/// The likeliest delimiter of a header: the one that is there most often.
fn sniff(header: &[u8]) -> u8 {
    let count = |delimiter: u8| header.iter().filter(|byte| **byte == delimiter).count();
    // `max_by_key` keeps the last of equals: the comma.
    DELIMITERS.into_iter().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',')
}
