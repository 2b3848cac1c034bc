//! One broken rule: where, what was found, what was expected, what to do.

use std::fmt;

/// A rule broken at a place in a file. Ordered by place, so that a report reads like a compiler's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// Relative to the repository's root.
    pub file: String,
    /// From 1; 1 also stands for the file as a whole.
    pub line: usize,
    /// What stands there.
    pub found: String,
    /// The rule.
    pub expected: String,
    /// The way out.
    pub remedy: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, found, expected, remedy } = self;
        write!(out, "{file}:{line}: {found}\n    expected: {expected}\n    to do:    {remedy}")
    }
}
