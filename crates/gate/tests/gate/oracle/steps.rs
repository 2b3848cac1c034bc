//! What may happen, in a small world: five contact points, four persons, four cases, two agencies, two lenders.

use events::gate::{ConsentAnswer, ConsentCovers, HoldKind, NumberCheck};
use model::{Channel, Outcome, Place, Purpose, Role};
use proptest::prelude::*;
use proptest::sample::select;

use super::packs::{Head, head, rules};

/// A request, by numbers.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Which of the links; if none, a contact point and a case by chance.
    pub link: usize,
    pub stray: Option<(u8, u8)>,
    pub other_agency: bool,
    pub also: Vec<u8>,
    pub channel: Channel,
    pub purpose: Purpose,
    pub line: u8,
    pub template: Option<u32>,
}

#[derive(Debug, Clone)]
pub struct Link {
    pub contact: u8,
    pub case: u8,
    pub person: u8,
    pub role: Role,
    pub zones: Vec<&'static str>,
    pub region: Option<&'static str>,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub enum Step {
    Ask(Ask),
    Redeem {
        back: usize,
        call: u8,
    },
    Settle {
        back: usize,
        outcome: Outcome,
        toward: u8,
        discussed: u8,
    },
    Record {
        ask: Ask,
        inbound: bool,
        ago_ms: i64,
        outcome: Outcome,
        line: bool,
    },
    Consent {
        person: u8,
        agency: u32,
        case: Option<u8>,
        contact: Option<u8>,
        covers: ConsentCovers,
        wait_ms: i64,
        lasts_ms: Option<i64>,
    },
    Revoke {
        person: u8,
        all: bool,
        ago_ms: i64,
    },
    Hold {
        contact: Option<u8>,
        person: Option<u8>,
        case: Option<u8>,
        kind: HoldKind,
        channels: Vec<Channel>,
        places: Vec<Place>,
        times: Option<(u8, u32, u32)>,
        lasts_ms: Option<i64>,
    },
    Lift {
        back: usize,
    },
    Stop {
        contact: u8,
    },
    Disprove {
        contact: u8,
        person: u8,
        to: u8,
    },
    Check {
        contact: u8,
        found: NumberCheck,
        ago_ms: i64,
    },
    Standing {
        agency: u32,
        collector: bool,
        active: bool,
    },
    Line {
        agency: u32,
        line: u8,
        registered: bool,
    },
    Approve {
        agency: u32,
        template: u32,
        text: usize,
    },
    WithdrawText {
        agency: u32,
        template: u32,
    },
    Adopt {
        slot: usize,
        head: Head,
        rules: Vec<String>,
    },
    Withdraw {
        slot: usize,
    },
    Link(Link),
    Place {
        link: usize,
        agency: Option<u32>,
    },
    Close {
        link: usize,
    },
    Answer {
        link: usize,
        answer: ConsentAnswer,
    },
    Tick,
    Wait {
        ms: i64,
    },
    /// The next command meets an unsure clock.
    ClockUnsure,
}

const HOUR: i64 = 3_600_000;

pub fn ask() -> impl Strategy<Value = Ask> {
    let channel = prop_oneof![4 => Just(Channel::Call), 2 => Just(Channel::Sms), 1 => select(Channel::ALL)];
    let purpose = prop_oneof![6 => Just(Purpose::Collect), 3 => select(Purpose::ALL)];
    let stray = prop_oneof![19 => Just(None), 1 => (0..6_u8, 0..5_u8).prop_map(Some)];
    let other = prop_oneof![9 => Just(false), 1 => Just(true)];
    let also = prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(0..4_u8, 1..3)];
    let template = prop_oneof![1 => Just(None), 1 => (0..3_u32).prop_map(Some)];
    (0..8_usize, stray, other, also, channel, purpose, 0..3_u8, template).prop_map(
        |(link, stray, other_agency, also, channel, purpose, line, template)| Ask {
            link,
            stray,
            other_agency,
            also,
            channel,
            purpose,
            line,
            template,
        },
    )
}

pub fn link() -> impl Strategy<Value = Link> {
    let zones = prop_oneof![
        4 => Just(vec!["Asia/Shanghai"]),
        3 => Just(vec!["America/New_York"]),
        2 => Just(vec!["Europe/Moscow", "America/New_York"]),
        2 => Just(vec!["America/Santiago", "Asia/Kolkata"]),
        1 => Just(vec!["Europe/London"]),
        1 => Just(vec!["Pacific/Auckland", "America/Los_Angeles"]),
        1 => Just(vec!["Asia/Atlantis"]),
        1 => Just(vec![]),
    ];
    let role = prop_oneof![3 => Just(Role::Debtor), 3 => select(Role::ALL)];
    let region = select(vec![None, Some("CN"), Some("US"), Some("US-MA"), Some("CN-SH")]);
    (0..5_u8, 0..4_u8, 0..4_u8, role, zones, region, select(Place::ALL)).prop_map(
        |(contact, case, person, role, zones, region, place)| Link {
            contact,
            case,
            person,
            role,
            zones,
            region,
            place,
        },
    )
}

fn wait() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => 0..90_000_i64,
        // To the last moment of a permit, and one past it.
        2 => select(vec![1, 59_999, 60_000, 60_001, 600_000]),
        3 => 0..3 * HOUR,
        3 => 3 * HOUR..14 * HOUR,
        2 => 20 * HOUR..30 * HOUR,
        1 => 24 * HOUR..240 * HOUR,
    ]
}

fn one_of<T: std::fmt::Debug + Clone + 'static>(
    value: impl Strategy<Value = T> + 'static,
    weight: u32,
) -> BoxedStrategy<Option<T>> {
    prop_oneof![1 => Just(None), weight => value.prop_map(Some)].boxed()
}

pub fn step() -> impl Strategy<Value = Step> {
    let ago = || prop_oneof![1 => Just(0_i64), 2 => 0..6 * HOUR, 1 => 0..96 * HOUR];
    let outcome = || select(Outcome::ALL);
    let agency = || 1..3_u32;
    let hold = (
        (one_of(0..5_u8, 1), one_of(0..4_u8, 1), one_of(0..4_u8, 1)),
        select(HoldKind::ALL),
        prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(select(Channel::ALL), 1..3)],
        prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(select(Place::ALL), 1..3)],
        one_of(
            (1..128_u8, 0..80_000_u32, 0..7_200_u32)
                .prop_map(|(days, from, length)| (days, from, (from + length).min(86_399))),
            1,
        ),
        one_of(0..100 * HOUR, 3),
    );
    prop_oneof![
        30 => ask().prop_map(Step::Ask),
        24 => (0..4_usize, 0..3_u8).prop_map(|(back, call)| Step::Redeem { back, call }),
        14 => (0..5_usize, outcome(), 0..8_u8, 0..8_u8)
            .prop_map(|(back, outcome, toward, discussed)| Step::Settle { back, outcome, toward, discussed }),
        4 => (ask(), any::<bool>(), ago(), outcome(), any::<bool>())
            .prop_map(|(ask, inbound, ago_ms, outcome, line)| Step::Record { ask, inbound, ago_ms, outcome, line }),
        4 => (
            (0..4_u8, agency(), one_of(0..4_u8, 1), one_of(0..5_u8, 1)),
            select(vec![ConsentCovers::Frequency, ConsentCovers::Frequency, ConsentCovers::Hours, ConsentCovers::Messages]),
            prop_oneof![1 => Just(0_i64), 1 => 0..20 * HOUR],
            one_of(0..100 * HOUR, 2),
        )
            .prop_map(|((person, agency, case, contact), covers, wait_ms, lasts_ms)| Step::Consent {
                person,
                agency,
                case,
                contact,
                covers,
                wait_ms,
                lasts_ms
            }),
        1 => (0..4_u8, any::<bool>(), ago()).prop_map(|(person, all, ago_ms)| Step::Revoke { person, all, ago_ms }),
        2 => hold.prop_map(|((contact, person, case), kind, channels, places, times, lasts_ms)| Step::Hold {
            contact,
            person,
            case,
            kind,
            channels,
            places,
            times,
            lasts_ms
        }),
        2 => (0..3_usize).prop_map(|back| Step::Lift { back }),
        1 => (0..30_u8).prop_map(|contact| Step::Stop { contact }),
        1 => (0..5_u8, 0..4_u8, 0..4_u8).prop_map(|(contact, person, to)| Step::Disprove { contact, person, to }),
        2 => (0..5_u8, select(vec![
            NumberCheck::NotReassigned,
            NumberCheck::NotInService,
            NumberCheck::NotInService,
            NumberCheck::SharedInOrder,
        ]), ago())
            .prop_map(|(contact, found, ago_ms)| Step::Check { contact, found, ago_ms }),
        1 => (agency(), any::<bool>(), any::<bool>(), 0..2_u8).prop_map(|(agency, collector, active, rare)| Step::Standing {
            agency,
            collector,
            active: active || rare == 0
        }),
        1 => (agency(), 0..3_u8, any::<bool>()).prop_map(|(agency, line, registered)| Step::Line { agency, line, registered }),
        2 => (agency(), 0..3_u32, 0..4_usize).prop_map(|(agency, template, text)| Step::Approve { agency, template, text }),
        1 => (agency(), 0..3_u32).prop_map(|(agency, template)| Step::WithdrawText { agency, template }),
        1 => (1..4_usize, head(), rules(false)).prop_map(|(slot, head, rules)| Step::Adopt { slot, head, rules }),
        1 => (1..4_usize).prop_map(|slot| Step::Withdraw { slot }),
        1 => link().prop_map(Step::Link),
        1 => (0..8_usize, one_of(agency(), 4)).prop_map(|(link, agency)| Step::Place { link, agency }),
        1 => (0..40_usize).prop_map(|link| Step::Close { link }),
        2 => (0..8_usize, select(vec![
            ConsentAnswer::Confirmed,
            ConsentAnswer::Confirmed,
            ConsentAnswer::Confirmed,
            ConsentAnswer::Refused,
        ]))
            .prop_map(|(link, answer)| Step::Answer { link, answer }),
        3 => Just(Step::Tick),
        20 => wait().prop_map(|ms| Step::Wait { ms }),
        1 => Just(Step::ClockUnsure),
    ]
}
