//! Hash maps by person.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use model::{PersonId, PseudonymHasher};

/// By person. The id is a keyed pseudonym: its bytes are uniform already, and nobody without the key can choose
/// people whose ids collide, so the library's keyed hash would be work for nothing.
pub(crate) type ByPerson<V> = HashMap<PersonId, V, BuildHasherDefault<PseudonymHasher>>;
