//! Where a rule is asked: in the partition that knows what it counts. With one partition, always here.

use policy::pack::Kind;
use policy::sets::{Key, Scope};

use super::Facts;
use super::own::Own;
use crate::contact::Link;

impl Facts<'_> {
    /// The contact point is at home here: everything at it is known, and what was said of it.
    pub fn contact_here(&self) -> bool {
        self.state.partitions.is_here(&self.asked.contact.0)
    }

    /// The case is at home here: every contact point that it names is known.
    pub fn case_here(&self) -> bool {
        self.state.partitions.is_here(&self.asked.case.0)
    }

    /// The person is at home here: every contact point of theirs is known, and every conversation.
    pub fn person_here(&self, link: &Link) -> bool {
        let partitions = self.state.partitions;
        partitions.sole()
            || self.state.persons.id(link.person).is_some_and(|person| partitions.is_here(&person.0))
    }

    /// Whether one of the gate's own rules is asked here.
    pub(super) fn own_asked_here(&self, own: &Own) -> bool {
        own.at_homes || self.contact_here()
    }

    /// Whether everything that a scope counts is known here.
    pub(super) fn counted_here(&self, scope: Scope, link: &Link) -> bool {
        if self.state.partitions.sole() {
            true
        } else if scope.has(Key::ContactPoint) {
            self.contact_here()
        } else if scope.has(Key::Person) {
            self.person_here(link)
        } else {
            self.case_here()
        }
    }

    /// Whether a rule is asked here. Each is asked in one partition; but two whose halves look at different things.
    pub fn asked_here(&self, kind: &Kind, link: &Link) -> bool {
        if self.state.partitions.sole() {
            return true;
        }
        let counted_here = |scope| self.counted_here(scope, link);
        match kind {
            Kind::Frequency(frequency) => counted_here(frequency.scope),
            Kind::CoolDown(cool_down) => counted_here(cool_down.scope),
            Kind::Interval(interval) => counted_here(interval.scope),
            Kind::Lines(lines) => self.contact_here() || lines.most.is_some() && counted_here(lines.scope),
            Kind::Purpose(purpose) => {
                self.contact_here() || purpose.debtor_out_of_contact.is_some() && self.case_here()
            }
            Kind::Hours(_) | Kind::Fresh(_) | Kind::Content(_) | Kind::Shared(_) => self.contact_here(),
        }
    }
}
