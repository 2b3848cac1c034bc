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
    /// What was durable as far as its leader knows. The fence keeps it the same as what is.
    base: T,
    /// A leader that was replaced and does not know it.
    old: Option<Old<T>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Old<T> {
    now: T,
    base: T,
}

/// What events change, and nothing else, where they are taken in by somebody who does not stand where they were decided.
pub trait Events: Copy + PartialEq {
    /// This, with what changed from `base` to `now`.
    fn and(self, base: Self, now: Self) -> Self;
}

impl Events for [Share; PERMITS] {
    fn and(self, base: Self, now: Self) -> Self {
        std::array::from_fn(|n| changed(self[n], base[n], now[n]))
    }
}

impl Events for Own {
    fn and(self, base: Self, now: Self) -> Self {
        Self {
            permits: std::array::from_fn(|n| changed(self.permits[n], base.permits[n], now.permits[n])),
            stopped: changed(self.stopped, base.stopped, now.stopped),
            held: changed(self.held, base.held, now.held),
        }
    }
}

fn changed<T: PartialEq>(known: T, base: T, now: T) -> T {
    if now == base { known } else { now }
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

impl<T: Events> Partition<T> {
    pub fn new(now: T) -> Self {
        Self { now, durable: now, base: now, old: None }
    }

    /// Everything that its leader believes is durable.
    pub fn is_durable(&self) -> bool {
        self.now == self.base
    }

    pub fn flush(&mut self) {
        self.durable = self.durable.and(self.base, self.now);
        self.base = self.now;
    }

    /// Another leader, which has read this much: what was not durable is gone. The old one may go on for a while.
    pub fn change_leader(&mut self, read: T, lingers: bool) {
        self.old = lingers.then_some(Old { now: self.now, base: self.base });
        (self.now, self.base) = (read, read);
    }

    /// Whether somebody believes that it leads here, and does not.
    pub fn has_old(&self) -> bool {
        self.old.is_some()
    }

    /// What the old leader has decided reaches the store. The store refuses it, since another has written there before: so
    /// the old one learns that it does not lead.
    pub fn flush_old(&mut self, fenced: bool) {
        let Some(old) = self.old.filter(|_| !fenced) else {
            self.old = None;
            return;
        };
        self.durable = self.durable.and(old.base, old.now);
        self.old = Some(Old { now: old.now, base: old.now });
    }

    /// As the old leader sees it; `None` if there is none.
    pub fn seen_by_old(&self) -> Option<Self> {
        let Old { now, base } = self.old?;
        Some(Self { now, durable: base, base, old: None })
    }

    /// The old leader believes this now.
    pub fn believed_by_old(&mut self, now: T) {
        if let Some(old) = &mut self.old {
            old.now = now;
        }
    }
}
