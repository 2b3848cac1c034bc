//! `import`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{IsTerminal, stderr};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use api::portfolio::{ColumnNames, Defaults};
use api::{FileImport, check_file};
use events::ledger::FileKind;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::{count, print, text};
use crate::cli::{Format, Import};
use crate::client::Client;
use crate::failure::Failure;

const DAY_S: u64 = 86_400;

/// Row errors printed; the JSON has more.
const SHOWN: usize = 20;

pub(super) fn run(import: Import, format: Format) -> Result<(), Failure> {
    let failed = |error| Failure::usage(format!("{}: {error}", import.file.display()));
    let file = File::open(&import.file).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let names = import.columns.as_deref().map_or(Ok(BTreeMap::new()), names)?;
    let kind = FileKind::from(import.kind);
    // The platform takes bytes only as fast as it makes their cases durable, so bytes sent are progress.
    let progress = if stderr().is_terminal() { ProgressBar::new(length) } else { ProgressBar::hidden() };
    if let Ok(style) =
        ProgressStyle::with_template("{bar:40} {percent:>3}% {bytes} of {total_bytes}, {eta} left")
    {
        progress.set_style(style);
    }
    let reader = progress.wrap_read(file);
    let report = match import.lender.filter(|_| !import.check) {
        None => check(&import, &names, reader)?,
        Some(lender) => {
            let client = Client::signed_in(&import.server)?;
            let mut query = vec![("kind", kind.word().to_owned())];
            if !names.is_empty() {
                query.push(("columns", json!(names).to_string()));
            }
            query.extend(import.product.map(|product| ("product", product)));
            query.extend(import.currency.map(|currency| ("currency", currency.to_string())));
            query.extend(import.jurisdiction.map(|jurisdiction| ("jurisdiction", jurisdiction)));
            client.upload(&format!("/v1/lenders/{lender}/cases"), &query, reader)?
        }
    };
    progress.finish_and_clear();
    print(format, &report, |report| describe(report, kind));
    if report["complete"] == Value::Bool(false) {
        return Err(Failure::failed("the file could not be read to its end"));
    }
    Ok(())
}

/// The lender's own names of columns, from a file of them.
fn names(path: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let failed = |error: String| Failure::usage(format!("{}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    let names = toml::from_str(&text).map_err(|error| failed(error.to_string()))?;
    column_names(&names).map_err(failed)?;
    Ok(names)
}

fn column_names(names: &BTreeMap<String, String>) -> Result<ColumnNames, String> {
    ColumnNames::new(names.iter().map(|(their, our)| (their.as_str(), our.as_str())))
}

/// Reads the file here.
fn check(
    import: &Import,
    names: &BTreeMap<String, String>,
    reader: impl std::io::Read,
) -> Result<Value, Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(Failure::failed)?;
    let usual = Defaults::default();
    let defaults = Defaults {
        product: import.product.clone().unwrap_or(usual.product),
        currency: import.currency.unwrap_or(usual.currency),
        jurisdiction: import.jurisdiction.clone().unwrap_or(usual.jurisdiction),
        columns: column_names(names).map_err(Failure::usage)?,
        today: i32::try_from(now.as_secs() / DAY_S).ok(),
    };
    let file = FileImport { kind: import.kind.into(), check: true, defaults };
    let report = check_file(file, reader)
        .map_err(|refusal| Failure::usage(format!("{}: {refusal}", import.file.display())))?;
    Ok(report.shape())
}

fn describe(report: &Value, kind: FileKind) -> String {
    let refused = count(&report["refused"], "row");
    let mut out = match report["readable"].as_u64() {
        Some(_) => format!(
            "{} can be read, {refused} cannot; nothing was changed\n",
            count(&report["readable"], "row")
        ),
        None => {
            let done = match kind {
                FileKind::Dispatch => "taken",
                FileKind::Update => "changed",
                FileKind::Recall => "recalled",
            };
            let (taken, speed) = (count(&report["taken"], "case"), text(&report["cases_per_second"]));
            format!(
                "{taken} {done}, {} unchanged, {refused} refused ({speed} a second)\n",
                report["unchanged"]
            )
        }
    };
    let rows = ["taken", "unchanged", "refused", "readable"].map(|figure| report[figure].as_u64());
    if rows.into_iter().flatten().sum::<u64>() == 0 {
        out.push_str("  the file has no rows under its header\n");
    }
    let ignored: Vec<String> = report["ignored_columns"].as_array().into_iter().flatten().map(text).collect();
    if !ignored.is_empty() {
        out.push_str(&format!("  columns that were not looked at: {}\n", ignored.join(", ")));
    }
    let errors: Vec<&Value> = report["errors"].as_array().into_iter().flatten().collect();
    for error in errors.iter().take(SHOWN) {
        for problem in error["problems"].as_array().into_iter().flatten() {
            out.push_str(&format!(
                "  line {}, {}: expected {}, got {}\n",
                error["line"],
                text(&problem["column"]),
                text(&problem["expected"]),
                text(&problem["got"])
            ));
        }
    }
    let rows = report["refused"].as_u64().unwrap_or_default();
    let shown = errors.len().min(SHOWN) as u64;
    if rows > shown {
        out.push_str(&format!(
            "  and {} more rows; --format json has the first {}\n",
            rows - shown,
            errors.len()
        ));
    }
    out
}
