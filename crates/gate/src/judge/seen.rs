//! The contacts that may count, looked at once for all rules.

use events::Position;
use model::{AgencyId, CaseId, Timestamp};
use policy::sets::{Key, Scope};
use smallvec::SmallVec;

use super::{Facts, More};
use crate::State;
use crate::arena::ContactNumber;
use crate::askers::AskerNumber;
use crate::attempts::{Attempt, Packed, Stage};
use crate::contact::{Contact, Link};
use crate::marks::Marks;

/// An outbound contact that has taken place by now, or whose permit still waits.
pub(crate) struct Seen<'a> {
    attempt: Packed,
    pub link: &'a Link,
    /// What it is attributed to, if that is not its case alone.
    debts: &'a [CaseId],
    /// When it was; what waits is in every window.
    dated: Timestamp,
    pub marks: Marks,
    pub contact: ContactNumber,
    pub agency: AgencyId,
    /// Whoever it was with consented to something at some time.
    pub consents: bool,
}

/// Everything that some rule may count. Most requests see fewer than eight.
#[derive(Default)]
pub(crate) struct AllSeen<'a> {
    pub list: SmallVec<[Seen<'a>; 8]>,
    /// It was looked at.
    looked: bool,
    /// What came later was left out.
    later: bool,
    /// Whoever some contact was with consented to something at some time.
    pub consents: bool,
}

impl Seen<'_> {
    pub fn attempt(&self) -> Attempt {
        self.attempt.open()
    }

    pub fn at(&self) -> Timestamp {
        self.attempt.at()
    }

    pub fn position(&self) -> Position {
        self.attempt.position()
    }

    pub fn asker(&self) -> AskerNumber {
        self.attempt.asker()
    }

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
        let attributed = self.attempt.attributed();
        let own = if attributed { None } else { state.cases.id(self.link.case) };
        own.into_iter().chain(self.debts.iter().copied().filter(move |_| attributed))
    }
}

impl<'a> Facts<'a> {
    /// Everything that some rule may count: with this contact point, and, where one looks there, with the others of the
    /// person and of the case. What was looked at at an earlier moment is the same later, but for permits that have lapsed by
    /// then.
    pub(super) fn see(&self, seen: &mut AllSeen<'a>, persons: bool, cases: bool) {
        if seen.looked && !seen.later {
            seen.list.retain(|one| self.may_count(one.attempt));
            return;
        }
        seen.list.clear();
        seen.looked = true;
        let (Some(own), Some(contact), Some(link)) = (self.number, self.contact, self.link) else { return };
        self.see_at(seen, own, contact, true);
        if !persons && !cases {
            return self.see_more(seen);
        }
        let person = self.person.map_or(&[][..], |person| person.contacts);
        let case = self.state.cases.at(link.case).filter(|_| cases).map_or(&[][..], |case| case.contacts);
        for number in person.iter().filter(|number| **number != own) {
            if let Some(contact) = self.state.contacts.at(*number) {
                self.see_at(seen, *number, contact, case.contains(number));
            }
        }
        for number in case.iter().filter(|number| **number != own && !person.contains(number)) {
            if let Some(contact) = self.state.contacts.at(*number) {
                self.see_at(seen, *number, contact, true);
            }
        }
        self.see_more(seen);
    }

    /// What was with one contact point.
    fn see_at(&self, seen: &mut AllSeen<'a>, number: ContactNumber, contact: &'a Contact, of_case: bool) {
        for &attempt in contact.packed() {
            seen.later |= attempt.at() > self.now.at;
            if !self.may_count(attempt) {
                continue;
            }
            let Some(link) = contact.links().get(usize::from(attempt.link())) else { continue };
            let Some(asker) = self.state.askers.at(attempt.asker()) else { continue };
            let debts =
                if attempt.attributed() { self.state.attributed(attempt.position()) } else { &[][..] };
            self.take(seen, (number, link, asker.agency), attempt, debts, of_case);
        }
    }

    /// The facts that the state does not have yet.
    fn see_more(&self, seen: &mut AllSeen<'a>) {
        if let Some(&More { contact, agency, attempt, link, debts, .. }) = self.more.as_ref()
            && attempt.at <= self.now.at
            && !matches!(attempt.stage, Stage::Inbound(_))
        {
            self.take(seen, (contact, link, agency), Packed::of(attempt), debts, true);
        }
    }

    /// Unless it is the one that is judged, was begun by the person, had run out, or came later.
    fn may_count(&self, attempt: Packed) -> bool {
        let permits = &self.state.permits;
        let counts = match Stage::of(attempt.stage()) {
            Stage::Waiting => permits.waits(attempt.position(), self.now.at),
            Stage::Dialing | Stage::Made(_) => true,
            Stage::Inbound(_) => false,
        };
        // A share's contact is dated at the latest at which it may be made.
        let by_now = attempt.at() <= self.now.at || permits.placing(attempt.position());
        counts && by_now && self.but != Some(attempt.position())
    }

    fn take(
        &self,
        seen: &mut AllSeen<'a>,
        (contact, link, agency): (ContactNumber, &'a Link, AgencyId),
        attempt: Packed,
        debts: &'a [CaseId],
        of_case: bool,
    ) {
        let (Some(own), Some(own_link)) = (self.number, self.link) else { return };
        let same_person = link.person == own_link.person;
        let person = if same_person { self.person } else { self.state.persons.at(link.person) };
        let consents = person.is_some_and(|person| !person.consents().is_empty());
        seen.consents |= consents;
        let waiting = Stage::of(attempt.stage()) == Stage::Waiting;
        let dated = if waiting { Timestamp(i64::MAX) } else { attempt.at() };
        // Most are about their case alone, and so is most that is asked for.
        let alone = self.toward.is_none() && !attempt.attributed() && link.case == own_link.case;
        let mut agrees = Scope::NONE;
        for (common, key) in [
            (contact == own, Key::ContactPoint),
            (same_person, Key::Person),
            (link.case == own_link.case, Key::Case),
            (link.lender == own_link.lender, Key::Lender),
            (agency == self.asked.agency, Key::Agency),
            (alone, Key::Debt),
        ] {
            if common {
                agrees = agrees.with(key);
            }
        }
        let mut one = Seen {
            attempt,
            link,
            debts,
            dated,
            marks: Marks::of(link.role, attempt, agrees, of_case),
            contact,
            agency,
            consents,
        };
        if !alone && self.debts().any(|debt| one.toward(debt, self.state)) {
            one.marks = Marks::of(link.role, attempt, agrees.with(Key::Debt), of_case);
        }
        seen.list.push(one);
    }
}

impl State {
    /// The debts of an attempt that is about more or others than its case's.
    pub(crate) fn attributed(&self, position: Position) -> &[CaseId] {
        self.attributions.get(&position).map_or(&[], |debts| debts)
    }
}
