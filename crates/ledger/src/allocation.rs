//! In which order a payment settles the claims.

use events::ledger::Account::{self, Costs, Fees, Interest, Principal};
use events::ledger::{PostingV1, TermsSetV1};

use crate::case::Case;

/// Where neither the contract nor the law says otherwise.
const USUAL: [Account; 4] = [Costs, Fees, Interest, Principal];

/// Costs, interest, principal: Civil Code of the People's Republic of China, article 561; BGB section 367 (1). Neither
/// names contractual fees and penalties, which the debtor is therefore spared until the end.
const COSTS_INTEREST_PRINCIPAL: [Account; 4] = [Costs, Interest, Principal, Fees];

/// The claims in order: as the contract has it, else as the law of the jurisdiction does.
pub fn order(terms: Option<&TermsSetV1>, jurisdiction: [u8; 2]) -> [Account; 4] {
    let agreed = terms.and_then(|terms| <[Account; 4]>::try_from(&terms.allocation[..]).ok());
    agreed.unwrap_or(match &jurisdiction {
        b"CN" | b"DE" => COSTS_INTEREST_PRINCIPAL,
        _ => USUAL,
    })
}

/// Sets `minor` against the claims in order; what is left over is the second answer.
pub fn allocate(case: &Case, order: [Account; 4], minor: i64) -> (Vec<PostingV1>, i64) {
    let mut postings = Vec::new();
    let mut rest = minor;
    for account in order {
        let part = rest.min(case.of(account));
        if part > 0 {
            postings.push(PostingV1 { account, minor: -part });
            rest -= part;
        }
    }
    (postings, rest)
}
