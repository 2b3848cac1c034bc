//! Every rule that was considered, what it counted and where that stands.

use events::gate::{HoldKind, HoldPlacedV1, HoldSource, RuleVerdict};
use events::{Code, Position, gate::GateCommand};
use model::Outcome;

use crate::scenario::{call, law, moment, named, somebody};

const RULES: &str = r#"
[[frequency]]
id = "cap"
count = "attempts"
scope = ["person"]
limit = 2
window = "1 day"

[[cool-down]]
id = "quiet"
scope = ["person"]
window = "7 days"

[[hours]]
id = "hours"
open = ["daily 08:00-21:00"]

[[purpose]]
id = "others"
roles = ["attorney"]
allowed = []
"#;

#[test]
fn given_a_history_then_each_rule_says_verdict_limit_count_positions_and_when_it_would_allow() {
    let hold = HoldPlacedV1 {
        contact: None,
        person: Some(somebody(1)),
        case: None,
        kind: HoldKind::Complaint,
        channels: Vec::new(),
        places: Vec::new(),
        times: Vec::new(),
        until: Some(moment("24 20:59:59.999")),
        by: HoldSource::Operator,
    };
    let given = law(RULES).knows(named(1, 1, 1)).knows(named(2, 1, 1));
    let given = given.made(call(1, 1), "24 09:00").became(Outcome::Conversation, "24 09:05");
    let first = given.permit;
    let given = given.does(GateCommand::PlaceHold(hold), "24 10:00");
    let placed = Position(given.end - 1);
    let explained = given.explains(call(2, 1), "24 22:00");
    assert!(!explained.allowed);
    assert_eq!(explained.next_allowed, Some(moment("2026-12-01T08:00:00+08:00")));
    let rule = |name: &str| explained.rules.iter().find(|rule| rule.rule.as_str() == name).expect(name);
    let cap = rule("law/cap");
    assert_eq!((cap.verdict, cap.limit, cap.counted), (RuleVerdict::Allows, Some(2), Some(1)));
    assert_eq!((&cap.positions[..], cap.code), (&[first][..], Code::DAY_CAP));
    let quiet = rule("law/quiet");
    assert_eq!((quiet.verdict, &quiet.positions[..]), (RuleVerdict::Refuses, &[first][..]));
    assert_eq!(quiet.next_allowed, Some(moment("2026-12-01T00:00:00+08:00")));
    assert_eq!(rule("law/hours").next_allowed, Some(moment("25 08:00")));
    assert_eq!(rule("law/others").verdict, RuleVerdict::Silent);
    // The hold is over.
    assert_eq!(rule("gate/holds").verdict, RuleVerdict::Allows);
    let before = given.explains(call(2, 1), "24 12:00");
    let held = before.rules.iter().find(|rule| rule.rule.as_str() == "gate/holds").expect("considered");
    assert_eq!((held.verdict, &held.positions[..]), (RuleVerdict::Refuses, &[placed][..]));
    assert_eq!(held.next_allowed, Some(moment("24 21:00")));
}

#[test]
fn given_an_explanation_then_the_request_is_decided_as_it_says_and_nothing_is_reserved() {
    let given =
        law(RULES).knows(named(1, 1, 1)).made(call(1, 1), "24 09:00").became(Outcome::NoAnswer, "24 09:01");
    let explained = given.explains(call(1, 1), "24 10:00");
    assert!(explained.allowed && explained.next_allowed.is_none());
    assert_eq!(given.explains(call(1, 1), "24 10:00"), explained);
    let names: Vec<_> = explained.rules.iter().map(|rule| rule.rule.to_string()).collect();
    assert_eq!(names.iter().filter(|name| name.starts_with("gate/")).count(), 11);
    assert_eq!(names[11..], ["law/cap", "law/quiet", "law/hours", "law/others"]);
    given.made(call(1, 1), "24 10:00");
}
