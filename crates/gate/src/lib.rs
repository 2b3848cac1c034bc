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
//! and for all contact points that a scope spans; a permit is redeemed once, by its `expires_at`; contacts are kept as long as
//! some rule in force may count them, so a pack that looks back further than those before it knows of older contacts only
//! what is left.
//!
//! # Why it cannot be passed over several partitions
//!
//! A contact point, its person and its case may lie in three partitions, each with a writer and a clock of its own. A rule is
//! asked in one of them, the one that knows all that it counts: where its scope names the contact point, the contact point's
//! own; else the person's home, or the case's ([`homes`]). A permit for a contact point elsewhere stands on a *share* at each
//! home, an entry among the home's attempts that counts as a permit does. The contact point's partition gives no permit
//! without them ([`events::Code::SHARE_MISSING`]), and lets none be used before each was redeemed.
//!
//! So take a rule, the home H that asks it, and a window W as above, in the times at which the contacts were made, as the
//! contact points' own partitions have them. Every contact of W has a redeemed share in H's log. Let the last of them, in
//! H's order, be judged by H at s, and its contact be made at r. Then s is not after r: its partition refuses a redemption
//! before the time at which H judged ([`events::gate::RedeemShared::since`]), by whichever clock. So the window that H judged
//! by, which ends at s, begins no later than W. Each other contact of W had a redeemed share already, and H counts it in that
//! window: once H was told when the contact was made, at that time, which is in W; until then at its share's `expires_at`,
//! which is not before it was made, and whatever H's own clock says. They were fewer than N, with the last one at most N.
//!
//! Three things keep that true while parts fail. A redeemed share is given up only when its permit can no longer be used: by
//! what its partition recorded of it (voided, expired), never by H's own time; after four hours without word it counts as
//! made, with an unknown outcome, until word comes. What becomes of a permit is told the shares by a process manager that
//! follows the permit's log, exactly once, also if whoever asked is gone. And a home is asked only about what it was told:
//! who is behind the contact point now, and every zone and region, are compared with what the contact point's own partition
//! says ([`events::Code::HOME_BEHIND`]). Whoever drives the steps ([`Course`]) is trusted with their order and nothing else.
//!
//! What errs to silence: a share that waits counts at its home for a minute though its permit was never given; a contact that
//! is being made may count in a window that begins within that minute; what a conversation may have ended (a consent by a
//! pack's terms) covers nothing where the person is not at home. What a debtor's home for a case
//! does not know, contacts for other cases that reached the debtor, it is told before it is asked whether the debtor is out of
//! contact.
//!
//! **Architecture invariant:** no clock, no randomness, no I/O; the time zone database is the bundled one.

mod adoption;
mod arena;
mod askers;
mod attempts;
mod consent;
mod contact;
mod course;
mod decider;
mod expected;
mod figures;
mod hold;
mod homes;
mod hours;
mod judge;
mod link;
mod maps;
mod marks;
mod number;
mod permit;
mod permits;
mod person;
mod policies;
mod query;
mod record;
mod refusals;
mod regions;
mod registry;
mod roll;
mod share;
mod state;
mod stop;
mod zone;

pub use course::{Course, Denied, Granted, Redeem, Request, Settle, Step, Tell, Told, merged};
pub use decider::Gate;
pub use homes::{Home, homes};
pub use permit::{PERMIT_TTL_MS, SETTLE_AFTER_MS, TICK_EVENTS_MAX};
pub use refusals::STRANGERS_MAX;
pub use state::State;
