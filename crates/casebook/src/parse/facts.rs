//! Facts: who there is, what they owe, where they can be reached.

use model::Role;

use super::Parser;
use super::moment::{is_date, whereabouts, zone};
use super::names::Named;
use crate::case::{Agency, CallingLine, ContactPoint, Debt, Index, Kind, Person, Template, Tie, Zones};
use crate::error::Problem;
use crate::text::Cursor;
use crate::words::{KINDS, PLACES, RELATIONS, ZONE_OF_REGION, phrases};

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
    pub fn fact(&mut self, cursor: &mut Cursor<'_>, phase: Phase) -> Result<bool, Problem> {
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

    fn declared(&mut self, cursor: &mut Cursor<'_>) -> Result<bool, Problem> {
        if cursor.eat_any(&["packs", "pack", "rules"]) {
            self.packs(cursor)?;
        } else if cursor.eat_any(&["times are in", "times in", "zone"]) {
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

    fn packs(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Problem> {
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
    fn declare(
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
            let comma = cursor.after_comma();
            if !cursor.eat("and") && (!comma || cursor.done()) {
                return Ok(made);
            }
        }
    }

    fn new_agency(&mut self, name: &str) -> Named {
        self.world.agencies.push(Agency { name: name.to_owned(), lines: Vec::new(), agents: Vec::new() });
        Named::Agency(self.world.agencies.len() - 1)
    }

    fn new_debt(&mut self) -> Named {
        self.world.debts.push(Debt { lender: None, placed: None });
        Named::Debt(self.world.debts.len() - 1)
    }

    /// A person, new or known, named by the next word.
    fn somebody(&mut self, cursor: &mut Cursor<'_>) -> Result<Index, Problem> {
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

    fn owing(&mut self, cursor: &mut Cursor<'_>) -> Result<bool, Problem> {
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
    fn terms(&mut self, cursor: &mut Cursor<'_>, debts: &[Named]) -> Result<(), Problem> {
        while !cursor.done() {
            if cursor.eat_any(&["owed to", "to", "of lender", "held by"]) {
                let lender = self.lender(cursor)?;
                self.each_debt(debts, |debt| debt.lender = Some(lender));
            } else if cursor.eat_any(&["and placed with", "placed with"]) {
                let agency = self.agency(cursor)?;
                self.each_debt(debts, |debt| debt.placed = Some(agency));
            } else {
                return Err(
                    cursor.problem_among("\"to\" a lender or \"placed with\" an agency", &["owed", "placed"])
                );
            }
        }
        Ok(())
    }

    fn each_debt(&mut self, debts: &[Named], mut change: impl FnMut(&mut Debt)) {
        for debt in debts {
            if let Named::Debt(debt) = *debt {
                change(&mut self.world.debts[debt]);
            }
        }
    }

    fn related(&mut self, cursor: &mut Cursor<'_>) -> Result<bool, Problem> {
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
        cursor.expect("of")?;
        // The parent of a minor is the consumer (12 CFR 1006.6(a)(2)).
        let minor = cursor.eat("minor");
        let of = match cursor.peek().and_then(|word| self.names.find(&word.text)) {
            Some(Named::Person(of)) => of,
            _ => {
                return Err(
                    self.unknown(cursor, "a person's name", |named| matches!(named, Named::Person(_)))
                );
            }
        };
        cursor.take();
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

    fn only_debt(&mut self) -> Index {
        if self.world.debts.is_empty() {
            let named = self.new_debt();
            // The name is free: nothing else is named by a case that names no debt, or the file says so below.
            let _ = self.names.introduce("debt", named);
        }
        0
    }

    /// `card is owed to Bank`, `card is placed with Acme`, `loan1 and loan2 are one debt`.
    fn about_debt(&mut self, cursor: &mut Cursor<'_>, debt: Index) -> Result<bool, Problem> {
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

    fn having(&mut self, cursor: &mut Cursor<'_>) -> Result<bool, Problem> {
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

    fn agency_has(&mut self, cursor: &mut Cursor<'_>, agency: Index) -> Result<(), Problem> {
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

    fn person_has(&mut self, cursor: &mut Cursor<'_>, person: Index) -> Result<(), Problem> {
        cursor.eat_any(&["two", "three", "one"]);
        let place = cursor.choose(PLACES);
        let landline = cursor.sees("landline");
        let Some(kind) = cursor.choose(KINDS) else {
            let known = phrases(KINDS);
            return Err(cursor.problem_among(format!("what it is ({})", known.join(", ")), &known));
        };
        cursor.eat("phone");
        let place = place.unwrap_or(if landline { model::Place::Home } else { kind.place() });
        let first = self.world.contacts.len();
        let named = !cursor.done() && !cursor.sees("in");
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
        Ok(())
    }

    /// `template T1 of Acme reads "…"`.
    fn template(&mut self, cursor: &mut Cursor<'_>) -> Result<bool, Problem> {
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

    /// What a case need not say.
    pub fn fill_in(&mut self, after: Phase) {
        match after {
            Phase::Declared => {
                if self.world.agencies.is_empty() {
                    let agency = self.new_agency("collector");
                    for name in ["collector", "K"] {
                        let _ = self.names.introduce(name, agency);
                    }
                }
                if self.world.lenders.is_empty() {
                    self.world.lenders.push("creditor".to_owned());
                    for name in ["creditor", "lender"] {
                        let _ = self.names.introduce(name, Named::Lender(0));
                    }
                }
                if self.world.packs.is_empty() {
                    self.world.packs.push("us-reg-f".to_owned());
                }
                if !self.alone && !self.world.packs.iter().any(|pack| pack == "platform") {
                    self.world.packs.insert(0, "platform".to_owned());
                }
                self.place_of_packs();
            }
            Phase::Owing | Phase::Related => {}
            Phase::Having => {
                if self.world.people.is_empty() {
                    let (name, zones) = ("consumer".to_owned(), Zones::Unsaid);
                    self.world.people.push(Person {
                        name,
                        line: 0,
                        zones,
                        regions: Vec::new(),
                        unasked: false,
                    });
                    for name in ["consumer", "debtor", "P"] {
                        let _ = self.names.introduce(name, Named::Person(0));
                    }
                }
                self.only_debt();
                self.owe_the_rest();
                for (index, agency) in self.world.agencies.iter_mut().enumerate() {
                    if agency.lines.iter().all(|line| !line.registered) {
                        agency.lines.insert(0, CallingLine { name: String::new(), registered: true });
                        self.names.shift_lines(index);
                    }
                    if agency.agents.is_empty() {
                        agency.agents.push(String::new());
                    }
                }
            }
        }
    }

    /// The region and the zone that the packs are for.
    fn place_of_packs(&mut self) {
        if self.world.regions.is_empty() {
            let packs = self.world.packs.iter().filter_map(|id| policy::parse(policy::text(id)?).ok());
            self.world.regions = packs
                .filter_map(|pack| match pack.applies {
                    policy::pack::Applies::Regions(regions) => regions.first().map(ToString::to_string),
                    _ => None,
                })
                .collect();
        }
        if self.world.zone.is_empty() {
            let region = self.world.regions.first().map_or("", String::as_str);
            let zone = ZONE_OF_REGION.iter().find(|(country, _)| region.get(..2) == Some(country));
            self.world.zone = zone.map_or("UTC", |(_, zone)| zone).to_owned();
        }
    }

    /// A debt that nobody owes is owed by the first person who is nobody's third party.
    fn owe_the_rest(&mut self) {
        let third =
            |person: Index| self.world.ties.iter().any(|tie| tie.person == person && !tie.role.owes());
        let Some(person) = (0..self.world.people.len()).find(|person| !third(*person)) else { return };
        for debt in 0..self.world.debts.len() {
            let merged = self.names.merged(debt);
            let owed = self.world.ties.iter().any(|tie| tie.debt == debt && tie.role.owes());
            if !owed && !merged {
                self.world.ties.insert(0, Tie { person, debt, role: Role::Debtor });
            }
        }
    }

    /// People who are nothing to any debt: most likely a name that is misspelt.
    pub fn nobodies(&self) -> Vec<Problem> {
        let strangers = self.world.people.iter().enumerate().filter(|(index, person)| {
            let reached = self.world.contacts.iter().any(|contact| contact.person == *index);
            self.world.debts_of(*index).is_empty() && (reached || person.zones != Zones::Unsaid)
        });
        let problem = |(_, person): (Index, &Person)| {
            let tied = self.world.ties.iter().map(|tie| self.world.people[tie.person].name.as_str());
            Problem {
                line: person.line,
                column: 1,
                expected: format!("what {} is to a debt, such as \"{} owes card\"", person.name, person.name),
                got: "nothing".to_owned(),
                suggestion: crate::error::nearest(&person.name, tied),
            }
        };
        strangers.map(problem).collect()
    }

    pub fn agency(&self, cursor: &mut Cursor<'_>) -> Result<Index, Problem> {
        match cursor.peek().and_then(|word| self.names.find(&word.text)) {
            Some(Named::Agency(agency)) => {
                cursor.take();
                Ok(agency)
            }
            _ => Err(self.unknown(cursor, "an agency", |named| matches!(named, Named::Agency(_)))),
        }
    }

    pub fn lender(&self, cursor: &mut Cursor<'_>) -> Result<Index, Problem> {
        match cursor.peek().and_then(|word| self.names.find(&word.text)) {
            Some(Named::Lender(lender)) => {
                cursor.take();
                Ok(lender)
            }
            _ => Err(self.unknown(cursor, "a lender", |named| matches!(named, Named::Lender(_)))),
        }
    }

    /// One or more debts.
    pub fn debt_list(&self, cursor: &mut Cursor<'_>) -> Result<Vec<Index>, Problem> {
        let mut debts = Vec::new();
        loop {
            let named = cursor.peek().and_then(|word| self.names.find(&word.text));
            let Some(Named::Debt(debt)) = named else {
                return Err(self.unknown(cursor, "a debt", |named| matches!(named, Named::Debt(_))));
            };
            cursor.take();
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

fn point(name: String, person: Index, kind: Kind, place: model::Place) -> ContactPoint {
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
