//! Which contacts and conversations agree with a request in what a rule's scope names.

use events::Position;
use model::{CaseId, ContactPointId, Outcome, PersonId, Timestamp};
use policy::pack::Window;
use policy::sets::{Exception, Exceptions, Key, Scope};

use super::{Facts, More, On};
use crate::attempts::{Attempt, Stage};
use crate::contact::{Contact, Link};
use crate::person::{Person, Talk};
use crate::zone::ZoneClock;

/// A contact, with what it was made for.
pub(super) struct Counted<'a> {
    pub contact: ContactPointId,
    pub attempt: &'a Attempt,
    pub link: &'a Link,
    debts: &'a [CaseId],
}

impl Counted<'_> {
    /// Whether it counts toward a debt.
    pub fn toward(&self, debt: CaseId) -> bool {
        if self.attempt.attributed { self.debts.contains(&debt) } else { self.link.case == debt }
    }

    /// The debts that it counts toward.
    pub fn debts(&self) -> impl Iterator<Item = CaseId> {
        let own = (!self.attempt.attributed).then_some(self.link.case);
        own.into_iter().chain(self.debts.iter().copied().filter(|_| self.attempt.attributed))
    }
}

impl<'a> On<'_, 'a> {
    /// Gives every outbound contact that this rule speaks of and that agrees with the request in the scope, in time
    /// before it, once; debts apart.
    pub(super) fn each_attempt(&self, scope: Scope, except: Exceptions, take: &mut impl FnMut(&Counted<'a>)) {
        let who = &self.rule.who;
        self.each_in_scope(scope, &mut |counted| {
            let attempt = counted.attempt;
            let fits = who.roles.has(counted.link.role)
                && who.channels.has(attempt.channel)
                && who.purposes.has(attempt.purpose);
            if fits && !self.excepted(except, counted) {
                take(counted);
            }
        });
    }

    /// Gives every contact that may be a conversation yet: it is being made, or nobody knows what became of it. Like
    /// conversations, whatever its role and purpose.
    pub(super) fn each_possible_talk(&self, scope: Scope, take: &mut impl FnMut(&Counted<'a>)) {
        self.each_in_scope(scope, &mut |counted| {
            let attempt = counted.attempt;
            let possible = matches!(attempt.stage, Stage::Dialing | Stage::Made(Outcome::Unknown));
            if possible && self.rule.who.channels.has(attempt.channel) {
                take(counted);
            }
        });
    }

    /// The first moment at which a contact is out of a window by this clock; `None`: never.
    pub(super) fn leaves(&self, window: Window, clock: &ZoneClock, attempt: &Attempt) -> Option<Timestamp> {
        match attempt.stage {
            Stage::Waiting => self.facts.state.permits.lapses(attempt.position),
            _ => clock.window_end(window, attempt.at),
        }
    }

    fn each_in_scope(&self, scope: Scope, take: &mut impl FnMut(&Counted<'a>)) {
        let facts = self.facts;
        let mut see = |counted: Counted<'a>| {
            if self.agrees(scope, &counted) {
                take(&counted);
            }
        };
        let mut see_all = |id: ContactPointId, contact: &'a Contact| {
            for attempt in &contact.attempts {
                if let Some(counted) = facts.counted(id, contact, attempt) {
                    see(counted);
                }
            }
        };
        if scope.has(Key::ContactPoint) {
            see_all(self.contact_id(), self.contact);
        } else if scope.has(Key::Person) {
            // Most people have one contact point.
            let contacts = facts.person.map_or(&[][..], |person| &person.contacts);
            match contacts {
                [] => see_all(self.contact_id(), self.contact),
                [only] if *only == self.contact_id() => see_all(*only, self.contact),
                several => {
                    for id in several {
                        if let Some(contact) = facts.state.contacts.get(id) {
                            see_all(*id, contact);
                        }
                    }
                }
            }
        } else if let Some(contacts) = facts.state.cases.get(&facts.asked.case) {
            for id in contacts {
                if let Some(contact) = facts.state.contacts.get(id) {
                    see_all(*id, contact);
                }
            }
        }
        if let Some(more) = &facts.more
            && more.attempt.at <= self.now()
            && !matches!(more.attempt.stage, Stage::Inbound(_))
        {
            let &More { contact, attempt, link, debts, .. } = more;
            see(Counted { contact, attempt, link, debts });
        }
    }

    fn agrees(&self, scope: Scope, counted: &Counted<'_>) -> bool {
        let (asked, link) = (self.facts.asked, self.link);
        let attempt = counted.attempt;
        (!scope.has(Key::ContactPoint) || counted.contact == asked.contact)
            && (!scope.has(Key::Person) || counted.link.person == link.person)
            && (!scope.has(Key::Case) || counted.link.case == asked.case)
            && (!scope.has(Key::Lender) || counted.link.lender == link.lender)
            && (!scope.has(Key::Agency) || attempt.agency == asked.agency)
            && (!scope.has(Key::Debt) || self.facts.debts().any(|debt| counted.toward(debt)))
    }

    fn excepted(&self, except: Exceptions, counted: &Counted<'_>) -> bool {
        let attempt = counted.attempt;
        let unconnected = attempt.stage.outcome().is_some_and(model::Outcome::unconnected);
        (except.has(Exception::Unconnected) && unconnected)
            || (except.has(Exception::Consented) && self.consented_then(counted))
    }

    /// Gives every conversation that agrees with the request in the scope, whatever its role and purpose: a
    /// conversation is one.
    pub(super) fn each_talk(&self, scope: Scope, take: &mut impl FnMut(&Talk)) {
        let (facts, asked) = (self.facts, self.facts.asked);
        let lender_of = |talk: &Talk| {
            let contact = facts.state.contacts.get(&talk.contact)?;
            contact.link(talk.case).map(|link| link.lender)
        };
        let agrees = |talk: &&Talk| {
            Some(talk.position) != facts.but
                && talk.at <= self.now()
                && self.rule.who.channels.has(talk.channel)
                && (!scope.has(Key::ContactPoint) || talk.contact == asked.contact)
                && (!scope.has(Key::Case) || talk.case == asked.case)
                && (!scope.has(Key::Agency) || talk.agency == asked.agency)
                && (!scope.has(Key::Debt) || facts.debts().any(|debt| talk.debt == debt))
                && (!scope.has(Key::Lender) || lender_of(talk) == Some(self.link.lender))
        };
        let mut see = |id: PersonId, person: Option<&Person>| {
            facts.talks(id, person).filter(agrees).for_each(&mut *take);
        };
        if scope.has(Key::Person) {
            return see(self.link.person, facts.person);
        }
        // Whoever was spoken to there, or about that case.
        let mut persons: Vec<PersonId> = Vec::new();
        if scope.has(Key::ContactPoint) {
            persons.extend(self.contact.links.iter().map(|link| link.person));
        } else {
            let contacts = facts.state.cases.get(&asked.case).into_iter().flatten();
            let contacts = contacts.filter_map(|id| facts.state.contacts.get(id));
            persons.extend(contacts.filter_map(|contact| contact.link(asked.case)).map(|link| link.person));
        }
        persons.sort_unstable();
        persons.dedup();
        persons.into_iter().for_each(|id| see(id, facts.state.persons.get(&id)));
    }
}

impl<'a> Facts<'a> {
    /// A contact with what it was made for, unless it is the one that is judged, was begun by the person, had run out,
    /// or came later.
    fn counted(&self, id: ContactPointId, contact: &'a Contact, attempt: &'a Attempt) -> Option<Counted<'a>> {
        let counts = match attempt.stage {
            Stage::Waiting => self.state.permits.waits(attempt.position, self.now.at),
            Stage::Dialing | Stage::Made(_) => true,
            Stage::Inbound(_) => false,
        };
        // A share's contact is dated at the latest at which it may be made.
        let later = attempt.at > self.now.at && !self.state.permits.placing(attempt.position);
        if !counts || later || self.but == Some(attempt.position) {
            return None;
        }
        let link = contact.links.get(usize::from(attempt.link))?;
        Some(Counted { contact: id, attempt, link, debts: self.state.attributed(attempt) })
    }

    /// What was spoken with a person.
    pub(super) fn talks<'s>(
        &'s self,
        id: PersonId,
        person: Option<&'s Person>,
    ) -> impl Iterator<Item = &'s Talk> {
        let known = person.map_or(&[][..], |person| person.talks());
        let more =
            self.more.as_ref().filter(|more| more.link.person == id).map_or(&[][..], |more| more.talks);
        known.iter().chain(more)
    }
}

impl crate::State {
    /// The debts of an attempt that is about more or others than its case's.
    pub(crate) fn attributed(&self, attempt: &Attempt) -> &[CaseId] {
        if attempt.attributed { self.attributed_at(attempt.position) } else { &[] }
    }

    fn attributed_at(&self, position: Position) -> &[CaseId] {
        self.attributions.get(&position).map_or(&[], |debts| debts)
    }
}
