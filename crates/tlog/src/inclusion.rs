//! Proofs that a leaf stands at an index of a tree (RFC 9162 §2.1.3).

use crate::hash::Hash;
use crate::path::{ProofError, check_length, climb_border, climb_inner, path_lengths};
use crate::source::{HashSource, left_width, range_root};
use crate::tree::TreeHead;

/// The siblings on the way from leaf `index` to the root of the tree over the first `size` leaves, lowest
/// first (`PATH` of RFC 9162 §2.1.3.1).
pub fn inclusion_proof<S: HashSource + ?Sized>(
    source: &S,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, ProofError> {
    if index >= size {
        return Err(ProofError::IndexBeyondSize { index, size });
    }
    let (mut first, mut end) = (0, size);
    let mut siblings = Vec::new();
    while end - first > 1 {
        let middle = first + left_width(end - first);
        if index < middle {
            siblings.push(range_root(source, middle, end)?);
            end = middle;
        } else {
            siblings.push(range_root(source, first, middle)?);
            first = middle;
        }
    }
    siblings.reverse();
    Ok(siblings)
}

/// Checks that the leaf with hash `leaf` stands at `index` of the tree with this head (RFC 9162 §2.1.3.2).
///
/// Size and root must come together from one checkpoint that was verified: the proof alone does not tie them.
pub fn verify_inclusion(proof: &[Hash], index: u64, leaf: &Hash, head: &TreeHead) -> Result<(), ProofError> {
    if index >= head.size {
        return Err(ProofError::IndexBeyondSize { index, size: head.size });
    }
    let (inner, border) = path_lengths(index, head.size);
    check_length(proof, (inner + border) as usize)?;
    let (inner, border) = proof.split_at(inner as usize);
    let actual = climb_border(climb_inner(*leaf, inner, index), border);
    if actual == head.root { Ok(()) } else { Err(ProofError::RootMismatch { expected: head.root, actual }) }
}
