//! Compares an answer with what the author of the case expects.

use crate::case::{Expectation, Statement};
use crate::law::Law;
use crate::report::{Answer, Met, RuleSays, Says, Verdict};

/// Whether a name in a case file means this rule: all of it, the part behind the slash, or the word of its refusal.
pub(crate) fn names(name: &str, rule: &RuleSays) -> bool {
    let short = rule.rule.split_once('/').map_or(rule.rule.as_str(), |(_, short)| short);
    name == rule.rule || name == short || name == rule.word
}

pub(crate) fn check(answer: &mut Answer, statement: &Statement, law: &Law) {
    let met = statement.expected.iter().map(|expected| {
        let (met, got) = one(answer, &expected.what, law);
        Met { line: expected.line, expected: expected.text.clone(), met, got }
    });
    answer.expectations = met.collect();
}

fn one(answer: &Answer, expectation: &Expectation, law: &Law) -> (bool, String) {
    let verdict = answer.verdict;
    let judged = verdict != Verdict::NothingToJudge;
    let of = |says: Says| -> Vec<&RuleSays> { rules(answer).filter(|rule| rule.says == says).collect() };
    let all = |by: &[String], of: &[&RuleSays]| by.iter().all(|name| of.iter().any(|rule| names(name, rule)));
    let (refusing, flagging) = (of(Says::Refuses), of(Says::Flags));
    let plain = || format!("{}{}", verdict.word(), listed(" by ", &refusing));
    match expectation {
        Expectation::Allowed => (matches!(verdict, Verdict::Allowed | Verdict::PresumedCompliant), plain()),
        Expectation::Refused { by, only } => {
            let extra = refusing.iter().any(|rule| !by.iter().any(|name| names(name, rule)));
            let refused = matches!(verdict, Verdict::Refused | Verdict::PresumedViolation);
            (refused && all(by, &refusing) && !(*only && extra), plain())
        }
        Expectation::NotRefused { by } => {
            let none = by.iter().all(|name| !refusing.iter().any(|rule| names(name, rule)));
            (judged && none && (!by.is_empty() || refusing.is_empty()), plain())
        }
        Expectation::Flagged { by } => (
            all(by, &flagging) && !flagging.is_empty(),
            format!("no such flag{}", listed(", but by ", &flagging)),
        ),
        Expectation::NotFlagged { by } => {
            let none = by.iter().all(|name| !flagging.iter().any(|rule| names(name, rule)));
            let met = judged && none && (!by.is_empty() || flagging.is_empty());
            (met, format!("flagged{}", listed(" by ", &flagging)))
        }
        Expectation::Excepted { by } => {
            let excepted = of(Says::Excepted);
            (
                all(by, &excepted) && !excepted.is_empty(),
                format!("no such exception{}", listed(", but ", &excepted)),
            )
        }
        Expectation::Counted { number, rule } => {
            let counted = match rule {
                Some(name) => {
                    rules(answer).filter(|rule| names(name, rule)).filter_map(|rule| rule.counted).max()
                }
                None if verdict == Verdict::Counted => {
                    answer.counted.and_then(|counted| u32::try_from(counted).ok())
                }
                None => law.call_cap(&answer.rules).and_then(|rule| rule.counted),
            };
            let got = counted
                .map_or_else(|| "nothing that counts".to_owned(), |counted| format!("counted {counted}"));
            (counted.is_some_and(|counted| u64::from(counted) == *number), got)
        }
        Expectation::Next(local) => {
            let wanted = local.strftime("%Y-%m-%d %H:%M:%S").to_string();
            (answer.next_allowed.as_ref().is_some_and(|next| next.local == wanted), next(answer))
        }
        Expectation::NextOn(date) => {
            let met =
                answer.next_allowed.as_ref().is_some_and(|next| next.local.starts_with(&date.to_string()));
            (met, next(answer))
        }
        Expectation::Never => (verdict == Verdict::Refused && answer.next_allowed.is_none(), next(answer)),
        Expectation::Compliant => {
            let broken = broken(&refusing, law);
            (judged && broken.is_empty(), format!("{}{}", verdict.word(), listed(" by ", &broken)))
        }
        Expectation::Violation { by } => {
            let broken = broken(&refusing, law);
            (!broken.is_empty() && all(by, &broken), format!("{}{}", verdict.word(), listed(" by ", &broken)))
        }
        Expectation::Violations(number) => {
            let violating = |rules: &[RuleSays]| {
                rules.iter().any(|rule| rule.says == Says::Refuses && law.is_call_frequency(&rule.rule))
            };
            let count = answer.contacts.iter().filter(|contact| violating(&contact.rules)).count() as u64;
            (count == *number, format!("violations {count}"))
        }
        Expectation::Factor => (factor(answer, &flagging), "no factor".to_owned()),
        Expectation::NoFactor => {
            let first = answer.factors.first().map(|factor| factor.text.clone());
            let got = first.unwrap_or_else(|| format!("flagged{}", listed(" by ", &flagging)));
            (judged && !factor(answer, &flagging), got)
        }
    }
}

/// Against compliance, what the rules flag is a factor too.
fn factor(answer: &Answer, flagging: &[&RuleSays]) -> bool {
    !answer.factors.is_empty() || (answer.verdict == Verdict::PresumedCompliant && !flagging.is_empty())
}

fn broken<'r>(refusing: &[&'r RuleSays], law: &Law) -> Vec<&'r RuleSays> {
    refusing.iter().filter(|rule| law.is_call_frequency(&rule.rule)).copied().collect()
}

fn rules(answer: &Answer) -> impl Iterator<Item = &RuleSays> {
    answer.rules.iter().chain(answer.contacts.iter().flat_map(|contact| &contact.rules))
}

fn next(answer: &Answer) -> String {
    match &answer.next_allowed {
        Some(next) => format!("{}, next {} {}", answer.verdict.word(), next.local, next.zone),
        None => format!("{}, no next", answer.verdict.word()),
    }
}

fn listed(before: &str, rules: &[&RuleSays]) -> String {
    let mut seen: Vec<&str> = rules.iter().map(|rule| rule.rule.as_str()).collect();
    seen.sort_unstable();
    seen.dedup();
    if seen.is_empty() { String::new() } else { format!("{before}{}", seen.join(", ")) }
}
