//! Refusals in words. The English ones are the catalogue's own pages; the Chinese ones stand here.

use events::Code;

use crate::language::{Language, Text, text};

const HAPPENED: &str = "**What happened.** ";
const TO_DO: &str = "**What to do.** ";

/// What happened, and what to do.
pub(crate) fn code(language: Language, code: Code) -> (&'static str, &'static str) {
    match (language, chinese(code)) {
        (Language::Chinese, Some(words)) => words,
        _ => english(code),
    }
}

fn english(code: Code) -> (&'static str, &'static str) {
    let page = code.page().unwrap_or_default();
    let after = |heading: &str| page.lines().find_map(|line| line.strip_prefix(heading));
    (after(HAPPENED).unwrap_or(code.word()), after(TO_DO).unwrap_or_default())
}

const fn chinese(code: Code) -> Option<(&'static str, &'static str)> {
    Some(match code {
        Code::UNAVAILABLE => ("系统未能作出并保存决定。", "稍等片刻再提交；不会重复执行。"),
        Code::COMMAND_ID_REUSED => ("这个命令编号已用于另一项内容。", "请返回页面重新提交。"),
        Code::BUSY => ("请求太多或太快。", "稍等片刻再试。"),
        Code::MALFORMED => ("无法读取您的请求。", "请更正后重新提交；什么也没有保存。"),
        Code::FORBIDDEN => ("您登录的身份不能这样做，或者这属于另一方。", "请用合适的身份登录。"),
        Code::NOT_FOUND => ("没有您可以查看的内容。", "请检查编号。各方只能看到自己的内容。"),
        Code::CASE_UNKNOWN => ("没有这个案件。", "请检查编号。"),
        Code::CASE_CLOSED => ("案件已结案。", "无需再做什么。"),
        Code::AGENCY_UNKNOWN => ("没有登记这家机构。", "请先登记机构。"),
        Code::AGENCY_SUSPENDED => ("该机构已被暂停，不能获得案件和联系许可。", "恢复之前不要联系任何人。"),
        Code::COLLECTOR_UNKNOWN => ("没有这名在职的催收员。", "请先实名登记。"),
        Code::COLLECTOR_ELSEWHERE => ("该催收员登记在另一家机构。", "请先结束原登记。"),
        Code::STOPPED => (
            "此号码的持有人要求不再联系。该要求对所有出借机构、催收机构和渠道有效。",
            "不要联系此号码。只有本人可以撤回。",
        ),
        Code::DAY_CAP => ("此号码今天的联系次数已达上限，不论由谁拨打。", "等到所示的时间。"),
        Code::SEVEN_DAY_CAP => ("此号码连续七天的联系次数已达上限，不论由谁拨打。", "等到所示的时间。"),
        Code::OUTSIDE_HOURS => ("对方可能所在的某个地方现在不在允许联系的时段内。", "等到所示的时间。"),
        Code::ZONE_UNKNOWN => {
            ("不知道此号码所在的时区，无法核对允许联系的时段。", "请带上时区重新导入案件。")
        }
        Code::CONTACT_UNKNOWN => ("此案件没有登记这个号码。", "只能联系出借机构随案件提供的号码。"),
        Code::NOT_PLACED => ("此案件没有委托给本机构。", "只处理您队列里的案件。"),
        Code::CONSENT_MISSING => (
            "此人不欠债，也没有同意被联系。拒绝、不认识债务人和沉默都等于不同意。",
            "如尚未发送，可发送一次征求同意的通知；否则不要打扰。",
        ),
        Code::CLOCK_UNSURE => {
            ("系统时钟不可信，无法核对任何时间限制。", "运营者需校正时钟并重启。此前一律不允许。")
        }
        Code::NO_POLICY => ("尚未采用任何规则，因此一律不允许。", "运营者需先采用规则。"),
        Code::PURPOSE_NOT_ALLOWED => {
            ("不得为此目的联系这种身份的人：债务只能和负有债务的人谈。", "换一个目的申请，或不要联系。")
        }
        Code::CONTACT_CLOSED => ("案件已结案，不再为它联系任何人。", "无需再做什么。"),
        Code::CAP => ("联系次数已达规则允许的上限，不论由谁拨打。", "等到所示的时间。"),
        Code::COOL_DOWN => ("最近已就这笔债务通过话；通话之后的几天内不得再联系。", "等到所示的时间。"),
        Code::TOO_SOON => ("距上一次联系时间太短。", "等到所示的时间。"),
        Code::HELD => {
            ("现在不得联系：对方指定的时间或地点、争议、律师代理等。", "不要联系；有权的一方可以解除。")
        }
        Code::LINE_NOT_REGISTERED => ("主叫号码没有登记在本机构名下。", "使用已登记的号码。"),
        Code::TOO_MANY_LINES => ("已有太多不同的号码联系过此人。", "使用对方已见过的号码。"),
        Code::NOT_IN_STANDING => ("机构或催收员已被暂停。", "不要联系任何人。"),
        Code::TEMPLATE_MISSING => ("信息没有使用已批准的模板。", "先让文字获得批准，再注明模板。"),
        Code::CONTENT => {
            ("信息文字违反规则：缺少必须的内容，或含有不允许的词语。", "修改文字并重新申请批准。")
        }
        Code::NUMBER_STALE => ("近期没有证据表明此号码仍属于本人。", "先核验号码。"),
        Code::NUMBER_SHARED => ("太多互不相关的借款人填写了这个号码，可能是编造或误用。", "先核验号码。"),
        Code::DEBTOR_REACHABLE => ("债务人仍可联系，不得询问其他人。", "联系债务人本人。"),
        Code::NOTHING_TO_REPLY => ("没有对方发起而尚未答复的联系。", "按真实目的申请许可。"),
        Code::PERMIT_UNKNOWN => ("没有为此号码发放过这个许可，或早已结清。", "请先申请许可。"),
        Code::PERMIT_EXPIRED => ("许可没有按时使用，已失效，不再计数。", "准备好拨打时重新申请。"),
        Code::PERMIT_VOIDED => ("发放许可之后，对方要求停止联系。", "不要拨打。"),
        Code::PERMIT_USED => ("许可已被另一次拨打使用。", "每次拨打都需要单独的许可。"),
        Code::PERMIT_NOT_REDEEMED => ("还没有拨打就报告了结果。", "先点“已拨打”，再报告结果。"),
        Code::ALREADY_SETTLED => ("这次拨打已报告了另一个结果。", "以第一次为准。更正请找运营者。"),
        _ => return None,
    })
}

/// A rule in a few words, for tables.
pub(crate) const fn short(code: Code) -> Text {
    match code {
        Code::AGENCY_SUSPENDED => text("机构被暂停", "agency suspended"),
        Code::STOPPED => text("本人要求停止", "asked to be left alone"),
        Code::DAY_CAP => text("当日次数已满", "cap of the day"),
        Code::SEVEN_DAY_CAP => text("七日次数已满", "cap of seven days"),
        Code::OUTSIDE_HOURS => text("不在允许时段", "outside calling hours"),
        Code::ZONE_UNKNOWN => text("时区未知", "time zone not known"),
        Code::CONTACT_UNKNOWN => text("号码不属于案件", "number not of the case"),
        Code::NOT_PLACED => text("案件未委托", "case not placed with them"),
        Code::CONSENT_MISSING => text("未获同意", "no consent"),
        Code::CLOCK_UNSURE => text("时钟不可信", "clock not trusted"),
        Code::NO_POLICY => text("没有规则", "no policy"),
        Code::PURPOSE_NOT_ALLOWED => text("目的不允许", "purpose not allowed"),
        Code::CONTACT_CLOSED => text("案件已结", "case closed"),
        Code::CAP => text("次数已满", "a cap"),
        Code::COOL_DOWN => text("通话后的间隔", "a conversation lately"),
        Code::TOO_SOON => text("间隔太短", "too soon"),
        Code::HELD => text("暂停联系", "on hold"),
        Code::LINE_NOT_REGISTERED => text("主叫号码未登记", "calling number not registered"),
        Code::TOO_MANY_LINES => text("主叫号码太多", "too many calling numbers"),
        Code::NOT_IN_STANDING => text("无资格", "not in standing"),
        Code::TEMPLATE_MISSING => text("没有批准的模板", "no approved text"),
        Code::CONTENT => text("文字违规", "text breaks a rule"),
        Code::NUMBER_STALE => text("号码未核验", "number not verified lately"),
        Code::NUMBER_SHARED => text("号码被多人填写", "number named by many"),
        Code::DEBTOR_REACHABLE => text("债务人可联系", "debtor can be reached"),
        Code::NOTHING_TO_REPLY => text("没有待答复", "nothing to reply to"),
        _ => text("其他规则", "another rule"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_says_what_happened_and_what_to_do() {
        for each in Code::ALL {
            for language in [Language::Chinese, Language::English] {
                let (happened, to_do) = code(language, *each);
                assert!(happened != each.word() && !to_do.is_empty(), "{each} in {language:?}");
            }
        }
    }

    #[test]
    fn every_refusal_that_the_gate_records_is_said_in_chinese() {
        for each in Code::ALL.iter().filter(|code| code.is_verdict()) {
            assert!(chinese(*each).is_some(), "{each}");
        }
    }
}
