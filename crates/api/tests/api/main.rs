//! The platform and its HTTP routes, over real services on a log in memory.

mod case_money;
mod given;
mod http;
mod imports;
mod permits;
mod sign_in;
mod tenancy;
