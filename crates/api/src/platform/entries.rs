//! What is posted to a case beside payments, and what was posted before: for its lender and the operator.

use events::Refusal;
use events::ledger::{
    Account, Basis, Booking, EntryKind, LedgerAnswer, LedgerCommand, LedgerQuery, LedgerReply, Statement,
};
use events::{Code, Tenant};
use model::{CaseId, ContactPointId, LenderId, Money, Role};

use super::Platform;
use super::give::{Names, give};
use crate::principal::{Principal, not_found};

/// An entry that somebody wants made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryAsk {
    /// In which case.
    pub case: CaseId,
    /// Fee, cost, adjustment, refund or remittance.
    pub kind: EntryKind,
    /// Its own reference: it is booked once a kind.
    pub reference: String,
    /// The claim that is adjusted; of other kinds not asked.
    pub account: Account,
    /// How much; below zero where an adjustment lowers the claim.
    pub amount: Money,
    /// On what it rests.
    pub basis: Basis,
    /// The day on which it counts: days since 1970-01-01.
    pub value_date: i32,
}

/// What a command did to a case's money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Booked {
    /// False: it was so before.
    pub changed: bool,
    /// What is owed after it, in minor units, where it was booked.
    pub balance: Option<i64>,
}

impl From<LedgerAnswer> for Booked {
    fn from(answer: LedgerAnswer) -> Self {
        let balance = match answer {
            LedgerAnswer::Booked { balance } | LedgerAnswer::Posted { balance } => Some(balance),
            _ => None,
        };
        Self { changed: answer != LedgerAnswer::Unchanged, balance }
    }
}

impl Platform {
    /// Takes a payment out: it was posted by mistake, or its payer's bank took it back.
    pub async fn take_back_payment(
        &self,
        principal: &Principal,
        case: CaseId,
        reference: &str,
        (charge_back, value_date): (bool, i32),
        retry_key: Option<&str>,
    ) -> Result<Booked, Refusal> {
        let view = self.own_case(principal, case).await?;
        // It may open the case again.
        let contacts = if view.closed.is_some() { self.contacts_of(case).await? } else { Vec::new() };
        let reference = self.entry_reference(case, EntryKind::Payment, reference);
        let command = LedgerCommand::TakeBackPayment { case, reference, charge_back, value_date, contacts };
        self.tell_ledger(principal, view.lender, command, retry_key).await
    }

    /// Makes an entry in a case's journal.
    pub async fn book(
        &self,
        principal: &Principal,
        ask: &EntryAsk,
        retry_key: Option<&str>,
    ) -> Result<Booked, Refusal> {
        let (view, placement) =
            tokio::try_join!(self.own_case(principal, ask.case), self.placement(ask.case))?;
        let placed = placement.and_then(|placement| placement.placed).map(|(agency, _)| agency);
        let command = LedgerCommand::Book(Booking {
            case: ask.case,
            kind: ask.kind,
            reference: self.entry_reference(ask.case, ask.kind, &ask.reference),
            account: ask.account,
            minor: ask.amount.minor,
            currency: ask.amount.currency,
            basis: ask.basis,
            agency: placed.filter(|_| ask.kind == EntryKind::Remittance),
            value_date: ask.value_date,
        });
        self.tell_ledger(principal, view.lender, command, retry_key).await
    }

    /// Charges interest by the product's terms up to the day before `until`, and no further than today.
    pub async fn accrue_interest(
        &self,
        principal: &Principal,
        case: CaseId,
        until: i32,
        retry_key: Option<&str>,
    ) -> Result<Booked, Refusal> {
        let view = self.own_case(principal, case).await?;
        self.tell_ledger(principal, view.lender, LedgerCommand::AccrueInterest { case, until }, retry_key)
            .await
    }

    /// Opens a closed case again; what was given up with the closing is claimed again.
    pub async fn reopen_case(
        &self,
        principal: &Principal,
        case: CaseId,
        retry_key: Option<&str>,
    ) -> Result<Booked, Refusal> {
        let view = self.own_case(principal, case).await?;
        let contacts = self.contacts_of(case).await?;
        let command = LedgerCommand::ReopenCase { case, contacts };
        self.tell_ledger(principal, view.lender, command, retry_key).await
    }

    /// Says from when on the claim is not called for.
    pub async fn set_limitation(
        &self,
        principal: &Principal,
        case: CaseId,
        (on, basis): (Option<i32>, Basis),
        retry_key: Option<&str>,
    ) -> Result<Booked, Refusal> {
        let view = self.own_case(principal, case).await?;
        let command = LedgerCommand::SetLimitation { case, on, basis };
        self.tell_ledger(principal, view.lender, command, retry_key).await
    }

    /// Everything that was posted to a case: to its lender, the operator and the supervisor of all.
    pub async fn statement(&self, principal: &Principal, case: CaseId) -> Result<Statement, Refusal> {
        if !matches!(principal, Principal::Operator | Principal::Lender(_) | Principal::Supervisor(None)) {
            return Err(principal.forbidden("the case's lender, the operator or the supervisor of all"));
        }
        self.visible_case(principal, case).await?;
        let partition = self.parts.ledger.partition_of(&case.0);
        match self.parts.ledger.query(partition, LedgerQuery::Statement(case)).await? {
            LedgerReply::Statement(statement) => statement.ok_or_else(not_found),
            _ => Err(Code::UNAVAILABLE.into()),
        }
    }

    /// Gives a command about a case. Whoever calls has seen to it that the principal may.
    pub(super) async fn tell_ledger(
        &self,
        principal: &Principal,
        lender: LenderId,
        command: LedgerCommand,
        retry_key: Option<&str>,
    ) -> Result<Booked, Refusal> {
        let id = Names::new(principal, retry_key)?.nth(0);
        give(&self.parts.ledger, principal, Tenant::Lender(lender), id, command).await.map(Booked::from)
    }

    /// Who can be reached about a case, by pseudonyms.
    async fn contacts_of(&self, case: CaseId) -> Result<Vec<(ContactPointId, Role)>, Refusal> {
        let parties = self.parties(case).await?;
        let contacts = parties
            .iter()
            .flat_map(|party| party.contacts.iter().map(|contact| (contact.contact, party.role)));
        Ok(contacts.collect())
    }
}
