//! What is called stricter refuses at least as much: against a plain count over plain lists, in one zone, UTC.

use jiff::civil::{Date, date};
use jiff::{Timestamp, tz::TimeZone};
use model::{LenderId, Purpose};
use policy::pack::{Applies, Counted, Effect, Frequency, Hours, Kind, Owner, Reading, Rule, Who, Window};
use policy::sets::{ChannelSet, Day, DaySet, Exception, Key, PurposeSet, RoleSet, Scope};
use policy::span::Span;
use policy::{Change, Direction, Pack, diff};
use proptest::prelude::*;

const DAY_MS: i64 = 86_400_000;
/// Thursday 1 October 2026, and some weeks of milliseconds after it.
const START_MS: i64 = 1_790_812_800_000;

fn pack(kind: Kind) -> Pack {
    let who = Who { roles: RoleSet::ALL, channels: ChannelSet::ALL, purposes: PurposeSet::ALL };
    let (source, read) = ("s".to_owned(), Reading::Primary);
    let rule = Rule { id: "r".to_owned(), source, read, note: None, effect: Effect::Refuse, who, kind };
    Pack {
        id: "p".to_owned(),
        version: 1,
        title: "t".to_owned(),
        effective: date(2026, 1, 30),
        until: None,
        applies: Applies::Everywhere,
        owner: Owner::Lender(LenderId(3)),
        note: None,
        rules: vec![rule],
        consents: Vec::new(),
    }
}

/// The new one against the old one, all fields together.
fn direction(old: &Kind, new: &Kind) -> Direction {
    let changes = diff(&pack(old.clone()), &pack(new.clone()));
    let directions: Vec<Direction> = changes.iter().map(Change::direction).collect();
    let only = |one: Direction| directions.iter().all(|other| [one, Direction::Same].contains(other));
    match () {
        () if only(Direction::Same) => Direction::Same,
        () if only(Direction::Stricter) => Direction::Stricter,
        () if only(Direction::Looser) => Direction::Looser,
        () => Direction::Other,
    }
}

#[derive(Debug, Clone)]
struct Attempt {
    at_ms: i64,
    keys: [u8; 6],
    /// `None`: not known.
    conversation: Option<bool>,
    unconnected: bool,
    consented: bool,
}

fn day_of(ms: i64) -> Date {
    TimeZone::UTC.to_datetime(Timestamp::from_millisecond(ms).expect("a time")).date()
}

fn in_window(window: Window, at_ms: i64, now_ms: i64) -> bool {
    let (then, today) = (day_of(at_ms), day_of(now_ms));
    let monday = |day: Date| day.weekday().to_monday_zero_offset();
    let days_ago = (today - then).get_days();
    at_ms <= now_ms
        && match window {
            Window::Days(days) => days_ago < i32::from(days),
            Window::Week => days_ago <= i32::from(monday(today)),
            Window::Month => (then.year(), then.month()) == (today.year(), today.month()),
            Window::RollingMs(ms) => now_ms - at_ms < ms,
            Window::Ever => true,
        }
}

fn refuses(terms: &Frequency, history: &[Attempt], request: &Attempt) -> bool {
    if terms.except.has(Exception::Consented) && request.consented {
        return false;
    }
    let counts = |attempt: &&Attempt| {
        in_window(terms.window, attempt.at_ms, request.at_ms)
            && terms.scope.words().all(|key| attempt.keys[key as usize] == request.keys[key as usize])
            && !(terms.except.has(Exception::Unconnected) && attempt.unconnected)
            && !(terms.except.has(Exception::Consented) && attempt.consented)
            && match terms.count {
                Counted::Attempts => true,
                Counted::Unanswered => attempt.conversation != Some(true),
                Counted::Communications => attempt.conversation != Some(false),
            }
    };
    history.iter().filter(counts).count() + 1 > usize::from(terms.limit)
}

fn attempts() -> impl Strategy<Value = Attempt> {
    let keys = proptest::array::uniform6(0..2_u8);
    (
        0..40 * DAY_MS,
        keys,
        proptest::option::of(proptest::bool::ANY),
        proptest::bool::ANY,
        proptest::bool::ANY,
    )
        .prop_map(|(after_ms, keys, conversation, unconnected, consented)| Attempt {
            at_ms: START_MS + after_ms,
            keys,
            conversation,
            unconnected,
            consented,
        })
}

fn frequencies() -> impl Strategy<Value = Frequency> {
    let windows = prop_oneof![
        (1..35_u16).prop_map(Window::Days),
        (1..40_i64).prop_map(|days| Window::RollingMs(days * DAY_MS)),
        Just(Window::Week),
        Just(Window::Month),
        Just(Window::Ever),
    ];
    let scope = proptest::sample::subsequence(Key::ALL, 0..3);
    let except = proptest::sample::subsequence(Exception::ALL, 0..=2);
    (windows, scope, 1..5_u16, except, proptest::sample::select(Counted::ALL)).prop_map(
        |(window, scope, limit, except, count)| Frequency {
            count,
            scope: scope.into_iter().collect::<Scope>(),
            limit,
            window,
            except: except.into_iter().collect(),
        },
    )
}

/// The second is the first with one or two fields of another: so that many pairs can be compared.
fn pairs() -> impl Strategy<Value = (Frequency, Frequency)> {
    (frequencies(), frequencies(), 0..5_u8, 0..5_u8).prop_map(|(one, other, first, second)| {
        let mut mixed = one;
        for field in [first, second] {
            match field {
                0 => mixed.window = other.window,
                1 => mixed.scope = other.scope,
                2 => mixed.limit = other.limit,
                3 => mixed.except = other.except,
                _ => mixed.count = other.count,
            }
        }
        (one, mixed)
    })
}

fn hours() -> impl Strategy<Value = Hours> {
    let days = proptest::sample::subsequence(Day::ALL, 1..=7);
    let span = (days, 0..24_u32, 0..24_u32).prop_map(|(days, one, other)| {
        let days: DaySet = days.into_iter().collect();
        Span { days, from_s: one.min(other) * 3600, until_s: one.max(other) * 3600 + 3599 }
    });
    let spans = || proptest::collection::vec(span.clone(), 1..4);
    (spans(), spans(), proptest::bool::ANY, proptest::bool::ANY).prop_map(
        |(open, holiday_open, holiday, unless_consented)| {
            let holidays = if holiday { vec![date(2026, 10, 1)] } else { Vec::new() };
            Hours { open, holidays, holiday_open, unless_consented }
        },
    )
}

fn open(hours: &Hours, at_ms: i64, consented: bool) -> bool {
    let day = day_of(at_ms);
    let second = u32::try_from(at_ms.rem_euclid(DAY_MS) / 1000).expect("a second");
    let spans = if hours.holidays.contains(&day) { &hours.holiday_open } else { &hours.open };
    let weekday = Day::ALL[usize::try_from(day.weekday().to_monday_zero_offset()).expect("a weekday")];
    let inside = |span: &Span| span.days.has(weekday) && (span.from_s..=span.until_s).contains(&second);
    hours.unless_consented && consented || spans.iter().any(inside)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn given_a_stricter_frequency_when_histories_are_counted_then_it_refuses_what_the_other_one_refuses(
        (one, other) in pairs(),
        history in proptest::collection::vec(attempts(), 0..12),
        request in attempts(),
    ) {
        let (loose, strict) = match direction(&Kind::Frequency(one), &Kind::Frequency(other)) {
            Direction::Other => return Ok(()),
            Direction::Looser => (other, one),
            _ => (one, other),
        };
        prop_assert!(
            !refuses(&loose, &history, &request) || refuses(&strict, &history, &request),
            "{strict:?} against {loose:?}"
        );
    }

    #[test]
    fn given_stricter_hours_when_times_are_looked_up_then_they_are_open_only_where_the_others_are(
        one in hours(),
        mut other in hours(),
        kept in 0..3_u8,
        seconds in proptest::collection::vec((0..21 * 86_400_i64, proptest::bool::ANY), 40),
    ) {
        match kept {
            0 => other.open.clone_from(&one.open),
            1 => other.open = one.open.iter().take(1).copied().collect(),
            _ => {}
        }
        let (loose, strict) = match direction(&Kind::Hours(one.clone()), &Kind::Hours(other.clone())) {
            Direction::Other => return Ok(()),
            Direction::Looser => (other, one),
            _ => (one, other),
        };
        for (second, consented) in seconds {
            let at_ms = START_MS + second * 1000;
            prop_assert!(!open(&strict, at_ms, consented) || open(&loose, at_ms, consented));
        }
    }
}

/// Every pair of some windows, every five hours of some weeks.
#[test]
fn given_a_window_that_covers_another_when_times_are_looked_up_then_it_has_them_all() {
    let mut windows: Vec<Window> = [1, 2, 3, 6, 7, 8, 30, 31].into_iter().map(Window::Days).collect();
    windows.extend([1, 2, 4, 7, 8, 31, 32].into_iter().map(|days| Window::RollingMs(days * DAY_MS)));
    windows.extend([Window::Week, Window::Month, Window::Ever]);
    let step_ms = 5 * 3_600_000;
    let moments: Vec<i64> = (0..34 * DAY_MS / step_ms).map(|step| START_MS + step * step_ms).collect();
    // One row for each pair of moments, one column for each window.
    let inside: Vec<Vec<bool>> = moments
        .iter()
        .flat_map(|now| moments.iter().filter(move |at| *at <= now).map(move |at| (*at, *now)))
        .map(|(at, now)| windows.iter().map(|window| in_window(*window, at, now)).collect())
        .collect();
    let kind = |window| {
        let scope = Scope::NONE.with(Key::Person);
        let except = policy::sets::Exceptions::NONE;
        Kind::Frequency(Frequency { count: Counted::Attempts, scope, limit: 3, window, except })
    };
    for (i, narrow) in windows.iter().enumerate() {
        for (j, wide) in windows.iter().enumerate() {
            if direction(&kind(*narrow), &kind(*wide)) == Direction::Stricter {
                assert!(inside.iter().all(|row| !row[i] || row[j]), "{wide} covers {narrow}");
            }
        }
    }
}

#[test]
fn given_purposes_that_are_not_allowed_when_conditions_are_dropped_for_them_then_nothing_is_looser() {
    let rule = |allowed: &[Purpose], confirmed: &[Purpose]| {
        Kind::Purpose(policy::pack::PurposeRule {
            allowed: allowed.iter().copied().collect(),
            confirmed: confirmed.iter().copied().collect(),
            debtor_out_of_contact: None,
        })
    };
    let (old, new) = (rule(&[Purpose::Locate], &[Purpose::Locate]), rule(&[], &[]));
    assert_eq!(direction(&old, &new), Direction::Stricter);
    assert_eq!(direction(&new, &old), Direction::Looser);
}
