//! Patience while a process starts: a server that was restarted itself, as after a power cut, answers only when it has
//! read its streams again.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::Instant;

/// How long a process tries to start, before it says what failed and ends.
const START_WITHIN: Duration = Duration::from_secs(30);

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(500);

/// Makes the attempt until it succeeds, or [`START_WITHIN`] has passed.
pub async fn patiently<T, E, A>(attempt: impl Fn() -> A) -> Result<T, E>
where
    E: Display,
    A: Future<Output = Result<T, E>>,
{
    let began = Instant::now();
    loop {
        match attempt().await {
            Err(error) if began.elapsed() < START_WITHIN => tracing::warn!(%error, "trying again"),
            done => return done,
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    async fn fails(times: u32) -> (Result<(), &'static str>, u32) {
        let made = Cell::new(0);
        let attempt = || {
            made.set(made.get() + 1);
            std::future::ready(if made.get() <= times { Err("no answer") } else { Ok(()) })
        };
        (patiently(attempt).await, made.get())
    }

    #[tokio::test(start_paused = true)]
    async fn given_a_server_that_does_not_answer_yet_when_started_then_it_is_asked_again() {
        assert_eq!(fails(5).await, (Ok(()), 6));
    }

    #[tokio::test(start_paused = true)]
    async fn given_a_server_that_never_answers_when_started_then_the_last_failure_is_told() {
        let (told, made) = fails(u32::MAX).await;
        assert_eq!((told, made), (Err("no answer"), 61));
    }
}
