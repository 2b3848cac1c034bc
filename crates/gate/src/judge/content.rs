//! What a message says.

use events::Code;
use policy::pack::{Content, Element};

use super::On;
use super::finding::{Finding, Why};
use crate::policies::Prepared;
use crate::state::Template;

pub(super) fn ask(on: &On<'_, '_>, content: &Content) -> Finding {
    match template(on) {
        None if content.template => Finding::refuses_with(Code::TEMPLATE_MISSING),
        None => Finding::allows(Code::CONTENT),
        Some(template) => {
            Finding::refuses_if(fault(content, on.prepared, &template.text).is_some(), Code::CONTENT)
        }
    }
}

/// What is wrong with the text, if there is one.
pub(super) fn why(on: &On<'_, '_>, content: &Content) -> Why {
    let detail = template(on).and_then(|template| fault(content, on.prepared, &template.text));
    Why { next: None, detail }
}

/// The approved text that is asked for, if it fits the channel and the role.
fn template<'a>(on: &On<'_, 'a>) -> Option<&'a Template> {
    let asked = on.view.facts.asked;
    let template = asked.template.and_then(|id| on.view.facts.state.templates.get(&(asked.agency, id)));
    template.filter(|template| {
        !template.withdrawn
            && template.channels.contains(&asked.channel)
            && template.roles.contains(&on.view.link.role)
    })
}

/// What is wrong with a text.
pub(crate) fn fault(content: &Content, prepared: &Prepared, text: &str) -> Option<String> {
    if let Some(missing) = content.require.iter().find(|element| !has(text, **element)) {
        return Some(format!("expected {}, got a text without", expected(*missing)));
    }
    let found = prepared.forbidden.as_ref().and_then(|words| words.find(text))?;
    let word = content.forbid.get(found.pattern().as_usize())?;
    Some(format!("expected a text without {word:?}, got it at byte {}", found.start()))
}

fn has(text: &str, element: Element) -> bool {
    let any = |words: &[&str]| words.iter().any(|word| text.contains(word));
    match element {
        Element::Sender => any(&["{agency}", "{sender}"]),
        Element::OptOut => {
            let lower = text.to_lowercase();
            any(&["{stop}"])
                || ["reply stop", "reply with the word stop", "unsubscribe", "回复td", "回复t", "退订"]
                    .iter()
                    .any(|words| lower.contains(words))
        }
        Element::OwesNothing => {
            let lower = text.to_lowercase();
            lower.contains("you owe nothing") || lower.contains("您不欠") || lower.contains("您没有任何还款")
        }
    }
}

const fn expected(element: Element) -> &'static str {
    match element {
        Element::Sender => "who sends it, as {agency} or {sender}",
        Element::OptOut => "how to make it stop, as {stop} or a sentence such as \"Reply STOP to stop\"",
        Element::OwesNothing => "that the person owes nothing, such as \"you owe nothing\"",
    }
}
