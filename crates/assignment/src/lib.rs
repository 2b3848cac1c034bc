//! The assignment decider: agencies, collectors, placement, queues. Pure.
//!
//! - `registry`: agencies and collectors.
//! - `offer`: cases come and go; `withdraw`: cases are taken from a suspended agency or an ended collector.
//! - `placement`: which waiting case goes to whom, and why the others wait, without a plan.
//! - `draft`: the best plan for what waits, made outside of the service; `plan`: it is adopted and carried out.
//! - `segments`: waiting cases that are alike for every agency; `eligibility`: who may take them.
//! - `outcomes`: what came of placements; `recovery`: the rates and scorecards that follow.
//! - `terms`: what agencies may take, lenders allow and collectors are certified for.
//! - `query`: a collector's queue, the figures.
//! - `state`: what decisions depend on.
//!
//! The service has one partition, because every placement weighs all agencies.
//!
//! **Architecture invariant:** no clock, no randomness, no I/O; a case is in one queue at a time, and no
//! agency is given more cases than its capacity.

pub mod draft;
pub mod eligibility;
mod offer;
mod outcomes;
mod placement;
mod plan;
mod query;
pub mod recovery;
mod registry;
mod segments;
mod state;
mod terms;
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

    fn decide(state: &State, command: &AssignmentCommand, now: Now) -> Result<Vec<AssignmentEvent>, Refusal> {
        let today = now.at.day();
        match command {
            AssignmentCommand::RegisterAgency(agency) => registry::register_agency(state, agency),
            AssignmentCommand::SuspendAgency { agency, suspended } => {
                registry::suspend_agency(state, *agency, *suspended)
            }
            AssignmentCommand::RegisterCollector(collector) => {
                registry::register_collector(state, collector, today)
            }
            AssignmentCommand::EndCollector { collector } => {
                registry::end_collector(state, *collector, today)
            }
            AssignmentCommand::OfferCase(case) => offer::offer(state, case),
            AssignmentCommand::WithdrawCase { case } => offer::withdraw(state, *case),
            AssignmentCommand::WithdrawFromAgency { agency, limit } => {
                withdraw::from_agency(state, *agency, *limit)
            }
            AssignmentCommand::WithdrawFromCollector { collector, limit } => {
                withdraw::from_collector(state, *collector, *limit)
            }
            AssignmentCommand::PlaceOpenCases { limit } => {
                plan::not_while_running(state)?;
                Ok(placement::place(state, *limit, today))
            }
            AssignmentCommand::SetAgencyTerms(terms) => terms::set_agency(state, terms, today),
            AssignmentCommand::SetLenderTerms(terms) => terms::set_lender(state, terms),
            AssignmentCommand::CertifyCollector(certified) => terms::certify(state, certified, today),
            AssignmentCommand::ReviewStandings { day } => Ok(terms::review(state, *day)),
            AssignmentCommand::DescribeCase(said) => terms::describe(state, said),
            AssignmentCommand::RecallCases { agency, lender, reason, limit } => {
                withdraw::recall(state, *agency, *lender, *reason, *limit, today)
            }
            AssignmentCommand::NoteRecovery { case, minor } => Ok(outcomes::note(state, *case, *minor)),
            AssignmentCommand::StagePlan(part) => plan::stage(state, part),
            AssignmentCommand::AdoptPlan(adopted) => plan::adopt(state, adopted),
            AssignmentCommand::ContinuePlan { plan, limit } => plan::go_on(state, *plan, *limit, today),
        }
    }

    fn evolve(state: &mut State, event: &AssignmentEvent, at: Timestamp, _position: Position) {
        state.evolve(event, at);
    }

    fn answer(events: &[AssignmentEvent], _first: Position) -> AssignmentAnswer {
        match (events.first(), events.last()) {
            (_, Some(AssignmentEvent::PlacementRan(run))) => AssignmentAnswer::Placed {
                placed: run.placed,
                remaining: run.remaining,
                not_placeable: run.not_placeable.clone(),
            },
            (_, Some(AssignmentEvent::PlanProgressed(progress))) => AssignmentAnswer::Planned(*progress),
            (Some(AssignmentEvent::CaseWithdrawn(case)), _) if case.reason != WithdrawalReason::Lender => {
                AssignmentAnswer::Withdrawn { cases: events.len() as u32 }
            }
            (first, _) => AssignmentAnswer::Done { changed: first.is_some() },
        }
    }

    fn query(state: &State, query: &AssignmentQuery, now: Now) -> AssignmentReply {
        query::answer(state, query, now.at.day())
    }
}

#[cfg(test)]
mod given;
