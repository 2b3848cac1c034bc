//! Whether the debtor of a case is out of contact.

use events::gate::NumberCheck;
use jiff::Span;
use jiff::civil::Date;
use model::{Outcome, Role, Timestamp};
use policy::pack::OutOfContact;

use super::On;
use super::finding::Trace;
use crate::arena::Record as _;
use crate::attempts::{Attempt, Stage};
use crate::contact::Contact;
use crate::zone::ZoneClock;

/// Not knowing the debtor means that they can be reached: nobody tried.
pub(super) fn holds(on: &On<'_, '_>, out: &OutOfContact, trace: &mut Trace) -> bool {
    let debtors = contacts(on);
    if debtors.is_empty() || !on.timed() {
        return false;
    }
    // For other cases somebody may have been reached that only another partition knows of.
    let told = |contact: &&Contact| unusable(contact, on.view.facts.state.shares.reached(&contact.id()));
    debtors.iter().all(told) || tried(on, out, &debtors, trace)
}

/// Every contact point of who owes the debt.
fn contacts<'a>(on: &On<'_, 'a>) -> Vec<&'a Contact> {
    let (state, case) = (on.view.facts.state, on.view.link.case);
    let numbers = state.cases.at(case).map_or(&[][..], |case| case.contacts);
    let debtors = |contact: &&Contact| {
        let link = contact.link(case);
        link.is_some_and(|link| matches!(link.role, Role::Debtor | Role::CoDebtor) && !link.disproved)
    };
    numbers.iter().filter_map(|number| state.contacts.at(*number)).filter(debtors).collect()
}

/// It was found to be in nobody's service, and nothing else since.
fn unusable(contact: &Contact, told: Option<Timestamp>) -> bool {
    let Some(found) = contact.checked(NumberCheck::NotInService) else { return false };
    told.is_none_or(|reached| reached <= found)
        && !contact.attempts().any(|attempt| attempt.at > found && attempt.stage.reached())
}

fn failed(attempt: &Attempt) -> bool {
    use Outcome::{Busy, NoAnswer, NotInService, Undelivered, Voicemail};
    let failures = [Busy, NoAnswer, NotInService, Undelivered, Voicemail];
    matches!(attempt.stage, Stage::Made(outcome) if failures.contains(&outcome))
}

/// On each of the days before today, or on each of those that end today, so many attempts failed, and none since the
/// first of them succeeded; by the calendar of every zone.
fn tried(on: &On<'_, '_>, out: &OutOfContact, debtors: &[&Contact], trace: &mut Trace) -> bool {
    let now = on.now();
    let attempts = || debtors.iter().flat_map(|contact| contact.attempts()).filter(|one| one.at <= now);
    let last = attempts().filter(|one| one.stage.reached()).map(|one| one.at).max();
    let shares = &on.view.facts.state.shares;
    let last = last.max(debtors.iter().filter_map(|contact| shares.reached(&contact.id())).max());
    let clocks: Vec<&ZoneClock> =
        debtors.iter().flat_map(|contact| on.view.facts.state.zones.clocks(contact.zones)).collect();
    let day_tried = |clock: &ZoneClock, date: Date| {
        let (start, end) = (clock.start_of(date, 0), clock.start_of(date, 1));
        let since = last.unwrap_or(Timestamp(i64::MIN));
        attempts().filter(|one| failed(one) && one.at >= start && one.at < end && one.at > since).count()
            >= usize::from(out.tries)
    };
    let run_ends = |clock: &ZoneClock, ago: i64| {
        let today = clock.date(now);
        (0..i64::from(out.days)).all(|days| {
            let date = today.checked_sub(Span::new().days(ago + days));
            date.is_ok_and(|date| day_tried(clock, date))
        })
    };
    let tried = !clocks.is_empty() && clocks.iter().all(|clock| run_ends(clock, 0) || run_ends(clock, 1));
    if tried {
        attempts().filter(failed).for_each(|one| trace.note(one.position));
    }
    tried
}
