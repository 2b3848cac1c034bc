//! In English.

use model::{Channel, Purpose, Role};

use crate::notation::{clock, day_runs, duration};
use crate::pack::{
    Applies, ConsentTerms, Content, CoolDown, Counted, Effect, Element, Frequency, Fresh, Hours, Kind, Lines,
    Owner, Pack, PurposeRule, Reading, Rule, Who, Window,
};
use crate::sets::{ChannelSet, Day, DaySet, Exception, Exceptions, Key, PurposeSet, RoleSet, Scope};
use crate::span::Span;

pub(super) fn pack(pack: &Pack) -> String {
    let mut text = format!("{} version {}: {}\n", pack.id, pack.version, pack.title);
    let until = pack.until.map_or_else(String::new, |day| format!(" until {day}"));
    let place = match &pack.applies {
        Applies::Everywhere => "everywhere".to_owned(),
        Applies::Otherwise => "where no pack of the platform with regions applies".to_owned(),
        Applies::Regions(regions) => {
            format!("in {}", and(regions.iter().map(|region| region.as_str()), "and"))
        }
    };
    let owner = match pack.owner {
        Owner::Platform => "the platform".to_owned(),
        Owner::Lender(lender) => lender.to_string(),
        Owner::Agency(agency) => agency.to_string(),
    };
    text += &format!("In force from {}{until}, {place}; a pack of {owner}.\n", pack.effective);
    if let Some(note) = &pack.note {
        text += note;
        text += "\n";
    }
    for terms in &pack.consents {
        text += &format!("\nConsents: {}\n", consent(terms));
    }
    for rule in &pack.rules {
        text += &format!("\n{}: {rule}\n  Source: {}{}\n", rule.id, rule.source, read(rule.read));
        if let Some(note) = &rule.note {
            text += &format!("  Note: {}\n", note.replace('\n', "\n  "));
        }
    }
    text
}

const fn read(read: Reading) -> &'static str {
    match read {
        Reading::Primary => " (read in the primary text)",
        Reading::Secondary => " (read in secondary sources)",
        Reading::Derived => " (derived from the primary text)",
        Reading::Unverified => " (UNVERIFIED: the platform's caution, not a statement of law)",
    }
}

fn consent(terms: &ConsentTerms) -> String {
    let mut ends = Vec::new();
    if let Some(days) = terms.at_most_days {
        ends.push(format!("after {days} calendar days at the latest, the day it was given being the first"));
    }
    if terms.ends_with_conversation {
        ends.push("with the next conversation about the debt".to_owned());
    }
    format!("a consent ends {}.", and(ends.iter(), "and"))
}

pub(super) fn rule(rule: &Rule) -> String {
    let demand = match &rule.kind {
        Kind::Frequency(terms) => frequency(terms, &rule.who),
        Kind::CoolDown(terms) => cool_down(terms),
        Kind::Interval(terms) => format!(
            "at least {} between two attempts {}{}",
            duration(terms.least_ms),
            to(terms.scope),
            except(terms.except, &rule.who)
        ),
        Kind::Hours(terms) => hours(terms),
        Kind::Purpose(terms) => purpose(terms),
        Kind::Lines(terms) => lines(terms),
        Kind::Fresh(terms) => fresh(terms),
        Kind::Content(terms) => content(terms),
        Kind::Shared(terms) => {
            let most = terms.most;
            format!(
                "not to a number that more than {most} unrelated borrowers name, until it has been checked"
            )
        }
    };
    let flag = if rule.effect == Effect::Flag { " (flagged, not refused)" } else { "" };
    format!("{}: {demand}{flag}.", subject(&rule.who))
}

fn subject(who: &Who) -> String {
    let everybody = who.roles == RoleSet::ALL;
    let mut text = if who.channels == ChannelSet::ALL {
        if everybody { "Every contact".to_owned() } else { "Contacts with ".to_owned() }
    } else {
        let mut channels = and(who.channels.words().map(channel), "and");
        if let Some(first) = channels.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        if everybody { channels } else { channels + " to " }
    };
    if !everybody {
        text += &some(who.roles.words(), Role::ALL, role, "anybody", "and");
    }
    if who.purposes != PurposeSet::ALL {
        text += " for ";
        text += &some(who.purposes.words(), Purpose::ALL, aim, "anything", "or");
    }
    text
}

fn frequency(terms: &Frequency, who: &Who) -> String {
    let (one, many) = match terms.count {
        Counted::Attempts => ("attempt", "attempts"),
        Counted::Unanswered => ("attempt without a conversation", "attempts without a conversation"),
        Counted::Communications => ("communication", "communications"),
    };
    let counted = if terms.limit == 1 { one } else { many };
    let except = except(terms.except, who);
    format!("at most {} {counted} {} {}{except}", terms.limit, to(terms.scope), during(terms.window))
}

fn cool_down(terms: &CoolDown) -> String {
    let keys = with(terms.scope);
    let after = match terms.window {
        Window::Days(1) => format!("on the day of a conversation {keys}"),
        Window::Days(2) => format!("on the day of a conversation {keys} and on the day after it"),
        Window::Days(days) => {
            format!("on the day of a conversation {keys} and on the {} days after it", days - 1)
        }
        Window::Week => format!("in the calendar week of a conversation {keys}"),
        Window::Month => format!("in the calendar month of a conversation {keys}"),
        Window::RollingMs(ms) => format!("for {} after a conversation {keys}", duration(ms)),
        Window::Ever => format!("ever after a conversation {keys}"),
    };
    let consented = if terms.except.has(Exception::Consented) { ", unless the person consented" } else { "" };
    format!("none {after}, whoever began it{consented}")
}

fn hours(terms: &Hours) -> String {
    let mut text = format!("only {}", and(terms.open.iter().map(span), "and"));
    if !terms.holidays.is_empty() {
        let days = and(terms.holidays.iter().map(ToString::to_string), "and");
        text += &match terms.holiday_open.is_empty() {
            true => format!(", and not on {days}"),
            false => {
                let open = and(terms.holiday_open.iter().map(span), "and");
                format!(", but on {days} only {open}")
            }
        };
    }
    text += ", by the clock of every zone that the person may be in";
    if terms.unless_consented {
        text += ", unless the person consented to that time";
    }
    text
}

fn span(span: &Span) -> String {
    let days = match span.days == DaySet::ALL {
        true => "every day".to_owned(),
        false => {
            let runs = day_runs(span.days).into_iter().map(|(first, last)| match first == last {
                true => day(first).to_owned(),
                false => format!("{} to {}", day(first), day(last)),
            });
            format!("on {}", and(runs, "and"))
        }
    };
    format!("from {} to {} {days}", clock(span.from_s), clock(span.until_s))
}

fn purpose(terms: &PurposeRule) -> String {
    let mut parts = Vec::new();
    if terms.allowed == PurposeSet::NONE {
        parts.push("none at all".to_owned());
    } else if terms.allowed != PurposeSet::ALL {
        parts.push(format!("only for {}", and(terms.allowed.words().map(aim), "or")));
    }
    if terms.confirmed != PurposeSet::NONE {
        let aims = and(terms.confirmed.words().map(aim), "or");
        parts.push(format!("for {aims} only after the person has confirmed that they know of it and agree"));
    }
    if let Some(out) = terms.debtor_out_of_contact {
        let aims = and(out.purposes.words().map(aim), "or");
        let tries = if out.tries == 1 { "failed attempt" } else { "failed attempts" };
        parts.push(format!(
            "for {aims} only while the debtor is out of contact: every number out of service, or at least {} {tries} on \
             each of {} consecutive days",
            out.tries, out.days
        ));
    }
    parts.join("; ")
}

fn lines(terms: &Lines) -> String {
    let registered =
        terms.registered.then(|| "only from numbers that are registered to the agency".to_owned());
    let most = terms.most.map(|most| {
        let numbers = if most == 1 { "calling number" } else { "different calling numbers" };
        format!("from at most {most} {numbers} {} {}", to(terms.scope), during(terms.window))
    });
    and(registered.into_iter().chain(most), "and")
}

fn fresh(terms: &Fresh) -> String {
    let ways = [
        (terms.by_message, "a message from it"),
        (terms.by_consent, "the person's consent to be contacted there"),
        (terms.by_check, "a check of the database of reassigned numbers"),
    ];
    let ways = and(ways.into_iter().filter(|(counts, _)| *counts).map(|(_, way)| way), "or");
    let days = if terms.within_days == 1 { "day".to_owned() } else { format!("{} days", terms.within_days) };
    let place = if terms.at_work { " at the place of work only if it" } else { " that" };
    let only = if terms.at_work { "" } else { "only " };
    format!(
        "{only}to a number or address{place} was shown to be the person's within the last {days}, by {ways}"
    )
}

fn content(terms: &Content) -> String {
    let mut parts = Vec::new();
    if terms.template {
        parts.push("only with an approved template".to_owned());
    }
    if !terms.require.is_empty() {
        let elements = and(
            terms.require.iter().map(|element| match element {
                Element::Sender => "who sends it",
                Element::OptOut => "how to make it stop",
                Element::OwesNothing => "that the person owes nothing",
            }),
            "and",
        );
        parts.push(format!("the text says {elements}"));
    }
    if !terms.forbid.is_empty() {
        parts.push(format!("the text has none of the words {}", and(terms.forbid.iter(), "and")));
    }
    parts.join("; ")
}

fn except(except: Exceptions, who: &Who) -> String {
    let only_calls = who.channels == ChannelSet::NONE.with(Channel::Call);
    let what = if only_calls { "calls" } else { "contacts" };
    let which = and(
        except.words().map(|exception| match exception {
            Exception::Unconnected => "that did not connect",
            Exception::Consented => "that the person consented to",
        }),
        "or",
    );
    if which.is_empty() { String::new() } else { format!(", not counting {what} {which}") }
}

fn during(window: Window) -> String {
    match window {
        Window::Days(1) => "on one calendar day".to_owned(),
        Window::Days(days) => format!("on {days} consecutive days"),
        Window::Week => "in a calendar week".to_owned(),
        Window::Month => "in a calendar month".to_owned(),
        Window::RollingMs(ms) => format!("within {}", duration(ms)),
        Window::Ever => "ever".to_owned(),
    }
}

/// What attempts have in common.
fn to(scope: Scope) -> String {
    keys(scope, "to the same number or address", "to the same person", "by the same agency")
}

/// What conversations have in common.
fn with(scope: Scope) -> String {
    keys(scope, "at the same number or address", "with the same person", "with the same agency")
}

fn keys(scope: Scope, contact_point: &str, person: &str, agency: &str) -> String {
    let phrase = |key| match key {
        Key::ContactPoint => contact_point,
        Key::Person => person,
        Key::Debt => "about the same debt",
        Key::Case => "for the same case",
        Key::Lender => "for the same lender",
        Key::Agency => agency,
    };
    scope.words().map(phrase).collect::<Vec<_>>().join(" ")
}

const fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Call => "calls",
        Channel::Sms => "text messages",
        Channel::Email => "emails",
        Channel::Letter => "letters",
        Channel::Visit => "visits",
        Channel::App => "app messages",
    }
}

const fn role(role: Role) -> &'static str {
    match role {
        Role::Debtor => "debtors",
        Role::CoDebtor => "co-debtors",
        Role::Guarantor => "guarantors",
        Role::EmergencyContact => "emergency contacts",
        Role::OtherThirdParty => "other third parties",
        Role::Attorney => "attorneys",
    }
}

const fn aim(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Collect => "collecting",
        Purpose::Locate => "asking where the debtor can be reached",
        Purpose::ConsentNotice => "the notice that asks for consent",
        Purpose::Reply => "a reply",
        Purpose::RequiredNotice => "a notice that the law requires",
        Purpose::StopReceipt => "the receipt for a stop",
    }
}

const fn day(day: Day) -> &'static str {
    match day {
        Day::Mon => "Monday",
        Day::Tue => "Tuesday",
        Day::Wed => "Wednesday",
        Day::Thu => "Thursday",
        Day::Fri => "Friday",
        Day::Sat => "Saturday",
        Day::Sun => "Sunday",
    }
}

/// The words, or `all but` the ones left out where those are fewer.
fn some<T: Copy + PartialEq>(
    words: impl Iterator<Item = T>,
    all: &[T],
    name: fn(T) -> &'static str,
    everything: &str,
    joined: &str,
) -> String {
    let words: Vec<T> = words.collect();
    let left_out: Vec<T> = all.iter().copied().filter(|one| !words.contains(one)).collect();
    if left_out.len() < words.len() {
        return format!("{everything} but {}", and(left_out.into_iter().map(name), "and"));
    }
    and(words.into_iter().map(name), joined)
}

/// `a, b and c`.
fn and<T: AsRef<str>>(words: impl Iterator<Item = T>, joined: &str) -> String {
    let words: Vec<T> = words.collect();
    match words.split_last() {
        None => String::new(),
        Some((last, [])) => last.as_ref().to_owned(),
        Some((last, before)) => {
            let before: Vec<&str> = before.iter().map(AsRef::as_ref).collect();
            format!("{} {joined} {}", before.join(", "), last.as_ref())
        }
    }
}
