//! What decisions depend on, built from events alone.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use events::assignment::{
    AgencyRegisteredV1, AssignmentEvent, CaseOfferedV1, CasePlacedV1, CaseWithdrawnV1, CollectorRegisteredV1,
    PlacementRanV1, WithdrawalReason,
};
use model::{AgencyId, CaseId, CollectorId, ContactPointId, Currency, LenderId, Role};
use serde::{Deserialize, Serialize};

/// The state of the assignment service. What can be derived from the rest is not in snapshots.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(from = "Snapshot")]
pub struct State {
    pub(crate) agencies: BTreeMap<AgencyId, Agency>,
    pub(crate) collectors: BTreeMap<CollectorId, Collector>,
    pub(crate) cases: BTreeMap<CaseId, Case>,
    pub(crate) last_run: Option<PlacementRanV1>,
    pub(crate) misplaced: u64,
    /// Cases that wait, by jurisdiction, the worthiest first.
    #[serde(skip_serializing)]
    pub(crate) waiting: BTreeMap<Jurisdiction, BTreeSet<Rank>>,
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
}

impl From<Snapshot> for State {
    fn from(snapshot: Snapshot) -> Self {
        let Snapshot { mut agencies, mut collectors, cases, last_run, misplaced } = snapshot;
        let mut waiting = BTreeMap::<Jurisdiction, BTreeSet<Rank>>::new();
        for (id, case) in &cases {
            match case.collector.and_then(|collector| collectors.get_mut(&collector)) {
                Some(collector) => collector.queue.insert(case.rank(*id)),
                None => waiting.entry(case.jurisdiction).or_default().insert(case.rank(*id)),
            };
        }
        for (id, collector) in &collectors {
            let Some(agency) = agencies.get_mut(&collector.agency) else { continue };
            let load = collector.queue.len() as u32;
            agency.placed += load;
            if !collector.ended {
                agency.loads.insert((load, *id));
            }
        }
        Self { agencies, collectors, cases, last_run, misplaced, waiting }
    }
}

impl State {
    /// Takes one event in. A log that breaks the rules is counted, not refused: the log is what happened.
    pub(crate) fn evolve(&mut self, event: &AssignmentEvent) {
        let fits = match event {
            AssignmentEvent::AgencyRegistered(agency) => self.agency_registered(agency),
            AssignmentEvent::AgencySuspended(event) => self.agency_suspended(event.agency, event.suspended),
            AssignmentEvent::CollectorRegistered(collector) => self.collector_registered(collector),
            AssignmentEvent::CollectorEnded(event) => self.collector_ended(event.collector),
            AssignmentEvent::CaseOffered(case) => self.case_offered(case),
            AssignmentEvent::CasePlaced(case) => self.case_placed(case),
            AssignmentEvent::CaseWithdrawn(case) => self.case_withdrawn(case),
            AssignmentEvent::PlacementRan(run) => {
                self.last_run = Some(run.clone());
                Some(())
            }
        };
        if fits.is_none() {
            self.misplaced += 1;
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

    fn case_offered(&mut self, event: &CaseOfferedV1) -> Option<()> {
        if self.cases.contains_key(&event.case) {
            return None;
        }
        let case = Case {
            lender: event.lender,
            jurisdiction: jurisdiction(&event.jurisdiction).unwrap_or(*b"??"),
            currency: event.currency,
            minor: event.minor,
            contacts: event.contacts.clone().into_boxed_slice(),
            collector: None,
        };
        self.waiting.entry(case.jurisdiction).or_default().insert(case.rank(event.case));
        self.cases.insert(event.case, case);
        Some(())
    }

    fn case_placed(&mut self, event: &CasePlacedV1) -> Option<()> {
        let case = self.cases.get_mut(&event.case).filter(|case| case.collector.is_none())?;
        let rank = case.rank(event.case);
        let collector = self.collectors.get(&event.collector)?;
        if collector.agency != event.agency {
            return None;
        }
        case.collector = Some(event.collector);
        let jurisdiction = case.jurisdiction;
        self.stop_waiting(jurisdiction, rank);
        self.change_queue(event.collector, |queue| queue.insert(rank))
    }

    fn case_withdrawn(&mut self, event: &CaseWithdrawnV1) -> Option<()> {
        let case = self.cases.get_mut(&event.case)?;
        let (rank, jurisdiction) = (case.rank(event.case), case.jurisdiction);
        match case.collector.take() {
            Some(collector) => self.change_queue(collector, |queue| queue.remove(&rank))?,
            None => self.stop_waiting(jurisdiction, rank),
        }
        match event.reason {
            WithdrawalReason::Lender => {
                self.cases.remove(&event.case);
            }
            WithdrawalReason::AgencySuspended | WithdrawalReason::CollectorEnded => {
                self.waiting.entry(jurisdiction).or_default().insert(rank);
            }
        }
        Some(())
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
