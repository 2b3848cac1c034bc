//! What is wrong with a pack's text.

use std::fmt;

/// Everything that is wrong with a pack's text, in its order; at least one problem.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(.problems))]
pub struct PackError {
    problems: Vec<Problem>,
}

impl PackError {
    pub(crate) fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| (problem.line, problem.column));
        Self { problems }
    }

    /// The problems, in the order of the text.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

/// One thing that is wrong with a pack's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// The table as the text writes it, such as `[[frequency]]`; empty for the head of the pack.
    pub table: String,
    /// The rule, once its id is known.
    pub rule: Option<String>,
    /// The key within the table.
    pub key: Option<String>,
    /// What should stand there.
    pub expected: String,
    /// What stands there.
    pub got: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)?;
        if !self.table.is_empty() {
            write!(f, ", {}", self.table)?;
        }
        if let Some(rule) = &self.rule {
            write!(f, " \"{rule}\"")?;
        }
        if let Some(key) = &self.key {
            write!(f, ", {key}")?;
        }
        write!(f, ": expected {}, got {}", self.expected, self.got)
    }
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}
