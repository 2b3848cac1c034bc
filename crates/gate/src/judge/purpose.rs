//! What somebody in a role may be contacted for.

use events::Code;
use events::gate::ConsentAnswer;
use policy::pack::PurposeRule;

use super::finding::Trace;
use super::{Finding, On, out_of_contact};

pub(super) fn judge(on: &On<'_, '_>, rule: &PurposeRule, trace: &mut Trace) -> Finding {
    let purpose = on.facts.asked.purpose;
    if !rule.allowed.has(purpose) {
        let allowed: Vec<_> = rule.allowed.words().map(model::Purpose::word).collect();
        let detail = format!("expected {}, got {purpose} for a {}", allowed.join(" or "), on.link.role);
        return Finding::refuses(Code::PURPOSE_NOT_ALLOWED).detail(detail);
    }
    // What they answered is known at their contact point's partition, who was tried at the case's.
    let asked_here = on.facts.contact_here();
    if asked_here && rule.confirmed.has(purpose) && on.link.consent != Some(ConsentAnswer::Confirmed) {
        return Finding::refuses(Code::CONSENT_MISSING);
    }
    match &rule.debtor_out_of_contact {
        Some(out)
            if out.purposes.has(purpose)
                && on.facts.case_here()
                && !out_of_contact::holds(on, out, trace) =>
        {
            Finding::refuses(Code::DEBTOR_REACHABLE)
        }
        _ => Finding::allows(Code::PURPOSE_NOT_ALLOWED),
    }
}
