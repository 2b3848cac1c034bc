//! Consents: what a person agreed to or asked for, as the terms of a pack read it.

use events::gate::ConsentCovers;
use model::{AgencyId, CaseId, ContactPointId, PersonId, Timestamp};
use policy::pack::ConsentTerms;

use super::On;
use super::counting::Counted;
use crate::person::{Consent, Person};

/// A contact, as far as a consent looks at it.
#[derive(Clone, Copy)]
struct Made {
    person: PersonId,
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
        let begins = self.facts.person?.consents().iter().map(|consent| consent.given.from);
        begins.filter(|from| *from > self.now() && self.consented_at(covers, *from)).min()
    }

    fn consented_at(&self, covers: ConsentCovers, at: Timestamp) -> bool {
        let Some(person) = self.facts.person.filter(|person| !person.consents().is_empty()) else {
            return false;
        };
        let asked = self.facts.asked;
        let made = Made { person: self.link.person, agency: asked.agency, contact: asked.contact, at };
        self.facts.debts().all(|debt| self.covered(person, covers, debt, made))
    }

    /// Whether a consent of whom it reached covered a contact when it was made.
    pub(super) fn consented_then(&self, counted: &Counted<'_>) -> bool {
        let id = counted.link.person;
        let person =
            if id == self.link.person { self.facts.person } else { self.facts.state.persons.get(&id) };
        let Some(person) = person.filter(|person| !person.consents().is_empty()) else { return false };
        let attempt = counted.attempt;
        let made = Made { person: id, agency: attempt.agency, contact: counted.contact, at: attempt.at };
        counted.debts().all(|debt| self.covered(person, ConsentCovers::Frequency, debt, made))
    }

    fn covered(&self, person: &Person, covers: ConsentCovers, debt: CaseId, made: Made) -> bool {
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
        (id, person): (PersonId, &Person),
        consent: &Consent,
        terms: &ConsentTerms,
        debt: CaseId,
        at: Timestamp,
    ) -> bool {
        let given = consent.given.given;
        let short = terms.at_most_days.is_none_or(|days| {
            let window = policy::pack::Window::Days(days);
            self.facts.clocks().all(|clock| clock.window_start(window, at) <= given)
        });
        // The conversation in which it was given does not end it.
        let spoken = |from: Timestamp| {
            let mut later = self.facts.talks(id, Some(person)).filter(|talk| talk.at > from && talk.at < at);
            later.any(|talk| talk.debt == debt && talk.agency == consent.given.agency)
        };
        // Every conversation with a person is known where they are at home; elsewhere it may have ended.
        let known = self.facts.state.partitions.is_here(&id.0);
        short && !(terms.ends_with_conversation && (!known || spoken(given)))
    }
}
