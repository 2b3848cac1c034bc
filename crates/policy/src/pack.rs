//! What a rule pack says. [`crate::parse`] reads one from its text; `proto/policy.md` is the same in words.

use jiff::civil::Date;
use model::{AgencyId, LenderId, Region};

use crate::sets::{ChannelSet, Exceptions, PurposeSet, RoleSet, Scope};
use crate::span::Span;

/// The rules of one jurisdiction, lender or agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    /// Its name, such as `us-reg-f`; part of every rule's name.
    pub id: String,
    /// From 1; the same id and version is always the same content.
    pub version: u32,
    /// What it is, for people.
    pub title: String,
    /// In force from the first moment of this day, UTC.
    pub effective: Date,
    /// In force until the end of this day, UTC.
    pub until: Option<Date>,
    /// For whom.
    pub applies: Applies,
    /// Whose it is. A lender's or an agency's pack speaks of that party's own requests only, and may only add.
    pub owner: Owner,
    /// What the reader should know.
    pub note: Option<String>,
    /// The rules, in the order of the text.
    pub rules: Vec<Rule>,
    /// How consents are read by this pack's rules.
    pub consents: Vec<ConsentTerms>,
}

/// The contact points that a pack is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applies {
    /// All of them.
    Everywhere,
    /// Those that may be in one of these regions: a region also stands for its parts, `US` for `US-MA`.
    Regions(Vec<Region>),
    /// Those that may be in a region for which the platform has no pack in force, or of whose region nothing is known.
    Otherwise,
}

/// Whose pack it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The platform's: the law, or what the platform adds to it.
    Platform,
    /// One lender's.
    Lender(LenderId),
    /// One agency's.
    Agency(AgencyId),
}

/// One rule. All rules of all packs that apply are asked; each can only refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name within the pack.
    pub id: String,
    /// The clause.
    pub source: String,
    /// How far that source was read.
    pub read: Reading,
    /// What the reader should know.
    pub note: Option<String>,
    /// What happens when it does not hold.
    pub effect: Effect,
    /// Contacts that it speaks of: only such requests are judged, and only such attempts are counted.
    pub who: Who,
    /// The rule itself.
    pub kind: Kind,
}

/// How far the source of a rule was read (RULES.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// The primary text.
    Primary,
    /// A secondary source.
    Secondary,
    /// Derived from the primary text by arithmetic or plain reading.
    Derived,
    /// Recalled or reported, not found: the platform's caution, not a statement of law.
    Unverified,
}

/// What a rule that does not hold does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Refuses.
    Refuse,
    /// Is shown in the explanation and does not refuse.
    Flag,
}

/// Contacts that a rule speaks of: all three must fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Who {
    /// What the person is to the case.
    pub roles: RoleSet,
    /// How they are contacted.
    pub channels: ChannelSet,
    /// What for.
    pub purposes: PurposeSet,
}

/// What a rule demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// At most so many in a window.
    Frequency(Frequency),
    /// Nothing for a while after a conversation.
    CoolDown(CoolDown),
    /// A least time between two attempts.
    Interval(Interval),
    /// Only at these times of the week.
    Hours(Hours),
    /// What somebody in a role may be contacted for, and on what conditions.
    Purpose(PurposeRule),
    /// From which numbers an agency may call.
    Lines(Lines),
    /// Only to a number that is known to be theirs still.
    Fresh(Fresh),
    /// What a message must and must not say.
    Content(Content),
    /// A number that many unrelated borrowers name is checked before it is called.
    Shared(Shared),
}

/// At most `limit` of what is counted, together with the contact that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frequency {
    /// What is counted.
    pub count: Counted,
    /// Those that agree with the request in each of these.
    pub scope: Scope,
    /// The most, the one asked for included.
    pub limit: u16,
    /// Since when.
    pub window: Window,
    /// What is neither counted nor limited.
    pub except: Exceptions,
}

/// What a frequency rule counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Every contact made or being made, permits that wait included.
    Attempts,
    /// Attempts that did not lead to a conversation; one without an outcome yet is among them.
    Unanswered,
    /// Contacts in which something was conveyed: a conversation, a delivered message; one without an outcome yet
    /// is among them.
    Communications,
}

/// How far back a rule looks. Calendar windows are judged in every zone that the contact point may be in, and the
/// strictest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// So many consecutive calendar days, today the last: what happened on day D counts on D to D+n−1.
    Days(u16),
    /// The calendar week, from Monday.
    Week,
    /// The calendar month.
    Month,
    /// So many milliseconds up to now.
    RollingMs(i64),
    /// Ever.
    Ever,
}

/// After a conversation no contact for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoolDown {
    /// Conversations that agree with the request in each of these. Whoever began them: also the person.
    pub scope: Scope,
    /// How long: `Days(7)` blocks the day of the conversation and six more.
    pub window: Window,
    /// What is not limited.
    pub except: Exceptions,
}

/// A least time between an attempt and the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// Attempts that agree with the request in each of these.
    pub scope: Scope,
    /// In milliseconds.
    pub least_ms: i64,
    /// What neither counts nor is limited.
    pub except: Exceptions,
}

/// Times of the week at which contact is allowed, by the clock on the wall of every zone that the contact point may
/// be in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    /// Inside any of these it is allowed.
    pub open: Vec<Span>,
    /// Days on which `holiday_open` takes the place of `open`.
    pub holidays: Vec<Date>,
    /// What is allowed on those days.
    pub holiday_open: Vec<Span>,
    /// A consent of the person to contact at this time lifts it.
    pub unless_consented: bool,
}

/// What somebody may be contacted for. The rule speaks of its `who.roles`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PurposeRule {
    /// Any other purpose is refused.
    pub allowed: PurposeSet,
    /// These purposes need the person's confirmation that they know of it and agree.
    pub confirmed: PurposeSet,
    /// These purposes need the debtor to be out of contact.
    pub debtor_out_of_contact: Option<OutOfContact>,
}

/// When a debtor counts as out of contact: every number of theirs that the platform knows is out of service, or each
/// of the last `days` calendar days before today, or `days` days ending today, has at least `tries` failed attempts,
/// and no contact with the debtor since the first of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfContact {
    /// Consecutive calendar days.
    pub days: u16,
    /// Failed attempts on each of them.
    pub tries: u16,
    /// For these purposes.
    pub purposes: PurposeSet,
}

/// From which numbers an agency may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lines {
    /// The calling number must be registered to the agency.
    pub registered: bool,
    /// At most so many different ones to what `scope` names, the one asked for included.
    pub most: Option<u16>,
    /// Within this.
    pub window: Window,
    /// Attempts that agree with the request in each of these.
    pub scope: Scope,
}

/// Only to a number that was shown to be theirs of late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fresh {
    /// Not longer ago than so many days of 24 hours.
    pub within_days: u16,
    /// A message from that contact point shows it.
    pub by_message: bool,
    /// The person's consent to be contacted there shows it.
    pub by_consent: bool,
    /// A check of a database of reassigned numbers shows it.
    pub by_check: bool,
    /// Only numbers and addresses at the place of work need be shown.
    pub at_work: bool,
}

/// What a message must and must not say. It is asked of the template when that is approved, and of each request that
/// it names an approved one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// A message must name an approved template of the agency, for this channel and role.
    pub template: bool,
    /// What its text must contain.
    pub require: Vec<Element>,
    /// Words that its text must not contain, whatever their case.
    pub forbid: Vec<String>,
}

/// Something that a text must contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    /// Who sends it: the placeholder `{agency}` or `{sender}`.
    Sender,
    /// How to make it stop: the placeholder `{stop}`, or a sentence that names the word to answer with.
    OptOut,
    /// That the person owes nothing.
    OwesNothing,
}

/// A number that more than `most` unrelated borrowers name as somebody who does not owe is not called until it has
/// been checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shared {
    /// Different debtors' cases.
    pub most: u16,
}

/// How a consent is read by the rules of its pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConsentTerms {
    /// It ends after so many calendar days at the latest, the day it was given being the first.
    pub at_most_days: Option<u16>,
    /// It ends when the person has a conversation about the debt.
    pub ends_with_conversation: bool,
}

impl Rule {
    /// `pack/rule`, as decisions name it.
    pub fn name(&self, pack: &Pack) -> String {
        format!("{}/{}", pack.id, self.id)
    }
}
