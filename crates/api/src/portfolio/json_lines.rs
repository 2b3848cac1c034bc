//! JSON lines: one flat object on each line, with the names of the columns as keys.

use std::borrow::Cow;
use std::io::Read;

use serde_json::{Map, Value};

use super::column::Column;
use super::encoding::Encoding;
use super::error::{Problem, RowError};
use super::lines::{LINE_LEN_MAX, Line, Lines};
use super::row::{self, Cells};
use super::{Defaults, PortfolioRow};

/// Digits that a JSON number keeps in every program; an amount with more must be a string.
const EXACT_DIGITS: usize = 15;

pub fn next<R: Read>(
    lines: &mut Lines<R>,
    encoding: &mut Encoding,
    defaults: &Defaults,
) -> Option<Result<PortfolioRow, RowError>> {
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

fn read(
    number: u64,
    line: &[u8],
    encoding: &mut Encoding,
    defaults: &Defaults,
) -> Result<PortfolioRow, RowError> {
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
        let Some(column) = Column::called(key) else { continue };
        match value {
            Value::Null => {}
            Value::String(text) => cells.put(column, Cow::Borrowed(text)),
            Value::Number(number) => {
                let text = number.to_string();
                let exact = !number.is_f64() || text.len() <= EXACT_DIGITS;
                if exact {
                    cells.put(column, Cow::Owned(text));
                } else {
                    problems.push(Problem::new(key, "so long a number in quotation marks", "a bare one"));
                }
            }
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                problems.push(Problem::new(key, "a text or a number", "another kind of value"));
            }
        }
    }
    let name = |column: Column| {
        let key = object.keys().find(|key| Column::called(key) == Some(column));
        key.map_or(column.name(), String::as_str).to_owned()
    };
    row::read(number, &cells, &name, problems, defaults)
}
