//! Sizes up to the whole of `u64`, where a wrong shift would show: over leaves that are all alike, so that
//! one hash per level is the whole tree.

use tlog::{
    Hash, HashSource, consistency_proof, head_at, inclusion_proof, leaf_hash, node_hash, verify_consistency,
    verify_inclusion,
};

/// The hash of each level's complete nodes.
struct AlikeLeaves([Hash; 64]);

impl AlikeLeaves {
    fn new() -> Self {
        let mut levels = [leaf_hash(b"alike"); 64];
        for level in 1..64 {
            levels[level] = node_hash(&levels[level - 1], &levels[level - 1]);
        }
        Self(levels)
    }
}

impl HashSource for AlikeLeaves {
    fn node(&self, level: u8, _index: u64) -> Option<Hash> {
        self.0.get(usize::from(level)).copied()
    }
}

fn sizes() -> impl Iterator<Item = u64> + Clone {
    let around_powers = (1..64).flat_map(|bit| [(1u64 << bit) - 1, 1 << bit, (1 << bit) + 1]);
    around_powers.chain([
        12_345_678_901,
        0x5555_5555_5555_5555,
        0xaaaa_aaaa_aaaa_aaaa,
        u64::MAX - 1,
        u64::MAX,
    ])
}

#[test]
fn given_sizes_around_every_power_of_two_when_proven_then_every_proof_holds_and_a_flipped_one_does_not() {
    let source = AlikeLeaves::new();
    let leaf = source.0[0];
    for new in sizes() {
        let head = head_at(&source, new).unwrap();
        for index in [0, new / 3, new / 2, new - 1] {
            let mut proof = inclusion_proof(&source, index, new).unwrap();
            assert_eq!(verify_inclusion(&proof, index, &leaf, &head), Ok(()), "leaf {index} of {new}");
            if let Some(last) = proof.last_mut() {
                *last = leaf_hash(b"other");
                assert!(verify_inclusion(&proof, index, &leaf, &head).is_err(), "leaf {index} of {new}");
            }
        }
        for old in sizes().filter(|old| *old <= new) {
            let old_head = head_at(&source, old).unwrap();
            let mut proof = consistency_proof(&source, old, new).unwrap();
            assert_eq!(verify_consistency(&proof, &old_head, &head), Ok(()), "{old} to {new}");
            if let Some(first) = proof.first_mut() {
                *first = leaf_hash(b"other");
                assert!(verify_consistency(&proof, &old_head, &head).is_err(), "{old} to {new}");
            }
        }
    }
}
