//! What an agency does.

use events::gate::HoldKind;
use model::{Channel, Outcome};

use super::Parser;
use super::clauses::{Clause, INTENT};
use super::events::{Happening, STANDING, Whose};
use super::names::Named;
use crate::case::{Act, ContactMade, Index, What};
use crate::text::Cursor;
use crate::words::{CONTACTS, phrases};

impl Parser {
    pub(super) fn agency_does(&mut self, cursor: &mut Cursor<'_>, agency: Index) -> Happening {
        if let Some(channel) = cursor.choose(CONTACTS) {
            let person = self.person(cursor)?;
            return self.made(cursor, (agency, person), channel, false, None);
        }
        // `leaves a voicemail for Alice`: a call.
        const LEAVES: &[&str] = &[
            "leaves voicemail",
            "leaves message",
            "leaves limited-content message",
            "leaves ringless voicemail",
        ];
        if cursor.eat_any(LEAVES) {
            if !cursor.eat_any(&["for", "to", "with"]) {
                return Err(cursor.problem("\"for\" and the person"));
            }
            let person = self.person(cursor)?;
            return self.made(cursor, (agency, person), Channel::Call, false, Some(Outcome::Voicemail));
        }
        if cursor.eat_any(&["asks for permit", "asks permit", "requests permit"]) {
            return self.request(cursor, agency);
        }
        if cursor.sees("is") {
            let active = self.one_of(cursor, STANDING)?;
            return self.plain(cursor, Act::Standing { agency, agent: None, active }, Whose::Nobody);
        }
        // Notification is complete upon receipt (comment 6(c)(1)-1).
        if cursor.eat("receives") {
            let person = self.person(cursor)?;
            cursor.eat("'s");
            if !cursor.eat_any(&["written notice", "notice", "letter", "email"]) {
                return Err(cursor.problem_among("\"written notice\"", &["written notice"]));
            }
            return self.written_notice(cursor, person);
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
    pub(super) fn request(&mut self, cursor: &mut Cursor<'_>, agency: Index) -> Happening {
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

    /// A contact between an agency and a person; `said`: what became of it, where the verb says so.
    pub(super) fn made(
        &mut self,
        cursor: &mut Cursor<'_>,
        (agency, person): (Index, Index),
        channel: Channel,
        inbound: bool,
        said: Option<Outcome>,
    ) -> Happening {
        let more = [Clause::Toward, Clause::Because, Clause::Learned, Clause::Outcome, Clause::Times];
        let clauses = self.rest(cursor, &[INTENT, &more])?;
        let intended = self.intended(cursor, agency, person, channel, &clauses)?;
        let outcome = clauses.outcome.or(said).unwrap_or(match (channel, inbound) {
            (Channel::Call, true) | (Channel::Visit, _) => Outcome::Conversation,
            (Channel::Call, false) => Outcome::Unknown,
            _ => Outcome::Delivered,
        });
        let whose = Whose::Contact(intended.contact);
        self.dealings.insert(person, agency);
        let (toward, discussed, reason) = (clauses.toward.clone(), clauses.discussed.clone(), clauses.reason);
        let made = ContactMade { intended, inbound, outcome, toward, discussed, reason };
        Ok((What::Contact(made), clauses, whose))
    }
}
