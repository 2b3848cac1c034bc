//! Answers as JSON. One shape for HTTP and for the command line's `--format json`.

mod explained;
mod gate_rules;
mod hold;
mod ledger;
mod replay;

pub use explained::{Reader, explained, reproduction};
pub use hold::hold;
pub use ledger::{booked, party_account, reconciliation, statement, terms};
pub use replay::policy_replay;

use audit::{After, AgencyFigures, AuditFigures, Recount, TimelineEntry, TimelineReason};
use events::assignment::{AgencyView, AssignmentFigures, UnplacedV1};
use events::gate::{
    ConsentAnswer, ConsentCovers, Count, Direction, Figures as GateFigures, Held, NumberCheck, RefusedByV2,
    RuleName, Stop, StopSource,
};
use events::ledger::{CloseReason, LedgerFigures, PauseKind};
use events::{Actor, Position, Reason, Refusal};
use model::{Currency, Money, Timestamp};
use serde_json::{Value, json};

use crate::json::{day, rfc3339};
use crate::platform::{
    CaseContact, CasePerson, CaseSummary, ContactView, HolderView, PlacementRun, PlatformFigures,
    StopReceipt, TimelinePage,
};

/// An amount.
pub fn money(minor: i64, currency: Currency) -> Value {
    json!({
        "minor": minor,
        "currency": currency.to_string(),
        "text": Money { minor, currency }.to_string(),
    })
}

/// A refusal: every reason with its page in the catalogue, and when it would next be allowed.
pub fn refusal(refusal: &Refusal) -> Value {
    json!({
        "reasons": refusal.reasons.iter().map(reason).collect::<Vec<_>>(),
        "next_allowed": refusal.next_allowed.map(rfc3339),
        "decision": refusal.repeats.map(|repeats| repeats.first.0),
    })
}

fn reason(reason: &Reason) -> Value {
    json!({
        "code": reason.code.to_string(),
        "word": reason.code.word(),
        "rule": reason.rule.map(|rule| rule.to_string()),
        "detail": reason.detail,
        "limit": reason.limit,
        "counted": reason.counted,
        "next_allowed": reason.next_allowed.map(rfc3339),
        "page": format!("/v1/refusals/{}", reason.code),
    })
}

/// A case.
pub fn case(summary: &CaseSummary) -> Value {
    let view = &summary.view;
    let accounts: serde_json::Map<String, Value> = view
        .accounts
        .iter()
        .map(|posting| (posting.account.word().to_owned(), money(posting.minor, view.currency)))
        .collect();
    json!({
        "case": summary.case.to_string(),
        "lender": view.lender.to_string(),
        "product": view.product,
        "jurisdiction": view.jurisdiction,
        "opened_on": day(view.opened_on),
        "overdue_since": day(view.overdue_since),
        "balance": money(view.balance, view.currency),
        "accounts": accounts,
        "payments": view.payments,
        "closed": view.closed.map(CloseReason::word),
        "stage": stage(summary),
        "pauses": view.pauses.iter().map(|(kind, until)| json!({
            "kind": kind.word(),
            "until": rfc3339(*until),
        })).collect::<Vec<_>>(),
        "commitment": view.commitment.as_ref().map(|known| ledger::commitment(known, view.currency)),
        "limitation": view.limitation.map(day),
        "interest_until": view.interest_until.map(day),
        "agency": summary.placed.map(|(agency, _)| agency.to_string()),
        "collector": summary.placed.map(|(_, collector)| collector.to_string()),
    })
}

/// Where a case is in its life.
fn stage(summary: &CaseSummary) -> &'static str {
    let view = &summary.view;
    if let Some(reason) = view.closed {
        return reason.word();
    }
    let paused = view.pauses.first().map(|(kind, _)| match kind {
        PauseKind::Dispute => "disputed",
        PauseKind::Hardship => "hardship",
    });
    let agreed = view.commitment.as_ref().filter(|known| known.offered_until.is_none());
    let placed = if summary.placed.is_some() { "in-collection" } else { "received" };
    paused.or(agreed.map(|known| known.kind.word())).unwrap_or(placed)
}

/// An agency.
pub fn agency(view: &AgencyView) -> Value {
    json!({
        "agency": view.agency.to_string(),
        "name": view.name,
        "jurisdictions": view.jurisdictions,
        "lines": view.lines,
        "suspended": view.suspended,
        "capacity": view.capacity,
        "placed": view.placed,
        "collectors": view.collectors,
    })
}

/// A placement run.
pub fn placement_run(run: &PlacementRun) -> Value {
    json!({
        "placed": run.placed,
        "remaining": run.remaining,
        "not_placeable": not_placeable(&run.not_placeable),
        "on_the_way": run.on_the_way,
    })
}

/// A contact point.
pub fn contact(view: &ContactView) -> Value {
    json!({
        "contact": view.contact.to_string(),
        "stop": view.stop.as_ref().map(stop),
        "counts": view.counts.iter().map(counted).collect::<Vec<_>>(),
        "holds": view.holds.iter().map(held).collect::<Vec<_>>(),
        "pending": view.pending,
        "holders": view.holders.iter().map(holder).collect::<Vec<_>>(),
    })
}

fn counted((rule, count): &(RuleName, Count)) -> Value {
    json!({ "rule": rule.as_str(), "counted": count.counted, "limit": count.limit })
}

fn held(held: &Held) -> Value {
    json!({
        "position": held.position.0,
        "at": rfc3339(held.at),
        "kind": held.kind.word(),
        "until": held.until.map(rfc3339),
    })
}

fn stop(stop: &Stop) -> Value {
    json!({
        "position": stop.position.0,
        "at": rfc3339(stop.at),
        "source": stop_source_word(stop.source),
    })
}

fn holder(view: &HolderView) -> Value {
    json!({
        "case": view.case.to_string(),
        "lender": view.lender.to_string(),
        "agency": view.agency.map(|agency| agency.to_string()),
        "agency_name": view.agency_name,
        "role": view.role.word(),
        "consent": view.consent.map(consent_word),
        "closed": view.closed,
    })
}

/// A stop's receipt.
pub fn stop_receipt(receipt: &StopReceipt) -> Value {
    json!({
        "contact": receipt.contact.to_string(),
        "stop": receipt.stop.map(|position| position.0),
        "voided": receipt.voided,
        "changed": receipt.changed,
    })
}

/// The figures of all services.
pub fn figures(figures: &PlatformFigures) -> Value {
    json!({
        "at": rfc3339(figures.at),
        "ledger": ledger_figures(&figures.ledger),
        "assignment": assignment_figures(&figures.assignment),
        "gate": gate_figures(&figures.gate),
        "audit": audit_figures(&figures.audit),
    })
}

fn ledger_figures(figures: &LedgerFigures) -> Value {
    json!({
        "cases": figures.cases,
        "open": figures.open,
        "closed": counts(&figures.closed, |reason| reason.word()),
        "outstanding": amounts(&figures.outstanding),
        "paid": amounts(&figures.paid),
        "payments": figures.payments,
        "unbalanced": figures.unbalanced,
        "misplaced": figures.misplaced,
    })
}

fn assignment_figures(figures: &AssignmentFigures) -> Value {
    json!({
        "agencies": figures.agencies.iter().map(agency).collect::<Vec<_>>(),
        "offered": figures.offered,
        "placed": figures.placed,
        "waiting": figures.waiting,
        "not_placeable": not_placeable(&figures.not_placeable),
        "misplaced": figures.misplaced,
    })
}

fn gate_figures(figures: &GateFigures) -> Value {
    json!({
        "asked": figures.asked,
        "allowed": figures.allowed,
        "refused": figures.refused,
        "refused_by_rule": counts(&figures.refused_by, |code| code.word()),
        "repeated": figures.repeated,
        "redeemed": figures.redeemed,
        "settled": counts(&figures.settled, |outcome| outcome.word()),
        "given_back": figures.given_back,
        "expired": figures.expired,
        "voided": figures.voided,
        "stops": figures.stops,
        "contacts": figures.contacts,
        "policies": figures.policies.iter().map(|(id, version)| json!({ "id": id, "version": version })).collect::<Vec<_>>(),
    })
}

fn audit_figures(figures: &AuditFigures) -> Value {
    let called =
        |most: &audit::MostCalled| json!({ "contact": most.contact.to_string(), "calls": most.calls });
    let stopped = |stop: &audit::StopRecord| {
        json!({
            "contact": stop.contact.to_string(),
            "at": rfc3339(stop.at),
            "source": stop_source_word(stop.source),
            "stream": stop.stream.to_string(),
            "position": stop.position.0,
        })
    };
    json!({
        "agencies": figures.agencies.iter().map(agency_figures).collect::<Vec<_>>(),
        "most_called": figures.most_called.iter().map(called).collect::<Vec<_>>(),
        "stops": figures.stops,
        "last_stops": figures.last_stops.iter().map(stopped).collect::<Vec<_>>(),
        "events": figures.events,
        "not_read": figures.not_read,
    })
}

/// An agency's figures.
pub fn agency_figures(of: &AgencyFigures) -> Value {
    let figures = &of.figures;
    json!({
        "agency": of.agency.to_string(),
        "name": of.name,
        "asked": figures.asked,
        "allowed": figures.allowed,
        "refused": figures.refused,
        "refused_by_rule": counts(&figures.refused_by, |code| code.word()),
        "repeated": figures.repeated,
        "redeemed": figures.redeemed,
        "settled": counts(&figures.settled, |outcome| outcome.word()),
        "given_back": figures.given_back,
        "expired": figures.expired,
        "voided": figures.voided,
    })
}

/// A page of a timeline.
pub fn timeline(page: &TimelinePage) -> Value {
    json!({
        "entries": page.entries.iter().map(timeline_entry).collect::<Vec<_>>(),
        "next": page.next.map(|next| format!("{}~{}~{}", next.at.0, next.stream, next.position)),
    })
}

/// Where a page begins, as [`timeline`] gave it.
pub fn after(text: &str) -> Option<After> {
    let mut parts = text.split('~');
    let after = After {
        at: Timestamp(parts.next()?.parse().ok()?),
        stream: parts.next()?.parse().ok()?,
        position: Position(parts.next()?.parse().ok()?),
    };
    parts.next().is_none().then_some(after)
}

/// A rule that refused, as the log has it.
fn refused_by(reason: &RefusedByV2) -> Value {
    json!({
        "code": reason.code.to_string(),
        "word": reason.code.word(),
        "rule": reason.rule.map(|rule| rule.to_string()),
        "limit": reason.limit,
        "counted": reason.counted,
        "next_allowed": reason.next_allowed.map(rfc3339),
    })
}

fn timeline_entry(entry: &TimelineEntry) -> Value {
    let reason = |reason: &TimelineReason| {
        let &TimelineReason { code, rule, limit, counted, next_allowed } = reason;
        refused_by(&RefusedByV2 { code, rule, limit, counted, next_allowed })
    };
    let mut all = json!({
        "at": rfc3339(entry.at),
        "stream": entry.stream.to_string(),
        "position": entry.position.0,
        "kind": entry.kind,
        "actor": actor(&entry.actor),
        "case": entry.case.map(|case| case.to_string()),
        "contact": entry.contact.map(|contact| contact.to_string()),
        "lender": entry.lender.map(|lender| lender.to_string()),
        "agency": entry.agency.map(|agency| agency.to_string()),
        "collector": entry.collector.map(|collector| collector.to_string()),
        "channel": entry.channel.map(|channel| channel.word()),
        "purpose": entry.purpose.map(|purpose| purpose.word()),
        "line": entry.line.map(|line| line.to_string()),
        "role": entry.role.map(|role| role.word()),
        "permit": entry.permit.map(|permit| permit.0),
        "outcome": entry.outcome.map(|outcome| outcome.word()),
        "given_back": entry.given_back.then_some(true),
        "next_allowed": entry.next_allowed.map(rfc3339),
        "repeated": entry.repeated,
        "stop": entry.stop.map(stop_source_word),
        "minor": entry.minor,
        "reasons": entry.reasons.iter().map(reason).collect::<Vec<_>>(),
    });
    // What an entry does not have is left out: an entry has few of these.
    if let Value::Object(fields) = &mut all {
        fields.retain(|_, value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()));
    }
    all
}

/// Who gave a command, in a word.
pub fn actor(actor: &Actor) -> String {
    match actor {
        Actor::System(instance) => instance.to_string(),
        Actor::Operator => "operator".to_owned(),
        Actor::Lender(lender) => lender.to_string(),
        Actor::Agency(agency) => agency.to_string(),
        Actor::Collector(collector) => collector.to_string(),
        Actor::CalledPerson => "called-person".to_owned(),
        Actor::Follower(service) => format!("follower of {service}"),
    }
}

/// The people of a case. Holds names: for those who may see them, never for a log.
pub fn people(people: &[CasePerson]) -> Value {
    let contact =
        |contact: &CaseContact| json!({ "contact": contact.contact.to_string(), "hint": contact.hint });
    let person = |person: &CasePerson| {
        json!({
            "person": person.person.to_string(),
            "role": person.role.word(),
            "name": person.name,
            "contacts": person.contacts.iter().map(contact).collect::<Vec<_>>(),
        })
    };
    Value::Array(people.iter().map(person).collect())
}

/// A recount.
pub fn recount(recount: &Recount) -> Value {
    json!({
        "events": recount.events,
        "not_read": recount.not_read,
        "asked": recount.asked,
        "allowed": recount.allowed,
        "refused": recount.refused,
        "refused_by_rule": counts(&recount.refused_by_code, |code| code.word()),
        "repeated": recount.repeated,
        "calls": recount.calls,
        "settled": counts(&recount.settled, |outcome| outcome.word()),
        "given_back": recount.given_back,
        "expired": recount.expired,
        "voided": recount.voided,
        "stops": recount.stops,
        "contacts": recount.contacts,
        "recorded": recount.recorded,
        "found_late": recount.found_late,
        "packs_not_read": recount.packs_not_read,
        "rules": recount.rules,
        "rules_not_recounted": recount.rules_not_recounted.iter().map(not_recounted).collect::<Vec<_>>(),
        "findings": recount.findings,
    })
}

fn not_recounted((rule, permits): &(String, u64)) -> Value {
    json!({ "rule": rule, "permits": permits })
}

fn not_placeable(unplaced: &[UnplacedV1]) -> Value {
    let map: serde_json::Map<String, Value> =
        unplaced.iter().map(|unplaced| (unplaced.reason.word().to_owned(), json!(unplaced.cases))).collect();
    Value::Object(map)
}

fn counts<K>(counts: &[(K, u64)], word: impl Fn(&K) -> &'static str) -> Value {
    let map: serde_json::Map<String, Value> =
        counts.iter().map(|(key, count)| (word(key).to_owned(), json!(count))).collect();
    Value::Object(map)
}

/// Sums over many cases may pass 64 bits; they are text in JSON, whose readers lose digits beyond 2^53.
fn amounts(amounts: &[(Currency, i128)]) -> Value {
    let map: serde_json::Map<String, Value> =
        amounts.iter().map(|(currency, minor)| (currency.to_string(), json!(minor.to_string()))).collect();
    Value::Object(map)
}

/// The word of a stop's source.
pub const fn stop_source_word(source: StopSource) -> &'static str {
    match source {
        StopSource::CalledPerson => "called-person",
        StopSource::Collector => "collector",
        StopSource::Operator => "operator",
        StopSource::Regulator => "regulator",
    }
}

/// The source of a word.
pub fn stop_source(word: &str) -> Option<StopSource> {
    use StopSource::{CalledPerson, Collector, Operator, Regulator};
    [CalledPerson, Collector, Operator, Regulator]
        .into_iter()
        .find(|source| stop_source_word(*source) == word)
}

/// The word of an answer.
pub const fn consent_word(answer: ConsentAnswer) -> &'static str {
    match answer {
        ConsentAnswer::Confirmed => "confirmed",
        ConsentAnswer::Refused => "refused",
        ConsentAnswer::UnknownDebtor => "unknown-debtor",
    }
}

/// The answer of a word.
pub fn consent_answer(word: &str) -> Option<ConsentAnswer> {
    use ConsentAnswer::{Confirmed, Refused, UnknownDebtor};
    [Confirmed, Refused, UnknownDebtor].into_iter().find(|answer| consent_word(*answer) == word)
}

/// What a word says that a consent lifts.
pub fn consent_covers(word: &str) -> Option<ConsentCovers> {
    Some(match word {
        "frequency" => ConsentCovers::Frequency,
        "hours" => ConsentCovers::Hours,
        "messages" => ConsentCovers::Messages,
        _ => return None,
    })
}

/// Who began a contact, of a word.
pub fn direction(word: &str) -> Option<Direction> {
    Some(match word {
        "outbound" => Direction::Outbound,
        "inbound" => Direction::Inbound,
        _ => return None,
    })
}

/// What a check found, of a word.
pub fn number_check(word: &str) -> Option<NumberCheck> {
    Some(match word {
        "not-reassigned" => NumberCheck::NotReassigned,
        "not-in-service" => NumberCheck::NotInService,
        "shared-in-order" => NumberCheck::SharedInOrder,
        "fabricated" => NumberCheck::Fabricated,
        _ => return None,
    })
}
