//! A collector's queue, and the figures.

use std::cmp::Reverse;
use std::ops::Bound;

use events::assignment::{
    AgencyView, AssignmentFigures, AssignmentQuery, AssignmentReply, CollectorView, PlacementView, QueuedCase,
};
use model::{AgencyId, CaseId, CollectorId};

use crate::placement::Plan;
use crate::state::{Agency, Case, Collector, Rank, State};

pub fn answer(state: &State, query: &AssignmentQuery, today: i32) -> AssignmentReply {
    match query {
        AssignmentQuery::Queue { collector, limit, after } => {
            AssignmentReply::Queue(queue(state, *collector, *limit, *after))
        }
        AssignmentQuery::Figures => AssignmentReply::Figures(figures(state, today)),
        AssignmentQuery::Collector(id) => {
            let collector = state.collectors.get(id);
            AssignmentReply::Collector(collector.map(|collector| CollectorView {
                agency: collector.agency,
                active: is_active(state, collector),
                cases: collector.queue.len() as u32,
            }))
        }
        AssignmentQuery::Agencies => AssignmentReply::Agencies(agencies(state)),
        AssignmentQuery::Case(id) => {
            AssignmentReply::Case(state.cases.get(id).map(|case| placement(state, case)))
        }
        AssignmentQuery::Terms { day } => {
            AssignmentReply::Terms(crate::eligibility::planning_terms(state, *day))
        }
        AssignmentQuery::Segments { day, skip, limit } => {
            AssignmentReply::Segments(crate::segments::page(state, *day, *skip, *limit))
        }
        AssignmentQuery::Outcomes => AssignmentReply::Outcomes(crate::outcomes::all(state)),
        AssignmentQuery::Progress => AssignmentReply::Progress(state.progress),
    }
}

fn queue(state: &State, collector: CollectorId, limit: u32, after: Option<(i64, CaseId)>) -> Vec<QueuedCase> {
    let collector = state.collectors.get(&collector).filter(|collector| is_active(state, collector));
    let Some(collector) = collector else { return Vec::new() };
    let start = after.map_or(Bound::Unbounded, |(minor, case)| Bound::Excluded(Rank(Reverse(minor), case)));
    let ranks = collector.queue.range((start, Bound::Unbounded));
    let cases = ranks.filter_map(|rank| Some((rank.1, state.cases.get(&rank.1)?)));
    cases
        .filter(|(_, case)| !state.is_held_back(case))
        .take(limit as usize)
        .map(|(id, case)| QueuedCase {
            case: id,
            lender: case.lender,
            contacts: case.contacts.to_vec(),
            minor: case.minor,
            currency: case.currency,
        })
        .collect()
}

fn is_active(state: &State, collector: &Collector) -> bool {
    !collector.ended && state.agencies.get(&collector.agency).is_some_and(|agency| !agency.suspended)
}

fn placement(state: &State, case: &Case) -> PlacementView {
    let shown = case.collector.filter(|_| !state.is_held_back(case));
    let placed = shown.and_then(|id| Some((state.collectors.get(&id)?.agency, id)));
    PlacementView { lender: case.lender, placed }
}

fn agencies(state: &State) -> Vec<AgencyView> {
    state.agencies.iter().map(|(id, agency)| agency_view(*id, agency)).collect()
}

fn agency_view(id: AgencyId, agency: &Agency) -> AgencyView {
    let jurisdictions = agency.jurisdictions.iter();
    AgencyView {
        agency: id,
        name: agency.name.clone(),
        jurisdictions: jurisdictions.map(|letters| letters.map(char::from).iter().collect()).collect(),
        lines: agency.lines.clone(),
        suspended: agency.suspended,
        capacity: agency.capacity,
        placed: agency.placed,
        collectors: agency.loads.len() as u32,
    }
}

fn figures(state: &State, today: i32) -> AssignmentFigures {
    let plan = Plan::new(state, today);
    let not_placeable = plan.not_placeable();
    let blocked: u64 = not_placeable.iter().map(|unplaced| u64::from(unplaced.cases)).sum();
    let waiting: u64 = plan.waiting().map(|(_, cases)| u64::from(cases)).sum();
    let offered = state.cases.len() as u64;
    AssignmentFigures {
        agencies: agencies(state),
        offered,
        placed: offered - waiting,
        waiting: waiting - blocked,
        not_placeable,
        misplaced: state.misplaced,
    }
}

#[cfg(test)]
mod tests {
    use events::assignment::{AssignmentEvent, CollectorEndedV1};

    use super::*;
    use crate::given::{agency, case_id, collector, given, offered, placed};

    #[test]
    fn given_a_queue_when_paged_then_every_case_comes_once_in_order_of_worth() {
        let mut events = vec![
            AssignmentEvent::AgencyRegistered(agency(1, 99)),
            AssignmentEvent::CollectorRegistered(collector(5, 1)),
        ];
        for case in 0..7 {
            events.push(AssignmentEvent::CaseOffered(offered(case, i64::from(case / 2))));
            events.push(AssignmentEvent::CasePlaced(placed(case, 1, 5)));
        }
        let mut service = given(&events);
        let mut listed = Vec::new();
        let mut after = None;
        loop {
            let page = service.page(5, 3, after);
            let Some(last) = page.last() else { break };
            after = Some((last.minor, last.case));
            listed.extend(page.iter().map(|case| case.case));
        }
        assert_eq!(listed, [6, 4, 5, 2, 3, 0, 1].map(case_id));
        assert_eq!(service.queue(5)[0].contacts, offered(6, 3).contacts);
        service.happens(&[AssignmentEvent::CollectorEnded(CollectorEndedV1 { collector: CollectorId(5) })]);
        assert!(service.queue(5).is_empty());
        assert!(!service.collector(5).active);
    }

    #[test]
    fn given_a_log_that_breaks_the_rules_when_replayed_then_it_is_counted() {
        let twice = AssignmentEvent::CasePlaced(placed(1, 1, 5));
        let service = given(&[
            AssignmentEvent::AgencyRegistered(agency(1, 99)),
            AssignmentEvent::AgencyRegistered(agency(2, 99)),
            AssignmentEvent::CollectorRegistered(collector(5, 1)),
            AssignmentEvent::CaseOffered(offered(1, 1)),
            AssignmentEvent::CasePlaced(placed(1, 2, 5)),
            twice.clone(),
            twice,
        ]);
        let figures = service.figures();
        assert_eq!((figures.misplaced, figures.placed, figures.agencies[0].placed), (2, 1, 1));
    }
}
