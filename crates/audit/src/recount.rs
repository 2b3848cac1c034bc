//! The recount: the gate's promises held against its log, by nothing but the log.
//!
//! It shares no code with the gate and none with the projection; of the rule packs it shares the reading of their text.
//! Every event of the gate's logs becomes a fact in one long list, sorted by contact point and time. Each contact
//! point's facts become its history, and every permit and call of it is held against the rules of the packs that
//! applied to it: every count is a plain count of what stands in the histories, as it was known at that place.
//!
//! # Which rules
//!
//! Those of the packs whose adoption stands before a permit's reservation, in force on that day, for a region that the
//! contact point had been linked with (or everywhere, or where one of its regions has no pack of the platform in force),
//! of the platform, the case's lender or the agency. Of these, rules on frequency, cool-downs, intervals and hours that refuse
//! are counted again. Rules that only flag cannot be broken. Every other rule is named in
//! [`rules_not_recounted`](Recount::rules_not_recounted): nothing is said about it, nor about the gate's own rules that are
//! named there.
//!
//! # What counts against a cap
//!
//! Persons, zones and regions are those that the contact points were linked with before the reservation, over all
//! partitions. Two questions are asked of every rule, and a permit that fails either is over the cap:
//!
//! - *At its reservation*: the permits that waited then (not redeemed, voided or expired), this one, and the contacts
//!   that had been made or recorded, in the window that ends then, in one of the zones: at most the limit?
//! - *Once its call was placed*: of the contacts made in any window that holds this one, in one of the zones, those
//!   whose slots were taken no later than this one's: at most the limit?
//!
//! Contacts that the rule does not speak of, or that differ in what its scope names, do not count, debt by debt where it
//! names debts. A call counts at the time of its redemption, one that was recorded at its own time, from its record on.
//! Where the rule excepts what never reached the number, that is what was known by then, or in the end. A call
//! without a permit is found as such and counts against nobody: nothing says what it was for.
//!
//! A permit on shares (several partitions of the gate) counts once, by what the contact point's own log says: shares are no
//! calls, and what a home was told is what that log says.
//!
//! # Cool-downs, intervals, hours
//!
//! Asked at the reservation and when the call was placed. A call that had been placed before counts as a
//! conversation if it became one, or if nobody ever knew.
//!
//! # Consents
//!
//! As `proto/policy.md` has them: those of the person to the agency that the contact point's partition had been told
//! of, for every debt of the contact, by the terms of the rule's own pack. Consents to hours are read without terms.

mod book;
mod history;
mod local;
mod packs;
mod rules;

use std::collections::{BTreeMap, HashMap};

use events::gate::{ContactLinkedV2, GateEvent, NumberDisprovedV1, PermitReservedV2, PermitSettledV2};
use events::{Code, DecodeError, Decoded, Event, Position, Record, Service, StreamId, partition_of};
use model::{ContactPointId, Outcome, ZoneName};
use runtime::projection::log::chain::Chain;
use runtime::projection::log::{Log, LogError};
use serde::{Deserialize, Serialize};

use book::{Book, Consents};
use history::{Fact, History, Linked, Place, What};
use packs::Packs;
use rules::Tally;

/// How much of a log is read at once.
const READ_MAX: usize = 4 * 1024 * 1024;

/// The gate's own rules that no packs hold and that are not counted again.
const GATE_RULES_NOT_RECOUNTED: [&str; 7] = [
    "gate/case-open",
    "gate/clock",
    "gate/holds",
    "gate/one-reply",
    "gate/placed",
    "gate/right-party",
    "gate/standing",
];

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
    /// Adoptions of texts that this program cannot read as packs. Nothing can be said about their rules.
    pub packs_not_read: u64,
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
    /// Permits given, or calls placed, too soon after another contact; each once.
    pub too_soon: u64,
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
    /// Permits given though their case did not name the contact point: no rule could be held against them.
    pub contact_unknown: u64,
    /// Permits given though no pack was in force, or naming other packs than were.
    pub policy_wrong: u64,
    /// Calls said to have never reached the number though their outcome says that they did.
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

/// How many partitions the gate has, of all streams.
pub fn gate_partitions(streams: &[StreamId]) -> u16 {
    let gates = streams.iter().filter(|stream| stream.service == Service::Gate).count();
    u16::try_from(gates).unwrap_or(u16::MAX)
}

/// Counts what the logs of the gate hold now. Streams of other services are left out.
pub async fn recount(log: &dyn Log, streams: &[StreamId]) -> Result<Recount, RecountError> {
    let mut reading = Reading { gate_partitions: gate_partitions(streams), ..Reading::default() };
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

/// The lists.
#[derive(Default)]
struct Reading {
    gate_partitions: u16,
    facts: Vec<Fact>,
    /// Zone names by number.
    zones: Vec<ZoneName>,
    numbers: HashMap<ZoneName, usize>,
    packs: Packs,
    consents: Consents,
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
                    Decoded::Known(event) => {
                        self.event(Place { at: command.at, partition: stream.partition, position }, event)
                    }
                    Decoded::Unknown(_) => self.total.not_read += 1,
                }
            }
        }
        Ok(())
    }

    fn event(&mut self, place: Place, event: GateEvent) {
        let Place { partition, position, .. } = place;
        // A home of a person or a case was told what the contact point's own log says: it is one fact.
        let own = |contact: &ContactPointId| partition_of(&contact.0, self.gate_partitions) == partition;
        let told = match &event {
            GateEvent::ContactLinked(linked) => !own(&linked.contact),
            GateEvent::ContactRecorded(recorded) => !own(&recorded.contact),
            GateEvent::NumberDisproved(disproved) => !own(&disproved.contact),
            _ => false,
        };
        if told {
            return;
        }
        let mut fact = |contact: ContactPointId, what| self.facts.push(Fact { contact, place, what });
        let total = &mut self.total;
        match event {
            GateEvent::PolicyAdopted(adopted) => self.packs.adopted(partition, position, &adopted.pack),
            GateEvent::PolicyWithdrawn(withdrawn) => self.packs.withdrawn(partition, position, &withdrawn.id),
            GateEvent::ContactLinked(linked) => {
                let mut zones = Vec::with_capacity(linked.zones.len());
                for name in linked.zones {
                    let next = self.zones.len();
                    zones.push(*self.numbers.entry(name.clone()).or_insert_with(|| {
                        self.zones.push(name);
                        next
                    }));
                }
                let ContactLinkedV2 { contact, case, person, role, lender, regions, .. } = linked;
                let linked = Linked { case, person, role, lender, zones, regions };
                fact(contact, What::Linked(Box::new(linked)));
            }
            GateEvent::PermitReserved(reserved) => {
                total.asked += 1;
                total.allowed += 1;
                let PermitReservedV2 { asked, policy, expires_at, .. } = reserved;
                fact(asked.contact, What::Reserved { asked: Box::new(asked), expires_at, policy });
            }
            GateEvent::PermitRefused(refused) => {
                total.asked += 1;
                total.refused += 1;
                let mut codes: Vec<Code> = refused.reasons.iter().map(|reason| reason.code).collect();
                codes.iter().for_each(|code| count(&mut total.refused_by_code, *code, 1));
                codes.dedup();
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
                let PermitSettledV2 { contact, permit, outcome, toward, discussed, given_back } = settled;
                fact(contact, What::Settled { permit, outcome, given_back, toward, discussed });
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
            GateEvent::ContactRecorded(recorded) => {
                total.recorded += 1;
                fact(recorded.contact, What::Recorded(Box::new(recorded)));
            }
            GateEvent::NumberDisproved(disproved) => {
                let NumberDisprovedV1 { contact, person, belongs_to } = disproved;
                fact(contact, What::Disproved { person, belongs_to });
            }
            GateEvent::ConsentGiven(given) => self.consents.given(place, given),
            GateEvent::ConsentRevoked(revoked) => self.consents.revoked(place, &revoked),
            GateEvent::FindingRaised(_) => total.found_late += 1,
            GateEvent::ContactPlaced(_)
            | GateEvent::ContactClosed(_)
            | GateEvent::ConsentAnswered(_)
            | GateEvent::HoldPlaced(_)
            | GateEvent::HoldLifted(_)
            | GateEvent::NumberChecked(_)
            | GateEvent::StandingChanged(_)
            | GateEvent::LineRegistered(_)
            | GateEvent::TemplateApproved(_)
            | GateEvent::TemplateWithdrawn(_)
            | GateEvent::PartitionsSet(_)
            | GateEvent::ShareReserved(_)
            | GateEvent::ShareRedeemed(_)
            | GateEvent::ShareSettled(_)
            | GateEvent::ShareExpired(_)
            | GateEvent::PermitShared(_)
            | GateEvent::SharesEnded(_)
            | GateEvent::ContactReached(_) => {}
        }
    }

    fn count(self) -> Recount {
        let Self { mut facts, zones, mut packs, consents, mut total, .. } = self;
        facts.sort_by_key(|fact| (fact.contact, fact.place));
        packs.sort();
        let zones: Vec<_> = zones.iter().map(local::zone).collect();
        let findings = &mut total.findings;
        let of_each = facts.chunk_by(|one, other| one.contact == other.contact);
        let histories: Vec<_> = of_each.filter_map(|facts| History::new(facts, &zones, findings)).collect();
        drop(facts);
        total.contacts = histories.len() as u64;
        total.packs_not_read = packs.not_read;
        let book = Book::new(packs, histories, zones, consents);
        let tallies = rules::judge(&book, findings);
        // Versions of a pack, and its rules in several partitions, are one rule.
        let mut by_name: BTreeMap<&str, Tally> = BTreeMap::new();
        for (number, tally) in tallies.into_iter().enumerate() {
            let all = by_name.entry(book.packs.name(number)).or_default();
            all.asked += tally.asked;
            all.broken += tally.broken;
            all.not_counted += tally.not_counted;
        }
        for (rule, Tally { asked, broken, not_counted }) in by_name {
            let rule = rule.to_owned();
            if not_counted > 0 {
                total.rules_not_recounted.push((rule, not_counted));
            } else if asked > 0 || broken > 0 {
                total.rules.push(RuleRecount { rule, asked, broken });
            }
        }
        if total.allowed > 0 {
            let own = GATE_RULES_NOT_RECOUNTED.iter().map(|rule| ((*rule).to_owned(), total.allowed));
            total.rules_not_recounted.extend(own);
        }
        total.rules_not_recounted.sort_unstable();
        total
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
