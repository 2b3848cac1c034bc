//! The gate against an oracle that shares no code with it: a list of attempts, plain scans, dates from zoned
//! date-times. Random histories of requests, redemptions, outcomes, stops, ticks and an unsure clock.

use std::collections::{BTreeMap, BTreeSet};

use events::gate::{ContactLinkedV1, ContactPlacedV1};
use events::gate::{
    Figures, GateCommand, GateEvent, GateQuery, GateReply, PermitRequest, PolicyAdoptedV1, PolicyV1,
    StopSource,
};
use events::{Code, Decider, Now, Position, Refusal, Tally};
use gate::{Gate, State};
use jiff::tz::TimeZone;
use model::{
    AgencyId, CaseId, Channel, CollectorId, ContactPointId, LenderId, Outcome, PersonId, Purpose, Role,
    Timestamp,
};
use proptest::prelude::*;

const ZONES: [&[&str]; 4] = [
    &["Asia/Shanghai"],
    &["America/New_York"],
    &["Europe/Moscow", "America/New_York"],
    &["America/Santiago", "Asia/Kolkata"],
];

#[derive(Debug, Clone)]
enum Step {
    Request {
        contact: usize,
        agency: u32,
        channel: Channel,
    },
    Redeem {
        back: usize,
        call: u8,
    },
    Settle {
        back: usize,
        outcome: Outcome,
    },
    Stop {
        contact: usize,
    },
    Tick,
    Wait {
        ms: i64,
    },
    /// The next command meets an unsure clock.
    ClockUnsure,
}

fn step() -> impl Strategy<Value = Step> {
    let channels = prop::sample::select(Channel::ALL);
    let outcomes = prop::sample::select(Outcome::ALL);
    let waits = prop_oneof![
        4 => 0..90_000_i64,
        // To the last moment of a permit, and one past it.
        2 => prop::sample::select(vec![1, 59_999, 60_000, 60_001, 600_000]),
        4 => 0..3 * 3_600_000_i64,
        3 => 3 * 3_600_000..14 * 3_600_000_i64,
        2 => 20 * 3_600_000..30 * 3_600_000_i64,
    ];
    prop_oneof![
        12 => (0..ZONES.len(), 0..2_u32, channels)
            .prop_map(|(contact, agency, channel)| Step::Request { contact, agency, channel }),
        10 => (0..4_usize, 0..3_u8).prop_map(|(back, call)| Step::Redeem { back, call }),
        4 => (0..5_usize, outcomes).prop_map(|(back, outcome)| Step::Settle { back, outcome }),
        1 => (0..ZONES.len() * 6).prop_map(|contact| Step::Stop { contact }),
        2 => Just(Step::Tick),
        9 => waits.prop_map(|ms| Step::Wait { ms }),
        1 => Just(Step::ClockUnsure),
    ]
}

fn any_policy() -> impl Strategy<Value = PolicyV1> {
    let hours =
        prop_oneof![Just((28_801, 79_199)), Just((0, 86_399)), Just((36_000, 64_800)), Just((9_000, 86_399))];
    (1..5_u16, 1..9_u16, hours, prop_oneof![Just(60_000_u32), Just(600_000)], any::<bool>()).prop_map(
        |(per_day, per_seven_days, (from_s, until_s), permit_ttl_ms, give_back_unconnected)| PolicyV1 {
            per_day,
            per_seven_days,
            from_s,
            until_s,
            permit_ttl_ms,
            give_back_unconnected,
            ..gate::strict()
        },
    )
}

/// What the oracle knows of a permit.
#[derive(Debug)]
struct Attempt {
    position: Position,
    contact: usize,
    expires_at: i64,
    redeemed: Option<(i64, u8)>,
    outcome: Option<Outcome>,
    given_back: bool,
    voided: bool,
}

struct Oracle {
    policy: PolicyV1,
    zones: Vec<Vec<TimeZone>>,
    attempts: Vec<Attempt>,
    stopped: BTreeSet<usize>,
}

impl Oracle {
    fn zoned(at: i64, zone: &TimeZone) -> jiff::ZonedDateTime {
        jiff::Timestamp::from_millisecond(at).expect("in range").to_zoned_datetime(zone.clone())
    }

    /// Calendar days from the attempt to now.
    fn age_days(made: i64, now: i64, zone: &TimeZone) -> i32 {
        let (made, now) = (Self::zoned(made, zone).date(), Self::zoned(now, zone).date());
        made.until(now).expect("in range").get_days()
    }

    fn open(&self, contact: usize, now: i64) -> bool {
        self.zones[contact].iter().all(|zone| {
            let time = Self::zoned(now, zone).time();
            let second =
                i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
            i64::from(self.policy.from_s) <= second && second <= i64::from(self.policy.until_s)
        })
    }

    /// The most in any zone: of the day, and of seven days.
    fn counts(&self, contact: usize, now: i64) -> (usize, usize) {
        let mut most = (0, 0);
        for zone in &self.zones[contact] {
            let within = |days: i32| {
                let counts = |attempt: &&Attempt| {
                    if attempt.contact != contact || attempt.voided || attempt.given_back {
                        return false;
                    }
                    match attempt.redeemed {
                        Some((made, _)) => Self::age_days(made, now, zone) < days,
                        None => now <= attempt.expires_at,
                    }
                };
                self.attempts.iter().filter(counts).count()
            };
            most = (most.0.max(within(1)), most.1.max(within(7)));
        }
        most
    }

    fn refused_by(&self, contact: usize, agency: u32, now: Now) -> BTreeSet<Code> {
        let mut codes = BTreeSet::new();
        if self.stopped.contains(&contact) {
            codes.insert(Code::STOPPED);
        }
        if agency != 0 {
            codes.insert(Code::NOT_PLACED);
        }
        if !now.trusted {
            codes.insert(Code::CLOCK_UNSURE);
            return codes;
        }
        let (day, seven_days) = self.counts(contact, now.at.0);
        if day >= usize::from(self.policy.per_day) {
            codes.insert(Code::DAY_CAP);
        }
        if seven_days >= usize::from(self.policy.per_seven_days) {
            codes.insert(Code::SEVEN_DAY_CAP);
        }
        if !self.open(contact, now.at.0) {
            codes.insert(Code::OUTSIDE_HOURS);
        }
        codes
    }

    /// Every day and every seven days that hold an attempt, recounted from the calls that were placed.
    fn over_cap(&self) -> usize {
        let mut over = 0;
        for attempt in &self.attempts {
            let Some((last, _)) = attempt.redeemed.filter(|_| !attempt.given_back) else { continue };
            for zone in &self.zones[attempt.contact] {
                let placed = |days: std::ops::Range<i32>| {
                    let calls = self.attempts.iter().filter(|other| other.contact == attempt.contact);
                    let calls = calls.filter(|other| !other.given_back).filter_map(|other| other.redeemed);
                    calls.filter(|(made, _)| days.contains(&Self::age_days(*made, last, zone))).count()
                };
                over += usize::from(placed(0..1) > usize::from(self.policy.per_day));
                over += usize::from(placed(0..7) > usize::from(self.policy.per_seven_days));
            }
        }
        over
    }
}

fn contact_id(contact: usize) -> ContactPointId {
    ContactPointId([contact as u8 + 1; 16])
}

fn asked(contact: usize, agency: u32, channel: Channel) -> PermitRequest {
    PermitRequest {
        contact: contact_id(contact),
        case: CaseId([contact as u8 + 1; 16]),
        agency: AgencyId(agency),
        collector: CollectorId(agency),
        channel,
        purpose: Purpose::Collect,
        line: "95533".parse().expect("a line"),
    }
}

/// The gate, its log, and a second gate that is restored from a snapshot before every decision.
struct Run {
    state: State,
    log: Vec<(Timestamp, GateEvent)>,
}

impl Run {
    fn decide(&mut self, command: &GateCommand, now: Now) -> Result<Vec<GateEvent>, Refusal> {
        let decided = Gate::decide(&self.state, command, now);
        let snapshot = postcard::to_allocvec(&self.state).expect("plain data");
        let restored: State = postcard::from_bytes(&snapshot).expect("just written");
        assert_eq!(Gate::decide(&restored, command, now), decided, "a restored state decides the same");
        if let Ok(events) = &decided {
            for event in events {
                self.take(event.clone(), now.at);
            }
        }
        decided
    }

    fn take(&mut self, event: GateEvent, at: Timestamp) {
        Gate::evolve(&mut self.state, &event, at, Position(self.log.len() as u64));
        self.log.push((at, event));
    }

    fn figures(state: &State, now: Now) -> Figures {
        match Gate::query(state, &GateQuery::Figures, now) {
            GateReply::Figures(figures) => *figures,
            other => panic!("{other:?}"),
        }
    }
}

fn refusal(
    decided: &Result<Vec<GateEvent>, Refusal>,
) -> Option<(Vec<Code>, Option<Timestamp>, Option<Tally>)> {
    match decided {
        Err(refusal) => {
            let codes = refusal.reasons.iter().map(|reason| reason.code).collect();
            Some((codes, refusal.next_allowed, refusal.repeats))
        }
        Ok(events) => match &events[..] {
            [GateEvent::PermitRefused(refused)] => {
                Some((refused.reasons.iter().map(|reason| reason.code).collect(), refused.next_allowed, None))
            }
            _ => None,
        },
    }
}

fn play(policy: PolicyV1, start: i64, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut run = Run { state: State::default(), log: Vec::new() };
    run.take(GateEvent::PolicyAdopted(PolicyAdoptedV1 { policy: policy.clone() }), Timestamp(start));
    for (number, zones) in ZONES.iter().enumerate() {
        let PermitRequest { contact, case, .. } = asked(number, 0, Channel::Call);
        let zones = zones.iter().map(|zone| zone.parse().expect("a zone name")).collect();
        let (lender, person, role) = (LenderId(1), PersonId([number as u8; 16]), Role::Debtor);
        let link = ContactLinkedV1 { contact, case, lender, person, role, zones };
        run.take(GateEvent::ContactLinked(link), Timestamp(start));
        let place = ContactPlacedV1 { contact, case, agency: Some(AgencyId(0)) };
        run.take(GateEvent::ContactPlaced(place), Timestamp(start));
    }
    let zones = ZONES.map(|zones| zones.iter().map(|zone| TimeZone::get(zone).expect("known")).collect());
    let mut oracle = Oracle { policy, zones: zones.into(), attempts: Vec::new(), stopped: BTreeSet::new() };
    let mut now = Now { at: Timestamp(start), trusted: true };
    let mut repeats: BTreeMap<Tally, u32> = BTreeMap::new();
    let (mut asked_for, mut allowed, mut refused_by) = (0_u64, 0_u64, BTreeMap::<Code, u64>::new());
    for step in steps {
        match step {
            Step::Wait { ms } => {
                now.at = now.at.plus_ms(ms);
                continue;
            }
            Step::ClockUnsure => {
                now.trusted = false;
                continue;
            }
            Step::Request { contact, agency, channel } => {
                let decided = run.decide(&GateCommand::RequestPermit(asked(contact, agency, channel)), now);
                let expected = oracle.refused_by(contact, agency, now);
                asked_for += 1;
                match refusal(&decided) {
                    None => {
                        prop_assert!(expected.is_empty(), "allowed, but {expected:?} refuse");
                        let Ok([GateEvent::PermitReserved(reserved)]) = decided.as_deref() else {
                            return Err(TestCaseError::fail(format!("{decided:?}")));
                        };
                        let counts = oracle.counts(contact, now.at.0);
                        prop_assert_eq!(usize::from(reserved.day.counted), counts.0 + 1);
                        prop_assert_eq!(usize::from(reserved.seven_days.counted), counts.1 + 1);
                        allowed += 1;
                        oracle.attempts.push(Attempt {
                            position: Position(run.log.len() as u64 - 1),
                            contact,
                            expires_at: reserved.expires_at.0,
                            redeemed: None,
                            outcome: None,
                            given_back: false,
                            voided: false,
                        });
                    }
                    Some((codes, next_allowed, repeat)) => {
                        prop_assert!(codes.iter().eq(expected.iter()), "{codes:?}, expected {expected:?}");
                        for code in codes {
                            *refused_by.entry(code).or_default() += 1;
                        }
                        if let Some(tally) = repeat {
                            *repeats.entry(tally).or_default() += 1;
                        }
                        if let Some(next) = next_allowed {
                            let at = |ms| Now { at: Timestamp(ms), trusted: true };
                            let later = oracle.refused_by(contact, agency, at(next.0));
                            prop_assert!(later.is_empty(), "promised {next:?}, but {later:?} refuse");
                            // Not a moment too late: not just before, and at no hour before either.
                            let mut before = next.0 - 1;
                            while before >= now.at.0 {
                                let refused = oracle.refused_by(contact, agency, at(before));
                                prop_assert!(!refused.is_empty(), "promised {next:?}, free at {before}");
                                before -= 1_234_567;
                            }
                        }
                    }
                }
            }
            Step::Redeem { back, call } => {
                let count = oracle.attempts.len();
                let Some(index) = count.checked_sub(back + 1) else { continue };
                let Attempt { position: permit, contact, expires_at, redeemed, voided, .. } =
                    oracle.attempts[index];
                let command =
                    GateCommand::RedeemPermit { contact: contact_id(contact), permit, call: [call; 16] };
                let decided = run.decide(&command, now);
                let mut expected = BTreeSet::new();
                match redeemed {
                    // The gate forgets closed permits after a day.
                    Some(_) | None if decided == Err(Code::PERMIT_UNKNOWN.into()) => {
                        prop_assert!(now.at.0 - expires_at > 24 * 3_600_000);
                        now.trusted = true;
                        continue;
                    }
                    Some((_, used)) if used == call => {
                        prop_assert_eq!(&decided, &Ok(Vec::new()));
                        now.trusted = true;
                        continue;
                    }
                    Some(_) => {
                        expected.insert(Code::PERMIT_USED);
                    }
                    None if voided => {
                        expected.insert(Code::PERMIT_VOIDED);
                    }
                    None if !now.trusted => {
                        expected.insert(Code::CLOCK_UNSURE);
                    }
                    None => {
                        if now.at.0 > expires_at {
                            expected.insert(Code::PERMIT_EXPIRED);
                        }
                        if !oracle.open(contact, now.at.0) {
                            expected.insert(Code::OUTSIDE_HOURS);
                        }
                    }
                }
                match refusal(&decided) {
                    None => {
                        prop_assert!(expected.is_empty(), "redeemed, but {expected:?} refuse");
                        prop_assert!(!oracle.stopped.contains(&contact), "redeemed after the stop");
                        oracle.attempts[index].redeemed = Some((now.at.0, call));
                    }
                    // An expired permit is refused as such alone once that is recorded.
                    Some((codes, ..)) if codes == [Code::PERMIT_EXPIRED] => {
                        prop_assert!(now.at.0 > expires_at || expected.contains(&Code::PERMIT_EXPIRED));
                    }
                    Some((codes, ..)) => {
                        prop_assert!(codes.iter().eq(expected.iter()), "{codes:?}, expected {expected:?}");
                    }
                }
            }
            Step::Settle { back, outcome } => {
                let count = oracle.attempts.len();
                let Some(index) = count.checked_sub(back + 1) else { continue };
                let attempt = &mut oracle.attempts[index];
                let (contact, permit) = (contact_id(attempt.contact), attempt.position);
                let decided = run.decide(&GateCommand::SettlePermit { contact, permit, outcome }, now);
                let free = attempt.redeemed.is_some() && attempt.outcome.is_none();
                prop_assert_eq!(
                    free,
                    decided.as_ref().is_ok_and(|events| events.len() == 1),
                    "{:?}",
                    decided
                );
                if free {
                    attempt.outcome = Some(outcome);
                    let unconnected = matches!(outcome, Outcome::Busy | Outcome::NotInService);
                    attempt.given_back = oracle.policy.give_back_unconnected && unconnected;
                }
            }
            // Stops are rare: most numbers name nobody.
            Step::Stop { contact } if contact >= ZONES.len() => continue,
            Step::Stop { contact } => {
                let source = StopSource::CalledPerson;
                let decided =
                    run.decide(&GateCommand::PlaceStop { contact: contact_id(contact), source }, now);
                let first = oracle.stopped.insert(contact);
                prop_assert_eq!(first, decided.is_ok_and(|events| !events.is_empty()));
                for attempt in oracle.attempts.iter_mut().filter(|attempt| attempt.contact == contact) {
                    attempt.voided |= attempt.redeemed.is_none();
                }
            }
            Step::Tick => {
                let repeated = std::mem::take(&mut repeats).into_iter().collect();
                let decided = run.decide(&GateCommand::Tick { repeated }, now);
                for event in decided.map_err(|refusal| TestCaseError::fail(refusal.to_string()))? {
                    match event {
                        GateEvent::PermitExpired(expired) => {
                            let found = oracle.attempts.iter().find(|one| one.position == expired.permit);
                            let dead = found.is_some_and(|one| {
                                one.redeemed.is_none() && !one.voided && one.expires_at < now.at.0
                            });
                            prop_assert!(dead, "{found:?} at {}", now.at.0);
                        }
                        GateEvent::PermitSettled(settled) => {
                            let found = oracle.attempts.iter_mut().find(|one| one.position == settled.permit);
                            let found = found.ok_or_else(|| TestCaseError::fail("no such permit"))?;
                            prop_assert!(found.outcome.is_none() && !settled.given_back);
                            prop_assert!(found.redeemed.is_some_and(|(at, _)| now.at.0 - at > 4 * 3_600_000));
                            found.outcome = Some(Outcome::Unknown);
                        }
                        _ => {}
                    }
                }
            }
        }
        now.trusted = true;
    }
    prop_assert_eq!(oracle.over_cap(), 0, "calls over a cap");
    let repeated = repeats.into_iter().collect();
    run.decide(&GateCommand::Tick { repeated }, now)
        .map_err(|refusal| TestCaseError::fail(refusal.to_string()))?;
    let figures = Run::figures(&run.state, now);
    prop_assert_eq!(
        (figures.asked, figures.allowed, figures.refused),
        (asked_for, allowed, asked_for - allowed)
    );
    prop_assert_eq!(&figures.refused_by, &refused_by.into_iter().collect::<Vec<_>>());
    let placed = oracle.attempts.iter().filter(|attempt| attempt.redeemed.is_some()).count();
    prop_assert_eq!(figures.redeemed, placed as u64);
    let mut replayed = State::default();
    for (position, (at, event)) in run.log.iter().enumerate() {
        Gate::evolve(&mut replayed, event, *at, Position(position as u64));
    }
    prop_assert_eq!(Run::figures(&replayed, now), figures, "a replay counts the same");
    let bytes = |state: &State| postcard::to_allocvec(state).expect("plain data");
    prop_assert_eq!(bytes(&replayed), bytes(&run.state), "a replay gives the same state");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_gate_and_the_oracle_agree(
        policy in any_policy(),
        // From March 2026 through November: both changes of the clock.
        start in 1_772_700_000_000..1_794_000_000_000_i64,
        steps in prop::collection::vec(step(), 1..160),
    ) {
        play(policy, start, steps)?;
    }
}
