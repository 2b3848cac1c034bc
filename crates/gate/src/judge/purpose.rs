//! What somebody in a role may be contacted for.

use events::Code;
use events::gate::ConsentAnswer;
use policy::pack::PurposeRule;

use super::finding::{Finding, Trace, Why};
use super::{On, out_of_contact};

pub(super) fn ask(on: &On<'_, '_>, rule: &PurposeRule, trace: &mut Trace) -> Finding {
    let purpose = on.view.facts.asked.purpose;
    if !rule.allowed.has(purpose) {
        return Finding::refuses_with(Code::PURPOSE_NOT_ALLOWED);
    }
    // What they answered is known at their contact point's partition, who was tried at the case's.
    let facts = on.view.facts;
    if facts.contact_here()
        && rule.confirmed.has(purpose)
        && on.view.link.consent != Some(ConsentAnswer::Confirmed)
    {
        return Finding::refuses_with(Code::CONSENT_MISSING);
    }
    match &rule.debtor_out_of_contact {
        Some(out)
            if out.purposes.has(purpose) && facts.case_here() && !out_of_contact::holds(on, out, trace) =>
        {
            Finding::refuses_with(Code::DEBTOR_REACHABLE)
        }
        _ => Finding::allows(Code::PURPOSE_NOT_ALLOWED),
    }
}

/// What would be allowed.
pub(super) fn why(on: &On<'_, '_>, rule: &PurposeRule) -> Why {
    let purpose = on.view.facts.asked.purpose;
    if rule.allowed.has(purpose) {
        return Why::default();
    }
    let allowed: Vec<_> = rule.allowed.words().map(model::Purpose::word).collect();
    Why::detail(format!("expected {}, got {purpose} for a {}", allowed.join(" or "), on.view.link.role))
}
