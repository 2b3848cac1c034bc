//! Where all chance of a simulation comes from.

/// Steele, Lea and Flood's SplitMix64: small, and good enough to choose by. Every actor has one of its own, so that
/// what one draws does not shift what another does.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The chance of one actor of one seed.
    pub fn new(seed: u64, actor: u64) -> Self {
        let mut chance = Self(seed);
        let mixed = chance.draw() ^ actor.wrapping_mul(0xd6e8_feb8_6659_fd93);
        Self(mixed)
    }

    /// Any number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Less than `bound`; 0 if that is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        let draw = self.draw();
        draw.checked_rem(bound).unwrap_or(0)
    }

    /// From `least` to `most`, both included.
    pub fn between(&mut self, least: i64, most: i64) -> i64 {
        least + self.below(most.abs_diff(least) + 1) as i64
    }

    /// True so often in 100.
    pub fn percent(&mut self, often: u64) -> bool {
        self.below(100) < often
    }

    /// One of them.
    ///
    /// # Panics
    /// If there is none.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }
}
