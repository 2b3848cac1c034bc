//! Packs are adopted whole, named by decisions, and withdrawn.

use events::gate::{GateCommand, GateEvent, PolicyAdoptedV2, PolicyV1, PolicyWithdrawnV1};
use events::{Code, Position};
use model::Role;

use crate::scenario::{debtor_in, given, law, named, pack, person, policy, request, strict};

const TEN: &str = "24 10:00";

const ONE_A_DAY: &str = r#"
[[frequency]]
id = "cap"
count = "attempts"
scope = ["contact-point"]
limit = 1
window = "1 day"
"#;

fn adopt(pack: PolicyAdoptedV2) -> GateCommand {
    GateCommand::AdoptPolicy(pack)
}

fn withdraw(id: &str) -> GateCommand {
    GateCommand::WithdrawPolicy(PolicyWithdrawnV1 { id: id.to_owned() })
}

#[test]
fn given_a_text_that_is_no_pack_or_takes_the_gates_own_name_then_it_is_refused() {
    let long = format!("law-{}", "x".repeat(60));
    let wrong = [
        PolicyAdoptedV2 { pack: "schema = 1".to_owned() },
        pack("law", "version = 0", ONE_A_DAY),
        pack("law", "", ""),
        pack("gate", "", ONE_A_DAY),
        // With the rule's name it is more than 64.
        pack(&long, "", ONE_A_DAY),
    ];
    for pack in wrong {
        given([]).when(adopt(pack), TEN).then_refused([Code::POLICY_INVALID]);
    }
}

#[test]
fn given_an_adopted_pack_when_it_comes_again_then_nothing_changes_and_other_content_needs_a_version() {
    let (first, changed) = (pack("law", "", ONE_A_DAY), pack("law", "note = \"other\"", ONE_A_DAY));
    let next = pack("law", "version = 2", ONE_A_DAY);
    given([])
        .when(adopt(first.clone()), TEN)
        .then([GateEvent::PolicyAdopted(first.clone())])
        .when(adopt(first.clone()), TEN)
        .then_nothing()
        .when(adopt(changed.clone()), TEN)
        .then_refused([Code::POLICY_INVALID])
        .when(adopt(next.clone()), TEN)
        .then([GateEvent::PolicyAdopted(next)])
        // Also what was in force before keeps its meaning.
        .when(adopt(changed), TEN)
        .then_refused([Code::POLICY_INVALID])
        .when(adopt(first), TEN)
        .then_some(1);
}

#[test]
fn given_a_new_version_then_the_next_decision_names_it_and_judges_by_it() {
    let two = ONE_A_DAY.replace("limit = 1", "limit = 2");
    let given = law(&two).knows(named(1, 1, 1)).when(adopt(pack("law", "version = 2", ONE_A_DAY)), TEN);
    let given = given.then_some(1);
    let adopted = Position(given.end - 1);
    let when = given.when(request(), TEN);
    let Ok([GateEvent::PermitReserved(reserved)]) = when.result.as_deref() else { panic!("no permit") };
    assert_eq!((reserved.policy, reserved.tightest.map(|rule| rule.count.limit)), (adopted, Some(1)));
}

#[test]
fn given_a_pack_that_is_withdrawn_then_it_refuses_no_longer_and_without_any_nothing_is_allowed() {
    law(ONE_A_DAY)
        .and(GateEvent::PolicyAdopted(pack("other", "", &ONE_A_DAY.replace("limit = 1", "limit = 5"))))
        .knows(named(1, 1, 1))
        .called("24 09:00")
        .when(request(), TEN)
        .then_refused([Code::DAY_CAP])
        .when(withdraw("law"), TEN)
        .then_some(1)
        .when(withdraw("law"), TEN)
        .then_refused([Code::NOT_FOUND])
        .called("24 11:00")
        .when(withdraw("other"), "24 11:30")
        .then_some(1)
        .when(request(), "24 12:00")
        .then_refused([Code::NO_POLICY]);
}

/// A log from before there were packs may hold a cap of none. No pack says that, so no pack is in force (P3).
#[test]
fn given_a_former_policy_with_a_cap_of_zero_then_nothing_is_allowed() {
    let none = PolicyV1 { per_seven_days: 0, ..strict() };
    person(Role::Debtor, &["Asia/Shanghai"], none).when(request(), TEN).then_refused([Code::NO_POLICY]);
}

#[test]
fn given_a_former_policy_then_it_decides_as_it_did() {
    let former = given([policy(strict())]).knows(named(1, 1, 1));
    let rules = former.explains(crate::scenario::asked(), TEN).rules;
    let names: Vec<_> =
        rules.iter().map(|rule| rule.rule.to_string()).filter(|name| name.starts_with("strict/")).collect();
    assert_eq!(names, ["strict/day-cap", "strict/seven-day-cap", "strict/hours"]);
    debtor_in(&["Asia/Shanghai"]).when(request(), "24 08:00:00").then_refused([Code::OUTSIDE_HOURS]);
}

#[test]
fn given_a_pack_of_an_agency_that_would_loosen_a_rule_of_the_platform_then_it_is_refused() {
    let five = ONE_A_DAY.replace("limit = 1", "limit = 5");
    let own = |rules: &str| adopt(pack("own", "owner = \"agency-3\"", rules));
    let known = law(&five);
    let looser = five.replace("limit = 5", "limit = 6");
    assert_eq!(known.refuses(&own(&looser), TEN), [Code::POLICY_LOOSENS]);
    known.when(own(ONE_A_DAY), TEN).then_some(1);
}
