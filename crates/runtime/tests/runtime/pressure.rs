//! A full queue makes senders wait; nothing is lost, and nothing grows without bound.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use events::StreamId;
use runtime::{Announce, Mailbox};

use crate::capped::{Answer, Capped, Command, Happened, key, take};
use crate::held_log::HeldLog;
use crate::stage::{GATE, Stage, logged, order, simulated};

#[derive(Default)]
struct Eavesdropper(Mutex<Option<Mailbox<Capped>>>);

#[async_trait]
impl Announce<Capped> for Eavesdropper {
    async fn leading(&self, _stream: StreamId, mailbox: Mailbox<Capped>) -> Option<Box<dyn Send + Sync>> {
        *self.0.lock().expect("no panic") = Some(mailbox);
        Some(Box::new(()))
    }
}

/// Gives `count` commands to a store that does not answer, then lets it.
async fn flood(count: u64, command: impl Fn(u64) -> Command) -> (Stage, Vec<Answer>) {
    let log = HeldLog::new();
    let mut stage = Stage::on(log.clone());
    stage.options.queue = 16;
    let ear = Arc::new(Eavesdropper::default());
    let mut running = stage.announced(Some(Arc::clone(&ear) as Arc<dyn Announce<Capped>>));
    running.service.ready().await.expect("it leads");
    running.port.submit(order(0, take(0, 1))).await.expect("below the cap");
    log.hold();
    let given: Vec<_> = (1..=count)
        .map(|n| {
            let (port, command) = (running.port.clone(), command(n));
            tokio::spawn(async move { port.submit(order(n, command)).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let mailbox = ear.0.lock().expect("no panic").clone().expect("it was announced");
    assert!(mailbox.is_full(), "the store does not answer, so the rest has to wait");
    assert_eq!(mailbox.depth(), 16);
    assert!(given.iter().all(|given| !given.is_finished()));
    log.release();
    let mut answers = Vec::new();
    for given in given {
        answers.push(given.await.expect("no panic").expect("the store answers again"));
    }
    (stage, answers)
}

#[test]
fn given_a_store_that_does_not_answer_when_events_pour_in_then_senders_wait_and_nothing_is_lost() {
    simulated(async {
        let padded = |n: u64| Command::Take { key: key(n as u32), cap: 1, note: 0, padding: vec![0; 4000] };
        let (stage, answers) = flood(2000, padded).await;
        assert!(answers.iter().all(|answer| matches!(answer, Answer::Taken { nth: 1, .. })));
        assert_eq!(logged::<Happened>(&*stage.log, GATE).await.len(), 2001);
    });
}

#[test]
fn given_a_store_that_does_not_answer_when_answers_without_events_pour_in_then_senders_wait() {
    simulated(async {
        // The first goes into flight; the others add nothing, but rest on it.
        let command = |n| if n == 1 { take(1, 1) } else { Command::Confirm { key: key(0) } };
        let (_, answers) = flood(9000, command).await;
        assert!(answers[1..].iter().all(|answer| *answer == Answer::Unchanged));
    });
}
