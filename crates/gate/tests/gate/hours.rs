//! Calling hours: from one second after 08:00 to one second before 22:00, in every zone.

use events::Code;
use events::gate::{ConsentCovers, ConsentGivenV1, GateCommand};
use model::Role;

use crate::scenario::{
    AGENCY, Given, debtor_in, law, moment, named, person, redeem, request, somebody, strict,
};

const REFUSED: [Code; 1] = [Code::OUTSIDE_HOURS];

#[test]
fn given_shanghai_then_the_boundaries_are_exact() {
    let opens = "2026-11-24T08:00:01+08:00";
    for closed in ["2026-11-24T07:59:59+08:00", "2026-11-24T08:00:00+08:00", "2026-11-24T08:00:00.999+08:00"]
    {
        debtor_in(&["Asia/Shanghai"]).when(request(), closed).then_refused_until(REFUSED, opens);
    }
    for open in [opens, "2026-11-24T21:59:59+08:00", "2026-11-24T21:59:59.999+08:00"] {
        debtor_in(&["Asia/Shanghai"]).when(request(), open).then_permit();
    }
    let next = "2026-11-25T08:00:01+08:00";
    for closed in ["2026-11-24T22:00:00+08:00", "2026-11-24T23:59:59+08:00"] {
        debtor_in(&["Asia/Shanghai"]).when(request(), closed).then_refused_until(REFUSED, next);
    }
}

/// DX-15: India, 08:00 to 19:00.
#[test]
fn given_a_policy_with_other_hours_and_a_zone_of_half_an_hour_then_they_hold() {
    let by = events::gate::PolicyV1 { from_s: 8 * 3600, until_s: 19 * 3600, ..strict() };
    let india = || person(Role::Debtor, &["Asia/Kolkata"], by.clone());
    india().when(request(), "2026-11-24T07:59:59+05:30").then_refused(REFUSED);
    india().when(request(), "2026-11-24T08:00:00+05:30").then_permit();
    india().when(request(), "2026-11-24T19:00:00+05:30").then_permit();
    india()
        .when(request(), "2026-11-24T19:01:00+05:30")
        .then_refused_until(REFUSED, "2026-11-25T08:00:00+05:30");
}

/// TP-01 and TP-03: the intersection over every place where the person may be.
#[test]
fn given_eastern_and_pacific_then_both_must_be_inside() {
    let both = || debtor_in(&["America/New_York", "America/Los_Angeles"]);
    both()
        .when(request(), "2026-11-24T10:59:59-05:00")
        .then_refused_until(REFUSED, "2026-11-24T11:00:01-05:00");
    both().when(request(), "2026-11-24T11:00:01-05:00").then_permit();
    both().when(request(), "2026-11-24T21:59:59-05:00").then_permit();
    both()
        .when(request(), "2026-11-24T22:00:00-05:00")
        .then_refused_until(REFUSED, "2026-11-25T11:00:01-05:00");
}

#[test]
fn given_zones_whose_hours_never_meet_then_no_time_is_promised() {
    let by = events::gate::PolicyV1 { from_s: 9 * 3600, until_s: 17 * 3600, ..strict() };
    let when = person(Role::Debtor, &["Asia/Shanghai", "America/New_York"], by)
        .when(request(), "2026-11-24T12:00:00+08:00");
    assert_eq!(when.reasons()[0].next_allowed, None);
    when.then_refused(REFUSED);
}

/// DX-09: 8 March 2026 in New York is 23 hours long, 1 November 25.
#[test]
fn given_the_days_of_the_clock_change_in_new_york_then_hours_and_days_follow_the_clock_on_the_wall() {
    let york = || debtor_in(&["America/New_York"]);
    york()
        .when(request(), "2026-03-08T08:00:00-04:00")
        .then_refused_until(REFUSED, "2026-03-08T08:00:01-04:00");
    york()
        .when(request(), "2026-03-07T22:00:00-05:00")
        .then_refused_until(REFUSED, "2026-03-08T08:00:01-04:00");
    york()
        .when(request(), "2026-10-31T22:00:00-04:00")
        .then_refused_until(REFUSED, "2026-11-01T08:00:01-05:00");
    let changed = || {
        let mut by = strict();
        (by.per_day, by.from_s, by.until_s) = (1, 0, 86_399);
        person(Role::Debtor, &["America/New_York"], by)
    };
    // 00:00 to 00:00 is 23 hours on the short day and 25 on the long one.
    changed()
        .called("2026-03-08T00:00:00-05:00")
        .when(request(), "2026-03-08T23:59:59-04:00")
        .then_refused_until([Code::DAY_CAP], "2026-03-09T00:00:00-04:00")
        .called("2026-03-09T00:00:00-04:00");
    changed()
        .called("2026-11-01T00:00:00-04:00")
        .when(request(), "2026-11-01T23:59:59-05:00")
        .then_refused_until([Code::DAY_CAP], "2026-11-02T00:00:00-05:00");
}

/// The hours open at 02:30, which the clock skips: they open with the jump. And they close at 01:30, which comes twice.
#[test]
fn given_hours_that_begin_in_the_skipped_hour_or_end_in_the_doubled_one_then_the_jump_decides() {
    let york = |from_s, until_s| {
        let by = events::gate::PolicyV1 { from_s, until_s, ..strict() };
        person(Role::Debtor, &["America/New_York"], by)
    };
    let skipped = || york(2 * 3600 + 1800, 86_399);
    skipped()
        .when(request(), "2026-03-08T01:59:59-05:00")
        .then_refused_until(REFUSED, "2026-03-08T03:00:00-04:00");
    skipped().when(request(), "2026-03-08T03:00:00-04:00").then_permit();
    let doubled = || york(0, 3600 + 1799);
    doubled()
        .when(request(), "2026-11-01T01:30:00-04:00")
        .then_refused_until(REFUSED, "2026-11-01T01:00:00-05:00");
    doubled().when(request(), "2026-11-01T01:29:59-05:00").then_permit();
    doubled()
        .when(request(), "2026-11-01T01:30:00-05:00")
        .then_refused_until(REFUSED, "2026-11-02T00:00:00-05:00");
}

/// A day without a midnight: Santiago, 6 September 2026, begins at 01:00.
#[test]
fn given_a_day_without_a_midnight_then_it_begins_with_the_jump() {
    let mut by = strict();
    (by.per_day, by.from_s, by.until_s) = (1, 0, 86_399);
    person(Role::Debtor, &["America/Santiago"], by)
        .called("2026-09-05T23:59:59-04:00")
        .when(request(), "2026-09-05T23:59:59.500-04:00")
        .then_refused_until([Code::DAY_CAP], "2026-09-06T01:00:00-03:00");
}

/// TP-13: what counts is when the call is placed, not when the permit was given.
#[test]
fn given_a_permit_from_inside_the_hours_when_redeemed_outside_then_it_is_refused() {
    let given = debtor_in(&["Asia/Shanghai"]).when(request(), "2026-11-24T21:59:30+08:00").then_permit();
    let permit = given.permit;
    given
        .when(redeem(permit, 1), "2026-11-24T22:00:00+08:00")
        .then_refused(REFUSED)
        .when(redeem(permit, 1), "2026-11-24T22:10:00+08:00")
        .then_refused([Code::OUTSIDE_HOURS, Code::PERMIT_EXPIRED]);
}

#[test]
fn given_no_zone_that_the_database_knows_then_it_is_refused_whatever_the_time() {
    for zones in [&[][..], &["Asia/Atlantis"][..]] {
        debtor_in(zones).when(request(), "2026-11-24T12:00:00+08:00").then_refused([Code::ZONE_UNKNOWN]);
    }
    debtor_in(&["Asia/Atlantis", "Asia/Shanghai"]).when(request(), "2026-11-24T12:00:00+08:00").then_permit();
}

fn hours(rules: &str) -> Given {
    law(rules).knows(named(1, 1, 1))
}

#[test]
fn given_spans_of_the_week_then_each_day_has_its_own_hours() {
    let given =
        || hours("[[hours]]\nid = \"hours\"\nopen = [\"mon-fri 09:00-18:00\", \"sat 10:00:01-15:59:59\"]\n");
    given().when(request(), "24 08:59:59").then_refused_until(REFUSED, "24 09:00");
    given().when(request(), "24 17:59:59.999").then_permit();
    given().when(request(), "27 18:00").then_refused_until(REFUSED, "28 10:00:01");
    given().when(request(), "28 15:59:59.999").then_permit();
    given().when(request(), "28 16:00").then_refused_until(REFUSED, "30 09:00");
}

#[test]
fn given_holidays_then_they_are_closed_or_have_hours_of_their_own() {
    let open =
        "[[hours]]\nid = \"hours\"\nopen = [\"daily 09:00-18:00\"]\nholidays = [2026-11-24, 2026-11-25]\n";
    hours(open).when(request(), "24 10:00").then_refused_until(REFUSED, "26 09:00");
    let short = format!("{open}holiday-open = [\"tue 11:00-12:00\"]\n");
    hours(&short).when(request(), "24 10:00").then_refused_until(REFUSED, "24 11:00");
    hours(&short).when(request(), "24 11:59:59").then_permit();
    // Wednesday: no span of its holiday.
    hours(&short).when(request(), "24 12:00").then_refused_until(REFUSED, "26 09:00");
}

const AT_NIGHT: &str = r#"
[[consent]]
id = "terms"
at-most-days = 1

[[hours]]
id = "hours"
open = ["daily 09:00-18:00"]
unless-consented = true
"#;

fn consents(covers: ConsentCovers, from: &str, until: &str) -> GateCommand {
    let (from, until) = (moment(from), Some(moment(until)));
    let (person, agency) = (somebody(1), AGENCY);
    let given = moment("20 10:00");
    GateCommand::GiveConsent(ConsentGivenV1 {
        person,
        agency,
        case: None,
        contact: None,
        covers,
        given,
        from,
        until,
    })
}

/// "Call me tomorrow after eight": only a consent to contact at such a time lifts the hours, and the terms for more
/// calls do not shorten it.
#[test]
fn given_a_consent_to_contact_at_such_a_time_then_the_hours_are_lifted_for_as_long_and_promised() {
    let other = consents(ConsentCovers::Frequency, "20 10:00", "30 00:00");
    hours(AT_NIGHT)
        .does(other, "20 10:00")
        .when(request(), "24 19:00")
        .then_refused_until(REFUSED, "25 09:00")
        .does(consents(ConsentCovers::Hours, "24 20:00", "24 20:59:59"), "24 19:00")
        .when(request(), "24 19:30")
        .then_refused_until(REFUSED, "24 20:00")
        .when(request(), "24 20:00")
        .then_permit()
        .when(request(), "24 20:59:59.001")
        .then_refused_until(REFUSED, "25 09:00");
}

/// Santiago, 6 September 2026 begins at 01:00: hours from 00:30 begin with the day.
#[test]
fn given_hours_that_begin_in_a_midnight_that_is_skipped_then_they_begin_with_the_day() {
    let mut there = named(1, 1, 1);
    there.zones = vec!["America/Santiago".parse().expect("a zone")];
    law("[[hours]]\nid = \"hours\"\nopen = [\"sun 00:30-05:00\"]\n")
        .knows(there)
        .when(request(), "2026-09-05T12:00:00-04:00")
        .then_refused_until(REFUSED, "2026-09-06T01:00:00-03:00");
}
