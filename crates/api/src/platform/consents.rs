//! What a person consented to, and took back. A consent is given directly to an agency and does not travel with the case.

use events::gate::{ConsentCovers, ConsentGivenV1, ConsentRevokedV1, GateCommand};
use events::{Code, Reason, Refusal, Tenant};
use model::{AgencyId, CaseId, PersonId, Timestamp};

use super::Platform;
use crate::principal::{Principal, not_found};
use crate::target::Target;

/// A person consents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentAsk {
    /// At which contact point.
    pub target: Target,
    /// In which case the person is named; the consent is about its debt.
    pub case: CaseId,
    /// To whom; an agency that takes it down may leave itself out.
    pub agency: Option<AgencyId>,
    /// It is about every debt of the person at that agency.
    pub every_debt: bool,
    /// It is for every contact point of the person. Not for somebody who has only shown that one number is theirs.
    pub every_contact: bool,
    /// What it lifts.
    pub covers: ConsentCovers,
    /// When it was given; now, if left out.
    pub given: Option<Timestamp>,
    /// From when on it covers contacts; from when it was given, if left out.
    pub from: Option<Timestamp>,
    /// The last moment covered.
    pub until: Option<Timestamp>,
}

impl Platform {
    /// Takes a consent down: from the person themselves, from the agency and its collectors that were given it, from the
    /// operator. True: it was taken down now.
    pub async fn give_consent(
        &self,
        principal: &Principal,
        ask: &ConsentAsk,
        retry_key: Option<&str>,
    ) -> Result<bool, Refusal> {
        let person = self.consenting(principal, &ask.target, ask.case).await?;
        if matches!(principal, Principal::CalledPerson(_)) && ask.every_contact {
            return Err(principal.forbidden("somebody who has shown that the other numbers are theirs too"));
        }
        let agency = match (principal.agency(), ask.agency) {
            (Some(own), Some(named)) if own != named => return Err(not_found()),
            (Some(own), _) => own,
            (None, Some(named)) => named,
            (None, None) => {
                return Err(Reason::detail(
                    Code::MALFORMED,
                    "agency: expected to whom it is given, got nobody",
                )
                .into());
            }
        };
        let now = self.now();
        let given = ask.given.unwrap_or(now);
        if given > now {
            let detail = "given: expected a time that is past, got one to come";
            return Err(Reason::detail(Code::CONSENT_INVALID, detail).into());
        }
        let command = GateCommand::GiveConsent(ConsentGivenV1 {
            person,
            agency,
            case: (!ask.every_debt).then_some(ask.case),
            contact: (!ask.every_contact).then(|| self.contact_point(&ask.target)),
            covers: ask.covers,
            given,
            from: ask.from.unwrap_or(given),
            until: ask.until,
        });
        self.tell_gate(principal, Tenant::Agency(agency), command, retry_key).await
    }

    /// Takes every consent of a person back: for the person themselves, for those whom they told, for the operator. False:
    /// there was none.
    pub async fn revoke_consents(
        &self,
        principal: &Principal,
        target: &Target,
        case: CaseId,
        retry_key: Option<&str>,
    ) -> Result<bool, Refusal> {
        let person = self.consenting(principal, target, case).await?;
        let command = GateCommand::RevokeConsent(ConsentRevokedV1 { person, consent: None, at: self.now() });
        self.tell_gate(principal, principal.tenant(), command, retry_key).await
    }

    /// Who is behind a contact point in a case, if the principal may speak with or for them.
    async fn consenting(
        &self,
        principal: &Principal,
        target: &Target,
        case: CaseId,
    ) -> Result<PersonId, Refusal> {
        let contact = self.contact_point(target);
        match principal {
            Principal::CalledPerson(own) if *own != contact => return Err(not_found()),
            Principal::CalledPerson(_)
            | Principal::Agency(_)
            | Principal::Collector(..)
            | Principal::Supervisor(Some(_))
            | Principal::Operator => {}
            other => return Err(other.forbidden("the person, the agency that was told, or the operator")),
        }
        let holder = self.holder_seen(principal, contact, Some(case)).await?;
        holder.map(|holder| holder.person).ok_or_else(not_found)
    }
}
