//! The ledger's decider: cases, postings, closing. Pure.
//!
//! - `open`, `payment`, `close`: one command each.
//! - `state`: what decisions depend on, about 160 bytes a case; `cases` is its table.
//! - `query`: how a case stands, and the figures.
//!
//! Names, numbers and the people of a case are not in the state: they stay, sealed, in the log, and the
//! projections read them there.
//!
//! **Architecture invariant:** no clock, no randomness, no I/O; every posting set balances to zero.

mod cases;
mod close;
mod names;
mod open;
mod payment;
mod query;
mod state;

use events::ledger::{LedgerAnswer, LedgerCommand, LedgerEvent, LedgerQuery, LedgerReply};
use events::{Decider, Now, Position, Refusal, Service};
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
        match command {
            LedgerCommand::OpenCase(opening) => Some(opening.case.0),
            LedgerCommand::PostPayment { case, .. } | LedgerCommand::CloseCase { case, .. } => Some(case.0),
        }
    }

    fn decide(state: &State, command: &LedgerCommand, _now: Now) -> Result<Vec<LedgerEvent>, Refusal> {
        match command {
            LedgerCommand::OpenCase(opening) => open::decide(state, opening),
            LedgerCommand::PostPayment { case, reference, minor, currency, value_date } => {
                let payment = payment::Payment {
                    reference: *reference,
                    minor: *minor,
                    currency: *currency,
                    value_date: *value_date,
                };
                payment::decide(state, *case, payment)
            }
            LedgerCommand::CloseCase { case, reason } => close::decide(state, *case, *reason),
        }
    }

    fn evolve(state: &mut State, event: &LedgerEvent, _at: Timestamp, _position: Position) {
        state.evolve(event);
    }

    fn answer(events: &[LedgerEvent], _first: Position) -> LedgerAnswer {
        match events.first() {
            None => LedgerAnswer::Unchanged,
            Some(LedgerEvent::CaseOpened(_)) => LedgerAnswer::Opened,
            Some(LedgerEvent::PaymentPosted(payment)) => LedgerAnswer::Posted { balance: payment.balance },
            Some(LedgerEvent::CaseClosed(_)) => LedgerAnswer::Closed,
        }
    }

    fn query(state: &State, query: &LedgerQuery, _now: Now) -> LedgerReply {
        query::answer(state, query)
    }
}

#[cfg(test)]
mod given;
