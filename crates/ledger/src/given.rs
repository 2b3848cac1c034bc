//! Test vocabulary: `given(events).when(&command)`.

use events::ledger::{
    Account, Basis, Booking, CaseOpenedV2, CaseView, EntryKind, LedgerAnswer, LedgerCommand, LedgerEvent,
    LedgerFigures, LedgerQuery, LedgerReply, PartyV2, PostingV1, Receiver, Statement, TermsSetV1,
};
use events::{Code, Decider, Now, Position, Refusal};
use model::{AgencyId, CaseId, Currency, LenderId, PersonId, Role, Timestamp};

use crate::{Ledger, State};

pub const CASE: CaseId = CaseId([7; 16]);
/// What [`opening`] claims in all.
pub const OWED: i64 = 1_230;

pub struct Given {
    state: State,
    position: u64,
    now: Now,
}

/// A ledger in which this has happened.
pub fn given<const N: usize>(events: [LedgerEvent; N]) -> Given {
    let mut given =
        Given { state: State::default(), position: 0, now: Now { at: Timestamp(0), trusted: true } };
    given.evolve(&events);
    given
}

type Told = Result<(Vec<LedgerEvent>, LedgerAnswer), Refusal>;

impl Given {
    fn evolve(&mut self, events: &[LedgerEvent]) {
        for event in events {
            Ledger::evolve(&mut self.state, event, self.now.at, Position(self.position));
            self.position += 1;
        }
    }

    /// It is the beginning (UTC) of a day from now on.
    pub fn on_day(&mut self, day: i32) {
        self.now.at = Timestamp::of_day(day);
    }

    /// What the command would lead to.
    pub fn when(&self, command: &LedgerCommand) -> Told {
        let events = Ledger::decide(&self.state, command, self.now)?;
        let answer = Ledger::answer(&events, Position(self.position));
        Ok((events, answer))
    }

    /// The same, and it happens.
    pub fn then(&mut self, command: &LedgerCommand) -> Told {
        let told = self.when(command)?;
        self.evolve(&told.0);
        Ok(told)
    }

    pub fn view(&self, case: CaseId) -> CaseView {
        match Ledger::query(&self.state, &LedgerQuery::Case(case), self.now) {
            LedgerReply::Case(Some(view)) => view,
            other => panic!("{other:?}"),
        }
    }

    pub fn statement(&self, case: CaseId) -> Statement {
        match Ledger::query(&self.state, &LedgerQuery::Statement(case), self.now) {
            LedgerReply::Statement(Some(statement)) => statement,
            other => panic!("{other:?}"),
        }
    }

    pub fn figures(&self) -> LedgerFigures {
        match Ledger::query(&self.state, &LedgerQuery::Figures, self.now) {
            LedgerReply::Figures(figures) => figures,
            other => panic!("{other:?}"),
        }
    }
}

pub fn codes(told: Told) -> Vec<Code> {
    told.expect_err("a refusal").reasons.iter().map(|reason| reason.code).collect()
}

/// 10.00 principal, 2.00 interest, 0.30 fees.
pub fn opening() -> CaseOpenedV2 {
    let posting = |account, minor| PostingV1 { account, minor };
    CaseOpenedV2 {
        case: CASE,
        lender: LenderId(1),
        product: "cash loan".to_owned(),
        currency: Currency::CNY,
        jurisdiction: "CN".to_owned(),
        opened_on: 20_000,
        overdue_since: 19_900,
        postings: vec![
            posting(Account::Principal, 1_000),
            posting(Account::Interest, 200),
            posting(Account::Fees, 30),
            posting(Account::Opening, -OWED),
        ],
        parties: vec![PartyV2 {
            person: PersonId([3; 16]),
            role: Role::Debtor,
            contacts: Vec::new(),
            sealed: vec![0; 40],
        }],
        reference_sealed: vec![0; 40],
        digest: [1; 16],
    }
}

pub fn open(opening: CaseOpenedV2) -> LedgerCommand {
    LedgerCommand::OpenCase(Box::new(opening))
}

/// The terms of the opening's product: 20 % may be given up, three days of grace.
pub fn terms() -> TermsSetV1 {
    TermsSetV1 {
        lender: opening().lender,
        product: opening().product,
        allocation: vec![],
        interest: None,
        ceiling: Some(events::ledger::CeilingV1 {
            rate_ppm: 400_000,
            source: "a statute".to_owned(),
            as_of: 19_000,
        }),
        discount_max_bp: 2_000,
        grace_days: 3,
        limitation_days: None,
        limitation_restarts: false,
    }
}

pub fn pay(reference: u8, minor: i64) -> LedgerCommand {
    pay_on(reference, minor, 20_001)
}

pub fn pay_on(reference: u8, minor: i64, value_date: i32) -> LedgerCommand {
    payment(reference, minor, value_date, Receiver::Lender)
}

/// Received by agency 3, as is what `pay` pays while the case is placed with it.
pub fn pay_agency(reference: u8, minor: i64) -> LedgerCommand {
    payment(reference, minor, 20_001, Receiver::Agency)
}

fn payment(reference: u8, minor: i64, value_date: i32, received_by: Receiver) -> LedgerCommand {
    LedgerCommand::PostPayment {
        case: CASE,
        reference: [reference; 16],
        minor,
        currency: Currency::CNY,
        value_date,
        received_by,
        agency: Some(AgencyId(3)),
    }
}

pub fn booking(kind: EntryKind, reference: u8, minor: i64, basis: Basis) -> Booking {
    Booking {
        case: CASE,
        kind,
        reference: [reference; 16],
        account: Account::Principal,
        minor,
        currency: Currency::CNY,
        basis,
        agency: None,
        value_date: 20_001,
    }
}

pub fn refund(reference: u8, minor: i64) -> LedgerCommand {
    LedgerCommand::Book(booking(EntryKind::Refund, reference, minor, Basis::Statute))
}
