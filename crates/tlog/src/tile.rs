//! Tiles (C2SP tlog-tiles): the nodes of every eighth level of a tree, in pieces of 256, as other people's tools fetch
//! them. The levels between are hashed from them.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::hash::Hash;
use crate::source::HashSource;
use crate::tree::root_of_leaves;

/// Levels of the tree between two levels of tiles.
pub const TILE_HEIGHT: u8 = 8;

/// Hashes in a full tile.
pub const TILE_WIDTH: u16 = 1 << TILE_HEIGHT;

/// The highest level of tiles that a path can name.
const LEVEL_MAX: u8 = 63;

/// Digits in each element of a path.
const GROUP: u64 = 1000;

/// A tile: the hashes `index * 256` up to, without, `index * 256 + width` of tile level `level`. `Display` and `FromStr`
/// are its path behind the log's prefix, such as `tile/0/x001/x234/067.p/5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tile {
    level: u8,
    index: u64,
    width: u16,
}

/// A path that names no tile.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "expected tile/<level>/<index> with a level of 0 to 63, an index in elements of three digits of which all but the last begin with x, and .p/<1 to 255> behind a partial tile, got {0:?}"
)]
pub struct TilePathError(pub String);

impl Tile {
    /// The tile at this place in a tree of `size` leaves; `None` if it would be empty.
    pub fn of(level: u8, index: u64, size: u64) -> Option<Self> {
        let hashes = level_width(level, size);
        let width = hashes.checked_sub(index.checked_mul(TILE_WIDTH.into())?)?.min(TILE_WIDTH.into());
        (width > 0).then_some(Self { level, index, width: width as u16 })
    }

    /// Which level of tiles: 0 holds the leaves' hashes, each hash of the next is of a full tile below.
    pub fn level(self) -> u8 {
        self.level
    }

    /// Its place in its level.
    pub fn index(self) -> u64 {
        self.index
    }

    /// How many hashes it holds: 256, or fewer in a partial one.
    pub fn width(self) -> u16 {
        self.width
    }

    /// The place of its first hash in its level.
    pub fn first(self) -> u64 {
        self.index * u64::from(TILE_WIDTH)
    }
}

/// How many complete hashes a level of tiles has in a tree of `size` leaves.
pub fn level_width(level: u8, size: u64) -> u64 {
    size.checked_shr(u32::from(level) * u32::from(TILE_HEIGHT)).unwrap_or(0)
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/", self.level)?;
        let groups = (0..).map_while(|group| match self.index / GROUP.checked_pow(group)? {
            0 if group > 0 => None,
            rest => Some(rest % GROUP),
        });
        let groups: Vec<_> = groups.collect();
        for (place, group) in groups.iter().enumerate().rev() {
            match place {
                0 => write!(f, "{group:03}")?,
                _ => write!(f, "x{group:03}/")?,
            }
        }
        match self.width {
            TILE_WIDTH => Ok(()),
            partial => write!(f, ".p/{partial}"),
        }
    }
}

impl FromStr for Tile {
    type Err = TilePathError;

    fn from_str(path: &str) -> Result<Self, TilePathError> {
        parse(path).ok_or_else(|| TilePathError(path.to_owned()))
    }
}

fn parse(path: &str) -> Option<Tile> {
    let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
    let level: u8 = plain(level)?;
    let (index, width) = match rest.split_once(".p/") {
        Some((index, width)) => (index, plain(width).filter(|width| (1..TILE_WIDTH).contains(width))?),
        None => (rest, TILE_WIDTH),
    };
    let mut elements = index.rsplit('/');
    let mut all = vec![three_digits(elements.next()?)?];
    for element in elements {
        all.push(three_digits(element.strip_prefix('x')?)?);
    }
    let number =
        |all: &[u64]| all.iter().rev().try_fold(0_u64, |sum, of| sum.checked_mul(GROUP)?.checked_add(*of));
    let index = number(&all)?;
    let tile = Tile { level, index, width };
    // There is one path for each tile: no group of zeros before the first digit.
    let usual = all.len() == 1 || all.last() != Some(&0);
    (level <= LEVEL_MAX && usual && index.checked_mul(TILE_WIDTH.into()).is_some()).then_some(tile)
}

/// A decimal number without leading zeroes.
fn plain<T: FromStr>(text: &str) -> Option<T> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    (digits && (text == "0" || !text.starts_with('0'))).then(|| text.parse().ok()).flatten()
}

fn three_digits(text: &str) -> Option<u64> {
    (text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// Where the hashes of the levels of tiles are kept, and no others.
pub trait TileLevels {
    /// `count` hashes of a level of tiles from its `first` on, at most 256; `None` if it does not hold them all.
    fn hashes(&self, level: u8, first: u64, count: u16) -> Option<Vec<Hash>>;
}

/// A tree of which only the levels of tiles are kept.
#[derive(Debug, Clone, Copy)]
pub struct Tiled<S>(pub S);

impl<S: TileLevels> HashSource for Tiled<S> {
    fn node(&self, level: u8, index: u64) -> Option<Hash> {
        let (of_tiles, above) = (level / TILE_HEIGHT, level % TILE_HEIGHT);
        let count = 1_u16 << above;
        let below = self.0.hashes(of_tiles, index.checked_mul(count.into())?, count)?;
        Some(root_of_leaves(&below))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Tree, consistency_proof, head_at, inclusion_proof, leaf_hash};

    /// The levels of tiles of a tree that grew leaf by leaf.
    #[derive(Default)]
    struct Levels(Vec<Vec<Hash>>);

    impl Levels {
        fn of(size: u64) -> (Self, Vec<Hash>) {
            let (mut levels, mut tree, mut leaves) = (Self::default(), Tree::new(), Vec::new());
            for number in 0..size {
                let leaf = leaf_hash(&number.to_be_bytes());
                leaves.push(leaf);
                tree.append_with(leaf, |level, _, hash| {
                    if level.is_multiple_of(TILE_HEIGHT) {
                        let level = usize::from(level / TILE_HEIGHT);
                        levels.0.resize_with(levels.0.len().max(level + 1), Vec::new);
                        levels.0[level].push(hash);
                    }
                });
            }
            (levels, leaves)
        }
    }

    impl TileLevels for &Levels {
        fn hashes(&self, level: u8, first: u64, count: u16) -> Option<Vec<Hash>> {
            let first = usize::try_from(first).ok()?;
            Some(self.0.get(usize::from(level))?.get(first..first + usize::from(count))?.to_vec())
        }
    }

    #[test]
    fn given_the_examples_of_the_specification_then_paths_and_widths_are_those() {
        // tlog-tiles, "Merkle Tree" and "Partial Tiles".
        let tile = Tile { level: 0, index: 1_234_067, width: TILE_WIDTH };
        assert_eq!(tile.to_string(), "tile/0/x001/x234/067");
        let size = 70_000;
        let partial = |level, index| Tile::of(level, index, size).map(Tile::width);
        assert_eq!((partial(0, 272), partial(0, 273), partial(0, 274)), (Some(256), Some(112), None));
        assert_eq!((partial(1, 0), partial(1, 1), partial(2, 0)), (Some(256), Some(17), Some(1)));
        assert_eq!(
            (Tile::of(0, 0, 256).map(Tile::width), Tile::of(1, 0, 256).map(Tile::width)),
            (Some(256), Some(1))
        );
        assert_eq!(Tile::of(1, 1, size).map(|tile| tile.to_string()).as_deref(), Some("tile/1/001.p/17"));
    }

    #[test]
    fn given_any_tile_when_its_path_is_read_then_it_is_the_same() {
        for index in [0, 7, 999, 1000, 1001, 1_000_000, 999_999_999, u64::MAX >> TILE_HEIGHT] {
            for (level, width) in [(0, 256), (1, 1), (63, 255)] {
                let tile = Tile { level, index, width };
                assert_eq!(tile.to_string().parse(), Ok(tile));
            }
        }
    }

    #[test]
    fn given_a_path_that_names_no_tile_when_read_then_it_is_refused() {
        for path in [
            "",
            "tile/",
            "tile/0",
            "tile/0/",
            "tile/64/000",
            "tile/00/000",
            "tile/0/0",
            "tile/0/x000",
            "tile/0/x000/001",
            "tile/0/001/002",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/000.p/",
            "tile/-1/000",
            "tile/0/x999/x999/x999/x999/x999/x999/999",
            "tile/0/+01",
            "tiles/0/000",
            "tile/0/000/",
        ] {
            assert!(path.parse::<Tile>().is_err(), "{path:?}");
        }
    }

    #[test]
    fn given_only_the_tiles_when_proofs_are_made_then_they_are_those_of_the_leaves() {
        for size in [1, 2, 255, 256, 257, 70_000] {
            let (levels, leaves) = Levels::of(size);
            let (tiled, leaves) = (Tiled(&levels), &leaves[..]);
            assert_eq!(head_at(&tiled, size), head_at(leaves, size), "{size}");
            for index in [0, size / 3, size - 1] {
                assert_eq!(
                    inclusion_proof(&tiled, index, size),
                    inclusion_proof(leaves, index, size),
                    "{index} of {size}"
                );
                assert_eq!(consistency_proof(&tiled, index, size), consistency_proof(leaves, index, size));
            }
        }
    }
}
