//! Every decision of a log, made again.

use std::ops::ControlFlow;

use events::gate::GateEvent;
use events::{Decider, Position, StreamId};
use gate::{Gate, State};
use model::Timestamp;

use super::Reader;
use super::decision::{made_again, recorded};

/// Decisions that differ and are named.
const NAMED_MAX: usize = 20;

/// What making every decision again showed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reproduction {
    /// Permits and refusals that stand in the logs.
    pub decisions: u64,
    /// Of these, and of the shares that permits stand on, such as came out otherwise: in the answer, a rule, a count, a limit, a time. Must be zero.
    pub differing: u64,
    /// The first of them, and what differs.
    pub named: Vec<(StreamId, Position, Vec<String>)>,
}

/// Makes the decisions of a partition again.
pub(crate) struct Every {
    stream: StreamId,
    state: State,
    /// Where the last change of the rules stands.
    policy: Option<Position>,
    found: Reproduction,
}

impl Every {
    /// Adds to what other partitions showed.
    pub fn new(stream: StreamId, found: Reproduction) -> Self {
        Self { stream, state: State::default(), policy: None, found }
    }

    /// What was found.
    pub fn found(self) -> Reproduction {
        self.found
    }
}

impl Reader for Every {
    fn take(&mut self, event: GateEvent, at: Timestamp, position: Position) -> ControlFlow<()> {
        match &event {
            GateEvent::PolicyAdopted(_) | GateEvent::PolicyWithdrawn(_) => self.policy = Some(position),
            GateEvent::PermitReserved(_) | GateEvent::ShareReserved(_) | GateEvent::PermitRefused(_) => {
                if let Some(decision) = recorded(event.clone()) {
                    let differences = made_again(&self.state, decision, at, self.policy);
                    // A share is part of the decision that its permit is.
                    self.found.decisions += u64::from(!matches!(event, GateEvent::ShareReserved(_)));
                    if !differences.is_empty() {
                        self.found.differing += 1;
                        if self.found.named.len() < NAMED_MAX {
                            self.found.named.push((self.stream, position, differences));
                        }
                    }
                }
            }
            _ => {}
        }
        Gate::evolve(&mut self.state, &event, at, position);
        ControlFlow::Continue(())
    }
}
