//! What the author of a case expects of the answer above.

use events::Code;

use super::Parser;
use super::moment::{date, time};
use crate::case::{Expectation, Expected};
use crate::error::Problem;
use crate::text::Cursor;

impl Parser {
    /// `expect allowed and flagged by us-reg-f/concentrated`.
    pub fn expectations(&self, cursor: &mut Cursor<'_>) -> Result<Vec<Expected>, Problem> {
        cursor.expect("expect")?;
        let mut all = Vec::new();
        loop {
            let start = cursor.place();
            let what = self.expected(cursor)?;
            all.push(Expected { line: cursor.number(), text: cursor.said_since(start), what });
            if cursor.done() {
                return Ok(all);
            }
            cursor.eat("and");
        }
    }

    fn expected(&self, cursor: &mut Cursor<'_>) -> Result<Expectation, Problem> {
        if cursor.eat_any(&["allowed", "permitted", "not prohibited", "not_prohibited"]) {
            return Ok(Expectation::Allowed);
        }
        if cursor.eat_any(&["refused only", "prohibited only"]) {
            return Ok(Expectation::Refused { by: self.rules(cursor)?, only: true });
        }
        if cursor.eat_any(&["not refused"]) {
            return Ok(Expectation::NotRefused { by: self.rules(cursor)? });
        }
        if cursor.eat_any(&["refused", "prohibited", "forbidden", "denied", "not allowed", "not permitted"]) {
            return Ok(Expectation::Refused { by: self.rules(cursor)?, only: false });
        }
        if cursor.eat_any(&["not flagged", "no flag"]) {
            return Ok(Expectation::NotFlagged { by: self.rules(cursor)? });
        }
        if cursor.eat_any(&["flagged", "flag"]) {
            return Ok(Expectation::Flagged { by: self.rules(cursor)? });
        }
        if cursor.eat_any(&["excepted", "excluded"]) {
            return Ok(Expectation::Excepted { by: self.rules(cursor)? });
        }
        if cursor.eat_any(&["not counted", "not_counted"]) {
            return Ok(Expectation::Counted { number: 0, rule: None });
        }
        if cursor.eat_any(&["counted", "count"]) {
            // "counted", of one call.
            let number = if cursor.done() || cursor.sees("and") { 1 } else { self.number(cursor)? };
            let rule = if cursor.eat_any(&["by", "under"]) { Some(self.rule(cursor)?) } else { None };
            return Ok(Expectation::Counted { number, rule });
        }
        if cursor.eat_any(&["next never", "never"]) {
            return Ok(Expectation::Never);
        }
        if cursor.eat("next") {
            cursor.eat("on");
            let date = date(cursor)?;
            cursor.eat("at");
            return Ok(match time(cursor)? {
                Some(time) => Expectation::Next(date.to_datetime(time.time)),
                None => Expectation::NextOn(date),
            });
        }
        if cursor.eat_any(&[
            "compliant",
            "presumed compliant",
            "presumed_compliant",
            "compliance",
            "presumed to comply",
        ]) {
            return Ok(Expectation::Compliant);
        }
        if cursor.eat("violations") {
            return Ok(Expectation::Violations(self.number(cursor)?));
        }
        if cursor.eat_any(&["violation", "presumed violation", "presumed_violation", "presumed to violate"]) {
            return Ok(Expectation::Violation { by: self.rules(cursor)? });
        }
        if cursor.eat_any(&["no factor", "no rebuttal factor"]) {
            return Ok(Expectation::NoFactor);
        }
        if cursor.eat_any(&["factor", "rebuttal factor"]) {
            return Ok(Expectation::Factor);
        }
        let known = [
            "allowed",
            "refused",
            "refused by",
            "flagged by",
            "not flagged",
            "excepted by",
            "counted",
            "next",
            "never",
            "compliant",
            "violation",
            "violations",
            "factor",
            "no factor",
        ];
        Err(cursor.problem_among(format!("what is expected ({})", known.join(", ")), &known))
    }

    fn number(&self, cursor: &mut Cursor<'_>) -> Result<u64, Problem> {
        let number = cursor.peek().and_then(|word| word.text.parse().ok());
        let number = number.ok_or_else(|| cursor.problem("a number"))?;
        cursor.take();
        Ok(number)
    }

    /// `by us-reg-f/seven-in-seven and us-reg-f/hours`.
    fn rules(&self, cursor: &mut Cursor<'_>) -> Result<Vec<String>, Problem> {
        let mut rules = Vec::new();
        if !cursor.eat("by") {
            return Ok(rules);
        }
        loop {
            rules.push(self.rule(cursor)?);
            let (at, comma) = (cursor.place(), cursor.after_comma());
            let and = cursor.eat("and");
            let rule = cursor.peek().is_some_and(|word| self.is_rule(&word.text));
            if !(and || comma) || !rule {
                cursor.back_to(at);
                return Ok(rules);
            }
        }
    }

    fn is_rule(&self, text: &str) -> bool {
        text.starts_with("gate/")
            || rules().iter().any(|name| name == text || short(name) == text)
            || words().contains(&text)
    }

    /// A rule: `pack/rule`, the part behind the slash, or the word of a refusal such as `held`.
    pub fn rule(&self, cursor: &mut Cursor<'_>) -> Result<String, Problem> {
        match cursor.peek() {
            Some(word) if self.is_rule(&word.text) => {
                cursor.take();
                Ok(word.text.clone())
            }
            _ => {
                let rules = rules();
                let known: Vec<&str> = rules.iter().map(String::as_str).chain(words()).collect();
                Err(cursor.problem_among(
                    "a rule such as us-reg-f/seven-in-seven, or a refusal such as held",
                    &known,
                ))
            }
        }
    }
}

/// Every rule of every checked-in pack.
fn rules() -> Vec<String> {
    let packs = policy::packs().unwrap_or_default();
    packs.iter().flat_map(|pack| pack.rules.iter().map(|rule| rule.name(pack))).collect()
}

fn short(name: &str) -> &str {
    name.split_once('/').map_or(name, |(_, rule)| rule)
}

/// The words of the gate's refusals.
fn words() -> Vec<&'static str> {
    Code::ALL.iter().filter(|code| (300..400).contains(&code.0)).map(|code| code.word()).collect()
}
