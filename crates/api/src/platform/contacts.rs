//! What is held about a contact point, and how its owner ends it.

use events::assignment::AgencyView;
use events::gate::{
    ConsentAnswer, ConsentAnsweredV1, ContactStatus, Count, GateAnswer, GateCommand, GateQuery, GateReply,
    Held, Holder, RuleName, Stop, StopSource,
};
use events::{Code, Position, Refusal, Tenant};
use model::{AgencyId, CaseId, ContactPointId, LenderId, Role};

use super::Platform;
use super::give::{Names, give};
use crate::principal::{Principal, not_found};
use crate::target::Target;

/// Who holds a contact point and why, and what may happen to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactView {
    /// Which.
    pub contact: ContactPointId,
    /// The stop, if there is one.
    pub stop: Option<Stop>,
    /// What each cap on the contact point counts now, in the strictest zone, as for a call to collect.
    pub counts: Vec<(RuleName, Count)>,
    /// Holds that concern it.
    pub holds: Vec<Held>,
    /// Permits that wait to be redeemed.
    pub pending: u32,
    /// Who holds it; only what the asker may see.
    pub holders: Vec<HolderView>,
}

/// A case that holds a contact point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HolderView {
    /// The case.
    pub case: CaseId,
    /// Whose it is.
    pub lender: LenderId,
    /// The agency that it is placed with.
    pub agency: Option<AgencyId>,
    /// Its legal name.
    pub agency_name: Option<String>,
    /// What the person is said to be to the case.
    pub role: Role,
    /// What they answered when asked.
    pub consent: Option<ConsentAnswer>,
    /// The case needs no more contact.
    pub closed: bool,
}

/// A stop stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StopReceipt {
    /// Whom nobody contacts any more.
    pub contact: ContactPointId,
    /// Where it stands in the gate's log; `None`: nothing is known of it yet, ask again.
    pub stop: Option<Position>,
    /// How many waiting permits it voided.
    pub voided: u32,
    /// False: it stood before.
    pub changed: bool,
}

impl Platform {
    /// What is held about a contact point. A called person sees all about their own; an agency and a lender see
    /// what concerns their cases; a stop is seen by whoever sees anything.
    pub async fn contact(&self, principal: &Principal, target: &Target) -> Result<ContactView, Refusal> {
        let contact = self.contact_point(target);
        match principal {
            Principal::CalledPerson(own) if *own != contact => return Err(not_found()),
            Principal::Anonymous | Principal::Trunk => {
                return Err(principal.forbidden("somebody who has shown that the number is theirs"));
            }
            _ => {}
        }
        let (status, agencies) = tokio::try_join!(self.contact_status(contact), self.all_agencies())?;
        let own_number = matches!(principal, Principal::CalledPerson(_));
        let Some(status) = status else {
            return if own_number || principal.sees_all() { Ok(unknown(contact)) } else { Err(not_found()) };
        };
        let mut holders = Vec::new();
        for holder in &status.holders {
            if self.sees(principal, holder).await? {
                holders.push(named(holder, &agencies));
            }
        }
        if holders.is_empty() && !own_number && !principal.sees_all() {
            return Err(not_found());
        }
        let ContactStatus { stop, counts, pending, holds, .. } = status;
        Ok(ContactView { contact, stop, counts, holds, pending, holders })
    }

    /// Stops all contact. Anybody may: a wrong stop costs a call, a missing one a person's peace.
    pub async fn stop(
        &self,
        principal: &Principal,
        target: &Target,
        source: StopSource,
        retry_key: Option<&str>,
    ) -> Result<StopReceipt, Refusal> {
        if !may_say(principal, source) {
            return Err(principal.forbidden("somebody who may speak for this source"));
        }
        let contact = self.contact_point(target);
        let id = Names::new(principal, retry_key)?.nth(0);
        let command = GateCommand::PlaceStop { contact, source };
        match give(&self.parts.gate, principal, Tenant::Platform, id, command).await? {
            GateAnswer::Stopped { stop, voided } => {
                Ok(StopReceipt { contact, stop: Some(stop), voided, changed: true })
            }
            _ => {
                let status = self.contact_status(contact).await?;
                let stop = status.and_then(|status| status.stop).map(|stop| stop.position);
                Ok(StopReceipt { contact, stop, voided: 0, changed: false })
            }
        }
    }

    /// Records what somebody who was named as a contact answered. The person says so themselves, or the operator
    /// for them; a collector may only take down a no. True: it was recorded now.
    pub async fn answer_consent(
        &self,
        principal: &Principal,
        target: &Target,
        case: CaseId,
        answer: ConsentAnswer,
        retry_key: Option<&str>,
    ) -> Result<bool, Refusal> {
        let contact = self.contact_point(target);
        match principal {
            Principal::Operator => {}
            Principal::CalledPerson(own) if *own == contact => {}
            Principal::CalledPerson(_) => return Err(not_found()),
            Principal::Collector(..) | Principal::Agency(_) if answer != ConsentAnswer::Confirmed => {}
            _ => return Err(principal.forbidden("the person who was asked")),
        }
        let status = self.contact_status(contact).await?.ok_or_else(not_found)?;
        match status.holders.iter().find(|holder| holder.case == case) {
            Some(holder) if self.sees(principal, holder).await? => {}
            _ => return Err(not_found()),
        }
        let id = Names::new(principal, retry_key)?.nth(0);
        let command = GateCommand::AnswerConsent(ConsentAnsweredV1 { contact, case, answer });
        let given = give(&self.parts.gate, principal, Tenant::Platform, id, command).await?;
        Ok(given != GateAnswer::Done { changed: false })
    }

    /// The case that holds a contact point, if the principal may see it; without a case, the first that they may see. What
    /// another party holds is answered as if it did not exist.
    pub(super) async fn holder_seen(
        &self,
        principal: &Principal,
        contact: ContactPointId,
        case: Option<CaseId>,
    ) -> Result<Option<Holder>, Refusal> {
        if *principal == Principal::CalledPerson(contact) && case.is_none() {
            return Ok(None);
        }
        let status = self.contact_status(contact).await?.ok_or_else(not_found)?;
        let holders = status.holders.into_iter().filter(|holder| case.is_none_or(|case| case == holder.case));
        for holder in holders {
            if self.sees(principal, &holder).await? {
                return Ok(Some(holder));
            }
        }
        Err(not_found())
    }

    /// A collector sees what is in their queue, not all that their agency has.
    async fn sees(&self, principal: &Principal, holder: &Holder) -> Result<bool, Refusal> {
        let Principal::Collector(collector, agency) = *principal else { return Ok(sees(principal, holder)) };
        if !sees(principal, holder) {
            return Ok(false);
        }
        let placement = self.placement(holder.case).await?;
        Ok(placement.is_some_and(|placement| placement.placed == Some((agency, collector))))
    }

    pub(super) async fn contact_status(
        &self,
        contact: ContactPointId,
    ) -> Result<Option<ContactStatus>, Refusal> {
        let partition = self.parts.gate.partition_of(&contact.0);
        match self.parts.gate.query(partition, GateQuery::Contact(contact)).await? {
            GateReply::Contact(status) => Ok(status.map(|status| *status)),
            _ => Err(Code::UNAVAILABLE.into()),
        }
    }
}

fn sees(principal: &Principal, holder: &Holder) -> bool {
    match principal {
        Principal::Lender(lender) => holder.lender == *lender,
        Principal::Agency(_) | Principal::Supervisor(Some(_)) | Principal::Collector(..) => {
            holder.agency.is_some() && holder.agency == principal.agency()
        }
        Principal::Operator | Principal::Supervisor(None) | Principal::CalledPerson(_) => true,
        Principal::Trunk | Principal::Anonymous => false,
    }
}

fn named(holder: &Holder, agencies: &[AgencyView]) -> HolderView {
    let Holder { case, lender, agency, role, consent, closed, .. } = *holder;
    let found = agencies.iter().find(|view| Some(view.agency) == agency);
    let agency_name = found.map(|view| view.name.clone());
    HolderView { case, lender, agency, agency_name, role, consent, closed }
}

fn unknown(contact: ContactPointId) -> ContactView {
    let (counts, holds, holders) = (Vec::new(), Vec::new(), Vec::new());
    ContactView { contact, stop: None, counts, holds, pending: 0, holders }
}

fn may_say(principal: &Principal, source: StopSource) -> bool {
    match source {
        StopSource::CalledPerson => {
            matches!(principal, Principal::CalledPerson(_) | Principal::Anonymous | Principal::Operator)
        }
        StopSource::Collector => {
            matches!(principal, Principal::Collector(..) | Principal::Agency(_) | Principal::Operator)
        }
        StopSource::Operator | StopSource::Regulator => *principal == Principal::Operator,
    }
}
