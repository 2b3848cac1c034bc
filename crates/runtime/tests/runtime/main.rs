//! The runtime under retries, faults, crashes, takeovers and restarts.
//!
//! Histories with faults run on one thread under paused time, so a seed is a history. A failing seed
//! prints the command that runs it again.

mod capped;
mod command_ids;
mod crashes;
mod durability;
mod held_log;
mod leaders;
mod managers;
mod pressure;
mod recovery;
mod refusals;
mod stage;
mod time;
