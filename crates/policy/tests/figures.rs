//! The figures of RULES.md are those of the checked-in packs: a slip of the pen in a pack fails here.

use policy::pack::{Applies, Effect, Kind, Reading, Rule};
use policy::{Pack, packs};

fn rule(name: &str) -> Rule {
    let packs = packs().expect("packs");
    let named = |pack: &Pack| pack.rules.iter().find(|rule| rule.name(pack) == name).cloned();
    packs.iter().find_map(named).unwrap_or_else(|| panic!("{name}"))
}

#[track_caller]
fn says(name: &str, phrase: &str) {
    let sentence = rule(name).to_string();
    assert!(sentence.contains(phrase), "{name}: {sentence}");
}

#[test]
fn given_regulation_f_when_read_then_its_figures_are_those_of_section_3_1() {
    says(
        "us-reg-f/seven-in-seven",
        "at most 7 attempts to the same person about the same debt by the same agency on 7 con",
    );
    says(
        "us-reg-f/after-conversation",
        "and on the 6 days after it, whoever began it, unless the person consented",
    );
    says("us-reg-f/hours", "from 08:00:01 to 20:59:59 every day");
    says(
        "us-reg-f/one-location-communication",
        "at most 1 communication to the same person by the same agency ever",
    );
    says("us-reg-f/sms-sixty-days", "within the last 60 days");
    says("us-reg-f/opt-out-line", "the text says how to make it stop");
    let packs = packs().expect("packs");
    let pack = packs.iter().find(|pack| pack.id == "us-reg-f").expect("us-reg-f");
    assert_eq!(pack.consents.len(), 1);
    assert!(pack.consents[0].at_most_days == Some(7) && pack.consents[0].ends_with_conversation);
    assert_eq!(pack.effective.to_string(), "2021-11-30");
}

#[test]
fn given_what_may_rebut_a_presumption_when_read_then_it_is_flagged_and_does_not_refuse() {
    // CF-04, CF-05, DX-05.
    for (name, phrase) in [
        (
            "us-reg-f/rapid-succession",
            "at most 1 attempt without a conversation to the same number or address by",
        ),
        ("us-reg-f/rapid-succession", "within 5 minutes"),
        ("us-reg-f/seven-in-a-day", "at most 6 attempts to the same number or address"),
        ("us-reg-f/concentrated", "at most 5 attempts to the same person about the same debt"),
        ("us-reg-f/whatever-the-consent", "not counting calls that did not connect ("),
        (
            "platform/agencies-together",
            "at most 7 attempts to the same person about the same debt on 7 consecutive days",
        ),
    ] {
        says(name, phrase);
        assert_eq!(rule(name).effect, Effect::Flag, "{name}");
    }
}

#[test]
fn given_the_states_when_read_then_their_figures_are_those_of_section_3_3() {
    // DX-16: text messages count.
    says("us-ma/two-in-seven", "Calls and text messages");
    says(
        "us-ma/two-in-seven",
        "at most 2 attempts to the same person about the same debt on 7 consecutive days",
    );
    says(
        "us-ma/one-visit",
        "at most 1 attempt to the same person about the same debt on 30 consecutive days",
    );
    says(
        "us-wa/three-a-week",
        "at most 3 attempts to the same person by the same agency on 7 consecutive days",
    );
    says("us-wa/hours", "from 08:00:01 to 20:59:59 every day");
    says(
        "us-nyc/three-in-seven",
        "at most 3 attempts to the same person about the same debt on 7 consecutive days",
    );
    says("us-nv/vendor-hours", "from 09:00:00 to 19:59:59 every day");
    says("us-pa/vendor-hours", "from 13:30:00 to 20:59:59 on Sunday");
}

#[test]
fn given_china_when_read_then_its_figures_are_those_of_sections_3_4_and_10() {
    says("cn/six-a-day", "at most 6 attempts to the same number or address on one calendar day");
    says("cn/six-a-day-person", "at most 6 attempts to the same person on one calendar day");
    says("cn/hours", "from 08:00:01 to 21:59:59 every day");
    says("cn/hours", "unless the person consented to that time");
    says("cn/third-person", "at least 1 failed attempt on each of 3 consecutive days");
    assert!(!rule("cn/hours-others").to_string().contains("unless"));
}

#[test]
fn given_the_other_places_when_read_then_their_figures_are_those_of_sections_3_5_to_3_8() {
    // DX-15.
    says("in/hours", "from 08:00:01 to 18:59:59 every day");
    for place in ["strict", "uk", "in", "hk", "sg", "eu"] {
        says(
            &format!("{place}/day-cap"),
            "at most 3 attempts to the same number or address on one calendar day",
        );
        says(&format!("{place}/day-cap-person"), "at most 3 attempts to the same person on one calendar day");
        says(
            &format!("{place}/seven-day-cap"),
            "at most 7 attempts to the same number or address on 7 consecutive days",
        );
        says(
            &format!("{place}/seven-day-cap-person"),
            "at most 7 attempts to the same person on 7 consecutive days",
        );
    }
    for place in ["strict", "uk", "hk", "sg", "eu"] {
        says(&format!("{place}/hours"), "from 08:00:01 to 21:59:59 every day");
    }
}

#[test]
fn given_the_platforms_own_rules_when_read_then_they_are_those_of_the_design() {
    says("platform/one-notice", "at most 1 attempt to the same number or address ever");
    says(
        "platform/registered-lines",
        "registered to the agency and from at most 3 different calling numbers to the same",
    );
    says("platform/registered-lines", "on 30 consecutive days");
    says("platform/shared-number", "more than 3 unrelated borrowers");
    says("platform/notice-says-owes-nothing", "the person owes nothing");
    let Kind::Purpose(attorney) = rule("platform/attorney").kind else { panic!("a purpose rule") };
    assert!(
        attorney.allowed.has(model::Purpose::Collect) && !attorney.allowed.has(model::Purpose::ConsentNotice)
    );
}

#[test]
fn given_what_is_unverified_when_read_then_it_is_the_platforms_caution_or_does_not_refuse() {
    for pack in packs().expect("packs") {
        for rule in pack.rules.iter().filter(|rule| rule.read == Reading::Unverified) {
            let caution =
                rule.note.as_ref().is_some_and(|note| note.to_lowercase().contains("the platform's caution"));
            assert!(caution || rule.effect == Effect::Flag, "{}", rule.name(&pack));
        }
        let said = pack.note.as_ref().is_some_and(|note| {
            ["unverified", "caution", "not in its own text", "was not reached", "was read, not"]
                .iter()
                .any(|word| note.to_lowercase().contains(word))
        });
        let shaky =
            pack.rules.iter().any(|rule| matches!(rule.read, Reading::Secondary | Reading::Unverified));
        assert!(
            said || !shaky,
            "{}: rests on more than primary texts and does not say so in its note",
            pack.id
        );
    }
}

#[test]
fn given_a_receipt_for_a_stop_when_judged_by_any_pack_then_no_cap_and_no_hours_stand_in_its_way() {
    // 12 CFR 1006.14(h)(2)(i): it answers the person, and must not be refused because others wrote too often.
    for pack in &packs().expect("packs") {
        for rule in &pack.rules {
            let receipts = rule.who.purposes.has(model::Purpose::StopReceipt)
                && rule.who.channels.has(model::Channel::Sms)
                && rule.effect == Effect::Refuse;
            let caps = matches!(rule.kind, Kind::Frequency(_) | Kind::Hours(_) | Kind::Interval(_));
            assert!(!(receipts && caps), "{}", rule.name(pack));
        }
    }
}

#[test]
fn given_regions_when_listed_then_no_two_packs_of_countries_are_for_the_same() {
    let mut seen = std::collections::BTreeMap::new();
    for pack in packs().expect("packs") {
        if let Applies::Regions(regions) = &pack.applies {
            for region in regions {
                assert_eq!(seen.insert(*region, pack.id.clone()), None, "{region}");
            }
        }
    }
}
