//! Random packs: every kind of rule, window, scope and exception.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

fn list(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    format!("[{}]", words.join(", "))
}

fn some(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    subsequence(words, 1..=words.len()).prop_map(|words| list(&words))
}

const ROLES: &[&str] =
    &["debtor", "co-debtor", "guarantor", "emergency-contact", "other-third-party", "attorney"];
const CHANNELS: &[&str] = &["call", "sms", "email", "letter", "visit", "app"];
const PURPOSES: &[&str] =
    &["collect", "locate", "consent-notice", "reply", "required-notice", "stop-receipt"];

/// Whom and what a rule is about; mostly everything.
fn who(channels: bool) -> impl Strategy<Value = String> {
    let line = |key: &'static str, words: &'static [&'static str]| prop_oneof![4 => Just(String::new()), 1 => some(words).prop_map(move |words| format!("{key} = {words}\n"))];
    let by_channel = if channels { line("channels", CHANNELS).boxed() } else { Just(String::new()).boxed() };
    (line("roles", ROLES), by_channel).prop_map(|(roles, channels)| roles + &channels)
}

fn purposes() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just(String::new()),
        1 => some(PURPOSES).prop_map(|words| format!("purposes = {words}\n")),
    ]
}

fn effect() -> impl Strategy<Value = &'static str> {
    prop_oneof![5 => Just(""), 1 => Just("effect = \"flag\"\n")]
}

fn scope() -> impl Strategy<Value = String> {
    let first = subsequence(&["contact-point", "person", "case"][..], 1..=2);
    let more = subsequence(&["debt", "lender", "agency"][..], 0..=2);
    (first, more).prop_map(|(first, more)| format!("scope = {}\n", list(&[first, more].concat())))
}

fn window(long: bool) -> BoxedStrategy<String> {
    let short = select(vec![
        "1 day",
        "2 days",
        "7 days",
        "week",
        "24 hours",
        "90 minutes",
        "100 hours",
        "30 seconds",
    ]);
    let all = select(vec![
        "1 day",
        "3 days",
        "7 days",
        "30 days",
        "week",
        "month",
        "24 hours",
        "5 minutes",
        "ever",
    ]);
    let word = if long { all.boxed() } else { short.boxed() };
    word.prop_map(|window| format!("window = \"{window}\"\n")).boxed()
}

fn except(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop_oneof![
        1 => Just(String::new()),
        1 => some(words).prop_map(|words| format!("except = {words}\n")),
    ]
}

fn frequency(long: bool) -> impl Strategy<Value = String> {
    let count = select(vec!["attempts", "attempts", "unanswered", "communications"]);
    let parts = (who(true), purposes(), scope(), window(long), except(&["unconnected", "consented"]));
    (count, 1..5_u8, parts).prop_map(|(count, limit, (who, purposes, scope, window, except))| {
        format!("[[frequency]]\ncount = \"{count}\"\nlimit = {limit}\n{who}{purposes}{scope}{window}{except}")
    })
}

fn cool_down(long: bool) -> impl Strategy<Value = String> {
    (who(true), purposes(), scope(), window(long), except(&["consented"])).prop_map(
        |(who, purposes, scope, window, except)| {
            format!("[[cool-down]]\n{who}{purposes}{scope}{window}{except}")
        },
    )
}

fn interval() -> impl Strategy<Value = String> {
    let least = select(vec!["30 seconds", "5 minutes", "2 hours"]);
    (who(true), purposes(), scope(), least, except(&["unconnected", "consented"])).prop_map(
        |(who, purposes, scope, least, except)| {
            format!("[[interval]]\nleast = \"{least}\"\n{who}{purposes}{scope}{except}")
        },
    )
}

fn hours() -> impl Strategy<Value = String> {
    let spans = &[
        "daily 08:00:01-20:59:59",
        "mon-fri 09:00-18:00",
        "sat,sun 10:00-16:00",
        "daily 00:30-05:00",
        "daily 00:00-01:30",
        "daily 02:30-24:00",
        "tue 00:00-24:00",
        "daily 00:00-24:00",
    ][..];
    let days = &["2026-03-08", "2026-03-09", "2026-09-06", "2026-10-25", "2026-11-01", "2026-11-02"][..];
    let holidays = subsequence(days, 0..=4).prop_map(|days| days.join(", "));
    let holiday_open =
        prop_oneof![Just(None), Just(Some("daily 10:00-12:00")), Just(Some("sun 00:00-06:00"))];
    (who(true), purposes(), some(spans), holidays, holiday_open, any::<bool>()).prop_map(
        |(who, purposes, open, holidays, holiday_open, consented)| {
            let mut text =
                format!("[[hours]]\n{who}{purposes}open = {open}\nunless-consented = {consented}\n");
            if !holidays.is_empty() {
                text.push_str(&format!("holidays = [{holidays}]\n"));
                if let Some(open) = holiday_open {
                    text.push_str(&format!("holiday-open = [\"{open}\"]\n"));
                }
            }
            text
        },
    )
}

fn purpose() -> impl Strategy<Value = String> {
    let out = prop_oneof![1 => Just(None), 1 => (1..3_u8, 1..3_u8).prop_map(Some)];
    (who(true), subsequence(PURPOSES, 1..=4), subsequence(PURPOSES, 0..=2), out).prop_map(
        |(who, mut allowed, confirmed, out)| {
            if !allowed.contains(&"collect") {
                allowed.insert(0, "collect");
            }
            let confirmed: Vec<_> = confirmed.into_iter().filter(|one| allowed.contains(one)).collect();
            let mut text = format!("[[purpose]]\n{who}allowed = {}\n", list(&allowed));
            if !confirmed.is_empty() {
                text.push_str(&format!("confirmed = {}\n", list(&confirmed)));
            }
            if let Some((days, tries)) = out {
                let last = &allowed[allowed.len() - 1..];
                text.push_str(&format!(
                    "debtor-out-of-contact = {{ days = {days}, tries = {tries}, purposes = {} }}\n",
                    list(last)
                ));
            }
            text
        },
    )
}

fn lines(long: bool) -> impl Strategy<Value = String> {
    let most = prop_oneof![
        1 => Just(String::new()),
        3 => (1..3_u8, window(long), scope()).prop_map(|(most, window, scope)| format!("most = {most}\n{window}{scope}")),
    ];
    (who(true), purposes(), any::<bool>(), most).prop_map(|(who, purposes, registered, most)| {
        let registered = registered || most.is_empty();
        format!("[[lines]]\n{who}{purposes}registered = {registered}\n{most}")
    })
}

fn fresh() -> impl Strategy<Value = String> {
    (who(true), purposes(), 1..20_u8, some(&["message", "consent", "check"]), any::<bool>()).prop_map(
        |(who, purposes, days, by, at_work)| {
            let fresh = format!("[[fresh]]\n{who}{purposes}within-days = {days}\nby = {by}\n");
            if at_work { fresh + "at-work = true\n" } else { fresh }
        },
    )
}

fn content() -> impl Strategy<Value = String> {
    let require =
        subsequence(&["sender", "opt-out", "owes-nothing"][..], 1..=2).prop_map(|words| list(&words));
    let channels = some(&["sms", "email", "letter", "app"]);
    (who(false), purposes(), channels, any::<bool>(), require, any::<bool>()).prop_map(
        |(who, purposes, channels, template, require, forbid)| {
            let forbid = if forbid { "forbid = [\"Arrest\"]\n" } else { "" };
            format!("[[content]]\n{who}{purposes}channels = {channels}\ntemplate = {template}\nrequire = {require}\n{forbid}")
        },
    )
}

fn shared() -> impl Strategy<Value = String> {
    (who(true), purposes(), 0..3_u8)
        .prop_map(|(who, purposes, most)| format!("[[shared]]\n{who}{purposes}most = {most}\n"))
}

fn terms() -> impl Strategy<Value = String> {
    prop_oneof![
        (1..4_u8, any::<bool>()).prop_map(|(days, ends)| format!(
            "[[consent]]\nat-most-days = {days}\nends-with-conversation = {ends}\n"
        )),
        Just("[[consent]]\nends-with-conversation = true\n".to_owned()),
    ]
}

fn rule(long: bool) -> impl Strategy<Value = String> {
    let kind = prop_oneof![
        8 => frequency(long),
        3 => cool_down(long),
        2 => interval(),
        2 => hours(),
        1 => purpose(),
        2 => lines(long),
        1 => fresh(),
        1 => content(),
        1 => shared(),
    ];
    (kind, effect()).prop_map(|(kind, effect)| kind + effect)
}

/// The rules of a pack, its terms among them.
pub fn rules(long: bool) -> impl Strategy<Value = Vec<String>> {
    let terms = prop_oneof![1 => Just(Vec::new()), 1 => proptest::collection::vec(terms(), 1..3)];
    (proptest::collection::vec(rule(long), 1..5), terms).prop_map(|(rules, terms)| [rules, terms].concat())
}

/// A pack's text: everywhere, for regions, for the rest, or somebody's own; with dates about a moment, in days.
pub fn text(slot: usize, version: u32, head: &Head, start: jiff::civil::Date, rules: &[String]) -> String {
    let day = |days: i64| start.checked_add(jiff::Span::new().days(days)).expect("in range");
    let (applies, owner) = (head.applies, head.owner);
    let mut text = format!(
        "schema = 1\nid = \"p{slot}\"\nversion = {version}\ntitle = \"p\"\napplies = {applies}\nowner = \"{owner}\"\n\
         effective = {}\n",
        day(head.from)
    );
    if let Some(days) = head.days {
        text.push_str(&format!("until = {}\n", day(head.from + days)));
    }
    for (number, rule) in rules.iter().enumerate() {
        let (kind, rest) = rule.split_once('\n').expect("a table");
        text.push_str(&format!(
            "\n{kind}\nid = \"r{number}\"\nsource = \"chance\"\nread = \"derived\"\n{rest}"
        ));
    }
    text
}

#[derive(Debug, Clone)]
pub struct Head {
    pub applies: &'static str,
    pub owner: &'static str,
    pub from: i64,
    pub days: Option<i64>,
}

pub fn head() -> impl Strategy<Value = Head> {
    let applies =
        select(vec!["\"everywhere\"", "[\"US\"]", "[\"US-MA\", \"CN\"]", "\"otherwise\"", "\"otherwise\""]);
    let owner = select(vec!["platform", "platform", "platform", "lender-1", "agency-1"]);
    let from = prop_oneof![3 => Just(-9_i64), 1 => 0..9_i64];
    let days = prop_oneof![3 => Just(None), 1 => (9..20_i64).prop_map(Some)];
    (applies, owner, from, days).prop_map(|(applies, owner, from, days)| Head { applies, owner, from, days })
}
