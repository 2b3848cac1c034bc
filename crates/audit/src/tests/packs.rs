//! Breaches of every kind of rule, in hand-written logs: each must be found, and what keeps the rule must not.

use events::Position;
use events::gate::{
    ConsentCovers, ConsentGivenV1, ConsentRevokedV1, ContactLinkedV2, ContactRecordedV1, Direction,
    GateEvent, NumberDisprovedV1, PermitRequest, PermitSettledV2, PolicyAdoptedV2, PolicyWithdrawnV1,
};
use model::{AgencyId, Channel, LenderId, Outcome, PersonId, Place, Purpose, Region, Role, Timestamp};

use super::world::*;
use crate::recount::Findings;
use crate::{Recount, recount};

const CHINA: (&str, &str) = ("CN", "Asia/Shanghai");
const UNITED_STATES: (&str, &str) = ("US-TX", "America/Chicago");
/// 2026-11-24 10:00 in Chicago, a Tuesday.
const TUESDAY: Timestamp = Timestamp(1_795_536_000_000);
const PERSON: PersonId = PersonId([9; 16]);
const AGENCY: AgencyId = AgencyId(3);

async fn count(world: &World) -> Recount {
    recount(&world.log, &STREAMS).await.expect("counted")
}

/// Rules that were broken, and how often.
fn broken(counted: &Recount) -> Vec<(&str, u64)> {
    let rules = counted.rules.iter().filter(|rule| rule.broken > 0);
    rules.map(|rule| (rule.rule.as_str(), rule.broken)).collect()
}

fn checked_in(id: &str) -> GateEvent {
    let pack = policy::text(id).expect("a pack of that name").to_owned();
    GateEvent::PolicyAdopted(PolicyAdoptedV2 { pack })
}

/// A contact point of a person, for a case of lender 7.
fn named(number: u8, of_case: u8, person: PersonId, (region, zone): (&str, &str)) -> GateEvent {
    GateEvent::ContactLinked(ContactLinkedV2 {
        contact: contact(number),
        case: case(of_case),
        lender: LenderId(7),
        person,
        role: Role::Debtor,
        zones: vec![zone.parse().expect("a zone")],
        regions: vec![region.parse::<Region>().expect("a region")],
        place: Place::Mobile,
    })
}

fn request(number: u8, of_case: u8) -> PermitRequest {
    PermitRequest { case: case(of_case), ..asked(contact(number), AGENCY.0) }
}

/// A call by a permit.
async fn call(world: &mut World, at: Timestamp, asked: PermitRequest) -> Position {
    let contact = asked.contact;
    let permit = world.permit(GATE, at, asked).await;
    world.gate(at.plus_ms(1000), redeemed(contact, permit)).await;
    permit
}

/// A call that became something, half a minute later.
async fn call_and(world: &mut World, at: Timestamp, asked: PermitRequest, outcome: Outcome) {
    let contact = asked.contact;
    let permit = call(world, at, asked).await;
    world.gate(at.plus_ms(30_000), settled(contact, permit, outcome, outcome.unconnected())).await;
}

fn recorded(number: u8, of_case: u8, at: Timestamp, direction: Direction, outcome: Outcome) -> GateEvent {
    GateEvent::ContactRecorded(ContactRecordedV1 {
        contact: contact(number),
        case: case(of_case),
        agency: AGENCY,
        channel: Channel::Call,
        purpose: Purpose::Collect,
        direction,
        at,
        outcome,
        toward: Vec::new(),
        discussed: Vec::new(),
        line: None,
    })
}

fn consent(covers: ConsentCovers, given: Timestamp) -> GateEvent {
    GateEvent::ConsentGiven(ConsentGivenV1 {
        person: PERSON,
        agency: AGENCY,
        case: None,
        contact: None,
        covers,
        given,
        from: given,
        until: None,
    })
}

/// A world with a checked-in pack and one contact point of the person.
async fn given(pack: &str, place: (&str, &str)) -> World {
    let mut world = World::new();
    world.gate(MONDAY, checked_in(pack)).await;
    world.gate(MONDAY, named(1, 1, PERSON, place)).await;
    world
}

/// A contact point of the other partition.
const ELSEWHERE: u8 = 0xc3;

async fn by_person(limit: u16) -> World {
    let rest = format!("count = \"attempts\"\nscope = [\"person\"]\nlimit = {limit}\nwindow = \"1 day\"");
    let mut world = World::new();
    let only = pack("test", 1, "\"everywhere\"", &rule("frequency", "person-day", &rest));
    world.gate(MONDAY, only.clone()).await;
    world.gate(MONDAY, named(1, 1, PERSON, CHINA)).await;
    world.gate(MONDAY, named(2, 1, PERSON, CHINA)).await;
    world.write(GATE_1, MONDAY, &[only, named(ELSEWHERE, 1, PERSON, CHINA)]).await;
    world
}

#[tokio::test]
async fn given_calls_to_two_numbers_of_one_person_when_recounted_then_they_count_together() {
    let mut world = by_person(3).await;
    for (hour, number) in [(9, 1), (10, 2), (11, 1)] {
        call(&mut world, MONDAY.plus_ms(hour * HOUR), request(number, 1)).await;
    }
    assert!(count(&world).await.findings.none());
    call(&mut world, MONDAY.plus_ms(12 * HOUR), request(2, 1)).await;
    let counted = count(&world).await;
    assert_eq!(counted.findings, Findings { over_cap: 1, ..Findings::default() });
    assert_eq!(broken(&counted), [("test/person-day", 1)]);
    assert_eq!(counted.rules[0].asked, 4);
}

#[tokio::test]
async fn given_two_numbers_of_one_person_in_two_partitions_when_recounted_then_they_count_together() {
    let mut world = by_person(1).await;
    call(&mut world, MONDAY.plus_ms(9 * HOUR), request(1, 1)).await;
    world.permit(GATE_1, MONDAY.plus_ms(10 * HOUR), request(ELSEWHERE, 1)).await;
    assert_eq!(count(&world).await.findings, Findings { over_cap: 1, ..Findings::default() });
}

#[tokio::test]
async fn given_a_number_shown_to_be_somebody_elses_when_recounted_then_its_calls_leave_the_persons_count() {
    let mut world = by_person(2).await;
    for hour in [9, 10] {
        call(&mut world, MONDAY.plus_ms(hour * HOUR), request(1, 1)).await;
    }
    let wrong = NumberDisprovedV1 { contact: contact(1), person: PERSON, belongs_to: PersonId([8; 16]) };
    world.gate(MONDAY.plus_ms(11 * HOUR), GateEvent::NumberDisproved(wrong)).await;
    call(&mut world, MONDAY.plus_ms(12 * HOUR), request(2, 1)).await;
    assert!(count(&world).await.findings.none());
    world.gate(MONDAY.plus_ms(13 * HOUR), named(4, 4, PersonId([8; 16]), CHINA)).await;
    call(&mut world, MONDAY.plus_ms(14 * HOUR), request(4, 4)).await;
    assert_eq!(count(&world).await.findings.over_cap, 1, "and enter the other's");
}

#[tokio::test]
async fn given_a_seventh_call_on_a_day_in_china_when_recounted_then_both_of_its_caps_are_broken() {
    let mut world = given("cn", CHINA).await;
    for hour in 9..15 {
        call(&mut world, MONDAY.plus_ms(hour * HOUR), request(1, 1)).await;
    }
    assert!(count(&world).await.findings.none());
    call(&mut world, MONDAY.plus_ms(15 * HOUR), request(1, 1)).await;
    let counted = count(&world).await;
    assert_eq!(counted.findings, Findings { over_cap: 1, ..Findings::default() });
    assert_eq!(broken(&counted), [("cn/six-a-day", 1), ("cn/six-a-day-person", 1)]);
}

#[tokio::test]
async fn given_packs_of_regions_when_recounted_then_each_holds_in_its_own_and_otherwise_in_no_others() {
    let calls = async |place: (&str, &str)| {
        let mut world = given("cn", place).await;
        world.gate(MONDAY, checked_in("strict")).await;
        for hour in 9..13 {
            call(&mut world, MONDAY.plus_ms(hour * HOUR), request(1, 1)).await;
        }
        let counted = count(&world).await;
        broken(&counted).into_iter().map(|(rule, _)| rule.to_owned()).collect::<Vec<_>>()
    };
    assert!(calls(("CN-SH", "Asia/Shanghai")).await.is_empty(), "four are allowed in China");
    assert_eq!(calls(("JP", "Asia/Shanghai")).await, ["strict/day-cap", "strict/day-cap-person"]);
}

#[tokio::test]
async fn given_a_pack_that_was_withdrawn_or_is_anothers_when_recounted_then_it_does_not_hold() {
    let after = async |change: &[GateEvent]| {
        let mut world = World::new();
        world.gate(MONDAY, policy(9, 9, false)).await;
        world.gate(MONDAY, named(1, 1, PERSON, CHINA)).await;
        for event in change {
            world.gate(MONDAY, event.clone()).await;
        }
        for hour in [9, 10] {
            call(&mut world, MONDAY.plus_ms(hour * HOUR), request(1, 1)).await;
        }
        count(&world).await.findings
    };
    let one = |owner: &str, effective: &str| {
        let rest = "count = \"attempts\"\nscope = [\"person\"]\nlimit = 1\nwindow = \"1 day\"";
        let GateEvent::PolicyAdopted(adopted) =
            pack("one", 1, "\"everywhere\"", &rule("frequency", "one-a-day", rest))
        else {
            unreachable!()
        };
        let pack = adopted.pack.replace("owner = \"platform\"", &format!("owner = \"{owner}\""));
        let pack = pack.replace("2020-01-01", effective);
        GateEvent::PolicyAdopted(PolicyAdoptedV2 { pack })
    };
    let over = Findings { over_cap: 1, ..Findings::default() };
    for owner in ["platform", "lender-7", "agency-3"] {
        assert_eq!(after(&[one(owner, "2020-01-01")]).await, over, "{owner}");
    }
    for owner in ["lender-8", "agency-4"] {
        assert!(after(&[one(owner, "2020-01-01")]).await.none(), "{owner}");
    }
    assert!(after(&[one("platform", "2026-11-24")]).await.none(), "not yet in force");
    let withdrawn = GateEvent::PolicyWithdrawn(PolicyWithdrawnV1 { id: "one".to_owned() });
    assert!(after(&[one("platform", "2020-01-01"), withdrawn]).await.none());
}

#[tokio::test]
async fn given_a_call_after_a_conversation_when_recounted_then_it_is_in_the_cool_down() {
    let second = async |day: i64, of_case: u8, agency: u32, outcome: Outcome| {
        let mut world = given("us-reg-f", UNITED_STATES).await;
        world.gate(MONDAY, named(1, 2, PERSON, UNITED_STATES)).await;
        call_and(&mut world, TUESDAY, request(1, 1), outcome).await;
        let later = PermitRequest { agency: AgencyId(agency), ..request(1, of_case) };
        call(&mut world, TUESDAY.plus_ms(day * DAY), later).await;
        count(&world).await.findings
    };
    let found = Findings { in_cool_down: 1, ..Findings::default() };
    assert_eq!(second(6, 1, 3, Outcome::Conversation).await, found, "the seventh day");
    assert!(second(7, 1, 3, Outcome::Conversation).await.none(), "the eighth");
    assert!(second(6, 2, 3, Outcome::Conversation).await.none(), "another debt");
    assert!(second(6, 1, 4, Outcome::Conversation).await.none(), "another agency");
    assert!(second(6, 1, 3, Outcome::NoAnswer).await.none(), "nobody spoke");
    assert_eq!(second(6, 1, 3, Outcome::Unknown).await, found, "nobody knows");
}

#[tokio::test]
async fn given_a_permit_that_waited_through_a_conversation_when_its_call_is_placed_then_it_is_found() {
    let mut world = given("us-reg-f", UNITED_STATES).await;
    world.gate(MONDAY, named(2, 1, PERSON, UNITED_STATES)).await;
    let waits = world.permit(GATE, TUESDAY, request(2, 1)).await;
    call_and(&mut world, TUESDAY, request(1, 1), Outcome::Conversation).await;
    assert!(count(&world).await.findings.none());
    world.gate(TUESDAY.plus_ms(40_000), redeemed(contact(2), waits)).await;
    assert_eq!(count(&world).await.findings, Findings { in_cool_down: 1, ..Findings::default() });
}

#[tokio::test]
async fn given_a_conversation_that_the_person_began_when_recounted_then_it_counts_once_it_is_known() {
    let found = async |known_on: i64, direction: Direction| {
        let mut world = given("us-reg-f", UNITED_STATES).await;
        let spoken = recorded(1, 1, TUESDAY, direction, Outcome::Conversation);
        let mut events = [(known_on * DAY, None), (2 * DAY, Some(request(1, 1)))];
        events.sort_by_key(|(at, _)| *at);
        for (at, asked) in events {
            match asked {
                Some(asked) => call(&mut world, TUESDAY.plus_ms(at), asked).await,
                None => world.gate(TUESDAY.plus_ms(at), spoken.clone()).await,
            };
        }
        let counted = count(&world).await;
        assert_eq!(counted.recorded, 1);
        counted.findings.in_cool_down
    };
    assert_eq!(found(1, Direction::Inbound).await, 1);
    assert_eq!(found(3, Direction::Inbound).await, 0, "nobody could know");
    assert_eq!(found(1, Direction::Outbound).await, 1);
}

#[tokio::test]
async fn given_recorded_contacts_when_recounted_then_those_of_the_agency_count_and_the_persons_do_not() {
    let over = async |direction: Direction, known_at: i64| {
        let mut world = given("cn", CHINA).await;
        for hour in [9, 10, 11] {
            let at = MONDAY.plus_ms(hour * HOUR);
            let record = recorded(1, 1, at, direction, Outcome::NoAnswer);
            world.gate(MONDAY.plus_ms(known_at * HOUR + hour), record).await;
        }
        for hour in [13, 14, 15, 16] {
            call(&mut world, MONDAY.plus_ms(hour * HOUR), request(1, 1)).await;
        }
        count(&world).await.findings.over_cap
    };
    assert_eq!(over(Direction::Outbound, 12).await, 1);
    assert_eq!(over(Direction::Inbound, 12).await, 0);
}

#[tokio::test]
async fn given_calls_about_debts_when_recounted_then_each_debt_has_a_count_of_its_own() {
    let mut world = given("us-reg-f", UNITED_STATES).await;
    world.gate(MONDAY, named(1, 2, PERSON, UNITED_STATES)).await;
    // Two days of calls about both debts, then as many more about one of them as the other may still have.
    for number in 0..6 {
        let asked = PermitRequest { also: vec![case(2)], ..request(1, 1) };
        let at = TUESDAY.plus_ms(number % 2 * DAY + number * 10 * MINUTE);
        call_and(&mut world, at, asked, Outcome::NoAnswer).await;
    }
    for hour in 3..5 {
        let at = TUESDAY.plus_ms(2 * DAY + hour * HOUR);
        call_and(&mut world, at, request(1, 2), Outcome::NoAnswer).await;
    }
    let counted = count(&world).await;
    assert_eq!(counted.findings, Findings { over_cap: 1, ..Findings::default() });
    assert_eq!(broken(&counted), [("us-reg-f/seven-in-seven", 1)]);
    call_and(&mut world, TUESDAY.plus_ms(3 * DAY), request(1, 1), Outcome::NoAnswer).await;
    assert_eq!(count(&world).await.findings.over_cap, 1, "the seventh about the first debt");
}

#[tokio::test]
async fn given_calls_that_count_toward_other_debts_in_the_end_when_recounted_then_they_leave_the_first() {
    let mut world = given("us-reg-f", UNITED_STATES).await;
    world.gate(MONDAY, named(1, 2, PERSON, UNITED_STATES)).await;
    for number in 0..7 {
        let at = TUESDAY.plus_ms(number * HOUR);
        let permit = call(&mut world, at, PermitRequest { also: vec![case(2)], ..request(1, 1) }).await;
        let toward = if number < 3 { vec![case(2)] } else { Vec::new() };
        let event = PermitSettledV2 {
            contact: contact(1),
            permit,
            outcome: Outcome::NoAnswer,
            toward,
            discussed: Vec::new(),
            given_back: false,
        };
        world.gate(at.plus_ms(5000), GateEvent::PermitSettled(event)).await;
    }
    call(&mut world, TUESDAY.plus_ms(8 * HOUR), request(1, 1)).await;
    assert!(count(&world).await.findings.none(), "the fifth about the first debt");
    call(&mut world, TUESDAY.plus_ms(9 * HOUR), request(1, 2)).await;
    assert_eq!(count(&world).await.findings.over_cap, 1, "the eighth about the second");
}

#[tokio::test]
async fn given_a_consent_when_recounted_then_it_lifts_caps_and_cool_downs_until_it_ends() {
    let calls = async |consent: Option<GateEvent>, more: Option<(i64, GateEvent)>| {
        let mut world = given("us-reg-f", UNITED_STATES).await;
        call_and(&mut world, TUESDAY, request(1, 1), Outcome::Conversation).await;
        if let Some(event) = consent {
            world.gate(TUESDAY.plus_ms(60_000), event).await;
        }
        if let Some((at, event)) = more {
            world.gate(TUESDAY.plus_ms(at), event).await;
        }
        call(&mut world, TUESDAY.plus_ms(2 * DAY), request(1, 1)).await;
        count(&world).await.findings.in_cool_down
    };
    let more_calls = consent(ConsentCovers::Frequency, TUESDAY.plus_ms(60_000));
    assert_eq!(calls(None, None).await, 1);
    assert_eq!(calls(Some(more_calls.clone()), None).await, 0);
    assert_eq!(calls(Some(consent(ConsentCovers::Hours, TUESDAY.plus_ms(60_000))), None).await, 1);
    let long_ago = consent(ConsentCovers::Frequency, TUESDAY.plus_ms(-6 * DAY));
    assert_eq!(calls(Some(long_ago), None).await, 1, "a week is its end here");
    let revoked = ConsentRevokedV1 { person: PERSON, consent: None, at: TUESDAY.plus_ms(DAY) };
    let revoked = GateEvent::ConsentRevoked(revoked);
    assert_eq!(calls(Some(more_calls.clone()), Some((DAY, revoked))).await, 1);
    let spoken = recorded(1, 1, TUESDAY.plus_ms(DAY), Direction::Inbound, Outcome::Conversation);
    assert_eq!(calls(Some(more_calls), Some((DAY + 1, spoken))).await, 1, "the next conversation ends it");
}

#[tokio::test]
async fn given_a_call_at_closed_hours_when_recounted_then_it_is_found_unless_its_hour_was_agreed_to() {
    let at_nine = async |consent: Option<GateEvent>| {
        let mut world = given("us-reg-f", UNITED_STATES).await;
        if let Some(event) = consent {
            world.gate(MONDAY, event).await;
        }
        // 20:59:59 and 21:00:00 in Chicago: the permit is in time, its call is not.
        let permit = world.permit(GATE, TUESDAY.plus_ms(11 * HOUR - 1000), request(1, 1)).await;
        world.gate(TUESDAY.plus_ms(11 * HOUR), redeemed(contact(1), permit)).await;
        let unanswered = settled(contact(1), permit, Outcome::NoAnswer, false);
        world.gate(TUESDAY.plus_ms(11 * HOUR + 5000), unanswered).await;
        world.permit(GATE, TUESDAY.plus_ms(12 * HOUR), request(1, 1)).await;
        count(&world).await.findings
    };
    let found = Findings { outside_hours: 1, redeemed_outside_hours: 1, ..Findings::default() };
    assert_eq!(at_nine(None).await, found);
    assert_eq!(at_nine(Some(consent(ConsentCovers::Frequency, MONDAY))).await, found);
    assert!(at_nine(Some(consent(ConsentCovers::Hours, MONDAY))).await.none());
}

#[tokio::test]
async fn given_holidays_when_recounted_then_their_own_hours_hold() {
    let rest =
        "open = [\"mon-fri 09:00-18:00\"]\nholidays = [2026-11-24]\nholiday-open = [\"daily 12:00-13:00\"]";
    let mut world = World::new();
    world.gate(MONDAY, pack("test", 1, "\"everywhere\"", &rule("hours", "office", rest))).await;
    world.gate(MONDAY, named(1, 1, PERSON, CHINA)).await;
    // Monday at ten, Tuesday at noon: open. Tuesday at ten, Saturday at ten: closed.
    for at in [10 * HOUR, DAY + 12 * HOUR] {
        world.permit(GATE, MONDAY.plus_ms(at), request(1, 1)).await;
    }
    assert!(count(&world).await.findings.none());
    world.permit(GATE, MONDAY.plus_ms(DAY + 12 * HOUR + 3_600_000), request(1, 1)).await;
    world.permit(GATE, MONDAY.plus_ms(5 * DAY + 10 * HOUR), request(1, 1)).await;
    assert_eq!(count(&world).await.findings, Findings { outside_hours: 2, ..Findings::default() });
}

#[tokio::test]
async fn given_windows_of_every_kind_when_recounted_then_each_ends_where_it_says() {
    let second = async |window: &str, first: i64, later: i64| {
        let rest = format!("count = \"attempts\"\nscope = [\"person\"]\nlimit = 1\nwindow = \"{window}\"");
        let mut world = World::new();
        world.gate(MONDAY, pack("test", 1, "\"everywhere\"", &rule("frequency", "one", &rest))).await;
        world.gate(MONDAY, named(1, 1, PERSON, CHINA)).await;
        call(&mut world, MONDAY.plus_ms(first), request(1, 1)).await;
        call(&mut world, MONDAY.plus_ms(later), request(1, 1)).await;
        count(&world).await.findings.over_cap
    };
    // The first call is placed a second after its permit.
    assert_eq!(second("24 hours", 0, DAY - 1).await, 1);
    assert_eq!(second("24 hours", 0, DAY + 1000).await, 0, "exactly that long ago no longer counts");
    assert_eq!(second("1 day", HOUR, DAY - HOUR).await, 1);
    assert_eq!(second("1 day", HOUR, DAY).await, 0);
    assert_eq!(second("week", HOUR, 7 * DAY - HOUR).await, 1, "Sunday");
    assert_eq!(second("week", HOUR, 7 * DAY).await, 0, "Monday");
    assert_eq!(second("month", HOUR, 8 * DAY - HOUR).await, 1, "the 30th of November");
    assert_eq!(second("month", HOUR, 8 * DAY).await, 0, "the first of December");
    assert_eq!(second("ever", 0, 400 * DAY).await, 1);
}

#[tokio::test]
async fn given_a_permit_that_passes_a_rolling_cap_only_as_calls_when_recounted_then_it_is_found() {
    let rest = "count = \"attempts\"\nscope = [\"person\"]\nlimit = 1\nwindow = \"10 seconds\"";
    let mut world = World::new();
    world.gate(MONDAY, pack("test", 1, "\"everywhere\"", &rule("frequency", "one", rest))).await;
    world.gate(MONDAY, named(1, 1, PERSON, CHINA)).await;
    call(&mut world, MONDAY, request(1, 1)).await;
    // Late, by a faulty gate: the permit had run out when the second was reserved.
    let first = world.permit(GATE, MONDAY.plus_ms(HOUR), request(1, 1)).await;
    call(&mut world, MONDAY.plus_ms(2 * HOUR), request(1, 1)).await;
    world.gate(MONDAY.plus_ms(2 * HOUR + 2000), redeemed(contact(1), first)).await;
    let expected = Findings { over_cap: 1, redeemed_late: 1, ..Findings::default() };
    assert_eq!(count(&world).await.findings, expected);
}

#[tokio::test]
async fn given_kinds_of_counts_when_recounted_then_outcomes_decide() {
    let second = async |kind: &str, outcome: Outcome| {
        let rest = format!("count = \"{kind}\"\nscope = [\"person\"]\nlimit = 1\nwindow = \"1 day\"");
        let mut world = World::new();
        world.gate(MONDAY, pack("test", 1, "\"everywhere\"", &rule("frequency", "one", &rest))).await;
        world.gate(MONDAY, named(1, 1, PERSON, CHINA)).await;
        call_and(&mut world, MONDAY, request(1, 1), outcome).await;
        call(&mut world, MONDAY.plus_ms(HOUR), request(1, 1)).await;
        count(&world).await.findings.over_cap
    };
    assert_eq!(second("unanswered", Outcome::NoAnswer).await, 1);
    assert_eq!(second("unanswered", Outcome::Conversation).await, 0);
    assert_eq!(second("communications", Outcome::Conversation).await, 1);
    assert_eq!(second("communications", Outcome::NoAnswer).await, 0);
    assert_eq!(second("communications", Outcome::Unknown).await, 1);
}

#[tokio::test]
async fn given_a_least_time_between_when_recounted_then_what_came_sooner_is_found() {
    let second = async |after: i64| {
        let rest = "scope = [\"person\"]\nleast = \"1 hour\"";
        let mut world = World::new();
        world.gate(MONDAY, pack("test", 1, "\"everywhere\"", &rule("interval", "hour", rest))).await;
        world.gate(MONDAY, named(1, 1, PERSON, CHINA)).await;
        call(&mut world, MONDAY, request(1, 1)).await;
        call(&mut world, MONDAY.plus_ms(after), request(1, 1)).await;
        count(&world).await.findings
    };
    assert_eq!(second(HOUR).await, Findings { too_soon: 1, ..Findings::default() }, "at its reservation");
    assert!(second(HOUR + 1000).await.none(), "exactly the least");
}

#[tokio::test]
async fn given_rules_of_other_kinds_when_recounted_then_they_are_named_as_not_counted() {
    let mut world = given("platform", CHINA).await;
    call(&mut world, MONDAY.plus_ms(9 * HOUR), request(1, 1)).await;
    call(&mut world, MONDAY.plus_ms(10 * HOUR), request(1, 1)).await;
    let counted = count(&world).await;
    let of =
        |rule: &str| counted.rules_not_recounted.iter().find(|(name, _)| name == rule).map(|(_, of)| *of);
    assert_eq!(of("platform/owing"), Some(2));
    assert_eq!(of("platform/registered-lines"), Some(2));
    assert_eq!(of("gate/holds"), Some(2));
    assert_eq!(of("platform/not-owing"), None, "it speaks of nobody here");
    let names: Vec<_> = counted.rules.iter().map(|rule| (rule.rule.as_str(), rule.asked)).collect();
    assert_eq!(names, [("platform/day-over-all", 2), ("platform/seven-days-over-all", 2)]);
    assert!(of("platform/agencies-together").is_none(), "a flag is broken by nobody");
    world
        .gate(MONDAY.plus_ms(11 * HOUR), GateEvent::PolicyAdopted(PolicyAdoptedV2 { pack: "no".to_owned() }))
        .await;
    assert_eq!(count(&world).await.packs_not_read, 1);
}
