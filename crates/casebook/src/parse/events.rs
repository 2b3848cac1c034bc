//! Dated events: who does what.

use events::gate::HoldKind;

use super::clauses::{Clause, Clauses};
use super::moment::{dates, moment, sees_date, time};
use super::names::Named;
use super::{Head, Parser};
use crate::case::{Act, By, Hold, Index, What, When};
use crate::error::Problem;
use crate::text::Cursor;
use crate::words::{OUTCOMES, phrases};

/// What every event takes.
pub(super) const DATED: &[Clause] = &[Clause::On, Clause::At, Clause::Learned];

/// What happens, the clauses that say when, and by whose clock.
pub(super) type Happening = Result<(What, Clauses, Whose), Problem>;

impl Parser {
    pub(super) fn event(&mut self, cursor: &mut Cursor<'_>) -> Result<(Head, What), Problem> {
        let (mut when, mut learned) = (When { times: 1, ..When::default() }, None);
        if cursor.eat("on") || cursor.sees("each") || cursor.sees("every day from") || sees_date(cursor) {
            when.dates = dates(cursor)?;
            when.time = time(cursor)?;
            let place = cursor.place();
            if cursor.eat("at") {
                match time(cursor)? {
                    Some(time) => when.time = Some(time),
                    None => cursor.back_to(place),
                }
            }
            if cursor.eat_any(&["learned on", "learned"]) {
                learned = Some(moment(cursor)?);
            }
        }
        let leading = !when.dates.is_empty();
        let (what, clauses, whose) = self.happening(cursor, leading)?;
        cursor.end("the end of the line")?;
        if !leading {
            when.dates = clauses.when.dates;
        }
        when.time = when.time.or(clauses.when.time);
        when.times = clauses.when.times;
        if when.dates.is_empty() {
            return Err(Problem {
                line: cursor.number(),
                column: 1,
                expected: "a date: an event begins with \"on\" and a date, such as on Tue 2026-04-07"
                    .to_owned(),
                got: "none".to_owned(),
                suggestion: None,
            });
        }
        let zone = match whose {
            Whose::Contact(contact) => self.world.clock_of(contact),
            Whose::Person(person) => self.world.clock_of_person(person),
            Whose::Nobody => self.world.zone.clone(),
        };
        Ok((Head { when, learned: learned.or(clauses.learned), zone }, what))
    }

    pub(super) fn happening(&mut self, cursor: &mut Cursor<'_>, leading: bool) -> Happening {
        if cursor.sees("permit") {
            return self.permit(cursor);
        }
        if cursor.eat_any(&["court orders no contact with", "regulator orders no contact with"]) {
            let person = self.person(cursor)?;
            let clauses = self.rest(cursor, &[DATED, &[Clause::About, Clause::Until]])?;
            let debt = clauses.about.first().copied();
            let act = Act::Hold(Hold {
                until: clauses.until.clone(),
                ..hold(HoldKind::Order, Some(person), debt, By::Court)
            });
            return Ok((What::Act(act), clauses, Whose::Person(person)));
        }
        if cursor.eat("pack") {
            return self.pack(cursor);
        }
        if cursor.eat("template") || cursor.eat("line") {
            // The name says which it is.
        }
        let named = cursor.peek().and_then(|word| self.names.find(&word.text));
        let Some(named) = named else {
            return Err(self.unknown(cursor, "a name that the case knows, or a fact or an event", |_| true));
        };
        if let Named::Person(_) = named
            && let Ok(contact) = self.contact_in(cursor)
        {
            return self.contact_becomes(cursor, contact);
        }
        cursor.take();
        match named {
            Named::Agency(agency) => self.agency_does(cursor, agency),
            Named::Person(person) => self.person_does(cursor, person, leading),
            Named::Debt(debt) => self.debt_becomes(cursor, debt),
            Named::Contact(contact) => self.contact_becomes(cursor, contact),
            Named::Line(agency, line) => {
                let registered = self.one_of(
                    cursor,
                    &[
                        ("is registered", true),
                        ("is not registered", false),
                        ("is no longer registered", false),
                    ],
                )?;
                self.plain(cursor, Act::Register { agency, line, registered }, Whose::Nobody)
            }
            Named::Agent(agency, agent) => {
                let active = self.one_of(cursor, STANDING)?;
                self.plain(cursor, Act::Standing { agency, agent: Some(agent), active }, Whose::Nobody)
            }
            Named::Template(template) => {
                cursor.expect("is withdrawn")?;
                self.plain(cursor, Act::Withdraw { template }, Whose::Nobody)
            }
            Named::Lender(_) => {
                Err(cursor.problem("an event: a lender does nothing that the gate would see"))
            }
            Named::Permit(_) => Err(cursor.problem("\"permit\" before its name")),
        }
    }

    /// Clauses to the end of the line, and only these.
    pub(super) fn rest(&self, cursor: &mut Cursor<'_>, allowed: &[&[Clause]]) -> Result<Clauses, Problem> {
        let clauses = self.clauses(cursor, &[])?;
        clauses.only(cursor.number(), allowed)?;
        Ok(clauses)
    }

    pub(super) fn plain(&self, cursor: &mut Cursor<'_>, act: Act, whose: Whose) -> Happening {
        let clauses = self.rest(cursor, &[DATED])?;
        Ok((What::Act(act), clauses, whose))
    }

    pub(super) fn one_of<T: Copy>(
        &self,
        cursor: &mut Cursor<'_>,
        table: &[(&'static str, T)],
    ) -> Result<T, Problem> {
        let known = phrases(table);
        cursor
            .choose(table)
            .ok_or_else(|| cursor.problem_among(format!("one of: {}", known.join(", ")), &known))
    }

    pub(super) fn person(&self, cursor: &mut Cursor<'_>) -> Result<Index, Problem> {
        match cursor.peek().and_then(|word| self.names.find(&word.text)) {
            Some(Named::Person(person)) => {
                cursor.take();
                Ok(person)
            }
            _ => Err(self.unknown(cursor, "a person", |named| matches!(named, Named::Person(_)))),
        }
    }

    pub(super) fn pack(&mut self, cursor: &mut Cursor<'_>) -> Happening {
        let known: Vec<&str> = policy::texts().iter().map(|(id, _)| *id).collect();
        let Some(id) = cursor.peek().filter(|word| known.contains(&word.text.as_str())) else {
            return Err(cursor.problem_among(format!("a rule pack ({})", known.join(", ")), &known));
        };
        cursor.take();
        let adopt = self.one_of(cursor, &[("is adopted", true), ("is withdrawn", false)])?;
        let id = id.text.clone();
        self.plain(cursor, if adopt { Act::AdoptPack(id) } else { Act::WithdrawPack(id) }, Whose::Nobody)
    }

    pub(super) fn permit(&mut self, cursor: &mut Cursor<'_>) -> Happening {
        cursor.expect("permit")?;
        let Some(Named::Permit(permit)) = cursor.peek().and_then(|word| self.names.find(&word.text)) else {
            return Err(self
                .unknown(cursor, "a permit that was asked for", |named| matches!(named, Named::Permit(_))));
        };
        cursor.take();
        let verbs = &[
            ("is used", 0),
            ("is redeemed", 0),
            ("is not used", 1),
            ("ends", 2),
            ("ends in", 2),
            ("ends with", 2),
        ];
        let act = match self.one_of(cursor, verbs)? {
            0 => Act::Redeem { permit },
            1 => Act::Remark("a permit that is not used ends by itself"),
            _ => {
                let known = phrases(OUTCOMES);
                let clauses =
                    self.rest(cursor, &[DATED, &[Clause::Outcome, Clause::About, Clause::Toward]])?;
                let expected = || cursor.problem_among("what became of it, such as no answer", &known);
                let outcome = clauses.outcome.ok_or_else(expected)?;
                let (toward, discussed) = (clauses.toward.clone(), clauses.discussed.clone());
                return Ok((
                    What::Act(Act::Settle { permit, outcome, toward, discussed }),
                    clauses,
                    Whose::Nobody,
                ));
            }
        };
        self.plain(cursor, act, Whose::Nobody)
    }
}

/// Whose clock an event is told by.
#[derive(Debug, Clone, Copy)]
pub(super) enum Whose {
    Contact(Index),
    Person(Index),
    Nobody,
}

pub(super) const STANDING: &[(&str, bool)] = &[
    ("is suspended", false),
    ("is admitted", true),
    ("is admitted again", true),
    ("ends", false),
    ("is dismissed", false),
];

/// A hold without bounds.
pub(super) fn hold(kind: HoldKind, person: Option<Index>, debt: Option<Index>, by: By) -> Hold {
    Hold {
        kind,
        person,
        contact: None,
        debt,
        channels: Vec::new(),
        places: Vec::new(),
        times: Vec::new(),
        until: None,
        by,
    }
}
