//! The waiting cases by segment: what they have in common for every agency.

use std::collections::BTreeMap;

use events::assignment::{
    AGE_BANDS, AMOUNT_BANDS, AllotmentV1, PlanBasisV1, SegmentCases, SegmentPage, SegmentV1,
};
use model::{AgencyId, CaseId, Currency, LenderId};

use crate::state::{Case, Jurisdiction, State};

/// [`SegmentV1`] without copies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    lender: LenderId,
    product: &'a str,
    jurisdiction: Jurisdiction,
    language: Option<&'a str>,
    currency: Currency,
    age: u8,
    amount: u8,
    stage: u8,
    failed: Option<AgencyId>,
    conflicts: &'a [AgencyId],
}

impl<'a> Key<'a> {
    fn of(state: &'a State, id: CaseId, case: &Case, day: i32) -> Self {
        let described = state.described.get(&id);
        let recalled = state.recalled.get(&id);
        Self {
            lender: case.lender,
            product: state.product(case),
            jurisdiction: case.jurisdiction,
            language: described.and_then(|described| described.language.as_deref()),
            currency: case.currency,
            age: age_band(case.overdue_since, day),
            amount: band(&AMOUNT_BANDS, case.minor),
            stage: recalled.map_or(0, |recalled| recalled.stage),
            failed: recalled.map(|recalled| recalled.failed),
            conflicts: described.map_or(&[], |described| &described.conflicts),
        }
    }

    fn from(segment: &'a SegmentV1) -> Option<Self> {
        Some(Self {
            lender: segment.lender,
            product: &segment.product,
            jurisdiction: crate::state::jurisdiction(&segment.jurisdiction)?,
            language: segment.language.as_deref(),
            currency: segment.currency,
            age: segment.age,
            amount: segment.amount,
            stage: segment.stage,
            failed: segment.failed,
            conflicts: &segment.conflicts,
        })
    }

    fn segment(&self) -> SegmentV1 {
        SegmentV1 {
            lender: self.lender,
            product: self.product.to_owned(),
            jurisdiction: self.jurisdiction.map(char::from).iter().collect(),
            language: self.language.map(str::to_owned),
            currency: self.currency,
            age: self.age,
            amount: self.amount,
            stage: self.stage,
            failed: self.failed,
            conflicts: self.conflicts.to_vec(),
        }
    }
}

fn band<T: Ord>(starts: &[T], value: T) -> u8 {
    starts.partition_point(|start| *start <= value) as u8
}

pub(crate) fn age_band(overdue_since: Option<i32>, day: i32) -> u8 {
    overdue_since.map_or(0, |since| band(&AGE_BANDS, day.saturating_sub(since)))
}

/// The segment of one case.
pub fn segment_of(state: &State, id: CaseId, case: &Case, day: i32) -> SegmentV1 {
    Key::of(state, id, case, day).segment()
}

/// What a plan of that day is made from.
pub fn basis(state: &State, day: i32) -> PlanBasisV1 {
    PlanBasisV1 { changes: state.changes, offers: state.offers, day }
}

/// A page of the waiting cases' segments.
pub fn page(state: &State, day: i32, skip: u32, limit: u32) -> SegmentPage {
    let mut segments = BTreeMap::<Key<'_>, (u32, i128)>::new();
    for (id, case) in &state.cases {
        if case.collector.is_none() {
            let of = segments.entry(Key::of(state, *id, case, day)).or_default();
            of.0 += 1;
            of.1 += i128::from(case.minor);
        }
    }
    let listed = segments.iter().skip(skip as usize).take(limit as usize);
    SegmentPage {
        basis: basis(state, day),
        total: segments.len() as u32,
        segments: listed
            .map(|(key, (cases, minor))| SegmentCases {
                segment: key.segment(),
                cases: *cases,
                minor: *minor,
            })
            .collect(),
    }
}

/// Which case goes to whom under a plan's allotments, in order of id: each segment's first cases to its first agency.
pub fn expand<'a>(
    state: &State,
    allotments: impl Iterator<Item = &'a AllotmentV1>,
    basis: PlanBasisV1,
) -> Vec<(CaseId, AgencyId)> {
    let mut left: BTreeMap<Key<'_>, Vec<(AgencyId, u32)>> = allotments
        .filter_map(|allotment| {
            Some((Key::from(&allotment.segment)?, allotment.shares.iter().rev().copied().collect()))
        })
        .collect();
    let mut placements = Vec::new();
    for (id, case) in &state.cases {
        if case.collector.is_some() || case.offer >= basis.offers {
            continue;
        }
        let Some(shares) = left.get_mut(&Key::of(state, *id, case, basis.day)) else { continue };
        while shares.last().is_some_and(|share| share.1 == 0) {
            shares.pop();
        }
        if let Some((agency, cases)) = shares.last_mut() {
            *cases -= 1;
            placements.push((*id, *agency));
        }
    }
    placements
}
