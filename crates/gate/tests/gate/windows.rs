//! How far back a cap looks.

use events::Code;
use model::Outcome;

use crate::scenario::{Given, call, law, named};

fn one_in(window: &str) -> Given {
    let rule = "[[frequency]]\nid = \"cap\"\ncount = \"attempts\"\nscope = [\"person\"]\nlimit = 1\n";
    law(&format!("{rule}window = \"{window}\"\n")).knows(named(1, 1, 1))
}

#[test]
fn given_consecutive_days_then_the_day_of_the_call_is_the_first() {
    one_in("3 days")
        .made(call(1, 1), "24 10:00")
        .asks(call(1, 1), "26 23:59:59.999")
        .then_refused_until([Code::CAP], "27 00:00")
        .made(call(1, 1), "27 00:00");
}

#[test]
fn given_a_calendar_week_then_it_begins_on_monday() {
    one_in("week")
        .made(call(1, 1), "22 23:59:59")
        .made(call(1, 1), "23 00:00")
        .asks(call(1, 1), "29 23:59:59")
        .then_refused_until([Code::CAP], "30 00:00")
        .made(call(1, 1), "30 00:00");
}

#[test]
fn given_a_calendar_month_then_it_begins_on_the_first() {
    one_in("month")
        .made(call(1, 1), "30 23:59:59")
        .made(call(1, 1), "2026-12-01T00:00:00+08:00")
        .asks(call(1, 1), "2026-12-31T23:59:59+08:00")
        .then_refused_until([Code::CAP], "2027-01-01T00:00:00+08:00");
}

#[test]
fn given_a_rolling_window_then_what_happened_exactly_so_long_ago_no_longer_counts() {
    one_in("24 hours")
        .made(call(1, 1), "24 10:00")
        .asks(call(1, 1), "25 09:59:59.999")
        .then_refused_until([Code::CAP], "25 10:00")
        .made(call(1, 1), "25 10:00");
}

#[test]
fn given_a_window_for_ever_then_it_never_ends_and_old_attempts_are_kept_for_it() {
    let given = one_in("ever").made(call(1, 1), "01 10:00").became(Outcome::NoAnswer, "01 10:01");
    let when = given.asks(call(1, 1), "2027-11-01T10:00:00+08:00");
    assert_eq!(when.reasons()[0].next_allowed, None);
    when.then_refused([Code::CAP]);
}

/// 30 December to 5 January, and 29 February.
#[test]
fn given_the_turn_of_a_year_and_a_leap_day_then_days_are_consecutive() {
    let day = |date: &str| format!("{date}T10:00:00+08:00");
    one_in("7 days")
        .made(call(1, 1), &day("2026-12-30"))
        .asks(call(1, 1), &day("2027-01-05"))
        .then_refused_until([Code::SEVEN_DAY_CAP], "2027-01-06T00:00:00+08:00")
        .made(call(1, 1), &day("2028-02-28"))
        .asks(call(1, 1), &day("2028-03-05"))
        .then_refused_until([Code::SEVEN_DAY_CAP], "2028-03-06T00:00:00+08:00");
}

#[test]
fn given_what_is_counted_then_only_that_counts() {
    let counting = |count: &str| {
        let rule =
            format!("[[frequency]]\nid = \"cap\"\ncount = \"{count}\"\nscope = [\"person\"]\nlimit = 1\n");
        law(&format!("{rule}window = \"1 day\"\n")).knows(named(1, 1, 1)).made(call(1, 1), "24 10:00")
    };
    for outcome in Outcome::ALL {
        for (count, counts) in [
            ("attempts", true),
            ("unanswered", *outcome != Outcome::Conversation),
            ("communications", outcome.conveyed()),
        ] {
            // Until its outcome is known it counts.
            let given = counting(count).asks(call(1, 1), "24 10:00:30").then_refused([Code::DAY_CAP]);
            let when = given.became(*outcome, "24 10:01").asks(call(1, 1), "24 11:00");
            assert_eq!(when.codes().is_empty(), !counts, "{count} {outcome}");
        }
    }
}
