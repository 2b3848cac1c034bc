//! Certificates run out with the day: whoever leads the assignment service has it record for whom, and the gate is told.

use std::time::Duration;

use assignment::Assignment;
use events::assignment::AssignmentCommand;
use events::{Actor, Tenant};
use model::CommandId;
use runtime::{Clock, Order, Port};
use tokio::sync::watch;

/// Between two reviews.
const PAUSE: Duration = Duration::from_secs(30);

/// How long before a day begins its reviews may begin: nobody may call on an expired certificate between two reviews.
const AHEAD_MS: i64 = 60_000;

/// Reviews while `active`, until `stop`.
pub async fn review(
    assignment: Port<Assignment>,
    active: watch::Receiver<bool>,
    mut stop: watch::Receiver<bool>,
    clock: Clock,
) {
    loop {
        if *active.borrow() {
            let at = clock.now().at;
            let mut id = *b"cert............";
            id[8..].copy_from_slice(&at.0.to_be_bytes());
            let order = Order {
                id: CommandId(id),
                actor: Actor::Operator,
                tenant: Tenant::Platform,
                cause: None,
                command: AssignmentCommand::ReviewStandings { day: at.plus_ms(AHEAD_MS).day() },
            };
            if let Err(refusal) = assignment.submit(order).await {
                tracing::warn!(%refusal, "certificates were not reviewed; they are again in a moment");
            }
        }
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}
