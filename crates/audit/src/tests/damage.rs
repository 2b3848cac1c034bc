use std::fs;
use std::path::{Path, PathBuf};

use runtime::projection::log::memory::MemoryLog;

use super::world::*;
use crate::AuditReply;

/// A built and closed store, and what it answers.
async fn built(log: &MemoryLog) -> (tempfile::TempDir, Vec<AuditReply>) {
    let directory = tempfile::tempdir().expect("a directory");
    let running = Running::caught_up(directory.path(), log).await;
    let everything = running.everything().await;
    running.stop().await;
    (directory, everything)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("created");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}

fn files(store: &Path) -> Vec<PathBuf> {
    fs::read_dir(store)
        .expect("a store")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_file())
        .collect()
}

/// Opens a damaged copy and asks everything; how many rebuilds it took.
async fn reopened(log: &MemoryLog, expected: &[AuditReply], damaged: &Path, what: &str) -> f64 {
    let running = Running::caught_up(damaged, log).await;
    let mut everything = Vec::new();
    for query in 0.. {
        // A read that finds damage is refused and starts a rebuild.
        running.audit.caught_up().await.expect("caught up");
        match running.try_everything().await {
            Some(replies) => {
                everything = replies;
                break;
            }
            None => assert!(query < 100, "{what}: never whole again"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(everything == expected, "{what}: other rows than before");
    let rebuilt = running.rebuilt();
    running.stop().await;
    rebuilt
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_damaged_store_when_opened_then_it_answers_as_before() {
    let mut generated = Generated::new().await;
    generated.records(1000).await;
    let log = &generated.world.log;
    let (whole, expected) = built(log).await;
    let mut rebuilt = 0.0;
    let mut random = 99_u64;
    let mut draw = move |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    for round in 0..24 {
        let damaged = tempfile::tempdir().expect("a directory");
        copy(whole.path(), damaged.path());
        let store = damaged.path().join("rows/1");
        let what = match round {
            0 => {
                fs::write(store.join("conf"), b"garbage").expect("written");
                "a garbled conf".to_owned()
            }
            1 => {
                fs::write(store.join("db"), b"").expect("written");
                "an empty db".to_owned()
            }
            2 => {
                files(&store).iter().for_each(|file| fs::write(file, [0x5a; 5000]).expect("written"));
                "every file garbled".to_owned()
            }
            3 | 4 => {
                let file = fs::File::options().write(true).open(store.join("db")).expect("opened");
                let length = file.metadata().expect("metadata").len() * (round - 2) / 4;
                file.set_len(length).expect("cut");
                format!("db cut to {length}")
            }
            _ => {
                let mut bytes = fs::read(store.join("db")).expect("read");
                let at = draw(bytes.len() as u64 - 600) as usize;
                bytes[at..at + 512].fill(draw(256) as u8);
                fs::write(store.join("db"), bytes).expect("written");
                format!("512 bytes garbled at {at}")
            }
        };
        let times = reopened(log, &expected, damaged.path(), &what).await;
        println!("{what}: rebuilt {times}");
        let aside = damaged.path().join("rows.damaged-1").exists();
        assert_eq!(aside, times > 0.0, "{what}: moved aside if and only if rebuilt");
        rebuilt += times;
    }
    assert!(rebuilt > 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_damage_found_while_it_runs_when_reported_then_a_new_generation_is_built_beside() {
    let mut generated = Generated::new().await;
    generated.records(50).await;
    let log = &generated.world.log;
    let directory = tempfile::tempdir().expect("a directory");
    let running = Running::caught_up(directory.path(), log).await;
    let expected = running.everything().await;
    running.audit.projector().report_damage();
    // Refused, or answered from either generation, but never wrong.
    while running.rebuilt() == 0.0 {
        assert!(running.try_everything().await.is_none_or(|replies| replies == expected));
    }
    running.audit.caught_up().await.expect("caught up");
    assert!(running.everything().await == expected);
    assert_eq!(running.rebuilt(), 1.0);
    assert!(directory.path().join("rows.damaged-1").exists() && directory.path().join("rows/2").exists());
    assert!(!directory.path().join("rows/1").exists());
    running.stop().await;
}
