//! The ledger's decider: cases, their money, what was agreed on it, their life. Pure.
//!
//! - `open`, `amend`, `payment`, `take_back`, `booking`, `interest`, `close`, `reopen`, `commitment`, `pause`, `limitation`, `terms`, `tick`:
//!   the commands. What one leads to depends on what it led to before: `draft`.
//! - `allocation`, `commission`, `rounding`: in which order, how much, rounded how.
//! - `state`: what decisions depend on, about 120 bytes a case; `cases` is its table, `case` what stands there, `journal` what
//!   was posted since the opening.
//! - `query`: how a case stands, its statement, accounts, figures.
//!
//! Names, numbers and the people of a case are not in the state: they stay, sealed, in the log, and the
//! projections read them there.
//!
//! **Architecture invariant:** no clock, no randomness, no I/O; every posting set balances to zero.

mod allocation;
mod amend;
mod booking;
mod case;
mod cases;
pub mod ceilings;
mod close;
mod commission;
mod commitment;
mod draft;
mod interest;
mod journal;
mod limitation;
mod names;
mod open;
mod pause;
mod payment;
mod query;
mod reopen;
mod rounding;
mod state;
mod take_back;
mod terms;
mod tick;

use events::ledger::{LedgerAnswer, LedgerCommand, LedgerEvent, LedgerQuery, LedgerReply, posting_sum};
use events::{Code, Decider, Now, Position, Reason, Refusal, Service, Tally};
use model::Timestamp;

pub use state::State;

/// The ledger's decision core.
#[derive(Debug, Clone, Copy)]
pub struct Ledger;

impl Decider for Ledger {
    const SERVICE: Service = Service::Ledger;
    type State = State;
    type Command = LedgerCommand;
    type Event = LedgerEvent;
    type Answer = LedgerAnswer;
    type Query = LedgerQuery;
    type Reply = LedgerReply;

    fn key(command: &LedgerCommand) -> Option<[u8; 16]> {
        let case = match command {
            LedgerCommand::OpenCase(opening) => opening.case,
            LedgerCommand::Book(booking) => booking.case,
            LedgerCommand::Commit { made, .. } => made.case,
            LedgerCommand::Pause(paused) => paused.case,
            LedgerCommand::AmendClaims(amendment) => amendment.case,
            LedgerCommand::ReportFile(report) => return Some(report.file),
            LedgerCommand::PostPayment { case, .. }
            | LedgerCommand::CloseCase { case, .. }
            | LedgerCommand::TakeBackPayment { case, .. }
            | LedgerCommand::AccrueInterest { case, .. }
            | LedgerCommand::OfferSettlement { case, .. }
            | LedgerCommand::AcceptSettlement { case }
            | LedgerCommand::CancelCommitment { case }
            | LedgerCommand::Resume { case, .. }
            | LedgerCommand::ReopenCase { case, .. }
            | LedgerCommand::SetLimitation { case, .. } => *case,
            LedgerCommand::SetTerms(_) | LedgerCommand::AgreeCommission(_) | LedgerCommand::Tick => {
                return None;
            }
        };
        Some(case.0)
    }

    fn decide(state: &State, command: &LedgerCommand, now: Now) -> Result<Vec<LedgerEvent>, Refusal> {
        let events = decided(state, command, now)?;
        check(state, &events)?;
        Ok(events)
    }

    fn evolve(state: &mut State, event: &LedgerEvent, at: Timestamp, _position: Position) {
        state.evolve(event, at);
    }

    fn answer(events: &[LedgerEvent], _first: Position) -> LedgerAnswer {
        let paid = events.iter().find_map(|event| match event {
            LedgerEvent::PaymentPosted(payment) => Some(LedgerAnswer::Posted { balance: payment.balance }),
            _ => None,
        });
        let balance = events.iter().rev().find_map(LedgerEvent::balance);
        match events {
            [] => LedgerAnswer::Unchanged,
            [LedgerEvent::CaseOpened(_), ..] => LedgerAnswer::Opened,
            _ if paid.is_some() => paid.unwrap_or(LedgerAnswer::Done),
            [.., LedgerEvent::CaseClosed(_)] if balance.is_none() => LedgerAnswer::Closed,
            _ => balance.map_or(LedgerAnswer::Done, |balance| LedgerAnswer::Booked { balance }),
        }
    }

    fn query(state: &State, query: &LedgerQuery, now: Now) -> LedgerReply {
        query::answer(state, query, now)
    }

    fn tick(_repeated: Vec<(Tally, u32)>) -> Option<LedgerCommand> {
        Some(LedgerCommand::Tick)
    }
}

fn decided(state: &State, command: &LedgerCommand, now: Now) -> Result<Vec<LedgerEvent>, Refusal> {
    match command {
        LedgerCommand::OpenCase(opening) => open::decide(state, opening),
        &LedgerCommand::PostPayment { case, reference, minor, currency, value_date, received_by, agency } => {
            let payment = payment::Payment { reference, minor, currency, value_date, received_by, agency };
            payment::decide(state, case, payment, now)
        }
        LedgerCommand::CloseCase { case, reason } => close::decide(state, *case, *reason, now),
        LedgerCommand::TakeBackPayment { case, reference, charge_back, value_date, contacts } => {
            let (reference, charge_back, value_date) = (*reference, *charge_back, *value_date);
            let asked = take_back::TakeBack { reference, charge_back, value_date, contacts };
            take_back::decide(state, *case, asked, now)
        }
        LedgerCommand::Book(booking) => booking::decide(state, booking, now),
        LedgerCommand::AccrueInterest { case, until } => interest::decide(state, *case, *until, now),
        LedgerCommand::SetTerms(terms) => terms::set(state, terms),
        LedgerCommand::AgreeCommission(agreed) => terms::agree(state, agreed),
        LedgerCommand::Commit { made, currency } => commitment::make(state, made, *currency, now),
        LedgerCommand::OfferSettlement { case, instalments, currency, expires_on, approved } => {
            commitment::offer(state, *case, instalments, *currency, (*expires_on, *approved), now)
        }
        LedgerCommand::AcceptSettlement { case } => commitment::accept(state, *case, now),
        LedgerCommand::CancelCommitment { case } => commitment::cancel(state, *case, now),
        LedgerCommand::Pause(paused) => pause::pause(state, paused, now),
        LedgerCommand::Resume { case, kind, by } => pause::resume(state, *case, *kind, *by, now),
        LedgerCommand::ReopenCase { case, contacts } => reopen::decide(state, *case, contacts, now),
        LedgerCommand::SetLimitation { case, on, basis } => limitation::set(state, *case, *on, *basis, now),
        LedgerCommand::AmendClaims(amendment) => amend::decide(state, amendment, now),
        LedgerCommand::ReportFile(report) => Ok(vec![LedgerEvent::FileReported(*report)]),
        LedgerCommand::Tick => Ok(tick::decide(state, now)),
    }
}

/// Whatever was decided, its posting sets balance (P9) and fit into the journal.
fn check(state: &State, events: &[LedgerEvent]) -> Result<(), Refusal> {
    for event in events {
        let sum = posting_sum(event.postings());
        if sum != 0 {
            let detail = format!("expected postings that add up to 0, got {sum}");
            return Err(Reason::detail(Code::UNBALANCED, detail).into());
        }
        let entries =
            event.case().and_then(|case| state.cases.get(case)).map_or(0, |case| case.journal().len());
        // A command adds a handful at most.
        if !event.postings().is_empty() && entries >= journal::ENTRIES_MAX {
            let detail = format!("expected at most {} entries, got one more", journal::ENTRIES_MAX);
            return Err(Reason::detail(Code::JOURNAL_FULL, detail).into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod given;
