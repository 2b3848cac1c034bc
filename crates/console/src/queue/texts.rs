use crate::language::{Text, text};

pub const TITLE: Text = text("我的队列", "My queue");
pub const LINES: Text = text("主叫号码", "Calling numbers");
pub const NO_LINE: Text = text(
    "您的机构没有登记主叫号码，因此不能联系任何人。",
    "Your agency has no registered calling number, so nobody can be called.",
);
pub const NOW: Text = text("现在可以联系", "May be contacted now");
pub const LATER: Text = text("现在不能联系", "Not now");
pub const NOBODY_NOW: Text = text("现在没有可以联系的人。", "There is nobody to contact now.");
pub const NOBODY_LATER: Text = text("没有其他案件。", "There are no other cases.");
pub const MORE: Text = text("更多案件", "More cases");
pub const NO_NAME: Text = text("姓名已删除", "name erased");
pub const NAME_LATER: Text = text("姓名暂时无法显示", "name not to hand yet");
pub const NO_CONTACT: Text = text("没有可以联系的人。", "Nobody may be contacted about it.");
pub const STOPPED: Text = text("本人要求停止联系", "asked to be left alone");
pub const NOT_ASKED: Text = text("尚未同意", "has not agreed");
pub const ASK_COLLECT: Text = text("申请通话许可", "Request permit to call");
pub const ASK_LOCATE: Text = text("申请询问联系方式的许可", "Request permit to ask where they are");
pub const ASK_NOTICE: Text = text("申请发送征求同意的通知", "Request permit to ask for consent");
pub const NEXT: Text = text("最早", "from");
pub const NOT_BY_TIME: Text = text("等待也不行", "not by waiting");
pub const WHY_NOT: Text = text("为什么？", "Why not?");
