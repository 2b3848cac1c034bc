//! The gate, told as given / when / then, and against an oracle.

mod caps;
mod content;
mod cool_down;
mod exceptions;
mod explain;
mod fresh;
mod holds;
mod hours;
mod interval;
mod lines;
mod numbers;
mod oracle;
mod permits;
mod policies;
mod purposes;
mod records;
mod redemption;
mod refusals;
mod regions;
mod replies;
mod roles;
mod scenario;
mod scopes;
mod standing;
mod stops;
mod windows;
