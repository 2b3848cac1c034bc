//! Records by id: one flat list, numbered in the order in which they came, and an index of five bytes a place. At ten
//! million contact points the numbers are what makes a link a quarter of what three ids would take.

use std::hash::{Hash, Hasher};

use hashbrown::HashTable;
use model::{CaseId, ContactPointId, PersonId, PseudonymHasher};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An id whose records are numbered.
pub(crate) trait Numbered: Copy + Eq + Hash {
    /// The number, within one state.
    type Number: Copy + From<u32> + Into<u32>;
}

/// Something that is kept by its id.
pub(crate) trait Record {
    type Id: Numbered;

    fn id(&self) -> Self::Id;
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident of $id:ty;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
        pub(crate) struct $name(pub u32);

        impl From<u32> for $name {
            fn from(number: u32) -> Self {
                Self(number)
            }
        }

        impl From<$name> for u32 {
            fn from(number: $name) -> Self {
                number.0
            }
        }

        impl Numbered for $id {
            type Number = $name;
        }
    )*};
}

numbers! {
    /// The number of a contact point.
    ContactNumber of ContactPointId;
    /// The number of a person.
    PersonNumber of PersonId;
    /// The number of a case.
    CaseNumber of CaseId;
}

type Id<R> = <R as Record>::Id;
type Number<R> = <Id<R> as Numbered>::Number;

/// Records by id and by number. None is ever taken out.
#[derive(Debug)]
pub(crate) struct Arena<R> {
    records: Vec<R>,
    index: HashTable<u32>,
}

impl<R> Default for Arena<R> {
    fn default() -> Self {
        Self { records: Vec::new(), index: HashTable::new() }
    }
}

impl<R: Record> Arena<R> {
    /// The number of an id.
    pub fn number(&self, id: &Id<R>) -> Option<Number<R>> {
        let records = &self.records;
        let same = |number: &u32| records.get(*number as usize).is_some_and(|record| record.id() == *id);
        self.index.find(hash(*id), same).map(|number| Number::<R>::from(*number))
    }

    /// The number that an id most probably has, without a look at its record.
    pub fn guess(&self, id: &Id<R>) -> Option<u32> {
        self.index.find(hash(*id), |_| true).copied()
    }

    pub fn len(&self) -> usize {
        self.records.len()
    }

    pub fn get(&self, id: &Id<R>) -> Option<&R> {
        self.at(self.number(id)?)
    }

    pub fn get_mut(&mut self, id: &Id<R>) -> Option<&mut R> {
        self.at_mut(self.number(id)?)
    }

    pub fn at(&self, number: Number<R>) -> Option<&R> {
        self.records.get(number.into() as usize)
    }

    pub fn at_mut(&mut self, number: Number<R>) -> Option<&mut R> {
        self.records.get_mut(number.into() as usize)
    }

    /// The record of an id, with its number; a new one is made where there is none.
    pub fn get_or(&mut self, id: Id<R>, new: impl FnOnce(Id<R>) -> R) -> (Number<R>, &mut R) {
        let number = match self.number(&id) {
            Some(number) => number.into(),
            None => {
                // Beyond 2^32 records, half a terabyte, nothing is found any more, and what is not found is refused.
                let number = u32::try_from(self.records.len()).unwrap_or(u32::MAX);
                self.records.push(new(id));
                insert(&mut self.index, &self.records, hash(id), number);
                number
            }
        };
        (number.into(), &mut self.records[number as usize])
    }
}

impl<R: Record> From<Vec<R>> for Arena<R> {
    fn from(records: Vec<R>) -> Self {
        let mut index = HashTable::with_capacity(records.len());
        for (number, record) in (0_u32..).zip(&records) {
            insert(&mut index, &records, hash(record.id()), number);
        }
        Self { records, index }
    }
}

fn insert<R: Record>(index: &mut HashTable<u32>, records: &[R], hashed: u64, number: u32) {
    let again = |number: &u32| records.get(*number as usize).map_or(0, |record| hash(record.id()));
    index.insert_unique(hashed, number, again);
}

fn hash(id: impl Hash) -> u64 {
    let mut hasher = PseudonymHasher::default();
    id.hash(&mut hasher);
    hasher.finish()
}

impl<R: Serialize> Serialize for Arena<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.records.serialize(serializer)
    }
}

impl<'de, R: Record + Deserialize<'de>> Deserialize<'de> for Arena<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<R>::deserialize(deserializer).map(Self::from)
    }
}
