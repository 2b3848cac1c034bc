//! Kill -9, cut-off files and flipped bits: what was acknowledged is there, or an error says what is wrong.
//!
//! `FORBEAR_KILL_ROUNDS=50` runs the kill tests that often; 5 rounds otherwise.

use std::collections::{BTreeMap, VecDeque};
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

/// The events of a record of some hundred kilobytes.
const LARGE: usize = 10_000;

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
    let bytes: usize = tree(dir.path()).values().map(Vec::len).sum();
    summary(&format!("embedded, kill -9, {} MiB at the end", bytes >> 20), acknowledged.len(), restarts);
}

#[tokio::test]
async fn given_a_disk_that_takes_no_more_then_the_embedded_store_stops_and_keeps_every_acknowledged_record() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut child = Command::new("sh")
        .args(["-c", r#"trap '' XFSZ; exec "$0" "$@""#, env!("CARGO_BIN_EXE_log-writer")])
        .arg(dir.path())
        .arg(STREAM.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the writer starts");
    let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut out = String::new();
    stdout.read_line(&mut out).expect("its output");
    // A limit on the size of a file fails writes just as a full disk does. The first segment is there by then, and fits.
    let limited = Command::new("prlimit")
        .args(["--fsize=2097152", "--pid", &child.id().to_string()])
        .status()
        .expect("prlimit, of util-linux, runs");
    assert!(limited.success(), "prlimit: {limited}");
    stdout.read_to_string(&mut out).expect("its output");
    let child = child.wait_with_output().expect("it ends");
    let err = String::from_utf8_lossy(&child.stderr);
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
async fn given_a_segment_that_cannot_be_made_then_the_embedded_store_stops_and_keeps_every_acknowledged_record()
 {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let log = EmbeddedLog::open(dir.path()).expect("it opens");
    let mut author = Author::elect(&log, STREAM).await.expect("nobody else writes");
    let (there, away) = (dir.path().join("log"), dir.path().join("away"));
    std::fs::rename(&there, &away).expect("moved away");
    let (mut acknowledged, mut in_flight) = (Vec::new(), VecDeque::<(RecordHash, Append)>::new());
    let error = loop {
        in_flight.push_back(author.append(LARGE).await);
        if in_flight.len() == log.in_flight_max()
            && let Some((hash, append)) = in_flight.pop_front()
        {
            let append = tokio::time::timeout(Duration::from_secs(60), append);
            match append.await.expect("it ends, one way or the other") {
                Ok(()) => acknowledged.push(hash),
                Err(error) => break error.to_string(),
            }
            assert!(acknowledged.len() < 100_000, "it goes on without another segment");
        }
    };
    assert!(error.contains("the commit failed"), "expected a failed commit, got {error}");
    let afterwards = log.head(STREAM).await.map_err(|error| error.to_string());
    assert!(afterwards.is_err_and(|error| error.contains("until it is reopened")), "it goes on");

    drop((in_flight, author, log));
    std::fs::rename(&away, &there).expect("moved back");
    let log = EmbeddedLog::open(dir.path()).expect("it opens");
    let (_, hashes) = history(&log, STREAM).await.expect("it reads");
    assert_all_there(&printed(&acknowledged), &printed(&hashes), 0);
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
    /// Of these, what is left is a shorter log, and only the mark told.
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

/// Where a segment's commits begin.
const COMMITS_BEGIN: usize = 4096;

/// The length of a file without the zeros at its end.
fn used(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
}

/// Every file of a directory, but for locks, by its path in it.
fn tree(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut open = vec![dir.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).expect("the directory") {
            let path = entry.expect("its entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.file_name().is_some_and(|name| name != "lock") {
                let bytes = std::fs::read(&path).expect("the file");
                files.insert(path.strip_prefix(dir).expect("it is in there").to_owned(), bytes);
            }
        }
    }
    files
}

/// Opens and reads a damaged copy: everything, or an error, and then the copy is as it was.
async fn judge_embedded(dir: &Path, expected: &[RecordHash], what: &str, outcomes: &mut Outcomes) {
    let before = tree(dir);
    let log = match EmbeddedLog::open(dir) {
        Ok(log) => log,
        Err(error) => {
            outcomes.refused_to_open += 1;
            outcomes.told_by_the_mark += u32::from(matches!(error, LogError::Cut { .. }));
            assert!(tree(dir) == before, "{what}: {error}, and the files were changed");
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

/// A fresh copy of a store with one file changed.
fn damage(image: &Path, trial: &Path, file: &Path, bytes: &[u8]) {
    if trial.exists() {
        std::fs::remove_dir_all(trial).expect("the trial before");
    }
    copy_tree(image, trial);
    std::fs::write(trial.join(file), bytes).expect("the damaged file");
}

/// Flips bits in every file within a directory of a store, and cuts every file.
async fn damage_every_file(
    image: &Path,
    within: &Path,
    trial: &Path,
    hashes: &[RecordHash],
    step: usize,
) -> Outcomes {
    let mut all = Outcomes::default();
    for (file, bytes) in tree(&image.join(within)) {
        let file = within.join(file);
        let mut outcomes = Outcomes::default();
        // The last commit, and a little of the zeros behind, too.
        let last = used(&bytes).saturating_sub(20) as u64;
        let places = places(bytes.len().min(used(&bytes) + 200) as u64);
        for place in places.into_iter().step_by(step).chain([last]) {
            let mut damaged = bytes.clone();
            damaged[place as usize] ^= 1 << (place % 8);
            damage(image, trial, &file, &damaged);
            let what = format!("{}, bit flipped at {place} of {}", file.display(), bytes.len());
            judge_embedded(trial, hashes, &what, &mut outcomes).await;
        }
        let length = bytes.len();
        for length in [0, 1, length / 2, length.saturating_sub(4096), length.saturating_sub(1)] {
            damage(image, trial, &file, &bytes[..length]);
            let what = format!("{}, cut to {length} of {}", file.display(), bytes.len());
            judge_embedded(trial, hashes, &what, &mut outcomes).await;
        }
        println!("  {} of {} bytes: {outcomes:?}", file.display(), bytes.len());
        all.whole += outcomes.whole;
        all.refused_to_open += outcomes.refused_to_open;
        all.told_by_the_mark += outcomes.told_by_the_mark;
        all.refused_to_read += outcomes.refused_to_read;
    }
    all
}

#[tokio::test]
async fn given_flipped_bits_or_a_cut_file_then_the_embedded_store_names_it_or_has_everything() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (live, crashed, closed) =
        (dir.path().join("live"), dir.path().join("crashed"), dir.path().join("closed"));
    let log = EmbeddedLog::open(&live).expect("it opens");
    let hashes = fill(&log, 60).await;
    // A copy of the files as they are between two commits is what kill -9 leaves behind.
    copy_tree(&live, &crashed);
    drop(log);
    copy_tree(&live, &closed);
    for (name, image, step) in [("after a crash", &crashed, 2), ("closed", &closed, 7)] {
        let outcomes =
            damage_every_file(image, Path::new("log"), &dir.path().join("trial"), &hashes, step).await;
        println!("embedded, {name}: {outcomes:?}");
        assert!(outcomes.told_by_the_mark > 0, "the mark is not needed any more?");
    }
}

#[tokio::test]
async fn given_damaged_full_segments_then_the_embedded_store_names_it_or_has_everything() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (live, image) = (dir.path().join("live"), dir.path().join("image"));
    let log = EmbeddedLog::open(&live).expect("it opens");
    let mut author = Author::begin(&log, STREAM).await.expect("it opens");
    let mut hashes = Vec::new();
    while !live.join("log/0000000000.index").exists() {
        let (hash, append) = author.append(LARGE).await;
        append.await.expect("it is stored");
        hashes.push(hash);
        assert!(hashes.len() < 1000, "it goes on in the first segment");
    }
    drop((author, log));
    copy_tree(&live, &image);
    let trial = dir.path().join("trial");
    let outcomes = damage_every_file(&image, Path::new("log"), &trial, &hashes, 9).await;
    println!("embedded, with full segments: {outcomes:?}");
    assert!(
        outcomes.refused_to_open > 0 && outcomes.refused_to_read > 0,
        "no flip hit anything that matters"
    );

    for gone in ["0000000000.log", "0000000001.log"] {
        damage(&image, &trial, Path::new("log/any"), b"");
        std::fs::remove_file(trial.join("log").join(gone)).expect("it is there");
        let mut outcomes = Outcomes::default();
        judge_embedded(&trial, &hashes, gone, &mut outcomes).await;
        assert_eq!(outcomes.refused_to_open, 1, "without {gone}: {outcomes:?}");
    }
}

/// A power cut, unlike kill -9, may leave the end of the last batch on disk without its middle.
#[tokio::test]
async fn given_a_torn_last_batch_then_the_embedded_store_opens_unless_it_was_acknowledged() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (live, trial) = (dir.path().join("live"), dir.path().join("trial"));
    let log = EmbeddedLog::open(&live).expect("it opens");
    let mut author = Author::begin(&log, STREAM).await.expect("it opens");
    let (mut hashes, mut marks) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        marks = std::fs::read(live.join("log.mark")).expect("the marks");
        let (hash, append) = author.append(250).await;
        append.await.expect("it is stored");
        hashes.push(hash);
    }
    drop((author, log));
    let segment = Path::new("log/0000000000.log");
    let mut bytes = std::fs::read(live.join(segment)).expect("the segment");
    let middle = used(&bytes) - 2000;
    bytes[middle..middle + 512].fill(0);

    let mut outcomes = Outcomes::default();
    damage(&live, &trial, segment, &bytes);
    judge_embedded(&trial, &hashes, "acknowledged", &mut outcomes).await;
    assert!(outcomes.told_by_the_mark == 1, "expected an error that names the cut, got {outcomes:?}");

    std::fs::write(trial.join("log.mark"), &marks).expect("the marks before the last append");
    for _ in 0..2 {
        let log = EmbeddedLog::open(&trial).expect("it opens without the torn batch");
        let (_, there) = history(&log, STREAM).await.expect("it reads");
        assert_eq!(printed(&there)[..2], printed(&hashes[..2]));
        Author::elect(&log, STREAM).await.expect("it takes records again");
    }

    // Damage further back is not torn, whatever the marks say.
    bytes[COMMITS_BEGIN + 200] ^= 4;
    damage(&live, &trial, segment, &bytes);
    std::fs::write(trial.join("log.mark"), &marks).expect("the marks before the last append");
    judge_embedded(&trial, &hashes, "damaged further back", &mut outcomes).await;
    assert_eq!(outcomes.refused_to_open, 2, "{outcomes:?}");
}

#[tokio::test]
async fn given_kill_9_while_the_log_was_begun_then_the_embedded_store_begins_it_again() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    drop(EmbeddedLog::open(dir.path()).expect("it opens"));
    std::fs::rename(dir.path().join("log"), dir.path().join("log.new")).expect("not there yet");
    std::fs::remove_file(dir.path().join("log.new/0000000000.log")).expect("half made");
    let log = EmbeddedLog::open(dir.path()).expect("it begins again");
    Author::elect(&log, STREAM).await.expect("it takes records");
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
