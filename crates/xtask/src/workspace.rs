//! Where things are: the repository's root, its tools, its files.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{Failure, capture};

/// The repository that the chores work on.
pub struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// The workspace of the `cargo run` that started this program; two clones may share a target directory, so the
    /// directory compiled in is only the fallback.
    pub fn locate() -> Self {
        let manifest_dir = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest_dir.ancestors().nth(2).unwrap_or(&manifest_dir).to_path_buf();
        Self { root }
    }

    /// The directory of the top-level `Cargo.toml`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where `setup` keeps what it fetches; ignored by git.
    pub fn tools(&self) -> PathBuf {
        self.root.join(".tools")
    }

    /// Where the fetched programs stand.
    pub fn tools_bin(&self) -> PathBuf {
        self.tools().join("bin")
    }

    /// A command that starts in the root, finds the fetched programs first, and does not inherit what `cargo run`
    /// tells a program about its own package: build scripts that watch those variables would run again every time.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&name);
            }
        }
        let inherited = std::env::var_os("PATH").unwrap_or_default();
        let dirs = std::iter::once(self.tools_bin()).chain(std::env::split_paths(&inherited));
        if let Ok(path) = std::env::join_paths(dirs) {
            command.env("PATH", path);
        }
        command
    }

    /// The cargo that runs this program, with arguments.
    pub fn cargo<const N: usize>(&self, args: [&str; N]) -> Command {
        let mut command = self.command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(args);
        command
    }

    /// Every file that is tracked, or would be by `git add .`: paths relative to the root, `/`-separated.
    pub fn files(&self) -> Result<Vec<String>, Failure> {
        let mut git = self.command("git");
        git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        let listing = capture(&mut git, "install git, and run inside a clone of the repository")?;
        let mut files: Vec<String> = listing
            .split('\0')
            .filter(|path| !path.is_empty() && self.root.join(path).is_file())
            .map(str::to_owned)
            .collect();
        files.sort();
        files.dedup();
        Ok(files)
    }

    /// A file's text. Bytes that are not UTF-8 are replaced, which no check of ours looks at.
    pub fn read(&self, path: &str) -> Result<String, Failure> {
        let bytes = std::fs::read(self.root.join(path))
            .map_err(|error| Failure(format!("cannot read {path}: {error}; check its permissions")))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}
