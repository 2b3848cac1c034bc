//! When to close a record. Clients that wait for each answer before they ask again come back right after a
//! record is acknowledged. Whoever closes the next record at the first of them gets two half-full records in
//! turn; waiting a moment for the others fills one. A lone client never waits: it is all that was expected.

use std::time::{Duration, Instant};

/// Waits for those who were just answered.
#[derive(Debug)]
pub(crate) struct Gather {
    patience: Duration,
    expected: usize,
    came: usize,
    until: Instant,
}

impl Gather {
    /// With so much patience; none: never waits.
    pub fn new(patience: Duration) -> Self {
        Self { patience, expected: 0, came: 0, until: Instant::now() }
    }

    /// So many were answered.
    pub fn answered(&mut self, answers: usize) {
        self.expected = answers;
        self.came = 0;
        self.until = Instant::now() + self.patience;
    }

    /// So many came.
    pub fn came(&mut self, messages: usize) {
        self.came += messages;
    }

    /// Some of those who were answered may still come.
    pub fn is_waiting(&self) -> bool {
        self.came < self.expected && Instant::now() < self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_answered_clients_when_all_have_come_back_then_it_waits_no_longer() {
        let mut gather = Gather::new(Duration::from_secs(60));
        assert!(!gather.is_waiting());
        gather.answered(3);
        gather.came(2);
        assert!(gather.is_waiting());
        gather.came(1);
        assert!(!gather.is_waiting());
    }

    #[test]
    fn given_clients_that_stay_away_when_patience_is_over_then_it_waits_no_longer() {
        let mut gather = Gather::new(Duration::ZERO);
        gather.answered(3);
        assert!(!gather.is_waiting());
    }
}
