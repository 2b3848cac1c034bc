//! The stages of an import and how they wait for each other.

use std::io::Read;
use std::time::{Duration, Instant};

use events::ledger::{LedgerAnswer, LedgerCommand};
use events::{Code, Reason, Refusal};
use futures::StreamExt;
use ledger::Ledger;
use runtime::{Answered, Order, Port};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::prepare::{Prepared, Run};
use super::report::{ImportReport, Progress};
use crate::platform::{is_transient, vault_failed};
use crate::portfolio::{Defaults, Portfolio, PortfolioError, PortfolioRow, Problem, RowError};

/// Rows of one batch.
const BATCH_ROWS: usize = 1_000;
/// Parsed batches that may wait.
const PARSED_MAX: usize = 2;
/// Batches sealed at once.
const SEALING_MAX: usize = 3;
/// Batches that the ledger works on at once.
const SUBMITTED_MAX: usize = 4;
/// Pauses while the ledger does not answer: these, then the last again.
const PAUSES_MS: [u64; 5] = [50, 100, 200, 400, 1_000];
/// How often a batch is sent before the import gives up: about five minutes.
const TRIES_MAX: usize = 300;

/// What the parser hands on.
enum Parsed {
    Header(Vec<String>),
    Batch(Batch),
    Failed(Refusal),
}

/// Rows and row errors from a stretch of the file.
#[derive(Default)]
struct Batch {
    rows: Vec<PortfolioRow>,
    errors: Vec<RowError>,
    bytes: u64,
}

/// A batch ready for the ledger.
struct Sealed {
    prepared: Vec<Prepared>,
    errors: Vec<RowError>,
    bytes: u64,
}

/// A batch that the ledger has answered.
struct Done {
    taken: u64,
    unchanged: u64,
    errors: Vec<RowError>,
    bytes: u64,
}

/// Imports a file.
pub(crate) async fn run(
    run: Run,
    ledger: &Port<Ledger>,
    reader: impl Read + Send + 'static,
    defaults: Defaults,
    mut progress: impl FnMut(Progress) + Send,
) -> Result<ImportReport, Refusal> {
    let started = Instant::now();
    let (parsed, batches) = mpsc::channel(PARSED_MAX);
    tokio::task::spawn_blocking(move || parse(reader, defaults, &parsed));
    let mut report = ImportReport { complete: true, ..ImportReport::default() };
    let mut batches = batches;
    match batches.recv().await {
        Some(Parsed::Header(ignored)) => report.ignored_columns = ignored,
        Some(Parsed::Failed(refusal)) => return Err(refusal),
        Some(Parsed::Batch(_)) | None => return Err(Code::UNAVAILABLE.into()),
    }
    let batches = futures::stream::unfold(batches, |mut batches| async move {
        batches.recv().await.map(|batch| (batch, batches))
    });
    let done = batches
        .map(|parsed| seal(run.clone(), parsed))
        .buffered(SEALING_MAX)
        .map(|sealed| async move { submit(ledger, sealed?).await })
        .buffered(SUBMITTED_MAX);
    let mut done = std::pin::pin!(done);
    while let Some(batch) = done.next().await {
        let Done { taken, unchanged, errors, bytes } = batch?;
        report.taken += taken;
        report.unchanged += unchanged;
        for error in errors {
            report.complete &= !error.is_unreadable();
            report.refuse(error);
        }
        progress(report.progress(bytes));
    }
    report.took = started.elapsed();
    Ok(report)
}

/// Reads the file to its end, or until nobody wants more.
fn parse(reader: impl Read, defaults: Defaults, parsed: &mpsc::Sender<Parsed>) {
    let mut portfolio = match Portfolio::open(reader, defaults) {
        Ok(portfolio) => portfolio,
        Err(error) => {
            drop(parsed.blocking_send(Parsed::Failed(unreadable(&error))));
            return;
        }
    };
    let ignored = portfolio.ignored_columns().to_vec();
    if parsed.blocking_send(Parsed::Header(ignored)).is_err() {
        return;
    }
    let mut batch = Batch { rows: Vec::with_capacity(BATCH_ROWS), ..Batch::default() };
    while let Some(row) = portfolio.next() {
        match row {
            Ok(row) => batch.rows.push(row),
            Err(error) => batch.errors.push(error),
        }
        if batch.rows.len() + batch.errors.len() < BATCH_ROWS {
            continue;
        }
        let next = Batch { rows: Vec::with_capacity(BATCH_ROWS), ..Batch::default() };
        let full = Batch { bytes: portfolio.offset(), ..std::mem::replace(&mut batch, next) };
        if parsed.blocking_send(Parsed::Batch(full)).is_err() {
            return;
        }
    }
    batch.bytes = portfolio.offset();
    drop(parsed.blocking_send(Parsed::Batch(batch)));
}

fn unreadable(error: &PortfolioError) -> Refusal {
    let code = match error {
        PortfolioError::Io(_) => Code::UNAVAILABLE,
        _ => Code::MALFORMED,
    };
    Reason::detail(code, error.to_string()).into()
}

/// Seals a batch on a thread of its own: it computes for tens of milliseconds.
async fn seal(run: Run, parsed: Parsed) -> Result<Sealed, Refusal> {
    let Batch { rows, mut errors, bytes } = match parsed {
        Parsed::Batch(batch) => batch,
        Parsed::Failed(refusal) => return Err(refusal),
        Parsed::Header(_) => Batch::default(),
    };
    let runtime = Handle::current();
    let sealing = tokio::task::spawn_blocking(move || runtime.block_on(run.prepare(&rows)));
    let rows = match sealing.await {
        Ok(Ok(rows)) => rows,
        Ok(Err(error)) => return Err(vault_failed(&error)),
        Err(error) => {
            tracing::error!(%error, "sealing did not end");
            return Err(Code::UNAVAILABLE.into());
        }
    };
    let mut prepared = Vec::with_capacity(rows.len());
    for row in rows {
        match row {
            Ok(row) => prepared.push(row),
            Err(error) => errors.push(error),
        }
    }
    Ok(Sealed { prepared, errors, bytes })
}

/// Gives a batch to the ledger until each row has an answer for good.
async fn submit(ledger: &Port<Ledger>, sealed: Sealed) -> Result<Done, Refusal> {
    let Sealed { prepared, errors, bytes } = sealed;
    let mut done = Done { taken: 0, unchanged: 0, errors, bytes };
    let (mut lines, mut orders): (Vec<u64>, Vec<Order<LedgerCommand>>) =
        prepared.into_iter().map(|row| (row.line, row.order)).unzip();
    for attempt in 0..TRIES_MAX {
        if orders.is_empty() {
            break;
        }
        // Kept for a retry of those that are not answered; a copy costs less than the decision.
        let answers = ledger.submit_all(orders.clone()).await;
        let again = done.take(&lines, answers);
        if again.is_empty() {
            orders.clear();
            break;
        }
        lines = again.iter().map(|index| lines[*index]).collect();
        orders = again.iter().map(|index| orders[*index].clone()).collect();
        let pause_ms = PAUSES_MS[attempt.min(PAUSES_MS.len() - 1)];
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
    }
    if !orders.is_empty() {
        let detail = "the ledger did not answer; import the same file again, what was taken stays";
        return Err(Reason::detail(Code::UNAVAILABLE, detail).into());
    }
    done.errors.sort_by_key(|error| error.line);
    Ok(done)
}

impl Done {
    /// Counts the answers; returns the indexes of those that are to be asked again.
    fn take(&mut self, lines: &[u64], answers: Vec<Answered<Ledger>>) -> Vec<usize> {
        let mut again = Vec::new();
        for (index, (line, answer)) in lines.iter().zip(answers).enumerate() {
            match answer {
                Ok(LedgerAnswer::Unchanged) => self.unchanged += 1,
                Ok(_) => self.taken += 1,
                Err(refusal) if is_transient(&refusal) => again.push(index),
                Err(refusal) => self.errors.push(row_error(*line, &refusal)),
            }
        }
        again
    }
}

fn row_error(line: u64, refusal: &Refusal) -> RowError {
    let problem = |reason: &Reason| Problem {
        column: "(row)".to_owned(),
        expected: match reason.code {
            Code::CASE_DIFFERS => "a new reference, or the row as it was imported before".to_owned(),
            _ => "a case that the ledger takes".to_owned(),
        },
        got: reason.detail.clone().unwrap_or_else(|| reason.code.word().to_owned()),
        code: reason.code,
    };
    RowError { line, problems: refusal.reasons.iter().map(problem).collect() }
}
