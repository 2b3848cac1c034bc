//! `cargo xtask compare gate`: the gate beside Redis and PostgreSQL, on the same work in the same run. The measurement
//! itself is `benches/compare.rs`; here are the servers that it needs.

use std::path::PathBuf;

use crate::run::{Failure, Steps, capture, run, succeeds};
use crate::setup;
use crate::workspace::Workspace;

/// Where Debian's package puts the servers that are not on the path, a directory for each version.
const POSTGRES_VERSIONS: &str = "/usr/lib/postgresql";

/// Finds the servers, or gets them from Debian's packages; then measures. `quick`: fewer contact points, shorter rounds.
pub fn gate(workspace: &Workspace, steps: &mut Steps, quick: bool) -> Result<(), Failure> {
    let servers = steps.step("servers", || {
        let redis = server(workspace, "redis-server", "redis-server", || on_path(workspace, "redis-server"))?;
        let postgres = server(workspace, "initdb and postgres", "postgresql", || postgres(workspace))?;
        let nats = setup::jetstream(workspace)?;
        Ok((redis, postgres, nats))
    })?;
    let (redis, postgres, nats) = servers;
    steps.step("compare", || {
        let mut bench = workspace.cargo(["bench", "--quiet", "-p", "forbear-benches", "--bench", "compare"]);
        if quick {
            bench.args(["--", "--quick"]);
        }
        bench.env("REDIS_SERVER", redis).env("POSTGRES_BIN", postgres).env("NATS_SERVER", nats);
        run(&mut bench, "what it says above names the server; each leaves nothing behind, so run it again")
    })
}

/// What `find` finds, if need be after installing the package.
fn server(
    workspace: &Workspace,
    programs: &str,
    package: &str,
    find: impl Fn() -> Option<PathBuf>,
) -> Result<PathBuf, Failure> {
    if let Some(found) = find() {
        return Ok(found);
    }
    eprintln!("no {programs}: trying apt");
    let apt = |args: &[&str]| {
        // Debian's service of the same name is not started: the measurement starts its own.
        let quiet = [("DEBIAN_FRONTEND", "noninteractive"), ("RUNLEVEL", "1")];
        succeeds(workspace.command("apt-get").args(args).envs(quiet))
    };
    if apt(&["update", "-qq"])
        && apt(&["install", "-y", "-qq", "--no-install-recommends", package])
        && let Some(found) = find()
    {
        return Ok(found);
    }
    Err(Failure(format!(
        "expected {programs}, found none, and apt (needs root, and Debian or a relative of it) could not install them; \
         run `apt-get install {package}` as root, or put them on PATH, then again"
    )))
}

fn on_path(workspace: &Workspace, program: &str) -> Option<PathBuf> {
    succeeds(workspace.command(program).arg("--version")).then(|| program.into())
}

/// The directory that holds the programs of the newest PostgreSQL.
fn postgres(workspace: &Workspace) -> Option<PathBuf> {
    let has = |bin: &PathBuf| bin.join("initdb").is_file() && bin.join("postgres").is_file();
    if let Ok(bin) = capture(workspace.command("pg_config").arg("--bindir"), "")
        && has(&bin.trim().into())
    {
        return Some(bin.trim().into());
    }
    let versions = std::fs::read_dir(POSTGRES_VERSIONS).into_iter().flatten().flatten();
    let number = |version: &std::fs::DirEntry| version.file_name().to_string_lossy().parse::<u32>().ok();
    let numbered = versions.filter_map(|version| Some((number(&version)?, version.path().join("bin"))));
    let newest = numbered.filter(|(_, bin)| has(bin)).max_by_key(|(number, _)| *number);
    newest.map(|(_, bin)| bin)
}
