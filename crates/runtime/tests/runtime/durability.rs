//! No answer before what it rests on is durable; a stop leaves nothing half done.

use std::time::Duration;

use eventlog::memory::{Faults, MemoryLog};
use events::Code;

use crate::capped::{Answer, Capped, Command, Happened, key, take};
use crate::held_log::HeldLog;
use crate::stage::{GATE, Stage, code, logged, order, simulated};

#[test]
fn given_an_event_in_flight_when_an_answer_rests_on_it_then_it_waits() {
    simulated(async {
        let log = HeldLog::new();
        let running = Stage::on(log.clone()).lead::<Capped>().await;
        log.hold();
        let (port, settle) = (running.port.clone(), Duration::from_secs(10));
        let taken = tokio::spawn(async move { port.submit(order(1, take(1, 1))).await });
        tokio::time::sleep(Duration::from_millis(10)).await;
        let port = running.port.clone();
        let unchanged =
            tokio::spawn(async move { port.submit(order(2, Command::Confirm { key: key(1) })).await });
        let port = running.port.clone();
        let refused =
            tokio::spawn(async move { port.submit(order(3, Command::Confirm { key: key(2) })).await });
        let port = running.port.clone();
        let reply = tokio::spawn(async move { port.query(0, key(1)).await });
        let port = running.port.clone();
        let followed = tokio::spawn(async move { port.followed(0, GATE).await });
        tokio::time::sleep(settle).await;
        let ended =
            [taken.is_finished(), unchanged.is_finished(), refused.is_finished(), reply.is_finished()];
        assert_eq!((ended, followed.is_finished()), ([false; 4], false));
        log.release();
        assert!(matches!(taken.await.expect("no panic"), Ok(Answer::Taken { nth: 1, .. })));
        assert_eq!(unchanged.await.expect("no panic"), Ok(Answer::Unchanged));
        assert_eq!(code(refused.await.expect("no panic")), Some(Code::NOT_FOUND));
        assert_eq!(reply.await.expect("no panic").expect("answered").count.taken, 1);
        assert_eq!(followed.await.expect("no panic"), Ok(None));
    });
}

#[test]
fn given_an_event_whose_append_fails_when_an_answer_rested_on_it_then_it_is_unavailable_and_the_event_gone() {
    simulated(async {
        let log = MemoryLog::new(Faults::none());
        let running = Stage::on(log.clone()).lead::<Capped>().await;
        log.set_faults(Faults { dropped: 1000, delayed: 1000, delay_max: 50, ..Faults::none() });
        let (taken, reply) =
            tokio::join!(running.port.submit(order(1, take(1, 1))), running.port.query(0, key(1)));
        assert_eq!(code(taken), Some(Code::UNAVAILABLE));
        assert_eq!(code(reply), Some(Code::UNAVAILABLE));
        log.set_faults(Faults::none());
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(running.port.query(0, key(1)).await.expect("it leads again").count.taken, 0);
        assert_eq!(logged::<Happened>(&log, GATE).await, []);
    });
}

#[test]
fn given_orders_under_way_when_stopped_then_they_are_answered_and_durable_and_tallies_are_kept() {
    simulated(async {
        let log = HeldLog::new();
        let stage = Stage::on(log.clone());
        let running = stage.lead::<Capped>().await;
        for n in 0..9 {
            // One taken, one refusal recorded, seven repeated.
            let _ = running.port.submit(order(n, take(7, 1))).await;
        }
        log.hold();
        let give = |n| {
            let port = running.port.clone();
            tokio::spawn(async move { port.submit(order(n, take(n as u32, 1))).await })
        };
        let given: Vec<_> = (100..150).map(give).collect();
        tokio::time::sleep(Duration::from_millis(10)).await;
        let stopping = tokio::spawn(running.stop());
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert!(!stopping.is_finished(), "what is under way is waited for");
        log.release();
        stopping.await.expect("no panic");
        for given in given {
            assert!(matches!(given.await.expect("no panic"), Ok(Answer::Taken { .. })));
        }
        let events = logged::<Happened>(&log, GATE).await;
        let taken = events.iter().filter(|logged| matches!(logged.event, Happened::Taken(_)));
        assert_eq!(taken.count(), 51);
        let repeated = events.iter().find_map(|logged| match &logged.event {
            Happened::Repeated(repeated) => Some((repeated.key, repeated.count)),
            _ => None,
        });
        assert_eq!(repeated, Some((key(7), 7)));
        assert_eq!(stage.replica::<Capped>(false).await.state.counts[&key(7)].repeated, 7);
    });
}
