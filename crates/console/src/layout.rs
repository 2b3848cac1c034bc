//! What all pages have in common.

use api::Principal;
use maud::{DOCTYPE, Markup, html};

use crate::forms::FORM_TOKEN;
use crate::language::{Text, text};
use crate::style;
use crate::visit::Visit;
use crate::words;

const MOTTO: Text = text("知止的催收", "debt collection that knows when not to call");
const SKIP: Text = text("跳到正文", "Skip to content");
const SIGN_OUT: Text = text("退出", "Sign out");
const SIGN_IN: Text = text("工作人员登录", "Staff sign-in");
const FRONT: Text = text("我被打扰了", "I am being called");
const FIGURES: Text = text("实时数据", "Figures");
const QUEUE: Text = text("我的队列", "My queue");
const MY_NUMBER: Text = text("我的号码", "My number");

/// A page.
pub(crate) fn page(visit: &Visit, title: &str, body: Markup) -> Markup {
    page_with(visit, title, html! {}, body)
}

/// A page with more in its head.
pub(crate) fn page_with(visit: &Visit, title: &str, head: Markup, body: Markup) -> Markup {
    let (other, name) = visit.language.other();
    html! {
        (DOCTYPE)
        html lang=(visit.language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) " · Forbear" }
                link rel="stylesheet" href=(style::path());
                (head)
            }
            body {
                a.skip href="#content" { (visit.say(SKIP)) }
                header.top {
                    a.brand href="/" { "Forbear" }
                    span.motto { (visit.say(MOTTO)) }
                    nav {
                        @for (path, name) in links(&visit.principal) { a href=(path) { (visit.say(*name)) } }
                        a lang=(other.tag()) hreflang=(other.tag()) href=(visit.translation) { (name) }
                    }
                }
                main id="content" { (body) }
                footer {
                    @match who(visit) {
                        Some(who) => form method="post" action="/sign-out" {
                            (token(visit))
                            span { (who) }
                            button.quiet type="submit" { (visit.say(SIGN_OUT)) }
                        },
                        None => a href="/sign-in" { (visit.say(SIGN_IN)) },
                    }
                }
            }
        }
    }
}

/// The field that shows that a form is of this session.
pub(crate) fn token(visit: &Visit) -> Markup {
    html! { @if let Some(token) = &visit.form_token { input type="hidden" name=(FORM_TOKEN) value=(token); } }
}

fn links(principal: &Principal) -> &'static [(&'static str, Text)] {
    match principal {
        Principal::Collector(..) => &[("/queue", QUEUE)],
        Principal::Operator | Principal::Supervisor(_) | Principal::Agency(_) => &[("/figures", FIGURES)],
        Principal::CalledPerson(_) => &[("/my-number", MY_NUMBER)],
        Principal::Lender(_) | Principal::Trunk | Principal::Anonymous => &[("/", FRONT)],
    }
}

fn who(visit: &Visit) -> Option<String> {
    let role = visit.say(words::principal(&visit.principal)?);
    Some(match visit.principal {
        Principal::Collector(collector, agency) => format!("{role} {collector} · {agency}"),
        Principal::Agency(agency) | Principal::Supervisor(Some(agency)) => format!("{role} · {agency}"),
        Principal::Lender(lender) => format!("{role} {lender}"),
        _ => role.to_owned(),
    })
}
