//! The stages of an import and how they wait for each other.

use std::io::Read;
use std::time::{Duration, Instant};

use events::ledger::LedgerAnswer;
use events::{Code, Reason, Refusal};
use futures::StreamExt;
use ledger::Ledger;
use runtime::Port;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::command::{Commanding, PreparedRows, Run};
use super::digesting::Digesting;
use super::report::{ImportReport, Progress};
use crate::platform::vault_failed;
use crate::portfolio::{Defaults, PortfolioError, Problem, RowError, Rows};

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
enum Parsed<T> {
    Header(Header),
    Batch(Batch<T>),
    Failed(Refusal),
}

/// What the header says.
struct Header {
    ignored: Vec<String>,
    /// What the file calls the column of the reference.
    reference: String,
}

/// Rows and row errors from a stretch of the file.
struct Batch<T> {
    rows: Vec<T>,
    errors: Vec<RowError>,
    bytes: u64,
}

impl<T> Batch<T> {
    fn new() -> Self {
        Self { rows: Vec::with_capacity(BATCH_ROWS), errors: Vec::new(), bytes: 0 }
    }
}

/// A batch ready for the ledger. Its rows are kept: should the ledger not answer, they are prepared again, into the same
/// commands, which costs less than a copy of every command for the case that seldom comes.
struct Sealed<T> {
    rows: Vec<T>,
    prepared: PreparedRows,
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

/// Imports a file of rows of one kind.
pub(crate) async fn run<T: Commanding>(
    run: &Run,
    ledger: &Port<Ledger>,
    reader: impl Read + Send + 'static,
    defaults: Defaults,
    mut progress: impl FnMut(Progress) + Send,
) -> Result<ImportReport, Refusal> {
    let started = Instant::now();
    let (reader, digest) = Digesting::new(reader);
    let (parsed, batches) = mpsc::channel(PARSED_MAX);
    tokio::task::spawn_blocking(move || parse::<T>(reader, defaults, &parsed));
    let mut report = ImportReport { complete: true, ..ImportReport::default() };
    let mut batches = batches;
    let reference = match batches.recv().await {
        Some(Parsed::Header(Header { ignored, reference })) => {
            report.ignored_columns = ignored;
            reference
        }
        Some(Parsed::Failed(refusal)) => return Err(refusal),
        Some(Parsed::Batch(_)) | None => return Err(Code::UNAVAILABLE.into()),
    };
    let batches = futures::stream::unfold(batches, |mut batches| async move {
        batches.recv().await.map(|batch| (batch, batches))
    });
    let reference = reference.as_str();
    let done = batches
        .map(|parsed| seal(run, parsed))
        .buffered(SEALING_MAX)
        .map(|sealed| async move { submit(run, ledger, reference, sealed?).await })
        .buffered(SUBMITTED_MAX);
    let mut done = std::pin::pin!(done);
    while let Some(batch) = done.next().await {
        let Done { taken, unchanged, errors, bytes } = batch?;
        report.taken += taken;
        report.unchanged += unchanged;
        for error in errors {
            report.refuse(error);
        }
        progress(report.progress(bytes));
    }
    report.file = run.file_digest(&digest.end());
    report.took = started.elapsed();
    Ok(report)
}

/// Reads the file to its end, or until nobody wants more.
fn parse<T: Commanding>(reader: impl Read, defaults: Defaults, parsed: &mpsc::Sender<Parsed<T>>) {
    let mut file: Rows<_, T> = match Rows::open(reader, defaults) {
        Ok(file) => file,
        Err(error) => {
            drop(parsed.blocking_send(Parsed::Failed(unreadable(&error))));
            return;
        }
    };
    let (ignored, reference) = (file.ignored_columns().to_vec(), file.reference_column().to_owned());
    if parsed.blocking_send(Parsed::Header(Header { ignored, reference })).is_err() {
        return;
    }
    let mut batch = Batch::new();
    while let Some(row) = file.next() {
        match row {
            Ok(row) => batch.rows.push(row),
            Err(error) => batch.errors.push(error),
        }
        if batch.rows.len() + batch.errors.len() < BATCH_ROWS {
            continue;
        }
        let full = Batch { bytes: file.offset(), ..std::mem::replace(&mut batch, Batch::new()) };
        if parsed.blocking_send(Parsed::Batch(full)).is_err() {
            return;
        }
    }
    batch.bytes = file.offset();
    drop(parsed.blocking_send(Parsed::Batch(batch)));
}

/// Why nothing of a file was read.
pub(super) fn unreadable(error: &PortfolioError) -> Refusal {
    let code = match error {
        PortfolioError::Io(_) => Code::UNAVAILABLE,
        _ => Code::MALFORMED,
    };
    Reason::detail(code, error.to_string()).into()
}

/// Seals a batch.
async fn seal<T: Commanding>(run: &Run, parsed: Parsed<T>) -> Result<Sealed<T>, Refusal> {
    let Batch { rows, errors, bytes } = match parsed {
        Parsed::Batch(batch) => batch,
        Parsed::Failed(refusal) => return Err(refusal),
        Parsed::Header(_) => Batch::new(),
    };
    let (rows, prepared) = prepare(run, rows).await?;
    Ok(Sealed { rows, prepared, errors, bytes })
}

/// Prepares rows on a thread of its own: it computes for tens of milliseconds.
async fn prepare<T: Commanding>(run: &Run, rows: Vec<T>) -> Result<(Vec<T>, PreparedRows), Refusal> {
    let (run, runtime) = (run.clone(), Handle::current());
    let sealing = tokio::task::spawn_blocking(move || {
        let prepared = runtime.block_on(T::prepare(&run, &rows));
        (rows, prepared)
    });
    match sealing.await {
        Ok((rows, Ok(prepared))) => Ok((rows, prepared)),
        Ok((_, Err(error))) => Err(vault_failed(&error)),
        Err(error) => {
            tracing::error!(%error, "sealing did not end");
            Err(Code::UNAVAILABLE.into())
        }
    }
}

/// Gives a batch to the ledger until each row has an answer for good.
async fn submit<T: Commanding>(
    run: &Run,
    ledger: &Port<Ledger>,
    reference: &str,
    sealed: Sealed<T>,
) -> Result<Done, Refusal> {
    let Sealed { mut rows, mut prepared, errors, bytes } = sealed;
    let mut done = Done { taken: 0, unchanged: 0, errors, bytes };
    for attempt in 0..TRIES_MAX {
        let again = done.give(ledger, reference, std::mem::take(&mut prepared)).await;
        if again.is_empty() {
            done.errors.sort_by_key(|error| error.line);
            return Ok(done);
        }
        let pause_ms = PAUSES_MS[attempt.min(PAUSES_MS.len() - 1)];
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        // Lines are in order, in the rows and so in the answers.
        rows.retain(|row| again.binary_search(&row.line()).is_ok());
        (rows, prepared) = prepare(run, rows).await?;
    }
    let detail = "the ledger did not answer; import the same file again, what was taken stays";
    Err(Reason::detail(Code::UNAVAILABLE, detail).into())
}

impl Done {
    /// Gives what is prepared, and counts the answers; returns the lines that are to be given again.
    async fn give(&mut self, ledger: &Port<Ledger>, reference: &str, prepared: PreparedRows) -> Vec<u64> {
        let mut lines = Vec::with_capacity(prepared.len());
        let mut orders = Vec::with_capacity(prepared.len());
        for row in prepared {
            match row {
                Ok(row) => {
                    lines.push(row.line);
                    orders.push(row.order);
                }
                Err(error) => self.errors.push(error),
            }
        }
        let mut again = Vec::new();
        for (line, answer) in lines.into_iter().zip(ledger.submit_all(orders).await) {
            match answer {
                Ok(LedgerAnswer::Unchanged) => self.unchanged += 1,
                Ok(_) => self.taken += 1,
                Err(refusal) if refusal.is_transient() => again.push(line),
                Err(refusal) => self.errors.push(row_error(line, reference, &refusal)),
            }
        }
        again
    }
}

/// What the ledger says of a row, in the words of the file.
fn row_error(line: u64, reference: &str, refusal: &Refusal) -> RowError {
    let problem = |reason: &Reason| {
        let (column, expected) = match reason.code {
            Code::CASE_DIFFERS => (reference, "a new reference, or the row as it was imported before"),
            Code::CASE_UNKNOWN => (reference, "the reference of a case that was dispatched"),
            Code::CASE_CLOSED => (reference, "the reference of an open case"),
            Code::FIGURES_OUTDATED => ("(row)", "figures of a later day"),
            _ => ("(row)", "a case that the ledger takes"),
        };
        let got = match reason.code {
            // The detail names the case by a pseudonym, which the lender does not know.
            Code::CASE_UNKNOWN => "one that is not known".to_owned(),
            code => reason.detail.clone().unwrap_or_else(|| code.word().to_owned()),
        };
        Problem { column: column.to_owned(), expected: expected.to_owned(), got, code: reason.code }
    };
    RowError { line, problems: refusal.reasons.iter().map(problem).collect() }
}
