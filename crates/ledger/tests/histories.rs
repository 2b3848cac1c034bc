//! Random histories: whatever is asked of the ledger, its books balance.

use std::collections::BTreeMap;

use events::ledger::{
    Account, CaseClosedV1, CaseOpenedV2, CloseReason, LedgerAnswer, LedgerCommand, LedgerEvent, LedgerQuery,
    LedgerReply, PartyV2, PaymentPostedV1, PostingV1, posting_sum,
};
use events::{Decider, Decoded, Event, Now, Position};
use ledger::{Ledger, State};
use model::{CaseId, Currency, LenderId, PersonId, Role, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;

const NOW: Now = Now { at: Timestamp(0), trusted: true };

fn opening(case: u8, claims: [i64; 3], digest: u8) -> LedgerCommand {
    let [principal, interest, fees] = claims;
    let posting = |account, minor| PostingV1 { account, minor };
    let postings = vec![
        posting(Account::Principal, principal),
        posting(Account::Interest, interest),
        posting(Account::Fees, fees),
        posting(Account::Opening, -(principal + interest + fees)),
    ];
    let debtor = PartyV2 { person: PersonId([0; 16]), role: Role::Debtor, contacts: vec![], sealed: vec![] };
    LedgerCommand::OpenCase(Box::new(CaseOpenedV2 {
        case: CaseId([case; 16]),
        lender: LenderId(1),
        product: format!("product {}", case % 2),
        currency: if case == 0 { "USD".parse().expect("known") } else { Currency::CNY },
        jurisdiction: "CN".to_owned(),
        opened_on: 0,
        overdue_since: 0,
        postings,
        parties: vec![debtor],
        reference_sealed: vec![],
        digest: [digest; 16],
    }))
}

fn command() -> impl Strategy<Value = LedgerCommand> {
    let case = 0_u8..4;
    let claim = || -1_i64..60;
    let reason = proptest::sample::select(CloseReason::ALL.to_vec());
    let pay = |(case, reference, minor): (u8, u8, i64)| LedgerCommand::PostPayment {
        case: CaseId([case; 16]),
        reference: [reference; 16],
        minor,
        currency: Currency::CNY,
        value_date: 0,
    };
    prop_oneof![
        2 => (case.clone(), [claim(), claim(), claim()], 0_u8..2)
            .prop_map(|(case, claims, digest)| opening(case, claims, digest)),
        4 => (case.clone(), 0_u8..30, -1_i64..50).prop_map(pay),
        1 => (case, reason).prop_map(|(case, reason)| LedgerCommand::CloseCase {
            case: CaseId([case; 16]),
            reason,
        }),
    ]
}

fn run(commands: &[LedgerCommand]) -> (State, Vec<LedgerEvent>) {
    let (mut state, mut log) = (State::default(), Vec::new());
    for command in commands {
        let Ok(events) = Ledger::decide(&state, command, NOW) else { continue };
        for event in events {
            Ledger::evolve(&mut state, &event, NOW.at, Position(log.len() as u64));
            log.push(event);
        }
    }
    (state, log)
}

fn bytes(state: &State) -> Vec<u8> {
    postcard::to_allocvec(state).expect("serialises")
}

fn case_and_postings(event: &LedgerEvent) -> (CaseId, &[PostingV1]) {
    match event {
        LedgerEvent::CaseOpened(CaseOpenedV2 { case, postings, .. })
        | LedgerEvent::PaymentPosted(PaymentPostedV1 { case, postings, .. })
        | LedgerEvent::CaseClosed(CaseClosedV1 { case, postings, .. }) => (*case, postings),
    }
}

proptest! {
    #[test]
    fn postings_balance_and_balances_are_their_sums(commands in vec(command(), 0..120)) {
        let (state, log) = run(&commands);
        let mut sums: BTreeMap<CaseId, BTreeMap<Account, i64>> = BTreeMap::new();
        for event in &log {
            let (case, postings) = case_and_postings(event);
            prop_assert_eq!(posting_sum(postings), 0);
            for posting in postings {
                *sums.entry(case).or_default().entry(posting.account).or_default() += posting.minor;
            }
        }
        let mut outstanding = 0;
        for (case, mut sums) in sums {
            sums.retain(|_, minor| *minor != 0);
            let LedgerReply::Case(Some(view)) = Ledger::query(&state, &LedgerQuery::Case(case), NOW) else {
                return Err(TestCaseError::fail("a case without a view"));
            };
            let viewed: BTreeMap<_, _> = view.accounts.iter().map(|leg| (leg.account, leg.minor)).collect();
            let owed: i64 = sums.iter().filter(|(account, _)| account.is_claim()).map(|(_, minor)| minor).sum();
            prop_assert_eq!(viewed, sums);
            prop_assert_eq!(view.balance, owed);
            prop_assert!(view.accounts.iter().all(|leg| !leg.account.is_claim() || leg.minor > 0));
            if view.closed.is_none() {
                outstanding += i128::from(owed);
            }
        }
        let LedgerReply::Figures(figures) = Ledger::query(&state, &LedgerQuery::Figures, NOW) else {
            return Err(TestCaseError::fail("no figures"));
        };
        prop_assert_eq!(figures.outstanding.iter().map(|(_, minor)| minor).sum::<i128>(), outstanding);
        prop_assert_eq!((figures.unbalanced, figures.misplaced), (0, 0));
    }

    #[test]
    fn replay_and_snapshot_give_the_same_state(commands in vec(command(), 0..120)) {
        let (state, log) = run(&commands);
        let mut replayed = State::default();
        for (position, event) in log.iter().enumerate() {
            let mut stored = Vec::new();
            event.encode(&mut stored);
            let Ok(Decoded::Known(event)) = LedgerEvent::decode(&stored) else {
                return Err(TestCaseError::fail("an event does not read back"));
            };
            Ledger::evolve(&mut replayed, &event, NOW.at, Position(position as u64));
        }
        prop_assert_eq!(bytes(&replayed), bytes(&state));
        let restored: State = postcard::from_bytes(&bytes(&state)).expect("reads back");
        prop_assert_eq!(bytes(&restored), bytes(&state));
        let (ids, next) = (0_u8..4, |state: &State, id| {
            Ledger::decide(state, &opening(id, [1, 0, 0], 0), NOW).map_err(|refusal| refusal.to_string())
        });
        for id in ids {
            prop_assert_eq!(next(&restored, id), next(&state, id));
        }
    }

    #[test]
    fn a_command_that_was_taken_changes_nothing_the_second_time(commands in vec(command(), 1..60)) {
        let (mut state, _) = run(&commands[1..]);
        let Ok(events) = Ledger::decide(&state, &commands[0], NOW) else { return Ok(()) };
        for event in &events {
            Ledger::evolve(&mut state, event, NOW.at, Position(0));
        }
        let again = Ledger::decide(&state, &commands[0], NOW);
        prop_assert_eq!(again, Ok(Vec::new()));
        prop_assert_eq!(Ledger::answer(&[], Position(0)), LedgerAnswer::Unchanged);
    }
}
