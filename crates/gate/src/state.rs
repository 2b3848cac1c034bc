//! What the gate remembers: built from events alone.

use std::collections::{BTreeMap, BTreeSet};

use events::Position;
use events::gate::{GateEvent, Line, PermitRequest, Stop, TemplateId};
use model::{AgencyId, CaseId, Channel, CollectorId, ContactPointId, Role, Timestamp};
use serde::{Deserialize, Serialize};

use crate::attempts::{Attempt, Attributions, LineNumbers, Stage};
use crate::contact::{Contact, Early, Link};
use crate::figures::Tallies;
use crate::homes::Partitions;
use crate::maps::{ByCase, ByContact, ByPerson};
use crate::permit::Permits;
use crate::person::{Hold, Person};
use crate::policies::Policies;
use crate::refusals::Refusals;
use crate::share::Shares;
use crate::zone::Zones;

/// The state of one partition of the gate. Opaque: ask it through [`Gate`](crate::Gate).
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct State {
    pub(crate) policies: Policies,
    pub(crate) zones: Zones,
    pub(crate) contacts: ByContact<Contact>,
    pub(crate) persons: ByPerson<Person>,
    /// The contact points that each case names.
    pub(crate) cases: ByCase<Vec<ContactPointId>>,
    pub(crate) case_holds: ByCase<Vec<Hold>>,
    /// Placements and closings that came before the link that they are about.
    pub(crate) early: BTreeMap<(ContactPointId, CaseId), Early>,
    pub(crate) permits: Permits,
    pub(crate) partitions: Partitions,
    pub(crate) shares: Shares,
    pub(crate) attributions: Attributions,
    pub(crate) stops: ByContact<Stop>,
    pub(crate) suspended: BTreeSet<(AgencyId, Option<CollectorId>)>,
    pub(crate) lines: BTreeSet<(AgencyId, Line)>,
    pub(crate) line_numbers: LineNumbers,
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
                self.reserved(&reserved.asked, reserved.expires_at, at, position);
            }
            GateEvent::PermitRefused(refused) => {
                let known = self.contacts.get(&refused.asked.contact);
                self.refusals.record(refused, known.is_none(), at, position);
                if let Some(contact) = known {
                    self.zones.remember_today(contact.zones, self.policies.windows(), at);
                }
            }
            GateEvent::RefusalsRepeated(_) | GateEvent::FindingRaised(_) => {}
            GateEvent::PermitRedeemed(redeemed) => {
                self.permits.redeem(redeemed.permit, redeemed.call, at);
                if let Some(contact) = self.contacts.get_mut(&redeemed.contact)
                    && let Some(attempt) = contact.attempt_mut(redeemed.permit)
                {
                    attempt.stage = Stage::Dialing;
                    attempt.at = at;
                    let (channel, purpose) = (attempt.channel, attempt.purpose);
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
                self.contacts.entry(stop.contact).or_default().stopped = true;
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
                let line = (registered.agency, registered.line);
                if registered.registered {
                    self.lines.insert(line)
                } else {
                    self.lines.remove(&line)
                };
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
        let line = self.line_numbers.number(&asked.line);
        let Some(contact) = self.contacts.get_mut(&asked.contact) else { return };
        let Some(link) = contact.link_number(asked.case) else { return };
        let (policies, attributions) = (&self.policies, &mut self.attributions);
        contact.attempts.retain(|attempt| {
            let keep = policies.may_count(attempt, at);
            if !keep && attempt.attributed {
                attributions.remove(&attempt.position);
            }
            keep
        });
        let attributed = !asked.also.is_empty();
        if attributed {
            let debts = std::iter::once(asked.case).chain(asked.also.iter().copied());
            self.attributions.insert(position, debts.collect());
        }
        contact.attempts.push(Attempt {
            at,
            position,
            agency: asked.agency,
            link,
            line,
            channel: asked.channel,
            purpose: asked.purpose,
            stage: Stage::Waiting,
            attributed,
        });
        self.zones.remember_today(contact.zones, self.policies.windows(), at);
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
        self.contacts.get_mut(&contact)?.link_mut(case)
    }

    pub(crate) fn person_mut(&mut self, person: model::PersonId) -> &mut Person {
        self.persons.entry(person).or_default()
    }
}
