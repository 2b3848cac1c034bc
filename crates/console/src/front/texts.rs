use model::PhoneError;

use crate::language::{Language, Text, text};

pub const TITLE: Text = text(
    "有人一再为不属于您的债务打电话给您？",
    "Somebody keeps calling you about a debt that is not yours?",
);
pub const LEAD: Text = text(
    "让它停下来，或者看看是谁、为了谁、凭什么持有您的号码。",
    "Make it stop, or see who holds your number, for whom and why.",
);
pub const NUMBER: Text = text("被拨打的号码", "The number that is called");
pub const NUMBER_HELP: Text = text(
    "中国内地号码直接填写；其他号码请以 + 和国家代码开头。",
    "Mainland Chinese numbers as they are; others with + and the country code.",
);
pub const STOP: Text = text("停止一切联系", "Stop all contact");
pub const STOP_HELP: Text =
    text("立即生效，无需登录，不问理由。", "At once, without signing in, without a reason.");
pub const WHO: Text = text("谁在打给我？", "Who calls me?");
pub const WHO_HELP: Text = text(
    "我们会向此号码发送一个验证码，确认号码是您的。",
    "We send a code to the number, so that only you can see it.",
);
pub const PROMISES: [Text; 3] = [
    text(
        "停止对所有出借机构、催收机构和渠道有效。",
        "A stop holds for every lender, every agency and every channel.",
    ),
    text("我们不会透露一个号码是否在册。", "Nobody can find out here whether a number is on file."),
    text(
        "您被列为紧急联系人并不代表您欠钱。",
        "To be named as an emergency contact does not mean that you owe anything.",
    ),
];

pub const STOPPED: Text = text("已停止", "It is stopped");
pub const HOLDS: Text = text(
    "从现在起，任何出借机构、催收机构都不得再以任何渠道联系此号码。",
    "From now on no lender and no agency gets leave to contact this number. It holds for every lender, agency and channel.",
);
pub const YOUR_NUMBER: Text = text("号码", "Number");
pub const ASKED_AT: Text = text("时间", "Time");
pub const RECEIPT_NUMBER: Text = text("回执编号", "Receipt number");
pub const RECEIPT_LATER: Text = text("尚未可查，请再提交一次", "not to hand yet; send it once more");
pub const CONTACT_POINT: Text = text("号码的代号", "Pseudonym of the number");
pub const KEEP: Text = text(
    "请保存或打印本页。凭回执编号可以在不可更改的日志中找到这次停止。",
    "Keep or print this page. The receipt number is where your stop stands in the log, which nobody can change unseen.",
);
pub const STILL_CALLED: Text = text(
    "如果之后仍有人来电，请记下时间和来电号码，连同本回执一起投诉。",
    "Should anybody still call, note the time and their number and complain with this receipt.",
);
pub const NO_RECEIPT: Text = text("没有可显示的回执", "There is no receipt to show");
pub const NO_RECEIPT_WHY: Text = text(
    "回执在浏览器中保留三十分钟。如果您点过“停止一切联系”，它依然有效；再点一次可重新取得回执，不会改变什么。",
    "A receipt stays in your browser for half an hour. If you asked to stop all contact, that stands; ask again to get the receipt once more, it changes nothing.",
);
pub const BACK: Text = text("返回", "Back");

/// What is wrong with a number, without repeating it.
pub fn wrong_number(language: Language, error: &PhoneError) -> &'static str {
    let text = match error {
        PhoneError::Masked => text(
            "号码中有被隐藏的数字（*），请填写完整号码。",
            "Some digits are hidden (*). Please give the whole number.",
        ),
        PhoneError::Scientific | PhoneError::NotANumber { .. } => text(
            "这不是电话号码，例如 138 1234 5678 或 +44 20 7946 0018。",
            "This is not a phone number, such as 138 1234 5678 or +44 20 7946 0018.",
        ),
        PhoneError::NotAssigned { .. } => text(
            "没有这样的号码，请检查数字；境外号码请以 + 和国家代码开头。",
            "There is no such number. Check the digits; numbers from abroad begin with + and the country code.",
        ),
    };
    text.of(language)
}
