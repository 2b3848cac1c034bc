//! Legal ceilings of interest that the program knows by name. Others are the lender's to give, with their source.

use events::ledger::CeilingV1;

/// The name of four times the one-year loan prime rate.
pub const CN_PRIVATE_LENDING: &str = "cn-private-lending";

/// The one-year loan prime rate (National Interbank Funding Center), in millionths, from its day on: days since 1970-01-01. Written down
/// in 2026 from the published series and not compared with it since: compare before relying on it.
const LPR_1Y_PPM: [(i32, u32); 9] = [
    (18_372, 38_500), // 2020-04-20
    (18_981, 38_000), // 2021-12-20
    (19_012, 37_000), // 2022-01-20
    (19_226, 36_500), // 2022-08-22
    (19_528, 35_500), // 2023-06-20
    (19_590, 34_500), // 2023-08-21
    (19_926, 33_500), // 2024-07-22
    (20_017, 31_000), // 2024-10-21
    (20_228, 30_000), // 2025-05-20
];

/// Since when the rule is in force: 2020-08-20.
const RULE_SINCE: i32 = 18_494;

/// The series is known up to here: 2025-12-31.
const KNOWN_UNTIL: i32 = 20_453;

const SOURCE: &str = "Supreme People's Court, Provisions on private lending (Fa Shi [2020] No. 17), art. 25: \
                      4 x one-year LPR when the contract was made";

/// The ceiling of a contract that was made on a day; `None`: it is not known by this name on that day. Licensed lenders are not
/// under this rule: their ceiling is theirs to give.
pub fn named(name: &str, as_of: i32) -> Option<CeilingV1> {
    if name != CN_PRIVATE_LENDING || !(RULE_SINCE..=KNOWN_UNTIL).contains(&as_of) {
        return None;
    }
    let (_, rate) = LPR_1Y_PPM.into_iter().rev().find(|(since, _)| *since <= as_of)?;
    Some(CeilingV1 { rate_ppm: 4 * rate, source: SOURCE.to_owned(), as_of })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_the_day_of_a_contract_when_asked_then_its_own_prime_rate_counts() {
        let rate = |day: &str| {
            let date: jiff::civil::Date = day.parse().expect("a day");
            let days = jiff::civil::date(1970, 1, 1).until(date).expect("days").get_days();
            named(CN_PRIVATE_LENDING, days).map(|ceiling| ceiling.rate_ppm)
        };
        assert_eq!(rate("2020-08-19"), None);
        assert_eq!(rate("2020-08-20"), Some(154_000));
        assert_eq!(rate("2021-12-19"), Some(154_000));
        assert_eq!(rate("2021-12-20"), Some(152_000));
        assert_eq!(rate("2024-10-20"), Some(134_000));
        assert_eq!(rate("2024-10-21"), Some(124_000));
        assert_eq!(rate("2025-05-20"), Some(120_000));
        assert_eq!(rate("2026-01-01"), None);
        assert_eq!(named("another", 20_000), None);
    }
}
