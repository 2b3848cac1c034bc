//! Drives the steps of the gate that concern several of its partitions.

use events::gate::GateAnswer;
use events::{Refusal, Tenant};
use gate::{Course, Gate, Step, Told};
use runtime::{Order, Port};

use super::give::{Names, give_to};
use crate::principal::Principal;

/// Who gives the commands of a course, and by which names.
pub(super) struct Driver<'a> {
    pub gate: &'a Port<Gate>,
    pub principal: &'a Principal,
    pub tenant: Tenant,
    pub names: &'a Names,
}

impl Driver<'_> {
    /// To its end.
    pub(super) async fn drive<C: Course>(&self, mut course: C) -> Result<C::End, Refusal> {
        let mut told = Told::Start;
        loop {
            told = match course.next(told) {
                Step::Done(end) => return Ok(end),
                Step::Ask { partition, query } => Told::Reply(self.gate.query(partition, query).await),
                Step::Give { partition, nth, command } => {
                    let id = match nth {
                        Some(nth) => self.names.nth(nth),
                        None => Names::new(self.principal, None)?.nth(0),
                    };
                    let (actor, tenant, cause) = (self.principal.actor(), self.tenant, None);
                    let order = Order { id, actor, tenant, cause, command: *command };
                    let answer: Result<GateAnswer, Refusal> = give_to(self.gate, partition, order).await;
                    Told::Answer(answer)
                }
            };
        }
    }
}
