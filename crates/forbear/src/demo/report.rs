//! What happened, for people and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use api::{ImportReport, PlacementRun, Principal, Recount, Target};
use events::{Code, Service};
use serde::Serialize;

use super::DemoError;
use super::days::Seen;
use crate::node::Node;

/// What the demonstration itself knows.
pub struct Facts {
    pub seed: u64,
    pub days: u32,
    pub services: &'static str,
    pub rows: u64,
    pub expected_bad: u64,
    pub import: ImportReport,
    pub placement: PlacementRun,
    pub seen: Seen,
    pub wall: Duration,
    pub dialing_took: Duration,
}

/// The report. Every figure but the times is the same for the same seed.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// Simulated days.
    pub days: u32,
    /// How the services ran.
    pub services: &'static str,
    /// Rows of the lender's file.
    pub rows: u64,
    /// Cases opened.
    pub cases: u64,
    /// Rows refused.
    pub rows_refused: u64,
    /// Of these, such as were spoiled on purpose.
    pub rows_spoiled: u64,
    /// Cases placed with an agency.
    pub placed: u64,
    /// Permits asked for.
    pub asked: u64,
    /// Permits given.
    pub allowed: u64,
    /// Permits refused.
    pub refused: u64,
    /// How often each rule refused; one refusal may have several.
    pub refused_by_rule: BTreeMap<&'static str, u64>,
    /// Calls placed.
    pub calls: u64,
    /// Calls settled, by outcome.
    pub settled: BTreeMap<&'static str, u64>,
    /// Permits not used in time.
    pub expired: u64,
    /// Permits voided by stops.
    pub voided: u64,
    /// From the independent recount: permits or calls beyond a cap.
    pub over_cap: u64,
    /// From the independent recount: permits given after a stop.
    pub permits_after_stop: u64,
    /// The recount from the log, the gate's figures, the audit's and the dialers' own are the same.
    pub recount_matches: bool,
    /// Everything else that the recount looks for: all zero.
    pub other_findings: u64,
    /// What the dialers saw.
    pub seen: Seen,
    /// Asked, allowed and refused per agency.
    pub agencies: Vec<AgencyLine>,
    /// The most-called number.
    pub most_called: Option<MostCalled>,
    /// Events in all logs.
    pub events: u64,
    /// Bytes of an event in the log, its share of record and envelope included; only where the log is in
    /// this process.
    pub bytes_per_event: Option<f64>,
    /// From the first byte of the import to the last figure.
    pub wall_s: f64,
    /// Of this, the dialing.
    pub dialing_s: f64,
    /// Events per second over the whole.
    pub events_per_s: f64,
    /// Cases per second of the import.
    pub import_cases_per_s: u64,
}

/// One agency.
#[derive(Debug, Clone, Serialize)]
pub struct AgencyLine {
    /// Which.
    pub agency: String,
    /// Its name.
    pub name: String,
    /// Permits asked for.
    pub asked: u64,
    /// Permits given.
    pub allowed: u64,
    /// Calls placed.
    pub calls: u64,
}

/// A contact point and what happened to it.
#[derive(Debug, Clone, Serialize)]
pub struct MostCalled {
    /// Its pseudonym.
    pub contact: String,
    /// Calls placed to it.
    pub calls: u32,
    /// The first things that happened to it.
    pub timeline: Vec<String>,
}

/// Timeline entries read and lines shown.
const TIMELINE_READ: u32 = 500;
const TIMELINE_SHOWN: usize = 16;

/// Asks the platform what happened.
pub async fn collect(node: &Node, facts: Facts) -> Result<Report, DemoError> {
    let operator = Principal::Operator;
    let platform = &node.platform;
    let figures = platform.figures(&operator).await?;
    let recount = platform.recount(&operator).await?;
    let (gate, audit) = (&figures.gate, &figures.audit);
    let same = |recount: &Recount| {
        (recount.asked, recount.allowed, recount.refused) == (gate.asked, gate.allowed, gate.refused)
            && recount.refused_by_code == gate.refused_by
            && (recount.calls, recount.expired, recount.voided) == (gate.redeemed, gate.expired, gate.voided)
            && recount.settled == gate.settled
            && (audit.totals.asked, audit.totals.allowed) == (gate.asked, gate.allowed)
            && (facts.seen.asked, facts.seen.allowed, facts.seen.calls)
                == (gate.asked, gate.allowed, gate.redeemed)
    };
    let most_called = match audit.most_called.first() {
        Some(most) => Some(MostCalled {
            contact: most.contact.to_string(),
            calls: most.calls,
            timeline: timeline(node, most.contact).await?,
        }),
        None => None,
    };
    let findings = recount.findings;
    let all_findings = [
        findings.redeemed_after_stop,
        findings.double_used,
        findings.without_permit,
        findings.redeemed_late,
        findings.redeemed_void,
        findings.outside_hours,
        findings.zone_unknown,
        findings.policy_wrong,
        findings.given_back_wrongly,
        recount.not_read,
    ];
    let wall_s = facts.wall.as_secs_f64();
    Ok(Report {
        seed: facts.seed,
        days: facts.days,
        services: facts.services,
        rows: facts.rows,
        cases: facts.import.taken,
        rows_refused: facts.import.refused.total,
        rows_spoiled: facts.expected_bad,
        placed: facts.placement.placed,
        asked: gate.asked,
        allowed: gate.allowed,
        refused: gate.refused,
        refused_by_rule: gate.refused_by.iter().map(|(code, count)| (code.word(), *count)).collect(),
        calls: gate.redeemed,
        settled: gate.settled.iter().map(|(outcome, count)| (outcome.word(), *count)).collect(),
        expired: gate.expired,
        voided: gate.voided,
        over_cap: findings.over_cap,
        permits_after_stop: findings.permits_after_stop,
        recount_matches: same(&recount),
        other_findings: all_findings.iter().sum(),
        agencies: audit
            .agencies
            .iter()
            .map(|line| AgencyLine {
                agency: line.agency.to_string(),
                name: line.name.clone().unwrap_or_default(),
                asked: line.figures.asked,
                allowed: line.figures.allowed,
                calls: line.figures.redeemed,
            })
            .collect(),
        most_called,
        events: audit.events,
        bytes_per_event: bytes_per_event(node),
        wall_s,
        dialing_s: facts.dialing_took.as_secs_f64(),
        events_per_s: audit.events as f64 / wall_s,
        import_cases_per_s: facts.import.cases_per_second(),
        seen: facts.seen,
    })
}

fn bytes_per_event(node: &Node) -> Option<f64> {
    let parts = node.platform.parts();
    let of = |service, partitions| node.metrics.durable(service, partitions);
    let totals = [
        of(Service::Ledger, parts.ledger.partitions()),
        of(Service::Assignment, 1),
        of(Service::Gate, parts.gate.partitions()),
    ];
    let (events, bytes) = totals.iter().fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
    (events > 0).then(|| bytes as f64 / events as f64)
}

async fn timeline(node: &Node, contact: model::ContactPointId) -> Result<Vec<String>, DemoError> {
    let operator = Principal::Operator;
    let target = Target::Point(contact);
    let page = node.platform.contact_timeline(&operator, &target, TIMELINE_READ, None).await?;
    // What repeats without a break is one line with a count.
    let mut lines: Vec<(String, String, u32)> = Vec::new();
    for entry in &page.entries {
        let what = what(entry);
        match lines.last_mut() {
            Some((_, last, times)) if *last == what => *times += 1,
            _ => lines.push((shanghai(entry.at), what, 1)),
        }
    }
    let show = |(at, what, times): (String, String, u32)| match times {
        1 => format!("{at} {what}"),
        _ => format!("{at} {what}, {times} times"),
    };
    Ok(lines.into_iter().take(TIMELINE_SHOWN).map(show).collect())
}

fn what(entry: &api::TimelineEntry) -> String {
    let mut what = entry.kind.clone();
    if let Some(agency) = entry.agency {
        let _ = write!(what, " {agency}");
    }
    if let Some(outcome) = entry.outcome {
        let _ = write!(what, " {outcome}");
    }
    let reasons: Vec<_> = entry.reasons.iter().map(|reason| reason.code.word()).collect();
    if !reasons.is_empty() {
        let _ = write!(what, " ({})", reasons.join(", "));
    }
    what
}

/// Local time of the demonstration, UTC+8 without daylight saving.
fn shanghai(at: model::Timestamp) -> String {
    api::json::rfc3339(at.plus_ms(8 * 3_600_000))
        .chars()
        .take(19)
        .map(|c| if c == 'T' { ' ' } else { c })
        .collect()
}

impl Report {
    /// All promises that the demonstration checks were kept.
    pub fn kept(&self) -> bool {
        self.over_cap == 0 && self.permits_after_stop == 0 && self.other_findings == 0 && self.recount_matches
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a string does not fail.
        let _ = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let Self { days, seed, services, seen, .. } = self;
        writeln!(out, "Forbear demonstration: {days} days, seed {seed}, {services}\n")?;
        writeln!(
            out,
            "  the lender's file   {:>9} rows, {} cases opened, {} refused ({} spoiled on purpose), {} cases/s",
            self.rows, self.cases, self.rows_refused, self.rows_spoiled, self.import_cases_per_s
        )?;
        writeln!(
            out,
            "  placed              {:>9} cases with {} agencies",
            self.placed,
            self.agencies.len()
        )?;
        writeln!(out, "\n  permits asked for   {:>9}", self.asked)?;
        writeln!(out, "  allowed             {:>9}", self.allowed)?;
        writeln!(out, "  refused             {:>9}   by rule (a refusal may have several):", self.refused)?;
        let mut rules: Vec<_> = self.refused_by_rule.iter().collect();
        rules.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (rule, count) in rules {
            let code = Code::ALL.iter().find(|code| code.word() == *rule).copied().unwrap_or(Code(0));
            writeln!(out, "    {code} {rule:<22} {count:>9}")?;
        }
        writeln!(out, "  calls placed        {:>9}", self.calls)?;
        for (outcome, count) in &self.settled {
            writeln!(out, "    {outcome:<28} {count:>9}")?;
        }
        writeln!(out, "  permits expired     {:>9}   voided by stops {}", self.expired, self.voided)?;
        writeln!(out, "\n  agency                          asked   allowed     calls")?;
        for line in &self.agencies {
            writeln!(
                out,
                "    {:<10} {:<12} {:>9} {:>9} {:>9}",
                line.agency, line.name, line.asked, line.allowed, line.calls
            )?;
        }
        writeln!(out, "\n  The man who said stop, on five contracts with several agencies:")?;
        writeln!(
            out,
            "    in force after {:.2} ms, on disk, under load; {} permits voided, {} calls cut off on their way,",
            seen.stop_ack_ms, seen.stop_voided, seen.stop_cut_off
        )?;
        writeln!(out, "    {} attempts refused since", seen.refused_after_stop)?;
        writeln!(out, "  The stranger whom three borrowers named as their emergency contact:")?;
        writeln!(
            out,
            "    {} attempts, {} allowed: the one notice that asks her; she answered \"I don't know this person\"",
            seen.stranger_asked, seen.stranger_allowed
        )?;
        if let Some(most) = &self.most_called {
            writeln!(
                out,
                "\n  The most-called number: {}, {} calls in {days} days; how it began:",
                most.contact, most.calls
            )?;
            for line in &most.timeline {
                writeln!(out, "    {line}")?;
            }
        }
        writeln!(out, "\n  Recounted from the log, sharing no code with the gate:")?;
        writeln!(out, "    calls over a cap          {:>9}", self.over_cap)?;
        writeln!(out, "    permits after a stop      {:>9}", self.permits_after_stop)?;
        writeln!(out, "    other findings            {:>9}", self.other_findings)?;
        let matches = if self.recount_matches { "yes" } else { "NO" };
        writeln!(out, "    same figures as the gate  {matches:>9}")?;
        write!(out, "\n  {} events in {:.1} s ({:.0} a second", self.events, self.wall_s, self.events_per_s)?;
        match self.bytes_per_event {
            Some(bytes) => writeln!(out, ", {bytes:.0} bytes each in the log)"),
            None => writeln!(out, ")"),
        }
    }
}
