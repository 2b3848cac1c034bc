//! Everything that the log says, to be asked what a rule looks at.

use std::collections::HashMap;

use events::gate::{ConsentCovers, ConsentGivenV1, ConsentRevokedV1};
use jiff::tz::TimeZone;
use model::{AgencyId, CaseId, ContactPointId, Outcome, PersonId, Timestamp};
use policy::pack::{ConsentTerms, Pack, Who};
use policy::sets::{Exception, Exceptions, Key, Scope};

use super::history::{Attempt, History, Link, Origin, Place};
use super::local::day;
use super::packs::Packs;

/// A consent, as one partition of the gate was told of it.
#[derive(Debug)]
pub struct Consent {
    pub place: Place,
    pub given: ConsentGivenV1,
    /// Since when it is taken back, and where that was recorded.
    pub revoked: Option<(Place, Timestamp)>,
}

/// Consents, by partition and person.
#[derive(Default)]
pub struct Consents(HashMap<(u16, PersonId), Vec<Consent>>);

impl Consents {
    pub fn given(&mut self, place: Place, given: ConsentGivenV1) {
        let consents = self.0.entry((place.partition, given.person)).or_default();
        consents.push(Consent { place, given, revoked: None });
    }

    pub fn revoked(&mut self, place: Place, revoked: &ConsentRevokedV1) {
        for consent in self.0.entry((place.partition, revoked.person)).or_default() {
            let meant = revoked.consent.is_none_or(|position| position == consent.place.position);
            if meant && consent.revoked.is_none() {
                consent.revoked = Some((place, revoked.at));
            }
        }
    }
}

/// Everything that the log says.
pub struct Book {
    pub packs: Packs,
    pub histories: Vec<History>,
    zones: Vec<Option<TimeZone>>,
    consents: Consents,
    /// Histories of contact points that ever were a person's, or a case's.
    of_person: HashMap<PersonId, Vec<usize>>,
    of_case: HashMap<CaseId, Vec<usize>>,
}

/// A contact that is held against a rule.
pub struct Asking<'a> {
    book: &'a Book,
    /// The number of its contact point's history, alone.
    history: [usize; 1],
    pub attempt: &'a Attempt,
    pub link: &'a Link,
    pub zones: Vec<&'a TimeZone>,
    /// What was recorded before this was known.
    pub known: Place,
    /// The moment that is judged.
    pub at: Timestamp,
}

/// Which contacts a rule counts.
#[derive(Clone, Copy)]
pub struct Counting<'a> {
    pub who: &'a Who,
    pub scope: Scope,
    pub except: Exceptions,
    pub pack: &'a Pack,
}

impl Book {
    pub fn new(
        packs: Packs,
        histories: Vec<History>,
        zones: Vec<Option<TimeZone>>,
        consents: Consents,
    ) -> Self {
        let (mut of_person, mut of_case): (HashMap<_, Vec<usize>>, HashMap<_, Vec<usize>>) =
            Default::default();
        for (index, history) in histories.iter().enumerate() {
            for link in &history.links {
                let persons = of_person.entry(link.person).or_default();
                let cases = of_case.entry(link.case).or_default();
                for known in [persons, cases] {
                    if known.last() != Some(&index) {
                        known.push(index);
                    }
                }
            }
        }
        Self { packs, histories, zones, consents, of_person, of_case }
    }

    /// A contact, as of a place and a moment; `None`: its case did not name the contact point.
    pub fn asking<'a>(
        &'a self,
        history: usize,
        attempt: &'a Attempt,
        known: Place,
        at: Timestamp,
    ) -> Option<Asking<'a>> {
        let own = self.histories.get(history)?;
        let link = own.link(attempt.case, known)?;
        let zones = own.zones(known).filter_map(|number| self.zones.get(number)?.as_ref()).collect();
        Some(Asking { book: self, history: [history], attempt, link, zones, known, at })
    }
}

impl<'a> Asking<'a> {
    fn own(&self) -> Option<&'a History> {
        self.book.histories.get(self.history[0])
    }

    pub fn contact(&self) -> Option<ContactPointId> {
        self.own().map(|history| history.contact)
    }

    /// Whether a rule speaks of it.
    pub fn concerns(&self, who: &Who) -> bool {
        fits(who, self.link, self.attempt)
    }

    /// The debts that it counts toward.
    pub fn debts(&self) -> &'a [CaseId] {
        self.attempt.debts(Some(self.known))
    }

    /// Histories of contact points at which contacts may agree with it in a scope.
    fn histories(&self, scope: Scope) -> impl Iterator<Item = &'a History> + use<'_, 'a> {
        let book = self.book;
        let several = if scope.has(Key::ContactPoint) {
            None
        } else if scope.has(Key::Person) {
            book.of_person.get(&self.link.person)
        } else {
            book.of_case.get(&self.attempt.case)
        };
        let numbers = several.map_or(&self.history[..], Vec::as_slice);
        numbers.iter().filter_map(|number| book.histories.get(*number))
    }

    /// The link of a contact that a rule counts for this one: it fits, and agrees in what the scope names, debts apart.
    fn counts(&self, counting: Counting<'_>, history: &'a History, other: &Attempt) -> Option<&'a Link> {
        let link = self.agrees(counting.scope, history, other)?;
        fits(counting.who, link, other).then_some(link)
    }

    fn agrees(&self, scope: Scope, history: &'a History, other: &Attempt) -> Option<&'a Link> {
        let link = history.link(other.case, self.known)?;
        let agrees = (!scope.has(Key::ContactPoint) || Some(history.contact) == self.contact())
            && (!scope.has(Key::Person) || link.person == self.link.person)
            && (!scope.has(Key::Case) || other.case == self.attempt.case)
            && (!scope.has(Key::Lender) || link.lender == self.link.lender)
            && (!scope.has(Key::Agency) || other.agency == self.attempt.agency);
        agrees.then_some(link)
    }

    /// Outbound contacts that a rule counts and that had been made before this was known, from a moment on.
    pub fn made_before(&self, counting: Counting<'_>, from: Timestamp) -> Vec<(Timestamp, &'a Attempt)> {
        let mut found = Vec::new();
        for history in self.histories(counting.scope) {
            for other in history.made_in(from, self.at) {
                let before = other.made.is_some_and(|(_, made)| made < self.known);
                self.take(counting, history, other, before, Some(self.known), &mut found);
            }
        }
        found
    }

    /// Permits that a rule counts and that waited when this was known.
    pub fn waiting(&self, counting: Counting<'_>) -> Vec<(Timestamp, &'a Attempt)> {
        let mut found = Vec::new();
        for history in self.histories(counting.scope) {
            for other in history.waited(self.known) {
                self.take(counting, history, other, true, Some(self.known), &mut found);
            }
        }
        found
    }

    /// Outbound contacts that a rule counts, that were made in a time, and whose slots were taken no later than this
    /// one's: itself among them, each as it ended.
    pub fn made_around(
        &self,
        counting: Counting<'_>,
        from: Timestamp,
        until: Timestamp,
    ) -> Vec<(Timestamp, &'a Attempt)> {
        let mut found = Vec::new();
        for history in self.histories(counting.scope) {
            for other in history.made_in(from, until) {
                let taken = other.taken <= self.attempt.taken;
                self.take(counting, history, other, taken, None, &mut found);
            }
        }
        found
    }

    fn take(
        &self,
        counting: Counting<'_>,
        history: &'a History,
        other: &'a Attempt,
        is_there: bool,
        known: Option<Place>,
        found: &mut Vec<(Timestamp, &'a Attempt)>,
    ) {
        if !is_there || other.origin == Origin::Inbound {
            return;
        }
        let Some(link) = self.counts(counting, history, other) else { return };
        let unconnected = other.outcome(known).is_some_and(Outcome::unconnected);
        if counting.except.has(Exception::Unconnected) && unconnected {
            return;
        }
        let at = other.made.filter(|(_, made)| known.is_none_or(|known| *made < known));
        let at = at.map_or(other.taken.at, |(at, _)| at);
        if counting.except.has(Exception::Consented) {
            let terms = &counting.pack.consents;
            let by = |debt: &CaseId| {
                self.covered(ConsentCovers::Frequency, terms, *debt, other.agency, history.contact, at)
            };
            if link.person == self.link.person && other.debts(known).iter().all(by) {
                return;
            }
        }
        found.push((at, other));
    }

    /// When conversations took place that agree with this contact in a cool-down's scope, from a moment on, with the
    /// debts that were spoken about. A call whose outcome nobody knows may have been one.
    pub fn talks(&self, counting: Counting<'_>, from: Timestamp) -> Vec<(Timestamp, &'a [CaseId])> {
        let mut found = Vec::new();
        for history in self.histories(counting.scope) {
            for other in history.made_in(from, self.at) {
                let before = other.made.is_some_and(|(_, made)| made < self.known);
                let itself = std::ptr::eq(other, self.attempt);
                if !before || itself || self.agrees(counting.scope, history, other).is_none() {
                    continue;
                }
                let debts = match other.outcome(None) {
                    Some(Outcome::Conversation) if counting.who.channels.has(other.channel) => {
                        other.discussed()
                    }
                    None | Some(Outcome::Unknown)
                        if other.origin != Origin::Inbound
                            && self.counts(counting, history, other).is_some() =>
                    {
                        other.debts(None)
                    }
                    _ => continue,
                };
                if let Some((at, _)) = other.made {
                    found.push((at, debts));
                }
            }
        }
        found
    }

    /// A consent covers it, about every debt that it counts toward. `terms` are those by which the consent is read.
    pub fn consented(&self, covers: ConsentCovers, terms: &[ConsentTerms]) -> bool {
        let Some(contact) = self.contact() else { return false };
        let by = |debt: &CaseId| self.covered(covers, terms, *debt, self.attempt.agency, contact, self.at);
        self.debts().iter().all(by)
    }

    fn covered(
        &self,
        covers: ConsentCovers,
        terms: &[ConsentTerms],
        debt: CaseId,
        agency: AgencyId,
        contact: ContactPointId,
        at: Timestamp,
    ) -> bool {
        let key = (self.known.partition, self.link.person);
        self.book.consents.0.get(&key).into_iter().flatten().any(|consent| {
            let given = &consent.given;
            let revoked = consent.revoked.filter(|(place, _)| *place < self.known);
            consent.place < self.known
                && given.covers == covers
                && given.agency == agency
                && given.case.is_none_or(|case| case == debt)
                && given.contact.is_none_or(|only| only == contact)
                && given.from <= at
                && given.until.is_none_or(|until| at <= until)
                && revoked.is_none_or(|(_, since)| at < since)
                && terms.iter().all(|terms| self.lasts(given, terms, debt, at))
        })
    }

    /// The terms let a consent last until then: so many calendar days in every zone, and no conversation since.
    fn lasts(&self, given: &ConsentGivenV1, terms: &ConsentTerms, debt: CaseId, at: Timestamp) -> bool {
        let age = |zone: &&TimeZone| day(zone, at) - day(zone, given.given);
        let short =
            terms.at_most_days.is_none_or(|days| self.zones.iter().all(|zone| age(zone) < days.into()));
        short && !(terms.ends_with_conversation && self.spoke(given, debt, at))
    }

    fn spoke(&self, given: &ConsentGivenV1, debt: CaseId, until: Timestamp) -> bool {
        let indices = self.book.of_person.get(&self.link.person).into_iter().flatten();
        let mut histories = indices.filter_map(|index| self.book.histories.get(*index));
        histories.any(|history| {
            let mut later = history.made_in(given.given.plus_ms(1), until.plus_ms(-1));
            later.any(|other| {
                let theirs = history.link(other.case, self.known).map(|link| link.person);
                other.outcome(Some(self.known)) == Some(Outcome::Conversation)
                    && other.agency == given.agency
                    && theirs == Some(self.link.person)
                    && other.discussed().contains(&debt)
            })
        })
    }
}

fn fits(who: &Who, link: &Link, attempt: &Attempt) -> bool {
    who.roles.has(link.role) && who.channels.has(attempt.channel) && who.purposes.has(attempt.purpose)
}
