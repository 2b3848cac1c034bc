//! Entries that somebody makes: fees and costs that fall due, corrections, refunds, what an agency hands on.

use events::ledger::{
    Account, Basis, Booking, CloseReason, EntryBookedV1, EntryKind, LedgerEvent, PostingV1,
};
use events::{Code, Now, Reason, Refusal};
use model::Money;

use crate::case::Case;
use crate::draft::Draft;
use crate::open::MINOR_MAX;
use crate::payment::owed_less;
use crate::state::State;

pub fn decide(state: &State, asked: &Booking, now: Now) -> Result<Vec<LedgerEvent>, Refusal> {
    let mut draft = Draft::of(state, asked.case, now)?;
    if let Some(known) = draft.case.entry(asked.kind, &asked.reference) {
        return match *known.postings == legs(asked)[..] {
            true => Ok(Vec::new()),
            false => Err(Code::ENTRY_DIFFERS.into()),
        };
    }
    let reasons = refused(&draft.case, asked);
    if !reasons.is_empty() {
        return Err(Refusal { reasons, next_allowed: None, repeats: None });
    }
    let postings = legs(asked);
    let balance = owed_less(&draft.case, &postings);
    draft.push(LedgerEvent::EntryBooked(EntryBookedV1 {
        case: asked.case,
        kind: asked.kind,
        reference: asked.reference,
        agency: asked.agency,
        basis: asked.basis,
        value_date: asked.value_date,
        postings,
        balance,
    }));
    if asked.kind == EntryKind::Adjustment && draft.case.owed() == 0 {
        draft.close(CloseReason::Settled);
    }
    Ok(draft.events())
}

/// From where to where its money moves.
fn legs(asked: &Booking) -> Vec<PostingV1> {
    let (to, from) = match asked.kind {
        EntryKind::Fee => (Account::Fees, Account::Charges),
        EntryKind::Cost => (Account::Costs, Account::Charges),
        EntryKind::Refund => (Account::Overpaid, Account::Refunds),
        EntryKind::Remittance => (Account::Payments, Account::AgencyCash),
        _ => (asked.account, Account::Adjustments),
    };
    let posting = |account, minor| PostingV1 { account, minor };
    vec![posting(to, asked.minor), posting(from, asked.minor.saturating_neg())]
}

/// What each kind may rest on. A correction of the books justifies an adjustment alone.
const fn justifies(kind: EntryKind, basis: Basis) -> bool {
    match kind {
        EntryKind::Fee => matches!(basis, Basis::Contract | Basis::Statute | Basis::Agreement),
        EntryKind::Cost => matches!(basis, Basis::Statute | Basis::Judgment | Basis::Contract),
        EntryKind::Refund => !matches!(basis, Basis::Bank),
        EntryKind::Remittance => matches!(basis, Basis::Contract | Basis::Bank),
        EntryKind::Adjustment => !matches!(basis, Basis::Contract | Basis::Bank),
        _ => false,
    }
}

fn refused(case: &Case, asked: &Booking) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let mut refuse = |code, detail: String| reasons.push(Reason::detail(code, detail));
    let of_debtor = matches!(asked.kind, EntryKind::Fee | EntryKind::Cost | EntryKind::Adjustment);
    if let Some(reason) = case.closed.filter(|_| of_debtor) {
        refuse(Code::CASE_CLOSED, format!("closed: {}", reason.word()));
    }
    if asked.currency != case.currency {
        refuse(Code::CURRENCY_DIFFERS, format!("expected {}, got {}", case.currency, asked.currency));
    }
    if !justifies(asked.kind, asked.basis) {
        let (kind, basis) = (asked.kind.word(), asked.basis.word());
        refuse(Code::BASIS_MISSING, format!("expected a basis for a {kind}, got {basis}, which is none"));
    }
    let money = |minor| Money { minor, currency: case.currency };
    let most = match asked.kind {
        EntryKind::Refund => case.of(Account::Overpaid).saturating_neg(),
        EntryKind::Remittance => case.of(Account::AgencyCash),
        _ => MINOR_MAX - case.owed().clamp(0, MINOR_MAX),
    };
    let least = match asked.kind {
        EntryKind::Adjustment => case.of(asked.account).saturating_neg(),
        _ => 1,
    };
    if !(least..=most).contains(&asked.minor) || asked.minor == 0 {
        let (least, most, got) = (money(least), money(most), money(asked.minor));
        let detail = format!("{}: expected {least} to {most} and not zero, got {got}", asked.kind.word());
        refuse(Code::AMOUNT_INVALID, detail);
    }
    if asked.kind == EntryKind::Adjustment && !asked.account.is_claim() {
        let got = asked.account.word();
        refuse(Code::AMOUNT_INVALID, format!("expected a claim to adjust, got {got}"));
    }
    reasons
}

#[cfg(test)]
mod tests {
    use events::ledger::{LedgerAnswer, LedgerCommand};

    use super::*;
    use crate::given::{CASE, Given, OWED, booking, codes, given, opening, pay, refund};

    fn opened() -> Given {
        given([LedgerEvent::CaseOpened(opening())])
    }

    #[test]
    fn given_costs_when_paid_in_part_then_they_go_first() {
        let mut ledger = opened();
        let cost = LedgerCommand::Book(booking(EntryKind::Cost, 1, 500, Basis::Statute));
        assert_eq!(ledger.then(&cost).expect("a basis").1, LedgerAnswer::Booked { balance: OWED + 500 });
        assert_eq!(ledger.when(&cost), Ok((Vec::new(), LedgerAnswer::Unchanged)));
        ledger.then(&pay(1, 500)).expect("owed");
        let costs = ledger.view(CASE).accounts.iter().find(|leg| leg.account == Account::Costs).copied();
        assert_eq!(costs, None);
        let other = LedgerCommand::Book(booking(EntryKind::Cost, 1, 501, Basis::Statute));
        assert_eq!(codes(ledger.when(&other)), [Code::ENTRY_DIFFERS]);
    }

    #[test]
    fn given_no_basis_when_booked_then_refused() {
        for (kind, basis) in [
            (EntryKind::Fee, Basis::Goodwill),
            (EntryKind::Cost, Basis::Bank),
            (EntryKind::Adjustment, Basis::Contract),
            (EntryKind::Payment, Basis::Contract),
        ] {
            let refused = codes(opened().when(&LedgerCommand::Book(booking(kind, 1, 5, basis))));
            assert_eq!(refused, [Code::BASIS_MISSING], "{kind:?}");
        }
    }

    #[test]
    fn given_an_adjustment_below_the_claim_when_booked_then_refused_and_to_nothing_settles() {
        let mut ledger = opened();
        let adjust = |account, minor| {
            let entry = booking(EntryKind::Adjustment, 1, minor, Basis::Correction);
            LedgerCommand::Book(Booking { account, reference: [account as u8; 16], ..entry })
        };
        assert_eq!(codes(ledger.when(&adjust(Account::Fees, -31))), [Code::AMOUNT_INVALID]);
        for (account, minor) in
            [(Account::Fees, -30), (Account::Interest, -200), (Account::Principal, -1_000)]
        {
            ledger.then(&adjust(account, minor)).expect("the whole claim");
        }
        assert_eq!(ledger.view(CASE).closed, Some(CloseReason::Settled));
    }

    #[test]
    fn given_an_over_payment_when_refunded_then_at_most_that_and_once() {
        let mut ledger = opened();
        assert_eq!(codes(ledger.when(&refund(9, 1))), [Code::AMOUNT_INVALID]);
        ledger.then(&pay(1, OWED + 70)).expect("taken");
        assert_eq!(codes(ledger.when(&refund(9, 71))), [Code::AMOUNT_INVALID]);
        ledger.then(&refund(9, 70)).expect("overpaid");
        assert_eq!(ledger.when(&refund(9, 70)), Ok((Vec::new(), LedgerAnswer::Unchanged)));
        assert_eq!(codes(ledger.when(&refund(8, 1))), [Code::AMOUNT_INVALID]);
    }
}
