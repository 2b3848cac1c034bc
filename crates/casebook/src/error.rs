//! What is wrong with a case file.

use std::fmt;

/// Everything that is wrong with a case file, in its order; at least one problem.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(.problems))]
pub struct CaseError {
    problems: Vec<Problem>,
}

impl CaseError {
    pub(crate) fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| (problem.line, problem.column));
        Self { problems }
    }

    /// The problems, in the order of the text.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

/// One thing that is wrong with a case file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What should stand there.
    pub expected: String,
    /// What stands there.
    pub got: String,
    /// What may have been meant.
    pub suggestion: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, expected, got, suggestion } = self;
        write!(f, "line {line}, column {column}: expected {expected}, got {got}")?;
        match suggestion {
            Some(suggestion) => write!(f, "; {suggestion}"),
            None => Ok(()),
        }
    }
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}

/// `did you mean …?` for the nearest of some words, if one is near.
pub(crate) fn nearest<'a>(got: &str, among: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let got = got.to_lowercase();
    let rated = among.into_iter().map(|word| (strsim::jaro_winkler(&got, &word.to_lowercase()), word));
    let best = rated.max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.filter(|(nearness, _)| *nearness > 0.8).map(|(_, word)| format!("did you mean {word}?"))
}
