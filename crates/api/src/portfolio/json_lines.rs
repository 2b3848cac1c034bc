//! JSON lines: one flat object on each line, with the names of the columns as keys.

use std::borrow::Cow;
use std::io::Read;

use serde_json::{Map, Value};

use super::cells::Cells;
use super::column::Column;
use super::encoding::Encoding;
use super::error::{Problem, RowError};
use super::lines::{LINE_LEN_MAX, Line, Lines};
use super::{Defaults, Row, read_row};

/// Digits that a JSON number keeps in every program; an amount with more must be a string.
const EXACT_DIGITS: usize = 15;

pub fn next<R: Read, T: Row>(
    lines: &mut Lines<R>,
    encoding: &mut Encoding,
    defaults: &Defaults,
) -> Option<Result<T, RowError>> {
    let mut line = Vec::new();
    loop {
        match lines.next(&mut line) {
            Err(error) => return Some(Err(RowError::unreadable(lines.number(), &error))),
            Ok(None) => return None,
            Ok(Some(_)) if line.trim_ascii().is_empty() => {}
            Ok(Some(Line { number, whole: false })) => {
                let problem = Problem::row(format!("a row of at most {LINE_LEN_MAX} bytes"), "a longer one");
                return Some(Err(RowError::one(number, problem)));
            }
            Ok(Some(Line { number, .. })) => return Some(read(number, &line, encoding, defaults)),
        }
    }
}

fn read<T: Row>(
    number: u64,
    line: &[u8],
    encoding: &mut Encoding,
    defaults: &Defaults,
) -> Result<T, RowError> {
    let Some(text) = encoding.decode(line) else {
        let expected = format!("{} text, as in the rest of the file", encoding.name());
        return Err(RowError::one(number, Problem::row(expected, "bytes that are not")));
    };
    // The parser's own message may repeat the text, which may be personal.
    let object: Map<String, Value> = serde_json::from_str(&text).map_err(|error| {
        let got = format!("something else at character {}", error.column());
        RowError::one(number, Problem::row("one JSON object on the line", got))
    })?;
    let mut cells = Cells::default();
    let mut problems = Vec::new();
    for (key, value) in &object {
        let Some(column) = defaults.columns.column(key).filter(|column| T::has(*column)) else { continue };
        let first = match value {
            Value::Null => true,
            Value::String(text) => cells.put(column, Cow::Borrowed(text)),
            Value::Number(number) => {
                let text = number.to_string();
                let exact = !number.is_f64() || text.len() <= EXACT_DIGITS;
                if !exact {
                    problems.push(Problem::new(key, "so long a number in quotation marks", "a bare one"));
                }
                !exact || cells.put(column, Cow::Owned(text))
            }
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                problems.push(Problem::new(key, "a text or a number", "another kind of value"));
                true
            }
        };
        if !first {
            problems.push(Problem::new(
                key,
                "each column once",
                format!("{} under two names", column.name()),
            ));
        }
    }
    let name = |column: Column| {
        let key = object.keys().find(|key| defaults.columns.column(key) == Some(column));
        key.map_or(column.name(), String::as_str).to_owned()
    };
    read_row(number, &cells, &name, problems, defaults)
}
