//! Recorded time never runs backwards, and a clock that is behind the log is not trusted.

use std::time::Duration;

use eventlog::memory::{Faults, MemoryLog};
use runtime::SimulatedClock;

use crate::capped::{Capped, Happened, key, take};
use crate::held_log::HeldLog;
use crate::stage::{GATE, NOON, Stage, logged, order, simulated};

#[test]
fn given_a_clock_set_back_when_restarted_then_recorded_time_stands_still() {
    simulated(async {
        let log = MemoryLog::new(Faults::none());
        let mut stage = Stage::on(log.clone());
        let mut number = 0;
        for step_ms in [0, 5_000, -3_600_000, 2_000, -1] {
            stage.clock = SimulatedClock::starting(stage.clock.at().plus_ms(step_ms));
            let running = stage.lead::<Capped>().await;
            number += 1;
            running.port.submit(order(number, take(1, 9))).await.expect("below the cap");
        }
        let times: Vec<_> =
            logged::<Happened>(&log, GATE).await.iter().map(|logged| logged.at.0 - NOON.0).collect();
        assert_eq!(times, [0, 5_000, 5_000, 5_000, 5_000]);
    });
}

#[test]
fn given_a_clock_far_behind_the_log_when_deciding_then_the_time_is_not_trusted() {
    simulated(async {
        let mut stage = Stage::on(MemoryLog::new(Faults::none()));
        let running = stage.lead::<Capped>().await;
        running.port.submit(order(1, take(1, 9))).await.expect("below the cap");
        running.stop().await;
        // At midnight the log would still say noon, and a call would seem to be within calling hours.
        for (behind_ms, trusted) in [(0, true), (20_000, true), (12 * 3_600_000, false)] {
            stage.clock = SimulatedClock::starting(NOON.plus_ms(-behind_ms));
            let running = stage.lead::<Capped>().await;
            let reply = running.port.query(0, key(1)).await.expect("it leads");
            assert_eq!((reply.at, reply.trusted), (NOON, trusted), "{behind_ms} ms behind");
            // It is trusted again when it has caught up.
            stage.clock.advance_to(NOON.plus_ms(1));
            let reply = running.port.query(0, key(1)).await.expect("it leads");
            assert_eq!((reply.at, reply.trusted), (NOON.plus_ms(1), true));
        }
    });
}

#[test]
fn given_a_leap_of_months_within_one_record_when_replayed_then_the_times_are_the_same() {
    simulated(async {
        let log = HeldLog::new();
        let stage = Stage::on(log.clone());
        let running = stage.lead::<Capped>().await;
        log.hold();
        let give = |n| {
            let port = running.port.clone();
            tokio::spawn(async move { port.submit(order(n, take(n as u32, 9))).await })
        };
        let mut given = Vec::new();
        for n in 0..4 {
            given.push(give(n));
            tokio::time::sleep(Duration::from_millis(1)).await;
            stage.clock.advance_to(stage.clock.at().plus_ms(40 * 86_400_000));
        }
        log.release();
        for given in given {
            given.await.expect("no panic").expect("below the cap");
        }
        let replayed = stage.replica::<Capped>(false).await.state;
        for n in 0..4 {
            let live = running.port.query(0, key(n)).await.expect("it leads").count;
            assert_eq!(live, replayed.counts[&key(n)], "key {n}");
        }
    });
}
