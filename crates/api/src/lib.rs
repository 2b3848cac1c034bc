//! Everything that may be asked of Forbear, in one place, and HTTP with JSON on top of it.
//!
//! - [`Platform`]: the commands and questions, with tenancy (P8). The pages, the command line, the demo and HTTP
//!   all use it.
//! - [`Principal`], [`SignIn`], [`PermitToken`]: who asks, and what they hold.
//! - [`portfolio`]: reads a lender's file.
//!
//! The routes are described in `proto/http.md`.
//!
//! **Architecture invariant:** nothing is decided here; personal data is never in a log line, an error or a metric.

mod code_sender;
pub mod http;
mod import;
pub mod json;
mod notice;
mod one_time_code;
mod pace;
mod plan_document;
mod platform;
pub mod portfolio;
mod principal;
mod replay;
pub mod shape;
mod target;
mod token;
mod week_time;

pub use code_sender::{CodeSender, CommandSender, Delivery, DisplayOnly, NoSender, SendError};
pub use import::{FileImport, ImportReport, Progress, ROW_ERRORS_KEPT, Refused, check_file};
pub use notice::{NOTICE, notice};
pub use plan_document::{PlanDocument, PlanProgress, Scores};
pub use platform::*;
pub use principal::Principal;
pub use target::Target;
pub use token::{PermitToken, SignIn};
