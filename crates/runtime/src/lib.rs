//! The shell around the deciders: single-writer partitions, group commit, recovery, process managers,
//! projections, leadership.
//!
//! **Architecture invariant:** all concurrency and all clocks live here; the deciders know neither.

mod bulk;
mod call;
mod clock;
mod command_index;
mod digest;
mod follow;
mod leadership;
mod mailbox;
pub mod manager;
mod metrics;
pub mod nats;
mod partition;
mod places;
mod port;
pub mod projection;
mod replica;
mod service;
mod snapshot;

pub use bulk::BulkWork;
pub use clock::{Clock, DrivenClocks, SimulatedClock, SystemClock};
pub use follow::Follower;
pub use leadership::{Announce, Leadership, Lease, SoleInstance};
pub use mailbox::Mailbox;
pub use metrics::Metrics;
pub use port::{Answered, Order, PartitionPort, Port};
pub use replica::{RecoveryError, Replica};
pub use service::{Options, Service, Surroundings};
