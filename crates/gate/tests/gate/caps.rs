//! Caps: per calendar day and seven calendar days in the contact's own zone.

use events::gate::{ContactLinkedV2, ContactPlacedV1, GateCommand, GateEvent, PermitRequest};
use events::{Code, Now};
use model::{AgencyId, CaseId, Channel, CollectorId, Outcome, Role, Timestamp};

use crate::scenario::{
    Given, asked, debtor_in, debtor_under, linked, moment, redeem, request, settle, strict, tick,
};

#[test]
fn given_three_calls_today_when_a_fourth_is_asked_for_then_it_waits_for_the_next_day_and_its_hours() {
    debtor_in(&["Asia/Shanghai"])
        .called("2026-11-24T09:00:00+08:00")
        .called("2026-11-24T10:00:00+08:00")
        .called("2026-11-24T11:00:00+08:00")
        .when(request(), "2026-11-24T12:00:00+08:00")
        .then_refused_until([Code::DAY_CAP], "2026-11-25T08:00:01+08:00")
        .called("2026-11-25T08:00:01+08:00");
}

#[test]
fn given_a_full_day_when_refused_then_the_reason_says_limit_count_and_when_this_rule_alone_ends() {
    let when = debtor_under(|policy| policy.per_day = 1)
        .called("2026-11-24T09:00:00+08:00")
        .when(request(), "2026-11-24T12:00:00+08:00");
    let reasons = when.reasons();
    assert_eq!((reasons[0].limit, reasons[0].counted), (Some(1), Some(1)));
    assert_eq!(reasons[0].next_allowed, Some(moment("2026-11-25T00:00:00+08:00")));
}

#[test]
fn given_the_day_of_the_contact_and_not_of_utc_then_the_count_starts_at_its_midnight() {
    // 16:00 UTC is midnight in Shanghai: one UTC day, two local ones.
    let all_day = |policy: &mut events::gate::PolicyV1| (policy.per_day, policy.from_s) = (1, 0);
    debtor_under(|policy| {
        all_day(policy);
        policy.until_s = 86_399;
    })
    .called("2026-11-24T15:59:59Z")
    .when(request(), "2026-11-24T15:59:59.999Z")
    .then_refused_until([Code::DAY_CAP], "2026-11-24T16:00:00Z")
    .called("2026-11-24T16:00:00Z")
    .when(request(), "2026-11-25T15:59:59Z")
    .then_refused([Code::DAY_CAP]);
}

/// CF-01 as a cap: seven calls from 1 to 7 April; D+6 is blocked, D+7 is free.
#[test]
fn given_seven_calls_in_seven_days_when_an_eighth_is_asked_for_then_day_seven_refuses_and_day_eight_allows() {
    let mut given = debtor_under(|policy| policy.per_day = 6).called("2026-04-01T10:00:00+08:00");
    for day in 2..=7 {
        given = given.called(&format!("2026-04-0{day}T10:00:00+08:00"));
    }
    given
        .when(request(), "2026-04-07T21:59:59+08:00")
        .then_refused_until([Code::SEVEN_DAY_CAP], "2026-04-08T08:00:01+08:00")
        .called("2026-04-08T08:00:01+08:00")
        .when(request(), "2026-04-08T21:00:00+08:00")
        .then_refused_until([Code::SEVEN_DAY_CAP], "2026-04-09T08:00:01+08:00");
}

/// DX-14: the count is by the called number, not by who calls, from where, for which case, or how.
#[test]
fn given_a_full_day_when_another_agency_case_line_collector_or_channel_asks_then_it_is_refused() {
    let other_case = CaseId([9; 16]);
    let other = AgencyId(9);
    let mut given = debtor_under(|policy| policy.per_day = 6);
    let link = ContactLinkedV2 { case: other_case, ..linked(Role::Guarantor, &["Asia/Shanghai"]) };
    let place = ContactPlacedV1 { contact: link.contact, case: other_case, agency: Some(other) };
    given.take(&GateEvent::ContactLinked(link), Timestamp(0));
    given.take(&GateEvent::ContactPlaced(place), Timestamp(0));
    let asked_by_other = PermitRequest { case: other_case, agency: other, ..asked() };
    for (hour, channel) in (9..).zip([Channel::Call, Channel::Sms, Channel::App]) {
        let wanted = PermitRequest { channel, ..asked_by_other.clone() };
        given = given
            .called(&format!("2026-11-24T{hour:02}:00:00+08:00"))
            .when(GateCommand::RequestPermit(wanted), &format!("2026-11-24T{hour:02}:30:00+08:00"))
            .then_permit();
        let permit = given.permit;
        given = given.when(redeem(permit, 200), &format!("2026-11-24T{hour:02}:30:00+08:00")).then_some(1);
    }
    let seventh = PermitRequest {
        collector: CollectorId(999),
        line: "4008888888".parse().expect("a line"),
        channel: Channel::Visit,
        ..asked_by_other
    };
    given
        .when(GateCommand::RequestPermit(seventh), "2026-11-24T20:00:00+08:00")
        .then_refused([Code::DAY_CAP]);
}

/// DX-07: of any number of askers at one instant, exactly as many as the cap get a permit.
#[test]
fn given_two_hundred_requests_at_one_instant_then_exactly_the_cap_is_allowed() {
    let mut given = debtor_in(&["Asia/Shanghai"]);
    for collector in 0..200 {
        let wanted = PermitRequest { collector: CollectorId(collector), ..asked() };
        let when = given.when(GateCommand::RequestPermit(wanted), "2026-11-24T10:00:00+08:00");
        given = if collector < 3 { when.then_permit() } else { when.then_refused([Code::DAY_CAP]) };
    }
    assert_eq!(given.figures().allowed, 3);
}

/// Permits that wait count on whatever day they may be redeemed.
#[test]
fn given_permits_reserved_before_midnight_when_the_day_changes_then_they_still_count() {
    let around_the_clock = |policy: &mut events::gate::PolicyV1| {
        (policy.from_s, policy.until_s, policy.per_day) = (0, 86_399, 2);
    };
    let given = debtor_under(around_the_clock)
        .when(request(), "2026-11-24T23:59:50+08:00")
        .then_permit()
        .when(request(), "2026-11-24T23:59:51+08:00")
        .then_permit();
    let second = given.permit;
    given
        .when(request(), "2026-11-25T00:00:10+08:00")
        .then_refused_until([Code::DAY_CAP], "2026-11-25T00:00:50.001+08:00")
        // Redeemed after midnight, it counts on the new day alone.
        .when(redeem(second, 1), "2026-11-25T00:00:20+08:00")
        .then_some(1)
        .when(request(), "2026-11-25T00:00:50.001+08:00")
        .then_permit()
        .when(request(), "2026-11-25T00:00:51+08:00")
        .then_refused([Code::DAY_CAP]);
}

#[test]
fn given_a_busy_line_when_the_policy_does_not_give_back_then_it_counts() {
    let given = debtor_under(|policy| policy.per_day = 1).called("2026-11-24T09:00:00+08:00");
    let permit = given.permit;
    given
        .when(settle(permit, Outcome::Busy), "2026-11-24T09:00:30+08:00")
        .then_some(1)
        .when(request(), "2026-11-24T10:00:00+08:00")
        .then_refused([Code::DAY_CAP]);
}

/// CF-20 and CF-21: only what never reached the number is given back, and only where the pack says so.
#[test]
fn given_a_pack_that_gives_back_then_what_never_reached_the_number_does_not_count_and_all_else_does() {
    for outcome in Outcome::ALL {
        let given = debtor_under(|policy| (policy.per_day, policy.give_back_unconnected) = (1, true))
            .called("2026-11-24T09:00:00+08:00");
        let permit = given.permit;
        let when = given
            .when(settle(permit, *outcome), "2026-11-24T09:00:30+08:00")
            .then_some(1)
            .when(request(), "2026-11-24T10:00:00+08:00");
        let given = if matches!(outcome, Outcome::Busy | Outcome::NotInService | Outcome::Undelivered) {
            when.then_permit()
        } else {
            when.then_refused([Code::DAY_CAP])
        };
        assert_eq!(given.figures().settled, [(*outcome, 1)]);
    }
}

/// DX-10: a call that nobody reported on counts, and is settled as unknown in the end.
#[test]
fn given_a_call_that_nobody_settles_then_it_counts_and_ends_as_unknown() {
    let given = debtor_under(|policy| (policy.per_day, policy.give_back_unconnected) = (1, true))
        .called("2026-11-24T09:00:00+08:00")
        .when(tick(), "2026-11-24T13:00:00+08:00")
        .then_nothing()
        .when(tick(), "2026-11-24T13:00:00.001+08:00")
        .then_some(1)
        .when(request(), "2026-11-24T14:00:00+08:00")
        .then_refused([Code::DAY_CAP]);
    assert_eq!(given.figures().settled, [(Outcome::Unknown, 1)]);
    let permit = given.permit;
    given
        .when(settle(permit, Outcome::Busy), "2026-11-24T15:00:00+08:00")
        .then_refused([Code::ALREADY_SETTLED]);
}

/// The strictest of two zones: on Pacific time both calls fall on one day.
#[test]
fn given_two_zones_then_the_one_that_counts_more_decides() {
    let zones = ["Asia/Shanghai", "Asia/Tokyo"];
    let mut changed = strict();
    (changed.per_day, changed.from_s, changed.until_s) = (1, 0, 86_399);
    // 23:30 in Shanghai is 00:30 of the next day in Tokyo.
    crate::scenario::person(Role::Debtor, &zones, changed)
        .called("2026-11-24T23:30:00+08:00")
        .when(request(), "2026-11-25T00:30:00+08:00")
        .then_refused_until([Code::DAY_CAP], "2026-11-26T00:00:00+09:00");
}

#[test]
fn given_old_attempts_when_more_come_then_the_state_does_not_grow() {
    let mut given = debtor_in(&["Asia/Shanghai"]);
    let mut sizes = Vec::new();
    let start = moment("2026-01-01T10:00:00+08:00");
    for day in 0..120 {
        let now = Now { at: start.plus_ms(day * 86_400_000), trusted: true };
        given = given.when_at(&tick(), now).then_ticked();
        given = given.when_at(&request(), now).then_permit();
        let permit = given.permit;
        given = given.when_at(&redeem(permit, day as u8), now).then_some(1);
        given = given.when_at(&settle(permit, Outcome::NoAnswer), now).then_some(1);
        sizes.push(postcard::to_allocvec(&given.state).expect("plain data").len());
    }
    assert!(sizes[119] <= sizes[20] + 16, "{} bytes after 20 days, {} after 119", sizes[20], sizes[119]);
}

impl crate::scenario::When {
    fn then_ticked(self) -> Given {
        let count = self.result.as_ref().map(Vec::len).unwrap_or_default();
        self.then_some(count)
    }
}
