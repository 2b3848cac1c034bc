//! Regions of contact points. A code that no rule pack can mean would protect nobody and nobody would notice, so
//! it is an error; and a code fine enough to be somebody's address is none that the log may keep.

use model::{PhoneNumber, Region};

const EXPECTED: &str = "regions in capital letters such as GB, US-MA or US-NY-NYC, separated by |";
const EXPECTED_COUNTRY: &str =
    "regions that begin with a country of ISO 3166 such as GB (not UK), US or CN, separated by |";
const EXPECTED_STATE: &str = "regions of the United States that begin with a state, such as US-MA, or US-NY-NYC for the city, separated by |";

/// A part of a country has at most so many characters (ISO 3166-2): too few for a postcode.
const PART_LEN_MAX: usize = 3;
/// Country, part, city.
const PARTS_MAX: usize = 3;

/// ISO 3166-2:US: states, district, outlying areas.
const US: [&str; 57] = [
    "AK", "AL", "AR", "AS", "AZ", "CA", "CO", "CT", "DC", "DE", "FL", "GA", "GU", "HI", "IA", "ID", "IL",
    "IN", "KS", "KY", "LA", "MA", "MD", "ME", "MI", "MN", "MO", "MP", "MS", "MT", "NC", "ND", "NE", "NH",
    "NJ", "NM", "NV", "NY", "OH", "OK", "OR", "PA", "PR", "RI", "SC", "SD", "TN", "TX", "UM", "UT", "VA",
    "VI", "VT", "WA", "WI", "WV", "WY",
];

/// Reads a region; or what was expected.
pub fn parse(text: &str) -> Result<Region, &'static str> {
    let region: Region = text.parse().map_err(|_| EXPECTED)?;
    let parts: Vec<&str> = region.as_str().split('-').collect();
    if parts.len() > PARTS_MAX || parts.iter().any(|part| part.len() > PART_LEN_MAX) {
        return Err(EXPECTED);
    }
    match parts[..] {
        ["US", state, ..] if !US.contains(&state) => Err(EXPECTED_STATE),
        [country, ..] if !PhoneNumber::has_plan(country) => Err(EXPECTED_COUNTRY),
        _ => Ok(region),
    }
}

#[cfg(test)]
mod tests {
    use policy::pack::Applies;

    use super::*;

    #[test]
    fn given_a_region_of_any_pack_when_read_then_it_is_that_region() {
        let mut named = 0;
        for (id, text) in policy::texts() {
            let pack = policy::parse(text).unwrap_or_else(|error| panic!("{id}: {error:?}"));
            let Applies::Regions(regions) = &pack.applies else { continue };
            for region in regions {
                assert_eq!(parse(region.as_str()), Ok(*region), "{id}");
                named += 1;
            }
        }
        assert!(named > 30, "{named}");
    }

    #[test]
    fn given_what_no_pack_can_mean_when_read_then_it_says_what_was_expected() {
        for wrong in ["", "us", "USA", "US-ma", "马萨诸塞", "CN-31-0101", "GB-SW1A", "US-NY-NYC-X", "US_MA"]
        {
            assert_eq!(parse(wrong), Err(EXPECTED), "{wrong:?}");
        }
        for wrong in ["US-NYC", "US-021", "US-XX", "US-MAS"] {
            assert_eq!(parse(wrong), Err(EXPECTED_STATE), "{wrong:?}");
        }
        for wrong in ["UK", "EU", "XX-1"] {
            assert_eq!(parse(wrong), Err(EXPECTED_COUNTRY), "{wrong:?}");
        }
    }
}
