//! A plan is brought in parts, adopted as a whole in one event, and carried out in batches. Once it is adopted nothing
//! but its completion ends it: a leader that dies leaves the rest to the next.

use std::collections::BTreeMap;

use events::assignment::{
    AgencyTerms, AllotmentV1, AssignmentEvent, CasePlacedV1, PlacementReason, PlanAdoptedV1, PlanId,
    PlanProgressedV1, PlanStagedV1,
};
use events::{Code, Reason, Refusal};
use model::{AgencyId, CollectorId, LenderId};

use crate::draft::plan_id;
use crate::eligibility::{agency_terms, allowed, bar, certified, planning_terms, share_max};
use crate::placement::Batch;
use crate::segments::{basis, segment_of};
use crate::state::{Case, State};

/// Most parts of one plan.
const PARTS_MAX: u32 = 4_096;

pub fn stage(state: &State, part: &PlanStagedV1) -> Result<Vec<AssignmentEvent>, Refusal> {
    let arrived = state.staged.as_ref().filter(|staged| staged.plan == part.plan);
    let expected = arrived.map_or(0, |staged| staged.parts.len() as u32);
    if let Some(known) = arrived.and_then(|staged| staged.parts.get(part.part as usize)) {
        // The first part may also begin the same plan anew, with the same content.
        if *known == part.allotments {
            return Ok(Vec::new());
        }
    }
    if part.part != expected || expected >= PARTS_MAX {
        let detail = format!("part: expected {expected}, got {}", part.part);
        return Err(Reason::detail(Code::PLAN_INCOMPLETE, detail).into());
    }
    Ok(vec![AssignmentEvent::PlanStaged(part.clone())])
}

pub fn adopt(state: &State, asked: &PlanAdoptedV1) -> Result<Vec<AssignmentEvent>, Refusal> {
    if state.progress.is_some_and(|progress| progress.plan == asked.plan) {
        return Ok(Vec::new());
    }
    not_while_running(state)?;
    let staged = state.staged.as_ref().filter(|staged| staged.plan == asked.plan);
    let Some(staged) = staged.filter(|staged| plan_id(asked.basis, staged.allotments()) == asked.plan) else {
        let detail = format!("expected every part of plan {}", asked.plan);
        return Err(Reason::detail(Code::PLAN_INCOMPLETE, detail).into());
    };
    let now = basis(state, asked.basis.day);
    if now.changes != asked.basis.changes || asked.basis.offers > now.offers {
        let detail =
            format!("made after {} changes, of which there are now {}", asked.basis.changes, now.changes);
        return Err(Reason::detail(Code::PLAN_STALE, detail).into());
    }
    keeps_limits(state, staged.allotments(), asked.basis.day)?;
    Ok(vec![AssignmentEvent::PlanAdopted(*asked)])
}

/// Nothing else places cases while a plan is carried out.
pub fn not_while_running(state: &State) -> Result<(), Refusal> {
    match &state.plan {
        None => Ok(()),
        Some(running) => {
            let left = running.pending.len();
            let detail = format!("plan {} has {left} cases left", running.plan);
            Err(Reason::detail(Code::PLAN_RUNNING, detail).into())
        }
    }
}

/// Whoever made the plan: it is allowed or refused by what the log says.
fn keeps_limits<'a>(
    state: &State,
    allotments: impl Iterator<Item = &'a AllotmentV1>,
    day: i32,
) -> Result<(), Refusal> {
    let invalid = |detail: String| Err(Reason::detail(Code::PLAN_INVALID, detail).into());
    let terms = planning_terms(state, day);
    let agencies: BTreeMap<AgencyId, _> =
        terms.agencies.iter().map(|agency| (agency.terms.agency, agency)).collect();
    let mut placed = BTreeMap::<AgencyId, u64>::new();
    let mut of_lender = BTreeMap::<(LenderId, AgencyId), u64>::new();
    for AllotmentV1 { segment, shares } in allotments {
        let lender = state.lender_terms.get(&segment.lender);
        for (agency, cases) in shares {
            let Some(of) = agencies.get(agency) else {
                return invalid(format!("{agency} is not registered"));
            };
            if let Some(bar) = bar(of, segment, lender, day) {
                return invalid(format!("{agency} may not take cases of {}: {}", segment.lender, bar.word()));
            }
            *placed.entry(*agency).or_default() += u64::from(*cases);
            *of_lender.entry((segment.lender, *agency)).or_default() += u64::from(*cases);
        }
    }
    for (agency, cases) in placed {
        let of = agencies[&agency];
        let room = of.terms.capacity.saturating_sub(of.placed);
        if cases > u64::from(room) {
            return invalid(format!("{agency} has room for {room} cases, got {cases}"));
        }
    }
    for ((lender, agency), cases) in of_lender {
        let Some(allowed) = state.lender_terms.get(&lender).and_then(|terms| allowed(terms, agency)) else {
            continue;
        };
        let most = share_max(allowed, state.lender_cases.get(&lender).copied().unwrap_or(0));
        let held = state.held.get(&(lender, agency)).copied().unwrap_or(0);
        if cases + u64::from(held) > u64::from(most) {
            return invalid(format!(
                "{lender} allows {agency} {most} cases, got {cases} besides the {held} held"
            ));
        }
    }
    Ok(())
}

/// The next batch of an adopted plan.
pub fn go_on(state: &State, plan: PlanId, limit: u32, day: i32) -> Result<Vec<AssignmentEvent>, Refusal> {
    let Some(running) = state.plan.as_ref().filter(|running| running.plan == plan) else {
        return Ok(Vec::new());
    };
    let mut progress = PlanProgressedV1 {
        plan,
        placed: running.placed,
        dropped: running.dropped,
        left: running.pending.len() as u32,
    };
    let mut batch = Batch::new(limit.max(1));
    let mut desks = Desks::new(state, day);
    // Terms, conflicts and licences may have changed since the plan was adopted.
    let agencies: BTreeMap<AgencyId, AgencyTerms> =
        state.agencies.iter().map(|(id, agency)| (*id, agency_terms(state, *id, agency))).collect();
    let may_take = |agency: &AgencyId, id, case: &Case| {
        let segment = segment_of(state, id, case, day);
        let lender = state.lender_terms.get(&case.lender);
        agencies.get(agency).is_some_and(|agency| bar(agency, &segment, lender, day).is_none())
    };
    for (id, agency) in running.pending.iter().rev() {
        let waits = state.cases.get(id).filter(|case| case.collector.is_none());
        let taken = waits
            .filter(|case| may_take(agency, *id, case))
            .and_then(|case| Some((case, desks.take(*agency, *id, case)?)));
        let Some((case, collector)) = taken else {
            progress.dropped += 1;
            progress.left -= 1;
            continue;
        };
        if !batch.take(case) {
            break;
        }
        progress.placed += 1;
        progress.left -= 1;
        batch.events.push(AssignmentEvent::CasePlaced(CasePlacedV1 {
            case: *id,
            agency: *agency,
            collector,
            contacts: case.contact_points(),
            reason: PlacementReason::Planned,
        }));
    }
    batch.events.push(AssignmentEvent::PlanProgressed(progress));
    Ok(batch.events)
}

/// Agencies' collectors as they would be after the placements so far.
pub struct Desks<'a> {
    state: &'a State,
    day: i32,
    loads: BTreeMap<AgencyId, std::collections::BTreeSet<(u32, CollectorId)>>,
    placed: BTreeMap<AgencyId, u32>,
    given: BTreeMap<(LenderId, AgencyId), u32>,
}

impl<'a> Desks<'a> {
    pub fn new(state: &'a State, day: i32) -> Self {
        Self { state, day, loads: BTreeMap::new(), placed: BTreeMap::new(), given: BTreeMap::new() }
    }

    /// How many of a lender's cases an agency was given so far.
    pub fn given(&self, lender: LenderId, agency: AgencyId) -> u32 {
        self.given.get(&(lender, agency)).copied().unwrap_or(0)
    }

    /// The collector with the fewest cases who may work this one; `None`: the agency cannot take it now.
    pub fn take(&mut self, agency: AgencyId, id: model::CaseId, case: &Case) -> Option<CollectorId> {
        let known = self.state.agencies.get(&agency).filter(|agency| !agency.suspended)?;
        let placed = self.placed.entry(agency).or_insert(known.placed);
        if *placed >= known.capacity {
            return None;
        }
        let loads = self.loads.entry(agency).or_insert_with(|| known.loads.clone());
        let mut segment = None;
        let found = loads.iter().copied().find(|(load, collector)| {
            let Some(certificates) = self.state.certified.get(collector) else {
                return !self.state.barred.contains(collector);
            };
            let segment = segment.get_or_insert_with(|| segment_of(self.state, id, case, self.day));
            *load < certificates.capacity && certified(certificates, segment, self.day)
        });
        let (load, collector) = found?;
        loads.remove(&(load, collector));
        loads.insert((load + 1, collector));
        *placed += 1;
        *self.given.entry((case.lender, agency)).or_default() += 1;
        Some(collector)
    }
}

#[cfg(test)]
mod tests {
    use events::Decider;
    use events::assignment::{
        AgencyTermsSetV1, AllowedV1, AssignmentAnswer, AssignmentCommand, AssignmentQuery, AssignmentReply,
        CaseDescribedV1, LenderTermsSetV1, LicenceV1, Part, PlanBasisV1, SegmentV1, WithdrawalReason,
    };

    use super::*;
    use crate::draft::{Draft, ExpectedRate, draft};
    use crate::given::{Given, NOW, agency, case_id, codes, collector, given, offered};

    /// Agency 2 recovers twice what the others do.
    struct Rates;

    impl ExpectedRate for Rates {
        fn rate_ppm(&self, _: &SegmentV1, agency: AgencyId) -> u32 {
            if agency == AgencyId(2) { 200_000 } else { 100_000 }
        }
    }

    fn terms(id: u32, capacity: u32) -> AgencyTermsSetV1 {
        AgencyTermsSetV1 {
            agency: AgencyId(id),
            licences: vec![LicenceV1 {
                number: "1".to_owned(),
                jurisdiction: "CN".to_owned(),
                from: 0,
                until: Some(9),
            }],
            products: vec![],
            languages: vec![],
            capacity,
            commission: vec![],
            insurance: None,
            certificates_required: false,
        }
    }

    fn drafted(service: &Given, day: i32) -> Draft {
        let ask = |query| crate::Assignment::query(service.state(), &query, NOW);
        let AssignmentReply::Terms(terms) = ask(AssignmentQuery::Terms { day }) else { panic!("terms") };
        let AssignmentReply::Segments(page) =
            ask(AssignmentQuery::Segments { day, skip: 0, limit: u32::MAX })
        else {
            panic!("segments")
        };
        draft(&terms, &page.segments, &Rates).expect("drafted")
    }

    fn stage(service: &mut Given, draft: &Draft) -> PlanAdoptedV1 {
        for (part, allotment) in (0..).zip(draft.allotments()) {
            let staged = PlanStagedV1 { plan: draft.id(), part, allotments: vec![allotment] };
            service.then(&AssignmentCommand::StagePlan(staged)).expect("staged");
        }
        PlanAdoptedV1 { plan: draft.id(), basis: draft.basis }
    }

    fn service(cases: u8) -> Given {
        let mut events = Vec::new();
        for id in 1..=2 {
            events.push(AssignmentEvent::AgencyRegistered(agency(id, 100)));
            events.push(AssignmentEvent::CollectorRegistered(collector(id * 10, id)));
        }
        events.extend((0..cases).map(|case| AssignmentEvent::CaseOffered(offered(case, 1_000))));
        given(&events)
    }

    #[test]
    fn given_a_plan_when_adopted_then_its_cases_show_only_once_all_are_placed() {
        let mut service = service(10);
        let draft = drafted(&service, 0);
        assert_eq!(draft.by_agency(), BTreeMap::from([(AgencyId(2), 10)]));
        let adopt = AssignmentCommand::AdoptPlan(stage(&mut service, &draft));
        service.then(&adopt).expect("adopted");
        assert_eq!(service.when(&adopt).expect("again").0, []);
        assert_eq!(
            codes(service.when(&AssignmentCommand::PlaceOpenCases { limit: 1 })),
            [Code::PLAN_RUNNING]
        );
        let go_on = AssignmentCommand::ContinuePlan { plan: draft.id(), limit: 4 };
        let mut shown = Vec::new();
        while let (_, AssignmentAnswer::Planned(progress)) = service.then(&go_on).expect("goes on") {
            shown.push((progress.placed, service.queue(20).len()));
        }
        assert_eq!(shown, [(4, 0), (8, 0), (10, 10)]);
    }

    #[test]
    fn given_a_change_after_the_draft_when_adopted_then_stale_and_new_cases_alone_do_not_matter() {
        let mut service = service(3);
        let draft = drafted(&service, 0);
        service.happens(&[AssignmentEvent::CaseOffered(offered(200, 1_000))]);
        let adopted = stage(&mut service, &draft);
        service.when(&AssignmentCommand::AdoptPlan(adopted)).expect("a new case is not in the plan");
        let suspend = AssignmentCommand::SuspendAgency { agency: AgencyId(2), suspended: true };
        service.then(&suspend).expect("suspended");
        assert_eq!(codes(service.when(&AssignmentCommand::AdoptPlan(adopted))), [Code::PLAN_STALE]);
    }

    #[test]
    fn given_a_part_missing_or_forged_when_adopted_then_incomplete() {
        let mut service = service(3);
        let draft = drafted(&service, 0);
        let adopt = AssignmentCommand::AdoptPlan(PlanAdoptedV1 { plan: draft.id(), basis: draft.basis });
        assert_eq!(codes(service.when(&adopt)), [Code::PLAN_INCOMPLETE]);
        let mut allotments = draft.allotments();
        allotments[0].shares = vec![(AgencyId(1), 3)];
        let forged = PlanStagedV1 { plan: draft.id(), part: 0, allotments };
        service.then(&AssignmentCommand::StagePlan(forged)).expect("staged");
        assert_eq!(codes(service.when(&adopt)), [Code::PLAN_INCOMPLETE]);
    }

    #[test]
    fn given_a_plan_that_breaks_a_limit_when_adopted_then_invalid() {
        let mut service = service(3);
        let mut draft = drafted(&service, 0);
        let set = |service: &mut Given, terms| {
            service.then(&AssignmentCommand::SetAgencyTerms(terms)).expect("set");
        };
        let refused = |service: &mut Given, draft: &mut Draft| {
            // As if made with knowledge of the change, by a planner that does not care.
            draft.basis = crate::segments::basis(service.state(), draft.basis.day);
            let adopted = stage(service, draft);
            codes(service.when(&AssignmentCommand::AdoptPlan(adopted)))
        };
        set(&mut service, terms(2, 2));
        assert_eq!(refused(&mut service, &mut draft), [Code::PLAN_INVALID]);
        set(&mut service, AgencyTermsSetV1 { products: vec!["car".to_owned()], ..terms(2, 100) });
        assert_eq!(refused(&mut service, &mut draft), [Code::PLAN_INVALID]);
        set(&mut service, terms(2, 100));
        draft.basis = PlanBasisV1 { day: 10, ..draft.basis };
        assert_eq!(refused(&mut service, &mut draft), [Code::PLAN_INVALID], "the licence ends on day 9");
    }

    #[test]
    fn given_terms_of_a_lender_when_drafted_then_shares_samples_and_conflicts_are_kept() {
        let mut service = service(100);
        let allowed = |agency, part, share_max, samples_min| AllowedV1 {
            agency: AgencyId(agency),
            part,
            share_min: 0,
            share_max,
            samples_min,
        };
        let lender = LenderTermsSetV1 {
            lender: LenderId(1),
            agencies: vec![allowed(1, Part::Challenger, 200, 5), allowed(2, Part::Champion, 900, 0)],
            days_max: vec![30],
        };
        service.then(&AssignmentCommand::SetLenderTerms(lender)).expect("set");
        for case in 0..3 {
            let said = CaseDescribedV1 { case: case_id(case), language: None, conflicts: vec![AgencyId(2)] };
            service.then(&AssignmentCommand::DescribeCase(said)).expect("known");
        }
        let draft = drafted(&service, 0);
        // Three may not go to agency 2, which gets at most 90 of 100; agency 1 gets the rest.
        assert_eq!(draft.by_agency(), BTreeMap::from([(AgencyId(1), 10), (AgencyId(2), 90)]));
        assert!(draft.certificate.is_optimal());
        let adopted = stage(&mut service, &draft);
        service.then(&AssignmentCommand::AdoptPlan(adopted)).expect("adopted");
        let go_on = AssignmentCommand::ContinuePlan { plan: draft.id(), limit: 1_000 };
        service.then(&go_on).expect("goes on");
        assert!(service.queue(20).iter().all(|case| case.case.0[0] >= 3));
    }

    #[test]
    fn given_cases_held_too_long_when_recalled_and_planned_again_then_not_back_to_the_same() {
        let mut service = service(4);
        let lender = LenderTermsSetV1 {
            lender: LenderId(1),
            agencies: [1, 2]
                .map(|id| AllowedV1 {
                    agency: AgencyId(id),
                    part: Part::Champion,
                    share_min: 0,
                    share_max: 1_000,
                    samples_min: 0,
                })
                .to_vec(),
            days_max: vec![30],
        };
        service.then(&AssignmentCommand::SetLenderTerms(lender)).expect("set");
        let place = |service: &mut Given, day| {
            let draft = drafted(service, day);
            let adopted = stage(service, &draft);
            service.then(&AssignmentCommand::AdoptPlan(adopted)).expect("adopted");
            let go_on = AssignmentCommand::ContinuePlan { plan: draft.id(), limit: 1_000 };
            service.then(&go_on).expect("goes on");
            draft
        };
        place(&mut service, 0);
        assert_eq!(service.queue(20).len(), 4);
        let recall = AssignmentCommand::RecallCases {
            agency: AgencyId(2),
            lender: None,
            reason: WithdrawalReason::Overheld,
            limit: 1_000,
        };
        assert_eq!(service.when(&recall).expect("asked").0, [], "not yet");
        service.passes(31);
        let told = service.then(&recall).expect("asked");
        assert_eq!(told.1, AssignmentAnswer::Withdrawn { cases: 4 });
        assert!(service.queue(20).is_empty());
        let again = place(&mut service, 31);
        assert_eq!(again.segments[0].segment.stage, 1);
        assert_eq!((service.queue(10).len(), service.queue(20).len()), (4, 0));
    }
}
