//! What a case file says, read.

use events::gate::{ConsentAnswer, ConsentCovers, HoldKind, NumberCheck, WeekTime};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use model::{Channel, Outcome, Place, Purpose, Role};

/// An index into one of the lists of [`World`].
pub(crate) type Index = usize;

/// A case file.
#[derive(Debug)]
pub(crate) struct Case {
    pub world: World,
    /// In the order of the file.
    pub statements: Vec<Statement>,
}

/// Who and what there is.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub packs: Vec<String>,
    /// The zone of whatever has none of its own.
    pub zone: String,
    /// The regions of whoever has none of their own.
    pub regions: Vec<String>,
    pub agencies: Vec<Agency>,
    pub lenders: Vec<String>,
    pub people: Vec<Person>,
    pub debts: Vec<Debt>,
    pub ties: Vec<Tie>,
    pub contacts: Vec<ContactPoint>,
    pub templates: Vec<Template>,
    pub permits: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Agency {
    pub name: String,
    /// Calling numbers; the first is used unless a statement names another.
    pub lines: Vec<CallingLine>,
    /// The first acts unless a statement names another.
    pub agents: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct CallingLine {
    pub name: String,
    pub registered: bool,
}

#[derive(Debug)]
pub(crate) struct Person {
    pub name: String,
    /// Where the line that names them first stands.
    pub line: usize,
    pub zones: Zones,
    pub regions: Vec<String>,
    /// Nobody asked them yet whether they agree to be contacted, as the platform demands of whoever owes nothing.
    pub unasked: bool,
}

/// In which zones somebody may be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Zones {
    /// The case does not say.
    #[default]
    Unsaid,
    /// The case says that nobody knows.
    Unknown,
    /// In one of these.
    Known(Vec<String>),
}

impl Zones {
    fn known(&self) -> Option<&[String]> {
        match self {
            Self::Known(zones) => Some(zones),
            Self::Unsaid | Self::Unknown => None,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Debt {
    pub lender: Option<Index>,
    /// What the case says about where it is placed at the beginning; `None`: it does not say.
    pub placed: Option<Index>,
}

/// What somebody is to a debt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tie {
    pub person: Index,
    pub debt: Index,
    pub role: Role,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Phone,
    Email,
    Address,
    App,
}

impl Kind {
    pub fn of(channel: Channel) -> Self {
        match channel {
            Channel::Call | Channel::Sms => Self::Phone,
            Channel::Email => Self::Email,
            Channel::Letter | Channel::Visit => Self::Address,
            Channel::App => Self::App,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Address => "address",
            Self::App => "account",
        }
    }

    /// Where such a contact point is unless the case says so: email addresses and mobile numbers are tied to no place
    /// (12 CFR 1006.6(b)(1)(ii), comment -1).
    pub fn place(self) -> Place {
        match self {
            Self::Address => Place::Home,
            Self::Phone | Self::Email | Self::App => Place::Mobile,
        }
    }
}

#[derive(Debug)]
pub(crate) struct ContactPoint {
    pub name: String,
    pub person: Index,
    pub kind: Kind,
    pub place: Place,
    pub zones: Zones,
    pub regions: Vec<String>,
    /// How many other borrowers name it.
    pub others: u32,
}

#[derive(Debug)]
pub(crate) struct Template {
    pub agency: Index,
    pub text: String,
}

/// One dated event or one question.
#[derive(Debug)]
pub(crate) struct Statement {
    pub line: usize,
    pub text: String,
    pub when: When,
    /// When the gate came to know of it, if later.
    pub learned: Option<Moment>,
    pub zone: String,
    pub what: What,
    /// Expectations on a question.
    pub expected: Vec<Expected>,
}

/// When something happens, as said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct When {
    pub dates: Vec<Date>,
    pub time: Option<TimeOfDay>,
    /// How often on each date.
    pub times: u32,
}

/// A time of day, perhaps with the zone or the offset that it is said in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TimeOfDay {
    pub time: Time,
    pub zone: Option<String>,
    pub offset: Option<Offset>,
}

/// A date, perhaps with a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    pub date: Date,
    pub time: Option<TimeOfDay>,
}

#[derive(Debug)]
pub(crate) enum What {
    Contact(ContactMade),
    Act(Act),
    Ask(Question),
}

/// A contact that somebody makes, wants to make, or has made.
#[derive(Debug, Clone)]
pub(crate) struct Intended {
    pub agency: Index,
    pub agent: Index,
    pub person: Index,
    pub contact: Index,
    /// The first is the case; at least one.
    pub debts: Vec<Index>,
    pub channel: Channel,
    pub purpose: Purpose,
    pub line: Index,
    pub template: Option<Index>,
    /// The clock is to be believed.
    pub trusted: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct ContactMade {
    pub intended: Intended,
    pub inbound: bool,
    pub outcome: Outcome,
    pub toward: Vec<Index>,
    pub discussed: Vec<Index>,
    pub reason: Option<Reason>,
}

/// Why a call was placed although a frequency was exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    RequiredByLaw,
    Litigation,
    InformationRequested,
    CallDropped,
    TimeOfTheEssence,
    OwnOffer,
}

/// Something that happens and is no contact.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    Consent(Consent),
    RevokeConsent {
        person: Index,
    },
    /// Everything, at these contact points.
    Stop {
        person: Index,
        contacts: Vec<Index>,
        agency: Option<Index>,
    },
    Hold(Hold),
    /// Lifts what stands: of these kinds; of this person, on this channel, at this place, about this debt, where given.
    Lift {
        kinds: Vec<HoldKind>,
        person: Option<Index>,
        channel: Option<Channel>,
        place: Option<Place>,
        debt: Option<Index>,
    },
    Answer {
        person: Index,
        debt: Option<Index>,
        answer: ConsentAnswer,
    },
    Disprove {
        contact: Index,
        person: Index,
        belongs_to: Index,
    },
    Check {
        contact: Index,
        found: NumberCheck,
    },
    Place {
        debt: Index,
        agency: Option<Index>,
    },
    Close {
        debt: Index,
    },
    Standing {
        agency: Index,
        agent: Option<Index>,
        active: bool,
    },
    Register {
        agency: Index,
        line: Index,
        registered: bool,
    },
    Withdraw {
        template: Index,
    },
    AdoptPack(String),
    WithdrawPack(String),
    Move {
        person: Index,
        zone: String,
    },
    Request {
        permit: Index,
        intended: Intended,
    },
    Redeem {
        permit: Index,
    },
    Settle {
        permit: Index,
        outcome: Outcome,
        toward: Vec<Index>,
        discussed: Vec<Index>,
    },
    /// Something that a court would weigh and the gate does not: no effect on it.
    Conduct {
        person: Option<Index>,
        about: &'static str,
    },
    /// Known, without effect on the gate, with the reason.
    Remark(&'static str),
}

#[derive(Debug, Clone)]
pub(crate) struct Consent {
    pub person: Index,
    pub agency: Index,
    pub debt: Option<Index>,
    pub contact: Option<Index>,
    pub covers: ConsentCovers,
    pub from: Option<Moment>,
    pub until: Option<Moment>,
}

#[derive(Debug, Clone)]
pub(crate) struct Hold {
    pub kind: HoldKind,
    pub person: Option<Index>,
    pub contact: Option<Index>,
    pub debt: Option<Index>,
    pub channels: Vec<Channel>,
    pub places: Vec<Place>,
    pub times: Vec<WeekTime>,
    pub until: Option<Moment>,
    pub by: By,
}

/// Who says that there is a hold.
#[derive(Debug, Clone, Copy)]
pub(crate) enum By {
    Person,
    Agency(Index),
    Lender(Index),
    Operator,
    Court,
}

#[derive(Debug, Clone)]
pub(crate) enum Question {
    /// May this contact be made?
    May(Intended),
    /// When may it next be made?
    Next(Intended),
    /// How many count?
    Count { of: CountOf, intended: Intended, rule: Option<String> },
    /// Do these calls count toward a debt?
    Counts(Which),
    /// What did the gate say of contacts that were made?
    Was(Which),
    /// What did the gate say to the request for a permit?
    WasPermit(Index),
    /// What did the gate say to the use of a permit?
    WasUse(Index),
    /// Are these calls within the telephone call frequencies, by all that is known?
    Presumed(Which),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CountOf {
    Calls,
    Conversations,
}

/// Which contacts a question is about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Which {
    pub agency: Option<Index>,
    pub person: Option<Index>,
    pub debt: Option<Index>,
    /// The debt that they may count toward.
    pub toward: Option<Index>,
    pub channel: Option<Channel>,
    /// On this day only.
    pub date: Option<Date>,
    /// At this time only.
    pub time: Option<TimeOfDay>,
    pub pick: Pick,
    /// The inbound ones are left out always.
    pub as_of: Option<Date>,
}

impl Which {
    /// All calls of an agency, not particular ones.
    pub fn is_general(&self) -> bool {
        self.agency.is_some() && self.pick == Pick::All && self.date.is_none() && self.time.is_none()
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Pick {
    #[default]
    All,
    First,
    Last,
}

/// One thing that the author of a case expects of an answer.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    pub line: usize,
    pub text: String,
    pub what: Expectation,
}

#[derive(Debug, Clone)]
pub(crate) enum Expectation {
    Allowed,
    Refused { by: Vec<String>, only: bool },
    NotRefused { by: Vec<String> },
    Flagged { by: Vec<String> },
    NotFlagged { by: Vec<String> },
    Excepted { by: Vec<String> },
    Counted { number: u64, rule: Option<String> },
    Next(DateTime),
    NextOn(Date),
    Never,
    Compliant,
    Violation { by: Vec<String> },
    Violations(u64),
    Factor,
    NoFactor,
}

impl World {
    /// The zones that a contact point is linked with: its own, where the person lives, and where their other numbers are. They may
    /// be in any of them (comment 6(b)(1)(i)-2). Empty: not known.
    pub fn zones_of(&self, contact: &ContactPoint) -> Vec<String> {
        let person = self.people.get(contact.person).map_or(&Zones::Unsaid, |person| &person.zones);
        let unknown = if contact.zones == Zones::Unsaid { person } else { &contact.zones };
        if *unknown == Zones::Unknown {
            return Vec::new();
        }
        let others = self.contacts.iter().filter(|other| other.person == contact.person);
        let said = [&contact.zones, person].into_iter().chain(others.map(|other| &other.zones));
        let mut zones: Vec<String> = Vec::new();
        for zone in said.filter_map(Zones::known).flatten() {
            if !zones.contains(zone) {
                zones.push(zone.clone());
            }
        }
        if zones.is_empty() { vec![self.zone.clone()] } else { zones }
    }

    /// The zone that a contact point's times are said in.
    pub fn clock_of(&self, contact: Index) -> String {
        let zones = self.contacts.get(contact).map(|contact| self.zones_of(contact)).unwrap_or_default();
        zones.into_iter().next().unwrap_or_else(|| self.zone.clone())
    }

    /// The zone that a person's times are said in.
    pub fn clock_of_person(&self, person: Index) -> String {
        match self.people.get(person).map(|person| &person.zones) {
            Some(Zones::Known(zones)) if !zones.is_empty() => zones[0].clone(),
            _ => {
                let own = self.contacts.iter().position(|contact| contact.person == person);
                own.map_or_else(|| self.zone.clone(), |contact| self.clock_of(contact))
            }
        }
    }

    /// The debts that somebody has to do with, in the order of the file.
    pub fn debts_of(&self, person: Index) -> Vec<Index> {
        let mut debts: Vec<Index> = Vec::new();
        for tie in self.ties.iter().filter(|tie| tie.person == person) {
            if !debts.contains(&tie.debt) {
                debts.push(tie.debt);
            }
        }
        debts
    }

    /// The contact points of a person.
    pub fn contacts_of(&self, person: Index) -> Vec<Index> {
        let own = self.contacts.iter().enumerate().filter(|(_, contact)| contact.person == person);
        own.map(|(index, _)| index).collect()
    }
}
