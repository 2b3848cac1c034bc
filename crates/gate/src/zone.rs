//! Time zones: which ones a contact point may be in, and what day it is there.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Span, Timestamp as Instant};
use model::{Timestamp, ZoneName};
use policy::pack::Window;
use policy::sets::Day;
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

    /// Remembers today's bounds in a set's zones, and since when each window looks back, so that deciding does not have
    /// to look them up. A cache: it changes no decision.
    pub fn remember_today(&mut self, set: ZoneSet, windows: &[Window], at: Timestamp) {
        let Some(indices) = self.sets.get(set.0 as usize) else { return };
        for index in indices {
            let clock = self.clocks.get_mut(usize::from(*index)).and_then(Option::as_mut);
            if let Some(clock) = clock.filter(|clock| !clock.memo.covers(windows, at)) {
                let mut memo = clock.look_up(at);
                let calendar = windows.iter().filter(|window| !matches!(window, Window::RollingMs(_)));
                memo.windows = calendar.map(|window| (*window, clock.start_of_window(*window, at))).collect();
                clock.memo = memo;
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
#[derive(Debug, Clone, PartialEq, Eq)]
struct Today {
    /// Its first moment.
    start: Timestamp,
    /// The first moment of the next day.
    end: Timestamp,
    weekday: Day,
    /// Local time less UTC, if it is the same all day.
    offset_s: Option<i64>,
    /// Since when each calendar window looks back.
    windows: Vec<(Window, Timestamp)>,
}

impl Today {
    fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }

    fn covers(&self, windows: &[Window], at: Timestamp) -> bool {
        let known = |window: &Window| self.windows.iter().any(|(known, _)| known == window);
        self.contains(at)
            && windows.iter().all(|window| matches!(window, Window::RollingMs(_)) || known(window))
    }
}

/// A day that contains no moment.
const NO_DAY: Today =
    Today { start: Timestamp(0), end: Timestamp(0), weekday: Day::Thu, offset_s: None, windows: Vec::new() };

impl ZoneClock {
    /// Of the bundled database, whatever the machine has installed.
    fn open(name: &ZoneName) -> Option<Self> {
        let zone = TimeZoneDatabase::bundled().get(name.as_str()).ok()?;
        Some(Self { zone, memo: NO_DAY })
    }

    fn look_up(&self, at: Timestamp) -> Today {
        let date = self.date(at);
        let (start, end) = (self.start_of(date, 0), self.start_of(date, 1));
        let changes = self.changes_after(start).next().is_some_and(|change| change < end);
        let offset_s = (!changes).then(|| self.offset_s(at));
        Today { start, end, weekday: weekday(date), offset_s, windows: Vec::new() }
    }

    /// The first moment of the calendar day at `at`.
    pub fn day_start(&self, at: Timestamp) -> Timestamp {
        if self.memo.contains(at) { self.memo.start } else { self.start_of(self.date(at), 0) }
    }

    /// The day of the week at `at`.
    pub fn weekday(&self, at: Timestamp) -> Day {
        if self.memo.contains(at) { self.memo.weekday } else { weekday(self.date(at)) }
    }

    /// The first moment that a window looks back to from `now`.
    pub fn window_start(&self, window: Window, now: Timestamp) -> Timestamp {
        if let Window::RollingMs(ms) = window {
            // What happened exactly so long ago is out of it.
            return now.plus_ms(1 - ms);
        }
        let memo = self.memo.windows.iter().find(|(known, _)| *known == window);
        match memo.filter(|_| self.memo.contains(now)) {
            Some((_, start)) => *start,
            None => self.start_of_window(window, now),
        }
    }

    fn start_of_window(&self, window: Window, now: Timestamp) -> Timestamp {
        let date = self.date(now);
        match window {
            Window::Days(days) => self.start_of(date, 1 - i64::from(days)),
            Window::Week => self.start_of(date, -i64::from(date.weekday().to_monday_zero_offset())),
            Window::Month => self.start_of(date.first_of_month(), 0),
            Window::RollingMs(ms) => now.plus_ms(1 - ms),
            Window::Ever => Timestamp(i64::MIN),
        }
    }

    /// The first moment at which what happened at `at` is out of a window; `None`: never.
    pub fn window_end(&self, window: Window, at: Timestamp) -> Option<Timestamp> {
        let date = self.date(at);
        match window {
            Window::Days(days) => Some(self.start_of(date, days.into())),
            Window::Week => Some(self.start_of(date, 7 - i64::from(date.weekday().to_monday_zero_offset()))),
            Window::Month => Some(self.start_of(date.last_of_month(), 1)),
            Window::RollingMs(ms) => Some(at.plus_ms(ms)),
            Window::Ever => None,
        }
    }

    /// The calendar day at `at`.
    pub fn date(&self, at: Timestamp) -> Date {
        self.zone.to_datetime(instant(at)).date()
    }

    /// Seconds since local midnight as the clock on the wall shows them.
    pub fn second_of_day(&self, at: Timestamp) -> u32 {
        let memo = self.memo.offset_s.filter(|_| self.memo.contains(at));
        let offset_s = memo.unwrap_or_else(|| self.offset_s(at));
        // Below 86,400.
        (at.0.div_euclid(SECOND_MS) + offset_s).rem_euclid(DAY_S) as u32
    }

    /// The moments of a day at which the clock on the wall begins to show this second, or jumps; not in order.
    pub fn moments_of(&self, second: u32, date: Date) -> Vec<Timestamp> {
        let [hour, minute, second] = [second / 3600, second / 60 % 60, second % 60].map(|part| part as i8);
        let shown = self.zone.to_ambiguous_timestamp(date.at(hour, minute, second, 0));
        // Both are the same moment unless the clock shows this second twice, or skips it. A skipped one gives
        // moments that are only candidates; the jump itself is the one before them.
        let mut moments: Vec<_> = shown.earlier().ok().map(timestamp).into_iter().collect();
        moments.extend(shown.later().ok().map(timestamp));
        let (start, end) = (self.start_of(date, 0), self.start_of(date, 1));
        // A day may begin with a jump.
        moments.push(start);
        moments.extend(self.changes_after(start).take_while(|change| *change < end));
        moments
    }

    /// The first jump of the clock after `at`.
    pub fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        self.changes_after(at).next()
    }

    fn changes_after(&self, at: Timestamp) -> impl Iterator<Item = Timestamp> {
        self.zone.following(instant(at)).map(|change| timestamp(change.timestamp()))
    }

    fn offset_s(&self, at: Timestamp) -> i64 {
        i64::from(self.zone.to_offset(instant(at)).seconds())
    }

    /// The first moment of the day that comes `days` after a date, also where midnight is skipped or comes twice.
    pub fn start_of(&self, date: Date, days: i64) -> Timestamp {
        let midnight = after(date, days).map(|date| self.zone.to_ambiguous_timestamp(date.at(0, 0, 0, 0)));
        match midnight.map(jiff::tz::AmbiguousTimestamp::compatible) {
            Some(Ok(start)) => timestamp(start),
            // Beyond the year 9999: no day starts there.
            _ if days > 0 => Timestamp(i64::MAX),
            _ => Timestamp(i64::MIN),
        }
    }
}

fn weekday(date: Date) -> Day {
    let days = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
    Day::ALL.get(days).copied().unwrap_or(Day::Mon)
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
