//! Ways to break what the promises rest on, each on purpose: the simulator has to notice every one of them.

use std::cell::Cell;
use std::fmt;
use std::str::FromStr;

macro_rules! mutations {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// One mechanism, broken.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Mutation { $($(#[$doc])* $name,)* }

        impl Mutation {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name on the command line.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

mutations! {
    /// A permit that waits does not count.
    ReservationsForgotten = "reservations-forgotten",
    /// A redemption does not ask the rules again.
    RecheckSkipped = "recheck-skipped",
    /// A redemption does not look at stops.
    StopsIgnoredOnRedemption = "stops-ignored-on-redemption",
    /// A request does not look at stops.
    StopsIgnoredOnRequest = "stops-ignored-on-request",
    /// Days begin at the server's midnight.
    ServersMidnight = "servers-midnight",
    /// Every clock is trusted.
    ClockTrusted = "clock-trusted",
    /// Any agency may call about any case.
    PlacementIgnored = "placement-ignored",
    /// Every outcome gives its slot back.
    AlwaysGivenBack = "always-given-back",
    /// A permit can be redeemed after its time.
    ExpiryIgnored = "expiry-ignored",
    /// A permit can be used for any number of calls.
    UsedTwice = "used-twice",
    /// Each number is counted as a person of its own.
    PersonsForgotten = "persons-forgotten",
    /// A contact that is recorded late counts in nothing.
    LateContactsForgotten = "late-contacts-forgotten",
    /// A decision depends on something that is not in the log.
    HiddenInput = "hidden-input",
    /// Nobody closes permits that were not used.
    NothingExpires = "nothing-expires",
    /// Command ids are not remembered.
    CommandIdsForgotten = "command-ids-forgotten",
    /// Who asks is answered before the record is durable.
    AnsweredBeforeDurable = "answered-before-durable",
    /// The home of a person or a case gives every share that it is asked for.
    HomesAllowAll = "homes-allow-all",
    /// A share counts no more once its call is being made.
    SharesGivenUpWhenUsed = "shares-given-up-when-used",
    /// A permit needs no shares.
    SharesNotNeeded = "shares-not-needed",
    /// A snapshot forgets who was stopped.
    SnapshotsForgetStops = "snapshots-forget-stops",
    /// The store takes a record into any slot.
    FenceDropped = "fence-dropped",
}

impl fmt::Display for Mutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for Mutation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().copied().find(|mutation| mutation.word() == text);
        found.ok_or_else(|| {
            let words: Vec<&str> = Self::ALL.iter().map(|mutation| mutation.word()).collect();
            format!("expected one of {}, got {text:?}", words.join(", "))
        })
    }
}

thread_local! {
    static IN_FORCE: Cell<Option<Mutation>> = const { Cell::new(None) };
}

/// What is broken on this thread. A decider has no other way to know; a simulation never leaves its thread.
pub fn in_force() -> Option<Mutation> {
    IN_FORCE.get()
}

/// From now on this is broken on this thread.
pub fn break_on_purpose(mutation: Option<Mutation>) {
    IN_FORCE.set(mutation);
}
