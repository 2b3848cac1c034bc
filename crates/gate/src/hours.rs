//! Calling hours: the clock on the wall must be inside them in every zone that the contact point may be in.

use events::gate::PolicyV1;
use model::Timestamp;

use crate::zone::ZoneClock;

/// How far ahead an opening is looked for. Caps free up within eight days; zones whose hours do not meet by then
/// may meet after a change of daylight saving, but nobody waits for that.
const HORIZON_MS: i64 = 16 * 86_400_000;

/// Whether every clock is inside the hours.
pub(crate) fn open<'a>(
    clocks: impl Iterator<Item = &'a ZoneClock>,
    policy: &PolicyV1,
    at: Timestamp,
) -> bool {
    clocks.into_iter().all(|clock| open_in(clock, policy, at))
}

/// The first moment from `from` on at which every clock is inside the hours.
pub(crate) fn next_open<'a>(
    clocks: impl Iterator<Item = &'a ZoneClock> + Clone,
    policy: &PolicyV1,
    from: Timestamp,
) -> Option<Timestamp> {
    let mut at = from;
    // Each clock moves the moment to its own next opening; when none moves it, all agree.
    loop {
        let mut later = at;
        for clock in clocks.clone() {
            later = next_open_in(clock, policy, later)?;
        }
        if later == at {
            return Some(at);
        }
        if later.ms_since(from) > HORIZON_MS {
            return None;
        }
        at = later;
    }
}

fn open_in(clock: &ZoneClock, policy: &PolicyV1, at: Timestamp) -> bool {
    (policy.from_s..=policy.until_s).contains(&clock.second_of_day(at))
}

fn next_open_in(clock: &ZoneClock, policy: &PolicyV1, at: Timestamp) -> Option<Timestamp> {
    if open_in(clock, policy, at) {
        return Some(at);
    }
    // The hours begin where the clock reaches the first second, or where it jumps into them.
    let moments = clock.moments_of(policy.from_s, at);
    moments.into_iter().filter(|moment| *moment >= at && open_in(clock, policy, *moment)).min()
}
