//! What is to be planned, as numbers.

/// Cases that are alike for every agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Whose: an index below [`Instance::lenders`].
    pub lender: u32,
    /// How many cases.
    pub cases: u32,
    /// The agencies that may take them, in order of agency.
    pub choices: Vec<Choice>,
}

/// An agency that may take a segment's cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// An index into [`Instance::agencies`].
    pub agency: u32,
    /// What one case is worth there, at most [`WORTH_MAX`] and never negative. A case that waits is worth 0.
    pub worth: i64,
}

/// An agency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agency {
    /// Cases that it can still take.
    pub capacity: u32,
}

/// What a lender allows one agency, in cases of that lender. Where there is none, only capacity limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// An index below [`Instance::lenders`].
    pub lender: u32,
    /// An index into [`Instance::agencies`].
    pub agency: u32,
    /// It is to get so many, before any worth counts: a challenger's sample. A plan that cannot do so says how
    /// many are missing.
    pub cases_min: u32,
    /// It gets no more.
    pub cases_max: u32,
}

/// The problem.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Instance {
    /// How many lenders there are.
    pub lenders: u32,
    /// The agencies.
    pub agencies: Vec<Agency>,
    /// At most one for each lender and agency.
    pub limits: Vec<Limit>,
    /// What is to be placed.
    pub segments: Vec<Segment>,
}

/// The most that one case may be worth: a hundred thousand million minor units.
pub const WORTH_MAX: i64 = 100_000_000_000;

/// The most agencies, so that no sum of costs leaves 64 bits.
pub const AGENCIES_MAX: usize = 10_000;

/// The most pairs of a lender and an agency: a table of them is kept.
pub const PAIRS_MAX: usize = 10_000_000;

/// Why an instance is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InstanceError {
    /// An index points nowhere.
    #[error("{what} {index}: expected an index below {below}")]
    Index {
        /// Of what.
        what: &'static str,
        /// What came.
        index: u32,
        /// How many there are.
        below: usize,
    },
    /// A worth is out of range.
    #[error("segment {segment}, agency {agency}: expected a worth from 0 to {WORTH_MAX}, got {worth}")]
    Worth {
        /// Which segment.
        segment: usize,
        /// At which agency.
        agency: u32,
        /// What came.
        worth: i64,
    },
    /// The choices of a segment are not in order, or one is there twice.
    #[error("segment {segment}: expected its choices in order of agency, each once")]
    Order {
        /// Which segment.
        segment: usize,
    },
    /// Two limits for the same lender and agency, or one whose minimum is above its maximum.
    #[error("lender {lender}, agency {agency}: expected one limit, its minimum not above its maximum")]
    Limit {
        /// Which lender.
        lender: u32,
        /// Which agency.
        agency: u32,
    },
    /// More than the arithmetic is proven for.
    #[error("expected at most {AGENCIES_MAX} agencies and {PAIRS_MAX} pairs with lenders, got {0} and {1}")]
    Agencies(usize, usize),
}

impl Instance {
    /// Whether it can be planned.
    pub fn check(&self) -> Result<(), InstanceError> {
        let pairs = self.agencies.len().saturating_mul(self.lenders as usize);
        if self.agencies.len() > AGENCIES_MAX || pairs > PAIRS_MAX {
            return Err(InstanceError::Agencies(self.agencies.len(), pairs));
        }
        let below = |what, index: u32, below: usize| {
            if (index as usize) < below { Ok(()) } else { Err(InstanceError::Index { what, index, below }) }
        };
        let mut seen = std::collections::BTreeSet::new();
        for &Limit { lender, agency, cases_min, cases_max } in &self.limits {
            below("lender", lender, self.lenders as usize)?;
            below("agency", agency, self.agencies.len())?;
            if !seen.insert((lender, agency)) || cases_min > cases_max {
                return Err(InstanceError::Limit { lender, agency });
            }
        }
        for (segment, of) in self.segments.iter().enumerate() {
            below("lender", of.lender, self.lenders as usize)?;
            if !of.choices.is_sorted_by(|left, right| left.agency < right.agency) {
                return Err(InstanceError::Order { segment });
            }
            for &Choice { agency, worth } in &of.choices {
                below("agency", agency, self.agencies.len())?;
                if !(0..=WORTH_MAX).contains(&worth) {
                    return Err(InstanceError::Worth { segment, agency, worth });
                }
            }
        }
        Ok(())
    }

    /// What a case of a minimum counts more than any worth: placing one may displace at most one case at each
    /// agency, each worth at most the greatest worth.
    pub(crate) fn minimum_bonus(&self) -> i64 {
        if self.limits.iter().all(|limit| limit.cases_min == 0) {
            return 0;
        }
        let worths = self.segments.iter().flat_map(|segment| &segment.choices).map(|choice| choice.worth);
        (worths.max().unwrap_or(0) + 1) * (self.agencies.len() as i64 + 1)
    }
}
