//! The contacts that may count, looked at once for all rules.

use model::{AgencyId, CaseId, Timestamp};
use policy::sets::{Key, Scope};
use smallvec::SmallVec;

use super::{Facts, More};
use crate::State;
use crate::arena::ContactNumber;
use crate::attempts::{Attempt, Stage};
use crate::contact::{Contact, Link};
use crate::marks::Marks;

/// An outbound contact that has taken place by now, or whose permit still waits.
pub(crate) struct Seen<'a> {
    pub attempt: Attempt,
    pub contact: ContactNumber,
    pub agency: AgencyId,
    pub link: &'a Link,
    pub marks: Marks,
    /// When it was; what waits is in every window.
    dated: Timestamp,
    debts: &'a [CaseId],
    /// Whoever it was with consented to something at some time.
    pub consents: bool,
}

/// Everything that some rule may count. Most requests see fewer than eight.
#[derive(Default)]
pub(crate) struct AllSeen<'a> {
    pub list: SmallVec<[Seen<'a>; 8]>,
    /// What came later was left out.
    later: bool,
}

impl Seen<'_> {
    /// In a window that looks back to there: what waits is in every one.
    pub fn since(&self, start: Timestamp) -> bool {
        self.dated >= start
    }

    /// Whether it counts toward a debt.
    pub fn toward(&self, debt: CaseId, state: &State) -> bool {
        self.debts(state).any(|counted| counted == debt)
    }

    /// The debts that it counts toward.
    pub fn debts(&self, state: &State) -> impl Iterator<Item = CaseId> {
        let attributed = self.attempt.attributed;
        let own = if attributed { None } else { state.cases.id(self.link.case) };
        own.into_iter().chain(self.debts.iter().copied().filter(move |_| attributed))
    }
}

impl<'a> Facts<'a> {
    /// Everything that some rule may count: with this contact point, and, where one looks there, with the others of the
    /// person and of the case.
    pub(super) fn see(&self, persons: bool, cases: bool) -> AllSeen<'a> {
        let mut seen = AllSeen::default();
        let (Some(own), Some(contact), Some(link)) = (self.number, self.contact, self.link) else {
            return seen;
        };
        let person = self.person.filter(|_| persons || cases).map_or(&[][..], |person| person.contacts);
        let case = self.state.cases.at(link.case).filter(|_| cases).map_or(&[][..], |case| case.contacts);
        let mut see = |number: ContactNumber, contact: &'a Contact, of_case: bool| {
            for attempt in contact.attempts() {
                seen.later |= attempt.at > self.now.at;
                if !self.may_count(&attempt) {
                    continue;
                }
                let Some(of) = contact.links().get(usize::from(attempt.link)) else { continue };
                let Some(asker) = self.state.askers.at(attempt.asker) else { continue };
                let debts = self.state.attributed(&attempt);
                seen.list.push(self.seen((number, of, asker.agency), attempt, debts, (own, link), of_case));
            }
        };
        see(own, contact, true);
        for number in person.iter().filter(|number| **number != own) {
            if let Some(contact) = self.state.contacts.at(*number) {
                see(*number, contact, case.contains(number));
            }
        }
        for number in case.iter().filter(|number| **number != own && !person.contains(number)) {
            if let Some(contact) = self.state.contacts.at(*number) {
                see(*number, contact, true);
            }
        }
        if let Some(&More { contact, agency, attempt, link: of, debts, .. }) = self.more.as_ref()
            && attempt.at <= self.now.at
            && !matches!(attempt.stage, Stage::Inbound(_))
        {
            seen.list.push(self.seen((contact, of, agency), *attempt, debts, (own, link), true));
        }
        seen
    }

    /// What is left of it later: the same, but for permits that have lapsed by then.
    pub(super) fn see_again(&self, mut seen: AllSeen<'a>, persons: bool, cases: bool) -> AllSeen<'a> {
        if seen.later {
            return self.see(persons, cases);
        }
        seen.list.retain(|one| self.may_count(&one.attempt));
        seen
    }

    /// Unless it is the one that is judged, was begun by the person, had run out, or came later.
    fn may_count(&self, attempt: &Attempt) -> bool {
        let counts = match attempt.stage {
            Stage::Waiting => self.state.permits.waits(attempt.position, self.now.at),
            Stage::Dialing | Stage::Made(_) => true,
            Stage::Inbound(_) => false,
        };
        // A share's contact is dated at the latest at which it may be made.
        let by_now = attempt.at <= self.now.at || self.state.permits.placing(attempt.position);
        counts && by_now && self.but != Some(attempt.position)
    }

    fn seen(
        &self,
        (contact, link, agency): (ContactNumber, &'a Link, AgencyId),
        attempt: Attempt,
        debts: &'a [CaseId],
        (own, own_link): (ContactNumber, &Link),
        of_case: bool,
    ) -> Seen<'a> {
        let person =
            if link.person == own_link.person { self.person } else { self.state.persons.at(link.person) };
        let consents = person.is_some_and(|person| !person.consents().is_empty());
        let dated = if attempt.stage == Stage::Waiting { Timestamp(i64::MAX) } else { attempt.at };
        let mut seen = Seen { attempt, contact, agency, link, marks: Marks::NONE, dated, debts, consents };
        // Most are about their case alone, and so is most that is asked for.
        let alone = self.toward.is_none() && !attempt.attributed && link.case == own_link.case;
        let toward = alone || self.debts().any(|debt| seen.toward(debt, self.state));
        let mut agrees = Scope::NONE;
        for (common, key) in [
            (contact == own, Key::ContactPoint),
            (link.person == own_link.person, Key::Person),
            (link.case == own_link.case, Key::Case),
            (link.lender == own_link.lender, Key::Lender),
            (agency == self.asked.agency, Key::Agency),
            (toward, Key::Debt),
        ] {
            if common {
                agrees = agrees.with(key);
            }
        }
        seen.marks = Marks::of(link.role, &attempt, agrees, of_case);
        seen
    }
}

impl State {
    /// The debts of an attempt that is about more or others than its case's.
    pub(crate) fn attributed(&self, attempt: &Attempt) -> &[CaseId] {
        if !attempt.attributed {
            return &[];
        }
        self.attributions.get(&attempt.position).map_or(&[], |debts| debts)
    }
}
