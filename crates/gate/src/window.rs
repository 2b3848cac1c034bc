//! Counting: an exact sliding log of attempts for each contact point.

use events::Position;
use events::gate::Count;
use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::permit::Permits;
use crate::zone::ZoneClock;

/// An attempt older than this is in no window: seven calendar days, with room for a zone that moves across the
/// date line.
const KEEP_MS: i64 = 9 * 86_400_000;

/// The attempts on one contact point, eight bytes each.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Attempts(Vec<Slot>);

/// From 0: the time of a redeemed attempt. Below: the complement of the place of a permit that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Slot(i64);

enum View {
    /// Made, or being made, since then.
    Made(Timestamp),
    /// Reserved.
    Waiting(Position),
}

impl Slot {
    const fn made(at: Timestamp) -> Self {
        // Nothing was called before 1970.
        Self(if at.0 < 0 { 0 } else { at.0 })
    }

    const fn waiting(permit: Position) -> Self {
        Self(!(permit.0 as i64))
    }

    const fn view(self) -> View {
        if self.0 < 0 { View::Waiting(Position(!self.0 as u64)) } else { View::Made(Timestamp(self.0)) }
    }
}

/// What counts now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    /// On the calendar day.
    pub day: u32,
    /// On it and the six days before.
    pub seven_days: u32,
}

/// Over which days an attempt counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Window {
    /// Its own calendar day.
    Day,
    /// Its own calendar day and the six after it.
    SevenDays,
}

impl Window {
    const fn days(self) -> i64 {
        match self {
            Self::Day => 1,
            Self::SevenDays => 7,
        }
    }
}

impl Attempts {
    /// A permit was reserved.
    pub fn reserve(&mut self, permit: Position, at: Timestamp) {
        self.0.retain(|slot| match slot.view() {
            View::Made(made) => at.ms_since(made) <= KEEP_MS,
            View::Waiting(_) => true,
        });
        self.0.push(Slot::waiting(permit));
    }

    /// A permit was redeemed: it counts at that time.
    pub fn redeem(&mut self, permit: Position, at: Timestamp) {
        if let Some(slot) = self.0.iter_mut().find(|slot| **slot == Slot::waiting(permit)) {
            *slot = Slot::made(at);
        }
    }

    /// A permit expired or was voided.
    pub fn drop_waiting(&mut self, permit: Position) {
        self.0.retain(|slot| *slot != Slot::waiting(permit));
    }

    /// An attempt made at this time is given back.
    pub fn give_back(&mut self, made: Timestamp) {
        if let Some(index) = self.0.iter().position(|slot| *slot == Slot::made(made)) {
            self.0.swap_remove(index);
        }
    }

    /// Permits that no event has closed yet, expired ones included.
    pub fn waiting(&self) -> impl Iterator<Item = Position> {
        self.0.iter().filter_map(|slot| match slot.view() {
            View::Waiting(permit) => Some(permit),
            View::Made(_) => None,
        })
    }

    /// The counts in the strictest of the zones; `None` without a zone.
    pub fn count<'a>(
        &self,
        clocks: impl Iterator<Item = &'a ZoneClock>,
        permits: &Permits,
        now: Timestamp,
    ) -> Option<Counts> {
        let mut strictest: Option<Counts> = None;
        for clock in clocks {
            let mut counts = Counts::default();
            if !self.0.is_empty() {
                let today = clock.today(now);
                for slot in &self.0 {
                    let (in_day, in_seven) = match slot.view() {
                        View::Made(made) => (made >= today.start, made >= today.six_before),
                        View::Waiting(permit) => [permits.waits(permit, now); 2].into(),
                    };
                    counts.day += u32::from(in_day);
                    counts.seven_days += u32::from(in_seven);
                }
            }
            let most = strictest.get_or_insert_default();
            most.day = most.day.max(counts.day);
            most.seven_days = most.seven_days.max(counts.seven_days);
        }
        strictest
    }

    /// The first moment from `now` on at which fewer than `cap` count in every zone, if nothing else happens: permits
    /// that wait expire, and days pass. `None` if the cap is zero.
    pub fn next_below<'a>(
        &self,
        window: Window,
        cap: u16,
        clocks: impl Iterator<Item = &'a ZoneClock>,
        permits: &Permits,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let mut latest = now;
        for clock in clocks {
            let mut ends: Vec<Timestamp> = self
                .0
                .iter()
                .map(|slot| match slot.view() {
                    View::Made(made) => clock.start_of_day_after(made, window.days()),
                    View::Waiting(permit) => {
                        permits.expires_at(permit).map_or(Timestamp(i64::MAX), |last| last.plus_ms(1))
                    }
                })
                .filter(|end| *end > now)
                .collect();
            ends.sort_unstable();
            // As many must end as there are too many for one more.
            if let Some(surplus) = ends.len().checked_sub(usize::from(cap)) {
                latest = latest.max(*ends.get(surplus)?);
            }
        }
        Some(latest)
    }
}

/// What is recorded of a count; saturates.
pub(crate) fn recorded(counted: u32, limit: u16) -> Count {
    Count { counted: u16::try_from(counted).unwrap_or(u16::MAX), limit }
}
