//! The bare store, without any runtime: what the runtime is compared with.

use std::collections::VecDeque;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use eventlog::Log;
use events::{Actor, Envelope, Position, RecordBuilder, RecordHash, StreamId, Tenant};
use model::{CommandId, Timestamp};

use crate::{Failed, NoteEvent, NoteV1, quantile};

/// Events per second of records of so many events and bytes, `in_flight` of them at a time, for as long as
/// `round`.
pub async fn events_per_second<L: Log>(
    log: &L,
    stream: StreamId,
    (events, bytes): (usize, usize),
    in_flight: usize,
    round: Duration,
) -> Result<f64, Failed> {
    let mut writer = log.writer(stream, 0).await?;
    let mut flights = VecDeque::new();
    let record = sized_record(events, bytes);
    let started = Instant::now();
    let mut done = 0_u64;
    while started.elapsed() < round {
        while flights.len() < in_flight {
            flights.push_back(writer.append(record.clone()).await);
        }
        if let Some(first) = flights.pop_front() {
            first.await?;
            done += 1;
        }
    }
    let elapsed = started.elapsed();
    for flight in flights {
        flight.await?;
    }
    Ok(done as f64 * events as f64 / elapsed.as_secs_f64())
}

/// A record of so many events, padded to about so many bytes.
fn sized_record(events: usize, bytes: usize) -> Bytes {
    let mut builder = RecordBuilder::default();
    let note = NoteEvent::Note(NoteV1 { key: [1; 16], content: [7; 24] });
    let envelope = Envelope {
        command: CommandId([1; 16]),
        input: u64::MAX,
        delay_ms: 0,
        actor: Actor::Operator,
        tenant: Tenant::Platform,
        cause: None,
    };
    for _ in 0..events {
        if !builder.push(envelope, Timestamp(0), std::slice::from_ref(&note)) {
            break;
        }
    }
    let (mut record, _) = builder.finish(0, 1, Position(0), RecordHash::GENESIS);
    record.resize(bytes.max(1), 0);
    Bytes::from(record)
}

/// The median of 100 bytes appended to a file and one fdatasync.
pub fn fsync(directory: &Path) -> Result<Duration, Failed> {
    let mut file = std::fs::File::create(directory.join("fsync"))?;
    let mut times = Vec::new();
    for _ in 0..1000 {
        let started = Instant::now();
        file.write_all(&[7; 100])?;
        file.sync_data()?;
        times.push(started.elapsed());
    }
    Ok(quantile(&mut times, 0.5))
}
