//! The placement planner: which agency gets how many cases of which segment, for the most worth.
//!
//! - [`instance`]: segments, agencies, and what each lender allows between them, as numbers.
//! - [`planner`]: the instance as a flow through a network, solved, and read back as shares.
//! - [`simplex`]: the network simplex method.
//! - [`certificate`]: the proof that nothing better exists, which does not rest on the solver.
//!
//! A segment is a set of cases that are alike for every agency, so a million cases are some thousands of
//! segments. Supplies and capacities are whole numbers, and the vertices of a network's polytope are whole
//! where they are, so the best whole plan is the best plan and no rounding is needed.
//!
//! **Architecture invariant:** numbers only; no names, no events, no clock, no chance. The same instance
//! gives the same plan on every machine: no floating point, no hashing.

pub mod certificate;
pub mod instance;
pub mod planner;
mod simplex;

pub use certificate::{Certificate, Prices, Unproven};
pub use instance::{Agency, Choice, Instance, InstanceError, Limit, Segment};
pub use planner::{Plan, Share, plan};
