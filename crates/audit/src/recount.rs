//! The recount: the gate's promises held against its log, by nothing but the log.
//!
//! It shares no code with the gate and none with the projection. Every event of the gate's logs becomes a
//! fact in one long list, sorted by contact point and time; each contact point's history is then scanned from
//! its beginning, and every count is a plain count of what stands in the list.
//!
//! # What counts against a cap
//!
//! Limits are those of the policy whose adoption stands last before a permit's reservation. Zones are all that the contact
//! point was linked with before it. Two questions are asked, and a permit that fails either is over the cap:
//!
//! - *At its reservation*: the permits that waited then (not redeemed, voided or expired), this one, and the calls that had been
//!   placed on that day (or on that and the six days before) in one of the zones: at most the limit?
//! - *Once its call was placed*: of the calls placed on the day of this one, or on any seven consecutive days
//!   that hold it, in one of the zones, those reserved no later than this one: at most the limit?
//!
//! A call counts at the time of its redemption. A slot that was given back counts no longer, but only if the call was
//! unconnected and the policy gives such slots back; otherwise it goes on counting, and is found as
//! [`given_back_wrongly`](Recount::given_back_wrongly).

mod history;
mod local;

use std::collections::HashMap;

use events::gate::GateEvent;
use events::{Code, DecodeError, Decoded, Event, Position, Record, Service, StreamId};
use model::{ContactPointId, Outcome, Timestamp, ZoneName};
use runtime::projection::log::chain::Chain;
use runtime::projection::log::{Log, LogError};
use serde::{Deserialize, Serialize};

use history::{Fact, Place, What};

/// How much of a log is read at once.
const READ_MAX: usize = 4 * 1024 * 1024;

/// What was counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Recount {
    /// Events of the gate's logs, those of the platform included.
    pub events: u64,
    /// Of these, such as this program does not know. Nothing can be said about them.
    pub not_read: u64,
    /// Permits asked for: `allowed` + `refused`.
    pub asked: u64,
    /// Permits given.
    pub allowed: u64,
    /// Permits refused, repeats included.
    pub refused: u64,
    /// How often each rule refused, repeats included, in order of code.
    pub refused_by_code: Vec<(Code, u64)>,
    /// Refusals that repeated a recorded one.
    pub repeated: u64,
    /// Calls placed: redemptions.
    pub calls: u64,
    /// Calls settled, by outcome, in wire order.
    pub settled: Vec<(Outcome, u64)>,
    /// Slots given back.
    pub given_back: u64,
    /// Permits not used in time.
    pub expired: u64,
    /// Permits voided by stops.
    pub voided: u64,
    /// Contact points stopped.
    pub stops: u64,
    /// Contact points in the logs.
    pub contacts: u64,
    /// Contacts that took place without a permit and were recorded afterwards.
    pub recorded: u64,
    /// Contacts of which the gate itself found, by a fact that became known late, that they should not have been made.
    pub found_late: u64,
    /// Every rule that was counted again, in order of name.
    pub rules: Vec<RuleRecount>,
    /// Every rule that was in force for some permit and was not counted again, in order of name, and for how many
    /// permits: nothing is said about these.
    pub rules_not_recounted: Vec<(String, u64)>,
    /// What must not be: all of it zero.
    pub findings: Findings,
}

/// A rule that was counted again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RuleRecount {
    /// Its name: `pack/rule`.
    pub rule: String,
    /// Permits and calls that it was asked about.
    pub asked: u64,
    /// Of these, such as broke it.
    pub broken: u64,
}

/// What must not be in a gate's log. Each is a number of permits or calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Findings {
    /// Permits beyond a cap, at their reservation or as calls; each once.
    pub over_cap: u64,
    /// Permits given, or calls placed, too soon after a conversation; each once.
    pub in_cool_down: u64,
    /// Permits given after a stop was placed on their contact point.
    pub permits_after_stop: u64,
    /// Calls placed after a stop was placed on their contact point.
    pub redeemed_after_stop: u64,
    /// Calls by a permit that had been used before.
    pub double_used: u64,
    /// Calls without a permit for their contact point.
    pub without_permit: u64,
    /// Calls later than their permit allowed.
    pub redeemed_late: u64,
    /// Calls by a permit that had been voided, or recorded as expired.
    pub redeemed_void: u64,
    /// Permits given outside of calling hours in one of the zones.
    pub outside_hours: u64,
    /// Calls placed outside of calling hours in one of the zones.
    pub redeemed_outside_hours: u64,
    /// Permits given though no zone was known, or one that the time zone database does not have.
    pub zone_unknown: u64,
    /// Permits given though no policy was in force, or naming another than was.
    pub policy_wrong: u64,
    /// Slots given back though the call was connected, or the policy does not give slots back.
    pub given_back_wrongly: u64,
}

impl Findings {
    /// Nothing was found.
    pub fn none(&self) -> bool {
        *self == Self::default()
    }
}

/// Why the log could not be counted.
#[derive(Debug, thiserror::Error)]
pub enum RecountError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// An event does not decode.
    #[error("{stream}: position {position}: {cause}")]
    Event {
        /// The stream.
        stream: StreamId,
        /// The event.
        position: Position,
        /// Why.
        cause: DecodeError,
    },
    /// The process is going down.
    #[error("the recount was ended before it was done")]
    Ended,
}

/// Counts what the logs of the gate hold now. Streams of other services are left out.
pub async fn recount(log: &dyn Log, streams: &[StreamId]) -> Result<Recount, RecountError> {
    let mut reading = Reading::default();
    for stream in streams.iter().copied().filter(|stream| stream.service == Service::Gate) {
        let head = log.head(stream).await?;
        let mut chain = Chain::start(stream);
        while chain.slot < head {
            let stored = log.read(stream, chain.slot, READ_MAX).await?;
            if stored.is_empty() {
                break;
            }
            for stored in stored.iter().take_while(|stored| stored.slot < head) {
                if let Some(record) = chain.accept(stored)? {
                    reading.record(stream, &record)?;
                }
            }
            tokio::task::yield_now().await;
        }
    }
    tokio::task::spawn_blocking(move || reading.count()).await.map_err(|_| RecountError::Ended)
}

/// The limits of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Limits {
    per_day: usize,
    per_seven_days: usize,
    from_s: u32,
    until_s: u32,
    give_back_unconnected: bool,
}

/// The lists.
#[derive(Default)]
struct Reading {
    facts: Vec<Fact>,
    /// Zone names by number.
    zones: Vec<ZoneName>,
    numbers: HashMap<ZoneName, usize>,
    /// Adoptions, in order, by partition.
    policies: Vec<(u16, Position, Option<Limits>)>,
    /// Refusals' rules, to be looked up by repeats that do not name them: partition, position, codes.
    refusals: Vec<(u16, Position, Vec<Code>)>,
    total: Recount,
}

impl Reading {
    fn record(&mut self, stream: StreamId, record: &Record<'_>) -> Result<(), RecountError> {
        for command in &record.commands {
            for (index, bytes) in command.events.iter().enumerate() {
                let position = Position(command.first.0 + index as u64);
                self.total.events += 1;
                let wrong = |cause| RecountError::Event { stream, position, cause };
                let (event_type, _, _) = events::codec::split(bytes).map_err(wrong)?;
                if event_type.0 < 0x0100 {
                    continue;
                }
                match GateEvent::decode(bytes).map_err(wrong)? {
                    Decoded::Known(event) => self.event(stream.partition, position, command.at, event),
                    Decoded::Unknown(_) => self.total.not_read += 1,
                }
            }
        }
        Ok(())
    }

    fn event(&mut self, partition: u16, position: Position, at: Timestamp, event: GateEvent) {
        let place = Place { at, partition, position };
        let mut fact = |contact: ContactPointId, what| self.facts.push(Fact { contact, place, what });
        let total = &mut self.total;
        match event {
            GateEvent::PolicyAdopted(_) | GateEvent::PolicyWithdrawn(_) => {
                self.policies.push((partition, position, None));
            }
            GateEvent::ContactLinked(linked) => {
                let mut zones = Vec::with_capacity(linked.zones.len());
                for name in linked.zones {
                    let next = self.zones.len();
                    zones.push(*self.numbers.entry(name.clone()).or_insert_with(|| {
                        self.zones.push(name);
                        next
                    }));
                }
                fact(linked.contact, What::Linked { zones });
            }
            GateEvent::PermitReserved(reserved) => {
                total.asked += 1;
                total.allowed += 1;
                let (expires_at, policy) = (reserved.expires_at, reserved.policy);
                fact(reserved.asked.contact, What::Reserved { expires_at, policy });
            }
            GateEvent::PermitRefused(refused) => {
                total.asked += 1;
                total.refused += 1;
                let codes: Vec<Code> = refused.reasons.iter().map(|reason| reason.code).collect();
                codes.iter().for_each(|code| count(&mut total.refused_by_code, *code, 1));
                self.refusals.push((partition, position, codes));
            }
            GateEvent::RefusalsRepeated(repeated) => {
                let times = u64::from(repeated.count);
                total.asked += times;
                total.refused += times;
                total.repeated += times;
                let mut codes = repeated.codes;
                if codes.is_empty() {
                    // In order of position within a partition, and partitions one after the other.
                    let key = (partition, repeated.first);
                    let found = self
                        .refusals
                        .binary_search_by_key(&key, |(partition, position, _)| (*partition, *position));
                    codes = found.map(|index| self.refusals[index].2.clone()).unwrap_or_default();
                }
                codes.iter().for_each(|code| count(&mut total.refused_by_code, *code, times));
            }
            GateEvent::PermitRedeemed(redeemed) => {
                total.calls += 1;
                fact(redeemed.contact, What::Redeemed { permit: redeemed.permit });
            }
            GateEvent::PermitSettled(settled) => {
                count(&mut total.settled, settled.outcome, 1);
                total.given_back += u64::from(settled.given_back);
                if settled.given_back {
                    let unconnected = settled.outcome.unconnected();
                    fact(settled.contact, What::GivenBack { permit: settled.permit, unconnected });
                }
            }
            GateEvent::PermitExpired(expired) => {
                total.expired += 1;
                fact(expired.contact, What::Dead { permit: expired.permit });
            }
            GateEvent::PermitVoided(voided) => {
                total.voided += 1;
                fact(voided.contact, What::Dead { permit: voided.permit });
            }
            GateEvent::StopPlaced(stop) => {
                total.stops += 1;
                fact(stop.contact, What::Stopped);
            }
            GateEvent::ContactRecorded(_) => total.recorded += 1,
            GateEvent::FindingRaised(_) => total.found_late += 1,
            _ => {}
        }
    }

    fn count(mut self) -> Recount {
        self.facts.sort_by_key(|fact| (fact.contact, fact.place));
        self.policies.sort_by_key(|(partition, position, _)| (*partition, *position));
        let zones: Vec<_> = self.zones.iter().map(local::zone).collect();
        for history in self.facts.chunk_by(|one, other| one.contact == other.contact) {
            self.total.contacts += 1;
            history::scan(history, &zones, &self.policies, &mut self.total.findings);
        }
        self.total
    }
}

fn count<K: Copy + Ord>(counts: &mut Vec<(K, u64)>, key: K, times: u64) {
    match counts.iter_mut().find(|(known, _)| *known == key) {
        Some((_, known)) => *known += times,
        None => {
            counts.push((key, times));
            counts.sort_by_key(|(known, _)| *known);
        }
    }
}
