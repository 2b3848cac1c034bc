//! Projections: read models built from logs and kept in sled. They never emit commands.
//!
//! A projection has one instance per stream. Each takes its stream's records in order, many at a time, and
//! puts rows; its rows and its cursor (the [`Chain`](eventlog::chain::Chain) after the last record taken) are
//! stored in one batch of one sled tree. Instances share the tree, so each must put rows under keys of its own.
//!
//! # What the store is trusted with
//!
//! Nothing: it can always be built again from the log.
//!
//! - *Consistency.* sled 0.34 recovers a prefix of its own log, and a batch whole or not at all: `apply_batch`
//!   writes a manifest ahead of the batch's pages that names the batch's last byte, and recovery stops before a
//!   manifest whose last byte is not there (`RecoveryGuard` in sled's `pagecache`). So after kill -9 the rows
//!   are those of the cursor, some batches back.
//! - *Durability.* None is asked for: sled writes when a segment is full and when it is closed. What a crash
//!   loses is taken from the log again.
//! - *Damage.* sled's own checks end in an error, a panic or a shorter prefix. A store that does not open, fails
//!   to read or whose cursor does not fit the log is moved aside to `<directory>.damaged-<n>` and a new generation is
//!   built beside it, in `<directory>/<m + 1>`; each is counted in `forbear_projections_rebuilt_total`. A store of another
//!   [`Projection::GENERATION`] is not damaged: it is deleted and built anew.
//! - *One process a directory*, by a lock on `<directory>/lock`.

mod directory;
mod projector;
mod rows;

pub use directory::OpenError;
pub use projector::{BehindError, Projector, StreamLag};
pub use rows::{Reader, Row, Rows, StoreError};

/// The log, as those above the runtime see it.
pub use eventlog as log;

use events::{Record, StreamId};

/// A read model of one stream.
pub trait Projection: Sized + Send + 'static {
    /// Its name in metrics.
    const NAME: &'static str;
    /// The shape of its rows. Another number makes older stores be built anew.
    const GENERATION: u32;
    /// What instances share with each other and with the outside.
    type Context: Clone + Send + Sync + 'static;

    /// Goes on from the rows that are stored, or begins where there are none.
    fn resume(stream: StreamId, context: &Self::Context, rows: &Reader) -> Result<Self, StoreError>;

    /// Takes the next record. `rows` holds what was stored before the current batch; what this batch has put
    /// into `changed` is not in it yet. Errors are the store's: they lead to a rebuild. What a record
    /// holds that cannot be shown is passed over.
    fn apply(&mut self, record: &Record<'_>, rows: &Reader, changed: &mut Rows) -> Result<(), StoreError>;

    /// The batch ends here: puts what was gathered in memory.
    fn flush(&mut self, changed: &mut Rows);
}
