//! Dated events.

use events::gate::{ConsentAnswer, ConsentCovers, HoldKind};
use model::{Channel, Outcome, Place};

use super::clauses::{At, Clause, Clauses, INTENT, covers};
use super::moment::{dates, moment, sees_date, time, zone};
use super::names::Named;
use super::{Head, Parser};
use crate::case::{Act, By, Consent, ContactMade, Hold, Index, Kind, Moment, What, When};
use crate::error::Problem;
use crate::text::Cursor;
use crate::words::{CHECKS, CONTACTS, MEDIA, OUTCOMES, phrases};

/// What every event takes.
const DATED: &[Clause] = &[Clause::On, Clause::At, Clause::Learned];

impl Parser {
    pub fn event(&mut self, cursor: &mut Cursor<'_>) -> Result<(Head, What), Problem> {
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

    fn happening(
        &mut self,
        cursor: &mut Cursor<'_>,
        leading: bool,
    ) -> Result<(What, Clauses, Whose), Problem> {
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
    fn rest(&self, cursor: &mut Cursor<'_>, allowed: &[&[Clause]]) -> Result<Clauses, Problem> {
        let clauses = self.clauses(cursor, &[])?;
        clauses.only(cursor.number(), allowed)?;
        Ok(clauses)
    }

    fn plain(
        &self,
        cursor: &mut Cursor<'_>,
        act: Act,
        whose: Whose,
    ) -> Result<(What, Clauses, Whose), Problem> {
        let clauses = self.rest(cursor, &[DATED])?;
        Ok((What::Act(act), clauses, whose))
    }

    fn one_of<T: Copy>(&self, cursor: &mut Cursor<'_>, table: &[(&'static str, T)]) -> Result<T, Problem> {
        let known = phrases(table);
        cursor
            .choose(table)
            .ok_or_else(|| cursor.problem_among(format!("one of: {}", known.join(", ")), &known))
    }

    pub fn person(&self, cursor: &mut Cursor<'_>) -> Result<Index, Problem> {
        match cursor.peek().and_then(|word| self.names.find(&word.text)) {
            Some(Named::Person(person)) => {
                cursor.take();
                Ok(person)
            }
            _ => Err(self.unknown(cursor, "a person", |named| matches!(named, Named::Person(_)))),
        }
    }

    fn pack(&mut self, cursor: &mut Cursor<'_>) -> Result<(What, Clauses, Whose), Problem> {
        let known: Vec<&str> = policy::texts().iter().map(|(id, _)| *id).collect();
        let Some(id) = cursor.peek().filter(|word| known.contains(&word.text.as_str())) else {
            return Err(cursor.problem_among(format!("a rule pack ({})", known.join(", ")), &known));
        };
        cursor.take();
        let adopt = self.one_of(cursor, &[("is adopted", true), ("is withdrawn", false)])?;
        let id = id.text.clone();
        self.plain(cursor, if adopt { Act::AdoptPack(id) } else { Act::WithdrawPack(id) }, Whose::Nobody)
    }

    fn permit(&mut self, cursor: &mut Cursor<'_>) -> Result<(What, Clauses, Whose), Problem> {
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

    fn agency_does(
        &mut self,
        cursor: &mut Cursor<'_>,
        agency: Index,
    ) -> Result<(What, Clauses, Whose), Problem> {
        if let Some(channel) = cursor.choose(CONTACTS) {
            let person = self.person(cursor)?;
            return self.made(cursor, agency, person, channel, false);
        }
        if cursor.eat_any(&["asks for permit", "asks permit", "requests permit"]) {
            return self.request(cursor, agency);
        }
        if cursor.sees("is") {
            let active = self.one_of(cursor, STANDING)?;
            return self.plain(cursor, Act::Standing { agency, agent: None, active }, Whose::Nobody);
        }
        if cursor.eat("learns that") {
            let contact = self.contact(cursor)?;
            return self.contact_becomes(cursor, contact);
        }
        if cursor.eat_any(&["verifies", "answers dispute of", "sends verification of"]) {
            let debt = Some(self.debt_list(cursor)?[0]);
            let kinds = vec![HoldKind::Dispute];
            return self.plain(
                cursor,
                Act::Lift { kinds, person: None, channel: None, place: None, debt },
                Whose::Nobody,
            );
        }
        const CONDUCT: &[(&str, &str)] = &[
            ("uses obscene language", "the collector used obscene language (14(d))"),
            ("uses abusive language", "the collector used abusive language (14(d))"),
            ("uses profane language", "the collector used profane language (14(d))"),
            ("threatens", "the collector threatened harm (14(c))"),
            (
                "asks to carry on",
                "consent to carry on at an inconvenient time may not be asked for (6(b)(4)(i)-1)",
            ),
        ];
        if let Some(about) = cursor.choose(CONDUCT) {
            cursor.eat_any(&["toward", "against", "to", "with"]);
            let person = match cursor.peek().and_then(|word| self.names.find(&word.text)) {
                Some(Named::Person(_)) => Some(self.person(cursor)?),
                _ => None,
            };
            return self.plain(cursor, Act::Conduct { person, about }, Whose::Nobody);
        }
        let known =
            [phrases(CONTACTS), phrases(CONDUCT), vec!["asks for permit", "is suspended", "verifies"]]
                .concat();
        Err(cursor
            .problem_among("what the agency does, such as calls, texts, writes to, asks for permit", &known))
    }

    /// `asks for permit p1 to call Alice about card`.
    fn request(&mut self, cursor: &mut Cursor<'_>, agency: Index) -> Result<(What, Clauses, Whose), Problem> {
        let Some(name) = cursor.take() else { return Err(cursor.problem("a name for the permit")) };
        let permit = self.world.permits.len();
        self.names
            .introduce(&name.text, Named::Permit(permit))
            .map_err(|expected| cursor.problem(expected))?;
        self.world.permits.push(name.text.clone());
        cursor.expect("to")?;
        let known = phrases(CONTACTS);
        let expected = "a way to contact, such as call, text, email";
        let channel = cursor.choose(CONTACTS).ok_or_else(|| cursor.problem_among(expected, &known))?;
        let person = self.person(cursor)?;
        let clauses = self.rest(cursor, &[INTENT])?;
        let intended = self.intended(cursor, agency, person, channel, &clauses)?;
        let whose = Whose::Contact(intended.contact);
        Ok((What::Act(Act::Request { permit, intended }), clauses, whose))
    }

    fn made(
        &mut self,
        cursor: &mut Cursor<'_>,
        agency: Index,
        person: Index,
        channel: Channel,
        inbound: bool,
    ) -> Result<(What, Clauses, Whose), Problem> {
        let more = [Clause::Toward, Clause::Because, Clause::Learned, Clause::Outcome, Clause::Times];
        let clauses = self.rest(cursor, &[INTENT, &more])?;
        let intended = self.intended(cursor, agency, person, channel, &clauses)?;
        let outcome = clauses.outcome.unwrap_or(match (channel, inbound) {
            (Channel::Call, true) | (Channel::Visit, _) => Outcome::Conversation,
            (Channel::Call, false) => Outcome::Unknown,
            _ => Outcome::Delivered,
        });
        let whose = Whose::Contact(intended.contact);
        let (toward, discussed, reason) = (clauses.toward.clone(), clauses.discussed.clone(), clauses.reason);
        let made = ContactMade { intended, inbound, outcome, toward, discussed, reason };
        Ok((What::Contact(made), clauses, whose))
    }

    fn person_does(
        &mut self,
        cursor: &mut Cursor<'_>,
        person: Index,
        leading: bool,
    ) -> Result<(What, Clauses, Whose), Problem> {
        let whose = Whose::Person(person);
        let own = |act: Act| (act, whose);
        if cursor.eat_any(&["gives written notice", "sends written notice", "writes that"]) {
            return self.written_notice(cursor, person);
        }
        if let Some(channel) = cursor.choose(CONTACTS) {
            let at = cursor.place();
            cursor.eat("to");
            let agency = match cursor.peek().and_then(|word| self.names.find(&word.text)) {
                Some(Named::Agency(_)) => self.agency(cursor)?,
                _ => {
                    cursor.back_to(at);
                    self.sole_agency(cursor)?
                }
            };
            return self.made(cursor, agency, person, channel, true);
        }
        if cursor.eat_any(&["disputes in writing", "asks in writing for original creditor of"]) {
            return self.dispute(cursor, person);
        }
        if cursor.eat_any(&["consents to", "agrees to"]) {
            return self.consent(cursor, person, leading);
        }
        if cursor.sees("asks") || cursor.eat("says call back") {
            return self.call_back(cursor, person, leading);
        }
        if cursor.eat_any(&["revokes", "withdraws", "takes back"]) {
            cursor.eat_any(&["her", "his", "their"]);
            cursor.expect("consent")?;
            let (act, whose) = own(Act::RevokeConsent { person });
            return self.plain(cursor, act, whose);
        }
        if cursor.eat_any(&["refuses in writing to pay", "refuses to pay in writing"]) {
            return self.cease(cursor, person);
        }
        if cursor.eat("refuses to pay") {
            return self.said(
                cursor,
                person,
                "the person refused to pay (14(b)(2)(i)-2.iii)",
                HoldKind::Cease,
            );
        }
        if cursor.eat_any(&["says they do not owe", "says she does not owe", "says he does not owe"]) {
            return self.said(
                cursor,
                person,
                "the person said that they do not owe it (14(b)(2)(i)-2.iii)",
                HoldKind::Dispute,
            );
        }
        if cursor.eat("disputes") {
            return self.said(
                cursor,
                person,
                "the person disputed the debt, not in writing",
                HoldKind::Dispute,
            );
        }
        if cursor.eat("is represented") {
            return self.represented(cursor, person);
        }
        if cursor.eat_any(&["is no longer represented", "dismisses attorney"]) {
            let kinds = vec![HoldKind::Attorney];
            return self.plain(
                cursor,
                Act::Lift { kinds, person: Some(person), channel: None, place: None, debt: None },
                whose,
            );
        }
        if cursor.eat_any(&[
            "cannot take calls at work",
            "cannot take personal calls at work",
            "'s employer forbids calls",
            "'s employer forbids personal calls",
            "'s employer prohibits calls",
        ]) {
            let agency = self.told(cursor)?;
            let held =
                Hold { places: vec![Place::Work], ..hold(HoldKind::Employer, Some(person), None, agency) };
            return self.plain(cursor, Act::Hold(held), whose);
        }
        if cursor.eat("allows") {
            return self.allows(cursor, person);
        }
        const ANSWERS: &[(&str, ConsentAnswer)] = &[
            ("confirms", ConsentAnswer::Confirmed),
            ("agrees", ConsentAnswer::Confirmed),
            ("refuses", ConsentAnswer::Refused),
            ("declines", ConsentAnswer::Refused),
            ("does not know", ConsentAnswer::UnknownDebtor),
        ];
        if let Some(answer) = cursor.choose(ANSWERS) {
            cursor.eat_any(&["being contact", "notice"]);
            if let Some(Named::Person(_)) = cursor.peek().and_then(|word| self.names.find(&word.text)) {
                cursor.take();
            }
            let clauses = self.rest(cursor, &[DATED, &[Clause::About]])?;
            let act = Act::Answer { person, debt: clauses.about.first().copied(), answer };
            return Ok((What::Act(act), clauses, whose));
        }
        const STATES: &[(&str, HoldKind)] = &[
            ("dies", HoldKind::Deceased),
            ("has died", HoldKind::Deceased),
            ("is deceased", HoldKind::Deceased),
            ("is in hardship", HoldKind::Hardship),
            ("complains", HoldKind::Complaint),
            ("is bankrupt", HoldKind::Order),
        ];
        if let Some(kind) = cursor.choose(STATES) {
            return self.plain(cursor, Act::Hold(hold(kind, Some(person), None, By::Operator)), whose);
        }
        if cursor.eat("moves to") {
            let Some(zone) = zone(cursor)? else { return Err(cursor.problem("a time zone such as Pacific")) };
            return self.plain(cursor, Act::Move { person, zone }, whose);
        }
        if cursor.eat_any(&["says to", "says", "tells"]) {
            let told = self.told(cursor)?;
            if cursor.sees("call back") {
                cursor.eat("call back");
                return self.call_back(cursor, person, leading);
            }
            return self.says(cursor, person, told);
        }
        let known = [
            "calls",
            "texts",
            "writes to",
            "consents to",
            "asks",
            "revokes consent",
            "says stop",
            "says inconvenient",
            "says busy",
            "gives written notice to cease",
            "refuses to pay",
            "disputes",
            "disputes in writing",
            "is represented",
            "cannot take calls at work",
            "allows",
            "confirms",
            "refuses",
            "does not know",
            "dies",
            "moves to",
        ];
        Err(cursor.problem_among(format!("what the person does ({})", known.join(", ")), &known))
    }

    /// Whom the person told: the next word, or the only agency.
    fn told(&self, cursor: &mut Cursor<'_>) -> Result<By, Problem> {
        match cursor.peek().and_then(|word| self.names.find(&word.text)) {
            Some(Named::Agency(agency)) => {
                cursor.take();
                cursor.eat("that");
                Ok(By::Agency(agency))
            }
            _ => Ok(self.sole_agency(cursor).map_or(By::Person, By::Agency)),
        }
    }

    fn consent(
        &mut self,
        cursor: &mut Cursor<'_>,
        person: Index,
        leading: bool,
    ) -> Result<(What, Clauses, Whose), Problem> {
        const HOURS: &[&str] = &[
            "contact at any hour",
            "calls at any hour",
            "contact outside hours",
            "calls outside hours",
            "any hour",
            "contact at any time",
        ];
        let more = cursor.eat("more");
        let covers = if cursor.eat_any(HOURS) {
            ConsentCovers::Hours
        } else {
            let known = phrases(MEDIA);
            let expected = "calls, texts, emails, or contact at any hour";
            covers(cursor.choose(MEDIA).ok_or_else(|| cursor.problem_among(expected, &known))?)
        };
        let _ = more;
        self.agreed(cursor, person, covers, leading)
    }

    /// `asks Acme to call back on Mon 2026-04-06`.
    fn call_back(
        &mut self,
        cursor: &mut Cursor<'_>,
        person: Index,
        leading: bool,
    ) -> Result<(What, Clauses, Whose), Problem> {
        let mut agency = None;
        if cursor.eat("asks") {
            if !cursor.sees("to") && !cursor.sees("for") {
                agency = Some(self.agency(cursor)?);
            }
            if !cursor.eat_any(&[
                "to call back",
                "for call back",
                "for more calls",
                "for calls",
                "to be called back",
                "to call",
            ]) {
                return Err(cursor.problem_among("\"to call back\"", &["to call back"]));
            }
        }
        let (what, mut clauses, whose) =
            self.agreed_by(cursor, person, ConsentCovers::Frequency, leading, agency)?;
        clauses.agency = None;
        Ok((what, clauses, whose))
    }

    fn agreed(
        &mut self,
        cursor: &mut Cursor<'_>,
        person: Index,
        covers: ConsentCovers,
        leading: bool,
    ) -> Result<(What, Clauses, Whose), Problem> {
        self.agreed_by(cursor, person, covers, leading, None)
    }

    fn agreed_by(
        &mut self,
        cursor: &mut Cursor<'_>,
        person: Index,
        covers: ConsentCovers,
        leading: bool,
        agency: Option<Index>,
    ) -> Result<(What, Clauses, Whose), Problem> {
        let allowed =
            [Clause::About, Clause::Place, Clause::Span, Clause::Until, Clause::Given, Clause::Agency];
        let mut clauses = self.rest(cursor, &[DATED, &allowed])?;
        let whose = Whose::Person(person);
        if let Some(Named::Lender(_)) = clauses.given {
            let why = "a consent to a lender is not one to an agency (6(b)(4)(i)-2)";
            return Ok((What::Act(Act::Remark(why)), clauses, whose));
        }
        let given = match clauses.given {
            Some(Named::Agency(agency)) => Some(agency),
            _ => None,
        };
        let agency = match agency.or(given).or(clauses.agency) {
            Some(agency) => agency,
            None => self.sole_agency(cursor)?,
        };
        let (mut from, mut until) = (clauses.from.clone(), clauses.until.clone());
        if leading && !clauses.when.dates.is_empty() {
            // The second date is the day that the consent is for.
            let day = |date: Option<&jiff::civil::Date>| date.map(|date| Moment { date: *date, time: None });
            from = day(clauses.when.dates.first());
            until = day(clauses.when.dates.last());
            if let (Some(time), Some(from)) = (clauses.when.time.take(), &mut from) {
                from.time = Some(time);
            }
        }
        let contact = match clauses.place {
            Some(At::Contact(contact)) => Some(contact),
            Some(At::Place(place)) => {
                let channel = if covers == ConsentCovers::Messages { Channel::Sms } else { Channel::Call };
                Some(self.contact_of(cursor, person, channel, Some(At::Place(place)))?)
            }
            None => None,
        };
        let debt = clauses.about.first().copied();
        let consent = Consent { person, agency, debt, contact, covers, from, until };
        if leading {
            clauses.when.dates.clear();
        }
        Ok((What::Act(Act::Consent(consent)), clauses, whose))
    }

    fn written_notice(
        &mut self,
        cursor: &mut Cursor<'_>,
        person: Index,
    ) -> Result<(What, Clauses, Whose), Problem> {
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

    fn cease(&mut self, cursor: &mut Cursor<'_>, person: Index) -> Result<(What, Clauses, Whose), Problem> {
        self.of_debts(cursor, person, HoldKind::Cease)
    }

    fn dispute(&mut self, cursor: &mut Cursor<'_>, person: Index) -> Result<(What, Clauses, Whose), Problem> {
        self.of_debts(cursor, person, HoldKind::Dispute)
    }

    /// A hold about one debt, or about the only one.
    fn of_debts(
        &mut self,
        cursor: &mut Cursor<'_>,
        person: Index,
        kind: HoldKind,
    ) -> Result<(What, Clauses, Whose), Problem> {
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
    fn said(
        &mut self,
        cursor: &mut Cursor<'_>,
        person: Index,
        about: &'static str,
        written: HoldKind,
    ) -> Result<(What, Clauses, Whose), Problem> {
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

    fn represented(
        &mut self,
        cursor: &mut Cursor<'_>,
        person: Index,
    ) -> Result<(What, Clauses, Whose), Problem> {
        cursor.eat_any(&["by attorney", "by lawyer", "by"]);
        if let Some(Named::Person(_)) = cursor.peek().and_then(|word| self.names.find(&word.text)) {
            cursor.take();
        }
        let clauses = self.rest(cursor, &[DATED, &[Clause::About]])?;
        let told = self.sole_agency(cursor).map_or(By::Person, By::Agency);
        let act = Act::Hold(hold(HoldKind::Attorney, Some(person), clauses.about.first().copied(), told));
        Ok((What::Act(act), clauses, Whose::Person(person)))
    }

    fn allows(&mut self, cursor: &mut Cursor<'_>, person: Index) -> Result<(What, Clauses, Whose), Problem> {
        let known = phrases(MEDIA);
        let channel =
            cursor.choose(MEDIA).ok_or_else(|| cursor.problem_among("calls, texts, contact …", &known))?;
        cursor.eat("again");
        let clauses = self.rest(cursor, &[DATED, &[Clause::Place, Clause::About]])?;
        let place = match clauses.place {
            Some(At::Place(place)) => Some(place),
            _ => None,
        };
        let kinds = vec![HoldKind::Stop, HoldKind::Inconvenient, HoldKind::Employer, HoldKind::Cease];
        let act =
            Act::Lift { kinds, person: Some(person), channel, place, debt: clauses.about.first().copied() };
        Ok((What::Act(act), clauses, Whose::Person(person)))
    }

    pub fn contact(&self, cursor: &mut Cursor<'_>) -> Result<Index, Problem> {
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
    fn contact_in(&self, cursor: &mut Cursor<'_>) -> Result<Index, Problem> {
        let at = cursor.place();
        let read = self.contact(cursor);
        if read.is_err() {
            cursor.back_to(at);
        }
        read
    }

    fn debt_becomes(
        &mut self,
        cursor: &mut Cursor<'_>,
        debt: Index,
    ) -> Result<(What, Clauses, Whose), Problem> {
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

    fn contact_becomes(
        &mut self,
        cursor: &mut Cursor<'_>,
        contact: Index,
    ) -> Result<(What, Clauses, Whose), Problem> {
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

    fn stranger(&mut self) -> Index {
        let person = self.world.people.len();
        let name = format!("stranger {person}");
        self.world.people.push(crate::case::Person {
            name,
            line: 0,
            zones: crate::case::Zones::Unsaid,
            regions: Vec::new(),
            unasked: false,
        });
        person
    }
}

/// Whose clock an event is told by.
#[derive(Debug, Clone, Copy)]
pub(super) enum Whose {
    Contact(Index),
    Person(Index),
    Nobody,
}

const STANDING: &[(&str, bool)] = &[
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
