//! The proof of a plan: prices under which no plan can be worth more.
//!
//! Take any prices `p` of a place at each agency and `q` of a place at each agency to each lender. Whoever places
//! cases against those prices earns at most
//!
//! ```text
//!   Σ segments  cases · max(0, best worth - q)
//! + Σ pairs     what q - p, and the bonus of a minimum, earn at most within the lender's limit
//! + Σ agencies  capacity · max(0, p)
//! ```
//!
//! so that no plan is worth more (weak duality). Here all of it is computed from the instance, the shares and the
//! prices alone: a solver that errs is found out.

use std::collections::{BTreeMap, BTreeSet};

use crate::instance::Instance;
use crate::planner::Share;

/// What a place is worth, in the unit of worth.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prices {
    /// By agency.
    pub agencies: Vec<i64>,
    /// By lender and agency, of those between which a case can go.
    pub pairs: BTreeMap<(u32, u32), i64>,
}

/// What a plan is worth and what no plan exceeds, the bonus of minimums included in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Certificate {
    /// Of the plan.
    pub worth: i128,
    /// Of any plan.
    pub bound: i128,
}

impl Certificate {
    /// Nothing better exists.
    pub const fn is_optimal(&self) -> bool {
        self.worth == self.bound
    }

    /// Of shares and prices; whether the shares keep the constraints is for [`verify`].
    pub fn of(instance: &Instance, shares: &[Share], prices: &Prices) -> Self {
        let (placed, worth) = tally(instance, shares);
        let bonus = i128::from(instance.minimum_bonus());
        let met = instance.limits.iter().map(|limit| {
            let placed = placed.pairs.get(&(limit.lender, limit.agency)).copied().unwrap_or(0);
            i128::from(placed.min(u64::from(limit.cases_min)))
        });
        Self { worth: worth + bonus * met.sum::<i128>(), bound: bound(instance, prices) }
    }
}

/// Why a plan is not proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    /// A share names a segment or an agency that may not take it.
    #[error("segment {segment} may not go to agency {agency}")]
    NotAllowed {
        /// The segment.
        segment: u32,
        /// The agency.
        agency: u32,
    },
    /// More cases of a segment than there are.
    #[error("segment {0} has fewer cases than are placed")]
    Cases(u32),
    /// An agency gets more than it can take.
    #[error("agency {0} gets more cases than it can take")]
    Capacity(u32),
    /// An agency gets more of a lender's cases than the lender allows.
    #[error("agency {agency} gets more cases of lender {lender} than the lender allows")]
    Limit {
        /// The lender.
        lender: u32,
        /// The agency.
        agency: u32,
    },
    /// The prices do not prove it: something better may exist.
    #[error("the plan is worth {} and its prices prove only that none exceeds {}", .0.worth, .0.bound)]
    Bound(Certificate),
}

/// Checks that shares keep every constraint and that the prices prove them the best.
pub fn verify(instance: &Instance, shares: &[Share], prices: &Prices) -> Result<Certificate, Unproven> {
    for &Share { segment, agency, .. } in shares {
        let choices = instance.segments.get(segment as usize).map(|segment| &segment.choices);
        if !choices.is_some_and(|choices| choices.iter().any(|choice| choice.agency == agency)) {
            return Err(Unproven::NotAllowed { segment, agency });
        }
    }
    let (placed, _) = tally(instance, shares);
    for (segment, cases) in placed.segments {
        if cases > u64::from(instance.segments[segment as usize].cases) {
            return Err(Unproven::Cases(segment));
        }
    }
    for (agency, cases) in placed.agencies {
        if cases > u64::from(instance.agencies[agency as usize].capacity) {
            return Err(Unproven::Capacity(agency));
        }
    }
    for limit in &instance.limits {
        let (lender, agency) = (limit.lender, limit.agency);
        if placed.pairs.get(&(lender, agency)).is_some_and(|cases| *cases > u64::from(limit.cases_max)) {
            return Err(Unproven::Limit { lender, agency });
        }
    }
    let certificate = Certificate::of(instance, shares, prices);
    if certificate.is_optimal() { Ok(certificate) } else { Err(Unproven::Bound(certificate)) }
}

#[derive(Default)]
struct Placed {
    segments: BTreeMap<u32, u64>,
    agencies: BTreeMap<u32, u64>,
    pairs: BTreeMap<(u32, u32), u64>,
}

/// Cases by segment, agency and pair, and what they are worth.
fn tally(instance: &Instance, shares: &[Share]) -> (Placed, i128) {
    let mut placed = Placed::default();
    let mut worth = 0;
    for share in shares {
        let segment = &instance.segments[share.segment as usize];
        let cases = u64::from(share.cases);
        *placed.segments.entry(share.segment).or_default() += cases;
        *placed.agencies.entry(share.agency).or_default() += cases;
        *placed.pairs.entry((segment.lender, share.agency)).or_default() += cases;
        let choice = segment.choices.binary_search_by_key(&share.agency, |choice| choice.agency);
        let of_one = choice.map_or(0, |index| segment.choices[index].worth);
        worth += i128::from(of_one) * i128::from(cases);
    }
    (placed, worth)
}

/// What no plan exceeds under these prices.
fn bound(instance: &Instance, prices: &Prices) -> i128 {
    let bonus = i128::from(instance.minimum_bonus());
    let total: i128 = instance.segments.iter().map(|segment| i128::from(segment.cases)).sum();
    let limits: BTreeMap<_, _> =
        instance.limits.iter().map(|limit| ((limit.lender, limit.agency), limit)).collect();
    let place = |agency: u32| prices.agencies.get(agency as usize).copied().unwrap_or(0);

    let open = open_pairs(instance);
    let of_segments = instance.segments.iter().map(|segment| {
        let earned = segment.choices.iter().filter_map(|choice| {
            let pair = (segment.lender, choice.agency);
            // A pair that has room and no price is had for nothing.
            open.contains(&pair).then(|| choice.worth - prices.pairs.get(&pair).copied().unwrap_or(0))
        });
        i128::from(segment.cases) * i128::from(earned.max().unwrap_or(0).max(0))
    });
    let of_pairs = open.iter().map(|pair| {
        let price = prices.pairs.get(pair).copied().unwrap_or(0);
        let earned = i128::from(price) - i128::from(place(pair.1));
        let (minimum, maximum) = match limits.get(pair) {
            Some(limit) => (i128::from(limit.cases_min), i128::from(limit.cases_max)),
            None => (0, total),
        };
        minimum * (earned + bonus).max(0) + (maximum - minimum) * earned.max(0)
    });
    let of_agencies = (0_u32..)
        .zip(&instance.agencies)
        .map(|(agency, of)| i128::from(of.capacity) * i128::from(place(agency).max(0)));
    of_segments.sum::<i128>() + of_pairs.sum::<i128>() + of_agencies.sum::<i128>()
}

/// Lenders and agencies between which a case can go: one may be taken, and there is room for it.
pub(crate) fn open_pairs(instance: &Instance) -> BTreeSet<(u32, u32)> {
    let mut meet = vec![false; instance.lenders as usize * instance.agencies.len()];
    let place = |lender: u32, agency: u32| lender as usize * instance.agencies.len() + agency as usize;
    for segment in &instance.segments {
        for choice in &segment.choices {
            meet[place(segment.lender, choice.agency)] = true;
        }
    }
    for limit in instance.limits.iter().filter(|limit| limit.cases_max == 0) {
        meet[place(limit.lender, limit.agency)] = false;
    }
    let pairs = (0..instance.lenders).flat_map(|lender| {
        (0_u32..).zip(&instance.agencies).map(move |(agency, of)| (lender, agency, of.capacity))
    });
    let open = pairs.filter(|(lender, agency, capacity)| *capacity > 0 && meet[place(*lender, *agency)]);
    open.map(|(lender, agency, _)| (lender, agency)).collect()
}
