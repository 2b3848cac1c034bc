//! Process managers: each event of the source commands the target exactly once, in order.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use eventlog::memory::{Faults, MemoryLog};
use events::{Event, Service, StreamId};
use runtime::{Metrics, Port, manager};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::capped::{Capped, Happened, Key, OpenedV1, Opening, Said, Takings, key, take};
use crate::stage::{Address, Chance, GATE, Raw, Running, Stage, append, for_seeds, logged, order, simulated};

const LEDGER: StreamId = StreamId { service: Service::Ledger, partition: 0 };

/// A manager, running; aborted when dropped.
struct Managing {
    task: JoinHandle<()>,
    active: watch::Sender<bool>,
    _stop: watch::Sender<bool>,
}

impl Managing {
    fn start(log: &MemoryLog, target: Port<Capped>) -> Self {
        let (active, is_active) = watch::channel(true);
        let (stop, stopped) = watch::channel(false);
        let metrics = Metrics::new().expect("names are valid");
        let run = manager::run::<Takings>(Arc::new(log.clone()), 0, target, is_active, stopped, metrics);
        Self { task: tokio::spawn(run), active, _stop: stop }
    }
}

impl Drop for Managing {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn opened(n: u32) -> OpenedV1 {
    OpenedV1 { key: key(n % 7), note: n }
}

/// The notes that were taken, by key, in the order of the log; of all partitions.
async fn taken(log: &MemoryLog, partitions: u16) -> HashMap<Key, Vec<u32>> {
    let mut taken: HashMap<Key, Vec<u32>> = HashMap::new();
    for partition in 0..partitions {
        for logged in logged::<Happened>(log, StreamId { partition, ..GATE }).await {
            if let Happened::Taken(event) = logged.event {
                taken.entry(event.key).or_default().push(event.note);
            }
        }
    }
    taken
}

fn total(taken: &HashMap<Key, Vec<u32>>) -> usize {
    taken.values().map(Vec::len).sum()
}

/// Waits until at least `count` were taken, and then a while for more than there should be.
async fn settled(log: &MemoryLog, partitions: u16, count: usize) -> HashMap<Key, Vec<u32>> {
    for _ in 0..10_000 {
        if total(&taken(log, partitions).await) >= count {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    taken(log, partitions).await
}

/// Gives openings to the source and waits for each.
async fn open(source: &Running<Opening>, numbers: std::ops::Range<u32>) {
    let (address, mut chance) = (Address::of(vec![source.port.clone()]), Chance(3));
    for n in numbers {
        address.insist(order(u64::from(n), opened(n)), &mut chance).await.expect("never refused");
    }
}

#[test]
fn given_faults_and_restarts_when_managed_then_each_event_commands_once_and_in_order() {
    for_seeds("given_faults_and_restarts_when_managed", 40, |seed| async move {
        const PARTITIONS: u16 = 2;
        let log = MemoryLog::new(Faults::some(seed));
        let source = Stage::on(log.clone()).start::<Opening>();
        let mut stage = Stage::on(log.clone());
        stage.options.partitions = PARTITIONS;
        // Far fewer than there are commands.
        stage.options.commands_max = 8;
        let mut target = stage.start::<Capped>();
        let mut managing = Managing::start(&log, target.port.clone());
        let opening = async {
            open(&source, 0..120).await;
        };
        let mut chance = Chance(!seed);
        let restarting = async {
            for _ in 0..8 {
                tokio::time::sleep(Duration::from_millis(chance.below(500))).await;
                match chance.below(4) {
                    0 => log.crash(),
                    1 => {
                        managing.active.send_replace(false);
                        tokio::time::sleep(Duration::from_millis(chance.below(100))).await;
                        managing.active.send_replace(true);
                    }
                    2 => managing = Managing::start(&log, target.port.clone()),
                    _ => {
                        target = stage.start();
                        managing = Managing::start(&log, target.port.clone());
                    }
                }
            }
        };
        tokio::join!(opening, restarting);
        let taken = settled(&log, PARTITIONS, 120).await;
        // The order of the source's log, which faults may have made other than the order given.
        let mut expected: HashMap<Key, Vec<u32>> = HashMap::new();
        for logged in logged::<Said>(&log, LEDGER).await {
            let Said::Opened(opened) = logged.event;
            expected.entry(opened.key).or_default().push(opened.note);
        }
        assert_eq!(taken, expected);
        assert_eq!(total(&taken), 120);
    });
}

#[test]
fn given_a_command_that_the_target_has_forgotten_when_the_manager_restarts_then_it_is_not_given_twice() {
    for snapshots in [false, true] {
        simulated(async {
            let directory = tempfile::tempdir().expect("a directory");
            let log = MemoryLog::new(Faults::none());
            let source = Stage::on(log.clone()).lead::<Opening>().await;
            let mut stage = Stage::on(log.clone());
            stage.options.commands_max = 4;
            stage.options.snapshots = snapshots.then(|| directory.path().to_owned());
            let target = stage.lead::<Capped>().await;
            let managing = Managing::start(&log, target.port.clone());
            open(&source, 0..3).await;
            assert_eq!(total(&settled(&log, 1, 3).await), 3);
            drop(managing);
            // The source is silent while others keep the target busy.
            for n in 100..120 {
                target.port.submit(order(n, take(50 + n as u32, 1))).await.expect("below the cap");
            }
            let managing = Managing::start(&log, target.port.clone());
            tokio::time::sleep(Duration::from_secs(5)).await;
            assert_eq!(total(&taken(&log, 1).await), 23, "the last event's command was given again");
            drop(managing);
            target.stop().await;
            let target = stage.lead::<Capped>().await;
            let _managing = Managing::start(&log, target.port.clone());
            open(&source, 3..4).await;
            assert_eq!(total(&settled(&log, 1, 24).await), 24);
        });
    }
}

#[test]
fn given_an_event_of_a_newer_program_when_managed_then_the_manager_does_not_go_past_it() {
    simulated(async {
        let log = MemoryLog::new(Faults::none());
        Stage::on(log.clone()).lead::<Opening>().await.stop().await;
        let target = Stage::on(log.clone()).lead::<Capped>().await;
        let mut bytes = Vec::new();
        Said::Opened(opened(1)).encode(&mut bytes);
        let newer = vec![1, 0xff, 0x01, 1, 0, 7];
        append(&log, LEDGER, &[Raw(bytes.clone()), Raw(newer), Raw(bytes)]).await;
        let _managing = Managing::start(&log, target.port.clone());
        let taken = settled(&log, 1, 1).await;
        // What stands before it is done; what stands after it would make the target skip it for good.
        assert_eq!(total(&taken), 1);
    });
}

#[test]
fn given_a_source_that_has_ended_when_managed_then_the_manager_ends() {
    simulated(async {
        let log = MemoryLog::new(Faults::none());
        let target = Stage::on(log.clone()).lead::<Capped>().await;
        for active in [false, true] {
            let mut managing = Managing::start(&log, target.port.clone());
            managing.active.send_replace(active);
            tokio::time::sleep(Duration::from_secs(1)).await;
            // The partition's task is gone, and with it the sender.
            managing.active = watch::channel(false).0;
            let ended = tokio::time::timeout(Duration::from_secs(60), &mut managing.task).await;
            assert!(ended.is_ok(), "it waits for nobody");
        }
    });
}
