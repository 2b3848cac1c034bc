use std::time::Instant;

use events::Position;
use events::gate::{ContactLinkedV2, GateEvent, PolicyAdoptedV2};
use model::{Outcome, PersonId};

use super::world::*;
use crate::recount;

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

/// Prints a number; asserts that nothing is found. `cargo test --release -p audit -- --ignored --nocapture recount_speed`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn recount_speed() {
    let mut world = World::new();
    for id in ["platform", "strict", "cn", "us-reg-f"] {
        let pack = policy::text(id).expect("a pack of that name").to_owned();
        world.gate(MONDAY, GateEvent::PolicyAdopted(PolicyAdoptedV2 { pack })).await;
    }
    // Two contact points a person; thirty calls of each, three a day.
    let contacts: Vec<_> = (0..3_600).map(numbered).collect();
    let mut next = 4;
    for chunk in contacts.chunks(2) {
        let person = PersonId(chunk[0].0);
        let links = chunk.iter().map(|contact| {
            let GateEvent::ContactLinked(link) = linked(*contact, &["Asia/Shanghai"]) else { unreachable!() };
            GateEvent::ContactLinked(ContactLinkedV2 { person, ..link })
        });
        let links: Vec<_> = links.collect();
        next = world.write(GATE, MONDAY, &links).await.0 + links.len() as u64;
    }
    for round in 0..30 {
        let at = MONDAY.plus_ms((round / 3 * 4) * DAY + (10 + round % 3) * HOUR);
        for chunk in contacts.chunks(100) {
            let mut events = Vec::new();
            for contact in chunk {
                let permit = Position(next);
                events.push(reserved(*contact, 3, Position(3), at));
                events.push(redeemed(*contact, permit));
                events.push(settled(*contact, permit, Outcome::NoAnswer, false));
                next += 3;
            }
            world.write(GATE, at, &events).await;
        }
    }
    let began = Instant::now();
    let counted = recount(&world.log, &STREAMS).await.expect("counted");
    let seconds = began.elapsed().as_secs_f64();
    println!("{} events, {} calls in {seconds:.2} s", counted.events, counted.calls);
    println!("{:?}", counted.rules);
    assert!(counted.findings.none(), "{:?}", counted.findings);
}
