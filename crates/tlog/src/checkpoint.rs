//! Checkpoints (C2SP tlog-checkpoint): a tree head as the text of a signed note.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use crate::hash::{HASH_BYTES, Hash};
use crate::key::{NoteSigner, VerifierKey};
use crate::note::{NoteError, SignedNote};
use crate::tree::TreeHead;

/// Why a checkpoint is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The text does not end in newline, or holds an empty line.
    #[error(
        "expected lines that are not empty and end in newline, but line {line} does not; the text was cut or is no checkpoint"
    )]
    Line {
        /// Number of the line, from 1.
        line: usize,
    },
    /// A line holds a control character or a newline of its own.
    #[error("expected {part} as one line, not empty and without control characters; take them out")]
    Part {
        /// Which part of the checkpoint.
        part: &'static str,
    },
    /// Fewer than three lines.
    #[error(
        "expected an origin line, a size line and a root line, got {actual} lines; this is no checkpoint"
    )]
    TooFewLines {
        /// Lines that were given.
        actual: usize,
    },
    /// The second line is not a number of leaves.
    #[error(
        "expected the tree size on line 2 as decimal digits without leading zeroes, below 2^64, got {actual:?}; this is no checkpoint"
    )]
    Size {
        /// The line.
        actual: String,
    },
    /// The third line is not a hash.
    #[error("expected the root on line 3 as base64 of 32 bytes, got {actual:?}; this is no checkpoint")]
    Root {
        /// The line.
        actual: String,
    },
    /// A checkpoint of another log.
    #[error("expected a checkpoint of the log {expected:?}, got one of {actual:?}; ask for the right log")]
    Origin {
        /// The log that was asked for.
        expected: String,
        /// The log that the checkpoint names.
        actual: String,
    },
    /// The note around it is refused.
    #[error(transparent)]
    Note(#[from] NoteError),
}

/// A log's name and tree head. `Display` and `FromStr` are the note text, with its final newline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    head: TreeHead,
    extensions: Vec<String>,
}

impl Checkpoint {
    /// A checkpoint of the log `origin`: one line that names the log for ever, best a URL without scheme.
    pub fn new(origin: &str, head: TreeHead) -> Result<Self, CheckpointError> {
        check_part("the origin", origin)?;
        Ok(Self { origin: origin.to_owned(), head, extensions: Vec::new() })
    }

    /// Adds an extension line, opaque to all others. Rarely wise: nobody who watches the log can check it.
    pub fn with_extension(mut self, line: &str) -> Result<Self, CheckpointError> {
        check_part("the extension", line)?;
        self.extensions.push(line.to_owned());
        Ok(self)
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Size and root.
    pub fn head(&self) -> &TreeHead {
        &self.head
    }

    /// The extension lines, without their newlines.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }

    /// Signs the checkpoint. The signer's name should be the origin.
    ///
    /// The caller has made sure that the head is consistent with every head it signed for this origin.
    pub fn sign(&self, signer: &NoteSigner) -> Result<SignedNote, CheckpointError> {
        Ok(SignedNote::sign(self.to_string(), signer)?)
    }

    /// Reads a signed checkpoint of the log `origin` that at least one of `trusted` signed.
    ///
    /// Give the log's own keys only. For witnesses, verify the note against theirs ([`SignedNote::verify`]).
    pub fn open(note: &[u8], origin: &str, trusted: &[VerifierKey]) -> Result<Self, CheckpointError> {
        let note = SignedNote::parse(note)?;
        let checkpoint: Self = note.verify(trusted)?.text.parse()?;
        if checkpoint.origin != origin {
            return Err(CheckpointError::Origin { expected: origin.to_owned(), actual: checkpoint.origin });
        }
        Ok(checkpoint)
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = STANDARD.encode(self.head.root.as_bytes());
        writeln!(f, "{}\n{}\n{root}", self.origin, self.head.size)?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let ended =
            text.strip_suffix('\n').ok_or(CheckpointError::Line { line: text.split('\n').count() })?;
        let lines: Vec<&str> = ended.split('\n').collect();
        if let Some(empty) = lines.iter().position(|line| line.is_empty()) {
            return Err(CheckpointError::Line { line: empty + 1 });
        }
        let [origin, size, root, extensions @ ..] = lines.as_slice() else {
            return Err(CheckpointError::TooFewLines { actual: lines.len() });
        };
        let size = parse_size(size).ok_or_else(|| CheckpointError::Size { actual: (*size).to_owned() })?;
        let root = parse_root(root).ok_or_else(|| CheckpointError::Root { actual: (*root).to_owned() })?;
        let checkpoint = Self::new(origin, TreeHead { size, root })?;
        extensions.iter().try_fold(checkpoint, |checkpoint, line| checkpoint.with_extension(line))
    }
}

fn check_part(part: &'static str, line: &str) -> Result<(), CheckpointError> {
    let is_line = !line.is_empty() && !line.contains(|c: char| c < ' ');
    if is_line { Ok(()) } else { Err(CheckpointError::Part { part }) }
}

/// One text per number: no sign, no leading zeroes.
pub(crate) fn parse_size(line: &str) -> Option<u64> {
    let is_canonical = line == "0" || !line.starts_with(['0', '+']);
    is_canonical.then(|| line.parse().ok()).flatten()
}

pub(crate) fn parse_root(line: &str) -> Option<Hash> {
    <[u8; HASH_BYTES]>::try_from(STANDARD.decode(line).ok()?).ok().map(Hash::from_bytes)
}
