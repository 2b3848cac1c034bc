//! A case as it would stand after what was decided so far: a command may lead to several events, each of which depends on those
//! before.

use events::ledger::{CaseClosedV1, CloseReason, CommitmentEnd, CommitmentEndedV1, LedgerEvent};
use events::{Code, Now, Reason, Refusal};
use model::{CaseId, Timestamp};

use crate::case::Case;
use crate::state::State;

pub struct Draft {
    pub case: Case,
    events: Vec<LedgerEvent>,
    at: Timestamp,
}

impl Draft {
    /// Of a case, open or closed.
    pub fn of(state: &State, id: CaseId, now: Now) -> Result<Self, Refusal> {
        let case = state.cases.get(id).ok_or_else(|| Reason::detail(Code::CASE_UNKNOWN, id.to_string()))?;
        Ok(Self { case: case.clone(), events: Vec::new(), at: now.at })
    }

    /// Of an open case.
    pub fn open(state: &State, id: CaseId, now: Now) -> Result<Self, Refusal> {
        let draft = Self::of(state, id, now)?;
        match draft.case.closed {
            None => Ok(draft),
            Some(reason) => {
                Err(Reason::detail(Code::CASE_CLOSED, format!("closed: {}", reason.word())).into())
            }
        }
    }

    pub fn push(&mut self, event: LedgerEvent) {
        self.case.take(&event, self.at);
        self.events.push(event);
    }

    pub fn events(self) -> Vec<LedgerEvent> {
        self.events
    }

    /// Today, in days since 1970-01-01.
    pub fn today(&self) -> i32 {
        self.at.day()
    }

    /// Ends the commitment that stands, if one does.
    pub fn end_commitment(&mut self, end: CommitmentEnd, by: i32) {
        let Some(commitment) = self.case.commitment() else { return };
        let (kind, paid) = (commitment.kind, commitment.paid);
        let due = commitment.due_by(by);
        let ended = CommitmentEndedV1 { case: self.case.id, kind, end, due, paid };
        self.push(LedgerEvent::CommitmentEnded(ended));
    }

    /// Closes the case, with what is given up with it.
    pub fn close(&mut self, reason: CloseReason) {
        self.end_commitment(CommitmentEnd::Cancelled, self.today());
        let postings = crate::close::given_up(&self.case, reason);
        let case = self.case.id;
        self.push(LedgerEvent::CaseClosed(CaseClosedV1 { case, reason, postings }));
    }
}
