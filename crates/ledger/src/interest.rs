//! Interest by the terms of the contract: simple, on the principal, in whole numbers.

use events::ledger::{Account, DayCount, InterestAccruedV1, InterestTermsV1, LedgerEvent, PostingV1};
use events::{Code, Now, Reason, Refusal};
use model::CaseId;
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::draft::Draft;
use crate::open::MINOR_MAX;
use crate::rounding::half_to_even;
use crate::state::State;

/// How far interest is charged on a case.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Accrued {
    /// The day after the last one.
    pub until: i32,
    /// What rounding left over, in the unit of the event.
    pub carry: i64,
    /// In which unit.
    pub day_count: DayCount,
}

impl Accrued {
    pub const fn of(event: &InterestAccruedV1) -> Self {
        Self { until: event.until, carry: event.carry, day_count: event.day_count }
    }
}

/// Days of a year, as a convention counts them.
const fn year(day_count: DayCount) -> i128 {
    match day_count {
        DayCount::Act365Fixed => 365,
        DayCount::Act360 | DayCount::Thirty360European => 360,
    }
}

/// Days from one day to another, as a convention counts them. They add up over any days between.
fn days(day_count: DayCount, from: i32, until: i32) -> i128 {
    match day_count {
        DayCount::Act365Fixed | DayCount::Act360 => i128::from(until) - i128::from(from),
        DayCount::Thirty360European => day_of_30(until) - day_of_30(from),
    }
}

/// The number of a day where every month has 30: the 31st is the 30th.
fn day_of_30(day: i32) -> i128 {
    let epoch = jiff::civil::date(1970, 1, 1);
    let limit = if day < 0 { jiff::civil::Date::MIN } else { jiff::civil::Date::MAX };
    let date = epoch.checked_add(jiff::Span::new().days(day.clamp(-719_000, 2_900_000))).unwrap_or(limit);
    i128::from(date.year()) * 360 + i128::from(date.month()) * 30 + i128::from(date.day().min(30))
}

/// Interest of the days that bear any, before `until`; `None`: of none.
fn accrued(case: &Case, terms: &InterestTermsV1, until: i32) -> Option<InterestAccruedV1> {
    let before = case.accrued();
    let first = terms.from.unwrap_or(case.opened_on).max(case.opened_on);
    let from = before.map_or(first, |accrued| accrued.until.max(first));
    let until = terms.until.map_or(until, |last| until.min(last));
    if until <= from {
        return None;
    }
    let principal = case.of(Account::Principal);
    let unit = 1_000_000 * year(terms.day_count);
    // In another unit what was left over, half a minor unit at most, is nobody's.
    let carry =
        before.filter(|accrued| accrued.day_count == terms.day_count).map_or(0, |accrued| accrued.carry);
    let exact = i128::from(principal) * i128::from(terms.rate_ppm) * days(terms.day_count, from, until);
    let exact = exact + i128::from(carry);
    let minor = half_to_even(exact, unit);
    let carry = i64::try_from(exact - minor * unit).unwrap_or_default();
    let minor = i64::try_from(minor).unwrap_or(i64::MAX);
    let posting = |account, minor| PostingV1 { account, minor };
    let postings = match minor {
        0 => Vec::new(),
        minor => vec![posting(Account::Interest, minor), posting(Account::Charges, minor.saturating_neg())],
    };
    Some(InterestAccruedV1 {
        case: case.id,
        from,
        until,
        principal,
        rate_ppm: terms.rate_ppm,
        day_count: terms.day_count,
        carry,
        postings,
        balance: case.owed().saturating_add(minor),
    })
}

/// Charges interest up to a day, and no further than today, where the product bears any.
pub fn accrue(state: &State, draft: &mut Draft, until: i32, now: Now) -> Result<(), Refusal> {
    let terms = state.terms_of(&draft.case).and_then(|terms| terms.interest);
    let Some(terms) = terms.filter(|_| draft.case.closed.is_none()) else { return Ok(()) };
    let Some(interest) = accrued(&draft.case, &terms, until.min(now.at.day())) else { return Ok(()) };
    if interest.balance > MINOR_MAX {
        let detail = format!("expected a balance of at most {MINOR_MAX} minor units, got more with interest");
        return Err(Reason::detail(Code::AMOUNT_INVALID, detail).into());
    }
    draft.push(LedgerEvent::InterestAccrued(interest));
    Ok(())
}

pub fn decide(state: &State, id: CaseId, until: i32, now: Now) -> Result<Vec<LedgerEvent>, Refusal> {
    let mut draft = Draft::open(state, id, now)?;
    if state.terms_of(&draft.case).is_none_or(|terms| terms.interest.is_none()) {
        let detail = "expected the rate of the case's product, got none; set its terms";
        return Err(Reason::detail(Code::BASIS_MISSING, detail).into());
    }
    accrue(state, &mut draft, until, now)?;
    Ok(draft.events())
}

#[cfg(test)]
mod tests {
    use events::ledger::{LedgerAnswer, LedgerCommand};

    use super::*;
    use crate::given::{CASE, Given, OWED, codes, given, opening, pay, terms};

    const DAY: i32 = 20_000;

    fn bearing(rate_ppm: u32, day_count: DayCount) -> Given {
        let interest = InterestTermsV1 { rate_ppm, day_count, from: None, until: None };
        let mut terms = terms();
        terms.interest = Some(interest);
        let mut ledger = given([LedgerEvent::TermsSet(terms), LedgerEvent::CaseOpened(opening())]);
        ledger.on_day(DAY + 10_000);
        ledger
    }

    fn accrue(until: i32) -> LedgerCommand {
        LedgerCommand::AccrueInterest { case: CASE, until }
    }

    #[test]
    fn given_a_year_when_charged_then_it_is_the_rate_exactly() {
        // 10.00 at 15.4 % for 365 days: 1.54.
        let mut ledger = bearing(154_000, DayCount::Act365Fixed);
        let (_, answer) = ledger.then(&accrue(DAY + 365)).expect("bears interest");
        assert_eq!(answer, LedgerAnswer::Booked { balance: OWED + 154 });
        assert_eq!(ledger.then(&accrue(DAY + 365)), Ok((Vec::new(), LedgerAnswer::Unchanged)));
    }

    #[test]
    fn given_the_conventions_when_charged_then_each_counts_days_its_own_way() {
        // 2024-10-04, the day of opening, to 2025-10-31: 392 days, 386 of 30.
        for (day_count, days, year) in [
            (DayCount::Act365Fixed, 392, 365),
            (DayCount::Act360, 392, 360),
            (DayCount::Thirty360European, 386, 360),
        ] {
            let mut ledger = bearing(100_000, day_count);
            ledger.then(&accrue(DAY + 392)).expect("bears interest");
            let expected = half_to_even(100 * days, year);
            assert_eq!(i128::from(ledger.view(CASE).balance - OWED), expected, "{day_count:?}");
        }
    }

    #[test]
    fn given_every_day_charged_when_compared_with_all_at_once_then_it_is_the_same() {
        for day_count in DayCount::ALL {
            let (mut daily, mut once) = (bearing(37_000, *day_count), bearing(37_000, *day_count));
            for day in 1..=400 {
                daily.then(&accrue(DAY + day)).expect("bears interest");
            }
            once.then(&accrue(DAY + 400)).expect("bears interest");
            assert_eq!(daily.view(CASE).accounts, once.view(CASE).accounts, "{day_count:?}");
            assert!(once.view(CASE).balance > OWED);
        }
    }

    #[test]
    fn given_no_terms_when_charged_then_there_is_no_basis() {
        let ledger = given([LedgerEvent::CaseOpened(opening())]);
        assert_eq!(codes(ledger.when(&accrue(DAY + 1))), [Code::BASIS_MISSING]);
    }

    #[test]
    fn given_a_payment_when_posted_then_interest_is_charged_up_to_its_day_before() {
        let mut ledger = bearing(365_000, DayCount::Act365Fixed);
        // Value date one day after the opening: 0.1 % of 10.00.
        let (events, answer) = ledger.then(&pay(1, 230)).expect("owed");
        let [LedgerEvent::InterestAccrued(interest), LedgerEvent::PaymentPosted(paid)] = &events[..] else {
            panic!("{events:?}")
        };
        assert_eq!((interest.from, interest.until, interest.postings[0].minor), (DAY, DAY + 1, 1));
        assert_eq!(paid.balance, OWED + 1 - 230);
        assert_eq!(answer, LedgerAnswer::Posted { balance: OWED + 1 - 230 });
    }

    #[test]
    fn given_a_day_to_come_when_charged_then_only_up_to_today() {
        let mut ledger = bearing(365_000, DayCount::Act365Fixed);
        ledger.on_day(DAY + 2);
        ledger.then(&accrue(i32::MAX)).expect("bears interest");
        assert_eq!(ledger.view(CASE).interest_until, Some(DAY + 2));
    }
}
