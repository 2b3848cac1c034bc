//! Hash maps whose layout depends on their content alone. The standard library's random hasher would make two
//! replays of one log differ in memory.

use std::hash::{BuildHasherDefault, Hasher};

use events::Position;
use model::{ContactPointId, PseudonymHasher};

/// By contact point. Its bytes are a keyed pseudonym and uniform already. Requests may name invented ids, but only
/// what a lender dispatched or a stop names is ever inserted.
pub(crate) type ByContact<V> = hashbrown::HashMap<ContactPointId, V, BuildHasherDefault<PseudonymHasher>>;

/// By number of a record.
pub(crate) type ByNumber<V> = hashbrown::HashMap<u32, V, BuildHasherDefault<NumberHasher>>;

/// By place in the log.
pub(crate) type ByPosition<V> = hashbrown::HashMap<Position, V, BuildHasherDefault<NumberHasher>>;

/// Spreads consecutive numbers (Fibonacci hashing).
#[derive(Debug, Default, Clone)]
pub(crate) struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(self.0 ^ u64::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
