//! Every case file of `tests/cases`, and every example of `proto/case.md`, answers as its author expects.

use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(ROOT).join("tests/cases");
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|kind| kind == "case")).collect();
    files.sort();
    files
}

/// What is wrong with a case, if anything is.
fn fault(name: &str, text: &str) -> Option<String> {
    match casebook::judge(text) {
        Err(error) => Some(format!("{name} cannot be read:\n{error}")),
        Ok(report) if report.score().0 == 0 => Some(format!("{name} expects nothing")),
        Ok(report) if !report.passed() => Some(format!("{name}:\n{report}")),
        Ok(_) => None,
    }
}

#[test]
fn given_every_case_file_when_judged_then_it_answers_as_expected() {
    let files = files();
    assert!(files.len() >= 80, "{} case files", files.len());
    let name =
        |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let faults: Vec<String> = files.iter().filter_map(|path| fault(&name(path), &text(path))).collect();
    assert!(faults.is_empty(), "{} of {} case files:\n\n{}", faults.len(), files.len(), faults.join("\n"));
}

#[test]
fn given_every_case_file_when_read_then_it_begins_with_its_source() {
    for path in files() {
        assert!(
            text(&path).starts_with("# "),
            "{} must begin with a comment that names its source",
            path.display()
        );
    }
}

#[test]
fn given_the_documented_examples_when_judged_then_they_answer_as_expected() {
    let document = text(&Path::new(ROOT).join("proto/case.md"));
    let examples: Vec<&str> = document
        .split("```case\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap_or_default())
        .collect();
    assert!(examples.len() >= 10, "{} examples", examples.len());
    let faults: Vec<String> = (1..)
        .zip(examples)
        .filter_map(|(number, example)| fault(&format!("example {number}"), example))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn given_one_more_or_one_less_when_judged_then_the_expectations_break() {
    // The files must be able to fail: seven calls are not eight.
    let case = |calls: u32, verdict: &str| {
        format!(
            "Alice owes card\non 2026-04-01 the collector calls Alice {calls} times: no answer\n\
             may the collector call Alice on 2026-04-07?\n  expect {verdict}\n"
        )
    };
    for (calls, verdict, passes) in
        [(6, "allowed", true), (7, "allowed", false), (7, "refused", true), (6, "refused", false)]
    {
        let report = casebook::judge(&case(calls, verdict)).expect("a case");
        assert_eq!(report.passed(), passes, "{calls} calls, {verdict}:\n{report}");
    }
}

#[test]
fn given_mistakes_when_read_then_each_is_named_with_its_place() {
    let wrong = "Alice owes card\n\
                 on Mon 2026-04-07 the collector calls Alice: no answer\n\
                 on 2026-04-07 the colector calls Alice: no answer\n\
                 on 2026-04-07 the collector calls Alice: no anwser\n\
                 may the collector call Alcie on 2026-04-07?\n  \
                 expect refused by us-reg-f/seven-in-sevn\n";
    let error = casebook::judge(wrong).expect_err("mistakes");
    let places: Vec<(usize, usize)> =
        error.problems().iter().map(|problem| (problem.line, problem.column)).collect();
    assert_eq!(places[..3], [(2, 4), (3, 19), (4, 42)], "{error}");
    let text = error.to_string();
    for part in ["Tuesday", "did you mean collector?", "did you mean no answer?", "did you mean Alice?"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

/// Every form of `proto/case.md`, once or more.
const FORMS: &str = r#"
packs us-reg-f, us-ma and cn
times are in Central
region US-TX
agencies Acme, Beta
lenders Bank and Fund
debts extra
Alice and Zoe owe card and store to Bank, placed with Acme
loan1 and loan2 are one debt
Hal owes loan1, loan2 and car
car is owed to Fund
car is placed with Beta
Bob co-signed card
Cyd guarantees card and store
Dora is the mother of Alice
Eve is the emergency contact of Alice for card
Pat is the parent of minor Alice
Fay is the attorney of Alice
Sid is a stranger
Dora has not been asked
Alice has two mobile phones m1 and m2 in Eastern and US-NY
Alice has a home phone h1
Alice has a work phone w1 in an unknown zone
Alice has a work email e1
Alice has an address a1
Alice has an account x1
Eve has a phone v1 named by 2 other borrowers
Alice lives in Pacific and US-CA
Acme has lines L1 and L2
Acme has unregistered line L9
Acme has agents Jane and Joe
template T1 of Acme reads "{sender}: hello. {stop}"

on Mon 2026-04-06 Acme calls Alice about card and store, counting toward card, at m1, from line L1, by agent Jane: voicemail about card
on 2026-04-06 at 8:30 p.m. Acme texts Alice with template T1 to collect
on 2026-04-06 Acme emails Alice as a required notice
on 2026-04-06 Acme writes to Alice in reply: returned
on 2026-04-06 Acme visits Alice
on 2026-04-06 Acme messages Alice
Acme calls Dora to locate Alice three times on 2026-04-07: no answer
on each weekday from 2026-04-08 to 2026-04-14 Acme calls Alice about card: answered, then dropped
on 2026-04-15, 2026-04-16 Acme places a call to Alice: ringless voicemail, because of litigation
on 2026-04-15 Alice calls Acme from h1 about card: conversation about card and store, learned on 2026-04-17 at 10:00
on 2026-04-15 Alice texts Acme
on 2026-04-15 Alice writes to Acme about card
on 2026-04-15 Alice emails Acme
on 2026-04-15 Alice consents to more calls about card, given to Acme, from 2026-04-16 to 2026-04-18
on 2026-04-15 Alice consents to texts at m1, given to Acme
on 2026-04-15 Alice consents to contact at any hour until 2026-04-20 by Acme
on 2026-04-15 Alice consents to calls, given to Bank
on 2026-04-15 Alice asks Acme to call back on Fri 2026-04-17 at 10:00
on 2026-04-16 Alice revokes her consent
on 2026-04-16 Alice tells Acme stop calling m1
on 2026-04-16 Alice tells Bank inconvenient at work
on 2026-04-16 Alice says to Acme stop texting about card until 2026-05-01
on 2026-04-16 Alice says stop using m2
on 2026-04-16 Alice says inconvenient at home
on 2026-04-16 Alice says inconvenient on weekdays from 15:00 to 17:00, on Mondays before 10:00 and on weekends until 2026-06-01
on 2026-04-16 Alice says inconvenient after 18:00
on 2026-04-16 Alice says inconvenient Monday to Friday
on 2026-04-16 Alice says busy
on 2026-04-17 Alice allows calls again
on 2026-04-17 Alice gives written notice to cease about card
on 2026-04-17 Acme receives Alice's written notice to cease about store
on 2026-04-17 Alice gives written notice of dispute about card
on 2026-04-17 Alice refuses in writing to pay store
on 2026-04-17 Alice refuses to pay card
on 2026-04-17 Alice disputes card in writing
on 2026-04-17 Alice disputes card
on 2026-04-17 Alice asks in writing for the original creditor of card
on 2026-04-18 Acme verifies card
on 2026-04-18 Alice is represented by Fay about card
on 2026-04-18 Alice is no longer represented
on 2026-04-18 Alice cannot take calls at work
on 2026-04-18 Alice's employer forbids personal calls
on 2026-04-18 Eve confirms about card
on 2026-04-18 Eve does not know Alice
on 2026-04-18 Zoe dies
on 2026-04-18 Zoe is in hardship
on 2026-04-18 Zoe complains
on 2026-04-18 Zoe is bankrupt
on 2026-04-18 Alice moves to Hawaii
on 2026-04-18 m1 turns out to belong to Sid
on 2026-04-18 w1 turns out to belong to a stranger
on 2026-04-18 m2 is checked: not reassigned
on 2026-04-18 h1 led to third-party disclosure
on 2026-04-18 car is placed with Acme
on 2026-04-18 car is recalled
on 2026-04-18 car is time-barred
on 2026-04-18 loan2 is closed
on 2026-04-18 Beta is suspended
on 2026-04-18 Joe is suspended
on 2026-04-18 line L2 is not registered
on 2026-04-18 Acme uses obscene language toward Alice
on 2026-04-18 Acme threatens Alice
on 2026-04-18 Acme asks to carry on with Alice
on 2026-04-18 court orders no contact with Alice about card until 2026-07-01
on 2026-04-18 pack cn is withdrawn
on 2026-04-18 pack cn is adopted
on 2026-04-18 template T1 is withdrawn
on 2026-04-20 at 10:00 Acme asks for permit p1 to call Alice at h1 about card
on 2026-04-20 at 10:00:10 permit p1 is used
on 2026-04-20 at 10:01 permit p1 ends: conversation about card
on 2026-04-20 at 10:02 permit p1 is not used

may Acme call Alice at w1 about card and store to collect from line L2 by Joe on Tue 2026-04-21 at 10:00 Eastern with an unsure clock?
  expect not refused by hours and refused, not flagged by us-reg-f/concentrated
may Acme text Alice?
when may Acme next call Alice about card on 2026-04-21?
how many calls count toward card for Alice of Acme under us-reg-f/seven-in-seven on 2026-04-21?
how many conversations count toward card of Acme on 2026-04-21?
was the last call of Acme to Alice about card on 2026-04-14 allowed?
was each text of Acme allowed?
is Acme presumed to comply toward Alice about card as of 2026-04-30?
is the first call to Alice on 2026-04-08 presumed to comply?
was permit p1 allowed?
was the use of permit p1 allowed?
"#;

#[test]
fn given_every_form_of_the_grammar_when_read_then_none_is_refused() {
    let report = casebook::judge(FORMS).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(report.answers.len(), 11, "{report}");
    let words: Vec<_> = report.answers.iter().map(|answer| answer.verdict.word()).collect();
    assert!(!words.contains(&"nothing to judge"), "{report}");
}
