//! The planner against an LP solver that shares nothing with it: the same aggregated instance, the same best worth.
//!
//! `FORBEAR_MARKET=1000000` plans that many cases over 200 agencies, of which the other solver takes minutes; 5,000 over 60
//! otherwise. `cargo bench -p forbear-benches --bench placement -- check=true` does it optimised, with times.

use assignment::Assignment;
use assignment::draft::instance;
use events::assignment::{AssignmentQuery, AssignmentReply};
use events::{Decider, Now};
use forbear_tests::linear_program;
use forbear_tests::market::{DAY, Recovery, market};
use model::Timestamp;

#[test]
fn given_a_market_when_planned_then_it_is_worth_what_an_independent_solver_finds() {
    let cases =
        std::env::var("FORBEAR_MARKET").map_or(50_000, |text| text.parse().expect("a number of cases"));
    let state = market(cases, 200);
    let now = Now { at: Timestamp(0), trusted: true };
    let ask = |query| Assignment::query(&state, &query, now);
    let AssignmentReply::Terms(terms) = ask(AssignmentQuery::Terms { day: DAY }) else { panic!("terms") };
    let query = AssignmentQuery::Segments { day: DAY, skip: 0, limit: u32::MAX };
    let AssignmentReply::Segments(page) = ask(query) else { panic!("segments") };
    let instance = instance(&terms, &page.segments, &Recovery);
    let plan = placement::plan(&instance).expect("planned");
    assert_eq!(placement::certificate::verify(&instance, &plan.shares, &plan.prices), Ok(plan.certificate));
    assert_eq!(plan.missing, 0, "the samples fit, so that they are constraints of the linear program");
    let (bound, _) = linear_program::bound(&instance);
    let gap = (bound - plan.worth as f64).abs() / bound;
    assert!(gap < 1e-6, "worth {} of {bound}: {gap}", plan.worth);
}
