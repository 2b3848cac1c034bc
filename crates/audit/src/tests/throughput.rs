use std::time::Instant;

use super::world::*;

/// Prints a number; asserts nothing about it. `cargo test --release -p audit -- --ignored --nocapture throughput`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn throughput() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut generated = Generated::of(20_000).await;
    generated.records(50_000).await;
    let began = Instant::now();
    let running = Running::caught_up(directory.path(), &generated.world.log).await;
    let seconds = began.elapsed().as_secs_f64();
    println!("{:.0} events/s ({seconds:.1} s for a million)", 1e6 / seconds);
    running.stop().await;
}
