use crate::language::{Language, Text, text};

pub const TITLE: Text = text("输入验证码", "Enter the code");
pub const CODE: Text = text("六位验证码", "Code of six digits");
pub const SHOW: Text = text("查看谁在打给我", "Show who calls me");
pub const START_AGAIN: Text = text("重新填写号码", "Start again");
pub const WRONG: Text = text(
    "验证码不对，或已超过十分钟。什么也没有显示。",
    "This is not the code, or it is older than ten minutes. Nothing is shown.",
);
pub const WHY: Text = text(
    "验证码证明号码是您的。无论号码是否在册，都会发送。",
    "The code shows that the number is yours. It is sent whether or not the number is on file.",
);
pub const DEMONSTRATION: Text =
    text("演示：没有发送短信。短信内容会是：", "Demonstration: no message was sent. It would read:");

pub fn sent(language: Language, hint: &str) -> String {
    match language {
        Language::Chinese => format!("验证码已发往 {hint}，十分钟内有效。"),
        Language::English => format!("A code is on its way to {hint}. It is valid for ten minutes."),
    }
}
