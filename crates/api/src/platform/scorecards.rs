//! How agencies and collectors did, against what their cases let expect.

use std::collections::BTreeSet;

use assignment::recovery::{Fitted, Score, compare, scores_against};
use events::assignment::{AssignmentQuery, AssignmentReply, Outcome, Part};
use events::{Code, Refusal};
use model::{AgencyId, LenderId};
use serde::Serialize;

use super::Platform;
use crate::json;
use crate::principal::Principal;

/// How some did. Amounts in minor units; currencies are not converted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scorecards {
    /// By agency.
    pub agencies: Vec<Scorecard>,
    /// By collector.
    pub collectors: Vec<Scorecard>,
    /// Challengers beside champions, by lender.
    pub challenges: Vec<Challenge>,
}

/// How one did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scorecard {
    /// Agency or collector.
    pub who: String,
    /// Cases placed with them.
    pub cases: u32,
    /// What was owed.
    pub placed: i64,
    /// What was received.
    pub recovered: i64,
    /// What all together would have recovered of the same cases; `None`: too few were placed to say.
    pub expected: Option<i64>,
    /// Cases that brought anything.
    pub payers: u32,
    /// Their share.
    pub paid: Option<f64>,
    /// The share is hardly less: Wilson, 95 %.
    pub paid_low: Option<f64>,
    /// Hardly more.
    pub paid_high: Option<f64>,
}

/// A challenger beside a lender's champions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Challenge {
    /// Whose cases.
    #[serde(serialize_with = "json::text")]
    pub lender: LenderId,
    /// Who.
    #[serde(serialize_with = "json::text")]
    pub challenger: AgencyId,
    /// What the sample lets one say: better, worse, no-difference, too-few-cases.
    pub verdict: &'static str,
}

impl Platform {
    /// Scorecards: all of them to the operator and the supervisor of all; to an agency its own and its collectors'; to a
    /// lender those of its own cases, with its challengers.
    pub async fn scorecards(&self, principal: &Principal) -> Result<Scorecards, Refusal> {
        let lender = match principal {
            Principal::Lender(lender) => Some(*lender),
            _ => None,
        };
        let agency = match principal {
            Principal::Agency(agency) | Principal::Supervisor(Some(agency)) => Some(*agency),
            _ => None,
        };
        if !principal.sees_all() && lender.is_none() && agency.is_none() {
            return Err(principal.forbidden("the operator, a supervisor, a lender or an agency"));
        }
        let mut outcomes = self.outcomes().await?;
        if let Some(lender) = lender {
            outcomes.retain(|of| of.lender == lender);
        }
        // What all agencies let expect; then those who may be seen.
        let fitted = Fitted::on(&outcomes);
        let challenges = match agency {
            Some(_) => Vec::new(),
            None => self.challenges(&outcomes, lender).await?,
        };
        if let Some(agency) = agency {
            outcomes.retain(|of| of.agency == agency);
        }
        let agencies = scores_against(fitted.as_ref(), &outcomes, |of| of.agency);
        let collectors = scores_against(fitted.as_ref(), &outcomes, |of| of.collector);
        let show_collectors = lender.is_none();
        Ok(Scorecards {
            agencies: agencies.iter().map(|(id, score)| card(id.to_string(), score)).collect(),
            collectors: collectors
                .iter()
                .filter(|_| show_collectors)
                .map(|(id, score)| card(id.to_string(), score))
                .collect(),
            challenges,
        })
    }

    async fn challenges(
        &self,
        outcomes: &[Outcome],
        lender: Option<LenderId>,
    ) -> Result<Vec<Challenge>, Refusal> {
        let query = AssignmentQuery::Terms { day: self.now().day() };
        let AssignmentReply::Terms(terms) = self.ask_assignment(query).await? else {
            return Err(Code::UNAVAILABLE.into());
        };
        let mut challenges = Vec::new();
        for terms in terms.lenders.iter().filter(|terms| lender.is_none_or(|lender| lender == terms.lender)) {
            let own: Vec<Outcome> = outcomes.iter().filter(|of| of.lender == terms.lender).cloned().collect();
            let (challengers, champions): (BTreeSet<_>, BTreeSet<_>) = {
                let of = |part| terms.agencies.iter().filter(move |allowed| allowed.part == part);
                let ids = |part| of(part).map(|allowed| allowed.agency).collect();
                (ids(Part::Challenger), ids(Part::Champion))
            };
            let champions: Vec<AgencyId> = champions.into_iter().collect();
            challenges.extend(challengers.into_iter().map(|challenger| Challenge {
                lender: terms.lender,
                challenger,
                verdict: compare(&own, challenger, &champions).word(),
            }));
        }
        Ok(challenges)
    }

    pub(super) async fn outcomes(&self) -> Result<Vec<Outcome>, Refusal> {
        match self.ask_assignment(AssignmentQuery::Outcomes).await? {
            AssignmentReply::Outcomes(outcomes) => Ok(outcomes),
            _ => Err(Code::UNAVAILABLE.into()),
        }
    }
}

fn card(who: String, score: &Score) -> Scorecard {
    Scorecard {
        who,
        cases: score.counts.cases,
        placed: score.counts.placed,
        recovered: score.counts.recovered,
        expected: score.expected.map(|expected| expected.round() as i64),
        payers: score.counts.payers,
        paid: score.paid.map(|paid| paid.share),
        paid_low: score.paid.map(|paid| paid.low),
        paid_high: score.paid.map(|paid| paid.high),
    }
}
