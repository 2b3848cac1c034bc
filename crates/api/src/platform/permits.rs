//! Permits: asked for, redeemed, settled.

use events::assignment::{AgencyView, CollectorView};
use events::gate::{GateAnswer, Line, PermitRequest, TemplateId, Tightest};
use events::{Code, Position, Reason, Refusal, Tenant};
use gate::{Granted, Redeem, Request, Settle};
use model::{AgencyId, CaseId, Channel, CollectorId, ContactPointId, Outcome, Purpose, Timestamp};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Platform;
use super::course::Driver;
use super::give::Names;
use crate::json;
use crate::notice::NOTICE;
use crate::principal::Principal;
use crate::target::Target;
use crate::token::PermitToken;

/// Who wants to make which contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermitAsk {
    /// Whom.
    pub target: Target,
    /// About which case.
    pub case: CaseId,
    /// Debts of the same person that it is about too, by their cases.
    pub also: Vec<CaseId>,
    /// Who makes it; may be left out by a collector, who is meant then.
    pub collector: Option<CollectorId>,
    /// How.
    pub channel: Channel,
    /// What for.
    pub purpose: Purpose,
    /// From which of the agency's calling numbers; its first if left out.
    pub line: Option<Line>,
    /// The approved template that a message is made from; the platform's own notice, if left out of a consent notice.
    pub template: Option<TemplateId>,
}

/// Go ahead, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PermitGiven {
    /// What the trunk redeems, and what the outcome is reported with.
    pub token: String,
    /// The permit's number: where its reservation stands in the log.
    pub permit: u64,
    /// Whom it is for.
    #[serde(serialize_with = "json::text")]
    pub contact: ContactPointId,
    /// The last moment at which it may be redeemed.
    #[serde(serialize_with = "json::time")]
    pub expires_at: Timestamp,
    /// The cap that leaves least, this permit included.
    pub tightest: Option<Tightest>,
    /// The calling number that the called person will see.
    #[serde(serialize_with = "json::text")]
    pub line: Line,
}

/// The call may be placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Redeemed {
    /// The permit.
    pub permit: u64,
    /// Whom it is for.
    #[serde(serialize_with = "json::text")]
    pub contact: ContactPointId,
    /// False: the same call had redeemed it before.
    pub changed: bool,
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettleAsk {
    /// What became of it.
    pub outcome: Outcome,
    /// The debts that it counts toward, by their cases; empty: as asked.
    pub toward: Vec<CaseId>,
    /// The debts that were spoken about; empty, if there was a conversation: those that it counts toward.
    pub discussed: Vec<CaseId>,
}

impl From<Outcome> for SettleAsk {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, toward: Vec::new(), discussed: Vec::new() }
    }
}

/// The outcome is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Settled {
    /// The permit.
    pub permit: u64,
    /// The call never reached the number and no longer counts.
    pub given_back: bool,
    /// False: the same outcome was recorded before.
    pub changed: bool,
}

impl Platform {
    /// Asks the gate for a permit. Every refusal is recorded at the gate; the [`Refusal`]'s `repeats` says where.
    pub async fn request_permit(
        &self,
        principal: &Principal,
        ask: &PermitAsk,
        retry_key: Option<&str>,
    ) -> Result<PermitGiven, Refusal> {
        let request = self.request_of(principal, ask).await?;
        let PermitRequest { contact, agency, collector, line, .. } = request;
        let (names, tenant) = (Names::new(principal, retry_key)?, Tenant::Agency(agency));
        let gate = &self.parts.gate;
        let driver = Driver { gate, principal, tenant, names: &names };
        match driver.drive(Request::new(request, gate.partitions())).await? {
            Ok(Granted { permit, expires_at, tightest }) => {
                let token = PermitToken {
                    contact,
                    permit,
                    expires_at,
                    case: ask.case,
                    agency,
                    collector,
                    channel: ask.channel,
                };
                let token = token.sign(self.parts.vault.tokens())?;
                let permit = permit.0;
                Ok(PermitGiven { token, permit, contact, expires_at, tightest, line })
            }
            Err(denied) => Err(denied.refusal),
        }
    }

    /// The request as the gate is asked: by a party that may ask for the permit.
    pub(super) async fn request_of(
        &self,
        principal: &Principal,
        ask: &PermitAsk,
    ) -> Result<PermitRequest, Refusal> {
        let (agency, collector) = self.caller(principal, ask.collector).await?;
        let line = own_line(&agency, ask.line)?;
        Ok(PermitRequest {
            contact: self.contact_point(&ask.target),
            case: ask.case,
            also: ask.also.clone(),
            agency: agency.agency,
            collector,
            channel: ask.channel,
            purpose: ask.purpose,
            line,
            template: ask.template.or((ask.purpose == Purpose::ConsentNotice).then_some(NOTICE)),
        })
    }

    /// Redeems a permit as the contact is made: for the trunk, the permit's collector, their agency, the operator.
    /// `call` names the call: SIP Call-ID and From-tag, or a message's id. The same call may redeem again.
    pub async fn redeem(
        &self,
        principal: &Principal,
        token: &str,
        call: &str,
        retry_key: Option<&str>,
    ) -> Result<Redeemed, Refusal> {
        let token = self.own_permit(principal, token)?;
        let call = call_digest(call)?;
        let (names, tenant) = (Names::new(principal, retry_key)?, Tenant::Agency(token.agency));
        let gate = &self.parts.gate;
        let driver = Driver { gate, principal, tenant, names: &names };
        let course = Redeem::new(token.contact, token.permit, call, gate.partitions());
        let changed = driver.drive(course).await??;
        Ok(Redeemed { permit: token.permit.0, contact: token.contact, changed })
    }

    /// Says what became of the call: by the same parties that may redeem.
    pub async fn settle(
        &self,
        principal: &Principal,
        token: &str,
        ask: &SettleAsk,
        retry_key: Option<&str>,
    ) -> Result<Settled, Refusal> {
        let token = self.own_permit(principal, token)?;
        let (contact, permit) = (token.contact, token.permit);
        let SettleAsk { outcome, toward, discussed } = ask.clone();
        let (names, tenant) = (Names::new(principal, retry_key)?, Tenant::Agency(token.agency));
        let gate = &self.parts.gate;
        let driver = Driver { gate, principal, tenant, names: &names };
        let course = Settle::new(contact, permit, outcome, (toward, discussed), gate.partitions());
        let answer = driver.drive(course).await??;
        Ok(match answer {
            GateAnswer::Settled { permit: Position(permit), given_back } => {
                Settled { permit, given_back, changed: true }
            }
            _ => Settled { permit: token.permit.0, given_back: false, changed: false },
        })
    }

    pub(super) fn own_permit(&self, principal: &Principal, token: &str) -> Result<PermitToken, Refusal> {
        let permit = PermitToken::read(self.parts.vault.tokens(), token)?;
        let own = match *principal {
            Principal::Operator | Principal::Trunk => true,
            Principal::Agency(agency) => permit.agency == agency,
            Principal::Collector(collector, agency) => {
                permit.agency == agency && permit.collector == collector
            }
            _ => return Err(principal.forbidden("the trunk, or whoever the permit was given to")),
        };
        if own { Ok(permit) } else { Err(Code::PERMIT_UNKNOWN.into()) }
    }

    /// The agency and collector that a permit is asked for: active, and the principal's own.
    async fn caller(
        &self,
        principal: &Principal,
        named: Option<CollectorId>,
    ) -> Result<(AgencyView, CollectorId), Refusal> {
        let collector = match (*principal, named) {
            (Principal::Collector(own, _), None) => own,
            (Principal::Collector(own, _), Some(named)) if named != own => {
                return Err(Code::COLLECTOR_UNKNOWN.into());
            }
            (Principal::Operator | Principal::Agency(_) | Principal::Collector(..), Some(named)) => named,
            (Principal::Operator | Principal::Agency(_), None) => {
                return Err(
                    Reason::detail(Code::MALFORMED, "collector: expected who calls, got nobody").into()
                );
            }
            (other, _) => return Err(other.forbidden("a collector, an agency or the operator")),
        };
        let (view, agencies) = tokio::try_join!(self.collector_view(collector), self.all_agencies())?;
        let view = view.ok_or(Refusal::from(Code::COLLECTOR_UNKNOWN))?;
        if principal.agency().is_some_and(|own| own != view.agency) {
            return Err(Code::COLLECTOR_UNKNOWN.into());
        }
        let agency = find(agencies, view.agency)?;
        active(&agency, view)?;
        Ok((agency, collector))
    }
}

fn find(agencies: Vec<AgencyView>, agency: AgencyId) -> Result<AgencyView, Refusal> {
    let found = agencies.into_iter().find(|view| view.agency == agency);
    found.ok_or(Code::AGENCY_UNKNOWN.into())
}

fn active(agency: &AgencyView, collector: CollectorView) -> Result<(), Refusal> {
    if agency.suspended {
        return Err(Code::AGENCY_SUSPENDED.into());
    }
    if collector.active {
        return Ok(());
    }
    Err(Reason::detail(Code::COLLECTOR_UNKNOWN, "the collector no longer works for the agency").into())
}

/// One of the agency's own numbers: nobody calls from a number that is not registered to their agency.
fn own_line(agency: &AgencyView, named: Option<Line>) -> Result<Line, Refusal> {
    let mut own = agency.lines.iter().filter_map(|line| line.parse::<Line>().ok());
    match named {
        None => own.next().ok_or_else(|| {
            Reason::detail(Code::FORBIDDEN, "line: expected a number registered to the agency, it has none")
                .into()
        }),
        Some(named) if own.any(|line| line == named) => Ok(named),
        Some(named) => {
            let detail = format!("line: expected a number registered to {}, got {named}", agency.agency);
            Err(Reason::detail(Code::FORBIDDEN, detail).into())
        }
    }
}

fn call_digest(call: &str) -> Result<[u8; 16], Refusal> {
    let call = call.trim();
    if call.is_empty() || call.len() > 1024 {
        let detail = format!("call: expected 1 to 1024 bytes that name the call, got {}", call.len());
        return Err(Reason::detail(Code::MALFORMED, detail).into());
    }
    let digest = Sha256::digest(call.as_bytes());
    let mut short = [0; 16];
    short.copy_from_slice(&digest[..16]);
    Ok(short)
}
