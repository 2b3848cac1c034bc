//! The gate, told as given / when / then, and against an oracle.

mod caps;
mod hours;
mod oracle;
mod permits;
mod policies;
mod refusals;
mod roles;
mod scenario;
mod stops;
