//! Closing a case.

use events::ledger::{Account, CloseReason, LedgerEvent, PostingV1};
use events::{Code, Now, Reason, Refusal};
use model::{CaseId, Money};

use crate::case::Case;
use crate::draft::Draft;
use crate::state::State;

pub fn decide(state: &State, id: CaseId, reason: CloseReason, now: Now) -> Result<Vec<LedgerEvent>, Refusal> {
    let mut draft = Draft::of(state, id, now)?;
    match draft.case.closed {
        Some(known) if known == reason => return Ok(Vec::new()),
        Some(known) => {
            let detail = format!("closed: {}, got a request to close it as {}", known.word(), reason.word());
            return Err(Reason::detail(Code::CASE_CLOSED, detail).into());
        }
        None => {}
    }
    let owed = draft.case.owed();
    if reason == CloseReason::Paid && owed != 0 {
        let balance = Money { minor: owed, currency: draft.case.currency };
        let detail = format!("expected a balance of zero, got {balance}; post it, settle or write it off");
        return Err(Reason::detail(Code::AMOUNT_INVALID, detail).into());
    }
    draft.close(reason);
    Ok(draft.events())
}

/// What is given up with a closing. The claim stands with the lender (recalled), or is a matter of another record (error).
pub fn given_up(case: &Case, reason: CloseReason) -> Vec<PostingV1> {
    let account = match reason {
        CloseReason::Paid | CloseReason::Recalled | CloseReason::Error => return Vec::new(),
        CloseReason::Settled => Account::Discount,
        CloseReason::WrittenOff => Account::WriteOff,
    };
    let claims = Account::CLAIMS.into_iter().filter(|claim| case.of(*claim) != 0);
    let mut postings = vec![PostingV1 { account, minor: case.owed() }];
    postings.extend(claims.map(|claim| PostingV1 { account: claim, minor: -case.of(claim) }));
    if postings.len() > 1 { postings } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use events::ledger::{LedgerAnswer, LedgerCommand, posting_sum};

    use super::*;
    use crate::given::{CASE, OWED, codes, given, opening, pay};

    fn close(reason: CloseReason) -> LedgerCommand {
        LedgerCommand::CloseCase { case: CASE, reason }
    }

    #[test]
    fn given_a_case_when_written_off_then_what_is_owed_moves_to_the_write_off() {
        let mut ledger = given([LedgerEvent::CaseOpened(opening())]);
        ledger.then(&pay(1, 230)).expect("owed");
        let (events, answer) = ledger.then(&close(CloseReason::WrittenOff)).expect("open");
        let [LedgerEvent::CaseClosed(closed)] = &events[..] else { panic!("{events:?}") };
        let posting = |account, minor| PostingV1 { account, minor };
        let expected = [
            posting(Account::WriteOff, OWED - 230),
            posting(Account::Fees, -30),
            posting(Account::Principal, 260 - OWED),
        ];
        assert_eq!(closed.postings, expected);
        assert_eq!(posting_sum(&closed.postings), 0);
        assert_eq!(answer, LedgerAnswer::Closed);
        assert_eq!(ledger.view(CASE).balance, 0);
    }

    #[test]
    fn given_a_case_when_recalled_then_the_claim_stands() {
        let mut ledger = given([LedgerEvent::CaseOpened(opening())]);
        ledger.then(&close(CloseReason::Recalled)).expect("open");
        let view = ledger.view(CASE);
        assert_eq!((view.balance, view.closed), (OWED, Some(CloseReason::Recalled)));
        assert_eq!(ledger.figures().outstanding[0].1, 0);
    }

    #[test]
    fn given_a_closed_case_when_closed_again_then_only_the_same_reason_is_no_change() {
        let mut ledger = given([LedgerEvent::CaseOpened(opening())]);
        ledger.then(&close(CloseReason::Settled)).expect("open");
        assert_eq!(ledger.when(&close(CloseReason::Settled)), Ok((Vec::new(), LedgerAnswer::Unchanged)));
        assert_eq!(codes(ledger.when(&close(CloseReason::Error))), [Code::CASE_CLOSED]);
    }

    #[test]
    fn given_a_balance_when_closed_as_paid_then_refused() {
        let ledger = given([LedgerEvent::CaseOpened(opening())]);
        assert_eq!(codes(ledger.when(&close(CloseReason::Paid))), [Code::AMOUNT_INVALID]);
        assert_eq!(codes(given([]).when(&close(CloseReason::Paid))), [Code::CASE_UNKNOWN]);
    }
}
