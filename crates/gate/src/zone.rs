//! Time zones: which ones a contact point may be in, and what day it is there.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Span, Timestamp as Instant};
use model::{Timestamp, ZoneName};
use serde::{Deserialize, Serialize};

const SECOND_MS: i64 = 1000;
const DAY_S: i64 = 86_400;

/// A set of zones; most contact points share a handful of sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct ZoneSet(u32);

/// Every zone and set of zones in use.
#[derive(Debug, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub(crate) struct Zones {
    names: Vec<ZoneName>,
    /// Sorted indices into `names`; the first set is empty.
    sets: Vec<Vec<u16>>,
    /// One a name; `None`: the database does not know it.
    #[serde(skip)]
    clocks: Vec<Option<ZoneClock>>,
    #[serde(skip)]
    numbers: BTreeMap<Vec<u16>, ZoneSet>,
}

/// What a snapshot holds.
#[derive(Deserialize)]
struct Stored {
    names: Vec<ZoneName>,
    sets: Vec<Vec<u16>>,
}

impl From<Stored> for Zones {
    fn from(Stored { names, sets }: Stored) -> Self {
        let clocks = names.iter().map(ZoneClock::open).collect();
        // Fewer than 2^32 sets, as `union` sees to.
        let numbers =
            sets.iter().enumerate().map(|(index, set)| (set.clone(), ZoneSet(index as u32))).collect();
        Self { names, sets, clocks, numbers }
    }
}

impl Default for Zones {
    fn default() -> Self {
        Stored { names: Vec::new(), sets: vec![Vec::new()] }.into()
    }
}

impl Zones {
    /// The names in a set.
    pub fn names(&self, set: ZoneSet) -> impl Iterator<Item = &ZoneName> {
        self.indices(set).iter().filter_map(|index| self.names.get(usize::from(*index)))
    }

    /// The clocks of a set's zones that the database knows.
    pub fn clocks(&self, set: ZoneSet) -> impl Iterator<Item = &ZoneClock> + Clone {
        self.indices(set).iter().filter_map(|index| self.clocks.get(usize::from(*index))?.as_ref())
    }

    /// The set with these zones added. Names beyond the 65,535th different one are ignored; there are about 600.
    pub fn union(&mut self, set: ZoneSet, names: &[ZoneName]) -> ZoneSet {
        let mut indices = self.indices(set).to_vec();
        for name in names {
            if let Some(index) = self.index(name) {
                indices.push(index);
            }
        }
        indices.sort_unstable();
        indices.dedup();
        if let Some(number) = self.numbers.get(&indices) {
            return *number;
        }
        let Ok(number) = u32::try_from(self.sets.len()).map(ZoneSet) else { return set };
        self.numbers.insert(indices.clone(), number);
        self.sets.push(indices);
        number
    }

    /// Remembers today's bounds in a set's zones, so that deciding does not have to look them up. A cache: it
    /// changes no decision.
    pub fn remember_today(&mut self, set: ZoneSet, at: Timestamp) {
        let Some(indices) = self.sets.get(set.0 as usize) else { return };
        for index in indices {
            let clock = self.clocks.get_mut(usize::from(*index)).and_then(Option::as_mut);
            if let Some(clock) = clock.filter(|clock| !clock.memo.contains(at)) {
                clock.memo = clock.look_up(at);
            }
        }
    }

    fn indices(&self, set: ZoneSet) -> &[u16] {
        self.sets.get(set.0 as usize).map_or(&[], Vec::as_slice)
    }

    fn index(&mut self, name: &ZoneName) -> Option<u16> {
        if let Some(index) = self.names.iter().position(|known| known == name) {
            return u16::try_from(index).ok();
        }
        let index = u16::try_from(self.names.len()).ok()?;
        self.names.push(name.clone());
        self.clocks.push(ZoneClock::open(name));
        Some(index)
    }
}

/// A zone's clock and calendar.
#[derive(Debug)]
pub(crate) struct ZoneClock {
    zone: TimeZone,
    memo: Today,
}

/// A calendar day of a zone, in milliseconds of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Today {
    /// Its first moment.
    pub start: Timestamp,
    /// The first moment of the next day.
    end: Timestamp,
    /// The first moment of the day six days earlier: with it, seven days.
    pub six_before: Timestamp,
    /// Local time less UTC, if it is the same all day.
    offset_s: Option<i64>,
}

impl Today {
    fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }
}

/// A day that contains no moment.
const NO_DAY: Today =
    Today { start: Timestamp(0), end: Timestamp(0), six_before: Timestamp(0), offset_s: None };

impl ZoneClock {
    /// Of the bundled database, whatever the machine has installed.
    fn open(name: &ZoneName) -> Option<Self> {
        let zone = TimeZoneDatabase::bundled().get(name.as_str()).ok()?;
        Some(Self { zone, memo: NO_DAY })
    }

    /// The calendar day at a moment.
    pub fn today(&self, at: Timestamp) -> Today {
        if self.memo.contains(at) { self.memo } else { self.look_up(at) }
    }

    fn look_up(&self, at: Timestamp) -> Today {
        let date = self.date(at);
        let (start, end) = (self.start_of(date, 0), self.start_of(date, 1));
        let changes = self.changes_after(start).next().is_some_and(|change| change < end);
        let offset_s = (!changes).then(|| self.offset_s(at));
        Today { start, end, six_before: self.start_of(date, -6), offset_s }
    }

    /// Seconds since local midnight as the clock on the wall shows them.
    pub fn second_of_day(&self, at: Timestamp) -> u32 {
        let memo = self.memo.offset_s.filter(|_| self.memo.contains(at));
        let offset_s = memo.unwrap_or_else(|| self.offset_s(at));
        // Below 86,400.
        (at.0.div_euclid(SECOND_MS) + offset_s).rem_euclid(DAY_S) as u32
    }

    /// The first moment of the day that comes `days` calendar days after the one that contains `at`.
    pub fn start_of_day_after(&self, at: Timestamp, days: i64) -> Timestamp {
        self.start_of(self.date(at), days)
    }

    /// Every moment at which the clock on the wall may begin to show this second on the day of `at` or the one after,
    /// and every jump of the clock until then; not in order.
    pub fn moments_of(&self, second: u32, at: Timestamp) -> Vec<Timestamp> {
        let mut moments = Vec::new();
        let date = self.date(at);
        for days in 0..=2 {
            let Some(date) = after(date, days) else { continue };
            let [hour, minute, second] =
                [second / 3600, second / 60 % 60, second % 60].map(|part| part as i8);
            let shown = self.zone.to_ambiguous_timestamp(date.at(hour, minute, second, 0));
            // Both are the same moment unless the clock shows this second twice, or skips it. A skipped one gives
            // moments that are only candidates; the jump itself is the one before them.
            moments.extend(shown.earlier().ok().map(timestamp));
            moments.extend(shown.later().ok().map(timestamp));
        }
        let until = self.start_of(date, 3);
        moments.extend(self.changes_after(at).take_while(|change| *change <= until));
        moments
    }

    fn changes_after(&self, at: Timestamp) -> impl Iterator<Item = Timestamp> {
        self.zone.following(instant(at)).map(|change| timestamp(change.timestamp()))
    }

    fn date(&self, at: Timestamp) -> Date {
        self.zone.to_datetime(instant(at)).date()
    }

    fn offset_s(&self, at: Timestamp) -> i64 {
        i64::from(self.zone.to_offset(instant(at)).seconds())
    }

    /// The first moment of a day, also where midnight is skipped or comes twice.
    fn start_of(&self, date: Date, days: i64) -> Timestamp {
        let midnight = after(date, days).map(|date| self.zone.to_ambiguous_timestamp(date.at(0, 0, 0, 0)));
        match midnight.map(jiff::tz::AmbiguousTimestamp::compatible) {
            Some(Ok(start)) => timestamp(start),
            // Beyond the year 9999: no day starts there.
            _ if days > 0 => Timestamp(i64::MAX),
            _ => Timestamp(i64::MIN),
        }
    }
}

fn after(date: Date, days: i64) -> Option<Date> {
    date.checked_add(Span::new().days(days)).ok()
}

fn instant(at: Timestamp) -> Instant {
    let bound = if at.0 < 0 { Instant::MIN } else { Instant::MAX };
    Instant::from_millisecond(at.0).unwrap_or(bound)
}

fn timestamp(instant: Instant) -> Timestamp {
    Timestamp(instant.as_millisecond())
}
