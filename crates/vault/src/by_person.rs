//! Hash maps by person.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use model::PersonId;

/// By person. The id is a keyed pseudonym: its bytes are uniform already, and nobody without the key can choose
/// people whose ids collide, so the library's keyed hash would be work for nothing.
pub(crate) type ByPerson<V> = HashMap<PersonId, V, BuildHasherDefault<PseudonymHasher>>;

/// Takes the last eight bytes as they are.
#[derive(Debug, Default, Clone)]
pub(crate) struct PseudonymHasher(u64);

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
