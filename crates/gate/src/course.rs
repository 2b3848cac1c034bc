//! The order of steps of what concerns several partitions, as pure state machines: the next step, given what the last one was
//! told. Whoever has the partitions drives them: the interface, and the simulator.
//!
//! With one partition each is a single command.

mod redeem;
mod request;
mod settle;
mod tell;

use std::collections::VecDeque;

use events::gate::{
    ContactLinkedV2, GateAnswer, GateCommand, GateQuery, GateReply, PartitionsSetV1, ShareSettledV1, ShareV1,
    Tightest,
};
use events::{Code, Position, Reason, Refusal, partition_of};
use model::{ContactPointId, Timestamp};

pub use self::redeem::Redeem;
pub use self::request::Request;
pub use self::settle::Settle;
pub use self::tell::Tell;
use crate::homes::{Home, parts};

/// What to do next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step<E> {
    /// Ask a partition.
    Ask {
        /// Which.
        partition: u16,
        /// What.
        query: GateQuery,
    },
    /// Give a command to a partition. While it cannot answer, it may be given again with the same id.
    Give {
        /// Which.
        partition: u16,
        /// Which of the call's ids it has, the same whenever the call is made again; `None`: a new one, since giving it twice
        /// changes nothing.
        nth: Option<u32>,
        /// What.
        command: Box<GateCommand>,
    },
    /// That was all.
    Done(E),
}

/// What the last step was told.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// Nothing was asked yet.
    Start,
    /// The reply to a question.
    Reply(Result<GateReply, Refusal>),
    /// The answer to a command.
    Answer(Result<GateAnswer, Refusal>),
}

/// An order of steps.
pub trait Course {
    /// What it ends with.
    type End;

    /// The next step. Begin with [`Told::Start`].
    fn next(&mut self, told: Told) -> Step<Self::End>;
}

/// A permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted {
    /// Its number.
    pub permit: Position,
    /// The last moment at which it may be redeemed.
    pub expires_at: Timestamp,
    /// The frequency rule that leaves least, of all that were asked.
    pub tightest: Option<Tightest>,
}

/// No permit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// Every rule that refused, wherever it was asked, and when all of them would next allow it.
    pub refusal: Refusal,
    /// The partition in whose log the refusal stands, and where; `None`: it is not recorded.
    pub decision: Option<(u16, Position)>,
}

impl From<Refusal> for Denied {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, decision: None }
    }
}

/// Two partitions' reasons as one refusal: each rule once, and the later of the times.
pub fn merged(one: Refusal, other: Refusal) -> Refusal {
    let Refusal { mut reasons, next_allowed, repeats } = one;
    for reason in other.reasons {
        if !reasons.iter().any(|known| (known.code, known.rule) == (reason.code, reason.rule)) {
            reasons.push(reason);
        }
    }
    reasons.sort_by_key(|reason| (reason.code, reason.rule));
    let next_allowed = next_allowed.zip(other.next_allowed).map(|(one, other)| one.max(other));
    Refusal { reasons, next_allowed, repeats }
}

/// Of two frequency rules the one that leaves less.
fn tighter(one: Option<Tightest>, other: Option<Tightest>) -> Option<Tightest> {
    let left = |of: &Tightest| of.count.limit.saturating_sub(of.count.counted);
    match (one, other) {
        (Some(one), Some(other)) => Some(if left(&other) < left(&one) { other } else { one }),
        (one, other) => one.or(other),
    }
}

fn own(contact: ContactPointId, partitions: u16) -> u16 {
    partition_of(&contact.0, partitions)
}

fn is(refusal: &Refusal, code: Code) -> bool {
    refusal.reasons.iter().any(|reason| reason.code == code)
}

/// An answer that no command of that kind has.
fn unexpected() -> Refusal {
    Reason::detail(Code::UNAVAILABLE, "a partition gave an answer that does not fit its question").into()
}

/// What a partition still does not know after it was told is not for whoever asked to mend: ask again.
fn unavailable(refusal: Refusal) -> Refusal {
    if !is(&refusal, Code::HOME_BEHIND) {
        return refusal;
    }
    Reason::detail(Code::UNAVAILABLE, "a partition of the gate has not learned yet what another knows").into()
}

fn ask<E>(partition: u16, query: GateQuery) -> Step<E> {
    Step::Ask { partition, query }
}

fn give<E>(partition: u16, nth: Option<u32>, command: GateCommand) -> Step<E> {
    Step::Give { partition, nth, command: Box::new(command) }
}

/// Settles a share at its home. Given twice it changes nothing.
fn settle_share<E>(settled: ShareSettledV1, partitions: u16) -> Step<E> {
    give(partition_of(&settled.home, partitions), None, GateCommand::SettleShare(settled))
}

/// Gives a share up: its contact was never made.
fn give_up<E>(contact: ContactPointId, share: ShareV1, partitions: u16) -> Step<E> {
    let ShareV1 { home, share } = share;
    let (outcome, made, toward, discussed) = (None, Timestamp(0), Vec::new(), Vec::new());
    settle_share(ShareSettledV1 { home, contact, share, outcome, made, toward, discussed }, partitions)
}

/// Commands that bring a partition up to what the contact point's own knows.
#[derive(Debug, Clone, Default)]
struct Telling(VecDeque<(u16, GateCommand)>);

impl Telling {
    /// Which partition it is.
    fn which(partition: u16, partitions: u16) -> Self {
        let set = PartitionsSetV1 { partitions, own: partition };
        Self([(partition, GateCommand::SetPartitions(set))].into())
    }

    /// That, and what is known of a contact point.
    fn home(home: Home, partitions: u16, link: &ContactLinkedV2) -> Self {
        let mut telling = Self::which(home.partition, partitions);
        telling.link(home, link);
        telling
    }

    fn link(&mut self, home: Home, link: &ContactLinkedV2) {
        for link in parts(link) {
            self.0.push_back((home.partition, GateCommand::TellHome { home: home.key, link }));
        }
    }

    fn next<E>(&mut self) -> Option<Step<E>> {
        let (partition, command) = self.0.pop_front()?;
        Some(give(partition, None, command))
    }
}
