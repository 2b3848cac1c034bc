//! Random instances: the plan keeps every constraint, is proven by its own prices, and is what trying everything finds.

use placement::certificate::{Unproven, verify};
use placement::{Agency, Choice, Instance, InstanceError, Limit, Segment, Share, plan};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

const LENDERS: u32 = 2;

fn instance(agencies: usize, segments: usize, cases: u32) -> impl Strategy<Value = Instance> {
    let limit = (0..=cases, 0..=cases).prop_map(|(one, other)| (one.min(other), one.max(other)));
    let worths = btree_map(0..agencies as u32, 0_i64..30, 0..=agencies);
    let segment = (0..LENDERS, 0..=cases, worths).prop_map(|(lender, cases, worths)| {
        let choices = worths.into_iter().map(|(agency, worth)| Choice { agency, worth }).collect();
        Segment { lender, cases, choices }
    });
    (
        vec((0..=cases).prop_map(|capacity| Agency { capacity }), agencies),
        btree_map((0..LENDERS, 0..agencies as u32), limit, 0..4),
        vec(segment, 0..=segments),
    )
        .prop_map(|(agencies, limits, segments)| {
            let limits = limits.into_iter().map(|((lender, agency), (cases_min, cases_max))| Limit {
                lender,
                agency,
                cases_min,
                cases_max,
            });
            Instance { lenders: LENDERS, agencies, limits: limits.collect(), segments }
        })
}

/// The best by trying everything: first the fewest missing of minimums, then the most worth.
fn best(instance: &Instance) -> (u64, i128) {
    struct Search<'a> {
        instance: &'a Instance,
        left: Vec<u32>,
        pairs: Vec<u32>,
        best: (u64, i128),
    }
    impl Search<'_> {
        fn limit(&self, lender: u32, agency: u32) -> Option<Limit> {
            let of = |limit: &&Limit| (limit.lender, limit.agency) == (lender, agency);
            self.instance.limits.iter().find(of).copied()
        }
        fn at(&mut self, segment: usize, choice: usize, cases: u32, worth: i128) {
            let Some(of) = self.instance.segments.get(segment) else {
                let missing = self.instance.limits.iter().map(|limit| {
                    let pair = limit.lender as usize * self.left.len() + limit.agency as usize;
                    u64::from(limit.cases_min.saturating_sub(self.pairs[pair]))
                });
                let missing = missing.sum();
                if missing < self.best.0 || missing == self.best.0 && worth > self.best.1 {
                    self.best = (missing, worth);
                }
                return;
            };
            let Some(taken) = of.choices.get(choice) else {
                let next = self.instance.segments.get(segment + 1).map_or(0, |next| next.cases);
                return self.at(segment + 1, 0, next, worth);
            };
            let agency = taken.agency as usize;
            let pair = of.lender as usize * self.left.len() + agency;
            let allowed = self.limit(of.lender, taken.agency).map_or(u32::MAX, |limit| limit.cases_max);
            let most = cases.min(self.left[agency]).min(allowed - self.pairs[pair]);
            for count in 0..=most {
                self.left[agency] -= count;
                self.pairs[pair] += count;
                let gained = i128::from(count) * i128::from(taken.worth);
                self.at(segment, choice + 1, cases - count, worth + gained);
                self.left[agency] += count;
                self.pairs[pair] -= count;
            }
        }
    }
    let left: Vec<u32> = instance.agencies.iter().map(|agency| agency.capacity).collect();
    let pairs = vec![0; LENDERS as usize * left.len()];
    let mut search = Search { instance, left, pairs, best: (u64::MAX, 0) };
    search.at(0, 0, instance.segments.first().map_or(0, |first| first.cases), 0);
    search.best
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn given_a_small_instance_when_planned_then_it_is_what_trying_everything_finds(instance in instance(3, 3, 4)) {
        let found = plan(&instance).expect("planned");
        prop_assert_eq!((found.missing, found.worth), best(&instance));
        prop_assert_eq!(verify(&instance, &found.shares, &found.prices), Ok(found.certificate));
    }

    #[test]
    fn given_a_larger_instance_when_planned_then_constraints_hold_and_the_prices_prove_it(
        instance in instance(12, 40, 500),
    ) {
        let found = plan(&instance).expect("planned");
        prop_assert_eq!(verify(&instance, &found.shares, &found.prices), Ok(found.certificate));
        prop_assert_eq!(plan(&instance).expect("planned"), found);
    }

    #[test]
    fn given_a_plan_when_one_case_is_taken_out_or_added_then_it_is_not_proven(instance in instance(6, 10, 50)) {
        let found = plan(&instance).expect("planned");
        for index in 0..found.shares.len() {
            let mut less = found.shares.clone();
            less[index].cases -= 1;
            let Share { segment, agency, .. } = less[index];
            let worth = instance.segments[segment as usize].choices.iter().find(|choice| choice.agency == agency);
            // One that is worth nothing may be left out, unless a minimum asks for it.
            if worth.is_some_and(|choice| choice.worth > 0) {
                prop_assert!(matches!(verify(&instance, &less, &found.prices), Err(Unproven::Bound(_))));
            }
            let mut more = found.shares.clone();
            more[index].cases += instance.segments[segment as usize].cases + 1;
            prop_assert!(verify(&instance, &more, &found.prices).is_err());
        }
    }
}

fn choice(agency: u32, worth: i64) -> Choice {
    Choice { agency, worth }
}

#[test]
fn given_a_challenger_that_earns_less_when_planned_then_it_gets_its_sample_and_no_more() {
    let instance = Instance {
        lenders: 1,
        agencies: vec![Agency { capacity: 1000 }, Agency { capacity: 1000 }],
        limits: vec![Limit { lender: 0, agency: 1, cases_min: 30, cases_max: 100 }],
        segments: vec![Segment { lender: 0, cases: 500, choices: vec![choice(0, 9), choice(1, 7)] }],
    };
    let found = plan(&instance).expect("planned");
    let share = |agency, cases| Share { segment: 0, agency, cases };
    assert_eq!(found.shares, [share(0, 470), share(1, 30)]);
    assert_eq!((found.missing, found.worth), (0, 470 * 9 + 30 * 7));
}

#[test]
fn given_what_is_no_instance_when_planned_then_it_says_where() {
    let mut instance = Instance {
        lenders: 1,
        agencies: vec![Agency { capacity: 1 }],
        limits: vec![],
        segments: vec![Segment { lender: 0, cases: 1, choices: vec![choice(0, -1)] }],
    };
    assert_eq!(plan(&instance), Err(InstanceError::Worth { segment: 0, agency: 0, worth: -1 }));
    instance.segments[0].choices = vec![choice(0, 1), choice(0, 2)];
    assert_eq!(plan(&instance), Err(InstanceError::Order { segment: 0 }));
    instance.segments[0].choices = vec![choice(1, 1)];
    assert_eq!(plan(&instance), Err(InstanceError::Index { what: "agency", index: 1, below: 1 }));
    instance.limits = vec![Limit { lender: 0, agency: 0, cases_min: 2, cases_max: 1 }];
    assert_eq!(plan(&instance), Err(InstanceError::Limit { lender: 0, agency: 0 }));
}
