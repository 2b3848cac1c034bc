//! Random histories, plans among them: whatever is asked, a case is in one queue, no agency exceeds its capacity, and
//! nothing is placed where it may not go.

use std::collections::{BTreeMap, BTreeSet};

use assignment::draft::{ExpectedRate, draft};
use assignment::{Assignment, State};
use events::assignment::{
    AgencyRegisteredV1, AgencyTermsSetV1, AllowedV1, AssignmentCommand, AssignmentEvent, AssignmentQuery,
    AssignmentReply, CaseDescribedV1, CaseOfferedV2, CasePlacedV1, CertificateV1, CollectorCertifiedV1,
    CollectorRegisteredV1, LenderTermsSetV1, LicenceV1, Part, PlacementReason, PlanAdoptedV1, PlanStagedV1,
    SegmentV1, WithdrawalReason,
};
use events::{Decider, Decoded, Event, Now, Position};
use model::{AgencyId, CaseId, CollectorId, ContactPointId, Currency, LenderId, Role, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;

const NOW: Now = Now { at: Timestamp(0), trusted: true };
const JURISDICTIONS: [&str; 3] = ["CN", "HK", "GB"];
const COLLECTORS: u32 = 6;
const PRODUCTS: [&str; 2] = ["card", "rent"];
const LANGUAGES: [&str; 2] = ["zh", "en"];

fn command() -> impl Strategy<Value = AssignmentCommand> {
    let agency = || (0_u32..3).prop_map(AgencyId);
    let collector = || (0..COLLECTORS).prop_map(CollectorId);
    let case = || (0_u8..30).prop_map(|case| CaseId([case; 16]));
    let jurisdiction = || proptest::sample::select(JURISDICTIONS.to_vec()).prop_map(str::to_owned);
    let limit = 0_u32..8;
    prop_oneof![
        2 => (agency(), vec(jurisdiction(), 1..3), 0_u32..8).prop_map(|(agency, jurisdictions, capacity)| {
            let name = "An agency".to_owned();
            let registered = AgencyRegisteredV1 { agency, name, jurisdictions, capacity, lines: vec![] };
            AssignmentCommand::RegisterAgency(registered)
        }),
        2 => (agency(), any::<bool>())
            .prop_map(|(agency, suspended)| AssignmentCommand::SuspendAgency { agency, suspended }),
        3 => (collector(), agency()).prop_map(|(collector, agency)| {
            let registered = CollectorRegisteredV1 { collector, agency, name_sealed: vec![] };
            AssignmentCommand::RegisterCollector(registered)
        }),
        1 => collector().prop_map(|collector| AssignmentCommand::EndCollector { collector }),
        9 => (case(), jurisdiction(), 0_i64..4).prop_map(|(case, jurisdiction, minor)| {
            AssignmentCommand::OfferCase(CaseOfferedV2 {
                case,
                lender: LenderId(1),
                jurisdiction,
                contacts: vec![(ContactPointId(case.0), Role::Debtor)],
                minor,
                currency: Currency::CNY,
                product: PRODUCTS[minor as usize % 2].to_owned(),
                overdue_since: None,
            })
        }),
        2 => case().prop_map(|case| AssignmentCommand::WithdrawCase { case }),
        1 => (agency(), limit.clone())
            .prop_map(|(agency, limit)| AssignmentCommand::WithdrawFromAgency { agency, limit }),
        1 => (collector(), limit.clone())
            .prop_map(|(collector, limit)| AssignmentCommand::WithdrawFromCollector { collector, limit }),
        5 => limit.clone().prop_map(|limit| AssignmentCommand::PlaceOpenCases { limit }),
        3 => (agency(), vec((jurisdiction(), -1_i32..2), 1..4), words(&PRODUCTS), words(&LANGUAGES), 0_u32..8, any::<bool>())
            .prop_map(|(agency, licences, products, languages, capacity, certificates_required)| {
                let licences = licences.into_iter().map(|(jurisdiction, until)| LicenceV1 {
                    number: "1".to_owned(), jurisdiction, from: -9, until: Some(until),
                });
                AssignmentCommand::SetAgencyTerms(AgencyTermsSetV1 {
                    agency, licences: licences.collect(), products, languages, capacity,
                    commission: vec![1_000], insurance: None, certificates_required,
                })
            }),
        1 => vec((agency(), 0_u16..=1_000, 0_u32..3), 1..4).prop_map(|agencies| {
            let agencies = agencies.into_iter().map(|(agency, share_max, samples_min)| AllowedV1 {
                agency, part: Part::Champion, share_min: 0, share_max, samples_min,
            });
            AssignmentCommand::SetLenderTerms(LenderTermsSetV1 {
                lender: LenderId(1), agencies: agencies.collect(), days_max: vec![],
            })
        }),
        2 => (collector(), words(&PRODUCTS), words(&LANGUAGES), -1_i32..2, 0_u32..4)
            .prop_map(|(collector, products, languages, until, capacity)| {
                let certificates = vec![CertificateV1 { products, languages, until }];
                AssignmentCommand::CertifyCollector(CollectorCertifiedV1 {
                    collector, identity_verified: 0, certificates, capacity,
                })
            }),
        2 => (case(), -2_i64..5).prop_map(|(case, minor)| AssignmentCommand::NoteRecovery { case, minor }),
        1 => (0_i32..3).prop_map(|day| AssignmentCommand::ReviewStandings { day }),
        3 => (case(), proptest::option::of(proptest::sample::select(LANGUAGES.to_vec())), vec(agency(), 0..2))
            .prop_map(|(case, language, conflicts)| {
                let language = language.map(str::to_owned);
                AssignmentCommand::DescribeCase(CaseDescribedV1 { case, language, conflicts })
            }),
        2 => (agency(), limit).prop_map(|(agency, limit)| {
            let reason = WithdrawalReason::Performance;
            AssignmentCommand::RecallCases { agency, lender: None, reason, limit }
        }),
    ]
}

fn words(of: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    proptest::sample::subsequence(of, 0..=of.len())
        .prop_map(|some| some.into_iter().map(str::to_owned).collect())
}

/// What is asked: a command, or a plan for what waits then, of which so many batches follow at once.
#[derive(Debug, Clone)]
enum Asked {
    Command(AssignmentCommand),
    Plan { batches: u32, limit: u32 },
    Continue { limit: u32 },
}

fn asked() -> impl Strategy<Value = Asked> {
    prop_oneof![
        20 => command().prop_map(Asked::Command),
        1 => (0_u32..3, 1_u32..4).prop_map(|(batches, limit)| Asked::Plan { batches, limit }),
        2 => (1_u32..4).prop_map(|limit| Asked::Continue { limit }),
    ]
}

struct Flat;

impl ExpectedRate for Flat {
    fn rate_ppm(&self, segment: &SegmentV1, agency: AgencyId) -> u32 {
        100_000 * (1 + agency.0) + 1_000 * u32::from(segment.stage)
    }
}

/// The commands that it comes to in a state.
fn commands(state: &State, asked: &Asked) -> Vec<AssignmentCommand> {
    let go_on = |plan, limit| AssignmentCommand::ContinuePlan { plan, limit };
    match asked {
        Asked::Command(command) => vec![command.clone()],
        Asked::Continue { limit } => match Assignment::query(state, &AssignmentQuery::Progress, NOW) {
            AssignmentReply::Progress(Some(progress)) => vec![go_on(progress.plan, *limit)],
            _ => Vec::new(),
        },
        Asked::Plan { batches, limit } => {
            let terms = Assignment::query(state, &AssignmentQuery::Terms { day: 0 }, NOW);
            let segments = AssignmentQuery::Segments { day: 0, skip: 0, limit: u32::MAX };
            let (AssignmentReply::Terms(terms), AssignmentReply::Segments(page)) =
                (terms, Assignment::query(state, &segments, NOW))
            else {
                return Vec::new();
            };
            let draft = draft(&terms, &page.segments, &Flat).expect("small worths");
            assert!(draft.certificate.is_optimal());
            let plan = draft.id();
            let mut commands = vec![
                AssignmentCommand::StagePlan(PlanStagedV1 { plan, part: 0, allotments: draft.allotments() }),
                AssignmentCommand::AdoptPlan(PlanAdoptedV1 { plan, basis: draft.basis }),
            ];
            commands.extend((0..*batches).map(|_| go_on(plan, *limit)));
            commands
        }
    }
}

/// What an observer who reads only the events believes.
#[derive(Default)]
struct Observer {
    capacity: BTreeMap<AgencyId, u32>,
    licensed: BTreeMap<AgencyId, Vec<String>>,
    terms: BTreeMap<AgencyId, AgencyTermsSetV1>,
    suspended: BTreeSet<AgencyId>,
    used: Option<Vec<AgencyId>>,
    offered: BTreeMap<CaseId, CaseOfferedV2>,
    described: BTreeMap<CaseId, CaseDescribedV1>,
    failed: BTreeMap<CaseId, AgencyId>,
    certified: BTreeMap<CollectorId, CollectorCertifiedV1>,
    placed: BTreeMap<CaseId, (AgencyId, CollectorId)>,
    /// The plan that is under way, and the cases that it has placed.
    hidden: BTreeSet<CaseId>,
}

impl Observer {
    fn sees(&mut self, event: &AssignmentEvent) -> Result<(), TestCaseError> {
        match event {
            AssignmentEvent::AgencyRegistered(agency) => {
                prop_assert!(self.capacity.insert(agency.agency, agency.capacity).is_none());
                self.licensed.insert(agency.agency, agency.jurisdictions.clone());
            }
            AssignmentEvent::AgencySuspended(changed) => {
                self.suspended.remove(&changed.agency);
                self.suspended.extend(changed.suspended.then_some(changed.agency));
            }
            AssignmentEvent::AgencyTermsSet(terms) => {
                self.capacity.insert(terms.agency, terms.capacity);
                let current = terms.licences.iter().filter(|licence| licence.until >= Some(0));
                let current = current.map(|licence| licence.jurisdiction.clone()).collect();
                self.licensed.insert(terms.agency, current);
                self.terms.insert(terms.agency, terms.clone());
            }
            AssignmentEvent::LenderTermsSet(terms) => {
                self.used = Some(terms.agencies.iter().map(|allowed| allowed.agency).collect());
            }
            AssignmentEvent::CaseOffered(offered) => {
                prop_assert!(self.offered.insert(offered.case, offered.clone()).is_none());
            }
            AssignmentEvent::CaseDescribed(said) => {
                self.described.insert(said.case, said.clone());
            }
            AssignmentEvent::CollectorCertified(certified) => {
                self.certified.insert(certified.collector, certified.clone());
            }
            AssignmentEvent::CasePlaced(case) => self.sees_placed(case)?,
            AssignmentEvent::CaseWithdrawn(case) => {
                let before = self.placed.remove(&case.case).map(|(agency, _)| agency);
                prop_assert_eq!(before, case.agency);
                self.hidden.remove(&case.case);
                if case.reason == WithdrawalReason::Lender {
                    self.offered.remove(&case.case);
                    self.described.remove(&case.case);
                    self.failed.remove(&case.case);
                } else if case.reason.is_recall() {
                    self.failed.extend(before.map(|agency| (case.case, agency)));
                }
            }
            AssignmentEvent::PlanProgressed(progress) if progress.left == 0 => self.hidden.clear(),
            _ => {}
        }
        Ok(())
    }

    fn sees_placed(&mut self, placed: &CasePlacedV1) -> Result<(), TestCaseError> {
        let CasePlacedV1 { case, agency, collector, .. } = placed;
        let before = self.placed.insert(*case, (*agency, *collector));
        prop_assert!(before.is_none(), "placed twice");
        let held = self.placed.values().filter(|(of, _)| of == agency).count();
        prop_assert!(held <= self.capacity[agency] as usize, "over capacity");
        prop_assert!(!self.suspended.contains(agency), "with a suspended agency");
        let offered = &self.offered[case];
        prop_assert!(self.licensed[agency].contains(&offered.jurisdiction), "without a licence");
        prop_assert!(self.used.as_ref().is_none_or(|used| used.contains(agency)), "not used by the lender");
        prop_assert!(self.failed.get(case) != Some(agency), "back to the agency that failed");
        let said = self.described.get(case);
        prop_assert!(!said.is_some_and(|said| said.conflicts.contains(agency)), "conflict of interest");
        let language = said.and_then(|said| said.language.as_ref());
        let covers = |products: &[String], languages: &[String]| {
            (products.is_empty() || products.contains(&offered.product))
                && (languages.is_empty() || language.is_none_or(|language| languages.contains(language)))
        };
        if let Some(terms) = self.terms.get(agency) {
            prop_assert!(covers(&terms.products, &terms.languages), "product or language");
        }
        if let Some(certified) = self.certified.get(collector) {
            let mut current = certified.certificates.iter().filter(|one| one.until >= 0);
            prop_assert!(current.any(|one| covers(&one.products, &one.languages)), "without a certificate");
            let queue = self.placed.values().filter(|(_, of)| of == collector).count();
            prop_assert!(queue <= certified.capacity as usize, "over the collector's capacity");
        }
        if placed.reason == PlacementReason::Planned {
            self.hidden.insert(*case);
        }
        Ok(())
    }
}

fn run(asked: &[Asked]) -> Result<(State, Vec<AssignmentEvent>, Observer), TestCaseError> {
    let (mut state, mut log, mut observer) = (State::default(), Vec::new(), Observer::default());
    for asked in asked {
        for command in commands(&state, asked) {
            let Ok(events) = Assignment::decide(&state, &command, NOW) else { continue };
            for event in events {
                observer.sees(&event)?;
                Assignment::evolve(&mut state, &event, NOW.at, Position(log.len() as u64));
                log.push(event);
            }
        }
    }
    Ok((state, log, observer))
}

fn bytes(state: &State) -> Vec<u8> {
    postcard::to_allocvec(state).expect("serialises")
}

/// Everything that can be asked.
fn replies(state: &State) -> Vec<AssignmentReply> {
    let queue = |id| AssignmentQuery::Queue { collector: CollectorId(id), limit: u32::MAX, after: None };
    let collector = |id| AssignmentQuery::Collector(CollectorId(id));
    let queries = (0..COLLECTORS).flat_map(|id| [queue(id), collector(id)]);
    let queries = queries.chain([
        AssignmentQuery::Figures,
        AssignmentQuery::Agencies,
        AssignmentQuery::Progress,
        AssignmentQuery::Outcomes,
        AssignmentQuery::Terms { day: 0 },
        AssignmentQuery::Segments { day: 0, skip: 0, limit: u32::MAX },
    ]);
    queries.map(|query| Assignment::query(state, &query, NOW)).collect()
}

proptest! {
    #[test]
    fn a_case_is_in_one_queue_and_no_agency_over_capacity(history in vec(asked(), 0..200)) {
        let (state, _, observer) = run(&history)?;
        let mut queued = 0;
        for id in 0..COLLECTORS {
            let query = AssignmentQuery::Queue { collector: CollectorId(id), limit: u32::MAX, after: None };
            let AssignmentReply::Queue(cases) = Assignment::query(&state, &query, NOW) else {
                return Err(TestCaseError::fail("no queue"));
            };
            let worths: Vec<_> = cases.iter().map(|case| case.minor).collect();
            prop_assert!(worths.is_sorted_by(|left, right| left >= right));
            for case in cases {
                queued += 1;
                prop_assert_eq!(observer.placed.get(&case.case).map(|placed| placed.1), Some(CollectorId(id)));
                prop_assert!(!observer.hidden.contains(&case.case), "shown before its plan is complete");
            }
        }
        let AssignmentReply::Figures(figures) = Assignment::query(&state, &AssignmentQuery::Figures, NOW) else {
            return Err(TestCaseError::fail("no figures"));
        };
        prop_assert!(queued <= figures.placed);
        prop_assert_eq!(figures.placed, observer.placed.len() as u64);
        prop_assert_eq!(figures.agencies.iter().map(|agency| u64::from(agency.placed)).sum::<u64>(), figures.placed);
        prop_assert_eq!(figures.misplaced, 0);
    }

    #[test]
    fn replay_and_snapshot_give_the_same_state(history in vec(asked(), 0..200), next in vec(command(), 20)) {
        let (state, log, _) = run(&history)?;
        let mut replayed = State::default();
        for (position, event) in log.iter().enumerate() {
            let mut stored = Vec::new();
            event.encode(&mut stored);
            let Ok(Decoded::Known(event)) = AssignmentEvent::decode(&stored) else {
                return Err(TestCaseError::fail("an event does not read back"));
            };
            Assignment::evolve(&mut replayed, &event, NOW.at, Position(position as u64));
        }
        prop_assert_eq!(bytes(&replayed), bytes(&state));
        // Derived parts are not in the bytes: restored and live must answer and decide alike.
        let restored: State = postcard::from_bytes(&bytes(&state)).expect("reads back");
        prop_assert_eq!(bytes(&restored), bytes(&state));
        prop_assert_eq!(replies(&restored), replies(&state));
        for command in next {
            let decided = Assignment::decide(&restored, &command, NOW);
            prop_assert_eq!(decided, Assignment::decide(&state, &command, NOW));
        }
    }

    #[test]
    fn a_registration_or_offer_that_was_taken_changes_nothing_the_second_time(
        commands in vec(command(), 1..80),
    ) {
        use AssignmentCommand as C;
        let history: Vec<_> = commands[1..].iter().cloned().map(Asked::Command).collect();
        let (mut state, ..) = run(&history)?;
        let command = &commands[0];
        if !matches!(command, C::RegisterAgency(_) | C::SuspendAgency { .. } | C::RegisterCollector(_)
            | C::EndCollector { .. } | C::OfferCase(_) | C::SetAgencyTerms(_) | C::SetLenderTerms(_)
            | C::CertifyCollector(_) | C::DescribeCase(_) | C::ReviewStandings { .. })
        {
            return Ok(());
        }
        let Ok(events) = Assignment::decide(&state, command, NOW) else { return Ok(()) };
        for event in &events {
            Assignment::evolve(&mut state, event, NOW.at, Position(0));
        }
        prop_assert_eq!(Assignment::decide(&state, command, NOW), Ok(Vec::new()));
    }
}
