//! Where the time comes from, and whether it can be trusted.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use events::Now;
use model::Timestamp;

/// The source of "now" for decisions.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System(SystemClock),
    /// A time that a driver sets: for demonstrations and tests.
    Simulated(SimulatedClock),
}

impl Clock {
    /// The time to decide at.
    pub fn now(&self) -> Now {
        match self {
            Self::System(clock) => clock.now(),
            Self::Simulated(clock) => Now { at: clock.at(), trusted: true },
        }
    }

    /// Milliseconds between ticks, by this clock.
    pub(crate) const TICK_MS: i64 = 1000;
}

/// The system clock, watched by the monotonic one. Time runs from where the system clock stood at the
/// start, at the pace of the monotonic clock. When the system clock departs from that by more than
/// [`SystemClock::TOLERANCE_MS`] one of the two is wrong, we cannot know which, and the time is not trusted
/// (P1: "or a clock that jumps", P3) until they agree again or the process is restarted.
#[derive(Debug, Clone)]
pub struct SystemClock {
    source: Source,
    started_at: Timestamp,
}

#[derive(Debug, Clone)]
enum Source {
    /// The machine's, since then.
    Machine(Instant),
    /// A driver's, since its steady clock showed this.
    Driven(DrivenClocks, i64),
}

/// The two clocks of a machine that a simulator drives. They are judged as a real machine's are.
#[derive(Debug, Clone, Default)]
pub struct DrivenClocks {
    /// What the monotonic clock shows, in milliseconds.
    pub steady_ms: Arc<AtomicI64>,
    /// What the system clock shows, in milliseconds since 1970.
    pub system_ms: Arc<AtomicI64>,
}

impl SystemClock {
    /// How far the clocks may drift apart: more than NTP slews away in a day (500 ppm is 43 s a day, but a
    /// healthy clock stays far below), less than would matter to a calling hour.
    pub const TOLERANCE_MS: i64 = 30_000;

    /// Starts from the system clock as it is.
    pub fn start() -> Self {
        Self { source: Source::Machine(Instant::now()), started_at: system_time() }
    }

    /// Starts from a driver's clocks as they are.
    pub fn driven(clocks: DrivenClocks) -> Self {
        let steady = clocks.steady_ms.load(Ordering::Acquire);
        let started_at = Timestamp(clocks.system_ms.load(Ordering::Acquire));
        Self { source: Source::Driven(clocks, steady), started_at }
    }

    fn now(&self) -> Now {
        match &self.source {
            Source::Machine(started) => self.judge(started.elapsed(), system_time()),
            Source::Driven(clocks, started) => {
                let elapsed = clocks.steady_ms.load(Ordering::Acquire) - started;
                let elapsed = Duration::from_millis(elapsed.unsigned_abs());
                self.judge(elapsed, Timestamp(clocks.system_ms.load(Ordering::Acquire)))
            }
        }
    }

    fn judge(&self, elapsed: Duration, system: Timestamp) -> Now {
        let elapsed_ms = i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX);
        let steady = self.started_at.plus_ms(elapsed_ms);
        let trusted = system.ms_since(steady).abs() <= Self::TOLERANCE_MS;
        // Within the tolerance follow the system clock, so that slow NTP corrections are taken.
        Now { at: if trusted { system } else { steady }, trusted }
    }
}

fn system_time() -> Timestamp {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
        Err(before) => Timestamp(-i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX)),
    }
}

/// A clock that only moves when told to, and only forwards.
#[derive(Debug, Clone)]
pub struct SimulatedClock(Arc<AtomicI64>);

impl SimulatedClock {
    /// A clock that stands at `at`.
    pub fn starting(at: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(at.0)))
    }

    /// What it shows.
    pub fn at(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Acquire))
    }

    /// Moves it to `at`, unless it is later already.
    pub fn advance_to(&self, at: Timestamp) {
        self.0.fetch_max(at.0, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_jump_of_the_system_clock_when_asked_then_the_time_is_not_trusted() {
        let source = Source::Machine(Instant::now());
        let clock = SystemClock { source, started_at: Timestamp(1_000_000) };
        let minute = Duration::from_secs(60);
        let judge = |system| clock.judge(minute, Timestamp(system));
        assert_eq!(judge(1_061_000), Now { at: Timestamp(1_061_000), trusted: true });
        for jumped in [1_060_000 + 30_001, 1_060_000 - 30_001, 1_060_000 + 8 * 86_400_000] {
            assert_eq!(judge(jumped), Now { at: Timestamp(1_060_000), trusted: false });
        }
    }

    #[test]
    fn given_a_simulated_clock_when_set_back_then_it_stays() {
        let clock = SimulatedClock::starting(Timestamp(5));
        clock.advance_to(Timestamp(9));
        clock.advance_to(Timestamp(7));
        assert_eq!(clock.at(), Timestamp(9));
    }
}
