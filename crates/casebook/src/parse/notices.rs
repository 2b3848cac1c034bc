//! Notices about one debt: to cease, of a dispute; in writing they bind, spoken they are weighed.

use events::gate::HoldKind;

use super::Parser;
use super::clauses::Clause;
use super::events::{DATED, Happening, Whose, hold};
use super::names::Named;
use crate::case::{Act, By, Hold, Index, What};
use crate::error::Problem;
use crate::text::Cursor;

impl Parser {
    pub(super) fn written_notice(&mut self, cursor: &mut Cursor<'_>, person: Index) -> Happening {
        let cease = [
            "to cease contact",
            "to cease communication",
            "to cease",
            "to stop",
            "she refuses to pay",
            "he refuses to pay",
            "they refuse to pay",
            "of refusal to pay",
        ];
        if cursor.eat_any(&["of dispute", "disputing"]) {
            return self.dispute(cursor, person);
        }
        if !cursor.eat_any(&cease) {
            return Err(cursor.problem_among("\"to cease\", \"of refusal to pay\" or \"of dispute\"", &cease));
        }
        self.cease(cursor, person)
    }

    pub(super) fn cease(&mut self, cursor: &mut Cursor<'_>, person: Index) -> Happening {
        self.of_debts(cursor, person, HoldKind::Cease)
    }

    pub(super) fn dispute(&mut self, cursor: &mut Cursor<'_>, person: Index) -> Happening {
        self.of_debts(cursor, person, HoldKind::Dispute)
    }

    /// A hold about one debt, or about the only one.
    pub(super) fn of_debts(&mut self, cursor: &mut Cursor<'_>, person: Index, kind: HoldKind) -> Happening {
        let bare = cursor.peek().and_then(|word| self.names.find(&word.text));
        let mut debts = match bare {
            Some(Named::Debt(_)) => self.debt_list(cursor)?,
            _ => Vec::new(),
        };
        let clauses = self.rest(cursor, &[DATED, &[Clause::About, Clause::Until]])?;
        if debts.is_empty() {
            debts.clone_from(&clauses.about);
        }
        let told = self.sole_agency(cursor).map_or(By::Person, By::Agency);
        if debts.len() > 1 {
            return Err(Problem {
                line: cursor.number(),
                column: 1,
                expected: "one debt a line".to_owned(),
                got: format!("{} debts", debts.len()),
                suggestion: Some("write a line for each".to_owned()),
            });
        }
        let act = Act::Hold(Hold {
            until: clauses.until.clone(),
            ..hold(kind, Some(person), debts.first().copied(), told)
        });
        Ok((What::Act(act), clauses, Whose::Person(person)))
    }

    /// What a person said that a court weighs; in writing it is a hold.
    pub(super) fn said(
        &mut self,
        cursor: &mut Cursor<'_>,
        person: Index,
        about: &'static str,
        written: HoldKind,
    ) -> Happening {
        if let Some(Named::Debt(_)) = cursor.peek().and_then(|word| self.names.find(&word.text)) {
            let at = cursor.place();
            self.debt_list(cursor)?;
            if cursor.eat("in writing") {
                cursor.back_to(at);
                let debt = self.debt_list(cursor)?.first().copied();
                cursor.eat("in writing");
                let told = self.sole_agency(cursor).map_or(By::Person, By::Agency);
                return self.plain(
                    cursor,
                    Act::Hold(hold(written, Some(person), debt, told)),
                    Whose::Person(person),
                );
            }
        }
        self.plain(cursor, Act::Conduct { person: Some(person), about }, Whose::Person(person))
    }
}
