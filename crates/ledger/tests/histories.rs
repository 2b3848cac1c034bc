//! Random histories: whatever is asked of the ledger, its books balance.

use std::collections::BTreeMap;

use events::gate::HoldSource;
use events::ledger::{
    Account, AccountOf, Basis, Booking, CaseOpenedV2, CloseReason, CollectionPausedV1, CommissionAgreedV1,
    CommitmentKind, CommitmentMadeV1, DayCount, EntryKind, InstalmentV1, InterestTermsV1, LedgerAnswer,
    LedgerCommand, LedgerEvent, LedgerQuery, LedgerReply, PartyV2, PauseKind, PostingV1, Receiver,
    TermsSetV1, posting_sum,
};
use events::{Decider, Decoded, Event, Now, Position};
use ledger::{Ledger, State};
use model::{AgencyId, CaseId, Currency, LenderId, PersonId, Role, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;

const DAY_MS: i64 = 86_400_000;

fn at_day(day: i32) -> Now {
    Now { at: Timestamp(i64::from(day) * DAY_MS), trusted: true }
}

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
        jurisdiction: if case == 1 { "SG" } else { "CN" }.to_owned(),
        opened_on: 0,
        overdue_since: 0,
        postings,
        parties: vec![debtor],
        reference_sealed: vec![],
        digest: [digest; 16],
    }))
}

fn terms(product: u8, rate_ppm: u32, limitation_days: Option<u32>) -> LedgerCommand {
    LedgerCommand::SetTerms(TermsSetV1 {
        lender: LenderId(1),
        product: format!("product {product}"),
        allocation: vec![],
        interest: (rate_ppm > 0).then_some(InterestTermsV1 {
            rate_ppm,
            day_count: DayCount::ALL[rate_ppm as usize % 3],
            from: None,
            until: None,
        }),
        ceiling: Some(events::ledger::CeilingV1 {
            rate_ppm: 5_000_000,
            source: "a law".to_owned(),
            as_of: 0,
        }),
        discount_max_bp: 5_000,
        grace_days: 1,
        limitation_days,
        limitation_restarts: true,
    })
}

/// A command, or so many days that pass.
#[derive(Debug, Clone)]
enum Step {
    Ask(LedgerCommand),
    Days(i32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => command().prop_map(Step::Ask),
        1 => (1_i32..40).prop_map(Step::Days),
        1 => Just(Step::Ask(LedgerCommand::Tick)),
    ]
}

fn command() -> impl Strategy<Value = LedgerCommand> {
    let case = || (0_u8..4).prop_map(|case| CaseId([case; 16]));
    let claim = || -1_i64..60;
    let reason = proptest::sample::select(CloseReason::ALL.to_vec());
    let reference = || (0_u8..12).prop_map(|reference| [reference; 16]);
    let currency = Currency::CNY;
    let agency = || proptest::option::of((1_u32..3).prop_map(AgencyId));
    let pay = move |(case, reference, minor, value_date, own, agency)| LedgerCommand::PostPayment {
        case,
        reference,
        minor,
        currency,
        value_date,
        received_by: if own { Receiver::Lender } else { Receiver::Agency },
        agency,
    };
    let instalments = || {
        vec((1_i32..30, 1_i64..40), 1..4).prop_map(|parts| {
            let mut due_on = 0;
            let part = |(days, minor)| {
                due_on += days;
                InstalmentV1 { due_on, minor }
            };
            parts.into_iter().map(part).collect::<Vec<_>>()
        })
    };
    let bookable = proptest::sample::select(vec![
        (EntryKind::Fee, Basis::Contract),
        (EntryKind::Cost, Basis::Statute),
        (EntryKind::Adjustment, Basis::Correction),
        (EntryKind::Refund, Basis::Statute),
        (EntryKind::Remittance, Basis::Contract),
        (EntryKind::Payment, Basis::Contract),
    ]);
    let claims = proptest::sample::select(Account::CLAIMS.to_vec());
    let book = move |(case, (kind, basis), reference, account, minor)| {
        LedgerCommand::Book(Booking {
            case,
            kind,
            reference,
            account,
            minor,
            currency,
            basis,
            agency: None,
            value_date: 3,
        })
    };
    let kind = proptest::sample::select(CommitmentKind::ALL.to_vec());
    let pause_kind = proptest::sample::select(PauseKind::ALL.to_vec());
    let take_back = |(case, reference, charge_back)| LedgerCommand::TakeBackPayment {
        case,
        reference,
        charge_back,
        value_date: 5,
        contacts: vec![],
    };
    let by = HoldSource::Operator;
    prop_oneof![
        4 => (0_u8..4, [claim(), claim(), claim()], 0_u8..2)
            .prop_map(|(case, claims, digest)| opening(case, claims, digest)),
        8 => (case(), reference(), -1_i64..70, 0_i32..60, any::<bool>(), agency()).prop_map(pay),
        4 => (case(), reference(), any::<bool>()).prop_map(take_back),
        4 => (case(), bookable, reference(), claims, -20_i64..30).prop_map(book),
        2 => (case(), reason).prop_map(|(case, reason)| LedgerCommand::CloseCase { case, reason }),
        2 => case().prop_map(|case| LedgerCommand::ReopenCase { case, contacts: vec![] }),
        2 => (case(), 0_i32..90).prop_map(|(case, until)| LedgerCommand::AccrueInterest { case, until }),
        1 => (0_u8..2, 0_u32..4_000_000, proptest::option::of(1_u32..90))
            .prop_map(|(product, rate, days)| terms(product, rate, days)),
        1 => (1_u32..3, 0_u16..4_000, any::<bool>()).prop_map(|(agency, rate_bp, direct)| {
            let (lender, agency) = (LenderId(1), AgencyId(agency));
            LedgerCommand::AgreeCommission(CommissionAgreedV1 { lender, agency, rate_bp, direct })
        }),
        3 => (case(), kind, instalments()).prop_map(move |(case, kind, instalments)| {
            let made = CommitmentMadeV1 { case, kind, instalments, grace_days: 1 };
            LedgerCommand::Commit { made, currency }
        }),
        2 => (case(), instalments(), any::<bool>()).prop_map(move |(case, instalments, approved)| {
            LedgerCommand::OfferSettlement { case, instalments, currency, expires_on: 40, approved }
        }),
        2 => case().prop_map(|case| LedgerCommand::AcceptSettlement { case }),
        1 => case().prop_map(|case| LedgerCommand::CancelCommitment { case }),
        1 => (case(), pause_kind.clone(), 1_i64..100).prop_map(move |(case, kind, days)| {
            let until = Timestamp(days * DAY_MS);
            LedgerCommand::Pause(CollectionPausedV1 { case, kind, until, by })
        }),
        1 => (case(), pause_kind).prop_map(move |(case, kind)| LedgerCommand::Resume { case, kind, by }),
        1 => (case(), proptest::option::of(0_i32..90)).prop_map(|(case, on)| {
            LedgerCommand::SetLimitation { case, on, basis: Basis::Judgment }
        }),
    ]
}

/// What happened, with the day on which it did.
struct History {
    state: State,
    log: Vec<(i32, LedgerEvent)>,
    day: i32,
}

fn run(steps: &[Step]) -> History {
    let mut history = History { state: State::default(), log: Vec::new(), day: 0 };
    for step in steps {
        match step {
            Step::Days(days) => history.day += days,
            Step::Ask(command) => {
                ask(&mut history, command);
            }
        }
    }
    history
}

/// Whether the command was taken.
fn ask(history: &mut History, command: &LedgerCommand) -> bool {
    let now = at_day(history.day);
    let Ok(events) = Ledger::decide(&history.state, command, now) else { return false };
    for event in events {
        Ledger::evolve(&mut history.state, &event, now.at, Position(history.log.len() as u64));
        history.log.push((history.day, event));
    }
    true
}

fn bytes(state: &State) -> Vec<u8> {
    postcard::to_allocvec(state).expect("serialises")
}

fn view(state: &State, case: CaseId, day: i32) -> Option<events::ledger::CaseView> {
    match Ledger::query(state, &LedgerQuery::Case(case), at_day(day)) {
        LedgerReply::Case(view) => view,
        other => panic!("{other:?}"),
    }
}

fn statement(state: &State, case: CaseId) -> events::ledger::Statement {
    match Ledger::query(state, &LedgerQuery::Statement(case), at_day(0)) {
        LedgerReply::Statement(Some(statement)) => statement,
        other => panic!("{other:?}"),
    }
}

fn owed(postings: &[PostingV1]) -> i64 {
    postings.iter().filter(|leg| leg.account.is_claim()).map(|leg| leg.minor).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn postings_balance_and_balances_are_their_sums(steps in vec(step(), 0..160)) {
        let History { state, log, day } = run(&steps);
        let mut sums: BTreeMap<CaseId, BTreeMap<Account, i64>> = BTreeMap::new();
        let mut all: BTreeMap<Account, i128> = BTreeMap::new();
        for (_, event) in &log {
            prop_assert_eq!(posting_sum(event.postings()), 0);
            let Some(case) = event.case() else { continue };
            for posting in event.postings() {
                *sums.entry(case).or_default().entry(posting.account).or_default() += posting.minor;
                *all.entry(posting.account).or_default() += i128::from(posting.minor);
            }
            // What an event says of the balance is the balance after it.
            let owed: i64 = sums.entry(case).or_default().iter()
                .filter(|(account, _)| account.is_claim()).map(|(_, minor)| minor).sum();
            prop_assert!(event.balance().is_none_or(|balance| balance == owed), "{:?}: {}", event, owed);
        }
        let mut outstanding = 0;
        for (case, mut sums) in sums {
            sums.retain(|_, minor| *minor != 0);
            let Some(view) = view(&state, case, day) else {
                return Err(TestCaseError::fail("a case without a view"));
            };
            let viewed: BTreeMap<_, _> = view.accounts.iter().map(|leg| (leg.account, leg.minor)).collect();
            let owed = owed(&view.accounts);
            prop_assert_eq!(viewed, sums);
            prop_assert_eq!(view.balance, owed);
            prop_assert!(view.accounts.iter().all(|leg| !leg.account.is_claim() || leg.minor > 0));
            if view.closed.is_none() {
                outstanding += i128::from(owed);
            }
        }
        let LedgerReply::Figures(figures) = Ledger::query(&state, &LedgerQuery::Figures, at_day(day)) else {
            return Err(TestCaseError::fail("no figures"));
        };
        prop_assert_eq!(figures.outstanding.iter().map(|(_, minor)| minor).sum::<i128>(), outstanding);
        prop_assert_eq!((figures.unbalanced, figures.misplaced), (0, 0));
        // The lender's account is the sum of its cases, whatever agency each posting concerns.
        let of = AccountOf::Lender(LenderId(1));
        let LedgerReply::Account(account) =
            Ledger::query(&state, &LedgerQuery::Account { of, on: day }, at_day(day)) else {
            return Err(TestCaseError::fail("no account"));
        };
        let mut accounts: BTreeMap<Account, i128> = BTreeMap::new();
        for (account, minor) in account.sums.iter().flat_map(|sums| &sums.accounts) {
            *accounts.entry(*account).or_default() += minor;
        }
        accounts.retain(|_, minor| *minor != 0);
        all.retain(|_, minor| *minor != 0);
        prop_assert_eq!(accounts, all);
        prop_assert_eq!(account.ages.iter().map(|bucket| bucket.minor).sum::<i128>(), outstanding);
    }

    #[test]
    fn a_past_balance_is_the_sum_of_what_counted_or_was_booked_by_then(
        steps in vec(step(), 0..120), asked in 0_i32..200,
    ) {
        let History { state, log, .. } = run(&steps);
        for case in (0_u8..4).map(|case| CaseId([case; 16])) {
            let mut own = log.iter().filter(|(_, event)| event.case() == Some(case));
            let Some((_, first)) = own.next() else { continue };
            let statement = statement(&state, case);
            let mut opening: Vec<_> = first.postings().to_vec();
            opening.retain(|leg| leg.minor != 0);
            opening.sort_by_key(|leg| leg.account);
            prop_assert_eq!(&statement.opening, &opening);
            let booked = own.clone().filter(|(day, _)| *day <= asked);
            let booked = owed(first.postings()) + booked.map(|(_, event)| owed(event.postings())).sum::<i64>();
            prop_assert_eq!(statement.balance_at(None, Some(at_day(asked).at)), booked);
            let value_date = |(day, event): &(i32, LedgerEvent)| match event {
                LedgerEvent::PaymentPosted(paid) => paid.value_date,
                LedgerEvent::EntryBooked(booked) => booked.value_date,
                LedgerEvent::InterestAccrued(interest) => interest.until,
                _ => *day,
            };
            let counting = own.filter(|entry| value_date(entry) <= asked);
            let counting = owed(first.postings()) + counting.map(|(_, event)| owed(event.postings())).sum::<i64>();
            prop_assert_eq!(statement.balance_at(Some(asked), None), counting);
        }
    }

    #[test]
    fn no_history_reaches_an_illegal_state(steps in vec(step(), 0..160)) {
        let mut history = History { state: State::default(), log: Vec::new(), day: 0 };
        let mut closed: BTreeMap<CaseId, bool> = BTreeMap::new();
        let mut standing: BTreeMap<CaseId, bool> = BTreeMap::new();
        for step in &steps {
            let known = history.log.len();
            match step {
                Step::Days(days) => history.day += days,
                Step::Ask(command) => {
                    ask(&mut history, command);
                }
            }
            for (_, event) in &history.log[known..] {
                let Some(case) = event.case() else { continue };
                let is_closed = closed.entry(case).or_default();
                let stands = standing.entry(case).or_default();
                match event {
                    LedgerEvent::CaseClosed(_) => {
                        prop_assert!(!*is_closed && !*stands, "{:?}", event);
                        *is_closed = true;
                    }
                    LedgerEvent::CaseReopened(reopened) => {
                        prop_assert!(*is_closed && reopened.balance > 0, "{:?}", event);
                        *is_closed = false;
                    }
                    LedgerEvent::CommitmentMade(_) => {
                        prop_assert!(!*is_closed && !*stands, "{:?}", event);
                        *stands = true;
                    }
                    LedgerEvent::CommitmentEnded(_) => {
                        prop_assert!(*stands, "{:?}", event);
                        *stands = false;
                    }
                    LedgerEvent::InterestAccrued(_)
                    | LedgerEvent::SettlementOffered(_)
                    | LedgerEvent::CollectionPaused(_)
                    | LedgerEvent::LimitationPassed(_) => prop_assert!(!*is_closed, "{:?}", event),
                    _ => {}
                }
            }
            for (case, closed) in &closed {
                let view = view(&history.state, *case, history.day).expect("opened");
                prop_assert_eq!(view.closed.is_some(), *closed);
                let offered = view.commitment.filter(|known| known.offered_until.is_none());
                prop_assert_eq!(offered.is_some(), standing[case]);
                // What was paid in full or given up is owed no longer, and no agency or payer is owed below nothing.
                let over = matches!(
                    view.closed, Some(CloseReason::Paid | CloseReason::Settled | CloseReason::WrittenOff)
                );
                prop_assert!(!over || view.balance == 0, "{:?} owed {}", view.closed, view.balance);
                let of = |account| view.accounts.iter().filter(|leg| leg.account == account)
                    .map(|leg| leg.minor).sum::<i64>();
                prop_assert!(of(Account::Overpaid) <= 0 && of(Account::Commission) <= 0);
            }
        }
    }

    #[test]
    fn a_payment_that_is_taken_back_at_once_leaves_every_account_as_it_was(
        steps in vec(step(), 0..100), case in 0_u8..4, minor in 1_i64..150, own in any::<bool>(),
    ) {
        let mut history = run(&steps);
        let case = CaseId([case; 16]);
        let reference = [200; 16];
        // Interest is charged up to the day of the payment with it, and stays.
        let until = history.day;
        ask(&mut history, &LedgerCommand::AccrueInterest { case, until });
        let Some(before) = view(&history.state, case, history.day) else { return Ok(()) };
        let payment = LedgerCommand::PostPayment {
            case,
            reference,
            minor,
            currency: before.currency,
            value_date: history.day,
            received_by: if own { Receiver::Lender } else { Receiver::Agency },
            agency: Some(AgencyId(1)),
        };
        if !ask(&mut history, &payment) {
            return Ok(());
        }
        let value_date = history.day;
        let take_back =
            LedgerCommand::TakeBackPayment { case, reference, charge_back: false, value_date, contacts: vec![] };
        prop_assert!(ask(&mut history, &take_back));
        let after = view(&history.state, case, history.day).expect("opened");
        prop_assert_eq!(&after.accounts, &before.accounts);
        prop_assert_eq!((after.closed, after.balance), (before.closed, before.balance));
    }

    #[test]
    fn replay_and_snapshot_give_the_same_state(steps in vec(step(), 0..160)) {
        let mut history = run(&steps);
        let mut replayed = State::default();
        for (position, (day, event)) in history.log.iter().enumerate() {
            let mut stored = Vec::new();
            event.encode(&mut stored);
            let Ok(Decoded::Known(event)) = LedgerEvent::decode(&stored) else {
                return Err(TestCaseError::fail("an event does not read back"));
            };
            Ledger::evolve(&mut replayed, &event, at_day(*day).at, Position(position as u64));
        }
        prop_assert_eq!(bytes(&replayed), bytes(&history.state));
        let restored: State = postcard::from_bytes(&bytes(&history.state)).expect("reads back");
        prop_assert_eq!(bytes(&restored), bytes(&history.state));
        // Both go on alike.
        let now = at_day(history.day + 50);
        let next = |state: &State, command: &LedgerCommand| {
            Ledger::decide(state, command, now).map_err(|refusal| refusal.to_string())
        };
        for id in 0_u8..4 {
            for command in [opening(id, [1, 0, 0], 0), LedgerCommand::Tick] {
                prop_assert_eq!(next(&restored, &command), next(&history.state, &command));
            }
        }
        // A tick leaves nothing due.
        history.day += 50;
        prop_assert!(ask(&mut history, &LedgerCommand::Tick));
        prop_assert_eq!(next(&history.state, &LedgerCommand::Tick), Ok(Vec::new()));
    }

    #[test]
    fn a_command_that_was_taken_changes_nothing_the_second_time(
        steps in vec(step(), 0..60), command in command(),
    ) {
        let mut history = run(&steps);
        if !ask(&mut history, &command) {
            return Ok(());
        }
        let again = Ledger::decide(&history.state, &command, at_day(history.day));
        prop_assert_eq!(again, Ok(Vec::new()), "{:?}", command);
        prop_assert_eq!(Ledger::answer(&[], Position(0)), LedgerAnswer::Unchanged);
    }
}
