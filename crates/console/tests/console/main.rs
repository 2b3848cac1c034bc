//! The pages over real services on a log in memory, as a browser without JavaScript sees them.

#[path = "../../../api/tests/api/given.rs"]
#[allow(dead_code, reason = "the API's tests use more of it")]
mod given;

mod browser;
mod called_person;
mod collector;
mod sessions;
mod supervisor;
