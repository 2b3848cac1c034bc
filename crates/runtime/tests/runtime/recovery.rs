//! Recovery: a snapshot only saves time, and what cannot be read is never guessed.

use std::path::Path;

use eventlog::memory::{Faults, MemoryLog};
use events::{Code, Decider, Event, Service, StreamId};
use runtime::{RecoveryError, Replica};

use crate::capped::{Capped, Happened, Opening, TakenV1, key, take};
use crate::stage::{Address, Chance, GATE, Raw, Stage, append, code, for_seeds, order, simulated};

fn bytes<D: Decider>(replica: &Replica<D>) -> Vec<u8> {
    postcard::to_stdvec(&replica.state).expect("plain data")
}

/// Commands until there is a snapshot with a tail behind it.
async fn lived_in(log: &MemoryLog, directory: &Path, first: u64) -> Stage {
    let mut stage = Stage::on(log.clone());
    stage.options.snapshots = Some(directory.to_owned());
    stage.options.snapshot_every = 10;
    let running = stage.lead::<Capped>().await;
    let (address, mut chance) = (Address::of(vec![running.port.clone()]), Chance(first));
    for n in first..first + 37 {
        let cap = if n % 6 == 0 { 0 } else { 1000 };
        let _ = address.insist(order(n, take(n as u32 % 5, cap)), &mut chance).await;
        stage.clock.advance_to(stage.clock.at().plus_ms(100));
    }
    // Killed: no last snapshot.
    drop(running);
    written(directory);
    stage
}

/// Snapshots are written on threads of their own, which a kill in this process does not end.
fn written(directory: &Path) {
    let (whole, beside) = (directory.join("gate-0.snapshot"), directory.join("gate-0.new"));
    for _ in 0..1000 {
        std::thread::sleep(std::time::Duration::from_millis(20));
        if whole.exists() && !beside.exists() {
            return;
        }
    }
    panic!("no snapshot was written");
}

/// Where the snapshot alone brings a replica.
async fn slot_of_snapshot(stage: &Stage) -> u64 {
    let opened =
        Replica::<Capped>::open(&*stage.log, GATE, stage.options.snapshots.as_ref(), 1_000_000).await;
    opened.expect("the log reads").chain.slot
}

async fn assert_recovery_is_right(stage: &Stage) {
    let (by_snapshot, by_replay) =
        (stage.replica::<Capped>(true).await, stage.replica::<Capped>(false).await);
    assert_eq!(bytes(&by_snapshot), bytes(&by_replay));
    assert_eq!(by_snapshot.chain, by_replay.chain);
    assert_eq!((by_snapshot.at, by_snapshot.partitions), (by_replay.at, by_replay.partitions));
}

#[test]
fn given_a_snapshot_and_a_tail_when_recovered_then_it_equals_a_full_replay() {
    for_seeds("given_a_snapshot_and_a_tail", 20, |seed| async move {
        let directory = tempfile::tempdir().expect("a directory");
        let log = MemoryLog::new(Faults::some(seed));
        let mut slots = Vec::new();
        for life in 0..3 {
            let stage = lived_in(&log, directory.path(), life * 100).await;
            assert_recovery_is_right(&stage).await;
            slots.push(slot_of_snapshot(&stage).await);
        }
        assert!(slots[2] > 0 && slots.is_sorted(), "snapshots are used: {slots:?}");
    });
}

#[test]
fn given_a_damaged_snapshot_when_recovered_then_it_is_ignored() {
    simulated(async {
        let directory = tempfile::tempdir().expect("a directory");
        let stage = lived_in(&MemoryLog::new(Faults::none()), directory.path(), 0).await;
        let path = directory.path().join("gate-0.snapshot");
        let whole = std::fs::read(&path).expect("there is a snapshot");
        assert!(slot_of_snapshot(&stage).await > 0);
        let mut damaged: Vec<Vec<u8>> = vec![Vec::new(), whole[..whole.len() / 2].to_vec()];
        for index in [0, 8, 40, whole.len() - 1] {
            let mut flipped = whole.clone();
            flipped[index] ^= 1;
            damaged.push(flipped);
        }
        for bytes in damaged {
            std::fs::write(&path, bytes).expect("written");
            assert_eq!(slot_of_snapshot(&stage).await, 0);
            assert_recovery_is_right(&stage).await;
        }
    });
}

#[test]
fn given_a_snapshot_of_another_partition_or_service_when_recovered_then_it_is_ignored() {
    simulated(async {
        let directory = tempfile::tempdir().expect("a directory");
        let stage = lived_in(&MemoryLog::new(Faults::none()), directory.path(), 0).await;
        let path = |name: &str| directory.path().join(name);
        for name in ["gate-1.snapshot", "ledger-0.snapshot"] {
            std::fs::copy(path("gate-0.snapshot"), path(name)).expect("copied");
        }
        let snapshots = stage.options.snapshots.as_ref();
        let second = StreamId { partition: 1, ..GATE };
        let replica = Replica::<Capped>::open(&*stage.log, second, snapshots, 10).await.expect("it reads");
        assert_eq!((replica.chain.stream(), replica.chain.slot), (second, 0));
        assert!(replica.state.counts.is_empty());
        let ledger = StreamId { service: Service::Ledger, partition: 0 };
        let replica = Replica::<Opening>::open(&*stage.log, ledger, snapshots, 10).await.expect("it reads");
        assert_eq!((replica.chain.stream(), replica.chain.slot, replica.state), (ledger, 0, 0));
    });
}

#[test]
fn given_a_log_that_was_replaced_when_recovered_then_its_snapshot_is_ignored() {
    simulated(async {
        let (directory, other) =
            (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("one"));
        let old = lived_in(&MemoryLog::new(Faults::none()), directory.path(), 0).await;
        assert!(slot_of_snapshot(&old).await > 0);
        // As long as the old one, with other commands; and an empty one.
        let mut replaced = lived_in(&MemoryLog::new(Faults::none()), other.path(), 500).await;
        replaced.options.snapshots = Some(directory.path().to_owned());
        assert_eq!(slot_of_snapshot(&replaced).await, 0);
        assert_recovery_is_right(&replaced).await;
        let mut empty = Stage::on(MemoryLog::new(Faults::none()));
        empty.options.snapshots = Some(directory.path().to_owned());
        assert_eq!(slot_of_snapshot(&empty).await, 0);
    });
}

#[test]
fn given_an_event_of_a_newer_program_when_recovered_then_the_partition_stops_and_says_so() {
    // Another type, another version of a known type, another platform event.
    for header in [[1, 0xff, 0x03, 1, 0], [1, 0x01, 0x03, 2, 0], [1, 0x02, 0x00, 1, 0]] {
        simulated(async {
            let log = MemoryLog::new(Faults::none());
            let stage = Stage::on(log.clone());
            let running = stage.lead::<Capped>().await;
            running.port.submit(order(1, take(1, 9))).await.expect("below the cap");
            running.stop().await;
            append(&log, GATE, &[Raw([&header[..], &[7]].concat())]).await;
            let mut running = stage.start::<Capped>();
            match running.service.ready().await {
                Err(RecoveryError::Newer { stream: GATE, position: 2, event_type, version }) => {
                    assert_eq!(event_type, u16::from_le_bytes([header[1], header[2]]));
                    assert_eq!(version, u16::from_le_bytes([header[3], header[4]]));
                }
                other => panic!("expected RecoveryError::Newer, got {other:?}"),
            }
            assert_eq!(code(running.port.submit(order(2, take(1, 9))).await), Some(Code::UNAVAILABLE));
            let replica = Replica::<Capped>::open(&log, GATE, None, 10).await.expect("empty");
            assert_eq!(replica.chain.slot, 0);
        });
    }
}

#[test]
fn given_another_number_of_partitions_when_started_then_it_is_refused() {
    simulated(async {
        let mut stage = Stage::on(MemoryLog::new(Faults::none()));
        stage.lead::<Capped>().await.stop().await;
        stage.options.partitions = 2;
        let mut running = stage.start::<Capped>();
        let refused = running.service.ready().await;
        assert!(
            matches!(refused, Err(RecoveryError::Partitions { stream: GATE, log: 1, configured: 2 })),
            "{refused:?}"
        );
    });
}

#[test]
fn given_a_snapshot_with_another_number_of_partitions_when_started_then_it_is_refused() {
    simulated(async {
        let directory = tempfile::tempdir().expect("a directory");
        let mut stage = lived_in(&MemoryLog::new(Faults::none()), directory.path(), 0).await;
        assert!(slot_of_snapshot(&stage).await > 0);
        stage.options.partitions = 3;
        let refused = stage.start::<Capped>().service.ready().await;
        assert!(
            matches!(refused, Err(RecoveryError::Partitions { log: 1, configured: 3, .. })),
            "{refused:?}"
        );
    });
}

#[test]
fn given_an_event_that_does_not_decode_when_recovered_then_it_is_never_passed_over() {
    simulated(async {
        let log = MemoryLog::new(Faults::none());
        let stage = Stage::on(log.clone());
        stage.lead::<Capped>().await.stop().await;
        let mut damaged = Vec::new();
        let taken = TakenV1 { key: key(1), nth: 1, note: 0, padding: Vec::new() };
        Happened::Taken(taken).encode(&mut damaged);
        damaged.push(0);
        append(&log, GATE, &[Raw(damaged)]).await;
        let mut replica = Replica::<Capped>::open(&log, GATE, None, 10).await.expect("empty");
        let error = replica.catch_up(&log).await;
        assert!(matches!(error, Err(RecoveryError::Event { position: 1, .. })), "{error:?}");
        let running = stage.start::<Capped>();
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        assert_eq!(code(running.port.submit(order(2, take(1, 9))).await), Some(Code::UNAVAILABLE));
    });
}
