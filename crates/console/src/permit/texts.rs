use crate::language::{Language, Text, text};

pub const REFUSED: Text = text("不允许", "Not allowed");
pub const GIVEN: Text = text("允许，仅此一次", "Allowed, once");
pub const PLACED: Text = text("已拨打", "Call placed");
pub const SETTLED: Text = text("已记录", "Recorded");
pub const BACK: Text = text("回到队列", "Back to the queue");

pub const NEVER_THE_DEBT: Text = text(
    "此人不欠债。不得谈及债务，也不得要求其偿还。",
    "This person owes nothing. Do not speak of the debt and do not ask them to pay.",
);
pub const RECORDED: Text = text("这次拒绝记录在", "This refusal is recorded at");
pub const VALID_UNTIL: Text = text("有效至", "Valid until");
pub const CALL_FROM: Text = text("主叫号码", "Call from");
pub const COUNTED: Text = text("已计入这一次：", "Counted, this one included:");
pub const CALL_PLACED: Text = text("已拨打", "Call placed");
pub const MESSAGE_SENT: Text = text("已发送", "Sent");
pub const REDEEM_FIRST: Text = text(
    "拨打的同时请点击，许可过期后不得再拨。不用就不必做什么，到期自动失效。",
    "Click as you place it; after it expires the number must not be contacted. If you do not use it, do nothing.",
);
pub const WHAT_BECAME: Text = text("结果如何？", "What became of it?");
pub const GIVEN_BACK: Text = text("未接通，不计次数。", "It never reached the number and does not count.");
pub const PERMIT: Text = text("许可", "Permit");

pub const TOLD: Text = text("对方说了什么？", "Did they tell you?");
pub const WANTS_STOP: Text = text("要求不再联系", "Wants to be left alone");
pub const DOES_NOT_AGREE: Text = text("不同意作为联系人", "Does not agree to be a contact");
pub const UNKNOWN: Text = text("不认识债务人", "Does not know the debtor");
pub const TOLD_HELP: Text = text(
    "立即生效，对所有机构有效，只有本人可以撤回。",
    "It takes effect at once, for everybody, and only the person can take it back.",
);
pub const STOP_STANDS: Text = text("已停止联系此号码", "This number is left alone from now on");
pub const ANSWER_STANDS: Text =
    text("已记录答复，并停止联系", "The answer is recorded and contact is stopped");
pub const THANKS: Text =
    text("对所有出借机构、催收机构和渠道有效。", "It holds for every lender, agency and channel.");

pub fn seconds_left(language: Language, seconds: i64) -> String {
    let seconds = seconds.max(0);
    match language {
        Language::Chinese => format!("打开本页时还剩 {seconds} 秒"),
        Language::English => format!("{seconds} s were left when this page was made"),
    }
}
