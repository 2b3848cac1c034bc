//! Whether an agency may take a segment's cases, and whether a collector may.

use events::assignment::{
    AgencyTerms, AgencyTermsSetV1, AllowedV1, CollectorCertifiedV1, LenderTermsSetV1, LicenceV1,
    PlanningTerms, SegmentV1,
};
use model::{AgencyId, LenderId};

use crate::segments;
use crate::state::{Agency, State};

/// Why an agency may not take a segment's cases; the first that holds is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bar {
    /// No licence for the jurisdiction on that day.
    Licence,
    /// It is suspended.
    Suspended,
    /// It has no collector.
    NoCollector,
    /// It does not take the product.
    Product,
    /// It does not speak the language.
    Language,
    /// It has a conflict of interest.
    Conflict,
    /// It had the cases last, and failed.
    FailedBefore,
    /// The lender does not use it.
    NotUsed,
}

impl Bar {
    /// The word used on the command line and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Licence => "no-licence",
            Self::Suspended => "suspended",
            Self::NoCollector => "no-collector",
            Self::Product => "product",
            Self::Language => "language",
            Self::Conflict => "conflict-of-interest",
            Self::FailedBefore => "failed-before",
            Self::NotUsed => "not-used-by-lender",
        }
    }
}

/// The first reason why an agency may not take a segment's cases on a day; `None`: it may.
pub fn bar(
    agency: &AgencyTerms,
    segment: &SegmentV1,
    lender: Option<&LenderTermsSetV1>,
    day: i32,
) -> Option<Bar> {
    let terms = &agency.terms;
    let current = |licence: &LicenceV1| {
        licence.jurisdiction == segment.jurisdiction
            && licence.from <= day
            && licence.until.is_none_or(|until| day <= until)
    };
    let bars = [
        (!terms.licences.iter().any(current), Bar::Licence),
        (agency.suspended, Bar::Suspended),
        (!agency.staffed, Bar::NoCollector),
        (!covers(&terms.products, Some(&segment.product)), Bar::Product),
        (!covers(&terms.languages, segment.language.as_ref()), Bar::Language),
        (segment.conflicts.contains(&terms.agency), Bar::Conflict),
        (segment.failed == Some(terms.agency), Bar::FailedBefore),
        (lender.is_some_and(|lender| allowed(lender, terms.agency).is_none()), Bar::NotUsed),
    ];
    bars.into_iter().find(|(holds, _)| *holds).map(|(_, bar)| bar)
}

/// Whether a list covers what may not be known; an empty list covers everything.
fn covers(list: &[String], one: Option<&String>) -> bool {
    list.is_empty() || one.is_none_or(|one| list.contains(one))
}

/// What a lender allows an agency.
pub fn allowed(lender: &LenderTermsSetV1, agency: AgencyId) -> Option<&AllowedV1> {
    lender.agencies.iter().find(|allowed| allowed.agency == agency)
}

/// Whether a collector with these certificates may work a segment's cases on a day.
pub fn certified(certified: &CollectorCertifiedV1, segment: &SegmentV1, day: i32) -> bool {
    certified.certificates.iter().any(|certificate| {
        day <= certificate.until
            && covers(&certificate.products, Some(&segment.product))
            && covers(&certificate.languages, segment.language.as_ref())
    })
}

/// The commission of a stage, in hundredths of a percent.
pub fn commission(terms: &AgencyTermsSetV1, stage: u8) -> u16 {
    let of_stage = terms.commission.get(usize::from(stage)).or(terms.commission.last());
    of_stage.copied().unwrap_or(0)
}

/// What agencies may take and lenders allow.
pub fn planning_terms(state: &State, day: i32) -> PlanningTerms {
    PlanningTerms {
        basis: segments::basis(state, day),
        agencies: state.agencies.iter().map(|(id, agency)| agency_terms(state, *id, agency)).collect(),
        lenders: state.lender_terms.values().cloned().collect(),
        held: state.held.iter().map(|((lender, agency), cases)| (*lender, *agency, *cases)).collect(),
    }
}

/// The terms of an agency; where none were set, those that follow from its registration.
pub(crate) fn agency_terms(state: &State, id: AgencyId, agency: &Agency) -> AgencyTerms {
    let registered = || AgencyTermsSetV1 {
        agency: id,
        licences: agency
            .jurisdictions
            .iter()
            .map(|jurisdiction| LicenceV1 {
                number: String::new(),
                jurisdiction: jurisdiction.map(char::from).iter().collect(),
                from: i32::MIN,
                until: None,
            })
            .collect(),
        products: Vec::new(),
        languages: Vec::new(),
        capacity: agency.capacity,
        commission: Vec::new(),
        insurance: None,
        certificates_required: false,
    };
    AgencyTerms {
        terms: state.agency_terms.get(&id).cloned().unwrap_or_else(registered),
        name: agency.name.clone(),
        placed: agency.placed,
        suspended: agency.suspended,
        staffed: !agency.loads.is_empty(),
    }
}

/// The most cases of a lender that an agency may hold, given how many the lender has.
pub fn share_max(allowed: &AllowedV1, lender_cases: u32) -> u32 {
    thousandths(lender_cases, allowed.share_max)
}

/// The fewest that it is to hold.
pub fn share_min(allowed: &AllowedV1, lender_cases: u32) -> u32 {
    thousandths(lender_cases, allowed.share_min).max(allowed.samples_min)
}

fn thousandths(cases: u32, share: u16) -> u32 {
    (u64::from(cases) * u64::from(share.min(1000)) / 1000) as u32
}

/// Whether a lender's limit leaves an agency room for one more of its cases, besides those just given to it.
pub fn has_share_left(state: &State, lender: LenderId, agency: AgencyId, given: u32) -> bool {
    let Some(allowed) = state.lender_terms.get(&lender).and_then(|terms| allowed(terms, agency)) else {
        return true;
    };
    let cases = state.lender_cases.get(&lender).copied().unwrap_or(0);
    let held = state.held.get(&(lender, agency)).copied().unwrap_or(0);
    held + given < share_max(allowed, cases)
}
