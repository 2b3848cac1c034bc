//! One decision, made again from the log alone.

use std::ops::ControlFlow;

use events::gate::{
    ContactStatus, Explanation, GateEvent, GateQuery, GateReply, PermitRequest, RefusedByV2, Tightest,
    Verdict,
};
use events::{Code, Decider, Now, Position};
use gate::{Gate, State};
use model::Timestamp;

use super::Reader;
use crate::json::rfc3339;

/// Takes the log in up to an event: what the gate knew when it decided.
pub(crate) struct Until {
    position: Position,
    state: State,
    found: Option<(GateEvent, Timestamp)>,
}

/// A decision as it was recorded, and as it is made again.
pub(crate) struct Reproduced {
    pub asked: PermitRequest,
    pub recorded: RecordedVerdict,
    /// The rules then in force.
    pub packs: Vec<String>,
    pub explanation: Explanation,
    /// What was known of the contact point.
    pub contact: Option<ContactStatus>,
    /// How the decision made again differs from the recorded one: nothing, or a promise is broken.
    pub differences: Vec<String>,
}

/// What the log says of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordedVerdict {
    /// Where the last change of the rules stood.
    pub policy: Option<Position>,
    /// The last moment at which the permit could be redeemed; `None`: it was refused.
    pub expires_at: Option<Timestamp>,
    pub tightest: Option<Tightest>,
    pub reasons: Vec<RefusedByV2>,
    pub next_allowed: Option<Timestamp>,
}

impl Until {
    pub fn new(position: Position) -> Self {
        Self { position, state: State::default(), found: None }
    }

    /// The decision; `None`: none stands there.
    pub fn reproduce(self) -> Option<Reproduced> {
        let Self { state, found, .. } = self;
        let (event, at) = found?;
        let (asked, recorded) = recorded(event)?;
        let trusted = recorded.reasons.iter().all(|reason| reason.code != Code::CLOCK_UNSURE);
        let ask = |query| Gate::query(&state, &query, Now { at, trusted });
        let GateReply::Explain(explanation) = ask(GateQuery::Explain(asked.clone())) else { return None };
        let GateReply::Check(verdict) = ask(GateQuery::Check(asked.clone())) else { return None };
        let GateReply::Policies(policy, packs) = ask(GateQuery::Policies) else { return None };
        let GateReply::Contact(contact) = ask(GateQuery::Contact(asked.contact)) else { return None };
        let differences = differences(&recorded, &again(verdict, policy));
        let contact = contact.map(|contact| *contact);
        Some(Reproduced { asked, recorded, packs, explanation, contact, differences })
    }
}

impl Reader for Until {
    fn take(&mut self, event: GateEvent, at: Timestamp, position: Position) -> ControlFlow<()> {
        if position < self.position {
            Gate::evolve(&mut self.state, &event, at, position);
            return ControlFlow::Continue(());
        }
        self.found = (position == self.position).then_some((event, at));
        ControlFlow::Break(())
    }
}

/// What a decision was about, and what it was.
pub(super) fn recorded(event: GateEvent) -> Option<(PermitRequest, RecordedVerdict)> {
    match event {
        GateEvent::PermitReserved(reserved) => {
            let (policy, expires_at) = (Some(reserved.policy), Some(reserved.expires_at));
            let (reasons, tightest) = (Vec::new(), reserved.tightest);
            Some((
                reserved.asked,
                RecordedVerdict { policy, expires_at, tightest, reasons, next_allowed: None },
            ))
        }
        GateEvent::ShareReserved(reserved) => {
            let (policy, expires_at) = (Some(reserved.policy), Some(reserved.expires_at));
            let (reasons, tightest) = (Vec::new(), reserved.tightest);
            Some((
                reserved.asked,
                RecordedVerdict { policy, expires_at, tightest, reasons, next_allowed: None },
            ))
        }
        GateEvent::PermitRefused(refused) => {
            let (policy, reasons, next_allowed) = (refused.policy, refused.reasons, refused.next_allowed);
            let verdict = RecordedVerdict { policy, expires_at: None, tightest: None, reasons, next_allowed };
            Some((refused.asked, verdict))
        }
        _ => None,
    }
}

fn again(verdict: Verdict, policy: Option<Position>) -> RecordedVerdict {
    let (tightest, reasons, next_allowed) = match verdict {
        Verdict::Allowed { tightest } => (tightest, Vec::new(), None),
        Verdict::Refused { reasons, next_allowed } => {
            (None, reasons.iter().map(RefusedByV2::from).collect(), next_allowed)
        }
    };
    RecordedVerdict { policy, expires_at: None, tightest, reasons, next_allowed }
}

/// How a decision of the log differs when it is made again in this state, which is that before it.
pub(super) fn made_again(
    state: &State,
    (asked, recorded): (PermitRequest, RecordedVerdict),
    at: Timestamp,
    policy: Option<Position>,
) -> Vec<String> {
    let trusted = recorded.reasons.iter().all(|reason| reason.code != Code::CLOCK_UNSURE);
    match Gate::query(state, &GateQuery::Check(asked), Now { at, trusted }) {
        GateReply::Check(verdict) => differences(&recorded, &again(verdict, policy)),
        _ => vec!["the gate gave no verdict".to_owned()],
    }
}

/// What differs. The first version of a refusal did not name its rules: then their codes are compared.
fn differences(recorded: &RecordedVerdict, again: &RecordedVerdict) -> Vec<String> {
    let mut differences = Vec::new();
    let mut differs = |what: &str, recorded: String, again: String| {
        if recorded != again {
            differences.push(format!("{what}: recorded {recorded}, made again {again}"));
        }
    };
    let allowed = |verdict: &RecordedVerdict| if verdict.reasons.is_empty() { "allowed" } else { "refused" };
    differs("answer", allowed(recorded).to_owned(), allowed(again).to_owned());
    let named = recorded.reasons.iter().all(|reason| reason.rule.is_some());
    let reasons = |verdict: &RecordedVerdict| {
        let each = verdict.reasons.iter().map(|reason| match reason.rule {
            Some(rule) if named => format!("{rule} {}", said(reason)),
            _ => said(reason),
        });
        each.collect::<Vec<_>>().join(", ")
    };
    differs("reasons", reasons(recorded), reasons(again));
    let time = |at: Option<Timestamp>| at.map_or_else(|| "never".to_owned(), rfc3339);
    differs("next allowed", time(recorded.next_allowed), time(again.next_allowed));
    let position = |at: Option<Position>| at.map_or_else(|| "none".to_owned(), |at| at.to_string());
    differs("rules in force since", position(recorded.policy), position(again.policy));
    let tightest = |of: &RecordedVerdict| match of.tightest {
        Some(Tightest { rule, count }) => format!("{rule} {} of {}", count.counted, count.limit),
        None => "none".to_owned(),
    };
    differs("tightest rule", tightest(recorded), tightest(again));
    differences
}

fn said(reason: &RefusedByV2) -> String {
    let number = |number: Option<u32>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    let next = reason.next_allowed.map_or_else(|| "never".to_owned(), rfc3339);
    format!("{} ({} of {}, until {next})", reason.code, number(reason.counted), number(reason.limit))
}
