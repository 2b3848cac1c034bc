//! `cargo run -p sim --release -- --seeds 1000`.

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use sim::mutation::Mutation;
use sim::{Report, Settings, run};

/// Simulates the gate under faults and checks its promises at every step.
#[derive(Parser)]
struct Arguments {
    /// This seed only.
    #[arg(long)]
    seed: Option<u64>,
    /// So many seeds.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Steps of each.
    #[arg(long, default_value_t = 400)]
    steps: u64,
    /// What to break on purpose.
    #[arg(long)]
    mutation: Option<Mutation>,
    /// Go on after a failure.
    #[arg(long)]
    go_on: bool,
    /// Break each thing in turn, and print how soon it is seen.
    #[arg(long)]
    mutations: bool,
}

/// How soon each mutation is seen.
fn mutations(seeds: u64, steps: u64) -> ExitCode {
    println!("{:<30} {:<22} {:>6} {:>8} {:>8}", "broken", "seen as", "seeds", "steps", "ms");
    let mut all = true;
    for mutation in Mutation::ALL.iter().copied() {
        let (began, mut walked) = (Instant::now(), 0);
        let found =
            (0..seeds).find_map(|seed| match run(Settings { seed, steps, mutation: Some(mutation) }) {
                Ok(report) => {
                    walked += report.steps;
                    None
                }
                Err(failure) => Some(failure),
            });
        let ms = began.elapsed().as_millis();
        match found {
            Some(failure) => println!(
                "{mutation:<30} {:<22} {:>6} {:>8} {ms:>8}",
                failure.violation.promise,
                failure.settings.seed + 1,
                walked + failure.step
            ),
            None => {
                all = false;
                println!("{mutation:<30} not seen after {seeds} seeds");
            }
        }
    }
    if all { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn main() -> ExitCode {
    let Arguments { seed, seeds, from, steps, mutation, go_on, mutations: all } = Arguments::parse();
    if all {
        return mutations(seeds, steps);
    }
    let seeds = seed.map_or(from..from + seeds, |seed| seed..seed + 1);
    let began = Instant::now();
    let (mut total, mut simulated, mut failures) = (Report::default(), 0_u64, 0_u64);
    for seed in seeds {
        simulated += 1;
        match run(Settings { seed, steps, mutation }) {
            Ok(report) => {
                total.steps += report.steps;
                total.answers += report.answers;
                total.allowed += report.allowed;
                total.events += report.events;
                total.reserved += report.reserved;
                total.redeemed += report.redeemed;
                total.crashes += report.crashes;
                total.terms += report.terms;
                total.compared += report.compared;
                total.restored += report.restored;
            }
            Err(failure) => {
                println!("{failure}");
                failures += 1;
                if !go_on {
                    break;
                }
            }
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{simulated} seeds, {failures} failed, {} steps: {} answers checked, {} let a call through; {} events, {} permits, \
         {} calls; {} crashes of the store, {} terms of leaders, {} states compared, {} of them from a snapshot",
        total.steps,
        total.answers,
        total.allowed,
        total.events,
        total.reserved,
        total.redeemed,
        total.crashes,
        total.terms,
        total.compared,
        total.restored
    );
    println!(
        "{seconds:.1} s, {:.0} seeds/s, {:.0} steps/s, {:.0} answers/s",
        simulated as f64 / seconds,
        total.steps as f64 / seconds,
        total.answers as f64 / seconds
    );
    if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
