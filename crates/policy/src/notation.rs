//! Values as a pack's text writes them. Differences and refusals show them so.

use std::fmt;

use crate::pack::{Applies, ConsentTerms, Owner, Window};
use crate::sets::{Day, DaySet};
use crate::span::Span;

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Days(1) => f.write_str("1 day"),
            Self::Days(days) => write!(f, "{days} days"),
            Self::Week => f.write_str("week"),
            Self::Month => f.write_str("month"),
            Self::RollingMs(ms) => f.write_str(&duration(*ms)),
            Self::Ever => f.write_str("ever"),
        }
    }
}

/// A duration in its largest whole unit.
pub(crate) fn duration(ms: i64) -> String {
    const UNITS: [(i64, &str); 3] = [(3_600_000, "hour"), (60_000, "minute"), (1_000, "second")];
    for (unit_ms, unit) in UNITS {
        if ms % unit_ms == 0 {
            let amount = ms / unit_ms;
            return format!("{amount} {unit}{}", if amount == 1 { "" } else { "s" });
        }
    }
    format!("{ms} ms")
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}-{}", days(self.days), clock(self.from_s), clock(self.until_s))
    }
}

/// `08:00:01`.
pub(crate) fn clock(second: u32) -> String {
    format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

fn days(days: DaySet) -> String {
    if days == DaySet::ALL {
        return "daily".to_owned();
    }
    let runs: Vec<String> = day_runs(days)
        .into_iter()
        .map(|(first, last)| match first == last {
            true => first.word().to_owned(),
            false => format!("{}-{}", first.word(), last.word()),
        })
        .collect();
    runs.join(",")
}

/// The days, as runs of days that follow each other.
pub(crate) fn day_runs(days: DaySet) -> Vec<(Day, Day)> {
    let mut runs: Vec<(Day, Day)> = Vec::new();
    for day in days.words() {
        match runs.last_mut() {
            Some((_, last)) if *last as u16 + 1 == day as u16 => *last = day,
            _ => runs.push((day, day)),
        }
    }
    runs
}

impl fmt::Display for Applies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everywhere => f.write_str("everywhere"),
            Self::Otherwise => f.write_str("otherwise"),
            Self::Regions(regions) => f.write_str(&list(regions.iter().map(|region| region.as_str()))),
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Platform => f.write_str("platform"),
            Self::Lender(lender) => lender.fmt(f),
            Self::Agency(agency) => agency.fmt(f),
        }
    }
}

impl fmt::Display for ConsentTerms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.at_most_days.map(|days| format!("at-most-days {days}"));
        let talk = self.ends_with_conversation.then(|| "ends-with-conversation".to_owned());
        let terms: Vec<String> = days.into_iter().chain(talk).collect();
        f.write_str(&terms.join(", "))
    }
}

/// Words with commas; `none` where there is none.
pub(crate) fn list<T: AsRef<str>>(words: impl Iterator<Item = T>) -> String {
    let words: Vec<T> = words.collect();
    if words.is_empty() {
        return "none".to_owned();
    }
    words.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ")
}
