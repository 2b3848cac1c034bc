//! What every key store promises, and what the embedded one promises across restarts.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use model::PersonId;
use tempfile::TempDir;
use vault::{EmbeddedKeys, KeyState, KeyStore, KeyStoreError, MemoryKeys, WrappedKey};

fn person(number: u8) -> PersonId {
    PersonId([number; 16])
}

/// A stored form that passes for a wrapped key; the store cannot tell.
fn wrapped(filling: u8) -> WrappedKey {
    let mut stored = [filling; WrappedKey::LEN];
    stored[0] = 1;
    match KeyState::from_stored(Some(&stored)) {
        Ok(KeyState::Key(wrapped)) => wrapped,
        other => panic!("not a key: {other:?}"),
    }
}

fn key(filling: u8) -> KeyState {
    KeyState::Key(wrapped(filling))
}

fn embedded(directory: &TempDir) -> EmbeddedKeys {
    EmbeddedKeys::open(&directory.path().join(EmbeddedKeys::FILE_NAME)).expect("store")
}

fn directory() -> TempDir {
    tempfile::tempdir().expect("directory")
}

/// Run it on an empty store.
async fn keeps_the_contract(store: &dyn KeyStore) {
    assert_eq!(store.get(&[]).await.expect("get"), []);
    assert_eq!(store.put_new(&[]).await.expect("put"), []);
    assert_eq!(store.get(&[person(1)]).await.expect("get"), [KeyState::Absent]);

    // Never overwrites; answers with the winner, in the order of the question.
    let put = store.put_new(&[(person(2), wrapped(20)), (person(1), wrapped(10))]).await.expect("put");
    assert_eq!(put, [key(20), key(10)]);
    let put = store.put_new(&[(person(1), wrapped(11)), (person(3), wrapped(30))]).await.expect("put");
    assert_eq!(put, [key(10), key(30)]);
    let twice = store.put_new(&[(person(4), wrapped(40)), (person(4), wrapped(41))]).await.expect("put");
    assert_eq!(twice, [key(40), key(40)]);
    let got = store.get(&[person(3), person(9), person(1), person(3)]).await.expect("get");
    assert_eq!(got, [key(30), KeyState::Absent, key(10), key(30)]);

    // Erased, with a key or without one, for good.
    for _ in 0..2 {
        store.erase(person(1)).await.expect("erased");
        store.erase(person(8)).await.expect("erased");
    }
    let put = store.put_new(&[(person(8), wrapped(80)), (person(1), wrapped(10))]).await.expect("put");
    assert_eq!(put, [KeyState::Erased, KeyState::Erased]);
    store.scrub().await.expect("scrubbed");
    let got = store.get(&[person(1), person(8), person(2)]).await.expect("get");
    assert_eq!(got, [KeyState::Erased, KeyState::Erased, key(20)]);
    let put = store.put_new(&[(person(7), wrapped(70))]).await.expect("put after scrub");
    assert_eq!(put, [key(70)]);

    // The first check value stays.
    assert_eq!(store.check_value(b"first").await.expect("check"), b"first");
    assert_eq!(store.check_value(b"second").await.expect("check"), b"first");
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    keeps_the_contract(&MemoryKeys::default()).await;
}

#[tokio::test]
async fn embedded_keeps_the_contract_and_what_it_holds_across_reopening() {
    let directory = directory();
    keeps_the_contract(&embedded(&directory)).await;

    let store = embedded(&directory);
    let got = store.get(&[person(1), person(2), person(7), person(8)]).await.expect("get");
    assert_eq!(got, [KeyState::Erased, key(20), key(70), KeyState::Erased]);
    let put = store.put_new(&[(person(1), wrapped(10))]).await.expect("put");
    assert_eq!(put, [KeyState::Erased]);
    assert_eq!(store.check_value(b"third").await.expect("check"), b"first");
}

#[tokio::test]
async fn given_writers_at_once_when_they_make_keys_for_the_same_people_then_all_get_the_same() {
    let directory = directory();
    let store: Arc<dyn KeyStore> = Arc::new(embedded(&directory));
    let writers: Vec<_> = (0..8_u8)
        .map(|writer| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let entries: Vec<_> = (0..50).map(|number| (person(number), wrapped(writer))).collect();
                store.put_new(&entries).await.expect("put")
            })
        })
        .collect();
    let people: Vec<_> = (0..50).map(person).collect();
    let mut answers = Vec::new();
    for writer in writers {
        answers.push(writer.await.expect("writer"));
    }
    let kept = store.get(&people).await.expect("get");
    assert!(answers.iter().all(|answer| *answer == kept));
}

fn occurrences(directory: &Path, needle: &[u8]) -> usize {
    let files = fs::read_dir(directory).expect("directory").map(|entry| entry.expect("entry").path());
    files
        .map(|file| {
            fs::read(file).expect("file").windows(needle.len()).filter(|window| *window == needle).count()
        })
        .sum()
}

#[tokio::test]
async fn given_an_erased_key_when_scrubbed_then_its_bytes_are_in_no_file() {
    let directory = directory();
    let store = embedded(&directory);
    let entries: Vec<_> = (0..200).map(|number| (person(number), wrapped(number))).collect();
    store.put_new(&entries).await.expect("put");
    let needle = [77; WrappedKey::LEN - 1];
    assert!(occurrences(directory.path(), &needle) > 0, "the search finds what is there");
    let old_file = fs::File::open(directory.path().join(EmbeddedKeys::FILE_NAME)).expect("old file");

    store.erase(person(77)).await.expect("erased");
    store.scrub().await.expect("scrubbed");

    assert_eq!(occurrences(directory.path(), &needle), 0);
    assert!(occurrences(directory.path(), &[78; WrappedKey::LEN - 1]) > 0, "others stay");
    let mut left = Vec::new();
    std::io::Read::read_to_end(&mut &old_file, &mut left).expect("read");
    assert!(!left.is_empty() && left.iter().all(|byte| *byte == 0), "the old file is overwritten");

    // What is written after scrubbing goes to the file that stays.
    store.put_new(&[(person(201), wrapped(201))]).await.expect("put");
    drop(store);
    let store = embedded(&directory);
    let got = store.get(&[person(77), person(78), person(201)]).await.expect("get");
    assert_eq!(got, [KeyState::Erased, key(78), key(201)]);
}

#[tokio::test]
async fn given_a_crash_while_scrubbing_when_opened_then_the_draft_is_dropped() {
    let directory = directory();
    let path = directory.path().join(EmbeddedKeys::FILE_NAME);
    embedded(&directory).put_new(&[(person(1), wrapped(1))]).await.expect("put");
    let draft = directory.path().join("vault.redb.new");
    fs::write(&draft, b"half a copy").expect("draft");

    let store = embedded(&directory);
    assert_eq!(store.get(&[person(1)]).await.expect("get"), [key(1)]);
    assert!(!draft.exists());
    store.scrub().await.expect("scrubbed");
    assert!(!draft.exists());
    let mode = fs::metadata(&path).expect("file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "also after scrubbing");
}

#[tokio::test]
async fn a_store_in_use_is_refused_with_what_to_do() {
    let directory = directory();
    let _held = embedded(&directory);
    let path = directory.path().join(EmbeddedKeys::FILE_NAME);
    let error = EmbeddedKeys::open(&path).expect_err("in use");
    assert!(matches!(error, KeyStoreError::Unavailable { action: "open", .. }));
    assert!(error.to_string().contains("another process has the file open"), "{error}");
}

#[tokio::test]
async fn given_a_file_with_a_row_missing_when_opened_then_it_is_refused() {
    let directory = directory();
    let path = directory.path().join(EmbeddedKeys::FILE_NAME);
    embedded(&directory).put_new(&[(person(1), wrapped(1)), (person(2), wrapped(2))]).await.expect("put");
    let database = redb::Database::open(&path).expect("database");
    let transaction = database.begin_write().expect("transaction");
    let people = redb::TableDefinition::<u32, &[u8]>::new("people");
    transaction.open_table(people).expect("table").remove(0).expect("removed");
    transaction.commit().expect("commit");
    drop(database);

    let error = EmbeddedKeys::open(&path).expect_err("a gap");
    assert!(error.to_string().contains("row 1 does not follow"), "{error}");
}
