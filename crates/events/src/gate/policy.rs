//! What the gate decides by.

use std::fmt;

use model::Ascii;
use serde::{Deserialize, Serialize};

/// The numbers that the gate decided by before there were rule packs. Frozen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyV1 {
    /// Its name, such as `strict`.
    pub id: String,
    /// Its version, from 1; the same id and version is always the same content.
    pub version: u32,
    /// Most contacts to one contact point per calendar day in its own zone.
    pub per_day: u16,
    /// Most contacts on seven consecutive calendar days.
    pub per_seven_days: u16,
    /// First second of the local day at which contact is allowed.
    pub from_s: u32,
    /// Last second of the local day at which contact is allowed.
    pub until_s: u32,
    /// How long a permit may wait to be redeemed.
    pub permit_ttl_ms: u32,
    /// Whether a call that never reached the number gives its slot back.
    pub give_back_unconnected: bool,
    /// The legal or other source of these numbers.
    pub source: String,
}

/// A policy was adopted, as the first version said it. Frozen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyAdoptedV1 {
    /// All of it.
    pub policy: PolicyV1,
}

/// A rule pack was adopted, in place of the one with the same id if there was one. Its place in the log is how
/// decisions name the rules in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyAdoptedV2 {
    /// All of it, as written (`proto/policy.md`).
    pub pack: String,
}

impl From<PolicyAdoptedV1> for PolicyAdoptedV2 {
    fn from(PolicyAdoptedV1 { policy }: PolicyAdoptedV1) -> Self {
        let PolicyV1 { id, version, per_day, per_seven_days, from_s, until_s, .. } = policy;
        let except = if policy.give_back_unconnected { "except = [\"unconnected\"]\n" } else { "" };
        let clock = |second: u32| format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
        // What a TOML string would have to escape.
        let source = policy.source.replace(['"', '\\'], "'").replace(char::is_control, " ");
        let common = format!("source = \"{source}\"\nread = \"derived\"");
        let cap = |name: &str, limit: u16, window: &str| {
            format!(
                "[[frequency]]\nid = \"{name}\"\n{common}\ncount = \"attempts\"\nscope = [\"contact-point\"]\n\
                 limit = {limit}\nwindow = \"{window}\"\n{except}\n"
            )
        };
        let pack = format!(
            "schema = 1\nid = \"{id}\"\nversion = {version}\ntitle = \"{id}\"\neffective = 1970-01-01\n\
             applies = \"everywhere\"\nowner = \"platform\"\n\n{}{}\
             [[hours]]\nid = \"hours\"\n{common}\nopen = [\"mon-sun {}-{}\"]\n",
            cap("day-cap", per_day, "1 day"),
            cap("seven-day-cap", per_seven_days, "7 days"),
            clock(from_s),
            clock(until_s)
        );
        Self { pack }
    }
}

/// A rule pack is no longer in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyWithdrawnV1 {
    /// Its id.
    pub id: String,
}

/// The name of a rule: `pack/rule`, such as `us-reg-f/calls-per-debt`; the gate's own begin with `gate/`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RuleName(Ascii<64>);

impl RuleName {
    /// The name, if it is one: at most 64 printable ASCII characters without spaces.
    pub const fn new(name: &str) -> Option<Self> {
        match Ascii::new(name) {
            Some(name) => Some(Self(name)),
            None => None,
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
