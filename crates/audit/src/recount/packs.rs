//! The rule packs of a log: which were in force when, and for whom.

use std::collections::HashMap;

use events::Position;
use model::{AgencyId, LenderId, Region, Timestamp};
use policy::Pack;
use policy::pack::{Applies, Owner, Rule};

use super::history::Place;
use super::local::midnight;

const DAY_MS: i64 = 86_400_000;

/// A pack that was adopted at some time.
struct Known {
    pack: Pack,
    /// The number of its first rule.
    first: usize,
    from: Timestamp,
    /// The first moment after it.
    end: Timestamp,
}

/// From a change on, until the next of the same partition.
struct Epoch {
    partition: u16,
    position: Position,
    packs: Vec<usize>,
}

/// Every pack and every change.
#[derive(Default)]
pub struct Packs {
    known: Vec<Known>,
    by_text: HashMap<String, Option<usize>>,
    /// In order, by partition.
    epochs: Vec<Epoch>,
    /// Names of all rules, by number.
    names: Vec<String>,
    /// Adoptions of texts that are no packs.
    pub not_read: u64,
}

/// A rule that applies, with its pack.
#[derive(Clone, Copy)]
pub struct Applying<'a> {
    pub number: usize,
    pub rule: &'a Rule,
    pub pack: &'a Pack,
}

/// Whom packs may be for.
#[derive(Clone, Copy)]
pub struct Whom<'a> {
    pub regions: &'a [Region],
    pub lender: LenderId,
    pub agency: AgencyId,
}

impl Packs {
    /// A text was adopted. Partitions come one after the other, each in order.
    pub fn adopted(&mut self, partition: u16, position: Position, text: &str) {
        let index = match self.by_text.get(text) {
            Some(index) => *index,
            None => self.read(text),
        };
        let mut packs = self.current(partition);
        match index {
            Some(index) => {
                packs.retain(|other| self.id(*other) != self.id(index));
                packs.push(index);
            }
            None => self.not_read += 1,
        }
        self.epochs.push(Epoch { partition, position, packs });
    }

    /// A pack was withdrawn.
    pub fn withdrawn(&mut self, partition: u16, position: Position, id: &str) {
        let mut packs = self.current(partition);
        packs.retain(|other| self.id(*other) != Some(id));
        self.epochs.push(Epoch { partition, position, packs });
    }

    fn read(&mut self, text: &str) -> Option<usize> {
        let index = policy::parse(text).ok().map(|pack| {
            let first = self.names.len();
            self.names.extend(pack.rules.iter().map(|rule| rule.name(&pack)));
            let from = midnight(pack.effective).unwrap_or(Timestamp(i64::MIN));
            let last = pack.until.and_then(midnight);
            let end = last.map_or(Timestamp(i64::MAX), |last| last.plus_ms(DAY_MS));
            self.known.push(Known { pack, first, from, end });
            self.known.len() - 1
        });
        self.by_text.insert(text.to_owned(), index);
        index
    }

    fn id(&self, index: usize) -> Option<&str> {
        self.known.get(index).map(|known| known.pack.id.as_str())
    }

    fn current(&self, partition: u16) -> Vec<usize> {
        let last = self.epochs.last().filter(|epoch| epoch.partition == partition);
        last.map(|epoch| epoch.packs.clone()).unwrap_or_default()
    }

    /// To be called once all partitions are read.
    pub fn sort(&mut self) {
        self.epochs.sort_by_key(|epoch| (epoch.partition, epoch.position));
    }

    fn epoch(&self, place: Place) -> Option<&Epoch> {
        let key = (place.partition, place.position);
        let after = self.epochs.partition_point(|epoch| (epoch.partition, epoch.position) < key);
        let last = self.epochs.get(after.checked_sub(1)?)?;
        (last.partition == place.partition).then_some(last)
    }

    fn in_force(&self, place: Place, at: Timestamp) -> impl Iterator<Item = &Known> + Clone {
        let packs = self.epoch(place).map_or(&[][..], |epoch| &epoch.packs);
        let known = packs.iter().filter_map(|index| self.known.get(*index));
        known.filter(move |known| known.from <= at && at < known.end)
    }

    /// Where the last change before a place stands, if a pack was in force then.
    pub fn position(&self, place: Place) -> Option<Position> {
        self.in_force(place, place.at).next()?;
        self.epoch(place).map(|epoch| epoch.position)
    }

    /// The rules of every pack that was in force at a place and a time, for whom it is.
    pub fn applying<'a>(&'a self, place: Place, at: Timestamp, whom: Whom<'_>) -> Vec<Applying<'a>> {
        let inside = |pack: &Pack| match &pack.applies {
            Applies::Regions(named) => {
                whom.regions.iter().any(|region| named.iter().any(|named| region.lies_in(named)))
            }
            Applies::Everywhere | Applies::Otherwise => false,
        };
        let in_force = self.in_force(place, at);
        let has_law = |region: &Region| {
            in_force.clone().any(|known| match &known.pack.applies {
                Applies::Regions(named) => {
                    known.pack.owner == Owner::Platform && named.iter().any(|named| region.lies_in(named))
                }
                Applies::Everywhere | Applies::Otherwise => false,
            })
        };
        let covered = !whom.regions.is_empty() && whom.regions.iter().all(has_law);
        let mut applying = Vec::new();
        for Known { pack, first, .. } in in_force {
            let concerned = match pack.owner {
                Owner::Platform => true,
                Owner::Lender(lender) => lender == whom.lender,
                Owner::Agency(agency) => agency == whom.agency,
            };
            let applies = match pack.applies {
                Applies::Everywhere => true,
                Applies::Regions(_) => inside(pack),
                Applies::Otherwise => !covered,
            };
            if concerned && applies {
                let rules = pack.rules.iter().enumerate();
                applying.extend(rules.map(|(index, rule)| Applying { number: first + index, rule, pack }));
            }
        }
        applying
    }

    /// How many rules there are.
    pub fn rules(&self) -> usize {
        self.names.len()
    }

    /// The name of a rule.
    pub fn name(&self, number: usize) -> &str {
        self.names.get(number).map_or("", String::as_str)
    }
}
