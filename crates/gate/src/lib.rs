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
//! Take any window W: a calendar day of one of the contact's zones, or seven consecutive ones. Of the attempts
//! redeemed in W, let the one reserved last be reserved at t and redeemed at r ≥ t. Each other one was reserved
//! before t, and at t it either waited, and counted, or had been redeemed, at a time in W before t. In that case t
//! lies in W, and the window judged at t (its day, or that day and the six before) begins no later than W does
//! where W is the day of t, and no later than six days before r where W is seven days; so it counted too. If t lies before W, all
//! others redeemed in W still waited at t, and counted. So when the last one was reserved, all the others had been
//! counted, and together with it they were at most the cap.
//!
//! The argument needs what the code does: time never runs backwards within the log ([`events::Now`]), one writer
//! decides for a contact point, and redeeming re-checks nothing that could be counted twice.
//!
//! **Architecture invariant:** no clock, no randomness, no I/O; the time zone database is the bundled one.

mod decider;
mod figures;
mod hours;
mod link;
mod maps;
mod permit;
mod policy;
mod query;
mod refusals;
mod rules;
mod state;
mod stop;
mod window;
mod zone;

pub use decider::Gate;
pub use permit::{SETTLE_AFTER_MS, TICK_EVENTS_MAX};
pub use policy::{PolicyError, strict, validate};
pub use refusals::STRANGERS_MAX;
pub use state::State;
