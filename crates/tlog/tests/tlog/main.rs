//! One binary over the public API of `tlog`.

mod checkpoints;
mod frontier;
mod large_trees;
mod notes;
mod oracle;
mod proofs;
mod reference_vectors;
