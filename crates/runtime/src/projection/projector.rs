//! The runner: follows streams, applies records, stores batches, rebuilds what is damaged.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eventlog::chain::{Chain, ORPHANS_MAX};
use eventlog::{Log, LogError, Stored};
use events::{Record, StreamId};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Projection;
use super::directory::{Directory, OpenError, guarded};
use super::rows::{Reader, Rows, StoreError};
use crate::follow::Follower;
use crate::metrics::Metrics;
use crate::service::turned;

/// Between attempts while the log does not answer.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// The longest pause between rebuilds that follow each other closely.
const REBUILD_PAUSE_MAX: Duration = Duration::from_secs(60);

/// Keeps a projection up to date until it is stopped. Clones are handles of the same one.
#[derive(Clone)]
pub struct Projector {
    shared: Arc<Shared>,
}

struct Shared {
    log: Arc<dyn Log>,
    /// The slot that each stream's projection takes next.
    taken: Vec<(StreamId, watch::Sender<u64>)>,
    /// The current generation; `None` while there is none.
    reader: watch::Sender<Option<Reader>>,
    /// Goes up when somebody who read found damage.
    damage: watch::Sender<u64>,
    ended: watch::Sender<bool>,
}

/// How far a projection is behind in one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamLag {
    /// Which stream.
    pub stream: StreamId,
    /// Slots that the log holds.
    pub head: u64,
    /// Slots taken.
    pub taken: u64,
}

impl StreamLag {
    /// Records yet to be taken.
    pub fn behind(&self) -> u64 {
        self.head.saturating_sub(self.taken)
    }
}

/// Why a projection will not catch up.
#[derive(Debug, thiserror::Error)]
pub enum BehindError {
    /// The log does not say where it ends.
    #[error(transparent)]
    Log(#[from] LogError),
    /// It was stopped.
    #[error("the projection was stopped before it had caught up")]
    Stopped,
}

impl Projector {
    /// Takes the directory and begins to follow `streams`. Must be called within a multi-threaded or current-thread
    /// tokio runtime.
    pub fn start<P: Projection>(
        directory: &Path,
        streams: &[StreamId],
        context: P::Context,
        log: Arc<dyn Log>,
        metrics: Metrics,
        stop: watch::Receiver<bool>,
    ) -> Result<Self, OpenError> {
        let directory = Directory::open(directory)?;
        let shared = Arc::new(Shared {
            log,
            taken: streams.iter().map(|stream| (*stream, watch::Sender::new(0))).collect(),
            reader: watch::Sender::new(None),
            damage: watch::Sender::new(0),
            ended: watch::Sender::new(false),
        });
        let run = Run::<P> {
            directory: Arc::new(directory),
            shared: Arc::clone(&shared),
            context,
            metrics,
            stop,
            next: 1,
        };
        tokio::spawn(run.supervise());
        Ok(Self { shared })
    }

    /// The rows; `None` while the store is being opened or was closed.
    pub fn reader(&self) -> Option<Reader> {
        self.shared.reader.borrow().clone()
    }

    /// The streams that are followed.
    pub fn streams(&self) -> impl Iterator<Item = StreamId> + '_ {
        self.shared.taken.iter().map(|(stream, _)| *stream)
    }

    /// The log that is followed.
    pub fn log(&self) -> &Arc<dyn Log> {
        &self.shared.log
    }

    /// Waits until everything that the log holds now has been applied and can be read.
    pub async fn caught_up(&self) -> Result<(), BehindError> {
        let mut ended = self.shared.ended.subscribe();
        for (stream, taken) in &self.shared.taken {
            let head = self.shared.log.head(*stream).await?;
            let mut taken = taken.subscribe();
            tokio::select! {
                biased;
                () = async { drop(taken.wait_for(|taken| *taken >= head).await) } => {}
                () = turned(&mut ended, true) => return Err(BehindError::Stopped),
            }
        }
        let mut reader = self.shared.reader.subscribe();
        tokio::select! {
            biased;
            () = async { drop(reader.wait_for(Option::is_some).await) } => Ok(()),
            () = turned(&mut ended, true) => Err(BehindError::Stopped),
        }
    }

    /// How far behind it is, per stream.
    pub async fn lag(&self) -> Result<Vec<StreamLag>, LogError> {
        let mut lags = Vec::with_capacity(self.shared.taken.len());
        for (stream, taken) in &self.shared.taken {
            let taken = *taken.borrow();
            lags.push(StreamLag { stream: *stream, head: self.shared.log.head(*stream).await?, taken });
        }
        Ok(lags)
    }

    /// Says that rows do not read: the store will be rebuilt.
    pub fn report_damage(&self) {
        self.shared.damage.send_modify(|reports| *reports += 1);
    }

    /// Waits until it has stopped and its directory is free.
    pub async fn ended(&self) {
        turned(&mut self.shared.ended.subscribe(), true).await;
    }
}

/// How a generation ended.
enum End {
    Stopped,
    Damaged(StoreError),
}

struct Run<P: Projection> {
    directory: Arc<Directory>,
    shared: Arc<Shared>,
    context: P::Context,
    metrics: Metrics,
    stop: watch::Receiver<bool>,
    /// The number of a generation that is begun. Never one that this process has moved aside: its handles may still
    /// write there.
    next: u64,
}

impl<P: Projection> Run<P> {
    async fn supervise(mut self) {
        let mut pause = Duration::ZERO;
        while !*self.stop.borrow() {
            let began = Instant::now();
            match self.generation().await {
                Ok(End::Stopped) => break,
                Ok(End::Damaged(error)) => {
                    tracing::error!(projection = P::NAME, %error, "rebuilding the projection");
                    self.metrics.projection_rebuilt(P::NAME);
                }
                Err(error) => {
                    tracing::error!(projection = P::NAME, %error, "the projection's directory cannot be used");
                }
            }
            // The first rebuild is immediate; one after another is not.
            pause = if began.elapsed() > REBUILD_PAUSE_MAX { Duration::ZERO } else { pause };
            tokio::select! {
                () = turned(&mut self.stop, true) => break,
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).clamp(Duration::from_secs(1), REBUILD_PAUSE_MAX);
        }
        let Self { directory, shared, .. } = self;
        drop(directory);
        shared.ended.send_replace(true);
    }

    /// One generation, from opening until it is stopped or damaged; then it has been moved aside.
    async fn generation(&mut self) -> std::io::Result<End> {
        let directory = Arc::clone(&self.directory);
        let least = self.next;
        let streams: Vec<StreamId> = self.shared.taken.iter().map(|(stream, _)| *stream).collect();
        let (number, opened) = blocking(move || {
            let number = directory.newest()?.unwrap_or(least);
            open::<P>(&directory, number, &streams)
        })
        .await??;
        let end = match opened {
            Ok((reader, cursors)) => self.follow_all(reader, cursors).await,
            Err(error) => End::Damaged(error),
        };
        self.shared.reader.send_replace(None);
        // Whoever waits to catch up waits for the next generation.
        self.shared.taken.iter().for_each(|(_, taken)| {
            taken.send_replace(0);
        });
        if matches!(end, End::Damaged(_)) {
            let directory = Arc::clone(&self.directory);
            self.next = number + 1;
            blocking(move || directory.move_aside(number)).await??;
        }
        Ok(end)
    }

    async fn follow_all(&self, reader: Reader, cursors: Vec<Chain>) -> End {
        let mut stop = self.stop.clone();
        for cursor in &cursors {
            let fitting = loop {
                match fits(self.shared.log.as_ref(), cursor).await {
                    Ok(fitting) => break fitting,
                    Err(error) => {
                        tracing::error!(projection = P::NAME, stream = %cursor.stream(), %error, "cannot read the log");
                    }
                }
                tokio::select! {
                    () = turned(&mut stop, true) => return End::Stopped,
                    () = tokio::time::sleep(RETRY_PAUSE) => {}
                }
            };
            if !fitting {
                let stream = cursor.stream();
                return End::Damaged(StoreError(format!("its cursor does not fit the log of {stream}")));
            }
        }
        // Rows that are being built from the beginning would give answers that never were true.
        let mut building = cursors.iter().all(|cursor| cursor.slot == 0);
        if !building {
            self.shared.reader.send_replace(Some(reader.clone()));
        }
        let (quit, quitting) = watch::channel(false);
        let mut damage = self.shared.damage.subscribe();
        let mut tasks = JoinSet::new();
        for (cursor, (_, taken)) in cursors.into_iter().zip(&self.shared.taken) {
            taken.send_replace(cursor.slot);
            let stream = cursor.stream();
            let follow = Follow::<P> {
                shared: Arc::clone(&self.shared),
                context: self.context.clone(),
                metrics: self.metrics.clone(),
                reader: reader.clone(),
                taken: taken.clone(),
                stream,
                quit: quitting.clone(),
            };
            tasks.spawn(follow.run(cursor));
        }
        let mut end = End::Stopped;
        let built = self.built();
        tokio::pin!(built);
        loop {
            tokio::select! {
                biased;
                () = turned(&mut stop, true) => {}
                _ = damage.changed() => end = End::Damaged(StoreError("a reader found damage".to_owned())),
                Some(ended) = tasks.join_next() => match ended {
                    Ok(Err(error)) => end = End::Damaged(error),
                    Ok(Ok(())) => {}
                    Err(error) => end = End::Damaged(StoreError(error.to_string())),
                },
                () = &mut built, if building => {
                    building = false;
                    self.shared.reader.send_replace(Some(reader.clone()));
                    continue;
                }
            }
            break;
        }
        quit.send_replace(true);
        while let Some(ended) = tasks.join_next().await {
            if let (Ok(Err(error)), End::Stopped) = (ended, &end) {
                end = End::Damaged(error);
            }
        }
        if matches!(end, End::Stopped) {
            // Not needed for consistency: it only saves work at the next start.
            let closed = blocking(move || guarded(|| reader.close())).await;
            if let Ok(Err(error)) = closed {
                tracing::warn!(projection = P::NAME, %error, "the store did not close");
            }
        }
        end
    }
}

impl<P: Projection> Run<P> {
    /// Waits until everything that the logs hold now has been taken.
    async fn built(&self) {
        for (stream, taken) in &self.shared.taken {
            let head = loop {
                match self.shared.log.head(*stream).await {
                    Ok(head) => break head,
                    Err(_) => tokio::time::sleep(RETRY_PAUSE).await,
                }
            };
            let mut taken = taken.subscribe();
            drop(taken.wait_for(|taken| *taken >= head).await);
        }
    }
}

type Opened = Result<(Reader, Vec<Chain>), StoreError>;

/// Opens a generation, or a new one if it is of another shape; with the number of what was opened.
fn open<P: Projection>(
    directory: &Directory,
    number: u64,
    streams: &[StreamId],
) -> std::io::Result<(u64, Opened)> {
    let generation = format!("{} {}", P::NAME, P::GENERATION);
    let opened = directory.store(number).and_then(|reader| {
        let found = guarded(|| reader.generation())?;
        Ok((reader, found))
    });
    let (number, reader) = match opened {
        Ok((reader, Some(found))) if found == generation => (number, Ok(reader)),
        Ok((reader, None)) => (number, Ok(reader)),
        Ok((reader, Some(found))) => {
            tracing::info!(found, expected = generation, "the projection has a new shape; building it anew");
            drop(reader);
            directory.remove(number)?;
            (number + 1, directory.store(number + 1))
        }
        Err(error) => (number, Err(error)),
    };
    let opened = reader.and_then(|reader| {
        guarded(|| {
            reader.set_generation(&generation)?;
            let cursor =
                |stream: &StreamId| Ok(reader.cursor(*stream)?.unwrap_or_else(|| Chain::start(*stream)));
            let cursors = streams.iter().map(cursor).collect::<Result<_, StoreError>>()?;
            Ok((reader.clone(), cursors))
        })
    });
    Ok((number, opened))
}

/// Whether the log holds, at or shortly before the cursor, the record that the cursor was taken after. What
/// stands between is orphans.
async fn fits(log: &dyn Log, cursor: &Chain) -> Result<bool, LogError> {
    if *cursor == Chain::start(cursor.stream()) {
        return Ok(true);
    }
    if log.head(cursor.stream()).await? < cursor.slot {
        return Ok(false);
    }
    let mut slot = cursor.slot;
    for _ in 0..=ORPHANS_MAX {
        let Some(before) = slot.checked_sub(1) else { break };
        slot = before;
        let stored = log.read(cursor.stream(), slot, 1).await?;
        let Some(stored) = stored.first() else { return Ok(false) };
        match Record::parse(&stored.bytes) {
            Ok(record) if record.hash == cursor.last => return Ok(true),
            Ok(_) => {}
            // The log is what is damaged.
            Err(cause) => return Err(LogError::Damaged { stream: cursor.stream(), slot, cause }),
        }
    }
    // Nothing but orphans so far.
    Ok(slot == 0 && cursor.number == 0)
}

async fn blocking<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> std::io::Result<T> {
    tokio::task::spawn_blocking(act).await.map_err(std::io::Error::other)
}

/// One stream's projection at work.
struct Follow<P: Projection> {
    shared: Arc<Shared>,
    context: P::Context,
    metrics: Metrics,
    reader: Reader,
    taken: watch::Sender<u64>,
    stream: StreamId,
    quit: watch::Receiver<bool>,
}

impl<P: Projection> Follow<P> {
    async fn run(mut self, cursor: Chain) -> Result<(), StoreError> {
        let lag = self.metrics.follow_lag(P::NAME, self.stream);
        let busy = self.metrics.busy_seconds(P::NAME);
        let (context, reader, stream) = (self.context.clone(), self.reader.clone(), self.stream);
        let mut projection = unwound(move || P::resume(stream, &context, &reader)).await?;
        let mut follower = Follower::resume(Arc::clone(&self.shared.log), cursor);
        loop {
            let next = tokio::select! {
                biased;
                () = turned(&mut self.quit, true) => return Ok(()),
                next = async {
                    self.metrics.give_way().await;
                    follower.next().await
                } => next,
            };
            let mut failed = None;
            match next {
                Ok(stored) if stored.is_empty() => {}
                Ok(stored) => {
                    let (reader, chain) = (self.reader.clone(), follower.chain);
                    let began = Instant::now();
                    let batch = unwound(move || take(projection, chain, &stored, &reader)).await?;
                    busy.inc_by(began.elapsed().as_secs_f64());
                    projection = batch.projection;
                    follower.chain = batch.chain;
                    failed = batch.failed;
                    self.taken.send_replace(follower.chain.slot);
                }
                Err(error) => failed = Some(error),
            }
            match follower.lag().await {
                Ok(records) => lag.set(i64::try_from(records).unwrap_or(i64::MAX)),
                Err(error) => failed = failed.or(Some(error)),
            }
            if let Some(error) = failed {
                // The log's fault, and not this store's: nothing is passed over.
                tracing::error!(projection = P::NAME, %stream, %error, "cannot follow the log");
                tokio::select! {
                    () = turned(&mut self.quit, true) => return Ok(()),
                    () = tokio::time::sleep(RETRY_PAUSE) => {}
                }
            }
        }
    }
}

async fn unwound<T: Send + 'static>(
    act: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match blocking(move || guarded(act)).await {
        Ok(result) => result,
        Err(error) => Err(StoreError(error.to_string())),
    }
}

struct Batch<P> {
    projection: P,
    chain: Chain,
    failed: Option<LogError>,
}

/// Applies stored records up to the first that is not valid, and stores rows and cursor together.
fn take<P: Projection>(
    mut projection: P,
    mut chain: Chain,
    stored: &[Stored],
    reader: &Reader,
) -> Result<Batch<P>, StoreError> {
    let mut rows = Rows::default();
    let mut failed = None;
    for stored in stored {
        let before = chain;
        match chain.accept(stored) {
            Ok(Some(record)) => projection.apply(&record, reader, &mut rows)?,
            Ok(None) => {}
            Err(error) => {
                chain = before;
                failed = Some(error);
                break;
            }
        }
    }
    projection.flush(&mut rows);
    rows.cursor(&chain)?;
    reader.apply(rows)?;
    Ok(Batch { projection, chain, failed })
}
