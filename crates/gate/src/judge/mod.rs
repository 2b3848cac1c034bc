//! Judging a request. Every rule looks at the same facts and refuses or not; all are asked, so their order never
//! matters. A fact that is missing refuses by the rule that names what is missing.

mod consented;
mod content;
mod counting;
mod finding;
mod frequency;
mod fresh;
mod hours;
mod lines;
mod out_of_contact;
mod own;
mod place;
mod purpose;
mod shared;

use events::gate::{Count, Explanation, PermitRequest, RuleName, RuleVerdict, Tightest};
use events::{Code, Now, Position, Reason};
use model::{CaseId, ContactPointId, Timestamp};
use policy::pack::{Effect, Kind, Owner, Rule, Who};

pub(crate) use self::content::fault as content_fault;
pub(crate) use self::finding::Finding;
use self::finding::Trace;
use crate::State;
use crate::attempts::Attempt;
use crate::contact::{Contact, Link};
use crate::person::{Person, Talk};
use crate::policies::{Adopted, Prepared};
use crate::zone::ZoneClock;

/// How often the search for the next allowed moment may move on.
const SEARCH_MAX: usize = 64;

/// What a request is judged on.
#[derive(Clone)]
pub(crate) struct Facts<'a> {
    pub state: &'a State,
    pub asked: &'a PermitRequest,
    pub now: Now,
    pub contact: Option<&'a Contact>,
    pub link: Option<&'a Link>,
    pub person: Option<&'a Person>,
    /// A contact that is not counted: the one that is judged itself.
    pub but: Option<Position>,
    /// What that one was attributed to, where it differs from what was asked.
    pub toward: Option<&'a [CaseId]>,
    /// Facts that the state does not have yet.
    pub more: Option<More<'a>>,
}

/// A contact that is recorded late, and what was spoken about.
#[derive(Clone, Copy)]
pub(crate) struct More<'a> {
    pub contact: ContactPointId,
    pub attempt: &'a Attempt,
    pub link: &'a Link,
    pub debts: &'a [CaseId],
    pub talks: &'a [Talk],
}

/// A verdict: every reason, in order of code and name, and when the passing of time would remove them all.
pub(crate) struct Judgement {
    pub reasons: Vec<Reason>,
    pub next_allowed: Option<Timestamp>,
    /// The frequency rule that leaves least, if it is allowed.
    pub tightest: Option<Tightest>,
}

impl<'a> Facts<'a> {
    pub fn gather(state: &'a State, asked: &'a PermitRequest, now: Now) -> Self {
        let contact = state.contacts.get(&asked.contact);
        let link = contact.and_then(|contact| contact.link(asked.case));
        let person = link.and_then(|link| state.persons.get(&link.person));
        Self { state, asked, now, contact, link, person, but: None, toward: None, more: None }
    }

    /// Asks every rule.
    pub fn judge(&self) -> Judgement {
        let mut judgement = self.reasons();
        if !judgement.reasons.is_empty() {
            judgement.next_allowed = self.next_allowed(&judgement.reasons);
        }
        judgement
    }

    /// Every reason now, without the search for the next allowed moment.
    pub fn reasons(&self) -> Judgement {
        let mut reasons = Vec::new();
        let mut tightest: Option<Tightest> = None;
        self.each(&mut Trace::Off, &mut |name, effect, finding| match finding.verdict {
            RuleVerdict::Refuses => reasons.push(finding.reason(name)),
            RuleVerdict::Allows if effect == Effect::Refuse => {
                if let (Some(limit), Some(counted)) = (finding.limit, finding.counted) {
                    let count = Count { counted: saturated(counted + 1), limit: saturated(limit) };
                    let left = |count: Count| count.limit.saturating_sub(count.counted);
                    if tightest.is_none_or(|known| left(count) < left(known.count)) {
                        tightest = Some(Tightest { rule: name, count });
                    }
                }
            }
            RuleVerdict::Silent | RuleVerdict::Allows | RuleVerdict::Excepted | RuleVerdict::Flags => {}
        });
        reasons.sort_unstable_by_key(|reason| (reason.code, reason.rule));
        Judgement { reasons, next_allowed: None, tightest }
    }

    /// The first moment at which everything allows it, if nothing else happens: move to when the last of the reasons
    /// ends, and ask again.
    fn next_allowed(&self, reasons: &[Reason]) -> Option<Timestamp> {
        let mut at = latest(reasons)?;
        for _ in 0..SEARCH_MAX {
            let then = Self { now: Now { at, trusted: self.now.trusted }, ..self.clone() };
            let reasons = then.reasons().reasons;
            if reasons.is_empty() {
                return Some(at);
            }
            let next = latest(&reasons)?;
            if next <= at {
                return None;
            }
            at = next;
        }
        None
    }

    /// What every rule says, with what it counted.
    pub fn explain(&self) -> Explanation {
        let Judgement { reasons, next_allowed, .. } = self.judge();
        let mut rules = Vec::new();
        self.each(&mut Trace::on(), &mut |name, _, finding| rules.push(finding.considered(name)));
        Explanation { at: self.now.at, allowed: reasons.is_empty(), next_allowed, rules }
    }

    /// Asks every rule in turn: the gate's own, then those of the packs that apply.
    fn each(&self, trace: &mut Trace, take: &mut impl FnMut(RuleName, Effect, Finding)) {
        let contact_here = self.contact_here();
        for (name, rule) in own::RULES {
            let asked = contact_here || own::at_homes(name);
            let finding = if asked { rule(self, trace) } else { Finding::SILENT };
            take(*name, Effect::Refuse, trace.to(finding));
        }
        for (adopted, rule, prepared) in self.rules() {
            let finding = self.ask(adopted, rule, prepared, trace);
            take(prepared.name, rule.effect, trace.to(finding));
        }
    }

    fn rules(&self) -> impl Iterator<Item = (&'a Adopted, &'a Rule, &'a Prepared)> {
        let regions = self.contact.map(|contact| contact.regions).unwrap_or_default();
        let (now, asked, link) = (self.now.at, self.asked, self.link);
        let packs = self.state.policies.of(regions, now).filter(move |adopted| match adopted.pack.owner {
            Owner::Platform => true,
            Owner::Lender(lender) => link.is_some_and(|link| link.lender == lender),
            Owner::Agency(agency) => asked.agency == agency,
        });
        packs.flat_map(|adopted| {
            adopted
                .pack
                .rules
                .iter()
                .zip(&adopted.rules)
                .map(move |(rule, prepared)| (adopted, rule, prepared))
        })
    }

    fn ask(&self, adopted: &Adopted, rule: &Rule, prepared: &Prepared, trace: &mut Trace) -> Finding {
        // What is not known is refused by the gate's own rules.
        let (Some(contact), Some(link)) = (self.contact, self.link) else { return Finding::SILENT };
        if !self.concerned(&rule.who, link) || !self.asked_here(&rule.kind, link) {
            return Finding::SILENT;
        }
        let on = On { facts: self, adopted, rule, contact, link };
        let finding = match &rule.kind {
            Kind::Frequency(frequency) => frequency::judge(&on, frequency, trace),
            Kind::CoolDown(cool_down) => frequency::cool_down(&on, cool_down, trace),
            Kind::Interval(interval) => frequency::interval(&on, interval, trace),
            Kind::Hours(open) => hours::judge(&on, open),
            Kind::Purpose(purpose) => purpose::judge(&on, purpose, trace),
            Kind::Lines(lines) => lines::judge(&on, lines, trace),
            Kind::Fresh(fresh) => fresh::judge(&on, fresh),
            Kind::Content(content) => content::judge(&on, content, prepared),
            Kind::Shared(shared) => shared::judge(&on, shared),
        };
        if finding.verdict != RuleVerdict::Refuses {
            return finding;
        }
        // With its pack the rule ends too.
        let end = self.state.policies.end(adopted, contact.regions, self.now.at);
        let next = frequency::sooner(finding.next, end);
        match rule.effect {
            Effect::Refuse => Finding { next, ..finding },
            Effect::Flag => Finding { verdict: RuleVerdict::Flags, next, ..finding },
        }
    }

    fn concerned(&self, who: &Who, link: &Link) -> bool {
        who.roles.has(link.role)
            && who.channels.has(self.asked.channel)
            && who.purposes.has(self.asked.purpose)
    }

    /// The clocks of every zone that the contact point may be in.
    pub fn clocks(&self) -> impl Iterator<Item = &'a ZoneClock> + Clone + use<'a> {
        let (zones, contact) = (&self.state.zones, self.contact);
        contact.into_iter().flat_map(|contact| zones.clocks(contact.zones))
    }

    /// Time can be judged: the clock is sure and a zone is known. Otherwise the gate's own rules refuse.
    pub fn timed(&self) -> bool {
        self.now.trusted && self.clocks().next().is_some()
    }

    /// The debts that it counts toward, by their cases.
    pub fn debts(&self) -> impl Iterator<Item = CaseId> + Clone + use<'a> {
        let own = self.toward.is_none().then_some(self.asked.case);
        own.into_iter().chain(self.toward.unwrap_or(&self.asked.also).iter().copied())
    }

    /// The rules, asked of a contact that was made, that now do not hold.
    pub fn broken(&self) -> Vec<RuleName> {
        let mut broken = Vec::new();
        for (adopted, rule, prepared) in self.rules() {
            if matches!(rule.kind, Kind::Frequency(_) | Kind::CoolDown(_) | Kind::Interval(_)) {
                let finding = self.ask(adopted, rule, prepared, &mut Trace::Off);
                if finding.verdict == RuleVerdict::Refuses {
                    broken.push(prepared.name);
                }
            }
        }
        broken
    }

    /// What the frequency rules on the contact point alone count.
    pub fn counts(&self) -> Vec<(RuleName, Count)> {
        let mut counts = Vec::new();
        for (adopted, rule, prepared) in self.rules() {
            let Kind::Frequency(frequency) = &rule.kind else { continue };
            let alone = policy::sets::Scope::NONE.with(policy::sets::Key::ContactPoint);
            if frequency.scope != alone || rule.effect == Effect::Flag {
                continue;
            }
            let finding = self.ask(adopted, rule, prepared, &mut Trace::Off);
            if let (Some(limit), Some(counted)) = (finding.limit, finding.counted) {
                counts.push((prepared.name, Count { counted: saturated(counted), limit: saturated(limit) }));
            }
        }
        counts
    }
}

/// One rule, and whom it is asked about.
pub(super) struct On<'f, 'a> {
    pub facts: &'f Facts<'a>,
    pub adopted: &'f Adopted,
    pub rule: &'f Rule,
    pub contact: &'a Contact,
    pub link: &'a Link,
}

impl On<'_, '_> {
    pub fn now(&self) -> Timestamp {
        self.facts.now.at
    }

    pub fn contact_id(&self) -> ContactPointId {
        self.facts.asked.contact
    }
}

/// When the last of them ends; `None` if one never does.
fn latest(reasons: &[Reason]) -> Option<Timestamp> {
    reasons
        .iter()
        .map(|reason| reason.next_allowed)
        .try_fold(Timestamp(i64::MIN), |latest, next| next.map(|next| latest.max(next)))
}

/// What is recorded of a count.
pub(crate) fn saturated(count: u32) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// Codes of the caps: the calendar day and seven days have their own, since they are the most asked for.
pub(super) fn cap_code(window: policy::pack::Window) -> Code {
    match window {
        policy::pack::Window::Days(1) => Code::DAY_CAP,
        policy::pack::Window::Days(7) => Code::SEVEN_DAY_CAP,
        _ => Code::CAP,
    }
}
