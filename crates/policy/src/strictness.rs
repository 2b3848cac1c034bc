//! Which of two rules of one kind is the stricter one, field by field.
//!
//! Each field has a partial order: stricter is what refuses at least as much whatever happened, with the other
//! fields as they are. Where neither value covers the other, neither is stricter.

use std::fmt;

use model::{Channel, Purpose, Role};

use crate::notation::{duration, list};
use crate::pack::{
    ConsentTerms, Content, CoolDown, Counted, Effect, Frequency, Fresh, Interval, Kind, Lines, OutOfContact,
    PurposeRule, Rule, Shared, Who, Window,
};
use crate::sets::{Exception, Exceptions, Key, PurposeSet, Scope};
use crate::times_open;

/// What a change does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Refuses as much as before, and possibly more.
    Stricter,
    /// Refuses no more than before, and possibly less.
    Looser,
    /// Refuses exactly the same.
    Same,
    /// Stricter in one place and looser in another, or nothing that could be stricter.
    Other,
}

impl Direction {
    /// From whether the new value is at least as strict, and whether it is at most as strict.
    pub(crate) const fn of(at_least: bool, at_most: bool) -> Self {
        match (at_least, at_most) {
            (true, true) => Self::Same,
            (true, false) => Self::Stricter,
            (false, true) => Self::Looser,
            (false, false) => Self::Other,
        }
    }

    /// Of two numbers where the lower one is stricter.
    fn lower<T: PartialOrd>(from: T, to: T) -> Self {
        Self::of(to <= from, to >= from)
    }

    /// Of several fields together.
    pub(crate) fn together(directions: impl IntoIterator<Item = Self>) -> Self {
        directions.into_iter().fold(Self::Same, |sum, one| match (sum, one) {
            (Self::Same, other) | (other, Self::Same) => other,
            (sum, one) if sum == one => sum,
            _ => Self::Other,
        })
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Stricter => "stricter",
            Self::Looser => "looser",
            Self::Same => "same effect",
            Self::Other => "other",
        })
    }
}

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The key in the text.
    pub field: &'static str,
    /// The old value, or the one compared with, as the text writes it.
    pub from: String,
    /// The new value.
    pub to: String,
    /// What the new one does, against the old one.
    pub direction: Direction,
}

impl Difference {
    fn new(
        field: &'static str,
        from: impl fmt::Display,
        to: impl fmt::Display,
        direction: Direction,
    ) -> Self {
        Self { field, from: from.to_string(), to: to.to_string(), direction }
    }
}

/// The fields of the kind, and the effect, that differ; `None` for two kinds.
pub(crate) fn terms(old: &Rule, new: &Rule) -> Option<Vec<Difference>> {
    let mut found = match (&old.kind, &new.kind) {
        (Kind::Frequency(old), Kind::Frequency(new)) => frequency(old, new),
        (Kind::CoolDown(old), Kind::CoolDown(new)) => cool_down(old, new),
        (Kind::Interval(old), Kind::Interval(new)) => interval(old, new),
        (Kind::Hours(old), Kind::Hours(new)) => times_open::differences(old, new),
        (Kind::Purpose(old), Kind::Purpose(new)) => purpose(old, new),
        (Kind::Lines(old), Kind::Lines(new)) => lines(old, new),
        (Kind::Fresh(old), Kind::Fresh(new)) => fresh(old, new),
        (Kind::Content(old), Kind::Content(new)) => content(old, new),
        (Kind::Shared(old), Kind::Shared(new)) => shared(old, new),
        _ => return None,
    };
    let refuses = |effect| effect == Effect::Refuse;
    found.push(Difference::new(
        "effect",
        old.effect.word(),
        new.effect.word(),
        flag(refuses(old.effect), refuses(new.effect)),
    ));
    found.retain(|difference| difference.from != difference.to);
    Some(found)
}

/// Whom the rules speak of: who speaks of more contacts refuses more.
pub(crate) fn who(old: &Who, new: &Who) -> Vec<Difference> {
    let mut found = vec![
        Difference::new(
            "roles",
            words(old.roles.words(), Role::word),
            words(new.roles.words(), Role::word),
            Direction::of(old.roles.within(new.roles), new.roles.within(old.roles)),
        ),
        Difference::new(
            "channels",
            words(old.channels.words(), Channel::word),
            words(new.channels.words(), Channel::word),
            Direction::of(old.channels.within(new.channels), new.channels.within(old.channels)),
        ),
        purposes("purposes", old.purposes, new.purposes, Direction::of),
    ];
    found.retain(|difference| difference.from != difference.to);
    found
}

/// Consents that are read with less favour are stricter; several terms hold together.
pub(crate) fn consents(old: &[ConsentTerms], new: &[ConsentTerms]) -> Vec<Difference> {
    let days = |terms: &[ConsentTerms]| terms.iter().filter_map(|terms| terms.at_most_days).min();
    let talk = |terms: &[ConsentTerms]| terms.iter().any(|terms| terms.ends_with_conversation);
    let shown = |days: Option<u16>| days.map_or_else(|| "none".to_owned(), |days| days.to_string());
    let (old_days, new_days) = (days(old), days(new));
    let mut found = vec![
        Difference::new(
            "consent at-most-days",
            shown(old_days),
            shown(new_days),
            Direction::lower(old_days.unwrap_or(u16::MAX), new_days.unwrap_or(u16::MAX)),
        ),
        Difference::new("consent ends-with-conversation", talk(old), talk(new), flag(talk(old), talk(new))),
    ];
    found.retain(|difference| difference.from != difference.to);
    found
}

fn frequency(old: &Frequency, new: &Frequency) -> Vec<Difference> {
    let covers = |wide: Counted, narrow: Counted| wide == narrow || wide == Counted::Attempts;
    vec![
        Difference::new(
            "count",
            old.count.word(),
            new.count.word(),
            Direction::of(covers(new.count, old.count), covers(old.count, new.count)),
        ),
        scope(old.scope, new.scope),
        Difference::new("limit", old.limit, new.limit, Direction::lower(old.limit, new.limit)),
        window(old.window, new.window),
        except(old.except, new.except),
    ]
}

fn cool_down(old: &CoolDown, new: &CoolDown) -> Vec<Difference> {
    vec![scope(old.scope, new.scope), window(old.window, new.window), except(old.except, new.except)]
}

fn interval(old: &Interval, new: &Interval) -> Vec<Difference> {
    vec![
        scope(old.scope, new.scope),
        Difference::new(
            "least",
            duration(old.least_ms),
            duration(new.least_ms),
            Direction::lower(new.least_ms, old.least_ms),
        ),
        except(old.except, new.except),
    ]
}

fn purpose(old: &PurposeRule, new: &PurposeRule) -> Vec<Difference> {
    // A purpose that is not allowed at all is under every condition.
    let under = |set: PurposeSet, rule: &PurposeRule| -> PurposeSet {
        Purpose::ALL.iter().copied().filter(|one| set.has(*one) || !rule.allowed.has(*one)).collect()
    };
    let confirmed = |rule: &PurposeRule| under(rule.confirmed, rule);
    let mut found = vec![
        purposes("allowed", old.allowed, new.allowed, |old_in_new, new_in_old| {
            Direction::of(new_in_old, old_in_new)
        }),
        Difference {
            direction: Direction::of(
                confirmed(old).within(confirmed(new)),
                confirmed(new).within(confirmed(old)),
            ),
            ..purposes("confirmed", old.confirmed, new.confirmed, Direction::of)
        },
    ];
    let shown = |terms: &OutOfContact| {
        let purposes = words(terms.purposes.words(), Purpose::word);
        format!("{} days, {} tries, for {purposes}", terms.days, terms.tries)
    };
    let text = |terms: &Option<OutOfContact>| terms.as_ref().map_or_else(|| "none".to_owned(), shown);
    let waits = |rule: &PurposeRule| {
        let terms = rule.debtor_out_of_contact;
        under(terms.map_or(PurposeSet::NONE, |terms| terms.purposes), rule)
    };
    let longer = |one: &PurposeRule, other: &PurposeRule| match (
        one.debtor_out_of_contact,
        other.debtor_out_of_contact,
    ) {
        (Some(one), Some(other)) => one.days >= other.days && one.tries >= other.tries,
        (None, Some(_)) => false,
        (_, None) => true,
    };
    let at_least =
        |one: &PurposeRule, other: &PurposeRule| longer(one, other) && waits(other).within(waits(one));
    found.push(Difference::new(
        "debtor-out-of-contact",
        text(&old.debtor_out_of_contact),
        text(&new.debtor_out_of_contact),
        Direction::of(at_least(new, old), at_least(old, new)),
    ));
    found
}

fn lines(old: &Lines, new: &Lines) -> Vec<Difference> {
    let text = |most: Option<u16>| most.map_or_else(|| "none".to_owned(), |most| most.to_string());
    let mut found = vec![
        Difference::new("registered", old.registered, new.registered, flag(old.registered, new.registered)),
        Difference::new(
            "most",
            text(old.most),
            text(new.most),
            Direction::lower(old.most.unwrap_or(u16::MAX), new.most.unwrap_or(u16::MAX)),
        ),
    ];
    if old.most.is_some() && new.most.is_some() {
        found.extend([window(old.window, new.window), scope(old.scope, new.scope)]);
    }
    found
}

fn fresh(old: &Fresh, new: &Fresh) -> Vec<Difference> {
    let by = |fresh: &Fresh| {
        let ways = [("message", fresh.by_message), ("consent", fresh.by_consent), ("check", fresh.by_check)];
        ways.into_iter().filter(|(_, counts)| *counts).map(|(way, _)| way).collect::<Vec<_>>()
    };
    let (old_by, new_by) = (by(old), by(new));
    let within = |one: &[&str], other: &[&str]| one.iter().all(|way| other.contains(way));
    vec![
        Difference::new(
            "within-days",
            old.within_days,
            new.within_days,
            Direction::lower(old.within_days, new.within_days),
        ),
        Difference::new(
            "by",
            list(old_by.iter()),
            list(new_by.iter()),
            Direction::of(within(&new_by, &old_by), within(&old_by, &new_by)),
        ),
        // Who speaks of fewer places refuses less.
        Difference::new("at-work", old.at_work, new.at_work, flag(!old.at_work, !new.at_work)),
    ]
}

fn content(old: &Content, new: &Content) -> Vec<Difference> {
    let required = |content: &Content| -> Vec<String> {
        content.require.iter().map(|element| element.word().to_owned()).collect()
    };
    let forbidden = |content: &Content| -> Vec<String> {
        content.forbid.iter().map(|word| word.to_lowercase()).collect()
    };
    let more = |field, old: Vec<String>, new: Vec<String>| {
        let within = |one: &[String], other: &[String]| one.iter().all(|word| other.contains(word));
        let direction = Direction::of(within(&old, &new), within(&new, &old));
        Difference::new(field, list(old.iter()), list(new.iter()), direction)
    };
    vec![
        Difference::new("template", old.template, new.template, flag(old.template, new.template)),
        more("require", required(old), required(new)),
        more("forbid", forbidden(old), forbidden(new)),
    ]
}

fn shared(old: &Shared, new: &Shared) -> Vec<Difference> {
    vec![Difference::new("most", old.most, new.most, Direction::lower(old.most, new.most))]
}

/// `true` is the stricter one.
pub(crate) fn flag(old: bool, new: bool) -> Direction {
    Direction::of(new || !old, old || !new)
}

/// Who must agree in fewer things counts more.
fn scope(old: Scope, new: Scope) -> Difference {
    Difference::new(
        "scope",
        words(old.words(), Key::word),
        words(new.words(), Key::word),
        Direction::of(new.within(old), old.within(new)),
    )
}

/// Who excepts less counts more.
fn except(old: Exceptions, new: Exceptions) -> Difference {
    Difference::new(
        "except",
        words(old.words(), Exception::word),
        words(new.words(), Exception::word),
        Direction::of(new.within(old), old.within(new)),
    )
}

fn window(old: Window, new: Window) -> Difference {
    Difference::new("window", old, new, Direction::of(covers(new, old), covers(old, new)))
}

/// Whether all that lies in the narrow window lies in the wide one, whatever the time, the zones and their clocks:
/// between calendar and rolling windows there is a whole day to spare, because a zone may skip hours, and once
/// skipped a day.
pub(crate) fn covers(wide: Window, narrow: Window) -> bool {
    const DAY_MS: i64 = 86_400_000;
    match (wide, narrow) {
        (Window::Ever, _) | (Window::Week | Window::Month, Window::Days(1)) => true,
        (Window::Days(wide), Window::Days(narrow)) => wide >= narrow,
        (Window::RollingMs(wide), Window::RollingMs(narrow)) => wide >= narrow,
        (Window::Days(wide), Window::Week) => wide >= 7,
        (Window::Days(wide), Window::Month) => wide >= 31,
        (Window::Days(wide), Window::RollingMs(narrow)) => narrow <= (i64::from(wide) - 2) * DAY_MS,
        (Window::RollingMs(wide), Window::Days(narrow)) => wide >= (i64::from(narrow) + 1) * DAY_MS,
        (Window::RollingMs(wide), Window::Week) => wide >= 8 * DAY_MS,
        (Window::RollingMs(wide), Window::Month) => wide >= 32 * DAY_MS,
        (Window::Week | Window::Month, _) => wide == narrow,
        (_, Window::Ever) => false,
    }
}

fn purposes(
    field: &'static str,
    old: PurposeSet,
    new: PurposeSet,
    direction: fn(bool, bool) -> Direction,
) -> Difference {
    let text = |set: PurposeSet| words(set.words(), Purpose::word);
    Difference::new(field, text(old), text(new), direction(old.within(new), new.within(old)))
}

fn words<T>(words: impl Iterator<Item = T>, word: fn(T) -> &'static str) -> String {
    list(words.map(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOWS: [Window; 11] = [
        Window::Days(1),
        Window::Days(6),
        Window::Days(7),
        Window::Days(31),
        Window::Week,
        Window::Month,
        Window::RollingMs(60_000),
        Window::RollingMs(86_400_000),
        Window::RollingMs(8 * 86_400_000),
        Window::RollingMs(40 * 86_400_000),
        Window::Ever,
    ];

    #[test]
    fn windows_are_partly_ordered() {
        for a in WINDOWS {
            assert!(covers(a, a), "{a}");
            for b in WINDOWS {
                assert!(a == b || !(covers(a, b) && covers(b, a)), "{a} and {b} cover each other");
                for c in WINDOWS {
                    assert!(!covers(a, b) || !covers(b, c) || covers(a, c), "{a} covers {b} covers {c}");
                }
            }
        }
    }

    #[test]
    fn a_day_on_the_calendar_and_24_hours_do_not_cover_each_other() {
        let (day, hours) = (Window::Days(1), Window::RollingMs(86_400_000));
        assert!(!covers(day, hours) && !covers(hours, day));
        assert!(covers(Window::Days(7), Window::Week) && !covers(Window::Week, Window::Days(7)));
    }
}
