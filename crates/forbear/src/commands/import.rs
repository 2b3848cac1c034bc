//! `import`.

use std::fs::File;
use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use super::{count, print, text};
use crate::cli::{Format, Import};
use crate::client::Client;
use crate::failure::Failure;

/// Row errors printed; the JSON has more.
const SHOWN: usize = 20;

pub(super) fn run(import: Import, format: Format) -> Result<(), Failure> {
    let failed = |error| Failure::usage(format!("{}: {error}", import.file.display()));
    let file = File::open(&import.file).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let client = Client::signed_in(&import.server)?;
    // The platform takes bytes only as fast as it makes their cases durable, so bytes sent are progress.
    let progress = if stderr().is_terminal() { ProgressBar::new(length) } else { ProgressBar::hidden() };
    if let Ok(style) =
        ProgressStyle::with_template("{bar:40} {percent:>3}% {bytes} of {total_bytes}, {eta} left")
    {
        progress.set_style(style);
    }
    let reader = progress.wrap_read(file);
    let report = client.upload(&format!("/v1/lenders/{}/cases", import.lender), reader)?;
    progress.finish_and_clear();
    print(format, &report, describe);
    if report["complete"] == Value::Bool(false) {
        return Err(Failure::failed("the file could not be read to its end"));
    }
    Ok(())
}

fn describe(report: &Value) -> String {
    let mut out = format!(
        "{} taken, {} unchanged, {} refused ({} a second)\n",
        count(&report["taken"], "case"),
        report["unchanged"],
        count(&report["refused"], "row"),
        text(&report["cases_per_second"])
    );
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
