//! The same command again: its first answer, and nothing twice.

use std::time::Duration;

use eventlog::embedded::EmbeddedLog;
use eventlog::memory::{Faults, MemoryLog};
use events::{Code, Position};

use crate::capped::{Answer, Capped, Happened, take};
use crate::held_log::HeldLog;
use crate::stage::{GATE, Stage, code, id, logged, order, simulated};

#[test]
fn given_an_answered_command_when_given_again_then_the_first_answer_comes_and_other_input_is_refused() {
    simulated(async {
        let log = MemoryLog::new(Faults::none());
        let running = Stage::on(log.clone()).lead::<Capped>().await;
        let first = running.port.submit(order(1, take(1, 9))).await;
        assert_eq!(first, Ok(Answer::Taken { nth: 1, position: Position(1) }));
        running.port.submit(order(2, take(1, 9))).await.expect("below the cap");
        assert_eq!(running.port.submit(order(1, take(1, 9))).await, first);
        assert_eq!(code(running.port.submit(order(1, take(1, 8))).await), Some(Code::COMMAND_ID_REUSED));
        // Within one submission, too.
        let answers = running.port.submit_all(vec![order(3, take(2, 9)), order(3, take(2, 9))]).await;
        assert_eq!(answers[0], answers[1]);
        assert_eq!(logged::<Happened>(&log, GATE).await.len(), 3);
    });
}

#[test]
fn given_a_command_in_flight_when_given_again_then_both_get_the_first_answer() {
    simulated(async {
        let log = HeldLog::new();
        let running = Stage::on(log.clone()).lead::<Capped>().await;
        log.hold();
        let give = || {
            let port = running.port.clone();
            tokio::spawn(async move { port.submit(order(1, take(1, 9))).await })
        };
        let first = give();
        tokio::time::sleep(Duration::from_secs(1)).await;
        let again = give();
        let other = running.port.submit(order(1, take(2, 9)));
        let other = tokio::time::timeout(Duration::from_secs(5), other).await;
        assert!(other.is_err(), "a refusal that rests on a record in flight waits for it, got {other:?}");
        assert!(!first.is_finished() && !again.is_finished());
        log.release();
        let expected = Ok(Answer::Taken { nth: 1, position: Position(1) });
        assert_eq!(first.await.expect("no panic"), expected);
        assert_eq!(again.await.expect("no panic"), expected);
        assert_eq!(logged::<Happened>(&log, GATE).await.len(), 1);
    });
}

#[test]
fn given_a_restart_when_a_command_is_given_again_then_the_first_answer_comes() {
    let directory = tempfile::tempdir().expect("a directory");
    for snapshots in [false, true] {
        simulated(async {
            let log = MemoryLog::new(Faults::none());
            let mut stage = Stage::on(log.clone());
            stage.options.snapshots = snapshots.then(|| directory.path().to_owned());
            let running = stage.lead::<Capped>().await;
            let mut answers = Vec::new();
            for n in 0..20 {
                answers.push(running.port.submit(order(n, take(1, 5))).await);
            }
            running.stop().await;
            assert_eq!(directory.path().join("gate-0.snapshot").exists(), snapshots);
            let running = stage.lead::<Capped>().await;
            for (n, answer) in answers.iter().enumerate() {
                assert_eq!(running.port.submit(order(n as u64, take(1, 5))).await, *answer, "command {n}");
            }
            assert_eq!(code(running.port.submit(order(0, take(2, 5))).await), Some(Code::COMMAND_ID_REUSED));
            let events = logged::<Happened>(&log, GATE).await;
            let taken = events.iter().filter(|logged| matches!(logged.event, Happened::Taken(_)));
            assert_eq!(taken.count(), 5);
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_the_embedded_store_when_reopened_then_retries_get_their_first_answers() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut first = Vec::new();
    for round in 0..2 {
        let log = EmbeddedLog::open(&directory.path().join("log")).expect("it opens");
        let mut stage = Stage::on(log);
        stage.options.snapshots = Some(directory.path().join("snapshots"));
        let running = stage.lead::<Capped>().await;
        let orders = || (0..200_u64).map(|n| order(n, take(n as u32 % 4, 30))).collect();
        let answers: Vec<_> = running.port.submit_all(orders()).await.into_iter().map(Result::ok).collect();
        if round == 0 {
            first = answers.clone();
        }
        for (n, answer) in answers.iter().enumerate() {
            // Refusals are decided again; what was accepted is not.
            assert!(
                first[n].is_none() || *answer == first[n],
                "command {n}: {answer:?}, first {:?}",
                first[n]
            );
        }
        running.stop().await;
        let events = logged::<Happened>(&*stage.log, GATE).await;
        let taken = events.iter().filter(|logged| matches!(logged.event, Happened::Taken(_)));
        assert_eq!(taken.count(), 120);
    }
}

#[test]
fn given_more_commands_than_are_remembered_when_restarted_then_the_same_ones_are_remembered() {
    let directory = tempfile::tempdir().expect("a directory");
    simulated(async {
        let mut stage = Stage::on(MemoryLog::new(Faults::none()));
        stage.options.commands_max = 4;
        stage.options.snapshots = Some(directory.path().to_owned());
        for term in 0..4_u64 {
            let running = stage.lead::<Capped>().await;
            let numbers = term * 10..term * 10 + 1 + term;
            for n in numbers.clone() {
                running.port.submit(order(n, take(1, 100))).await.expect("below the cap");
            }
            for n in numbers {
                let reused = code(running.port.submit(order(n, take(9, 0))).await);
                assert_eq!(reused, Some(Code::COMMAND_ID_REUSED), "command {n}");
            }
            running.stop().await;
            // The snapshot has what the leader remembered, the replay what its successor would.
            let (leader, replayed) =
                (stage.replica::<Capped>(true).await, stage.replica::<Capped>(false).await);
            for n in 0..40 {
                assert_eq!(
                    leader.commands.get(&id(n)),
                    replayed.commands.get(&id(n)),
                    "command {n} in term {term}"
                );
            }
            assert!(term < 2 || leader.commands.get(&id(0)).is_none(), "the oldest is forgotten");
        }
    });
}

#[test]
fn given_a_batch_when_given_again_then_each_record_is_read_once() {
    simulated(async {
        let log = HeldLog::new();
        let running = Stage::on(log.clone()).lead::<Capped>().await;
        let batch = |number: u64| (0..500).map(move |n| order(number * 500 + n, take(n as u32, 100)));
        let first = running.port.submit_all(batch(0).chain(batch(1)).collect()).await;
        assert_eq!(logged::<Happened>(&log, GATE).await.len(), 1000);
        let before = log.reads();
        let again = running.port.submit_all(batch(1).chain(batch(0)).collect()).await;
        let reads = log.reads() - before;
        assert_eq!(again[..500], first[500..]);
        assert_eq!(again[500..], first[..500]);
        assert!(reads <= 4, "1000 commands stand in a few records, {reads} were read");
    });
}
