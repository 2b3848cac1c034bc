//! What is promised, and how a promise was seen to be broken.

use std::fmt;

/// One of the design's promises, or what they rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// P1: no permit beyond a cap.
    Cap,
    /// P2: no permit after an acknowledged stop.
    Stop,
    /// P3: not knowing means no.
    NoWithoutKnowing,
    /// P4: the log alone gives the same state and the same decisions.
    Replay,
    /// P5: what was acknowledged is in the log.
    Durable,
    /// A command happens once, a permit is used once, and a retry gets its first answer.
    Once,
    /// When nothing goes wrong any more, calls get through and queues drain.
    Live,
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Cap => "P1 cap",
            Self::Stop => "P2 stop",
            Self::NoWithoutKnowing => "P3 no without knowing",
            Self::Replay => "P4 replay",
            Self::Durable => "P5 durable",
            Self::Once => "once",
            Self::Live => "liveness",
        })
    }
}

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub promise: Promise,
    /// How: what was expected, what came.
    pub detail: String,
}

impl Violation {
    /// A promise was broken.
    pub fn of(promise: Promise, detail: impl Into<String>) -> Self {
        Self { promise, detail: detail.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.promise, self.detail)
    }
}

/// What holds, or how it does not.
pub type Checked<T = ()> = Result<T, Violation>;

/// Breaks a promise unless something holds.
pub fn holds(promise: Promise, so: bool, detail: impl FnOnce() -> String) -> Checked {
    if so { Ok(()) } else { Err(Violation::of(promise, detail())) }
}
