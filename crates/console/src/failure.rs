//! A page that cannot be shown, or a form that did nothing: why, in words, and where to go on.

use api::Principal;
use api::http::Problem;
use axum::http::StatusCode;
use axum::http::header::{HeaderValue, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use events::{Code, Reason, Refusal};
use maud::html;

use crate::Pages;
use crate::language::{Text, text};
use crate::layout;
use crate::reasons;
use crate::visit::Visit;

/// A refusal on its way out. The frame makes a page of it, which knows the language.
#[derive(Clone)]
pub(crate) struct Failure {
    status: StatusCode,
    refusal: Refusal,
    /// Said in place of the reasons.
    instead: Option<Text>,
}

const SIGN_IN: Text = text("请先登录", "Please sign in");
const NOT_YOURS: Text = text("您无权查看此页", "This is not for you to see");
const NOTHING: Text = text("这里什么也没有", "There is nothing here");
const SLOWER: Text = text("请稍后再试", "Please wait a little");
const NO_ANSWER: Text = text("系统暂时无法应答", "The service cannot answer right now");
const NOT_READ: Text = text("无法读取您的请求", "Your request could not be read");
const NOT_DONE: Text = text("没有执行", "It was not done");

const SIGNED_OUT: Text = text(
    "此页只对已登录的人开放，或者您的登录已过期。什么也没有执行。",
    "This page is for people who are signed in, or your sign-in has expired. Nothing was done.",
);
const FOREIGN_FORM: Text = text(
    "这张表单不是从本次登录的页面发出的，所以什么也没有执行。请返回页面，重新提交。",
    "This form did not come from a page of your session, so nothing was done. Go back to the page and send it again.",
);
const NO_PAGE: Text =
    text("这个网址下没有页面，或者不是给您看的。", "There is no page at this address, or it is not for you.");
const NOT_STORED: Text = text(
    "什么也没有保存。请过一会儿再试；重复提交不会重复执行。",
    "Nothing was stored. Try again in a moment; sending twice does nothing twice.",
);
const GO_FRONT: Text = text("回到首页", "Go to the front page");
const GO_HOME: Text = text("回到我的页面", "Go to my page");
const GO_SIGN_IN: Text = text("登录", "Sign in");

impl Failure {
    fn new(status: StatusCode, code: Code, instead: Text) -> Self {
        Self { status, refusal: code.into(), instead: Some(instead) }
    }

    /// Nobody is signed in, or no longer.
    pub(crate) fn signed_out() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, Code::FORBIDDEN, SIGNED_OUT)
    }

    /// A form that does not come from our own page.
    pub(crate) fn foreign_form() -> Self {
        Self::new(StatusCode::FORBIDDEN, Code::FORBIDDEN, FOREIGN_FORM)
    }

    /// No such page.
    pub(crate) fn nothing() -> Self {
        Self::new(StatusCode::NOT_FOUND, Code::NOT_FOUND, NO_PAGE)
    }

    /// What came cannot be read. `expected` never repeats what came.
    pub(crate) fn malformed(expected: &str) -> Self {
        Refusal::from(Reason::detail(Code::MALFORMED, expected)).into()
    }

    /// Something of ours failed.
    pub(crate) fn unavailable() -> Self {
        Refusal::from(Code::UNAVAILABLE).into()
    }

    /// The page.
    pub(crate) fn page(&self, pages: &Pages, visit: &Visit) -> Response {
        let anonymous = visit.principal == Principal::Anonymous;
        let status = match self.status {
            StatusCode::FORBIDDEN if anonymous => StatusCode::UNAUTHORIZED,
            status => status,
        };
        let title = visit.say(match status {
            StatusCode::UNAUTHORIZED => SIGN_IN,
            StatusCode::FORBIDDEN => NOT_YOURS,
            StatusCode::NOT_FOUND => NOTHING,
            StatusCode::TOO_MANY_REQUESTS => SLOWER,
            StatusCode::SERVICE_UNAVAILABLE => NO_ANSWER,
            StatusCode::UNPROCESSABLE_ENTITY => NOT_READ,
            _ => NOT_DONE,
        });
        let instead = match status {
            StatusCode::UNAUTHORIZED if self.instead.is_none() => Some(SIGNED_OUT),
            _ => self.instead,
        };
        let body = html! {
            section.card.narrow {
                h1 { (title) }
                @match instead {
                    Some(instead) => p { (visit.say(instead)) },
                    None => (reasons::list(visit.language, &self.refusal, &[pages.options.zone()])),
                }
                @if status == StatusCode::SERVICE_UNAVAILABLE { p { (visit.say(NOT_STORED)) } }
                p.actions {
                    @if status == StatusCode::UNAUTHORIZED {
                        a.button.primary href="/sign-in" { (visit.say(GO_SIGN_IN)) }
                    } @else if !anonymous {
                        a.button.primary href=(visit.home()) { (visit.say(GO_HOME)) }
                    }
                    a.button href="/" { (visit.say(GO_FRONT)) }
                }
            }
        };
        let mut response = (status, layout::page(visit, title, body)).into_response();
        if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            let wait_ms = self.refusal.next_allowed.map_or(0, |at| at.ms_since(pages.platform.now()));
            let seconds = (wait_ms.max(0) as u64).div_ceil(1000).clamp(1, 86_400);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let problem = Problem::from(refusal);
        Self { status: problem.status(), refusal: problem.refusal().clone(), instead: None }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

pub(crate) async fn no_page() -> Failure {
    Failure::nothing()
}

pub(crate) async fn no_method() -> Failure {
    Failure { status: StatusCode::METHOD_NOT_ALLOWED, ..Failure::nothing() }
}
