//! An independent opinion on a placement: the same instance as a linear program, solved by HiGHS through SciPy.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use placement::Instance;
use serde_json::{Value, json};

/// What no plan exceeds, and how long it took to find out, in seconds. Minimums are constraints there.
///
/// # Panics
/// If SciPy is missing or finds no optimum.
pub fn bound(instance: &Instance) -> (f64, f64) {
    let python = std::env::var_os("FORBEAR_PYTHON").unwrap_or_else(|| "python3".into());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("placement.py");
    let mut command = Command::new(&python);
    if let Some(packages) = std::env::var_os("FORBEAR_SCIPY") {
        command.env("PYTHONPATH", packages);
    }
    let mut child = command
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}", python.display()));
    let mut stdin = child.stdin.take().expect("piped");
    stdin
        .write_all(document(instance).to_string().as_bytes())
        .expect("SciPy reads; `cargo xtask setup` gets it");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "SciPy found no optimum, or is missing: `cargo xtask setup` gets it");
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    (answer["worth"].as_f64().expect("a number"), answer["seconds"].as_f64().expect("a number"))
}

fn document(instance: &Instance) -> Value {
    let segments = instance.segments.iter().map(|segment| {
        let choices = segment.choices.iter().map(|choice| json!([choice.agency, choice.worth]));
        json!({ "lender": segment.lender, "cases": segment.cases, "choices": choices.collect::<Vec<_>>() })
    });
    let limits = instance
        .limits
        .iter()
        .map(|limit| json!([limit.lender, limit.agency, limit.cases_min, limit.cases_max]));
    json!({
        "agencies": instance.agencies.iter().map(|agency| agency.capacity).collect::<Vec<_>>(),
        "limits": limits.collect::<Vec<_>>(),
        "segments": segments.collect::<Vec<_>>(),
    })
}
