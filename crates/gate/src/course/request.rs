//! A permit is asked for: a share at each home, in order, then the permit; and if anybody refuses, what the others say.

use std::collections::VecDeque;

use events::gate::{
    ContactLinkedV2, ContactReachedV1, GateAnswer, GateCommand, GateQuery, GateReply, PermitRequest,
    RequestShared, ReserveShare, ShareV1, Tightest, Verdict,
};
use events::{Code, Refusal, Tally, partition_of};
use model::{ContactPointId, Timestamp};

use super::{
    Course, Denied, Granted, Step, Telling, Told, ask, give, give_up, is, merged, own, tighter, unavailable,
    unexpected,
};
use crate::homes::{Home, homes};

/// Asks for a permit.
#[derive(Debug, Clone)]
pub struct Request {
    asked: PermitRequest,
    partitions: u16,
    phase: Phase,
    link: Option<ContactLinkedV2>,
    homes: Vec<Home>,
    shares: Vec<ShareV1>,
    expires_at: Option<Timestamp>,
    tightest: Option<Tightest>,
    debtors: VecDeque<ContactPointId>,
    debtor: Option<ContactPointId>,
    telling: Telling,
    /// The partition that waits was told what it lacked.
    told: bool,
    denied: Option<Denied>,
    /// Partitions that were not asked yet.
    others: VecDeque<u16>,
    releasing: VecDeque<ShareV1>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Start,
    Linking,
    /// Who owes the debt, and when they were reached: asked for somebody who does not.
    Debtors,
    Reached,
    Reaching,
    /// Telling, then the permit or the next share again.
    Telling,
    Sharing,
    Own,
    Others,
    Releasing,
}

type Next = Step<Result<Granted, Denied>>;

impl Course for Request {
    type End = Result<Granted, Denied>;

    fn next(&mut self, told: Told) -> Next {
        match (self.phase, told) {
            (Phase::Start, Told::Start) => self.start(),
            (Phase::Linking, Told::Reply(Ok(GateReply::Link(link)))) => self.linked(link.map(|link| *link)),
            (Phase::Linking, Told::Reply(Err(refusal))) => Step::Done(Err(refusal.into())),
            (Phase::Debtors, Told::Reply(Ok(GateReply::Debtors(debtors)))) => {
                self.debtors = debtors.into();
                self.ask_reached()
            }
            (Phase::Reached, Told::Reply(Ok(GateReply::Reached(reached)))) => self.reached(reached),
            (Phase::Reaching, Told::Answer(Ok(_))) => self.ask_reached(),
            (Phase::Debtors | Phase::Reached, Told::Reply(Err(refusal)))
            | (Phase::Reaching, Told::Answer(Err(refusal))) => self.failed(refusal),
            (Phase::Telling, Told::Answer(Ok(_))) => self.again(),
            (Phase::Telling, Told::Answer(Err(refusal))) => self.failed(refusal),
            (Phase::Sharing, Told::Answer(answer)) => self.shared(answer),
            (Phase::Own, Told::Answer(answer)) => self.answered(answer),
            (Phase::Others, Told::Reply(reply)) => self.other(reply),
            // A share that is not given up lapses by itself.
            (Phase::Releasing, Told::Answer(_)) => self.release(),
            _ => Step::Done(Err(unexpected().into())),
        }
    }
}

impl Request {
    /// Of a gate of so many partitions.
    pub fn new(asked: PermitRequest, partitions: u16) -> Self {
        Self {
            asked,
            partitions,
            phase: Phase::Start,
            link: None,
            homes: Vec::new(),
            shares: Vec::new(),
            expires_at: None,
            tightest: None,
            debtors: VecDeque::new(),
            debtor: None,
            telling: Telling::default(),
            told: false,
            denied: None,
            others: VecDeque::new(),
            releasing: VecDeque::new(),
        }
    }

    fn own(&self) -> u16 {
        own(self.asked.contact, self.partitions)
    }

    fn start(&mut self) -> Next {
        if self.partitions <= 1 {
            self.phase = Phase::Own;
            return give(0, Some(0), GateCommand::RequestPermit(self.asked.clone()));
        }
        self.phase = Phase::Linking;
        ask(self.own(), GateQuery::Link(self.asked.contact, self.asked.case))
    }

    fn linked(&mut self, link: Option<ContactLinkedV2>) -> Next {
        if let Some(link) = &link {
            self.homes = homes(self.asked.contact, link.person, self.asked.case, self.partitions);
        }
        let owes = link.as_ref().is_none_or(|link| link.role.owes());
        self.link = link;
        if owes {
            return self.go_on();
        }
        self.phase = Phase::Debtors;
        ask(self.at_case(), GateQuery::Debtors(self.asked.case))
    }

    fn at_case(&self) -> u16 {
        partition_of(&self.asked.case.0, self.partitions)
    }

    /// Whether the debtor is out of contact is asked at the case's home, which does not know of other cases' contacts.
    fn ask_reached(&mut self) -> Next {
        self.debtor = self.debtors.pop_front();
        let Some(debtor) = self.debtor else { return self.go_on() };
        self.phase = Phase::Reached;
        ask(own(debtor, self.partitions), GateQuery::Reached(debtor))
    }

    fn reached(&mut self, reached: Option<Timestamp>) -> Next {
        let (Some(at), Some(contact)) = (reached, self.debtor) else { return self.ask_reached() };
        self.phase = Phase::Reaching;
        let told = ContactReachedV1 { home: self.asked.case.0, contact, at };
        give(self.at_case(), None, GateCommand::TellReached(told))
    }

    /// The next share, or the permit.
    fn go_on(&mut self) -> Next {
        if let (Some(home), Some(link)) = (self.homes.get(self.shares.len()), &self.link) {
            self.phase = Phase::Sharing;
            let reserve = ReserveShare { home: home.key, asked: self.asked.clone(), link: link.clone() };
            let nth = 1 + u32::from(home.partition);
            return give(home.partition, Some(nth), GateCommand::ReserveShare(Box::new(reserve)));
        }
        self.phase = Phase::Own;
        let person = self.link.as_ref().map(|link| link.person);
        let (asked, partitions) = (self.asked.clone(), self.partitions);
        let (shares, expires_at) = (self.shares.clone(), self.expires_at);
        let request = RequestShared { asked, partitions, person, shares, expires_at };
        give(self.own(), Some(0), GateCommand::RequestShared(Box::new(request)))
    }

    fn shared(&mut self, answer: Result<GateAnswer, Refusal>) -> Next {
        let Some(home) = self.homes.get(self.shares.len()).copied() else {
            return self.failed(unexpected());
        };
        match answer {
            Ok(GateAnswer::Share { share, expires_at, tightest }) => {
                self.shares.push(ShareV1 { home: home.key, share });
                self.expires_at =
                    Some(self.expires_at.map_or(expires_at, |earliest| earliest.min(expires_at)));
                self.tightest = tighter(self.tightest, tightest);
                self.told = false;
                self.go_on()
            }
            Err(refusal) if is(&refusal, Code::HOME_BEHIND) && !self.told => {
                if let Some(link) = &self.link {
                    self.telling = Telling::home(home, self.partitions, link);
                }
                self.told = true;
                self.again()
            }
            answer => self.denied_at(home.partition, answer),
        }
    }

    fn answered(&mut self, answer: Result<GateAnswer, Refusal>) -> Next {
        match answer {
            Ok(GateAnswer::Permit { permit, expires_at, tightest }) => {
                let tightest = tighter(tightest, self.tightest);
                Step::Done(Ok(Granted { permit, expires_at, tightest }))
            }
            Err(refusal) if is(&refusal, Code::HOME_BEHIND) && !self.told => {
                self.telling = Telling::which(self.own(), self.partitions);
                self.told = true;
                self.again()
            }
            answer => self.denied_at(self.own(), answer),
        }
    }

    fn again(&mut self) -> Next {
        self.phase = Phase::Telling;
        match self.telling.next() {
            Some(step) => step,
            None => self.go_on(),
        }
    }

    /// A partition refuses: what do the others say that were not asked?
    fn denied_at(&mut self, partition: u16, answer: Result<GateAnswer, Refusal>) -> Next {
        let denied = match answer {
            Ok(GateAnswer::Refused { decision, reasons, next_allowed }) => {
                let repeats = Some(Tally { key: self.asked.contact.0, first: decision });
                let refusal = Refusal { reasons, next_allowed, repeats };
                Denied { refusal, decision: Some((partition, decision)) }
            }
            Err(refusal) => match refusal.repeats {
                Some(tally) => Denied { refusal, decision: Some((partition, tally.first)) },
                None => return self.failed(refusal),
            },
            Ok(_) => return self.failed(unexpected()),
        };
        if self.partitions > 1 && partition != self.own() {
            let later = self.homes.iter().skip(self.shares.len() + 1).map(|home| home.partition);
            self.others = later.chain([self.own()]).collect();
        }
        self.denied = Some(denied);
        self.ask_others()
    }

    fn ask_others(&mut self) -> Next {
        self.phase = Phase::Others;
        match self.others.pop_front() {
            Some(partition) => ask(partition, GateQuery::Check(self.asked.clone())),
            None => self.give_up(),
        }
    }

    fn other(&mut self, reply: Result<GateReply, Refusal>) -> Next {
        // Whoever cannot be asked adds nothing: it is refused already.
        if let Ok(GateReply::Check(Verdict::Refused { reasons, next_allowed })) = reply
            && let Some(denied) = &mut self.denied
        {
            let other = Refusal { reasons, next_allowed, repeats: None };
            denied.refusal = merged(denied.refusal.clone(), other);
        }
        self.ask_others()
    }

    /// Nothing was decided. What was asked for may have been given nevertheless, and its answer lost: its shares lapse.
    fn failed(&mut self, refusal: Refusal) -> Next {
        let refusal = unavailable(refusal);
        let transient = refusal.is_transient();
        self.denied = Some(refusal.into());
        if transient {
            self.shares.clear();
        }
        self.give_up()
    }

    fn give_up(&mut self) -> Next {
        self.phase = Phase::Releasing;
        self.releasing = self.shares.iter().copied().collect();
        self.release()
    }

    fn release(&mut self) -> Next {
        let Some(share) = self.releasing.pop_front() else {
            return Step::Done(Err(self.denied.take().unwrap_or_else(|| unexpected().into())));
        };
        give_up(self.asked.contact, share, self.partitions)
    }
}
