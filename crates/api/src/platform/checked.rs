//! What every partition says of requests, without asking for permits: the contact point's own, and the homes of its person
//! and its case.

use std::collections::BTreeMap;

use events::gate::{Considered, Explanation, GateQuery, GateReply, PermitRequest, RuleVerdict};
use events::{Code, Refusal};
use model::Timestamp;

use super::Platform;

impl Platform {
    /// When each would next be allowed, asked of each partition at once.
    pub(super) async fn check_each(
        &self,
        asked: &[PermitRequest],
    ) -> Result<Vec<Option<Timestamp>>, Refusal> {
        let gate = &self.parts.gate;
        let homes = self.homes_of_each(asked).await?;
        let mut parts: BTreeMap<u16, (Vec<usize>, Vec<PermitRequest>)> = BTreeMap::new();
        for (index, request) in asked.iter().enumerate() {
            let homes = homes.get(index).into_iter().flatten().copied();
            for partition in [gate.partition_of(&request.contact.0)].into_iter().chain(homes) {
                let (indexes, part) = parts.entry(partition).or_default();
                indexes.push(index);
                part.push(request.clone());
            }
        }
        let queries = parts.into_iter().map(|(partition, (indexes, part))| async move {
            match gate.query(partition, GateQuery::CheckMany(part)).await? {
                GateReply::CheckMany(verdicts) => Ok((indexes, verdicts)),
                _ => Err(Refusal::from(Code::UNAVAILABLE)),
            }
        });
        let mut next: Vec<Option<Timestamp>> = vec![Some(Timestamp(i64::MIN)); asked.len()];
        for (indexes, verdicts) in futures::future::try_join_all(queries).await? {
            for (index, verdict) in indexes.into_iter().zip(verdicts) {
                // All of them must allow it.
                next[index] = next[index].zip(verdict).map(|(known, verdict)| known.max(verdict));
            }
        }
        Ok(next)
    }

    /// The partitions beside its own that a request must be asked at.
    pub(super) async fn homes_of_each(&self, asked: &[PermitRequest]) -> Result<Vec<Vec<u16>>, Refusal> {
        let gate = &self.parts.gate;
        let mut homes = vec![Vec::new(); asked.len()];
        if gate.partitions() <= 1 {
            return Ok(homes);
        }
        let mut parts: BTreeMap<u16, Vec<usize>> = BTreeMap::new();
        for (index, request) in asked.iter().enumerate() {
            parts.entry(gate.partition_of(&request.contact.0)).or_default().push(index);
        }
        let queries = parts.into_iter().map(|(partition, indexes)| async move {
            let named = indexes.iter().filter_map(|index| asked.get(*index));
            let named = named.map(|request| (request.contact, request.case)).collect();
            match gate.query(partition, GateQuery::Persons(named)).await? {
                GateReply::Persons(persons) => Ok((indexes, persons)),
                _ => Err(Refusal::from(Code::UNAVAILABLE)),
            }
        });
        for (indexes, persons) in futures::future::try_join_all(queries).await? {
            for (index, person) in indexes.into_iter().zip(persons) {
                if let (Some(person), Some(request)) = (person, asked.get(index)) {
                    let of = gate::homes(request.contact, person, request.case, gate.partitions());
                    homes[index] = of.iter().map(|home| home.partition).collect();
                }
            }
        }
        Ok(homes)
    }

    /// What every rule says of a request, each where it is asked.
    pub(super) async fn explain_everywhere(&self, asked: &PermitRequest) -> Result<Explanation, Refusal> {
        let own = self.parts.gate.partition_of(&asked.contact.0);
        let mut all = self.explain_at(own, asked).await?;
        for home in self.homes_of_each(std::slice::from_ref(asked)).await?.into_iter().flatten() {
            all = merged(all, self.explain_at(home, asked).await?);
        }
        Ok(all)
    }

    async fn explain_at(&self, partition: u16, asked: &PermitRequest) -> Result<Explanation, Refusal> {
        match self.parts.gate.query(partition, GateQuery::Explain(asked.clone())).await? {
            GateReply::Explain(explanation) => Ok(explanation),
            _ => Err(Code::UNAVAILABLE.into()),
        }
    }
}

/// Each rule with what it said where it was asked; elsewhere it was silent.
fn merged(own: Explanation, other: Explanation) -> Explanation {
    let Explanation { at, allowed, next_allowed, mut rules } = own;
    let all_pass = allowed && other.allowed;
    let next_allowed = match (allowed, other.allowed) {
        (true, _) => other.next_allowed,
        (_, true) => next_allowed,
        (false, false) => next_allowed.zip(other.next_allowed).map(|(one, other)| one.max(other)),
    };
    for considered in other.rules {
        match rules.iter_mut().find(|known| known.rule == considered.rule) {
            Some(known) if says_more(&considered, known) => *known = considered,
            Some(_) => {}
            None => rules.push(considered),
        }
    }
    Explanation { at, allowed: all_pass, next_allowed, rules }
}

/// A rule that is asked in two places looks at different things in each: a refusal is heard.
fn says_more(other: &Considered, known: &Considered) -> bool {
    let weight = |considered: &Considered| match considered.verdict {
        RuleVerdict::Silent => 0,
        RuleVerdict::Excepted => 1,
        RuleVerdict::Allows => 2,
        RuleVerdict::Flags => 3,
        RuleVerdict::Refuses => 4,
    };
    (weight(other), other.counted) > (weight(known), known.counted)
}
