//! Where people can be reached, and what agencies have.

use model::Place;

use super::Parser;
use super::moment::whereabouts;
use super::names::Named;
use crate::case::{CallingLine, ContactPoint, Index, Kind, Template, Zones};
use crate::error::Problem;
use crate::text::Cursor;
use crate::words::{KINDS, PLACES, phrases};

impl Parser {
    pub(super) fn having(&mut self, cursor: &mut Cursor<'_>) -> Result<bool, Problem> {
        if cursor.eat("template") {
            return self.template(cursor);
        }
        let start = cursor.place();
        let Some(first) = cursor.take() else { return Ok(false) };
        let named = self.names.find(&first.text);
        if let Some(Named::Contact(contact)) = named
            && cursor.eat_any(&["is also named by", "is named by"])
        {
            self.world.contacts[contact].others = count(cursor)?;
            return Ok(true);
        }
        let lives = cursor.sees("lives in") || cursor.sees("may be in");
        if !lives && !cursor.sees("has") {
            return Ok(false);
        }
        if let Some(Named::Agency(agency)) = named {
            cursor.eat("has");
            self.agency_has(cursor, agency)?;
            return Ok(true);
        }
        cursor.back_to(start);
        let person = self.somebody(cursor)?;
        if cursor.eat_any(&["has not been asked", "has not confirmed"]) {
            self.world.people[person].unasked = true;
            return Ok(true);
        }
        if cursor.eat_any(&["lives in", "may be in"]) {
            let (zones, regions) = whereabouts(cursor)?;
            self.world.people[person].zones = zones;
            self.world.people[person].regions.extend(regions);
            return Ok(true);
        }
        cursor.expect("has")?;
        self.person_has(cursor, person)?;
        Ok(true)
    }

    pub(super) fn agency_has(&mut self, cursor: &mut Cursor<'_>, agency: Index) -> Result<(), Problem> {
        let registered = !cursor.eat("unregistered");
        if cursor.eat_any(&["lines", "line", "numbers", "number"]) {
            self.declare(cursor, |parser, name| {
                let lines = &mut parser.world.agencies[agency].lines;
                lines.push(CallingLine { name: name.to_owned(), registered });
                Named::Line(agency, lines.len() - 1)
            })?;
        } else if cursor.eat_any(&["agents", "agent", "collectors"]) {
            self.declare(cursor, |parser, name| {
                let agents = &mut parser.world.agencies[agency].agents;
                agents.push(name.to_owned());
                Named::Agent(agency, agents.len() - 1)
            })?;
        } else {
            return Err(cursor.problem_among("\"lines\" or \"agents\"", &["lines", "agents"]));
        }
        Ok(())
    }

    pub(super) fn person_has(&mut self, cursor: &mut Cursor<'_>, person: Index) -> Result<(), Problem> {
        cursor.eat_any(&["two", "three", "one"]);
        cursor.eat("personal");
        let place = cursor.choose(PLACES);
        let landline = cursor.sees("landline");
        let Some(kind) = cursor.choose(KINDS) else {
            let known = phrases(KINDS);
            return Err(cursor.problem_among(format!("what it is ({})", known.join(", ")), &known));
        };
        cursor.eat("phone");
        let place = place.unwrap_or(if landline { Place::Home } else { kind.place() });
        let first = self.world.contacts.len();
        let more = cursor.sees("and") || cursor.after_comma();
        let named = !cursor.done() && !cursor.sees("in") && !more;
        if named {
            self.declare(cursor, |parser, name| {
                parser.world.contacts.push(point(name.to_owned(), person, kind, place));
                Named::Contact(parser.world.contacts.len() - 1)
            })?;
        } else {
            let name = format!("{}'s {}", self.world.people[person].name, kind.word());
            self.world.contacts.push(point(name, person, kind, place));
        }
        if cursor.eat("in") {
            let (zones, regions) = whereabouts(cursor)?;
            for contact in &mut self.world.contacts[first..] {
                contact.zones = zones.clone();
                contact.regions.clone_from(&regions);
            }
        }
        if cursor.eat_any(&["named by", "also named by"]) {
            let others = count(cursor)?;
            for contact in &mut self.world.contacts[first..] {
                contact.others = others;
            }
        }
        let comma = cursor.after_comma();
        if !cursor.done() && (cursor.eat("and") || comma) {
            return self.person_has(cursor, person);
        }
        Ok(())
    }

    /// `template T1 of Acme reads "…"`.
    pub(super) fn template(&mut self, cursor: &mut Cursor<'_>) -> Result<bool, Problem> {
        let Some(name) = cursor.take() else { return Err(cursor.problem("a name for the template")) };
        let agency = if cursor.eat("of") { self.agency(cursor)? } else { 0 };
        cursor.expect("reads")?;
        let Some(text) = cursor.peek().filter(|word| word.quoted) else {
            return Err(cursor.problem("its text in quotation marks"));
        };
        let named = Named::Template(self.world.templates.len());
        self.names.introduce(&name.text, named).map_err(|expected| cursor.problem(expected))?;
        self.world.templates.push(Template { agency, text: text.text.clone() });
        cursor.take();
        Ok(true)
    }
}

fn point(name: String, person: Index, kind: Kind, place: Place) -> ContactPoint {
    ContactPoint { name, person, kind, place, zones: Zones::Unsaid, regions: Vec::new(), others: 0 }
}

/// `4 other borrowers`.
fn count(cursor: &mut Cursor<'_>) -> Result<u32, Problem> {
    let number =
        cursor.peek().and_then(|word| word.text.parse::<u32>().ok()).filter(|number| *number <= 1000);
    let Some(number) = number else { return Err(cursor.problem("a number up to 1000")) };
    cursor.take();
    cursor.eat_any(&["other borrowers", "other debtors", "other people", "other borrower"]);
    Ok(number)
}
