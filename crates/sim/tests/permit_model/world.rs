//! The state of the model, and what must hold in it.

use super::places::{Own, Partition, Permit, Share};

/// One way to break the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// Where the permit refuses, the share is given up at once.
    ReleasedBeforeVoid,
    /// The permit is redeemed first, then the share.
    PermitFirst,
    /// A share that was redeemed counts no more.
    CountedAtReservationOnly,
    /// A share counts at its redemption, not by the latest moment of its call.
    CountedWhenRedeemed,
    /// A router is told before the record is durable.
    AnsweredBeforeDurable,
    /// A stop keeps nobody from using a permit that waits.
    StopVoidsNothing,
    /// A permit may be used by any call.
    CallForgotten,
    /// A share is closed by its permit only.
    SharesNeverLapse,
    /// The process manager acts on what may yet be lost.
    FollowsTheSpeculative,
    /// The store takes what a leader writes that was replaced.
    FenceDropped,
    /// A leader takes over that has read nothing.
    ElectedBehind,
}

/// How many permits are asked for.
pub const PERMITS: usize = 2;

/// The bounds, and the rules.
#[derive(Debug, Clone)]
pub struct Model {
    /// For which contact point each permit is asked.
    pub contacts: [usize; PERMITS],
    pub person_cap: usize,
    pub contact_cap: usize,
    /// Ticks in which calls count together.
    pub window: u8,
    /// Ticks that a permit may wait.
    pub ttl: u8,
    /// Ticks after which nobody says any more what became of a call.
    pub settle_after: u8,
    /// The last tick at which a permit is asked for.
    pub ask_until: u8,
    /// The last tick: everything is over by then.
    pub end: u8,
    /// How many routers may die.
    pub crashes: u8,
    /// How many leaders may change.
    pub leader_changes: u8,
    /// A leader that was replaced goes on until it learns of it: it decides, answers by what it knew, and writes.
    pub lingers: bool,
    /// The first contact point may be stopped.
    pub stops: bool,
    /// How often the first contact point may be held for a while.
    pub holds: u8,
    /// How often the trunk asks for each permit: at most twice.
    pub attempts: [usize; PERMITS],
    /// The call that the trunk asks for when it asks again: 0, the same; or another.
    pub second_call: u8,
    pub mutation: Option<Mutation>,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            contacts: [0, 1],
            person_cap: 1,
            contact_cap: 1,
            window: 2,
            ttl: 1,
            settle_after: 0,
            ask_until: 2,
            end: 4,
            crashes: 1,
            leader_changes: 1,
            lingers: false,
            stops: false,
            holds: 0,
            attempts: [2, 1],
            second_call: 0,
            mutation: None,
        }
    }
}

/// How far the router is with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Request {
    Share,
    Permit { expires: u8 },
    Granted,
    Over,
}

/// How far it is with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Redeem {
    Waits,
    Share,
    Permit,
    /// By the mutation that has the permit first.
    ShareLast,
    Void,
    Release,
    Over,
}

/// Everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct World {
    pub time: u8,
    pub home: Partition<[Share; PERMITS]>,
    pub own: [Partition<Own>; 2],
    pub requests: [Request; PERMITS],
    /// Two for each permit: the trunk asks, and asks again.
    pub redeems: [[Redeem; 2]; PERMITS],
    /// For each permit and each of two calls: it was told to go ahead, and was redeemed then.
    pub told: [[Option<u8>; 2]; PERMITS],
    pub stop_told: bool,
    pub crashes: u8,
    pub leader_changes: u8,
    pub holds: u8,
}

impl World {
    pub fn start(model: &Model) -> Self {
        let own = Own { permits: [Permit::None; PERMITS], stopped: false, held: false };
        Self {
            time: 0,
            home: Partition::new([Share::None; PERMITS]),
            own: [Partition::new(own); 2],
            requests: [Request::Share; PERMITS],
            redeems: [[Redeem::Waits; 2]; PERMITS],
            told: [[None; 2]; PERMITS],
            stop_told: false,
            crashes: model.crashes,
            leader_changes: model.leader_changes,
            holds: model.holds,
        }
    }

    fn permit(&self, model: &Model, permit: usize) -> Permit {
        self.own[model.contacts[permit]].durable.permits[permit]
    }

    /// In no window were there more calls than the cap: durable ones, and ones that somebody was told to make.
    pub fn within(&self, model: &Model, contact: Option<usize>, cap: usize) -> bool {
        let call = |permit: usize| {
            if contact.is_some_and(|contact| contact != model.contacts[permit]) {
                return None;
            }
            match self.permit(model, permit).used() {
                Some((_, at, counts)) => counts.then_some(at),
                None => self.told[permit].into_iter().flatten().next(),
            }
        };
        let calls = [0, 1].map(call);
        let in_window = |last: u8| {
            calls.into_iter().flatten().filter(|at| *at <= last && last < at + model.window).count()
        };
        calls.into_iter().flatten().all(|last| in_window(last) <= cap)
    }

    pub fn redeemed_after_stop(&self) -> bool {
        let permits = self.own.iter().flat_map(|own| own.durable.permits.iter());
        permits.into_iter().any(|permit| matches!(permit, Permit::Redeemed { after_stop: true, .. }))
    }

    pub fn one_call_each(&self) -> bool {
        self.told.iter().all(|told| told.iter().flatten().count() <= 1)
    }

    pub fn told_is_held(&self, model: &Model) -> bool {
        self.told.iter().enumerate().all(|(permit, told)| {
            let used = self.permit(model, permit).used().map(|(call, ..)| usize::from(call));
            (0..2).all(|call| told[call].is_none() || used == Some(call))
        })
    }

    pub fn both_called(&self) -> bool {
        self.told.iter().all(|told| told.iter().any(Option::is_some))
    }

    pub fn all_free(&self) -> bool {
        let permits = self.own.iter().flat_map(|own| own.durable.permits.iter());
        !self.home.durable.iter().any(|share| share.is_open())
            && !permits.into_iter().any(|permit| permit.is_open())
            && self.time > 0
    }
}
