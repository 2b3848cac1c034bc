//! What a partition remembers of a permit or a share, and what counts.

use super::world::PERMITS;

/// A share at the person's partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Share {
    None,
    Reserved {
        expires: u8,
    },
    /// Its call is being made, by `latest` at the latest.
    Placing {
        call: u8,
        since: u8,
        latest: u8,
    },
    /// The call counts then, or (`None`) not at all.
    Settled {
        call: u8,
        counts: Option<u8>,
    },
    Expired,
}

/// A permit at its contact point's partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permit {
    None,
    Reserved { expires: u8 },
    Redeemed { call: u8, at: u8, after_stop: bool },
    Settled { call: u8, at: u8, counts: bool },
    Expired,
    Voided,
}

/// A partition: what its leader believes, and what is durable of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Partition<T> {
    pub now: T,
    pub durable: T,
}

/// A contact point's partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Own {
    pub permits: [Permit; PERMITS],
    pub stopped: bool,
    /// For now it refuses everything: a hold, the hour, a clock that is not trusted.
    pub held: bool,
}

impl Share {
    /// Whether it counts at `now`, in a window of so many ticks.
    pub fn counts(self, now: u8, window: u8) -> bool {
        match self {
            Self::Reserved { expires } => now <= expires,
            Self::Placing { latest, .. } => now < latest + window,
            Self::Settled { counts: Some(at), .. } => now < at + window,
            Self::None | Self::Settled { counts: None, .. } | Self::Expired => false,
        }
    }

    /// It takes a slot, whatever the time.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Reserved { .. } | Self::Placing { .. })
    }
}

impl Permit {
    pub fn counts(self, now: u8, window: u8) -> bool {
        match self {
            Self::Reserved { expires } => now <= expires,
            Self::Redeemed { at, .. } | Self::Settled { at, counts: true, .. } => now < at + window,
            Self::None | Self::Settled { counts: false, .. } | Self::Expired | Self::Voided => false,
        }
    }

    pub fn is_open(self) -> bool {
        matches!(self, Self::Reserved { .. } | Self::Redeemed { .. })
    }

    /// The call that has used it, when, and whether it counts.
    pub fn used(self) -> Option<(u8, u8, bool)> {
        match self {
            Self::Redeemed { call, at, .. } => Some((call, at, true)),
            Self::Settled { call, at, counts } => Some((call, at, counts)),
            _ => None,
        }
    }
}

impl<T: Copy + PartialEq> Partition<T> {
    pub fn new(now: T) -> Self {
        Self { now, durable: now }
    }

    /// Everything that its leader believes is durable.
    pub fn is_durable(&self) -> bool {
        self.now == self.durable
    }

    pub fn flush(&mut self) {
        self.durable = self.now;
    }

    /// Another leader: what was not durable is gone.
    pub fn change_leader(&mut self) {
        self.now = self.durable;
    }
}
