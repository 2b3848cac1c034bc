//! A placement plan as a document: what is reviewed, kept, compared and handed back to be applied.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use assignment::draft::{Draft, DraftSegment, DraftShare, ExpectedRate};
use assignment::recovery::Fitted;
use events::assignment::{AllotmentV1, PlanBasisV1, PlanId, PlanProgressedV1, PlanningTerms, SegmentV1};
use events::{Code, Reason, Refusal};
use model::AgencyId;
use serde::{Deserialize, Serialize};

use crate::json::{day, parse_day};

/// A plan, with what it was made from and the reason for each segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanDocument {
    /// Its id: a digest of what it was made from and of where cases go.
    pub plan: String,
    /// What it was made from.
    pub basis: Basis,
    /// Cases that it places.
    pub placed: u64,
    /// Cases that wait all the same.
    pub waiting: u64,
    /// Cases that lenders' least shares and samples ask for and that cannot be placed so.
    pub missing: u64,
    /// Expected net recovery, in minor units. Currencies are not converted.
    pub worth: String,
    /// No plan is worth more than the one given by more than this, in the planner's own measure: 0.
    pub gap: String,
    /// Every agency, before and after.
    pub agencies: Vec<AgencyChange>,
    /// Where each segment's cases go, and why.
    pub segments: Vec<PlannedSegment>,
}

/// What a plan was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// Changes to where cases may go, so far.
    pub changes: u64,
    /// Cases offered, so far.
    pub offers: u64,
    /// The day for which it is made.
    pub day: String,
}

/// An agency before and after a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgencyChange {
    /// Which.
    pub agency: String,
    /// Its legal name.
    pub name: String,
    /// Cases that it holds.
    pub before: u32,
    /// Cases that it will hold.
    pub after: u64,
    /// The most that it may hold.
    pub capacity: u32,
}

/// Where a segment's cases go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedSegment {
    /// Whose.
    pub lender: String,
    /// The product; empty: not known.
    pub product: String,
    /// Where an agency must be licensed.
    pub jurisdiction: String,
    /// The debtor's language, if known.
    pub language: Option<String>,
    /// Of the amounts.
    pub currency: String,
    /// The age band.
    pub age: u8,
    /// The amount band.
    pub amount: u8,
    /// How many agencies had them before.
    pub stage: u8,
    /// The agency that had them last and failed.
    pub failed: Option<String>,
    /// Agencies with a conflict of interest.
    pub conflicts: Vec<String>,
    /// How many cases.
    pub cases: u32,
    /// To whom.
    pub shares: Vec<PlannedShare>,
    /// Cases that wait.
    pub waiting: u32,
    /// How many agencies are barred, by reason.
    pub barred: BTreeMap<String, u32>,
}

/// Cases that go to an agency, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedShare {
    /// To whom.
    pub agency: String,
    /// How many.
    pub cases: u32,
    /// Expected net recovery of one case, in minor units.
    pub worth: i64,
    /// What a place there is worth to others, in minor units.
    pub price: i64,
    /// The next best; absent where nobody else may take them.
    pub next: Option<NextBest>,
}

/// The agency that would be next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextBest {
    /// Which.
    pub agency: String,
    /// What a case is worth there.
    pub worth: i64,
    /// What a place there is worth to others.
    pub price: i64,
}

impl PlanDocument {
    /// Of a draft, made from these terms.
    pub(crate) fn of(draft: &Draft, terms: &PlanningTerms) -> Self {
        let given = draft.by_agency();
        let agencies = terms.agencies.iter().map(|agency| AgencyChange {
            agency: agency.terms.agency.to_string(),
            name: agency.name.clone(),
            before: agency.placed,
            after: u64::from(agency.placed) + given.get(&agency.terms.agency).copied().unwrap_or(0),
            capacity: agency.terms.capacity,
        });
        let PlanBasisV1 { changes, offers, day: on } = draft.basis;
        Self {
            plan: draft.id().to_string(),
            basis: Basis { changes, offers, day: day(on) },
            placed: draft.placed(),
            waiting: draft.segments.iter().map(|segment| u64::from(segment.waiting)).sum(),
            missing: draft.missing,
            worth: draft.worth.to_string(),
            gap: (draft.certificate.bound - draft.certificate.worth).to_string(),
            agencies: agencies.collect(),
            segments: draft.segments.iter().map(PlannedSegment::of).collect(),
        }
    }

    /// What the log is told: the id, what it was made from, and where cases go.
    pub(crate) fn orders(&self) -> Result<(PlanId, PlanBasisV1, Vec<AllotmentV1>), Refusal> {
        let basis = PlanBasisV1 {
            changes: self.basis.changes,
            offers: self.basis.offers,
            day: parse_day(&self.basis.day).ok_or_else(|| malformed("basis.day: expected a day"))?,
        };
        let plan = plan_id(&self.plan).ok_or_else(|| malformed("plan: expected 64 hex digits"))?;
        let placed = self.segments.iter().filter(|segment| !segment.shares.is_empty());
        Ok((plan, basis, placed.map(PlannedSegment::allotment).collect::<Result<_, _>>()?))
    }
}

impl PlannedSegment {
    fn of(from: &DraftSegment) -> Self {
        let segment = &from.segment;
        Self {
            lender: segment.lender.to_string(),
            product: segment.product.clone(),
            jurisdiction: segment.jurisdiction.clone(),
            language: segment.language.clone(),
            currency: segment.currency.to_string(),
            age: segment.age,
            amount: segment.amount,
            stage: segment.stage,
            failed: segment.failed.map(|agency| agency.to_string()),
            conflicts: segment.conflicts.iter().map(AgencyId::to_string).collect(),
            cases: from.cases,
            shares: from.shares.iter().map(PlannedShare::of).collect(),
            waiting: from.waiting,
            barred: from.bars.iter().map(|(bar, agencies)| (bar.word().to_owned(), *agencies)).collect(),
        }
    }

    fn allotment(&self) -> Result<AllotmentV1, Refusal> {
        let segment = SegmentV1 {
            lender: parse(&self.lender)?,
            product: self.product.clone(),
            jurisdiction: self.jurisdiction.clone(),
            language: self.language.clone(),
            currency: parse(&self.currency)?,
            age: self.age,
            amount: self.amount,
            stage: self.stage,
            failed: self.failed.as_deref().map(parse).transpose()?,
            conflicts: self.conflicts.iter().map(|agency| parse(agency)).collect::<Result<_, _>>()?,
        };
        let shares = self.shares.iter().map(|share| Ok((parse(&share.agency)?, share.cases)));
        Ok(AllotmentV1 { segment, shares: shares.collect::<Result<_, Refusal>>()? })
    }
}

impl PlannedShare {
    fn of(from: &DraftShare) -> Self {
        Self {
            agency: from.agency.to_string(),
            cases: from.cases,
            worth: from.worth,
            price: from.price,
            next: from.next.map(|(agency, worth, price)| NextBest {
                agency: agency.to_string(),
                worth,
                price,
            }),
        }
    }
}

fn parse<T: FromStr>(text: &str) -> Result<T, Refusal>
where
    T::Err: Display,
{
    text.parse().map_err(|error: T::Err| malformed(error.to_string()))
}

fn malformed(detail: impl Into<String>) -> Refusal {
    Reason::detail(Code::MALFORMED, detail).into()
}

fn plan_id(text: &str) -> Option<PlanId> {
    let mut id = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, digits) in id.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(PlanId(id))
}

/// How far a plan has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanProgress {
    /// Which.
    pub plan: String,
    /// Cases placed by it.
    pub placed: u32,
    /// Cases not placed, because they were closed or their agency could not take them any more.
    pub dropped: u32,
    /// Cases still to be placed; at 0 all of them show in the queues.
    pub left: u32,
}

impl From<PlanProgressedV1> for PlanProgress {
    fn from(progress: PlanProgressedV1) -> Self {
        let PlanProgressedV1 { plan, placed, dropped, left } = progress;
        Self { plan: plan.to_string(), placed, dropped, left }
    }
}

/// What part of an amount is expected to be recovered: a lender's own scores.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scores {
    /// Where no line fits, in millionths.
    pub otherwise_ppm: Option<u32>,
    /// Of those that fit, the one that says most holds; of several, the last.
    #[serde(default)]
    pub lines: Vec<ScoreLine>,
}

/// What is expected of some cases at some agency. What is left out fits everything.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreLine {
    /// At which agency.
    pub agency: Option<String>,
    /// Of which lender.
    pub lender: Option<String>,
    /// Of which product.
    pub product: Option<String>,
    /// Of which age band.
    pub age: Option<u8>,
    /// Of which amount band.
    pub amount: Option<u8>,
    /// In millionths.
    pub ppm: u32,
}

impl ScoreLine {
    /// How much it says, if it fits.
    fn fit(&self, segment: &SegmentV1, agency: AgencyId) -> Option<usize> {
        let id = |wanted: &Option<String>, is: String| wanted.as_ref().map(|wanted| *wanted == is);
        let fits = [
            id(&self.agency, agency.to_string()),
            id(&self.lender, segment.lender.to_string()),
            self.product.as_ref().map(|product| *product == segment.product),
            self.age.map(|age| age == segment.age),
            self.amount.map(|amount| amount == segment.amount),
        ];
        (!fits.contains(&Some(false))).then(|| fits.iter().flatten().count())
    }
}

/// Expected without any score, by age band, in millionths: older debts recover less. A starting point that ranks segments;
/// it says nothing about agencies.
const UNSCORED_PPM: [u32; 7] = [250_000, 180_000, 130_000, 90_000, 50_000, 25_000, 10_000];

/// What is expected: by a lender's scores; where they say nothing, as fitted on what came of placements; without enough of
/// those, by age.
pub(crate) struct Expectation {
    pub scores: Scores,
    pub fitted: Option<Fitted>,
}

impl ExpectedRate for Expectation {
    fn rate_ppm(&self, segment: &SegmentV1, agency: AgencyId) -> u32 {
        let Scores { otherwise_ppm, lines } = &self.scores;
        let fitting = lines.iter().filter_map(|line| Some((line.fit(segment, agency)?, line.ppm)));
        let best = fitting.max_by_key(|(says, _)| *says).map(|(_, ppm)| ppm);
        best.or(*otherwise_ppm).unwrap_or_else(|| match &self.fitted {
            Some(fitted) => fitted.rate_ppm(segment, agency),
            None => UNSCORED_PPM.get(usize::from(segment.age)).copied().unwrap_or(0),
        })
    }
}

#[cfg(test)]
mod tests {
    use model::{Currency, LenderId};

    use super::*;

    fn segment(product: &str) -> SegmentV1 {
        SegmentV1 {
            lender: LenderId(1),
            product: product.to_owned(),
            jurisdiction: "CN".to_owned(),
            language: None,
            currency: Currency::CNY,
            age: 1,
            amount: 0,
            stage: 0,
            failed: None,
            conflicts: vec![],
        }
    }

    #[test]
    fn given_scores_when_several_fit_then_the_one_that_says_most_holds() {
        let scores: Scores = serde_json::from_str(
            r#"{"lines": [{"product": "card", "ppm": 1}, {"product": "card", "agency": "agency-3", "ppm": 2}]}"#,
        )
        .expect("scores");
        let scores = Expectation { scores, fitted: None };
        assert_eq!(scores.rate_ppm(&segment("card"), AgencyId(3)), 2);
        assert_eq!(scores.rate_ppm(&segment("card"), AgencyId(4)), 1);
        assert_eq!(scores.rate_ppm(&segment("car"), AgencyId(3)), UNSCORED_PPM[1]);
        let flat = Scores { otherwise_ppm: Some(7), ..Scores::default() };
        let flat = Expectation { scores: flat, fitted: None };
        assert_eq!(flat.rate_ppm(&segment("car"), AgencyId(3)), 7);
    }
}
