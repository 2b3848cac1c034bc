//! What becomes of debts, numbers and addresses.

use events::gate::HoldKind;

use super::Parser;
use super::events::{Happening, Whose, hold};
use super::names::Named;
use crate::case::{Act, By, Hold, Index, Kind, Person, Zones};
use crate::error::Problem;
use crate::text::Cursor;
use crate::words::CHECKS;

impl Parser {
    pub(super) fn contact(&self, cursor: &mut Cursor<'_>) -> Result<Index, Problem> {
        match cursor.peek().and_then(|word| self.names.find(&word.text)) {
            Some(Named::Contact(contact)) => {
                cursor.take();
                Ok(contact)
            }
            // `Alice's phone`, where the case names no number.
            Some(Named::Person(person)) if cursor.peek_second().is_some_and(|word| word.text == "'s") => {
                let at = cursor.place();
                cursor.take();
                cursor.take();
                let kinds = [
                    ("phone", Kind::Phone),
                    ("number", Kind::Phone),
                    ("email", Kind::Email),
                    ("address", Kind::Address),
                ];
                let Some(kind) = cursor.choose(&kinds) else {
                    cursor.back_to(at);
                    return Err(cursor.problem("a number or address"));
                };
                let own =
                    self.world.contacts.iter().position(|point| point.person == person && point.kind == kind);
                own.ok_or_else(|| {
                    cursor.back_to(at);
                    cursor.problem("a number or address that the case used before")
                })
            }
            _ => Err(self.unknown(cursor, "a number or address", |named| matches!(named, Named::Contact(_)))),
        }
    }

    /// A number or address if one comes next; otherwise nothing is taken.
    pub(super) fn contact_in(&self, cursor: &mut Cursor<'_>) -> Result<Index, Problem> {
        let at = cursor.place();
        let read = self.contact(cursor);
        if read.is_err() {
            cursor.back_to(at);
        }
        read
    }

    pub(super) fn debt_becomes(&mut self, cursor: &mut Cursor<'_>, debt: Index) -> Happening {
        if cursor.eat("is placed with") {
            let agency = Some(self.agency(cursor)?);
            return self.plain(cursor, Act::Place { debt, agency }, Whose::Nobody);
        }
        const BECOMES: &[(&str, u8)] = &[
            ("is recalled", 0),
            ("is taken back", 0),
            ("is closed", 1),
            ("is paid", 1),
            ("is time-barred", 2),
        ];
        let act = match self.one_of(cursor, BECOMES)? {
            0 => Act::Place { debt, agency: None },
            1 => Act::Close { debt },
            _ => Act::Hold(hold(HoldKind::Limitation, None, Some(debt), By::Operator)),
        };
        self.plain(cursor, act, Whose::Nobody)
    }

    pub(super) fn contact_becomes(&mut self, cursor: &mut Cursor<'_>, contact: Index) -> Happening {
        let whose = Whose::Contact(contact);
        let person = self.world.contacts[contact].person;
        if cursor.eat_any(&["turns out to belong to", "belongs to", "turns out to be"]) {
            let belongs_to = if cursor.eat_any(&["stranger", "somebody else", "someone else"]) {
                self.stranger()
            } else {
                self.person(cursor)?
            };
            cursor.eat("'s");
            return self.plain(cursor, Act::Disprove { contact, person, belongs_to }, whose);
        }
        if cursor.eat("is not") {
            self.person(cursor)?;
            cursor.expect("'s")?;
            let belongs_to = self.stranger();
            return self.plain(cursor, Act::Disprove { contact, person, belongs_to }, whose);
        }
        if cursor.eat_any(&["is checked", "checks out as"]) {
            let found = self.one_of(cursor, CHECKS)?;
            return self.plain(cursor, Act::Check { contact, found }, whose);
        }
        if cursor.eat_any(&[
            "also reaches somebody else",
            "also reaches others",
            "led to disclosure",
            "led to third-party disclosure",
        ]) {
            let held =
                Hold { contact: Some(contact), ..hold(HoldKind::Disclosure, None, None, By::Operator) };
            return self.plain(cursor, Act::Hold(held), whose);
        }
        let known = ["turns out to belong to", "is not", "is checked", "also reaches somebody else"];
        Err(cursor.problem_among(format!("what becomes of it ({})", known.join(", ")), &known))
    }

    pub(super) fn stranger(&mut self) -> Index {
        let person = self.world.people.len();
        let name = format!("stranger {person}");
        self.world.people.push(Person {
            name,
            line: 0,
            zones: Zones::Unsaid,
            regions: Vec::new(),
            unasked: false,
        });
        person
    }
}
