//! What a person consents to.

use events::gate::ConsentCovers;
use model::Channel;

use super::Parser;
use super::clauses::{At, Clause, covers};
use super::events::{DATED, Happening, Whose};
use super::names::Named;
use crate::case::{Act, Consent, Index, Moment, What};
use crate::text::Cursor;
use crate::words::{MEDIA, phrases};

impl Parser {
    pub(super) fn consent(&mut self, cursor: &mut Cursor<'_>, person: Index, leading: bool) -> Happening {
        const HOURS: &[&str] = &[
            "contact at any hour",
            "calls at any hour",
            "contact outside hours",
            "calls outside hours",
            "any hour",
            "contact at any time",
        ];
        cursor.eat("more");
        let covers = if cursor.eat_any(HOURS) {
            ConsentCovers::Hours
        } else {
            let known = phrases(MEDIA);
            let expected = "calls, texts, emails, or contact at any hour";
            covers(cursor.choose(MEDIA).ok_or_else(|| cursor.problem_among(expected, &known))?)
        };
        self.agreed_by(cursor, person, covers, leading, None)
    }

    /// `asks Acme to call back on Mon 2026-04-06`.
    pub(super) fn call_back(&mut self, cursor: &mut Cursor<'_>, person: Index, leading: bool) -> Happening {
        let mut agency = None;
        if cursor.eat_any(&["asks", "requests"]) {
            if !["to", "for", "call back"].iter().any(|word| cursor.sees(word)) {
                agency = Some(self.agency(cursor)?);
            }
            if !cursor.eat_any(&[
                "to call back",
                "call back",
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

    pub(super) fn agreed_by(
        &mut self,
        cursor: &mut Cursor<'_>,
        person: Index,
        covers: ConsentCovers,
        leading: bool,
        agency: Option<Index>,
    ) -> Happening {
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
            None => self.agency_of(cursor, person)?,
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
}
