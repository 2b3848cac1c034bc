//! Who may collect, from which numbers, with which texts: as the gate knows it.

use events::gate::{
    GateCommand, Line, LineRegisteredV1, StandingChangedV1, TemplateApprovedV1, TemplateId,
    TemplateWithdrawnV1,
};
use events::{Code, Refusal, Tenant};
use model::{AgencyId, CollectorId};

use super::Platform;
use crate::notice::NOTICE;
use crate::principal::Principal;

impl Platform {
    /// Admits or suspends an agency, or one of its collectors, at the gate, without taking cases back: for the operator. True:
    /// it changed.
    pub async fn set_standing(
        &self,
        principal: &Principal,
        agency: AgencyId,
        collector: Option<CollectorId>,
        active: bool,
        retry_key: Option<&str>,
    ) -> Result<bool, Refusal> {
        principal.operator_only()?;
        self.known_agency(agency).await?;
        let command = GateCommand::SetStanding(StandingChangedV1 { agency, collector, active });
        self.tell_gate(principal, Tenant::Agency(agency), command, retry_key).await
    }

    /// Registers a calling number to an agency at the gate, or takes it back: for the operator. True: it changed.
    pub async fn register_line(
        &self,
        principal: &Principal,
        agency: AgencyId,
        line: Line,
        registered: bool,
        retry_key: Option<&str>,
    ) -> Result<bool, Refusal> {
        principal.operator_only()?;
        self.known_agency(agency).await?;
        let command = GateCommand::RegisterLine(LineRegisteredV1 { agency, line, registered });
        self.tell_gate(principal, Tenant::Agency(agency), command, retry_key).await
    }

    /// Has a message's text approved: proposed by its agency, or by the operator. The gate approves what breaks no rule on
    /// content that is in force everywhere. True: it was not approved before.
    pub async fn approve_template(
        &self,
        principal: &Principal,
        template: TemplateApprovedV1,
        retry_key: Option<&str>,
    ) -> Result<bool, Refusal> {
        let agency = template.agency;
        self.own_template(principal, agency, template.template).await?;
        self.tell_gate(principal, Tenant::Agency(agency), GateCommand::ApproveTemplate(template), retry_key)
            .await
    }

    /// Withdraws a message's text: for its agency and the operator. Its number stays taken. True: it was approved.
    pub async fn withdraw_template(
        &self,
        principal: &Principal,
        agency: AgencyId,
        template: TemplateId,
        retry_key: Option<&str>,
    ) -> Result<bool, Refusal> {
        self.own_template(principal, agency, template).await?;
        let command = GateCommand::WithdrawTemplate(TemplateWithdrawnV1 { agency, template });
        self.tell_gate(principal, Tenant::Agency(agency), command, retry_key).await
    }

    async fn own_template(
        &self,
        principal: &Principal,
        agency: AgencyId,
        template: TemplateId,
    ) -> Result<(), Refusal> {
        match principal {
            Principal::Operator => self.known_agency(agency).await,
            Principal::Agency(own) | Principal::Supervisor(Some(own))
                if *own == agency && template != NOTICE =>
            {
                Ok(())
            }
            Principal::Agency(own) | Principal::Supervisor(Some(own)) if *own == agency => {
                Err(principal.forbidden("the operator, whose notice this is"))
            }
            other => Err(other.forbidden("the agency or the operator")),
        }
    }

    async fn known_agency(&self, agency: AgencyId) -> Result<(), Refusal> {
        let known = self.all_agencies().await?.iter().any(|view| view.agency == agency);
        if known { Ok(()) } else { Err(Code::AGENCY_UNKNOWN.into()) }
    }
}
