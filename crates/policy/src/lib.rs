//! Rule packs: the law as data. Pure: text in, rules out.
//!
//! A pack is a TOML text (`proto/policy.md`), checked in under `packs/` for the laws that we know, or written by
//! a lender or an agency that wants to be stricter. [`pack`] has its types.
//!
//! **Architecture invariant:** no clock, no I/O; judging is the gate's.

mod error;
pub mod pack;
mod packs;
mod parse;
pub mod sets;
pub mod span;
mod words;

pub use error::{PackError, Problem};
pub use pack::Pack;
pub use packs::{packs, text, texts};
pub use parse::{RULES_MAX, TEXT_BYTES_MAX, parse};
