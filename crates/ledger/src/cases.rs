//! The table of cases. Cases are never removed, so they stand in chunks in the order of opening, and a hash
//! table of 8-byte entries finds them. Against one table of whole cases this halves the memory just after
//! the table has grown, touches no case when it grows, and makes snapshots of equal states equal bytes.

use std::fmt;

use hashbrown::HashTable;
use model::CaseId;
use serde::de::{SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::case::Case;

const CHUNK: usize = 4096;

/// All cases of a partition.
#[derive(Default)]
pub struct Cases {
    chunks: Vec<Vec<Case>>,
    index: HashTable<Entry>,
}

/// Where a case stands.
#[derive(Debug, Clone, Copy)]
struct Entry {
    /// Of its id, so that a growing table need not look at the cases.
    hash: u32,
    number: u32,
}

impl Cases {
    pub fn get(&self, id: CaseId) -> Option<&Case> {
        self.find(id).map(|number| at(&self.chunks, number))
    }

    pub fn get_mut(&mut self, id: CaseId) -> Option<&mut Case> {
        let number = self.find(id)? as usize;
        self.chunks.get_mut(number / CHUNK)?.get_mut(number % CHUNK)
    }

    /// Adds a case; false if its id is there already.
    pub fn insert(&mut self, case: Case) -> bool {
        if self.find(case.id).is_some() {
            return false;
        }
        let entry = Entry { hash: hash(case.id), number: self.len() as u32 };
        match self.chunks.last_mut() {
            Some(chunk) if chunk.len() < CHUNK => chunk.push(case),
            _ => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(case);
                self.chunks.push(chunk);
            }
        }
        self.index.insert_unique(spread(entry.hash), entry, |entry| spread(entry.hash));
        true
    }

    pub fn len(&self) -> usize {
        self.index.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Case> {
        self.chunks.iter().flatten()
    }

    fn find(&self, id: CaseId) -> Option<u32> {
        let hash = hash(id);
        let same = |entry: &Entry| entry.hash == hash && at(&self.chunks, entry.number).id == id;
        self.index.find(spread(hash), same).map(|entry| entry.number)
    }
}

/// Case `number`, which the index has given out.
fn at(chunks: &[Vec<Case>], number: u32) -> &Case {
    let number = number as usize;
    &chunks[number / CHUNK][number % CHUNK]
}

/// A case id is a keyed pseudonym: its bytes are uniform already, and nobody without the key can choose
/// them to collide. The first bytes choose the partition, so the last are used.
fn hash(id: CaseId) -> u32 {
    let mut tail = [0; 4];
    tail.copy_from_slice(&id.0[12..]);
    u32::from_le_bytes(tail)
}

/// The table takes a bucket from the low bits and a tag from the highest.
fn spread(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}

impl fmt::Debug for Cases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cases({})", self.len())
    }
}

impl Serialize for Cases {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.len()))?;
        self.iter().try_for_each(|case| seq.serialize_element(case))?;
        seq.end()
    }
}

impl<'de> Deserialize<'de> for Cases {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Table;
        impl<'de> Visitor<'de> for Table {
            type Value = Cases;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sequence of cases")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Cases, A::Error> {
                let mut cases = Cases::default();
                while let Some(case) = seq.next_element::<Case>()? {
                    if !cases.insert(case) {
                        return Err(serde::de::Error::custom("expected each case once, got one twice"));
                    }
                }
                Ok(cases)
            }
        }
        deserializer.deserialize_seq(Table)
    }
}
