//! A past period under a draft: every recorded request is judged again at its time, by the rules that were in force and
//! the draft among them. What happened stays what it was.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use events::gate::{GateEvent, GateQuery, GateReply, PolicyAdoptedV2, ShareV1, Verdict};
use events::{Code, Decider, Now, Position, StreamId};
use gate::{Gate, State};
use model::{AgencyId, Timestamp};
use policy::Pack;

use super::Reader;
use super::decision::recorded;

/// Decisions that are named for each change.
const EXAMPLES_MAX: usize = 3;

/// What would have been decided otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PolicyReplay {
    /// Requests judged again.
    pub decisions: u64,
    /// Of these, such as had been allowed.
    pub allowed: u64,
    /// Such as had been refused.
    pub refused: u64,
    /// Allowed then, and refused by the draft.
    pub refused_instead: u64,
    /// Refused then, and allowed by the draft; by the rules that had refused: of a gate of several partitions, those of one.
    pub allowed_instead: u64,
    /// By agency.
    pub agencies: BTreeMap<AgencyId, AgencyChange>,
    /// By agency and rule. One request may have several rules.
    pub rules: BTreeMap<(AgencyId, String), RuleChange>,
}

/// What changes for an agency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AgencyChange {
    /// Requests judged again.
    pub decisions: u64,
    /// Allowed then, refused now.
    pub refused_instead: u64,
    /// Refused then, allowed now.
    pub allowed_instead: u64,
}

/// What changes by a rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuleChange {
    /// It would have refused what was allowed.
    pub refused_instead: u64,
    /// It refused what would have been allowed.
    pub allowed_instead: u64,
    /// The first of these decisions.
    pub examples: Vec<(StreamId, Position)>,
}

/// What was counted so far, and what several partitions have in common.
#[derive(Default)]
pub(crate) struct Counted {
    replay: PolicyReplay,
    /// Permits and shares that the draft would have refused, and whose they were.
    instead: BTreeMap<(u16, Position), AgencyId>,
    /// Permits with the shares that they stand on: each is one decision.
    groups: Vec<Vec<(u16, Position)>>,
}

impl Counted {
    /// Over all partitions: a permit that the draft refuses in several of them is one.
    pub fn replay(self) -> PolicyReplay {
        let Self { mut replay, instead, groups } = self;
        for group in groups {
            let refused = group.iter().filter_map(|place| instead.get(place));
            for agency in refused.skip(1) {
                replay.refused_instead -= 1;
                if let Some(change) = replay.agencies.get_mut(agency) {
                    change.refused_instead -= 1;
                }
            }
        }
        replay
    }
}

/// Judges a partition's history by a draft.
pub(crate) struct Draft {
    stream: StreamId,
    id: String,
    from: Timestamp,
    until: Timestamp,
    partitions: u16,
    state: State,
    counted: Counted,
}

impl Draft {
    /// The draft in place of the pack with its id, or added, from the beginning of the log on: `text` must be in force
    /// all the time, see [`in_force_always`].
    pub fn new(
        stream: StreamId,
        id: String,
        text: String,
        from: Timestamp,
        until: Timestamp,
        partitions: u16,
        counted: Counted,
    ) -> Self {
        let mut state = State::default();
        let adopted = GateEvent::PolicyAdopted(PolicyAdoptedV2 { pack: text });
        Gate::evolve(&mut state, &adopted, Timestamp(0), Position(0));
        Self { stream, id, from, until, partitions, state, counted }
    }

    /// What was counted.
    pub fn counted(self) -> Counted {
        self.counted
    }

    fn judge(&mut self, event: &GateEvent, at: Timestamp, position: Position) {
        let Some((asked, recorded)) = recorded(event.clone()) else { return };
        let trusted = recorded.reasons.iter().all(|reason| reason.code != Code::CLOCK_UNSURE);
        let query = GateQuery::Check(asked.clone());
        let GateReply::Check(verdict) = Gate::query(&self.state, &query, Now { at, trusted }) else { return };
        let was_allowed = recorded.reasons.is_empty();
        let replay = &mut self.counted.replay;
        let agency = replay.agencies.entry(asked.agency).or_default();
        // A share is part of the decision that its permit is.
        if !matches!(event, GateEvent::ShareReserved(_)) {
            replay.decisions += 1;
            agency.decisions += 1;
            *(if was_allowed { &mut replay.allowed } else { &mut replay.refused }) += 1;
        }
        let (rules, refused): (Vec<String>, bool) = match (was_allowed, verdict) {
            (true, Verdict::Refused { reasons, .. }) => {
                replay.refused_instead += 1;
                agency.refused_instead += 1;
                self.counted.instead.insert((self.stream.partition, position), asked.agency);
                (reasons.iter().map(|reason| named(reason.rule, reason.code)).collect(), true)
            }
            (false, Verdict::Allowed { .. }) => {
                replay.allowed_instead += 1;
                agency.allowed_instead += 1;
                (recorded.reasons.iter().map(|reason| named(reason.rule, reason.code)).collect(), false)
            }
            _ => return,
        };
        for rule in rules {
            let change = replay.rules.entry((asked.agency, rule)).or_default();
            *(if refused { &mut change.refused_instead } else { &mut change.allowed_instead }) += 1;
            if change.examples.len() < EXAMPLES_MAX {
                change.examples.push((self.stream, position));
            }
        }
    }
}

fn named(rule: Option<events::gate::RuleName>, code: Code) -> String {
    rule.map_or_else(|| code.word().to_owned(), |rule| rule.to_string())
}

impl Reader for Draft {
    fn take(&mut self, event: GateEvent, at: Timestamp, position: Position) -> ControlFlow<()> {
        if at > self.until {
            return ControlFlow::Break(());
        }
        let replaced = match &event {
            GateEvent::PolicyAdopted(adopted) => {
                policy::parse(&adopted.pack).is_ok_and(|pack| pack.id == self.id)
            }
            GateEvent::PolicyWithdrawn(withdrawn) => withdrawn.id == self.id,
            _ => false,
        };
        if replaced {
            return ControlFlow::Continue(());
        }
        if at >= self.from {
            self.judge(&event, at, position);
            if let GateEvent::PermitShared(shared) = &event {
                // The event before reserved it.
                let permit = (self.stream.partition, Position(position.0.saturating_sub(1)));
                let place =
                    |share: &ShareV1| (events::partition_of(&share.home, self.partitions), share.share);
                self.counted
                    .groups
                    .push([permit].into_iter().chain(shared.shares.iter().map(place)).collect());
            }
        }
        Gate::evolve(&mut self.state, &event, at, position);
        ControlFlow::Continue(())
    }
}

/// The text of a draft that is in force on every day: drafts begin in the future, and a replay is about the past. `None`: its
/// head is written so that it cannot be told where its dates stand.
pub(crate) fn in_force_always(text: &str, pack: &Pack) -> Option<String> {
    let mut changed = String::with_capacity(text.len());
    let mut head = true;
    for line in text.lines() {
        head &= !line.trim_start().starts_with('[');
        let key = line.split_once('=').map(|(key, _)| key.trim());
        match key {
            Some("effective") if head => changed.push_str("effective = 1970-01-01"),
            Some("until") if head => {}
            _ => changed.push_str(line),
        }
        changed.push('\n');
    }
    let read = policy::parse(&changed).ok()?;
    let wanted = Pack { effective: read.effective, until: None, ..pack.clone() };
    (read == wanted && read.effective.year() == 1970).then_some(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_checked_in_pack_can_be_put_in_force_for_all_time() {
        for (id, text) in policy::texts() {
            let pack = policy::parse(text).expect("a pack");
            let always = in_force_always(text, &pack).unwrap_or_else(|| panic!("{id}"));
            let read = policy::parse(&always).expect("a pack");
            assert_eq!((read.effective.to_string(), read.until), ("1970-01-01".to_owned(), None), "{id}");
            assert_eq!(read.rules, pack.rules, "{id}");
        }
    }
}
