//! What decisions depend on, built from events alone.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use events::assignment::{
    AgencyRegisteredV1, AgencyTermsSetV1, AllotmentV1, AssignmentEvent, CaseOfferedV2, CasePlacedV1,
    CaseWithdrawnV1, CollectorCertifiedV1, CollectorRegisteredV1, LenderTermsSetV1, OutcomeCounts,
    PlacementRanV1, PlacementReason, PlanAdoptedV1, PlanId, PlanProgressedV1, PlanStagedV1, WithdrawalReason,
};
use model::{AgencyId, CaseId, CollectorId, ContactPointId, Currency, LenderId, Role, Timestamp};
use serde::{Deserialize, Serialize};

use crate::outcomes::{self, OutcomeKey};
use crate::segments;

/// The state of the assignment service. What can be derived from the rest is not in snapshots.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(from = "Snapshot")]
pub struct State {
    pub(crate) agencies: BTreeMap<AgencyId, Agency>,
    pub(crate) collectors: BTreeMap<CollectorId, Collector>,
    pub(crate) cases: BTreeMap<CaseId, Case>,
    pub(crate) last_run: Option<PlacementRanV1>,
    pub(crate) misplaced: u64,
    /// What was set, by agency and by lender.
    pub(crate) agency_terms: BTreeMap<AgencyId, AgencyTermsSetV1>,
    pub(crate) lender_terms: BTreeMap<LenderId, LenderTermsSetV1>,
    pub(crate) certified: BTreeMap<CollectorId, CollectorCertifiedV1>,
    /// Collectors who may not collect at the gate.
    pub(crate) barred: BTreeSet<CollectorId>,
    /// Lenders' words for products; cases name them by index.
    pub(crate) products: Vec<String>,
    pub(crate) described: BTreeMap<CaseId, Described>,
    pub(crate) recalled: BTreeMap<CaseId, Recalled>,
    /// Counts what changes where cases may go.
    pub(crate) changes: u64,
    /// Counts the offers.
    pub(crate) offers: u64,
    pub(crate) staged: Option<Staged>,
    pub(crate) plan: Option<Running>,
    pub(crate) progress: Option<PlanProgressedV1>,
    /// Counts the plans that were adopted.
    pub(crate) plans: u32,
    pub(crate) outcomes: BTreeMap<OutcomeKey, OutcomeCounts>,
    /// Cases that wait, by jurisdiction, the worthiest first.
    #[serde(skip_serializing)]
    pub(crate) waiting: BTreeMap<Jurisdiction, BTreeSet<Rank>>,
    /// Cases that each agency holds of each lender; none is 0.
    #[serde(skip_serializing)]
    pub(crate) held: BTreeMap<(LenderId, AgencyId), u32>,
    /// Cases of each lender.
    #[serde(skip_serializing)]
    pub(crate) lender_cases: BTreeMap<LenderId, u32>,
}

/// What was said of a case.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Described {
    pub language: Option<String>,
    pub conflicts: Vec<AgencyId>,
}

/// A case was recalled from an agency that failed.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Recalled {
    /// How many did.
    pub stage: u8,
    /// The last of them.
    pub failed: AgencyId,
}

/// A plan whose parts arrive.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Staged {
    pub plan: PlanId,
    pub parts: Vec<Vec<AllotmentV1>>,
}

impl Staged {
    pub fn allotments(&self) -> impl Iterator<Item = &AllotmentV1> {
        self.parts.iter().flatten()
    }
}

/// A plan that is carried out.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Running {
    pub plan: PlanId,
    /// Its cases show in queues once the whole of it is placed.
    pub number: u32,
    /// What is still to be placed, the next last.
    pub pending: Vec<(CaseId, AgencyId)>,
    pub placed: u32,
    pub dropped: u32,
}

/// ISO 3166 alpha-2.
pub(crate) type Jurisdiction = [u8; 2];

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Agency {
    pub name: String,
    pub jurisdictions: Vec<Jurisdiction>,
    pub capacity: u32,
    pub lines: Vec<String>,
    pub suspended: bool,
    /// Cases it holds.
    #[serde(skip)]
    pub placed: u32,
    /// Its collectors who have not ended, those with the fewest cases first.
    #[serde(skip)]
    pub loads: BTreeSet<(u32, CollectorId)>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Collector {
    pub agency: AgencyId,
    pub ended: bool,
    /// Cases placed with them, the worthiest first.
    #[serde(skip)]
    pub queue: BTreeSet<Rank>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Case {
    pub lender: LenderId,
    pub jurisdiction: Jurisdiction,
    pub currency: Currency,
    pub minor: i64,
    pub contacts: Box<[(ContactPointId, Role)]>,
    /// In whose queue; `None`: it waits. The agency is the collector's.
    pub collector: Option<CollectorId>,
    /// An index into the products.
    pub product: u32,
    pub overdue_since: Option<i32>,
    /// The how-manyeth offer it was.
    pub offer: u64,
    /// The day it was placed last: days since 1970-01-01.
    pub placed_on: i32,
    /// The number of the plan that placed it last; 0: none did.
    pub plan: u32,
    /// Received since it was placed last, in minor units.
    pub recovered: i64,
}

/// Place in a queue: by worth, then by case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank(pub Reverse<i64>, pub CaseId);

impl Case {
    pub fn rank(&self, id: CaseId) -> Rank {
        Rank(Reverse(self.minor), id)
    }

    pub fn contact_points(&self) -> Vec<ContactPointId> {
        self.contacts.iter().map(|(contact, _)| *contact).collect()
    }
}

/// After it, a plan that was made before may no longer be what is best, or what is allowed.
fn changes_where_cases_may_go(event: &AssignmentEvent) -> bool {
    match event {
        AssignmentEvent::CaseWithdrawn(withdrawn) => withdrawn.reason != WithdrawalReason::Lender,
        // Cases offered later are not in the plan; a plan places no more than wait.
        AssignmentEvent::CaseOffered(_)
        | AssignmentEvent::PlacementRan(_)
        | AssignmentEvent::PlanStaged(_)
        | AssignmentEvent::PlanProgressed(_)
        | AssignmentEvent::CollectorStanding(_)
        | AssignmentEvent::RecoveryNoted(_) => false,
        AssignmentEvent::AgencyRegistered(_)
        | AssignmentEvent::AgencySuspended(_)
        | AssignmentEvent::CollectorRegistered(_)
        | AssignmentEvent::CollectorEnded(_)
        | AssignmentEvent::CasePlaced(_)
        | AssignmentEvent::AgencyTermsSet(_)
        | AssignmentEvent::LenderTermsSet(_)
        | AssignmentEvent::CollectorCertified(_)
        | AssignmentEvent::CaseDescribed(_)
        | AssignmentEvent::PlanAdopted(_) => true,
    }
}

/// Two capital letters.
pub(crate) fn jurisdiction(text: &str) -> Option<Jurisdiction> {
    let letters: Jurisdiction = text.as_bytes().try_into().ok()?;
    letters.iter().all(u8::is_ascii_uppercase).then_some(letters)
}

/// What is in a snapshot: the fields of [`State`] up to the derived ones, in the same order.
#[derive(Deserialize)]
struct Snapshot {
    agencies: BTreeMap<AgencyId, Agency>,
    collectors: BTreeMap<CollectorId, Collector>,
    cases: BTreeMap<CaseId, Case>,
    last_run: Option<PlacementRanV1>,
    misplaced: u64,
    agency_terms: BTreeMap<AgencyId, AgencyTermsSetV1>,
    lender_terms: BTreeMap<LenderId, LenderTermsSetV1>,
    certified: BTreeMap<CollectorId, CollectorCertifiedV1>,
    barred: BTreeSet<CollectorId>,
    products: Vec<String>,
    described: BTreeMap<CaseId, Described>,
    recalled: BTreeMap<CaseId, Recalled>,
    changes: u64,
    offers: u64,
    staged: Option<Staged>,
    plan: Option<Running>,
    progress: Option<PlanProgressedV1>,
    plans: u32,
    outcomes: BTreeMap<OutcomeKey, OutcomeCounts>,
}

impl From<Snapshot> for State {
    fn from(snapshot: Snapshot) -> Self {
        let mut state = Self {
            agencies: snapshot.agencies,
            collectors: snapshot.collectors,
            cases: snapshot.cases,
            last_run: snapshot.last_run,
            misplaced: snapshot.misplaced,
            agency_terms: snapshot.agency_terms,
            lender_terms: snapshot.lender_terms,
            certified: snapshot.certified,
            barred: snapshot.barred,
            products: snapshot.products,
            described: snapshot.described,
            recalled: snapshot.recalled,
            changes: snapshot.changes,
            offers: snapshot.offers,
            staged: snapshot.staged,
            plan: snapshot.plan,
            progress: snapshot.progress,
            plans: snapshot.plans,
            outcomes: snapshot.outcomes,
            ..Self::default()
        };
        for (id, case) in &state.cases {
            *state.lender_cases.entry(case.lender).or_default() += 1;
            let Some(collector) = case.collector.and_then(|id| state.collectors.get_mut(&id)) else {
                state.waiting.entry(case.jurisdiction).or_default().insert(case.rank(*id));
                continue;
            };
            collector.queue.insert(case.rank(*id));
            *state.held.entry((case.lender, collector.agency)).or_default() += 1;
        }
        for (id, collector) in &state.collectors {
            let Some(agency) = state.agencies.get_mut(&collector.agency) else { continue };
            let load = collector.queue.len() as u32;
            agency.placed += load;
            if !collector.ended {
                agency.loads.insert((load, *id));
            }
        }
        state
    }
}

impl State {
    /// Takes one event in. A log that breaks the rules is counted, not refused: the log is what happened.
    pub(crate) fn evolve(&mut self, event: &AssignmentEvent, at: Timestamp) {
        let fits = match event {
            AssignmentEvent::AgencyRegistered(agency) => self.agency_registered(agency),
            AssignmentEvent::AgencySuspended(event) => self.agency_suspended(event.agency, event.suspended),
            AssignmentEvent::CollectorRegistered(collector) => self.collector_registered(collector),
            AssignmentEvent::CollectorEnded(event) => self.collector_ended(event.collector),
            AssignmentEvent::CaseOffered(case) => self.case_offered(case),
            AssignmentEvent::CasePlaced(case) => self.case_placed(case, at.day()),
            AssignmentEvent::CaseWithdrawn(case) => self.case_withdrawn(case),
            AssignmentEvent::PlacementRan(run) => {
                self.last_run = Some(run.clone());
                Some(())
            }
            AssignmentEvent::AgencyTermsSet(terms) => self.agency_terms_set(terms),
            AssignmentEvent::LenderTermsSet(terms) => {
                self.lender_terms.insert(terms.lender, terms.clone());
                Some(())
            }
            AssignmentEvent::CollectorCertified(certified) => {
                self.certified.insert(certified.collector, certified.clone());
                Some(())
            }
            AssignmentEvent::CollectorStanding(standing) => {
                if standing.active {
                    self.barred.remove(&standing.collector);
                } else {
                    self.barred.insert(standing.collector);
                }
                Some(())
            }
            AssignmentEvent::CaseDescribed(said) => {
                let described =
                    Described { language: said.language.clone(), conflicts: said.conflicts.clone() };
                self.cases
                    .contains_key(&said.case)
                    .then(|| self.described.insert(said.case, described))
                    .map(drop)
            }
            AssignmentEvent::RecoveryNoted(noted) => outcomes::noted(self, noted),
            AssignmentEvent::PlanStaged(part) => self.plan_staged(part),
            AssignmentEvent::PlanAdopted(adopted) => self.plan_adopted(adopted),
            AssignmentEvent::PlanProgressed(progress) => self.plan_progressed(progress),
        };
        if fits.is_none() {
            self.misplaced += 1;
        }
        if changes_where_cases_may_go(event) {
            self.changes += 1;
        }
    }

    fn agency_registered(&mut self, event: &AgencyRegisteredV1) -> Option<()> {
        if self.agencies.contains_key(&event.agency) {
            return None;
        }
        let agency = Agency {
            name: event.name.clone(),
            jurisdictions: event.jurisdictions.iter().filter_map(|text| jurisdiction(text)).collect(),
            capacity: event.capacity,
            lines: event.lines.clone(),
            suspended: false,
            placed: 0,
            loads: BTreeSet::new(),
        };
        self.agencies.insert(event.agency, agency);
        Some(())
    }

    fn agency_suspended(&mut self, agency: AgencyId, suspended: bool) -> Option<()> {
        self.agencies.get_mut(&agency)?.suspended = suspended;
        Some(())
    }

    fn collector_registered(&mut self, event: &CollectorRegisteredV1) -> Option<()> {
        let agency = self.agencies.get_mut(&event.agency)?;
        let queue = match self.collectors.get(&event.collector) {
            None => BTreeSet::new(),
            Some(known) if !known.ended => return None,
            Some(known) if known.agency != event.agency && !known.queue.is_empty() => return None,
            Some(_) => self.collectors.remove(&event.collector)?.queue,
        };
        agency.loads.insert((queue.len() as u32, event.collector));
        self.collectors.insert(event.collector, Collector { agency: event.agency, ended: false, queue });
        Some(())
    }

    fn collector_ended(&mut self, id: CollectorId) -> Option<()> {
        let collector = self.collectors.get_mut(&id).filter(|collector| !collector.ended)?;
        collector.ended = true;
        self.agencies.get_mut(&collector.agency)?.loads.remove(&(collector.queue.len() as u32, id));
        Some(())
    }

    fn case_offered(&mut self, event: &CaseOfferedV2) -> Option<()> {
        if self.cases.contains_key(&event.case) {
            return None;
        }
        let product = self.product_number(&event.product);
        let case = Case {
            lender: event.lender,
            jurisdiction: jurisdiction(&event.jurisdiction).unwrap_or(*b"??"),
            currency: event.currency,
            minor: event.minor,
            contacts: event.contacts.clone().into_boxed_slice(),
            collector: None,
            product,
            overdue_since: event.overdue_since,
            offer: self.offers,
            placed_on: 0,
            plan: 0,
            recovered: 0,
        };
        self.offers += 1;
        *self.lender_cases.entry(event.lender).or_default() += 1;
        self.waiting.entry(case.jurisdiction).or_default().insert(case.rank(event.case));
        self.cases.insert(event.case, case);
        Some(())
    }

    fn case_placed(&mut self, event: &CasePlacedV1, day: i32) -> Option<()> {
        let case = self.cases.get_mut(&event.case).filter(|case| case.collector.is_none())?;
        let rank = case.rank(event.case);
        let collector = self.collectors.get(&event.collector)?;
        if collector.agency != event.agency {
            return None;
        }
        case.collector = Some(event.collector);
        case.placed_on = day;
        case.recovered = 0;
        case.plan = match (&self.plan, event.reason) {
            (Some(plan), PlacementReason::Planned) => plan.number,
            _ => 0,
        };
        let (jurisdiction, lender) = (case.jurisdiction, case.lender);
        *self.held.entry((lender, event.agency)).or_default() += 1;
        self.stop_waiting(jurisdiction, rank);
        self.change_queue(event.collector, |queue| queue.insert(rank))?;
        outcomes::placed(self, event.case, event.agency)
    }

    fn case_withdrawn(&mut self, event: &CaseWithdrawnV1) -> Option<()> {
        let case = self.cases.get_mut(&event.case)?;
        let (rank, jurisdiction, lender) = (case.rank(event.case), case.jurisdiction, case.lender);
        match case.collector.take() {
            Some(collector) => {
                let agency = self.collectors.get(&collector)?.agency;
                self.release(lender, agency);
                self.change_queue(collector, |queue| queue.remove(&rank))?;
                if event.reason.is_recall() {
                    let stage = self.recalled.get(&event.case).map_or(0, |recalled| recalled.stage);
                    self.recalled
                        .insert(event.case, Recalled { stage: stage.saturating_add(1), failed: agency });
                }
            }
            None => self.stop_waiting(jurisdiction, rank),
        }
        if event.reason == WithdrawalReason::Lender {
            self.cases.remove(&event.case);
            self.described.remove(&event.case);
            self.recalled.remove(&event.case);
            if let Some(cases) = self.lender_cases.get_mut(&lender) {
                *cases -= 1;
                if *cases == 0 {
                    self.lender_cases.remove(&lender);
                }
            }
        } else {
            self.waiting.entry(jurisdiction).or_default().insert(rank);
        }
        Some(())
    }

    /// An agency holds one case less of a lender.
    fn release(&mut self, lender: LenderId, agency: AgencyId) {
        let Some(held) = self.held.get_mut(&(lender, agency)) else { return };
        *held -= 1;
        if *held == 0 {
            self.held.remove(&(lender, agency));
        }
    }

    fn agency_terms_set(&mut self, event: &AgencyTermsSetV1) -> Option<()> {
        self.agencies.get_mut(&event.agency)?.capacity = event.capacity;
        self.agency_terms.insert(event.agency, event.clone());
        Some(())
    }

    fn plan_staged(&mut self, event: &PlanStagedV1) -> Option<()> {
        let staged = self.staged.take().filter(|staged| staged.plan == event.plan && event.part > 0);
        let mut staged = staged.unwrap_or(Staged { plan: event.plan, parts: Vec::new() });
        let fits = staged.parts.len() == event.part as usize;
        if fits {
            staged.parts.push(event.allotments.clone());
        }
        self.staged = Some(staged);
        fits.then_some(())
    }

    fn plan_adopted(&mut self, event: &PlanAdoptedV1) -> Option<()> {
        if self.plan.is_some() {
            return None;
        }
        let staged = self.staged.take().filter(|staged| staged.plan == event.plan)?;
        let mut pending = segments::expand(self, staged.allotments(), event.basis);
        pending.reverse();
        self.plans += 1;
        self.progress =
            Some(PlanProgressedV1 { plan: event.plan, placed: 0, dropped: 0, left: pending.len() as u32 });
        let running = Running { plan: event.plan, number: self.plans, pending, placed: 0, dropped: 0 };
        self.plan = (!running.pending.is_empty()).then_some(running);
        Some(())
    }

    fn plan_progressed(&mut self, event: &PlanProgressedV1) -> Option<()> {
        let running = self.plan.as_mut().filter(|running| running.plan == event.plan)?;
        running.placed = event.placed;
        running.dropped = event.dropped;
        running.pending.truncate(event.left as usize);
        if event.left == 0 {
            self.plan = None;
        }
        self.progress = Some(*event);
        Some(())
    }

    /// The lender's word for a case's product.
    pub(crate) fn product(&self, case: &Case) -> &str {
        self.products.get(case.product as usize).map_or("", String::as_str)
    }

    /// The products are few; the one offered last comes again most often.
    fn product_number(&mut self, product: &str) -> u32 {
        let known = self.products.iter().rposition(|known| known == product);
        known.unwrap_or_else(|| {
            self.products.push(product.to_owned());
            self.products.len() - 1
        }) as u32
    }

    /// Placed by a plan that is not carried out to its end yet.
    pub(crate) fn is_held_back(&self, case: &Case) -> bool {
        self.plan.as_ref().is_some_and(|running| running.number == case.plan)
    }

    fn stop_waiting(&mut self, jurisdiction: Jurisdiction, rank: Rank) {
        let Some(waiting) = self.waiting.get_mut(&jurisdiction) else { return };
        waiting.remove(&rank);
        if waiting.is_empty() {
            self.waiting.remove(&jurisdiction);
        }
    }

    /// Changes a queue, and with it what the agency knows of its length.
    fn change_queue(
        &mut self,
        id: CollectorId,
        change: impl FnOnce(&mut BTreeSet<Rank>) -> bool,
    ) -> Option<()> {
        let collector = self.collectors.get_mut(&id)?;
        let agency = self.agencies.get_mut(&collector.agency)?;
        let before = collector.queue.len() as u32;
        change(&mut collector.queue);
        let after = collector.queue.len() as u32;
        agency.placed = (agency.placed + after).saturating_sub(before);
        if agency.loads.remove(&(before, id)) {
            agency.loads.insert((after, id));
        }
        Some(())
    }
}
