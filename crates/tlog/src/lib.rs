//! Merkle tree, checkpoints and proofs: bytes in, bytes out.
//!
//! Hashing, inclusion and consistency proofs follow RFC 6962 §2.1 and RFC 9162 §2.1; notes and checkpoints
//! follow C2SP signed-note and tlog-checkpoint, tiles tlog-tiles, proofs in files tlog-proof, so that other people's tools verify what we publish.
//!
//! - A writer keeps a [`Tree`] (the frontier), appends leaf hashes, stores the nodes that
//!   [`Tree::append_with`] hands out and signs a [`Checkpoint`] over [`Tree::head`]. Before it signs, it
//!   holds the new head against the last one it signed: signing two heads that are not consistent is the one
//!   thing that a log must never do.
//! - A prover reads those nodes back through a [`HashSource`] for [`inclusion_proof`] and
//!   [`consistency_proof`]. It is enough to keep every eighth level ([`Tiled`]), which is what other people's tools
//!   fetch ([`Tile`]).
//! - A reader opens a checkpoint with the keys it trusts ([`Checkpoint::open`]) and checks proofs against its
//!   head ([`verify_inclusion`], [`verify_consistency`]). A file that holds all of it is an [`OfflineProof`].
//!
//! **Architecture invariant:** no I/O, no clock, no randomness, nothing else of ours. Key seeds come from
//! outside.

mod checkpoint;
mod consistency;
mod hash;
mod inclusion;
mod key;
mod note;
mod offline;
mod path;
mod source;
mod tile;
mod tree;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use consistency::{consistency_proof, verify_consistency};
pub use hash::{HASH_BYTES, Hash, leaf_hash, node_hash};
pub use inclusion::{inclusion_proof, verify_inclusion};
pub use key::{KeyError, KeyId, NoteSigner, VerifierKey};
pub use note::{NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX, NoteError, NoteSignature, SignedNote, VerifiedNote};
pub use offline::{OfflineProof, OfflineProofError};
pub use path::{ProofError, TreeSide};
pub use source::{HashSource, head_at};
pub use tile::{TILE_HEIGHT, TILE_WIDTH, Tile, TileLevels, TilePathError, Tiled, level_width};
pub use tree::{TREE_SIZE_MAX, Tree, TreeError, TreeHead, root_of_leaves};
