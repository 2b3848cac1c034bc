//! Proofs in a file (C2SP tlog-proof): what somebody needs to check, without asking anybody, that a leaf was logged. By
//! custom they end in `.tlog-proof`.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use crate::checkpoint::{Checkpoint, CheckpointError, parse_root, parse_size};
use crate::hash::Hash;
use crate::inclusion::verify_inclusion;
use crate::key::VerifierKey;
use crate::path::ProofError;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// A path climbs at most one level a bit of the size.
const HASHES_MAX: usize = 64;

/// Why a proof in a file does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OfflineProofError {
    /// A line is not what stands there.
    #[error("expected {expected} on line {line}, got {actual:?}; the proof was cut or is none")]
    Line {
        /// Number of the line, from 1.
        line: usize,
        /// What stands there in a proof.
        expected: &'static str,
        /// The line.
        actual: String,
    },
    /// The checkpoint is refused.
    #[error("the checkpoint in the proof: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// Leaf and path do not lead to the checkpoint's root.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

/// A leaf's place, its path to the root, and the signed checkpoint with that root. `Display` and `FromStr` are the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfflineProof {
    /// Opaque, and not covered by any signature.
    pub extra: Option<Vec<u8>>,
    /// The leaf's index.
    pub index: u64,
    /// As [`inclusion_proof`](crate::inclusion_proof) gives it, for the checkpoint's size.
    pub path: Vec<Hash>,
    /// The signed note, as the log gave it.
    pub checkpoint: String,
}

impl OfflineProof {
    /// Checks that `leaf` was logged at the index by the log `origin`, whose keys are `trusted`. The checkpoint, for
    /// whoever also wants to hold it against another.
    pub fn verify(
        &self,
        leaf: &Hash,
        origin: &str,
        trusted: &[VerifierKey],
    ) -> Result<Checkpoint, OfflineProofError> {
        let checkpoint = Checkpoint::open(self.checkpoint.as_bytes(), origin, trusted)?;
        verify_inclusion(&self.path, self.index, leaf, checkpoint.head())?;
        Ok(checkpoint)
    }
}

impl fmt::Display for OfflineProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{}", STANDARD.encode(hash.as_bytes())))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for OfflineProof {
    type Err = OfflineProofError;

    fn from_str(text: &str) -> Result<Self, OfflineProofError> {
        let mut rest = Lines { text, line: 0 };
        let unlike = |line: usize, expected, actual: &str| OfflineProofError::Line {
            line,
            expected,
            actual: actual.to_owned(),
        };
        match rest.next() {
            FIRST_LINE => {}
            actual => return Err(unlike(1, FIRST_LINE, actual)),
        }
        let mut line = rest.next();
        let extra = match line.strip_prefix("extra ") {
            Some(extra) => {
                let bytes = STANDARD.decode(extra).map_err(|_| unlike(2, "extra data in base64", line))?;
                line = rest.next();
                Some(bytes)
            }
            None => None,
        };
        let index = line.strip_prefix("index ").and_then(parse_size);
        let index = index.ok_or_else(|| unlike(rest.line, "index and a number", line))?;
        let mut path = Vec::new();
        loop {
            match rest.next() {
                "" => break,
                line => match parse_root(line).filter(|_| path.len() < HASHES_MAX) {
                    Some(hash) => path.push(hash),
                    None => {
                        return Err(unlike(
                            rest.line,
                            "a hash in base64, or the empty line behind the last",
                            line,
                        ));
                    }
                },
            }
        }
        Ok(Self { extra, index, path, checkpoint: rest.text.to_owned() })
    }
}

/// Lines one after the other; behind the last, empty ones.
struct Lines<'a> {
    text: &'a str,
    line: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> &'a str {
        let (line, rest) = self.text.split_once('\n').unwrap_or((self.text, ""));
        (self.text, self.line) = (rest, self.line + 1);
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NoteSigner, TreeHead, inclusion_proof, leaf_hash, root_of_leaves};

    const ORIGIN: &str = "example.com/log";

    fn signer() -> NoteSigner {
        NoteSigner::from_seed(ORIGIN, &[7; 32]).expect("a name")
    }

    /// The proof of leaf 5 of 11, with that leaf.
    fn proof(extra: Option<&[u8]>) -> (OfflineProof, Hash) {
        let leaves: Vec<Hash> = (0..11_u8).map(|number| leaf_hash(&[number])).collect();
        let head = TreeHead { size: 11, root: root_of_leaves(&leaves) };
        let note = Checkpoint::new(ORIGIN, head).expect("a line").sign(&signer()).expect("signed");
        let proof = OfflineProof {
            extra: extra.map(<[u8]>::to_vec),
            index: 5,
            path: inclusion_proof(&leaves[..], 5, 11).expect("a path"),
            checkpoint: String::from_utf8(note.to_bytes()).expect("text"),
        };
        (proof, leaves[5])
    }

    #[test]
    fn given_a_proof_when_written_and_read_then_it_verifies() {
        for extra in [None, Some(&b"more"[..])] {
            let (proof, leaf) = proof(extra);
            let read: OfflineProof = proof.to_string().parse().expect("a proof");
            assert_eq!(read, proof);
            let checkpoint =
                read.verify(&leaf, ORIGIN, &[signer().verifier_key().clone()]).expect("it holds");
            assert_eq!(checkpoint.head().size, 11);
        }
    }

    #[test]
    fn given_a_proof_then_it_has_the_form_of_the_specification() {
        let text = proof(Some(b"more")).0.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..3], ["c2sp.org/tlog-proof@v1", "extra bW9yZQ==", "index 5"]);
        assert_eq!((lines[7], lines[8], lines[9]), ("", ORIGIN, "11"), "{text}");
    }

    #[test]
    fn given_another_leaf_index_key_or_origin_when_verified_then_it_is_refused() {
        let (proof, leaf) = proof(None);
        let keys = [signer().verifier_key().clone()];
        let others = [NoteSigner::from_seed(ORIGIN, &[8; 32]).expect("a name").verifier_key().clone()];
        assert!(proof.verify(&leaf_hash(b"another"), ORIGIN, &keys).is_err());
        assert!(OfflineProof { index: 4, ..proof.clone() }.verify(&leaf, ORIGIN, &keys).is_err());
        assert!(proof.verify(&leaf, "example.com/other", &keys).is_err());
        assert!(proof.verify(&leaf, ORIGIN, &others).is_err());
    }

    #[test]
    fn given_any_flipped_bit_when_read_then_it_is_refused_or_means_the_same() {
        let (proof, leaf) = proof(None);
        let (text, keys) = (proof.to_string().into_bytes(), [signer().verifier_key().clone()]);
        for bit in 0..text.len() * 8 {
            let mut damaged = text.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let Ok(damaged) = String::from_utf8(damaged) else { continue };
            let read = damaged.parse::<OfflineProof>();
            let held = read.is_ok_and(|read| read.verify(&leaf, ORIGIN, &keys).is_ok());
            assert!(!held, "bit {bit}: {damaged}");
        }
    }

    #[test]
    fn given_a_text_that_is_no_proof_when_read_then_the_line_is_named() {
        let fault = |text: &str| text.parse::<OfflineProof>().expect_err("no proof").to_string();
        let expected =
            "expected index and a number on line 2, got \"index 01\"; the proof was cut or is none";
        assert_eq!(fault("c2sp.org/tlog-proof@v1\nindex 01\n\n"), expected);
        assert!(fault("").contains("on line 1"));
        assert!(fault("c2sp.org/tlog-proof@v1\nindex 1\nabc\n\n").contains("on line 3"));
    }
}
