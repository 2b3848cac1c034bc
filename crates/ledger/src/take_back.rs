//! Taking a payment out: it was posted by mistake (reversal), or its payer's bank took it back (charge-back).

use events::ledger::{Account, Basis, CloseReason, EntryBookedV1, EntryKind, LedgerEvent, PostingV1};
use events::{Code, Now, Reason, Refusal};
use model::{CaseId, ContactPointId, Money, Role};

use crate::draft::Draft;
use crate::payment::owed_less;
use crate::state::State;
use crate::{commission, reopen};

/// Which payment, and how.
#[derive(Debug, Clone, Copy)]
pub struct TakeBack<'a> {
    pub reference: [u8; 16],
    pub charge_back: bool,
    pub value_date: i32,
    pub contacts: &'a [(ContactPointId, Role)],
}

pub fn decide(state: &State, id: CaseId, asked: TakeBack, now: Now) -> Result<Vec<LedgerEvent>, Refusal> {
    let mut draft = Draft::of(state, id, now)?;
    let (kind, basis) = match asked.charge_back {
        true => (EntryKind::ChargeBack, Basis::Bank),
        false => (EntryKind::Reversal, Basis::Correction),
    };
    let Some(payment) = draft.case.entry(EntryKind::Payment, &asked.reference).cloned() else {
        return Err(Code::PAYMENT_UNKNOWN.into());
    };
    match payment.taken_back {
        Some(known) if known == kind => return Ok(Vec::new()),
        Some(known) => {
            let detail = format!("expected no earlier {}, got a {} of it", known.word(), kind.word());
            return Err(Reason::detail(Code::PAYMENT_TAKEN_BACK, detail).into());
        }
        None => {}
    }
    let postings = undone(&draft, &payment.postings);
    let beyond = postings.iter().filter(|leg| leg.account == Account::Overpaid).map(|leg| leg.minor);
    let refunded = draft.case.of(Account::Overpaid) + beyond.sum::<i64>();
    if refunded > 0 {
        let money = Money { minor: refunded, currency: draft.case.currency };
        let detail = format!("{money} of this payment were refunded already; book that as a cost first");
        return Err(Reason::detail(Code::AMOUNT_INVALID, detail).into());
    }
    let balance = owed_less(&draft.case, &postings);
    draft.push(LedgerEvent::EntryBooked(EntryBookedV1 {
        case: id,
        kind,
        reference: asked.reference,
        agency: payment.agency,
        basis,
        value_date: asked.value_date,
        postings,
        balance,
    }));
    commission::give_back(&mut draft, asked.reference, asked.value_date);
    // What it had closed is open again.
    if matches!(draft.case.closed, Some(CloseReason::Paid | CloseReason::Settled)) && draft.case.owed() > 0 {
        reopen::reopen(&mut draft, asked.contacts);
    }
    Ok(draft.events())
}

/// The opposite of a payment's legs. What has become of a claim since is where it goes back to: of a case that was written off to what
/// is lost, and what was recovered before the case was reopened to the principal.
fn undone(draft: &Draft, legs: &[PostingV1]) -> Vec<PostingV1> {
    let lost = draft.case.closed == Some(CloseReason::WrittenOff);
    let account = |account: Account| match account {
        claim if claim.is_claim() && lost => Account::WriteOff,
        Account::Recovery if !lost => Account::Principal,
        other => other,
    };
    legs.iter().map(|leg| PostingV1 { account: account(leg.account), minor: -leg.minor }).collect()
}

#[cfg(test)]
mod tests {
    use events::ledger::{CommissionAgreedV1, LedgerAnswer, LedgerCommand};
    use model::AgencyId;

    use super::*;
    use crate::given::{CASE, Given, OWED, codes, given, opening, pay, pay_agency, terms};

    fn take_back(reference: u8, charge_back: bool) -> LedgerCommand {
        LedgerCommand::TakeBackPayment {
            case: CASE,
            reference: [reference; 16],
            charge_back,
            value_date: 20_002,
            contacts: vec![],
        }
    }

    fn opened() -> Given {
        given([LedgerEvent::CaseOpened(opening())])
    }

    #[test]
    fn given_a_payment_when_reversed_then_every_account_is_as_before() {
        let mut ledger = opened();
        let before = ledger.view(CASE);
        ledger.then(&pay(1, 250)).expect("owed");
        let (_, answer) = ledger.then(&take_back(1, false)).expect("posted");
        assert_eq!(answer, LedgerAnswer::Booked { balance: OWED });
        assert_eq!(ledger.view(CASE).accounts, before.accounts);
        assert_eq!(ledger.when(&take_back(1, false)), Ok((Vec::new(), LedgerAnswer::Unchanged)));
        assert_eq!(codes(ledger.when(&take_back(1, true))), [Code::PAYMENT_TAKEN_BACK]);
        // It does not come back by being reported again.
        assert_eq!(ledger.when(&pay(1, 250)), Ok((Vec::new(), LedgerAnswer::Unchanged)));
        assert_eq!(codes(ledger.when(&take_back(2, false))), [Code::PAYMENT_UNKNOWN]);
    }

    #[test]
    fn given_a_case_that_a_payment_closed_when_charged_back_then_it_is_open_again() {
        let mut ledger = opened();
        ledger.then(&pay(1, OWED)).expect("owed");
        assert_eq!(ledger.view(CASE).closed, Some(CloseReason::Paid));
        ledger.then(&take_back(1, true)).expect("posted");
        let view = ledger.view(CASE);
        assert_eq!((view.closed, view.balance), (None, OWED));
        assert_eq!(ledger.figures().outstanding[0].1, i128::from(OWED));
        assert_eq!(ledger.figures().paid[0].1, 0);
    }

    #[test]
    fn given_a_commission_when_its_payment_is_taken_out_then_it_is_too() {
        let agreed = CommissionAgreedV1 {
            lender: opening().lender,
            agency: AgencyId(3),
            rate_bp: 1_500,
            direct: false,
        };
        let mut ledger = given([LedgerEvent::CommissionAgreed(agreed), LedgerEvent::CaseOpened(opening())]);
        let commission = |ledger: &Given| {
            let accounts = ledger.view(CASE).accounts;
            accounts.iter().find(|leg| leg.account == Account::Commission).map_or(0, |leg| leg.minor)
        };
        // 15 % of 2.30 is 0.345: a half goes to the even neighbour.
        ledger.then(&pay_agency(1, 230)).expect("owed");
        assert_eq!(commission(&ledger), -34);
        // Paid to the lender while placed: earns nothing, as agreed.
        ledger.then(&pay(2, 100)).expect("owed");
        assert_eq!(commission(&ledger), -34);
        ledger.then(&take_back(1, false)).expect("posted");
        assert_eq!(commission(&ledger), 0);
    }

    #[test]
    fn given_an_over_payment_that_was_refunded_when_taken_back_then_refused() {
        let mut ledger = opened();
        ledger.then(&pay(1, OWED + 70)).expect("taken");
        ledger.then(&crate::given::refund(9, 70)).expect("overpaid");
        assert_eq!(codes(ledger.when(&take_back(1, true))), [Code::AMOUNT_INVALID]);
    }

    #[test]
    fn given_a_written_off_case_when_an_old_payment_bounces_then_more_is_lost_and_nothing_is_owed() {
        let mut ledger = given([LedgerEvent::TermsSet(terms()), LedgerEvent::CaseOpened(opening())]);
        ledger.then(&pay(1, 230)).expect("owed");
        let close = LedgerCommand::CloseCase { case: CASE, reason: CloseReason::WrittenOff };
        ledger.then(&close).expect("open");
        ledger.then(&take_back(1, true)).expect("posted");
        let view = ledger.view(CASE);
        assert_eq!((view.balance, view.closed), (0, Some(CloseReason::WrittenOff)));
        let lost = view.accounts.iter().find(|leg| leg.account == Account::WriteOff).map(|leg| leg.minor);
        assert_eq!(lost, Some(OWED));
    }
}
