//! Consents: what a person agreed to or asked for, as the terms of a pack read it.

use events::gate::ConsentCovers;
use model::{AgencyId, CaseId, ContactPointId, Timestamp};
use policy::pack::ConsentTerms;

use super::On;
use super::counting::Counted;
use crate::person::{Consent, Person};

impl On<'_, '_> {
    /// Whether a consent covers the contact that is asked for, about every debt that it counts toward.
    pub fn consented(&self, covers: ConsentCovers) -> bool {
        let Some(person) = self.facts.person.filter(|person| !person.consents().is_empty()) else {
            return false;
        };
        let asked = self.facts.asked;
        let by = |debt| self.covered(person, covers, debt, asked.agency, asked.contact, self.now());
        self.facts.debts().all(by)
    }

    /// Whether a consent covered a contact when it was made.
    pub(super) fn consented_then(&self, counted: &Counted<'_>) -> bool {
        let Some(person) = self.facts.person.filter(|person| !person.consents().is_empty()) else {
            return false;
        };
        let attempt = counted.attempt;
        let by = |debt| {
            let contact = self.contact_id();
            self.covered(person, ConsentCovers::Frequency, debt, attempt.agency, contact, attempt.at)
        };
        counted.link.person == self.link.person && counted.debts().all(by)
    }

    fn covered(
        &self,
        person: &Person,
        covers: ConsentCovers,
        debt: CaseId,
        agency: AgencyId,
        contact: ContactPointId,
        at: Timestamp,
    ) -> bool {
        person.consents().iter().any(|consent| {
            let given = &consent.given;
            given.covers == covers
                && given.agency == agency
                && given.case.is_none_or(|case| case == debt)
                && given.contact.is_none_or(|given| given == contact)
                && given.from <= at
                && given.until.is_none_or(|until| at <= until)
                && consent.revoked.is_none_or(|revoked| at < revoked)
                && self.adopted.pack.consents.iter().all(|terms| self.lasts(person, consent, terms, debt, at))
        })
    }

    /// Whether the pack's own terms let a consent last until `at`.
    fn lasts(
        &self,
        person: &Person,
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
            let talks = person.talks().iter().chain(self.facts.more.talks);
            let mut later = talks.filter(|talk| talk.at > from && talk.at < at);
            later.any(|talk| talk.debt == debt && talk.agency == consent.given.agency)
        };
        short && !(terms.ends_with_conversation && spoken(given))
    }
}
