//! A span of the week: some days, from one second to another.

use crate::sets::DaySet;

/// Both seconds belong to it. A span that ends on the next day is written as two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// On these days.
    pub days: DaySet,
    /// First second of the local day, 0 to 86,399.
    pub from_s: u32,
    /// Last second of the local day, 0 to 86,399, not before `from_s`.
    pub until_s: u32,
}
