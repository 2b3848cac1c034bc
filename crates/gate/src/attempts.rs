//! The exact sliding log of contacts with one contact point: made, being made, or reserved. Sixteen bytes each.

use std::fmt;

use events::Position;
use model::{CaseId, Channel, Outcome, Purpose, Timestamp};
use serde::{Deserialize, Serialize};

use crate::askers::AskerNumber;

/// One contact, from the reservation of its permit on, or as it was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Attempt {
    /// When it was redeemed, or took place; while it waits, when its permit was reserved.
    pub at: Timestamp,
    /// Where its reservation or its record stands.
    pub position: Position,
    /// Which agency it was made by, and from which line.
    pub asker: AskerNumber,
    /// Which of the contact point's links it was made for.
    pub link: u16,
    pub channel: Channel,
    pub purpose: Purpose,
    pub stage: Stage,
    /// Its debts are not just its case's: they stand in the table of attributions.
    pub attributed: bool,
}

/// How far a contact has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

    const fn number(self) -> u64 {
        match self {
            Self::Waiting => 0,
            Self::Dialing => 1,
            Self::Made(outcome) => 2 + outcome as u64,
            Self::Inbound(outcome) => 2 + OUTCOMES as u64 + outcome as u64,
        }
    }

    /// By its number.
    pub const fn of(number: u8) -> Self {
        match number as usize {
            0 => Self::Waiting,
            1 => Self::Dialing,
            made if made < 2 + OUTCOMES => Self::Made(Outcome::ALL[made - 2]),
            inbound if inbound < STAGES => Self::Inbound(Outcome::ALL[inbound - 2 - OUTCOMES]),
            _ => Self::Made(Outcome::Unknown),
        }
    }
}

const OUTCOMES: usize = Outcome::ALL.len();

/// Stages there are.
const STAGES: usize = 2 + 2 * OUTCOMES;

/// Numbers that a stage may have.
pub(crate) const STAGE_NUMBERS: usize = 1 << STAGE_BITS;

/// An attempt as it is kept. In words of 64 bits, from the lowest: the time in milliseconds since 1970 (42 bits, until
/// the year 2109) and a part of the number of the asker (20, of which 2 are spare); the position (42), the link (12), channel and
/// purpose (3 each); the stage and whether it is attributed lie in what the first word has left.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Packed([u64; 2]);

const TIME_BITS: u32 = 42;
const ASKER_BITS: u32 = 16;
const STAGE_BITS: u32 = 5;
const POSITION_BITS: u32 = 42;
const LINK_BITS: u32 = 12;
const WORD_BITS: u32 = 3;
/// What the first word has no room for.
const ASKER_HIGH_BITS: u32 = 4;

const _: () = assert!(TIME_BITS + ASKER_BITS + STAGE_BITS < 64);
const _: () = assert!(POSITION_BITS + LINK_BITS + 2 * WORD_BITS + ASKER_HIGH_BITS == 64);
const _: () = assert!(STAGES <= STAGE_NUMBERS);
const _: () = assert!(Channel::ALL.len() <= 1 << WORD_BITS && Purpose::ALL.len() <= 1 << WORD_BITS);

/// Attempts name their link in 12 bits.
pub(crate) const LINKS_MAX: usize = 1 << LINK_BITS;

/// Attempts name their asker in 20 bits.
pub(crate) const ASKERS_MAX: u32 = 1 << (ASKER_BITS + ASKER_HIGH_BITS);

const fn low(bits: u32) -> u64 {
    (1 << bits) - 1
}

impl Packed {
    /// Times before 1970 and after 2109 are kept as the nearest that fits.
    pub fn of(attempt: &Attempt) -> Self {
        let at = u64::try_from(attempt.at.0).unwrap_or(0).min(low(TIME_BITS));
        let asker = u64::from(attempt.asker.0);
        let first = at
            | (asker & low(ASKER_BITS)) << TIME_BITS
            | attempt.stage.number() << (TIME_BITS + ASKER_BITS)
            | u64::from(attempt.attributed) << (TIME_BITS + ASKER_BITS + STAGE_BITS);
        let second = attempt.position.0.min(low(POSITION_BITS))
            | (u64::from(attempt.link) & low(LINK_BITS)) << POSITION_BITS
            | (attempt.channel as u64) << (POSITION_BITS + LINK_BITS)
            | (attempt.purpose as u64) << (POSITION_BITS + LINK_BITS + WORD_BITS)
            | (asker >> ASKER_BITS) << (POSITION_BITS + LINK_BITS + 2 * WORD_BITS);
        Self([first, second])
    }

    pub const fn at(self) -> Timestamp {
        Timestamp((self.0[0] & low(TIME_BITS)) as i64)
    }

    pub const fn position(self) -> Position {
        Position(self.0[1] & low(POSITION_BITS))
    }

    pub const fn asker(self) -> AskerNumber {
        let (first, second) = (self.0[0] >> TIME_BITS & low(ASKER_BITS), self.0[1]);
        let high = second >> (POSITION_BITS + LINK_BITS + 2 * WORD_BITS);
        AskerNumber((first | high << ASKER_BITS) as u32)
    }

    pub const fn link(self) -> u16 {
        (self.0[1] >> POSITION_BITS & low(LINK_BITS)) as u16
    }

    /// The place of the channel among all.
    pub const fn channel(self) -> u8 {
        (self.0[1] >> (POSITION_BITS + LINK_BITS) & low(WORD_BITS)) as u8
    }

    /// The place of the purpose among all.
    pub const fn purpose(self) -> u8 {
        (self.0[1] >> (POSITION_BITS + LINK_BITS + WORD_BITS) & low(WORD_BITS)) as u8
    }

    /// Its permit was reserved and not used yet.
    pub const fn waiting(self) -> bool {
        self.stage() as u64 == Stage::Waiting.number()
    }

    /// The person began it.
    pub const fn inbound(self) -> bool {
        self.stage() as usize >= 2 + OUTCOMES && (self.stage() as usize) < STAGES
    }

    /// The number of the stage, of [`Stage::of`].
    pub const fn stage(self) -> u8 {
        (self.0[0] >> (TIME_BITS + ASKER_BITS) & low(STAGE_BITS)) as u8
    }

    pub const fn attributed(self) -> bool {
        self.0[0] >> (TIME_BITS + ASKER_BITS + STAGE_BITS) & 1 == 1
    }

    pub fn open(self) -> Attempt {
        Attempt {
            at: self.at(),
            position: self.position(),
            asker: self.asker(),
            link: self.link(),
            channel: Channel::ALL.get(usize::from(self.channel())).copied().unwrap_or(Channel::Call),
            purpose: Purpose::ALL.get(usize::from(self.purpose())).copied().unwrap_or(Purpose::Collect),
            stage: Stage::of(self.stage()),
            attributed: self.attributed(),
        }
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.open().fmt(f)
    }
}

/// The debts of attempts that are about more or other debts than their case's.
pub(crate) type Attributions = crate::maps::ByPosition<Box<[CaseId]>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_any_attempt_when_it_is_kept_then_it_comes_back_whole() {
        let stages =
            Outcome::ALL.iter().flat_map(|outcome| [Stage::Made(*outcome), Stage::Inbound(*outcome)]);
        for stage in stages.chain([Stage::Waiting, Stage::Dialing]) {
            for (channel, purpose) in Channel::ALL.iter().zip(Purpose::ALL) {
                for (number, attributed) in [(0, false), (0x5a5a5, true), (ASKERS_MAX - 1, true)] {
                    let attempt = Attempt {
                        at: Timestamp(i64::from(number) << 22),
                        position: Position(u64::from(number) << 22 | 5),
                        asker: AskerNumber(number),
                        link: number as u16 & 0xfff,
                        channel: *channel,
                        purpose: *purpose,
                        stage,
                        attributed,
                    };
                    assert_eq!(Packed::of(&attempt).open(), attempt);
                }
            }
        }
    }
}
