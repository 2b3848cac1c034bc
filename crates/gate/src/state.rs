//! What the gate remembers: built from events alone.

use std::collections::BTreeMap;

use events::Position;
use events::gate::{ConsentAnswer, GateEvent, PolicyV1, Stop};
use model::{AgencyId, CaseId, ContactPointId, LenderId, PersonId, Role, Timestamp};
use serde::{Deserialize, Serialize};

use crate::figures::Tallies;
use crate::maps::ByContact;
use crate::permit::Permits;
use crate::policy::Adopted;
use crate::refusals::Refusals;
use crate::window::Attempts;
use crate::zone::{ZoneSet, Zones};

/// The state of one partition of the gate. Opaque: ask it through [`Gate`](crate::Gate).
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct State {
    pub(crate) policy: Option<Adopted>,
    /// Policies that were in force before, each id and version once: the same name never means two things.
    pub(crate) former_policies: Vec<PolicyV1>,
    pub(crate) zones: Zones,
    pub(crate) contacts: ByContact<Contact>,
    /// Placements and closings that came before the link that they are about.
    pub(crate) early: BTreeMap<(ContactPointId, CaseId), Early>,
    pub(crate) permits: Permits,
    pub(crate) stops: ByContact<Stop>,
    pub(crate) refusals: Refusals,
    pub(crate) tallies: Tallies,
}

/// A contact point.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Contact {
    pub attempts: Attempts,
    pub links: Box<[Link]>,
    pub zones: ZoneSet,
    pub notice: Notice,
    /// Whether `stops` has it: on the way of every decision, so kept here too.
    pub stopped: bool,
}

/// A case that names a contact point.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Link {
    pub case: CaseId,
    pub person: PersonId,
    pub lender: LenderId,
    pub agency: Option<AgencyId>,
    pub role: Role,
    pub consent: Option<ConsentAnswer>,
    pub closed: bool,
}

/// What is known of a case's contact point before it is linked. The links and the placements come from two logs,
/// whose followers do not wait for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Early {
    pub agency: Option<AgencyId>,
    pub closed: bool,
}

/// The one notice that asks a named contact for consent: one in all for a contact point, whoever names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum Notice {
    #[default]
    Unused,
    /// A permit for it was reserved.
    Reserved(Position),
    Sent,
}

impl Contact {
    pub fn link(&self, case: CaseId) -> Option<&Link> {
        self.links.iter().find(|link| link.case == case)
    }

    pub fn link_mut(&mut self, case: CaseId) -> Option<&mut Link> {
        self.links.iter_mut().find(|link| link.case == case)
    }

    /// A permit for the notice was not used: the notice is still to be sent.
    fn unused(&mut self, permit: Position) {
        self.attempts.drop_waiting(permit);
        if self.notice == Notice::Reserved(permit) {
            self.notice = Notice::Unused;
        }
    }
}

impl State {
    fn early(&mut self, contact: ContactPointId, case: CaseId) -> &mut Early {
        self.early.entry((contact, case)).or_default()
    }

    /// Takes one event in.
    pub(crate) fn take(&mut self, event: &GateEvent, at: Timestamp, position: Position) {
        self.tallies.count(event);
        match event {
            GateEvent::PolicyAdopted(adopted) => {
                let adopted = Adopted { policy: adopted.policy.clone(), position };
                if let Some(Adopted { policy, .. }) = self.policy.replace(adopted)
                    && !self.former_policies.contains(&policy)
                {
                    self.former_policies.push(policy);
                }
            }
            GateEvent::ContactLinked(linked) => crate::link::linked(self, linked),
            GateEvent::ContactPlaced(placed) => match self.link_mut(placed.contact, placed.case) {
                Some(link) => link.agency = placed.agency,
                None => self.early(placed.contact, placed.case).agency = placed.agency,
            },
            GateEvent::ContactClosed(closed) => match self.link_mut(closed.contact, closed.case) {
                Some(link) => link.closed = true,
                None => self.early(closed.contact, closed.case).closed = true,
            },
            GateEvent::ConsentAnswered(answered) => {
                if let Some(link) = self.link_mut(answered.contact, answered.case) {
                    link.consent = Some(answered.answer);
                }
            }
            GateEvent::PermitReserved(reserved) => {
                self.permits.reserve(position, reserved);
                if let Some(contact) = self.contacts.get_mut(&reserved.asked.contact) {
                    contact.attempts.reserve(position, at);
                    if reserved.asked.purpose == model::Purpose::ConsentNotice {
                        contact.notice = Notice::Reserved(position);
                    }
                    self.zones.remember_today(contact.zones, at);
                }
            }
            GateEvent::PermitRefused(refused) => {
                let known = self.contacts.get(&refused.asked.contact);
                self.refusals.record(refused, known.is_none(), at, position);
                if let Some(contact) = known {
                    self.zones.remember_today(contact.zones, at);
                }
            }
            GateEvent::RefusalsRepeated(_) => {}
            GateEvent::PermitRedeemed(redeemed) => {
                self.permits.redeem(redeemed.permit, redeemed.call, at);
                if let Some(contact) = self.contacts.get_mut(&redeemed.contact) {
                    contact.attempts.redeem(redeemed.permit, at);
                    if contact.notice == Notice::Reserved(redeemed.permit) {
                        contact.notice = Notice::Sent;
                    }
                }
            }
            GateEvent::PermitSettled(settled) => {
                let made = self.permits.settle(settled.permit, settled.outcome, at);
                if settled.given_back
                    && let (Some(made), Some(contact)) = (made, self.contacts.get_mut(&settled.contact))
                {
                    contact.attempts.give_back(made);
                }
            }
            GateEvent::PermitExpired(expired) => {
                self.permits.expire(expired.permit, at);
                if let Some(contact) = self.contacts.get_mut(&expired.contact) {
                    contact.unused(expired.permit);
                }
            }
            GateEvent::PermitVoided(voided) => {
                self.permits.void(voided.permit, at);
                if let Some(contact) = self.contacts.get_mut(&voided.contact) {
                    contact.unused(voided.permit);
                }
            }
            GateEvent::StopPlaced(stop) => {
                // Also for a contact point that nobody has named yet.
                self.contacts.entry(stop.contact).or_default().stopped = true;
                self.stops.insert(stop.contact, Stop { position, at, source: stop.source });
            }
        }
    }

    fn link_mut(&mut self, contact: model::ContactPointId, case: CaseId) -> Option<&mut Link> {
        self.contacts.get_mut(&contact)?.link_mut(case)
    }
}
