//! What changed between two versions of a pack.

use policy::{Change, Direction, Pack, diff, parse, text};

fn cn() -> Pack {
    parse(text("cn").expect("cn")).expect("a pack")
}

fn changed(from: &str, to: &str) -> Vec<Change> {
    let text = text("cn").expect("cn");
    assert!(text.contains(from), "{from}");
    diff(&cn(), &parse(&text.replacen(from, to, 1)).unwrap_or_else(|error| panic!("{error}")))
}

#[track_caller]
fn one(changes: &[Change]) -> String {
    assert_eq!(changes.len(), 1, "{changes:#?}");
    changes[0].to_string()
}

#[test]
fn given_the_same_pack_when_compared_then_nothing_changed() {
    assert_eq!(diff(&cn(), &cn()), []);
}

#[test]
fn given_another_number_when_compared_then_its_direction_is_said() {
    assert_eq!(one(&changed("limit = 6", "limit = 5")), "six-a-day, limit: 6 -> 5 (stricter)");
    assert_eq!(one(&changed("limit = 6", "limit = 7")), "six-a-day, limit: 6 -> 7 (looser)");
}

#[test]
fn given_other_hours_when_compared_then_wider_is_looser_and_moved_is_other() {
    let from = "open = [\"daily 08:00:01-21:59:59\"]";
    assert_eq!(
        one(&changed(from, "open = [\"daily 07:00-22:00\"]")),
        "hours, open: daily 08:00:01-21:59:59 -> daily 07:00:00-21:59:59 (looser)"
    );
    assert_eq!(
        one(&changed(from, "open = [\"mon-fri 09:00-23:00\"]")),
        "hours, open: daily 08:00:01-21:59:59 -> mon-fri 09:00:00-22:59:59 (other)"
    );
    let rewritten = changed(from, "open = [\"daily 08:00:01-12:00\", \"daily 12:00-21:59:59\"]");
    assert!(one(&rewritten).ends_with("(same effect)"));
}

#[test]
fn given_a_rule_that_is_gone_when_compared_then_its_sentence_is_shown() {
    let mut new = cn();
    new.rules.retain(|rule| rule.id != "six-a-day-person");
    let changes = diff(&cn(), &new);
    assert_eq!(
        one(&changes),
        "six-a-day-person: removed (looser): Calls to debtors, co-debtors and guarantors: at most 6 attempts to the \
         same person on one calendar day."
    );
    let back = diff(&new, &cn());
    assert_eq!((back.len(), back[0].direction()), (1, Direction::Stricter));
}

#[test]
fn given_fewer_roles_or_regions_when_compared_then_that_is_looser() {
    let changes = changed("roles = [\"debtor\", \"co-debtor\", \"guarantor\"]", "roles = [\"debtor\"]");
    assert_eq!(one(&changes), "six-a-day, roles: debtor, co-debtor, guarantor -> debtor (looser)");
    assert_eq!(one(&changed("applies = [\"CN\"]", "applies = [\"CN-44\"]")), "applies: CN -> CN-44 (looser)");
    assert_eq!(one(&changed("version = 1", "version = 2")), "version: 1 -> 2 (other)");
}

#[test]
fn given_another_kind_under_the_same_id_when_compared_then_one_is_removed_and_one_added() {
    let mut new = cn();
    new.rules[0].kind = policy::pack::Kind::Shared(policy::pack::Shared { most: 3 });
    let directions: Vec<Direction> = diff(&cn(), &new).iter().map(Change::direction).collect();
    assert_eq!(directions, [Direction::Stricter, Direction::Looser]);
}
