//! Facts: who there is, what they owe, where they can be reached.

use super::Parser;
use super::moment::{is_date, whereabouts, zone};
use super::names::Named;
use crate::case::{Agency, Debt, Index, Person, Zones};
use crate::error::Problem;
use crate::text::Cursor;
use crate::words::{KINDS, PLACES};

/// Facts are read in this order, so that a file may state them in any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Packs, zones, agencies, lenders, debts.
    Declared,
    /// Who owes what.
    Owing,
    /// Who is what to whom.
    Related,
    /// Where people can be reached, and what agencies have.
    Having,
}

impl Phase {
    pub const ALL: [Self; 4] = [Self::Declared, Self::Owing, Self::Related, Self::Having];
}

impl Parser {
    /// Reads a fact of this phase; `false`: the line is something else.
    pub(super) fn fact(&mut self, cursor: &mut Cursor<'_>, phase: Phase) -> Result<bool, Problem> {
        let start = cursor.place();
        let dated = std::iter::from_fn(|| cursor.take()).any(|word| is_date(&word.text));
        cursor.back_to(start);
        if dated {
            return Ok(false);
        }
        let read = match phase {
            Phase::Declared => self.declared(cursor)?,
            Phase::Owing => self.owing(cursor)?,
            Phase::Related => self.related(cursor)?,
            Phase::Having => self.having(cursor)?,
        };
        if read {
            cursor.end("the end of the line")?;
        } else {
            cursor.back_to(start);
        }
        Ok(read)
    }

    pub(super) fn declared(&mut self, cursor: &mut Cursor<'_>) -> Result<bool, Problem> {
        if cursor.eat_any(&["packs", "pack", "rules"]) {
            self.packs(cursor)?;
        } else if cursor.eat_any(&["times are in", "times in", "time zone is", "time zone", "zone"]) {
            match zone(cursor)? {
                Some(zone) => self.world.zone = zone,
                None => return Err(cursor.problem("a time zone such as America/New_York or Eastern")),
            }
            cursor.eat("time");
        } else if cursor.eat_any(&["regions", "region"]) {
            self.world.regions = whereabouts(cursor)?.1;
        } else if cursor.eat_any(&["agencies", "agency"]) {
            self.declare(cursor, |parser, name| parser.new_agency(name))?;
        } else if cursor.eat_any(&["lenders", "lender", "creditors", "creditor"]) {
            self.declare(cursor, |parser, name| {
                parser.world.lenders.push(name.to_owned());
                Named::Lender(parser.world.lenders.len() - 1)
            })?;
        } else if cursor.eat_any(&["debts", "debt"]) {
            let debts = self.declare(cursor, |parser, _| parser.new_debt())?;
            self.terms(cursor, &debts)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    pub(super) fn packs(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Problem> {
        let known: Vec<&str> = policy::texts().iter().map(|(id, _)| *id).collect();
        loop {
            let word = cursor.peek().filter(|word| known.contains(&word.text.as_str()));
            let Some(word) = word else {
                return Err(cursor.problem_among(format!("a rule pack ({})", known.join(", ")), &known));
            };
            cursor.take();
            if !self.world.packs.contains(&word.text) {
                self.world.packs.push(word.text.clone());
            }
            let comma = cursor.after_comma();
            if cursor.eat("without platform") {
                self.alone = true;
                return Ok(());
            }
            if !cursor.eat("and") && (!comma || cursor.done()) {
                return Ok(());
            }
        }
    }

    /// Introduces a list of names.
    pub(super) fn declare(
        &mut self,
        cursor: &mut Cursor<'_>,
        mut make: impl FnMut(&mut Self, &str) -> Named,
    ) -> Result<Vec<Named>, Problem> {
        let mut made = Vec::new();
        loop {
            let Some(word) = cursor.peek() else { return Err(cursor.problem("a name")) };
            if self.names.find(&word.text).is_some() {
                return Err(cursor.problem("a name that the case does not use yet"));
            }
            let named = make(self, &word.text);
            self.names.introduce(&word.text, named).map_err(|expected| cursor.problem(expected))?;
            made.push(named);
            cursor.take();
            let (at, comma) = (cursor.place(), cursor.after_comma());
            if !cursor.eat("and") && (!comma || cursor.done()) {
                return Ok(made);
            }
            // `mobile phone m1 and home phone h1`: of another kind.
            if cursor.choose(PLACES).is_some() || cursor.choose(KINDS).is_some() {
                cursor.back_to(at);
                return Ok(made);
            }
        }
    }

    pub(super) fn new_agency(&mut self, name: &str) -> Named {
        self.world.agencies.push(Agency { name: name.to_owned(), lines: Vec::new(), agents: Vec::new() });
        Named::Agency(self.world.agencies.len() - 1)
    }

    pub(super) fn new_debt(&mut self) -> Named {
        self.world.debts.push(Debt { lender: None, placed: None });
        Named::Debt(self.world.debts.len() - 1)
    }

    /// A person, new or known, named by the next word.
    pub(super) fn somebody(&mut self, cursor: &mut Cursor<'_>) -> Result<Index, Problem> {
        let Some(word) = cursor.peek() else { return Err(cursor.problem("a person's name")) };
        match self.names.find(&word.text) {
            Some(Named::Person(person)) => {
                cursor.take();
                Ok(person)
            }
            Some(_) => Err(cursor.problem("a person's name")),
            None => {
                let person = self.world.people.len();
                let named = Named::Person(person);
                self.names.introduce(&word.text, named).map_err(|expected| cursor.problem(expected))?;
                let (line, zones) = (cursor.number(), Zones::Unsaid);
                self.world.people.push(Person {
                    name: word.text.clone(),
                    line,
                    zones,
                    regions: Vec::new(),
                    unasked: false,
                });
                cursor.take();
                Ok(person)
            }
        }
    }

    pub(super) fn agency(&self, cursor: &mut Cursor<'_>) -> Result<Index, Problem> {
        match cursor.peek().and_then(|word| self.names.find(&word.text)) {
            Some(Named::Agency(agency)) => {
                cursor.take();
                Ok(agency)
            }
            _ => Err(self.unknown(cursor, "an agency", |named| matches!(named, Named::Agency(_)))),
        }
    }

    pub(super) fn lender(&self, cursor: &mut Cursor<'_>) -> Result<Index, Problem> {
        match cursor.peek().and_then(|word| self.names.find(&word.text)) {
            Some(Named::Lender(lender)) => {
                cursor.take();
                Ok(lender)
            }
            _ => Err(self.unknown(cursor, "a lender", |named| matches!(named, Named::Lender(_)))),
        }
    }

    /// `card debt` is `card`, unless the case calls a debt so.
    pub(super) fn debt_word(&self, cursor: &mut Cursor<'_>) {
        if self.names.find("debt").is_none() && !cursor.after_comma() {
            cursor.eat_any(&["debt", "debts"]);
        }
    }

    /// One or more debts.
    pub(super) fn debt_list(&self, cursor: &mut Cursor<'_>) -> Result<Vec<Index>, Problem> {
        let mut debts = Vec::new();
        loop {
            let named = cursor.peek().and_then(|word| self.names.find(&word.text));
            let Some(Named::Debt(debt)) = named else {
                return Err(self.unknown(cursor, "a debt", |named| matches!(named, Named::Debt(_))));
            };
            cursor.take();
            self.debt_word(cursor);
            if !debts.contains(&debt) {
                debts.push(debt);
            }
            let (at, comma) = (cursor.place(), cursor.after_comma());
            let and = cursor.eat("and");
            let more = cursor.peek().and_then(|word| self.names.find(&word.text));
            if !(and || comma) || !matches!(more, Some(Named::Debt(_))) {
                let misspelt = and && cursor.peek_second().is_none() && more.is_none();
                if !misspelt {
                    cursor.back_to(at);
                    return Ok(debts);
                }
            }
        }
    }
}
