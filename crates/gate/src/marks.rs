//! What a rule looks at in a contact, one bit each, so that a contact that it does not count is passed over with one
//! comparison.

use model::{Channel, Outcome, Purpose, Role};
use policy::pack::{Counted, Kind, Rule};
use policy::sets::{Exception, Exceptions, Key, Scope};

use crate::attempts::{Packed, STAGE_NUMBERS, Stage};

/// What there is to be said of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Marks(u32);

/// The marks with which a rule passes a contact over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Screen(u32);

const CHANNELS: u32 = Role::ALL.len() as u32;
const PURPOSES: u32 = CHANNELS + Channel::ALL.len() as u32;
/// From here on, what the contact does not have in common with the request.
const KEYS: u32 = PURPOSES + Purpose::ALL.len() as u32;
const OTHERS: u32 = KEYS + Key::ALL.len() as u32;

/// It was with none of the case's contact points.
const NOT_OF_CASE: u32 = 1 << OTHERS;
/// It never reached the number.
const UNCONNECTED: u32 = 1 << (OTHERS + 1);
/// It was a conversation.
const CONVERSATION: u32 = 1 << (OTHERS + 2);
/// Nothing was conveyed, for sure.
const NOTHING_CONVEYED: u32 = 1 << (OTHERS + 3);
/// It is not being made, and what became of it is known.
const NO_POSSIBLE_TALK: u32 = 1 << (OTHERS + 4);

/// Whoever it was with consented to something at some time. No screen has it.
const CONSENTS: u32 = 1 << (OTHERS + 5);

const _: () = assert!(OTHERS + 5 < u32::BITS);

/// What the stage of an attempt says, by its number.
const BY_STAGE: [u32; STAGE_NUMBERS] = {
    let mut marks = [0; STAGE_NUMBERS];
    let mut number = 0;
    while number < STAGE_NUMBERS {
        marks[number] = of_stage(Stage::of(number as u8));
        number += 1;
    }
    marks
};

const fn of_stage(stage: Stage) -> u32 {
    let mut marks = 0;
    if let Some(outcome) = stage.outcome() {
        if outcome.unconnected() {
            marks |= UNCONNECTED;
        }
        if matches!(outcome, Outcome::Conversation) {
            marks |= CONVERSATION;
        }
        if !outcome.conveyed() {
            marks |= NOTHING_CONVEYED;
        }
    }
    if !matches!(stage, Stage::Dialing | Stage::Made(Outcome::Unknown)) {
        marks |= NO_POSSIBLE_TALK;
    }
    marks
}

impl Marks {
    /// What all contacts with somebody in this role have; `agrees`: what they have in common with the request; `consents`:
    /// they consented to something at some time.
    pub fn common(role: Role, agrees: Scope, of_case: bool, consents: bool) -> Self {
        let of_case = if of_case { 0 } else { NOT_OF_CASE };
        Self(1 << role as u32 | missing(agrees) | of_case | if consents { CONSENTS } else { 0 })
    }

    /// With what an attempt adds.
    pub fn with(self, attempt: Packed) -> Self {
        Self(
            self.0
                | 1 << (CHANNELS + u32::from(attempt.channel()))
                | 1 << (PURPOSES + u32::from(attempt.purpose()))
                | BY_STAGE[usize::from(attempt.stage()) % STAGE_NUMBERS],
        )
    }

    /// With one more thing in common.
    pub const fn agreeing(self, key: Key) -> Self {
        Self(self.0 & !((Scope::NONE.with(key).bits() as u32) << KEYS))
    }

    /// As if nobody had consented to anything.
    pub const fn without_consents(self) -> Self {
        Self(self.0 & !CONSENTS)
    }

    /// Whoever it was with consented to something at some time.
    pub const fn consents(self) -> bool {
        self.0 & CONSENTS != 0
    }
}

impl Screen {
    /// Of a rule that counts contacts; of another one, all of them pass.
    pub fn of(rule: &Rule) -> Self {
        let scope = scope(rule).unwrap_or(Scope::NONE);
        // A scope that names neither contact point nor person looks at the contact points of the case.
        let of_case = !scope.has(Key::ContactPoint) && !scope.has(Key::Person);
        let scoped = missing(Scope::NONE) & !missing(scope) | if of_case { NOT_OF_CASE } else { 0 };
        let roles = Role::ALL.iter().filter(|role| !rule.who.roles.has(**role));
        let channels = Channel::ALL.iter().filter(|channel| !rule.who.channels.has(**channel));
        let purposes = Purpose::ALL.iter().filter(|purpose| !rule.who.purposes.has(**purpose));
        let channels = channels.fold(0, |all, channel| all | 1 << (CHANNELS + *channel as u32));
        let who = roles.fold(channels, |all, role| all | 1 << *role as u32);
        let who = purposes.fold(who, |all, purpose| all | 1 << (PURPOSES + *purpose as u32));
        let unconnected =
            |except: Exceptions| if except.has(Exception::Unconnected) { UNCONNECTED } else { 0 };
        let kind = match &rule.kind {
            Kind::Frequency(frequency) => {
                let kind = match frequency.count {
                    Counted::Attempts => 0,
                    Counted::Unanswered => CONVERSATION,
                    Counted::Communications => NOTHING_CONVEYED,
                };
                who | kind | unconnected(frequency.except)
            }
            Kind::Interval(interval) => who | unconnected(interval.except),
            Kind::Lines(_) => who,
            // A conversation is one, whatever its role and purpose.
            Kind::CoolDown(_) => channels | NO_POSSIBLE_TALK,
            Kind::Hours(_) | Kind::Purpose(_) | Kind::Fresh(_) | Kind::Content(_) | Kind::Shared(_) => 0,
        };
        Self(scoped | kind)
    }

    /// Whether a rule counts it, exceptions by consent apart.
    pub const fn counts(self, marks: Marks) -> bool {
        self.0 & marks.0 == 0
    }
}

/// What is not in common.
const fn missing(agrees: Scope) -> u32 {
    ((Scope::ALL.bits() & !agrees.bits()) as u32) << KEYS
}

/// What two contacts must have in common for a rule to count them.
pub(crate) fn scope(rule: &Rule) -> Option<Scope> {
    match &rule.kind {
        Kind::Frequency(frequency) => Some(frequency.scope),
        Kind::CoolDown(cool_down) => Some(cool_down.scope),
        Kind::Interval(interval) => Some(interval.scope),
        Kind::Lines(lines) => Some(lines.scope),
        Kind::Hours(_) | Kind::Purpose(_) | Kind::Fresh(_) | Kind::Content(_) | Kind::Shared(_) => None,
    }
}
