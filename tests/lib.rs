//! What the tests of the whole share.

#![allow(clippy::missing_panics_doc, reason = "test support panics to fail the test")]

pub mod evidence;
pub mod honoured;
pub mod linear_program;
pub mod load;
pub mod market;
pub mod nats_server;
pub mod program;
pub mod site;
