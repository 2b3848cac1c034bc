//! Permits: requested, reserved, redeemed, settled, expired.
//!
//! ```text
//! requested ─► reserved ─► redeemed ─► settled
//!                  └─► expired | voided by a stop
//! ```

use events::gate::{
    GateEvent, PermitExpiredV1, PermitRedeemedV1, PermitRefusedV2, PermitRequest, PermitReservedV2,
    PermitSettledV2, PermitVoidedV1, RefusalsRepeatedV1, RefusedByV2, ShareV1, Tightest,
};
use events::{Code, Now, Position, Reason, Refusal, Tally};
use model::{CaseId, ContactPointId, Outcome, Timestamp};

use crate::State;
use crate::attempts::Stage as Attempted;
use crate::judge::{Facts, Judgement};
use crate::permits::{Permit, Stage};
use crate::person::Talk;
use crate::record::{DEBTS_MAX, spoke};

/// How long a permit may wait to be redeemed: a minute.
pub const PERMIT_TTL_MS: i64 = 60_000;

/// A redeemed permit that nobody settled is settled as unknown after this long: 4 hours.
pub const SETTLE_AFTER_MS: i64 = 4 * 3_600_000;

/// Most permits that one tick expires, and most that it settles; the rest waits for the next.
pub const TICK_EVENTS_MAX: usize = 4096;

/// Reserves, or refuses and records it, or finds that the refusal is recorded.
pub(crate) fn request(state: &State, asked: &PermitRequest, now: Now) -> Result<Vec<GateEvent>, Refusal> {
    crate::share::none_needed(state, asked)?;
    let expires_at = now.at.plus_ms(PERMIT_TTL_MS);
    Ok(vec![match judged(state, asked, now)? {
        Judged::Allowed(policy, tightest) => {
            let asked = asked.clone();
            GateEvent::PermitReserved(PermitReservedV2 { asked, policy, expires_at, tightest })
        }
        Judged::Refused(refused) => refused,
    }])
}

/// What the rules that are asked in this partition make of a request.
pub(crate) enum Judged {
    /// By these rules; the frequency rule that leaves least.
    Allowed(Position, Option<Tightest>),
    /// To be recorded.
    Refused(GateEvent),
}

pub(crate) fn judged(state: &State, asked: &PermitRequest, now: Now) -> Result<Judged, Refusal> {
    if asked.also.len() > DEBTS_MAX {
        let detail = format!("expected at most {DEBTS_MAX} other debts, got {}", asked.also.len());
        return Err(Reason::detail(Code::MALFORMED, detail).into());
    }
    let Judgement { reasons, next_allowed, tightest } = Facts::gather(state, asked, now).judge();
    let (Some(policy), true) = (state.policies.position(), reasons.is_empty()) else {
        return refuse(state, asked, now, reasons, next_allowed).map(Judged::Refused);
    };
    Ok(Judged::Allowed(policy, tightest))
}

fn refuse(
    state: &State,
    asked: &PermitRequest,
    now: Now,
    reasons: Vec<Reason>,
    next_allowed: Option<Timestamp>,
) -> Result<GateEvent, Refusal> {
    let repeats = state.refusals.repeated(asked, &reasons, || day_start(state, asked.contact, now.at));
    if repeats.is_some() {
        return Err(Refusal { reasons, next_allowed, repeats });
    }
    Ok(GateEvent::PermitRefused(PermitRefusedV2 {
        asked: asked.clone(),
        policy: state.policies.position(),
        reasons: reasons.iter().map(RefusedByV2::from).collect(),
        next_allowed,
    }))
}

/// The start of the day in the contact's first zone, or in UTC.
fn day_start(state: &State, contact: ContactPointId, now: Timestamp) -> Timestamp {
    const DAY_MS: i64 = 86_400_000;
    let zones = state.contacts.get(&contact).map(|contact| contact.zones).unwrap_or_default();
    let clock = state.zones.clocks(zones).next();
    clock.map_or(Timestamp(now.0.div_euclid(DAY_MS) * DAY_MS), |clock| clock.day_start(now))
}

/// The call is placed now: every rule is asked again, as of now; what has changed since the reservation counts.
pub(crate) fn redeem(
    state: &State,
    contact: ContactPointId,
    permit: Position,
    call: [u8; 16],
    shares: Option<(&[ShareV1], Timestamp)>,
    now: Now,
) -> Result<Vec<GateEvent>, Refusal> {
    let found = state.permits.get(contact, permit)?;
    if !usable(found, call)? {
        return Ok(Vec::new());
    }
    crate::share::all_redeemed(state, permit, shares, now)?;
    let reasons = used(state, permit, found, now)?;
    if reasons.is_empty() {
        return Ok(vec![GateEvent::PermitRedeemed(PermitRedeemedV1 { contact, permit, call })]);
    }
    // A permit never outlives the wait for anything: ask for a new one.
    Err(Refusal { reasons, next_allowed: None, repeats: None })
}

/// Whether it waits to be used; false: it was, by this call.
pub(crate) fn usable(found: &Permit, call: [u8; 16]) -> Result<bool, Refusal> {
    match found.stage {
        Stage::Waiting => Ok(true),
        Stage::Redeemed { call: used, .. }
        | Stage::Placing { call: used, .. }
        | Stage::Settled { call: used, .. }
            if used == call =>
        {
            Ok(false)
        }
        Stage::Redeemed { .. } | Stage::Placing { .. } | Stage::Settled { .. } => {
            Err(Code::PERMIT_USED.into())
        }
        Stage::Expired => Err(Code::PERMIT_EXPIRED.into()),
        Stage::Voided => Err(Code::PERMIT_VOIDED.into()),
    }
}

/// Why a permit or a share may not be used now.
pub(crate) fn used(
    state: &State,
    permit: Position,
    found: &Permit,
    now: Now,
) -> Result<Vec<Reason>, Refusal> {
    let Some(asked) = &found.asked else { return Err(Code::PERMIT_UNKNOWN.into()) };
    let facts = Facts { but: Some(permit), ..Facts::gather(state, asked, now) };
    let mut reasons = facts.reasons().reasons;
    if reasons.iter().any(|reason| reason.code == Code::STOPPED) {
        reasons.push(Reason::new(Code::PERMIT_VOIDED));
    }
    if now.trusted && now.at > found.expires_at {
        reasons.push(Reason::new(Code::PERMIT_EXPIRED));
    }
    reasons.sort_unstable_by_key(|reason| (reason.code, reason.rule));
    Ok(reasons)
}

/// From here on it can never be used.
pub(crate) fn void(
    state: &State,
    contact: ContactPointId,
    permit: Position,
) -> Result<Vec<GateEvent>, Refusal> {
    match state.permits.get(contact, permit)?.stage {
        Stage::Waiting => {
            Ok(vec![GateEvent::PermitVoided(PermitVoidedV1 { contact, permit, stop_before: 0 })])
        }
        Stage::Expired | Stage::Voided => Ok(Vec::new()),
        Stage::Redeemed { .. } | Stage::Placing { .. } | Stage::Settled { .. } => {
            Err(Code::PERMIT_USED.into())
        }
    }
}

/// What became of the call.
pub(crate) fn settle(
    state: &State,
    contact: ContactPointId,
    permit: Position,
    outcome: Outcome,
    toward: &[CaseId],
    discussed: &[CaseId],
) -> Result<Vec<GateEvent>, Refusal> {
    let found = state.permits.get(contact, permit)?;
    match found.stage {
        Stage::Redeemed { .. } => {}
        Stage::Settled { outcome: first, .. } if first == outcome => return Ok(Vec::new()),
        Stage::Settled { outcome: first, .. } => {
            let detail = format!("expected {first}, as settled before, got {outcome}");
            return Err(Reason::detail(Code::ALREADY_SETTLED, detail).into());
        }
        Stage::Waiting | Stage::Placing { .. } => return Err(Code::PERMIT_NOT_REDEEMED.into()),
        Stage::Expired => return Err(Code::PERMIT_EXPIRED.into()),
        Stage::Voided => return Err(Code::PERMIT_VOIDED.into()),
    }
    // What was not counted when it was reserved may not be counted afterwards: that could pass a cap.
    let debts: Vec<CaseId> = found.asked.iter().flat_map(|asked| debts(asked)).collect();
    let counted = if toward.is_empty() { &debts } else { toward };
    let known = toward.iter().all(|debt| debts.contains(debt));
    if !known || toward.len() > DEBTS_MAX || !discussed.iter().all(|debt| counted.contains(debt)) {
        let detail = "expected debts among those that the permit was asked for, got others";
        return Err(Reason::detail(Code::MALFORMED, detail).into());
    }
    Ok(vec![settled(contact, permit, outcome, toward.to_vec(), discussed.to_vec())])
}

pub(crate) fn debts(asked: &PermitRequest) -> impl Iterator<Item = CaseId> {
    std::iter::once(asked.case).chain(asked.also.iter().copied())
}

fn settled(
    contact: ContactPointId,
    permit: Position,
    outcome: Outcome,
    toward: Vec<CaseId>,
    discussed: Vec<CaseId>,
) -> GateEvent {
    let given_back = outcome.unconnected();
    GateEvent::PermitSettled(PermitSettledV2 { contact, permit, outcome, toward, discussed, given_back })
}

/// A contact that was made: by a permit of this partition, or by one elsewhere whose share is here.
pub(crate) struct Finished<'a> {
    pub contact: ContactPointId,
    /// The permit's place, or the share's.
    pub position: Position,
    pub at: Timestamp,
    pub outcome: Outcome,
    pub toward: &'a [CaseId],
    pub discussed: &'a [CaseId],
}

/// Takes an outcome in.
pub(crate) fn was_settled(state: &mut State, settled: &PermitSettledV2, now: Timestamp) {
    let Some((at, asked)) = state.permits.settle(settled.permit, settled.outcome, now) else { return };
    let &PermitSettledV2 { contact, permit: position, outcome, ref toward, ref discussed, .. } = settled;
    was_made(state, &Finished { contact, position, at, outcome, toward, discussed }, asked);
}

/// What it counts toward, and what was spoken about.
pub(crate) fn was_made(state: &mut State, made: &Finished<'_>, asked: Option<Box<PermitRequest>>) {
    let &Finished { contact: id, position, at, outcome, toward, discussed } = made;
    let stage = Attempted::Made(outcome);
    if let Some(contact) = state.contacts.get_mut(&id) {
        contact.change(position, |attempt| {
            (attempt.stage, attempt.at) = (stage, at);
            attempt.attributed |= !toward.is_empty();
        });
        if stage.reached() {
            contact.reached(at);
        }
    }
    if !toward.is_empty() {
        state.attributions.insert(position, toward.into());
    }
    let Some(asked) = asked.filter(|_| outcome == Outcome::Conversation) else { return };
    let Some(case) = state.cases.number(&asked.case) else { return };
    let link = state.contacts.get(&id).and_then(|contact| contact.link(case));
    let Some(person) = link.and_then(|link| state.persons.id(link.person)) else { return };
    let discussed = match (discussed, toward) {
        ([], []) => debts(&asked).collect(),
        ([], toward) => toward.to_vec(),
        (discussed, _) => discussed.to_vec(),
    };
    let PermitRequest { case, agency, channel, .. } = *asked;
    let talk = |debt| Talk { at, position, contact: id, debt, case, agency, channel };
    spoke(state, person, discussed.into_iter().map(talk).collect());
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
    let expired = state.permits.lapsed(now.at).map(|(found, permit)| match state.shares.home(permit) {
        Some(home) => crate::share::expired(home, found.contact, permit),
        None => GateEvent::PermitExpired(PermitExpiredV1 { contact: found.contact, permit }),
    });
    events.extend(expired.take(TICK_EVENTS_MAX));
    let left = state.permits.unsettled(now.at, SETTLE_AFTER_MS);
    let left = left.map(|(found, permit)| match state.shares.home(permit) {
        Some(home) => crate::share::unknown(home, found.contact, permit, found.expires_at),
        None => settled(found.contact, permit, Outcome::Unknown, Vec::new(), Vec::new()),
    });
    events.extend(left.take(TICK_EVENTS_MAX));
    events
}
