//! The gate as the simulator runs it: the real decider, a digest of its state, and the ways to break it.

use std::cell::Cell;
use std::collections::BTreeMap;

use events::gate::{
    GateAnswer, GateCommand, GateEvent, GateQuery, GateReply, PermitRedeemedV1, PermitRefusedV2,
    PermitRequest, PermitReservedV2, ShareRedeemedV1, ShareReservedV1, ShareSettledV1,
};
use events::{Code, Decider, Now, Position, Reason, Refusal, Service, Tally};
use gate::{Gate, PERMIT_TTL_MS, State};
use model::{Outcome, PersonId, Timestamp};
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::mutation::{Mutation, in_force};

/// What decides in a simulation.
#[derive(Debug, Clone, Copy)]
pub struct Subject;

/// Its state.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Stored")]
pub struct Kept {
    gate: State,
    /// Where the last event stood that it took in.
    last: Option<Position>,
    /// What a broken gate believes instead; empty in one that is whole.
    believed: State,
    /// Reservations that a broken gate has not counted yet.
    uncounted: BTreeMap<Position, (Timestamp, PermitReservedV2)>,
    /// It was read from a snapshot, and not replayed from the beginning.
    restored: bool,
}

/// What a snapshot has of it.
type Stored = (State, Option<Position>, State, BTreeMap<Position, (Timestamp, PermitReservedV2)>);

impl From<Stored> for Kept {
    fn from((gate, last, believed, uncounted): Stored) -> Self {
        Self { gate, last, believed, uncounted, restored: true }
    }
}

impl Serialize for Kept {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let forgets = in_force() == Some(Mutation::SnapshotsForgetStops);
        let gate = if forgets { &self.believed } else { &self.gate };
        (gate, self.last, &self.believed, &self.uncounted).serialize(serializer)
    }
}

/// What may be asked of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Asked {
    /// What the gate may be asked.
    Gate(GateQuery),
    /// What its state is.
    State,
}

/// What it says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Said {
    /// What the gate says.
    Gate(GateReply),
    /// Where the last event stood, and a digest of the state after it; whether it began from a snapshot.
    State(Fingerprint, bool),
}

/// A state, by its digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Where the last event stood.
    pub last: Option<Position>,
    /// SHA-256 of the state's bytes, in whichever order its maps are.
    pub digest: [u8; 32],
}

impl Kept {
    /// Its fingerprint.
    pub fn fingerprint(&self) -> Fingerprint {
        // Plain data serialises.
        let bytes = crate::canonical::bytes(&self.gate).unwrap_or_default();
        Fingerprint { last: self.last, digest: Sha256::digest(&bytes).into() }
    }
}

impl Decider for Subject {
    const SERVICE: Service = Service::Gate;
    type State = Kept;
    type Command = GateCommand;
    type Event = GateEvent;
    type Answer = GateAnswer;
    type Query = Asked;
    type Reply = Said;

    fn key(command: &GateCommand) -> Option<[u8; 16]> {
        Gate::key(command)
    }

    fn decide(kept: &Kept, command: &GateCommand, now: Now) -> Result<Vec<GateEvent>, Refusal> {
        match in_force() {
            None => Gate::decide(&kept.gate, command, now),
            Some(mutation) => broken(mutation, kept, command, now),
        }
    }

    fn evolve(kept: &mut Kept, event: &GateEvent, at: Timestamp, position: Position) {
        kept.last = Some(position);
        match in_force() {
            None => Gate::evolve(&mut kept.gate, event, at, position),
            Some(mutation) => believe(mutation, kept, event, at, position),
        }
    }

    fn answer(events: &[GateEvent], first: Position) -> GateAnswer {
        Gate::answer(events, first)
    }

    fn query(kept: &Kept, asked: &Asked, now: Now) -> Said {
        match asked {
            Asked::Gate(query) => Said::Gate(Gate::query(&kept.gate, query, now)),
            Asked::State => Said::State(kept.fingerprint(), kept.restored),
        }
    }

    fn tick(repeated: Vec<(Tally, u32)>) -> Option<GateCommand> {
        Gate::tick(repeated)
    }
}

/// Decides as a gate does in which this is broken.
fn broken(
    mutation: Mutation,
    kept: &Kept,
    command: &GateCommand,
    now: Now,
) -> Result<Vec<GateEvent>, Refusal> {
    let request = asked(command).is_some();
    let redemption = matches!(command, GateCommand::RedeemPermit { .. } | GateCommand::RedeemShared(_));
    let other = match mutation {
        Mutation::ReservationsForgotten | Mutation::StopsIgnoredOnRequest => request,
        Mutation::StopsIgnoredOnRedemption => redemption,
        _ => false,
    };
    let state = if other { &kept.believed } else { &kept.gate };
    let now = Now { trusted: now.trusted || mutation == Mutation::ClockTrusted, ..now };
    let mut decided = Gate::decide(state, command, now);
    if known(mutation, state, command, now) {
        return Ok(Vec::new());
    }
    match (mutation, command) {
        (Mutation::RecheckSkipped, _) if redemption => {
            let of_permit = |code: Code| (Code::PERMIT_UNKNOWN..=Code::PERMIT_USED).contains(&code);
            overrule(&mut decided, command, |reasons| !reasons.iter().any(|reason| of_permit(reason.code)));
        }
        (Mutation::ExpiryIgnored, _) if redemption => {
            overrule(&mut decided, command, |reasons| only(reasons, Code::PERMIT_EXPIRED));
        }
        (Mutation::UsedTwice, _) if redemption => {
            overrule(&mut decided, command, |reasons| only(reasons, Code::PERMIT_USED));
        }
        (Mutation::HomesAllowAll, GateCommand::ReserveShare(wanted)) if !matches!(decided, Err(ref refusal) if !caps(&refusal.reasons)) =>
        {
            let (home, asked, policy) = (wanted.home, wanted.asked.clone(), Position(0));
            let expires_at = now.at.plus_ms(PERMIT_TTL_MS);
            let reserved = ShareReservedV1 { home, asked, policy, expires_at, tightest: None };
            decided = Ok(vec![GateEvent::ShareReserved(reserved)]);
        }
        (Mutation::HomesAllowAll, GateCommand::RedeemShare(wanted)) if matches!(decided, Err(ref refusal) if caps(&refusal.reasons)) =>
        {
            let (home, contact, share) = (wanted.home, wanted.link.contact, wanted.share);
            let redeemed = ShareRedeemedV1 { home, contact, share, call: wanted.call, at: now.at };
            decided = Ok(vec![GateEvent::ShareRedeemed(redeemed)]);
        }
        (Mutation::SharesNotNeeded, GateCommand::RequestPermit(asked)) if matches!(decided, Err(ref refusal) if only(&refusal.reasons, Code::SHARE_MISSING)) =>
        {
            let expires_at = now.at.plus_ms(PERMIT_TTL_MS);
            let (asked, policy) = (asked.clone(), Position(0));
            let reserved = PermitReservedV2 { asked, policy, expires_at, tightest: None };
            decided = Ok(vec![GateEvent::PermitReserved(reserved)]);
        }
        (Mutation::PlacementIgnored, GateCommand::RequestPermit(_) | GateCommand::RequestShared(_)) => {
            let Some(asked) = asked(command) else { return decided };
            let reasons = match &decided {
                Ok(events) => match &events[..] {
                    [GateEvent::PermitRefused(PermitRefusedV2 { reasons, .. })] => {
                        reasons.iter().map(Reason::from).collect()
                    }
                    _ => Vec::new(),
                },
                Err(refusal) => refusal.reasons.clone(),
            };
            if only(&reasons, Code::NOT_PLACED) {
                let expires_at = now.at.plus_ms(PERMIT_TTL_MS);
                let (asked, policy) = (asked.clone(), Position(0));
                let reserved = PermitReservedV2 { asked, policy, expires_at, tightest: None };
                decided = Ok(vec![GateEvent::PermitReserved(reserved)]);
            }
        }
        (Mutation::HiddenInput, _) => {
            if let Ok([GateEvent::PermitReserved(reserved), ..]) = decided.as_deref_mut() {
                reserved.expires_at = reserved.expires_at.plus_ms(-hidden());
            }
        }
        (Mutation::NothingExpires, GateCommand::Tick { .. }) => {
            if let Ok(events) = &mut decided {
                events.retain(|event| matches!(event, GateEvent::RefusalsRepeated(_)));
            }
        }
        _ => {}
    }
    decided
}

/// A link that a broken gate took in as another is known to it when that other is: else homes would tell each other of it for
/// ever, and nothing else would be seen.
fn known(mutation: Mutation, state: &State, command: &GateCommand, now: Now) -> bool {
    let (GateCommand::LinkContact(link) | GateCommand::TellHome { link, .. }) = command else { return false };
    let Some(GateEvent::ContactLinked(link)) = changed(mutation, &GateEvent::ContactLinked(link.clone()))
    else {
        return false;
    };
    let believed = match command {
        GateCommand::TellHome { home, .. } => GateCommand::TellHome { home: *home, link },
        _ => GateCommand::LinkContact(link),
    };
    Gate::decide(state, &believed, now).is_ok_and(|events| events.is_empty())
}

/// Only what is counted refuses.
fn caps(reasons: &[Reason]) -> bool {
    let counted = [Code::CAP, Code::DAY_CAP, Code::SEVEN_DAY_CAP, Code::TOO_SOON];
    !reasons.is_empty() && reasons.iter().all(|reason| counted.contains(&reason.code))
}

/// What a permit is asked for.
fn asked(command: &GateCommand) -> Option<&PermitRequest> {
    match command {
        GateCommand::RequestPermit(asked) => Some(asked),
        GateCommand::RequestShared(wanted) => Some(&wanted.asked),
        _ => None,
    }
}

fn only(reasons: &[Reason], code: Code) -> bool {
    !reasons.is_empty() && reasons.iter().all(|reason| reason.code == code)
}

/// Redeems although the gate refused.
fn overrule(
    decided: &mut Result<Vec<GateEvent>, Refusal>,
    command: &GateCommand,
    if_so: impl FnOnce(&[Reason]) -> bool,
) {
    let (contact, permit, call) = match command {
        GateCommand::RedeemPermit { contact, permit, call } => (*contact, *permit, *call),
        GateCommand::RedeemShared(wanted) => (wanted.contact, wanted.permit, wanted.call),
        _ => return,
    };
    if decided.as_ref().is_err_and(|refusal| if_so(&refusal.reasons)) {
        let redeemed = PermitRedeemedV1 { contact, permit, call };
        *decided = Ok(vec![GateEvent::PermitRedeemed(redeemed)]);
    }
}

/// Now 0, now 1, whatever the log says.
fn hidden() -> i64 {
    thread_local! {
        static CALLS: Cell<i64> = const { Cell::new(0) };
    }
    CALLS.set(CALLS.get() + 1);
    CALLS.get() % 2
}

/// Takes an event in as a gate does in which this is broken.
fn believe(mutation: Mutation, kept: &mut Kept, event: &GateEvent, at: Timestamp, position: Position) {
    let changed = changed(mutation, event);
    match (mutation, event) {
        (Mutation::LateContactsForgotten, GateEvent::ContactRecorded(_)) => return,
        _ => Gate::evolve(&mut kept.gate, changed.as_ref().unwrap_or(event), at, position),
    }
    match (mutation, event) {
        (Mutation::SharesGivenUpWhenUsed, GateEvent::ShareRedeemed(redeemed)) => {
            let ShareRedeemedV1 { home, contact, share, .. } = *redeemed;
            let (outcome, made, toward, discussed) = (None, at, Vec::new(), Vec::new());
            let settled = ShareSettledV1 { home, contact, share, outcome, made, toward, discussed };
            Gate::evolve(&mut kept.gate, &GateEvent::ShareSettled(settled), at, position);
        }
        (Mutation::ReservationsForgotten, GateEvent::PermitReserved(reserved)) => {
            kept.uncounted.insert(position, (at, reserved.clone()));
        }
        (Mutation::ReservationsForgotten, GateEvent::PermitRedeemed(redeemed)) => {
            if let Some((then, reserved)) = kept.uncounted.remove(&redeemed.permit) {
                let reserved = GateEvent::PermitReserved(reserved);
                Gate::evolve(&mut kept.believed, &reserved, then, redeemed.permit);
            }
            Gate::evolve(&mut kept.believed, event, at, position);
        }
        (
            Mutation::StopsIgnoredOnRedemption | Mutation::StopsIgnoredOnRequest,
            GateEvent::StopPlaced(_) | GateEvent::PermitVoided(_),
        )
        | (Mutation::SnapshotsForgetStops, GateEvent::StopPlaced(_)) => {}
        (
            Mutation::ReservationsForgotten
            | Mutation::StopsIgnoredOnRedemption
            | Mutation::StopsIgnoredOnRequest
            | Mutation::SnapshotsForgetStops,
            _,
        ) => Gate::evolve(&mut kept.believed, event, at, position),
        _ => {}
    }
}

/// The event that a broken gate makes of it.
fn changed(mutation: Mutation, event: &GateEvent) -> Option<GateEvent> {
    match (mutation, event) {
        (Mutation::ServersMidnight, GateEvent::ContactLinked(linked)) => {
            let mut linked = linked.clone();
            linked.zones = "UTC".parse().into_iter().collect();
            Some(GateEvent::ContactLinked(linked))
        }
        (Mutation::PersonsForgotten, GateEvent::ContactLinked(linked)) => {
            let mut linked = linked.clone();
            linked.person = PersonId(linked.contact.0);
            Some(GateEvent::ContactLinked(linked))
        }
        (Mutation::AlwaysGivenBack, GateEvent::PermitSettled(settled)) => {
            let mut settled = settled.clone();
            (settled.outcome, settled.given_back) = (Outcome::Busy, true);
            Some(GateEvent::PermitSettled(settled))
        }
        _ => None,
    }
}
