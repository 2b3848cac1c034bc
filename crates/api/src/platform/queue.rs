//! A collector's queue: what may be called now, in order of worth, and when the rest may.

use std::collections::HashMap;

use events::assignment::{AssignmentQuery, AssignmentReply, QueuedCase};
use events::gate::{Line, PermitRequest};
use events::{Code, Refusal};
use model::{
    AgencyId, CaseId, Channel, CollectorId, ContactPointId, LenderId, Money, Purpose, Role, Timestamp,
};
use serde::Serialize;

use super::Platform;
use crate::json;
use crate::notice::NOTICE;
use crate::principal::{Principal, not_found};

/// Most cases of one page.
pub const QUEUE_MAX: u32 = 500;

/// How far clocks of one cluster may be apart without showing.
const SKEW_MS: i64 = 1_000;

/// A page of a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Queue {
    /// When it was asked.
    #[serde(serialize_with = "json::time")]
    pub at: Timestamp,
    /// Cases with a contact that may be called now, the worthiest first.
    pub callable: Vec<QueueEntry>,
    /// The others, the soonest first; last those that time alone does not open.
    pub later: Vec<QueueEntry>,
    /// The agency's calling numbers.
    pub lines: Vec<String>,
}

/// A case in a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueueEntry {
    /// Which.
    #[serde(serialize_with = "json::text")]
    pub case: CaseId,
    /// Whose claim it is.
    #[serde(serialize_with = "json::text")]
    pub lender: LenderId,
    /// What is owed.
    #[serde(serialize_with = "json::money")]
    pub worth: Money,
    /// The soonest of its contacts; `None`: not by the passing of time.
    #[serde(serialize_with = "json::time_or_null")]
    pub callable_at: Option<Timestamp>,
    /// Who may be contacted about it.
    pub contacts: Vec<QueueContact>,
}

/// A contact point of a case in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct QueueContact {
    /// Which.
    #[serde(serialize_with = "json::text")]
    pub contact: ContactPointId,
    /// What they are to the case.
    #[serde(serialize_with = "json::text")]
    pub role: Role,
    /// What they may be contacted for: to collect, or (somebody who owes nothing) to locate after consent, to ask
    /// for it before.
    #[serde(serialize_with = "json::text")]
    pub purpose: Purpose,
    /// How.
    #[serde(serialize_with = "json::text")]
    pub channel: Channel,
    /// A permit would be given now.
    pub callable_now: bool,
    /// When it next would; `None`: not by the passing of time.
    #[serde(serialize_with = "json::time_or_null")]
    pub callable_at: Option<Timestamp>,
}

impl Platform {
    /// A collector's queue: to the collector, their agency, the operator and the supervisor of all. At most `limit`
    /// cases, counted before they are split into callable and later.
    pub async fn queue(
        &self,
        principal: &Principal,
        collector: CollectorId,
        limit: u32,
        after: Option<(i64, CaseId)>,
    ) -> Result<Queue, Refusal> {
        if matches!(principal, Principal::Collector(own, _) if *own != collector) {
            return Err(not_found());
        }
        let agency = self.collector(principal, collector).await?.agency;
        let limit = limit.min(QUEUE_MAX);
        let (lines, cases) = tokio::try_join!(
            self.lines_of(agency),
            self.ask_assignment(AssignmentQuery::Queue { collector, limit, after })
        )?;
        let AssignmentReply::Queue(cases) = cases else { return Err(Code::UNAVAILABLE.into()) };
        // Without a number to call from nothing may be called.
        let Some(line) = lines.iter().find_map(|line| line.parse::<Line>().ok()) else {
            return Ok(Queue {
                at: self.now(),
                callable: Vec::new(),
                later: cases.iter().map(bare).collect(),
                lines,
            });
        };
        let asked = requests(&cases, agency, collector, line);
        let of_each: Vec<PermitRequest> = asked.iter().map(|(request, _)| request.clone()).collect();
        let verdicts = self.check_each(&of_each).await?;
        let at = self.now();
        // The gate may be another machine, with a clock a little ahead. The gate decides again at the request.
        let now = at.plus_ms(SKEW_MS);
        let mut by_case: HashMap<CaseId, Vec<QueueContact>> = HashMap::with_capacity(cases.len());
        for (request, next, role) in
            asked.iter().zip(verdicts).map(|((request, role), next)| (request, next, *role))
        {
            let contact = QueueContact {
                contact: request.contact,
                role,
                purpose: request.purpose,
                channel: request.channel,
                callable_now: next.is_some_and(|next| next <= now),
                callable_at: next,
            };
            by_case.entry(request.case).or_default().push(contact);
        }
        let entries = cases.iter().map(|case| entry(case, by_case.remove(&case.case).unwrap_or_default()));
        let (callable, mut later): (Vec<_>, Vec<_>) =
            entries.partition(|entry| entry.contacts.iter().any(|contact| contact.callable_now));
        later.sort_by_key(|entry| (entry.callable_at.is_none(), entry.callable_at));
        Ok(Queue { at, callable, later, lines })
    }

    async fn lines_of(&self, agency: AgencyId) -> Result<Vec<String>, Refusal> {
        let agencies = self.all_agencies().await?;
        let own = agencies.into_iter().find(|view| view.agency == agency);
        Ok(own.map(|view| view.lines).unwrap_or_default())
    }
}

/// What would be asked for each contact of each case. Somebody who owes nothing is asked for consent before, and
/// about the debtor's whereabouts after: both are asked, the gate knows which applies.
fn requests(
    cases: &[QueuedCase],
    agency: AgencyId,
    collector: CollectorId,
    line: Line,
) -> Vec<(PermitRequest, Role)> {
    let mut asked = Vec::with_capacity(cases.len() * 2);
    for case in cases {
        for &(contact, role) in &case.contacts {
            let mut ask = |channel, purpose| {
                let template = (purpose == Purpose::ConsentNotice).then_some(NOTICE);
                let request = PermitRequest {
                    contact,
                    case: case.case,
                    also: Vec::new(),
                    agency,
                    collector,
                    channel,
                    purpose,
                    line,
                    template,
                };
                asked.push((request, role));
            };
            if role.owes() {
                ask(Channel::Call, Purpose::Collect);
            } else {
                ask(Channel::Sms, Purpose::ConsentNotice);
                ask(Channel::Call, Purpose::Locate);
            }
        }
    }
    asked
}

fn entry(case: &QueuedCase, contacts: Vec<QueueContact>) -> QueueEntry {
    let callable_at = contacts.iter().filter_map(|contact| contact.callable_at).min();
    QueueEntry {
        case: case.case,
        lender: case.lender,
        worth: Money { minor: case.minor, currency: case.currency },
        callable_at,
        contacts,
    }
}

fn bare(case: &QueuedCase) -> QueueEntry {
    entry(case, Vec::new())
}
