//! Who owes what, and who is what to whom.

use model::Role;

use super::Parser;
use super::names::Named;
use crate::case::{Debt, Index, Tie};
use crate::error::Problem;
use crate::text::Cursor;
use crate::words::{RELATIONS, phrases};

impl Parser {
    pub(super) fn owing(&mut self, cursor: &mut Cursor<'_>) -> Result<bool, Problem> {
        const VERBS: &[(&str, Role)] = &[
            ("owes", Role::Debtor),
            ("owe", Role::Debtor),
            ("co-owes", Role::CoDebtor),
            ("co-signed", Role::CoDebtor),
            ("co-signs", Role::CoDebtor),
            ("cosigned", Role::CoDebtor),
            ("guarantees", Role::Guarantor),
            ("guaranteed", Role::Guarantor),
        ];
        let start = cursor.place();
        // People, then the verb.
        loop {
            cursor.take();
            if cursor.done() {
                return Ok(false);
            }
            if VERBS.iter().any(|(verb, _)| cursor.sees(verb)) {
                break;
            }
        }
        cursor.back_to(start);
        let mut people = vec![self.somebody(cursor)?];
        while cursor.eat("and") {
            people.push(self.somebody(cursor)?);
        }
        let Some(role) = cursor.choose(VERBS) else { return Err(cursor.problem("\"owes\"")) };
        let mut debts = Vec::new();
        loop {
            let Some(word) = cursor.peek() else { return Err(cursor.problem("the name of a debt")) };
            let debt = match self.names.find(&word.text) {
                Some(debt @ Named::Debt(_)) => debt,
                Some(_) => return Err(cursor.problem("the name of a debt")),
                None => {
                    let debt = self.new_debt();
                    self.names.introduce(&word.text, debt).map_err(|expected| cursor.problem(expected))?;
                    debt
                }
            };
            cursor.take();
            self.debt_word(cursor);
            debts.push(debt);
            let comma = cursor.after_comma();
            let more = cursor.eat("and") || comma;
            if !more || cursor.done() || cursor.sees("to") || cursor.sees("placed") {
                break;
            }
        }
        for person in people {
            for debt in &debts {
                let Named::Debt(debt) = *debt else { continue };
                self.world.ties.push(Tie { person, debt, role });
            }
        }
        self.terms(cursor, &debts)?;
        Ok(true)
    }

    /// `to Bank`, `placed with Acme`.
    pub(super) fn terms(&mut self, cursor: &mut Cursor<'_>, debts: &[Named]) -> Result<(), Problem> {
        while !cursor.done() {
            if cursor.eat_any(&["owed to", "to", "of lender", "held by"]) {
                let lender = self.lender(cursor)?;
                self.each_debt(debts, |debt| debt.lender = Some(lender));
            } else if cursor.eat_any(&["and placed with", "placed with"]) {
                let agency = self.agency(cursor)?;
                self.each_debt(debts, |debt| debt.placed = Some(agency));
            } else {
                return Err(cursor.problem_among(
                    "\"to\" a lender or \"placed with\" an agency (a name is one word, such as credit-card)",
                    &["owed", "placed"],
                ));
            }
        }
        Ok(())
    }

    pub(super) fn each_debt(&mut self, debts: &[Named], mut change: impl FnMut(&mut Debt)) {
        for debt in debts {
            if let Named::Debt(debt) = *debt {
                change(&mut self.world.debts[debt]);
            }
        }
    }

    pub(super) fn related(&mut self, cursor: &mut Cursor<'_>) -> Result<bool, Problem> {
        let start = cursor.place();
        let Some(first) = cursor.take() else { return Ok(false) };
        match self.names.find(&first.text) {
            Some(Named::Debt(debt)) => return self.about_debt(cursor, debt),
            None | Some(Named::Person(_)) => {}
            Some(_) => return Ok(false),
        }
        if ["permit", "template", "court", "line", "pack"]
            .iter()
            .any(|word| first.text.eq_ignore_ascii_case(word))
        {
            return Ok(false);
        }
        if !cursor.eat("is") {
            return Ok(false);
        }
        if cursor.eat("stranger") {
            cursor.back_to(start);
            self.somebody(cursor)?;
            cursor.eat("is stranger");
            return Ok(true);
        }
        // `Eve is Ming's mother`.
        let owner = match cursor.peek().and_then(|word| self.names.find(&word.text)) {
            Some(Named::Person(of)) if cursor.peek_second().is_some_and(|word| word.text == "'s") => {
                cursor.take();
                cursor.take();
                Some(of)
            }
            _ => None,
        };
        let Some(role) = cursor.choose(RELATIONS) else {
            let known = phrases(RELATIONS);
            let close = cursor.problem_among(format!("a relation ({})", known.join(", ")), &known);
            return if cursor.peek_second().is_some_and(|word| word.text == "of") {
                Err(close)
            } else {
                Ok(false)
            };
        };
        let after = cursor.place();
        cursor.back_to(start);
        let person = self.somebody(cursor)?;
        cursor.back_to(after);
        // The parent of a minor is the consumer (12 CFR 1006.6(a)(2)).
        let (of, minor) = match owner {
            Some(of) => (of, false),
            None => {
                cursor.expect("of")?;
                let minor = cursor.eat("minor");
                (self.person(cursor)?, minor)
            }
        };
        let role = if minor { Role::CoDebtor } else { role };
        let debts = if cursor.eat_any(&["for", "about", "on"]) {
            self.debt_list(cursor)?
        } else {
            let mut debts = self.world.debts_of(of);
            if debts.is_empty() {
                // The debt that a case has when it names none.
                debts.push(self.only_debt());
                self.world.ties.push(Tie { person: of, debt: debts[0], role: Role::Debtor });
            }
            debts
        };
        for debt in debts {
            self.world.ties.push(Tie { person, debt, role });
        }
        Ok(true)
    }

    pub(super) fn only_debt(&mut self) -> Index {
        if self.world.debts.is_empty() {
            let named = self.new_debt();
            // The name is free: nothing else is named by a case that names no debt, or the file says so below.
            let _ = self.names.introduce("debt", named);
        }
        0
    }

    /// `card is owed to Bank`, `card is placed with Acme`, `loan1 and loan2 are one debt`.
    pub(super) fn about_debt(&mut self, cursor: &mut Cursor<'_>, debt: Index) -> Result<bool, Problem> {
        if cursor.eat("is") {
            if !["owed to", "placed with", "held by"].iter().any(|phrase| cursor.sees(phrase)) {
                return Ok(false);
            }
            self.terms(cursor, &[Named::Debt(debt)])?;
            return Ok(true);
        }
        let mut others = Vec::new();
        while cursor.eat("and") || cursor.after_comma() {
            match cursor.peek().and_then(|word| self.names.find(&word.text)) {
                Some(Named::Debt(other)) => others.push(other),
                _ => return Ok(false),
            }
            cursor.take();
        }
        if others.is_empty() || !cursor.eat_any(&["are one debt", "are serviced under one account number"]) {
            return Ok(false);
        }
        for other in others {
            self.names.rename(other, debt);
            for tie in self.world.ties.iter_mut().filter(|tie| tie.debt == other) {
                tie.debt = debt;
            }
        }
        Ok(true)
    }
}
