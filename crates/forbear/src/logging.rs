//! Structured log lines on standard error. No field of any of them is personal data.

use std::io::IsTerminal;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging. Libraries are kept to warnings.
pub fn start(level: tracing::Level, json: bool) {
    let ours = ["forbear", "api", "audit", "console", "eventlog", "runtime", "vault"];
    let targets = Targets::new()
        .with_default(LevelFilter::WARN.min(LevelFilter::from_level(level)))
        .with_targets(ours.map(|name| (name, level)));
    let registry = tracing_subscriber::registry().with(targets);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    // Colours are for terminals; a file would keep their codes.
    let layer = layer.with_ansi(std::io::stderr().is_terminal());
    // A second start in one process keeps the first.
    let started = if json { registry.with(layer.json()).try_init() } else { registry.with(layer).try_init() };
    drop(started);
}
