//! Pausing collection for a dispute or a hardship. The gate holds every contact about the case until the time that is said here.

use events::gate::HoldSource;
use events::ledger::{CollectionPausedV1, CollectionResumedV1, LedgerEvent, PauseKind};
use events::{Code, Now, Reason, Refusal};
use model::CaseId;

use crate::draft::Draft;
use crate::state::State;

/// Longest pause: two years. A longer one is said again, so that none is forgotten.
const PAUSE_MAX_MS: i64 = 2 * 366 * 86_400_000;

pub fn pause(state: &State, asked: &CollectionPausedV1, now: Now) -> Result<Vec<LedgerEvent>, Refusal> {
    let mut draft = Draft::open(state, asked.case, now)?;
    let known = draft.case.pauses().iter().find(|pause| pause.kind == asked.kind);
    if known.is_some_and(|pause| pause.until == asked.until && pause.by.contains(&asked.by)) {
        return Ok(Vec::new());
    }
    if !now.trusted {
        return Err(Code::CLOCK_UNSURE.into());
    }
    let length_ms = asked.until.ms_since(now.at);
    if !(1..=PAUSE_MAX_MS).contains(&length_ms) {
        let detail = "until: expected a time to come, within two years, got another";
        return Err(Reason::detail(Code::MALFORMED, detail).into());
    }
    draft.push(LedgerEvent::CollectionPaused(*asked));
    Ok(draft.events())
}

pub fn resume(
    state: &State,
    id: CaseId,
    kind: PauseKind,
    by: HoldSource,
    now: Now,
) -> Result<Vec<LedgerEvent>, Refusal> {
    let mut draft = Draft::of(state, id, now)?;
    let Some(pause) = draft.case.pauses().iter().find(|pause| pause.kind == kind) else {
        return Ok(Vec::new());
    };
    let placed_by = pause.by.clone();
    draft.push(LedgerEvent::CollectionResumed(CollectionResumedV1 { case: id, kind, placed_by, by }));
    Ok(draft.events())
}

#[cfg(test)]
mod tests {
    use events::ledger::{LedgerAnswer, LedgerCommand};
    use model::{AgencyId, LenderId, Timestamp};

    use super::*;
    use crate::given::{CASE, codes, given, opening};

    const LENDER: HoldSource = HoldSource::Lender(LenderId(1));
    const AGENCY: HoldSource = HoldSource::Agency(AgencyId(3));

    fn pause(until: i64, by: HoldSource) -> LedgerCommand {
        let (kind, until) = (PauseKind::Dispute, Timestamp(until));
        LedgerCommand::Pause(CollectionPausedV1 { case: CASE, kind, until, by })
    }

    #[test]
    fn given_a_pause_by_two_when_it_ends_then_both_are_named_and_the_view_said_until_when() {
        let mut ledger = given([LedgerEvent::CaseOpened(opening())]);
        ledger.then(&pause(1_000, AGENCY)).expect("a time to come");
        assert_eq!(ledger.when(&pause(1_000, AGENCY)), Ok((Vec::new(), LedgerAnswer::Unchanged)));
        ledger.then(&pause(2_000, LENDER)).expect("a time to come");
        assert_eq!(ledger.view(CASE).pauses, [(PauseKind::Dispute, Timestamp(2_000))]);
        let resume = LedgerCommand::Resume { case: CASE, kind: PauseKind::Dispute, by: LENDER };
        let (events, _) = ledger.then(&resume).expect("paused");
        let [LedgerEvent::CollectionResumed(resumed)] = &events[..] else { panic!("{events:?}") };
        assert_eq!(resumed.placed_by, [AGENCY, LENDER]);
        assert_eq!(ledger.view(CASE).pauses, []);
        assert_eq!(ledger.when(&resume), Ok((Vec::new(), LedgerAnswer::Unchanged)));
    }

    #[test]
    fn given_a_time_that_is_over_or_too_far_when_paused_then_refused() {
        let ledger = given([LedgerEvent::CaseOpened(opening())]);
        for until in [0, -1, PAUSE_MAX_MS + 1] {
            assert_eq!(codes(ledger.when(&pause(until, LENDER))), [Code::MALFORMED], "{until}");
        }
    }
}
