//! The gate's decider: permits, caps, hours, stops. Pure.
//!
//! The key is the contact point. A request is judged by every rule of every pack that applies, and by the gate's own;
//! each rule that refuses is named; what cannot be judged is refused. Every rule is asked twice: when the permit is
//! reserved, and again when it is redeemed, as of then.
//!
//! # Why a cap cannot be passed
//!
//! A rule allows at most N contacts that agree in its scope within a window. A contact counts from the reservation of
//! its permit on: while the permit waits, in every window, whatever their dates; once redeemed, at the moment of
//! redemption. A permit that lapsed or was voided counts no more and can no longer be redeemed.
//!
//! Take any window W of the rule's kind, in one of the contact point's zones: n consecutive calendar days, a week, a
//! month, a rolling length, or ever. Of the contacts redeemed in W that count, let the last be redeemed at r. It was
//! judged at r with itself left out, by the window of that kind which ends at r. That one begins no later than W does:
//! the n days up to the day of r are the earliest n that contain it, weeks and months are the same, and the rolling
//! one reaches its whole length back. So every other contact of W was counted, and they were fewer than N; with the
//! last one they are at most N.
//!
//! Reservations count so that permits are not given that could not all be used; the argument does not need them.
//!
//! What counted when it was judged may count less later, never more: an outcome takes a contact out (it never reached
//! the number; it was a conversation; nothing was conveyed), and a settlement names debts only among those that the
//! request named. More may count only by facts that the gate did not have: a contact recorded late, a consent taken
//! back from an earlier date, a number shown to be another person's, a zone or a link or a pack that came later. A late
//! contact and what it breaks are recorded as a finding; nobody can be kept from what was done already.
//!
//! The argument needs what surrounds it: time never runs backwards within a log ([`events::Now`]); one writer decides,
//! and for all contact points that a scope spans (a person's numbers in several partitions are counted in each alone);
//! a permit is redeemed once, by its `expires_at`; contacts are kept as long as some rule in force may count them, so
//! a pack that looks back further than those before it knows of older contacts only what is left.
//!
//! **Architecture invariant:** no clock, no randomness, no I/O; the time zone database is the bundled one.

mod adoption;
mod arena;
mod askers;
mod attempts;
mod consent;
mod contact;
mod decider;
mod expected;
mod figures;
mod hold;
mod hours;
mod judge;
mod link;
mod maps;
mod marks;
mod number;
mod permit;
mod person;
mod policies;
mod query;
mod record;
mod refusals;
mod regions;
mod registry;
mod roll;
mod state;
mod stop;
mod zone;

pub use decider::Gate;
pub use permit::{PERMIT_TTL_MS, SETTLE_AFTER_MS, TICK_EVENTS_MAX};
pub use refusals::STRANGERS_MAX;
pub use state::State;
