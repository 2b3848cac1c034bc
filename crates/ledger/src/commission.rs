//! What an agency earns with a payment, and gives back when the payment is taken out.

use events::ledger::{
    Account, Basis, CommissionAgreedV1, EntryBookedV1, EntryKind, LedgerEvent, PostingV1, Receiver,
};

use crate::draft::Draft;
use crate::payment::Payment;
use crate::rounding::half_to_even;
use crate::state::State;

/// Books the commission that the payment which was just posted earns: of what went against claims, by the rate that the lender and the
/// agency agreed. What the lender received directly earns only if they agreed so.
pub fn earn(state: &State, draft: &mut Draft, payment: &Payment) {
    let Some(agency) = payment.agency else { return };
    let agreed = state.commissions.get(&(draft.case.lender, agency));
    let earns = |agreed: &&CommissionAgreedV1| agreed.direct || payment.received_by == Receiver::Agency;
    let Some(agreed) = agreed.filter(earns) else { return };
    let settled = draft.case.journal().last().map_or(0, crate::journal::Entry::settled);
    let exact = i128::from(settled) * i128::from(agreed.rate_bp);
    // At most the payment itself: a rate is at most the whole.
    let minor = i64::try_from(half_to_even(exact, 10_000)).unwrap_or_default();
    if minor > 0 {
        let posting = |account, minor| PostingV1 { account, minor };
        draft.push(LedgerEvent::EntryBooked(EntryBookedV1 {
            case: draft.case.id,
            kind: EntryKind::Commission,
            reference: payment.reference,
            agency: Some(agency),
            basis: Basis::Contract,
            value_date: payment.value_date,
            postings: vec![posting(Account::CommissionCost, minor), posting(Account::Commission, -minor)],
            balance: draft.case.owed(),
        }));
    }
}

/// Takes the commission of a payment out.
pub fn give_back(draft: &mut Draft, reference: [u8; 16], value_date: i32) {
    let Some(earned) = draft.case.entry(EntryKind::Commission, &reference) else { return };
    let event = EntryBookedV1 {
        case: draft.case.id,
        kind: EntryKind::CommissionReversal,
        reference,
        agency: earned.agency,
        basis: Basis::Contract,
        value_date,
        postings: earned.postings.iter().map(|leg| PostingV1 { minor: -leg.minor, ..*leg }).collect(),
        balance: draft.case.owed(),
    };
    draft.push(LedgerEvent::EntryBooked(event));
}
