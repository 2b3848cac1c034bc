//! Opening a case.

use events::ledger::{
    Account, CaseOpenedV2, LedgerEvent, PRODUCT_LEN_MAX, REGIONS_MAX, ZONES_MAX, posting_sum,
};
use events::{Code, Reason, Refusal};

use crate::limitation;
use crate::state::State;

/// Largest amount of one posting: far above any debt, and thousands of them fit into 64 bits.
pub const MINOR_MAX: i64 = 1_000_000_000_000_000;
const POSTINGS_MAX: usize = 16;
const PARTIES_MAX: usize = 32;
const CONTACTS_MAX: usize = 16;
const SEALED_LEN_MAX: usize = 2048;

pub fn decide(state: &State, opening: &CaseOpenedV2) -> Result<Vec<LedgerEvent>, Refusal> {
    if let Some(known) = state.cases.get(opening.case) {
        if known.digest == opening.digest {
            return Ok(Vec::new());
        }
        let detail = format!("{} is known with other content", opening.case);
        return Err(Reason::detail(Code::CASE_DIFFERS, detail).into());
    }
    let mut reasons = Vec::new();
    check_shape(opening, &mut reasons);
    check_postings(opening, &mut reasons);
    if !reasons.is_empty() {
        return Err(Refusal { reasons, next_allowed: None, repeats: None });
    }
    let mut events = vec![LedgerEvent::CaseOpened(opening.clone())];
    events.extend(limitation::begin(state, opening));
    Ok(events)
}

/// Keeps a case within its bounds, so that its event is small and its state fixed.
fn check_shape(opening: &CaseOpenedV2, reasons: &mut Vec<Reason>) {
    let mut malformed = |detail: String| reasons.push(Reason::detail(Code::MALFORMED, detail));
    let jurisdiction = opening.jurisdiction.as_bytes();
    if jurisdiction.len() != 2 || !jurisdiction.iter().all(u8::is_ascii_uppercase) {
        malformed(format!("jurisdiction: expected two letters such as CN, got {:?}", opening.jurisdiction));
    }
    let product_len = opening.product.len();
    if product_len > PRODUCT_LEN_MAX {
        malformed(format!("product: expected at most {PRODUCT_LEN_MAX} bytes, got {product_len}"));
    }
    if !opening.parties.iter().any(|party| party.role.owes()) {
        malformed("parties: expected at least one who owes, got none".to_owned());
    }
    if opening.parties.len() > PARTIES_MAX {
        malformed(format!("parties: expected at most {PARTIES_MAX}, got {}", opening.parties.len()));
    }
    if let Some(party) = opening.parties.iter().find(|party| party.contacts.len() > CONTACTS_MAX) {
        let got = party.contacts.len();
        malformed(format!("contacts of a party: expected at most {CONTACTS_MAX}, got {got}"));
    }
    let contacts = || opening.parties.iter().flat_map(|party| &party.contacts);
    // The gate would refuse the link, and nobody could be called.
    let zones = contacts().map(|contact| contact.zones.len()).fold(0, usize::max);
    if zones > ZONES_MAX {
        malformed(format!("zones of a contact point: expected at most {ZONES_MAX}, got {zones}"));
    }
    let regions = contacts().map(|contact| contact.regions.len()).fold(0, usize::max);
    if regions > REGIONS_MAX {
        malformed(format!(
            "regions of a contact point: expected at most {REGIONS_MAX} besides the jurisdiction, got {regions}"
        ));
    }
    let longest = contacts()
        .map(|contact| contact.sealed.len())
        .chain(opening.parties.iter().map(|party| party.sealed.len()))
        .fold(opening.reference_sealed.len(), usize::max);
    if longest > SEALED_LEN_MAX {
        malformed(format!("sealed fields: expected at most {SEALED_LEN_MAX} bytes each, got {longest}"));
    }
}

fn check_postings(opening: &CaseOpenedV2, reasons: &mut Vec<Reason>) {
    let postings = &opening.postings;
    let sum = posting_sum(postings);
    if sum != 0 {
        let detail = format!("expected postings that add up to 0 {}, got {sum}", opening.currency);
        reasons.push(Reason::detail(Code::UNBALANCED, detail));
    }
    let mut invalid = |detail: String| reasons.push(Reason::detail(Code::AMOUNT_INVALID, detail));
    if postings.len() > POSTINGS_MAX {
        invalid(format!("expected at most {POSTINGS_MAX} postings, got {}", postings.len()));
    }
    for posting in postings {
        let word = posting.account.word();
        match posting.account {
            Account::Opening => {}
            claim if claim.is_claim() => {
                if !(0..=MINOR_MAX).contains(&posting.minor) {
                    invalid(format!("{word}: expected 0 to {MINOR_MAX} minor units, got {}", posting.minor));
                }
            }
            _ => invalid(format!("expected postings to claims against opening, got one to {word}")),
        }
    }
    if !postings.iter().any(|posting| posting.account.is_claim() && posting.minor > 0) {
        invalid("expected a claim above zero, got none".to_owned());
    }
}

#[cfg(test)]
mod tests {
    use events::ledger::{CaseOpenedV1, ContactV2, LedgerAnswer, PostingV1};
    use model::ContactPointId;

    use super::*;
    use crate::given::{codes, given, open, opening};

    #[test]
    fn given_nothing_when_a_case_is_opened_then_it_is_open() {
        let (events, answer) = given([]).when(&open(opening())).expect("well formed");
        assert_eq!(events, [LedgerEvent::CaseOpened(opening())]);
        assert_eq!(answer, LedgerAnswer::Opened);
    }

    #[test]
    fn given_a_case_when_it_is_opened_again_then_nothing_changes() {
        let ledger = given([LedgerEvent::CaseOpened(opening())]);
        assert_eq!(ledger.when(&open(opening())), Ok((Vec::new(), LedgerAnswer::Unchanged)));
    }

    #[test]
    fn given_a_case_when_it_is_opened_with_other_content_then_refused() {
        let ledger = given([LedgerEvent::CaseOpened(opening())]);
        let other = CaseOpenedV2 { digest: [9; 16], ..opening() };
        assert_eq!(codes(ledger.when(&open(other))), [Code::CASE_DIFFERS]);
    }

    /// The opening, with so many regions and zones of the debtor's number.
    fn placed(regions: usize, zones: usize) -> CaseOpenedV2 {
        let mut opening = opening();
        let contact = ContactPointId([5; 16]);
        let region = |index| format!("US-{index}").parse().expect("a region");
        opening.parties[0].contacts = vec![ContactV2 {
            contact,
            zones: vec!["America/New_York".parse().expect("a zone"); zones],
            regions: (0..regions).map(region).collect(),
            sealed: vec![0; 40],
        }];
        opening
    }

    #[test]
    fn given_nothing_when_opened_with_regions_then_they_are_recorded_as_named() {
        let opening = placed(REGIONS_MAX, ZONES_MAX);
        let (events, answer) = given([]).when(&open(opening.clone())).expect("well formed");
        assert_eq!((events, answer), (vec![LedgerEvent::CaseOpened(opening)], LedgerAnswer::Opened));
    }

    #[test]
    fn given_more_regions_or_zones_than_the_gate_takes_when_opened_then_each_is_named() {
        let refused = codes(given([]).when(&open(placed(REGIONS_MAX + 1, ZONES_MAX + 1))));
        assert_eq!(refused, [Code::MALFORMED, Code::MALFORMED]);
    }

    #[test]
    fn given_a_case_of_the_first_version_when_its_row_comes_again_then_nothing_changes() {
        let former = CaseOpenedV1 {
            case: opening().case,
            lender: opening().lender,
            product: opening().product,
            currency: opening().currency,
            jurisdiction: opening().jurisdiction,
            opened_on: opening().opened_on,
            overdue_since: opening().overdue_since,
            postings: opening().postings,
            parties: vec![],
            reference_sealed: opening().reference_sealed,
            digest: opening().digest,
        };
        let ledger = given([LedgerEvent::CaseOpened(former.into())]);
        // The same row now also says where its number is from.
        assert_eq!(ledger.when(&open(placed(1, 1))), Ok((Vec::new(), LedgerAnswer::Unchanged)));
    }

    #[test]
    fn given_postings_that_do_not_balance_when_opened_then_every_rule_is_named() {
        let mut wrong = opening();
        wrong.postings = vec![PostingV1 { account: Account::Principal, minor: -1 }];
        wrong.jurisdiction = "China".to_owned();
        wrong.parties.clear();
        let refused = codes(given([]).when(&open(wrong)));
        let amount = Code::AMOUNT_INVALID;
        assert_eq!(refused, [Code::MALFORMED, Code::MALFORMED, Code::UNBALANCED, amount, amount]);
    }

    #[test]
    fn given_an_opening_that_posts_a_payment_when_opened_then_refused() {
        let mut wrong = opening();
        let cash = |minor| PostingV1 { account: Account::Payments, minor };
        wrong.postings.extend([cash(5), cash(-5)]);
        assert_eq!(codes(given([]).when(&open(wrong))), [Code::AMOUNT_INVALID; 2]);
    }
}
