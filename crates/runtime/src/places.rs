//! A table of small numbers, found by the hash of what they stand for. It is made for looking up what is not there,
//! which is what nearly every command asks for: one line of the processor's cache tells, and the same line is then
//! written. Nothing is ever removed: whoever owns the table says which numbers still stand for something, and the
//! others are written over.

use hashbrown::HashTable;

/// As many as fit a line of the cache.
const BUCKET: usize = 8;

/// Buckets of a new table.
const BUCKETS_MIN: usize = 64;

/// A table is as large as leaves half of it free, so that few of its buckets overflow.
const GOOD_LOAD: usize = BUCKET / 2;

/// Each place with 32 bits of the hash above it.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct Bucket([u64; BUCKET]);

/// See the module.
#[derive(Debug, Default)]
pub struct Places {
    /// A power of two of them, or none.
    buckets: Vec<Bucket>,
    /// What found its bucket full.
    overflow: HashTable<u32>,
    /// How many there may be before those that stand for nothing are swept out.
    overflow_max: usize,
}

impl Places {
    /// With room for so many.
    pub fn with_room(room: usize) -> Self {
        let buckets = room.div_ceil(GOOD_LOAD).max(BUCKETS_MIN).next_power_of_two();
        Self { buckets: vec![Bucket::default(); buckets], overflow: HashTable::new(), overflow_max: BUCKET }
    }

    /// How many it has room for.
    pub fn room(&self) -> usize {
        self.buckets.len() * GOOD_LOAD
    }

    /// Reads where [`Self::find`] will look, so that it need not wait for the memory.
    pub fn fetch(&self, hash: u64) -> u64 {
        self.buckets.get(self.bucket_of(hash)).map_or(0, |Bucket([first, ..])| *first)
    }

    /// The place with this hash of which `is_it` is true.
    pub fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let Bucket(bucket) = self.buckets.get(self.bucket_of(hash))?;
        for entry in bucket {
            if entry >> 32 == hash >> 32 && is_it(*entry as u32) {
                return Some(*entry as u32);
            }
        }
        match self.overflow.is_empty() {
            true => None,
            false => self.overflow.find(hash, |place| is_it(*place)).copied(),
        }
    }

    /// Enters a place that is not there. `stands` is whether a place still stands for something; its hash then is
    /// `hash_of`.
    pub fn enter(
        &mut self,
        hash: u64,
        place: u32,
        stands: impl Fn(u32) -> bool,
        hash_of: impl Fn(u32) -> u64,
    ) {
        let index = self.bucket_of(hash);
        let bucket = self.buckets.get_mut(index).map(|Bucket(bucket)| bucket);
        let free = bucket.and_then(|bucket| bucket.iter_mut().find(|entry| !stands(**entry as u32)));
        if let Some(free) = free {
            *free = hash >> 32 << 32 | u64::from(place);
            return;
        }
        if self.overflow.len() >= self.overflow_max {
            self.overflow.retain(|place| stands(*place));
            self.overflow_max = 2 * self.overflow.len().max(BUCKET);
        }
        self.overflow.insert_unique(hash, place, |place| hash_of(*place));
    }

    fn bucket_of(&self, hash: u64) -> usize {
        hash as usize & self.buckets.len().wrapping_sub(1)
    }
}
