//! What one rule says about one request.

use events::gate::{Considered, RuleName, RuleVerdict};
use events::{Code, Position, Reason};
use model::Timestamp;

pub(crate) struct Finding {
    pub verdict: RuleVerdict,
    pub code: Code,
    pub limit: Option<u32>,
    /// The contact asked for not included.
    pub counted: Option<u32>,
    /// When the passing of time alone lifts it.
    pub next: Option<Timestamp>,
    pub detail: Option<String>,
    /// What was counted, if it was asked for.
    pub positions: Vec<Position>,
}

impl Finding {
    /// The rule does not speak of such a contact.
    pub const SILENT: Self = Self::of(RuleVerdict::Silent, Code(0));

    const fn of(verdict: RuleVerdict, code: Code) -> Self {
        Self { verdict, code, limit: None, counted: None, next: None, detail: None, positions: Vec::new() }
    }

    pub const fn allows(code: Code) -> Self {
        Self::of(RuleVerdict::Allows, code)
    }

    pub const fn excepted(code: Code) -> Self {
        Self::of(RuleVerdict::Excepted, code)
    }

    pub const fn refuses(code: Code) -> Self {
        Self::of(RuleVerdict::Refuses, code)
    }

    pub const fn refuses_if(refuses: bool, code: Code) -> Self {
        Self::of(if refuses { RuleVerdict::Refuses } else { RuleVerdict::Allows }, code)
    }

    /// Refuses until then.
    pub fn until(code: Code, next: Option<Timestamp>) -> Self {
        Self { next, ..Self::refuses(code) }
    }

    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    pub fn considered(self, rule: RuleName) -> Considered {
        let Self { verdict, code, limit, counted, next, detail, positions } = self;
        Considered { rule, verdict, code, limit, counted, positions, next_allowed: next, detail }
    }

    pub fn reason(self, rule: RuleName) -> Reason {
        let Self { code, limit, counted, next, detail, .. } = self;
        Reason { code, rule: Some(rule), limit, counted, next_allowed: next, detail }
    }
}

/// Takes down what a rule counts, where somebody wants to know.
pub(crate) enum Trace {
    Off,
    On(Vec<Position>),
}

impl Trace {
    pub const fn on() -> Self {
        Self::On(Vec::new())
    }

    pub fn note(&mut self, position: Position) {
        if let Self::On(positions) = self {
            positions.push(position);
        }
    }

    /// Hands over what the rule just asked has counted.
    pub fn to(&mut self, mut finding: Finding) -> Finding {
        if let Self::On(positions) = self {
            positions.sort_unstable();
            positions.dedup();
            finding.positions = std::mem::take(positions);
        }
        finding
    }
}
