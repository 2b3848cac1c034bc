use crate::language::{Text, text};

pub const TITLE: Text = text("工作人员登录", "Staff sign-in");
pub const HOW: Text = text(
    "请使用运营者给您的登录链接，或粘贴登录令牌。运营者用此命令制作：",
    "Use the link that the operator gave you, or paste the token. The operator makes one with",
);
pub const TOKEN: Text = text("登录令牌", "Token");
pub const ENTER: Text = text("登录", "Sign in");
pub const WRONG: Text = text(
    "此令牌不属于本平台，或已过期。请向运营者要一个新的。",
    "This token is not of this platform, or it has expired. Ask the operator for a new one.",
);
pub const SIGNED_IN: Text = text("您已登录", "You are signed in");
pub const GO_ON: Text = text("继续", "Go on");
pub const NO_PAGE_YET: Text =
    text("您的身份没有专门的页面，请使用接口。", "there is no page for this role; use the API.");
