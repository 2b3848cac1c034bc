//! What changed from one version of a pack to another.

use std::fmt;

use jiff::civil::Date;

use crate::pack::{Applies, Pack, Rule};
use crate::strictness::{self, Difference, Direction};

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A key of the pack's head, or how it reads consents.
    Pack(Difference),
    /// A rule that was not there; its sentence.
    Added {
        /// The rule's id.
        rule: String,
        /// What it says.
        says: String,
    },
    /// A rule that is no longer there; its sentence.
    Removed {
        /// The rule's id.
        rule: String,
        /// What it said.
        said: String,
    },
    /// A key of a rule.
    Changed {
        /// The rule's id.
        rule: String,
        /// The key and its values.
        difference: Difference,
    },
}

impl Change {
    /// What the change does.
    pub fn direction(&self) -> Direction {
        match self {
            Self::Pack(difference) | Self::Changed { difference, .. } => difference.direction,
            Self::Added { .. } => Direction::Stricter,
            Self::Removed { .. } => Direction::Looser,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pack(Difference { field, from, to, direction }) => {
                write!(f, "{field}: {from} -> {to} ({direction})")
            }
            Self::Added { rule, says } => write!(f, "{rule}: added (stricter): {says}"),
            Self::Removed { rule, said } => write!(f, "{rule}: removed (looser): {said}"),
            Self::Changed { rule, difference: Difference { field, from, to, direction } } => {
                write!(f, "{rule}, {field}: {from} -> {to} ({direction})")
            }
        }
    }
}

/// Every change from one pack to another, the head first, then the rules in the order of the new one, then those
/// that are gone. A rule is the same rule if it has the same id and kind.
pub fn diff(old: &Pack, new: &Pack) -> Vec<Change> {
    let mut changes = head(old, new);
    let twin = |rule: &Rule, pack: &Pack| {
        pack.rules
            .iter()
            .find(|other| other.id == rule.id && strictness::terms(other, rule).is_some())
            .cloned()
    };
    for rule in &new.rules {
        match twin(rule, old) {
            None => changes.push(Change::Added { rule: rule.id.clone(), says: rule.to_string() }),
            Some(before) => changes.extend(
                fields(&before, rule)
                    .into_iter()
                    .map(|difference| Change::Changed { rule: rule.id.clone(), difference }),
            ),
        }
    }
    let gone = old.rules.iter().filter(|rule| twin(rule, new).is_none());
    changes.extend(gone.map(|rule| Change::Removed { rule: rule.id.clone(), said: rule.to_string() }));
    changes
}

fn head(old: &Pack, new: &Pack) -> Vec<Change> {
    let until = |pack: &Pack| pack.until.unwrap_or(Date::MAX);
    let shown = |until: Option<Date>| until.map_or_else(|| "none".to_owned(), |day| day.to_string());
    let note = |pack: &Pack| pack.note.clone().unwrap_or_else(|| "none".to_owned());
    let mut found = vec![
        text("id", old.id.clone(), new.id.clone()),
        text("version", old.version.to_string(), new.version.to_string()),
        text("title", old.title.clone(), new.title.clone()),
        Difference {
            field: "effective",
            from: old.effective.to_string(),
            to: new.effective.to_string(),
            direction: Direction::of(new.effective <= old.effective, new.effective >= old.effective),
        },
        Difference {
            field: "until",
            from: shown(old.until),
            to: shown(new.until),
            direction: Direction::of(until(new) >= until(old), until(new) <= until(old)),
        },
        Difference {
            field: "applies",
            from: old.applies.to_string(),
            to: new.applies.to_string(),
            direction: Direction::of(covers(&new.applies, &old.applies), covers(&old.applies, &new.applies)),
        },
        text("owner", old.owner.to_string(), new.owner.to_string()),
        text("note", note(old), note(new)),
    ];
    found.extend(strictness::consents(&old.consents, &new.consents));
    found.into_iter().filter(|one| one.from != one.to).map(Change::Pack).collect()
}

fn fields(old: &Rule, new: &Rule) -> Vec<Difference> {
    let note = |rule: &Rule| rule.note.clone().unwrap_or_else(|| "none".to_owned());
    let mut found = strictness::who(&old.who, &new.who);
    found.extend(strictness::terms(old, new).unwrap_or_default());
    found.extend([
        text("source", old.source.clone(), new.source.clone()),
        text("read", old.read.word().to_owned(), new.read.word().to_owned()),
        text("note", note(old), note(new)),
    ]);
    found.retain(|one| one.from != one.to);
    found
}

fn text(field: &'static str, from: String, to: String) -> Difference {
    Difference { field, from, to, direction: Direction::Other }
}

fn covers(wide: &Applies, narrow: &Applies) -> bool {
    match (wide, narrow) {
        (Applies::Everywhere, _) | (Applies::Otherwise, Applies::Otherwise) => true,
        (Applies::Regions(wide), Applies::Regions(narrow)) => {
            narrow.iter().all(|region| wide.iter().any(|other| region.lies_in(other)))
        }
        _ => false,
    }
}
