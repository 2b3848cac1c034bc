//! Fixed seeds; `FORBEAR_SIM_SEEDS=10000 cargo nextest run -p sim --release seeds` for more.

use sim::{Settings, run};

const STEPS: u64 = 400;

fn settings(seed: u64) -> Settings {
    Settings { seed, steps: STEPS, mutation: None }
}

#[test]
fn given_any_seed_when_everything_goes_wrong_then_every_promise_is_kept() {
    let more = std::env::var("FORBEAR_SIM_SEEDS").ok().map(|seeds| seeds.parse().expect("a number of seeds"));
    let mut calls = 0;
    for seed in 0..more.unwrap_or(12) {
        match run(settings(seed)) {
            Ok(report) => calls += report.redeemed,
            Err(failure) => panic!("{failure}"),
        }
    }
    assert!(calls > 0, "nobody was called: the simulation shows nothing");
}

#[test]
fn given_a_seed_when_it_is_run_twice_then_the_logs_are_the_same_to_the_last_bit() {
    // Among them several partitions, snapshots, and orderly stops; of some, tokio's own chance once decided.
    let histories = [5, 46, 61, 74, 138].map(|seed| {
        let once = run(settings(seed)).expect("it keeps every promise");
        assert_eq!(run(settings(seed)), Ok(once), "seed {seed}");
        once.history
    });
    assert!(histories.windows(2).all(|two| two[0] != two[1]));
}

#[test]
fn given_a_failure_then_it_names_the_command_that_shows_it_again() {
    let broken = Some(sim::mutation::Mutation::PersonsForgotten);
    let failure = (0..50).find_map(|seed| run(Settings { mutation: broken, ..settings(seed) }).err());
    let failure = failure.expect("it is found");
    assert_eq!(run(failure.settings), Err(failure.clone()), "again, it fails in the same step");
    let text = failure.to_string();
    let command = format!(
        "cargo run -p sim --release -- --seed {} --steps 400 --mutation persons-forgotten",
        failure.settings.seed
    );
    assert!(text.ends_with(&command), "{text}");
}
