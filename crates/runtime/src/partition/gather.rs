//! When to close a record. Clients that wait for each answer before they ask again come back right after a
//! record is acknowledged. Whoever closes the next record at the first of them has two half-full records in
//! turn; whoever waits for the others has one that is full, and an idle store meanwhile.
//!
//! Waiting pays if a commit takes longer than it takes until they are back, and if they do come back. Both are
//! measured. It ends when all are back, when a moment in which everybody else in this process could run has
//! brought nobody, or when patience ends. A lone client never waits: it is all that was expected.
//!
//! Of many clients one half is gathered while the record of the other half is on its way, if to gather all of them
//! takes long beside a commit. Else the second commit would cost more than that saves.

use std::time::{Duration, Instant};

/// Moments that bring nobody before it waits no longer. Each is a microsecond or two; it takes some tens of them until
/// another thread that was asleep runs those who are to come.
const IDLE_MAX: u32 = 24;

/// Fewer are never gathered in two halves.
const MANY: usize = 64;

/// If waiting seemed not to pay, it is tried again after so many records.
const TRY_AGAIN: u32 = 64;

/// Waits for those who were just answered.
#[derive(Debug)]
pub struct Gather {
    patience: Duration,
    worthwhile: bool,
    /// Whether two records on their way are better than one.
    overlaps: bool,
    /// How long it takes until a thousand are back.
    thousand_back_after: Duration,
    /// Records since waiting was last tried.
    untried: u32,
    /// How much work was answered with the last record.
    answered: usize,
    /// How much of it the open record waits for.
    expected: usize,
    came: usize,
    in_time: usize,
    answered_at: Instant,
    /// When most of them were back, after they were answered.
    back_after: Option<Duration>,
    seen: usize,
    idle: u32,
}

impl Gather {
    /// With so much patience; none: never waits, and nothing depends on how long anything took.
    pub fn new(patience: Duration) -> Self {
        Self {
            patience,
            worthwhile: true,
            overlaps: false,
            thousand_back_after: Duration::ZERO,
            untried: 0,
            answered: 0,
            expected: 0,
            came: 0,
            in_time: 0,
            answered_at: Instant::now(),
            back_after: None,
            seen: 0,
            idle: 0,
        }
    }

    /// So much work was answered, with a record that took so long to commit. The open record has so much work, and
    /// other records on their way have so much.
    pub fn answered(&mut self, work: usize, commit: Duration, open: usize, on_their_way: usize) {
        if let Some(after) = self.back_after {
            // It was measured with three quarters of them.
            self.thousand_back_after = after.mul_f64(4000.0 / 3.0 / self.answered.max(1) as f64);
        }
        let all = work + open + on_their_way;
        let back_after = self.thousand_back_after.mul_f64(all as f64 / 1000.0);
        // Half of a commit, more or less, is what a second one costs even if it is small.
        self.overlaps = !self.patience.is_zero() && all >= MANY && 2 * back_after > commit;
        let most = self.in_time * 4 >= self.answered * 3;
        let pays = self.back_after.is_none_or(|after| after < commit);
        self.untried = if self.worthwhile { 0 } else { self.untried + 1 };
        self.worthwhile = most && (pays || self.untried >= TRY_AGAIN);
        self.answered = work;
        self.expected =
            if self.overlaps && on_their_way == 0 { (all / 2).saturating_sub(open) } else { work };
        self.came = 0;
        self.in_time = 0;
        self.back_after = None;
        self.seen = 0;
        self.idle = 0;
        self.answered_at = Instant::now();
    }

    /// The open record was closed: the next one waits for all who have yet to come.
    pub fn closed(&mut self) {
        self.expected = self.answered;
        self.idle = 0;
    }

    /// So much came.
    pub fn came(&mut self, work: usize) {
        if work == 0 || self.came >= self.answered {
            return;
        }
        self.came += work;
        let after = self.answered_at.elapsed();
        if after < self.patience {
            self.in_time += work;
        }
        if self.back_after.is_none() && self.came * 4 >= self.answered * 3 {
            self.back_after = Some(after);
        }
    }

    /// Everybody else could run.
    pub fn yielded(&mut self) {
        self.idle = if self.came == self.seen { self.idle + 1 } else { 0 };
        self.seen = self.came;
    }

    /// Two records on their way are better than one: there are many clients, and to gather them takes long.
    pub fn overlaps(&self) -> bool {
        self.overlaps
    }

    /// How much is still expected.
    pub fn missing(&self) -> usize {
        self.expected.saturating_sub(self.came).max(1)
    }

    /// Some of those who were answered may still come.
    pub fn is_waiting(&self) -> bool {
        self.worthwhile
            && self.came < self.expected
            && self.idle < IDLE_MAX
            && self.answered_at.elapsed() < self.patience
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
        gather.answered(3, LONG, 0, 0);
        gather.came(2);
        assert!(gather.is_waiting());
        assert_eq!(gather.missing(), 1);
        gather.came(1);
        assert!(!gather.is_waiting());
    }

    #[test]
    fn given_clients_that_stayed_away_when_others_are_answered_then_it_waits_only_after_some_came_back() {
        let mut gather = Gather::new(LONG);
        gather.answered(4, LONG, 0, 0);
        gather.came(2);
        gather.answered(4, LONG, 0, 0);
        assert!(!gather.is_waiting());
        gather.came(3);
        gather.answered(4, LONG, 0, 0);
        assert!(gather.is_waiting());
    }

    #[test]
    fn given_moments_that_bring_nobody_then_it_waits_no_longer() {
        let mut gather = Gather::new(LONG);
        gather.answered(4, LONG, 0, 0);
        gather.came(1);
        // The first is the one that brought that one.
        for moment in 0..=IDLE_MAX {
            gather.yielded();
            assert_eq!(gather.is_waiting(), moment < IDLE_MAX, "moment {moment}");
        }
    }

    #[test]
    fn given_commits_shorter_than_the_way_back_then_it_waits_only_to_see_whether_that_has_changed() {
        let mut gather = Gather::new(LONG);
        gather.answered(4, Duration::ZERO, 0, 0);
        for record in 0..3 * TRY_AGAIN {
            gather.came(4);
            gather.answered(4, Duration::ZERO, 0, 0);
            assert_eq!(gather.is_waiting(), record % (TRY_AGAIN + 1) == TRY_AGAIN, "record {record}");
        }
    }

    #[test]
    fn given_many_clients_when_they_take_long_beside_a_commit_then_they_come_in_two_halves() {
        let mut gather = Gather::new(LONG);
        gather.answered(MANY, LONG, 0, 0);
        gather.came(MANY);
        assert!(!gather.overlaps(), "not known yet");
        // They took no time at all, which is long beside none.
        gather.answered(MANY - 20, Duration::ZERO, 20, 0);
        assert!(gather.overlaps());
        assert_eq!(gather.missing(), MANY / 2 - 20);
        gather.came(MANY / 2 - 20);
        assert!(!gather.is_waiting());
        gather.closed();
        assert_eq!(gather.missing(), MANY / 2);
        gather.came(MANY / 2);
        for (work, commit, missing) in [(MANY, LONG, MANY), (MANY - 1, Duration::ZERO, MANY - 1)] {
            gather.answered(work, commit, 0, 0);
            assert!(!gather.overlaps());
            assert_eq!(gather.missing(), missing);
        }
    }

    #[test]
    fn given_no_patience_then_it_never_waits() {
        let mut gather = Gather::new(Duration::ZERO);
        gather.answered(3, LONG, 0, 0);
        assert!(!gather.is_waiting());
    }
}
