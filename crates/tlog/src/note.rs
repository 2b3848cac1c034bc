//! Signed notes (C2SP signed-note): a text, a blank line, signature lines.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use crate::key::{KeyId, NoteSigner, VerifierKey, check_name};

/// Longest note that is read, in bytes.
pub const NOTE_BYTES_MAX: usize = 1_000_000;

/// Most signature lines that are read in one note. The specification asks for at least 16.
pub const NOTE_SIGNATURES_MAX: usize = 100;

const SIGNATURE_START: &str = "\u{2014} ";

/// Why a note is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NoteError {
    /// Longer than what is read.
    #[error("expected a note of at most {NOTE_BYTES_MAX} bytes, got {actual}; this is no note of ours")]
    TooLong {
        /// Bytes that were given.
        actual: usize,
    },
    /// Not text.
    #[error("expected UTF-8, but byte {at} is not; the note was damaged on its way")]
    NotUtf8 {
        /// Offset of the first bad byte.
        at: usize,
    },
    /// A control character other than newline.
    #[error(
        "expected no control character but newline, got {byte:#04x} at byte {at}; lines end in newline alone"
    )]
    ControlCharacter {
        /// The character.
        byte: u8,
        /// Its offset.
        at: usize,
    },
    /// A text to be signed that does not end in newline.
    #[error("expected a text that ends in newline; end its last line before signing")]
    TextEnd,
    /// No blank line before a block of signature lines that ends in newline.
    #[error(
        "expected a text, a blank line and at least one signature line that ends in newline; the note is unsigned or was cut"
    )]
    NoSignatures,
    /// A line below the blank line that is not a signature line.
    #[error(
        "expected signature line {line} as '\u{2014} name base64', but {part} is missing or malformed; the note was damaged"
    )]
    SignatureLine {
        /// Number of the signature line, from 1.
        line: usize,
        /// The part that fails.
        part: &'static str,
    },
    /// More signature lines than are read.
    #[error("expected at most {NOTE_SIGNATURES_MAX} signatures, got {actual}; drop those that nobody checks")]
    TooManySignatures {
        /// Lines that were given.
        actual: usize,
    },
    /// A known key's signature does not hold: the text or the signature was changed.
    #[error(
        "expected a signature over this text by {name} ({id}), but it does not hold; do not trust the text"
    )]
    BadSignature {
        /// Name of the known key.
        name: String,
        /// Id of the known key.
        id: KeyId,
    },
    /// No signature is by a known key.
    #[error(
        "expected a signature by one of [{known}], got [{actual}]; do not trust the text, or add the signer's key if you trust it"
    )]
    NoKnownSignature {
        /// Known keys, as `name (id)`.
        known: String,
        /// Signers that the note names, as `name (id)`.
        actual: String,
    },
}

/// One signature line. It says who claims to have signed; only [`SignedNote::verify`] proves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    name: String,
    id: KeyId,
    signature: Vec<u8>,
}

impl NoteSignature {
    /// The name of the key.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id of the key.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The signature without the key id; its length depends on the signature type.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    fn is_by(&self, key: &VerifierKey) -> bool {
        self.name == key.name() && self.id == key.id()
    }

    fn parse(line: &str) -> Result<Self, &'static str> {
        let rest = line.strip_prefix(SIGNATURE_START).ok_or("the em dash and space")?;
        let (name, base64) = rest.split_once(' ').ok_or("the signature")?;
        check_name(name).map_err(|_| "the key name")?;
        let bytes = STANDARD.decode(base64).map_err(|_| "the base64 of the signature")?;
        match bytes.split_first_chunk() {
            Some((id, signature)) if !signature.is_empty() => {
                Ok(Self { name: name.to_owned(), id: KeyId::from_bytes(*id), signature: signature.to_vec() })
            }
            _ => Err("the signature after the key id"),
        }
    }
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.id.as_bytes().as_slice(), &self.signature].concat();
        writeln!(f, "{SIGNATURE_START}{} {}", self.name, STANDARD.encode(bytes))
    }
}

/// A well-formed note. Its text means nothing before [`verify`](Self::verify). `Display` writes it out whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// The text of a note together with the keys, out of those trusted, that signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedNote<'a> {
    /// The text, with its final newline.
    pub text: &'a str,
    /// Trusted keys whose signatures hold, in the order of the trusted keys; at least one.
    pub signers: Vec<&'a VerifierKey>,
}

impl SignedNote {
    /// Signs a text, which must end in newline.
    pub fn sign(text: String, signer: &NoteSigner) -> Result<Self, NoteError> {
        check_characters(&text)?;
        if !text.ends_with('\n') {
            return Err(NoteError::TextEnd);
        }
        let mut note = Self { text, signatures: Vec::new() };
        note.add_signature(signer);
        Ok(note)
    }

    /// Adds a signature, in the place of an earlier one by the same key.
    pub fn add_signature(&mut self, signer: &NoteSigner) {
        let key = signer.verifier_key();
        self.signatures.retain(|signature| !signature.is_by(key));
        self.signatures.push(NoteSignature {
            name: key.name().to_owned(),
            id: key.id(),
            signature: signer.sign(&self.text),
        });
    }

    /// Reads a note. Checks its form only.
    pub fn parse(note: &[u8]) -> Result<Self, NoteError> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLong { actual: note.len() });
        }
        let note = str::from_utf8(note).map_err(|error| NoteError::NotUtf8 { at: error.valid_up_to() })?;
        check_characters(note)?;
        // The text may hold blank lines; signature lines do not, so the last one is the border.
        let border = note.rfind("\n\n").ok_or(NoteError::NoSignatures)?;
        let (text, lines) = (&note[..=border], &note[border + 2..]);
        let lines = lines.strip_suffix('\n').ok_or(NoteError::NoSignatures)?;
        let count = lines.split('\n').count();
        if count > NOTE_SIGNATURES_MAX {
            return Err(NoteError::TooManySignatures { actual: count });
        }
        let signatures = lines
            .split('\n')
            .enumerate()
            .map(|(i, line)| {
                NoteSignature::parse(line).map_err(|part| NoteError::SignatureLine { line: i + 1, part })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// Gives the text out if at least one of `trusted` signed it.
    ///
    /// Signatures by other keys are ignored. One by a trusted key that does not hold refuses the whole note.
    pub fn verify<'a>(&'a self, trusted: &'a [VerifierKey]) -> Result<VerifiedNote<'a>, NoteError> {
        let mut signers = Vec::new();
        for key in trusted {
            let mut claims = self.signatures.iter().filter(|signature| signature.is_by(key)).peekable();
            if claims.peek().is_none() {
                continue;
            }
            if !claims.all(|claim| key.accepts(&self.text, &claim.signature)) {
                return Err(NoteError::BadSignature { name: key.name().to_owned(), id: key.id() });
            }
            signers.push(key);
        }
        if signers.is_empty() {
            return Err(NoteError::NoKnownSignature {
                known: list(trusted.iter().map(|key| (key.name(), key.id()))),
                actual: list(self.signatures.iter().map(|signature| (signature.name(), signature.id()))),
            });
        }
        Ok(VerifiedNote { text: &self.text, signers })
    }

    /// The text, by whomever it is: for showing what was refused, never for acting on it.
    pub fn unverified_text(&self) -> &str {
        &self.text
    }

    /// All signature lines, unverified.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// The note as bytes, as it is stored and served.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| signature.fmt(f))
    }
}

/// Refuses control characters other than newline.
fn check_characters(text: &str) -> Result<(), NoteError> {
    match text.bytes().enumerate().find(|(_, byte)| *byte < b' ' && *byte != b'\n') {
        Some((at, byte)) => Err(NoteError::ControlCharacter { byte, at }),
        None => Ok(()),
    }
}

fn list<'a>(keys: impl Iterator<Item = (&'a str, KeyId)>) -> String {
    keys.map(|(name, id)| format!("{name} ({id})")).collect::<Vec<_>>().join(", ")
}
