//! Kill -9, cut-off files and flipped bits: what was acknowledged is there, or an error says what is wrong.
//!
//! `FORBEAR_KILL_ROUNDS=50` runs the kill tests that often; 5 rounds otherwise.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use eventlog::conformance::{Author, history};
use eventlog::embedded::EmbeddedLog;
use eventlog::jetstream::{JetStreamLog, JetStreamOptions, stream_name};
use eventlog::{Append, Log, LogError};
use events::{RecordHash, Service, StreamId};
use forbear_tests::nats_server::{NatsServer, client};
use tokio::sync::oneshot;

const STREAM: StreamId = StreamId { service: Service::Gate, partition: 0 };

fn rounds() -> u64 {
    std::env::var("FORBEAR_KILL_ROUNDS").map_or(5, |text| text.parse().expect("a number of rounds"))
}

/// How long a round runs: different each time, the same in every run.
fn round_time(round: u64) -> Duration {
    Duration::from_millis(150 + round * 97 % 350)
}

/// The trailers as `log-writer` prints them.
fn printed(hashes: &[RecordHash]) -> Vec<String> {
    hashes.iter().map(|hash| format!("{hash:?}")).collect()
}

/// Every acknowledged record is in the history, in order.
fn assert_all_there(acknowledged: &[String], history: &[String], round: u64) {
    let mut rest = history.iter();
    for hash in acknowledged {
        assert!(rest.any(|there| there == hash), "round {round}: acknowledged record {hash} is lost");
    }
}

fn summary(name: &str, acknowledged: usize, mut restarts: Vec<Duration>) {
    restarts.sort();
    let (median, worst) = (restarts[restarts.len() / 2], restarts[restarts.len() - 1]);
    println!(
        "{name}: {} rounds, {acknowledged} acknowledged records, 0 lost; restart median {median:.1?}, worst {worst:.1?}",
        restarts.len()
    );
}

#[tokio::test]
async fn given_kill_9_of_the_process_then_the_embedded_store_has_every_acknowledged_record() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (mut acknowledged, mut restarts) = (Vec::new(), Vec::new());
    for round in 0..rounds() {
        let mut child = Command::new(env!("CARGO_BIN_EXE_log-writer"))
            .arg(dir.path())
            .arg(STREAM.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the writer starts");
        let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut line = String::new();
        // The clock of a round begins with its first acknowledged record.
        out.read_line(&mut line).expect("its output");
        let mut text = line.clone();
        let reader = std::thread::spawn(move || {
            let mut rest = String::new();
            out.read_to_string(&mut rest).expect("its output");
            rest
        });
        std::thread::sleep(round_time(round));
        child.kill().expect("the writer is ours");
        child.wait().expect("it ends");
        text.push_str(&reader.join().expect("the reader"));
        // A line without its end was cut by the kill.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        acknowledged.extend(whole.lines().map(str::to_owned));

        let began = Instant::now();
        let log = EmbeddedLog::open(dir.path()).unwrap_or_else(|error| panic!("round {round}: {error}"));
        restarts.push(began.elapsed());
        let (_, hashes) =
            history(&log, STREAM).await.unwrap_or_else(|error| panic!("round {round}: {error}"));
        assert_all_there(&acknowledged, &printed(&hashes), round);
    }
    let bytes = std::fs::metadata(dir.path().join("log.redb")).expect("the file").len();
    summary(&format!("embedded, kill -9, {} MiB at the end", bytes >> 20), acknowledged.len(), restarts);
}

#[tokio::test]
async fn given_a_disk_that_takes_no_more_then_the_embedded_store_stops_and_keeps_every_acknowledged_record() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    // A limit on the size of a file fails writes just as a full disk does. 512-byte blocks: 2 MiB.
    let limited = r#"trap '' XFSZ; ulimit -f 4096; exec "$0" "$@""#;
    let child = Command::new("sh")
        .args(["-c", limited, env!("CARGO_BIN_EXE_log-writer")])
        .arg(dir.path())
        .arg(STREAM.to_string())
        .output()
        .expect("the writer starts");
    let (out, err) = (String::from_utf8_lossy(&child.stdout), String::from_utf8_lossy(&child.stderr));
    assert!(
        !child.status.success() && err.contains("the commit failed"),
        "expected a failed commit, got {err}"
    );
    let afterwards = err.split("afterwards: ").nth(1).unwrap_or_default();
    assert!(afterwards.contains("until it is reopened"), "expected a store that has stopped, got {err}");

    let acknowledged: Vec<String> = out.lines().map(str::to_owned).collect();
    assert!(acknowledged.len() > 50, "only {} records before the disk was full", acknowledged.len());
    let log = EmbeddedLog::open(dir.path()).expect("it opens without the limit");
    let (_, hashes) = history(&log, STREAM).await.expect("it reads");
    assert_all_there(&acknowledged, &printed(&hashes), 0);
    Author::elect(&log, STREAM).await.expect("it takes records again");
}

#[tokio::test]
async fn given_kill_9_of_the_server_then_jetstream_has_every_acknowledged_record() {
    let mut server = NatsServer::single();
    let client = client(&[server.url()]).await;
    let options = JetStreamOptions { ack_timeout: Duration::from_secs(1), ..JetStreamOptions::default() };
    let log: Arc<dyn Log> = Arc::new(JetStreamLog::new(client, options));
    let (mut acknowledged, mut restarts) = (Vec::new(), Vec::new());
    for round in 0..rounds() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (elected, running) = oneshot::channel();
        let writer = tokio::spawn(append_until_it_fails(Arc::clone(&log), Arc::clone(&seen), elected));
        running.await.expect("the writer takes over while the server runs");
        tokio::time::sleep(round_time(round)).await;
        server.kill9();
        writer.await.expect("the writer ends by its first failure");
        acknowledged.append(&mut *seen.lock().expect("nobody panicked"));

        let began = Instant::now();
        server.restart();
        let hashes = loop {
            match history(&*log, STREAM).await {
                Ok((_, hashes)) => break hashes,
                Err(error) => assert!(began.elapsed() < Duration::from_secs(20), "round {round}: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        restarts.push(began.elapsed());
        assert_all_there(&printed(&acknowledged), &printed(&hashes), round);
    }
    summary("JetStream R1, kill -9 of the server", acknowledged.len(), restarts);
}

/// Takes over and appends as much as may be in flight; notes what is acknowledged.
async fn append_until_it_fails(
    log: Arc<dyn Log>,
    acknowledged: Arc<Mutex<Vec<RecordHash>>>,
    running: oneshot::Sender<()>,
) {
    // What the connection still held of the writer before, when the server died, may come first.
    let mut elected = Author::elect(&*log, STREAM).await;
    for _ in 0..5 {
        if let Err(error) = &elected {
            println!("taking over once more: {error}");
            elected = Author::elect(&*log, STREAM).await;
        }
    }
    let mut author = elected.expect("nobody else writes");
    running.send(()).expect("the round waits");
    let mut in_flight = VecDeque::<(RecordHash, Append)>::new();
    for events in [1, 30, 250, 2].into_iter().cycle() {
        in_flight.push_back(author.append(events).await);
        if in_flight.len() == log.in_flight_max()
            && let Some((hash, append)) = in_flight.pop_front()
        {
            match append.await {
                Ok(()) => acknowledged.lock().expect("nobody panicked").push(hash),
                Err(_) => return,
            }
        }
    }
}

/// What became of the damaged copies.
#[derive(Default, Debug)]
struct Outcomes {
    whole: u32,
    refused_to_open: u32,
    /// Of these, redb opened an earlier commit, and only the mark told.
    told_by_the_mark: u32,
    refused_to_read: u32,
}

/// A few hundred places, close together at the file's end and its beginning, spread out between.
fn places(length: u64) -> Vec<u64> {
    let mut places: Vec<u64> = (0..40).map(|step| step * 8).collect();
    places.extend((1..=60).map(|step| length - step * 661 % (64 * 1024).min(length)));
    places.extend((0..60).map(|step| step * 2_654_435_761 % length));
    places.retain(|place| *place < length);
    places
}

/// Fills an embedded store; the trailers of what was acknowledged.
async fn fill(log: &dyn Log, records: usize) -> Vec<RecordHash> {
    let mut author = Author::begin(log, STREAM).await.expect("it opens");
    let mut hashes = Vec::new();
    for index in 0..records {
        let (hash, append) = author.append([1, 30, 250, 2][index % 4]).await;
        append.await.expect("it is stored");
        hashes.push(hash);
    }
    hashes
}

/// Copies a store's files into a directory of their own.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("the directory") {
        let entry = entry.expect("its entry");
        std::fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
    }
}

async fn judge_embedded(dir: &Path, expected: &[RecordHash], what: &str, outcomes: &mut Outcomes) {
    let log = match EmbeddedLog::open(dir) {
        Ok(log) => log,
        Err(error) => {
            outcomes.refused_to_open += 1;
            outcomes.told_by_the_mark += u32::from(matches!(error, LogError::Cut { .. }));
            return;
        }
    };
    match history(&log, STREAM).await {
        Ok((_, hashes)) => {
            assert!(hashes == expected, "{what}: {} of {} records, silently", hashes.len(), expected.len());
            outcomes.whole += 1;
        }
        Err(_named) => outcomes.refused_to_read += 1,
    }
}

#[tokio::test]
async fn given_flipped_bits_or_a_cut_file_then_the_embedded_store_names_it_or_has_everything() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (live, crashed, closed) =
        (dir.path().join("live"), dir.path().join("crashed"), dir.path().join("closed"));
    let log = EmbeddedLog::open(&live).expect("it opens");
    let hashes = fill(&log, 60).await;
    // A copy of the files as they are between two commits is what kill -9 leaves behind.
    copy(&live, &crashed);
    drop(log);
    copy(&live, &closed);
    for (name, image) in [("after a crash", &crashed), ("closed", &closed)] {
        let bytes = std::fs::read(image.join("log.redb")).expect("the file");
        let trial = dir.path().join("trial");
        let mut flips = Outcomes::default();
        for place in places(bytes.len() as u64) {
            copy(image, &trial);
            let mut damaged = bytes.clone();
            damaged[place as usize] ^= 1 << (place % 8);
            std::fs::write(trial.join("log.redb"), damaged).expect("the damaged file");
            judge_embedded(&trial, &hashes, &format!("{name}, bit flipped at {place}"), &mut flips).await;
        }
        let mut cuts = Outcomes::default();
        for length in [0, 1, 100, 4095, 4096, bytes.len() / 2, bytes.len() - 4096, bytes.len() - 1] {
            copy(image, &trial);
            std::fs::write(trial.join("log.redb"), &bytes[..length]).expect("the cut file");
            judge_embedded(&trial, &hashes, &format!("{name}, cut to {length}"), &mut cuts).await;
        }
        println!("embedded, {name}: bits flipped {flips:?}; cut {cuts:?}");
        assert!(flips.refused_to_open + flips.refused_to_read > 0, "no flip hit anything that matters");
        assert!(image != &crashed || flips.told_by_the_mark > 0, "the mark is not needed any more?");
    }
}

/// The newest block file of the stream.
fn last_block(store: &Path) -> PathBuf {
    let messages = store.join("jetstream/$G/streams").join(stream_name(STREAM)).join("msgs");
    let blocks =
        std::fs::read_dir(&messages).unwrap_or_else(|error| panic!("{}: {error}", messages.display()));
    let blocks = blocks.map(|entry| entry.expect("its entry").path());
    blocks.filter(|path| path.extension().is_some_and(|ext| ext == "blk")).max().expect("a block file")
}

#[tokio::test]
async fn given_flipped_bits_or_a_cut_block_then_jetstream_names_it_or_has_everything() {
    for graceful in [true, false] {
        let mut outcomes = Outcomes::default();
        let mut server = NatsServer::single();
        let log = JetStreamLog::new(client(&[server.url()]).await, JetStreamOptions::default());
        let hashes = fill(&log, 60).await;
        drop(log);
        // The mark follows the last ack within 50 ms.
        tokio::time::sleep(Duration::from_millis(300)).await;
        if graceful {
            server.stop();
        } else {
            server.kill9();
        }
        let image = tempfile::tempdir().expect("a temporary directory");
        let saved = image.path().join("store");
        copy_tree(server.store(), &saved);
        let length = std::fs::metadata(last_block(server.store())).expect("the block").len();
        // Cut to its own length it is undamaged, and must be whole.
        let mut damages = vec![(length, false)];
        damages.extend((0..8).map(|step| (length - 1 - step * step * 37, true)));
        damages.extend((1..6).map(|step| (length / 6 * step, true)));
        damages.extend([0, 1, length / 2, length - 100, length - 1].map(|place| (place, false)));
        for (place, flip) in damages {
            std::fs::remove_dir_all(server.store()).expect("the store");
            copy_tree(&saved, server.store());
            let block = last_block(server.store());
            let mut bytes = std::fs::read(&block).expect("the block");
            if flip {
                bytes[place as usize] ^= 1 << (place % 8);
            } else {
                bytes.truncate(place as usize);
            }
            std::fs::write(&block, bytes).expect("the damaged block");
            server.restart();
            let log = JetStreamLog::new(client(&[server.url()]).await, JetStreamOptions::default());
            let what =
                format!("graceful {graceful}, {} at {place} of {length}", if flip { "flip" } else { "cut" });
            match history(&log, STREAM).await {
                Ok((_, seen)) if seen == hashes => outcomes.whole += 1,
                Ok((_, seen)) => panic!("{what}: {} of {} records, silently", seen.len(), hashes.len()),
                Err(error) => {
                    println!("{what}: {error}");
                    outcomes.refused_to_read += 1;
                }
            }
            drop(log);
            server.kill9();
        }
        println!("JetStream, graceful stop {graceful}: {outcomes:?}");
        assert!(outcomes.whole > 0, "not even the undamaged store is whole");
    }
}

fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("the directory") {
        let entry = entry.expect("its entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("its type").is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
