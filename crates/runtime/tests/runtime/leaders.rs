//! Two instances on one log: who leads, who only thinks so, and who takes over.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use eventlog::memory::{Faults, MemoryLog};
use events::{Code, StreamId};
use model::InstanceId;
use runtime::{Leadership, Lease, SoleInstance};
use tokio::sync::watch;

use crate::capped::{Answer, Capped, Happened, key, take};
use crate::crashes::{client, recount};
use crate::stage::{Address, Chance, GATE, Stage, code, for_seeds, logged, order, simulated};

/// One instance's view of who is appointed.
struct Appointment {
    me: u32,
    appointed: watch::Receiver<u32>,
}

struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[async_trait]
impl Leadership for Appointment {
    async fn acquire(&self, _stream: StreamId) -> Lease {
        let (me, mut appointed) = (self.me, self.appointed.clone());
        let _ = appointed.wait_for(|appointed| *appointed == me).await;
        let (lost, is_lost) = watch::channel(false);
        let watching = tokio::spawn(async move {
            if appointed.wait_for(|appointed| *appointed != me).await.is_ok() {
                lost.send_replace(true);
            }
            std::future::pending::<()>().await;
        });
        Lease::kept(is_lost, Box::new(AbortOnDrop(watching.abort_handle())))
    }
}

/// Two instances and who is appointed among them.
fn two(log: &MemoryLog) -> (Stage, Stage, watch::Sender<u32>) {
    let (appoint, appointed) = watch::channel(1);
    let stage = |me| {
        let mut stage = Stage::on(log.clone());
        stage.leadership = Arc::new(Appointment { me, appointed: appointed.clone() });
        stage.options.instance = InstanceId(me);
        stage
    };
    (stage(1), stage(2), appoint)
}

#[test]
fn given_a_stale_leader_when_it_is_given_a_command_then_it_is_unavailable_and_the_log_has_it_once() {
    simulated(async {
        let log = MemoryLog::new(Faults::none());
        let stage = Stage::on(log.clone());
        let stale = stage.lead::<Capped>().await;
        let first = stale.port.submit(order(1, take(1, 3))).await;
        // The second takes over; the first does not know.
        let fresh = stage.lead::<Capped>().await;
        let second = fresh.port.submit(order(2, take(1, 3))).await;
        assert!(matches!(second, Ok(Answer::Taken { nth: 2, .. })));
        assert_eq!(code(stale.port.submit(order(3, take(1, 3))).await), Some(Code::UNAVAILABLE));
        stale.stop().await;
        let third = fresh.port.submit(order(3, take(1, 3))).await;
        assert!(matches!(third, Ok(Answer::Taken { nth: 3, .. })));
        assert!(matches!(fresh.port.submit(order(4, take(1, 3))).await, Ok(Answer::Refused { .. })));
        assert_eq!(fresh.port.submit(order(1, take(1, 3))).await, first);
        assert_eq!(logged::<Happened>(&log, GATE).await.len(), 4);
    });
}

#[test]
fn given_a_stale_leader_with_records_in_flight_when_fenced_then_they_count_for_nothing_or_once() {
    for_seeds("given_a_stale_leader_with_records", 100, |seed| async move {
        let late = Faults { seed, delayed: 700, delay_max: 40, ..Faults::none() };
        let log = MemoryLog::new(if seed % 2 == 0 { late } else { Faults::some(seed) });
        // Both believe that they lead, all the time.
        let mut stage = Stage::on(log.clone());
        stage.leadership = Arc::new(SoleInstance);
        let (one, two) = (stage.start::<Capped>(), stage.start::<Capped>());
        let address = Address::of(vec![one.port.clone(), two.port.clone()]);
        let clients: Vec<_> =
            (0..24).map(|n| tokio::spawn(client(n, 5, address.clone(), Chance(seed << 8 | n)))).collect();
        let mut chance = Chance(!seed);
        for _ in 0..seed % 3 {
            tokio::time::sleep(Duration::from_millis(chance.below(600))).await;
            log.crash();
        }
        let mut told = Vec::new();
        for client in clients {
            told.extend(client.await.expect("no panic"));
        }
        recount(&log, GATE, &told).await;
    });
}

#[test]
fn given_a_hot_standby_when_the_lease_is_lost_then_it_goes_on_where_the_leader_was() {
    simulated(async {
        let log = MemoryLog::new(Faults::none());
        let (first, second, appoint) = two(&log);
        let mut leader = first.start::<Capped>();
        let mut standby = second.start::<Capped>();
        leader.service.ready().await.expect("it leads");
        let answer = leader.port.submit(order(1, take(1, 3))).await;
        assert!(matches!(answer, Ok(Answer::Taken { nth: 1, .. })));
        assert_eq!(code(standby.port.submit(order(1, take(1, 3))).await), Some(Code::UNAVAILABLE));
        appoint.send_replace(2);
        standby.service.ready().await.expect("it takes over");
        assert_eq!(standby.port.submit(order(1, take(1, 3))).await, answer);
        let again = standby.port.submit(order(2, take(1, 3))).await;
        assert!(matches!(again, Ok(Answer::Taken { nth: 2, .. })));
        assert_eq!(code(leader.port.submit(order(2, take(1, 3))).await), Some(Code::UNAVAILABLE));
        assert_eq!(code(leader.port.query(0, key(1)).await), Some(Code::UNAVAILABLE));
        assert!(!*leader.service.leading()[0].borrow());
        // And back.
        appoint.send_replace(1);
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(leader.port.submit(order(2, take(1, 3))).await, again);
        assert_eq!(leader.port.query(0, key(1)).await.expect("it leads").count.taken, 2);
    });
}

#[test]
fn given_faults_when_leadership_changes_hands_then_nothing_is_lost_or_doubled() {
    for_seeds("given_faults_when_leadership", 60, |seed| async move {
        let log = MemoryLog::new(Faults::some(seed));
        let (first, second, appoint) = two(&log);
        let (one, two) = (first.start::<Capped>(), second.start::<Capped>());
        let address = Address::of(vec![one.port.clone(), two.port.clone()]);
        let clients: Vec<_> =
            (0..24).map(|n| tokio::spawn(client(n, 5, address.clone(), Chance(seed << 8 | n)))).collect();
        let mut chance = Chance(!seed);
        for term in 0..6 {
            tokio::time::sleep(Duration::from_millis(chance.below(300))).await;
            appoint.send_replace(1 + term % 2);
        }
        let mut told = Vec::new();
        for client in clients {
            told.extend(client.await.expect("no panic"));
        }
        recount(&log, GATE, &told).await;
    });
}
