//! Beginning a log, and opening one without changing anything in it before all of it is known to be sound.
//!
//! The last segment with commits is read to its end, and so is the one behind it, which was made in advance; the
//! indexes tell what the others hold. Every segment has to be there, sequences and slots have to follow from one
//! another, and no stream may end before its mark. What does not read at the very end, was never acknowledged and has
//! nothing sound behind it is the torn end of a commit that a crash interrupted: it is made zeros again.

use std::collections::HashMap;
use std::fs::File;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use events::StreamId;

use super::DIRECTORY;
use super::batch::{self, Commit};
use super::index::{self, Contents};
use super::mark::Marks;
use super::prepare;
use super::segment::{self, COMMITS_BEGIN, FIRST_BYTES, Header, sync_directory};
use crate::LogError;

/// Where a log is begun; renamed when it is whole.
const DRAFT: &str = "log.new";

/// Compared in such pieces.
const PIECE: usize = 4096;

/// An opened log.
pub struct Recovered {
    /// The segment that commits go to.
    pub header: Header,
    /// Its file.
    pub file: File,
    /// The segment behind it, if it is ready.
    pub next: Option<File>,
    /// What every segment holds, up to the one that commits go to.
    pub segments: Vec<Contents>,
    /// The head of every stream.
    pub heads: HashMap<StreamId, u64>,
}

/// Opens the log in `dir`, or begins it.
pub fn open(dir: &Path, marks: &Marks) -> Result<Recovered, LogError> {
    let log = dir.join(DIRECTORY);
    if !log.try_exists().map_err(|error| failed(&log, &error))? {
        marks.check(&HashMap::new())?;
        begin(dir).map_err(|error| failed(&log, &error))?;
    }
    let files = Files::list(&log)?;
    let (active, mut scans) = from_the_back(&files)?;
    let (segments, unindexed) = all(&files, active, scans.first())?;
    let heads = heads(&segments)?;
    marks.check(&heads)?;
    // Only from here on is anything changed.
    let repaired = repair(&log, &scans).and_then(|()| files.remove_drafts(&log, active));
    repaired.map_err(|error| failed(&log, &error))?;
    for number in unindexed {
        let bytes = segments[number as usize].encode(files.log, number);
        prepare::keep(&log, number, &bytes);
    }
    let writable = |number| {
        let path = segment::path(&log, number);
        File::options().write(true).open(path).map_err(|error| failed(&log, &error))
    };
    let next = scans.split_off(1).first().map(|scan| writable(scan.header.number)).transpose()?;
    let header = files.headers[active as usize];
    Ok(Recovered { header, file: writable(active)?, next, segments, heads })
}

fn failed(log: &Path, cause: &dyn std::fmt::Display) -> LogError {
    LogError::Store(format!("{} does not open: {cause}", log.display()))
}

fn damaged(path: &Path, cause: impl std::fmt::Display) -> LogError {
    LogError::Unreadable(format!("{}: {cause}", path.display()))
}

/// Another process holds the directory.
pub fn in_use(dir: &Path) -> LogError {
    let advice = "another process has this log open; stop it, or choose another data directory";
    LogError::Store(format!("{}: {advice}", dir.display()))
}

/// Makes an empty log beside its place and moves it there, so that a crash leaves a whole one or none.
fn begin(dir: &Path) -> std::io::Result<()> {
    let draft = dir.join(DRAFT);
    match std::fs::remove_dir_all(&draft) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => std::fs::create_dir(&draft)?,
    }
    // Random: nobody who only gives records can write what reads like a commit of this log.
    let log = RandomState::new().build_hasher().finish();
    let header = Header { log, number: 0, bytes: FIRST_BYTES };
    drop(segment::create(&draft, header, &AtomicBool::new(false))?);
    std::fs::rename(&draft, dir.join(DIRECTORY))?;
    sync_directory(dir)?;
    dir.canonicalize()?.parent().map_or(Ok(()), sync_directory)
}

/// The segments that are there.
struct Files {
    directory: PathBuf,
    log: u64,
    headers: Vec<Header>,
    drafts: Vec<PathBuf>,
}

impl Files {
    fn list(log: &Path) -> Result<Self, LogError> {
        let (mut numbers, mut drafts) = (Vec::new(), Vec::new());
        for entry in std::fs::read_dir(log).map_err(|error| failed(log, &error))? {
            let path = entry.map_err(|error| failed(log, &error))?.path();
            numbers.extend(segment::number(&path));
            if segment::is_draft(&path) {
                drafts.push(path);
            }
        }
        numbers.sort_unstable();
        let mut files = Self { directory: log.to_owned(), log: 0, headers: Vec::new(), drafts };
        for (expected, number) in (0..).zip(numbers) {
            if number != expected {
                return Err(damaged(&segment::path(log, expected), "expected this segment, it is missing"));
            }
            files.take(number)?;
        }
        if files.headers.is_empty() {
            let cause =
                "expected segments of a log, found none; an earlier program may have kept its log otherwise";
            return Err(damaged(log, cause));
        }
        Ok(files)
    }

    fn take(&mut self, number: u32) -> Result<(), LogError> {
        let path = segment::path(&self.directory, number);
        let mut file = File::open(&path).map_err(|error| failed(&path, &error))?;
        let header = Header::read(&mut file).map_err(|error| failed(&path, &error))?;
        let length = file.metadata().map_err(|error| failed(&path, &error))?.len();
        let header = header.ok_or_else(|| damaged(&path, "expected the header of a segment"))?;
        if header.number != number || (number > 0 && header.log != self.log) {
            return Err(damaged(&path, "expected a segment of this log, and this number, found another"));
        }
        if u64::from(header.bytes) != length || (header.bytes as usize) < COMMITS_BEGIN {
            let cause = format!("expected {} bytes, found {length}", header.bytes);
            return Err(damaged(&path, cause));
        }
        self.log = header.log;
        self.headers.push(header);
        Ok(())
    }

    /// Removes what a crash left half made, and the index of a segment that was full and is not any more.
    fn remove_drafts(&self, log: &Path, active: u32) -> std::io::Result<()> {
        let stale = index::path(log, active);
        for path in self.drafts.iter().chain(stale.exists().then_some(&stale)) {
            std::fs::remove_file(path)?;
        }
        Ok(())
    }
}

/// A segment that was read to its end.
struct Scan {
    header: Header,
    contents: Contents,
    /// What is there behind the last commit, if it is not zeros.
    torn: Option<Range<usize>>,
}

/// The last segment with commits, or the first of all, and the scans of it and of the one behind it.
fn from_the_back(files: &Files) -> Result<(u32, Vec<Scan>), LogError> {
    let mut scans = Vec::new();
    for header in files.headers.iter().rev() {
        let scan = scan(files, *header)?;
        let found = !scan.contents.is_empty() || header.number == 0;
        scans.insert(0, scan);
        if found {
            return match scans.len() {
                1 | 2 => Ok((header.number, scans)),
                _ => Err(damaged(
                    &files.directory,
                    "expected commits in a segment before the last, found none",
                )),
            };
        }
    }
    Err(damaged(&files.directory, "expected segments"))
}

fn scan(files: &Files, header: Header) -> Result<Scan, LogError> {
    let path = segment::path(&files.directory, header.number);
    let bytes = std::fs::read(&path).map_err(|error| failed(&path, &error))?;
    let (mut contents, mut at) = (Contents::empty(COMMITS_BEGIN as u32, 0), COMMITS_BEGIN);
    while let Some(commit) = Commit::sound(&bytes, at, files.log) {
        if contents.is_empty() {
            contents = Contents::empty(COMMITS_BEGIN as u32, commit.sequence);
        } else if commit.sequence != contents.next {
            break;
        }
        let length = commit.len as u32;
        for entry in commit.entries() {
            let entry =
                entry.ok_or_else(|| damaged(&path, format!("the commit at byte {at} does not read")))?;
            let expected = contents.streams.get(&entry.stream).map_or(entry.slot, |part| part.head);
            if entry.slot != expected {
                return Err(LogError::Gap { stream: entry.stream, expected, got: entry.slot });
            }
            contents.note(entry.stream, entry.slot, entry.slot + 1, length);
        }
        contents.advance(length);
        at += commit.len;
    }
    let torn = last_that_is_not_zero(&bytes, at).map(|last| at..last + 1);
    if torn.is_some() && batch::any_sound(&bytes, at, files.log) {
        return Err(damaged(&path, format!("expected a commit at byte {at}; there are others behind it")));
    }
    Ok(Scan { header, contents, torn })
}

fn last_that_is_not_zero(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let piece = rest.chunks(PIECE).rposition(|piece| piece != &[0; PIECE][..piece.len()])? * PIECE;
    let last = rest[piece..].chunks(PIECE).next()?.iter().rposition(|byte| *byte != 0)?;
    Some(from + piece + last)
}

/// What every segment up to the active one holds, and which of them have no index.
fn all(files: &Files, active: u32, scan_of_it: Option<&Scan>) -> Result<(Vec<Contents>, Vec<u32>), LogError> {
    let mut segments: Vec<Contents> = scan_of_it.map(|scan| scan.contents.clone()).into_iter().collect();
    let mut unindexed = Vec::new();
    for header in files.headers[..active as usize].iter().rev() {
        let sequence = segments.last().map_or(0, |next| next.first);
        let indexed = std::fs::read(index::path(&files.directory, header.number)).ok();
        let indexed = indexed.and_then(|bytes| Contents::decode(&bytes, files.log, header.number));
        let contents = match indexed.filter(|contents| contents.next == sequence) {
            Some(contents) => contents,
            None => {
                unindexed.push(header.number);
                let Scan { contents, torn, .. } = scan(files, *header)?;
                if torn.is_some() || contents.next != sequence {
                    let path = segment::path(&files.directory, header.number);
                    let cause = format!("expected commits up to the one before {sequence}");
                    return Err(damaged(&path, cause));
                }
                contents
            }
        };
        segments.push(contents);
    }
    segments.reverse();
    match segments.first() {
        Some(Contents { first: 0, .. }) => Ok((segments, unindexed)),
        _ => Err(damaged(&files.directory, "expected the log's first commit in its first segment")),
    }
}

/// The head of every stream; the slots of a segment follow from those before it.
fn heads(segments: &[Contents]) -> Result<HashMap<StreamId, u64>, LogError> {
    let mut heads = HashMap::new();
    for (&stream, part) in segments.iter().flat_map(|contents| &contents.streams) {
        let expected = heads.insert(stream, part.head).unwrap_or(0);
        if part.first != expected {
            return Err(LogError::Gap { stream, expected, got: part.first });
        }
    }
    Ok(heads)
}

/// Makes the torn end zeros again.
fn repair(log: &Path, scans: &[Scan]) -> std::io::Result<()> {
    for Scan { header, torn, .. } in scans {
        let Some(torn) = torn else { continue };
        tracing::warn!("the last commit, which nobody was told of, was cut off by a crash and is dropped");
        let file = File::options().write(true).open(segment::path(log, header.number))?;
        file.write_all_at(&vec![0; torn.len()], torn.start as u64)?;
        file.sync_all()?;
    }
    Ok(())
}
