//! Refusals: numbered codes that only grow, each with a page in `proto/codes`.

use std::fmt;

use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Tally;
use crate::gate::RuleName;

/// The number of a refusal: `F0301`. The hundreds name the service, as in event types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Code(pub u16);

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $word:literal;)*) => {
        impl Code {
            $($(#[$doc])* pub const $name: Self = Self($number);)*

            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// A short name for labels and JSON; `unknown` for a number of a newer program.
            pub const fn word(self) -> &'static str {
                match self.0 { $($number => $word,)* _ => "unknown" }
            }

            /// The catalogue page: what happened, and what to do.
            pub const fn page(self) -> Option<&'static str> {
                match self.0 {
                    $($number => Some(include_str!(concat!("../../../proto/codes/", stringify!($number), ".md"))),)*
                    _ => None,
                }
            }
        }
    };
}

codes! {
    /// The service could not decide and store; retry with the same command id.
    UNAVAILABLE = 1, "unavailable";
    /// The command id was used before with other input.
    COMMAND_ID_REUSED = 2, "command-id-reused";
    /// The queue is full; slow down.
    BUSY = 3, "busy";
    /// The request could not be read.
    MALFORMED = 4, "malformed";
    /// The asker may not do this.
    FORBIDDEN = 5, "forbidden";
    /// There is no such thing.
    NOT_FOUND = 6, "not-found";

    /// The lender's reference is known with other content.
    CASE_DIFFERS = 101, "case-differs";
    /// There is no such case.
    CASE_UNKNOWN = 102, "case-unknown";
    /// The case is closed.
    CASE_CLOSED = 103, "case-closed";
    /// The postings do not balance to zero.
    UNBALANCED = 104, "unbalanced";
    /// The amount is not what this posting allows.
    AMOUNT_INVALID = 105, "amount-invalid";
    /// The currency is not the case's.
    CURRENCY_DIFFERS = 106, "currency-differs";
    /// The payment's reference is known with another amount.
    PAYMENT_DIFFERS = 107, "payment-differs";
    /// Something was posted since the day of the lender's figures.
    FIGURES_OUTDATED = 108, "figures-outdated";

    /// There is no such payment.
    PAYMENT_UNKNOWN = 110, "payment-unknown";
    /// The payment was taken out before, for another reason.
    PAYMENT_TAKEN_BACK = 111, "payment-taken-back";
    /// The entry's reference is known with another amount.
    ENTRY_DIFFERS = 112, "entry-differs";
    /// There is nothing that this could rest on.
    BASIS_MISSING = 113, "basis-missing";
    /// The rate is above what the law allows.
    CEILING_EXCEEDED = 114, "ceiling-exceeded";
    /// A promise, a plan or a settlement stands.
    COMMITMENT_STANDS = 115, "commitment-stands";
    /// The instalments do not make an agreement.
    COMMITMENT_INVALID = 116, "commitment-invalid";
    /// No settlement is offered.
    COMMITMENT_UNKNOWN = 117, "commitment-unknown";
    /// The settlement gives up more than may be without approval.
    APPROVAL_NEEDED = 118, "approval-needed";
    /// The claim is no longer called for.
    LIMITATION_PASSED = 119, "limitation-passed";
    /// Nothing would be owed on the case.
    NOTHING_OWED = 120, "nothing-owed";
    /// The case has as many entries as it may have.
    JOURNAL_FULL = 121, "journal-full";
    /// The terms contradict themselves.
    TERMS_INVALID = 122, "terms-invalid";
    /// The settlement was to be accepted before.
    OFFER_EXPIRED = 123, "offer-expired";

    /// There is no such agency.
    AGENCY_UNKNOWN = 201, "agency-unknown";
    /// The agency is suspended.
    AGENCY_SUSPENDED = 202, "agency-suspended";
    /// There is no such collector.
    COLLECTOR_UNKNOWN = 203, "collector-unknown";
    /// The collector is registered with another agency.
    COLLECTOR_ELSEWHERE = 204, "collector-elsewhere";
    /// The registration is known with other content.
    REGISTRATION_DIFFERS = 205, "registration-differs";
    /// The agency is not suspended, or the collector has not ended.
    STILL_ACTIVE = 206, "still-active";
    /// What the plan was made from has changed.
    PLAN_STALE = 207, "plan-stale";
    /// A plan is being carried out.
    PLAN_RUNNING = 208, "plan-running";
    /// Parts of the plan are missing, or are not those of its id.
    PLAN_INCOMPLETE = 209, "plan-incomplete";
    /// The plan breaks a limit of an agency or a lender.
    PLAN_INVALID = 210, "plan-invalid";

    /// The person asked to be left alone.
    STOPPED = 301, "stopped";
    /// The cap of the calendar day is reached.
    DAY_CAP = 302, "day-cap";
    /// The cap of seven days is reached.
    SEVEN_DAY_CAP = 303, "seven-day-cap";
    /// Outside calling hours.
    OUTSIDE_HOURS = 304, "outside-hours";
    /// No time zone is known for the contact point.
    ZONE_UNKNOWN = 305, "zone-unknown";
    /// The contact point is not known for this case.
    CONTACT_UNKNOWN = 306, "contact-unknown";
    /// The case is not placed with this agency.
    NOT_PLACED = 307, "not-placed";
    /// Somebody who owes nothing has not agreed to be contacted.
    CONSENT_MISSING = 308, "consent-missing";
    /// The clock cannot be trusted.
    CLOCK_UNSURE = 309, "clock-unsure";
    /// No policy has been adopted.
    NO_POLICY = 310, "no-policy";
    /// This role may not be contacted for this purpose.
    PURPOSE_NOT_ALLOWED = 311, "purpose-not-allowed";
    /// The case is closed for contact.
    CONTACT_CLOSED = 312, "contact-closed";
    /// A cap is reached.
    CAP = 313, "cap";
    /// There was a conversation lately.
    COOL_DOWN = 314, "cool-down";
    /// Too soon after the last attempt.
    TOO_SOON = 315, "too-soon";
    /// A hold stands.
    HELD = 316, "held";
    /// The calling number is not registered to the agency.
    LINE_NOT_REGISTERED = 317, "line-not-registered";
    /// The person was contacted from too many different numbers.
    TOO_MANY_LINES = 318, "too-many-lines";
    /// The agency or the collector may not collect.
    NOT_IN_STANDING = 319, "not-in-standing";
    /// There is no such permit.
    PERMIT_UNKNOWN = 320, "permit-unknown";
    /// The permit has expired.
    PERMIT_EXPIRED = 321, "permit-expired";
    /// The permit was voided by a stop.
    PERMIT_VOIDED = 322, "permit-voided";
    /// The permit was used by another call.
    PERMIT_USED = 323, "permit-used";
    /// The permit was not redeemed.
    PERMIT_NOT_REDEEMED = 324, "permit-not-redeemed";
    /// The call was settled before with another outcome.
    ALREADY_SETTLED = 325, "already-settled";
    /// The message is not made from an approved template.
    TEMPLATE_MISSING = 326, "template-missing";
    /// The text of the template breaks a rule.
    CONTENT = 327, "content";
    /// It was not shown lately that the number is still theirs.
    NUMBER_STALE = 328, "number-stale";
    /// Many borrowers name the number: it must be checked first.
    NUMBER_SHARED = 329, "number-shared";
    /// The policy contradicts itself, or its id and version are known with other content.
    POLICY_INVALID = 330, "policy-invalid";
    /// A lender's or an agency's policy would be weaker than one in force.
    POLICY_LOOSENS = 331, "policy-loosens";
    /// The debtor can be reached: nobody else may be asked.
    DEBTOR_REACHABLE = 332, "debtor-reachable";
    /// There is nothing to reply to.
    NOTHING_TO_REPLY = 333, "nothing-to-reply";
    /// There is no such hold, or it is another's to lift.
    HOLD_UNKNOWN = 334, "hold-unknown";
    /// The consent is not one that the law knows.
    CONSENT_INVALID = 335, "consent-invalid";
    /// The permit does not stand on a share at every home.
    SHARE_MISSING = 336, "share-missing";
    /// The partition has not been told what the contact point's own knows.
    HOME_BEHIND = 337, "home-behind";
}

impl Code {
    /// The gate's answer to a request, and not a failure to give one.
    pub const fn is_verdict(self) -> bool {
        matches!(self.0, 301..=319 | 326..=329 | 332 | 333)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "F{:04}", self.0)
    }
}

/// One rule that refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// What kind of rule.
    pub code: Code,
    /// Which; `None` where the code says it all.
    pub rule: Option<RuleName>,
    /// The limit, where the rule has one.
    pub limit: Option<u32>,
    /// What was counted against it.
    pub counted: Option<u32>,
    /// When this rule alone would next allow it; `None`: not by the passing of time.
    pub next_allowed: Option<Timestamp>,
    /// What this case adds to the catalogue page: expected, got. Never personal data.
    pub detail: Option<String>,
}

impl Reason {
    /// A reason with nothing but its code.
    pub const fn new(code: Code) -> Self {
        Self { code, rule: None, limit: None, counted: None, next_allowed: None, detail: None }
    }

    /// With what was expected and what came.
    pub fn detail(code: Code, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..Self::new(code) }
    }
}

/// Why a command was refused: every rule that refused, in order of code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// All of them.
    pub reasons: Vec<Reason>,
    /// When all of them together would next allow it; `None`: not by the passing of time.
    pub next_allowed: Option<Timestamp>,
    /// Set when this repeats a recorded refusal.
    pub repeats: Option<Tally>,
}

impl Refusal {
    /// Nothing was decided: the same command may be given again, with the same id.
    pub fn is_transient(&self) -> bool {
        self.reasons.iter().any(|reason| matches!(reason.code, Code::UNAVAILABLE | Code::BUSY))
    }
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self { next_allowed: reason.next_allowed, reasons: vec![reason], repeats: None }
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Reason::new(code).into()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, reason) in self.reasons.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{} {}", reason.code, reason.code.word())?;
            if let Some(detail) = &reason.detail {
                write!(f, ": {detail}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_page_that_begins_with_its_number_and_word() {
        for code in Code::ALL {
            let page = code.page().unwrap_or_default();
            let heading = format!("# {code} {}\n", code.word());
            assert!(page.starts_with(&heading), "proto/codes/{}.md must begin with {heading:?}", code.0);
            assert!(page.contains("\n**What to do.** "), "{code} does not say what to do");
        }
    }
}
