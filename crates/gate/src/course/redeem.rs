//! A permit is used: each share in order, each judged again, and the permit last.
//!
//! A share that was redeemed counts until the permit's partition says what became of the permit. So if a share or the permit
//! refuses after one was redeemed, the permit is voided first, and only then are the shares given up.

use std::collections::VecDeque;

use events::gate::{
    ContactLinkedV2, GateAnswer, GateCommand, GateQuery, GateReply, RedeemShare, RedeemShared, ShareV1,
    SharedPermit,
};
use events::{Code, Position, Refusal, partition_of};
use model::{ContactPointId, Timestamp};

use super::{Course, Step, Telling, Told, ask, give, give_up, is, own, unavailable, unexpected};
use crate::homes::Home;

/// Uses a permit. Ends with whether this call has used it now; false: it had before.
#[derive(Debug, Clone)]
pub struct Redeem {
    contact: ContactPointId,
    permit: Position,
    call: [u8; 16],
    partitions: u16,
    phase: Phase,
    link: Option<ContactLinkedV2>,
    shares: Vec<ShareV1>,
    /// How many of them are redeemed.
    redeemed: usize,
    since: Timestamp,
    telling: Telling,
    told: bool,
    refusal: Option<Refusal>,
    releasing: VecDeque<ShareV1>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Start,
    Standing,
    Telling,
    Sharing,
    Since,
    Own,
    Voiding,
    Releasing,
}

type Next = Step<Result<bool, Refusal>>;

impl Course for Redeem {
    type End = Result<bool, Refusal>;

    fn next(&mut self, told: Told) -> Next {
        match (self.phase, told) {
            (Phase::Start, Told::Start) => self.start(),
            (Phase::Standing, Told::Reply(Ok(GateReply::Shares(stands_on)))) => self.standing(*stands_on),
            (Phase::Standing | Phase::Since, Told::Reply(Err(refusal))) => Step::Done(Err(refusal)),
            (Phase::Telling, Told::Answer(Ok(_))) => self.again(),
            (Phase::Telling, Told::Answer(Err(refusal))) => Step::Done(Err(refusal)),
            (Phase::Sharing, Told::Answer(answer)) => self.shared(answer),
            (Phase::Since, Told::Reply(Ok(GateReply::ShareRedeemed(Some(at))))) => self.share_done(at),
            (Phase::Own, Told::Answer(answer)) => self.answered(answer),
            (Phase::Voiding, Told::Answer(answer)) => self.voided(answer),
            // The process manager gives them up, if this does not.
            (Phase::Releasing, Told::Answer(_)) => self.release(),
            _ => Step::Done(Err(unexpected())),
        }
    }
}

impl Redeem {
    /// Of a gate of so many partitions.
    pub fn new(contact: ContactPointId, permit: Position, call: [u8; 16], partitions: u16) -> Self {
        Self {
            contact,
            permit,
            call,
            partitions,
            phase: Phase::Start,
            link: None,
            shares: Vec::new(),
            redeemed: 0,
            since: Timestamp(i64::MIN),
            telling: Telling::default(),
            told: false,
            refusal: None,
            releasing: VecDeque::new(),
        }
    }

    fn own(&self) -> u16 {
        own(self.contact, self.partitions)
    }

    fn start(&mut self) -> Next {
        if self.partitions <= 1 {
            return self.last();
        }
        self.phase = Phase::Standing;
        ask(self.own(), GateQuery::Shares(self.contact, self.permit))
    }

    fn standing(&mut self, stands_on: SharedPermit) -> Next {
        (self.shares, self.link) = (stands_on.shares, stands_on.link);
        self.go_on()
    }

    fn go_on(&mut self) -> Next {
        let Some(&ShareV1 { home, share }) = self.shares.get(self.redeemed) else { return self.last() };
        // Closed meanwhile, or its case is gone: its own partition says so.
        let Some(link) = self.link.clone() else { return self.last() };
        self.phase = Phase::Sharing;
        let redeem = RedeemShare { home, share, call: self.call, link };
        give(partition_of(&home, self.partitions), None, GateCommand::RedeemShare(Box::new(redeem)))
    }

    /// The permit itself.
    fn last(&mut self) -> Next {
        self.phase = Phase::Own;
        let Self { contact, permit, call, since, .. } = *self;
        let shares = self.shares.get(..self.redeemed).unwrap_or_default().to_vec();
        let command = if shares.is_empty() {
            GateCommand::RedeemPermit { contact, permit, call }
        } else {
            GateCommand::RedeemShared(RedeemShared { contact, permit, call, shares, since })
        };
        give(self.own(), Some(0), command)
    }

    fn shared(&mut self, answer: Result<GateAnswer, Refusal>) -> Next {
        let Some(&ShareV1 { home, share }) = self.shares.get(self.redeemed) else {
            return Step::Done(Err(unexpected()));
        };
        let partition = partition_of(&home, self.partitions);
        match answer {
            Ok(GateAnswer::ShareRedeemed { at, .. }) => self.share_done(at),
            Ok(GateAnswer::Done { .. }) => {
                self.phase = Phase::Since;
                ask(partition, GateQuery::ShareRedeemed(self.contact, share))
            }
            Err(refusal) if is(&refusal, Code::HOME_BEHIND) && !self.told => {
                if let Some(link) = &self.link {
                    self.telling = Telling::home(Home { partition, key: home }, self.partitions, link);
                }
                self.told = true;
                self.again()
            }
            Err(refusal) if self.redeemed == 0 => Step::Done(Err(unavailable(refusal))),
            Err(refusal) => self.void(unavailable(refusal)),
            Ok(_) => Step::Done(Err(unexpected())),
        }
    }

    fn share_done(&mut self, at: Timestamp) -> Next {
        self.redeemed += 1;
        self.since = self.since.max(at);
        self.told = false;
        self.go_on()
    }

    fn again(&mut self) -> Next {
        self.phase = Phase::Telling;
        match self.telling.next() {
            Some(step) => step,
            None => self.go_on(),
        }
    }

    fn answered(&mut self, answer: Result<GateAnswer, Refusal>) -> Next {
        match answer {
            Ok(GateAnswer::Redeemed { .. }) => Step::Done(Ok(true)),
            Ok(GateAnswer::Done { .. }) => Step::Done(Ok(false)),
            Ok(_) => Step::Done(Err(unexpected())),
            Err(refusal) if self.redeemed == 0 => Step::Done(Err(refusal)),
            Err(refusal) => self.void(refusal),
        }
    }

    /// After a share was redeemed. Another call's permit is not touched, nor one that may be in use: nobody knows yet.
    fn void(&mut self, refusal: Refusal) -> Next {
        if refusal.is_transient() || is(&refusal, Code::PERMIT_USED) {
            return Step::Done(Err(refusal));
        }
        self.phase = Phase::Voiding;
        self.refusal = Some(refusal);
        let (contact, permit) = (self.contact, self.permit);
        give(self.own(), None, GateCommand::VoidPermit { contact, permit })
    }

    fn voided(&mut self, answer: Result<GateAnswer, Refusal>) -> Next {
        match answer {
            Ok(_) => {
                self.phase = Phase::Releasing;
                self.releasing = self.shares.iter().copied().collect();
                self.release()
            }
            // The same call has used it meanwhile, by another way: then that holds.
            Err(refusal) if is(&refusal, Code::PERMIT_USED) => {
                (self.redeemed, self.shares) = (0, Vec::new());
                self.last()
            }
            Err(refusal) => Step::Done(Err(self.refusal.take().unwrap_or(refusal))),
        }
    }

    fn release(&mut self) -> Next {
        let Some(share) = self.releasing.pop_front() else {
            return Step::Done(Err(self.refusal.take().unwrap_or_else(unexpected)));
        };
        give_up(self.contact, share, self.partitions)
    }
}
