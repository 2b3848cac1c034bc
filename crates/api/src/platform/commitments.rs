//! What a debtor agrees to, and why collection pauses: for the case's lender, the operator, and whoever works the case and was told.

use events::Refusal;
use events::ledger::{
    CollectionPausedV1, CommitmentKind, CommitmentMadeV1, InstalmentV1, LedgerCommand, PauseKind,
};
use model::{CaseId, Currency, Timestamp};

use super::Platform;
use super::entries::Booked;
use super::holds::voice;
use crate::principal::Principal;

/// What is to be paid, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instalments {
    /// In order of time.
    pub parts: Vec<InstalmentV1>,
    /// Of every amount.
    pub currency: Currency,
}

impl Platform {
    /// Takes down a promise or a plan. `grace_days` after each day still count as in time.
    pub async fn commit(
        &self,
        principal: &Principal,
        case: CaseId,
        (kind, grace_days): (CommitmentKind, u16),
        instalments: Instalments,
        retry_key: Option<&str>,
    ) -> Result<Booked, Refusal> {
        let Instalments { parts: instalments, currency } = instalments;
        let made = CommitmentMadeV1 { case, kind, instalments, grace_days };
        self.tell_of_debtor(principal, case, LedgerCommand::Commit { made, currency }, retry_key).await
    }

    /// Offers a settlement. What the lender or the operator offers is approved; others keep within the product's limit.
    pub async fn offer_settlement(
        &self,
        principal: &Principal,
        case: CaseId,
        instalments: Instalments,
        expires_on: i32,
        retry_key: Option<&str>,
    ) -> Result<Booked, Refusal> {
        let Instalments { parts: instalments, currency } = instalments;
        let approved = matches!(principal, Principal::Operator | Principal::Lender(_));
        let command = LedgerCommand::OfferSettlement { case, instalments, currency, expires_on, approved };
        self.tell_of_debtor(principal, case, command, retry_key).await
    }

    /// The debtor accepts the settlement that was offered.
    pub async fn accept_settlement(
        &self,
        principal: &Principal,
        case: CaseId,
        retry_key: Option<&str>,
    ) -> Result<Booked, Refusal> {
        self.tell_of_debtor(principal, case, LedgerCommand::AcceptSettlement { case }, retry_key).await
    }

    /// Takes a promise, a plan or a settlement back.
    pub async fn cancel_commitment(
        &self,
        principal: &Principal,
        case: CaseId,
        retry_key: Option<&str>,
    ) -> Result<Booked, Refusal> {
        self.tell_of_debtor(principal, case, LedgerCommand::CancelCommitment { case }, retry_key).await
    }

    /// Pauses collection: the gate holds every contact about the case until then.
    pub async fn pause_collection(
        &self,
        principal: &Principal,
        case: CaseId,
        (kind, until): (PauseKind, Timestamp),
        retry_key: Option<&str>,
    ) -> Result<Booked, Refusal> {
        let by = voice(principal, None)?;
        let command = LedgerCommand::Pause(CollectionPausedV1 { case, kind, until, by });
        self.tell_of_debtor(principal, case, command, retry_key).await
    }

    /// Lets collection go on: for the case's lender and the operator.
    pub async fn resume_collection(
        &self,
        principal: &Principal,
        case: CaseId,
        kind: PauseKind,
        retry_key: Option<&str>,
    ) -> Result<Booked, Refusal> {
        let view = self.own_case(principal, case).await?;
        let by = voice(principal, None)?;
        self.tell_ledger(principal, view.lender, LedgerCommand::Resume { case, kind, by }, retry_key).await
    }

    /// Gives what somebody was told by the debtor.
    async fn tell_of_debtor(
        &self,
        principal: &Principal,
        case: CaseId,
        command: LedgerCommand,
        retry_key: Option<&str>,
    ) -> Result<Booked, Refusal> {
        if matches!(principal, Principal::Supervisor(_)) {
            return Err(principal.forbidden("the case's lender, its agency or collector, or the operator"));
        }
        let summary = self.visible_case(principal, case).await?;
        self.tell_ledger(principal, summary.view.lender, command, retry_key).await
    }
}
