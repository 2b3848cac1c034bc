//! `cargo xtask check`: the rules that a program can check, cheapest first.

use crate::architecture;
use crate::graph::Graph;
use crate::purity;
use crate::run::{Failure, Steps, capture, run};
use crate::setup;
use crate::sources;
use crate::violation::Violation;
use crate::workspace::Workspace;

/// Architecture and sources (all violations at once), formatting, dependency policy, clippy. Stops at the first step
/// that fails.
pub fn all(workspace: &Workspace, steps: &mut Steps) -> Result<(), Failure> {
    steps.step("architecture", || report(architecture_violations(workspace)?))?;
    steps.step("sources", || report(source_violations(workspace)?))?;
    steps.step("formatting", || {
        setup::rust_component(workspace, "fmt", "rustfmt")?;
        run(&mut workspace.cargo(["fmt", "--all", "--check"]), "run `cargo fmt --all`")
    })?;
    steps.step("dependency policy", || {
        setup::cargo_deny(workspace)?;
        run(
            &mut workspace.cargo([
                "deny",
                "--locked",
                "check",
                "--hide-inclusion-graph",
                "bans",
                "licenses",
                "sources",
            ]),
            "drop the dependency, or add a dated and justified exception to deny.toml",
        )
    })?;
    steps.step("clippy", || {
        setup::rust_component(workspace, "clippy", "clippy")?;
        run(
            &mut workspace.cargo(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
            "mend each warning above",
        )
    })
}

fn architecture_violations(workspace: &Workspace) -> Result<Vec<Violation>, Failure> {
    let json = capture(
        &mut workspace.cargo([
            "metadata",
            "--format-version=1",
            "--locked",
            "--filter-platform=x86_64-unknown-linux-gnu",
        ]),
        "if the lock file is stale, run `cargo check` and commit Cargo.lock",
    )?;
    let graph = Graph::from_metadata(&json, workspace.root())?;
    let mut found = architecture::check(&graph);
    for name in architecture::PURE {
        let Some(member) = graph.member(name) else { continue };
        let src = format!("{}/src/", member.dir);
        let mut sources = Vec::new();
        for file in workspace.files()? {
            if file.starts_with(&src) && file.ends_with(".rs") {
                let text = workspace.read(&file)?;
                sources.push((file, text));
            }
        }
        found.extend(purity::check(&sources));
    }
    Ok(found)
}

fn source_violations(workspace: &Workspace) -> Result<Vec<Violation>, Failure> {
    let files = workspace.files()?;
    let mut found = sources::check_names(&files);
    for file in &files {
        found.extend(sources::check_hosts(file, &workspace.read(file)?));
    }
    Ok(found)
}

/// Prints every violation; fails if there is one.
fn report(mut found: Vec<Violation>) -> Result<(), Failure> {
    found.sort();
    found.dedup();
    for violation in &found {
        eprintln!("{violation}");
    }
    match found.len() {
        0 => Ok(()),
        count => Err(Failure(format!("violations: {count}; each one above says what to do"))),
    }
}
