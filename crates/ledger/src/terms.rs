//! Terms of products, and commissions. Every partition has them.

use events::ledger::{Account, CommissionAgreedV1, LedgerEvent, PRODUCT_LEN_MAX, TermsSetV1};
use events::{Code, Reason, Refusal};

use crate::state::State;

/// Highest rate that is taken for one: 1,000 % a year.
const RATE_PPM_MAX: u32 = 10_000_000;
const SOURCE_LEN_MAX: usize = 200;
const GRACE_MAX: u16 = 90;
/// A hundred years.
const LIMITATION_DAYS_MAX: u32 = 36_525;
const WHOLE_BP: u16 = 10_000;

pub fn set(state: &State, terms: &TermsSetV1) -> Result<Vec<LedgerEvent>, Refusal> {
    let mut reasons = Vec::new();
    let mut invalid = |detail: String| reasons.push(Reason::detail(Code::TERMS_INVALID, detail));
    if terms.product.len() > PRODUCT_LEN_MAX {
        invalid(format!("product: expected at most {PRODUCT_LEN_MAX} bytes, got {}", terms.product.len()));
    }
    let mut claims = terms.allocation.clone();
    claims.sort_unstable();
    let mut every = Account::CLAIMS;
    every.sort_unstable();
    if !claims.is_empty() && claims != every {
        invalid(
            "allocation: expected costs, fees, interest and principal, each once, got other accounts"
                .to_owned(),
        );
    }
    if let Some(interest) = &terms.interest {
        if !(1..=RATE_PPM_MAX).contains(&interest.rate_ppm) {
            invalid(format!(
                "rate: expected 1 to {RATE_PPM_MAX} millionths a year, got {}",
                interest.rate_ppm
            ));
        }
        if interest.from.zip(interest.until).is_some_and(|(from, until)| until <= from) {
            invalid("interest: expected an end after its begin, got one before".to_owned());
        }
        if terms.ceiling.is_none() {
            invalid("ceiling: expected the most that the law allows, with its source, got none".to_owned());
        }
    }
    if terms.discount_max_bp > WHOLE_BP {
        invalid(format!("discount: expected at most the whole, {WHOLE_BP}, got {}", terms.discount_max_bp));
    }
    if terms.grace_days > GRACE_MAX {
        invalid(format!("grace: expected at most {GRACE_MAX} days, got {}", terms.grace_days));
    }
    if terms.limitation_days.is_some_and(|days| !(1..=LIMITATION_DAYS_MAX).contains(&days)) {
        invalid(format!("limitation: expected 1 to {LIMITATION_DAYS_MAX} days, got another number"));
    }
    if let Some(ceiling) = &terms.ceiling {
        let length = ceiling.source.len();
        if !(1..=SOURCE_LEN_MAX).contains(&length) {
            invalid(format!("ceiling: expected a source of 1 to {SOURCE_LEN_MAX} bytes, got {length}"));
        }
        if let Some(interest) = terms.interest.filter(|interest| interest.rate_ppm > ceiling.rate_ppm) {
            let (most, got) = (ceiling.rate_ppm, interest.rate_ppm);
            let detail = format!("expected at most {most} millionths a year, got {got}");
            reasons.push(Reason::detail(Code::CEILING_EXCEEDED, detail));
        }
    }
    if !reasons.is_empty() {
        return Err(Refusal { reasons, next_allowed: None, repeats: None });
    }
    let same = state.terms(terms.lender, &terms.product) == Some(terms);
    Ok(if same { Vec::new() } else { vec![LedgerEvent::TermsSet(terms.clone())] })
}

pub fn agree(state: &State, agreed: &CommissionAgreedV1) -> Result<Vec<LedgerEvent>, Refusal> {
    if agreed.rate_bp > WHOLE_BP {
        let detail = format!("commission: expected at most the whole, {WHOLE_BP}, got {}", agreed.rate_bp);
        return Err(Reason::detail(Code::TERMS_INVALID, detail).into());
    }
    let same = state.commissions.get(&(agreed.lender, agreed.agency)) == Some(agreed);
    Ok(if same { Vec::new() } else { vec![LedgerEvent::CommissionAgreed(*agreed)] })
}

#[cfg(test)]
mod tests {
    use events::ledger::{CeilingV1, DayCount, InterestTermsV1, LedgerAnswer, LedgerCommand};

    use super::*;
    use crate::given::{codes, given, terms};

    #[test]
    fn given_a_rate_above_the_ceiling_or_without_one_when_set_then_refused() {
        let ledger = given([]);
        let interest =
            InterestTermsV1 { rate_ppm: 154_001, day_count: DayCount::Act360, from: None, until: None };
        let ceiling = CeilingV1 { rate_ppm: 154_000, source: "a statute".to_owned(), as_of: 18_500 };
        let set = |terms| codes(ledger.when(&LedgerCommand::SetTerms(terms)));
        let bare = TermsSetV1 { interest: Some(interest), ceiling: None, ..terms() };
        assert_eq!(set(bare), [Code::TERMS_INVALID]);
        let above = TermsSetV1 { interest: Some(interest), ceiling: Some(ceiling), ..terms() };
        assert_eq!(set(above), [Code::CEILING_EXCEEDED]);
        let twice = vec![Account::Fees, Account::Fees, Account::Interest, Account::Principal];
        assert_eq!(set(TermsSetV1 { allocation: twice, ..terms() }), [Code::TERMS_INVALID]);
    }

    #[test]
    fn given_terms_when_set_again_then_nothing_changes() {
        let ledger = given([LedgerEvent::TermsSet(terms())]);
        let again = ledger.when(&LedgerCommand::SetTerms(terms()));
        assert_eq!(again, Ok((Vec::new(), LedgerAnswer::Unchanged)));
    }
}
