//! Whoever takes a request to the partitions that it concerns: the product's own order of steps ([`gate::Course`]), over a
//! bad network, by a process that may die between any two steps.

use std::sync::Arc;
use std::time::Duration;

use events::gate::{GateQuery, GateReply};
use events::{Code, Refusal};
use gate::{Course, Step, Told};
use tokio::time::sleep;

use crate::chance::Chance;
use crate::stage::Stage;

/// One router, and how it fares.
pub struct Router<'a> {
    stage: &'a Arc<Stage>,
    chance: &'a mut Chance,
    /// How often it dies, each in 1,000 steps.
    dies: u64,
    /// How often it tries to reach a partition.
    tries: u64,
}

impl<'a> Router<'a> {
    /// One that dies so often.
    pub fn new(stage: &'a Arc<Stage>, chance: &'a mut Chance, dies: u64, tries: u64) -> Self {
        Self { stage, chance, dies, tries }
    }

    /// Takes a call to its end; `None`: it died. The same number again is the same call made again.
    pub async fn drive<C: Course>(&mut self, mut course: C, number: u64) -> Option<C::End> {
        let mut told = Told::Start;
        loop {
            let step = course.next(told);
            if let Step::Done(end) = step {
                return Some(end);
            }
            if self.chance.below(1000) < self.dies || self.stage.is_over() {
                return None;
            }
            told = match step {
                Step::Done(_) => return None,
                Step::Ask { partition, query } => Told::Reply(self.ask(partition, query).await),
                Step::Give { partition, nth, command } => {
                    let order = self.stage.order_of(number, nth, *command);
                    let answer = self.stage.insist(partition, order, self.tries, self.chance).await;
                    Told::Answer(answer.unwrap_or_else(|| Err(Code::UNAVAILABLE.into())))
                }
            };
            if self.chance.below(1000) < self.dies {
                return None;
            }
        }
    }

    async fn ask(&mut self, partition: u16, query: GateQuery) -> Result<GateReply, Refusal> {
        let mut last: Refusal = Code::UNAVAILABLE.into();
        for _ in 0..self.tries {
            match self.stage.ask(partition, query.clone(), self.chance).await {
                Err(refusal) if refusal.is_transient() => last = refusal,
                reply => return reply,
            }
            let pause = 1 + self.chance.below(80);
            sleep(Duration::from_millis(pause)).await;
        }
        Err(last)
    }
}
