//! Where a prover reads the nodes of a stored tree.

use crate::hash::Hash;
use crate::path::ProofError;
use crate::tree::{TreeHead, fold_subtrees, root_of_leaves};

/// The complete nodes of a tree.
///
/// Node `index` of level `level` covers the leaves from `index << level` up to, without, `(index + 1) <<
/// level`; level 0 holds the leaf hashes. Only complete nodes are asked for: they never change while the tree
/// grows.
pub trait HashSource {
    /// The node's hash, or `None` if the source does not hold it.
    fn node(&self, level: u8, index: u64) -> Option<Hash>;
}

/// Leaf hashes in order. Inner nodes are computed on each call: for small trees and for tests.
impl HashSource for [Hash] {
    fn node(&self, level: u8, index: u64) -> Option<Hash> {
        let width = 1u64.checked_shl(level.into())?;
        let first = index.checked_mul(width)?;
        let end = first.checked_add(width)?;
        self.get(usize::try_from(first).ok()?..usize::try_from(end).ok()?).map(root_of_leaves)
    }
}

/// The head of the tree over the first `size` leaves of the source.
pub fn head_at<S: HashSource + ?Sized>(source: &S, size: u64) -> Result<TreeHead, ProofError> {
    Ok(TreeHead { size, root: range_root(source, 0, size)? })
}

/// The hash over leaves `first..end`, where `first` is a multiple of the least power of two that is not below
/// `end - first`: the only ranges that RFC 6962 §2.1 hashes.
pub(crate) fn range_root<S: HashSource + ?Sized>(
    source: &S,
    first: u64,
    end: u64,
) -> Result<Hash, ProofError> {
    let mut subtrees = Vec::new();
    let mut next = first;
    while next < end {
        let level = (end - next).ilog2() as u8;
        let index = next >> level;
        subtrees.push(source.node(level, index).ok_or(ProofError::MissingNode { level, index })?);
        next += 1 << level;
    }
    Ok(fold_subtrees(&subtrees))
}

/// The leaves of a range's left child: the largest power of two below `leaves`, which is at least 2.
pub(crate) fn left_width(leaves: u64) -> u64 {
    1 << (leaves - 1).ilog2()
}
