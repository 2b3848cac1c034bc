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
