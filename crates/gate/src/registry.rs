//! Who may collect, from which numbers, with which texts.

use events::gate::{GateEvent, LineRegisteredV1, StandingChangedV1, TemplateApprovedV1, TemplateWithdrawnV1};
use events::{Code, Reason, Refusal};
use policy::pack::{Applies, Kind};
use policy::sets::PurposeSet;

use crate::State;
use crate::judge::content_fault;
use crate::state::Template;

/// Most bytes of a text.
const TEXT_BYTES_MAX: usize = 4000;

pub(crate) fn set_standing(state: &State, asked: &StandingChangedV1) -> Vec<GateEvent> {
    let active = !state.suspended.contains(&(asked.agency, asked.collector));
    (active != asked.active).then_some(GateEvent::StandingChanged(*asked)).into_iter().collect()
}

pub(crate) fn register_line(state: &State, asked: &LineRegisteredV1) -> Vec<GateEvent> {
    let (_, registered) = state.askers.standing(asked.agency, &asked.line);
    (registered != asked.registered).then_some(GateEvent::LineRegistered(*asked)).into_iter().collect()
}

/// A text is approved if no content rule that applies everywhere, for any of its channels and roles, finds fault with
/// it. What the law of one region demands, or of one purpose, is asked when it is sent there, or for it.
pub(crate) fn approve(state: &State, asked: &TemplateApprovedV1) -> Result<Vec<GateEvent>, Refusal> {
    let sound = !asked.text.is_empty() && asked.text.len() <= TEXT_BYTES_MAX;
    if !sound || asked.channels.is_empty() || asked.roles.is_empty() {
        let detail = format!(
            "expected channels, roles and a text of 1 to {TEXT_BYTES_MAX} bytes, got {}, {} and {} bytes",
            asked.channels.len(),
            asked.roles.len(),
            asked.text.len()
        );
        return Err(Reason::detail(Code::MALFORMED, detail).into());
    }
    let TemplateApprovedV1 { channels, roles, text, .. } = asked.clone();
    let wanted = Template { channels, roles, text, withdrawn: false };
    match state.templates.get(&(asked.agency, asked.template)) {
        Some(known) if *known == wanted => return Ok(Vec::new()),
        Some(_) => {
            let detail = "expected the text first approved under this number, got another; take a new number";
            return Err(Reason::detail(Code::CONTENT, detail).into());
        }
        None => {}
    }
    let faults: Vec<Reason> = faults(state, asked);
    if faults.is_empty() {
        return Ok(vec![GateEvent::TemplateApproved(asked.clone())]);
    }
    Err(Refusal { reasons: faults, next_allowed: None, repeats: None })
}

fn faults(state: &State, asked: &TemplateApprovedV1) -> Vec<Reason> {
    let packs = state.policies.packs().iter().filter(|adopted| adopted.pack.applies == Applies::Everywhere);
    let rules = packs.flat_map(|adopted| adopted.pack.rules.iter().zip(&adopted.rules));
    let faults = rules.filter_map(|(rule, prepared)| {
        let Kind::Content(content) = &rule.kind else { return None };
        let concerned = rule.who.purposes == PurposeSet::ALL
            && asked.channels.iter().any(|channel| rule.who.channels.has(*channel))
            && asked.roles.iter().any(|role| rule.who.roles.has(*role));
        let fault = concerned.then(|| content_fault(content, prepared, &asked.text)).flatten()?;
        Some(Reason { rule: Some(prepared.name), ..Reason::detail(Code::CONTENT, fault) })
    });
    faults.collect()
}

pub(crate) fn withdraw(state: &State, asked: &TemplateWithdrawnV1) -> Vec<GateEvent> {
    let template = state.templates.get(&(asked.agency, asked.template));
    let may_be_sent = template.is_some_and(|template| !template.withdrawn);
    may_be_sent.then_some(GateEvent::TemplateWithdrawn(*asked)).into_iter().collect()
}
