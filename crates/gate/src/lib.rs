//! The gate's decider: permits, caps, hours, stops. Pure.
//!
//! The key is the contact point. Every attempt on it counts, whatever case, lender, agency, collector, line or
//! channel it was made for. A request is judged by every rule, and each rule that refuses is named; what cannot be
//! judged is refused.
//!
//! # Why a cap cannot be passed
//!
//! A permit counts from its reservation on. While it waits it counts in every window, whatever their dates; once
//! redeemed it counts at the moment of redemption; unredeemed after `expires_at`, or voided, it no longer counts
//! and can no longer be redeemed.
//!
//! Take any window W, a calendar day of one of the contact's zones or seven consecutive ones, and of the attempts
//! redeemed in W the one that was reserved last: reserved at t, redeemed at r, with t ≤ r and r in W. Each other
//! one was reserved before t. At t it either still waited, and counted; or it had been redeemed before t. Then t
//! lies between that redemption and r, so in W, and the window that was judged at t (the day of t, or that day and
//! the six before) begins no later than W does; so it counted too. All others had therefore been counted when the
//! last one was reserved, and together with it they were at most the cap.
//!
//! The argument needs what the code and its surroundings do: time never runs backwards within a log
//! ([`events::Now`]), one writer decides for a contact point, and a permit is redeemed once, by its `expires_at`. It
//! holds for the zones and the cap in force when the last one was reserved.
//!
//! **Architecture invariant:** no clock, no randomness, no I/O; the time zone database is the bundled one.

mod adoption;
mod attempts;
mod consent;
mod contact;
mod decider;
mod figures;
mod hold;
mod hours;
mod judge;
mod link;
mod maps;
mod number;
mod permit;
mod person;
mod policies;
mod query;
mod record;
mod refusals;
mod regions;
mod registry;
mod state;
mod stop;
mod zone;

pub use decider::Gate;
pub use permit::{PERMIT_TTL_MS, SETTLE_AFTER_MS, TICK_EVENTS_MAX};
pub use refusals::STRANGERS_MAX;
pub use state::State;
