//! Regions: whose law may protect a contact point.

use std::collections::BTreeMap;

use model::Region;
use serde::{Deserialize, Serialize};

/// A set of regions; most contact points share a handful of sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct RegionSet(u32);

/// Every set of regions in use.
#[derive(Debug)]
pub(crate) struct Regions {
    /// Sorted; the first set is empty.
    sets: Vec<Vec<Region>>,
    numbers: BTreeMap<Vec<Region>, RegionSet>,
}

impl From<Vec<Vec<Region>>> for Regions {
    fn from(sets: Vec<Vec<Region>>) -> Self {
        // Fewer than 2^32 sets, as `union` sees to.
        let numbers =
            sets.iter().enumerate().map(|(index, set)| (set.clone(), RegionSet(index as u32))).collect();
        Self { sets, numbers }
    }
}

impl From<Regions> for Vec<Vec<Region>> {
    fn from(regions: Regions) -> Self {
        regions.sets
    }
}

impl Default for Regions {
    fn default() -> Self {
        vec![Vec::new()].into()
    }
}

impl Regions {
    /// Its regions.
    pub fn of(&self, set: RegionSet) -> &[Region] {
        self.sets.get(set.0 as usize).map_or(&[], Vec::as_slice)
    }

    /// The set with these regions added.
    pub fn union(&mut self, set: RegionSet, more: &[Region]) -> RegionSet {
        let mut regions = self.of(set).to_vec();
        regions.extend_from_slice(more);
        regions.sort_unstable();
        regions.dedup();
        if let Some(number) = self.numbers.get(&regions) {
            return *number;
        }
        let Ok(number) = u32::try_from(self.sets.len()).map(RegionSet) else { return set };
        self.numbers.insert(regions.clone(), number);
        self.sets.push(regions);
        number
    }

    /// Every set, in order of number.
    pub fn sets(&self) -> impl Iterator<Item = &[Region]> {
        self.sets.iter().map(Vec::as_slice)
    }
}

impl RegionSet {
    /// Its number, from 0.
    pub const fn number(self) -> usize {
        self.0 as usize
    }
}
