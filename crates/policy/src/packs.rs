//! The packs that are checked in. What is unverified says so in its own text.

use crate::{Pack, PackError, parse};

macro_rules! checked_in {
    ($($id:literal,)*) => {
        &[$(($id, include_str!(concat!("../packs/", $id, ".toml"))),)*]
    };
}

const TEXTS: &[(&str, &str)] = checked_in! {
    "platform",
    "strict",
    "cn",
    "us-reg-f",
    "us-ma",
    "us-wa",
    "us-nyc",
    "us-fl",
    "us-nv",
    "us-pa",
    "uk",
    "in",
    "hk",
    "sg",
    "eu",
};

/// Id and text of each checked-in pack.
pub fn texts() -> &'static [(&'static str, &'static str)] {
    TEXTS
}

/// The text of a checked-in pack.
pub fn text(id: &str) -> Option<&'static str> {
    TEXTS.iter().find(|(name, _)| *name == id).map(|(_, text)| *text)
}

/// Every checked-in pack.
///
/// # Errors
/// None in a build whose tests passed: they read every one.
pub fn packs() -> Result<Vec<Pack>, PackError> {
    TEXTS.iter().map(|(_, text)| parse(text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pack::{Applies, Owner};

    #[test]
    fn every_checked_in_pack_is_read_and_is_the_platforms() {
        for (id, text) in TEXTS {
            let pack = parse(text).unwrap_or_else(|error| panic!("{id}:\n{error}"));
            assert_eq!((pack.id.as_str(), pack.owner), (*id, Owner::Platform));
        }
    }

    #[test]
    fn one_pack_is_for_what_no_other_is_for() {
        let packs = packs().expect("packs");
        assert_eq!(packs.iter().filter(|pack| pack.applies == Applies::Otherwise).count(), 1);
    }
}
