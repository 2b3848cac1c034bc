//! What travels between a service's client and its leader.

use events::{Position, Refusal, StreamId};
use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::port::Order;

/// Largest payload sent: the server's limit is 1 MiB.
pub(crate) const PAYLOAD_MAX: usize = 900 * 1024;

/// A request to the leader of a partition.
#[derive(Serialize, Deserialize)]
pub struct Call<C, Q> {
    /// The time that a simulation has come to; services on the system clock refuse it.
    pub simulated: Option<Timestamp>,
    /// What is asked.
    pub body: Body<C, Q>,
}

/// The three things that can be asked.
#[derive(Serialize, Deserialize)]
pub enum Body<C, Q> {
    /// Orders, to be decided in order.
    Orders(Vec<Order<C>>),
    /// A question about the state.
    Query(Q),
    /// How far another log has been followed.
    Followed(StreamId),
}

/// The leader's answer.
#[derive(Serialize, Deserialize)]
pub enum Returned<A, R> {
    /// To orders, one each.
    Answers(Vec<Result<A, Refusal>>),
    /// To a query.
    Reply(Result<R, Refusal>),
    /// To the question how far.
    Followed(Result<Option<Position>, Refusal>),
    /// To a call that was not understood or not accepted.
    Rejected(Refusal),
}
