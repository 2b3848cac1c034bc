//! The platform and its HTTP routes, over real services on a log in memory.

mod case_money;
mod explain;
mod given;
mod holds;
mod http;
mod http_gate;
mod imports;
mod ledger;
mod partitions;
mod permits;
mod sign_in;
mod tenancy;
