//! Importing a lender's file: read, seal, give to the ledger, in constant memory.
//!
//! ```text
//! reader ──► parse (a thread) ──2 batches──► seal (threads, 3 at once) ──► ledger (4 submissions in flight)
//! ```
//!
//! Batches keep the file's order. Every stage waits for the next, so a file of any size takes the same memory. Within
//! a run a row has one command id however often it is sent; across runs the ledger knows a case by its reference and
//! the row's digest, so the same file twice changes nothing.
//!
//! - `file`, `report`: what is asked for, and what became of it. `check`: the report without the import.
//! - `run`: the stages. `command`: what each kind of row leads to; `prepare`: that of a new case.

mod check;
mod command;
mod digesting;
mod file;
mod prepare;
mod report;
mod run;
pub(crate) mod sealed;

pub use check::check_file;
pub(crate) use command::Run;
pub use file::FileImport;
pub use report::{ImportReport, Progress, ROW_ERRORS_KEPT, Refused};
pub(crate) use run::run;
