//! What may happen next.

use super::places::{Own, Permit, Share};
use super::world::{Model, Mutation, PERMITS, Redeem, Request, World};

/// One step of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// The request goes on: its command reaches its partition (for the first time, or again after it was lost), or the
    /// router is told what is durable of it. To be told late is the same as to go on late.
    Request(usize),
    /// The call goes on.
    Redeem(usize, usize),
    /// The router dies with this request, after its command reached the partition or before.
    RequestDies(usize, bool),
    /// The router dies with this call.
    RedeemDies(usize, usize, bool),
    /// The call never reached the number: it is given back. Any other outcome is as good as none.
    NotReached(usize),
    /// The process manager carries what became of a permit to its share.
    Follow(usize),
    /// What the leader of P believes becomes durable.
    FlushHome,
    /// What the leader of a contact point's partition believes becomes durable.
    FlushOwn(usize),
    /// P gets another leader.
    ChangeHome,
    /// A contact point's partition gets another leader.
    ChangeOwn(usize),
    /// The command of a request reaches a leader that was replaced, or the router is told by what that one knew.
    OldRequest(usize),
    /// The command of a call does, or its router is told.
    OldRedeem(usize, usize),
    /// It closes what its time is over of, or follows, or stops.
    OldLapse(usize),
    OldStop,
    /// What it has decided reaches the store.
    FlushOldHome,
    FlushOldOwn(usize),
    /// P closes a share whose time is over.
    LapseShare(usize),
    /// A permit whose time is over is closed.
    LapsePermit(usize),
    /// The first contact point is stopped.
    Stop,
    /// The first contact point is held for a while.
    Hold,
    /// It is no longer.
    Lift,
    /// Who stopped it is told.
    StopTold,
    /// Time passes.
    Tick,
}

pub fn possible(model: &Model, world: &World, actions: &mut Vec<Action>) {
    for permit in 0..PERMITS {
        if matches!(world.requests[permit], Request::Share | Request::Permit { .. }) {
            actions.push(Action::Request(permit));
            if world.crashes > 0 {
                actions.extend([Action::RequestDies(permit, false), Action::RequestDies(permit, true)]);
            }
        }
        for attempt in 0..model.attempts[permit] {
            let redeem = world.redeems[permit][attempt];
            let begins = redeem == Redeem::Waits && world.requests[permit] == Request::Granted;
            if redeem == Redeem::Over || (redeem == Redeem::Waits && !begins) {
                continue;
            }
            actions.push(Action::Redeem(permit, attempt));
            if world.crashes > 0 && !begins {
                let dies = |after| Action::RedeemDies(permit, attempt, after);
                actions.extend([dies(false), dies(true)]);
            }
        }
        if world.told[permit] != [None; 2] {
            actions.push(Action::NotReached(permit));
        }
        actions.extend([Action::Follow(permit), Action::LapseShare(permit), Action::LapsePermit(permit)]);
    }
    // Nothing is lost with a leader that has nothing under way, unless it goes on.
    let may_change = |durable: bool| world.leader_changes > 0 && (model.lingers || !durable);
    if !world.home.is_durable() {
        actions.push(Action::FlushHome);
    }
    if may_change(world.home.is_durable()) {
        actions.push(Action::ChangeHome);
    }
    for own in 0..2 {
        if !world.own[own].is_durable() {
            actions.push(Action::FlushOwn(own));
        }
        if may_change(world.own[own].is_durable()) {
            actions.push(Action::ChangeOwn(own));
        }
    }
    possible_for_old(model, world, actions);
    if model.stops {
        actions.extend([Action::Stop, Action::StopTold]);
    }
    if world.holds > 0 {
        actions.push(Action::Hold);
    }
    if world.own[0].now.held {
        actions.push(Action::Lift);
    }
    if world.time < model.end {
        actions.push(Action::Tick);
    }
}

/// What a leader does that was replaced and does not know it.
fn possible_for_old(model: &Model, world: &World, actions: &mut Vec<Action>) {
    if world.home.has_old() {
        actions.push(Action::FlushOldHome);
    }
    for own in (0..2).filter(|own| world.own[*own].has_old()) {
        actions.push(Action::FlushOldOwn(own));
    }
    if !world.home.has_old() && !world.own.iter().any(|own| own.has_old()) {
        return;
    }
    for permit in 0..PERMITS {
        actions.extend([Action::OldRequest(permit), Action::OldLapse(permit)]);
        actions.extend((0..model.attempts[permit]).map(|attempt| Action::OldRedeem(permit, attempt)));
    }
    if model.stops {
        actions.push(Action::OldStop);
    }
}

/// Does something where those lead that were replaced: their partitions are as they see them.
fn with_old(world: &mut World, act: impl FnOnce(&mut World)) {
    let truth = (world.home, world.own);
    if let Some(seen) = world.home.seen_by_old() {
        world.home = seen;
    }
    for own in &mut world.own {
        if let Some(seen) = own.seen_by_old() {
            *own = seen;
        }
    }
    act(world);
    let believed = (world.home.now, world.own.map(|own| own.now));
    // Those that have no such leader are touched by nothing here.
    (world.home, world.own) = truth;
    world.home.believed_by_old(believed.0);
    for (own, now) in world.own.iter_mut().zip(believed.1) {
        own.believed_by_old(now);
    }
}

pub fn act(model: &Model, world: &mut World, action: Action) {
    match action {
        Action::Request(permit) => {
            let before = world.requests[permit];
            request_told(model, world, permit);
            if world.requests[permit] == before {
                request(model, world, permit);
                settle_down(world);
                request_told(model, world, permit);
            }
        }
        Action::Redeem(permit, attempt) => {
            let before = world.redeems[permit][attempt];
            redeem_told(model, world, permit, attempt);
            if world.redeems[permit][attempt] == before {
                redeem(model, world, permit, attempt);
                settle_down(world);
                if before != Redeem::Waits {
                    redeem_told(model, world, permit, attempt);
                }
            }
        }
        Action::RequestDies(permit, after) => {
            if after {
                request(model, world, permit);
            }
            world.requests[permit] = Request::Over;
            world.crashes -= 1;
        }
        Action::RedeemDies(permit, attempt, after) => {
            if after {
                redeem(model, world, permit, attempt);
            }
            world.redeems[permit][attempt] = Redeem::Over;
            world.crashes -= 1;
        }
        Action::NotReached(permit) => {
            let now = &mut world.own[model.contacts[permit]].now.permits[permit];
            if let Permit::Redeemed { call, at, .. } = *now {
                *now = Permit::Settled { call, at, counts: false };
            }
        }
        Action::Follow(permit) => follow(model, world, permit),
        Action::FlushHome => world.home.flush(),
        Action::FlushOwn(own) => world.own[own].flush(),
        Action::ChangeHome => {
            let read = read_by_next(model, world.home.durable, World::start(model).home.durable);
            world.home.change_leader(read, model.lingers);
            world.leader_changes -= 1;
        }
        Action::ChangeOwn(own) => {
            let start = World::start(model).own[own].durable;
            let read = read_by_next(model, world.own[own].durable, start);
            world.own[own].change_leader(read, model.lingers);
            world.leader_changes -= 1;
        }
        Action::OldRequest(permit) => with_old(world, |world| {
            let before = world.requests[permit];
            request_told(model, world, permit);
            if world.requests[permit] == before {
                request(model, world, permit);
            }
        }),
        Action::OldRedeem(permit, attempt) => with_old(world, |world| {
            let before = world.redeems[permit][attempt];
            if before == Redeem::Waits {
                return;
            }
            redeem_told(model, world, permit, attempt);
            if world.redeems[permit][attempt] == before {
                redeem(model, world, permit, attempt);
            }
        }),
        Action::OldLapse(permit) => with_old(world, |world| {
            lapse_share(model, world, permit);
            lapse_permit(model, world, permit);
        }),
        Action::OldStop => with_old(world, |world| stop(model, &mut world.own[0].now)),
        Action::FlushOldHome => world.home.flush_old(model.mutation != Some(Mutation::FenceDropped)),
        Action::FlushOldOwn(own) => {
            world.own[own].flush_old(model.mutation != Some(Mutation::FenceDropped));
        }
        Action::LapseShare(permit) => lapse_share(model, world, permit),
        Action::LapsePermit(permit) => lapse_permit(model, world, permit),
        Action::Stop => stop(model, &mut world.own[0].now),
        Action::Hold => {
            world.own[0].now.held = true;
            world.holds -= 1;
        }
        Action::Lift => world.own[0].now.held = false,
        Action::StopTold => world.stop_told |= world.own[0].durable.stopped,
        Action::Tick => world.time += 1,
    }
    settle_down(world);
}

/// What a leader has read that takes over. Its first record is taken only if that is all that is durable.
fn read_by_next<T>(model: &Model, durable: T, nothing: T) -> T {
    if model.mutation == Some(Mutation::ElectedBehind) { nothing } else { durable }
}

/// Where no leader can change any more, what was decided will be durable: nobody can tell the difference.
fn settle_down(world: &mut World) {
    if world.leader_changes == 0 {
        world.home.flush();
        world.own.iter_mut().for_each(|own| own.flush());
    }
}

fn stop(model: &Model, own: &mut Own) {
    own.stopped = true;
    if model.mutation != Some(Mutation::StopVoidsNothing) {
        for permit in &mut own.permits {
            if matches!(permit, Permit::Reserved { .. }) {
                *permit = Permit::Voided;
            }
        }
    }
}

/// What P allows: others that count, and this one, are within the cap.
fn home_allows(model: &Model, world: &World, permit: usize) -> bool {
    let counts = |share: Share| {
        let placing = matches!(share, Share::Placing { .. });
        let forgotten = placing && model.mutation == Some(Mutation::CountedAtReservationOnly);
        match share {
            Share::Placing { since, .. } if model.mutation == Some(Mutation::CountedWhenRedeemed) => {
                world.time < since + model.window
            }
            share => !forgotten && share.counts(world.time, model.window),
        }
    };
    let others =
        world.home.now.iter().enumerate().filter(|(other, share)| *other != permit && counts(**share));
    others.count() < model.person_cap
}

fn own_allows(model: &Model, world: &World, permit: usize) -> bool {
    let contact = model.contacts[permit];
    let permits = &world.own[contact].now.permits;
    let counts = |other: usize| permits[other].counts(world.time, model.window);
    let others = (0..PERMITS).filter(|other| *other != permit && counts(*other));
    let own = &world.own[contact].now;
    let stopped = own.stopped && model.mutation != Some(Mutation::StopVoidsNothing);
    !stopped && !own.held && others.count() < model.contact_cap
}

fn request(model: &Model, world: &mut World, permit: usize) {
    match world.requests[permit] {
        Request::Share
            if world.home.now[permit] == Share::None
                && world.time <= model.ask_until
                && home_allows(model, world, permit) =>
        {
            world.home.now[permit] = Share::Reserved { expires: world.time + model.ttl };
        }
        Request::Permit { expires } => {
            let contact = model.contacts[permit];
            let none = world.own[contact].now.permits[permit] == Permit::None;
            // A new permit after a stop is what the stop forbids, whatever the mutation.
            let stopped = world.own[contact].now.stopped;
            if none && !stopped && world.time <= expires && own_allows(model, world, permit) {
                let expires = expires.min(world.time + model.ttl);
                world.own[contact].now.permits[permit] = Permit::Reserved { expires };
            }
        }
        _ => {}
    }
}

fn request_told(model: &Model, world: &mut World, permit: usize) {
    let early = model.mutation == Some(Mutation::AnsweredBeforeDurable);
    match world.requests[permit] {
        Request::Share => {
            let (now, durable) = (world.home.now[permit], world.home.durable[permit]);
            match if early { now } else { durable } {
                Share::Reserved { expires } => world.requests[permit] = Request::Permit { expires },
                // Refused, by what is durable.
                Share::None
                    if world.home.is_durable()
                        && (world.time > model.ask_until || !home_allows(model, world, permit)) =>
                {
                    world.requests[permit] = Request::Over;
                }
                Share::None => {}
                _ => world.requests[permit] = Request::Over,
            }
        }
        Request::Permit { expires } => {
            let own = &world.own[model.contacts[permit]];
            let (now, durable) = (own.now.permits[permit], own.durable.permits[permit]);
            let refuses = own.now.stopped || world.time > expires || !own_allows(model, world, permit);
            match if early { now } else { durable } {
                Permit::Reserved { .. } => world.requests[permit] = Request::Granted,
                Permit::None if own.is_durable() && refuses => world.requests[permit] = Request::Over,
                Permit::None => {}
                _ => world.requests[permit] = Request::Over,
            }
        }
        Request::Granted | Request::Over => {}
    }
}

fn call_of(model: &Model, attempt: usize) -> u8 {
    if attempt == 0 { 0 } else { model.second_call }
}

/// The command that a call gives next.
fn redeem(model: &Model, world: &mut World, permit: usize, attempt: usize) {
    let call = call_of(model, attempt);
    let permit_first = model.mutation == Some(Mutation::PermitFirst);
    if world.redeems[permit][attempt] == Redeem::Waits {
        world.redeems[permit][attempt] = if permit_first { Redeem::Permit } else { Redeem::Share };
        return;
    }
    match world.redeems[permit][attempt] {
        Redeem::Share | Redeem::ShareLast => {
            if let Share::Reserved { expires } = world.home.now[permit]
                && world.time <= expires
                && home_allows(model, world, permit)
            {
                world.home.now[permit] = Share::Placing { call, since: world.time, latest: expires };
            }
        }
        Redeem::Permit => {
            let allows = own_allows(model, world, permit);
            let after_stop = world.stop_told && model.contacts[permit] == 0;
            let at = world.time;
            let now = &mut world.own[model.contacts[permit]].now.permits[permit];
            match *now {
                Permit::Reserved { expires } if at <= expires && allows => {
                    *now = Permit::Redeemed { call, at, after_stop };
                }
                Permit::Redeemed { call: used, .. }
                    if used != call && model.mutation == Some(Mutation::CallForgotten) =>
                {
                    *now = Permit::Redeemed { call, at, after_stop };
                }
                _ => {}
            }
        }
        Redeem::Void => {
            let now = &mut world.own[model.contacts[permit]].now.permits[permit];
            if matches!(now, Permit::Reserved { .. }) {
                *now = Permit::Voided;
            }
        }
        Redeem::Release => release(&mut world.home.now[permit]),
        Redeem::Waits | Redeem::Over => {}
    }
}

fn release(share: &mut Share) {
    match *share {
        Share::Reserved { .. } => *share = Share::Expired,
        Share::Placing { call, .. } => *share = Share::Settled { call, counts: None },
        Share::None | Share::Settled { .. } | Share::Expired => {}
    }
}

/// What a call is told, and what it does next.
fn redeem_told(model: &Model, world: &mut World, permit: usize, attempt: usize) {
    let call = call_of(model, attempt);
    let early = model.mutation == Some(Mutation::AnsweredBeforeDurable);
    let forgets = model.mutation == Some(Mutation::CallForgotten);
    let own = &world.own[model.contacts[permit]];
    let known = if early { &own.now } else { &own.durable };
    let shares = if early { &world.home.now } else { &world.home.durable };
    let next = match world.redeems[permit][attempt] {
        Redeem::Share | Redeem::ShareLast => match shares[permit] {
            Share::Placing { call: used, .. } if used == call || forgets => {
                match world.redeems[permit][attempt] {
                    Redeem::ShareLast => Redeem::Over,
                    _ => Redeem::Permit,
                }
            }
            Share::Settled { call: used, .. } if used == call => Redeem::Permit,
            Share::Reserved { expires }
                if world.home.is_durable()
                    && (world.time > expires || !home_allows(model, world, permit)) =>
            {
                Redeem::Over
            }
            Share::Reserved { .. } => return,
            // Another call's, or over.
            _ => Redeem::Over,
        },
        Redeem::Permit => match known.permits[permit] {
            Permit::Redeemed { call: used, at, .. } | Permit::Settled { call: used, at, .. }
                if used == call =>
            {
                world.told[permit][usize::from(call)] = Some(at);
                match model.mutation {
                    Some(Mutation::PermitFirst) => Redeem::ShareLast,
                    _ => Redeem::Over,
                }
            }
            Permit::Redeemed { .. } if forgets => return,
            // Another call's permit is not touched.
            Permit::Redeemed { .. } | Permit::Settled { .. } => Redeem::Over,
            Permit::Reserved { expires } => {
                let refuses = world.time > expires || !own_allows(model, world, permit);
                if !(own.is_durable() && refuses) {
                    return;
                }
                match model.mutation {
                    Some(Mutation::ReleasedBeforeVoid) => Redeem::Release,
                    Some(Mutation::PermitFirst) => Redeem::Over,
                    _ => Redeem::Void,
                }
            }
            Permit::None | Permit::Expired | Permit::Voided => match model.mutation {
                Some(Mutation::PermitFirst) => Redeem::Over,
                _ => Redeem::Void,
            },
        },
        Redeem::Void => match known.permits[permit] {
            Permit::Reserved { .. } => return,
            // The same call has used it meanwhile.
            Permit::Redeemed { call: used, .. } | Permit::Settled { call: used, .. } if used == call => {
                Redeem::Permit
            }
            Permit::Redeemed { .. } | Permit::Settled { .. } => Redeem::Over,
            // Not known there: nothing can be said of it. The share lapses by itself.
            Permit::None => Redeem::Over,
            Permit::Expired | Permit::Voided => Redeem::Release,
        },
        Redeem::Release if !shares[permit].is_open() => Redeem::Over,
        Redeem::Release | Redeem::Waits | Redeem::Over => return,
    };
    world.redeems[permit][attempt] = next;
}

/// From what is durable at the contact point's partition.
fn follow(model: &Model, world: &mut World, permit: usize) {
    let own = &world.own[model.contacts[permit]];
    let speculative = model.mutation == Some(Mutation::FollowsTheSpeculative);
    let known = if speculative { &own.now } else { &own.durable };
    let share = &mut world.home.now[permit];
    if !share.is_open() {
        return;
    }
    match known.permits[permit] {
        Permit::Settled { call, at, counts } => {
            *share = Share::Settled { call, counts: counts.then_some(at) };
        }
        Permit::Expired | Permit::Voided => release(share),
        Permit::None | Permit::Reserved { .. } | Permit::Redeemed { .. } => {}
    }
}

fn lapse_share(model: &Model, world: &mut World, permit: usize) {
    if model.mutation == Some(Mutation::SharesNeverLapse) {
        return;
    }
    let share = &mut world.home.now[permit];
    match *share {
        Share::Reserved { expires } if world.time > expires => *share = Share::Expired,
        // Nobody said what became of it.
        Share::Placing { call, latest, .. } if world.time > latest + model.settle_after => {
            *share = Share::Settled { call, counts: Some(latest) };
        }
        _ => {}
    }
}

fn lapse_permit(model: &Model, world: &mut World, permit: usize) {
    let now = &mut world.own[model.contacts[permit]].now.permits[permit];
    match *now {
        Permit::Reserved { expires } if world.time > expires => *now = Permit::Expired,
        Permit::Redeemed { call, at, .. } if world.time > at + model.settle_after => {
            *now = Permit::Settled { call, at, counts: true };
        }
        _ => {}
    }
}
