//! Which contacts and conversations agree with a request in what a rule's scope names.

use model::{PersonId, Timestamp};
use policy::pack::Window;
use policy::sets::{Exception, Exceptions, Key, Scope};

use super::seen::Seen;
use super::{Facts, On};
use crate::arena::PersonNumber;
use crate::attempts::{Attempt, Stage};
use crate::person::{Person, Talk};
use crate::zone::ZoneClock;

impl<'f, 'a> On<'f, 'a> {
    /// Every contact that this rule counts, in time before the request, once; debts apart. Of a cool-down, every one that
    /// may be a conversation yet.
    pub(super) fn counted(&self, except: Exceptions) -> impl Iterator<Item = &'f Seen<'a>> {
        let seen = self.view.seen.iter();
        seen.filter(move |one| self.prepared.screen.counts(one.marks) && !self.by_consent(except, one))
    }

    /// Not counted since whom it reached consented.
    pub(super) fn by_consent(&self, except: Exceptions, one: &Seen<'a>) -> bool {
        one.marks.consents() && except.has(Exception::Consented) && self.consented_then(one)
    }

    /// The first moment at which a contact is out of a window by this clock; `None`: never.
    pub(super) fn leaves(&self, window: Window, clock: &ZoneClock, attempt: &Attempt) -> Option<Timestamp> {
        match attempt.stage {
            Stage::Waiting => self.view.facts.state.permits.lapses(attempt.position),
            _ => clock.window_end(window, attempt.at),
        }
    }

    /// Gives every conversation that agrees with the request in the scope, whatever its role and purpose: a
    /// conversation is one.
    pub(super) fn each_talk(&self, scope: Scope, take: &mut impl FnMut(&Talk)) {
        let (facts, asked, link) = (self.view.facts, self.view.facts.asked, self.view.link);
        let state = facts.state;
        let lender_of = |talk: &Talk| {
            let case = state.cases.number(&talk.case)?;
            state.contacts.get(&talk.contact)?.link(case).map(|link| link.lender)
        };
        let agrees = |talk: &&Talk| {
            Some(talk.position) != facts.but
                && talk.at <= self.now()
                && self.rule.who.channels.has(talk.channel)
                && (!scope.has(Key::ContactPoint) || talk.contact == asked.contact)
                && (!scope.has(Key::Case) || talk.case == asked.case)
                && (!scope.has(Key::Agency) || talk.agency == asked.agency)
                && (!scope.has(Key::Debt) || facts.debts().any(|debt| talk.debt == debt))
                && (!scope.has(Key::Lender) || lender_of(talk) == Some(link.lender))
        };
        if scope.has(Key::Person) {
            facts.talks(link.person, facts.person).filter(agrees).for_each(take);
            return;
        }
        // Whoever was spoken to there, or about that case.
        let mut persons: Vec<PersonNumber> = Vec::new();
        if scope.has(Key::ContactPoint) {
            persons.extend(self.view.contact.links().iter().map(|link| link.person));
        } else {
            let contacts = state.cases.at(link.case).into_iter().flat_map(|case| case.contacts);
            let contacts = contacts.filter_map(|number| state.contacts.at(*number));
            persons.extend(contacts.filter_map(|contact| contact.link(link.case)).map(|link| link.person));
        }
        persons.sort_unstable();
        persons.dedup();
        for number in persons {
            facts.talks(number, state.persons.at(number)).filter(agrees).for_each(&mut *take);
        }
    }
}

impl<'a> Facts<'a> {
    /// What was spoken with a person.
    pub(super) fn talks<'s>(
        &'s self,
        number: PersonNumber,
        person: Option<Person<'s>>,
    ) -> impl Iterator<Item = &'s Talk> {
        let known = person.map_or(&[][..], |person| person.talks());
        let more =
            self.more.as_ref().filter(|more| more.link.person == number).map_or(&[][..], |more| more.talks);
        known.iter().chain(more)
    }

    /// Whose number it is.
    pub(super) fn person_id(&self) -> Option<PersonId> {
        self.state.persons.id(self.link?.person)
    }
}
