//! What the gate's log says in the end, read with nothing but the log's own format: everything acknowledged is
//! there, no cap was passed, nothing was permitted after a stop.

use std::collections::{HashMap, HashSet};
use std::fmt;

use eventlog::Log;
use eventlog::chain::Chain;
use events::gate::GateEvent;
use events::{Decoded, Event, Record, Service, StreamId};
use model::{CommandId, ContactPointId, Outcome, Timestamp};
use serde_json::Value;

use crate::load::{Acknowledged, PARTITIONS, PER_DAY, PER_SEVEN_DAYS};

/// What is known of one contact point, event by event.
#[derive(Default)]
struct Contact {
    /// The days of its calls, in Shanghai.
    calls: Vec<i64>,
    /// Permits that wait, and until when.
    pending: HashMap<u64, Timestamp>,
    stopped: bool,
}

/// The gate's log, judged.
#[derive(Default)]
pub struct Evidence {
    permits: HashMap<(ContactPointId, u64), Timestamp>,
    redeemed: HashSet<(ContactPointId, u64)>,
    settled: HashSet<(ContactPointId, u64, Outcome)>,
    stops: HashSet<(ContactPointId, u64)>,
    contacts: HashMap<ContactPointId, Contact>,
    permit_commands: HashSet<CommandId>,
    events: u64,
    orphans: u64,
    elections: HashSet<(u16, u32)>,
    wrong: Vec<String>,
}

/// UTC+8, without daylight saving: where all the numbers of the tests are.
fn day(at: Timestamp) -> i64 {
    (at.0 + 8 * 3_600_000).div_euclid(86_400_000)
}

/// Shows every valid record of a stream, in order; how many orphans were passed over.
async fn each_record(log: &dyn Log, stream: StreamId, mut show: impl FnMut(&Record<'_>)) -> u64 {
    let (mut chain, mut orphans) = (Chain::start(stream), 0);
    let head = log.head(stream).await.expect("the head");
    while chain.slot < head {
        for stored in log.read(stream, chain.slot, 1 << 20).await.expect("the log reads") {
            match chain.accept(&stored).expect("the chain holds") {
                Some(record) => show(&record),
                None => orphans += 1,
            }
        }
    }
    orphans
}

/// Every event of a service, with the partition in which it stands: one partition after the other.
pub async fn events<E: Event>(log: &dyn Log, service: Service, partitions: u16) -> Vec<(u16, E)> {
    let mut all = Vec::new();
    for partition in 0..partitions {
        let stream = StreamId { service, partition };
        each_record(log, stream, |record| {
            for bytes in record.commands.iter().flat_map(|command| &command.events) {
                if let Decoded::Known(event) = E::decode(bytes).expect("it decodes") {
                    all.push((partition, event));
                }
            }
        })
        .await;
    }
    all
}

impl Evidence {
    /// Reads every partition of the gate.
    pub async fn read(log: &dyn Log) -> Self {
        let mut evidence = Self::default();
        for partition in 0..PARTITIONS {
            let stream = StreamId { service: Service::Gate, partition };
            evidence.orphans += each_record(log, stream, |record| evidence.record(partition, record)).await;
        }
        evidence
    }

    fn record(&mut self, partition: u16, record: &Record<'_>) {
        self.elections.insert((partition, record.epoch));
        for command in &record.commands {
            for (position, bytes) in (command.first.0..).zip(&command.events) {
                self.events += 1;
                let Decoded::Known(event) = GateEvent::decode(bytes).expect("it decodes") else { continue };
                self.event(position, command.at, command.envelope.command, &event);
            }
        }
    }

    fn event(&mut self, position: u64, at: Timestamp, command: CommandId, event: &GateEvent) {
        match event {
            GateEvent::PermitReserved(reserved) => {
                let who = reserved.asked.contact;
                if !self.permit_commands.insert(command) {
                    self.wrong.push(format!("permit {position}: its command has given a permit before"));
                }
                self.permits.insert((who, position), at);
                let contact = self.contacts.entry(who).or_default();
                contact.pending.retain(|_, until| *until >= at);
                let (pending, today) = (contact.pending.len(), day(at));
                let in_day = contact.calls.iter().filter(|call| **call == today).count() + pending;
                let in_seven = contact.calls.iter().filter(|call| **call > today - 7).count() + pending;
                if in_day >= PER_DAY || in_seven >= PER_SEVEN_DAYS {
                    self.wrong.push(format!(
                        "permit {position}: {in_day} today, {in_seven} on seven days before it"
                    ));
                }
                if contact.stopped {
                    self.wrong.push(format!("permit {position} after a stop"));
                }
                contact.pending.insert(position, reserved.expires_at);
            }
            GateEvent::PermitRedeemed(redeemed) => {
                let contact = self.contacts.entry(redeemed.contact).or_default();
                match contact.pending.remove(&redeemed.permit.0) {
                    Some(until) if until >= at && !contact.stopped => contact.calls.push(day(at)),
                    _ => self.wrong.push(format!("{position}: redeemed late, twice, stopped or unpermitted")),
                }
                if contact.calls.iter().filter(|call| **call == day(at)).count() > PER_DAY {
                    self.wrong.push(format!("{position}: a call over the cap"));
                }
                self.redeemed.insert((redeemed.contact, redeemed.permit.0));
            }
            GateEvent::PermitSettled(settled) => {
                self.settled.insert((settled.contact, settled.permit.0, settled.outcome));
            }
            GateEvent::PermitVoided(voided) => {
                self.contacts.entry(voided.contact).or_default().pending.remove(&voided.permit.0);
            }
            GateEvent::StopPlaced(stop) => {
                self.contacts.entry(stop.contact).or_default().stopped = true;
                self.stops.insert((stop.contact, position));
            }
            _ => {}
        }
    }

    /// Compares with what was acknowledged. Fails the test at anything wrong; otherwise a summary.
    pub fn judge(mut self, acknowledged: &Acknowledged) -> Summary {
        self.wrong.extend(acknowledged.wrong.iter().cloned());
        let mut lost = |what: &str, there: bool| {
            if !there {
                self.wrong.push(format!("{what} was acknowledged and is lost"));
            }
        };
        for (who, permit) in &acknowledged.permits {
            lost(&format!("permit {permit} for {who}"), self.permits.contains_key(&(*who, *permit)));
        }
        for (who, permit) in &acknowledged.redeemed {
            lost(&format!("the call by {permit} to {who}"), self.redeemed.contains(&(*who, *permit)));
        }
        for settled in &acknowledged.settled {
            lost(&format!("settled {settled:?}"), self.settled.contains(settled));
        }
        for stop in &acknowledged.stops {
            lost(&format!("stop {stop:?}"), self.stops.contains(stop));
        }
        let shown: Vec<_> = self.wrong.iter().take(20).cloned().collect();
        assert!(shown.is_empty(), "{} findings:\n{}", self.wrong.len(), shown.join("\n"));
        let stored = |(who, permit, sent_at): &&(ContactPointId, u64, i64)| {
            self.permits.get(&(*who, *permit)).is_some_and(|at| at.0 < *sent_at)
        };
        Summary {
            acknowledged: acknowledged.permits.len()
                + acknowledged.redeemed.len()
                + acknowledged.settled.len()
                + acknowledged.stops.len(),
            permits: acknowledged.permits.len(),
            stops: acknowledged.stops.len(),
            refused: acknowledged.refused,
            unanswered: acknowledged.unanswered,
            retried: acknowledged.retried.len(),
            stored_before_retry: acknowledged.retried.iter().filter(stored).count(),
            events: self.events,
            orphans: self.orphans,
            elections: self.elections.len(),
        }
    }
}

/// How much was judged.
pub struct Summary {
    /// Acknowledged commands that were looked for and found.
    pub acknowledged: usize,
    /// Of these, permits.
    pub permits: usize,
    /// Of these, stops.
    pub stops: usize,
    /// Refusals.
    pub refused: u64,
    /// Commands without an answer the first time.
    pub unanswered: u64,
    /// Permits that a retry returned.
    pub retried: usize,
    /// Of these, such as had been stored before the retry.
    pub stored_before_retry: usize,
    /// Events of the gate.
    pub events: u64,
    /// Records of deposed writers that were passed over.
    pub orphans: u64,
    /// Terms of writers that left records, over all partitions.
    pub elections: usize,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { acknowledged, permits, stops, refused, unanswered, retried, .. } = self;
        let Self { stored_before_retry, events, orphans, elections, .. } = self;
        write!(
            f,
            "{acknowledged} acknowledged ({permits} permits, {stops} stops), 0 lost; {refused} refused; \
             {unanswered} unanswered, of which {retried} were permits, {stored_before_retry} of them stored before \
             the retry; {events} events, {elections} elections, {orphans} orphans"
        )
    }
}

/// The program's own recount has found nothing.
pub fn assert_clean(recount: &Value) {
    assert_eq!(recount["not_read"], 0, "{recount}");
    assert_eq!(recount["packs_not_read"], 0, "{recount}");
    for (what, count) in recount["findings"].as_object().expect("findings") {
        assert_eq!(*count, 0, "{what}: {recount}");
    }
}

#[cfg(test)]
mod tests {
    use events::Position;
    use events::gate::{PermitRedeemedV1, PermitRequest, PermitReservedV2, StopPlacedV1, StopSource};
    use model::{AgencyId, CaseId, Channel, CollectorId, Purpose};

    use super::*;

    const WHO: ContactPointId = ContactPointId([7; 16]);
    const AT: Timestamp = Timestamp(1_795_500_000_000);

    fn reserved() -> GateEvent {
        let asked = PermitRequest {
            contact: WHO,
            case: CaseId([1; 16]),
            also: Vec::new(),
            agency: AgencyId(1),
            collector: CollectorId(1),
            channel: Channel::Call,
            purpose: Purpose::Collect,
            line: "95533".parse().expect("a line"),
            template: None,
        };
        GateEvent::PermitReserved(PermitReservedV2 {
            asked,
            policy: Position(1),
            expires_at: AT.plus_ms(60_000),
            tightest: None,
        })
    }

    fn redeemed(permit: u64) -> GateEvent {
        let permit = Position(permit);
        GateEvent::PermitRedeemed(PermitRedeemedV1 { contact: WHO, permit, call: [0; 16] })
    }

    fn stop() -> GateEvent {
        GateEvent::StopPlaced(StopPlacedV1 { contact: WHO, source: StopSource::CalledPerson })
    }

    /// What is wrong with these events, each of a command of its own, at the positions 0, 1, 2 and so on.
    fn wrong(events: &[GateEvent]) -> usize {
        let mut evidence = Evidence::default();
        for (position, event) in (0..).zip(events) {
            let mut command = [0; 16];
            command[0] = position as u8;
            evidence.event(position, AT, CommandId(command), event);
        }
        evidence.wrong.len()
    }

    #[test]
    fn given_calls_within_the_cap_then_nothing_is_wrong() {
        assert_eq!(wrong(&[reserved(), redeemed(0), reserved(), redeemed(2), reserved(), stop()]), 0);
    }

    #[test]
    fn given_one_permit_over_the_cap_or_after_a_stop_then_it_is_found() {
        assert_eq!(wrong(&[reserved(), redeemed(0), reserved(), reserved(), reserved()]), 1);
        assert_eq!(wrong(&[stop(), reserved()]), 1);
    }

    #[test]
    fn given_a_permit_used_twice_or_after_a_stop_or_never_given_then_it_is_found() {
        assert_eq!(wrong(&[reserved(), redeemed(0), redeemed(0)]), 1);
        assert_eq!(wrong(&[reserved(), stop(), redeemed(0)]), 1);
        assert_eq!(wrong(&[redeemed(9)]), 1);
    }

    #[test]
    #[should_panic(expected = "was acknowledged and is lost")]
    fn given_an_acknowledged_permit_that_is_not_in_the_log_then_it_is_found() {
        let acknowledged = Acknowledged { permits: vec![(WHO, 3)], ..Acknowledged::default() };
        Evidence::default().judge(&acknowledged);
    }
}
