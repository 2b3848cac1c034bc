//! Rules as sentences.

use policy::{Pack, packs, parse, text};

fn sentences(pack: &str, rule: &str) -> (String, String) {
    let pack = parse(text(pack).expect("a checked-in pack")).expect("a pack");
    let rule = pack.rules.iter().find(|one| one.id == rule).expect("a rule");
    (rule.to_string(), rule.describe_zh())
}

#[track_caller]
fn says(pack: &str, rule: &str, english: &str, chinese: &str) {
    assert_eq!(sentences(pack, rule), (english.to_owned(), chinese.to_owned()));
}

#[test]
fn given_a_frequency_when_described_then_scope_window_and_exceptions_are_said() {
    says(
        "us-reg-f",
        "seven-in-seven",
        "Calls to anybody but attorneys: at most 7 attempts to the same person about the same debt by the same agency on \
         7 consecutive days, not counting calls that did not connect or that the person consented to.",
        "对除律师以外的任何人的电话联系：按同一人、同一笔债务、同一催收机构计，连续7个自然日内最多7次联系尝试，未接通的、\
         本人同意的不计。",
    );
}

#[test]
fn given_a_rule_about_the_place_of_work_when_described_then_the_place_is_said() {
    says(
        "us-reg-f",
        "work-email",
        "Emails to debtors, co-debtors and guarantors for collecting, asking where the debtor can be reached or a notice that \
         the law requires: to a number or address at the place of work only if it was shown to be the person's within the \
         last 36500 days, by a message from it or the person's consent to be contacted there.",
        "对债务人、共同债务人、担保人、用于谈债务、询问债务人的联系方式、法律要求的通知的电子邮件联系：对工作场所的号码或地址，仅限最近36500天内\
         经由该处发来的消息或本人同意在该处被联系证明仍属本人的号码或地址。",
    );
}

#[test]
fn given_a_cool_down_when_described_then_its_days_are_said() {
    says(
        "us-reg-f",
        "after-conversation",
        "Calls to anybody but attorneys: none on the day of a conversation with the same person about the same debt with \
         the same agency and on the 6 days after it, whoever began it, unless the person consented.",
        "对除律师以外的任何人的电话联系：按同一人、同一笔债务、同一催收机构计，通话（不论由谁发起）当日及其后6个自然日内\
         不得再联系，本人同意的除外。",
    );
}

#[test]
fn given_hours_when_described_then_seconds_and_zones_are_said() {
    says(
        "cn",
        "hours-others",
        "Contacts with emergency contacts, other third parties and attorneys for anything but the receipt for a stop: \
         only from 08:00:01 to 21:59:59 every day, by the clock of every zone that the person may be in.",
        "对紧急联系人、其他第三人、律师、用于除停止联系的回执以外的任何目的的联系：仅限每天08:00:01至21:59:59（按本人可能所在的\
         每个时区的当地时间）。",
    );
}

#[test]
fn given_hours_that_differ_by_day_when_described_then_the_days_are_said() {
    let (english, chinese) = sentences("us-pa", "vendor-hours");
    assert!(
        english.contains(
            "from 09:00:00 to 20:59:59 on Monday to Saturday and from 13:30:00 to 20:59:59 on Sunday"
        ),
        "{english}"
    );
    assert!(chinese.contains("仅限周一至周六09:00:00至20:59:59、周日13:30:00至20:59:59"), "{chinese}");
}

#[test]
fn given_a_flag_when_described_then_it_says_that_it_does_not_refuse() {
    says(
        "us-reg-f",
        "rapid-succession",
        "Calls: at most 1 attempt without a conversation to the same number or address by the same agency within 5 \
         minutes (flagged, not refused).",
        "电话联系：按同一号码或地址、同一催收机构计，5分钟内最多1次未能通话的联系尝试（仅作提示，不予拒绝）。",
    );
}

#[test]
fn given_every_checked_in_rule_when_described_then_it_is_one_sentence_in_each_language() {
    for pack in packs().expect("packs") {
        for rule in &pack.rules {
            let (english, chinese) = (rule.describe(), rule.describe_zh());
            let name = rule.name(&pack);
            assert!(
                english.ends_with('.') && !english.contains("  ") && !english.contains(": ."),
                "{name}: {english}"
            );
            assert!(chinese.ends_with('。') && chinese.matches('。').count() == 1, "{name}: {chinese}");
            assert!(!chinese.contains("：。") && !chinese.contains("  "), "{name}: {chinese}");
        }
    }
}

#[test]
fn given_a_pack_with_unverified_rules_when_described_then_each_says_so() {
    for pack in packs().expect("packs") {
        let unverified = |pack: &Pack| {
            pack.rules.iter().filter(|rule| rule.read == policy::pack::Reading::Unverified).count()
        };
        assert_eq!(pack.describe().matches("(UNVERIFIED: ").count(), unverified(&pack), "{}", pack.id);
        assert_eq!(pack.describe_zh().matches("（未经核实").count(), unverified(&pack), "{}", pack.id);
    }
}
