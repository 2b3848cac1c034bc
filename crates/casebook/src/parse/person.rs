//! What a person does.

use events::gate::{ConsentAnswer, HoldKind};
use model::Place;

use super::Parser;
use super::clauses::{At, Clause};
use super::events::{DATED, Happening, Whose, hold};
use super::moment::zone;
use super::names::Named;
use crate::case::{Act, By, Hold, Index, What};
use crate::error::Problem;
use crate::text::Cursor;
use crate::words::{CONTACTS, MEDIA, phrases};

impl Parser {
    pub(super) fn person_does(&mut self, cursor: &mut Cursor<'_>, person: Index, leading: bool) -> Happening {
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
            return self.made(cursor, (agency, person), channel, true, None);
        }
        if cursor.eat_any(&["disputes in writing", "asks in writing for original creditor of"]) {
            return self.dispute(cursor, person);
        }
        if cursor.eat_any(&["consents to", "agrees to", "gives consent to"]) {
            return self.consent(cursor, person, leading);
        }
        if cursor.sees("asks") || cursor.sees("requests") || cursor.eat("says call back") {
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
        if cursor.eat("opts out of") {
            let told = self.told(cursor)?;
            return self.stop(cursor, person, told, None);
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
    pub(super) fn told(&self, cursor: &mut Cursor<'_>) -> Result<By, Problem> {
        match cursor.peek().and_then(|word| self.names.find(&word.text)) {
            Some(Named::Agency(agency)) => {
                cursor.take();
                cursor.eat("that");
                Ok(By::Agency(agency))
            }
            // What the creditor was told binds the collector whom it hands its notes to (comment 6(b)(1)-1.i).
            Some(Named::Lender(lender)) => {
                cursor.take();
                cursor.eat("that");
                Ok(By::Lender(lender))
            }
            _ => Ok(self.sole_agency(cursor).map_or(By::Person, By::Agency)),
        }
    }

    pub(super) fn represented(&mut self, cursor: &mut Cursor<'_>, person: Index) -> Happening {
        if !cursor.eat_any(&["by attorney", "by lawyer"]) && cursor.eat("by") {
            match cursor.peek().and_then(|word| self.names.find(&word.text)) {
                Some(Named::Person(_)) => cursor.take(),
                _ => {
                    let expected = "an attorney, whom a fact names as in \"Law is the attorney of Alice\"";
                    return Err(self.unknown(cursor, expected, |named| matches!(named, Named::Person(_))));
                }
            };
        }
        let clauses = self.rest(cursor, &[DATED, &[Clause::About]])?;
        let told = self.sole_agency(cursor).map_or(By::Person, By::Agency);
        let act = Act::Hold(hold(HoldKind::Attorney, Some(person), clauses.about.first().copied(), told));
        Ok((What::Act(act), clauses, Whose::Person(person)))
    }

    pub(super) fn allows(&mut self, cursor: &mut Cursor<'_>, person: Index) -> Happening {
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
}
