//! The exact sliding log of contacts with one contact point: made, being made, or reserved.

use events::Position;
use events::gate::Line;
use model::{AgencyId, CaseId, Channel, Outcome, Purpose, Timestamp};
use serde::{Deserialize, Serialize};

/// One contact, from the reservation of its permit on, or as it was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attempt {
    /// When it was redeemed, or took place; while it waits, when its permit was reserved.
    pub at: Timestamp,
    /// Where its reservation or its record stands.
    pub position: Position,
    pub agency: AgencyId,
    /// Which of the contact point's links it was made for.
    pub link: u16,
    /// Its line, by number.
    pub line: LineNumber,
    pub channel: Channel,
    pub purpose: Purpose,
    pub stage: Stage,
    /// Its debts are not just its case's: they stand in the table of attributions.
    pub attributed: bool,
}

/// How far a contact has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stage {
    /// Its permit was reserved and may still be redeemed: it counts in every window.
    Waiting,
    /// It is being made.
    Dialing,
    /// It was made.
    Made(Outcome),
    /// The person began it: it counts in no cap.
    Inbound(Outcome),
}

impl Stage {
    /// What became of it, once that is known.
    pub const fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Waiting | Self::Dialing => None,
            Self::Made(outcome) | Self::Inbound(outcome) => Some(outcome),
        }
    }

    /// Somebody was there, or may have been.
    pub const fn reached(self) -> bool {
        match self {
            Self::Waiting => false,
            Self::Dialing | Self::Inbound(_) => true,
            Self::Made(outcome) => {
                matches!(outcome, Outcome::Conversation | Outcome::AnsweredDropped | Outcome::Unknown)
            }
        }
    }
}

/// The number of a line in the table of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct LineNumber(pub u16);

/// Every line that was ever seen. Lines beyond the 65,535th different one share a number; an agency has a handful.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct LineNumbers {
    lines: Vec<Line>,
}

impl LineNumbers {
    pub fn get(&self, line: &Line) -> Option<LineNumber> {
        let index = self.lines.iter().position(|known| known == line)?;
        u16::try_from(index).ok().map(LineNumber)
    }

    pub fn line(&self, number: LineNumber) -> Option<Line> {
        self.lines.get(usize::from(number.0)).copied()
    }

    pub fn number(&mut self, line: &Line) -> LineNumber {
        if let Some(number) = self.get(line) {
            return number;
        }
        let Ok(number) = u16::try_from(self.lines.len()) else { return LineNumber(u16::MAX) };
        self.lines.push(*line);
        LineNumber(number)
    }
}

/// The debts of attempts that are about more or other debts than their case's.
pub(crate) type Attributions = crate::maps::ByPosition<Box<[CaseId]>>;
