//! Which packs apply: by region, owner and date; and rules that only flag.

use events::Code;
use events::gate::{ContactLinkedV2, ContactPlacedV1, GateCommand, GateEvent, PermitRequest, RuleVerdict};
use model::{AgencyId, LenderId, Purpose};

use crate::scenario::{Given, call, contact, given, named, pack};

const ONE_A_DAY: &str = r#"
[[frequency]]
id = "cap"
count = "attempts"
scope = ["contact-point"]
limit = 1
window = "1 day"
"#;

/// A rule that refuses locating, so that it shows which packs apply.
const NO_LOCATING: &str = "[[purpose]]\nid = \"none\"\nallowed = [\"collect\"]\n";

fn adopted(id: &str, head: &str, rules: &str) -> GateEvent {
    GateEvent::PolicyAdopted(pack(id, head, rules))
}

fn there(number: u8, regions: &[&str]) -> ContactLinkedV2 {
    let regions = regions.iter().map(|region| region.parse().expect("a region")).collect();
    ContactLinkedV2 { regions, ..named(number, number, number) }
}

/// The packs whose rule speaks of a request.
fn speaking(given: &Given, number: u8, at: &str) -> Vec<String> {
    let locate = PermitRequest { purpose: Purpose::Locate, ..call(number, number) };
    let rules = given.explains(locate, at).rules;
    let refused = rules.iter().filter(|rule| rule.verdict == RuleVerdict::Refuses);
    refused.map(|rule| rule.rule.to_string().split('/').next().expect("a pack").to_owned()).collect()
}

#[test]
fn given_packs_for_regions_then_those_apply_in_which_the_contact_point_may_be_and_otherwise_the_rest() {
    let given = given([
        adopted("all", "", NO_LOCATING),
        adopted("cn", "applies = [\"CN\"]", NO_LOCATING),
        adopted("rest", "applies = \"otherwise\"", NO_LOCATING),
        adopted("us", "applies = [\"US\"]", NO_LOCATING),
        adopted("us-ma", "applies = [\"US-MA\"]", NO_LOCATING),
        adopted("house", "applies = [\"FR\"]\nowner = \"agency-3\"", NO_LOCATING),
    ])
    .knows(there(1, &["US"]))
    .knows(there(2, &["US-MA"]))
    .knows(there(3, &["US-NY", "CN-SH"]))
    .knows(there(4, &[]))
    .knows(there(5, &["FR"]))
    .knows(there(6, &["CN", "JP"]));
    assert_eq!(speaking(&given, 1, "24 10:00"), ["all", "us"]);
    assert_eq!(speaking(&given, 2, "24 10:00"), ["all", "us", "us-ma"]);
    assert_eq!(speaking(&given, 3, "24 10:00"), ["all", "cn", "us"]);
    assert_eq!(speaking(&given, 4, "24 10:00"), ["all", "rest"]);
    // A pack that is not the platform's does not take the place of the rest.
    assert_eq!(speaking(&given, 5, "24 10:00"), ["all", "house", "rest"]);
    // Nor does one region's law take the place of another's that nobody knows.
    assert_eq!(speaking(&given, 6, "24 10:00"), ["all", "cn", "rest"]);
}

/// Not knowing the law means the strictest, also while the pack of the region is not in force yet, or no longer.
#[test]
fn given_a_pack_with_dates_then_it_holds_on_those_days_and_before_and_after_the_rest_does() {
    let given = given([
        adopted("cn", "applies = [\"CN\"]\neffective = 2026-11-20\nuntil = 2026-11-22", NO_LOCATING),
        adopted("rest", "applies = \"otherwise\"", NO_LOCATING),
    ])
    .knows(there(1, &["CN"]));
    for (at, packs) in [
        ("2026-11-19T23:59:59.999Z", ["rest"]),
        ("2026-11-20T00:00:00Z", ["cn"]),
        ("2026-11-22T23:59:59.999Z", ["cn"]),
        ("2026-11-23T00:00:00Z", ["rest"]),
    ] {
        assert_eq!(speaking(&given, 1, at), packs, "{at}");
    }
}

#[test]
fn given_no_pack_of_the_platform_that_applies_then_nothing_is_allowed_until_one_does() {
    let given = given([
        adopted("cn", "applies = [\"CN\"]", ONE_A_DAY),
        adopted("us", "applies = [\"US\"]\neffective = 2026-11-30", ONE_A_DAY),
        adopted("house", "owner = \"agency-3\"", ONE_A_DAY),
    ]);
    let given = given.knows(there(1, &["CN"])).knows(there(2, &["US"])).knows(there(3, &["FR"]));
    let given = given.made(call(1, 1), "24 10:00");
    let when = given.asks(call(3, 3), "24 10:00");
    assert_eq!(when.reasons()[0].next_allowed, None);
    let given = when.then_refused([Code::NO_POLICY]).asks(call(2, 2), "24 10:00");
    given
        .then_refused_until([Code::NO_POLICY], "2026-11-30T00:00:00Z")
        .made(call(2, 2), "2026-11-30T00:00:00Z");
}

#[test]
fn given_a_rule_that_ends_with_its_pack_then_the_next_allowed_moment_is_not_later() {
    let week = ONE_A_DAY.replace("1 day", "7 days");
    given([
        adopted("cn", "applies = [\"CN\"]\nuntil = 2026-11-25", &week),
        adopted("rest", "applies = \"otherwise\"", &ONE_A_DAY.replace("limit = 1", "limit = 9")),
    ])
    .knows(there(1, &["CN"]))
    .made(call(1, 1), "24 10:00")
    .asks(call(1, 1), "24 11:00")
    .then_refused_until([Code::SEVEN_DAY_CAP], "2026-11-26T00:00:00Z")
    .made(call(1, 1), "2026-11-26T00:00:00Z");
}

#[test]
fn given_a_pack_of_a_lender_or_an_agency_then_it_binds_their_own_requests_only() {
    let generous = ONE_A_DAY.replace("limit = 1", "limit = 100");
    let known = |owner: &str| {
        let head = format!("owner = \"{owner}\"");
        given([adopted("law", "", &generous), adopted("own", &head, ONE_A_DAY)])
            .knows(named(1, 1, 1))
            .knows(ContactLinkedV2 { lender: LenderId(9), ..named(1, 2, 1) })
            .and(GateEvent::ContactPlaced(ContactPlacedV1 {
                contact: contact(1),
                case: crate::scenario::case(2),
                agency: Some(AgencyId(9)),
            }))
            .made(call(1, 1), "24 10:00")
    };
    let other = PermitRequest { agency: AgencyId(9), ..call(1, 2) };
    for owner in ["lender-2", "agency-3"] {
        known(owner)
            .asks(call(1, 1), "24 11:00")
            .then_refused([Code::DAY_CAP])
            .made(other.clone(), "24 11:00");
    }
    for owner in ["lender-9", "agency-9"] {
        known(owner)
            .asks(other.clone(), "24 11:00")
            .then_refused([Code::DAY_CAP])
            .made(call(1, 1), "24 11:00");
    }
}

/// A flag is shown, refuses nothing, and is no limit that a permit comes near to.
#[test]
fn given_a_rule_that_flags_then_it_is_shown_and_refuses_nothing() {
    let flag = ONE_A_DAY.replace("id = \"cap\"", "id = \"flag\"\neffect = \"flag\"");
    let law = format!("{flag}{}", ONE_A_DAY.replace("limit = 1", "limit = 5"));
    let given = given([adopted("law", "", &law)]).knows(named(1, 1, 1));
    let when = given.asks(call(1, 1), "24 10:00");
    let Ok([GateEvent::PermitReserved(reserved)]) = when.result.as_deref() else { panic!("no permit") };
    assert_eq!(reserved.tightest.map(|tightest| tightest.rule.to_string()).as_deref(), Some("law/cap"));
    let given = when.then_permit();
    let (contact, permit) = (given.whom, given.permit);
    let given = given.does(GateCommand::RedeemPermit { contact, permit, call: [1; 16] }, "24 10:00");
    let explained = given.explains(call(1, 1), "24 11:00");
    let flag = explained.rules.iter().find(|rule| rule.rule.as_str() == "law/flag").expect("considered");
    assert_eq!((flag.verdict, flag.counted, flag.limit), (RuleVerdict::Flags, Some(1), Some(1)));
    assert!(explained.allowed);
    given.made(call(1, 1), "24 11:00");
}

/// Found by the oracle: what is left for another region was promised to end with the first one's law.
#[test]
fn given_two_regions_when_the_law_of_one_begins_then_the_pack_for_what_is_left_ends_with_the_law_of_the_other()
 {
    let given = given([
        adopted("cn", "applies = [\"CN\"]\neffective = 2026-11-26", ONE_A_DAY),
        adopted("rest", "applies = \"otherwise\"", NO_LOCATING),
        adopted("us", "applies = [\"US\"]\neffective = 2026-11-28", ONE_A_DAY),
    ])
    .knows(there(1, &["CN", "US"]));
    let locate = PermitRequest { purpose: Purpose::Locate, ..call(1, 1) };
    let rules = given.explains(locate, "24 10:00").rules;
    let rest = rules.iter().find(|rule| rule.rule.as_str() == "rest/none").expect("asked");
    assert_eq!(rest.next_allowed, Some(crate::scenario::moment("2026-11-28T00:00:00Z")));
}
