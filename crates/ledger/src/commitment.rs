//! Promises, payment plans and settlements: made, kept, broken. A case has one at a time.

use events::ledger::{
    CommitmentEnd, CommitmentKind, CommitmentMadeV1, INSTALMENTS_MAX, InstalmentV1, LedgerEvent,
    SettlementOfferedV1,
};
use events::{Code, Now, Reason, Refusal};
use model::{CaseId, Currency, Money};
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::draft::Draft;
use crate::state::State;

/// Most days of grace.
const GRACE_MAX: u16 = 90;

/// What stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Commitment {
    pub kind: CommitmentKind,
    pub grace_days: u16,
    pub instalments: Vec<InstalmentV1>,
    /// Paid since it was made.
    pub paid: i64,
    /// Entries of the journal before it was made.
    first: u32,
}

impl Commitment {
    /// Made when the journal had so many entries.
    pub fn of(made: &CommitmentMadeV1, entries: usize) -> Self {
        let &CommitmentMadeV1 { kind, grace_days, ref instalments, .. } = made;
        let first = u32::try_from(entries).unwrap_or(u32::MAX);
        Self { kind, grace_days, instalments: instalments.clone(), paid: 0, first }
    }

    /// Counts a payment, or one that was taken back, if it was booked since.
    pub fn count(&mut self, entry: usize, minor: i64) {
        if entry >= self.first as usize {
            self.paid = self.paid.saturating_add(minor);
        }
    }

    /// What had to be paid before a day, grace included.
    pub fn due_by(&self, day: i32) -> i64 {
        let due = |part: &&InstalmentV1| self.last_day(part) < day;
        self.instalments.iter().filter(due).map(|part| part.minor).sum()
    }

    fn last_day(&self, part: &InstalmentV1) -> i32 {
        part.due_on.saturating_add(i32::from(self.grace_days))
    }

    /// The first day on which it is broken unless more is paid.
    pub fn broken_on(&self) -> Option<i32> {
        let mut due = 0_i64;
        let unpaid = self.instalments.iter().find(|part| {
            due = due.saturating_add(part.minor);
            due > self.paid
        });
        unpaid.map(|part| self.last_day(part).saturating_add(1))
    }

    /// The day (UTC) by which that day has begun everywhere: the one before is over west of Greenwich, too.
    pub fn over_everywhere(&self) -> Option<i32> {
        self.broken_on().map(|day| day.saturating_add(1))
    }

    /// All of it is paid.
    pub fn is_kept(&self) -> bool {
        self.broken_on().is_none()
    }
}

/// Takes down a promise or a plan.
pub fn make(
    state: &State,
    asked: &CommitmentMadeV1,
    currency: Currency,
    now: Now,
) -> Result<Vec<LedgerEvent>, Refusal> {
    let mut draft = Draft::open(state, asked.case, now)?;
    if let Some(known) = draft.case.commitment() {
        let same = (known.kind, known.grace_days, &known.instalments)
            == (asked.kind, asked.grace_days, &asked.instalments);
        if same {
            return Ok(Vec::new());
        }
        let detail = format!("a {} stands; cancel it first", known.kind.word());
        return Err(Reason::detail(Code::COMMITMENT_STANDS, detail).into());
    }
    let mut reasons = refused(&draft, &asked.instalments, asked.grace_days, currency);
    if asked.kind == CommitmentKind::Settlement {
        let detail = "expected a promise or a plan, got a settlement, which is offered and accepted";
        reasons.push(Reason::detail(Code::COMMITMENT_INVALID, detail));
    }
    if asked.kind == CommitmentKind::Promise && asked.instalments.len() != 1 {
        let detail = format!("expected one amount of a promise, got {}", asked.instalments.len());
        reasons.push(Reason::detail(Code::COMMITMENT_INVALID, detail));
    }
    if !reasons.is_empty() {
        return Err(Refusal { reasons, next_allowed: None, repeats: None });
    }
    draft.push(LedgerEvent::CommitmentMade(asked.clone()));
    Ok(draft.events())
}

/// What is wrong with instalments, whatever they are for.
fn refused(draft: &Draft, instalments: &[InstalmentV1], grace_days: u16, currency: Currency) -> Vec<Reason> {
    let case = &draft.case;
    let mut reasons = Vec::new();
    if currency != case.currency {
        let detail = format!("expected {}, got {currency}", case.currency);
        reasons.push(Reason::detail(Code::CURRENCY_DIFFERS, detail));
    }
    let mut invalid = |detail: String| reasons.push(Reason::detail(Code::COMMITMENT_INVALID, detail));
    if !(1..=INSTALMENTS_MAX).contains(&instalments.len()) {
        invalid(format!("expected 1 to {INSTALMENTS_MAX} instalments, got {}", instalments.len()));
    }
    if grace_days > GRACE_MAX {
        invalid(format!("expected at most {GRACE_MAX} days of grace, got {grace_days}"));
    }
    if instalments.iter().any(|part| part.minor <= 0) {
        invalid("expected amounts above zero, got one that is not".to_owned());
    }
    if !instalments.is_sorted_by(|one, next| one.due_on < next.due_on) {
        invalid("expected days one after the other, got some that are not".to_owned());
    }
    // It may be yesterday in UTC and today where the debtor is.
    if instalments.first().is_some_and(|part| part.due_on < draft.today() - 1) {
        invalid("expected a first day to come, got one in the past".to_owned());
    }
    let sum = sum(instalments);
    if sum > i128::from(case.owed()) {
        let money = |minor| Money { minor, currency: case.currency };
        let (most, got) = (money(case.owed()), money(i64::try_from(sum).unwrap_or(i64::MAX)));
        invalid(format!("expected at most the balance of {most}, got {got}"));
    }
    if case.limitation().is_some_and(|limitation| limitation.passed) {
        reasons.push(Reason::new(Code::LIMITATION_PASSED));
    }
    reasons
}

fn sum(instalments: &[InstalmentV1]) -> i128 {
    instalments.iter().map(|part| i128::from(part.minor)).sum()
}

/// Offers a settlement; what it gives up is within the product's limit, or approved by the lender.
pub fn offer(
    state: &State,
    id: CaseId,
    instalments: &[InstalmentV1],
    currency: Currency,
    (expires_on, approved): (i32, bool),
    now: Now,
) -> Result<Vec<LedgerEvent>, Refusal> {
    let mut draft = Draft::open(state, id, now)?;
    let terms = state.terms_of(&draft.case);
    let grace_days = terms.map_or(0, |terms| terms.grace_days);
    let offered = crate::case::Offer { instalments: instalments.to_vec(), grace_days, expires_on, approved };
    if draft.case.offer() == Some(&offered) {
        return Ok(Vec::new());
    }
    let mut reasons = refused(&draft, instalments, grace_days, currency);
    let owed = draft.case.owed();
    let money = |minor| Money { minor, currency: draft.case.currency };
    let discount = i64::try_from(i128::from(owed) - sum(instalments)).unwrap_or_default();
    if discount == 0 {
        let detail = format!("expected less than the balance of {}, got all of it", money(owed));
        reasons.push(Reason::detail(Code::COMMITMENT_INVALID, detail));
    }
    if expires_on < draft.today() - 1 {
        let detail = "expected a last day to accept it that is to come, got one in the past";
        reasons.push(Reason::detail(Code::COMMITMENT_INVALID, detail));
    }
    let limit = i128::from(terms.map_or(0, |terms| terms.discount_max_bp));
    if !approved && i128::from(discount) * 10_000 > i128::from(owed) * limit {
        let most = i64::try_from(i128::from(owed) * limit / 10_000).unwrap_or_default();
        let detail = format!("expected to give up at most {}, got {}", money(most), money(discount));
        reasons.push(Reason::detail(Code::APPROVAL_NEEDED, detail));
    }
    if !reasons.is_empty() {
        return Err(Refusal { reasons, next_allowed: None, repeats: None });
    }
    draft.push(LedgerEvent::SettlementOffered(SettlementOfferedV1 {
        case: id,
        instalments: offered.instalments,
        grace_days,
        expires_on,
        discount,
        approved,
    }));
    Ok(draft.events())
}

/// The debtor accepts what was offered, in place of what stands.
pub fn accept(state: &State, id: CaseId, now: Now) -> Result<Vec<LedgerEvent>, Refusal> {
    let mut draft = Draft::open(state, id, now)?;
    let Some(offer) = draft.case.offer().cloned() else {
        let settles = draft.case.commitment().is_some_and(|known| known.kind == CommitmentKind::Settlement);
        return if settles { Ok(Vec::new()) } else { Err(Code::COMMITMENT_UNKNOWN.into()) };
    };
    if offer.expires_on < draft.today() - 1 {
        return Err(Code::OFFER_EXPIRED.into());
    }
    draft.end_commitment(CommitmentEnd::Cancelled, draft.today());
    draft.push(LedgerEvent::CommitmentMade(CommitmentMadeV1 {
        case: id,
        kind: CommitmentKind::Settlement,
        instalments: offer.instalments,
        grace_days: offer.grace_days,
    }));
    Ok(draft.events())
}

/// Takes back what stands.
pub fn cancel(state: &State, id: CaseId, now: Now) -> Result<Vec<LedgerEvent>, Refusal> {
    let mut draft = Draft::open(state, id, now)?;
    draft.end_commitment(CommitmentEnd::Cancelled, draft.today());
    Ok(draft.events())
}

/// Breaks a commitment of which too little was paid when its days were over everywhere.
pub fn lapse(case: &Case, today: i32) -> Option<LedgerEvent> {
    let commitment = case.commitment()?;
    commitment.over_everywhere().filter(|day| *day <= today)?;
    Some(LedgerEvent::CommitmentEnded(events::ledger::CommitmentEndedV1 {
        case: case.id,
        kind: commitment.kind,
        end: CommitmentEnd::Broken,
        due: commitment.due_by(today),
        paid: commitment.paid,
    }))
}

#[cfg(test)]
mod tests {
    use events::ledger::{CloseReason, LedgerAnswer, LedgerCommand};

    use super::*;
    use crate::given::{CASE, Given, OWED, codes, given, opening, pay, pay_on, terms};

    /// The day on which the case was opened; grace is three days.
    const DAY: i32 = 20_000;

    fn opened() -> Given {
        let mut ledger = given([LedgerEvent::TermsSet(terms()), LedgerEvent::CaseOpened(opening())]);
        ledger.on_day(DAY);
        ledger
    }

    fn commit(kind: CommitmentKind, parts: &[(i32, i64)]) -> LedgerCommand {
        let instalments = instalments(parts);
        let made = CommitmentMadeV1 { case: CASE, kind, instalments, grace_days: 3 };
        LedgerCommand::Commit { made, currency: Currency::CNY }
    }

    fn instalments(parts: &[(i32, i64)]) -> Vec<InstalmentV1> {
        parts.iter().map(|&(due_on, minor)| InstalmentV1 { due_on, minor }).collect()
    }

    fn ends(events: &[LedgerEvent]) -> Vec<(CommitmentEnd, i64, i64)> {
        let ended = |event: &LedgerEvent| match event {
            LedgerEvent::CommitmentEnded(ended) => Some((ended.end, ended.due, ended.paid)),
            _ => None,
        };
        events.iter().filter_map(ended).collect()
    }

    fn settle(minor: i64, approved: bool) -> LedgerCommand {
        LedgerCommand::OfferSettlement {
            case: CASE,
            instalments: instalments(&[(DAY + 10, minor)]),
            currency: Currency::CNY,
            expires_on: DAY + 5,
            approved,
        }
    }

    #[test]
    fn given_a_promise_when_paid_in_time_then_it_is_kept() {
        let mut ledger = opened();
        let promise = commit(CommitmentKind::Promise, &[(DAY + 1, 400)]);
        ledger.then(&promise).expect("a promise");
        assert_eq!(ledger.when(&promise), Ok((Vec::new(), LedgerAnswer::Unchanged)));
        let other = commit(CommitmentKind::Promise, &[(DAY + 1, 401)]);
        assert_eq!(codes(ledger.when(&other)), [Code::COMMITMENT_STANDS]);
        ledger.then(&pay(1, 150)).expect("owed");
        // The last day of grace.
        let (events, _) = ledger.then(&pay_on(2, 250, DAY + 4)).expect("owed");
        assert_eq!(ends(&events), [(CommitmentEnd::Kept, 0, 400)]);
        assert_eq!(ledger.view(CASE).commitment, None);
    }

    #[test]
    fn given_a_plan_when_an_instalment_is_missed_then_it_breaks_only_when_its_day_is_over_everywhere() {
        let mut ledger = opened();
        ledger.then(&commit(CommitmentKind::Plan, &[(DAY + 1, 400), (DAY + 31, 400)])).expect("a plan");
        ledger.then(&pay(1, 399)).expect("owed");
        ledger.on_day(DAY + 5);
        assert_eq!(ledger.then(&LedgerCommand::Tick).expect("a tick").0, []);
        ledger.on_day(DAY + 6);
        let (events, _) = ledger.then(&LedgerCommand::Tick).expect("a tick");
        assert_eq!(ends(&events), [(CommitmentEnd::Broken, 400, 399)]);
        assert_eq!(ledger.then(&LedgerCommand::Tick).expect("a tick").0, []);
    }

    #[test]
    fn given_a_plan_when_a_payment_is_taken_back_then_it_no_longer_counts() {
        let mut ledger = opened();
        ledger.then(&pay(9, 30)).expect("owed");
        ledger.then(&commit(CommitmentKind::Plan, &[(DAY + 1, 400), (DAY + 31, 400)])).expect("a plan");
        ledger.then(&pay(1, 400)).expect("owed");
        let take_back = |reference: u8| LedgerCommand::TakeBackPayment {
            case: CASE,
            reference: [reference; 16],
            charge_back: true,
            value_date: DAY + 2,
            contacts: vec![],
        };
        // One from before the plan is no part of it.
        ledger.then(&take_back(9)).expect("posted");
        assert_eq!(ledger.view(CASE).commitment.map(|plan| plan.paid), Some(400));
        ledger.then(&take_back(1)).expect("posted");
        ledger.on_day(DAY + 6);
        let (events, _) = ledger.then(&LedgerCommand::Tick).expect("a tick");
        assert_eq!(ends(&events), [(CommitmentEnd::Broken, 400, 0)]);
    }

    #[test]
    fn given_a_settlement_when_accepted_and_paid_then_the_rest_is_given_up() {
        let mut ledger = opened();
        // Within the limit of 20 %: 1,230 - 984 = 246.
        ledger.then(&settle(984, false)).expect("within the limit");
        let accept = LedgerCommand::AcceptSettlement { case: CASE };
        ledger.then(&accept).expect("offered");
        assert_eq!(ledger.when(&accept), Ok((Vec::new(), LedgerAnswer::Unchanged)));
        let (events, _) = ledger.then(&pay(1, 984)).expect("owed");
        assert_eq!(ends(&events), [(CommitmentEnd::Kept, 0, 984)]);
        let view = ledger.view(CASE);
        assert_eq!((view.balance, view.closed), (0, Some(CloseReason::Settled)));
        let discount = view.accounts.iter().find(|leg| leg.account == events::ledger::Account::Discount);
        assert_eq!(discount.map(|leg| leg.minor), Some(OWED - 984));
    }

    #[test]
    fn given_a_settlement_when_paid_too_late_then_it_is_broken_and_the_balance_stands() {
        let mut ledger = opened();
        ledger.then(&settle(984, false)).expect("within the limit");
        ledger.then(&LedgerCommand::AcceptSettlement { case: CASE }).expect("offered");
        let (events, _) = ledger.then(&pay_on(1, 984, DAY + 14)).expect("owed");
        assert_eq!(ends(&events), [(CommitmentEnd::Broken, 984, 0)]);
        assert_eq!((ledger.view(CASE).balance, ledger.view(CASE).closed), (OWED - 984, None));
    }

    #[test]
    fn given_a_settlement_beyond_the_limit_when_offered_then_only_with_approval() {
        let ledger = opened();
        assert_eq!(codes(ledger.when(&settle(983, false))), [Code::APPROVAL_NEEDED]);
        ledger.when(&settle(983, true)).expect("approved");
        assert_eq!(codes(ledger.when(&settle(OWED, true))), [Code::COMMITMENT_INVALID]);
    }

    #[test]
    fn given_an_offer_that_expired_or_none_when_accepted_then_refused() {
        let mut ledger = opened();
        let accept = LedgerCommand::AcceptSettlement { case: CASE };
        assert_eq!(codes(ledger.when(&accept)), [Code::COMMITMENT_UNKNOWN]);
        ledger.then(&settle(1_000, false)).expect("within the limit");
        ledger.on_day(DAY + 7);
        assert_eq!(codes(ledger.when(&accept)), [Code::OFFER_EXPIRED]);
    }

    #[test]
    fn given_instalments_that_are_none_when_agreed_then_each_is_named() {
        let ledger = opened();
        let invalid = |parts: &[(i32, i64)]| codes(ledger.when(&commit(CommitmentKind::Plan, parts)));
        assert_eq!(invalid(&[]), [Code::COMMITMENT_INVALID]);
        assert_eq!(invalid(&[(DAY, 5), (DAY, 5)]), [Code::COMMITMENT_INVALID]);
        assert_eq!(invalid(&[(DAY - 2, 0)]), [Code::COMMITMENT_INVALID; 2]);
        assert_eq!(invalid(&[(DAY, OWED + 1)]), [Code::COMMITMENT_INVALID]);
        let two = commit(CommitmentKind::Promise, &[(DAY, 5), (DAY + 1, 5)]);
        assert_eq!(codes(ledger.when(&two)), [Code::COMMITMENT_INVALID]);
    }
}
