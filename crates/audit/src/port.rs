//! The audit in this process.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use events::{Code, Reason, Refusal, StreamId};
use model::AgencyId;
use runtime::Metrics;
use runtime::projection::log::{Log, LogError};
use runtime::projection::{BehindError, OpenError, Projection, Projector, Reader, StoreError};
use tlog::{NoteSigner, Tree};
use tokio::sync::watch;

use crate::case;
use crate::contact;
use crate::figures::{
    AgencyFigures, AuditFigures, Figures, LAST_STOPS, MOST_CALLED, StreamTotals, sort_most_called,
};
use crate::key;
use crate::projection::{AuditProjection, Context};
use crate::query::{AuditPort, AuditQuery, AuditReply};
use crate::recount::{RecountError, gate_partitions, recount};
use crate::signing::{Signing, SigningError};
use crate::timeline;

/// How much of a log one answer holds, in bytes; with room for what a message of NATS takes.
const RECORDS_MAX: usize = 512 * 1024;

/// How the audit runs.
pub struct AuditOptions {
    /// Where its read models are; may be deleted at any time while it does not run.
    pub directory: PathBuf,
    /// Where the last signed checkpoints are; must not be lost, or a rewritten log could be signed.
    pub checkpoints: PathBuf,
    /// Every log to follow.
    pub streams: Vec<StreamId>,
    /// Signs checkpoints.
    pub signer: NoteSigner,
}

/// Why the audit does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its directory cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The last signed checkpoints cannot be read.
    #[error(transparent)]
    Signing(#[from] SigningError),
}

/// The audit, running in this process. Clones are handles of the same one.
#[derive(Clone)]
pub struct Audit {
    projector: Projector,
    signing: Arc<Signing>,
}

impl Audit {
    /// Starts to follow; must be called within a tokio runtime. Stops when `stop` turns true.
    pub fn start(
        options: AuditOptions,
        log: Arc<dyn Log>,
        metrics: Metrics,
        stop: watch::Receiver<bool>,
    ) -> Result<Self, StartError> {
        let signing = Arc::new(Signing::open(&options.checkpoints, options.signer)?);
        let projector = Projector::start::<AuditProjection>(
            &options.directory,
            &options.streams,
            Context { signing: Arc::clone(&signing), gate_partitions: gate_partitions(&options.streams) },
            log,
            metrics,
            stop,
        )?;
        Ok(Self { projector, signing })
    }

    /// The projection underneath.
    pub fn projector(&self) -> &Projector {
        &self.projector
    }

    /// Waits until everything that the logs hold now can be asked for.
    pub async fn caught_up(&self) -> Result<(), BehindError> {
        self.projector.caught_up().await
    }

    /// Waits until it has stopped.
    pub async fn ended(&self) {
        self.projector.ended().await;
    }

    /// Answers from the rows, off the async threads.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Refusal> {
        let Some(reader) = self.projector.reader() else {
            return Err(unavailable("the audit's store is being opened or was closed"));
        };
        let result = tokio::task::spawn_blocking(move || read(&reader)).await;
        let error = match result {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => error,
            // sled panics at some kinds of damage.
            Err(error) => StoreError(error.to_string()),
        };
        tracing::error!(projection = AuditProjection::NAME, %error, "a read failed");
        self.projector.report_damage();
        Err(unavailable("the audit's store is damaged and is being rebuilt"))
    }

    async fn checkpoint(&self, stream: StreamId) -> Result<Vec<u8>, Refusal> {
        if !self.projector.streams().any(|followed| followed == stream) {
            return Err(Reason::detail(Code::NOT_FOUND, format!("the audit does not follow {stream}")).into());
        }
        let tree = self
            .read(move |rows| match rows.get(&key::tree(stream))? {
                Some(bytes) => Tree::from_bytes(&bytes).map_err(|error| StoreError(error.to_string())),
                None => Ok(Tree::new()),
            })
            .await?;
        let signing = Arc::clone(&self.signing);
        let signed = tokio::task::spawn_blocking(move || signing.sign(stream, &tree)).await;
        match signed {
            Ok(Ok(note)) => Ok(note),
            Ok(Err(error)) => Err(unavailable(error.to_string())),
            Err(error) => Err(unavailable(error.to_string())),
        }
    }

    async fn records(&self, stream: StreamId, slot: u64) -> Result<AuditReply, Refusal> {
        if !self.projector.streams().any(|followed| followed == stream) {
            return Err(Reason::detail(Code::NOT_FOUND, format!("the audit does not follow {stream}")).into());
        }
        let log = self.projector.log();
        let unread = |error: LogError| unavailable(error.to_string());
        let head = log.head(stream).await.map_err(unread)?;
        if slot >= head {
            return Ok(AuditReply::Records(Vec::new(), head));
        }
        let stored = log.read(stream, slot, RECORDS_MAX).await.map_err(unread)?;
        let stored = stored.into_iter().map(|stored| (stored.slot, stored.bytes.to_vec()));
        Ok(AuditReply::Records(stored.collect(), head))
    }

    async fn recount(&self) -> Result<AuditReply, Refusal> {
        let streams: Vec<StreamId> = self.projector.streams().collect();
        match recount(self.projector.log().as_ref(), &streams).await {
            Ok(recount) => Ok(AuditReply::Recount(Box::new(recount))),
            Err(error @ (RecountError::Log(_) | RecountError::Event { .. } | RecountError::Ended)) => {
                Err(unavailable(error.to_string()))
            }
        }
    }
}

fn unavailable(detail: impl Into<String>) -> Refusal {
    Reason::detail(Code::UNAVAILABLE, detail).into()
}

#[async_trait]
impl AuditPort for Audit {
    async fn ask(&self, query: AuditQuery) -> Result<AuditReply, Refusal> {
        match query {
            AuditQuery::Timeline { of, limit, after } => {
                let page = self.read(move |rows| timeline::page(rows, of, limit, after)).await?;
                Ok(AuditReply::Timeline(page))
            }
            AuditQuery::Contact(id) => {
                Ok(AuditReply::Contact(self.read(move |rows| contact::view(rows, id)).await?))
            }
            AuditQuery::Case(id) => Ok(AuditReply::Case(self.read(move |rows| case::view(rows, &id)).await?)),
            AuditQuery::Figures => Ok(AuditReply::Figures(Box::new(self.read(figures).await?))),
            AuditQuery::Lag => match self.projector.lag().await {
                Ok(lag) => Ok(AuditReply::Lag(lag)),
                Err(error) => Err(unavailable(error.to_string())),
            },
            AuditQuery::Checkpoint(stream) => Ok(AuditReply::Checkpoint(self.checkpoint(stream).await?)),
            AuditQuery::Recount => self.recount().await,
            AuditQuery::Records { stream, slot } => self.records(stream, slot).await,
        }
    }
}

/// Adds up what is kept per stream.
fn figures(rows: &Reader) -> Result<AuditFigures, StoreError> {
    let unreadable = |error: postcard::Error| StoreError(format!("a row does not read: {error}"));
    let mut all = AuditFigures::default();
    for row in rows.scan(key::ALL_TOTALS) {
        let (_, value) = row?;
        let totals: StreamTotals = postcard::from_bytes(&value).map_err(unreadable)?;
        all.totals.add(&totals.unattributed);
        all.events += totals.events;
        all.not_read += totals.not_read;
        all.stops += totals.stops;
        all.last_stops.extend(totals.last_stops);
        all.most_called.extend(totals.most_called);
        all.cases.opened += totals.cases.opened;
        all.cases.payments += totals.cases.payments;
        all.cases.closed += totals.cases.closed;
        if all.policies.is_empty() {
            all.policies = totals.policies;
        }
    }
    all.last_stops.sort_by_key(|stop| std::cmp::Reverse((stop.at, stop.stream, stop.position)));
    all.last_stops.truncate(LAST_STOPS);
    sort_most_called(&mut all.most_called);
    all.most_called.truncate(MOST_CALLED);
    let mut agencies: BTreeMap<AgencyId, (Option<String>, Figures)> = BTreeMap::new();
    for row in rows.scan(key::ALL_FIGURES) {
        let (key, value) = row?;
        let figures: Figures = postcard::from_bytes(&value).map_err(unreadable)?;
        all.totals.add(&figures);
        agencies.entry(agency_of(&key, 4)?).or_default().1.add(&figures);
    }
    for row in rows.scan(key::ALL_AGENCIES) {
        let (key, value) = row?;
        agencies.entry(agency_of(&key, 1)?).or_default().0 =
            Some(String::from_utf8_lossy(&value).into_owned());
    }
    let entry = |(agency, (name, figures))| AgencyFigures { agency, name, figures };
    all.agencies = agencies.into_iter().map(entry).collect();
    Ok(all)
}

fn agency_of(key: &[u8], from: usize) -> Result<AgencyId, StoreError> {
    let number = key.get(from..).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
    number.map(AgencyId).ok_or_else(|| StoreError("an agency's key does not read".to_owned()))
}
