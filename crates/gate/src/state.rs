//! What the gate remembers: built from events alone.

use std::collections::{BTreeMap, BTreeSet};

use events::Position;
use events::gate::{GateEvent, PermitRequest, Stop, TemplateId};
use model::{AgencyId, CaseId, Channel, CollectorId, ContactPointId, Role, Timestamp};
use serde::{Deserialize, Serialize};

use crate::arena::{Arena, ContactNumber};
use crate::askers::Askers;
use crate::attempts::{Attempt, Attributions, Stage};
use crate::contact::{Contact, Early, Link};
use crate::figures::Tallies;
use crate::homes::Partitions;
use crate::maps::ByContact;
use crate::permits::Permits;
use crate::person::{Hold, Persons};
use crate::policies::Policies;
use crate::refusals::Refusals;
use crate::roll::Roll;
use crate::share::Shares;
use crate::zone::Zones;

/// Contact points that are tidied with each reservation. Each adds one attempt, so attempts do not pile up.
const SWEPT_AT_ONCE: usize = 2;

/// The state of one partition of the gate. Opaque: ask it through [`Gate`](crate::Gate).
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct State {
    pub(crate) policies: Policies,
    pub(crate) zones: Zones,
    pub(crate) contacts: Arena<Contact>,
    /// The contact point that was tidied last.
    swept: ContactNumber,
    pub(crate) persons: Persons,
    /// The contact points that each case names, and the holds on it.
    pub(crate) cases: Roll<CaseId, Vec<Hold>>,
    /// Placements and closings that came before the link that they are about.
    pub(crate) early: BTreeMap<(ContactPointId, CaseId), Early>,
    pub(crate) permits: Permits,
    pub(crate) partitions: Partitions,
    pub(crate) shares: Shares,
    pub(crate) attributions: Attributions,
    pub(crate) stops: ByContact<Stop>,
    pub(crate) suspended: BTreeSet<(AgencyId, Option<CollectorId>)>,
    pub(crate) askers: Askers,
    pub(crate) templates: BTreeMap<(AgencyId, TemplateId), Template>,
    pub(crate) refusals: Refusals,
    pub(crate) tallies: Tallies,
}

/// An approved text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Template {
    pub channels: Vec<Channel>,
    pub roles: Vec<Role>,
    pub text: String,
    /// It may no longer be sent; its number stays taken.
    pub withdrawn: bool,
}

impl State {
    /// Takes one event in.
    pub(crate) fn take(&mut self, event: &GateEvent, at: Timestamp, position: Position) {
        self.tallies.count(event);
        match event {
            GateEvent::PolicyAdopted(adopted) => self.policies.adopt(&adopted.pack, position),
            GateEvent::PolicyWithdrawn(withdrawn) => self.policies.withdraw(&withdrawn.id, position),
            GateEvent::ContactLinked(linked) => crate::link::linked(self, linked),
            GateEvent::ContactPlaced(placed) => match self.link_mut(placed.contact, placed.case) {
                Some(link) => link.place(placed.agency),
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
                self.reserved(&reserved.asked, reserved.expires_at, at, position);
            }
            GateEvent::PermitRefused(refused) => {
                let known = self.contacts.get(&refused.asked.contact);
                self.refusals.record(refused, known.is_none(), at, position);
                if let Some(contact) = known {
                    self.zones.remember_days(contact.zones, at);
                }
            }
            GateEvent::RefusalsRepeated(_) | GateEvent::FindingRaised(_) => {}
            GateEvent::PermitRedeemed(redeemed) => {
                self.permits.redeem(redeemed.permit, redeemed.call, at);
                if let Some(contact) = self.contacts.get_mut(&redeemed.contact)
                    && let Some((channel, purpose)) = contact.change(redeemed.permit, |attempt| {
                        attempt.stage = Stage::Dialing;
                        attempt.at = at;
                        (attempt.channel, attempt.purpose)
                    })
                {
                    contact.contacted(channel, purpose, at);
                }
            }
            GateEvent::PermitSettled(settled) => crate::permit::was_settled(self, settled, at),
            GateEvent::PermitExpired(expired) => {
                self.permits.expire(expired.permit, at);
                self.unused(expired.contact, expired.permit);
            }
            GateEvent::PermitVoided(voided) => {
                self.permits.void(voided.permit, at);
                self.unused(voided.contact, voided.permit);
            }
            GateEvent::StopPlaced(stop) => {
                // Also for a contact point that nobody has named yet.
                self.contact_mut(stop.contact).stopped = true;
                self.stops.insert(stop.contact, Stop { position, at, source: stop.source });
            }
            GateEvent::HoldPlaced(placed) => crate::hold::was_placed(self, placed, at, position),
            GateEvent::HoldLifted(lifted) => crate::hold::was_lifted(self, lifted),
            GateEvent::ConsentGiven(given) => crate::consent::was_given(self, given, position),
            GateEvent::ConsentRevoked(revoked) => crate::consent::was_revoked(self, revoked),
            GateEvent::ContactRecorded(recorded) => crate::record::was_recorded(self, recorded, position),
            GateEvent::NumberDisproved(disproved) => crate::number::was_disproved(self, disproved),
            GateEvent::NumberChecked(checked) => crate::number::was_checked(self, checked),
            GateEvent::StandingChanged(changed) => {
                let who = (changed.agency, changed.collector);
                if changed.active {
                    self.suspended.remove(&who)
                } else {
                    self.suspended.insert(who)
                };
            }
            GateEvent::LineRegistered(registered) => {
                self.askers.register(registered.agency, &registered.line, registered.registered);
            }
            GateEvent::PartitionsSet(set) => self.partitions.set(set),
            GateEvent::ShareReserved(_)
            | GateEvent::ShareRedeemed(_)
            | GateEvent::ShareSettled(_)
            | GateEvent::ShareExpired(_)
            | GateEvent::PermitShared(_)
            | GateEvent::SharesEnded(_)
            | GateEvent::ContactReached(_) => crate::share::take(self, event, at, position),
            GateEvent::TemplateApproved(approved) => {
                let (channels, roles) = (approved.channels.clone(), approved.roles.clone());
                let template = Template { channels, roles, text: approved.text.clone(), withdrawn: false };
                self.templates.insert((approved.agency, approved.template), template);
            }
            GateEvent::TemplateWithdrawn(withdrawn) => {
                if let Some(template) = self.templates.get_mut(&(withdrawn.agency, withdrawn.template)) {
                    template.withdrawn = true;
                }
            }
        }
    }

    pub(crate) fn reserved(
        &mut self,
        asked: &PermitRequest,
        expires_at: Timestamp,
        at: Timestamp,
        position: Position,
    ) {
        self.permits.reserve(position, asked, expires_at);
        let asker = self.askers.number(asked.agency, &asked.line);
        let Some(case) = self.cases.number(&asked.case) else { return };
        let Some(contact) = self.contacts.get_mut(&asked.contact) else { return };
        let Some(link) = contact.link_number(case) else { return };
        tidy(contact, &self.policies, &mut self.attributions, at);
        let attributed = !asked.also.is_empty();
        if attributed {
            let debts = std::iter::once(asked.case).chain(asked.also.iter().copied());
            self.attributions.insert(position, debts.collect());
        }
        contact.push(&Attempt {
            at,
            position,
            asker,
            link,
            channel: asked.channel,
            purpose: asked.purpose,
            stage: Stage::Waiting,
            attributed,
        });
        self.zones.remember_days(contact.zones, at);
        self.sweep(at);
    }

    /// Tidies the next contact points in turn, so that of one that is not called again nothing stays for ever either.
    fn sweep(&mut self, at: Timestamp) {
        for _ in 0..SWEPT_AT_ONCE {
            let next = self.swept.0 + 1;
            self.swept = ContactNumber(if (next as usize) < self.contacts.len() { next } else { 0 });
            if let Some(contact) = self.contacts.at_mut(self.swept) {
                tidy(contact, &self.policies, &mut self.attributions, at);
            }
        }
    }

    pub(crate) fn unused(&mut self, contact: ContactPointId, permit: Position) {
        if let Some(contact) = self.contacts.get_mut(&contact) {
            contact.unused(permit);
        }
        self.attributions.remove(&permit);
    }

    fn early(&mut self, contact: ContactPointId, case: CaseId) -> &mut Early {
        self.early.entry((contact, case)).or_default()
    }

    fn link_mut(&mut self, contact: ContactPointId, case: CaseId) -> Option<&mut Link> {
        let case = self.cases.number(&case)?;
        self.contacts.get_mut(&contact)?.link_mut(case)
    }

    /// The contact point, made if nobody has named it yet.
    pub(crate) fn contact_mut(&mut self, id: ContactPointId) -> &mut Contact {
        self.contacts.get_or(id, Contact::new).1
    }
}

/// Drops the attempts that no rule can count any more.
fn tidy(contact: &mut Contact, policies: &Policies, attributions: &mut Attributions, at: Timestamp) {
    contact.retain(|attempt| {
        let keep = policies.may_count(attempt, at);
        if !keep && attempt.attributed {
            attributions.remove(&attempt.position);
        }
        keep
    });
}
