//! kill -9 of the projector while it works.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::world::*;

const DIRECTORY: &str = "FORBEAR_TEST_AUDIT_DIRECTORY";
/// What the child prints before it goes on to write.
const STARTED: &str = "the projector has started";
/// The most records that one child writes.
const RECORDS_MAX: usize = 1000;
const RECORDS: &str = "FORBEAR_TEST_AUDIT_RECORDS";

/// Not a test: the process that is killed. It writes the same log each time and follows it as it grows.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    let (Ok(directory), Ok(records)) = (std::env::var(DIRECTORY), std::env::var(RECORDS)) else { return };
    let mut generated = Generated::new().await;
    generated.records(records.parse().expect("a number")).await;
    let _running = Running::start(Path::new(&directory), &generated.world.log).expect("started");
    println!("{STARTED}");
    for _ in 0..RECORDS_MAX {
        generated.records(1).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_kill_9_at_any_moment_when_opened_again_then_rows_are_those_of_the_cursor() {
    let (directory, fresh) =
        (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let program = std::env::current_exe().expect("this program");
    let mut records = 0;
    for round in 0..8 {
        let mut child = Command::new(&program)
            .args(["--exact", "tests::kill::child", "--nocapture"])
            .env(DIRECTORY, directory.path())
            .env(RECORDS, records.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a child");
        let said = BufReader::new(child.stdout.take().expect("piped"));
        assert!(
            said.lines().map_while(Result::ok).any(|line| line.contains(STARTED)),
            "the child did not start"
        );
        tokio::time::sleep(Duration::from_millis(20 + 61 * round)).await;
        child.kill().expect("killed");
        child.wait().expect("gone");
        // So that the next one's log holds all that this one may have taken.
        records += RECORDS_MAX;
    }
    let mut generated = Generated::new().await;
    generated.records(records).await;
    let killed = Running::caught_up(directory.path(), &generated.world.log).await;
    let built_at_once = Running::caught_up(fresh.path(), &generated.world.log).await;
    assert_eq!(killed.rebuilt(), 0.0, "a kill is not damage");
    assert!(killed.everything().await == built_at_once.everything().await);
    killed.stop().await;
    built_at_once.stop().await;
}
