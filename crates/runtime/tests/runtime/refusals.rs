//! Repeated refusals cost a number, and the number is right.

use std::time::Duration;

use eventlog::memory::{Faults, MemoryLog};

use crate::capped::{Answer, Capped, Happened, key, take};
use crate::stage::{GATE, Stage, logged, order, simulated};

#[test]
fn given_a_hammering_client_when_time_passes_then_its_refusals_are_counted_exactly() {
    simulated(async {
        let log = MemoryLog::new(Faults::none());
        let stage = Stage::on(log.clone());
        let running = stage.lead::<Capped>().await;
        let mut number = 0;
        for (round, repeats) in [(0_u32, 40_u32), (1, 1), (2, 0), (3, 300)] {
            for _ in 0..repeats + u32::from(round == 0) {
                number += 1;
                let _ = running.port.submit(order(number, take(1, 0))).await;
            }
            stage.clock.advance_to(stage.clock.at().plus_ms(1500));
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(running.port.query(0, key(1)).await.expect("it leads").count.repeated, 341);
        let counts: Vec<_> = logged::<Happened>(&log, GATE)
            .await
            .into_iter()
            .filter_map(|logged| match logged.event {
                Happened::Repeated(repeated) => Some(repeated.count),
                _ => None,
            })
            .collect();
        assert_eq!(counts, [40, 1, 300]);
    });
}

#[test]
fn given_more_tallies_than_a_record_holds_when_time_passes_then_none_is_lost() {
    const KEYS: u32 = 12_000;
    simulated(async {
        let log = MemoryLog::new(Faults::none());
        let stage = Stage::on(log.clone());
        let running = stage.lead::<Capped>().await;
        for round in 0..2 {
            let orders = (0..KEYS).map(|n| order(u64::from(round * KEYS + n), take(n, 0))).collect();
            let answers = running.port.submit_all(orders).await;
            let recorded = answers.iter().filter(|answer| matches!(answer, Ok(Answer::Refused { .. })));
            assert_eq!(recorded.count(), if round == 0 { KEYS as usize } else { 0 });
        }
        stage.clock.advance_to(stage.clock.at().plus_ms(1500));
        tokio::time::sleep(Duration::from_secs(1)).await;
        running.stop().await;
        let state = stage.replica::<Capped>(false).await.state;
        assert_eq!(state.counts.values().map(|count| count.repeated).sum::<u32>(), KEYS);
    });
}
