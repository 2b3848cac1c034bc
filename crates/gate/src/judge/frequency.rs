//! How often: caps, cool-downs, intervals. In the strictest of the zones.

use events::gate::ConsentCovers;
use events::{Code, Position};
use model::{CaseId, Timestamp};
use policy::pack::{CoolDown, Frequency, Interval};
use policy::sets::{Exception, Exceptions, Key};

use super::finding::{Finding, Trace};
use super::seen::Seen;
use super::{On, cap_code};
use crate::attempts::Stage;
use crate::zone::Moment;

/// A moment from which something counts no more; `None`: never.
pub(super) type End = Option<Timestamp>;

/// At most so many.
pub(super) fn ask(on: &On<'_, '_>, frequency: &Frequency, trace: &mut Trace) -> Finding {
    let code = cap_code(frequency.window);
    if !on.timed() {
        return Finding::SILENT;
    }
    if excepted(on, frequency.except) {
        return Finding::excepted(code);
    }
    let counted = if several(on, frequency) {
        let counts = on.view.facts.debts().map(|debt| count(on, frequency, Some(debt), trace));
        counts.max().unwrap_or(0)
    } else {
        count(on, frequency, None, trace)
    };
    let finding = Finding::refuses_if(counted >= frequency.limit, code);
    Finding { limit: Some(frequency.limit), counted: Some(counted), ..finding }
}

/// When it ends.
pub(super) fn ends(on: &On<'_, '_>, frequency: &Frequency) -> End {
    let debts = on.view.facts.debts().map(Some).filter(|_| several(on, frequency));
    let debts = debts.chain((!several(on, frequency)).then_some(None));
    let full = |debt: &Option<CaseId>| count(on, frequency, *debt, &mut Trace::Off) >= frequency.limit;
    let ends = debts.filter(full).map(|debt| frees_up(on, frequency, debt));
    unless_consented(on, frequency.except, ends.fold(Some(on.now()), later))
}

/// Each debt has a count of its own, and none may pass the limit; otherwise there is one of whatever counts.
fn several(on: &On<'_, '_>, frequency: &Frequency) -> bool {
    frequency.scope.has(Key::Debt) && on.view.facts.debts().nth(1).is_some()
}

/// How many count, in the zone where most do.
fn count(on: &On<'_, '_>, frequency: &Frequency, debt: Option<CaseId>, trace: &mut Trace) -> u16 {
    let mut most: u16 = 0;
    // Zones mostly look back to the same moment.
    let mut last = None;
    for moment in on.view.moments {
        let start = moment.window_start(frequency.window);
        if last == Some(start) {
            continue;
        }
        last = Some(start);
        let mut counted: u16 = 0;
        for one in on.view.seen {
            // The cheapest question first: this is where a decision spends its time.
            if on.prepared.screen.counts(one.marks)
                && one.since(start)
                && !on.by_consent(frequency.except, one)
                && debt.is_none_or(|debt| one.toward(debt, on.view.facts.state))
            {
                counted = counted.saturating_add(1);
                trace.note(one.position());
            }
        }
        most = most.max(counted);
    }
    most
}

/// The first moment at which fewer than the limit count in every zone, if nothing else happens.
fn frees_up(on: &On<'_, '_>, frequency: &Frequency, debt: Option<CaseId>) -> End {
    let mut latest = Some(on.now());
    for Moment { clock, .. } in on.view.moments {
        let counted = on.counted(frequency.except);
        let toward = |one: &&Seen<'_>| debt.is_none_or(|debt| one.toward(debt, on.view.facts.state));
        let ends = counted.filter(toward).map(|one| on.leaves(frequency.window, clock, &one.attempt()));
        let ends = ends.filter(|end| end.is_none_or(|end| end > on.now()));
        latest = later(latest, below(ends.collect(), frequency.limit, on.now()));
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

/// Nothing for a while after a conversation. A contact that is being made, or whose outcome nobody knows, may be one.
pub(super) fn ask_cool_down(on: &On<'_, '_>, cool_down: &CoolDown, trace: &mut Trace) -> Finding {
    if !on.timed() {
        return Finding::SILENT;
    }
    if excepted(on, cool_down.except) {
        return Finding::excepted(Code::COOL_DOWN);
    }
    let mut blocked = false;
    each_block(on, cool_down, &mut |position, _| {
        blocked = true;
        trace.note(position);
    });
    Finding::refuses_if(blocked, Code::COOL_DOWN)
}

/// When it ends.
pub(super) fn cool_down_ends(on: &On<'_, '_>, cool_down: &CoolDown) -> End {
    let mut next = Some(on.now());
    each_block(on, cool_down, &mut |_, at| {
        for Moment { clock, .. } in on.view.moments {
            next = later(next, clock.window_end(cool_down.window, at));
        }
    });
    unless_consented(on, cool_down.except, next)
}

/// Gives every conversation that blocks, and every contact that may be one.
fn each_block(on: &On<'_, '_>, cool_down: &CoolDown, take: &mut impl FnMut(Position, Timestamp)) {
    let blocks =
        |at: Timestamp| on.view.moments.iter().any(|moment| at >= moment.window_start(cool_down.window));
    on.each_talk(cool_down.scope, &mut |talk| {
        if blocks(talk.at) {
            take(talk.position, talk.at);
        }
    });
    for one in on.counted(Exceptions::NONE) {
        if blocks(one.at()) {
            take(one.position(), one.at());
        }
    }
}

/// A least time between two attempts.
pub(super) fn ask_interval(on: &On<'_, '_>, interval: &Interval, trace: &mut Trace) -> Finding {
    if !on.timed() {
        return Finding::SILENT;
    }
    if excepted(on, interval.except) {
        return Finding::excepted(Code::TOO_SOON);
    }
    let mut too_soon = false;
    for (position, _) in intervals(on, interval) {
        too_soon = true;
        trace.note(position);
    }
    Finding::refuses_if(too_soon, Code::TOO_SOON)
}

/// When it ends.
pub(super) fn interval_ends(on: &On<'_, '_>, interval: &Interval) -> End {
    unless_consented(on, interval.except, intervals(on, interval).map(|(_, end)| end).max())
}

/// The attempts that are not long enough ago, and until when they are not.
fn intervals<'f>(on: &'f On<'f, '_>, interval: &Interval) -> impl Iterator<Item = (Position, Timestamp)> {
    let least_ms = interval.least_ms;
    let ends = on.counted(interval.except).map(move |one| {
        let end = one.at().plus_ms(least_ms);
        // A permit that waits may be used at its last moment.
        let lapses = match one.attempt().stage {
            Stage::Waiting => on.view.facts.state.permits.lapses(one.position()),
            _ => None,
        };
        (one.position(), lapses.unwrap_or(end))
    });
    ends.filter(|(_, end)| *end > on.now())
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
