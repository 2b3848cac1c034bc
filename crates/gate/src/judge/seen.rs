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

/// What all contacts of one link have in common with what is asked for.
#[derive(Clone, Copy)]
struct Common<'a> {
    contact: ContactNumber,
    link: &'a Link,
    agrees: Scope,
    of_case: bool,
    consents: bool,
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
        let mut common = None;
        for &attempt in contact.packed() {
            seen.later |= attempt.at() > self.now.at;
            if !self.may_count(attempt) {
                continue;
            }
            let Some(link) = contact.links().get(usize::from(attempt.link())) else { continue };
            let Some(asker) = self.state.askers.at(attempt.asker()) else { continue };
            let debts =
                if attempt.attributed() { self.state.attributed(attempt.position()) } else { &[][..] };
            // Most contact points have one link.
            let of_link = match common {
                Some((known, of_link)) if known == attempt.link() => of_link,
                _ => self.common(number, link, of_case),
            };
            common = Some((attempt.link(), of_link));
            self.take(seen, &of_link, asker.agency, attempt, debts);
        }
    }

    /// The facts that the state does not have yet.
    fn see_more(&self, seen: &mut AllSeen<'a>) {
        if let Some(&More { contact, agency, attempt, link, debts, .. }) = self.more.as_ref()
            && attempt.at <= self.now.at
            && !matches!(attempt.stage, Stage::Inbound(_))
        {
            let common = self.common(contact, link, true);
            self.take(seen, &common, agency, Packed::of(attempt), debts);
        }
    }

    /// Unless it is the one that is judged, was begun by the person, had run out, or came later.
    #[inline]
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

    fn common(&self, contact: ContactNumber, link: &'a Link, of_case: bool) -> Common<'a> {
        let same = |same: fn(&Link) -> u32| self.link.is_some_and(|own| same(own) == same(link));
        let same_person = same(|link| link.person.0);
        let person = if same_person { self.person } else { self.state.persons.at(link.person) };
        let keys = [
            (self.number == Some(contact), Key::ContactPoint),
            (same_person, Key::Person),
            (same(|link| link.case.0), Key::Case),
            (same(|link| link.lender.0), Key::Lender),
        ];
        let common = keys.into_iter().filter(|(common, _)| *common);
        Common {
            contact,
            link,
            agrees: common.fold(Scope::NONE, |agrees, (_, key)| agrees.with(key)),
            of_case,
            consents: person.is_some_and(|person| !person.consents().is_empty()),
        }
    }

    #[inline]
    fn take(
        &self,
        seen: &mut AllSeen<'a>,
        common: &Common<'a>,
        agency: AgencyId,
        attempt: Packed,
        debts: &'a [CaseId],
    ) {
        let &Common { contact, link, mut agrees, of_case, consents } = common;
        if agency == self.asked.agency {
            agrees = agrees.with(Key::Agency);
        }
        let waiting = Stage::of(attempt.stage()) == Stage::Waiting;
        let dated = if waiting { Timestamp(i64::MAX) } else { attempt.at() };
        let mut one = Seen {
            attempt,
            link,
            debts,
            dated,
            marks: Marks::of(link.role, attempt, agrees.with(Key::Debt), of_case),
            contact,
            agency,
            consents,
        };
        // Most are about their case alone, and so is most that is asked for.
        let alone = self.toward.is_none() && !attempt.attributed() && agrees.has(Key::Case);
        if !alone && !self.debts().any(|debt| one.toward(debt, self.state)) {
            one.marks = Marks::of(link.role, attempt, agrees, of_case);
        }
        seen.consents |= consents;
        seen.list.push(one);
    }
}

impl State {
    /// The debts of an attempt that is about more or others than its case's.
    pub(crate) fn attributed(&self, position: Position) -> &[CaseId] {
        self.attributions.get(&position).map_or(&[], |debts| debts)
    }
}
