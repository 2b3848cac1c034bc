//! The gate's own rules: what no pack can lift.

use events::gate::{HoldKind, NumberCheck, RuleName};
use events::{Code, Now, Position};
use model::{Purpose, Timestamp};
use policy::pack::Owner;
use policy::sets::{Day, DaySet};
use policy::span::Span;

use super::finding::Trace;
use super::{Facts, Finding, SEARCH_MAX};
use crate::attempts::Stage;
use crate::hours;
use crate::person::Hold;

type Own = fn(&Facts<'_>, &mut Trace) -> Finding;

pub(super) const RULES: &[(RuleName, Own)] = &[
    (name("gate/stop"), stopped),
    (name("gate/contact-known"), contact_known),
    (name("gate/zone-known"), zone_known),
    (name("gate/placed"), placed),
    (name("gate/case-open"), case_open),
    (name("gate/standing"), standing),
    (name("gate/clock"), clock_sure),
    (name("gate/policy"), policy_adopted),
    (name("gate/right-party"), right_party),
    (name("gate/holds"), holds),
    (name("gate/one-reply"), one_reply),
];

/// Whether a home asks it too, of a contact point that is at home elsewhere: without these no rule could be asked. That a
/// home knows the contact point is seen to before.
pub(super) fn at_homes(name: &RuleName) -> bool {
    matches!(name.as_str(), "gate/zone-known" | "gate/clock" | "gate/policy")
}

const fn name(text: &str) -> RuleName {
    match RuleName::new(text) {
        Some(name) => name,
        None => panic!("a rule's name"),
    }
}

fn stopped(facts: &Facts<'_>, trace: &mut Trace) -> Finding {
    let stopped = facts.contact.is_some_and(|contact| contact.stopped);
    if stopped && let Some(stop) = facts.state.stops.get(&facts.asked.contact) {
        trace.note(stop.position);
    }
    Finding::refuses_if(stopped, Code::STOPPED)
}

fn contact_known(facts: &Facts<'_>, _: &mut Trace) -> Finding {
    Finding::refuses_if(facts.link.is_none(), Code::CONTACT_UNKNOWN)
}

/// Of a contact point that some case names: of others, `contact_known` says what is missing.
fn zone_known(facts: &Facts<'_>, _: &mut Trace) -> Finding {
    let named = facts.contact.is_some_and(|contact| !contact.links.is_empty());
    Finding::refuses_if(named && facts.clocks().next().is_none(), Code::ZONE_UNKNOWN)
}

fn placed(facts: &Facts<'_>, _: &mut Trace) -> Finding {
    match facts.link {
        Some(link) => Finding::refuses_if(link.agency != Some(facts.asked.agency), Code::NOT_PLACED),
        None => Finding::SILENT,
    }
}

fn case_open(facts: &Facts<'_>, _: &mut Trace) -> Finding {
    match facts.link {
        Some(link) => Finding::refuses_if(link.closed, Code::CONTACT_CLOSED),
        None => Finding::SILENT,
    }
}

/// Who was suspended may not collect. Whether an agency and a collector are registered at all is asked before the
/// gate is: it learns only of changes.
fn standing(facts: &Facts<'_>, _: &mut Trace) -> Finding {
    let suspended = &facts.state.suspended;
    let asked = facts.asked;
    let any = suspended.contains(&(asked.agency, None))
        || suspended.contains(&(asked.agency, Some(asked.collector)));
    Finding::refuses_if(any, Code::NOT_IN_STANDING)
}

fn clock_sure(facts: &Facts<'_>, _: &mut Trace) -> Finding {
    Finding::refuses_if(!facts.now.trusted, Code::CLOCK_UNSURE)
}

fn policy_adopted(facts: &Facts<'_>, _: &mut Trace) -> Finding {
    let regions = facts.contact.map(|contact| contact.regions).unwrap_or_default();
    let policies = &facts.state.policies;
    // What a lender or an agency adds is no law.
    if policies.of(regions, facts.now.at).any(|adopted| adopted.pack.owner == Owner::Platform) {
        return Finding::allows(Code::NO_POLICY);
    }
    Finding::until(Code::NO_POLICY, policies.begins(regions, facts.now.at))
}

/// The number is known to be somebody else's, or nobody's.
fn right_party(facts: &Facts<'_>, _: &mut Trace) -> Finding {
    let fabricated = facts.contact.is_some_and(|contact| contact.checked(NumberCheck::Fabricated).is_some());
    let wrong = facts.link.is_some_and(|link| link.disproved);
    if fabricated || wrong {
        return Finding::refuses(Code::HELD).detail(HoldKind::WrongParty.word());
    }
    Finding::allows(Code::HELD)
}

/// Holds on the contact point, on the person, on the case. A hold that others lift in time says when.
fn holds(facts: &Facts<'_>, trace: &mut Trace) -> Finding {
    if facts.link.is_none() {
        return Finding::SILENT;
    }
    let Some((kind, mut next)) = held(facts, trace) else { return Finding::allows(Code::HELD) };
    // When these end, others may have begun; so may they in another zone.
    for _ in 0..SEARCH_MAX {
        let Some(at) = next else { break };
        let then = Facts { now: Now { at, ..facts.now }, ..facts.clone() };
        match held(&then, &mut Trace::Off) {
            Some((_, end)) => next = end,
            None => return Finding::until(Code::HELD, next).detail(kind.word()),
        }
    }
    Finding::refuses(Code::HELD).detail(kind.word())
}

/// The first hold that stands, and when the last of those that stand now ends.
fn held(facts: &Facts<'_>, trace: &mut Trace) -> Option<(HoldKind, Option<Timestamp>)> {
    let (contact, link) = (facts.contact?, facts.link?);
    let persons = facts.person.map_or(&[][..], |person| person.holds());
    let cases = facts.debts().filter_map(|case| facts.state.case_holds.get(&case)).flatten();
    let mut found: Option<(HoldKind, Option<Timestamp>)> = None;
    for hold in contact.holds().iter().chain(persons).chain(cases) {
        let placed = &hold.placed;
        let concerns = placed.contact.is_none_or(|id| id == facts.asked.contact)
            && placed.person.is_none_or(|id| id == link.person)
            && placed.case.is_none_or(|id| facts.debts().any(|debt| debt == id))
            && (placed.channels.is_empty() || placed.channels.contains(&facts.asked.channel))
            && (placed.places.is_empty() || placed.places.contains(&contact.place));
        if !concerns || lifted_for(facts.asked.purpose, placed.kind) {
            continue;
        }
        let Some(end) = standing_until(facts, hold) else { continue };
        trace.note(hold.position);
        found = Some(match found {
            None => (placed.kind, end),
            Some((kind, latest)) => (kind, latest.zip(end).map(|(latest, end)| latest.max(end))),
        });
    }
    found
}

/// Until when a hold stands that stands now: `None` if it does not; inside, `None` if it does not end by itself.
fn standing_until(facts: &Facts<'_>, hold: &Hold) -> Option<Option<Timestamp>> {
    let now = facts.now.at;
    let over = hold.placed.until.map(|until| until.plus_ms(1));
    if over.is_some_and(|over| over <= now) || hold.at > now {
        return None;
    }
    if hold.placed.times.is_empty() {
        return Some(over);
    }
    let spans: Vec<Span> = hold
        .placed
        .times
        .iter()
        .map(|time| Span { days: days(time.days), from_s: time.from_s, until_s: time.until_s })
        .collect();
    // Without a zone nobody knows what time it is there; the gate's own rule says so.
    let mut inside = facts.clocks().filter(|clock| hours::inside(clock, &spans, now)).peekable();
    inside.peek()?;
    let mut next = Some(now);
    for clock in inside {
        next = next.zip(hours::next_outside(clock, &spans, now)).map(|(latest, end)| latest.max(end));
    }
    Some(match (next, over) {
        (Some(next), Some(over)) => Some(next.min(over)),
        (next, over) => next.or(over),
    })
}

fn days(bits: u8) -> DaySet {
    Day::ALL.iter().copied().filter(|day| bits >> *day as u8 & 1 == 1).collect()
}

/// A reply to what the person began is bound by none of the times, places and channels that they named; what the law
/// requires to be said is not stopped by a refusal, nor is the receipt for it (12 CFR 1006.6(b)(1), comment -2;
/// 1006.6(c)(2); 1006.14(h)(2)).
const fn lifted_for(purpose: Purpose, kind: HoldKind) -> bool {
    match purpose {
        Purpose::Reply => {
            matches!(kind, HoldKind::Stop | HoldKind::Inconvenient | HoldKind::Employer | HoldKind::Attorney)
        }
        Purpose::RequiredNotice => matches!(kind, HoldKind::Stop | HoldKind::Cease),
        Purpose::StopReceipt => matches!(kind, HoldKind::Stop),
        Purpose::Collect | Purpose::Locate | Purpose::ConsentNotice => false,
    }
}

/// What the person began is answered once, on its channel; a request to stop is confirmed once.
fn one_reply(facts: &Facts<'_>, trace: &mut Trace) -> Finding {
    let (Some(contact), Some(_)) = (facts.contact, facts.link) else { return Finding::SILENT };
    let (channel, purpose) = (facts.asked.channel, facts.asked.purpose);
    let begun: Option<(Timestamp, Option<Position>)> = match purpose {
        Purpose::Reply => contact.inbound(channel).map(|at| (at, None)),
        Purpose::StopReceipt => {
            let persons = facts.person.map_or(&[][..], |person| person.holds());
            let stands = |hold: &&Hold| {
                let over = hold.placed.until.is_some_and(|until| until < facts.now.at);
                hold.placed.kind == HoldKind::Stop && !over
            };
            let stops = contact.holds().iter().chain(persons).filter(stands);
            stops.map(|hold| (hold.at, Some(hold.position))).max()
        }
        _ => return Finding::SILENT,
    };
    let Some((begun, position)) = begun.filter(|(at, _)| *at <= facts.now.at) else {
        return Finding::refuses(Code::NOTHING_TO_REPLY);
    };
    if let Some(position) = position {
        trace.note(position);
    }
    if contact.answered(channel, purpose).is_some_and(|at| at >= begun) {
        return Finding::refuses(Code::NOTHING_TO_REPLY);
    }
    let waiting = contact.attempts.iter().filter(|attempt| {
        attempt.stage == Stage::Waiting
            && Some(attempt.position) != facts.but
            && (attempt.channel, attempt.purpose) == (channel, purpose)
            && facts.state.permits.waits(attempt.position, facts.now.at)
    });
    match waiting.filter_map(|attempt| facts.state.permits.lapses(attempt.position)).max() {
        Some(lapses) => Finding::until(Code::NOTHING_TO_REPLY, Some(lapses)),
        None => Finding::allows(Code::NOTHING_TO_REPLY),
    }
}
