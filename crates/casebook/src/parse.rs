//! Text to [`Case`]: first the facts, wherever they stand, then events and questions in their order. The grammar is
//! `proto/case.md`; every line that is wrong is reported.

mod agency;
mod clauses;
mod consents;
mod defaults;
mod events;
mod expect;
mod facts;
mod having;
mod holds;
mod moment;
mod names;
mod notices;
mod owing;
mod person;
mod questions;
mod things;

use std::collections::BTreeMap;

use jiff::tz::TimeZoneDatabase;

use crate::case::{Act, Case, ContactPoint, Index, Kind, Moment, Statement, What, When, World, Zones};
use crate::error::{CaseError, Problem};
use crate::text::{Cursor, Line, lines};

use names::{Named, Names};

/// Reads a case.
pub(crate) fn parse(text: &str) -> Result<Case, CaseError> {
    let mut problems = Vec::new();
    let lines = lines(text, &mut problems);
    let mut parser = Parser::default();
    let mut rest: Vec<_> = lines.iter().filter(|line| !is_heading(line)).collect();
    for phase in facts::Phase::ALL {
        rest.retain(|line| match parser.fact(&mut Cursor::new(line), phase) {
            Ok(fact) => !fact,
            Err(problem) => {
                problems.push(problem);
                false
            }
        });
        parser.fill_in(phase);
    }
    problems.extend(parser.nobodies());
    let mut statements: Vec<Statement> = Vec::new();
    // Whether the last line that is no expectation could be read.
    let mut sound = true;
    for line in rest {
        let mut cursor = Cursor::new(line);
        if cursor.sees("expect") {
            match parser.expectations(&mut cursor) {
                Ok(expected) => match statements.last_mut() {
                    _ if !sound => {}
                    Some(asked) if matches!(asked.what, What::Ask(_)) => asked.expected.extend(expected),
                    _ => problems.push(Cursor::new(line).problem("a question above what is expected")),
                },
                Err(problem) => problems.push(problem),
            }
            continue;
        }
        let read = parser.statement(&mut cursor);
        sound = read.is_ok();
        match read {
            Ok((Head { when, learned, zone }, what)) => {
                let (line, text, expected) = (line.number, line.text.clone(), Vec::new());
                statements.push(Statement { line, text, when, learned, zone, what, expected });
            }
            Err(problem) => problems.push(problem),
        }
    }
    parser.another_phone(&statements);
    if problems.is_empty() {
        Ok(Case { world: parser.world, statements })
    } else {
        Err(CaseError::new(problems))
    }
}

/// When a statement takes place and by whose clock.
struct Head {
    when: When,
    learned: Option<Moment>,
    zone: String,
}

#[derive(Default)]
struct Parser {
    world: World,
    names: Names,
    /// With which agency somebody was last in touch, in the order of the file.
    dealings: BTreeMap<Index, Index>,
    /// The platform's own pack is left out.
    alone: bool,
}

impl Parser {
    /// Somebody whose only number turned out to be another's has one that nobody knows: their count is asked for there.
    fn another_phone(&mut self, statements: &[Statement]) {
        let disproved = |contact: Index| {
            statements.iter().any(|statement| {
                matches!(statement.what, What::Act(Act::Disprove { contact: other, .. }) if other == contact)
            })
        };
        for person in 0..self.world.people.len() {
            let phones: Vec<Index> = self.world.contacts_of(person);
            let phones: Vec<Index> =
                phones.into_iter().filter(|phone| self.world.contacts[*phone].kind == Kind::Phone).collect();
            if !phones.is_empty() && phones.iter().all(|phone| disproved(*phone)) {
                let name = format!("{}'s other phone", self.world.people[person].name);
                self.world.contacts.push(ContactPoint {
                    name,
                    person,
                    kind: Kind::Phone,
                    place: Kind::Phone.place(),
                    zones: Zones::Unsaid,
                    regions: Vec::new(),
                    others: 0,
                });
            }
        }
    }

    fn statement(&mut self, cursor: &mut Cursor<'_>) -> Result<(Head, What), Problem> {
        if ["may", "was", "were", "is", "are", "how", "when", "does", "do"]
            .iter()
            .any(|word| cursor.sees(word))
        {
            return self.question(cursor).map(|(head, question)| (head, What::Ask(question)));
        }
        self.event(cursor)
    }

    /// What is wrong where a name should stand: the names that there are.
    fn unknown(&self, cursor: &Cursor<'_>, expected: &str, kinds: fn(&Named) -> bool) -> Problem {
        let names = self.names.of(kinds);
        let list = if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) };
        cursor.problem_among(format!("{expected}{list}"), &names)
    }
}

/// A heading: the name of a part of the file, and nothing else.
fn is_heading(line: &Line) -> bool {
    let [word] = line.words.as_slice() else { return false };
    ["facts", "events", "questions"].iter().any(|part| word.text.eq_ignore_ascii_case(part))
}

/// Whether the bundled database knows a zone.
fn zone_exists(name: &str) -> bool {
    TimeZoneDatabase::bundled().get(name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMS: &str = include_str!("../../../tests/cases/every-form.case");

    #[test]
    fn given_each_line_damaged_when_read_then_it_is_named_or_still_means_something() {
        let facts: Vec<&str> = FORMS.lines().take_while(|line| !line.starts_with("on ")).collect();
        let (facts, mut refused, mut tried) = (facts.join("\n").trim_end().to_owned(), 0, 0);
        for line in FORMS.lines().skip_while(|line| !line.starts_with("on ")).filter(|line| !line.is_empty())
        {
            let words: Vec<&str> = line.split_whitespace().collect();
            for at in 0..words.len() {
                let without = [&words[..at], &words[at + 1..]].concat().join(" ");
                let doubled = [&words[..=at], &words[at..]].concat().join(" ");
                let spoilt = [&words[..at], &["xyzzy"], &words[at + 1..]].concat().join(" ");
                for damaged in [without, doubled, spoilt, words[..at].join(" ")] {
                    tried += 1;
                    if let Err(error) = parse(&format!("{facts}\n{damaged}\n")) {
                        refused += 1;
                        let wrong = facts.lines().count() + 1;
                        assert!(
                            error.problems().iter().all(|problem| problem.line == wrong),
                            "{damaged}: {error}"
                        );
                    }
                }
            }
        }
        assert!(tried > 2000 && refused > tried / 2, "{refused} of {tried} refused");
    }
}
