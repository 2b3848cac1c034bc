//! Agencies, collectors, placement.

use std::time::Duration;

use events::assignment::{
    AgencyRegisteredV1, AgencyView, AssignmentAnswer, AssignmentCommand, AssignmentQuery, AssignmentReply,
    CollectorRegisteredV1, CollectorView, UnplacedV1,
};
use events::{Code, Reason, Refusal, Tenant};
use model::{AgencyId, CollectorId, LenderId};
use vault::{Field, Place, SealedField};

use super::give::{Names, give};
use super::{Platform, vault_failed};
use crate::principal::Principal;

/// An agency, as the operator registers it.
pub type AgencyRegistration = AgencyRegisteredV1;

/// Cases that one command may move: one record.
pub(super) const BATCH: u32 = 1_000;

/// Commands of one call: a bound, in case a service never says that it is done.
pub(super) const BATCHES_MAX: u32 = 1_000_000;

/// How long a placement waits for cases that are on their way from the ledger.
const ON_THE_WAY_WITHIN: Duration = Duration::from_secs(5);

/// Between two looks whether they have arrived.
const ON_THE_WAY_PAUSE: Duration = Duration::from_millis(50);

/// What a placement run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlacementRun {
    /// Cases placed.
    pub placed: u64,
    /// Cases that wait.
    pub remaining: u64,
    /// Why they wait.
    pub not_placeable: Vec<UnplacedV1>,
    /// Cases that the ledger has opened and that the assignment service had not been told of in time.
    pub on_the_way: u64,
}

impl Platform {
    /// Registers an agency: for the operator. False: it was registered so before.
    pub async fn register_agency(
        &self,
        principal: &Principal,
        agency: AgencyRegistration,
        retry_key: Option<&str>,
    ) -> Result<bool, Refusal> {
        principal.operator_only()?;
        let tenant = Tenant::Agency(agency.agency);
        self.assign(principal, tenant, retry_key, AssignmentCommand::RegisterAgency(agency)).await
    }

    /// Suspends an agency and takes its cases back, or lifts the suspension: for the operator. Returns how many
    /// cases were taken back.
    pub async fn suspend_agency(
        &self,
        principal: &Principal,
        agency: AgencyId,
        suspended: bool,
        retry_key: Option<&str>,
    ) -> Result<u64, Refusal> {
        principal.operator_only()?;
        let tenant = Tenant::Agency(agency);
        let names = Names::new(principal, retry_key)?;
        let command = AssignmentCommand::SuspendAgency { agency, suspended };
        give(&self.parts.assignment, principal, tenant, names.nth(0), command).await?;
        if !suspended {
            return Ok(0);
        }
        let command = AssignmentCommand::WithdrawFromAgency { agency, limit: BATCH };
        self.withdraw(principal, tenant, &names, command).await
    }

    /// Registers a collector by real name: for their agency and the operator. False: registered so before.
    pub async fn register_collector(
        &self,
        principal: &Principal,
        collector: CollectorId,
        agency: AgencyId,
        name: &str,
        retry_key: Option<&str>,
    ) -> Result<bool, Refusal> {
        self.own_agency(principal, agency)?;
        let name_sealed = self.seal_collector_name(collector, name).await?;
        let command =
            AssignmentCommand::RegisterCollector(CollectorRegisteredV1 { collector, agency, name_sealed });
        self.assign(principal, Tenant::Agency(agency), retry_key, command).await
    }

    /// Ends a collector's registration and takes their cases back: for their agency and the operator. Returns how
    /// many cases were taken back.
    pub async fn end_collector(
        &self,
        principal: &Principal,
        collector: CollectorId,
        retry_key: Option<&str>,
    ) -> Result<u64, Refusal> {
        let view = self.collector_view(collector).await?.ok_or(Refusal::from(Code::COLLECTOR_UNKNOWN))?;
        if !matches!(principal, Principal::Operator) && principal.agency() != Some(view.agency) {
            return Err(Code::COLLECTOR_UNKNOWN.into());
        }
        self.own_agency(principal, view.agency)?;
        let tenant = Tenant::Agency(view.agency);
        let names = Names::new(principal, retry_key)?;
        let command = AssignmentCommand::EndCollector { collector };
        give(&self.parts.assignment, principal, tenant, names.nth(0), command).await?;
        let command = AssignmentCommand::WithdrawFromCollector { collector, limit: BATCH };
        self.withdraw(principal, tenant, &names, command).await
    }

    /// Places every case that waits and can be placed: for the operator. Cases that were just opened are waited
    /// for, for a while.
    pub async fn place_open_cases(
        &self,
        principal: &Principal,
        retry_key: Option<&str>,
    ) -> Result<PlacementRun, Refusal> {
        principal.operator_only()?;
        let names = Names::new(principal, retry_key)?;
        let mut run = PlacementRun { on_the_way: self.on_the_way().await?, ..PlacementRun::default() };
        for nth in 0..BATCHES_MAX {
            let command = AssignmentCommand::PlaceOpenCases { limit: BATCH };
            let answer =
                give(&self.parts.assignment, principal, Tenant::Platform, names.nth(nth), command).await?;
            match answer {
                AssignmentAnswer::Placed { placed, remaining, not_placeable } => {
                    run.placed += u64::from(placed);
                    run.remaining = u64::from(remaining);
                    run.not_placeable = not_placeable;
                    if placed == 0 || remaining == 0 {
                        break;
                    }
                }
                _ => {
                    let figures = self.assignment_figures().await?;
                    run.remaining = figures.offered.saturating_sub(figures.placed);
                    run.not_placeable = figures.not_placeable;
                    break;
                }
            }
        }
        Ok(run)
    }

    /// Waits until the assignment service knows every open case; how many it does not. Counts are compared, since
    /// not every event of the ledger leads to one there. A closing on its way hides one opening; the case is
    /// placed by the next run.
    async fn on_the_way(&self) -> Result<u64, Refusal> {
        let began = tokio::time::Instant::now();
        loop {
            // In this order: a case that is opened in between counts as none.
            let open = self.ledger_figures().await?.open;
            let missing = open.saturating_sub(self.assignment_figures().await?.offered);
            if missing == 0 || began.elapsed() > ON_THE_WAY_WITHIN {
                return Ok(missing);
            }
            tokio::time::sleep(ON_THE_WAY_PAUSE).await;
        }
    }

    /// Every agency: to the operator and the supervisor of all; to an agency, itself.
    pub async fn agencies(&self, principal: &Principal) -> Result<Vec<AgencyView>, Refusal> {
        let own = principal.agency();
        if own.is_none() && !principal.sees_all() {
            return Err(principal.forbidden("the operator, a supervisor or an agency"));
        }
        let mut agencies = self.all_agencies().await?;
        agencies.retain(|agency| own.is_none_or(|own| own == agency.agency));
        Ok(agencies)
    }

    /// For whom a collector works, for signing in.
    pub async fn collector(
        &self,
        principal: &Principal,
        collector: CollectorId,
    ) -> Result<CollectorView, Refusal> {
        let view = self.collector_view(collector).await?;
        let seen = |view: &CollectorView| principal.sees_all() || principal.agency() == Some(view.agency);
        view.filter(seen).ok_or(Code::COLLECTOR_UNKNOWN.into())
    }

    pub(super) async fn collector_view(
        &self,
        collector: CollectorId,
    ) -> Result<Option<CollectorView>, Refusal> {
        match self.ask_assignment(AssignmentQuery::Collector(collector)).await? {
            AssignmentReply::Collector(view) => Ok(view),
            _ => Err(Code::UNAVAILABLE.into()),
        }
    }

    pub(super) async fn all_agencies(&self) -> Result<Vec<AgencyView>, Refusal> {
        match self.ask_assignment(AssignmentQuery::Agencies).await? {
            AssignmentReply::Agencies(agencies) => Ok(agencies),
            _ => Err(Code::UNAVAILABLE.into()),
        }
    }

    /// Assignment is one partition: a placement run weighs every agency against every case.
    pub(super) async fn ask_assignment(&self, query: AssignmentQuery) -> Result<AssignmentReply, Refusal> {
        self.parts.assignment.query(0, query).await
    }

    fn own_agency(&self, principal: &Principal, agency: AgencyId) -> Result<(), Refusal> {
        match principal {
            Principal::Operator => Ok(()),
            Principal::Agency(own) | Principal::Supervisor(Some(own)) if *own == agency => Ok(()),
            other => Err(other.forbidden("the collector's agency or the operator")),
        }
    }

    pub(super) async fn assign(
        &self,
        principal: &Principal,
        tenant: Tenant,
        retry_key: Option<&str>,
        command: AssignmentCommand,
    ) -> Result<bool, Refusal> {
        let id = Names::new(principal, retry_key)?.nth(0);
        let answer = give(&self.parts.assignment, principal, tenant, id, command).await?;
        Ok(answer == AssignmentAnswer::Done { changed: true })
    }

    async fn withdraw(
        &self,
        principal: &Principal,
        tenant: Tenant,
        names: &Names,
        command: AssignmentCommand,
    ) -> Result<u64, Refusal> {
        let mut withdrawn = 0;
        for nth in 1..BATCHES_MAX {
            let answer =
                give(&self.parts.assignment, principal, tenant, names.nth(nth), command.clone()).await?;
            match answer {
                AssignmentAnswer::Withdrawn { cases } if cases > 0 => withdrawn += u64::from(cases),
                _ => break,
            }
        }
        Ok(withdrawn)
    }

    /// A collector is a person too: their name is sealed under a key of their own. Lender 0 is the platform.
    async fn seal_collector_name(&self, collector: CollectorId, name: &str) -> Result<Vec<u8>, Refusal> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 100 {
            let detail = format!("name: expected 1 to 100 characters, got {}", name.chars().count());
            return Err(Reason::detail(Code::MALFORMED, detail).into());
        }
        let person = self.parts.vault.pseudonyms().person(LenderId(0), &collector.to_string());
        let field = Field { place: Place { person, field: "collector-name" }, plaintext: name.as_bytes() };
        let sealed = self.parts.vault.seal_batch(&[field]).await.map_err(|error| vault_failed(&error))?;
        match sealed.into_iter().next() {
            Some(SealedField::Sealed(bytes)) => Ok(bytes),
            _ => Err(Reason::detail(Code::FORBIDDEN, "this collector's data was erased").into()),
        }
    }
}
