//! An explanation, for whoever reads it.

use std::str::FromStr;

use events::gate::{Considered, PermitRequest, RuleVerdict};
use serde_json::{Value, json};

use super::gate_rules::gate_rule;
use super::refused_by;
use crate::json::rfc3339;
use crate::platform::{Explained, Recorded, Reproduction};
use crate::principal::Principal;

/// For whom it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Who wanted to make the contact: what stood in the way, and until when.
    Collector,
    /// Who answers for it: every rule that was asked, what it counted, and whether the log gives the same again.
    Supervisor,
    /// Whose number it is: what was decided about them and by which law, and nothing about others.
    Person,
}

impl Reader {
    /// Every reader.
    pub const ALL: [Self; 3] = [Self::Collector, Self::Supervisor, Self::Person];

    /// The word on the command line and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Collector => "collector",
            Self::Supervisor => "supervisor",
            Self::Person => "person",
        }
    }

    /// As which reader a principal reads: a called person as nobody else, a collector not as their supervisor.
    pub fn of(principal: &Principal, wanted: Option<Self>) -> Option<Self> {
        match (principal, wanted) {
            (Principal::CalledPerson(_), None | Some(Self::Person)) => Some(Self::Person),
            (Principal::CalledPerson(_), _) | (Principal::Collector(..), Some(Self::Supervisor)) => None,
            (Principal::Collector(..), None) => Some(Self::Collector),
            (_, wanted) => Some(wanted.unwrap_or(Self::Supervisor)),
        }
    }
}

impl FromStr for Reader {
    type Err = model::IdError;

    fn from_str(text: &str) -> Result<Self, model::IdError> {
        let found = Self::ALL.into_iter().find(|reader| reader.word() == text);
        let expected = "one of collector, supervisor, person";
        found.ok_or_else(|| model::IdError { expected, got: text.to_owned() })
    }
}

/// A request and what the rules say of it.
pub fn explained(explained: &Explained, reader: Reader) -> Value {
    let explanation = &explained.explanation;
    let shown = explanation.rules.iter().filter(|rule| shown(rule, reader));
    json!({
        "for": reader.word(),
        "decision": explained.recorded.as_ref().map(|recorded| format!("{}/{}", recorded.stream, recorded.position)),
        "at": rfc3339(explanation.at),
        "allowed": explanation.allowed,
        "next_allowed": explanation.next_allowed.map(rfc3339),
        "asked": asked(&explained.asked, reader),
        "lender": explained.lender.map(|lender| lender.to_string()),
        "recorded": explained.recorded.as_ref().map(recorded),
        "reproduced": explained.recorded.as_ref().map(|recorded| recorded.differences.is_empty()),
        "differences": explained.recorded.as_ref().map(|recorded| recorded.differences.clone()).unwrap_or_default(),
        "rules": shown.map(|rule| considered(rule, explained, reader)).collect::<Vec<_>>(),
    })
}

/// What making every decision again showed.
pub fn reproduction(found: &Reproduction) -> Value {
    let named = found.named.iter().map(|(stream, position, differences)| {
        json!({ "decision": format!("{stream}/{position}"), "differences": differences })
    });
    json!({
        "decisions": found.decisions,
        "differing": found.differing,
        "named": named.collect::<Vec<_>>(),
    })
}

fn shown(rule: &Considered, reader: Reader) -> bool {
    match rule.verdict {
        RuleVerdict::Silent => false,
        RuleVerdict::Refuses => true,
        // What counted the person's contacts is theirs to see, also where it allowed one more.
        RuleVerdict::Allows | RuleVerdict::Excepted | RuleVerdict::Flags => match reader {
            Reader::Supervisor => true,
            Reader::Collector | Reader::Person => rule.limit.is_some(),
        },
    }
}

fn asked(asked: &PermitRequest, reader: Reader) -> Value {
    let mut all = json!({
        "contact": asked.contact.to_string(),
        "case": asked.case.to_string(),
        "agency": asked.agency.to_string(),
        "channel": asked.channel.word(),
        "purpose": asked.purpose.word(),
        "line": asked.line.as_str(),
    });
    if reader != Reader::Person {
        all["also"] = asked.also.iter().map(ToString::to_string).collect();
        all["collector"] = json!(asked.collector.to_string());
        all["template"] = json!(asked.template.map(|template| template.0));
    }
    all
}

fn recorded(recorded: &Recorded) -> Value {
    json!({
        "allowed": recorded.reasons.is_empty(),
        "expires_at": recorded.expires_at.map(rfc3339),
        "rules_since": recorded.policy.map(|policy| policy.0),
        "reasons": recorded.reasons.iter().map(refused_by).collect::<Vec<_>>(),
        "next_allowed": recorded.next_allowed.map(rfc3339),
    })
}

fn considered(rule: &Considered, explained: &Explained, reader: Reader) -> Value {
    let name = rule.rule.as_str();
    let text = explained.rules.get(name);
    let own = gate_rule(name);
    let says = text.map(|text| text.english.as_str()).or(own.map(|(english, _)| english));
    let says_zh = text.map(|text| text.chinese.as_str()).or(own.map(|(_, chinese)| chinese));
    let mut all = json!({
        "rule": name,
        "verdict": verdict(rule.verdict),
        "code": rule.code.to_string(),
        "word": rule.code.word(),
        "limit": rule.limit,
        "counted": rule.counted,
        "next_allowed": rule.next_allowed.map(rfc3339),
        "says": says,
        "says_zh": says_zh,
        "source": text.map(|text| text.source.as_str()),
        "read": text.and_then(|text| text.read).map(|read| read.word()),
    });
    if reader != Reader::Person {
        all["detail"] = json!(rule.detail);
    }
    if reader == Reader::Supervisor {
        all["version"] = json!(text.map(|text| text.version));
        all["positions"] = rule.positions.iter().map(|position| position.0).collect();
    }
    all
}

const fn verdict(verdict: RuleVerdict) -> &'static str {
    match verdict {
        RuleVerdict::Silent => "silent",
        RuleVerdict::Allows => "allows",
        RuleVerdict::Excepted => "excepted",
        RuleVerdict::Flags => "flags",
        RuleVerdict::Refuses => "refuses",
    }
}
