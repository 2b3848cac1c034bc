use std::collections::HashMap;

use tlog::{Hash, HashSource, TREE_SIZE_MAX, Tree, TreeError, root_of_leaves};

use crate::oracle::{leaves, mth};

#[test]
fn given_any_size_when_written_and_read_then_the_frontier_goes_on_as_if_never_stopped() {
    let all = leaves(130);
    for size in 0..=65 {
        let (before, after) = all.split_at(size);
        let stopped: Tree = before.iter().copied().collect();
        assert_eq!(stopped.root(), mth(before));
        let mut resumed = Tree::from_bytes(&stopped.to_bytes()).unwrap();
        assert_eq!(resumed, stopped);
        resumed.extend(after.iter().copied());
        assert_eq!(resumed.root(), mth(&all), "resumed at {size}");
        assert_eq!(resumed.size(), 130);
    }
}

#[test]
fn given_five_leaves_when_written_then_the_bytes_are_the_size_and_two_subtrees() {
    let leaves = leaves(5);
    let tree: Tree = leaves.iter().copied().collect();
    let four = root_of_leaves(&leaves[..4]);
    let expected = [[0, 0, 0, 0, 0, 0, 0, 5].as_slice(), four.as_bytes(), leaves[4].as_bytes()];
    assert_eq!(tree.to_bytes(), expected.concat());
    assert_eq!(Tree::new().to_bytes(), [0; 8]);
}

#[test]
fn given_damaged_bytes_when_read_then_the_error_says_what_was_expected() {
    let bytes = leaves(5).into_iter().collect::<Tree>().to_bytes();
    for cut in 0..8 {
        assert_eq!(Tree::from_bytes(&bytes[..cut]), Err(TreeError::TooShort { actual: cut }));
    }
    for cut in 8..bytes.len() {
        assert_eq!(
            Tree::from_bytes(&bytes[..cut]),
            Err(TreeError::Length { size: 5, expected: 72, actual: cut })
        );
    }
    for extra in [1, 32] {
        let long = [bytes.clone(), vec![0; extra]].concat();
        assert_eq!(
            Tree::from_bytes(&long),
            Err(TreeError::Length { size: 5, expected: 72, actual: 72 + extra })
        );
    }
    let beyond = (TREE_SIZE_MAX + 1).to_be_bytes();
    assert_eq!(Tree::from_bytes(&beyond), Err(TreeError::SizeBeyondMax { actual: 1 << 63 }));
    let message = Tree::from_bytes(&bytes[..71]).unwrap_err().to_string();
    assert!(message.contains("expected 72 bytes") && message.contains("got 71"), "{message}");
}

#[test]
fn given_the_largest_stored_size_when_appending_then_nothing_overflows() {
    let bytes = [TREE_SIZE_MAX.to_be_bytes().as_slice(), &[7; 63 * 32]].concat();
    let mut tree = Tree::from_bytes(&bytes).unwrap();
    assert_eq!(tree.append(Hash::from_bytes([7; 32])), TREE_SIZE_MAX);
    assert_eq!(tree.size(), 1 << 63);
    assert_eq!(tree.to_bytes().len(), 8 + 32);
}

#[test]
fn given_appends_when_nodes_are_handed_out_then_each_complete_node_comes_once_and_is_right() {
    let leaves = leaves(77);
    let mut tree = Tree::new();
    let mut nodes = HashMap::new();
    for leaf in &leaves {
        tree.append_with(*leaf, |level, index, hash| {
            assert_eq!(nodes.insert((level, index), hash), None, "node {level}/{index} came twice");
        });
    }
    let complete: usize = (0..7).map(|level| 77 >> level).sum();
    assert_eq!(nodes.len(), complete);
    for ((level, index), hash) in nodes {
        assert_eq!(leaves.as_slice().node(level, index), Some(hash), "node {level}/{index}");
    }
}
