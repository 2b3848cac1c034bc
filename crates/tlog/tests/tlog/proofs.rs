//! Every proof of every tree up to 64 leaves: equal to the RFC's own definition, and refused once changed.

use tlog::{
    Hash, ProofError, TreeHead, TreeSide, consistency_proof, inclusion_proof, leaf_hash, verify_consistency,
    verify_inclusion,
};

use crate::oracle::{leaves, mth, path, proof};

const SIZE_MAX: u64 = 64;

/// Each one-bit change per hash, each hash dropped, doubled, swapped with the next, and a stranger added at
/// each end.
fn mutations(proof: &[Hash]) -> Vec<Vec<Hash>> {
    let stranger = leaf_hash(b"stranger");
    let mut mutants = vec![[&[stranger], proof].concat(), [proof, &[stranger]].concat()];
    for i in 0..proof.len() {
        let mut flipped = proof.to_vec();
        let mut bytes = *proof[i].as_bytes();
        bytes[i % 32] ^= 1 << (i % 8);
        flipped[i] = Hash::from_bytes(bytes);
        let mut dropped = proof.to_vec();
        dropped.remove(i);
        let mut doubled = proof.to_vec();
        doubled.insert(i, proof[i]);
        mutants.extend([flipped, dropped, doubled]);
        if i + 1 < proof.len() {
            let mut swapped = proof.to_vec();
            swapped.swap(i, i + 1);
            mutants.push(swapped);
        }
    }
    mutants
}

fn heads(leaves: &[Hash]) -> Vec<TreeHead> {
    (0..=leaves.len()).map(|size| TreeHead { size: size as u64, root: mth(&leaves[..size]) }).collect()
}

#[test]
fn given_every_leaf_of_every_tree_when_proven_then_only_the_true_proof_holds() {
    let leaves = leaves(SIZE_MAX);
    let heads = heads(&leaves);
    for size in 1..=SIZE_MAX {
        let head = &heads[size as usize];
        for index in 0..size {
            let leaf = &leaves[index as usize];
            let proof = inclusion_proof(leaves.as_slice(), index, size).unwrap();
            assert_eq!(proof, path(index as usize, &leaves[..size as usize]), "leaf {index} of {size}");
            assert_eq!(verify_inclusion(&proof, index, leaf, head), Ok(()), "leaf {index} of {size}");
            for mutant in mutations(&proof) {
                assert!(
                    verify_inclusion(&mutant, index, leaf, head).is_err(),
                    "leaf {index} of {size}: {mutant:?}"
                );
            }
            for other in (0..size).filter(|other| *other != index) {
                assert!(
                    verify_inclusion(&proof, other, leaf, head).is_err(),
                    "leaf {index} of {size} as {other}"
                );
                assert!(verify_inclusion(&proof, index, &leaves[other as usize], head).is_err());
            }
            let wrong = TreeHead { size, root: heads[size as usize - 1].root };
            assert!(matches!(
                verify_inclusion(&proof, index, leaf, &wrong),
                Err(ProofError::RootMismatch { expected, actual }) if expected == wrong.root && actual == head.root
            ));
        }
    }
}

#[test]
fn given_every_pair_of_trees_when_proven_then_only_the_true_proof_holds() {
    let leaves = leaves(SIZE_MAX);
    let heads = heads(&leaves);
    let strange = leaf_hash(b"stranger");
    for new in 1..=SIZE_MAX {
        let new_head = &heads[new as usize];
        for old in 1..=new {
            let old_head = &heads[old as usize];
            let proven = consistency_proof(leaves.as_slice(), old, new).unwrap();
            assert_eq!(proven, proof(old as usize, &leaves[..new as usize]), "{old} to {new}");
            assert_eq!(verify_consistency(&proven, old_head, new_head), Ok(()), "{old} to {new}");
            for mutant in mutations(&proven) {
                assert!(
                    verify_consistency(&mutant, old_head, new_head).is_err(),
                    "{old} to {new}: {mutant:?}"
                );
            }
            let wrong_old = TreeHead { size: old, root: strange };
            assert!(verify_consistency(&proven, &wrong_old, new_head).is_err(), "{old} to {new}");
            let wrong_new = TreeHead { size: new, root: strange };
            assert!(verify_consistency(&proven, old_head, &wrong_new).is_err(), "{old} to {new}");
        }
    }
}

#[test]
fn given_a_rewritten_history_when_the_forger_proves_its_own_tree_then_the_old_head_refuses_it() {
    let honest = leaves(SIZE_MAX);
    for old in 1..=SIZE_MAX {
        let old_head = TreeHead { size: old, root: mth(&honest[..old as usize]) };
        for rewritten in 0..old {
            let mut forged = honest.clone();
            forged[rewritten as usize] = leaf_hash(b"forged");
            let forged_head = TreeHead { size: SIZE_MAX, root: mth(&forged) };
            let proof = consistency_proof(forged.as_slice(), old, SIZE_MAX).unwrap();
            assert!(
                verify_consistency(&proof, &old_head, &forged_head).is_err(),
                "leaf {rewritten}, head {old}"
            );
        }
    }
}

#[test]
fn given_an_empty_old_tree_when_verified_then_any_tree_extends_it_but_only_by_an_empty_proof() {
    let leaves = leaves(3);
    let heads = heads(&leaves);
    assert_eq!(consistency_proof(leaves.as_slice(), 0, 3), Ok(vec![]));
    assert_eq!(verify_consistency(&[], &heads[0], &heads[3]), Ok(()));
    assert_eq!(verify_consistency(&[], &heads[0], &heads[0]), Ok(()));
    assert_eq!(
        verify_consistency(&leaves[..1], &heads[0], &heads[3]),
        Err(ProofError::Length { expected: 0, actual: 1 })
    );
    let forged = TreeHead { size: 0, root: heads[1].root };
    assert!(matches!(
        verify_consistency(&[], &forged, &heads[3]),
        Err(ProofError::Inconsistent { side: TreeSide::Old, .. })
    ));
    assert!(matches!(
        verify_consistency(&[], &heads[0], &forged),
        Err(ProofError::Inconsistent { side: TreeSide::New, .. })
    ));
}

#[test]
fn given_impossible_questions_when_asked_then_the_error_says_what_was_expected() {
    let leaves = leaves(4);
    let heads = heads(&leaves);
    let source = leaves.as_slice();
    let beyond = ProofError::IndexBeyondSize { index: 4, size: 4 };
    assert_eq!(inclusion_proof(source, 4, 4), Err(beyond.clone()));
    assert_eq!(verify_inclusion(&[], 4, &leaves[0], &heads[4]), Err(beyond.clone()));
    assert!(beyond.to_string().contains("below the tree size 4, got 4"));
    assert_eq!(inclusion_proof(source, 0, 0), Err(ProofError::IndexBeyondSize { index: 0, size: 0 }));
    let reversed = ProofError::SizesReversed { old: 4, new: 3 };
    assert_eq!(consistency_proof(source, 4, 3), Err(reversed.clone()));
    assert_eq!(verify_consistency(&[], &heads[4], &heads[3]), Err(reversed));
    // Leaf 4 is asked of a source that holds leaves 0 to 3.
    assert_eq!(inclusion_proof(source, 0, 5), Err(ProofError::MissingNode { level: 0, index: 4 }));
    assert_eq!(consistency_proof(source, 4, 5), Err(ProofError::MissingNode { level: 0, index: 4 }));
    let cut = inclusion_proof(source, 0, 4).unwrap();
    assert_eq!(
        verify_inclusion(&cut[..1], 0, &leaves[0], &heads[4]),
        Err(ProofError::Length { expected: 2, actual: 1 })
    );
}
