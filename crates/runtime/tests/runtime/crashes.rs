//! Faults, crashes and restarts: every acknowledged command is in the log exactly once.

use std::collections::HashMap;
use std::time::Duration;

use eventlog::Log;
use eventlog::embedded::EmbeddedLog;
use eventlog::memory::{Faults, MemoryLog};
use events::{Code, StreamId};
use model::CommandId;

use crate::capped::{Answer, Capped, Happened, Key, key, take};
use crate::stage::{Address, Chance, GATE, Stage, by_command, for_seeds, id, logged, order, simulated};

const CAP: u32 = 15;
const KEYS: u64 = 6;

/// What a client was told in the end.
pub type Told = Vec<(CommandId, Key, Result<Answer, Code>)>;

/// A client that takes, and retries with the same id until it is told.
pub async fn client(client: u64, takings: u64, address: Address<Capped>, mut chance: Chance) -> Told {
    let mut told = Vec::new();
    for n in 0..takings {
        let (number, target) = (client * 1000 + n, chance.below(KEYS) as u32);
        let answer = address.insist(order(number, take(target, CAP)), &mut chance).await;
        let answer = answer.map_err(|refusal| refusal.reasons[0].code);
        told.push((id(number), key(target), answer));
    }
    told
}

/// Counts again from the log alone.
pub async fn recount(log: &dyn Log, stream: StreamId, told: &Told) {
    let events = logged::<Happened>(log, stream).await;
    let by_command = by_command(&events);
    for (command, key, answer) in told {
        let found = by_command.get(command).map_or(&[][..], Vec::as_slice);
        match answer {
            Ok(Answer::Taken { nth, position }) => {
                assert_eq!(found.len(), 1, "{command} was acknowledged");
                assert_eq!(found[0].position, *position);
                assert!(
                    matches!(&found[0].event, Happened::Taken(taken) if taken.nth == *nth && taken.key == *key)
                );
            }
            Ok(Answer::Refused { position }) => {
                assert_eq!(found.len(), 1, "{command} was acknowledged");
                assert_eq!(found[0].position, *position);
                assert!(matches!(&found[0].event, Happened::Refused(refused) if refused.key == *key));
            }
            Err(Code::DAY_CAP) => assert_eq!(found.len(), 0, "{command} was refused"),
            other => panic!("{command}: {other:?}"),
        }
    }
    let acknowledged: HashMap<_, _> = told.iter().map(|(command, _, answer)| (command, answer)).collect();
    let mut counts: HashMap<Key, u32> = HashMap::new();
    for logged in &events {
        if let Happened::Taken(taken) = &logged.event {
            let count = counts.entry(taken.key).or_default();
            *count += 1;
            assert_eq!(taken.nth, *count, "takings are numbered as they stand in the log");
            assert!(*count <= CAP, "the cap is exceeded");
            assert!(
                matches!(acknowledged[&logged.command], Ok(Answer::Taken { .. })),
                "every client was told"
            );
        }
    }
}

#[test]
fn given_lost_acks_when_the_client_retries_then_each_command_is_there_once() {
    simulated(async {
        let log = MemoryLog::new(Faults::none());
        let stage = Stage::on(log.clone());
        let running = stage.lead::<Capped>().await;
        let (address, mut chance) = (Address::of(vec![running.port.clone()]), Chance(1));
        let mut told = Vec::new();
        for n in 0..30 {
            // Stored, but the client is told "unavailable".
            log.set_faults(Faults { lost_ack: 1000, ..Faults::none() });
            assert!(running.port.submit(order(n, take(n as u32 % 2, CAP))).await.is_err());
            log.set_faults(Faults::none());
            let answer = address.insist(order(n, take(n as u32 % 2, CAP)), &mut chance).await;
            told.push((id(n), key(n as u32 % 2), answer.map_err(|refusal| refusal.reasons[0].code)));
        }
        recount(&log, GATE, &told).await;
        assert_eq!(logged::<Happened>(&log, GATE).await.len(), 30);
    });
}

#[test]
fn given_random_faults_when_64_clients_take_then_the_log_and_their_answers_agree() {
    for_seeds("given_random_faults", 200, |seed| async move {
        let log = MemoryLog::new(Faults::some(seed));
        let running = Stage::on(log.clone()).lead::<Capped>().await;
        let address = Address::of(vec![running.port.clone()]);
        let clients = (0..64).map(|n| tokio::spawn(client(n, 3, address.clone(), Chance(seed << 8 | n))));
        let mut told = Vec::new();
        for client in clients.collect::<Vec<_>>() {
            told.extend(client.await.expect("no panic"));
        }
        recount(&log, GATE, &told).await;
        assert_eq!(told.len(), 192);
    });
}

#[test]
fn given_crashes_at_random_points_when_a_new_service_goes_on_then_nothing_is_lost_or_doubled() {
    for_seeds("given_crashes_at_random", 60, |seed| async move {
        let directory = tempfile::tempdir().expect("a directory");
        let log = MemoryLog::new(Faults::some(seed));
        let mut stage = Stage::on(log.clone());
        if seed % 4 == 0 {
            stage.options.snapshots = Some(directory.path().to_owned());
            stage.options.snapshot_every = 7;
        }
        let mut running = stage.start::<Capped>();
        let address = Address::of(vec![running.port.clone()]);
        let clients: Vec<_> =
            (0..16).map(|n| tokio::spawn(client(n, 8, address.clone(), Chance(seed << 8 | n)))).collect();
        let mut chance = Chance(!seed);
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_millis(chance.below(400))).await;
            for _ in 0..chance.below(20) {
                tokio::task::yield_now().await;
            }
            // The machine, the process, or both.
            let what = chance.below(3);
            if what != 1 {
                log.crash();
            }
            if what != 0 {
                drop(running);
                running = stage.start();
                address.moved(running.port.clone());
            }
        }
        let mut told = Vec::new();
        for client in clients {
            told.extend(client.await.expect("no panic"));
        }
        recount(&log, GATE, &told).await;
        // What the service says is what the log says.
        let replayed = stage.replica::<Capped>(false).await.state;
        for n in 0..KEYS as u32 {
            let live = running.port.query(0, key(n)).await;
            if let Ok(live) = live {
                assert_eq!(live.count, replayed.counts.get(&key(n)).cloned().unwrap_or_default());
            }
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn given_the_embedded_store_when_the_service_is_killed_at_random_then_nothing_is_lost_or_doubled() {
    let directory = tempfile::tempdir().expect("a directory");
    let log = EmbeddedLog::open(directory.path()).expect("it opens");
    let stage = Stage::on(log.clone());
    let mut running = stage.start::<Capped>();
    let address = Address::of(vec![running.port.clone()]);
    let clients: Vec<_> = (0..32).map(|n| tokio::spawn(client(n, 20, address.clone(), Chance(n)))).collect();
    let mut chance = Chance(5);
    while clients.iter().any(|client| !client.is_finished()) {
        tokio::time::sleep(Duration::from_millis(20 + chance.below(30))).await;
        drop(running);
        running = stage.start();
        address.moved(running.port.clone());
        running.service.ready().await.expect("it leads");
    }
    let mut told = Vec::new();
    for client in clients {
        told.extend(client.await.expect("no panic"));
    }
    recount(&log, GATE, &told).await;
}
