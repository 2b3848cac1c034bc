//! Reopening a closed case: what was given up with the closing is claimed again, less what was recovered since.

use events::ledger::{Account, CaseReopenedV1, CloseReason, EntryKind, LedgerEvent, PostingV1};
use events::{Code, Now, Refusal};
use model::{CaseId, ContactPointId, Role};

use crate::case::Case;
use crate::draft::Draft;
use crate::payment::owed_less;
use crate::state::State;

pub fn decide(
    state: &State,
    id: CaseId,
    contacts: &[(ContactPointId, Role)],
    now: Now,
) -> Result<Vec<LedgerEvent>, Refusal> {
    let mut draft = Draft::of(state, id, now)?;
    if draft.case.closed.is_none() {
        return Ok(Vec::new());
    }
    reopen(&mut draft, contacts);
    // A closed case on which nothing is owed is over.
    if draft.case.owed() > 0 { Ok(draft.events()) } else { Err(Code::NOTHING_OWED.into()) }
}

/// Opens the draft's case, which is closed.
pub fn reopen(draft: &mut Draft, contacts: &[(ContactPointId, Role)]) {
    let Some(was) = draft.case.closed else { return };
    let postings = claimed_again(&draft.case, was);
    let balance = owed_less(&draft.case, &postings);
    let reopened = CaseReopenedV1 {
        case: draft.case.id,
        lender: draft.case.lender,
        jurisdiction: draft.case.jurisdiction(),
        currency: draft.case.currency,
        was,
        postings,
        balance,
        contacts: contacts.to_vec(),
    };
    draft.push(LedgerEvent::CaseReopened(reopened));
}

fn claimed_again(case: &Case, was: CloseReason) -> Vec<PostingV1> {
    let given_up = match was {
        CloseReason::Settled | CloseReason::WrittenOff => {
            case.journal().iter().rfind(|entry| entry.kind == EntryKind::Closing)
        }
        CloseReason::Paid | CloseReason::Recalled | CloseReason::Error => None,
    };
    let mut change: Vec<PostingV1> = Vec::new();
    let mut add = |account, minor| match change.iter_mut().find(|leg| leg.account == account) {
        Some(leg) => leg.minor += minor,
        None => change.push(PostingV1 { account, minor }),
    };
    for leg in given_up.into_iter().flat_map(|entry| &entry.postings[..]) {
        add(leg.account, -leg.minor);
    }
    if was == CloseReason::WrittenOff {
        // A payment that bounced after the write-off is owed again, what was recovered is not.
        let closing =
            given_up.map_or(0, |entry| entry.postings.iter().map(|leg| leg.minor).fold(0, i64::max));
        let bounced = case.of(Account::WriteOff) - closing;
        add(Account::WriteOff, -bounced);
        add(Account::Principal, bounced);
        let mut recovered = -case.of(Account::Recovery);
        add(Account::Recovery, recovered);
        for claim in Account::CLAIMS {
            let again = change_of(&change, claim);
            let part = recovered.min(again).max(0);
            recovered -= part;
            if let Some(leg) = change.iter_mut().find(|leg| leg.account == claim) {
                leg.minor -= part;
            }
        }
    }
    change.retain(|leg| leg.minor != 0);
    change
}

fn change_of(change: &[PostingV1], account: Account) -> i64 {
    change.iter().filter(|leg| leg.account == account).map(|leg| leg.minor).sum()
}

#[cfg(test)]
mod tests {
    use events::ledger::LedgerCommand;

    use super::*;
    use crate::given::{CASE, Given, OWED, codes, given, opening, pay};

    fn closed(reason: CloseReason) -> Given {
        let mut ledger = given([LedgerEvent::CaseOpened(opening())]);
        ledger.then(&LedgerCommand::CloseCase { case: CASE, reason }).expect("open");
        ledger
    }

    fn reopen() -> LedgerCommand {
        LedgerCommand::ReopenCase { case: CASE, contacts: vec![(ContactPointId([5; 16]), Role::Debtor)] }
    }

    #[test]
    fn given_each_closing_when_reopened_then_the_claims_are_as_before() {
        let before = given([LedgerEvent::CaseOpened(opening())]).view(CASE);
        for reason in
            [CloseReason::Settled, CloseReason::WrittenOff, CloseReason::Recalled, CloseReason::Error]
        {
            let mut ledger = closed(reason);
            let (events, _) = ledger.then(&reopen()).expect("owed");
            let [LedgerEvent::CaseReopened(reopened)] = &events[..] else { panic!("{events:?}") };
            assert_eq!((reopened.was, reopened.balance, reopened.contacts.len()), (reason, OWED, 1));
            assert_eq!(ledger.view(CASE), before);
            assert_eq!(ledger.figures().open, 1);
        }
    }

    #[test]
    fn given_a_write_off_that_was_recovered_in_part_when_reopened_then_the_rest_is_owed() {
        let mut ledger = closed(CloseReason::WrittenOff);
        ledger.then(&pay(1, 430)).expect("recovers");
        let view = ledger.view(CASE);
        assert_eq!((view.balance, view.closed), (0, Some(CloseReason::WrittenOff)));
        ledger.then(&reopen()).expect("owed");
        let view = ledger.view(CASE);
        assert_eq!((view.balance, view.closed), (OWED - 430, None));
        let left = |account| view.accounts.iter().any(|leg| leg.account == account);
        assert!(!left(Account::WriteOff) && !left(Account::Recovery), "{:?}", view.accounts);
    }

    #[test]
    fn given_a_paid_case_when_reopened_then_nothing_would_be_owed() {
        let mut ledger = given([LedgerEvent::CaseOpened(opening())]);
        ledger.then(&pay(1, OWED)).expect("owed");
        assert_eq!(codes(ledger.when(&reopen())), [Code::NOTHING_OWED]);
    }
}
