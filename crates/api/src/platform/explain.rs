//! Why: a decision of the gate reproduced from the log alone, or what the gate would say of a request.

use std::collections::BTreeMap;

use events::gate::{ContactStatus, Explanation, PermitRequest, RefusedByV2, RuleVerdict, Tightest};
use events::{Code, Position, Reason, Refusal, Service, StreamId};
use model::{ContactPointId, LenderId, Timestamp};
use policy::pack::Reading;

use super::Platform;
use super::permits::PermitAsk;
use crate::principal::{Principal, not_found};
use crate::replay::{self, Every, Reproduced, Reproduction, Until};
use crate::target::Target;

/// Which decision: where it stands in the gate's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// In this partition's log.
    At(u16, Position),
    /// About this contact point: in the log of its partition, or of a home of its person or case.
    Of(Target, Position),
}

/// A request and what every rule says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The request.
    pub asked: PermitRequest,
    /// Whose case it is about; `None`: the contact point is not known for it.
    pub lender: Option<LenderId>,
    /// What every rule says.
    pub explanation: Explanation,
    /// What was recorded; `None`: nothing, it is a question.
    pub recorded: Option<Recorded>,
    /// Every rule of the packs, by its name: what it demands, in words.
    pub rules: BTreeMap<String, RuleText>,
}

/// A decision as the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Which log.
    pub stream: StreamId,
    /// Where in it.
    pub position: Position,
    /// Where the last change of the rules stood then.
    pub policy: Option<Position>,
    /// The last moment at which the permit could be redeemed; `None`: it was refused.
    pub expires_at: Option<Timestamp>,
    /// The frequency rule that left least.
    pub tightest: Option<Tightest>,
    /// Every rule that refused.
    pub reasons: Vec<RefusedByV2>,
    /// When all of them together would next have allowed it.
    pub next_allowed: Option<Timestamp>,
    /// How the decision made again from the log differs from this one. It must not.
    pub differences: Vec<String>,
}

/// What a rule demands, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleText {
    /// In English.
    pub english: String,
    /// In Chinese.
    pub chinese: String,
    /// Where it is written; empty for the gate's own rules.
    pub source: String,
    /// How that was read.
    pub read: Option<Reading>,
    /// The pack's version.
    pub version: u32,
}

impl Platform {
    /// Makes a decision again, from the log alone: to whoever asked, their agency, the case's lender, the person whose number it
    /// is, the operator and the supervisor of all. Takes as long as reading that partition's log up to it.
    pub async fn explain_decision(
        &self,
        principal: &Principal,
        decision: &Decision,
    ) -> Result<Explained, Refusal> {
        if matches!(principal, Principal::Anonymous | Principal::Trunk) {
            return Err(principal.forbidden("a party to the decision"));
        }
        let (partitions, contact, position) = match decision {
            Decision::At(partition, position) => (vec![*partition], None, *position),
            Decision::Of(target, position) => {
                let contact = self.contact_point(target);
                (self.partitions_of(contact).await?, Some(contact), *position)
            }
        };
        if partitions.iter().any(|partition| *partition >= self.parts.gate.partitions()) {
            return Err(not_found());
        }
        // Each reads a log from its beginning.
        let _turn = self.explanations.acquire().await.map_err(|_| Refusal::from(Code::UNAVAILABLE))?;
        let mut found = Vec::new();
        for partition in partitions {
            let read =
                replay::read(self.parts.audit.as_ref(), partition, Until::new(position), |_, _| {}).await?;
            let reproduced = tokio::task::spawn_blocking(move || read.reproduce()).await;
            let reproduced = reproduced.map_err(|_| Refusal::from(Code::UNAVAILABLE))?;
            // What a home allows is a share, and part of a decision elsewhere; what it refuses is a decision.
            let own = |contact: ContactPointId| partition == self.parts.gate.partition_of(&contact.0);
            let meant = |of: &Reproduced| {
                let decides = |contact| own(contact) || !of.recorded.reasons.is_empty();
                contact.is_none_or(|contact| of.asked.contact == contact && decides(contact))
            };
            if let Some(reproduced) = reproduced.filter(meant) {
                let lender = lender_of(&reproduced.asked, reproduced.contact.as_ref());
                if concerns(principal, &reproduced.asked, lender) {
                    found.push((partition, lender, reproduced));
                }
            }
        }
        // Each partition counts from 0: one number may name a decision of several.
        if let [(one, ..), (other, ..), ..] = &found[..] {
            let got = position.0;
            let detail = format!(
                "expected one decision, such as gate/{one}/{got}, got {got}, which stands in gate/{one} and gate/{other}"
            );
            return Err(Reason::detail(Code::MALFORMED, detail).into());
        }
        let (partition, lender, reproduced) = found.pop().ok_or_else(not_found)?;
        let recorded = reproduced.recorded;
        if !reproduced.differences.is_empty() {
            tracing::error!(partition, %position, "a decision made again from the log differs from the recorded one");
        }
        Ok(Explained {
            lender,
            recorded: Some(Recorded {
                stream: StreamId { service: Service::Gate, partition },
                position,
                policy: recorded.policy,
                expires_at: recorded.expires_at,
                tightest: recorded.tightest,
                reasons: recorded.reasons,
                next_allowed: recorded.next_allowed,
                differences: reproduced.differences,
            }),
            rules: texts(&reproduced.packs, &reproduced.explanation),
            asked: reproduced.asked,
            explanation: reproduced.explanation,
        })
    }

    /// Where decisions about a contact point may stand: in its own partition, and at the homes of its persons and cases.
    async fn partitions_of(&self, contact: ContactPointId) -> Result<Vec<u16>, Refusal> {
        let gate = &self.parts.gate;
        let mut partitions = vec![gate.partition_of(&contact.0)];
        if gate.partitions() > 1 {
            for holder in self.contact_status(contact).await?.iter().flat_map(|status| &status.holders) {
                let homes = gate::homes(contact, holder.person, holder.case, gate.partitions());
                for home in homes {
                    if !partitions.contains(&home.partition) {
                        partitions.push(home.partition);
                    }
                }
            }
        }
        Ok(partitions)
    }

    /// Makes every decision of the gate again, from its log alone: for the operator and the supervisor of all. `progress` is
    /// told how many records of how many are read, of which partition.
    pub async fn reproduce(
        &self,
        principal: &Principal,
        mut progress: impl FnMut(u16, u64, u64),
    ) -> Result<Reproduction, Refusal> {
        Self::check_reproduce(principal)?;
        let Ok(_turn) = self.replays.try_acquire() else {
            return Err(Reason::detail(Code::BUSY, "another replay is under way; try again").into());
        };
        let mut found = Reproduction::default();
        for partition in 0..self.parts.gate.partitions() {
            let every = Every::new(StreamId { service: Service::Gate, partition }, found);
            let told = |read, of| progress(partition, read, of);
            found = replay::read(self.parts.audit.as_ref(), partition, every, told).await?.found();
        }
        if found.differing > 0 {
            tracing::error!(
                found.differing,
                "decisions made again from the log differ from the recorded ones"
            );
        }
        Ok(found)
    }

    /// Whether the principal may have every decision made again.
    pub fn check_reproduce(principal: &Principal) -> Result<(), Refusal> {
        if principal.sees_all() {
            return Ok(());
        }
        Err(principal.forbidden("the operator or the supervisor of all agencies"))
    }

    /// What every rule says of a request now: to whoever might ask for that permit. Reserves and records nothing.
    pub async fn explain_request(
        &self,
        principal: &Principal,
        ask: &PermitAsk,
    ) -> Result<Explained, Refusal> {
        let asked = self.request_of(principal, ask).await?;
        let (explanation, status, (_, packs)) = tokio::try_join!(
            self.explain_everywhere(&asked),
            self.contact_status(asked.contact),
            self.policies()
        )?;
        let lender = lender_of(&asked, status.as_ref());
        let rules = texts(&packs, &explanation);
        Ok(Explained { asked, lender, explanation, recorded: None, rules })
    }
}

fn lender_of(asked: &PermitRequest, contact: Option<&ContactStatus>) -> Option<LenderId> {
    let holder = contact?.holders.iter().find(|holder| holder.case == asked.case)?;
    Some(holder.lender)
}

/// A decision is shown to those whom it concerns.
fn concerns(principal: &Principal, asked: &PermitRequest, lender: Option<LenderId>) -> bool {
    let own = |contact: ContactPointId| contact == asked.contact;
    match *principal {
        Principal::Operator | Principal::Supervisor(None) => true,
        Principal::Lender(own) => lender == Some(own),
        Principal::Agency(agency) | Principal::Supervisor(Some(agency)) => asked.agency == agency,
        Principal::Collector(collector, agency) => asked.agency == agency && asked.collector == collector,
        Principal::CalledPerson(contact) => own(contact),
        Principal::Trunk | Principal::Anonymous => false,
    }
}

/// The words of the rules that had something to say, or might have.
fn texts(packs: &[String], explanation: &Explanation) -> BTreeMap<String, RuleText> {
    let mut texts = BTreeMap::new();
    for pack in packs.iter().filter_map(|text| policy::parse(text).ok()) {
        for rule in &pack.rules {
            let name = rule.name(&pack);
            let asked = |considered: &&events::gate::Considered| considered.rule.as_str() == name;
            if explanation.rules.iter().find(asked).is_none_or(|found| found.verdict == RuleVerdict::Silent) {
                continue;
            }
            let text = RuleText {
                english: rule.describe(),
                chinese: rule.describe_zh(),
                source: rule.source.clone(),
                read: Some(rule.read),
                version: pack.version,
            };
            texts.insert(name, text);
        }
    }
    texts
}
