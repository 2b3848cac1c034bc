//! The contract of a store, in code. Every store passes [`check`]; a new one begins here.
//!
//! Each case has a stream of its own, so that one store can run them all, also several times over with
//! another `service`. A case that fails says what it expected and what it got.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use events::platform::{ElectedV1, PlatformEvent};
use events::record::RECORD_MAX;
use events::{Actor, Envelope, Position, RecordBuilder, RecordHash, Service, StreamId, Tenant};
use model::{CommandId, InstanceId, Timestamp};

use crate::chain::Chain;
use crate::{Append, AppendError, Log, LogError, Writer};

/// How a case ends: well, or with what was expected and what came.
pub type Verdict = Result<(), String>;

/// A store under test.
#[async_trait]
pub trait Stand: Send {
    /// The open store.
    fn log(&self) -> Arc<dyn Log>;

    /// Closes the store and opens it again, as a restart of the process (and of the server) does.
    async fn restart(&mut self);
}

/// How many streams [`check`] uses: the partitions from 1 to this.
pub const CASES: u16 = 11;

/// Runs every case; the error lists all that failed.
pub async fn check(stand: &mut dyn Stand, service: Service) -> Verdict {
    let mut failures = Vec::new();
    let mut partition = 0;
    let mut note = |name: &str, verdict: Verdict| {
        if let Err(cause) = verdict {
            failures.push(format!("{name}: {cause}"));
        }
    };
    macro_rules! run {
        ($($case:ident)*) => {$(
            partition += 1;
            let verdict = $case(stand, StreamId { service, partition }).await;
            note(stringify!($case), verdict);
        )*};
    }
    run! {
        an_unknown_stream_is_empty
        what_is_appended_is_read
        several_in_flight_keep_their_order
        a_wrong_slot_is_a_conflict_and_the_writer_is_spent
        a_second_writer_stops_the_first_with_appends_in_flight
        an_append_that_nobody_waits_for_goes_on
        the_largest_record_fits_and_a_larger_one_is_refused
        a_read_is_bounded_and_returns_at_least_one
        a_reader_follows_a_writer
        waiting_ends_when_a_record_comes
        a_restart_keeps_everything
    }
    expect("partitions used", CASES, partition)?;
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
}

/// Writes records that chain, like the runtime does.
pub struct Author {
    writer: Box<dyn Writer>,
    chain: Chain,
    epoch: u32,
}

impl Author {
    /// Reads the stream and takes over: the first record, of a new epoch, is durable on return.
    pub async fn elect(log: &dyn Log, stream: StreamId) -> Result<Self, String> {
        let mut author = Self::begin(log, stream).await?;
        author.append(1).await.1.await.map_err(|error| error.to_string())?;
        Ok(author)
    }

    /// Reads the stream and is ready to append as a new epoch.
    pub async fn begin(log: &dyn Log, stream: StreamId) -> Result<Self, String> {
        let (mut chain, _) = history(log, stream).await?;
        let writer = log.writer(stream, chain.slot).await.map_err(|error| error.to_string())?;
        let epoch = chain.epoch + 1;
        chain.elect(epoch);
        Ok(Self { writer, chain, epoch })
    }

    /// Hands over a record of `events` events.
    pub async fn append(&mut self, events: usize) -> (RecordHash, Append) {
        let (bytes, hash, end) = record(&self.chain, self.epoch, events);
        self.chain.advance(end, hash);
        (hash, self.writer.append(bytes).await)
    }
}

/// The next record of a chain, with `events` events in it.
pub fn record(chain: &Chain, epoch: u32, events: usize) -> (Bytes, RecordHash, Position) {
    let event = PlatformEvent::Elected(ElectedV1 { epoch, instance: InstanceId(epoch), partitions: 1 });
    let mut command = [0; 16];
    command[..8].copy_from_slice(&chain.number.to_le_bytes());
    command[8..12].copy_from_slice(&epoch.to_le_bytes());
    let envelope = Envelope {
        command: CommandId(command),
        input: 0,
        delay_ms: 0,
        actor: Actor::System(InstanceId(epoch)),
        tenant: Tenant::Platform,
        cause: None,
    };
    let mut builder = RecordBuilder::default();
    let fits = builder.push(envelope, Timestamp(0), &vec![event; events]);
    assert!(fits, "expected events for one record, got {events}");
    let (bytes, hash) = builder.finish(chain.number, epoch, chain.position, chain.last);
    (bytes.into(), hash, Position(chain.position.0 + events as u64))
}

/// Everything in a stream: where the reader stands at its end, and the trailers of the valid records.
pub async fn history(log: &dyn Log, stream: StreamId) -> Result<(Chain, Vec<RecordHash>), String> {
    let (mut chain, mut hashes) = (Chain::start(stream), Vec::new());
    read_on(log, &mut chain, &mut hashes).await.map_err(|error| error.to_string())?;
    Ok((chain, hashes))
}

/// Reads what has come since, up to the head.
pub async fn read_on(log: &dyn Log, chain: &mut Chain, hashes: &mut Vec<RecordHash>) -> Result<(), LogError> {
    let head = log.head(chain.stream()).await?;
    while chain.slot < head {
        let records = log.read(chain.stream(), chain.slot, 4 * 1024 * 1024).await?;
        if records.is_empty() {
            return Err(LogError::Gap { stream: chain.stream(), expected: chain.slot, got: head });
        }
        for stored in records {
            hashes.extend(chain.accept(&stored)?.map(|record| record.hash));
        }
    }
    Ok(())
}

fn expect<T: PartialEq + std::fmt::Debug>(what: &str, expected: T, got: T) -> Verdict {
    if expected == got { Ok(()) } else { Err(format!("{what}: expected {expected:?}, got {got:?}")) }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

async fn an_unknown_stream_is_empty(stand: &mut dyn Stand, stream: StreamId) -> Verdict {
    let log = stand.log();
    expect("head", 0, log.head(stream).await.map_err(text)?)?;
    expect("records", 0, log.read(stream, 0, 1000).await.map_err(text)?.len())
}

async fn what_is_appended_is_read(stand: &mut dyn Stand, stream: StreamId) -> Verdict {
    let log = stand.log();
    let mut author = Author::begin(&*log, stream).await?;
    let mut acknowledged = Vec::new();
    for events in [1, 0, 5, 300] {
        let (hash, append) = author.append(events).await;
        append.await.map_err(text)?;
        acknowledged.push(hash);
        expect("head", acknowledged.len() as u64, log.head(stream).await.map_err(text)?)?;
    }
    let (chain, hashes) = history(&*log, stream).await?;
    expect("records", acknowledged, hashes)?;
    expect("position", 306, chain.position.0)
}

async fn several_in_flight_keep_their_order(stand: &mut dyn Stand, stream: StreamId) -> Verdict {
    let log = stand.log();
    let mut author = Author::begin(&*log, stream).await?;
    let (mut sent, mut in_flight) = (Vec::new(), VecDeque::<Append>::new());
    for events in 0..200 {
        if in_flight.len() == log.in_flight_max()
            && let Some(append) = in_flight.pop_front()
        {
            append.await.map_err(text)?;
        }
        let (hash, append) = author.append(events % 7).await;
        sent.push(hash);
        in_flight.push_back(append);
    }
    for append in in_flight {
        append.await.map_err(text)?;
    }
    expect("records", sent, history(&*log, stream).await?.1)
}

async fn a_wrong_slot_is_a_conflict_and_the_writer_is_spent(
    stand: &mut dyn Stand,
    stream: StreamId,
) -> Verdict {
    let log = stand.log();
    drop(Author::elect(&*log, stream).await?);
    for wrong in [0, 2, 7] {
        let mut writer = log.writer(stream, wrong).await.map_err(text)?;
        let record = Bytes::from_static(b"never stored");
        let first = writer.append(record.clone()).await.await;
        expect("the append", Err(AppendError::Conflict { stream, expected: wrong }), first)?;
        for _ in 0..2 {
            let later = writer.append(record.clone()).await.await;
            expect("a later append", Err(AppendError::Spent { stream }), later)?;
        }
    }
    expect("records", 1, history(&*log, stream).await?.1.len())
}

async fn a_second_writer_stops_the_first_with_appends_in_flight(
    stand: &mut dyn Stand,
    stream: StreamId,
) -> Verdict {
    let log = stand.log();
    let mut acknowledged = Vec::new();
    let mut first = Author::begin(&*log, stream).await?;
    for _ in 0..3 {
        let (hash, append) = first.append(2).await;
        append.await.map_err(text)?;
        acknowledged.push(hash);
    }
    let mut second = Author::begin(&*log, stream).await?;
    let (hash, append) = second.append(1).await;
    append.await.map_err(text)?;
    acknowledged.push(hash);

    // All but the first of these find the slot before them filled, so a store may keep them, as orphans.
    let mut in_flight = Vec::new();
    for _ in 0..log.in_flight_max() {
        in_flight.push(first.append(3).await.1);
    }
    for (index, append) in in_flight.into_iter().enumerate() {
        match (index, append.await) {
            (0, Err(AppendError::Conflict { .. })) | (1.., Err(AppendError::Spent { .. })) => {}
            (_, other) => return Err(format!("append {index} of the deposed writer: {other:?}")),
        }
    }
    // Orphans in its way, which may still be arriving, depose the second writer as well; then it is alone. A cluster on a busy
    // machine is slow to answer at times: that is no breach of the contract.
    const RECORDS: usize = 10;
    const ATTEMPTS: usize = 100;
    let (mut stored, mut attempts) = (0, 0);
    while stored < RECORDS {
        if attempts == ATTEMPTS {
            return Err(format!("the second writer got only {stored} records stored in {ATTEMPTS} attempts"));
        }
        attempts += 1;
        let (hash, append) = second.append(1).await;
        match append.await {
            Ok(()) => {
                acknowledged.push(hash);
                stored += 1;
            }
            Err(_) => second = Author::begin(&*log, stream).await?,
        }
    }
    expect("records", acknowledged, history(&*log, stream).await?.1)
}

async fn an_append_that_nobody_waits_for_goes_on(stand: &mut dyn Stand, stream: StreamId) -> Verdict {
    let log = stand.log();
    let mut author = Author::elect(&*log, stream).await?;
    let (hash, append) = author.append(4).await;
    drop(append);
    for _ in 0..20 {
        if log.wait(stream, 1).await.map_err(text)? > 1 {
            break;
        }
    }
    // What a writer does after an unknown ack: it reads, and looks for its own record.
    let (_, hashes) = history(&*log, stream).await?;
    expect("the last record", Some(&hash), hashes.last())
}

async fn the_largest_record_fits_and_a_larger_one_is_refused(
    stand: &mut dyn Stand,
    stream: StreamId,
) -> Verdict {
    let log = stand.log();
    let largest = Bytes::from(vec![0x5a; RECORD_MAX]);
    let mut writer = log.writer(stream, 0).await.map_err(text)?;
    for _ in 0..2 {
        writer.append(largest.clone()).await.await.map_err(text)?;
    }
    let larger = Bytes::from(vec![0x5a; RECORD_MAX + 1]);
    let refused = writer.append(larger).await.await;
    expect("one byte more", Err(AppendError::TooLarge { max: RECORD_MAX, got: RECORD_MAX + 1 }), refused)?;
    for slot in 0..2 {
        let stored = log.read(stream, slot, 1).await.map_err(text)?;
        match stored.as_slice() {
            [one] if one.slot == slot && one.bytes == largest => {}
            other => return Err(format!("slot {slot}: {} records, not the one stored", other.len())),
        }
    }
    expect("head", 2, log.head(stream).await.map_err(text)?)
}

async fn a_read_is_bounded_and_returns_at_least_one(stand: &mut dyn Stand, stream: StreamId) -> Verdict {
    let log = stand.log();
    let mut writer = log.writer(stream, 0).await.map_err(text)?;
    for fill in 0..30_u8 {
        writer.append(Bytes::from(vec![fill; 10_000])).await.await.map_err(text)?;
    }
    let mut seen = 0;
    while seen < 30 {
        let records = log.read(stream, seen, 45_000).await.map_err(text)?;
        if records.is_empty() || records.len() > 6 {
            return Err(format!(
                "at slot {seen}: expected about 4 records in 45,000 bytes, got {}",
                records.len()
            ));
        }
        for stored in records {
            expect("slot", seen, stored.slot)?;
            expect("byte", Some(&(seen as u8)), stored.bytes.first())?;
            seen += 1;
        }
    }
    expect("after the end", 0, log.read(stream, 30, 1000).await.map_err(text)?.len())
}

async fn a_reader_follows_a_writer(stand: &mut dyn Stand, stream: StreamId) -> Verdict {
    const RECORDS: usize = 150;
    let log = stand.log();
    let mut author = Author::elect(&*log, stream).await?;
    let write = async {
        for _ in 0..RECORDS {
            author.append(3).await.1.await.map_err(text)?;
        }
        Ok::<_, String>(())
    };
    let read = async {
        let (mut chain, mut hashes) = (Chain::start(stream), Vec::new());
        for _ in 0..RECORDS * 20 {
            read_on(&*log, &mut chain, &mut hashes).await.map_err(text)?;
            if hashes.len() > RECORDS {
                return Ok(hashes);
            }
            log.wait(stream, chain.slot).await.map_err(text)?;
        }
        Err(format!("the reader saw {} of {} records", hashes.len(), RECORDS + 1))
    };
    let (written, seen) = tokio::join!(write, read);
    written?;
    expect("records", history(&*log, stream).await?.1, seen?)
}

async fn waiting_ends_when_a_record_comes(stand: &mut dyn Stand, stream: StreamId) -> Verdict {
    let log = stand.log();
    let mut author = Author::elect(&*log, stream).await?;
    expect("a record that is there", 1, log.wait(stream, 0).await.map_err(text)?)?;
    let append = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        author.append(1).await.1.await.map_err(text)
    };
    let wait = async {
        let mut head = 1;
        while head == 1 {
            head = log.wait(stream, 1).await.map_err(text)?;
        }
        Ok::<_, String>(head)
    };
    let both = async { tokio::join!(append, wait) };
    let (appended, head) =
        tokio::time::timeout(Duration::from_secs(20), both).await.map_err(|_| "it never ended".to_owned())?;
    appended?;
    expect("head", 2, head?)
}

async fn a_restart_keeps_everything(stand: &mut dyn Stand, stream: StreamId) -> Verdict {
    let log = stand.log();
    let mut author = Author::elect(&*log, stream).await?;
    for events in 0..50 {
        author.append(events).await.1.await.map_err(text)?;
    }
    let before = history(&*log, stream).await?;
    drop((author, log));
    stand.restart().await;
    let log = stand.log();
    expect("after the restart", &before, &history(&*log, stream).await?)?;
    Author::elect(&*log, stream).await?.append(1).await.1.await.map_err(text)?;
    expect("records", before.1.len() + 2, history(&*log, stream).await?.1.len())
}
