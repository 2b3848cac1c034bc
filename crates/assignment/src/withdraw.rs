//! Taking cases from a suspended agency or an ended collector, in batches. They wait to be placed again.

use events::assignment::{AssignmentEvent, CaseWithdrawnV1, WithdrawalReason};
use events::{Code, Reason, Refusal};
use model::{AgencyId, CaseId, CollectorId, LenderId};

use crate::placement::Batch;
use crate::plan::not_while_running;
use crate::registry::known_agency;
use crate::state::{Case, Collector, State};

pub fn from_agency(state: &State, agency: AgencyId, limit: u32) -> Result<Vec<AssignmentEvent>, Refusal> {
    if !known_agency(state, agency)?.suspended {
        let detail = format!("{agency} is not suspended");
        return Err(Reason::detail(Code::STILL_ACTIVE, detail).into());
    }
    let collectors = state.collectors.values().filter(|collector| collector.agency == agency);
    Ok(batch(state, collectors, limit, WithdrawalReason::AgencySuspended))
}

pub fn from_collector(state: &State, id: CollectorId, limit: u32) -> Result<Vec<AssignmentEvent>, Refusal> {
    let collector = state.collectors.get(&id);
    let collector = collector.ok_or_else(|| Reason::detail(Code::COLLECTOR_UNKNOWN, id.to_string()))?;
    if !collector.ended {
        return Err(Reason::detail(Code::STILL_ACTIVE, format!("{id} has not ended")).into());
    }
    Ok(batch(state, [collector].into_iter(), limit, WithdrawalReason::CollectorEnded))
}

/// Takes cases back from an agency that failed.
pub fn recall(
    state: &State,
    agency: AgencyId,
    lender: Option<LenderId>,
    reason: WithdrawalReason,
    limit: u32,
    today: i32,
) -> Result<Vec<AssignmentEvent>, Refusal> {
    known_agency(state, agency)?;
    if !reason.is_recall() {
        let detail = format!("reason: expected overheld, performance or complaints, got {reason:?}");
        return Err(Reason::detail(Code::MALFORMED, detail).into());
    }
    not_while_running(state)?;
    let mut batch = Batch::new(limit);
    let collectors = state.collectors.values().filter(|collector| collector.agency == agency);
    for rank in collectors.flat_map(|collector| &collector.queue) {
        let Some(case) = state.cases.get(&rank.1) else { continue };
        let due = reason != WithdrawalReason::Overheld || is_overheld(state, rank.1, case, today);
        if !due || lender.is_some_and(|lender| lender != case.lender) {
            continue;
        }
        if !batch.take(case) {
            break;
        }
        batch.events.push(withdrawn(state, rank.1, case, reason));
    }
    Ok(batch.events)
}

/// Whether the agency has had a case for longer than its lender allows.
fn is_overheld(state: &State, id: CaseId, case: &Case, today: i32) -> bool {
    let stage = state.recalled.get(&id).map_or(0, |recalled| usize::from(recalled.stage));
    let terms = state.lender_terms.get(&case.lender);
    let days = terms.and_then(|terms| terms.days_max.get(stage).or(terms.days_max.last()));
    days.is_some_and(|days| today - case.placed_on > i32::from(*days))
}

fn batch<'a>(
    state: &State,
    collectors: impl Iterator<Item = &'a Collector>,
    limit: u32,
    reason: WithdrawalReason,
) -> Vec<AssignmentEvent> {
    let mut batch = Batch::new(limit);
    for rank in collectors.flat_map(|collector| &collector.queue) {
        let Some(case) = state.cases.get(&rank.1) else { continue };
        if !batch.take(case) {
            break;
        }
        batch.events.push(withdrawn(state, rank.1, case, reason));
    }
    batch.events
}

pub fn withdrawn(state: &State, id: CaseId, case: &Case, reason: WithdrawalReason) -> AssignmentEvent {
    let collector = case.collector.and_then(|collector| state.collectors.get(&collector));
    AssignmentEvent::CaseWithdrawn(CaseWithdrawnV1 {
        case: id,
        contacts: case.contact_points(),
        agency: collector.map(|collector| collector.agency),
        reason,
    })
}

#[cfg(test)]
mod tests {
    use events::assignment::{AssignmentAnswer, AssignmentCommand};

    use super::*;
    use crate::given::{agency, codes, collector, given, offered, placed};

    #[test]
    fn given_a_suspended_agency_when_withdrawn_in_batches_then_all_its_cases_wait() {
        let mut events = vec![
            AssignmentEvent::AgencyRegistered(agency(1, 10)),
            AssignmentEvent::CollectorRegistered(collector(5, 1)),
            AssignmentEvent::CollectorRegistered(collector(6, 1)),
        ];
        for case in 0..5 {
            events.push(AssignmentEvent::CaseOffered(offered(case, 100)));
            events.push(AssignmentEvent::CasePlaced(placed(case, 1, 5 + u32::from(case % 2))));
        }
        let mut service = given(&events);
        let withdraw = AssignmentCommand::WithdrawFromAgency { agency: AgencyId(1), limit: 3 };
        assert_eq!(codes(service.when(&withdraw)), [Code::STILL_ACTIVE]);
        let suspend = AssignmentCommand::SuspendAgency { agency: AgencyId(1), suspended: true };
        service.then(&suspend).expect("registered");
        assert!(service.queue(5).is_empty(), "the placement is void at once");
        let mut batches = Vec::new();
        while let Ok((_, AssignmentAnswer::Withdrawn { cases })) = service.then(&withdraw) {
            batches.push(cases);
        }
        assert_eq!(batches, [3, 2]);
        let figures = service.figures();
        assert_eq!((figures.offered, figures.placed, figures.agencies[0].placed), (5, 0, 0));
    }

    #[test]
    fn given_an_active_collector_when_withdrawn_then_refused() {
        let service = given(&[
            AssignmentEvent::AgencyRegistered(agency(1, 10)),
            AssignmentEvent::CollectorRegistered(collector(5, 1)),
        ]);
        let from = |id| AssignmentCommand::WithdrawFromCollector { collector: CollectorId(id), limit: 3 };
        assert_eq!(codes(service.when(&from(5))), [Code::STILL_ACTIVE]);
        assert_eq!(codes(service.when(&from(6))), [Code::COLLECTOR_UNKNOWN]);
    }
}
