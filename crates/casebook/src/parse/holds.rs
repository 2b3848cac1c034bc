//! What a person says they do not want: stops, inconvenient times and places.

use events::gate::{HoldKind, WeekTime};
use jiff::civil::{Time, Weekday};
use model::Channel;

use super::Parser;
use super::clauses::{At, Clause, Clauses};
use super::events::{Happening, Whose, hold};
use super::moment::{date, sees_date, time, weekday};
use super::names::Named;
use crate::case::{Act, By, Hold, Index, Moment, What};
use crate::error::Problem;
use crate::text::Cursor;
use crate::words::{MEDIA, PLACES};

const LAST_SECOND: u32 = 86_399;
const ALL_DAYS: u8 = 0b111_1111;

/// Verbs of somebody who wants to be left alone: which medium, or everything.
const STOPS: &[(&str, Option<Channel>)] = &[
    ("stop", None),
    ("do not contact me", None),
    ("do not contact me again", None),
    ("leave me alone", None),
    ("do not call", Some(Channel::Call)),
    ("do not call me", Some(Channel::Call)),
    ("don't contact me", None),
    ("don't call", Some(Channel::Call)),
    ("don't call me", Some(Channel::Call)),
    ("do not text", Some(Channel::Sms)),
    ("do not text me", Some(Channel::Sms)),
    ("do not email", Some(Channel::Email)),
    ("do not email me", Some(Channel::Email)),
    ("do not write", Some(Channel::Letter)),
    ("do not visit", Some(Channel::Visit)),
];

impl Parser {
    pub fn says(&mut self, cursor: &mut Cursor<'_>, person: Index, told: By) -> Happening {
        let whose = Whose::Person(person);
        if cursor.eat_any(&["busy", "i am busy", "i cannot talk now", "cannot talk now"]) {
            let clauses = self.bounds(cursor, &[])?;
            let why = "\"busy\" names no time as inconvenient: that moment only (6(b)(1)-1.ii)";
            return Ok((What::Act(Act::Remark(why)), clauses, whose));
        }
        if let Some(told) = cursor.peek().filter(|word| word.quoted) {
            return Err(cursor.problem(format!(
                "what \"{}\" means to the gate: stop calling, inconvenient on weekends, call back on DATE …",
                told.text
            )));
        }
        if cursor.eat_any(&["inconvenient", "it is inconvenient", "inconvenient times are"]) {
            return self.inconvenient(cursor, person, told);
        }
        if let Some(channel) = cursor.choose(STOPS) {
            return self.stop(cursor, person, told, channel);
        }
        let known = ["stop", "stop calling", "do not contact me", "inconvenient", "busy", "call back"];
        Err(cursor.problem_among(format!("what the person says ({})", known.join(", ")), &known))
    }

    fn bounds(&self, cursor: &mut Cursor<'_>, more: &[Clause]) -> Result<Clauses, Problem> {
        let clauses = self.clauses(cursor, &[])?;
        clauses.only(cursor.number(), &[&[Clause::On, Clause::At, Clause::Learned], more])?;
        Ok(clauses)
    }

    pub(super) fn stop(
        &mut self,
        cursor: &mut Cursor<'_>,
        person: Index,
        told: By,
        medium: Option<Channel>,
    ) -> Happening {
        let whose = Whose::Person(person);
        let agency = match told {
            By::Agency(agency) => Some(agency),
            _ => None,
        };
        if cursor.eat_any(&["using", "use of"]) {
            let contact = self.contact(cursor)?;
            let clauses = self.bounds(cursor, &[])?;
            return Ok((What::Act(Act::Stop { person, contacts: vec![contact], agency }), clauses, whose));
        }
        let channel = medium.or_else(|| cursor.choose(MEDIA).flatten());
        // `stop calling m1`
        let named = cursor.peek().and_then(|word| self.names.find(&word.text));
        let mut contact = match named {
            Some(Named::Contact(contact)) => {
                cursor.take();
                Some(contact)
            }
            _ => None,
        };
        let clauses = self.bounds(cursor, &[Clause::Place, Clause::About, Clause::Until])?;
        let mut places = Vec::new();
        match clauses.place {
            Some(At::Contact(at)) => contact = Some(at),
            Some(At::Place(place)) => places.push(place),
            None => {}
        }
        let debt = clauses.about.first().copied();
        let whole = channel.is_none() && debt.is_none() && places.is_empty() && clauses.until.is_none();
        let act = match contact {
            // A number that is not to be called is a phone that is not to be called; everything else goes on.
            None if whole => Act::Stop { person, contacts: Vec::new(), agency },
            Some(contact) if whole => Act::Stop { person, contacts: vec![contact], agency },
            _ => Act::Hold(Hold {
                contact,
                channels: channel.into_iter().collect(),
                places,
                until: clauses.until.clone(),
                ..hold(HoldKind::Stop, Some(person), debt, told)
            }),
        };
        Ok((What::Act(act), clauses, whose))
    }

    /// `inconvenient at home`, `inconvenient on weekdays from 15:00 to 17:00 and on weekends`.
    fn inconvenient(&mut self, cursor: &mut Cursor<'_>, person: Index, told: By) -> Happening {
        let (mut places, mut times, mut contact, mut until) = (Vec::new(), Vec::new(), None, None);
        let mut clauses = Clauses::default();
        clauses.when.times = 1;
        while !cursor.done() {
            if sees_date(cursor) || (cursor.sees("on") && cursor.peek_second().is_some_and(is_day_or_date)) {
                // The date of a statement that does not begin with it.
                clauses = self.bounds(cursor, &[Clause::Until])?;
                until = clauses.until.clone();
                break;
            }
            if cursor.eat("at") {
                if let Some(place) = cursor.choose(PLACES) {
                    places.push(place);
                } else {
                    contact = Some(self.contact(cursor)?);
                }
            } else if cursor.eat("until") {
                until = Some(Moment { date: date(cursor)?, time: None });
            } else {
                times.extend(span(cursor)?);
            }
            cursor.eat_any(&["and", "or"]);
        }
        if places.is_empty() && times.is_empty() && contact.is_none() {
            return Err(cursor.problem(
                "when or where: on weekdays from 15:00 to 17:00, on weekends, before 10:00, at home",
            ));
        }
        // What is tied to the place: mail to the home and its landline, not the mobile phone (comment 6(b)(1)-1.iii).
        let held =
            Hold { contact, places, times, until, ..hold(HoldKind::Inconvenient, Some(person), None, told) };
        Ok((What::Act(Act::Hold(held)), clauses, Whose::Person(person)))
    }
}

fn is_day_or_date(word: &crate::text::Word) -> bool {
    super::moment::is_date(&word.text)
}

/// Days and hours of one span. One over midnight is two: the morning is the next day's.
fn span(cursor: &mut Cursor<'_>) -> Result<Vec<WeekTime>, Problem> {
    let start = cursor.place();
    cursor.eat_any(&["on", "all"]);
    let days = days(cursor)?;
    let (mut from_s, mut until_s) = (0, LAST_SECOND);
    if cursor.eat_any(&["from", "between"]) {
        from_s = second(cursor)?;
        if !cursor.eat_any(&["to", "and", "until"]) {
            return Err(cursor.problem("\"to\" and the time until which it is inconvenient"));
        }
        until_s = end(second(cursor)?);
    } else if cursor.eat("before") {
        until_s = end(second(cursor)?);
    } else if cursor.eat("after") {
        from_s = second(cursor)?;
    } else {
        cursor.eat("all day");
    }
    if cursor.place() == start {
        return Err(cursor.problem_among(
            "days or hours: on weekdays, on weekends, on Mondays, from 15:00 to 17:00, before 10:00, after 18:00",
            &["weekdays", "weekends", "from", "before", "after", "at", "until"],
        ));
    }
    let days = days.unwrap_or(ALL_DAYS);
    if from_s <= until_s {
        return Ok(vec![WeekTime { days, from_s, until_s }]);
    }
    let next_days = (days << 1 | days >> 6) & ALL_DAYS;
    Ok(vec![
        WeekTime { days, from_s, until_s: LAST_SECOND },
        WeekTime { days: next_days, from_s: 0, until_s },
    ])
}

/// The end is not part of the span; midnight is the end of the day.
const fn end(second: u32) -> u32 {
    if second == 0 { LAST_SECOND } else { second - 1 }
}

fn days(cursor: &mut Cursor<'_>) -> Result<Option<u8>, Problem> {
    const GROUPS: &[(&str, u8)] = &[
        ("weekdays", 0b001_1111),
        ("weekends", 0b110_0000),
        ("weekend", 0b110_0000),
        ("every day", ALL_DAYS),
        ("daily", ALL_DAYS),
        ("days", ALL_DAYS),
    ];
    if let Some(days) = cursor.choose(GROUPS) {
        return Ok(Some(days));
    }
    let mut days = 0;
    while let Some(day) = cursor.peek().and_then(|word| weekday(&word.text)) {
        cursor.take();
        if cursor.eat("to") {
            let Some(last) = cursor.peek().and_then(|word| weekday(&word.text)) else {
                return Err(cursor.problem("a day of the week"));
            };
            cursor.take();
            let mut at = day;
            days |= bit(at);
            while at != last {
                at = at.next();
                days |= bit(at);
            }
        } else {
            days |= bit(day);
        }
        let at = cursor.place();
        if cursor.eat_any(&["and on", "and"])
            && cursor.peek().is_none_or(|word| weekday(&word.text).is_none())
        {
            cursor.back_to(at);
            break;
        }
    }
    Ok((days != 0).then_some(days))
}

fn bit(day: Weekday) -> u8 {
    1 << day.to_monday_zero_offset()
}

fn second(cursor: &mut Cursor<'_>) -> Result<u32, Problem> {
    let Some(said) = time(cursor)? else { return Err(cursor.problem("a time such as 15:00")) };
    let time: Time = said.time;
    Ok(u32::try_from(
        i32::from(time.hour()) * 3600 + i32::from(time.minute()) * 60 + i32::from(time.second()),
    )
    .unwrap_or(0))
}
