//! Hand-written logs.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use events::gate::{
    ContactLinkedV2, GateEvent, PermitExpiredV1, PermitRedeemedV1, PermitRefusedV2, PermitRequest,
    PermitReservedV2, PermitSettledV2, PermitVoidedV1, PolicyAdoptedV2, RefusalsRepeatedV1, RefusedByV2,
    StopPlacedV1, StopSource,
};
use events::{Actor, Code, Envelope, Event, Position, RecordBuilder, RecordHash, Service, StreamId, Tenant};
use model::{
    AgencyId, CaseId, Channel, CollectorId, CommandId, ContactPointId, InstanceId, LenderId, Outcome,
    PersonId, Place, Purpose, Role, Timestamp,
};
use runtime::Metrics;
use runtime::projection::log::memory::{Faults, MemoryLog};
use runtime::projection::log::{Log, Writer};
use tlog::NoteSigner;
use tokio::sync::watch;

use crate::{Audit, AuditOptions, AuditPort, AuditQuery, AuditReply, StartError, TimelineOf};

pub const GATE: StreamId = StreamId { service: Service::Gate, partition: 0 };
pub const GATE_1: StreamId = StreamId { service: Service::Gate, partition: 1 };
pub const LEDGER: StreamId = StreamId { service: Service::Ledger, partition: 0 };
pub const ASSIGNMENT: StreamId = StreamId { service: Service::Assignment, partition: 0 };
pub const STREAMS: [StreamId; 4] = [LEDGER, ASSIGNMENT, GATE, GATE_1];

/// 2026-11-23 00:00 in Shanghai (a Monday), which is 16:00 UTC of the day before.
pub const MONDAY: Timestamp = Timestamp(1_795_363_200_000);
pub const MINUTE: i64 = 60_000;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

pub fn contact(number: u8) -> ContactPointId {
    ContactPointId([number; 16])
}

/// The first 256 are those of [`contact`].
pub fn numbered(number: u64) -> ContactPointId {
    let mut id = [number as u8; 16];
    id[..7].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[..7]);
    if number < 256 { contact(number as u8) } else { ContactPointId(id) }
}

pub fn case(number: u8) -> CaseId {
    CaseId([number; 16])
}

pub fn asked(contact: ContactPointId, agency: u32) -> PermitRequest {
    PermitRequest {
        contact,
        case: CaseId(contact.0),
        also: Vec::new(),
        agency: AgencyId(agency),
        collector: CollectorId(agency * 100 + 1),
        channel: Channel::Call,
        purpose: Purpose::Collect,
        line: "+862150000001".parse().expect("a line"),
        template: None,
    }
}

/// A pack of the platform, in place of the one with the same id.
pub fn pack(id: &str, version: u32, applies: &str, rules: &str) -> GateEvent {
    let pack = format!(
        "schema = 1\nid = \"{id}\"\nversion = {version}\ntitle = \"A test\"\neffective = 2020-01-01\n\
         applies = {applies}\nowner = \"platform\"\n\n{rules}"
    );
    policy::parse(&pack).expect("a pack");
    GateEvent::PolicyAdopted(PolicyAdoptedV2 { pack })
}

/// One rule of a pack.
pub fn rule(kind: &str, id: &str, rest: &str) -> String {
    format!("[[{kind}]]\nid = \"{id}\"\nsource = \"a test\"\nread = \"primary\"\n{rest}\n\n")
}

/// Two caps on the contact point, everywhere.
pub fn policy(per_day: u16, per_seven_days: u16, except_unconnected: bool) -> GateEvent {
    let except = if except_unconnected { "except = [\"unconnected\"]" } else { "" };
    let cap = |id: &str, limit: u16, window: &str| {
        let rest = format!(
            "count = \"attempts\"\nscope = [\"contact-point\"]\nlimit = {limit}\nwindow = \"{window}\"\n{except}"
        );
        rule("frequency", id, &rest)
    };
    let version = u32::from(per_day) * 1000 + u32::from(per_seven_days) * 10 + u32::from(except_unconnected);
    let caps = cap("day-cap", per_day, "1 day") + &cap("seven-day-cap", per_seven_days, "7 days");
    pack("test", version, "\"everywhere\"", &caps)
}

pub fn linked(contact: ContactPointId, zones: &[&str]) -> GateEvent {
    GateEvent::ContactLinked(ContactLinkedV2 {
        contact,
        case: CaseId(contact.0),
        lender: LenderId(7),
        person: PersonId(contact.0),
        role: Role::Debtor,
        zones: zones.iter().map(|zone| zone.parse().expect("a zone name")).collect(),
        regions: vec!["CN".parse().expect("a region")],
        place: Place::Mobile,
    })
}

pub fn refused(contact: ContactPointId, agency: u32, codes: &[Code]) -> GateEvent {
    let by = |code: &Code| RefusedByV2 {
        code: *code,
        rule: None,
        limit: Some(3),
        counted: Some(3),
        next_allowed: None,
    };
    GateEvent::PermitRefused(PermitRefusedV2 {
        asked: asked(contact, agency),
        policy: Some(Position(0)),
        reasons: codes.iter().map(by).collect(),
        next_allowed: None,
    })
}

pub fn repeated(contact: ContactPointId, first: Position, count: u32, codes: &[Code]) -> GateEvent {
    GateEvent::RefusalsRepeated(RefusalsRepeatedV1 { contact, first, count, codes: codes.to_vec() })
}

pub fn redeemed(contact: ContactPointId, permit: Position) -> GateEvent {
    GateEvent::PermitRedeemed(PermitRedeemedV1 { contact, permit, call: [permit.0 as u8; 16] })
}

pub fn settled(contact: ContactPointId, permit: Position, outcome: Outcome, given_back: bool) -> GateEvent {
    let (toward, discussed) = (Vec::new(), Vec::new());
    GateEvent::PermitSettled(PermitSettledV2 { contact, permit, outcome, toward, discussed, given_back })
}

pub fn expired(contact: ContactPointId, permit: Position) -> GateEvent {
    GateEvent::PermitExpired(PermitExpiredV1 { contact, permit })
}

pub fn voided(contact: ContactPointId, permit: Position) -> GateEvent {
    GateEvent::PermitVoided(PermitVoidedV1 { contact, permit, stop_before: 1 })
}

pub fn stop(contact: ContactPointId) -> GateEvent {
    GateEvent::StopPlaced(StopPlacedV1 { contact, source: StopSource::CalledPerson })
}

/// A log that is written by hand.
pub struct World {
    pub log: MemoryLog,
    ends: HashMap<StreamId, End>,
    commands: u64,
}

struct End {
    writer: Box<dyn Writer>,
    number: u64,
    position: Position,
    last: RecordHash,
    /// Where the policy in force stands.
    policy: Position,
}

impl World {
    pub fn new() -> Self {
        Self { log: MemoryLog::new(Faults::none()), ends: HashMap::new(), commands: 0 }
    }

    /// One record with one command per inner list; the position of the first event.
    pub async fn commands<E: Event>(
        &mut self,
        stream: StreamId,
        at: Timestamp,
        commands: &[Vec<E>],
    ) -> Position {
        if !self.ends.contains_key(&stream) {
            let writer = self.log.writer(stream, 0).await.expect("a writer");
            let end = End {
                writer,
                number: 0,
                position: Position(0),
                last: RecordHash::GENESIS,
                policy: Position(0),
            };
            self.ends.insert(stream, end);
        }
        let end = self.ends.get_mut(&stream).expect("just put there");
        let mut builder = RecordBuilder::default();
        for events in commands {
            self.commands += 1;
            let mut command = [0; 16];
            command[..8].copy_from_slice(&self.commands.to_be_bytes());
            let envelope = Envelope {
                command: CommandId(command),
                input: 0,
                delay_ms: 0,
                actor: Actor::System(InstanceId(1)),
                tenant: Tenant::Platform,
                cause: None,
            };
            assert!(builder.push(envelope, at, events), "the record is full");
        }
        let first = end.position;
        let events = builder.events();
        let (bytes, hash) = builder.finish(end.number, 1, first, end.last);
        end.writer.append(Bytes::from(bytes)).await.await.expect("appended");
        end.number += 1;
        end.position = Position(first.0 + u64::from(events));
        end.last = hash;
        first
    }

    pub async fn write<E: Event + Clone>(
        &mut self,
        stream: StreamId,
        at: Timestamp,
        events: &[E],
    ) -> Position {
        self.commands(stream, at, &[events.to_vec()]).await
    }

    /// One gate event.
    pub async fn gate(&mut self, at: Timestamp, event: GateEvent) -> Position {
        let is_policy = matches!(event, GateEvent::PolicyAdopted(_) | GateEvent::PolicyWithdrawn(_));
        let position = self.write(GATE, at, &[event]).await;
        if is_policy {
            self.ends.get_mut(&GATE).expect("written").policy = position;
        }
        position
    }

    /// A permit for a minute, under the policy in force.
    pub async fn reserve(&mut self, at: Timestamp, contact: ContactPointId) -> Position {
        self.reserve_by(at, contact, 3).await
    }

    pub async fn reserve_by(&mut self, at: Timestamp, contact: ContactPointId, agency: u32) -> Position {
        let policy = self.ends.get(&GATE).map_or(Position(0), |end| end.policy);
        self.gate(at, reserved(contact, agency, policy, at)).await
    }

    /// A permit for a minute, under the packs in force in that log.
    pub async fn permit(&mut self, stream: StreamId, at: Timestamp, asked: PermitRequest) -> Position {
        let policy = self.ends.get(&stream).map_or(Position(0), |end| end.policy);
        let expires_at = at.plus_ms(60_000);
        let reserved = PermitReservedV2 { asked, policy, expires_at, tightest: None };
        self.write(stream, at, &[GateEvent::PermitReserved(reserved)]).await
    }

    /// A permit and its call a second later.
    pub async fn call(&mut self, at: Timestamp, contact: ContactPointId) -> Position {
        let permit = self.reserve(at, contact).await;
        self.gate(at.plus_ms(1000), redeemed(contact, permit)).await;
        permit
    }
}

pub fn reserved(contact: ContactPointId, agency: u32, policy: Position, at: Timestamp) -> GateEvent {
    GateEvent::PermitReserved(PermitReservedV2 {
        asked: asked(contact, agency),
        policy,
        expires_at: at.plus_ms(60_000),
        tightest: None,
    })
}

/// An audit at work, with what it takes to stop it.
pub struct Running {
    pub audit: Audit,
    pub metrics: Metrics,
    stop: watch::Sender<bool>,
}

pub fn signer() -> NoteSigner {
    NoteSigner::from_seed("forbear/test", &[7; 32]).expect("a signer")
}

impl Running {
    pub fn start(directory: &Path, log: &MemoryLog) -> Result<Self, StartError> {
        let (stop, stopping) = watch::channel(false);
        let metrics = Metrics::new().expect("metrics");
        let options = AuditOptions {
            directory: directory.join("rows"),
            checkpoints: directory.join("checkpoints"),
            streams: STREAMS.to_vec(),
            signer: signer(),
        };
        let audit = Audit::start(options, Arc::new(log.clone()), metrics.clone(), stopping)?;
        Ok(Self { audit, metrics, stop })
    }

    pub async fn caught_up(directory: &Path, log: &MemoryLog) -> Self {
        let running = Self::start(directory, log).expect("started");
        running.audit.caught_up().await.expect("caught up");
        running
    }

    pub async fn stop(self) {
        self.stop.send_replace(true);
        self.audit.ended().await;
    }

    pub async fn ask(&self, query: AuditQuery) -> AuditReply {
        self.audit.ask(query).await.expect("answered")
    }

    pub fn rebuilt(&self) -> f64 {
        let families = self.metrics.registry.gather();
        let family = families.iter().find(|family| family.name() == "forbear_projections_rebuilt_total");
        family.map_or(0.0, |family| {
            family.get_metric().iter().map(|metric| metric.get_counter().get_value()).sum()
        })
    }

    /// Everything that can be asked about the first contact points and cases.
    pub async fn everything(&self) -> Vec<AuditReply> {
        self.try_everything().await.expect("answered")
    }

    /// `None`: a question was refused.
    pub async fn try_everything(&self) -> Option<Vec<AuditReply>> {
        let mut queries = vec![AuditQuery::Figures];
        for number in 0..=255 {
            for of in [TimelineOf::Contact(contact(number)), TimelineOf::Case(case(number))] {
                queries.push(AuditQuery::Timeline { of, limit: u32::MAX, after: None });
            }
            queries.push(AuditQuery::Contact(contact(number)));
            queries.push(AuditQuery::Case(case(number)));
        }
        queries.extend(STREAMS.map(AuditQuery::Checkpoint));
        let mut replies = Vec::with_capacity(queries.len());
        for query in queries {
            replies.push(self.audit.ask(query).await.ok()?);
        }
        Some(replies)
    }
}

/// A long history, the same for the same seed: records of 20 commands each.
pub struct Generated {
    pub world: World,
    random: u64,
    at: Timestamp,
    /// Permits that wait, and calls that are not settled.
    waiting: Vec<(ContactPointId, Position)>,
    calls: Vec<(ContactPointId, Position)>,
    refusals: Vec<(ContactPointId, Position)>,
    next: u64,
    contacts: u64,
}

impl Generated {
    pub async fn new() -> Self {
        Self::of(100).await
    }

    /// Events of this many contact points, of which 100 are linked.
    pub async fn of(contacts: u64) -> Self {
        let mut world = World::new();
        world.write(LEDGER, MONDAY, &events::ledger::samples()).await;
        world.write(ASSIGNMENT, MONDAY, &events::assignment::samples()).await;
        world.gate(MONDAY, policy(3, 7, true)).await;
        let links: Vec<_> = (0..100).map(|number| linked(contact(number), &["Asia/Shanghai"])).collect();
        let first = world.write(GATE, MONDAY, &links).await;
        let next = first.0 + 100;
        Self {
            world,
            random: 1,
            at: MONDAY,
            waiting: Vec::new(),
            calls: Vec::new(),
            refusals: Vec::new(),
            next,
            contacts,
        }
    }

    fn draw(&mut self, below: u64) -> u64 {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % below
    }

    /// More records.
    pub async fn records(&mut self, records: usize) {
        for _ in 0..records {
            self.at = self.at.plus_ms(7000);
            let commands: Vec<_> = (0..20).map(|_| vec![self.event()]).collect();
            self.world.commands(GATE, self.at, &commands).await;
        }
    }

    fn event(&mut self) -> GateEvent {
        let position = Position(self.next);
        self.next += 1;
        let contact = numbered(self.draw(self.contacts));
        let agency = 1 + self.draw(5) as u32;
        match self.draw(6) {
            0 if !self.waiting.is_empty() => {
                let (contact, permit) = self.waiting.remove(0);
                self.calls.push((contact, permit));
                redeemed(contact, permit)
            }
            1 if !self.calls.is_empty() => {
                let (contact, permit) = self.calls.remove(0);
                settled(contact, permit, Outcome::NoAnswer, false)
            }
            2 if !self.refusals.is_empty() => {
                let recent = self.refusals.len().min(1000);
                let index = self.refusals.len() - 1 - self.draw(recent as u64) as usize;
                let (contact, first) = self.refusals[index];
                repeated(contact, first, 3, if first.0.is_multiple_of(2) { &[Code::DAY_CAP] } else { &[] })
            }
            3 if self.waiting.len() > 20 => {
                let (contact, permit) = self.waiting.remove(0);
                expired(contact, permit)
            }
            4 => {
                self.refusals.push((contact, position));
                refused(contact, agency, &[Code::DAY_CAP, Code::NOT_PLACED])
            }
            _ => {
                self.waiting.push((contact, position));
                reserved(contact, agency, Position(0), self.at)
            }
        }
    }
}
