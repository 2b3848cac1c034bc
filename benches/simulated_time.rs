//! The time of a measurement: it passes as fast as ours, begins within hours everywhere, and can skip a week.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use model::Timestamp;
use runtime::SimulatedClock;
use tokio::task::JoinHandle;

/// Wednesday, 25 November 2026, 10:00 in Shanghai; Tuesday, 18:00, in Los Angeles.
pub const BEGIN: Timestamp = Timestamp(1_795_572_000_000);

/// How often the clock is moved.
const STEP: Duration = Duration::from_millis(2);

/// See the module. It passes until it is dropped.
pub struct SimulatedTime {
    clock: SimulatedClock,
    began: Instant,
    skipped_ms: Arc<AtomicI64>,
    passing: JoinHandle<()>,
}

impl SimulatedTime {
    /// Begins to pass, at `begin`.
    pub fn starting(begin: Timestamp) -> Self {
        let (clock, began) = (SimulatedClock::starting(begin), Instant::now());
        let skipped_ms = Arc::new(AtomicI64::new(begin.0));
        let passing = tokio::spawn({
            let (clock, skipped_ms) = (clock.clone(), Arc::clone(&skipped_ms));
            async move {
                loop {
                    tokio::time::sleep(STEP).await;
                    clock.advance_to(at(began, &skipped_ms));
                }
            }
        });
        Self { clock, began, skipped_ms, passing }
    }

    /// What shows it.
    pub fn clock(&self) -> SimulatedClock {
        self.clock.clone()
    }

    /// So much passes at once.
    pub fn skip_ms(&self, skipped_ms: i64) {
        self.skipped_ms.fetch_add(skipped_ms, Ordering::AcqRel);
        self.clock.advance_to(at(self.began, &self.skipped_ms));
    }

    /// Seven days pass at once.
    pub fn skip_week(&self) {
        self.skip_ms(7 * 86_400_000);
    }
}

impl Drop for SimulatedTime {
    fn drop(&mut self) {
        self.passing.abort();
    }
}

fn at(began: Instant, skipped_ms: &AtomicI64) -> Timestamp {
    Timestamp(skipped_ms.load(Ordering::Acquire)).plus_ms(began.elapsed().as_millis() as i64)
}
