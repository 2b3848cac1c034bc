//! How the pages are set up.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use model::{LenderId, ZoneName};

/// How the pages are set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// The zone of times that belong to nobody's own: figures, and contact points without a known zone. A name
    /// that no zone has shows as UTC.
    pub zone: Option<ZoneName>,
    /// ISO 3166 alpha-2: what a number in national form means.
    pub region: String,
    /// The pages are served over HTTPS, so cookies are sent over nothing else.
    pub secure: bool,
    /// The names of lenders. One that is not here is shown by its id.
    pub lenders: BTreeMap<LenderId, String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            zone: "Asia/Shanghai".parse().ok(),
            region: "CN".to_owned(),
            secure: false,
            lenders: BTreeMap::new(),
        }
    }
}

impl Options {
    /// The zone of the pages.
    pub(crate) fn zone(&self) -> TimeZone {
        let named = self.zone.as_ref().and_then(|zone| TimeZone::get(zone.as_str()).ok());
        named.unwrap_or(TimeZone::UTC)
    }

    /// The name of a lender.
    pub(crate) fn lender(&self, lender: LenderId) -> String {
        self.lenders.get(&lender).cloned().unwrap_or_else(|| lender.to_string())
    }
}
