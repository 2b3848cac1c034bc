//! One table of the text: its values by key, each asked for once, with the problems that come up.

use std::ops::{Range, RangeInclusive};

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::Problem;

/// A value and its place.
pub(super) type Value<'t> = Spanned<DeValue<'t>>;

/// The text, and what was found wrong with it.
pub(super) struct Reader<'t> {
    text: &'t str,
    problems: Vec<Problem>,
}

impl<'t> Reader<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { text, problems: Vec::new() }
    }

    pub fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    pub fn push(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// The line of a byte of the text, from 1.
    pub fn line(&self, at: usize) -> usize {
        self.before(at).matches('\n').count() + 1
    }

    fn before(&self, at: usize) -> &'t str {
        self.text.get(..at).unwrap_or(self.text)
    }

    pub fn problem(
        &self,
        at: Range<usize>,
        kind: &str,
        rule: Option<String>,
        key: Option<&str>,
        expected: String,
        got: String,
    ) -> Problem {
        let line_begins = self.before(at.start).rfind('\n').map_or(0, |newline| newline + 1);
        Problem {
            line: self.line(at.start),
            column: self.before(at.start)[line_begins..].chars().count() + 1,
            table: if kind.is_empty() { String::new() } else { format!("[[{kind}]]") },
            rule,
            key: key.map(str::to_owned),
            expected,
            got,
        }
    }

    /// A problem of the text as a whole.
    pub fn unplaced(&self, expected: String, got: String) -> Problem {
        self.problem(0..0, "", None, None, expected, got)
    }
}

/// One table being read.
pub(super) struct Table<'r, 'a, 't> {
    reader: &'r mut Reader<'t>,
    entries: &'a DeTable<'a>,
    kind: &'static str,
    span: Range<usize>,
    rule: Option<String>,
    asked: Vec<&'static str>,
}

impl<'r, 'a, 't> Table<'r, 'a, 't> {
    pub fn new(
        reader: &'r mut Reader<'t>,
        entries: &'a DeTable<'a>,
        kind: &'static str,
        span: Range<usize>,
    ) -> Self {
        Self { reader, entries, kind, span, rule: None, asked: Vec::new() }
    }

    /// Reads a table within this one; problems name this one's kind and rule.
    pub fn within<R>(
        &mut self,
        entries: &'a DeTable<'a>,
        span: Range<usize>,
        read: impl FnOnce(&mut Table<'_, 'a, 't>) -> R,
    ) -> R {
        let mut inner = Table::new(self.reader, entries, self.kind, span);
        inner.rule.clone_from(&self.rule);
        let result = read(&mut inner);
        inner.finish();
        result
    }

    /// From here on, problems name this rule.
    pub fn name(&mut self, rule: &str) {
        self.rule = Some(rule.to_owned());
    }

    /// Reports a key that nobody asked for. Call it last.
    pub fn finish(self) {
        for (key, _) in self.entries.iter() {
            let name: &str = key.get_ref();
            if !self.asked.contains(&name) {
                let expected = format!("one of the keys {}", self.asked.join(", "));
                let got = format!("the key {}", shown(name));
                let problem =
                    self.reader.problem(key.span(), self.kind, self.rule.clone(), None, expected, got);
                self.reader.push(problem);
            }
        }
    }

    /// The value of a key, if it is there.
    pub fn take(&mut self, key: &'static str) -> Option<&'a Value<'a>> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        self.entries.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    /// Whether a key is there.
    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(name, _)| name.get_ref() == key)
    }

    /// The value of a key that must be there.
    pub fn need(&mut self, key: &'static str, expected: &str) -> Option<&'a Value<'a>> {
        let value = self.take(key);
        if value.is_none() {
            self.report(
                self.span.start..self.span.start,
                Some(key),
                expected.to_owned(),
                "nothing".to_owned(),
            );
        }
        value
    }

    pub fn report(&mut self, at: Range<usize>, key: Option<&str>, expected: String, got: String) {
        let problem = self.reader.problem(at, self.kind, self.rule.clone(), key, expected, got);
        self.reader.push(problem);
    }

    /// The value is not what was expected.
    pub fn wrong(&mut self, value: &Value<'_>, key: &str, expected: String) {
        let got = got(value.get_ref());
        self.report(value.span(), Some(key), expected, got);
    }

    /// The table as a whole is not what was expected.
    pub fn whole(&mut self, expected: &str, got: &str) {
        self.report(self.span.start..self.span.start, None, expected.to_owned(), got.to_owned());
    }

    /// A text of 1 to `bytes_max` bytes that is not only blanks.
    pub fn text_of(&mut self, value: &Value<'a>, key: &str, what: &str, bytes_max: usize) -> Option<String> {
        match value.get_ref() {
            DeValue::String(text) if !text.trim().is_empty() && text.len() <= bytes_max => {
                Some(text.trim().to_owned())
            }
            DeValue::String(text) if text.len() > bytes_max => {
                let expected = format!("{what} of at most {bytes_max} bytes");
                self.report(value.span(), Some(key), expected, format!("{} bytes", text.len()));
                None
            }
            _ => {
                self.wrong(value, key, what.to_owned());
                None
            }
        }
    }

    pub fn text(&mut self, key: &'static str, what: &str, bytes_max: usize) -> Option<String> {
        let value = self.need(key, what)?;
        self.text_of(value, key, what, bytes_max)
    }

    /// `Some(None)`: not there. `None`: there, and wrong.
    pub fn text_if_any(&mut self, key: &'static str, what: &str, bytes_max: usize) -> Option<Option<String>> {
        match self.take(key) {
            None => Some(None),
            Some(value) => self.text_of(value, key, what, bytes_max).map(Some),
        }
    }

    /// A whole number in a range.
    pub fn number<N: TryFrom<i64>>(
        &mut self,
        key: &'static str,
        what: &str,
        range: RangeInclusive<i64>,
    ) -> Option<N> {
        let expected = format!("{what}, a whole number from {} to {}", range.start(), range.end());
        let value = self.need(key, &expected)?;
        let number = match value.get_ref() {
            DeValue::Integer(digits) => i64::from_str_radix(digits.as_str(), digits.radix()).ok(),
            _ => None,
        };
        let number =
            number.filter(|number| range.contains(number)).and_then(|number| N::try_from(number).ok());
        if number.is_none() {
            self.wrong(value, key, expected);
        }
        number
    }

    /// `true` or `false`; not there is `false`.
    pub fn flag(&mut self, key: &'static str) -> Option<bool> {
        match self.take(key) {
            None => Some(false),
            Some(value) => match value.get_ref() {
                DeValue::Boolean(flag) => Some(*flag),
                _ => {
                    self.wrong(value, key, "true or false".to_owned());
                    None
                }
            },
        }
    }

    /// A date, written without quotes.
    pub fn date_of(&mut self, value: &Value<'a>, key: &str) -> Option<Date> {
        let date = match value.get_ref() {
            DeValue::Datetime(moment) if moment.time.is_none() && moment.offset.is_none() => moment.date,
            _ => None,
        };
        let date = date.and_then(|date| {
            let small = |number: u8| i8::try_from(number).ok();
            Date::new(i16::try_from(date.year).ok()?, small(date.month)?, small(date.day)?).ok()
        });
        if date.is_none() {
            self.wrong(value, key, "a date such as 2026-01-30, without quotes".to_owned());
        }
        date
    }

    /// The elements of a list.
    pub fn elements(&mut self, value: &'a Value<'a>, key: &str, what: &str) -> Option<&'a [Value<'a>]> {
        match value.get_ref() {
            DeValue::Array(elements) => Some(elements),
            _ => {
                self.wrong(value, key, format!("a list of {what}"));
                None
            }
        }
    }

    /// One of some words.
    pub fn word_of<T: Copy>(
        &mut self,
        value: &Value<'a>,
        key: &str,
        all: &[T],
        word: fn(T) -> &'static str,
    ) -> Option<T> {
        let found = match value.get_ref() {
            DeValue::String(text) => all.iter().copied().find(|one| word(*one) == text),
            _ => None,
        };
        if found.is_none() {
            self.wrong(value, key, one_of(all, word));
        }
        found
    }

    /// One of some words; must be there.
    pub fn word<T: Copy>(&mut self, key: &'static str, all: &[T], word: fn(T) -> &'static str) -> Option<T> {
        let value = self.need(key, &one_of(all, word))?;
        self.word_of(value, key, all, word)
    }

    /// A list of some words, each at most once. `Some(None)`: not there.
    pub fn words_if_any<T: Copy + PartialEq>(
        &mut self,
        key: &'static str,
        all: &[T],
        word: fn(T) -> &'static str,
    ) -> Option<Option<Vec<T>>> {
        let Some(value) = self.take(key) else { return Some(None) };
        let elements = self.elements(value, key, &format!("words, each {}", one_of(all, word)))?;
        let mut words = Vec::new();
        for element in elements {
            let one = self.word_of(element, key, all, word)?;
            if words.contains(&one) {
                self.wrong(element, key, "each word once".to_owned());
                return None;
            }
            words.push(one);
        }
        Some(Some(words))
    }

    /// A list of some words that must be there and may not be empty.
    pub fn words<T: Copy + PartialEq>(
        &mut self,
        key: &'static str,
        all: &[T],
        word: fn(T) -> &'static str,
    ) -> Option<Vec<T>> {
        let value = self.need(key, &format!("a list of words, each {}", one_of(all, word)))?;
        let words = self.words_if_any(key, all, word)??;
        if words.is_empty() {
            self.wrong(value, key, format!("at least one word, {}", one_of(all, word)));
            return None;
        }
        Some(words)
    }
}

fn one_of<T: Copy>(all: &[T], word: fn(T) -> &'static str) -> String {
    let words: Vec<&str> = all.iter().map(|one| word(*one)).collect();
    format!("one of {}", words.join(", "))
}

/// A value, as an error shows it.
fn got(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => shown(text),
        DeValue::Integer(digits) => digits.to_string(),
        DeValue::Float(float) => float.as_str().to_owned(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(moment) => moment.to_string(),
        DeValue::Array(elements) if elements.is_empty() => "an empty list".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

fn shown(text: &str) -> String {
    const CHARS_MAX: usize = 60;
    let short: String = text.chars().take(CHARS_MAX).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("{:?}{more}", short)
}
