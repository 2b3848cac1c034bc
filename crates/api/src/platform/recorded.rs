//! Facts that come from elsewhere or late: contacts without a permit, whose number it really is, what a check found.

use events::gate::{ContactRecordedV1, Direction, Line, NumberCheck, NumberCheckedV1, NumberDisprovedV1};
use events::{Code, Reason, Refusal, Tenant};
use model::{AgencyId, CaseId, Channel, LenderId, Outcome, PersonId, Purpose, Timestamp};

use gate::Tell;

use super::Platform;
use super::course::Driver;
use super::give::Names;
use crate::principal::{Principal, not_found};
use crate::target::Target;

/// A contact that took place without a permit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactAsk {
    /// With whom.
    pub target: Target,
    /// For which case.
    pub case: CaseId,
    /// The agency; its own people may leave it out.
    pub agency: Option<AgencyId>,
    /// How.
    pub channel: Channel,
    /// What for.
    pub purpose: Purpose,
    /// Who began it.
    pub direction: Direction,
    /// When it took place.
    pub at: Timestamp,
    /// What became of it.
    pub outcome: Outcome,
    /// The debts that it counts toward, by their cases; empty: the case's.
    pub toward: Vec<CaseId>,
    /// The debts that were spoken about.
    pub discussed: Vec<CaseId>,
    /// The number that the person saw.
    pub line: Option<Line>,
}

/// Whose a number is not, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisproveAsk {
    /// The number.
    pub target: Target,
    /// The case that names it for a person whose it is not.
    pub case: CaseId,
    /// Whose it is, by pseudonym; `None`: a stranger's, who gets a pseudonym of their own.
    pub belongs_to: Option<PersonId>,
}

impl Platform {
    /// Records a contact that no permit was asked for: for the agency that the case is placed with, its collectors, the
    /// operator. Contacts that it shows should not have been made are findings in the log. True: it was recorded.
    pub async fn record_contact(
        &self,
        principal: &Principal,
        ask: &ContactAsk,
        retry_key: Option<&str>,
    ) -> Result<bool, Refusal> {
        let agency = match (principal, principal.agency(), ask.agency) {
            (Principal::Operator, _, Some(named)) => named,
            (Principal::Operator, ..) => {
                return Err(Reason::detail(
                    Code::MALFORMED,
                    "agency: expected whose contact it was, got nobody",
                )
                .into());
            }
            (_, Some(own), named) if named.is_none_or(|named| named == own) => own,
            (_, Some(_), _) => return Err(not_found()),
            (other, None, _) => {
                return Err(other.forbidden("the agency that made the contact, or the operator"));
            }
        };
        let contact = self.contact_point(&ask.target);
        self.holder_seen(principal, contact, Some(ask.case)).await?;
        for debt in ask.toward.iter().chain(&ask.discussed).filter(|debt| **debt != ask.case) {
            self.visible_case(principal, *debt).await?;
        }
        let ContactAsk { case, channel, purpose, direction, at, outcome, toward, discussed, line, .. } =
            ask.clone();
        let recorded = ContactRecordedV1 {
            contact,
            case,
            agency,
            channel,
            purpose,
            direction,
            at,
            outcome,
            toward,
            discussed,
            line,
        };
        let course = Tell::recorded(recorded, self.parts.gate.partitions());
        self.tell_homes(principal, Tenant::Agency(agency), course, retry_key).await
    }

    /// The number is somebody else's: said by the person who has it, by those who were told on their cases, by the lender, the
    /// operator. What was counted for the one is the other's from now on. True: it was not known.
    pub async fn disprove_number(
        &self,
        principal: &Principal,
        ask: &DisproveAsk,
        retry_key: Option<&str>,
    ) -> Result<bool, Refusal> {
        let contact = self.contact_point(&ask.target);
        match principal {
            Principal::CalledPerson(own) if *own != contact => return Err(not_found()),
            Principal::Anonymous | Principal::Trunk | Principal::Supervisor(None) => {
                return Err(principal.forbidden("the person, a party to the case, or the operator"));
            }
            _ if ask.belongs_to.is_some() && *principal != Principal::Operator => {
                return Err(principal.forbidden("the operator, who alone knows people of several cases"));
            }
            _ => {}
        }
        let holder = self.holder_seen(principal, contact, Some(ask.case)).await?.ok_or_else(not_found)?;
        // Lender 0 is the platform: the stranger is known by nothing but the number.
        let stranger = || self.parts.vault.pseudonyms().person(LenderId(0), &contact.to_string());
        let belongs_to = ask.belongs_to.unwrap_or_else(stranger);
        let disproved = NumberDisprovedV1 { contact, person: holder.person, belongs_to };
        let course = Tell::disproved(disproved, self.parts.gate.partitions());
        self.tell_homes(principal, principal.tenant(), course, retry_key).await
    }

    /// What a check of a number found: said by a party whose case names it, or by the operator, who alone may say that a number
    /// that many name is in order. True: it was not known.
    pub async fn check_number(
        &self,
        principal: &Principal,
        target: &Target,
        found: NumberCheck,
        at: Option<Timestamp>,
        retry_key: Option<&str>,
    ) -> Result<bool, Refusal> {
        let contact = self.contact_point(target);
        match principal {
            Principal::Operator => {}
            Principal::Lender(_)
            | Principal::Agency(_)
            | Principal::Supervisor(Some(_))
            | Principal::Collector(..)
                if found != NumberCheck::SharedInOrder =>
            {
                self.holder_seen(principal, contact, None).await?;
            }
            other => {
                return Err(
                    other.forbidden("the operator, or for less a party to a case that names the number")
                );
            }
        }
        let now = self.now();
        let at = at.unwrap_or(now);
        if at > now {
            return Err(
                Reason::detail(Code::MALFORMED, "at: expected a time that is past, got one to come").into()
            );
        }
        let course = Tell::checked(NumberCheckedV1 { contact, found, at }, self.parts.gate.partitions());
        self.tell_homes(principal, principal.tenant(), course, retry_key).await
    }

    /// Tells the homes first, the contact point's own partition last: what is acknowledged is counted everywhere.
    async fn tell_homes(
        &self,
        principal: &Principal,
        tenant: Tenant,
        course: Tell,
        retry_key: Option<&str>,
    ) -> Result<bool, Refusal> {
        let names = Names::new(principal, retry_key)?;
        let driver = Driver { gate: &self.parts.gate, principal, tenant, names: &names };
        driver.drive(course).await?
    }
}
