//! How long a placement plan takes: `cargo bench -p forbear-benches --bench placement [-- cases=1000000] [agencies=200]
//! [check=true]`
//!
//! A market is made up in memory, then timed: what waits is gathered into segments, as the assignment service does for a
//! query; the plan is made, with its reasons; the state adopts it. The plan carries its own proof (`gap`); with `check` an LP
//! solver (HiGHS through SciPy, at `FORBEAR_SCIPY`) gives its own bound on the same segments.

use std::time::{Duration, Instant};

use assignment::Assignment;
use assignment::draft::{draft, instance};
use events::assignment::{AssignmentEvent, AssignmentQuery, AssignmentReply, PlanAdoptedV1, PlanStagedV1};
use events::{Decider, Now, Position};
use forbear_benches::Failed;
use forbear_tests::linear_program;
use forbear_tests::market::{DAY, Recovery, market};
use model::Timestamp;

fn main() -> Result<(), Failed> {
    let (mut cases, mut agencies, mut check) = (1_000_000, 200, false);
    for word in std::env::args().skip(1).filter(|word| !word.starts_with("--")) {
        match word.split_once('=') {
            Some(("cases", value)) => cases = value.parse()?,
            Some(("agencies", value)) => agencies = value.parse()?,
            Some(("check", value)) => check = value.parse()?,
            _ => return Err(format!("expected cases=, agencies= or check=, got {word}").into()),
        }
    }
    let mut state = market(cases, agencies);
    let now = Now { at: Timestamp(0), trusted: true };

    let began = Instant::now();
    let terms = Assignment::query(&state, &AssignmentQuery::Terms { day: DAY }, now);
    let query = AssignmentQuery::Segments { day: DAY, skip: 0, limit: u32::MAX };
    let (AssignmentReply::Terms(terms), AssignmentReply::Segments(page)) =
        (terms, Assignment::query(&state, &query, now))
    else {
        return Err("the state answers something else".into());
    };
    let gathered = began.elapsed();
    let draft = draft(&terms, &page.segments, &Recovery)?;
    let planned = began.elapsed();

    let evolve = |state: &mut _, event| Assignment::evolve(state, &event, now.at, Position(0));
    let began = Instant::now();
    let plan = draft.id();
    let allotments = draft.allotments();
    evolve(&mut state, AssignmentEvent::PlanStaged(PlanStagedV1 { plan, part: 0, allotments }));
    evolve(&mut state, AssignmentEvent::PlanAdopted(PlanAdoptedV1 { plan, basis: draft.basis }));
    let adopted = began.elapsed();

    let seconds = |time: Duration| format!("{:.2} s", time.as_secs_f64());
    println!("{cases} cases in {} segments, {agencies} agencies", page.segments.len());
    println!(
        "gathered {}, planned {}, in all {}",
        seconds(gathered),
        seconds(planned - gathered),
        seconds(planned)
    );
    println!("adopted in {}", seconds(adopted));
    let gap = draft.certificate.bound - draft.certificate.worth;
    println!(
        "places {}, short of samples {}; worth {}; gap {gap}",
        draft.placed(),
        draft.missing,
        draft.worth
    );
    if check {
        let instance = instance(&terms, &page.segments, &Recovery);
        let (bound, took) = linear_program::bound(&instance);
        let share = 100.0 * (bound - draft.worth as f64) / bound;
        println!("HiGHS: no plan is worth more than {bound:.0} ({took:.1} s): {share:.6} % below it");
    }
    Ok(())
}
