//! Expected recovery, fitted on what came of placements: plain rates, each drawn towards the rate of what is like it, the
//! more so the fewer cases it rests on (empirical Bayes). And scorecards against that expectation.
//!
//! Two levels. A segment is a product at an age; its rate is drawn towards that of all cases. An agency's effect is what it
//! recovered for each unit that its segments let expect; it is drawn towards 1. How strongly is itself estimated, from how
//! much groups differ beyond chance (method of moments on the share of cases that paid at all).
//!
//! Floating point: for people and for drafts of plans; the log records what was decided, never a rate.

use std::collections::BTreeMap;

use events::assignment::{Outcome, OutcomeCounts, SegmentV1};
use model::AgencyId;

use crate::draft::ExpectedRate;

/// Rates fitted on outcomes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fitted {
    /// Of all cases.
    overall: f64,
    /// By product and age.
    segments: BTreeMap<(String, u8), f64>,
    /// By agency: a factor.
    agencies: BTreeMap<AgencyId, f64>,
    /// Cases that it rests on.
    cases: u64,
}

/// The strength used where groups do not differ beyond chance: as if so many cases more had been average.
const STRENGTH_MAX: f64 = 10_000.0;

/// The fewest cases of which anything is said.
const CASES_MIN: u64 = 100;

fn add(to: &mut OutcomeCounts, of: OutcomeCounts) {
    to.cases += of.cases;
    to.payers += of.payers;
    to.placed = to.placed.saturating_add(of.placed);
    to.recovered = to.recovered.saturating_add(of.recovered);
}

fn group<K: Ord>(outcomes: &[Outcome], key: impl Fn(&Outcome) -> K) -> BTreeMap<K, OutcomeCounts> {
    let mut groups = BTreeMap::new();
    for outcome in outcomes {
        add(groups.entry(key(outcome)).or_default(), outcome.counts);
    }
    groups
}

/// How many average cases a group's own are to be mixed with.
fn strength<'a>(groups: impl Iterator<Item = &'a OutcomeCounts> + Clone) -> f64 {
    let cases: f64 = groups.clone().map(|of| f64::from(of.cases)).sum();
    let squares: f64 = groups.clone().map(|of| f64::from(of.cases).powi(2)).sum();
    let payers: f64 = groups.clone().map(|of| f64::from(of.payers)).sum();
    let number = groups.clone().filter(|of| of.cases > 0).count() as f64;
    if number < 2.0 || payers <= 0.0 || payers >= cases {
        return STRENGTH_MAX;
    }
    let mean = payers / cases;
    let chance = mean * (1.0 - mean);
    let spread: f64 = groups
        .filter(|of| of.cases > 0)
        .map(|of| f64::from(of.cases) * (f64::from(of.payers) / f64::from(of.cases) - mean).powi(2))
        .sum();
    let between = (spread - (number - 1.0) * chance) / (cases - squares / cases);
    if between <= 0.0 { STRENGTH_MAX } else { (chance / between - 1.0).clamp(1.0, STRENGTH_MAX) }
}

fn rate(of: &OutcomeCounts) -> f64 {
    if of.placed <= 0 { 0.0 } else { of.recovered as f64 / of.placed as f64 }
}

/// A group's own value drawn towards another.
fn shrink(own: f64, cases: u32, towards: f64, strength: f64) -> f64 {
    let cases = f64::from(cases);
    (cases * own + strength * towards) / (cases + strength)
}

impl Fitted {
    /// Fits; `None` where too few cases were placed to say anything.
    pub fn on(outcomes: &[Outcome]) -> Option<Self> {
        let mut all = OutcomeCounts::default();
        outcomes.iter().for_each(|outcome| add(&mut all, outcome.counts));
        if u64::from(all.cases) < CASES_MIN || all.recovered <= 0 {
            return None;
        }
        let overall = rate(&all);
        let groups = group(outcomes, |outcome| (outcome.product.clone(), outcome.age));
        let drawn = strength(groups.values());
        let segments: BTreeMap<_, _> =
            groups.into_iter().map(|(key, of)| (key, shrink(rate(&of), of.cases, overall, drawn))).collect();
        let mut fitted = Self { overall, segments, agencies: BTreeMap::new(), cases: u64::from(all.cases) };
        let groups = group(outcomes, |outcome| outcome.agency);
        let drawn = strength(groups.values());
        let expected = fitted.expected_by(outcomes, |outcome| outcome.agency);
        fitted.agencies = groups
            .into_iter()
            .map(|(agency, of)| {
                let expected = expected.get(&agency).copied().unwrap_or(0.0);
                let own = if expected > 0.0 { of.recovered as f64 / expected } else { 1.0 };
                (agency, shrink(own, of.cases, 1.0, drawn))
            })
            .collect();
        Some(fitted)
    }

    /// The cases that it rests on.
    pub const fn cases(&self) -> u64 {
        self.cases
    }

    fn segment(&self, product: &str, age: u8) -> f64 {
        // By reference would need a key of its own; there are few.
        self.segments.get(&(product.to_owned(), age)).copied().unwrap_or(self.overall)
    }

    /// What all agencies together would have recovered of the same cases, by some key.
    fn expected_by<K: Ord>(&self, outcomes: &[Outcome], key: impl Fn(&Outcome) -> K) -> BTreeMap<K, f64> {
        let mut expected = BTreeMap::new();
        for outcome in outcomes {
            let of = outcome.counts.placed as f64 * self.segment(&outcome.product, outcome.age);
            *expected.entry(key(outcome)).or_insert(0.0) += of;
        }
        expected
    }
}

impl ExpectedRate for Fitted {
    fn rate_ppm(&self, segment: &SegmentV1, agency: AgencyId) -> u32 {
        let effect = self.agencies.get(&agency).copied().unwrap_or(1.0);
        (self.segment(&segment.product, segment.age) * effect * 1e6).clamp(0.0, 1e6) as u32
    }
}

/// How somebody did, against what was to be expected of the cases that they had.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// What came of their cases.
    pub counts: OutcomeCounts,
    /// What all together would have recovered of the same cases, in minor units; `None`: too few cases to say.
    pub expected: Option<f64>,
    /// The share of cases that paid at all, and its Wilson interval at 95 %.
    pub paid: Option<Interval>,
}

/// A share with its interval at 95 %.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The share.
    pub share: f64,
    /// It is hardly less.
    pub low: f64,
    /// It is hardly more.
    pub high: f64,
}

/// Of the normal distribution, for 95 %.
const Z: f64 = 1.959_963_985;

impl Interval {
    /// Wilson's: honest for small numbers and for shares near 0 and 1. `None`: of nothing.
    pub fn wilson(hits: u32, of: u32) -> Option<Self> {
        if of == 0 {
            return None;
        }
        let (n, share) = (f64::from(of), f64::from(hits) / f64::from(of));
        let z2 = Z * Z;
        let middle = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
        let half = Z / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
        Some(Self { share, low: (middle - half).max(0.0), high: (middle + half).min(1.0) })
    }
}

/// Scores by some key, against an expectation that was fitted on more.
pub fn scores_against<K: Ord>(
    fitted: Option<&Fitted>,
    outcomes: &[Outcome],
    key: impl Fn(&Outcome) -> K + Copy,
) -> BTreeMap<K, Score> {
    let expected = fitted.map(|fitted| fitted.expected_by(outcomes, key)).unwrap_or_default();
    let scored = group(outcomes, key).into_iter().map(|(key, counts)| {
        let expected = expected.get(&key).copied();
        (key, Score { counts, expected, paid: Interval::wilson(counts.payers, counts.cases) })
    });
    scored.collect()
}

/// What can be said of a challenger beside the champions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// More of its cases pay, beyond chance.
    Better,
    /// Fewer do.
    Worse,
    /// So few cases that a real difference would likely go unseen: nothing can be said.
    TooFew,
    /// Enough cases, and no difference beyond chance.
    NoDifference,
}

impl Verdict {
    /// The word used on the command line and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::TooFew => "too-few-cases",
            Self::NoDifference => "no-difference",
        }
    }
}

/// Compares the cases that paid, product by product and age by age, so that neither gains by easier cases (Cochran,
/// Mantel and Haenszel, at 95 %). Too few: a third more or less paying would be missed four times in five.
pub fn compare(outcomes: &[Outcome], one: AgencyId, others: &[AgencyId]) -> Verdict {
    let mine: Vec<Outcome> = outcomes.iter().filter(|of| of.agency == one).cloned().collect();
    let theirs: Vec<Outcome> = outcomes.iter().filter(|of| others.contains(&of.agency)).cloned().collect();
    let key = |of: &Outcome| (of.product.clone(), of.age);
    let theirs = group(&theirs, key);
    let (mut difference, mut variance, mut expected) = (0.0, 0.0, 0.0);
    for (stratum, mine) in group(&mine, key) {
        let Some(theirs) = theirs.get(&stratum) else { continue };
        let (n, m) = (f64::from(mine.cases), f64::from(theirs.cases));
        let (all, payers) = (n + m, f64::from(mine.payers) + f64::from(theirs.payers));
        if n == 0.0 || m == 0.0 || all < 2.0 {
            continue;
        }
        let of_chance = n * payers / all;
        difference += f64::from(mine.payers) - of_chance;
        variance += n * m * payers * (all - payers) / (all * all * (all - 1.0));
        expected += of_chance;
    }
    if variance <= 0.0 {
        return Verdict::TooFew;
    }
    let deviation = variance.sqrt();
    // Continuity-corrected: with few cases the normal approximation is too sure of itself.
    let surprise = (difference.abs() - 0.5).max(0.0) / deviation;
    if surprise > Z {
        return if difference > 0.0 { Verdict::Better } else { Verdict::Worse };
    }
    // 0.84: with power 80 %.
    if expected / 3.0 < (Z + 0.84) * deviation { Verdict::TooFew } else { Verdict::NoDifference }
}

#[cfg(test)]
mod tests {
    use model::{CollectorId, Currency};

    use super::*;

    fn outcome(agency: u32, age: u8, cases: u32, payers: u32) -> Outcome {
        let counts = OutcomeCounts {
            cases,
            payers,
            placed: i64::from(cases) * 10_000,
            recovered: i64::from(payers) * 5_000,
        };
        Outcome {
            lender: model::LenderId(1),
            agency: AgencyId(agency),
            collector: CollectorId(agency),
            product: "card".to_owned(),
            age,
            currency: Currency::CNY,
            counts,
        }
    }

    fn segment(age: u8) -> SegmentV1 {
        SegmentV1 {
            lender: model::LenderId(1),
            product: "card".to_owned(),
            jurisdiction: "CN".to_owned(),
            language: None,
            currency: Currency::CNY,
            age,
            amount: 0,
            stage: 0,
            failed: None,
            conflicts: vec![],
        }
    }

    #[test]
    fn given_few_cases_when_fitted_then_drawn_to_the_mean_and_many_speak_for_themselves() {
        let outcomes = [
            outcome(1, 0, 10_000, 4_000),
            outcome(2, 0, 10_000, 2_000),
            outcome(3, 0, 10, 10),
            outcome(1, 5, 10_000, 400),
            outcome(2, 5, 10_000, 200),
        ];
        let fitted = Fitted::on(&outcomes).expect("enough cases");
        let rate = |age, agency| fitted.rate_ppm(&segment(age), AgencyId(agency));
        // Young debts recover 15 % of the amount, old ones 1.5 %; agency 1 a third more than that, agency 2 a third less.
        assert!((190_000..=200_500).contains(&rate(0, 1)), "{}", rate(0, 1));
        assert!((99_500..=110_000).contains(&rate(0, 2)), "{}", rate(0, 2));
        assert!((18_000..=21_500).contains(&rate(5, 1)), "{}", rate(5, 1));
        // Ten cases that all paid promise 50 %; nobody who is fitted believes it.
        assert!(rate(0, 3) < 330_000 && rate(0, 3) > 150_000, "{}", rate(0, 3));
        assert_eq!(Fitted::on(&outcomes[2..3]), None, "ten cases");
    }

    #[test]
    fn given_an_agency_with_old_cases_when_scored_then_against_what_they_let_expect() {
        let outcomes = [outcome(1, 0, 5_000, 2_000), outcome(2, 5, 5_000, 200), outcome(3, 5, 5_000, 200)];
        let fitted = Fitted::on(&outcomes);
        let agencies = scores_against(fitted.as_ref(), &outcomes, |of| of.agency);
        let score = agencies[&AgencyId(2)];
        let ratio = score.counts.recovered as f64 / score.expected.expect("enough cases");
        assert!((0.9..=1.1).contains(&ratio), "{ratio}: it did what anybody would with them");
    }

    #[test]
    fn given_wilsons_interval_when_of_few_then_wide_and_within_0_and_1() {
        // Newcombe 1998, table I: 81 of 263; 0 of 20.
        let interval = Interval::wilson(81, 263).expect("of something");
        assert!(
            (interval.low - 0.2553).abs() < 5e-5 && (interval.high - 0.3662).abs() < 5e-5,
            "{interval:?}"
        );
        let interval = Interval::wilson(0, 20).expect("of something");
        assert!(interval.low == 0.0 && (interval.high - 0.1611).abs() < 5e-5, "{interval:?}");
        assert_eq!(Interval::wilson(0, 0), None);
    }

    #[test]
    fn given_a_challenger_when_compared_then_it_says_what_the_sample_lets_it_say() {
        let champion = outcome(1, 0, 5_000, 1_000);
        let told = |challenger| compare(&[champion.clone(), challenger], AgencyId(2), &[AgencyId(1)]);
        assert_eq!(told(outcome(2, 0, 1_000, 300)), Verdict::Better);
        assert_eq!(told(outcome(2, 0, 1_000, 120)), Verdict::Worse);
        assert_eq!(told(outcome(2, 0, 1_000, 205)), Verdict::NoDifference);
        assert_eq!(told(outcome(2, 0, 20, 6)), Verdict::TooFew);
        // Only old cases, of which the champion had none: there is nothing to compare with.
        assert_eq!(told(outcome(2, 5, 1_000, 40)), Verdict::TooFew);
    }
}
