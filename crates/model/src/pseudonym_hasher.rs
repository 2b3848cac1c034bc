//! Hashing of pseudonyms.

use std::hash::Hasher;

/// Takes the last eight bytes of a keyed pseudonym as they are: they are uniform already, and nobody without the key can
/// choose ids that collide. Not the first: those choose the partition. A layout that depends on the content alone also
/// makes two replays of one log the same in memory.
#[derive(Debug, Default, Clone)]
pub struct PseudonymHasher(u64);

impl Hasher for PseudonymHasher {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(tail) = bytes.last_chunk() {
            self.0 = u64::from_le_bytes(*tail);
        }
    }

    /// The length of an array, which is always the same.
    fn write_usize(&mut self, _length: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}
