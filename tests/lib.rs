//! What the tests of the whole share.

#![allow(clippy::missing_panics_doc, reason = "test support panics to fail the test")]

pub mod nats_server;
