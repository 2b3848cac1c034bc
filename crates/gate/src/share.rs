//! Shares: what a permit reserves at the homes of its person and its case, where they are not the contact point's own.
//!
//! ```text
//! reserved ─► placing ─► settled
//!    └─► expired | given up
//! ```
//!
//! A share is an attempt of the home's like any other, but that its contact is made by a permit elsewhere. Once it is redeemed
//! it counts in every window in which its contact may be made, until its permit's partition says when it was, or that it never
//! will be.

use std::collections::BTreeMap;

use events::gate::{
    ContactReachedV1, ContactRecordedV1, Direction, GateCommand, GateEvent, HomeKey, PermitRequest,
    PermitReservedV2, PermitSharedV1, RedeemShare, RequestShared, ReserveShare, ShareExpiredV1,
    ShareRedeemedV1, ShareReservedV1, ShareSettledV1, ShareV1, SharedPermit, SharesEndedV1,
};
use events::{Code, Now, Position, Reason, Refusal, partition_of};
use model::{CaseId, ContactPointId, Outcome, Timestamp};
use serde::{Deserialize, Serialize};

use crate::State;
use crate::arena::Record as _;
use crate::attempts::{Attempt, Stage as Attempted};
use crate::contact::Contact;
use crate::homes::{homes, is_told, link_of};
use crate::permit::{self, Finished, Judged, PERMIT_TTL_MS, judged};
use crate::permits::Stage;
use crate::record::DEBTS_MAX;

/// The shares of this partition, and those that its permits stand on.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Shares {
    /// Open shares of this partition, and the keys that lead here.
    homes: BTreeMap<Position, HomeKey>,
    /// What open permits stand on.
    of_permits: BTreeMap<Position, Vec<ShareV1>>,
    /// When somebody was reached at a debtor's contact point that is at home elsewhere, for whichever case.
    reached: BTreeMap<ContactPointId, Timestamp>,
}

impl Shares {
    /// The key of an open share; `None`: it is a permit.
    pub fn home(&self, share: Position) -> Option<HomeKey> {
        if self.homes.is_empty() {
            return None;
        }
        self.homes.get(&share).copied()
    }

    /// When somebody was reached at a contact point, as far as it was told.
    pub fn reached(&self, contact: &ContactPointId) -> Option<Timestamp> {
        self.reached.get(contact).copied()
    }

    /// What an open permit stands on.
    pub fn of(&self, permit: Position) -> &[ShareV1] {
        self.of_permits.get(&permit).map_or(&[], Vec::as_slice)
    }
}

/// Refuses a request that needs shares.
pub(crate) fn none_needed(state: &State, asked: &PermitRequest) -> Result<(), Refusal> {
    if state.partitions.sole() { Ok(()) } else { complete(state, asked, &[]) }
}

/// Refuses a request that lacks the share of a home (P3). A contact point that is not known has none: it is refused for that.
fn complete(state: &State, asked: &PermitRequest, shares: &[ShareV1]) -> Result<(), Refusal> {
    let count = state.partitions.count();
    let Some(link) = link_of(state, asked.contact, asked.case) else { return Ok(()) };
    let wanted = homes(asked.contact, link.person, asked.case, count);
    let wanted: Vec<u16> = wanted.iter().map(|home| home.partition).collect();
    let got: Vec<u16> = shares.iter().map(|share| partition_of(&share.home, count)).collect();
    if wanted == got {
        return Ok(());
    }
    let detail = format!("expected a share at each of the partitions {wanted:?}, got {got:?}");
    Err(Reason::detail(Code::SHARE_MISSING, detail).into())
}

/// Reserves a permit on shares.
pub(crate) fn request(state: &State, wanted: &RequestShared, now: Now) -> Result<Vec<GateEvent>, Refusal> {
    let RequestShared { asked, partitions, person, shares, expires_at } = wanted;
    if *partitions != state.partitions.count() {
        let detail = format!("expected {} partitions, got {partitions}", state.partitions.count());
        return Err(Reason::detail(Code::HOME_BEHIND, detail).into());
    }
    complete(state, asked, shares)?;
    let own = link_of(state, asked.contact, asked.case).map(|link| link.person);
    if !shares.is_empty() && own != *person {
        let detail = "expected shares for whom the case names now, got another person's";
        return Err(Reason::detail(Code::SHARE_MISSING, detail).into());
    }
    let latest = now.at.plus_ms(PERMIT_TTL_MS);
    let expires_at = expires_at.map_or(latest, |shares| shares.min(latest));
    if now.trusted && expires_at < now.at {
        return Err(Code::PERMIT_EXPIRED.into());
    }
    let (policy, tightest) = match judged(state, asked, now)? {
        Judged::Allowed(policy, tightest) => (policy, tightest),
        Judged::Refused(refused) => return Ok(vec![refused]),
    };
    let (contact, asked) = (asked.contact, asked.clone());
    let reserved = PermitReservedV2 { asked, policy, expires_at, tightest };
    let mut events = vec![GateEvent::PermitReserved(reserved)];
    if !shares.is_empty() {
        events.push(GateEvent::PermitShared(PermitSharedV1 { contact, shares: shares.clone() }));
    }
    Ok(events)
}

/// A permit is used only after every share that it stands on, and not before the last of them by any clock: what was counted
/// at the homes is what is counted when the contact is made.
pub(crate) fn all_redeemed(
    state: &State,
    permit: Position,
    shares: Option<(&[ShareV1], Timestamp)>,
    now: Now,
) -> Result<(), Refusal> {
    let (redeemed, since) = shares.unwrap_or((&[], Timestamp(i64::MIN)));
    let stands_on = state.shares.of(permit);
    if stands_on != redeemed {
        let (wanted, got) = (stands_on.len(), redeemed.len());
        let detail = format!("expected the permit's {wanted} shares to be redeemed first, got {got}");
        return Err(Reason::detail(Code::SHARE_MISSING, detail).into());
    }
    if now.at < since {
        return Err(behind("the clock of this partition is behind that of a share's"));
    }
    Ok(())
}

fn behind(detail: &str) -> Refusal {
    Reason::detail(Code::UNAVAILABLE, detail).into()
}

/// Reserves a share, or refuses and records it.
pub(crate) fn reserve(state: &State, wanted: &ReserveShare, now: Now) -> Result<Vec<GateEvent>, Refusal> {
    let ReserveShare { home, asked, link } = wanted;
    if (link.contact, link.case) != (asked.contact, asked.case) {
        let detail = "expected the link of the contact point and case that are asked for, got another";
        return Err(Reason::detail(Code::MALFORMED, detail).into());
    }
    at_home(state, home, asked.contact)?;
    if !is_told(state, link) {
        return Err(Code::HOME_BEHIND.into());
    }
    let asked = asked.clone();
    let (home, expires_at) = (*home, now.at.plus_ms(PERMIT_TTL_MS));
    Ok(vec![match judged(state, &asked, now)? {
        Judged::Allowed(policy, tightest) => {
            GateEvent::ShareReserved(ShareReservedV1 { home, asked, policy, expires_at, tightest })
        }
        Judged::Refused(refused) => refused,
    }])
}

/// It is a home, and not the contact point's own partition.
fn at_home(state: &State, home: &HomeKey, contact: ContactPointId) -> Result<(), Refusal> {
    let partitions = state.partitions;
    if partitions.sole() {
        return Err(Reason::detail(Code::HOME_BEHIND, "it was not told which partition it is").into());
    }
    if partitions.is_here(home) && !partitions.is_here(&contact.0) {
        return Ok(());
    }
    Err(Reason::detail(Code::MALFORMED, "expected a home other than the contact point's own").into())
}

/// The contact is about to be made: every rule that is asked here is asked again.
pub(crate) fn redeem(state: &State, wanted: &RedeemShare, now: Now) -> Result<Vec<GateEvent>, Refusal> {
    let RedeemShare { home, share, call, link } = wanted;
    let (home, share, call, contact) = (*home, *share, *call, link.contact);
    let found = state.permits.get(contact, share)?;
    if !permit::usable(found, call)? {
        return Ok(Vec::new());
    }
    if !is_told(state, link) {
        return Err(Code::HOME_BEHIND.into());
    }
    let reasons = permit::used(state, share, found, now)?;
    if reasons.is_empty() {
        let redeemed = ShareRedeemedV1 { home, contact, share, call, at: now.at };
        return Ok(vec![GateEvent::ShareRedeemed(redeemed)]);
    }
    Err(Refusal { reasons, next_allowed: None, repeats: None })
}

/// What became of the permit.
pub(crate) fn settle(state: &State, wanted: &ShareSettledV1, now: Now) -> Result<Vec<GateEvent>, Refusal> {
    if wanted.toward.len() > DEBTS_MAX || wanted.discussed.len() > DEBTS_MAX {
        let detail = format!("expected at most {DEBTS_MAX} debts");
        return Err(Reason::detail(Code::MALFORMED, detail).into());
    }
    let open = match state.permits.get(wanted.contact, wanted.share)?.stage {
        Stage::Waiting | Stage::Placing { .. } => true,
        // Nobody had said so in time.
        Stage::Settled { outcome: Outcome::Unknown, .. } => wanted.outcome != Some(Outcome::Unknown),
        Stage::Settled { .. } | Stage::Redeemed { .. } | Stage::Expired | Stage::Voided => false,
    };
    if !open {
        return Ok(Vec::new());
    }
    // What lies in the future is not counted.
    if wanted.outcome.is_some() && wanted.made > now.at {
        return Err(behind("the clock of this partition is behind that of the permit's"));
    }
    Ok(vec![GateEvent::ShareSettled(wanted.clone())])
}

/// The evidence that a share was not used in time.
pub(crate) fn expired(home: HomeKey, contact: ContactPointId, share: Position) -> GateEvent {
    GateEvent::ShareExpired(ShareExpiredV1 { home, contact, share })
}

/// Nobody said what became of it: it counts, at the latest moment at which its permit could be used.
pub(crate) fn unknown(
    home: HomeKey,
    contact: ContactPointId,
    share: Position,
    expires_at: Timestamp,
) -> GateEvent {
    GateEvent::ShareSettled(ShareSettledV1 {
        home,
        contact,
        share,
        outcome: Some(Outcome::Unknown),
        made: expires_at,
        toward: Vec::new(),
        discussed: Vec::new(),
    })
}

/// Takes in when somebody was reached.
pub(crate) fn tell_reached(state: &State, told: &ContactReachedV1) -> Vec<GateEvent> {
    let known = state.shares.reached(&told.contact).is_some_and(|known| known >= told.at);
    (!known).then_some(GateEvent::ContactReached(*told)).into_iter().collect()
}

/// The contact points of those who owe a debt that are at home elsewhere.
pub(crate) fn debtors_elsewhere(state: &State, case: CaseId) -> Vec<ContactPointId> {
    let Some(number) = state.cases.number(&case) else { return Vec::new() };
    let named = state.cases.at(number).map_or(&[][..], |case| case.contacts);
    let named = named.iter().filter_map(|contact| state.contacts.at(*contact));
    let elsewhere = named.filter(|contact| !state.partitions.is_here(&contact.id().0));
    let owes =
        |contact: &&Contact| contact.link(number).is_some_and(|link| link.role.owes() && !link.disproved);
    elsewhere.filter(owes).map(Contact::id).collect()
}

/// What the shares of a permit are settled with.
pub(crate) fn settlements(ended: &SharesEndedV1) -> Vec<GateCommand> {
    let settle = |ShareV1 { home, share }: &ShareV1| {
        GateCommand::SettleShare(ShareSettledV1 {
            home: *home,
            contact: ended.contact,
            share: *share,
            outcome: ended.outcome,
            made: ended.made,
            toward: ended.toward.clone(),
            discussed: ended.discussed.clone(),
        })
    };
    ended.shares.iter().map(settle).collect()
}

/// Adds, for each permit that these events close, what its shares are settled with.
pub(crate) fn ended(state: &State, mut events: Vec<GateEvent>, now: Now) -> Vec<GateEvent> {
    if state.shares.of_permits.is_empty() {
        return events;
    }
    let mut ends = Vec::new();
    for event in &events {
        let (contact, permit) = match event {
            GateEvent::PermitSettled(settled) => (settled.contact, settled.permit),
            GateEvent::PermitExpired(expired) => (expired.contact, expired.permit),
            GateEvent::PermitVoided(voided) => (voided.contact, voided.permit),
            _ => continue,
        };
        let shares = state.shares.of(permit).to_vec();
        if shares.is_empty() {
            continue;
        }
        let (outcome, toward, discussed) = match event {
            GateEvent::PermitSettled(settled) => {
                (Some(settled.outcome), settled.toward.clone(), settled.discussed.clone())
            }
            _ => (None, Vec::new(), Vec::new()),
        };
        let made = state.permits.redeemed(permit).unwrap_or(now.at);
        ends.push(GateEvent::SharesEnded(SharesEndedV1 {
            contact,
            permit,
            shares,
            outcome,
            made,
            toward,
            discussed,
        }));
    }
    events.extend(ends);
    events
}

/// What an open permit stands on.
pub(crate) fn stands_on(state: &State, contact: ContactPointId, permit: Position) -> SharedPermit {
    let shares = state.shares.of(permit).to_vec();
    let asked = state.permits.asked(permit).filter(|asked| asked.contact == contact);
    let link = asked.and_then(|asked| link_of(state, contact, asked.case));
    SharedPermit { shares, link, made: state.permits.redeemed(permit) }
}

/// Contacts that were made at a contact point for a person, as they are recorded at a home that has not known of them. One
/// that is being made has an unknown outcome: it counts, and may be a conversation.
pub(crate) fn history(state: &State, id: ContactPointId, person: model::PersonId) -> Vec<ContactRecordedV1> {
    let Some(contact) = state.contacts.get(&id) else { return Vec::new() };
    let Some(number) = state.persons.number(&person) else { return Vec::new() };
    let talks = state.persons.at(number).map_or(&[][..], |person| person.talks());
    let recorded = |attempt: Attempt| {
        let link = contact.links().get(usize::from(attempt.link)).filter(|link| link.person == number)?;
        let asker = state.askers.at(attempt.asker)?;
        let (direction, outcome) = match attempt.stage {
            Attempted::Waiting => return None,
            Attempted::Dialing => (Direction::Outbound, Outcome::Unknown),
            Attempted::Made(outcome) => (Direction::Outbound, outcome),
            Attempted::Inbound(outcome) => (Direction::Inbound, outcome),
        };
        let Attempt { at, channel, purpose, position, .. } = attempt;
        let about = talks.iter().filter(|talk| talk.position == position);
        Some(ContactRecordedV1 {
            contact: id,
            case: state.cases.id(link.case)?,
            agency: asker.agency,
            channel,
            purpose,
            direction,
            at,
            outcome,
            toward: state.attributed(attempt.position).to_vec(),
            discussed: about.map(|talk| talk.debt).collect(),
            line: state.askers.line_of(asker.line),
        })
    };
    contact.attempts().filter_map(recorded).collect()
}

/// Takes an event about shares in.
pub(crate) fn take(state: &mut State, event: &GateEvent, at: Timestamp, position: Position) {
    match event {
        GateEvent::ShareReserved(reserved) => {
            state.reserved(&reserved.asked, reserved.expires_at, at, position);
            state.shares.homes.insert(position, reserved.home);
        }
        GateEvent::ShareRedeemed(redeemed) => {
            // By when it is made at the latest: so it is in every window in which it may be.
            let latest = state.permits.place(redeemed.share, redeemed.call, at).unwrap_or(at);
            if let Some(contact) = state.contacts.get_mut(&redeemed.contact) {
                contact.change(redeemed.share, |attempt| {
                    (attempt.stage, attempt.at) = (Attempted::Dialing, latest);
                });
            }
        }
        GateEvent::ShareSettled(settled) => was_settled(state, settled, at),
        GateEvent::ShareExpired(expired) => {
            state.permits.expire(expired.share, at);
            given_up(state, expired.contact, expired.share);
        }
        GateEvent::PermitShared(shared) => {
            // Both are of one command.
            let permit = Position(position.0.saturating_sub(1));
            state.shares.of_permits.insert(permit, shared.shares.clone());
        }
        GateEvent::ContactReached(reached) => {
            state.shares.reached.insert(reached.contact, reached.at);
        }
        GateEvent::SharesEnded(ended) => {
            state.shares.of_permits.remove(&ended.permit);
        }
        _ => {}
    }
}

fn given_up(state: &mut State, contact: ContactPointId, share: Position) {
    state.shares.homes.remove(&share);
    if let Some(contact) = state.contacts.get_mut(&contact) {
        contact.change(share, |attempt| attempt.stage = Attempted::Waiting);
    }
    state.unused(contact, share);
}

fn was_settled(state: &mut State, settled: &ShareSettledV1, now: Timestamp) {
    let &ShareSettledV1 { contact: id, share, outcome, made, .. } = settled;
    let Some(outcome) = outcome else {
        state.permits.void(share, now);
        return given_up(state, id, share);
    };
    let asked = state.permits.close_share(share, outcome, now);
    state.shares.homes.remove(&share);
    let ShareSettledV1 { toward, discussed, .. } = settled;
    let made = Finished { contact: id, position: share, at: made, outcome, toward, discussed };
    permit::was_made(state, &made, asked);
}
