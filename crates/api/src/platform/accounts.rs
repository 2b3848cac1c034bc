//! A lender's terms, its account, an agency's account, and the comparison of the books with a list of payments.

use std::collections::{BTreeMap, BTreeSet};

use events::ledger::{
    Account, AccountOf, CommissionAgreedV1, EntryKind, LedgerAnswer, LedgerCommand, LedgerQuery, LedgerReply,
    ListedPayment, PartyAccount, PartySums, PaymentView, TermsSetV1,
};
use events::{Code, Refusal, Tenant};
use model::{AgencyId, CaseId, LenderId, Money};
use runtime::Order;

use super::Platform;
use super::give::{Names, give_to};
use crate::principal::{Principal, not_found};

/// Payments asked about at once.
const ASKED_MAX: usize = 1_000;

/// A payment of somebody else's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentRow {
    /// Line of the list, from 1.
    pub line: u64,
    /// The lender's reference of the case.
    pub case: String,
    /// The payment's own reference.
    pub reference: String,
    /// How much.
    pub amount: Money,
    /// Days since 1970-01-01.
    pub value_date: i32,
}

/// What a line and the books say differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// The books have no such case.
    NoCase,
    /// The books have no such payment.
    Missing,
    /// The books have it with another amount or currency.
    Amount(PaymentView),
    /// The books have it on another day.
    ValueDate(PaymentView),
    /// The books had it: it was taken back.
    TakenBack(PaymentView),
    /// The list has it twice.
    Twice,
}

/// The books beside a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reconciliation {
    /// Lines that agree.
    pub agreed: u64,
    /// Lines that do not, with what the books say.
    pub differing: Vec<(PaymentRow, CaseId, Difference)>,
    /// Payments of the same days that the list does not have.
    pub unlisted: Vec<ListedPayment>,
    /// False: there are more of those.
    pub complete: bool,
}

impl Platform {
    /// Sets a product's terms: for the lender and the operator.
    pub async fn set_terms(
        &self,
        principal: &Principal,
        terms: TermsSetV1,
        retry_key: Option<&str>,
    ) -> Result<bool, Refusal> {
        principal.lender_only(terms.lender)?;
        self.tell_ledgers(principal, terms.lender, LedgerCommand::SetTerms(terms), retry_key).await
    }

    /// Says what a lender pays an agency: for the lender and the operator.
    pub async fn agree_commission(
        &self,
        principal: &Principal,
        agreed: CommissionAgreedV1,
        retry_key: Option<&str>,
    ) -> Result<bool, Refusal> {
        principal.lender_only(agreed.lender)?;
        self.tell_ledgers(principal, agreed.lender, LedgerCommand::AgreeCommission(agreed), retry_key).await
    }

    /// The terms of a lender's products, and its commissions.
    pub async fn terms(
        &self,
        principal: &Principal,
        lender: LenderId,
    ) -> Result<(Vec<TermsSetV1>, Vec<CommissionAgreedV1>), Refusal> {
        principal.lender_only(lender)?;
        match self.parts.ledger.query(0, LedgerQuery::Terms(lender)).await? {
            LedgerReply::Terms(terms, commissions) => Ok((terms, commissions)),
            _ => Err(Code::UNAVAILABLE.into()),
        }
    }

    /// A lender's account, its open cases aged by a day: to the lender, the operator and the supervisor of all.
    pub async fn lender_account(
        &self,
        principal: &Principal,
        lender: LenderId,
        on: i32,
    ) -> Result<PartyAccount, Refusal> {
        if *principal != Principal::Supervisor(None) {
            principal.lender_only(lender)?;
        }
        self.account(AccountOf::Lender(lender), on).await
    }

    /// An agency's account with every lender: to the agency, the operator and the supervisors who watch it.
    pub async fn agency_account(
        &self,
        principal: &Principal,
        agency: AgencyId,
    ) -> Result<PartyAccount, Refusal> {
        match principal {
            Principal::Operator | Principal::Supervisor(None) => {}
            Principal::Agency(own) | Principal::Supervisor(Some(own)) if *own == agency => {}
            Principal::Agency(_) | Principal::Supervisor(_) => return Err(not_found()),
            other => return Err(other.forbidden("the agency, its supervisor or the operator")),
        }
        self.account(AccountOf::Agency(agency), 0).await
    }

    async fn account(&self, of: AccountOf, on: i32) -> Result<PartyAccount, Refusal> {
        let ledger = &self.parts.ledger;
        let asked = (0..ledger.partitions()).map(|part| ledger.query(part, LedgerQuery::Account { of, on }));
        let mut sums: BTreeMap<_, (i64, BTreeMap<Account, i128>)> = BTreeMap::new();
        let mut ages: BTreeMap<_, events::ledger::AgeBucket> = BTreeMap::new();
        for reply in futures::future::try_join_all(asked).await? {
            let LedgerReply::Account(part) = reply else { return Err(Code::UNAVAILABLE.into()) };
            for PartySums { lender, agency, currency, payments, accounts } in part.sums {
                let sum = sums.entry((lender, agency, currency)).or_default();
                sum.0 += payments;
                for (account, minor) in accounts {
                    *sum.1.entry(account).or_default() += minor;
                }
            }
            for bucket in part.ages {
                match ages.get_mut(&(bucket.currency, bucket.days_from)) {
                    Some(known) => {
                        known.cases += bucket.cases;
                        known.minor += bucket.minor;
                    }
                    None => {
                        ages.insert((bucket.currency, bucket.days_from), bucket);
                    }
                }
            }
        }
        let sums = sums.into_iter().map(|((lender, agency, currency), (payments, accounts))| PartySums {
            lender,
            agency,
            currency,
            payments,
            accounts: accounts.into_iter().filter(|(_, minor)| *minor != 0).collect(),
        });
        Ok(PartyAccount { sums: sums.collect(), ages: ages.into_values().collect() })
    }

    /// Compares the books with a list of payments: for the lender and the operator. Changes nothing.
    pub async fn reconcile(
        &self,
        principal: &Principal,
        lender: LenderId,
        rows: Vec<PaymentRow>,
    ) -> Result<Reconciliation, Refusal> {
        principal.lender_only(lender)?;
        let days = rows.iter().map(|row| row.value_date);
        let days = days.clone().min().zip(days.max());
        let mut result = Reconciliation { complete: true, ..Reconciliation::default() };
        let mut listed: BTreeSet<(CaseId, [u8; 16])> = BTreeSet::new();
        let mut parts: BTreeMap<u16, Vec<(PaymentRow, CaseId, [u8; 16])>> = BTreeMap::new();
        for row in rows {
            let case = self.parts.vault.pseudonyms().case(lender, &row.case);
            let reference = self.entry_reference(case, EntryKind::Payment, &row.reference);
            if listed.insert((case, reference)) {
                let partition = self.parts.ledger.partition_of(&case.0);
                parts.entry(partition).or_default().push((row, case, reference));
            } else {
                result.differing.push((row, case, Difference::Twice));
            }
        }
        for (partition, rows) in parts {
            for rows in rows.chunks(ASKED_MAX) {
                let asked = rows.iter().map(|(_, case, reference)| (*case, *reference)).collect();
                let LedgerReply::Payments(known) =
                    self.parts.ledger.query(partition, LedgerQuery::Payments(asked)).await?
                else {
                    return Err(Code::UNAVAILABLE.into());
                };
                for ((row, case, _), known) in rows.iter().zip(known) {
                    match difference(row, known) {
                        None => result.agreed += 1,
                        Some(Difference::Missing) if self.ledger_case(*case).await?.is_none() => {
                            result.differing.push((row.clone(), *case, Difference::NoCase));
                        }
                        Some(difference) => result.differing.push((row.clone(), *case, difference)),
                    }
                }
            }
        }
        result.differing.sort_by_key(|(row, ..)| row.line);
        if let Some((from, until)) = days {
            self.unlisted(lender, (from, until), &listed, &mut result).await?;
        }
        Ok(result)
    }

    async fn unlisted(
        &self,
        lender: LenderId,
        (from, until): (i32, i32),
        listed: &BTreeSet<(CaseId, [u8; 16])>,
        result: &mut Reconciliation,
    ) -> Result<(), Refusal> {
        let ledger = &self.parts.ledger;
        let query = LedgerQuery::PaymentsOf { lender, from, until };
        let asked = (0..ledger.partitions()).map(|partition| ledger.query(partition, query.clone()));
        for reply in futures::future::try_join_all(asked).await? {
            let LedgerReply::PaymentsOf { payments, complete } = reply else {
                return Err(Code::UNAVAILABLE.into());
            };
            result.complete &= complete;
            let unlisted =
                payments.into_iter().filter(|known| !listed.contains(&(known.case, known.reference)));
            result.unlisted.extend(unlisted);
        }
        Ok(())
    }

    /// Gives a command to every partition of the ledger. If that fails half way, the same command completes it.
    async fn tell_ledgers(
        &self,
        principal: &Principal,
        lender: LenderId,
        command: LedgerCommand,
        retry_key: Option<&str>,
    ) -> Result<bool, Refusal> {
        let names = Names::new(principal, retry_key)?;
        let mut changed = false;
        for partition in 0..self.parts.ledger.partitions() {
            let (id, actor) = (names.nth(u32::from(partition)), principal.actor());
            let (tenant, command) = (Tenant::Lender(lender), command.clone());
            let order = Order { id, actor, tenant, cause: None, command };
            changed |= give_to(&self.parts.ledger, partition, order).await? != LedgerAnswer::Unchanged;
        }
        Ok(changed)
    }
}

fn difference(row: &PaymentRow, known: Option<PaymentView>) -> Option<Difference> {
    let Some(known) = known else { return Some(Difference::Missing) };
    if known.taken_back {
        Some(Difference::TakenBack(known))
    } else if (known.minor, known.currency) != (row.amount.minor, row.amount.currency) {
        Some(Difference::Amount(known))
    } else if known.value_date != row.value_date {
        Some(Difference::ValueDate(known))
    } else {
        None
    }
}
