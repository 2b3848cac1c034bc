//! Time zones: which ones a contact point may be in, and what day it is there.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Span, Timestamp as Instant};
use model::{Timestamp, ZoneName};
use policy::pack::Window;
use policy::sets::Day;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

const SECOND_MS: i64 = 1000;
const DAY_MS: i64 = 86_400_000;

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

    /// Remembers the days around now in a set's zones, so that deciding does not have to look them up. A cache: it changes
    /// no decision.
    pub fn remember_days(&mut self, set: ZoneSet, at: Timestamp) {
        let Some(indices) = self.sets.get(set.0 as usize) else { return };
        for index in indices {
            if let Some(clock) = self.clocks.get_mut(usize::from(*index)).and_then(Option::as_mut) {
                clock.remember(at);
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
    /// The days around the last decision, one after another; empty before the first.
    days: Vec<KnownDay>,
}

/// A calendar day of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CalendarDay {
    pub date: Date,
    /// From 0, Monday.
    weekday: u8,
    /// Its first moment.
    pub start: Timestamp,
    /// Local time less UTC in milliseconds, if it is the same all day and the clock does not jump within the day.
    offset_ms: Option<i64>,
}

#[derive(Debug, Clone, Copy)]
struct KnownDay {
    day: CalendarDay,
    /// From 1.
    of_month: u8,
}

impl CalendarDay {
    /// The day of the week, if the clock runs through the day from midnight on.
    pub fn weekday_without_jump(&self) -> Option<Day> {
        self.offset_ms.and_then(|_| Day::ALL.get(usize::from(self.weekday)).copied())
    }
}

/// Days known on either side: what windows of a month and the search for the next allowed moment look at.
const DAYS_AROUND: usize = 40;

/// So near to the end of the known days others are looked up.
const DAYS_LEFT: usize = 34;

impl ZoneClock {
    /// Of the bundled database, whatever the machine has installed.
    fn open(name: &ZoneName) -> Option<Self> {
        let zone = TimeZoneDatabase::bundled().get(name.as_str()).ok()?;
        Some(Self { zone, days: Vec::new() })
    }

    fn remember(&mut self, at: Timestamp) {
        let known = self.known(at);
        if known.is_some_and(|index| index >= DAYS_LEFT && index + DAYS_LEFT < self.days.len()) {
            return;
        }
        let Some(first) = after(self.date(at), -(DAYS_AROUND as i64)) else { return };
        let known = |date: Date| KnownDay { day: self.look_up(date), of_month: date.day() as u8 };
        self.days = first.series(Span::new().days(1)).take(2 * DAYS_AROUND + 1).map(known).collect();
    }

    /// The place of the day at `at` among those known: `None` also on days on which the clock jumps.
    fn known(&self, at: Timestamp) -> Option<usize> {
        let since = u64::try_from(at.ms_since(self.days.first()?.day.start)).ok()?;
        let near = (since / DAY_MS as u64) as usize;
        // Days are 24 hours but for the jumps between: at most one day off.
        let begins = |index: usize| Some(self.days.get(index)?.day.start);
        let index = if begins(near)? > at {
            near.checked_sub(1)?
        } else if begins(near + 1)? <= at {
            near + 1
        } else {
            near
        };
        let runs = self.days.get(index)?.day.offset_ms.is_some();
        (runs && begins(index)? <= at && at < begins(index + 1)?).then_some(index)
    }

    fn look_up(&self, date: Date) -> CalendarDay {
        let (start, end) = (self.start_of(date, 0), self.start_of(date, 1));
        let jumps = self.changes_after(start.plus_ms(-1)).next().is_some_and(|change| change < end);
        let offset_ms = (!jumps && start < end).then(|| self.offset_ms(start));
        CalendarDay { date, weekday: date.weekday().to_monday_zero_offset() as u8, start, offset_ms }
    }

    /// The calendar day at `at`.
    pub fn day(&self, at: Timestamp) -> CalendarDay {
        match self.known(at).and_then(|index| self.days.get(index)) {
            Some(known) => known.day,
            None => self.look_up(self.date(at)),
        }
    }

    /// The day that comes `days` later; `None` beyond the year 9999.
    pub fn later(&self, day: &CalendarDay, days: i64) -> Option<CalendarDay> {
        let index = self.known(day.start).and_then(|index| index.checked_add_signed(days as isize));
        match index.and_then(|index| self.days.get(index)) {
            Some(known) => Some(known.day),
            None => after(day.date, days).map(|date| self.look_up(date)),
        }
    }

    /// The first moment of the calendar day at `at`.
    pub fn day_start(&self, at: Timestamp) -> Timestamp {
        self.day(at).start
    }

    /// This clock at one moment.
    pub fn at(&self, now: Timestamp) -> Moment<'_> {
        Moment { clock: self, now, known: self.known(now) }
    }

    /// The first moment at which what happened at `at` is out of a window; `None`: never.
    pub fn window_end(&self, window: Window, at: Timestamp) -> Option<Timestamp> {
        let calendar = |on: &dyn Fn(&KnownDay) -> usize| {
            let index = self.known(at)?;
            let end = index + on(self.days.get(index)?);
            self.days.get(end).map(|known| known.day.start)
        };
        match window {
            Window::RollingMs(ms) => Some(at.plus_ms(ms)),
            Window::Ever => None,
            Window::Days(days) => {
                calendar(&|_| usize::from(days)).or_else(|| Some(self.start_of(self.date(at), days.into())))
            }
            Window::Week => calendar(&|known| 7 - usize::from(known.day.weekday)).or_else(|| {
                let date = self.date(at);
                Some(self.start_of(date, 7 - i64::from(date.weekday().to_monday_zero_offset())))
            }),
            Window::Month => Some(self.start_of(self.date(at).last_of_month(), 1)),
        }
    }

    /// The calendar day at `at`.
    pub fn date(&self, at: Timestamp) -> Date {
        match self.known(at).and_then(|index| self.days.get(index)) {
            Some(known) => known.day.date,
            None => self.zone.to_datetime(instant(at)).date(),
        }
    }

    /// The moments of a day at which the clock on the wall begins to show this second, or jumps; not in order.
    pub fn moments_of(&self, second: u32, day: &CalendarDay) -> SmallVec<[Timestamp; 4]> {
        if day.offset_ms.is_some() {
            // The clock runs through the day from midnight.
            return SmallVec::from_slice(&[day.start.plus_ms(i64::from(second) * SECOND_MS), day.start]);
        }
        let date = day.date;
        let [hour, minute, second] = [second / 3600, second / 60 % 60, second % 60].map(|part| part as i8);
        let shown = self.zone.to_ambiguous_timestamp(date.at(hour, minute, second, 0));
        // Both are the same moment unless the clock shows this second twice, or skips it. A skipped one gives
        // moments that are only candidates; the jump itself is the one before them.
        let mut moments: SmallVec<[Timestamp; 4]> = shown.earlier().ok().map(timestamp).into_iter().collect();
        moments.extend(shown.later().ok().map(timestamp));
        let end = self.start_of(date, 1);
        // A day may begin with a jump.
        moments.push(day.start);
        moments.extend(self.changes_after(day.start).take_while(|change| *change < end));
        moments
    }

    /// The first jump of the clock after `at`.
    pub fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        self.changes_after(at).next()
    }

    fn changes_after(&self, at: Timestamp) -> impl Iterator<Item = Timestamp> {
        self.zone.following(instant(at)).map(|change| timestamp(change.timestamp()))
    }

    fn offset_ms(&self, at: Timestamp) -> i64 {
        i64::from(self.zone.to_offset(instant(at)).seconds()) * SECOND_MS
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

/// A zone's clock at one moment: what every rule that looks at it would look up again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment<'a> {
    pub clock: &'a ZoneClock,
    now: Timestamp,
    /// The place of the day among those known.
    known: Option<usize>,
}

impl Moment<'_> {
    /// The day of the week.
    pub fn weekday(&self) -> Day {
        let days = self.known_day().map_or_else(
            || self.clock.date(self.now).weekday().to_monday_zero_offset() as usize,
            |known| usize::from(known.day.weekday),
        );
        Day::ALL.get(days).copied().unwrap_or(Day::Mon)
    }

    /// The calendar day.
    pub fn date(&self) -> Date {
        self.known_day().map_or_else(|| self.clock.date(self.now), |known| known.day.date)
    }

    /// Seconds since local midnight as the clock on the wall shows them.
    pub fn second_of_day(&self) -> u32 {
        let offset_ms = self.known_day().and_then(|known| known.day.offset_ms);
        let offset_ms = offset_ms.unwrap_or_else(|| self.clock.offset_ms(self.now));
        // Below 86,400.
        ((self.now.0 + offset_ms).rem_euclid(DAY_MS) / SECOND_MS) as u32
    }

    /// The first moment that a window looks back to.
    pub fn window_start(&self, window: Window) -> Timestamp {
        let days_back = match (window, self.known_day()) {
            // What happened exactly so long ago is out of it.
            (Window::RollingMs(ms), _) => return self.now.plus_ms(1 - ms),
            (Window::Ever, _) => return Timestamp(i64::MIN),
            (_, None) => return self.look_up_start(window),
            (Window::Days(days), _) => usize::from(days).saturating_sub(1),
            (Window::Week, Some(known)) => usize::from(known.day.weekday),
            (Window::Month, Some(known)) => usize::from(known.of_month) - 1,
        };
        let first = self.known.and_then(|index| self.clock.days.get(index.checked_sub(days_back)?));
        first.map_or_else(|| self.look_up_start(window), |known| known.day.start)
    }

    fn look_up_start(&self, window: Window) -> Timestamp {
        let date = self.clock.date(self.now);
        match window {
            Window::Days(days) => self.clock.start_of(date, 1 - i64::from(days)),
            Window::Week => self.clock.start_of(date, -i64::from(date.weekday().to_monday_zero_offset())),
            Window::Month => self.clock.start_of(date.first_of_month(), 0),
            Window::RollingMs(ms) => self.now.plus_ms(1 - ms),
            Window::Ever => Timestamp(i64::MIN),
        }
    }

    fn known_day(&self) -> Option<&KnownDay> {
        self.clock.days.get(self.known?)
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
