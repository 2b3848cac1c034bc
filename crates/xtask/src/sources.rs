//! Rules for every file that is tracked: names that say something, and no package registry's host.

use crate::violation::Violation;

/// Names under which unrelated things gather.
const VAGUE_NAMES: &[&str] =
    &["util", "utils", "utilities", "common", "commons", "helper", "helpers", "misc", "miscellaneous"];

/// Registries' hosts. Clients know where their registry is, and a mirror must be able to stand in for it. Written in
/// two parts so that this file does not break its own rule.
const HOSTS: &[&str] = &[
    concat!("://", "crates.io"),
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("pypi", ".org"),
    concat!("files.", "pythonhosted"),
    concat!("registry.", "npmjs"),
    concat!("proxy.", "golang"),
];

/// Files and directories with a vague name. Paths are relative to the root, `/`-separated.
pub fn check_names(files: &[String]) -> Vec<Violation> {
    files
        .iter()
        .filter_map(|file| {
            let vague = file.split('/').find(|part| {
                let stem = part.split('.').next().unwrap_or(part);
                VAGUE_NAMES.contains(&stem.to_ascii_lowercase().as_str())
            })?;
            Some(Violation {
                file: file.clone(),
                line: 1,
                found: format!("the name `{vague}` says nothing about what is inside"),
                expected: "a file has one purpose and the field's name for it".into(),
                remedy: "name it after what it holds, or split it".into(),
            })
        })
        .collect()
}

/// Lines of a file that name a registry's host. A lock file's `source` lines must.
pub fn check_hosts(file: &str, text: &str) -> Vec<Violation> {
    let is_lock = file == "Cargo.lock";
    text.lines()
        .enumerate()
        .filter(|(_, line)| !(is_lock && line.starts_with("source = ")))
        .filter_map(|(index, line)| {
            let host = HOSTS.iter().find(|host| line.contains(**host))?;
            Some(Violation {
                file: file.to_owned(),
                line: index + 1,
                found: format!("names the registry host `{host}`"),
                expected: "registries are reached through their own clients, wherever those are pointed"
                    .into(),
                remedy: "name the package and its version, and let cargo or pip find it".into(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{HOSTS, check_hosts, check_names};

    fn names(files: &[&str]) -> Vec<String> {
        let files: Vec<String> = files.iter().map(|file| (*file).to_owned()).collect();
        check_names(&files).into_iter().map(|one| one.file).collect()
    }

    #[test]
    fn given_vague_names_when_checked_then_each_is_found() {
        let bad =
            ["crates/gate/src/utils.rs", "tests/common/mod.rs", "tests/helpers.py", "deploy/Misc/a.yaml"];
        assert_eq!(names(&bad), bad);
    }

    #[test]
    fn given_telling_names_when_checked_then_nothing_is_found() {
        assert_eq!(names(&["crates/gate/src/window.rs", "tests/commonmark.rs", "README.md"]), [""; 0]);
    }

    #[test]
    fn given_each_registry_host_when_checked_then_its_line_is_found() {
        for host in HOSTS {
            let found = check_hosts("deploy/a.toml", &format!("first\nsecond = \"https:{host}/x\"\n"));
            assert_eq!(found.len(), 1, "{host}");
            assert_eq!(found[0].line, 2, "{host}");
        }
    }

    #[test]
    fn given_a_lock_file_when_checked_then_only_its_source_lines_are_let_through() {
        let host = HOSTS[1];
        let text = format!("source = \"registry+https://{host}/\"\nelse = \"{host}\"\n");
        let lines: Vec<usize> = check_hosts("Cargo.lock", &text).iter().map(|one| one.line).collect();
        assert_eq!(lines, [2]);
        assert_eq!(check_hosts("other.lock", &text).len(), 2);
    }
}
