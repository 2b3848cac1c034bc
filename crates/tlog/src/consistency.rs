//! Proofs that a tree extends an older one (RFC 9162 §2.1.4).

use crate::hash::Hash;
use crate::path::{
    ProofError, TreeSide, check_length, climb_border, climb_inner, climb_inner_left, path_lengths,
};
use crate::source::{HashSource, left_width, range_root};
use crate::tree::TreeHead;

/// The nodes that lead both to the root over the first `old` leaves and to that over the first `new` leaves,
/// lowest first (`PROOF` of RFC 9162 §2.1.4.1).
///
/// Empty if the sizes are equal. Empty too if `old` is 0, which the RFC leaves out: any tree extends the
/// empty one.
pub fn consistency_proof<S: HashSource + ?Sized>(
    source: &S,
    old: u64,
    new: u64,
) -> Result<Vec<Hash>, ProofError> {
    if old > new {
        return Err(ProofError::SizesReversed { old, new });
    }
    if old == 0 {
        return Ok(Vec::new());
    }
    let (mut first, mut end) = (0, new);
    let mut nodes = Vec::new();
    while end != old {
        let middle = first + left_width(end - first);
        if old <= middle {
            nodes.push(range_root(source, middle, end)?);
            end = middle;
        } else {
            nodes.push(range_root(source, first, middle)?);
            first = middle;
        }
    }
    // From the left edge on, the range is the old tree itself, whose root the verifier knows.
    if first > 0 {
        nodes.push(range_root(source, first, end)?);
    }
    nodes.reverse();
    Ok(nodes)
}

/// Checks that the tree with head `new` extends the tree with head `old`: the same leaves first, then more
/// (RFC 9162 §2.1.4.2).
///
/// Each head's size and root must come together from a checkpoint that was verified.
pub fn verify_consistency(proof: &[Hash], old: &TreeHead, new: &TreeHead) -> Result<(), ProofError> {
    if old.size > new.size {
        return Err(ProofError::SizesReversed { old: old.size, new: new.size });
    }
    if old.size == 0 {
        check_length(proof, 0)?;
        check_root(TreeSide::Old, old, Hash::empty_root())?;
        // Two empty trees: the new root is known as well. Otherwise any root goes.
        return if new.size == 0 { check_root(TreeSide::New, new, old.root) } else { Ok(()) };
    }
    if old.size == new.size {
        check_length(proof, 0)?;
        return check_root(TreeSide::New, new, old.root);
    }
    // The climb starts at the old tree's smallest complete subtree, of 2^level leaves.
    let level = old.size.trailing_zeros();
    let (inner, border) = path_lengths(old.size - 1, new.size);
    let inner = (inner - level) as usize;
    // If that subtree is the whole old tree, its root is the start and the proof leaves it out.
    let seed_count = usize::from(!old.size.is_power_of_two());
    check_length(proof, seed_count + inner + border as usize)?;
    let (seed, siblings) = proof.split_at(seed_count);
    let seed = seed.first().copied().unwrap_or(old.root);
    let (inner, border) = siblings.split_at(inner);
    let index = (old.size - 1) >> level;
    check_root(TreeSide::Old, old, climb_border(climb_inner_left(seed, inner, index), border))?;
    check_root(TreeSide::New, new, climb_border(climb_inner(seed, inner, index), border))
}

fn check_root(side: TreeSide, head: &TreeHead, actual: Hash) -> Result<(), ProofError> {
    if head.root == actual {
        Ok(())
    } else {
        Err(ProofError::Inconsistent { side, expected: head.root, actual })
    }
}
