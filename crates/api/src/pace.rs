//! Pacing: how often somebody may try. About load and guessing, never about law: the gate's caps are exact.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::time::Duration;

use events::{Code, Reason, Refusal};
use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{DefaultDirectRateLimiter, NotUntil, Quota, RateLimiter};
use model::Timestamp;

/// What happens to a key that there is no room to remember.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhenFull {
    /// It may go on: only the pace of all together holds it.
    Admit,
    /// It may not.
    Refuse,
}

/// Paces each key, and all keys together. Remembers a bounded number of keys.
pub(crate) struct Pace<K: Hash + Eq + Clone> {
    each: RateLimiter<K, HashMapStateStore<K>, DefaultClock>,
    all: DefaultDirectRateLimiter,
    keys_max: usize,
    when_full: WhenFull,
    clock: DefaultClock,
}

/// `burst` at once, and again after `period` in all.
pub(crate) fn quota(burst: u32, period: Duration) -> Quota {
    let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
    // Only a period of zero has no quota; none of ours is.
    Quota::with_period(period / burst.get()).unwrap_or(Quota::per_second(burst)).allow_burst(burst)
}

impl<K: Hash + Eq + Clone> Pace<K> {
    pub(crate) fn new(each: Quota, all: Quota, keys_max: usize, when_full: WhenFull) -> Self {
        let clock = DefaultClock::default();
        Self { each: RateLimiter::hashmap(each), all: RateLimiter::direct(all), keys_max, when_full, clock }
    }

    /// One more try of `key`, or until when not.
    pub(crate) fn admit(&self, key: &K, now: Timestamp) -> Result<(), Refusal> {
        if self.has_room() {
            self.each.check_key(key).map_err(|until| self.wait(&until, now))?;
        } else if self.when_full == WhenFull::Refuse {
            return Err(busy("too many different askers at once", now.plus_ms(60_000)));
        }
        self.all.check().map_err(|until| self.wait(&until, now))
    }

    fn has_room(&self) -> bool {
        if self.each.len() < self.keys_max {
            return true;
        }
        self.each.retain_recent();
        self.each.shrink_to_fit();
        self.each.len() < self.keys_max
    }

    fn wait(&self, until: &NotUntil<<DefaultClock as Clock>::Instant>, now: Timestamp) -> Refusal {
        let wait_ms = i64::try_from(until.wait_time_from(self.clock.now()).as_millis()).unwrap_or(i64::MAX);
        busy("too many tries", now.plus_ms(wait_ms.max(1)))
    }
}

fn busy(detail: &str, next_allowed: Timestamp) -> Refusal {
    Reason { next_allowed: Some(next_allowed), ..Reason::detail(Code::BUSY, detail) }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);
    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn given_a_burst_used_up_when_tried_again_then_it_says_until_when() {
        let pace = Pace::new(quota(3, HOUR), quota(1000, HOUR), 10, WhenFull::Refuse);
        assert!((0..3).all(|_| pace.admit(&1, NOW).is_ok()));
        let refusal = pace.admit(&1, NOW).expect_err("used up");
        assert_eq!(refusal.reasons[0].code, Code::BUSY);
        let wait = refusal.next_allowed.expect("by time").ms_since(NOW);
        assert!((1..=1_200_000).contains(&wait), "{wait}");
        assert!(pace.admit(&2, NOW).is_ok(), "another key has its own pace");
    }

    #[test]
    fn given_all_together_at_their_pace_then_a_new_key_waits_too() {
        let pace = Pace::new(quota(3, HOUR), quota(4, HOUR), 10, WhenFull::Refuse);
        assert!((0..4).all(|key| pace.admit(&key, NOW).is_ok()));
        assert!(pace.admit(&9, NOW).is_err());
    }

    #[test]
    fn given_no_room_for_keys_then_memory_is_bounded_and_the_choice_holds() {
        for (when_full, admitted) in [(WhenFull::Refuse, false), (WhenFull::Admit, true)] {
            let pace = Pace::new(quota(3, HOUR), quota(1000, HOUR), 10, when_full);
            assert!((0..10).all(|key| pace.admit(&key, NOW).is_ok()));
            assert_eq!(pace.admit(&10, NOW).is_ok(), admitted);
            assert_eq!(pace.each.len(), 10);
        }
    }
}
