//! The program: command line, configuration, composition, demonstration.

pub mod cli;
mod client;
pub mod commands;
pub mod config;
pub mod demo;
mod failure;
pub mod logging;
pub mod managers;
pub mod node;
mod standings;

/// A fifth of the processor time of an import was spent in the C library's allocator (measured; benches/import.rs).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
