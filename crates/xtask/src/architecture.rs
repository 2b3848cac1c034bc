//! The direction of the arrows between our crates, and who may name or reach which crate of other people's.
//! The tables are the design's section 2, as data.

use crate::graph::{Graph, Member};
use crate::violation::Violation;

/// What a crate of ours may depend on, in any kind of dependency: a test that needs more belongs in `tests/`.
enum May {
    /// These crates of ours only.
    Use(&'static [&'static str]),
    /// Every crate of ours but these.
    UseAllBut(&'static [&'static str]),
}

/// The arrows, from the words up to the program.
const ARROWS: &[(&str, May)] = &[
    ("model", May::Use(&[])),
    ("events", May::Use(&["model"])),
    ("ledger", May::Use(&["model", "events"])),
    ("placement", May::Use(&[])),
    ("assignment", May::Use(&["model", "events", "placement"])),
    ("policy", May::Use(&["model"])),
    ("gate", May::Use(&["model", "events", "policy"])),
    ("casebook", May::Use(&["model", "events", "policy", "gate"])),
    ("tlog", May::Use(&[])),
    ("eventlog", May::Use(&["model", "events"])),
    ("vault", May::Use(&["model"])),
    ("runtime", May::Use(&["model", "events", "eventlog", "vault"])),
    ("audit", May::Use(&["model", "events", "policy", "runtime", "tlog"])),
    ("api", May::UseAllBut(&["console", "forbear", "sim", "xtask", "forbear-tests", "forbear-benches"])),
    ("console", May::Use(&["model", "events", "api"])),
    ("forbear", May::UseAllBut(&["sim", "xtask", "forbear-tests", "forbear-benches"])),
    (
        "sim",
        May::Use(&[
            "model",
            "events",
            "ledger",
            "assignment",
            "policy",
            "gate",
            "tlog",
            "eventlog",
            "vault",
            "runtime",
        ]),
    ),
    ("xtask", May::Use(&[])),
    ("forbear-tests", May::UseAllBut(&["xtask", "forbear-benches"])),
    ("forbear-benches", May::UseAllBut(&["xtask"])),
];

/// The crates that see no clock, no chance, no disk, no network and no threads.
pub const PURE: &[&str] =
    &["model", "events", "ledger", "placement", "assignment", "policy", "gate", "casebook", "tlog"];

/// What no pure crate may reach through normal dependencies, and what it would bring.
///
/// `rand_core` is not here: it is traits only, and its one way to the system's randomness is `getrandom`, which is.
const UNREACHABLE: &[(&str, &str)] = &[
    ("tokio", "an async runtime"),
    ("async-std", "an async runtime"),
    ("smol", "an async runtime"),
    ("mio", "the network"),
    ("socket2", "the network"),
    ("async-nats", "the network"),
    ("hyper", "the network"),
    ("ureq", "the network"),
    ("sled", "a disk"),
    ("redb", "a disk"),
    ("tempfile", "a disk"),
    ("rand", "a random source"),
    ("fastrand", "a random source"),
    ("getrandom", "a random source"),
    ("uuid", "a random source"),
];

/// Features that would give a pure crate's dependency a clock or a disk.
const UNREACHABLE_FEATURES: &[(&str, &str, &str)] = &[
    ("chrono", "clock", "a clock"),
    ("chrono", "now", "a clock"),
    ("time", "local-offset", "the system's time zone"),
    ("jiff", "tz-system", "the system's time zone"),
    ("jiff", "tzdb-zoneinfo", "a disk"),
    ("jiff", "tzdb-concatenated", "a disk"),
];

/// Who may name a crate that has one home. `tests` and `benches` start servers and measure bare stores.
const HOMES: &[(&str, &[&str])] = &[
    ("async-nats", &["eventlog", "runtime", "forbear-tests", "forbear-benches"]),
    ("sled", &["runtime"]),
    ("redb", &["vault"]),
];

/// Every broken rule of the graph.
pub fn check(graph: &Graph) -> Vec<Violation> {
    let mut found = Vec::new();
    for member in graph.members() {
        arrows(graph, member, &mut found);
        homes(member, &mut found);
        if PURE.contains(&member.name.as_str()) {
            purity(graph, member, &mut found);
        }
    }
    found
}

fn arrows(graph: &Graph, member: &Member, found: &mut Vec<Violation>) {
    let Some((_, may)) = ARROWS.iter().find(|(name, _)| *name == member.name) else {
        found.push(Violation {
            file: member.manifest_path(),
            line: member.manifest_line("name"),
            found: format!("crate `{}` has no row in the table of arrows", member.name),
            expected: "every crate of the workspace says which of ours it may use".into(),
            remedy: "add a row to ARROWS in crates/xtask/src/architecture.rs, as the design has it".into(),
        });
        return;
    };
    for dependency in member.dependencies.iter().filter(|dependency| dependency.ours) {
        let name = dependency.name.as_str();
        let (allowed, expected) = match may {
            May::Use([]) => (false, format!("`{}` uses no crate of ours", member.name)),
            May::Use(list) => (list.contains(&name), format!("`{}` uses only {}", member.name, listed(list))),
            May::UseAllBut(list) => {
                (!list.contains(&name), format!("`{}` never uses {}", member.name, listed(list)))
            }
        };
        // Tests may reach everything that lies below their crate anyway, and the crate itself, to turn on features.
        let below = || graph.closure(member).iter().any(|reached| reached.name == name);
        let for_tests = dependency.dev && (name == member.name || below());
        if !allowed && !for_tests {
            found.push(Violation {
                file: member.manifest_path(),
                line: member.manifest_line(name),
                found: format!("`{}` depends on `{name}`", member.name),
                expected,
                remedy: "move the shared type down to a crate that both may use, or the test up to tests/"
                    .into(),
            });
        }
    }
}

fn homes(member: &Member, found: &mut Vec<Violation>) {
    for dependency in &member.dependencies {
        let Some((_, homes)) = HOMES.iter().find(|(name, _)| *name == dependency.name) else { continue };
        if !homes.contains(&member.name.as_str()) {
            found.push(Violation {
                file: member.manifest_path(),
                line: member.manifest_line(&dependency.name),
                found: format!("`{}` names `{}`", member.name, dependency.name),
                expected: format!("it is named only by {}", listed(homes)),
                remedy: format!("use it through the port of `{}`", homes.first().unwrap_or(&"its home")),
            });
        }
    }
}

fn purity(graph: &Graph, member: &Member, found: &mut Vec<Violation>) {
    for reached in graph.closure(member) {
        let crates = UNREACHABLE.iter().filter(|(name, _)| *name == reached.name);
        let features = UNREACHABLE_FEATURES.iter().filter(|(name, feature, _)| {
            *name == reached.name && reached.features.iter().any(|on| on == feature)
        });
        let brings = crates
            .map(|(_, brings)| (String::new(), brings))
            .chain(features.map(|(_, feature, brings)| (format!(" with feature `{feature}`"), brings)));
        for (with, brings) in brings {
            found.push(Violation {
                file: member.manifest_path(),
                line: member.manifest_line(reached.path.first().unwrap_or(&reached.name)),
                found: format!("`{}` reaches {brings}: {}{with}", member.name, reached.path.join(" -> ")),
                expected: "pure crates see no async runtime, clock, random source, network or disk".into(),
                remedy: "drop the dependency or the feature that brings it (`cargo tree -e features -i` shows who \
                         turns it on); time and chance are arguments"
                    .into(),
            });
        }
    }
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{ARROWS, May, PURE, check};
    use crate::graph::examples::graph;

    /// What `check` found, as text.
    fn found(graph: &crate::graph::Graph) -> Vec<String> {
        check(graph).iter().map(|one| format!("{}: {}", one.file, one.found)).collect()
    }

    #[test]
    fn given_arrows_that_point_down_when_checked_then_nothing_is_found() {
        let graph = graph(
            &["model", "events", "gate", "eventlog"],
            &[
                ("model", &[("serde", None)], &[]),
                ("events", &[("model", None)], &[]),
                ("gate", &[("model", None), ("events", None)], &[]),
                ("eventlog", &[("events", None), ("tokio", None), ("async-nats", None)], &[]),
                ("serde", &[], &[]),
                ("tokio", &[], &[]),
                ("async-nats", &[], &[]),
            ],
        );
        assert_eq!(found(&graph), Vec::<String>::new());
    }

    #[test]
    fn given_an_arrow_that_points_up_when_checked_then_it_is_found() {
        let graph = graph(
            &["model", "gate", "runtime", "vault", "audit"],
            &[
                ("model", &[], &[]),
                ("gate", &[("runtime", Some("dev"))], &[]),
                ("runtime", &[("gate", None)], &[]),
                ("vault", &[], &[]),
                ("audit", &[("vault", None)], &[]),
            ],
        );
        assert_eq!(
            found(&graph),
            [
                "crates/audit/Cargo.toml: `audit` depends on `vault`",
                "crates/gate/Cargo.toml: `gate` depends on `runtime`",
                "crates/runtime/Cargo.toml: `runtime` depends on `gate`",
            ]
        );
    }

    #[test]
    fn given_a_dev_dependency_when_it_lies_below_anyway_then_it_is_allowed_and_else_found() {
        let graph = graph(
            &["audit", "runtime", "vault", "ledger"],
            &[
                ("audit", &[("runtime", None), ("vault", Some("dev")), ("ledger", Some("dev"))], &[]),
                ("runtime", &[("vault", None)], &[]),
                ("vault", &[], &[]),
                ("ledger", &[], &[]),
            ],
        );
        assert_eq!(found(&graph), ["crates/audit/Cargo.toml: `audit` depends on `ledger`"]);
    }

    #[test]
    fn given_a_crate_without_a_row_when_checked_then_it_is_found() {
        let graph = graph(&["billing"], &[("billing", &[], &[])]);
        assert_eq!(
            found(&graph),
            ["crates/billing/Cargo.toml: crate `billing` has no row in the table of arrows"]
        );
    }

    #[test]
    fn given_a_pure_crate_that_reaches_chance_when_checked_then_the_way_to_it_is_shown() {
        let graph = graph(
            &["tlog", "vault"],
            &[
                ("tlog", &[("signer", None), ("tokio", Some("dev"))], &[]),
                ("vault", &[("getrandom", None)], &[]),
                ("signer", &[("rand_core", None)], &[]),
                ("rand_core", &[("getrandom", None)], &[]),
                ("getrandom", &[], &[]),
                ("tokio", &[], &[]),
            ],
        );
        assert_eq!(
            found(&graph),
            ["crates/tlog/Cargo.toml: `tlog` reaches a random source: signer -> rand_core -> getrandom",]
        );
    }

    #[test]
    fn given_each_unreachable_crate_when_a_decider_uses_it_then_it_is_found() {
        for name in ["tokio", "async-nats", "sled", "redb", "rand", "getrandom", "socket2", "mio"] {
            let graph = graph(&["gate"], &[("gate", &[(name, None)], &[]), (name, &[], &[])]);
            assert!(found(&graph).iter().any(|one| one.contains("reaches")), "{name} was not found");
        }
    }

    #[test]
    fn given_a_feature_that_brings_a_clock_when_checked_then_it_is_found() {
        let with = |features: &'static [&'static str]| {
            found(&graph(&["gate"], &[("gate", &[("chrono", None)], &[]), ("chrono", &[], features)]))
        };
        assert_eq!(with(&["alloc"]), Vec::<String>::new());
        assert_eq!(
            with(&["alloc", "clock"]),
            ["crates/gate/Cargo.toml: `gate` reaches a clock: chrono with feature `clock`"]
        );
    }

    #[test]
    fn given_a_store_named_outside_its_home_when_checked_then_it_is_found() {
        let graph = graph(
            &["audit", "api"],
            &[("audit", &[("sled", None)], &[]), ("api", &[("async-nats", None), ("redb", None)], &[])],
        );
        assert_eq!(
            found(&graph),
            [
                "crates/api/Cargo.toml: `api` names `async-nats`",
                "crates/api/Cargo.toml: `api` names `redb`",
                "crates/audit/Cargo.toml: `audit` names `sled`",
            ]
        );
    }

    #[test]
    fn given_the_table_when_followed_then_no_crate_reaches_itself() {
        let below = |name: &str| match ARROWS.iter().find(|(row, _)| *row == name) {
            Some((_, May::Use(list))) => list.to_vec(),
            Some((_, May::UseAllBut(list))) => {
                ARROWS.iter().map(|(row, _)| *row).filter(|row| !list.contains(row) && *row != name).collect()
            }
            None => panic!("{name} has no row"),
        };
        for (start, _) in ARROWS {
            let mut stack = below(start);
            let mut seen = std::collections::BTreeSet::new();
            while let Some(next) = stack.pop() {
                assert_ne!(next, *start, "the table lets {start} depend on itself");
                if seen.insert(next) {
                    stack.extend(below(next));
                }
            }
        }
        for name in PURE {
            assert!(below(name).iter().all(|one| PURE.contains(one)), "{name} may use an impure crate");
        }
    }
}
