//! What became of a contact: the permit first, then its shares. If this ends half way, the process manager settles them.

use std::collections::VecDeque;

use events::gate::{GateAnswer, GateCommand, GateQuery, GateReply, ShareSettledV1, ShareV1, SharedPermit};
use events::{Position, Refusal};
use model::{CaseId, ContactPointId, Outcome};

use super::{Course, Step, Told, ask, give, own, settle_share, unexpected};

/// Settles a permit. Ends with its own partition's answer.
#[derive(Debug, Clone)]
pub struct Settle {
    contact: ContactPointId,
    permit: Position,
    outcome: Outcome,
    toward: Vec<CaseId>,
    discussed: Vec<CaseId>,
    partitions: u16,
    phase: Phase,
    stands_on: SharedPermit,
    answer: Option<Result<GateAnswer, Refusal>>,
    shares: VecDeque<ShareV1>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Start,
    Standing,
    Own,
    Sharing,
}

type Next = Step<Result<GateAnswer, Refusal>>;

impl Course for Settle {
    type End = Result<GateAnswer, Refusal>;

    fn next(&mut self, told: Told) -> Next {
        match (self.phase, told) {
            (Phase::Start, Told::Start) if self.partitions <= 1 => self.settle(),
            (Phase::Start, Told::Start) => {
                self.phase = Phase::Standing;
                ask(own(self.contact, self.partitions), GateQuery::Shares(self.contact, self.permit))
            }
            (Phase::Standing, Told::Reply(Ok(GateReply::Shares(stands_on)))) => {
                self.stands_on = *stands_on;
                self.settle()
            }
            (Phase::Standing, Told::Reply(Err(refusal))) => Step::Done(Err(refusal)),
            (Phase::Own, Told::Answer(answer)) => {
                if answer.is_ok() {
                    self.shares = self.stands_on.shares.iter().copied().collect();
                }
                self.answer = Some(answer);
                self.share()
            }
            (Phase::Sharing, Told::Answer(_)) => self.share(),
            _ => Step::Done(Err(unexpected())),
        }
    }
}

impl Settle {
    /// Of a gate of so many partitions.
    pub fn new(
        contact: ContactPointId,
        permit: Position,
        outcome: Outcome,
        (toward, discussed): (Vec<CaseId>, Vec<CaseId>),
        partitions: u16,
    ) -> Self {
        let stands_on = SharedPermit { shares: Vec::new(), link: None, made: None };
        let (phase, answer, shares) = (Phase::Start, None, VecDeque::new());
        Self { contact, permit, outcome, toward, discussed, partitions, phase, stands_on, answer, shares }
    }

    fn settle(&mut self) -> Next {
        self.phase = Phase::Own;
        let Self { contact, permit, outcome, .. } = *self;
        let (toward, discussed) = (self.toward.clone(), self.discussed.clone());
        let settle = GateCommand::SettlePermit { contact, permit, outcome, toward, discussed };
        give(own(contact, self.partitions), Some(0), settle)
    }

    fn share(&mut self) -> Next {
        self.phase = Phase::Sharing;
        let next = self.stands_on.made.and_then(|made| Some((made, self.shares.pop_front()?)));
        let Some((made, ShareV1 { home, share })) = next else {
            return Step::Done(self.answer.take().unwrap_or_else(|| Err(unexpected())));
        };
        let settled = ShareSettledV1 {
            home,
            contact: self.contact,
            share,
            outcome: Some(self.outcome),
            made,
            toward: self.toward.clone(),
            discussed: self.discussed.clone(),
        };
        settle_share(settled, self.partitions)
    }
}
