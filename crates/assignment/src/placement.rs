//! Which waiting case goes to whom, without a plan: the worthiest case first, to the agency with the least of its
//! capacity in use among those that may take it and are not full; there to the collector with the fewest cases among
//! those who may work it. Ties go to the smaller id.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use events::assignment::{
    AgencyTerms, AssignmentEvent, CasePlacedV1, PlacementRanV1, PlacementReason, Unplaceable, UnplacedV1,
};
use model::{AgencyId, CaseId, CollectorId};

use crate::eligibility::{agency_terms, bar, has_share_left};
use crate::plan::Desks;
use crate::segments::segment_of;
use crate::state::{Case, Jurisdiction, State, jurisdiction};

/// Keeps the record of a batch well below the 1 MiB that every store takes.
const BATCH_BYTES_MAX: usize = 512 * 1024;
/// An event without its contact points, at most: frame 8, case 16, two ids of 5, contact count 1, two enums.
const EVENT_BYTES: usize = 40;
const CONTACT_BYTES: usize = 16;

/// Events of one command, bounded in number and in bytes.
pub struct Batch {
    pub events: Vec<AssignmentEvent>,
    left: u32,
    bytes: usize,
}

impl Batch {
    pub fn new(limit: u32) -> Self {
        Self { events: Vec::new(), left: limit, bytes: 0 }
    }

    /// Makes room for one event about `case`; false if there is none.
    pub fn take(&mut self, case: &Case) -> bool {
        let bytes = self.bytes + EVENT_BYTES + CONTACT_BYTES * case.contacts.len();
        if self.left == 0 || bytes > BATCH_BYTES_MAX {
            return false;
        }
        self.left -= 1;
        self.bytes = bytes;
        true
    }
}

pub fn place(state: &State, limit: u32, today: i32) -> Vec<AssignmentEvent> {
    let mut plan = Plan::new(state, today);
    let mut batch = Batch::new(limit);
    let mut waiting: Vec<_> = state
        .waiting
        .iter()
        .filter(|(jurisdiction, _)| plan.obstacle(**jurisdiction).is_none())
        .map(|(jurisdiction, ranks)| (*jurisdiction, ranks.iter().peekable()))
        .collect();
    loop {
        // The worthiest of the jurisdictions' worthiest.
        let heads = waiting.iter_mut().enumerate();
        let best = heads.filter_map(|(index, (_, ranks))| ranks.peek().map(|rank| (**rank, index))).min();
        let Some((rank, index)) = best else { break };
        let (jurisdiction, ranks) = &mut waiting[index];
        let Some(case) = state.cases.get(&rank.1) else {
            ranks.next();
            continue;
        };
        let Some((agency, collector, reason)) = plan.choose(*jurisdiction, rank.1, case) else {
            if plan.obstacle(*jurisdiction).is_some() {
                drop(waiting.swap_remove(index));
            } else {
                ranks.next();
            }
            continue;
        };
        if !batch.take(case) {
            break;
        }
        ranks.next();
        batch.events.push(AssignmentEvent::CasePlaced(CasePlacedV1 {
            case: rank.1,
            agency,
            collector,
            contacts: case.contact_points(),
            reason,
        }));
        *plan.taken.entry(*jurisdiction).or_default() += 1;
    }

    let run = PlacementRanV1 {
        placed: batch.events.len() as u32,
        remaining: plan.waiting().map(|(_, cases)| cases).sum(),
        not_placeable: plan.not_placeable(),
    };
    let told = state.last_run.as_ref().map(|last| (last.remaining, &last.not_placeable));
    let nothing = run.remaining == 0 && told.is_none();
    if run.placed > 0 || !(nothing || told == Some((run.remaining, &run.not_placeable))) {
        batch.events.push(AssignmentEvent::PlacementRan(run));
    }
    batch.events
}

/// Agencies as they would be after the placements so far.
pub struct Plan<'a> {
    state: &'a State,
    today: i32,
    agencies: BTreeMap<AgencyId, Desk>,
    desks: Desks<'a>,
    /// Placed so far, by jurisdiction.
    taken: BTreeMap<Jurisdiction, u32>,
}

struct Desk {
    terms: AgencyTerms,
    /// Where it is licensed today.
    jurisdictions: Vec<Jurisdiction>,
}

impl Desk {
    fn takes(&self, jurisdiction: Jurisdiction) -> bool {
        self.obstacle(jurisdiction).is_none()
    }

    /// The first test that the agency fails.
    fn obstacle(&self, jurisdiction: Jurisdiction) -> Option<Unplaceable> {
        if !self.jurisdictions.contains(&jurisdiction) {
            Some(Unplaceable::NoLicence)
        } else if self.terms.suspended {
            Some(Unplaceable::Suspended)
        } else if !self.terms.staffed {
            Some(Unplaceable::NoCollector)
        } else if self.terms.placed >= self.terms.terms.capacity {
            Some(Unplaceable::Full)
        } else {
            None
        }
    }

    /// Which has less of its capacity in use, compared without division.
    fn by_load(&self, other: &Self) -> Ordering {
        let share = |of: &Self, by: &Self| u64::from(of.terms.placed) * u64::from(by.terms.terms.capacity);
        share(self, other).cmp(&share(other, self))
    }
}

impl<'a> Plan<'a> {
    pub fn new(state: &'a State, today: i32) -> Self {
        let agencies = state.agencies.iter().map(|(id, agency)| {
            let terms = agency_terms(state, *id, agency);
            let current =
                terms.terms.licences.iter().filter(|licence| {
                    licence.from <= today && licence.until.is_none_or(|until| today <= until)
                });
            let jurisdictions = current.filter_map(|licence| jurisdiction(&licence.jurisdiction)).collect();
            (*id, Desk { terms, jurisdictions })
        });
        Self {
            state,
            today,
            agencies: agencies.collect(),
            desks: Desks::new(state, today),
            taken: BTreeMap::new(),
        }
    }

    /// Why no agency takes a case from there; `None`: one does.
    pub fn obstacle(&self, jurisdiction: Jurisdiction) -> Option<Unplaceable> {
        let mut last = Unplaceable::NoLicence;
        for desk in self.agencies.values() {
            // An agency that fails a later test passed the earlier ones.
            last = last.max(desk.obstacle(jurisdiction)?);
        }
        Some(last)
    }

    /// Gives one case away.
    fn choose(
        &mut self,
        jurisdiction: Jurisdiction,
        id: CaseId,
        case: &Case,
    ) -> Option<(AgencyId, CollectorId, PlacementReason)> {
        let segment = segment_of(self.state, id, case, self.today);
        let lender = self.state.lender_terms.get(&case.lender);
        let mut takers: Vec<(&AgencyId, &Desk)> = self
            .agencies
            .iter()
            .filter(|(agency, desk)| {
                desk.takes(jurisdiction)
                    && bar(&desk.terms, &segment, lender, self.today).is_none()
                    && has_share_left(
                        self.state,
                        case.lender,
                        **agency,
                        self.desks.given(case.lender, **agency),
                    )
            })
            .collect();
        // Stable: ties stay in order of id.
        takers.sort_by(|left, right| left.1.by_load(right.1));
        let reason =
            if takers.len() == 1 { PlacementReason::OnlyAgency } else { PlacementReason::LeastLoaded };
        let found =
            takers.into_iter().find_map(|(agency, _)| Some((*agency, self.desks.take(*agency, id, case)?)));
        let (agency, collector) = found?;
        self.agencies.get_mut(&agency)?.terms.placed += 1;
        Some((agency, collector, reason))
    }

    /// Cases that wait, by jurisdiction.
    pub fn waiting(&self) -> impl Iterator<Item = (Jurisdiction, u32)> {
        self.state.waiting.iter().map(|(jurisdiction, ranks)| {
            let taken = self.taken.get(jurisdiction).copied().unwrap_or(0);
            (*jurisdiction, (ranks.len() as u32).saturating_sub(taken))
        })
    }

    /// How many of them no agency can take, by reason.
    pub fn not_placeable(&self) -> Vec<UnplacedV1> {
        let mut cases = [0_u32; Unplaceable::ALL.len()];
        for (jurisdiction, waiting) in self.waiting() {
            if let Some(reason) = self.obstacle(jurisdiction) {
                cases[reason as usize] += waiting;
            }
        }
        let counts = Unplaceable::ALL.into_iter().zip(cases).filter(|(_, cases)| *cases > 0);
        counts.map(|(reason, cases)| UnplacedV1 { reason, cases }).collect()
    }
}

#[cfg(test)]
mod tests {
    use events::assignment::{AgencySuspendedV1, AssignmentAnswer, AssignmentCommand, CaseOfferedV2};
    use model::{ContactPointId, Role};

    use super::*;
    use crate::given::{Given, agency, collector, given, offered};

    fn place(service: &mut Given, limit: u32) -> (Vec<(u8, u32, u32)>, AssignmentAnswer) {
        let told = service.then(&AssignmentCommand::PlaceOpenCases { limit }).expect("never refused");
        let placed = told.0.iter().filter_map(|event| match event {
            AssignmentEvent::CasePlaced(case) => Some((case.case.0[0], case.agency.0, case.collector.0)),
            _ => None,
        });
        (placed.collect(), told.1)
    }

    fn offer(count: u8) -> impl Iterator<Item = AssignmentEvent> {
        (0..count).map(|case| AssignmentEvent::CaseOffered(offered(case, i64::from(case))))
    }

    fn staffed(agencies: &[(u32, u32, &[u32])]) -> Vec<AssignmentEvent> {
        let mut events = Vec::new();
        for (id, capacity, collectors) in agencies {
            events.push(AssignmentEvent::AgencyRegistered(agency(*id, *capacity)));
            let collectors = collectors.iter().map(|collector| self::collector(*collector, *id));
            events.extend(collectors.map(AssignmentEvent::CollectorRegistered));
        }
        events
    }

    fn unplaced(reason: Unplaceable, cases: u32) -> Vec<UnplacedV1> {
        vec![UnplacedV1 { reason, cases }]
    }

    #[test]
    fn given_two_agencies_when_placed_then_in_proportion_to_capacity_and_the_worthiest_first() {
        let mut events = staffed(&[(1, 4, &[11, 12]), (2, 2, &[21])]);
        events.extend(offer(5));
        let mut service = given(&events);
        let (placed, answer) = place(&mut service, 100);
        // Shares in use before each: 0/4 0/2, 1/4 0/2, 1/4 1/2, 2/4 1/2 (tie: the smaller id), 3/4 1/2.
        assert_eq!(placed, [(4, 1, 11), (3, 2, 21), (2, 1, 12), (1, 1, 11), (0, 2, 21)]);
        assert_eq!(answer, AssignmentAnswer::Placed { placed: 5, remaining: 0, not_placeable: vec![] });
        assert_eq!(place(&mut service, 100).1, AssignmentAnswer::Done { changed: false });
    }

    #[test]
    fn given_little_capacity_when_placed_then_the_rest_waits_and_says_why() {
        let mut events = staffed(&[(1, 2, &[11])]);
        events.extend(offer(5));
        let mut service = given(&events);
        let answer = place(&mut service, 100).1;
        let not_placeable = unplaced(Unplaceable::Full, 3);
        assert_eq!(answer, AssignmentAnswer::Placed { placed: 2, remaining: 3, not_placeable });
        assert_eq!(place(&mut service, 100).1, AssignmentAnswer::Done { changed: false });
    }

    #[test]
    fn given_a_limit_when_placed_then_the_rest_follows() {
        let mut events = staffed(&[(1, 9, &[11])]);
        events.extend(offer(5));
        let mut service = given(&events);
        let answer = place(&mut service, 3).1;
        assert_eq!(answer, AssignmentAnswer::Placed { placed: 3, remaining: 2, not_placeable: vec![] });
        assert_eq!(place(&mut service, 3).0.len(), 2);
        assert_eq!(service.figures().placed, 5);
    }

    #[test]
    fn given_each_obstacle_when_placed_then_it_is_named() {
        let suspended = AgencySuspendedV1 { agency: AgencyId(1), suspended: true };
        let mut service = given(&offer(1).collect::<Vec<_>>());
        let waits = |service: &mut Given, reason| {
            let not_placeable = unplaced(reason, 1);
            assert_eq!(service.figures().not_placeable, not_placeable);
            let answer = place(service, 9).1;
            assert_eq!(answer, AssignmentAnswer::Placed { placed: 0, remaining: 1, not_placeable });
        };
        waits(&mut service, Unplaceable::NoLicence);
        service.happens(&staffed(&[(1, 0, &[])]));
        waits(&mut service, Unplaceable::NoCollector);
        service.happens(&[AssignmentEvent::AgencySuspended(suspended.clone())]);
        waits(&mut service, Unplaceable::Suspended);
        let lifted = AgencySuspendedV1 { suspended: false, ..suspended };
        service.happens(&[AssignmentEvent::AgencySuspended(lifted)]);
        service.happens(&[AssignmentEvent::CollectorRegistered(collector(11, 1))]);
        waits(&mut service, Unplaceable::Full);
        service.happens(&staffed(&[(2, 1, &[21])]));
        assert_eq!(place(&mut service, 9).0, [(0, 2, 21)]);
    }

    #[test]
    fn given_no_licence_for_some_when_placed_then_the_others_are_placed() {
        let mut events = staffed(&[(1, 9, &[11])]);
        let foreign = CaseOfferedV2 { jurisdiction: "GB".to_owned(), ..offered(9, 1_000_000) };
        events.push(AssignmentEvent::CaseOffered(foreign));
        events.extend(offer(2));
        let mut service = given(&events);
        let not_placeable = unplaced(Unplaceable::NoLicence, 1);
        let answer = AssignmentAnswer::Placed { placed: 2, remaining: 1, not_placeable };
        assert_eq!(place(&mut service, 9), (vec![(1, 1, 11), (0, 1, 11)], answer));
    }

    #[test]
    fn given_cases_with_many_contacts_when_placed_then_a_batch_stays_below_the_record_limit() {
        let mut service = given(&staffed(&[(1, 100_000, &[11])]));
        for case in 0..2_000_u16 {
            let [high, low] = case.to_be_bytes();
            let mut event = offered(high, 1);
            event.case.0[1] = low;
            event.contacts = vec![(ContactPointId([low; 16]), Role::Debtor); 64];
            service.happens(&[AssignmentEvent::CaseOffered(event)]);
        }
        let (events, _) =
            service.then(&AssignmentCommand::PlaceOpenCases { limit: u32::MAX }).expect("placed");
        let bytes: usize = events
            .iter()
            .map(|event| {
                let mut bytes = Vec::new();
                events::Event::encode(event, &mut bytes);
                bytes.len() + 3
            })
            .sum();
        assert!(events.len() > 400 && bytes <= BATCH_BYTES_MAX, "{} events, {bytes} bytes", events.len());
    }
}
