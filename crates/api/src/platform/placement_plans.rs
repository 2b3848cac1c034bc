//! Placement plans: made from what the assignment service knows, handed out, and applied as a whole when they come back.

use std::time::Duration;

use assignment::draft;
use assignment::recovery::Fitted;
use events::assignment::{
    AllotmentV1, AssignmentAnswer, AssignmentCommand, AssignmentQuery, AssignmentReply, PlanAdoptedV1,
    PlanStagedV1, PlanningTerms, SegmentCases, WithdrawalReason,
};
use events::{Code, Reason, Refusal, Tenant};
use model::{AgencyId, LenderId};

use super::Platform;
use super::agencies::{BATCH, BATCHES_MAX};
use super::give::{Names, give};
use crate::plan_document::{Expectation, PlanDocument, PlanProgress, Scores};
use crate::principal::Principal;

/// Segments of one page: an answer stays below what a message between services may be.
const SEGMENTS_PAGE: u32 = 4_000;

/// Allotments of one part, so that a part stays far below one record: about 100 bytes each, and 10 a share.
const PART_WEIGHT_MAX: usize = 400_000;

/// How often the state is read anew where it changes while it is read.
const READS_MAX: u32 = 5;

/// How long an application waits for the last case; then it answers how many are left.
const COMPLETE_WITHIN: Duration = Duration::from_secs(20);
const COMPLETE_PAUSE: Duration = Duration::from_millis(20);

impl Platform {
    /// Makes the best plan for the cases that wait: for the operator. Nothing changes.
    pub async fn plan_placement(
        &self,
        principal: &Principal,
        scores: Scores,
    ) -> Result<PlanDocument, Refusal> {
        principal.operator_only()?;
        let (terms, segments) = self.planning_basis().await?;
        let fitted = Fitted::on(&self.outcomes().await?);
        let expectation = Expectation { scores, fitted };
        // Seconds of arithmetic: not where others wait to be answered.
        let planned = tokio::task::spawn_blocking(move || {
            let draft = draft::draft(&terms, &segments, &expectation)?;
            Ok::<_, placement::InstanceError>(PlanDocument::of(&draft, &terms))
        });
        match planned.await {
            Ok(Ok(document)) => Ok(document),
            Ok(Err(error)) => Err(Reason::detail(Code::MALFORMED, error.to_string()).into()),
            Err(error) => {
                tracing::error!(%error, "the planner did not end well");
                Err(Code::UNAVAILABLE.into())
            }
        }
    }

    /// Terms and segments of one and the same moment.
    async fn planning_basis(&self) -> Result<(PlanningTerms, Vec<SegmentCases>), Refusal> {
        let day = self.now().day();
        for _ in 0..READS_MAX {
            let AssignmentReply::Terms(terms) = self.ask_assignment(AssignmentQuery::Terms { day }).await?
            else {
                return Err(Code::UNAVAILABLE.into());
            };
            let mut segments = Vec::new();
            let whole = loop {
                let query =
                    AssignmentQuery::Segments { day, skip: segments.len() as u32, limit: SEGMENTS_PAGE };
                let AssignmentReply::Segments(page) = self.ask_assignment(query).await? else {
                    return Err(Code::UNAVAILABLE.into());
                };
                if page.basis != terms.basis {
                    break false;
                }
                let end = page.segments.is_empty();
                segments.extend(page.segments);
                if end || segments.len() >= page.total as usize {
                    break true;
                }
            };
            if whole {
                return Ok((terms, segments));
            }
        }
        let detail = "cases come in or are placed faster than they are read; plan when the import is over";
        Err(Reason::detail(Code::BUSY, detail).into())
    }

    /// Applies a plan as a whole or not at all: for the operator. Once it is adopted it is carried out to its end,
    /// whoever fails meanwhile; the same plan again only tells how far it is.
    pub async fn apply_placement(
        &self,
        principal: &Principal,
        document: &PlanDocument,
        retry_key: Option<&str>,
    ) -> Result<PlanProgress, Refusal> {
        principal.operator_only()?;
        let (plan, basis, allotments) = document.orders()?;
        let known = self.plan_progress(principal).await?;
        if known.is_none_or(|known| known.plan != document.plan) {
            let names = Names::new(principal, retry_key)?;
            let mut nth = 0;
            let mut give_next = async |command| {
                nth += 1;
                give(&self.parts.assignment, principal, Tenant::Platform, names.nth(nth), command).await
            };
            for (part, allotments) in (0..).zip(parts(allotments)) {
                give_next(AssignmentCommand::StagePlan(PlanStagedV1 { plan, part, allotments })).await?;
            }
            give_next(AssignmentCommand::AdoptPlan(PlanAdoptedV1 { plan, basis })).await?;
        }
        let began = tokio::time::Instant::now();
        loop {
            let progress = self.plan_progress(principal).await?;
            let progress = progress.filter(|progress| progress.plan == document.plan);
            let progress = progress.ok_or(Refusal::from(Code::UNAVAILABLE))?;
            if progress.left == 0 || began.elapsed() > COMPLETE_WITHIN {
                return Ok(progress);
            }
            tokio::time::sleep(COMPLETE_PAUSE).await;
        }
    }

    /// How far the plan that was adopted last has come: for the operator. `None`: none was.
    pub async fn plan_progress(&self, principal: &Principal) -> Result<Option<PlanProgress>, Refusal> {
        principal.operator_only()?;
        match self.ask_assignment(AssignmentQuery::Progress).await? {
            AssignmentReply::Progress(progress) => Ok(progress.map(PlanProgress::from)),
            _ => Err(Code::UNAVAILABLE.into()),
        }
    }

    /// Takes cases back from an agency that failed: for the operator. They wait to be placed elsewhere. Returns how many.
    pub async fn recall_cases(
        &self,
        principal: &Principal,
        agency: AgencyId,
        lender: Option<LenderId>,
        reason: WithdrawalReason,
        retry_key: Option<&str>,
    ) -> Result<u64, Refusal> {
        principal.operator_only()?;
        let names = Names::new(principal, retry_key)?;
        let command = AssignmentCommand::RecallCases { agency, lender, reason, limit: BATCH };
        let mut recalled = 0;
        for nth in 0..BATCHES_MAX {
            let tenant = Tenant::Agency(agency);
            let answer =
                give(&self.parts.assignment, principal, tenant, names.nth(nth), command.clone()).await?;
            match answer {
                AssignmentAnswer::Withdrawn { cases } if cases > 0 => recalled += u64::from(cases),
                _ => break,
            }
        }
        Ok(recalled)
    }
}

/// The parts that a plan travels in.
fn parts(allotments: Vec<AllotmentV1>) -> Vec<Vec<AllotmentV1>> {
    let weight = |of: &AllotmentV1| {
        100 + of.segment.product.len() + 5 * of.segment.conflicts.len() + 10 * of.shares.len()
    };
    let mut parts = vec![Vec::new()];
    let mut filled = 0;
    for allotment in allotments {
        filled += weight(&allotment);
        if filled > PART_WEIGHT_MAX {
            filled = weight(&allotment);
            parts.push(Vec::new());
        }
        if let Some(part) = parts.last_mut() {
            part.push(allotment);
        }
    }
    parts
}
