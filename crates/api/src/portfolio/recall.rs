//! A row of a file that takes cases back.

use std::fmt;

use super::Row;
use super::cells::Reading;
use super::column::Column;

/// A case that the lender takes back.
#[derive(Clone, PartialEq, Eq)]
pub struct RecallRow {
    /// The line it begins on, from 1.
    pub line: u64,
    /// The lender's own number of the case. Not for logs.
    pub reference: String,
}

impl fmt::Debug for RecallRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecallRow(line {}, hidden)", self.line)
    }
}

impl Row for RecallRow {
    const REQUIRED: &'static [Column] = &[Column::Reference];

    fn has(column: Column) -> bool {
        column == Column::Reference
    }

    fn read(row: &mut Reading<'_>) -> Option<Self> {
        Some(Self { line: row.line(), reference: row.reference()? })
    }
}
