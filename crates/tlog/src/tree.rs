//! The growing edge of the tree: all that a writer needs to append and to know its root.

use thiserror::Error;

use crate::hash::{HASH_BYTES, Hash, node_hash};

/// Largest tree that is read from stored bytes, in leaves. Half the range of `u64`, as other people's tools
/// keep sizes in signed 64-bit integers, and so that appending cannot overflow.
pub const TREE_SIZE_MAX: u64 = i64::MAX as u64;

const SIZE_BYTES: usize = size_of::<u64>();

/// A tree's size in leaves and its root: what a checkpoint commits to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeHead {
    /// Number of leaves.
    pub size: u64,
    /// Merkle tree hash over the first `size` leaves.
    pub root: Hash,
}

impl TreeHead {
    /// The head of the tree without leaves.
    pub fn empty() -> Self {
        Self { size: 0, root: Hash::empty_root() }
    }
}

/// Why stored bytes are not a tree's frontier.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TreeError {
    /// Fewer bytes than the size field.
    #[error(
        "expected a frontier of at least 8 bytes (the tree size), got {actual}; restore it or rebuild it from the log"
    )]
    TooShort {
        /// Bytes that were given.
        actual: usize,
    },
    /// A size that no tree of ours reaches.
    #[error(
        "expected a tree size of at most {TREE_SIZE_MAX}, got {actual}; restore the frontier or rebuild it from the log"
    )]
    SizeBeyondMax {
        /// The size field.
        actual: u64,
    },
    /// The size calls for another number of hashes.
    #[error(
        "expected {expected} bytes for the frontier of {size} leaves, got {actual}; restore it or rebuild it from the log"
    )]
    Length {
        /// The size field.
        size: u64,
        /// Bytes that this size takes.
        expected: usize,
        /// Bytes that were given.
        actual: usize,
    },
}

/// The frontier of an append-only Merkle tree: the roots of its complete subtrees, one per set bit of the
/// size.
///
/// At most 64 hashes whatever the size. Appending hashes once per leaf on average, the root takes at most 63
/// hashes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    /// Largest (leftmost) subtree first; its length is the number of set bits of `size`.
    subtrees: Vec<Hash>,
}

impl Tree {
    /// The tree without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf by its hash ([`leaf_hash`](crate::leaf_hash)) and gives its index.
    pub fn append(&mut self, leaf: Hash) -> u64 {
        self.append_with(leaf, |_, _, _| {})
    }

    /// Appends a leaf and hands out every node that it completes, from the leaf (level 0) upwards, as level,
    /// index and hash: the nodes that a [`HashSource`](crate::HashSource) must later give back. Gives the
    /// leaf's index.
    pub fn append_with(&mut self, leaf: Hash, mut completed: impl FnMut(u8, u64, Hash)) -> u64 {
        let index = self.size;
        let mut level = 0;
        let mut node = leaf;
        completed(level, index, node);
        // Each trailing one of the old size is a complete subtree that waits for its right sibling.
        for _ in 0..index.trailing_ones() {
            if let Some(left) = self.subtrees.pop() {
                level += 1;
                node = node_hash(&left, &node);
                completed(level, index >> level, node);
            }
        }
        self.subtrees.push(node);
        self.size += 1;
        index
    }

    /// The root at the current size.
    pub fn root(&self) -> Hash {
        fold_subtrees(&self.subtrees)
    }

    /// Size and root together.
    pub fn head(&self) -> TreeHead {
        TreeHead { size: self.size, root: self.root() }
    }

    /// The frontier as bytes: the size (8 bytes, big-endian), then the subtrees' hashes (32 bytes each),
    /// largest first.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SIZE_BYTES + self.subtrees.len() * HASH_BYTES);
        bytes.extend_from_slice(&self.size.to_be_bytes());
        self.subtrees.iter().for_each(|hash| bytes.extend_from_slice(hash.as_bytes()));
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// Size and length are checked. The hashes cannot be: hold [`head`](Self::head) against the last signed
    /// checkpoint.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TreeError> {
        let Some((size, rest)) = bytes.split_first_chunk::<SIZE_BYTES>() else {
            return Err(TreeError::TooShort { actual: bytes.len() });
        };
        let size = u64::from_be_bytes(*size);
        if size > TREE_SIZE_MAX {
            return Err(TreeError::SizeBeyondMax { actual: size });
        }
        let (hashes, remainder) = rest.as_chunks::<HASH_BYTES>();
        let count = size.count_ones() as usize;
        if hashes.len() != count || !remainder.is_empty() {
            let expected = SIZE_BYTES + count * HASH_BYTES;
            return Err(TreeError::Length { size, expected, actual: bytes.len() });
        }
        Ok(Self { size, subtrees: hashes.iter().copied().map(Hash::from_bytes).collect() })
    }
}

impl Extend<Hash> for Tree {
    fn extend<I: IntoIterator<Item = Hash>>(&mut self, leaves: I) {
        leaves.into_iter().for_each(|leaf| {
            self.append(leaf);
        });
    }
}

impl FromIterator<Hash> for Tree {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> Self {
        let mut tree = Self::new();
        tree.extend(leaves);
        tree
    }
}

/// The root over these leaf hashes, in order.
pub fn root_of_leaves(leaves: &[Hash]) -> Hash {
    leaves.iter().copied().collect::<Tree>().root()
}

/// Joins complete subtrees, largest first, into one hash; the empty root if there is none.
pub(crate) fn fold_subtrees(subtrees: &[Hash]) -> Hash {
    subtrees
        .iter()
        .copied()
        .rev()
        .reduce(|right, left| node_hash(&left, &right))
        .unwrap_or_else(Hash::empty_root)
}
