//! What a pack's text must not have, and how that is said.

use model::{Channel, Purpose, Role};
use policy::pack::{Counted, Kind, Reading, Window};
use policy::sets::{Exception, Key};
use policy::{Pack, parse};

const HEAD: &str = "schema = 1\nid = \"draft\"\nversion = 1\ntitle = \"A draft\"\neffective = 2026-01-30\n\
                    applies = [\"CN\"]\nowner = \"lender-3\"\n";
const RULE: &str = "id = \"cap\"\nsource = \"a contract\"\nread = \"primary\"\n";
const CAP: &str = "count = \"attempts\"\nscope = [\"person\"]\nlimit = 5\nwindow = \"1 day\"\n";

fn with(tables: &str) -> String {
    format!("{HEAD}\n{tables}")
}

fn read(tables: &str) -> Pack {
    parse(&with(tables)).unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn refused(text: &str) -> Vec<String> {
    let error = parse(text).expect_err("a pack that is wrong");
    error.problems().iter().map(ToString::to_string).collect()
}

/// The only problem of the tables, with the line counted from the first of them.
#[track_caller]
fn problem(tables: &str) -> String {
    let problems = refused(&with(tables));
    assert_eq!(problems.len(), 1, "{problems:#?}");
    problems[0].clone()
}

#[test]
fn given_a_whole_rule_when_read_then_each_key_is_there() {
    let pack = read(
        "[[frequency]]\nid = \"cap\"\nsource = \"a contract\"\nread = \"derived\"\nnote = \"why\"\n\
         roles = [\"debtor\", \"guarantor\"]\nchannels = [\"call\"]\npurposes = [\"collect\"]\n\
         count = \"unanswered\"\nscope = [\"person\", \"agency\"]\nlimit = 5\nwindow = \"24 hours\"\n\
         except = [\"unconnected\"]\n",
    );
    let rule = &pack.rules[0];
    assert_eq!((rule.name(&pack).as_str(), rule.read), ("draft/cap", Reading::Derived));
    assert!(rule.who.roles.has(Role::Guarantor) && !rule.who.roles.has(Role::Attorney));
    assert!(rule.who.channels.has(Channel::Call) && !rule.who.channels.has(Channel::Sms));
    assert!(rule.who.purposes.has(Purpose::Collect) && !rule.who.purposes.has(Purpose::Locate));
    let Kind::Frequency(terms) = &rule.kind else { panic!("{rule:?}") };
    assert_eq!(
        (terms.count, terms.limit, terms.window),
        (Counted::Unanswered, 5, Window::RollingMs(86_400_000))
    );
    assert_eq!(terms.scope.words().collect::<Vec<_>>(), [Key::Person, Key::Agency]);
    assert!(terms.except.has(Exception::Unconnected) && !terms.except.has(Exception::Consented));
}

#[test]
fn given_rules_of_several_kinds_when_read_then_their_order_is_that_of_the_text() {
    let tables = format!(
        "[[shared]]\nid = \"z\"\nsource = \"s\"\nread = \"primary\"\nmost = 3\n\n\
         [[frequency]]\n{RULE}{CAP}\n\
         [[consent]]\nid = \"c\"\nsource = \"s\"\nread = \"primary\"\nat-most-days = 7\n\n\
         [[shared]]\nid = \"a\"\nsource = \"s\"\nread = \"primary\"\nmost = 4\n"
    );
    let pack = read(&tables);
    let ids: Vec<&str> = pack.rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids, ["z", "cap", "a"]);
    assert_eq!(pack.consents[0].at_most_days, Some(7));
}

#[test]
fn given_an_unknown_key_when_read_then_place_rule_and_the_known_keys_are_named() {
    let text = problem(&format!("[[frequency]]\n{RULE}{CAP}limits = 3\n"));
    assert_eq!(
        text,
        "line 17, column 1, [[frequency]] \"cap\": expected one of the keys id, source, read, note, effect, roles, \
         channels, purposes, count, scope, limit, window, except, got the key \"limits\""
    );
}

#[test]
fn given_a_wrong_word_when_read_then_the_words_are_listed_at_its_column() {
    let text = problem(&format!(
        "[[frequency]]\n{RULE}count = \"attempts\"\nscope = [\"person\", \"dept\"]\nlimit = 5\nwindow = \"1 day\"\n"
    ));
    assert_eq!(
        text,
        "line 14, column 20, [[frequency]] \"cap\", scope: expected one of contact-point, person, debt, case, lender, \
         agency, got \"dept\""
    );
}

#[test]
fn given_several_mistakes_when_read_then_all_are_reported_in_order() {
    let problems = refused(
        "schema = 2\nid = \"Draft\"\nversion = 0\ntitle = \" \"\neffective = \"2026-01-30\"\napplies = []\n\
         owner = \"3\"\nlimit = 1\n",
    );
    assert_eq!(problems.len(), 9, "{problems:#?}");
    let lines: Vec<bool> =
        (1..9).map(|line| problems.iter().any(|p| p.starts_with(&format!("line {line},")))).collect();
    assert!(lines.iter().all(|there| *there), "{problems:#?}");
    assert!(problems.iter().any(|problem| problem.contains("at least one rule")), "{problems:#?}");
}

#[test]
fn given_columns_after_chinese_when_read_then_characters_are_counted() {
    let text = problem(
        "[[shared]]\nid = \"a\"\nsource = \"指引\"\nread = \"primary\"\nmost = 3\n\
                        note = [\"指引\", 1]\n",
    );
    assert!(
        text.starts_with("line 14, column 8, [[shared]] \"a\", note: expected a note, got a list"),
        "{text}"
    );
}

#[test]
fn given_two_tables_with_one_id_when_read_then_both_are_named() {
    let rule = format!("{RULE}{CAP}");
    let text = problem(&format!("[[frequency]]\n{rule}\n[[frequency]]\n{rule}"));
    assert!(
        text.starts_with("line 19, column 6, [[frequency]] \"cap\", id: expected an id that no other"),
        "{text}"
    );
    assert!(text.ends_with("got \"cap\", which the [[frequency]] of line 9 has"), "{text}");
}

#[test]
fn given_text_that_is_not_toml_when_read_then_its_place_is_named() {
    let text = refused("schema = 1\nid = draft\n").join("\n");
    assert!(text.starts_with("line 2, column 6: expected valid TOML, got "), "{text}");
}

#[test]
fn given_a_file_that_is_too_long_when_read_then_it_is_refused_before_it_is_parsed() {
    let text = refused(&"#".repeat(policy::TEXT_BYTES_MAX + 1)).join("\n");
    assert_eq!(text, "line 1, column 1: expected at most 262144 bytes, got 262145 bytes");
}

#[test]
fn given_an_end_before_the_beginning_when_read_then_it_is_refused() {
    let text = with(&format!("[[frequency]]\n{RULE}{CAP}")).replace("applies", "until = 2026-01-29\napplies");
    let text = refused(&text).join("\n");
    assert_eq!(
        text,
        "line 6, column 9, until: expected a day not before effective, 2026-01-30, got 2026-01-29"
    );
}

/// A key's value in a frequency rule, and part of what is said.
#[test]
fn given_terms_that_mean_nothing_when_read_then_they_are_refused() {
    for (key, value, said) in [
        ("limit", "0", "limit: expected the most in the window, a whole number from 1 to 1000, got 0"),
        ("limit", "1001", "from 1 to 1000, got 1001"),
        ("limit", "7.0", "a whole number from 1 to 1000, got 7.0"),
        ("window", "\"0 days\"", "window: expected a window"),
        ("window", "\"1 week\"", "got \"1 week\""),
        ("window", "7", "got 7"),
        ("scope", "[\"debt\", \"agency\"]", "strangers share one count, got debt, agency"),
        ("scope", "[]", "at least one word"),
        ("scope", "[\"person\", \"person\"]", "each word once"),
        ("count", "\"calls\"", "expected one of attempts, unanswered, communications, got \"calls\""),
    ] {
        let kept: String =
            CAP.lines().filter(|line| !line.starts_with(key)).map(|line| format!("{line}\n")).collect();
        let text = problem(&format!("[[frequency]]\n{RULE}{kept}{key} = {value}\n"));
        assert!(text.contains(said), "{key} = {value}: {text}");
        let missing = problem(&format!("[[frequency]]\n{RULE}{kept}"));
        assert!(
            missing.contains(&format!("{key}: expected")) && missing.ends_with("got nothing"),
            "{missing}"
        );
    }
}

#[test]
fn given_rules_that_demand_nothing_when_read_then_they_are_refused() {
    let all =
        "[\"collect\", \"locate\", \"consent-notice\", \"reply\", \"required-notice\", \"stop-receipt\"]";
    for (table, said) in [
        ("[[lines]]\n".to_owned(), "a rule that demands nothing"),
        ("[[content]]\nchannels = [\"sms\"]\n".to_owned(), "a rule that demands nothing"),
        (format!("[[purpose]]\nallowed = {all}\n"), "a rule that allows all demands nothing"),
        ("[[hours]]\nopen = []\n".to_owned(), "what is never allowed is a [[purpose]] rule"),
        ("[[fresh]]\nwithin-days = 60\nby = []\n".to_owned(), "at least one word"),
        ("[[consent]]\n".to_owned(), "terms that end no consent"),
    ] {
        let (first, rest) = table.split_once('\n').expect("two lines");
        let mut text = format!("{first}\n{RULE}{rest}");
        if first == "[[consent]]" {
            text = format!("[[shared]]\nid = \"s\"\nsource = \"s\"\nread = \"primary\"\nmost = 3\n{text}");
        }
        let text = problem(&text);
        assert!(text.contains(said), "{table}: {text}");
    }
}

#[test]
fn given_keys_that_do_not_fit_each_other_when_read_then_they_are_refused() {
    for (table, said) in [
        (
            "[[purpose]]\nallowed = [\"locate\"]\nconfirmed = [\"collect\"]\n",
            "confirmed: expected purposes that allowed",
        ),
        (
            "[[purpose]]\nallowed = [\"reply\"]\n\
             debtor-out-of-contact = { days = 3, tries = 1, purposes = [\"locate\"] }\n",
            "debtor-out-of-contact: expected purposes that allowed",
        ),
        (
            "[[purpose]]\nallowed = [\"locate\"]\n\
             debtor-out-of-contact = { days = 3, tries = 1, purposes = [\"locate\"], hours = 2 }\n",
            "got the key \"hours\"",
        ),
        ("[[purpose]]\nallowed = [\"locate\"]\npurposes = [\"locate\"]\n", "got the key \"purposes\""),
        (
            "[[lines]]\nregistered = true\nwindow = \"30 days\"\n",
            "window: expected nothing where most is absent",
        ),
        (
            "[[hours]]\nopen = [\"daily 08:00-20:00\"]\nholiday-open = [\"daily 10:00-12:00\"]\n",
            "holiday-open: expected nothing where holidays names no day",
        ),
        (
            "[[content]]\nchannels = [\"call\"]\ntemplate = true\n",
            "expected one of sms, email, letter, app, got \"call\"",
        ),
        ("[[content]]\ntemplate = true\n", "channels: expected"),
        (
            "[[cool-down]]\nscope = [\"person\"]\nwindow = \"7 days\"\nexcept = [\"unconnected\"]\n",
            "except: expected one of consented, got \"unconnected\"",
        ),
        ("[[interval]]\nscope = [\"person\"]\nleast = \"1 day\"\n", "least: expected a duration"),
        ("[[hours]]\nopen = [\"mon-fri 20:00-08:00\"]\n", "what ends on the next day is written as two"),
    ] {
        let (first, rest) = table.split_once('\n').expect("two lines");
        let text = problem(&format!("{first}\n{RULE}{rest}"));
        assert!(text.contains(said), "{table}: {text}");
    }
}

#[test]
fn given_a_table_with_one_bracket_when_read_then_two_are_asked_for() {
    let text = refused(&with(&format!("[frequency]\n{RULE}{CAP}"))).join("\n");
    assert!(text.contains("expected tables, each begun with [[frequency]], got a table"), "{text}");
}

#[test]
fn given_holidays_when_read_then_they_take_the_place_of_the_week() {
    let pack = read(&format!(
        "[[hours]]\n{RULE}open = [\"mon-fri 08:00:01-20:59:59\", \"sat-sun 10:00-18:00\"]\n\
         holidays = [2026-10-01]\nholiday-open = [\"daily 10:00-12:00\"]\nunless-consented = true\n"
    ));
    let Kind::Hours(hours) = &pack.rules[0].kind else { panic!("{pack:?}") };
    assert_eq!((hours.open[1].from_s, hours.open[1].until_s), (36_000, 64_799));
    assert!(hours.holidays.len() == 1 && hours.holiday_open.len() == 1 && hours.unless_consented);
}
