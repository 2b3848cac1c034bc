//! Permits: requested, reserved, redeemed, settled, expired.
//!
//! ```text
//! requested ─► reserved ─► redeemed ─► settled
//!                  └─► expired | voided by a stop
//! ```

use std::collections::VecDeque;

use events::gate::{
    GateEvent, PermitExpiredV1, PermitRedeemedV1, PermitRefusedV1, PermitRequest, PermitReservedV1,
    PermitSettledV1, RefusalsRepeatedV1, RefusedByV1,
};
use events::{Code, Now, Position, Reason, Refusal, Tally};
use model::{AgencyId, CaseId, ContactPointId, Outcome, Timestamp};
use serde::{Deserialize, Serialize};

use crate::maps::ByPosition;
use crate::rules::{Facts, Judgement};
use crate::{State, hours, window};

/// A redeemed permit that nobody settled is settled as unknown after this long: 4 hours.
pub const SETTLE_AFTER_MS: i64 = 4 * 3_600_000;

/// Most permits that one tick expires, and most that it settles; the rest waits for the next.
pub const TICK_EVENTS_MAX: usize = 4096;

/// A closed permit is remembered this long, so that retries find their answer: 24 hours.
const REMEMBER_MS: i64 = 24 * 3_600_000;

/// Most closed permits that are remembered.
const REMEMBER_MAX: usize = 1 << 20;

/// Permits that wait, are in use, or closed lately.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Permits {
    by_position: ByPosition<Permit>,
    /// By time of expiry, but for a policy that shortened it: such a permit is dead in time, its evidence comes later.
    waiting: VecDeque<(Timestamp, Position)>,
    /// By time of redemption.
    dialing: VecDeque<(Timestamp, Position)>,
    /// By time of closing.
    closed: VecDeque<(Timestamp, Position)>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Permit {
    contact: ContactPointId,
    case: CaseId,
    agency: AgencyId,
    expires_at: Timestamp,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    Waiting,
    Redeemed { call: [u8; 16], at: Timestamp },
    Settled { call: [u8; 16], at: Timestamp, outcome: Outcome },
    Expired,
    Voided,
}

impl Permits {
    /// Whether a permit waits and may still be redeemed at `now`: so long it counts.
    pub fn waits(&self, permit: Position, now: Timestamp) -> bool {
        let permit = self.by_position.get(&permit);
        permit.is_some_and(|permit| permit.stage == Stage::Waiting && now <= permit.expires_at)
    }

    /// The last moment at which a permit may be redeemed.
    pub fn expires_at(&self, permit: Position) -> Option<Timestamp> {
        self.by_position.get(&permit).map(|permit| permit.expires_at)
    }

    pub fn reserve(&mut self, position: Position, reserved: &PermitReservedV1) {
        let PermitRequest { contact, case, agency, .. } = reserved.asked;
        let expires_at = reserved.expires_at;
        let permit = Permit { contact, case, agency, expires_at, stage: Stage::Waiting };
        self.by_position.insert(position, permit);
        self.waiting.push_back((expires_at, position));
    }

    pub fn redeem(&mut self, permit: Position, call: [u8; 16], at: Timestamp) {
        self.set(permit, Stage::Redeemed { call, at });
        self.dialing.push_back((at, permit));
        self.tidy(at);
    }

    /// Settles a permit; says when it had been redeemed.
    pub fn settle(&mut self, permit: Position, outcome: Outcome, now: Timestamp) -> Option<Timestamp> {
        let Stage::Redeemed { call, at } = self.by_position.get(&permit)?.stage else { return None };
        self.set(permit, Stage::Settled { call, at, outcome });
        self.close(permit, now);
        Some(at)
    }

    pub fn expire(&mut self, permit: Position, now: Timestamp) {
        self.set(permit, Stage::Expired);
        self.close(permit, now);
    }

    pub fn void(&mut self, permit: Position, now: Timestamp) {
        self.set(permit, Stage::Voided);
        self.close(permit, now);
    }

    fn set(&mut self, permit: Position, stage: Stage) {
        if let Some(permit) = self.by_position.get_mut(&permit) {
            permit.stage = stage;
        }
    }

    fn close(&mut self, permit: Position, now: Timestamp) {
        self.closed.push_back((now, permit));
        self.tidy(now);
    }

    /// Drops what the fronts of the queues need no more.
    fn tidy(&mut self, now: Timestamp) {
        let by_position = &self.by_position;
        let stage = |permit: &Position| by_position.get(permit).map(|permit| permit.stage);
        while self.waiting.front().is_some_and(|(_, permit)| stage(permit) != Some(Stage::Waiting)) {
            self.waiting.pop_front();
        }
        let dialing = |stage: Option<Stage>| matches!(stage, Some(Stage::Redeemed { .. }));
        while self.dialing.front().is_some_and(|(_, permit)| !dialing(stage(permit))) {
            self.dialing.pop_front();
        }
        while let Some(&(at, permit)) = self.closed.front()
            && (now.ms_since(at) > REMEMBER_MS || self.closed.len() > REMEMBER_MAX)
        {
            self.closed.pop_front();
            self.by_position.remove(&permit);
        }
    }

    fn get(&self, contact: ContactPointId, permit: Position) -> Result<&Permit, Refusal> {
        let found = self.by_position.get(&permit).filter(|permit| permit.contact == contact);
        found.ok_or_else(|| Code::PERMIT_UNKNOWN.into())
    }
}

/// Reserves, or refuses and records it, or finds that the refusal is recorded.
pub(crate) fn request(state: &State, asked: &PermitRequest, now: Now) -> Result<Vec<GateEvent>, Refusal> {
    let facts = Facts::gather(state, asked, now);
    let Judgement { reasons, next_allowed } = facts.judge();
    let (Some(adopted), Some(counts), true) = (&state.policy, facts.counts, reasons.is_empty()) else {
        return refuse(state, asked, now, reasons, next_allowed);
    };
    let policy = &adopted.policy;
    Ok(vec![GateEvent::PermitReserved(PermitReservedV1 {
        asked: *asked,
        policy: adopted.position,
        expires_at: now.at.plus_ms(policy.permit_ttl_ms.into()),
        day: window::recorded(counts.day + 1, policy.per_day),
        seven_days: window::recorded(counts.seven_days + 1, policy.per_seven_days),
    })])
}

fn refuse(
    state: &State,
    asked: &PermitRequest,
    now: Now,
    reasons: Vec<Reason>,
    next_allowed: Option<Timestamp>,
) -> Result<Vec<GateEvent>, Refusal> {
    let repeats = state.refusals.repeated(asked, &reasons, day_start(state, asked.contact, now.at));
    if repeats.is_some() {
        return Err(Refusal { reasons, next_allowed, repeats });
    }
    Ok(vec![GateEvent::PermitRefused(PermitRefusedV1 {
        asked: *asked,
        policy: state.policy.as_ref().map(|adopted| adopted.position),
        reasons: reasons.iter().map(RefusedByV1::from).collect(),
        next_allowed,
    })])
}

/// The start of the day in the contact's first zone, or in UTC.
fn day_start(state: &State, contact: ContactPointId, now: Timestamp) -> Timestamp {
    const DAY_MS: i64 = 86_400_000;
    let zones = state.contacts.get(&contact).map(|contact| contact.zones).unwrap_or_default();
    let clock = state.zones.clocks(zones).next();
    clock.map_or(Timestamp(now.0.div_euclid(DAY_MS) * DAY_MS), |clock| clock.today(now).start)
}

/// The call is placed now: what can have changed since the reservation is asked again, as of now.
pub(crate) fn redeem(
    state: &State,
    contact: ContactPointId,
    permit: Position,
    call: [u8; 16],
    now: Now,
) -> Result<Vec<GateEvent>, Refusal> {
    let found = state.permits.get(contact, permit)?;
    match found.stage {
        Stage::Waiting => {}
        Stage::Redeemed { call: used, .. } | Stage::Settled { call: used, .. } if used == call => {
            return Ok(Vec::new());
        }
        Stage::Redeemed { .. } | Stage::Settled { .. } => return Err(Code::PERMIT_USED.into()),
        Stage::Expired => return Err(Code::PERMIT_EXPIRED.into()),
        Stage::Voided => return Err(Code::PERMIT_VOIDED.into()),
    }
    let mut reasons = Vec::new();
    let mut refuse_if = |refuses: bool, code: Code| {
        if refuses {
            reasons.push(Reason::new(code));
        }
    };
    let known = state.contacts.get(&contact);
    let link = known.and_then(|known| known.link(found.case));
    refuse_if(known.is_none_or(|known| known.stopped), Code::PERMIT_VOIDED);
    refuse_if(link.is_none_or(|link| link.agency != Some(found.agency)), Code::NOT_PLACED);
    refuse_if(link.is_none_or(|link| link.closed), Code::CONTACT_CLOSED);
    refuse_if(!now.trusted, Code::CLOCK_UNSURE);
    refuse_if(now.trusted && now.at > found.expires_at, Code::PERMIT_EXPIRED);
    if let (Some(adopted), Some(known), true) = (&state.policy, known, now.trusted) {
        let open = hours::open(state.zones.clocks(known.zones), &adopted.policy, now.at);
        refuse_if(!open, Code::OUTSIDE_HOURS);
    }
    if reasons.is_empty() {
        return Ok(vec![GateEvent::PermitRedeemed(PermitRedeemedV1 { contact, permit, call })]);
    }
    reasons.sort_unstable_by_key(|reason| reason.code);
    // A permit never outlives the wait for anything: ask for a new one.
    Err(Refusal { reasons, next_allowed: None, repeats: None })
}

/// What became of the call.
pub(crate) fn settle(
    state: &State,
    contact: ContactPointId,
    permit: Position,
    outcome: Outcome,
) -> Result<Vec<GateEvent>, Refusal> {
    match state.permits.get(contact, permit)?.stage {
        Stage::Redeemed { .. } => Ok(vec![settled(state, contact, permit, outcome)]),
        Stage::Settled { outcome: first, .. } if first == outcome => Ok(Vec::new()),
        Stage::Settled { outcome: first, .. } => {
            let detail = format!("expected {first}, as settled before, got {outcome}");
            Err(Reason::detail(Code::ALREADY_SETTLED, detail).into())
        }
        Stage::Waiting => Err(Code::PERMIT_NOT_REDEEMED.into()),
        Stage::Expired => Err(Code::PERMIT_EXPIRED.into()),
        Stage::Voided => Err(Code::PERMIT_VOIDED.into()),
    }
}

fn settled(state: &State, contact: ContactPointId, permit: Position, outcome: Outcome) -> GateEvent {
    let gives_back = state.policy.as_ref().is_some_and(|adopted| adopted.policy.give_back_unconnected);
    let given_back = gives_back && outcome.unconnected();
    GateEvent::PermitSettled(PermitSettledV1 { contact, permit, outcome, given_back })
}

/// Time passed: counts of repeated refusals, evidence of expiry, and the end of calls that nobody settled.
pub(crate) fn tick(state: &State, repeated: &[(Tally, u32)], now: Now) -> Vec<GateEvent> {
    let counted = repeated.iter().map(|(tally, count)| {
        let contact = ContactPointId(tally.key);
        let codes = state.refusals.codes(contact, tally.first);
        GateEvent::RefusalsRepeated(RefusalsRepeatedV1 { contact, first: tally.first, count: *count, codes })
    });
    let mut events: Vec<GateEvent> = counted.collect();
    if !now.trusted {
        return events;
    }
    let permits = &state.permits;
    let of = |position: &Position| permits.by_position.get(position);
    let expired = permits.waiting.iter().take_while(|(last, _)| *last < now.at);
    let expired = expired.filter_map(|(_, permit)| Some((of(permit)?, *permit)));
    let expired = expired
        .filter(|(found, _)| found.stage == Stage::Waiting)
        .map(|(found, permit)| GateEvent::PermitExpired(PermitExpiredV1 { contact: found.contact, permit }));
    events.extend(expired.take(TICK_EVENTS_MAX));
    let left = permits.dialing.iter().take_while(|(at, _)| now.at.ms_since(*at) > SETTLE_AFTER_MS);
    let left = left.filter_map(|(_, permit)| Some((of(permit)?, *permit)));
    let left = left.filter(|(found, _)| matches!(found.stage, Stage::Redeemed { .. }));
    let left = left.map(|(found, permit)| settled(state, found.contact, permit, Outcome::Unknown));
    events.extend(left.take(TICK_EVENTS_MAX));
    events
}
