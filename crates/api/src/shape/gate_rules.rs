//! The gate's own rules, in words. No pack can lift them.

/// English and Chinese; `None` for a name that is not the gate's.
pub(super) fn gate_rule(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "gate/stop" => {
            ("Nobody is contacted who asked to be left alone.", "已要求停止联系的,任何人不得再联系。")
        }
        "gate/contact-known" => {
            ("Only a number that the case names may be contacted.", "只能联系该案件所载的联系方式。")
        }
        "gate/zone-known" => (
            "Where the number's time zone is not known, nobody is contacted.",
            "联系方式所在时区未知的,不得联系。",
        ),
        "gate/placed" => (
            "Only the agency that the case is placed with may make contact.",
            "只有受托处理该案件的机构可以联系。",
        ),
        "gate/case-open" => ("Nobody is contacted about a closed case.", "案件已结束的,不得联系。"),
        "gate/standing" => ("Agency and collector must be in good standing.", "机构和催收员须具备催收资格。"),
        "gate/clock" => ("While the clock is not sure, nobody is contacted.", "时钟不可信时,不得联系。"),
        "gate/policy" => ("Where no rules are in force, nobody is contacted.", "没有生效规则的,不得联系。"),
        "gate/right-party" => (
            "A number that was shown to be somebody else's is not contacted.",
            "已证实属于他人的号码,不得联系。",
        ),
        "gate/holds" => ("While a hold stands, nobody is contacted.", "存在暂停联系事由的,不得联系。"),
        "gate/one-reply" => ("What a person began is answered once.", "对本人主动发起的联系,只能答复一次。"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pack_s_rule_is_not_the_gate_s() {
        assert!(gate_rule("gate/stop").is_some());
        assert_eq!(gate_rule("cn/day-cap"), None);
    }
}
