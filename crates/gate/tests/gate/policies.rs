//! Policies are adopted whole and named by decisions.

use events::gate::{GateCommand, GateEvent, PolicyV1};
use events::{Code, Position};
use gate::{PolicyError, strict, validate};

use crate::scenario::{debtor_in, given, policy, request};

const TEN: &str = "2026-11-24T10:00:00+08:00";

#[test]
fn the_strict_policy_is_valid_and_says_where_it_comes_from() {
    let strict = strict();
    assert_eq!(validate(&strict), Ok(()));
    assert_eq!((strict.from_s, strict.until_s), (28_801, 79_199));
    assert_eq!((strict.per_day, strict.per_seven_days), (3, 7));
    assert!(strict.source.contains("30 January 2026"));
}

#[test]
fn given_a_policy_that_contradicts_itself_then_it_is_refused_by_name_of_the_field() {
    let wrong = |change: fn(&mut PolicyV1)| {
        let mut changed = strict();
        change(&mut changed);
        given([]).when(GateCommand::AdoptPolicy(changed.clone()), TEN).then_refused([Code::POLICY_INVALID]);
        validate(&changed)
    };
    let hours = |from_s, until_s| Err(PolicyError::Hours { from_s, until_s });
    assert_eq!(wrong(|policy| (policy.from_s, policy.until_s) = (10, 9)), hours(10, 9));
    assert_eq!(wrong(|policy| policy.until_s = 86_400), hours(28_801, 86_400));
    assert_eq!(wrong(|policy| policy.version = 0), Err(PolicyError::Version));
    assert_eq!(wrong(|policy| policy.id.clear()), Err(PolicyError::Id(0)));
    assert_eq!(wrong(|policy| policy.source.clear()), Err(PolicyError::Source(0)));
    assert_eq!(wrong(|policy| policy.permit_ttl_ms = 0), Err(PolicyError::PermitTtl(0)));
}

#[test]
fn given_an_adopted_policy_when_it_comes_again_then_nothing_changes_and_other_content_needs_a_version() {
    let changed = PolicyV1 { per_day: 9, ..strict() };
    let next = PolicyV1 { version: 2, ..changed.clone() };
    given([])
        .when(GateCommand::AdoptPolicy(strict()), TEN)
        .then([policy(strict())])
        .when(GateCommand::AdoptPolicy(strict()), TEN)
        .then_nothing()
        .when(GateCommand::AdoptPolicy(changed), TEN)
        .then_refused([Code::POLICY_INVALID])
        .when(GateCommand::AdoptPolicy(next.clone()), TEN)
        .then([policy(next)]);
}

#[test]
fn given_a_new_policy_then_the_next_decision_names_it() {
    let next = PolicyV1 { version: 2, per_day: 1, ..strict() };
    let given = debtor_in(&["Asia/Shanghai"]).when(GateCommand::AdoptPolicy(next), TEN).then_some(1);
    let adopted = Position(given.end - 1);
    let when = given.when(request(), TEN);
    let Ok([GateEvent::PermitReserved(reserved)]) = when.result.as_deref() else { panic!("no permit") };
    assert_eq!((reserved.policy, reserved.day.limit), (adopted, 1));
}

/// A cap of none is a policy too: nobody is called, and no time is promised.
#[test]
fn given_a_cap_of_zero_then_nothing_is_ever_allowed() {
    let none = PolicyV1 { per_seven_days: 0, ..strict() };
    let when = crate::scenario::person(model::Role::Debtor, &["Asia/Shanghai"], none).when(request(), TEN);
    assert_eq!(when.reasons()[0].next_allowed, None);
    when.then_refused([Code::SEVEN_DAY_CAP]);
}

#[test]
fn given_a_policy_of_former_times_when_its_name_comes_with_other_content_then_it_is_refused() {
    let former = gate::strict();
    let mut other = gate::strict();
    other.id = "other".to_owned();
    let mut forged = gate::strict();
    forged.per_day = 99;
    given([policy(former.clone()), policy(other)])
        .when(GateCommand::AdoptPolicy(forged), TEN)
        .then_refused([Code::POLICY_INVALID])
        .when(GateCommand::AdoptPolicy(former), TEN)
        .then_some(1);
}
