//! The workspace's dependencies, from `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

use serde::Deserialize;

use crate::run::Failure;

/// A package of the workspace, with what its manifest names.
pub struct Member {
    pub name: String,
    /// Relative to the repository's root, `/`-separated.
    pub dir: String,
    /// The text of its `Cargo.toml`, to point at lines.
    pub manifest: String,
    pub dependencies: Vec<Dependency>,
    id: String,
}

/// A line of a manifest's dependencies, of whatever kind (normal, dev, build).
pub struct Dependency {
    pub name: String,
    /// A package of this workspace.
    pub ours: bool,
    /// For its tests only.
    pub dev: bool,
}

/// A package somewhere below a member, and the way to it.
pub struct Reached<'a> {
    pub name: &'a str,
    /// The features that the workspace as a whole turns on.
    pub features: &'a [String],
    /// From the member's own dependency down to this package.
    pub path: Vec<&'a str>,
}

/// The workspace's members and everything below them.
pub struct Graph {
    members: Vec<Member>,
    nodes: BTreeMap<String, Node>,
}

struct Node {
    name: String,
    features: Vec<String>,
    /// Ids of the normal dependencies: neither dev nor build.
    normal: Vec<String>,
}

impl Graph {
    /// Reads `cargo metadata --format-version=1` of the workspace at `root`.
    pub fn from_metadata(json: &str, root: &Path) -> Result<Self, Failure> {
        let metadata: Metadata = serde_json::from_str(json).map_err(|error| {
            Failure(format!(
                "expected the JSON of `cargo metadata --format-version=1`, which did not parse: {error}; use the \
                 Rust version that Cargo.toml asks for"
            ))
        })?;
        let mut members = Vec::new();
        let mut names = BTreeMap::new();
        for package in metadata.packages {
            if metadata.workspace_members.contains(&package.id) {
                members.push(package.member(root)?);
            } else {
                names.insert(package.id, package.name);
            }
        }
        names.extend(members.iter().map(|member| (member.id.clone(), member.name.clone())));
        members.sort_by(|left, right| left.name.cmp(&right.name));
        let nodes = metadata.resolve.nodes.into_iter().map(|node| node.with_name(&names)).collect();
        Ok(Self { members, nodes })
    }

    /// The members, by name.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The member of this name.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name == name)
    }

    /// Everything below a member through normal dependencies, nearest first, each package once.
    pub fn closure<'a>(&'a self, member: &Member) -> Vec<Reached<'a>> {
        let mut seen = BTreeSet::from([member.id.as_str()]);
        let mut queue: VecDeque<(&str, Vec<&str>)> = VecDeque::new();
        let mut reached = Vec::new();
        let Some((id, _)) = self.nodes.get_key_value(&member.id) else { return reached };
        queue.push_back((id, Vec::new()));
        while let Some((id, path)) = queue.pop_front() {
            let Some(node) = self.nodes.get(id) else { continue };
            for below in &node.normal {
                let Some(child) = self.nodes.get(below) else { continue };
                if !seen.insert(below) {
                    continue;
                }
                let mut path = path.clone();
                path.push(child.name.as_str());
                reached.push(Reached { name: &child.name, features: &child.features, path: path.clone() });
                queue.push_back((below, path));
            }
        }
        reached
    }
}

impl Member {
    /// The line of the manifest that names a dependency; 1 if none does.
    pub fn manifest_line(&self, dependency: &str) -> usize {
        let names_it = |line: &str| {
            let line = line.trim_start();
            let key = line.split(['.', '=', ' ']).next().unwrap_or_default();
            let header = line.starts_with('[') && line.trim_end().ends_with(&format!(".{dependency}]"));
            key == dependency || header || line.contains(&format!("package = \"{dependency}\""))
        };
        self.manifest.lines().position(names_it).map_or(1, |index| index + 1)
    }

    /// The manifest's path, relative to the root.
    pub fn manifest_path(&self) -> String {
        format!("{}/Cargo.toml", self.dir)
    }
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<RawPackage>,
    workspace_members: Vec<String>,
    resolve: RawResolve,
}

#[derive(Deserialize)]
struct RawPackage {
    id: String,
    name: String,
    manifest_path: String,
    dependencies: Vec<RawDependency>,
}

#[derive(Deserialize)]
struct RawDependency {
    name: String,
    /// Set for a package on this disk, which with us is one of the workspace.
    path: Option<String>,
    /// Null for a normal dependency, else `dev` or `build`.
    kind: Option<String>,
}

#[derive(Deserialize)]
struct RawResolve {
    nodes: Vec<RawNode>,
}

#[derive(Deserialize)]
struct RawNode {
    id: String,
    features: Vec<String>,
    deps: Vec<RawEdge>,
}

#[derive(Deserialize)]
struct RawEdge {
    pkg: String,
    dep_kinds: Vec<RawKind>,
}

#[derive(Deserialize)]
struct RawKind {
    /// Null for a normal dependency, else `dev` or `build`.
    kind: Option<String>,
}

impl RawPackage {
    fn member(self, root: &Path) -> Result<Member, Failure> {
        let path = Path::new(&self.manifest_path);
        let dir = path.parent().and_then(|dir| dir.strip_prefix(root).ok()).map(Path::to_string_lossy);
        let dir = dir.map(|dir| dir.replace('\\', "/")).ok_or_else(|| {
            Failure(format!(
                "expected every workspace member below {}, got {}; move it, or run in its clone",
                root.display(),
                self.manifest_path
            ))
        })?;
        // Absent in unit tests, where only the graph matters: then every violation points at line 1.
        let manifest = std::fs::read_to_string(path).unwrap_or_default();
        let dependencies = self
            .dependencies
            .into_iter()
            .map(|dependency| Dependency {
                ours: dependency.path.is_some(),
                dev: dependency.kind.as_deref() == Some("dev"),
                name: dependency.name,
            })
            .collect();
        Ok(Member { name: self.name, dir, manifest, dependencies, id: self.id })
    }
}

impl RawNode {
    fn with_name(self, names: &BTreeMap<String, String>) -> (String, Node) {
        let normal = self
            .deps
            .into_iter()
            .filter(|edge| edge.dep_kinds.iter().any(|kind| kind.kind.is_none()))
            .map(|edge| edge.pkg)
            .collect();
        let name = names.get(&self.id).cloned().unwrap_or_else(|| self.id.clone());
        (self.id, Node { name, features: self.features, normal })
    }
}

/// Small graphs for the tests of the rules.
#[cfg(test)]
pub mod examples {
    use super::Graph;
    use serde_json::{Value, json};
    use std::path::Path;

    /// Name, dependencies with their kind, features.
    type Package<'a> = (&'a str, &'a [(&'a str, Option<&'a str>)], &'a [&'a str]);

    /// A graph of these packages; the ones in `ours` are members below `/repo/crates`.
    pub fn graph(ours: &[&str], packages: &[Package<'_>]) -> Graph {
        let raw: Vec<Value> = packages
            .iter()
            .map(|(name, dependencies, _)| {
                let dependencies: Vec<Value> = dependencies
                    .iter()
                    .map(|(dependency, kind)| {
                        let path = ours.contains(dependency).then(|| format!("/repo/crates/{dependency}"));
                        json!({"name": dependency, "kind": kind, "path": path})
                    })
                    .collect();
                json!({
                    "id": name, "name": name,
                    "manifest_path": format!("/repo/crates/{name}/Cargo.toml"),
                    "dependencies": dependencies,
                })
            })
            .collect();
        let nodes: Vec<Value> = packages
            .iter()
            .map(|(name, dependencies, features)| {
                let deps: Vec<Value> = dependencies
                    .iter()
                    .map(|(dependency, kind)| json!({"pkg": dependency, "dep_kinds": [{"kind": kind}]}))
                    .collect();
                json!({"id": name, "features": features, "deps": deps})
            })
            .collect();
        let metadata = json!({"packages": raw, "workspace_members": ours, "resolve": {"nodes": nodes}});
        Graph::from_metadata(&metadata.to_string(), Path::new("/repo")).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::examples::graph;
    use super::{Graph, Member};
    use std::path::Path;

    #[test]
    fn given_dev_and_build_dependencies_when_walked_then_only_normal_ones_are_reached() {
        let graph = graph(
            &["gate"],
            &[
                ("gate", &[("serde", None), ("tokio", Some("dev")), ("cc", Some("build"))], &[]),
                ("serde", &[("serde_core", None)], &["derive"]),
                ("serde_core", &[], &[]),
                ("tokio", &[], &[]),
                ("cc", &[], &[]),
            ],
        );
        let reached = graph.closure(graph.member("gate").unwrap());
        let names: Vec<&str> = reached.iter().map(|one| one.name).collect();
        assert_eq!(names, ["serde", "serde_core"]);
        assert_eq!(reached[1].path, ["serde", "serde_core"]);
        assert_eq!(reached[0].features, ["derive"]);
    }

    #[test]
    fn given_a_manifest_when_asked_for_a_dependency_then_its_line_is_found() {
        let member = Member {
            name: "gate".into(),
            dir: "crates/gate".into(),
            manifest:
                "[package]\nname = \"gate\"\n\n[dependencies]\nmodel.workspace = true\nmodel-x = \"1\"\n\
                       rng = { package = \"rand\" }\n\n[dependencies.tokio]\n"
                    .into(),
            dependencies: Vec::new(),
            id: "gate".into(),
        };
        assert_eq!(member.manifest_line("model"), 5);
        assert_eq!(member.manifest_line("model-x"), 6);
        assert_eq!(member.manifest_line("rand"), 7);
        assert_eq!(member.manifest_line("tokio"), 9);
        assert_eq!(member.manifest_line("absent"), 1);
    }

    #[test]
    fn given_other_json_when_read_then_the_error_says_what_was_expected() {
        let failure = Graph::from_metadata("{}", Path::new("/repo")).err().unwrap();
        assert!(failure.to_string().contains("cargo metadata"), "{failure}");
    }
}
