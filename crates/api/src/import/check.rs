//! Reading a file and reporting on it, without changing anything.

use std::io::Read;
use std::time::Instant;

use events::Refusal;
use events::ledger::FileKind;

use super::file::FileImport;
use super::report::ImportReport;
use super::run::unreadable;
use crate::portfolio::{Defaults, PortfolioRow, RecallRow, Row, Rows, UpdateRow};

/// Reads a file to its end. What only the ledger knows is not looked at, such as whether a reference is new.
pub fn check_file(import: FileImport, reader: impl Read) -> Result<ImportReport, Refusal> {
    match import.kind {
        FileKind::Dispatch => check::<PortfolioRow>(reader, import.defaults),
        FileKind::Update => check::<UpdateRow>(reader, import.defaults),
        FileKind::Recall => check::<RecallRow>(reader, import.defaults),
    }
}

fn check<T: Row>(reader: impl Read, defaults: Defaults) -> Result<ImportReport, Refusal> {
    let started = Instant::now();
    let rows: Rows<_, T> = Rows::open(reader, defaults).map_err(|error| unreadable(&error))?;
    let mut report = ImportReport {
        complete: true,
        readable: Some(0),
        ignored_columns: rows.ignored_columns().to_vec(),
        ..ImportReport::default()
    };
    let mut readable = 0;
    for row in rows {
        match row {
            Ok(_) => readable += 1,
            Err(error) => report.refuse(error),
        }
    }
    report.readable = Some(readable);
    report.took = started.elapsed();
    Ok(report)
}
