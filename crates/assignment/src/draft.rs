//! A placement plan as a draft: made from what the service answers, outside of it, to be reviewed before it is adopted.

use std::collections::{BTreeMap, BTreeSet};

use events::assignment::{AllotmentV1, PlanBasisV1, PlanId, PlanningTerms, SegmentCases, SegmentV1};
use model::{AgencyId, LenderId};
use placement::{Agency, Certificate, Choice, Instance, InstanceError, Limit, Segment};
use sha2::{Digest, Sha256};

use crate::eligibility::{Bar, allowed, bar, commission, share_max, share_min};

/// What part of a segment's amount an agency is expected to recover, in millionths.
pub trait ExpectedRate {
    /// Of a segment at an agency.
    fn rate_ppm(&self, segment: &SegmentV1, agency: AgencyId) -> u32;
}

/// A plan with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What it was made from.
    pub basis: PlanBasisV1,
    /// Where each segment's cases go, in order of segment.
    pub segments: Vec<DraftSegment>,
    /// Cases that lenders' minimums ask for and that cannot be placed so.
    pub missing: u64,
    /// Expected net recovery of what is placed, in minor units.
    pub worth: i128,
    /// That no plan is worth more.
    pub certificate: Certificate,
}

/// Where a segment's cases go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftSegment {
    /// Which.
    pub segment: SegmentV1,
    /// How many cases.
    pub cases: u32,
    /// To whom.
    pub shares: Vec<DraftShare>,
    /// Cases that wait.
    pub waiting: u32,
    /// How many agencies are barred, by reason. Where none is left, the cases wait for that.
    pub bars: BTreeMap<Bar, u32>,
}

/// Cases that go to an agency, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DraftShare {
    /// To whom.
    pub agency: AgencyId,
    /// How many.
    pub cases: u32,
    /// Expected net recovery of one case, in minor units.
    pub worth: i64,
    /// What a place there is worth to whoever else could have it.
    pub price: i64,
    /// The next best after its price: who, and worth and price there; `None`: nobody else may take them.
    pub next: Option<(AgencyId, i64, i64)>,
}

/// The planner's instance for the cases that wait. Lenders are numbered in order of id among those who have some.
pub fn instance(terms: &PlanningTerms, waiting: &[SegmentCases], rates: &dyn ExpectedRate) -> Instance {
    prepare(terms, waiting, rates).0
}

/// The instance, and for each segment how many agencies are barred, by reason.
fn prepare(
    terms: &PlanningTerms,
    waiting: &[SegmentCases],
    rates: &dyn ExpectedRate,
) -> (Instance, Vec<BTreeMap<Bar, u32>>) {
    let PlanBasisV1 { day, .. } = terms.basis;
    let lenders = lender_numbers(waiting);
    let lender_terms: BTreeMap<LenderId, _> =
        terms.lenders.iter().map(|terms| (terms.lender, terms)).collect();
    let agencies = terms
        .agencies
        .iter()
        .map(|agency| Agency { capacity: agency.terms.capacity.saturating_sub(agency.placed) });
    let mut bars = Vec::with_capacity(waiting.len());
    let mut segments = Vec::with_capacity(waiting.len());
    for of in waiting {
        let lender = lender_terms.get(&of.segment.lender).copied();
        let mut barred = BTreeMap::<Bar, u32>::new();
        let mut choices = Vec::new();
        for (index, agency) in (0_u32..).zip(&terms.agencies) {
            if let Some(bar) = bar(agency, &of.segment, lender, day) {
                *barred.entry(bar).or_default() += 1;
                continue;
            }
            let rate_ppm = rates.rate_ppm(&of.segment, agency.terms.agency);
            let worth = net_worth(of, rate_ppm, commission(&agency.terms, of.segment.stage));
            choices.push(Choice { agency: index, worth });
        }
        bars.push(barred);
        segments.push(Segment { lender: lenders[&of.segment.lender], cases: of.cases, choices });
    }
    let limits = limits(terms, waiting, &lenders);
    (Instance { lenders: lenders.len() as u32, agencies: agencies.collect(), limits, segments }, bars)
}

fn lender_numbers(waiting: &[SegmentCases]) -> BTreeMap<LenderId, u32> {
    let distinct: BTreeSet<_> = waiting.iter().map(|of| of.segment.lender).collect();
    distinct.into_iter().zip(0..).collect()
}

/// Makes the best plan.
///
/// # Errors
/// If a worth is beyond what the planner takes.
pub fn draft(
    terms: &PlanningTerms,
    waiting: &[SegmentCases],
    rates: &dyn ExpectedRate,
) -> Result<Draft, InstanceError> {
    let (instance, bars) = prepare(terms, waiting, rates);
    let plan = placement::plan(&instance)?;

    let mut shares = plan.shares.iter().peekable();
    let planned = (0_u32..).zip(waiting).zip(bars).map(|((index, of), bars)| {
        let choices = &instance.segments[index as usize].choices;
        let lender = instance.segments[index as usize].lender;
        let price = |agency: u32| plan.prices.pairs.get(&(lender, agency)).copied().unwrap_or(0);
        let id = |agency: u32| terms.agencies[agency as usize].terms.agency;
        let mut placed = Vec::new();
        while let Some(share) = shares.next_if(|share| share.segment == index) {
            let others = choices.iter().filter(|choice| choice.agency != share.agency);
            let next =
                others.max_by_key(|choice| (choice.worth - price(choice.agency), -i64::from(choice.agency)));
            let here = choices.iter().find(|choice| choice.agency == share.agency);
            placed.push(DraftShare {
                agency: id(share.agency),
                cases: share.cases,
                worth: here.map_or(0, |choice| choice.worth),
                price: price(share.agency),
                next: next.map(|choice| (id(choice.agency), choice.worth, price(choice.agency))),
            });
        }
        let sum: u32 = placed.iter().map(|share| share.cases).sum();
        DraftSegment {
            segment: of.segment.clone(),
            cases: of.cases,
            shares: placed,
            waiting: of.cases - sum,
            bars,
        }
    });
    Ok(Draft {
        basis: terms.basis,
        segments: planned.collect(),
        missing: plan.missing,
        worth: plan.worth,
        certificate: plan.certificate,
    })
}

/// The expected net recovery of one case, in minor units. Never below 1: no case waits where an agency may take it.
fn net_worth(of: &SegmentCases, rate_ppm: u32, commission: u16) -> i64 {
    let mean = of.minor / i128::from(of.cases.max(1));
    let kept = i128::from(10_000_u16.saturating_sub(commission));
    let worth = mean * i128::from(rate_ppm.min(1_000_000)) * kept / 10_000 / 1_000_000;
    i64::try_from(worth).unwrap_or(i64::MAX).max(1)
}

/// What lenders' shares leave, in cases: of all that a lender has, held and waiting, less what is held.
fn limits(terms: &PlanningTerms, waiting: &[SegmentCases], lenders: &BTreeMap<LenderId, u32>) -> Vec<Limit> {
    let mut cases = BTreeMap::<LenderId, u32>::new();
    for of in waiting {
        *cases.entry(of.segment.lender).or_default() += of.cases;
    }
    let held: BTreeMap<(LenderId, AgencyId), u32> =
        terms.held.iter().map(|(lender, agency, cases)| ((*lender, *agency), *cases)).collect();
    for ((lender, _), held) in &held {
        *cases.entry(*lender).or_default() += held;
    }
    let mut limits = Vec::new();
    for of in &terms.lenders {
        let Some(&lender) = lenders.get(&of.lender) else { continue };
        let cases = cases.get(&of.lender).copied().unwrap_or(0);
        for (index, agency) in (0_u32..).zip(&terms.agencies) {
            let Some(allowed) = allowed(of, agency.terms.agency) else { continue };
            let held = held.get(&(of.lender, agency.terms.agency)).copied().unwrap_or(0);
            let cases_max = share_max(allowed, cases).saturating_sub(held);
            let cases_min = share_min(allowed, cases).saturating_sub(held).min(cases_max);
            limits.push(Limit { lender, agency: index, cases_min, cases_max });
        }
    }
    limits
}

impl Draft {
    /// What the log is told.
    pub fn allotments(&self) -> Vec<AllotmentV1> {
        let placed = self.segments.iter().filter(|segment| !segment.shares.is_empty());
        placed
            .map(|segment| AllotmentV1 {
                segment: segment.segment.clone(),
                shares: segment.shares.iter().map(|share| (share.agency, share.cases)).collect(),
            })
            .collect()
    }

    /// Its name: a digest of what the log is told.
    pub fn id(&self) -> PlanId {
        plan_id(self.basis, self.allotments().iter())
    }

    /// Cases that it places.
    pub fn placed(&self) -> u64 {
        self.segments.iter().flat_map(|segment| &segment.shares).map(|share| u64::from(share.cases)).sum()
    }

    /// How many cases it gives each agency.
    pub fn by_agency(&self) -> BTreeMap<AgencyId, u64> {
        let mut by_agency = BTreeMap::new();
        for share in self.segments.iter().flat_map(|segment| &segment.shares) {
            *by_agency.entry(share.agency).or_default() += u64::from(share.cases);
        }
        by_agency
    }
}

/// The name of a plan.
pub fn plan_id<'a>(basis: PlanBasisV1, allotments: impl Iterator<Item = &'a AllotmentV1>) -> PlanId {
    let mut hash = Sha256::new();
    hash.update(b"forbear/plan/v1");
    let mut bytes = Vec::new();
    // Plain data into a growing vector has no way to fail; see `events::codec::encode`.
    let mut add = |appended: Result<(), _>, bytes: &mut Vec<u8>| {
        if appended.is_ok() {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(&*bytes);
        }
        bytes.clear();
    };
    let appended = events::codec::append(&basis, &mut bytes).map_err(drop);
    add(appended, &mut bytes);
    for allotment in allotments {
        let appended = events::codec::append(allotment, &mut bytes).map_err(drop);
        add(appended, &mut bytes);
    }
    PlanId(hash.finalize().into())
}
