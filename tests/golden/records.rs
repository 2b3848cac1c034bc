//! Golden records: a log that changes hands, with the record that the deposed writer left in it.

use std::collections::BTreeMap;

use eventlog::Stored;
use eventlog::chain::Chain;
use events::gate::{GateEvent, PermitVoidedV1, StopPlacedV1, StopSource};
use events::platform::{ElectedV1, PlatformEvent};
use events::record::input_digest;
use events::{
    Actor, Cause, Envelope, Position, Record, RecordBuilder, RecordHash, Service, StreamId, Tenant, codec,
};
use model::{AgencyId, CommandId, ContactPointId, InstanceId, LenderId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::catalogue::all;
use crate::json::{Json, hex};

/// An event of a program newer than this one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForetoldV1 {
    what: String,
}

events::events! {
    /// Stands in for whatever comes.
    pub enum NewerEvent {
        0x7f01 Foretold(ForetoldV1) = { 1: ForetoldV1 },
    }
}

const STREAM: StreamId = StreamId { service: Service::Gate, partition: 0 };
const BEGAN: Timestamp = Timestamp(1_795_500_000_000);

/// In order of slot.
pub fn samples() -> BTreeMap<String, Vec<u8>> {
    let envelope = |id: u8, input: &[u8], actor, tenant, cause| Envelope {
        command: CommandId([id; 16]),
        input: input_digest(input),
        delay_ms: 0,
        actor,
        tenant,
        cause,
    };
    let contact = ContactPointId(*b"contact-point-01");
    let elected = |epoch, instance| {
        PlatformEvent::Elected(ElectedV1 { epoch, instance: InstanceId(instance), partitions: 1 })
    };
    let stop = GateEvent::StopPlaced(StopPlacedV1 { contact, source: StopSource::CalledPerson });
    let voided = |permit, stop_before| {
        GateEvent::PermitVoided(PermitVoidedV1 { contact, permit: Position(permit), stop_before })
    };
    let mut builder = RecordBuilder::default();

    let system = |instance| Actor::System(InstanceId(instance));
    assert!(builder.push(envelope(1, b"", system(300), Tenant::Platform, None), BEGAN, &[elected(1, 300)]));
    let called = envelope(2, b"stop", Actor::CalledPerson, Tenant::Platform, None);
    assert!(builder.push(called, BEGAN.plus_ms(1500), &[stop.clone(), voided(70, 1), voided(90_000, 2)]));
    let (began, prev) = builder.finish(0, 1, Position(0), RecordHash::GENESIS);

    // Two appends in flight: another writer took the slot of the first, so the second follows nothing.
    let lost = envelope(3, b"lost", Actor::Operator, Tenant::Platform, None);
    assert!(builder.push(lost, BEGAN.plus_ms(2000), std::slice::from_ref(&stop)));
    let (_, never_stored) = builder.finish(1, 1, Position(4), prev);
    let late = envelope(4, b"late", Actor::Lender(LenderId(7)), Tenant::Lender(LenderId(7)), None);
    assert!(builder.push(late, BEGAN.plus_ms(2001), &[stop]));
    let (orphan, _) = builder.finish(2, 1, Position(5), never_stored);

    assert!(builder.push(
        envelope(5, b"", system(301), Tenant::Platform, None),
        BEGAN.plus_ms(2000),
        &[elected(2, 301)]
    ));
    let (elected, prev) = builder.finish(1, 2, Position(4), prev);

    let cause = Some(Cause {
        stream: StreamId { service: Service::Assignment, partition: 0 },
        position: Position(812),
    });
    let follower = Actor::Follower(Service::Assignment);
    let follows = envelope(6, b"newer", follower, Tenant::Agency(AgencyId(3)), cause);
    let foretold = NewerEvent::Foretold(ForetoldV1 { what: "later".to_owned() });
    assert!(builder.push(follows, BEGAN.plus_ms(3000), &[foretold]));
    let (newer, _) = builder.finish(2, 2, Position(5), prev);

    let records = [
        ("record-0-began", began),
        ("record-1-elected", elected),
        ("record-2-orphan", orphan),
        ("record-3-newer", newer),
    ];
    records.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect()
}

/// What the decoder prints for a record.
pub fn document(record: &Record<'_>) -> Json {
    let command = |command: &events::record::RecordedCommand<'_>| {
        Json::Object(vec![
            ("at", Json::of(&command.at)),
            ("first", Json::of(&command.first)),
            ("envelope", Json::of(&command.envelope)),
            ("events", Json::List(command.events.iter().map(|bytes| event(bytes)).collect())),
        ])
    };
    Json::Object(vec![
        ("number", Json::of(&record.number)),
        ("epoch", Json::of(&record.epoch)),
        ("position", Json::of(&record.position)),
        ("time", Json::of(&record.time)),
        ("prev", Json::of(&record.prev)),
        ("hash", Json::of(&record.hash)),
        ("commands", Json::List(record.commands.iter().map(command).collect())),
    ])
}

fn event(bytes: &[u8]) -> Json {
    let (event_type, version, _) = codec::split(bytes).expect("an event");
    match all().iter().find(|frozen| (frozen.event_type, frozen.version) == (event_type, version)) {
        Some(frozen) => frozen.document((frozen.read)(bytes).expect("known").payload),
        None => Json::Object(vec![
            ("type", Json::Text(format!("0x{:04x}", event_type.0))),
            ("version", Json::Number(version.into())),
            ("unknown", Json::Text(hex(bytes))),
        ]),
    }
}

/// One stream; the third slot is passed over.
pub fn check_chain(slots: Vec<Vec<u8>>) {
    let mut chain = Chain::start(STREAM);
    let mut valid = Vec::new();
    for (slot, bytes) in (0..).zip(slots) {
        let stored = Stored { slot, bytes: bytes.into() };
        valid.push(chain.accept(&stored).expect("follows, or an orphan").is_some());
    }
    assert_eq!(valid, [true, true, false, true]);
    assert_eq!((chain.number, chain.position), (3, Position(6)));
}
