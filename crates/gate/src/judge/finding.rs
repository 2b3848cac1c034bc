//! What one rule says about one request.

use events::gate::{Considered, RuleName, RuleVerdict};
use events::{Code, Position, Reason};
use model::Timestamp;

/// The answer, as short as it is asked for on the way of every decision.
#[derive(Clone, Copy)]
pub(crate) struct Finding {
    pub verdict: RuleVerdict,
    pub code: Code,
    pub limit: Option<u16>,
    /// The contact asked for not included; 65,535 also for more.
    pub counted: Option<u16>,
}

/// More of a rule that refuses.
#[derive(Default)]
pub(crate) struct Why {
    /// When the passing of time alone lifts it.
    pub next: Option<Timestamp>,
    pub detail: Option<String>,
}

impl Finding {
    /// The rule does not speak of such a contact.
    pub const SILENT: Self = Self::of(RuleVerdict::Silent, Code(0));

    const fn of(verdict: RuleVerdict, code: Code) -> Self {
        Self { verdict, code, limit: None, counted: None }
    }

    pub const fn allows(code: Code) -> Self {
        Self::of(RuleVerdict::Allows, code)
    }

    pub const fn excepted(code: Code) -> Self {
        Self::of(RuleVerdict::Excepted, code)
    }

    pub const fn refuses_with(code: Code) -> Self {
        Self::of(RuleVerdict::Refuses, code)
    }

    pub const fn refuses_if(refuses: bool, code: Code) -> Self {
        Self::of(if refuses { RuleVerdict::Refuses } else { RuleVerdict::Allows }, code)
    }

    /// It does not hold, whether that refuses or is only shown.
    pub const fn refuses(self) -> bool {
        matches!(self.verdict, RuleVerdict::Refuses | RuleVerdict::Flags)
    }
}

impl Why {
    pub const fn until(next: Option<Timestamp>) -> Self {
        Self { next, detail: None }
    }

    pub fn detail(detail: impl Into<String>) -> Self {
        Self { next: None, detail: Some(detail.into()) }
    }

    pub fn considered(self, finding: Finding, rule: RuleName, positions: Vec<Position>) -> Considered {
        let Finding { verdict, code, .. } = finding;
        let (limit, counted) = (finding.limit.map(u32::from), finding.counted.map(u32::from));
        let Self { next, detail } = self;
        Considered { rule, verdict, code, limit, counted, positions, next_allowed: next, detail }
    }

    pub fn reason(self, finding: Finding, rule: RuleName) -> Reason {
        let (limit, counted) = (finding.limit.map(u32::from), finding.counted.map(u32::from));
        Reason {
            code: finding.code,
            rule: Some(rule),
            limit,
            counted,
            next_allowed: self.next,
            detail: self.detail,
        }
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
    pub fn take(&mut self) -> Vec<Position> {
        let Self::On(positions) = self else { return Vec::new() };
        positions.sort_unstable();
        positions.dedup();
        std::mem::take(positions)
    }
}
