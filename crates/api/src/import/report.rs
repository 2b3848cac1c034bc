//! What became of a file.

use std::time::Duration;

use serde_json::{Value, json};

use crate::portfolio::{Problem, RowError};

/// Row errors that a report keeps; it counts all of them.
pub const ROW_ERRORS_KEPT: usize = 1_000;

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportReport {
    /// Keyed digest of its bytes, as far as it was read; the log has the report under it.
    pub file: [u8; 16],
    /// Cases opened, changed or recalled.
    pub taken: u64,
    /// Rows whose case was so already.
    pub unchanged: u64,
    /// Of a file that was only read: rows that can be read. Nothing was changed.
    pub readable: Option<u64>,
    /// Rows refused, and why.
    pub refused: Refused,
    /// False: the file could not be read to its end; the last error says why.
    pub complete: bool,
    /// Columns that mean nothing here and were left out.
    pub ignored_columns: Vec<String>,
    /// How long it took.
    pub took: Duration,
}

/// Rows that were refused.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refused {
    /// How many, exactly.
    pub total: u64,
    /// The first [`ROW_ERRORS_KEPT`] of them, in order of line.
    pub shown: Vec<RowError>,
}

/// How far an import has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Bytes of the file whose rows are done.
    pub bytes: u64,
    /// Cases opened.
    pub taken: u64,
    /// Rows whose case was known.
    pub unchanged: u64,
    /// Rows refused.
    pub refused: u64,
}

impl ImportReport {
    /// Rows in all.
    pub fn rows(&self) -> u64 {
        self.taken + self.unchanged + self.readable.unwrap_or(0) + self.refused.total
    }

    /// Rows per second; of a run too short to measure, the rows.
    pub fn cases_per_second(&self) -> u64 {
        let rows = u128::from(self.rows());
        let per_second = rows.saturating_mul(1000).checked_div(self.took.as_millis()).unwrap_or(rows);
        u64::try_from(per_second).unwrap_or(u64::MAX)
    }

    pub(super) fn refuse(&mut self, error: RowError) {
        self.complete &= !error.is_unreadable();
        self.refused.total += 1;
        if self.refused.shown.len() < ROW_ERRORS_KEPT {
            self.refused.shown.push(error);
        }
    }

    pub(super) fn progress(&self, bytes: u64) -> Progress {
        let Self { taken, unchanged, refused, .. } = self;
        Progress { bytes, taken: *taken, unchanged: *unchanged, refused: refused.total }
    }

    /// As JSON.
    pub fn shape(&self) -> Value {
        let file: String = self.file.iter().map(|byte| format!("{byte:02x}")).collect();
        json!({
            "file": self.readable.is_none().then_some(file),
            "taken": self.taken,
            "unchanged": self.unchanged,
            "readable": self.readable,
            "refused": self.refused.total,
            "complete": self.complete,
            "ignored_columns": self.ignored_columns,
            "seconds": self.took.as_secs_f64(),
            "cases_per_second": self.cases_per_second(),
            "errors_shown": self.refused.shown.len(),
            "errors": self.refused.shown.iter().map(row_error).collect::<Vec<_>>(),
        })
    }
}

fn row_error(error: &RowError) -> Value {
    json!({ "line": error.line, "problems": error.problems.iter().map(problem).collect::<Vec<_>>() })
}

fn problem(problem: &Problem) -> Value {
    json!({
        "column": problem.column,
        "expected": problem.expected,
        "got": problem.got,
        "code": problem.code.to_string(),
        "word": problem.code.word(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_all_counted_and_some_are_kept() {
        let mut report = ImportReport::default();
        for line in 0..1_500 {
            report.refuse(RowError { line, problems: Vec::new() });
        }
        assert_eq!((report.refused.total, report.refused.shown.len()), (1_500, ROW_ERRORS_KEPT));
        report.took = Duration::from_millis(500);
        assert_eq!(report.cases_per_second(), 3_000);
        report.took = Duration::ZERO;
        assert_eq!(report.cases_per_second(), 1_500);
    }
}
