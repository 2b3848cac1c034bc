use crate::language::{Language, Text, text};

pub const TITLE: Text = text("您的号码", "Your number");
pub const STOPPED: Text = text("联系已停止", "Contact is stopped");
pub const STOPPED_BY: Text = text("提出者：", "asked for by");
pub const STOP_HOLDS: Text =
    text("对所有出借机构、催收机构和渠道有效。", "It holds for every lender, agency and channel.");
pub const STOP_WHAT: Text = text(
    "立即停止所有出借机构和催收机构以任何渠道联系此号码。",
    "Stop every lender and every agency from contacting this number, by any channel, at once.",
);
pub const STOP: Text = text("停止一切联系", "Stop all contact");

pub const HOLDERS: Text = text("谁持有您的号码", "Who holds your number");
pub const NOBODY: Text = text("没有人持有此号码。", "Nobody holds this number.");
pub const NAMES_YOU: Text = text("把您列为", "names you as");
pub const YOU_OWE_NOTHING: Text = text("您不欠任何债务", "You owe nothing");
pub const CLOSED: Text = text("已结案，不再联系", "closed: no more contact");
pub const SINCE: Text = text("自", "Since");
pub const AGENCY: Text = text("委托的催收机构", "Agency that may call");
pub const NO_AGENCY: Text = text("目前没有", "none at present");
pub const YOUR_ANSWER: Text = text("您的答复", "Your answer");
pub const QUESTION: Text = text(
    "有人把您填为紧急联系人。您知道并同意被联系吗？这不会使您承担任何债务。",
    "Somebody named you as an emergency contact. Do you know of it and agree to be contacted? It does not make you owe anything.",
);
pub const AGREE: Text = text("我知道并同意", "I know and agree");
pub const REFUSE: Text = text("我不同意", "I do not agree");
pub const UNKNOWN: Text = text("我不认识这个人", "I don't know this person");
pub const SILENCE: Text = text(
    "不答复等于不同意。回答“不同意”或“不认识”会同时停止一切联系。",
    "No answer means no. If you do not agree or do not know them, all contact stops as well.",
);

pub const HISTORY: Text = text("至今的联系与被拒的尝试", "Contacts and refused attempts so far");
pub const NO_HISTORY: Text = text("还没有任何记录。", "Nothing so far.");
pub const WHEN: Text = text("时间", "When");
pub const WHAT: Text = text("发生了什么", "What happened");
pub const WHO: Text = text("谁", "Who");
pub const FOR: Text = text("为谁", "For whom");
pub const FROM: Text = text("显示号码", "From");
pub const PSEUDONYM: Text = text("此号码在日志中的代号：", "In the log this number is called");

pub const CALLED: Text = text("已联系", "Contacted");
pub const OUTCOME_OPEN: Text = text("结果未报告", "no outcome yet");
pub const GIVEN_BACK: Text = text("未接通，不计次数", "never reached you; not counted");
pub const RESERVED: Text = text("获准联系，尚未拨打", "Permitted, not placed yet");
pub const EXPIRED: Text = text("获准联系，但没有拨打", "Permitted, but never placed");
pub const VOIDED: Text = text("许可因您的停止而作废", "Permit voided by the stop");
pub const REFUSED: Text = text("已拒绝", "Refused");
pub const LINKED: Text = text("登记了您的号码", "Put your number on file");
pub const PLACED: Text = text("案件交给催收机构", "Case given to an agency");
pub const TAKEN_BACK: Text = text("案件已收回", "Case taken back from the agency");
pub const CASE_CLOSED: Text = text("案件已结", "Case closed");
pub const STOP_PLACED: Text = text("停止一切联系", "All contact stopped");
pub const ANSWERED: Text = text("您作了答复", "You answered");

pub fn zone(language: Language, zone: &str) -> String {
    match language {
        Language::Chinese => format!("时间均为 {zone} 时间，最近的在前。"),
        Language::English => format!("Times are those of {zone}; the latest come first."),
    }
}

pub fn repeated(language: Language, times: u32) -> String {
    match language {
        Language::Chinese => format!("又试了 {times} 次"),
        Language::English if times == 1 => "tried once more".to_owned(),
        Language::English => format!("tried {times} more times"),
    }
}
