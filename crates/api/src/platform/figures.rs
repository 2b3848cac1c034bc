//! What happened so far, in figures.

use audit::AuditFigures;
use events::assignment::{AssignmentFigures, AssignmentQuery, AssignmentReply};
use events::gate::{Figures as GateFigures, GateQuery, GateReply};
use events::ledger::{LedgerFigures, LedgerQuery, LedgerReply};
use events::{Code, Refusal};
use model::Timestamp;

use super::Platform;
use crate::principal::Principal;

/// The figures of all services, added up over their partitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformFigures {
    /// When they were asked for.
    pub at: Timestamp,
    /// Cases and money.
    pub ledger: LedgerFigures,
    /// Agencies and placement.
    pub assignment: AssignmentFigures,
    /// Permits.
    pub gate: GateFigures,
    /// What the audit has counted: by agency, most called, last stops.
    pub audit: AuditFigures,
}

impl Platform {
    /// The figures: to the operator and the supervisor of all.
    pub async fn figures(&self, principal: &Principal) -> Result<PlatformFigures, Refusal> {
        if !principal.sees_all() {
            return Err(principal.forbidden("the operator or the supervisor of all agencies"));
        }
        let (ledger, assignment, gate, audit) = tokio::try_join!(
            self.ledger_figures(),
            self.assignment_figures(),
            self.gate_figures(),
            self.audit_figures()
        )?;
        Ok(PlatformFigures { at: self.now(), ledger, assignment, gate, audit })
    }

    pub(super) async fn assignment_figures(&self) -> Result<AssignmentFigures, Refusal> {
        match self.ask_assignment(AssignmentQuery::Figures).await? {
            AssignmentReply::Figures(figures) => Ok(figures),
            _ => Err(Code::UNAVAILABLE.into()),
        }
    }

    pub(super) async fn ledger_figures(&self) -> Result<LedgerFigures, Refusal> {
        let ledger = &self.parts.ledger;
        let asked = (0..ledger.partitions()).map(|partition| ledger.query(partition, LedgerQuery::Figures));
        let mut total = LedgerFigures::default();
        for reply in futures::future::try_join_all(asked).await? {
            let LedgerReply::Figures(part) = reply else { return Err(Code::UNAVAILABLE.into()) };
            total.cases += part.cases;
            total.open += part.open;
            total.payments += part.payments;
            total.unbalanced += part.unbalanced;
            total.misplaced += part.misplaced;
            add(&mut total.closed, part.closed);
            add(&mut total.outstanding, part.outstanding);
            add(&mut total.paid, part.paid);
        }
        Ok(total)
    }

    async fn gate_figures(&self) -> Result<GateFigures, Refusal> {
        let gate = &self.parts.gate;
        let asked = (0..gate.partitions()).map(|partition| gate.query(partition, GateQuery::Figures));
        let mut total = GateFigures::default();
        for reply in futures::future::try_join_all(asked).await? {
            let GateReply::Figures(part) = reply else { return Err(Code::UNAVAILABLE.into()) };
            total.add(&part);
        }
        Ok(total)
    }
}

/// Adds counts by key, keeping the order of the keys.
fn add<K: Copy + Ord, N: Copy + std::ops::AddAssign>(sums: &mut Vec<(K, N)>, more: Vec<(K, N)>) {
    for (key, count) in more {
        match sums.binary_search_by_key(&key, |(known, _)| *known) {
            Ok(index) => sums[index].1 += count,
            Err(index) => sums.insert(index, (key, count)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_by_key_in_order() {
        let mut sums = vec![(2, 5)];
        add(&mut sums, vec![(1, 1), (2, 2), (9, 3)]);
        assert_eq!(sums, [(1, 1), (2, 7), (9, 3)]);
    }
}
