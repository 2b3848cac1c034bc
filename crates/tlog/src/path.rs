//! What inclusion and consistency proofs share: the shape of a path from a leaf to the root, and the errors.
//!
//! Seen from leaf `index` of a tree of `size` leaves, a path has an inner part, up to where it meets the path
//! of the last leaf, in which siblings stand left or right by the index's bits; and a border part above, in
//! which all siblings stand left. It is RFC 9162's shifting of `fn` and `sn` with the length known
//! beforehand.

use thiserror::Error;

use crate::hash::{Hash, node_hash};

/// Which of the two trees of a consistency proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TreeSide {
    /// The smaller, earlier tree.
    Old,
    /// The larger, later tree.
    New,
}

impl std::fmt::Display for TreeSide {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Old => "old",
            Self::New => "new",
        })
    }
}

/// Why a proof cannot be made or does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The leaf is not in a tree of this size.
    #[error(
        "expected a leaf index below the tree size {size}, got {index}; ask for a checkpoint that covers the leaf"
    )]
    IndexBeyondSize {
        /// The leaf's index.
        index: u64,
        /// The tree's size in leaves.
        size: u64,
    },
    /// The old tree is larger than the new one.
    #[error("expected an old tree of at most {new} leaves (the new tree), got {old}; a log never shrinks")]
    SizesReversed {
        /// The old tree's size in leaves.
        old: u64,
        /// The new tree's size in leaves.
        new: u64,
    },
    /// The source of hashes lacks a node.
    #[error(
        "expected the node at level {level}, index {index}, but the source does not hold it; rebuild it from the log"
    )]
    MissingNode {
        /// Height above the leaves.
        level: u8,
        /// Position from the left in its level.
        index: u64,
    },
    /// The proof has another number of hashes than sizes and index call for.
    #[error("expected a proof of {expected} hashes, got {actual}; it was cut or belongs to other sizes")]
    Length {
        /// Hashes that the sizes call for.
        expected: usize,
        /// Hashes that were given.
        actual: usize,
    },
    /// Leaf and path do not lead to the tree's root.
    #[error(
        "expected root {expected}, but leaf and proof give {actual}; the leaf is not at this index of this tree"
    )]
    RootMismatch {
        /// Root of the tree head.
        expected: Hash,
        /// Root that the proof leads to.
        actual: Hash,
    },
    /// The proof does not lead to one of the two roots.
    #[error(
        "expected {side} root {expected}, but the proof gives {actual}; the new tree does not extend the old one"
    )]
    Inconsistent {
        /// Which tree's root fails.
        side: TreeSide,
        /// Root of that tree's head.
        expected: Hash,
        /// Root that the proof leads to.
        actual: Hash,
    },
}

/// Numbers of siblings in the inner and the border part of the path of leaf `index`, which is below `size`.
pub(crate) fn path_lengths(index: u64, size: u64) -> (u32, u32) {
    let inner = u64::BITS - (index ^ (size - 1)).leading_zeros();
    let border = index.checked_shr(inner).unwrap_or(0).count_ones();
    (inner, border)
}

/// Climbs the inner part: bit `i` of `index` says on which side sibling `i` stands.
pub(crate) fn climb_inner(seed: Hash, siblings: &[Hash], index: u64) -> Hash {
    let steps = (0..u64::BITS).map(|bit| index >> bit & 1 == 1);
    siblings.iter().zip(steps).fold(seed, |node, (sibling, is_right)| {
        if is_right { node_hash(sibling, &node) } else { node_hash(&node, sibling) }
    })
}

/// Climbs the inner part past the siblings that stand left only: those that an older tree had already.
pub(crate) fn climb_inner_left(seed: Hash, siblings: &[Hash], index: u64) -> Hash {
    let steps = (0..u64::BITS).map(|bit| index >> bit & 1 == 1);
    siblings
        .iter()
        .zip(steps)
        .filter(|(_, is_right)| *is_right)
        .fold(seed, |node, (sibling, _)| node_hash(sibling, &node))
}

/// Climbs the border part: all siblings stand left.
pub(crate) fn climb_border(seed: Hash, siblings: &[Hash]) -> Hash {
    siblings.iter().fold(seed, |node, sibling| node_hash(sibling, &node))
}

/// Refuses a proof that has not the expected number of hashes.
pub(crate) fn check_length(proof: &[Hash], expected: usize) -> Result<(), ProofError> {
    if proof.len() == expected { Ok(()) } else { Err(ProofError::Length { expected, actual: proof.len() }) }
}
