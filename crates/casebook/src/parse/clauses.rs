//! The parts of a statement that may stand in any order: when, where, about what, what for, what became of it.

use events::gate::ConsentCovers;
use jiff::civil::Date;
use model::{Channel, Outcome, Place, Purpose};

use super::Parser;
use super::moment::{date, dates, moment, sees_date, time};
use super::names::Named;
use crate::case::{ContactPoint, Index, Intended, Kind, Moment, Reason, When, Zones};
use crate::error::{Problem, nearest};
use crate::text::Cursor;
use crate::words::{OUTCOMES, PLACES, PURPOSES, REASONS, phrases};

/// The kinds of clauses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clause {
    On,
    At,
    Place,
    About,
    Toward,
    Purpose,
    Because,
    Learned,
    Line,
    Agent,
    Agency,
    Template,
    Outcome,
    Span,
    Until,
    Given,
    Clock,
    Times,
    AsOf,
}

impl Clause {
    const fn word(self) -> &'static str {
        match self {
            Self::On => "on DATE",
            Self::At => "at TIME",
            Self::Place => "at PLACE",
            Self::About => "about DEBT",
            Self::Toward => "counting toward DEBT",
            Self::Purpose => "for PURPOSE",
            Self::Because => "because REASON",
            Self::Learned => "learned on DATE",
            Self::Line => "from line LINE",
            Self::Agent => "by agent AGENT",
            Self::Agency => "by AGENCY",
            Self::Template => "with template TEMPLATE",
            Self::Outcome => "an outcome such as no answer",
            Self::Span => "from DATE to DATE",
            Self::Until => "until DATE",
            Self::Given => "given to NAME",
            Self::Clock => "with an unsure clock",
            Self::Times => "twice",
            Self::AsOf => "as of DATE",
        }
    }
}

/// What a contact takes, whoever makes or wants it.
pub(super) const INTENT: &[Clause] = &[
    Clause::On,
    Clause::At,
    Clause::Place,
    Clause::About,
    Clause::Purpose,
    Clause::Line,
    Clause::Agent,
    Clause::Template,
    Clause::Clock,
];

/// The clauses of one statement.
#[derive(Debug, Default)]
pub(super) struct Clauses {
    pub used: Vec<(Clause, usize)>,
    pub when: When,
    pub learned: Option<Moment>,
    pub place: Option<At>,
    pub about: Vec<Index>,
    pub toward: Vec<Index>,
    pub discussed: Vec<Index>,
    pub purpose: Option<Purpose>,
    pub reason: Option<Reason>,
    pub line: Option<(Index, Index)>,
    pub agent: Option<(Index, Index)>,
    pub agency: Option<Index>,
    pub template: Option<Index>,
    pub outcome: Option<Outcome>,
    pub from: Option<Moment>,
    pub until: Option<Moment>,
    pub given: Option<Named>,
    pub unsure: bool,
    pub as_of: Option<Date>,
}

/// Where, as said.
#[derive(Debug, Clone, Copy)]
pub(super) enum At {
    Place(Place),
    Contact(Index),
}

impl Clauses {
    /// Whether a clause was given.
    pub fn has(&self, clause: Clause) -> bool {
        self.used.iter().any(|(used, _)| *used == clause)
    }

    /// Refuses clauses that a statement does not take.
    pub fn only(&self, line: usize, allowed: &[&[Clause]]) -> Result<(), Problem> {
        let allowed: Vec<Clause> = allowed.concat();
        let Some((clause, column)) = self.used.iter().find(|(used, _)| !allowed.contains(used)) else {
            return Ok(());
        };
        let words: Vec<&str> = allowed.iter().map(|clause| clause.word()).collect();
        let expected = if words.is_empty() { "nothing more".to_owned() } else { words.join(", ") };
        let got = format!("\"{}\", which this statement does not take", clause.word());
        Err(Problem { line, column: *column, expected, got, suggestion: None })
    }
}

impl Parser {
    /// Reads clauses up to the end of the line, or up to one of these words.
    pub fn clauses(&self, cursor: &mut Cursor<'_>, stops: &[&str]) -> Result<Clauses, Problem> {
        let mut clauses = Clauses { when: When { times: 1, ..When::default() }, ..Clauses::default() };
        while !cursor.done() && !stops.iter().any(|stop| cursor.sees(stop)) {
            let column = cursor.peek().map_or(1, |word| word.column);
            let clause = self.clause(cursor, &mut clauses)?;
            if clauses.has(clause) && clause != Clause::About {
                let got = format!("\"{}\" a second time", clause.word());
                let expected = "each clause once".to_owned();
                return Err(Problem { line: cursor.number(), column, expected, got, suggestion: None });
            }
            clauses.used.push((clause, column));
        }
        Ok(clauses)
    }

    fn clause(&self, cursor: &mut Cursor<'_>, clauses: &mut Clauses) -> Result<Clause, Problem> {
        if cursor.eat("as of") {
            clauses.as_of = Some(date(cursor)?);
            return Ok(Clause::AsOf);
        }
        if cursor.eat_any(&["learned on", "which is learned on", "received on", "uploaded on", "learned"]) {
            clauses.learned = Some(moment(cursor)?);
            return Ok(Clause::Learned);
        }
        if cursor.sees("on") || cursor.sees("each") || sees_date(cursor) {
            let named = cursor.peek_second().and_then(|word| self.names.find(&word.text));
            if let Some(Named::Debt(_)) = named.filter(|_| cursor.sees("on")) {
                cursor.eat("on");
                clauses.about = self.debt_list(cursor)?;
                return Ok(Clause::About);
            }
            cursor.eat("on");
            clauses.when.dates = dates(cursor)?;
            // `on 2026-04-07 10:00`
            if let Some(time) = time(cursor)? {
                clauses.when.time = Some(time);
            }
            return Ok(Clause::On);
        }
        if cursor.eat("at") {
            return self.at(cursor, clauses);
        }
        if cursor.eat_any(&["about", "regarding", "concerning"]) {
            let debts = match cursor.eat_any(&["no debt", "neither debt", "no particular debt", "no debts"]) {
                true => Vec::new(),
                false => self.debt_list(cursor)?,
            };
            match clauses.outcome {
                Some(Outcome::Conversation) => clauses.discussed = debts,
                Some(_) => clauses.toward = debts,
                None => clauses.about = debts,
            }
            return Ok(Clause::About);
        }
        let toward = [
            "counting toward",
            "counted toward",
            "counts toward",
            "counting towards",
            "attributed to",
            "toward",
        ];
        if cursor.eat_any(&toward) {
            clauses.toward = self.debt_list(cursor)?;
            return Ok(Clause::Toward);
        }
        if cursor.eat("because") {
            let known = phrases(REASONS);
            let reason = cursor.choose(REASONS);
            let expected = || format!("a reason ({})", known.join(", "));
            clauses.reason = Some(reason.ok_or_else(|| cursor.problem_among(expected(), &known))?);
            // Who and when may follow in the author's own words.
            while cursor.take().is_some() {}
            return Ok(Clause::Because);
        }
        if cursor.eat("given to") {
            let named = cursor.peek().and_then(|word| self.names.find(&word.text));
            match named {
                Some(Named::Agency(_) | Named::Lender(_)) => clauses.given = named,
                _ => {
                    let kinds = |named: &Named| matches!(named, Named::Agency(_) | Named::Lender(_));
                    return Err(self.unknown(cursor, "an agency or a lender", kinds));
                }
            }
            cursor.take();
            return Ok(Clause::Given);
        }
        if cursor.eat("with") {
            return self.with(cursor, clauses);
        }
        if cursor.eat("by") {
            return self.by(cursor, clauses);
        }
        if cursor.eat("from") {
            return self.from(cursor, clauses);
        }
        if cursor.eat_any(&["until", "through"]) {
            clauses.until = Some(moment(cursor)?);
            return Ok(Clause::Until);
        }
        if let Some(times) = often(cursor)? {
            clauses.when.times = times;
            return Ok(Clause::Times);
        }
        if let Some(outcome) = cursor.choose(OUTCOMES) {
            clauses.outcome = Some(outcome);
            return Ok(Clause::Outcome);
        }
        if cursor.eat_any(&["to", "for", "in", "as"]) {
            let known = phrases(PURPOSES);
            let purpose = cursor.choose(PURPOSES);
            let expected = || format!("what it is for ({})", known.join(", "));
            clauses.purpose = Some(purpose.ok_or_else(|| cursor.problem_among(expected(), &known))?);
            if let Some(Named::Person(_)) = cursor.peek().and_then(|word| self.names.find(&word.text)) {
                cursor.take();
            }
            return Ok(Clause::Purpose);
        }
        let mut known = phrases(OUTCOMES);
        known.extend([
            "on", "at", "about", "toward", "because", "learned", "with", "by", "from", "until", "twice",
        ]);
        Err(cursor.problem_among(
            "when (on DATE, at TIME), where (at PLACE), about which debt, for what purpose, or what became of it",
            &known,
        ))
    }

    fn at(&self, cursor: &mut Cursor<'_>, clauses: &mut Clauses) -> Result<Clause, Problem> {
        if let Some(time) = time(cursor)? {
            clauses.when.time = Some(time);
            return Ok(Clause::At);
        }
        if let Some(Named::Contact(contact)) = cursor.peek().and_then(|word| self.names.find(&word.text)) {
            cursor.take();
            clauses.place = Some(At::Contact(contact));
            return Ok(Clause::Place);
        }
        if let Some(place) = cursor.choose(PLACES) {
            clauses.place = Some(At::Place(place));
            return Ok(Clause::Place);
        }
        let kinds = |named: &Named| matches!(named, Named::Contact(_));
        Err(self.unknown(
            cursor,
            "a time such as 10:00, a place (home, work, mobile), or a number or address",
            kinds,
        ))
    }

    fn with(&self, cursor: &mut Cursor<'_>, clauses: &mut Clauses) -> Result<Clause, Problem> {
        if cursor.eat_any(&["unsure clock", "clock unsure"]) {
            clauses.unsure = true;
            return Ok(Clause::Clock);
        }
        cursor.eat("template");
        let Some(Named::Template(template)) = cursor.peek().and_then(|word| self.names.find(&word.text))
        else {
            return Err(self.unknown(cursor, "a template", |named| matches!(named, Named::Template(_))));
        };
        cursor.take();
        clauses.template = Some(template);
        Ok(Clause::Template)
    }

    fn by(&self, cursor: &mut Cursor<'_>, clauses: &mut Clauses) -> Result<Clause, Problem> {
        cursor.eat("agent");
        match cursor.peek().and_then(|word| self.names.find(&word.text)) {
            Some(Named::Agent(agency, agent)) => {
                cursor.take();
                clauses.agent = Some((agency, agent));
                Ok(Clause::Agent)
            }
            Some(Named::Agency(agency)) => {
                cursor.take();
                clauses.agency = Some(agency);
                Ok(Clause::Agency)
            }
            _ => {
                let kinds = |named: &Named| matches!(named, Named::Agent(..) | Named::Agency(_));
                Err(self.unknown(cursor, "an agency or one of its agents", kinds))
            }
        }
    }

    fn from(&self, cursor: &mut Cursor<'_>, clauses: &mut Clauses) -> Result<Clause, Problem> {
        if sees_date(cursor) {
            clauses.from = Some(moment(cursor)?);
            if cursor.eat_any(&["to", "until", "through"]) {
                clauses.until = Some(moment(cursor)?);
            }
            return Ok(Clause::Span);
        }
        let line = cursor.eat_any(&["line", "number"]);
        match cursor.peek().and_then(|word| self.names.find(&word.text)) {
            Some(Named::Line(agency, line)) => {
                cursor.take();
                clauses.line = Some((agency, line));
                Ok(Clause::Line)
            }
            Some(Named::Contact(contact)) if !line => {
                cursor.take();
                clauses.place = Some(At::Contact(contact));
                Ok(Clause::Place)
            }
            _ => match cursor.choose(PLACES) {
                Some(place) => {
                    clauses.place = Some(At::Place(place));
                    Ok(Clause::Place)
                }
                None => {
                    let kinds = |named: &Named| matches!(named, Named::Line(..) | Named::Contact(_));
                    Err(self.unknown(cursor, "a date, a calling number, or a number or address", kinds))
                }
            },
        }
    }

    /// The contact that a statement describes.
    pub fn intended(
        &mut self,
        cursor: &Cursor<'_>,
        agency: Index,
        person: Index,
        channel: Channel,
        clauses: &Clauses,
    ) -> Result<Intended, Problem> {
        let contact = self.contact_of(cursor, person, channel, clauses.place)?;
        let mut debts = clauses.about.clone();
        if debts.is_empty() {
            debts =
                if clauses.toward.is_empty() { self.world.debts_of(person) } else { clauses.toward.clone() };
        }
        if debts.is_empty() {
            // A stranger is asked about whatever debt there is.
            debts.push(0);
        }
        let wrong = |expected: &str, of: Index| Problem {
            line: cursor.number(),
            column: 1,
            expected: format!("{expected} of {}", self.world.agencies[agency].name),
            got: format!("one of {}", self.world.agencies[of].name),
            suggestion: None,
        };
        let line = match clauses.line {
            Some((of, _)) if of != agency => return Err(wrong("a calling number", of)),
            Some((_, line)) => line,
            None => self.world.agencies[agency].lines.iter().position(|line| line.registered).unwrap_or(0),
        };
        let agent = match clauses.agent {
            Some((of, _)) if of != agency => return Err(wrong("an agent", of)),
            Some((_, agent)) => agent,
            None => 0,
        };
        let purpose = clauses.purpose.unwrap_or(Purpose::Collect);
        let (template, trusted) = (clauses.template, !clauses.unsure);
        Ok(Intended { agency, agent, person, contact, debts, channel, purpose, line, template, trusted })
    }

    /// Where a person is contacted: as said, or the first of the kind, or one that the case does not name.
    pub fn contact_of(
        &mut self,
        cursor: &Cursor<'_>,
        person: Index,
        channel: Channel,
        at: Option<At>,
    ) -> Result<Index, Problem> {
        let kind = Kind::of(channel);
        let place = match at {
            Some(At::Contact(contact)) => {
                let point = &self.world.contacts[contact];
                if point.kind == kind {
                    return Ok(contact);
                }
                let expected = format!("a {} for such a contact", kind.word());
                let got = format!("{}, which is a {}", point.name, point.kind.word());
                let known = self.world.contacts.iter().filter(|point| point.kind == kind);
                let suggestion = nearest(&point.name, known.map(|point| point.name.as_str()));
                return Err(Problem { line: cursor.number(), column: 1, expected, got, suggestion });
            }
            Some(At::Place(place)) => Some(place),
            None => None,
        };
        let fits = |contact: &ContactPoint| {
            contact.person == person
                && contact.kind == kind
                && place.is_none_or(|place| contact.place == place)
        };
        if let Some(known) = self.world.contacts.iter().position(fits) {
            return Ok(known);
        }
        let owner = &self.world.people[person].name;
        let name = match place {
            Some(place) => format!("{owner}'s {} {}", place.word(), kind.word()),
            None => format!("{owner}'s {}", kind.word()),
        };
        let place = place.unwrap_or(kind.place());
        let (zones, regions) = (Zones::Unsaid, Vec::new());
        self.world.contacts.push(ContactPoint { name, person, kind, place, zones, regions, others: 0 });
        Ok(self.world.contacts.len() - 1)
    }

    /// Whom a person consents to where a statement names nobody: the only agency, or the one that they were in touch with
    /// last.
    pub fn agency_of(&self, cursor: &Cursor<'_>, person: Index) -> Result<Index, Problem> {
        match (self.world.agencies.len(), self.dealings.get(&person)) {
            (1, _) => Ok(0),
            (_, Some(agency)) => Ok(*agency),
            _ => Err(self
                .unknown(cursor, "\"given to\" and the agency", |named| matches!(named, Named::Agency(_)))),
        }
    }

    /// The agency that somebody deals with where a statement names none: the only one.
    pub fn sole_agency(&self, cursor: &Cursor<'_>) -> Result<Index, Problem> {
        if self.world.agencies.len() == 1 {
            return Ok(0);
        }
        Err(self
            .unknown(cursor, "\"by\" or \"to\" and the agency", |named| matches!(named, Named::Agency(_))))
    }
}

/// `once`, `twice`, `6 times`.
fn often(cursor: &mut Cursor<'_>) -> Result<Option<u32>, Problem> {
    const WORDS: &[(&str, u32)] = &[
        ("once", 1),
        ("twice", 2),
        ("two times", 2),
        ("three times", 3),
        ("four times", 4),
        ("five times", 5),
        ("six times", 6),
        ("seven times", 7),
    ];
    if let Some(times) = cursor.choose(WORDS) {
        return Ok(Some(times));
    }
    if !cursor.peek_second().is_some_and(|word| word.text.eq_ignore_ascii_case("times")) {
        return Ok(None);
    }
    let number = cursor.peek().and_then(|word| word.text.parse::<u32>().ok());
    let Some(number) = number.filter(|number| (1..=50).contains(number)) else {
        return Err(cursor.problem("a number of times from 1 to 50"));
    };
    cursor.take();
    cursor.take();
    Ok(Some(number))
}

/// What a consent to a medium lifts.
pub(super) fn covers(channel: Option<Channel>) -> ConsentCovers {
    match channel {
        Some(Channel::Sms | Channel::Email | Channel::App) => ConsentCovers::Messages,
        _ => ConsentCovers::Frequency,
    }
}
