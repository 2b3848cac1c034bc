//! The rule packs in force, ready to be asked.

use std::collections::BTreeSet;

use aho_corasick::AhoCorasick;
use events::Position;
use events::gate::RuleName;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::{Channel, Outcome, Purpose, Region, Role, Timestamp};
use policy::Pack;
use policy::pack::{Applies, Counted, Effect, Frequency, Kind, Lines, Owner, Rule, Window};
use policy::sets::{Key, Scope};
use serde::{Deserialize, Serialize};

use crate::attempts::{Attempt, Stage};
use crate::marks::{Screen, scope};
use crate::regions::{RegionSet, Regions};

/// A contact older than this is in no window of a few days: nine days, with room for a zone that moves across the
/// date line. Longer windows keep longer.
const KEEP_MS: i64 = 9 * DAY_MS;

const DAY_MS: i64 = 86_400_000;

/// Every pack in force.
#[derive(Debug, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub(crate) struct Policies {
    /// In order of id.
    packs: Vec<Adopted>,
    /// Packs that were in force before: the same id and version never means two things.
    former: Vec<String>,
    /// Where the last change stands.
    position: Option<Position>,
    regions: Regions,
    /// Packs that apply to each set of regions, by its number.
    by_regions: Vec<Applying>,
    keep_ms: i64,
}

/// Packs that apply to a set of regions, by index, in order of id.
#[derive(Debug, Default)]
struct Applying {
    /// Those for what is left only where one of the regions has no pack in force.
    packs: Vec<u16>,
    /// The packs of the platform for each of the regions.
    regional: Vec<Vec<u16>>,
    /// In order of time; the first begins before all time.
    eras: Vec<Era>,
    /// What speaks of each kind of request, by role, channel and purpose.
    plans: Vec<Plan>,
}

/// A time in which the same packs are in force: until the next begins.
#[derive(Debug)]
struct Era {
    from: Timestamp,
    /// One for each of the packs that apply.
    in_force: Vec<bool>,
    /// One of them is the platform's.
    platform: bool,
}

/// The rules that may refuse one kind of request.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    packs: Vec<PlannedPack>,
    /// Since when its caps count, each once.
    pub windows: Vec<Window>,
    /// Whether one of them looks at other contact points of the person.
    pub persons: bool,
    /// Whether one of them looks at other contact points of the case.
    pub cases: bool,
}

/// Those of one pack.
#[derive(Debug)]
pub(crate) struct PlannedPack {
    /// Its place among the packs that apply.
    place: usize,
    /// Its place among all packs.
    index: u16,
    pub owner: Owner,
    /// Its frequencies.
    pub caps: Vec<Cap>,
    /// Its rules on lines.
    pub lines: Vec<PlannedLines>,
    /// The places of its other rules.
    pub others: Vec<u16>,
    /// How many of them may refuse later what they allow now, although nothing happens.
    pub turning: usize,
}

/// A frequency, with all that is needed to count for a request that is nothing special.
#[derive(Debug)]
pub(crate) struct Cap {
    /// Its place in its pack.
    pub place: u16,
    pub limit: u16,
    pub screen: Screen,
    pub scope: Scope,
    /// The place of its window in the plan.
    pub window: usize,
}

/// A rule on lines, likewise.
#[derive(Debug)]
pub(crate) struct PlannedLines {
    /// Its place in its pack.
    pub place: u16,
    pub registered: bool,
    pub most: Option<u16>,
    pub screen: Screen,
}

/// A pack that was adopted.
#[derive(Debug)]
pub(crate) struct Adopted {
    pub pack: Pack,
    pub text: String,
    /// One a rule.
    pub rules: Vec<Prepared>,
    from: Timestamp,
    /// The first moment after it.
    end: Timestamp,
}

/// What a rule needs beside its text.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub name: RuleName,
    /// What it does not count.
    pub screen: Screen,
    /// Finds the words that a content rule forbids.
    pub forbidden: Option<AhoCorasick>,
}

/// What a snapshot holds.
#[derive(Clone, Serialize, Deserialize)]
struct Stored {
    texts: Vec<String>,
    former: Vec<String>,
    position: Option<Position>,
    regions: Vec<Vec<Region>>,
}

impl From<Stored> for Policies {
    fn from(Stored { texts, former, position, regions }: Stored) -> Self {
        let packs = texts.iter().filter_map(|text| Adopted::read(text)).collect();
        let (by_regions, regions) = (Vec::new(), regions.into());
        let mut policies = Self { packs, former, position, regions, by_regions, keep_ms: 0 };
        policies.prepare();
        policies
    }
}

impl From<Policies> for Stored {
    fn from(policies: Policies) -> Self {
        let texts = policies.packs.into_iter().map(|adopted| adopted.text).collect();
        let regions = policies.regions.into();
        Self { texts, former: policies.former, position: policies.position, regions }
    }
}

impl Default for Policies {
    fn default() -> Self {
        Stored { texts: Vec::new(), former: Vec::new(), position: None, regions: vec![Vec::new()] }.into()
    }
}

impl Clone for Policies {
    fn clone(&self) -> Self {
        let texts = self.packs.iter().map(|adopted| adopted.text.clone()).collect();
        let regions = self.regions.sets().map(<[Region]>::to_vec).collect();
        Stored { texts, former: self.former.clone(), position: self.position, regions }.into()
    }
}

impl Plan {
    /// The place of a window.
    fn window(&mut self, window: Window) -> usize {
        self.windows.iter().position(|known| *known == window).unwrap_or_else(|| {
            self.windows.push(window);
            self.windows.len() - 1
        })
    }
}

impl PlannedPack {
    /// The places of all of them in the pack.
    pub fn all(&self) -> impl Iterator<Item = u16> {
        let lines = self.lines.iter().map(|lines| lines.place);
        self.caps.iter().map(|cap| cap.place).chain(lines).chain(self.others.iter().copied())
    }
}

impl Adopted {
    /// A rule by its place.
    pub fn rule(&self, place: u16) -> Option<(&Rule, &Prepared)> {
        self.pack.rules.get(usize::from(place)).zip(self.rules.get(usize::from(place)))
    }

    /// `None` for a text that is no pack: none is adopted.
    fn read(text: &str) -> Option<Self> {
        let pack = policy::parse(text).ok()?;
        let rules = pack.rules.iter().map(|rule| Prepared::of(&pack, rule)).collect::<Option<_>>()?;
        let from = midnight(pack.effective).unwrap_or(Timestamp(i64::MIN));
        let end = pack.until.and_then(midnight).map_or(Timestamp(i64::MAX), |last| last.plus_ms(DAY_MS));
        Some(Self { pack, text: text.to_owned(), rules, from, end })
    }

    /// In force at that time.
    pub fn in_force(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.end
    }
}

impl Prepared {
    fn of(pack: &Pack, rule: &policy::pack::Rule) -> Option<Self> {
        let forbidden = match &rule.kind {
            Kind::Content(content) => {
                Some(AhoCorasick::builder().ascii_case_insensitive(true).build(&content.forbid).ok()?)
            }
            _ => None,
        };
        Some(Self { name: RuleName::new(&rule.name(pack))?, screen: Screen::of(rule), forbidden })
    }
}

/// The first moment of a day, UTC.
fn midnight(date: Date) -> Option<Timestamp> {
    TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok().map(|first| Timestamp(first.as_millisecond()))
}

impl Policies {
    pub fn position(&self) -> Option<Position> {
        self.position
    }

    /// In order of id.
    pub fn packs(&self) -> &[Adopted] {
        &self.packs
    }

    /// The text that an id and version once meant.
    pub fn known(&self, id: &str, version: u32) -> Option<&str> {
        let current = self.packs.iter().map(|adopted| adopted.text.as_str());
        let mut all = current.chain(self.former.iter().map(String::as_str));
        all.find(|text| policy::parse(text).is_ok_and(|pack| pack.id == id && pack.version == version))
    }

    pub fn adopt(&mut self, text: &str, position: Position) {
        self.position = Some(position);
        let Some(adopted) = Adopted::read(text) else { return };
        self.retire(&adopted.pack.id.clone());
        self.packs.push(adopted);
        self.packs.sort_by(|one, other| one.pack.id.cmp(&other.pack.id));
        self.prepare();
    }

    pub fn withdraw(&mut self, id: &str, position: Position) {
        self.position = Some(position);
        self.retire(id);
        self.prepare();
    }

    /// The set with these regions added.
    pub fn union(&mut self, set: RegionSet, more: &[Region]) -> RegionSet {
        let set = self.regions.union(set, more);
        if set.number() == self.by_regions.len() {
            self.by_regions.push(self.applying(self.regions.of(set)));
        }
        set
    }

    /// The regions of a set.
    pub fn regions(&self, set: RegionSet) -> &[Region] {
        self.regions.of(set)
    }

    fn retire(&mut self, id: &str) {
        if let Some(index) = self.packs.iter().position(|adopted| adopted.pack.id == id) {
            let old = self.packs.remove(index).text;
            if !self.former.contains(&old) {
                self.former.push(old);
            }
        }
    }

    /// What depends on the packs.
    fn prepare(&mut self) {
        self.keep_ms = KEEP_MS;
        for rule in self.packs.iter().flat_map(|adopted| &adopted.pack.rules) {
            let window = match &rule.kind {
                Kind::Frequency(frequency) => frequency.window,
                Kind::CoolDown(cool_down) => cool_down.window,
                Kind::Lines(lines) => lines.window,
                Kind::Interval(interval) => Window::RollingMs(interval.least_ms),
                Kind::Purpose(purpose) => match purpose.debtor_out_of_contact {
                    Some(out) => Window::Days(out.days.saturating_add(1)),
                    None => continue,
                },
                _ => continue,
            };
            self.keep_ms = self.keep_ms.max(span_ms(window));
        }
        self.by_regions = self.regions.sets().map(|set| self.applying(set)).collect();
    }

    fn applying(&self, regions: &[Region]) -> Applying {
        let mut applying = Applying::default();
        // As many packs as somebody writes by hand.
        for (index, adopted) in (0_u16..).zip(&self.packs) {
            let Applies::Regions(named) = &adopted.pack.applies else {
                applying.packs.push(index);
                continue;
            };
            if regions.iter().any(|region| lies_in_one(*region, named)) {
                applying.packs.push(index);
            }
        }
        for region in regions {
            let of = |(_, adopted): &(u16, &Adopted)| match &adopted.pack.applies {
                Applies::Regions(named) => {
                    adopted.pack.owner == Owner::Platform && lies_in_one(*region, named)
                }
                Applies::Everywhere | Applies::Otherwise => false,
            };
            let own = (0_u16..).zip(&self.packs).filter(of).map(|(index, _)| index).collect();
            applying.regional.push(own);
        }
        applying.eras = self.eras(&applying);
        applying.plans = kinds().map(|kind| self.plan(&applying.packs, kind)).collect();
        applying
    }

    /// The times between which nothing comes into force or ends.
    fn eras(&self, applying: &Applying) -> Vec<Era> {
        let all = || applying.regional.iter().chain([&applying.packs]).flat_map(|packs| self.get(packs));
        let changes = all().flat_map(|adopted| [adopted.from, adopted.end]).chain([Timestamp(i64::MIN)]);
        let changes: BTreeSet<Timestamp> = changes.collect();
        let eras = changes.into_iter().map(|from| {
            let covered = self.covered(applying, from);
            let applies = |adopted: &&Adopted| {
                adopted.in_force(from) && !(covered && adopted.pack.applies == Applies::Otherwise)
            };
            let in_force = self.get(&applying.packs).map(|adopted| applies(&adopted)).collect();
            let platform = self
                .get(&applying.packs)
                .filter(applies)
                .any(|adopted| adopted.pack.owner == Owner::Platform);
            Era { from, in_force, platform }
        });
        eras.collect()
    }

    fn plan(&self, packs: &[u16], (role, channel, purpose): RequestKind) -> Plan {
        let mut plan = Plan::default();
        for (place, (index, adopted)) in packs.iter().zip(self.get(packs)).enumerate() {
            let (mut caps, mut lines, mut others, mut turning) = (Vec::new(), Vec::new(), Vec::new(), 0);
            for (place, (rule, prepared)) in (0_u16..).zip(adopted.pack.rules.iter().zip(&adopted.rules)) {
                let concerned = rule.who.roles.has(role)
                    && rule.who.channels.has(channel)
                    && rule.who.purposes.has(purpose);
                if !concerned || always_allows(rule, purpose) {
                    continue;
                }
                if let Some(scope) = scope(rule).filter(|scope| !scope.has(Key::ContactPoint)) {
                    let persons = scope.has(Key::Person);
                    plan.persons |= persons;
                    plan.cases |= !persons;
                }
                turning += usize::from(turns(&rule.kind));
                let screen = prepared.screen;
                match &rule.kind {
                    Kind::Frequency(frequency) => {
                        let &Frequency { limit, scope, window, .. } = frequency;
                        caps.push(Cap { place, limit, screen, scope, window: plan.window(window) });
                    }
                    Kind::Lines(of) => {
                        let &Lines { registered, most, .. } = of;
                        lines.push(PlannedLines { place, registered, most, screen });
                    }
                    _ => others.push(place),
                }
            }
            if !(caps.is_empty() && lines.is_empty() && others.is_empty()) {
                let (index, owner) = (*index, adopted.pack.owner);
                plan.packs.push(PlannedPack { place, index, owner, caps, lines, others, turning });
            }
        }
        plan
    }

    /// What speaks of a kind of request to a contact point with these regions.
    pub fn plan_of(&self, set: RegionSet, (role, channel, purpose): RequestKind) -> Option<&Plan> {
        let place = (role as usize * Channel::ALL.len() + channel as usize) * Purpose::ALL.len();
        self.by_regions.get(set.number())?.plans.get(place + purpose as usize)
    }

    /// The packs of a plan that are in force then, in order of id.
    pub fn planned<'a>(
        &'a self,
        set: RegionSet,
        plan: &'a Plan,
        at: Timestamp,
    ) -> impl Iterator<Item = (&'a Adopted, &'a PlannedPack)> {
        let in_force = self.era(set, at).map_or(&[][..], |era| &era.in_force);
        let planned = plan.packs.iter().filter(|pack| in_force.get(pack.place) == Some(&true));
        planned.filter_map(|pack| self.packs.get(usize::from(pack.index)).zip(Some(pack)))
    }

    /// Whether any pack of the platform applies and is in force.
    pub fn platform_in_force(&self, set: RegionSet, at: Timestamp) -> bool {
        self.era(set, at).is_some_and(|era| era.platform)
    }

    /// Whether the same packs are in force at both times.
    pub fn same(&self, set: RegionSet, one: Timestamp, other: Timestamp) -> bool {
        self.era(set, one).map(|era| era.from) == self.era(set, other).map(|era| era.from)
    }

    /// What is in force then.
    fn era(&self, set: RegionSet, at: Timestamp) -> Option<&Era> {
        // Mostly the last: what is judged is judged now.
        self.by_regions.get(set.number())?.eras.iter().rfind(|era| era.from <= at)
    }

    /// Whether regions are known, and a pack of the platform is in force for each of them: whose law is missing for one may be
    /// there all the same.
    fn covered(&self, applying: &Applying, at: Timestamp) -> bool {
        let in_force = |packs: &Vec<u16>| self.get(packs).any(|pack| pack.in_force(at));
        !applying.regional.is_empty() && applying.regional.iter().all(in_force)
    }

    /// The packs that apply to a set of regions and are in force then, in order of id.
    pub fn of(&self, set: RegionSet, at: Timestamp) -> impl Iterator<Item = &Adopted> {
        let packs = self.by_regions.get(set.number()).map_or(&[][..], |applying| &applying.packs);
        let in_force = self.era(set, at).map_or(&[][..], |era| &era.in_force);
        self.get(packs).zip(in_force).filter(|(_, in_force)| **in_force).map(|(adopted, _)| adopted)
    }

    fn get<'a>(&'a self, indices: &'a [u16]) -> impl Iterator<Item = &'a Adopted> {
        indices.iter().filter_map(|index| self.packs.get(usize::from(*index)))
    }

    /// When a pack that applies to a set of regions now applies no longer, if nothing is adopted; `None`: never.
    pub fn end(&self, adopted: &Adopted, set: RegionSet, now: Timestamp) -> Option<Timestamp> {
        let own = Some(adopted.end).filter(|end| end.0 < i64::MAX);
        if adopted.pack.applies != Applies::Otherwise {
            return own;
        }
        let Some(applying) = self.by_regions.get(set.number()) else { return own };
        let begins = applying.regional.iter().flat_map(|packs| self.get(packs)).map(|adopted| adopted.from);
        // Once every region has one.
        begins.filter(|from| *from > now && self.covered(applying, *from)).chain(own).min()
    }

    /// When the first pack of the platform that applies to a set of regions comes into force.
    pub fn begins(&self, set: RegionSet, now: Timestamp) -> Option<Timestamp> {
        let packs = self.by_regions.get(set.number()).map(|applying| self.get(&applying.packs));
        let packs = packs.into_iter().flatten().filter(|adopted| adopted.pack.owner == Owner::Platform);
        packs.map(|adopted| adopted.from).filter(|from| *from > now).min()
    }

    /// Whether some rule may still count this contact.
    pub fn may_count(&self, attempt: &Attempt, now: Timestamp) -> bool {
        if matches!(attempt.stage, Stage::Waiting | Stage::Dialing)
            || now.ms_since(attempt.at) <= self.keep_ms
        {
            return true;
        }
        let rules = self.packs.iter().flat_map(|adopted| &adopted.pack.rules);
        rules.into_iter().any(|rule| {
            let counted = match &rule.kind {
                Kind::Frequency(frequency) if frequency.window == Window::Ever => match frequency.count {
                    Counted::Attempts => true,
                    Counted::Unanswered => attempt.stage.outcome() != Some(Outcome::Conversation),
                    Counted::Communications => attempt.stage.outcome().is_none_or(Outcome::conveyed),
                },
                Kind::Lines(lines) => lines.most.is_some() && lines.window == Window::Ever,
                // It may have been a conversation.
                Kind::CoolDown(cool_down) if cool_down.window == Window::Ever => {
                    return rule.who.channels.has(attempt.channel)
                        && attempt.stage == Stage::Made(Outcome::Unknown);
                }
                _ => false,
            };
            // Not by role: a person's role in a case may change.
            counted && rule.who.channels.has(attempt.channel) && rule.who.purposes.has(attempt.purpose)
        })
    }
}

fn lies_in_one(region: Region, named: &[Region]) -> bool {
    named.iter().any(|named| region.lies_in(named))
}

/// The role of whom is asked for, the channel, the purpose.
pub(crate) type RequestKind = (Role, Channel, Purpose);

/// The rule never refuses a contact for this purpose: only an explanation shows it.
fn always_allows(rule: &Rule, purpose: Purpose) -> bool {
    if rule.effect == Effect::Flag {
        return true;
    }
    match &rule.kind {
        Kind::Purpose(of) => {
            let reachable = of.debtor_out_of_contact.is_some_and(|out| out.purposes.has(purpose));
            of.allowed.has(purpose) && !of.confirmed.has(purpose) && !reachable
        }
        _ => false,
    }
}

/// A rule that may refuse later what it allows now, although nothing happens. A window only moves away from what is in it.
const fn turns(kind: &Kind) -> bool {
    match kind {
        Kind::Hours(_) | Kind::Purpose(_) | Kind::Fresh(_) => true,
        Kind::Frequency(_)
        | Kind::CoolDown(_)
        | Kind::Interval(_)
        | Kind::Lines(_)
        | Kind::Content(_)
        | Kind::Shared(_) => false,
    }
}

/// Every kind of request, in the order of the plans.
fn kinds() -> impl Iterator<Item = RequestKind> {
    let of = |role: Role| {
        Channel::ALL
            .iter()
            .flat_map(move |channel| Purpose::ALL.iter().map(move |purpose| (role, *channel, *purpose)))
    };
    Role::ALL.iter().copied().flat_map(of)
}

/// How far back a window reaches at most; 0 for ever.
const fn span_ms(window: Window) -> i64 {
    match window {
        Window::Days(days) => (days as i64 + 2) * DAY_MS,
        Window::Week => 9 * DAY_MS,
        Window::Month => 33 * DAY_MS,
        Window::RollingMs(ms) => ms,
        Window::Ever => 0,
    }
}
