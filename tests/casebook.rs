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

#[test]
fn given_every_form_of_the_grammar_when_read_then_none_is_refused() {
    let report = casebook::judge(&text(&Path::new(ROOT).join("tests/cases/every-form.case")))
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(report.answers.len(), 12, "{report}");
    let words: Vec<_> = report.answers.iter().map(|answer| answer.verdict.word()).collect();
    assert!(!words.contains(&"nothing to judge"), "{report}");
}
