//! When to close a record. Clients that wait for each answer before they ask again come back right after a
//! record is acknowledged. Whoever closes the next record at the first of them gets two half-full records in
//! turn; waiting a moment for the others fills one. A lone client never waits: it is all that was expected.
//!
//! It waits only if most of those answered last time came back in time; others have other things to do.

use std::time::{Duration, Instant};

/// Waits for those who were just answered.
#[derive(Debug)]
pub(crate) struct Gather {
    patience: Duration,
    /// Those who were answered last came back in time, mostly.
    worthwhile: bool,
    expected: usize,
    came: usize,
    in_time: usize,
    until: Instant,
}

impl Gather {
    /// With so much patience; none: never waits.
    pub fn new(patience: Duration) -> Self {
        Self { patience, worthwhile: true, expected: 0, came: 0, in_time: 0, until: Instant::now() }
    }

    /// So many were answered.
    pub fn answered(&mut self, answers: usize) {
        self.worthwhile = self.in_time * 4 >= self.expected * 3;
        self.expected = answers;
        self.came = 0;
        self.in_time = 0;
        self.until = Instant::now() + self.patience;
    }

    /// So many came.
    pub fn came(&mut self, messages: usize) {
        self.came += messages;
        if Instant::now() < self.until {
            self.in_time += messages;
        }
    }

    /// Some of those who were answered may still come.
    pub fn is_waiting(&self) -> bool {
        self.worthwhile && self.came < self.expected && Instant::now() < self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn given_answered_clients_when_all_have_come_back_then_it_waits_no_longer() {
        let mut gather = Gather::new(LONG);
        assert!(!gather.is_waiting());
        gather.answered(3);
        gather.came(2);
        assert!(gather.is_waiting());
        gather.came(1);
        assert!(!gather.is_waiting());
    }

    #[test]
    fn given_clients_that_stayed_away_when_others_are_answered_then_it_waits_only_after_some_came_back() {
        let mut gather = Gather::new(LONG);
        gather.answered(4);
        gather.came(2);
        gather.answered(4);
        assert!(!gather.is_waiting());
        gather.came(3);
        gather.answered(4);
        assert!(gather.is_waiting());
    }

    #[test]
    fn given_no_patience_then_it_never_waits() {
        let mut gather = Gather::new(Duration::ZERO);
        gather.answered(3);
        assert!(!gather.is_waiting());
    }
}
