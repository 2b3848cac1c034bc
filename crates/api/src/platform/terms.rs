//! What agencies may take, lenders allow and collectors are certified for; what decides where a case may go.

use events::assignment::{
    AgencyTermsSetV1, AssignmentCommand, AssignmentQuery, AssignmentReply, CaseDescribedV1,
    CollectorCertifiedV1, LenderTermsSetV1, PlanningTerms,
};
use events::{Code, Refusal, Tenant};
use model::LenderId;

use super::Platform;
use crate::principal::{Principal, not_found};

impl Platform {
    /// Sets what an agency may take, and for what commission: for the operator. True: it changed.
    pub async fn set_agency_terms(
        &self,
        principal: &Principal,
        terms: AgencyTermsSetV1,
        retry_key: Option<&str>,
    ) -> Result<bool, Refusal> {
        principal.operator_only()?;
        let tenant = Tenant::Agency(terms.agency);
        self.assign(principal, tenant, retry_key, AssignmentCommand::SetAgencyTerms(terms)).await
    }

    /// Sets the agencies that a lender uses: for the lender and the operator. True: it changed.
    pub async fn set_lender_terms(
        &self,
        principal: &Principal,
        terms: LenderTermsSetV1,
        retry_key: Option<&str>,
    ) -> Result<bool, Refusal> {
        self.own_lender(principal, terms.lender)?;
        let tenant = Tenant::Lender(terms.lender);
        self.assign(principal, tenant, retry_key, AssignmentCommand::SetLenderTerms(terms)).await
    }

    /// Records a collector's verified identity and certificates: for the operator. True: it changed.
    pub async fn certify_collector(
        &self,
        principal: &Principal,
        certified: CollectorCertifiedV1,
        retry_key: Option<&str>,
    ) -> Result<bool, Refusal> {
        principal.operator_only()?;
        let view = self.collector(principal, certified.collector).await?;
        let command = AssignmentCommand::CertifyCollector(certified);
        self.assign(principal, Tenant::Agency(view.agency), retry_key, command).await
    }

    /// Says in which language a case's debtor is spoken to and which agencies have a conflict of interest: for its lender
    /// and the operator. True: it changed.
    pub async fn describe_case(
        &self,
        principal: &Principal,
        said: CaseDescribedV1,
        retry_key: Option<&str>,
    ) -> Result<bool, Refusal> {
        let AssignmentReply::Case(view) = self.ask_assignment(AssignmentQuery::Case(said.case)).await? else {
            return Err(Code::UNAVAILABLE.into());
        };
        let lender = view.ok_or_else(not_found)?.lender;
        self.own_lender(principal, lender).map_err(|_| not_found())?;
        self.assign(principal, Tenant::Lender(lender), retry_key, AssignmentCommand::DescribeCase(said)).await
    }

    /// The agencies that a lender uses, with their licences: public, so that whoever is called can look up by whom.
    /// A lender who never said which uses every agency.
    pub async fn agencies_of_lender(&self, lender: LenderId) -> Result<PlanningTerms, Refusal> {
        let day = self.now().day();
        let AssignmentReply::Terms(mut terms) = self.ask_assignment(AssignmentQuery::Terms { day }).await?
        else {
            return Err(Code::UNAVAILABLE.into());
        };
        terms.lenders.retain(|terms| terms.lender == lender);
        if let Some(own) = terms.lenders.first() {
            let used = |agency| own.agencies.iter().any(|allowed| allowed.agency == agency);
            terms.agencies.retain(|agency| used(agency.terms.agency));
        }
        Ok(terms)
    }

    fn own_lender(&self, principal: &Principal, lender: LenderId) -> Result<(), Refusal> {
        match principal {
            Principal::Operator => Ok(()),
            Principal::Lender(own) if *own == lender => Ok(()),
            other => Err(other.forbidden("the lender or the operator")),
        }
    }
}
