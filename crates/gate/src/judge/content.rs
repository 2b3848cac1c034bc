//! What a message says.

use events::Code;
use policy::pack::{Content, Element};

use super::{Finding, On};
use crate::policies::Prepared;

pub(super) fn judge(on: &On<'_, '_>, content: &Content, prepared: &Prepared) -> Finding {
    let asked = on.facts.asked;
    let template = asked.template.and_then(|id| on.facts.state.templates.get(&(asked.agency, id)));
    let fits = template.filter(|template| {
        !template.withdrawn
            && template.channels.contains(&asked.channel)
            && template.roles.contains(&on.link.role)
    });
    match fits {
        None if content.template => Finding::refuses(Code::TEMPLATE_MISSING),
        None => Finding::allows(Code::CONTENT),
        Some(template) => match fault(content, prepared, &template.text) {
            Some(fault) => Finding::refuses(Code::CONTENT).detail(fault),
            None => Finding::allows(Code::CONTENT),
        },
    }
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
