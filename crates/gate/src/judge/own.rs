//! The gate's own rules: what no pack can lift.

use events::gate::{HoldKind, NumberCheck, RuleName};
use events::{Code, Position};
use model::{Purpose, Timestamp};
use policy::sets::{Day, DaySet};
use policy::span::Span;

use super::finding::{Finding, Trace, Why};
use super::{Facts, SEARCH_MAX};
use crate::attempts::Stage;
use crate::contact::Contact;
use crate::hours;
use crate::person::Hold;
use crate::regions::RegionSet;

/// One of the gate's own rules.
pub(super) struct Own {
    pub name: RuleName,
    pub ask: fn(&Facts<'_>, &mut Trace) -> Finding,
    /// A home asks it too, of a contact point that is at home elsewhere: without these no rule could be asked there. That it
    /// knows the contact point is seen to before.
    pub at_homes: bool,
    /// More of it when it refuses.
    pub why: fn(&Facts<'_>) -> Why,
}

macro_rules! rules {
    ($($name:literal, $ask:ident, $at_homes:literal, $why:ident;)*) => {
        pub(super) const RULES: &[Own] =
            &[$(Own { name: name($name), ask: $ask, at_homes: $at_homes, why: $why },)*];

        /// Gives each rule that refuses. The same as to go through [`RULES`], but that no call goes through a pointer: most
        /// rules are one comparison.
        pub(super) fn each_refusing(facts: &Facts<'_>, mut take: impl FnMut(&Own, Finding)) {
            let here = facts.contact_here();
            let (mut rules, trace) = (RULES.iter(), &mut Trace::Off);
            $(
                let own = rules.next();
                if $at_homes || here {
                    let finding = $ask(facts, trace);
                    if finding.refuses() && let Some(own) = own {
                        take(own, finding);
                    }
                }
            )*
        }
    };
}

rules! {
    "gate/stop", stopped, false, nothing_more;
    "gate/contact-known", contact_known, false, nothing_more;
    "gate/zone-known", zone_known, true, nothing_more;
    "gate/placed", placed, false, nothing_more;
    "gate/case-open", case_open, false, nothing_more;
    "gate/standing", standing, false, nothing_more;
    "gate/clock", clock_sure, true, nothing_more;
    "gate/policy", policy_adopted, true, policy_begins;
    "gate/right-party", right_party, false, wrong_party;
    "gate/holds", holds, false, hold_ends;
    "gate/one-reply", one_reply, false, reply_lapses;
}

fn nothing_more(_: &Facts<'_>) -> Why {
    Why::default()
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
    let named = facts.contact.is_some_and(|contact| !contact.links().is_empty());
    Finding::refuses_if(named && facts.moments.is_empty(), Code::ZONE_UNKNOWN)
}

fn placed(facts: &Facts<'_>, _: &mut Trace) -> Finding {
    match facts.link {
        Some(link) => Finding::refuses_if(link.agency() != Some(facts.asked.agency), Code::NOT_PLACED),
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
    let any = !suspended.is_empty()
        && (suspended.contains(&(asked.agency, None))
            || suspended.contains(&(asked.agency, Some(asked.collector))));
    Finding::refuses_if(any, Code::NOT_IN_STANDING)
}

fn clock_sure(facts: &Facts<'_>, _: &mut Trace) -> Finding {
    Finding::refuses_if(!facts.now.trusted, Code::CLOCK_UNSURE)
}

fn policy_adopted(facts: &Facts<'_>, _: &mut Trace) -> Finding {
    // What a lender or an agency adds is no law.
    let adopted = facts.state.policies.platform_in_force(regions(facts), facts.now.at);
    Finding::refuses_if(!adopted, Code::NO_POLICY)
}

fn policy_begins(facts: &Facts<'_>) -> Why {
    Why::until(facts.state.policies.begins(regions(facts), facts.now.at))
}

fn regions(facts: &Facts<'_>) -> RegionSet {
    facts.contact.map(|contact| contact.regions).unwrap_or_default()
}

/// The number is known to be somebody else's, or nobody's.
fn right_party(facts: &Facts<'_>, _: &mut Trace) -> Finding {
    let fabricated = facts.contact.is_some_and(|contact| contact.checked(NumberCheck::Fabricated).is_some());
    let wrong = facts.link.is_some_and(|link| link.disproved);
    Finding::refuses_if(fabricated || wrong, Code::HELD)
}

fn wrong_party(_: &Facts<'_>) -> Why {
    Why::detail(HoldKind::WrongParty.word())
}

/// Holds on the contact point, on the person, on the case. A hold that others lift in time says when.
fn holds(facts: &Facts<'_>, trace: &mut Trace) -> Finding {
    if facts.link.is_none() {
        return Finding::SILENT;
    }
    Finding::refuses_if(some_hold(facts) && held(facts, trace).is_some(), Code::HELD)
}

/// Whether any hold was placed on what is asked for.
pub(super) fn some_hold(facts: &Facts<'_>) -> bool {
    let contact = facts.contact.is_some_and(|contact| !contact.holds().is_empty());
    let person = facts.person.is_some_and(|person| !person.holds().is_empty());
    let case = || facts.link.and_then(|link| facts.state.cases.at(link.case)).and_then(|case| case.facts);
    contact || person || !facts.asked.also.is_empty() || facts.toward.is_some() || case().is_some()
}

fn hold_ends(facts: &Facts<'_>) -> Why {
    let Some((kind, mut next)) = held(facts, &mut Trace::Off) else { return Why::default() };
    // When these end, others may have begun; so may they in another zone.
    for _ in 0..SEARCH_MAX {
        let Some(at) = next else { break };
        match held(&facts.at(at), &mut Trace::Off) {
            Some((_, end)) => next = end,
            None => return Why { next, ..Why::detail(kind.word()) },
        }
    }
    Why::detail(kind.word())
}

/// The first hold that stands, and when the last of those that stand now ends.
fn held(facts: &Facts<'_>, trace: &mut Trace) -> Option<(HoldKind, Option<Timestamp>)> {
    let (contact, link) = (facts.contact?, facts.link?);
    let persons = facts.person.map_or(&[][..], |person| person.holds());
    let own = facts.state.cases.at(link.case).filter(|_| facts.toward.is_none()).and_then(|case| case.facts);
    let others = facts.toward.unwrap_or(&facts.asked.also);
    let others = others.iter().filter_map(|case| facts.state.cases.get(case)?.facts);
    let cases = own.into_iter().chain(others).flatten();
    let mut found: Option<(HoldKind, Option<Timestamp>)> = None;
    for hold in contact.holds().iter().chain(persons).chain(cases) {
        let placed = &hold.placed;
        let concerns = placed.contact.is_none_or(|id| id == facts.asked.contact)
            && placed.person.is_none_or(|id| facts.person_id() == Some(id))
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
    let mut inside = facts.clocks().filter(|clock| hours::inside(&clock.at(now), &spans)).peekable();
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
    if !matches!(facts.asked.purpose, Purpose::Reply | Purpose::StopReceipt) {
        return Finding::SILENT;
    }
    let Some((begun, position)) = begun(facts, contact) else {
        return Finding::refuses_with(Code::NOTHING_TO_REPLY);
    };
    if let Some(position) = position {
        trace.note(position);
    }
    let refuses = answered(facts, contact, begun) || answering(facts, contact).is_some();
    Finding::refuses_if(refuses, Code::NOTHING_TO_REPLY)
}

fn reply_lapses(facts: &Facts<'_>) -> Why {
    let Some(contact) = facts.contact else { return Why::default() };
    match begun(facts, contact) {
        Some((begun, _)) if !answered(facts, contact, begun) => Why::until(answering(facts, contact)),
        _ => Why::default(),
    }
}

/// When the person began what would be answered, and where it stands if it is a hold.
fn begun(facts: &Facts<'_>, contact: &Contact) -> Option<(Timestamp, Option<Position>)> {
    let begun = match facts.asked.purpose {
        Purpose::Reply => contact.inbound(facts.asked.channel).map(|at| (at, None)),
        Purpose::StopReceipt => {
            let persons = facts.person.map_or(&[][..], |person| person.holds());
            let stands = |hold: &&Hold| {
                let over = hold.placed.until.is_some_and(|until| until < facts.now.at);
                hold.placed.kind == HoldKind::Stop && !over
            };
            let stops = contact.holds().iter().chain(persons).filter(stands);
            stops.map(|hold| (hold.at, Some(hold.position))).max()
        }
        _ => None,
    };
    begun.filter(|(at, _)| *at <= facts.now.at)
}

fn answered(facts: &Facts<'_>, contact: &Contact, begun: Timestamp) -> bool {
    let last = contact.answered(facts.asked.channel, facts.asked.purpose);
    last.is_some_and(|at| at >= begun)
}

/// When the last permit lapses that waits to be used for an answer.
fn answering(facts: &Facts<'_>, contact: &Contact) -> Option<Timestamp> {
    let (channel, purpose) = (facts.asked.channel, facts.asked.purpose);
    let waiting = contact.attempts().filter(|attempt| {
        attempt.stage == Stage::Waiting
            && Some(attempt.position) != facts.but
            && (attempt.channel, attempt.purpose) == (channel, purpose)
            && facts.state.permits.waits(attempt.position, facts.now.at)
    });
    waiting.filter_map(|attempt| facts.state.permits.lapses(attempt.position)).max()
}
