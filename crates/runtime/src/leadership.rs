//! Who leads a partition. A lease says who should; the `Elected` record in the log says who does; the
//! log's slot check makes a stale leader harmless. So a lease that errs costs time, never correctness.

use std::time::Duration;

use async_trait::async_trait;
use events::{Decider, StreamId};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::mailbox::Mailbox;

/// How long giving a lease back may take.
const RELEASE_WITHIN: Duration = Duration::from_secs(1);

/// Grants the right to try to lead.
#[async_trait]
pub trait Leadership: Send + Sync {
    /// Waits until this instance should lead the partition.
    async fn acquire(&self, stream: StreamId) -> Lease;
}

/// The right to lead, until it is lost. Dropping it gives it back.
pub struct Lease {
    lost: watch::Receiver<bool>,
    keeper: Option<Box<dyn Send + Sync>>,
    returned: Option<JoinHandle<()>>,
}

impl Lease {
    /// A lease that `keeper` renews and gives back when dropped; `lost` turns true when it is gone.
    pub fn kept(lost: watch::Receiver<bool>, keeper: Box<dyn Send + Sync>) -> Self {
        Self { lost, keeper: Some(keeper), returned: None }
    }

    /// With the task that ends when the lease has been given back.
    pub fn returned_by(self, task: JoinHandle<()>) -> Self {
        Self { returned: Some(task), ..self }
    }

    /// Gives it back, and waits a moment for that, so that another instance need not wait for its end.
    pub(crate) async fn release(self) {
        drop(self.keeper);
        if let Some(returned) = self.returned {
            // If it takes longer, the lease runs out by itself.
            drop(tokio::time::timeout(RELEASE_WITHIN, returned).await);
        }
    }

    /// Returns when the lease is lost.
    pub(crate) async fn lost(&mut self) {
        if self.lost.wait_for(|lost| *lost).await.is_err() {
            // No keeper, nothing to lose.
            std::future::pending::<()>().await;
        }
    }
}

/// The only process there is: it always leads. The embedded store lets nobody else in.
#[derive(Debug, Clone, Copy)]
pub struct SoleInstance;

#[async_trait]
impl Leadership for SoleInstance {
    async fn acquire(&self, _stream: StreamId) -> Lease {
        let (_, lost) = watch::channel(false);
        Lease { lost, keeper: None, returned: None }
    }
}

/// Told when this instance begins to serve a partition; what it returns is dropped when it ceases.
#[async_trait]
pub trait Announce<D: Decider>: Send + Sync {
    /// The partition is led here now; orders for it go to `mailbox`. `None`: nobody could reach it, so another
    /// instance should lead.
    async fn leading(&self, stream: StreamId, mailbox: Mailbox<D>) -> Option<Box<dyn Send + Sync>>;
}
