//! Consents: what a person agreed to or asked for, as the terms of a pack read it.

use events::gate::ConsentCovers;
use model::{AgencyId, CaseId, ContactPointId, Timestamp};
use policy::pack::ConsentTerms;

use super::On;
use super::seen::Seen;
use crate::arena::{PersonNumber, Record};
use crate::person::{Consent, Person};

/// A contact, as far as a consent looks at it.
#[derive(Clone, Copy)]
struct Made {
    person: PersonNumber,
    agency: AgencyId,
    contact: ContactPointId,
    at: Timestamp,
}

impl On<'_, '_> {
    /// Whether a consent covers the contact that is asked for, about every debt that it counts toward.
    pub fn consented(&self, covers: ConsentCovers) -> bool {
        self.consented_at(covers, self.now())
    }

    /// The first later moment at which a consent that is given by now begins to cover it.
    pub fn consented_from(&self, covers: ConsentCovers) -> Option<Timestamp> {
        let begins = self.view.facts.person?.consents().iter().map(|consent| consent.given.from);
        begins.filter(|from| *from > self.now() && self.consented_at(covers, *from)).min()
    }

    fn consented_at(&self, covers: ConsentCovers, at: Timestamp) -> bool {
        let Some(person) = self.view.facts.person.filter(|person| !person.consents().is_empty()) else {
            return false;
        };
        let asked = self.view.facts.asked;
        let made = Made { person: self.view.link.person, agency: asked.agency, contact: asked.contact, at };
        self.view.facts.debts().all(|debt| self.covered(&person, covers, debt, made))
    }

    /// Whether a consent of whom it reached covered a contact when it was made.
    pub(super) fn consented_then(&self, one: &Seen<'_>) -> bool {
        let (state, number) = (self.view.facts.state, one.link.person);
        let person =
            if number == self.view.link.person { self.view.facts.person } else { state.persons.at(number) };
        let Some(person) = person.filter(|person| !person.consents().is_empty()) else { return false };
        let Some(contact) = state.contacts.at(one.contact).map(Record::id) else { return false };
        let made = Made { person: number, agency: one.agency, contact, at: one.at() };
        one.debts(state).all(|debt| self.covered(&person, ConsentCovers::Frequency, debt, made))
    }

    fn covered(&self, person: &Person<'_>, covers: ConsentCovers, debt: CaseId, made: Made) -> bool {
        // Terms are read by exceptions from a frequency, and by nothing else.
        let terms = match covers {
            ConsentCovers::Frequency => &self.adopted.pack.consents[..],
            ConsentCovers::Hours | ConsentCovers::Messages => &[],
        };
        let at = made.at;
        person.consents().iter().any(|consent| {
            let given = &consent.given;
            given.covers == covers
                && given.agency == made.agency
                && given.case.is_none_or(|case| case == debt)
                && given.contact.is_none_or(|given| given == made.contact)
                && given.from <= at
                && given.until.is_none_or(|until| at <= until)
                && consent.revoked.is_none_or(|revoked| at < revoked)
                && terms.iter().all(|terms| self.lasts((made.person, person), consent, terms, debt, at))
        })
    }

    /// Whether the pack's own terms let a consent last until `at`.
    fn lasts(
        &self,
        (number, person): (PersonNumber, &Person<'_>),
        consent: &Consent,
        terms: &ConsentTerms,
        debt: CaseId,
        at: Timestamp,
    ) -> bool {
        let given = consent.given.given;
        let short = terms.at_most_days.is_none_or(|days| {
            let window = policy::pack::Window::Days(days);
            self.view.facts.clocks().all(|clock| clock.at(at).window_start(window) <= given)
        });
        // The conversation in which it was given does not end it.
        let spoken = |from: Timestamp| {
            let mut later =
                self.view.facts.talks(number, Some(*person)).filter(|talk| talk.at > from && talk.at < at);
            later.any(|talk| talk.debt == debt && talk.agency == consent.given.agency)
        };
        // Every conversation with a person is known where they are at home; elsewhere it may have ended.
        let state = self.view.facts.state;
        let known = state.partitions.sole()
            || state.persons.id(number).is_some_and(|id| state.partitions.is_here(&id.0));
        short && !(terms.ends_with_conversation && (!known || spoken(given)))
    }
}
