//! Time zones of contact points whose file names none.

use model::{PhoneNumber, ZoneName};

/// Countries whose whole population keeps one civil time, by calling code. A number says where it was
/// issued, which is all that a file without a zone column says about where the person is. Other countries
/// have no entry: the gate refuses a contact point without a zone rather than guess.
const SINGLE_ZONE: [(&str, &str); 5] = [
    ("+86", "Asia/Shanghai"),
    ("+852", "Asia/Hong_Kong"),
    ("+91", "Asia/Kolkata"),
    ("+65", "Asia/Singapore"),
    ("+44", "Europe/London"),
];

/// The zone of a number's country, if it has only one. Calling codes are prefix-free, so order is no matter.
pub fn of_number(phone: &PhoneNumber) -> Option<ZoneName> {
    let (_, name) = SINGLE_ZONE.iter().find(|(code, _)| phone.e164().starts_with(code))?;
    name.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_a_zone_name() {
        assert!(SINGLE_ZONE.iter().all(|(_, name)| name.parse::<ZoneName>().is_ok()));
    }

    #[test]
    fn a_number_of_a_country_with_several_zones_has_none() {
        let zone = |text| {
            let phone = PhoneNumber::parse(text, None).expect("valid");
            of_number(&phone).map(|zone| zone.to_string())
        };
        assert_eq!(zone("+8613812345678").as_deref(), Some("Asia/Shanghai"));
        assert_eq!(zone("+85251234567").as_deref(), Some("Asia/Hong_Kong"));
        assert_eq!(zone("+12015550123"), None);
    }
}
