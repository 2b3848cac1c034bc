//! How often: caps, cool-downs, intervals. In the strictest of the zones.

use events::Code;
use events::gate::{ConsentCovers, RuleVerdict};
use model::{CaseId, Outcome, Timestamp};
use policy::pack::{CoolDown, Counted, Frequency, Interval, Window};
use policy::sets::{Exception, Exceptions, Key};

use super::finding::Trace;
use super::{Finding, On, cap_code};
use crate::attempts::Stage;

/// A moment from which something counts no more; `None`: never.
pub(super) type End = Option<Timestamp>;

/// At most so many.
pub(super) fn judge(on: &On<'_, '_>, frequency: &Frequency, trace: &mut Trace) -> Finding {
    let code = cap_code(frequency.window);
    if !on.facts.timed() {
        return Finding::SILENT;
    }
    if excepted(on, frequency.except) {
        return Finding::excepted(code);
    }
    let (limit, mut counted, mut next) = (u32::from(frequency.limit), 0, Some(on.now()));
    // Each debt has a count of its own, and none may pass the limit.
    let per_debt = frequency.scope.has(Key::Debt);
    for debt in on.facts.debts().take(if per_debt { usize::MAX } else { 1 }) {
        let one = count(on, frequency, per_debt.then_some(debt), trace);
        counted = counted.max(one);
        if one >= limit {
            next = later(next, frees_up(on, frequency, per_debt.then_some(debt)));
        }
    }
    let verdict = if counted < limit { RuleVerdict::Allows } else { RuleVerdict::Refuses };
    let next = if counted < limit { None } else { unless_consented(on, frequency.except, next) };
    Finding { verdict, limit: Some(limit), counted: Some(counted), next, ..Finding::allows(code) }
}

/// How many count, in the zone where most do.
fn count(on: &On<'_, '_>, frequency: &Frequency, debt: Option<CaseId>, trace: &mut Trace) -> u32 {
    let mut most = 0;
    // Zones mostly look back to the same moment.
    let mut last = None;
    for clock in on.facts.clocks() {
        let start = clock.window_start(frequency.window, on.now());
        if last == Some(start) {
            continue;
        }
        last = Some(start);
        let mut counted = 0;
        on.each_attempt(frequency.scope, frequency.except, &mut |one| {
            let inside = one.attempt.stage == Stage::Waiting || one.attempt.at >= start;
            if inside
                && kind_counts(frequency.count, one.attempt.stage)
                && debt.is_none_or(|debt| one.toward(debt))
            {
                counted += 1;
                trace.note(one.attempt.position);
            }
        });
        most = most.max(counted);
    }
    most
}

/// The first moment at which fewer than the limit count in every zone, if nothing else happens.
fn frees_up(on: &On<'_, '_>, frequency: &Frequency, debt: Option<CaseId>) -> End {
    let mut latest = Some(on.now());
    for clock in on.facts.clocks() {
        let mut ends: Vec<End> = Vec::new();
        on.each_attempt(frequency.scope, frequency.except, &mut |one| {
            if !kind_counts(frequency.count, one.attempt.stage) || debt.is_some_and(|debt| !one.toward(debt))
            {
                return;
            }
            let end = on.leaves(frequency.window, clock, one.attempt);
            if end.is_none_or(|end| end > on.now()) {
                ends.push(end);
            }
        });
        latest = later(latest, below(ends, frequency.limit, on.now()));
    }
    latest
}

/// When fewer than `limit` of these are left: as many must end as there are too many for one more.
pub(super) fn below(mut ends: Vec<End>, limit: u16, now: Timestamp) -> End {
    ends.sort_unstable_by_key(|end| end.unwrap_or(Timestamp(i64::MAX)));
    match ends.len().checked_sub(usize::from(limit)) {
        Some(surplus) => ends.get(surplus).copied().flatten(),
        None => Some(now),
    }
}

fn kind_counts(kind: Counted, stage: Stage) -> bool {
    match kind {
        Counted::Attempts => true,
        Counted::Unanswered => stage.outcome() != Some(Outcome::Conversation),
        Counted::Communications => stage.outcome().is_none_or(Outcome::conveyed),
    }
}

/// Nothing for a while after a conversation. A contact that is being made, or whose outcome nobody knows, may be one.
pub(super) fn cool_down(on: &On<'_, '_>, cool_down: &CoolDown, trace: &mut Trace) -> Finding {
    if !on.facts.timed() {
        return Finding::SILENT;
    }
    if excepted(on, cool_down.except) {
        return Finding::excepted(Code::COOL_DOWN);
    }
    let (mut counted, mut next) = (0, Some(on.now()));
    let mut see = |at: Timestamp| {
        let blocks =
            |window: Window| on.facts.clocks().any(|clock| at >= clock.window_start(window, on.now()));
        let counts = blocks(cool_down.window);
        if counts {
            counted += 1;
            for clock in on.facts.clocks() {
                next = later(next, clock.window_end(cool_down.window, at));
            }
        }
        counts
    };
    on.each_talk(cool_down.scope, &mut |talk| {
        if see(talk.at) {
            trace.note(talk.position);
        }
    });
    on.each_possible_talk(cool_down.scope, &mut |one| {
        if see(one.attempt.at) {
            trace.note(one.attempt.position);
        }
    });
    let verdict = if counted == 0 { RuleVerdict::Allows } else { RuleVerdict::Refuses };
    let next = if counted == 0 { None } else { unless_consented(on, cool_down.except, next) };
    Finding { verdict, next, ..Finding::allows(Code::COOL_DOWN) }
}

/// A least time between two attempts.
pub(super) fn interval(on: &On<'_, '_>, interval: &Interval, trace: &mut Trace) -> Finding {
    if !on.facts.timed() {
        return Finding::SILENT;
    }
    if excepted(on, interval.except) {
        return Finding::excepted(Code::TOO_SOON);
    }
    let mut until: Option<Timestamp> = None;
    on.each_attempt(interval.scope, interval.except, &mut |one| {
        let end = one.attempt.at.plus_ms(interval.least_ms);
        // A permit that waits may be used at its last moment.
        let end = match one.attempt.stage {
            Stage::Waiting => on.facts.state.permits.lapses(one.attempt.position).unwrap_or(end),
            _ => end,
        };
        if end > on.now() {
            trace.note(one.attempt.position);
            until = Some(until.map_or(end, |until| until.max(end)));
        }
    });
    match until {
        Some(_) => Finding::until(Code::TOO_SOON, unless_consented(on, interval.except, until)),
        None => Finding::allows(Code::TOO_SOON),
    }
}

fn excepted(on: &On<'_, '_>, except: Exceptions) -> bool {
    except.has(Exception::Consented) && on.consented(ConsentCovers::Frequency)
}

/// When it ends, by a consent that is given for later too.
fn unless_consented(on: &On<'_, '_>, except: Exceptions, next: End) -> End {
    if !except.has(Exception::Consented) {
        return next;
    }
    sooner(next, on.consented_from(ConsentCovers::Frequency))
}

/// The earlier of two ends.
pub(super) fn sooner(one: End, other: End) -> End {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// The later of two ends.
pub(super) fn later(one: End, other: End) -> End {
    Some(one?.max(other?))
}
