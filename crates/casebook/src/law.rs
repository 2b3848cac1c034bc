//! The packs of a case, looked up by the names of their rules.

use events::Code;
use policy::Pack;
use policy::pack::{Effect, Kind, Rule};
use policy::sets::{ChannelSet, Key};

use crate::report::{PackUsed, RuleSays};

const CALLS_ONLY: ChannelSet = ChannelSet::NONE.with(model::Channel::Call);

pub(crate) struct Law {
    packs: Vec<Pack>,
}

impl Law {
    pub fn of(ids: &[String]) -> Self {
        let texts = ids.iter().filter_map(|id| policy::text(id));
        Self { packs: texts.filter_map(|text| policy::parse(text).ok()).collect() }
    }

    pub fn used(&self) -> Vec<PackUsed> {
        let used =
            |pack: &Pack| PackUsed { id: pack.id.clone(), version: pack.version, title: pack.title.clone() };
        self.packs.iter().map(used).collect()
    }

    fn rule(&self, name: &str) -> Option<&Rule> {
        let (pack, rule) = name.split_once('/')?;
        let pack = self.packs.iter().find(|known| known.id == pack)?;
        pack.rules.iter().find(|known| known.id == rule)
    }

    /// The clause of a rule; of the gate's own, what their refusal means.
    pub fn source(&self, name: &str, code: Code) -> Option<String> {
        if let Some(rule) = self.rule(name) {
            return Some(rule.source.clone());
        }
        let page = code.page()?;
        let said = page.lines().skip(1).map(str::trim).find(|line| !line.is_empty())?;
        Some(said.trim_start_matches("**What happened.** ").to_owned())
    }

    pub fn is_cool_down(&self, name: &str) -> bool {
        self.rule(name).is_some_and(|rule| matches!(rule.kind, Kind::CoolDown(_)))
    }

    /// One of the "telephone call frequencies": a cap on calls alone, or a cool-down, that refuses.
    pub fn is_call_frequency(&self, name: &str) -> bool {
        self.rule(name).is_some_and(|rule| {
            let frequency = matches!(rule.kind, Kind::Frequency(_) | Kind::CoolDown(_) | Kind::Interval(_));
            frequency && rule.effect == Effect::Refuse && rule.who.channels == CALLS_ONLY
        })
    }

    /// The rule that "how many calls count" is about: the cap on calls about a debt, or else another cap on calls, or
    /// else any cap.
    pub fn call_cap<'r>(&self, rules: &'r [RuleSays]) -> Option<&'r RuleSays> {
        let rank = |says: &RuleSays| {
            let rule = self.rule(&says.rule)?;
            let Kind::Frequency(frequency) = &rule.kind else { return None };
            if rule.effect != Effect::Refuse {
                return None;
            }
            let calls = rule.who.channels == CALLS_ONLY;
            Some((!calls, !frequency.scope.has(Key::Debt)))
        };
        let ranked = rules.iter().filter_map(|says| Some((rank(says)?, says)));
        ranked.min_by_key(|(rank, _)| *rank).map(|(_, says)| says)
    }
}
