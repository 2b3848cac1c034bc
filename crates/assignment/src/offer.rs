//! Cases come to be placed, and go for good.

use events::assignment::{AssignmentEvent, CONTACTS_MAX, CaseOfferedV2, WithdrawalReason};
use events::{Code, Reason, Refusal};
use model::CaseId;

use crate::state::{Case, State, jurisdiction};
use crate::withdraw::withdrawn;

pub fn offer(state: &State, event: &CaseOfferedV2) -> Result<Vec<AssignmentEvent>, Refusal> {
    if let Some(known) = state.cases.get(&event.case) {
        if same_case(state, known, event) {
            return Ok(Vec::new());
        }
        let detail = format!("{} is offered with other content", event.case);
        return Err(Reason::detail(Code::CASE_DIFFERS, detail).into());
    }
    let mut reasons = Vec::new();
    if jurisdiction(&event.jurisdiction).is_none() {
        let detail = format!("jurisdiction: expected two letters such as CN, got {:?}", event.jurisdiction);
        reasons.push(Reason::detail(Code::MALFORMED, detail));
    }
    let contacts = event.contacts.len();
    if contacts > CONTACTS_MAX {
        let detail = format!("contacts: expected at most {CONTACTS_MAX}, got {contacts}");
        reasons.push(Reason::detail(Code::MALFORMED, detail));
    }
    if reasons.is_empty() {
        return Ok(vec![AssignmentEvent::CaseOffered(event.clone())]);
    }
    Err(Refusal { reasons, next_allowed: None, repeats: None })
}

fn same_case(state: &State, known: &Case, event: &CaseOfferedV2) -> bool {
    known.lender == event.lender
        && Some(known.jurisdiction) == jurisdiction(&event.jurisdiction)
        && known.minor == event.minor
        && known.currency == event.currency
        && *known.contacts == *event.contacts
        // A first version did not say.
        && ["", event.product.as_str()].contains(&state.product(known))
        && (known.overdue_since.is_none() || known.overdue_since == event.overdue_since)
}

pub fn withdraw(state: &State, id: CaseId) -> Result<Vec<AssignmentEvent>, Refusal> {
    let case = state.cases.get(&id).ok_or_else(|| Reason::detail(Code::CASE_UNKNOWN, id.to_string()))?;
    Ok(vec![withdrawn(state, id, case, WithdrawalReason::Lender)])
}

#[cfg(test)]
mod tests {
    use events::assignment::{AssignmentAnswer, AssignmentCommand, CaseWithdrawnV1};
    use model::AgencyId;

    use super::*;
    use crate::given::{agency, case_id, codes, collector, given, offered, placed};

    #[test]
    fn given_a_case_when_offered_again_then_only_other_content_is_refused() {
        let service = given(&[AssignmentEvent::CaseOffered(offered(1, 100))]);
        let again = service.when(&AssignmentCommand::OfferCase(offered(1, 100)));
        assert_eq!(again, Ok((vec![], AssignmentAnswer::Done { changed: false })));
        let other = service.when(&AssignmentCommand::OfferCase(offered(1, 101)));
        assert_eq!(codes(other), [Code::CASE_DIFFERS]);
    }

    #[test]
    fn given_a_placed_case_when_withdrawn_then_agency_and_contacts_are_named() {
        let mut service = given(&[
            AssignmentEvent::AgencyRegistered(agency(1, 10)),
            AssignmentEvent::CollectorRegistered(collector(5, 1)),
            AssignmentEvent::CaseOffered(offered(9, 100)),
            AssignmentEvent::CasePlaced(placed(9, 1, 5)),
        ]);
        let withdraw = AssignmentCommand::WithdrawCase { case: case_id(9) };
        let (events, _) = service.then(&withdraw).expect("known");
        let expected = CaseWithdrawnV1 {
            case: case_id(9),
            contacts: offered(9, 100).contacts.iter().map(|(contact, _)| *contact).collect(),
            agency: Some(AgencyId(1)),
            reason: WithdrawalReason::Lender,
        };
        assert_eq!(events, [AssignmentEvent::CaseWithdrawn(expected)]);
        assert!(service.queue(5).is_empty());
        assert_eq!(service.figures().offered, 0);
        assert_eq!(codes(service.when(&withdraw)), [Code::CASE_UNKNOWN]);
    }

    #[test]
    fn given_a_malformed_case_when_offered_then_refused() {
        let mut wrong = offered(1, 100);
        wrong.jurisdiction = "cn".to_owned();
        wrong.contacts = vec![wrong.contacts[0]; CONTACTS_MAX + 1];
        let refused = codes(given(&[]).when(&AssignmentCommand::OfferCase(wrong)));
        assert_eq!(refused, [Code::MALFORMED; 2]);
    }
}
