//! The assignment decider: agencies, collectors, placement, queues. Pure.
//!
//! - `registry`: agencies and collectors.
//! - `offer`: cases come and go; `withdraw`: cases are taken from a suspended agency or an ended collector.
//! - `placement`: which waiting case goes to whom, and why the others wait.
//! - `query`: a collector's queue, the figures.
//! - `state`: what decisions depend on.
//!
//! The service has one partition, because every placement weighs all agencies.
//!
//! **Architecture invariant:** no clock, no randomness, no I/O; a case is in one queue at a time, and no
//! agency is given more cases than its capacity.

mod offer;
mod placement;
mod query;
mod registry;
mod state;
mod withdraw;

use events::assignment::{
    AssignmentAnswer, AssignmentCommand, AssignmentEvent, AssignmentQuery, AssignmentReply, WithdrawalReason,
};
use events::{Decider, Now, Position, Refusal, Service};
use model::Timestamp;

pub use state::State;

/// The assignment service's decision core.
#[derive(Debug, Clone, Copy)]
pub struct Assignment;

impl Decider for Assignment {
    const SERVICE: Service = Service::Assignment;
    type State = State;
    type Command = AssignmentCommand;
    type Event = AssignmentEvent;
    type Answer = AssignmentAnswer;
    type Query = AssignmentQuery;
    type Reply = AssignmentReply;

    fn key(_command: &AssignmentCommand) -> Option<[u8; 16]> {
        None
    }

    fn decide(
        state: &State,
        command: &AssignmentCommand,
        _now: Now,
    ) -> Result<Vec<AssignmentEvent>, Refusal> {
        match command {
            AssignmentCommand::RegisterAgency(agency) => registry::register_agency(state, agency),
            AssignmentCommand::SuspendAgency { agency, suspended } => {
                registry::suspend_agency(state, *agency, *suspended)
            }
            AssignmentCommand::RegisterCollector(collector) => registry::register_collector(state, collector),
            AssignmentCommand::EndCollector { collector } => registry::end_collector(state, *collector),
            AssignmentCommand::OfferCase(case) => offer::offer(state, case),
            AssignmentCommand::WithdrawCase { case } => offer::withdraw(state, *case),
            AssignmentCommand::WithdrawFromAgency { agency, limit } => {
                withdraw::from_agency(state, *agency, *limit)
            }
            AssignmentCommand::WithdrawFromCollector { collector, limit } => {
                withdraw::from_collector(state, *collector, *limit)
            }
            AssignmentCommand::PlaceOpenCases { limit } => Ok(placement::place(state, *limit)),
        }
    }

    fn evolve(state: &mut State, event: &AssignmentEvent, _at: Timestamp, _position: Position) {
        state.evolve(event);
    }

    fn answer(events: &[AssignmentEvent], _first: Position) -> AssignmentAnswer {
        match (events.first(), events.last()) {
            (_, Some(AssignmentEvent::PlacementRan(run))) => AssignmentAnswer::Placed {
                placed: run.placed,
                remaining: run.remaining,
                not_placeable: run.not_placeable.clone(),
            },
            (Some(AssignmentEvent::CaseWithdrawn(case)), _) if case.reason != WithdrawalReason::Lender => {
                AssignmentAnswer::Withdrawn { cases: events.len() as u32 }
            }
            (first, _) => AssignmentAnswer::Done { changed: first.is_some() },
        }
    }

    fn query(state: &State, query: &AssignmentQuery, _now: Now) -> AssignmentReply {
        query::answer(state, query)
    }
}

#[cfg(test)]
mod given;
