//! Cases and their money.

use events::assignment::{AssignmentQuery, AssignmentReply, PlacementView};
use events::ledger::{
    CaseView, CloseReason, EntryKind, LedgerAnswer, LedgerCommand, LedgerQuery, LedgerReply, Receiver,
};
use events::{Code, Refusal, Tenant};
use model::{AgencyId, CaseId, CollectorId, Money};

use super::Platform;
use super::give::{Names, give};
use crate::principal::{Principal, not_found};

/// A case as those who may see it see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseSummary {
    /// Which.
    pub case: CaseId,
    /// How it stands in the ledger.
    pub view: CaseView,
    /// Agency and collector; `None`: not placed.
    pub placed: Option<(AgencyId, CollectorId)>,
}

/// A payment that the lender received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// For which case.
    pub case: CaseId,
    /// The payment's own reference: the same payment is posted once.
    pub reference: String,
    /// How much; above zero. What is beyond the balance is kept for the payer.
    pub amount: Money,
    /// The day on which it counts: days since 1970-01-01.
    pub value_date: i32,
    /// Who has the money.
    pub received_by: Receiver,
}

/// A payment is in the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posted {
    /// What is still owed, in minor units; `None`: it was posted before.
    pub balance: Option<i64>,
}

impl Platform {
    /// A case: to its lender, to whom it is placed with, to the operator and the supervisor of all.
    pub async fn case(&self, principal: &Principal, case: CaseId) -> Result<CaseSummary, Refusal> {
        self.visible_case(principal, case).await
    }

    pub(super) async fn visible_case(
        &self,
        principal: &Principal,
        case: CaseId,
    ) -> Result<CaseSummary, Refusal> {
        let (view, placement) = tokio::try_join!(self.ledger_case(case), self.placement(case))?;
        let view = view.ok_or_else(not_found)?;
        let placed = placement.and_then(|placement| placement.placed);
        if !may_see(principal, &view, placed) {
            return Err(not_found());
        }
        Ok(CaseSummary { case, view, placed })
    }

    /// Posts a payment: for the case's lender and the operator.
    pub async fn post_payment(
        &self,
        principal: &Principal,
        payment: &Payment,
        retry_key: Option<&str>,
    ) -> Result<Posted, Refusal> {
        let (view, placement) =
            tokio::try_join!(self.own_case(principal, payment.case), self.placement(payment.case))?;
        let command = LedgerCommand::PostPayment {
            case: payment.case,
            reference: self.entry_reference(payment.case, EntryKind::Payment, &payment.reference),
            minor: payment.amount.minor,
            currency: payment.amount.currency,
            value_date: payment.value_date,
            received_by: payment.received_by,
            agency: placement.and_then(|placement| placement.placed).map(|(agency, _)| agency),
        };
        let id = Names::new(principal, retry_key)?.nth(0);
        match give(&self.parts.ledger, principal, Tenant::Lender(view.lender), id, command).await? {
            LedgerAnswer::Posted { balance } => Ok(Posted { balance: Some(balance) }),
            _ => Ok(Posted { balance: None }),
        }
    }

    /// What stands for an entry's own reference in the books: a keyed digest, since a reference may be a name or a number.
    pub(super) fn entry_reference(&self, case: CaseId, kind: EntryKind, reference: &str) -> [u8; 16] {
        let mut bytes = [kind.word().as_bytes(), b"\0"].concat();
        bytes.extend_from_slice(&case.0);
        bytes.extend_from_slice(reference.as_bytes());
        self.parts.vault.pseudonyms().row_digest(&bytes)
    }

    /// Closes a case: for its lender and the operator. False: it was closed so before.
    pub async fn close_case(
        &self,
        principal: &Principal,
        case: CaseId,
        reason: CloseReason,
        retry_key: Option<&str>,
    ) -> Result<bool, Refusal> {
        let view = self.own_case(principal, case).await?;
        let command = LedgerCommand::CloseCase { case, reason };
        let id = Names::new(principal, retry_key)?.nth(0);
        let answer = give(&self.parts.ledger, principal, Tenant::Lender(view.lender), id, command).await?;
        Ok(answer == LedgerAnswer::Closed)
    }

    /// A case of the lender who asks, or any for the operator.
    pub(super) async fn own_case(&self, principal: &Principal, case: CaseId) -> Result<CaseView, Refusal> {
        let lender = match principal {
            Principal::Operator => None,
            Principal::Lender(lender) => Some(*lender),
            other => return Err(other.forbidden("the case's lender or the operator")),
        };
        let view = self.ledger_case(case).await?.ok_or_else(not_found)?;
        if lender.is_some_and(|lender| lender != view.lender) { Err(not_found()) } else { Ok(view) }
    }

    pub(super) async fn ledger_case(&self, case: CaseId) -> Result<Option<CaseView>, Refusal> {
        let partition = self.parts.ledger.partition_of(&case.0);
        match self.parts.ledger.query(partition, LedgerQuery::Case(case)).await? {
            LedgerReply::Case(view) => Ok(view),
            _ => Err(Code::UNAVAILABLE.into()),
        }
    }

    pub(super) async fn placement(&self, case: CaseId) -> Result<Option<PlacementView>, Refusal> {
        match self.ask_assignment(AssignmentQuery::Case(case)).await? {
            AssignmentReply::Case(placement) => Ok(placement),
            _ => Err(Code::UNAVAILABLE.into()),
        }
    }
}

fn may_see(principal: &Principal, view: &CaseView, placed: Option<(AgencyId, CollectorId)>) -> bool {
    match *principal {
        Principal::Operator | Principal::Supervisor(None) => true,
        Principal::Lender(lender) => view.lender == lender,
        Principal::Agency(agency) | Principal::Supervisor(Some(agency)) => {
            placed.is_some_and(|(with, _)| with == agency)
        }
        Principal::Collector(collector, agency) => placed == Some((agency, collector)),
        Principal::Trunk | Principal::CalledPerson(_) | Principal::Anonymous => false,
    }
}
