//! Test vocabulary: `given(events).when(&command)`.

use events::ledger::{
    Account, CaseOpenedV2, CaseView, LedgerAnswer, LedgerCommand, LedgerEvent, LedgerFigures, LedgerQuery,
    LedgerReply, PartyV2, PostingV1,
};
use events::{Code, Decider, Now, Position, Refusal};
use model::{CaseId, Currency, LenderId, PersonId, Role, Timestamp};

use crate::{Ledger, State};

pub const CASE: CaseId = CaseId([7; 16]);
/// What [`opening`] claims in all.
pub const OWED: i64 = 1_230;
const NOW: Now = Now { at: Timestamp(0), trusted: true };

pub struct Given {
    state: State,
    position: u64,
}

/// A ledger in which this has happened.
pub fn given<const N: usize>(events: [LedgerEvent; N]) -> Given {
    let mut given = Given { state: State::default(), position: 0 };
    given.evolve(&events);
    given
}

type Told = Result<(Vec<LedgerEvent>, LedgerAnswer), Refusal>;

impl Given {
    fn evolve(&mut self, events: &[LedgerEvent]) {
        for event in events {
            Ledger::evolve(&mut self.state, event, NOW.at, Position(self.position));
            self.position += 1;
        }
    }

    /// What the command would lead to.
    pub fn when(&self, command: &LedgerCommand) -> Told {
        let events = Ledger::decide(&self.state, command, NOW)?;
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
        match Ledger::query(&self.state, &LedgerQuery::Case(case), NOW) {
            LedgerReply::Case(Some(view)) => view,
            other => panic!("{other:?}"),
        }
    }

    pub fn figures(&self) -> LedgerFigures {
        match Ledger::query(&self.state, &LedgerQuery::Figures, NOW) {
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

pub fn pay(reference: u8, minor: i64) -> LedgerCommand {
    LedgerCommand::PostPayment {
        case: CASE,
        reference: [reference; 16],
        minor,
        currency: Currency::CNY,
        value_date: 20_001,
    }
}
