//! Beginning a log, and opening one without letting the store destroy what a later look could still use.
//!
//! When fjall opens a damaged directory it repairs it in place: it cuts a journal at the first entry that it
//! cannot read, and deletes tables and keyspaces that its manifests no longer name. So opening is rehearsed on a
//! copy first. Only if the copy has every acknowledged record is the log itself opened; if not, it stays as it
//! is, and the error says what is wrong.
//!
//! fjall notes a checksum of each manifest, but does not compare it (lsm-tree 3.1.10, `version/recovery.rs`), and a
//! flipped bit in one may make it ask for more memory than there is. So it is compared here.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use events::StreamId;
use fjall::config::{BlockSizePolicy, CompressionPolicy, FilterPolicy};
use fjall::{Database, KeyspaceCreateOptions};
use xxhash_rust::xxh3::xxh3_128;

use super::DIRECTORY;
use super::mark::Marks;
use crate::LogError;

/// Where a log is begun; renamed when it is whole, because fjall does not open a half-made one.
const DRAFT: &str = "log.new";
/// Where opening is rehearsed.
const REHEARSAL: &str = "log.rehearsal";
/// fjall's threads that flush and compact. With only one, a full queue would block the thread that empties it.
const WORKERS: usize = 2;
/// The block cache. Readers mostly follow the head, which is in memory anyway.
const CACHE_BYTES: u64 = 32 * 1024 * 1024;
/// Sealed journals beyond this are flushed, also the little that quiet streams have in them. The least that
/// fjall takes: it bounds how much an opening replays.
const JOURNALS_BYTES: u64 = 64 * 1024 * 1024;
/// A stream is flushed to a table when it has so much in memory.
const MEMTABLE_BYTES: u64 = 32 * 1024 * 1024;
/// Records are read in sequence, so large blocks.
const BLOCK_BYTES: u32 = 32 * 1024;
/// What is copied in one piece.
const COPY_BYTES: usize = 64 * 1024;

/// Opens the log in `dir`, or begins it; the head of every stream.
pub fn open(dir: &Path, marks: &Marks) -> Result<(Database, HashMap<StreamId, u64>), LogError> {
    let log = dir.join(DIRECTORY);
    if log.try_exists().map_err(|error| failed(dir, &error))? {
        rehearse(dir, marks)?;
    } else {
        marks.check(&HashMap::new())?;
        begin(dir).map_err(|fault| fault.named(dir))?;
    }
    caught(|| open_and_check(&log, WORKERS, marks)).map_err(|fault| fault.named(dir))
}

/// Runs it in a thread of its own, because fjall may panic on a damaged file.
fn caught<T: Send>(opening: impl FnOnce() -> Result<T, Fault> + Send) -> Result<T, Fault> {
    std::thread::scope(|scope| scope.spawn(opening).join())
        .unwrap_or_else(|_panic| Err(Fault::Damaged("its parts do not fit together".to_owned())))
}

/// Why a directory does not open.
enum Fault {
    Io(std::io::Error),
    Fjall(fjall::Error),
    Damaged(String),
    Log(LogError),
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<fjall::Error> for Fault {
    fn from(error: fjall::Error) -> Self {
        match error {
            fjall::Error::Io(error) => Self::Io(error),
            error => Self::Fjall(error),
        }
    }
}

impl From<LogError> for Fault {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

impl Fault {
    fn named(self, dir: &Path) -> LogError {
        match self {
            Self::Io(error) => failed(dir, &error),
            Self::Fjall(fjall::Error::Locked) => in_use(dir),
            Self::Fjall(error) => damaged(dir, &error),
            Self::Damaged(cause) => damaged(dir, &cause),
            Self::Log(error) => error,
        }
    }
}

fn failed(dir: &Path, cause: &dyn std::fmt::Display) -> LogError {
    LogError::Store(format!("{}: {DIRECTORY} does not open: {cause}", dir.display()))
}

fn damaged(dir: &Path, cause: &dyn std::fmt::Display) -> LogError {
    LogError::Store(format!("{}: {DIRECTORY} is damaged: {cause}; restore it from a backup", dir.display()))
}

/// Another process holds the directory.
pub fn in_use(dir: &Path) -> LogError {
    let advice = "another process has this log open; stop it, or choose another data directory";
    LogError::Store(format!("{}: {advice}", dir.display()))
}

/// Makes an empty log beside its place and moves it there, so that a crash leaves a whole one or none.
fn begin(dir: &Path) -> Result<(), Fault> {
    let draft = dir.join(DRAFT);
    remove(&draft)?;
    drop(database(&draft, WORKERS)?);
    std::fs::rename(&draft, dir.join(DIRECTORY))?;
    sync_directory(dir)?;
    if let Some(parent) = dir.canonicalize()?.parent() {
        sync_directory(parent)?;
    }
    Ok(())
}

fn database(path: &Path, workers: usize) -> Result<Database, fjall::Error> {
    Database::builder(path)
        .cache_size(CACHE_BYTES)
        .max_journaling_size(JOURNALS_BYTES)
        .manual_journal_persist(true)
        .worker_threads_unchecked(workers)
        .open()
}

/// How a stream's keyspace is laid out. One for each stream: its keys only grow, so its tables never overlap
/// and are moved, not rewritten. Records do not compress well and are looked up by range only.
pub fn keyspace_options() -> KeyspaceCreateOptions {
    KeyspaceCreateOptions::default()
        .manual_journal_persist(true)
        .max_memtable_size(MEMTABLE_BYTES)
        .data_block_size_policy(BlockSizePolicy::all(BLOCK_BYTES))
        .data_block_compression_policy(CompressionPolicy::disabled())
        .filter_policy(FilterPolicy::disabled())
}

/// Syncs the entries of a directory.
pub fn sync_directory(path: &Path) -> std::io::Result<()> {
    File::open(path)?.sync_all()
}

fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn open_and_check(
    path: &Path,
    workers: usize,
    marks: &Marks,
) -> Result<(Database, HashMap<StreamId, u64>), Fault> {
    let db = database(path, workers)?;
    let heads = read_heads(&db)?;
    marks.check(&heads)?;
    Ok((db, heads))
}

/// The head of every stream; a stream that does not count its slots without gaps is an error.
fn read_heads(db: &Database) -> Result<HashMap<StreamId, u64>, Fault> {
    let mut heads = HashMap::new();
    for name in db.list_keyspace_names() {
        let stream: StreamId = name.parse().map_err(|_| {
            let found = format!("expected keyspaces named like gate/0, got {:?}: not a log", &*name);
            LogError::Store(found)
        })?;
        let keyspace = db.keyspace(&name, keyspace_options)?;
        let last = keyspace.last_key_value().map(fjall::Guard::key).transpose()?;
        let head = match last {
            Some(key) => slot(stream, &key)?.saturating_add(1),
            None => 0,
        };
        // Exact as long as no key was written twice. If one was, or one is missing: count.
        if keyspace.approximate_len() as u64 != head {
            for (expected, entry) in (0..).zip(keyspace.iter()) {
                let got = slot(stream, &entry.key()?)?;
                if got != expected {
                    return Err(LogError::Gap { stream, expected, got }.into());
                }
            }
        }
        heads.insert(stream, head);
    }
    Ok(heads)
}

/// The slot that a key stands for.
pub fn slot(stream: StreamId, key: &[u8]) -> Result<u64, LogError> {
    let key = key.try_into().map_err(|_| {
        LogError::Store(format!("{stream}: expected keys of 8 bytes, got one of {}: not a log", key.len()))
    })?;
    Ok(u64::from_be_bytes(key))
}

/// Compares each keyspace's manifest with its checksum. `current` names it: number u64, XXH3-128 u128,
/// a zero; little-endian. A keyspace that was being made in a crash has none.
fn check_manifests(log: &Path) -> Result<(), Fault> {
    for entry in std::fs::read_dir(log.join("keyspaces"))? {
        let keyspace = entry?.path();
        let current = keyspace.join("current");
        let named = match std::fs::read(&current) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            other => other?,
        };
        let Ok::<[u8; 25], _>(named) = named.try_into() else {
            return Err(Fault::Damaged(format!("{}: expected 25 bytes", current.display())));
        };
        let (number, checksum) = named.split_at(8);
        let number = number.iter().rev().fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
        let manifest = keyspace.join(format!("v{number}"));
        let bytes = std::fs::read(&manifest)
            .map_err(|error| Fault::Damaged(format!("{}: {error}", manifest.display())))?;
        if checksum[..16] != xxh3_128(&bytes).to_le_bytes() || checksum[16] != 0 {
            let cause = format!("{} does not have the checksum noted for it", manifest.display());
            return Err(Fault::Damaged(cause));
        }
    }
    Ok(())
}

/// Opens a copy, with the torn end of its newest journal taken off if need be.
fn rehearse(dir: &Path, marks: &Marks) -> Result<(), LogError> {
    let (log, copy) = (dir.join(DIRECTORY), dir.join(REHEARSAL));
    let result = caught(|| rehearse_in(&log, &copy, marks));
    let removed = remove(&copy);
    result.map_err(|fault| fault.named(dir))?;
    removed.map_err(|error| failed(dir, &error))
}

fn rehearse_in(log: &Path, copy: &Path, marks: &Marks) -> Result<(), Fault> {
    check_manifests(log)?;
    remove(copy)?;
    copy_log(log, copy)?;
    // Without workers: nothing is flushed there.
    let error = match open_and_check(copy, 0, marks) {
        Err(Fault::Fjall(error @ fjall::Error::JournalRecovery(_))) => error,
        other => return other.map(drop),
    };
    // A power cut may leave the last batch with its end on disk, but not its middle. fjall takes that for
    // damage. Without its last byte it is an unfinished batch, which fjall drops; if the damage is elsewhere,
    // the copy still does not open, and if the batch was acknowledged, the marks say so.
    let Some((journal, length)) = unfinished(log)? else { return Err(error.into()) };
    remove(copy)?;
    copy_log(log, copy)?;
    cut(&copy.join(&journal), length)?;
    match open_and_check(copy, 0, marks) {
        Ok(_) => {}
        Err(Fault::Fjall(fjall::Error::JournalRecovery(_))) => return Err(error.into()),
        Err(fault) => return Err(fault),
    }
    tracing::warn!("the last batch, which nobody was told of, was cut off by a crash and is dropped");
    cut(&log.join(&journal), length)?;
    Ok(())
}

/// The newest journal, and where its last byte stands that is not zero: fjall allocates in advance, and the
/// marker that ends a batch does not end in zero.
fn unfinished(log: &Path) -> std::io::Result<Option<(PathBuf, u64)>> {
    let mut newest: Option<(u64, PathBuf)> = None;
    for entry in std::fs::read_dir(log)? {
        let name = PathBuf::from(entry?.file_name());
        let number = name.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
        if let Some(number) = number
            && name.extension().is_some_and(|extension| extension == "jnl")
            && newest.as_ref().is_none_or(|(other, _)| *other < number)
        {
            newest = Some((number, name));
        }
    }
    let Some((_, name)) = newest else { return Ok(None) };
    let bytes = std::fs::read(log.join(&name))?;
    Ok(bytes.iter().rposition(|byte| *byte != 0).map(|last| (name, last as u64)))
}

fn cut(file: &Path, length: u64) -> std::io::Result<()> {
    let file = File::options().write(true).open(file)?;
    file.set_len(length)?;
    file.sync_all()
}

/// Copies fjall's directory. Tables are linked: they are never written to again.
fn copy_log(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    let tables = from.file_name().is_some_and(|name| name == "tables");
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_log(&entry.path(), &target)?;
        } else if !tables || std::fs::hard_link(entry.path(), &target).is_err() {
            copy_without_zeros(&entry.path(), &target)?;
        }
    }
    Ok(())
}

/// Copies a file and leaves holes where it is zero: a journal begins as 64 MiB of nothing.
fn copy_without_zeros(from: &Path, to: &Path) -> std::io::Result<()> {
    let (mut from, mut to) = (File::open(from)?, File::create(to)?);
    let mut piece = vec![0; COPY_BYTES];
    let mut length = 0;
    loop {
        let got = from.read(&mut piece)?;
        if got == 0 {
            return to.set_len(length);
        }
        if piece[..got].iter().any(|byte| *byte != 0) {
            to.seek(SeekFrom::Start(length))?;
            to.write_all(&piece[..got])?;
        }
        length += got as u64;
    }
}
