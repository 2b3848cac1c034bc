//! The source scan of the pure crates: no clock, chance, disk, network, thread, environment or terminal in their
//! code. Tests (`#[cfg(test)]`) may use what they like.

use std::collections::BTreeSet;

use crate::rust_text::{Code, code, imports, line_of, occurrences};
use crate::violation::Violation;

/// Modules and items of the standard library, found in paths and in `use` trees, and what they would bring.
const PATHS: &[(&str, &str)] = &[
    ("std::time::SystemTime", "a clock"),
    ("std::time::Instant", "a clock"),
    ("std::time::UNIX_EPOCH", "a clock"),
    ("std::fs", "a disk"),
    ("std::net", "the network"),
    ("std::thread", "threads"),
    ("std::env", "the environment"),
    ("std::process", "other processes"),
    ("std::os", "the operating system"),
    ("std::hash::RandomState", "a random source"),
    ("std::collections::hash_map::RandomState", "a random source"),
];

/// Whatever path led to them.
const WORDS: &[(&str, &str)] = &[
    ("SystemTime", "a clock"),
    ("Instant::now", "a clock"),
    ("Utc::now", "a clock"),
    ("Local::now", "a clock"),
    ("Zoned::now", "a clock"),
    ("Timestamp::now", "a clock"),
    ("now_utc", "a clock"),
    ("now_local", "a clock"),
    ("TimeZone::system", "the system's time zone"),
    ("RandomState", "a random source"),
    ("DefaultHashBuilder", "a random source"),
    ("thread_rng", "a random source"),
    ("rand::", "a random source"),
    ("getrandom::", "a random source"),
    ("print!", "the terminal"),
    ("println!", "the terminal"),
    ("eprint!", "the terminal"),
    ("eprintln!", "the terminal"),
];

/// Hash tables whose default hasher is seeded at random in each process (std's SipHash keys, hashbrown's foldhash
/// from addresses and the clock), so that the order of a walk over one differs from replay to replay.
const TABLES: &[&str] = &[
    "collections::HashMap",
    "collections::HashSet",
    "collections::hash_map::HashMap",
    "collections::hash_set::HashSet",
    "hashbrown::HashMap",
    "hashbrown::HashSet",
    "hashbrown::hash_map::HashMap",
    "hashbrown::hash_set::HashSet",
];

/// Hashers that give the same order in every process; a table's path with one of them in its generics is fine.
const FIXED_HASHERS: &[&str] = &["BuildHasherDefault", "FixedState"];

const RANDOM_ORDER: &str = "a random order";
const FIXED_ORDER_REMEDY: &str = "use BTreeMap or BTreeSet, or one alias that spells out the whole path with a fixed \
                                  hasher: `type Map<K, V> = hashbrown::HashMap<K, V, BuildHasherDefault<H>>`";
const ARGUMENT_REMEDY: &str =
    "take it as an argument (`Now`, a seed, bytes), or move the code to the runtime";

/// Every broken rule in a pure crate's sources, given as `(path, text)`. Files that are test-only modules are left out.
pub fn check(sources: &[(String, String)]) -> Vec<Violation> {
    let codes: Vec<(&str, Code)> = sources.iter().map(|(file, text)| (file.as_str(), code(text))).collect();
    let test_only: Vec<String> = codes
        .iter()
        .flat_map(|(file, code)| code.test_modules.iter().map(|name| module_path(file, name)))
        .collect();
    codes
        .iter()
        .filter(|(file, _)| {
            !test_only
                .iter()
                .any(|module| *file == format!("{module}.rs") || file.starts_with(&format!("{module}/")))
        })
        .flat_map(|(file, code)| check_code(file, &code.text))
        .collect()
}

/// Where the files of `mod name;` in `file` stand, without `.rs`.
fn module_path(file: &str, name: &str) -> String {
    let (dir, last) = file.rsplit_once('/').unwrap_or(("", file));
    match last {
        "lib.rs" | "main.rs" | "mod.rs" => format!("{dir}/{name}"),
        other => format!("{dir}/{}/{name}", other.trim_end_matches(".rs")),
    }
}

fn check_code(file: &str, text: &str) -> Vec<Violation> {
    // By line and name, so that what two rules see is said once.
    let mut found: BTreeSet<(usize, &str, &str)> = BTreeSet::new();
    let mut note = |line, name, brings| {
        found.insert((line, name, brings));
    };
    for (path, brings) in PATHS {
        for at in occurrences(text, path) {
            note(line_of(text, at), path, brings);
        }
    }
    for (word, brings) in WORDS {
        for at in occurrences(text, word) {
            note(line_of(text, at), word, brings);
        }
    }
    for table in TABLES {
        for at in occurrences(text, table) {
            if !has_fixed_hasher(&text[at + table.len()..]) {
                note(line_of(text, at), table, RANDOM_ORDER);
            }
        }
    }
    for import in imports(text) {
        for (path, brings) in PATHS {
            if brings_in(&import.path, import.renamed, path) {
                note(import.line, path, brings);
            }
        }
        for table in TABLES {
            let full =
                if table.starts_with("collections") { format!("std::{table}") } else { (*table).to_owned() };
            if brings_in(&import.path, import.renamed, &full) {
                note(import.line, table, RANDOM_ORDER);
            }
        }
    }
    found
        .into_iter()
        .map(|(line, name, brings)| Violation {
            file: file.to_owned(),
            line,
            found: format!("`{name}` brings {brings} into a pure crate"),
            expected: "the same input gives the same result, in every process and at any time".into(),
            remedy: if brings == RANDOM_ORDER { FIXED_ORDER_REMEDY } else { ARGUMENT_REMEDY }.into(),
        })
        .collect()
}

/// Whether a `use` of `path` makes `forbidden` nameable by a shorter name than its own.
fn brings_in(path: &str, renamed: bool, forbidden: &str) -> bool {
    let is_below = |below: &str, above: &str| {
        below == above || below.strip_prefix(above).is_some_and(|rest| rest.starts_with("::"))
    };
    if let Some(module) = path.strip_suffix("::*") {
        return is_below(forbidden, module) || is_below(module, forbidden);
    }
    is_below(path, forbidden) || (renamed && is_below(forbidden, path))
}

/// Whether what follows a table's name is a list of generics with a fixed hasher in it.
fn has_fixed_hasher(rest: &str) -> bool {
    let rest = rest.trim_start_matches("::").trim_start();
    if !rest.starts_with('<') {
        return false;
    }
    let mut depth = 0_usize;
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            b'<' => depth += 1,
            b'>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return FIXED_HASHERS.iter().any(|hasher| !occurrences(&rest[..at], hasher).is_empty());
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::check;

    /// `line: name` of each violation in one file.
    fn found(text: &str) -> Vec<String> {
        check(&[("crates/gate/src/lib.rs".to_owned(), text.to_owned())])
            .iter()
            .map(|one| format!("{}: {}", one.line, one.found.split('`').nth(1).unwrap_or_default()))
            .collect()
    }

    #[test]
    fn given_pure_code_when_scanned_then_nothing_is_found() {
        let text = "//! Never std::time::SystemTime.\nuse std::collections::{BTreeMap, btree_map::Entry};\n\
                    use std::time::Duration;\nuse hashbrown::hash_map::Entry as Slot;\n\
                    type Map<K, V> = hashbrown::HashMap<K, V, BuildHasherDefault<Fnv>>;\n\
                    type Set<K> = std::collections::HashSet<K, FixedState>;\n\
                    fn decide(now: Now) -> &'static str { \"std::fs println! rand::\" }\n";
        assert_eq!(found(text), Vec::<String>::new());
    }

    #[test]
    fn given_each_forbidden_name_when_scanned_then_it_is_found() {
        for name in [
            "std::time::SystemTime",
            "Instant::now",
            "Utc::now",
            "Zoned::now",
            "Timestamp::now",
            "std::fs",
            "std::net",
            "std::thread",
            "std::env",
            "rand::",
        ] {
            let text = format!("\nfn f() {{ {name}(); }}");
            assert!(found(&text).contains(&format!("2: {name}")), "{name} was not found: {:?}", found(&text));
        }
        assert_eq!(found("fn f() { println!(); }"), ["1: println!"]);
    }

    #[test]
    fn given_a_forbidden_name_inside_a_use_tree_when_scanned_then_its_line_is_found() {
        assert_eq!(
            found("use std::{\n    fmt,\n    fs::File,\n    collections::{BTreeMap, HashMap},\n};"),
            ["3: std::fs", "4: collections::HashMap"]
        );
        assert_eq!(found("use std::time::{Duration, Instant};"), ["1: std::time::Instant"]);
        assert!(found("use std::time::*;").contains(&"1: std::time::Instant".to_owned()));
        assert!(found("use std as s;").contains(&"1: std::net".to_owned()));
        assert_eq!(found("use std::fmt::*;"), Vec::<String>::new());
    }

    #[test]
    fn given_a_table_with_a_random_hasher_when_scanned_then_it_is_found() {
        assert_eq!(found("use std::collections::HashMap;"), ["1: collections::HashMap"]);
        assert_eq!(found("use hashbrown::HashMap;"), ["1: hashbrown::HashMap"]);
        assert_eq!(found("fn f() { std::collections::HashSet::<u8>::new(); }"), ["1: collections::HashSet"]);
        assert_eq!(
            found("type M = hashbrown::HashMap<u8, u8>;\ntype S = BuildHasherDefault<F>;"),
            ["1: hashbrown::HashMap"]
        );
    }

    #[test]
    fn given_a_table_or_a_clock_when_found_then_each_has_its_own_way_out() {
        let remedy = |text: &str| check(&[("a.rs".to_owned(), text.to_owned())])[0].remedy.clone();
        assert!(remedy("use hashbrown::HashMap;").contains("BTreeMap"));
        assert!(remedy("use std::time::Instant;").contains("argument"));
    }

    #[test]
    fn given_tests_in_the_same_file_or_another_when_scanned_then_they_are_left_out() {
        assert_eq!(found("#[cfg(test)]\nmod tests {\n    use std::fs;\n}\nuse std::net;\n"), ["5: std::net"]);
        let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        let violations = check(&[
            file("crates/gate/src/lib.rs", "#[cfg(test)]\nmod tests;\nmod rules;\n"),
            file("crates/gate/src/tests.rs", "use std::fs;"),
            file("crates/gate/src/tests/random.rs", "use std::fs;"),
            file("crates/gate/src/rules.rs", "#[cfg(test)]\nmod oracle;\n"),
            file("crates/gate/src/rules/oracle.rs", "use std::fs;"),
            file("crates/gate/src/rules/cap.rs", "use std::fs;"),
        ]);
        let files: Vec<&str> = violations.iter().map(|one| one.file.as_str()).collect();
        assert_eq!(files, ["crates/gate/src/rules/cap.rs"]);
    }
}
