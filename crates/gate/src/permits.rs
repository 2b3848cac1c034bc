//! Permits that are open, or were lately.

use std::collections::{BTreeMap, VecDeque};

use events::gate::PermitRequest;
use events::{Code, Position, Refusal};
use model::{ContactPointId, Outcome, Timestamp};
use serde::{Deserialize, Serialize};

/// A closed permit is remembered this long, so that retries find their answer: 24 hours.
const REMEMBER_MS: i64 = 24 * 3_600_000;

/// Most closed permits that are remembered.
const REMEMBER_MAX: usize = 1 << 20;

/// Permits that wait, are in use, or closed lately.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Permits {
    /// In order: the newest are the ones that are asked for.
    by_position: BTreeMap<Position, Permit>,
    /// By time of expiry.
    waiting: VecDeque<(Timestamp, Position)>,
    /// By time of redemption.
    dialing: VecDeque<(Timestamp, Position)>,
    /// By time of closing.
    closed: VecDeque<(Timestamp, Position)>,
}

/// A permit, or a share that a permit elsewhere stands on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Permit {
    pub contact: ContactPointId,
    pub expires_at: Timestamp,
    pub stage: Stage,
    /// What it was asked for; `None` once it is closed.
    pub asked: Option<Box<PermitRequest>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stage {
    Waiting,
    /// A share: the contact may be being made.
    Placing {
        call: [u8; 16],
        at: Timestamp,
    },
    Redeemed {
        call: [u8; 16],
        at: Timestamp,
    },
    Settled {
        call: [u8; 16],
        at: Timestamp,
        outcome: Outcome,
    },
    Expired,
    Voided,
}

impl Stage {
    /// A contact is being made, or may be.
    const fn is_dialing(self) -> bool {
        matches!(self, Self::Redeemed { .. } | Self::Placing { .. })
    }
}

impl Permits {
    /// Whether it is open, or was lately.
    pub fn known(&self, permit: Position) -> bool {
        self.by_position.contains_key(&permit)
    }

    /// Whether a permit waits and may still be redeemed at `now`: so long it counts.
    pub fn waits(&self, permit: Position, now: Timestamp) -> bool {
        let permit = self.by_position.get(&permit);
        permit.is_some_and(|permit| permit.stage == Stage::Waiting && now <= permit.expires_at)
    }

    /// Whether a share's contact is being made, or may be.
    pub fn placing(&self, share: Position) -> bool {
        let share = self.by_position.get(&share);
        share.is_some_and(|share| matches!(share.stage, Stage::Placing { .. }))
    }

    /// The first moment at which a permit may no longer be redeemed.
    pub fn lapses(&self, permit: Position) -> Option<Timestamp> {
        self.by_position.get(&permit).map(|permit| permit.expires_at.plus_ms(1))
    }

    /// When an open permit was redeemed.
    pub fn redeemed(&self, permit: Position) -> Option<Timestamp> {
        match self.by_position.get(&permit)?.stage {
            Stage::Redeemed { at, .. } | Stage::Placing { at, .. } | Stage::Settled { at, .. } => Some(at),
            Stage::Waiting | Stage::Expired | Stage::Voided => None,
        }
    }

    pub fn reserve(&mut self, position: Position, asked: &PermitRequest, expires_at: Timestamp) {
        let (contact, asked) = (asked.contact, Some(Box::new(asked.clone())));
        let permit = Permit { contact, expires_at, stage: Stage::Waiting, asked };
        self.by_position.insert(position, permit);
        self.waiting.push_back((expires_at, position));
    }

    /// What an open permit was asked for.
    pub fn asked(&self, permit: Position) -> Option<Box<PermitRequest>> {
        self.by_position.get(&permit).and_then(|permit| permit.asked.clone())
    }

    pub fn redeem(&mut self, permit: Position, call: [u8; 16], at: Timestamp) {
        if let Some(found) = self.by_position.get_mut(&permit) {
            found.stage = Stage::Redeemed { call, at };
        }
        self.dialing.push_back((at, permit));
        self.tidy_waiting();
    }

    /// The contact of a share may be being made from now on; says until when.
    pub fn place(&mut self, share: Position, call: [u8; 16], at: Timestamp) -> Option<Timestamp> {
        let found = self.by_position.get_mut(&share).map(|found| {
            found.stage = Stage::Placing { call, at };
            found.expires_at
        });
        self.dialing.push_back((at, share));
        self.tidy_waiting();
        found
    }

    /// Closes a share with what became of it, also if it was closed before because nobody had said so; says what it
    /// was asked for.
    pub fn close_share(
        &mut self,
        share: Position,
        outcome: Outcome,
        now: Timestamp,
    ) -> Option<Box<PermitRequest>> {
        let found = self.by_position.get_mut(&share)?;
        let (call, at) = match found.stage {
            Stage::Placing { call, at } | Stage::Settled { call, at, .. } => (call, at),
            _ => ([0; 16], now),
        };
        found.stage = Stage::Settled { call, at, outcome };
        // It may yet be corrected.
        let asked = match outcome {
            Outcome::Unknown => found.asked.clone(),
            _ => found.asked.take(),
        };
        self.closed(share, now);
        self.tidy_waiting();
        self.tidy_dialing();
        asked
    }

    /// Settles a permit; says when it had been redeemed, and what it was asked for.
    pub fn settle(
        &mut self,
        permit: Position,
        outcome: Outcome,
        now: Timestamp,
    ) -> Option<(Timestamp, Option<Box<PermitRequest>>)> {
        let found = self.by_position.get_mut(&permit)?;
        let Stage::Redeemed { call, at } = found.stage else { return None };
        found.stage = Stage::Settled { call, at, outcome };
        let asked = found.asked.take();
        self.closed(permit, now);
        self.tidy_dialing();
        Some((at, asked))
    }

    pub fn expire(&mut self, permit: Position, now: Timestamp) {
        self.close_unused(permit, Stage::Expired, now);
    }

    pub fn void(&mut self, permit: Position, now: Timestamp) {
        self.close_unused(permit, Stage::Voided, now);
    }

    fn close_unused(&mut self, permit: Position, stage: Stage, now: Timestamp) {
        if let Some(found) = self.by_position.get_mut(&permit) {
            (found.stage, found.asked) = (stage, None);
        }
        self.closed(permit, now);
        self.tidy_waiting();
        // A share that was being placed may be given up.
        self.tidy_dialing();
    }

    /// Remembers it for a while; forgets those that were closed long ago.
    fn closed(&mut self, permit: Position, now: Timestamp) {
        self.closed.push_back((now, permit));
        while let Some(&(at, permit)) = self.closed.front()
            && (now.ms_since(at) > REMEMBER_MS || self.closed.len() > REMEMBER_MAX)
        {
            self.closed.pop_front();
            self.by_position.remove(&permit);
        }
    }

    /// Drops what the front of the queue needs no more; so does the next.
    fn tidy_waiting(&mut self) {
        while let Some((_, permit)) = self.waiting.front()
            && self.by_position.get(permit).is_none_or(|permit| permit.stage != Stage::Waiting)
        {
            self.waiting.pop_front();
        }
    }

    fn tidy_dialing(&mut self) {
        while let Some((_, permit)) = self.dialing.front()
            && self.by_position.get(permit).is_none_or(|permit| !permit.stage.is_dialing())
        {
            self.dialing.pop_front();
        }
    }

    /// Permits and shares that may no longer be used at `now`, and were not, with their positions.
    pub fn lapsed(&self, now: Timestamp) -> impl Iterator<Item = (&Permit, Position)> {
        let waiting = self.waiting.iter().take_while(move |(last, _)| *last < now);
        waiting.filter_map(|(_, permit)| self.at(permit)).filter(|(found, _)| found.stage == Stage::Waiting)
    }

    /// Permits and shares of which nobody has said what became, `after_ms` after they were redeemed.
    pub fn unsettled(&self, now: Timestamp, after_ms: i64) -> impl Iterator<Item = (&Permit, Position)> {
        let dialing = self.dialing.iter().take_while(move |(at, _)| now.ms_since(*at) > after_ms);
        dialing.filter_map(|(_, permit)| self.at(permit)).filter(|(found, _)| found.stage.is_dialing())
    }

    fn at(&self, permit: &Position) -> Option<(&Permit, Position)> {
        self.by_position.get(permit).map(|found| (found, *permit))
    }

    pub fn get(&self, contact: ContactPointId, permit: Position) -> Result<&Permit, Refusal> {
        let found = self.by_position.get(&permit).filter(|permit| permit.contact == contact);
        found.ok_or_else(|| Code::PERMIT_UNKNOWN.into())
    }
}
