//! The contacts that may count, looked at once for all rules.

use events::Position;
use model::{AgencyId, CaseId, Timestamp};
use policy::sets::{Key, Scope};
use smallvec::SmallVec;

use super::{Facts, More};
use crate::State;
use crate::arena::ContactNumber;
use crate::askers::{Asker, LineNumber};
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
    pub line: LineNumber,
}

/// Everything that some rule may count. Most requests see fewer than eight.
#[derive(Default)]
pub(crate) struct AllSeen<'a> {
    pub list: SmallVec<[Seen<'a>; 8]>,
    /// It was looked at.
    looked: bool,
    /// What came later was left out.
    pub later: bool,
}

/// What all contacts of one link have in common with what is asked for.
#[derive(Clone, Copy)]
struct Common<'a> {
    contact: ContactNumber,
    link: &'a Link,
    /// But for the agency and the debt.
    marks: Marks,
    /// What is asked for is about the link's case alone.
    alone: bool,
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
        if persons || cases {
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
        }
        // The facts that the state does not have yet.
        if let Some(&More { contact, agency, attempt, link, debts, .. }) = self.more.as_ref()
            && attempt.at <= self.now.at
            && !matches!(attempt.stage, Stage::Inbound(_))
        {
            let common = self.common(contact, link, true);
            // Its line is not looked at: no finding is raised for lines.
            let asker = Asker { agency, line: LineNumber::default(), registered: false };
            seen.list.push(self.one(&common, &asker, Packed::of(attempt), debts));
        }
    }

    /// What was with one contact point.
    fn see_at(&self, seen: &mut AllSeen<'a>, number: ContactNumber, contact: &'a Contact, of_case: bool) {
        let links = contact.links();
        // Most contact points have one link.
        let mut of_link: Option<(u16, Common<'a>)> = None;
        for &attempt in contact.packed() {
            seen.later |= attempt.at() > self.now.at;
            if !self.may_count(attempt) {
                continue;
            }
            let known = of_link.as_ref().is_some_and(|(link, _)| *link == attempt.link());
            if !known {
                let Some(link) = links.get(usize::from(attempt.link())) else { continue };
                of_link = Some((attempt.link(), self.common(number, link, of_case)));
            }
            let Some((_, common)) = &of_link else { continue };
            let Some(asker) = self.state.askers.at(attempt.asker()) else { continue };
            let debts =
                if attempt.attributed() { self.state.attributed(attempt.position()) } else { &[][..] };
            seen.list.push(self.one(common, asker, attempt, debts));
        }
    }

    /// Unless it is the one that is judged, was begun by the person, had run out, or came later.
    #[inline]
    fn may_count(&self, attempt: Packed) -> bool {
        let permits = &self.state.permits;
        !attempt.inbound()
            && (!attempt.waiting() || permits.waits(attempt.position(), self.now.at))
            // A share's contact is dated at the latest at which it may be made.
            && (attempt.at() <= self.now.at || permits.placing(attempt.position()))
            && self.but != Some(attempt.position())
    }

    fn common(&self, contact: ContactNumber, link: &'a Link, of_case: bool) -> Common<'a> {
        let own = self.link.unwrap_or(link);
        let person = if link.person == own.person { self.person } else { self.state.persons.at(link.person) };
        let consents = person.is_some_and(|person| !person.consents().is_empty());
        let alone = self.toward.is_none() && link.case == own.case;
        let keys = [
            (self.number == Some(contact), Key::ContactPoint),
            (link.person == own.person, Key::Person),
            (link.case == own.case, Key::Case),
            (link.lender == own.lender, Key::Lender),
        ];
        let agrees = keys.into_iter().filter(|(common, _)| *common);
        let agrees = agrees.fold(Scope::NONE, |agrees, (_, key)| agrees.with(key));
        Common { contact, link, marks: Marks::common(link.role, agrees, of_case, consents), alone }
    }

    #[inline]
    fn one(&self, common: &Common<'a>, asker: &Asker, attempt: Packed, debts: &'a [CaseId]) -> Seen<'a> {
        let &Common { contact, link, marks, alone } = common;
        let mut one = Seen {
            attempt,
            link,
            debts,
            dated: if attempt.waiting() { Timestamp(i64::MAX) } else { attempt.at() },
            marks: marks.with(attempt),
            contact,
            agency: asker.agency,
            line: asker.line,
        };
        // When a share's contact is made is not known yet, and so not what a consent covers then.
        if marks.consents() && self.state.permits.placing(attempt.position()) {
            one.marks = one.marks.without_consents();
        }
        if asker.agency == self.asked.agency {
            one.marks = one.marks.agreeing(Key::Agency);
        }
        // Most are about their case alone, and so is most that is asked for.
        if alone && !attempt.attributed() || self.debts().any(|debt| one.toward(debt, self.state)) {
            one.marks = one.marks.agreeing(Key::Debt);
        }
        one
    }
}

impl State {
    /// The debts of an attempt that is about more or others than its case's.
    pub(crate) fn attributed(&self, position: Position) -> &[CaseId] {
        self.attributions.get(&position).map_or(&[], |debts| debts)
    }
}
