//! Questions.

use model::Channel;

use super::clauses::{Clause, Clauses, INTENT};
use super::names::Named;
use super::{Head, Parser};
use crate::case::{CountOf, Index, Pick, Question, Which};
use crate::error::Problem;
use crate::text::Cursor;
use crate::words::{CONTACTS, phrases};

/// Contacts that a question is about.
const WHICH: &[(&str, Option<Channel>)] = &[
    ("calls", Some(Channel::Call)),
    ("call", Some(Channel::Call)),
    ("texts", Some(Channel::Sms)),
    ("text", Some(Channel::Sms)),
    ("emails", Some(Channel::Email)),
    ("email", Some(Channel::Email)),
    ("letters", Some(Channel::Letter)),
    ("letter", Some(Channel::Letter)),
    ("visits", Some(Channel::Visit)),
    ("visit", Some(Channel::Visit)),
    ("messages", Some(Channel::App)),
    ("message", Some(Channel::App)),
    ("contacts", None),
    ("contact", None),
];

const ALLOWED: &[&str] = &["allowed", "permitted", "given", "granted", "refused"];
const PRESUMED: &[&str] = &[
    "presumed to comply",
    "presumed compliant",
    "presumed to violate",
    "presumed violation",
    "within frequencies",
    "compliant",
    "in compliance",
];

impl Parser {
    pub fn question(&mut self, cursor: &mut Cursor<'_>) -> Result<(Head, Question), Problem> {
        let (question, clauses) = if cursor.eat("may") {
            self.may(cursor)?
        } else if cursor.eat("when") {
            self.next(cursor)?
        } else if cursor.eat("how many") {
            self.how_many(cursor)?
        } else if cursor.eat_any(&["does", "do"]) {
            self.counts(cursor)?
        } else {
            cursor.take();
            self.was(cursor)?
        };
        cursor.end("the end of the question")?;
        let zone = match &question {
            Question::May(intended) | Question::Next(intended) | Question::Count { intended, .. } => {
                self.world.clock_of(intended.contact)
            }
            Question::Was(which) | Question::Presumed(which) | Question::Counts(which) => {
                match which.person {
                    Some(person) => self.world.clock_of_person(person),
                    None => self.world.zone.clone(),
                }
            }
            Question::WasPermit(_) | Question::WasUse(_) => self.world.zone.clone(),
        };
        let Clauses { mut when, .. } = clauses;
        if when.dates.len() > 1 {
            return Err(Problem {
                line: cursor.number(),
                column: 1,
                expected: "one date a question".to_owned(),
                got: format!("{} dates", when.dates.len()),
                suggestion: None,
            });
        }
        when.times = 1;
        Ok((Head { when, learned: None, zone }, question))
    }

    fn whom(&self, cursor: &mut Cursor<'_>) -> Result<(Index, Channel, Index), Problem> {
        let agency = self.agency(cursor)?;
        cursor.eat("next");
        let known = phrases(CONTACTS);
        let expected = "a way to contact, such as call, text, email, write to, visit";
        let channel = cursor.choose(CONTACTS).ok_or_else(|| cursor.problem_among(expected, &known))?;
        Ok((agency, channel, self.person(cursor)?))
    }

    fn may(&mut self, cursor: &mut Cursor<'_>) -> Result<(Question, Clauses), Problem> {
        let (agency, channel, person) = self.whom(cursor)?;
        let clauses = self.clauses(cursor, &[])?;
        clauses.only(cursor.number(), &[INTENT])?;
        Ok((Question::May(self.intended(cursor, agency, person, channel, &clauses)?), clauses))
    }

    fn next(&mut self, cursor: &mut Cursor<'_>) -> Result<(Question, Clauses), Problem> {
        if !cursor.eat_any(&["may", "can"]) {
            return Err(cursor.problem_among("\"may\"", &["may"]));
        }
        let (agency, channel, person) = self.whom(cursor)?;
        cursor.eat_any(&["next", "again"]);
        let clauses = self.clauses(cursor, &[])?;
        clauses.only(cursor.number(), &[INTENT])?;
        Ok((Question::Next(self.intended(cursor, agency, person, channel, &clauses)?), clauses))
    }

    /// `how many calls count toward card on 2026-04-08`.
    fn how_many(&mut self, cursor: &mut Cursor<'_>) -> Result<(Question, Clauses), Problem> {
        const OF: &[(&str, CountOf)] = &[
            ("calls", CountOf::Calls),
            ("contacts", CountOf::Calls),
            ("conversations", CountOf::Conversations),
        ];
        let known = phrases(OF);
        let of = cursor.choose(OF).ok_or_else(|| cursor.problem_among("calls or conversations", &known))?;
        cursor.eat_any(&["count", "counted", "are counted"]);
        let (mut agency, mut person, mut rule) = (None, None, None);
        let mut clauses = Clauses::default();
        let mut debts = Vec::new();
        while !cursor.done() {
            let named = cursor.peek_second().and_then(|word| self.names.find(&word.text));
            match named {
                Some(Named::Agency(_)) if cursor.eat_any(&["of", "by", "for", "from"]) => {
                    agency = Some(self.agency(cursor)?);
                }
                Some(Named::Person(_)) if cursor.eat_any(&["of", "for", "to", "with", "toward"]) => {
                    person = Some(self.person(cursor)?);
                }
                Some(Named::Debt(_)) if cursor.eat_any(&["toward", "towards", "about", "for"]) => {
                    debts = self.debt_list(cursor)?;
                }
                _ if cursor.eat("under") => rule = Some(self.rule(cursor)?),
                _ => {
                    let stops = ["of", "by", "under", "toward", "towards", "for", "with"];
                    clauses = self.clauses(cursor, &stops)?;
                    clauses.only(cursor.number(), &[&[Clause::On, Clause::At, Clause::About]])?;
                    if stops.iter().any(|stop| cursor.sees(stop)) && clauses.when.dates.is_empty() {
                        return Err(self.unknown(
                            cursor,
                            "\"toward\" a debt, \"of\" an agency, \"for\" a person, or \"under\" a rule",
                            |_| true,
                        ));
                    }
                }
            }
        }
        if debts.is_empty() {
            debts.clone_from(&clauses.about);
        }
        let agency = match agency {
            Some(agency) => agency,
            None => self.sole_agency(cursor)?,
        };
        let person = match (person, debts.first()) {
            (Some(person), _) => person,
            (None, debt) => {
                let tie = self.world.ties.iter().find(|tie| debt.is_none_or(|debt| tie.debt == *debt));
                tie.map_or(0, |tie| tie.person)
            }
        };
        clauses.about = debts;
        let intended = self.intended(cursor, agency, person, Channel::Call, &clauses)?;
        Ok((Question::Count { of, intended, rule }, clauses))
    }

    /// `was the call on 2026-04-07 allowed`, `is Acme presumed to comply about card`.
    fn was(&mut self, cursor: &mut Cursor<'_>) -> Result<(Question, Clauses), Problem> {
        let usage = cursor.eat_any(&["use of permit", "redemption of permit"]);
        if usage || cursor.eat_any(&["request for permit", "permit"]) {
            let Some(Named::Permit(permit)) = cursor.peek().and_then(|word| self.names.find(&word.text))
            else {
                let kinds = |named: &Named| matches!(named, Named::Permit(_));
                return Err(self.unknown(cursor, "a permit that was asked for", kinds));
            };
            cursor.take();
            if !cursor.eat_any(ALLOWED) {
                return Err(cursor.problem_among("\"allowed\"", ALLOWED));
            }
            let question = if usage { Question::WasUse(permit) } else { Question::WasPermit(permit) };
            return Ok((question, Clauses::default()));
        }
        let mut which = Which::default();
        if let Some(Named::Agency(_)) = cursor.peek().and_then(|word| self.names.find(&word.text)) {
            which.agency = Some(self.agency(cursor)?);
            which.channel = Some(Channel::Call);
            if !cursor.eat_any(PRESUMED) {
                return Err(cursor.problem_among("\"presumed to comply\"", PRESUMED));
            }
            let clauses = self.which(cursor, &mut which, &[])?;
            // "on" a date is what was known then.
            if which.as_of.is_none() {
                which.as_of = which.date.take();
            }
            return Ok((Question::Presumed(which), Clauses { when: Default::default(), ..clauses }));
        }
        which.pick = pick(cursor);
        let known = phrases(WHICH);
        let expected = "which contacts: the call, each call, the last text, permit NAME, or an agency";
        which.channel = cursor.choose(WHICH).ok_or_else(|| cursor.problem_among(expected, &known))?;
        let stops = [ALLOWED, PRESUMED].concat();
        let clauses = self.which(cursor, &mut which, &stops)?;
        let question = if cursor.eat_any(PRESUMED) {
            Question::Presumed(which)
        } else if cursor.eat_any(ALLOWED) {
            Question::Was(which)
        } else {
            return Err(cursor.problem_among("\"allowed\" or \"presumed to comply\"", &stops));
        };
        Ok((question, Clauses { when: Default::default(), ..clauses }))
    }

    /// `does the call on 2026-04-07 count toward card`.
    fn counts(&mut self, cursor: &mut Cursor<'_>) -> Result<(Question, Clauses), Problem> {
        let mut which = Which { channel: Some(Channel::Call), pick: pick(cursor), ..Which::default() };
        if !cursor.eat_any(&["calls", "call"]) {
            return Err(
                cursor.problem_among("which calls: the call, the last call, each call", &["call", "calls"])
            );
        }
        let clauses = self.which(cursor, &mut which, &["count"])?;
        cursor.expect("count")?;
        if !cursor.eat_any(&["toward", "towards"]) {
            return Err(cursor.problem_among("\"toward\" a debt", &["toward"]));
        }
        which.toward = Some(self.debt_list(cursor)?[0]);
        Ok((Question::Counts(which), Clauses { when: Default::default(), ..clauses }))
    }

    fn which(&self, cursor: &mut Cursor<'_>, which: &mut Which, stops: &[&str]) -> Result<Clauses, Problem> {
        let mut all = Clauses::default();
        while !cursor.done() && !stops.iter().any(|stop| cursor.sees(stop)) {
            let named = cursor.peek_second().and_then(|word| self.names.find(&word.text));
            match named {
                Some(Named::Agency(_)) if cursor.eat_any(&["of", "by", "from"]) => {
                    which.agency = Some(self.agency(cursor)?);
                }
                Some(Named::Person(_)) if cursor.eat_any(&["of", "to", "toward", "with"]) => {
                    which.person = Some(self.person(cursor)?);
                }
                _ => {
                    let mut until = vec!["of", "by", "to", "toward", "with", "from"];
                    until.extend(stops);
                    let place = cursor.place();
                    let clauses = self.clauses(cursor, &until)?;
                    clauses
                        .only(cursor.number(), &[&[Clause::On, Clause::At, Clause::About, Clause::AsOf]])?;
                    which.debt = which.debt.or(clauses.about.first().copied());
                    which.date = which.date.or(clauses.when.dates.first().copied());
                    which.time = which.time.take().or_else(|| clauses.when.time.clone());
                    which.as_of = which.as_of.or(clauses.as_of);
                    all = clauses;
                    if cursor.place() == place {
                        return Err(self.unknown(
                            cursor,
                            "which contacts: on DATE, about DEBT, to PERSON, of AGENCY",
                            |_| true,
                        ));
                    }
                }
            }
        }
        Ok(all)
    }
}

/// `each`, `the first`, `the last`; all where nothing is said.
fn pick(cursor: &mut Cursor<'_>) -> Pick {
    cursor.eat_any(&["each", "every", "all"]);
    if cursor.eat("first") {
        Pick::First
    } else if cursor.eat("last") {
        Pick::Last
    } else {
        Pick::All
    }
}
