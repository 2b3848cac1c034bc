//! What is wrong with a file or a row. Personal data is described, never repeated.

use std::{fmt, io};

use events::Code;

/// Why a file cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum PortfolioError {
    /// The operating system says so.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
    /// Nothing but white space.
    #[error("expected a header and rows, got an empty file")]
    Empty,
    /// UTF-16, as some spreadsheets export.
    #[error("expected UTF-8 or GB18030, got UTF-16; export again as \"CSV UTF-8\"")]
    Utf16,
    /// Another format, whatever the file is called.
    #[error(
        "expected CSV with a header, or JSON lines (one object on each line), got {0}; open it and export it as \"CSV UTF-8\""
    )]
    Format(&'static str),
    /// The header cannot be used.
    #[error("line {line}: expected {expected}, got {got}")]
    Header {
        /// The line it is on, from 1.
        line: u64,
        /// The columns.
        expected: String,
        /// What is there.
        got: String,
    },
}

/// Why a row was not taken: everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// The line it begins on, from 1.
    pub line: u64,
    /// At least one.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The column, by the name that the file gives it; `(row)` for the whole row.
    pub column: String,
    /// What was expected, with an example.
    pub expected: String,
    /// What came; of personal data only length and kind.
    pub got: String,
    /// The catalogue's number for it.
    pub code: Code,
}

impl Problem {
    /// A problem of code [`Code::MALFORMED`].
    pub(super) fn new(
        column: impl Into<String>,
        expected: impl Into<String>,
        got: impl Into<String>,
    ) -> Self {
        Self { column: column.into(), expected: expected.into(), got: got.into(), code: Code::MALFORMED }
    }

    pub(super) fn row(expected: impl Into<String>, got: impl Into<String>) -> Self {
        Self::new("(row)", expected, got)
    }
}

impl RowError {
    pub(super) fn one(line: u64, problem: Problem) -> Self {
        Self { line, problems: vec![problem] }
    }

    /// The file could not be read on; no row follows.
    pub fn is_unreadable(&self) -> bool {
        self.problems.iter().any(|problem| problem.code == Code::UNAVAILABLE)
    }

    pub(super) fn unreadable(line: u64, error: &io::Error) -> Self {
        let problem = Problem::row("a readable file", error.to_string());
        Self::one(line, Problem { code: Code::UNAVAILABLE, ..problem })
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let Problem { column, expected, got, code } = problem;
            let separator = if index == 0 { "" } else { "\n" };
            write!(
                f,
                "{separator}line {}, column {column}: expected {expected}, got {got} ({code})",
                self.line
            )?;
        }
        Ok(())
    }
}

impl std::error::Error for RowError {}

/// What can be said of a text that may be personal data.
pub(super) fn shape(text: &str) -> String {
    let length = text.chars().count();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    match (length, digits) {
        (0, _) => "nothing".to_owned(),
        (_, 0) => format!("{length} characters, none of them a digit"),
        _ if digits == length => format!("{length} digits"),
        _ => format!("{length} characters, {digits} of them digits"),
    }
}

/// The text of a cell that should hold no personal data. Columns get swapped: what could be a name, a phone
/// number or an identity number is described instead.
pub(super) fn quote(text: &str) -> String {
    const LEN_MAX: usize = 24;
    // A date has eight; a number of eight digits and nothing else may be a telephone in Hong Kong.
    const DIGITS_MAX: usize = 8;
    let harmless = |sign: char| {
        sign.is_ascii_digit()
            || sign.is_ascii_punctuation()
            || sign == ' '
            || "年月日号元万亿¥￥，．。（）－０１２３４５６７８９".contains(sign)
            || matches!(sign, 'e' | 'E') && text.starts_with(|first: char| first.is_ascii_digit())
    };
    let digits = text.chars().filter(|sign| sign.is_ascii_digit() || ('０'..='９').contains(sign)).count();
    let code = text.len() <= 3 && text.is_ascii();
    let bare_number = digits == DIGITS_MAX && text.chars().count() == digits;
    let amount_or_date =
        !bare_number && text.len() <= LEN_MAX && digits <= DIGITS_MAX && text.chars().all(harmless);
    if code || amount_or_date { format!("{text:?}") } else { shape(text) }
}
