//! Rule packs: the law as data. Pure: text in, rules out.
//!
//! A pack is a TOML text (`proto/policy.md`), checked in under `packs/` for the laws that we know, or written by
//! a lender or an agency that wants to be stricter. [`pack`] has its types. [`parse`] reads one, [`packs`] has the
//! checked-in ones, [`check_addition`] keeps additions from loosening, [`diff`] compares versions, and
//! [`Pack::describe`] says it in sentences.
//!
//! **Architecture invariant:** no clock, no I/O; judging is the gate's.

mod addition;
mod describe;
mod diff;
mod error;
mod notation;
pub mod pack;
mod packs;
mod parse;
pub mod sets;
pub mod span;
mod strictness;
mod times_open;
mod words;

pub use addition::{Loosening, Weaker, check_addition};
pub use diff::{Change, diff};
pub use error::{PackError, Problem};
pub use pack::Pack;
pub use packs::{packs, text, texts};
pub use parse::{RULES_MAX, TEXT_BYTES_MAX, parse};
pub use strictness::{Difference, Direction};
