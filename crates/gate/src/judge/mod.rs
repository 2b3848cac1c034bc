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
mod seen;
mod shared;

use events::gate::{Count, Explanation, PermitRequest, RuleName, RuleVerdict, Tightest};
use events::{Code, Now, Position, Reason};
use model::{AgencyId, CaseId, Timestamp};
use policy::pack::{Effect, Kind, Owner, Rule, Who};
use policy::sets::{Key, Scope};
use smallvec::SmallVec;

pub(crate) use self::content::fault as content_fault;
use self::finding::{Finding, Trace, Why};
use self::seen::AllSeen;
use crate::State;
use crate::arena::ContactNumber;
use crate::askers::LineNumber;
use crate::attempts::Attempt;
use crate::contact::{Contact, Link};
use crate::person::{Person, Talk};
use crate::policies::{Adopted, Prepared};
use crate::zone::{Moment, ZoneClock};

/// How often the search for the next allowed moment may move on.
const SEARCH_MAX: usize = 64;

/// What a request is judged on.
#[derive(Clone)]
pub(crate) struct Facts<'a> {
    pub state: &'a State,
    pub asked: &'a PermitRequest,
    pub now: Now,
    pub number: Option<ContactNumber>,
    pub contact: Option<&'a Contact>,
    pub link: Option<&'a Link>,
    pub person: Option<Person<'a>>,
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
    pub contact: ContactNumber,
    pub agency: AgencyId,
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
        let number = state.contacts.number(&asked.contact);
        let contact = number.and_then(|number| state.contacts.at(number));
        let link = contact.and_then(|contact| {
            // Most contact points have one link: its case is looked at, not looked up.
            let first = contact.links().first();
            match first.filter(|link| state.cases.id(link.case) == Some(asked.case)) {
                Some(first) => Some(first),
                None => contact.link(state.cases.number(&asked.case)?),
            }
        });
        let person = link.and_then(|link| state.persons.at(link.person));
        Self { state, asked, now, number, contact, link, person, but: None, toward: None, more: None }
    }

    /// Asks every rule.
    pub fn judge(&self) -> Judgement {
        let mut seen = None;
        let mut judgement = self.reasons_by(&mut seen);
        if !judgement.reasons.is_empty() {
            judgement.next_allowed = self.next_allowed(&judgement.reasons, seen);
        }
        judgement
    }

    /// Every reason now, without the search for the next allowed moment.
    pub fn reasons(&self) -> Judgement {
        self.reasons_by(&mut None)
    }

    /// Every reason, by what was seen at an earlier moment, if it was looked at, and what is seen at this one.
    fn reasons_by(&self, seen: &mut Option<AllSeen<'a>>) -> Judgement {
        let mut reasons = Vec::new();
        for own in own::RULES {
            if !self.own_asked_here(own) {
                continue;
            }
            let finding = (own.ask)(self, &mut Trace::Off);
            if finding.refuses() {
                reasons.push((own.why)(self).reason(finding, own.name));
            }
        }
        let mut tightest: Option<(&RuleName, Count)> = None;
        self.each(seen, &mut |on| {
            let finding = on.ask(&mut Trace::Off);
            match finding.verdict {
                RuleVerdict::Refuses => reasons.push(on.why().reason(finding, on.prepared.name)),
                RuleVerdict::Allows if on.rule.effect == Effect::Refuse => {
                    if let (Some(limit), Some(counted)) = (finding.limit, finding.counted) {
                        let count = Count { counted: counted.saturating_add(1), limit };
                        let left = |count: Count| count.limit.saturating_sub(count.counted);
                        if tightest.is_none_or(|(_, known)| left(count) < left(known)) {
                            tightest = Some((&on.prepared.name, count));
                        }
                    }
                }
                RuleVerdict::Silent | RuleVerdict::Allows | RuleVerdict::Excepted | RuleVerdict::Flags => {}
            }
        });
        reasons.sort_unstable_by_key(|reason| (reason.code, reason.rule));
        let tightest = tightest.map(|(rule, count)| Tightest { rule: *rule, count });
        Judgement { reasons, next_allowed: None, tightest }
    }

    /// The first moment at which everything allows it, if nothing else happens: move to when the last of the reasons
    /// ends, and ask again.
    fn next_allowed(&self, reasons: &[Reason], mut seen: Option<AllSeen<'a>>) -> Option<Timestamp> {
        let mut at = latest(reasons)?;
        for _ in 0..SEARCH_MAX {
            let then = Self { now: Now { at, trusted: self.now.trusted }, ..self.clone() };
            let reasons = then.reasons_by(&mut seen).reasons;
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

    /// What every rule says, with what it counted: also those that do not speak of such a request.
    pub fn explain(&self) -> Explanation {
        let Judgement { reasons, next_allowed, .. } = self.judge();
        let mut rules = Vec::new();
        let mut trace = Trace::on();
        for own in own::RULES {
            let asked = self.own_asked_here(own);
            let finding = if asked { (own.ask)(self, &mut trace) } else { Finding::SILENT };
            let why = if finding.refuses() { (own.why)(self) } else { Why::default() };
            rules.push(why.considered(finding, own.name, trace.take()));
        }
        let view =
            self.contact.zip(self.link).map(|(contact, link)| self.view(contact, link, self.see(true, true)));
        for adopted in self.packs() {
            for (rule, prepared) in adopted.pack.rules.iter().zip(&adopted.rules) {
                let view = view.as_ref().filter(|view| self.concerned(&rule.who, view.link));
                let view = view.filter(|view| self.asked_here(&rule.kind, view.link));
                let on = view.map(|view| On { view, adopted, rule, prepared });
                let finding = on.as_ref().map_or(Finding::SILENT, |on| on.ask(&mut trace));
                let why = on.filter(|_| finding.refuses()).map(|on| on.why());
                rules.push(why.unwrap_or_default().considered(finding, prepared.name, trace.take()));
            }
        }
        Explanation { at: self.now.at, allowed: reasons.is_empty(), next_allowed, rules }
    }

    /// Gives every rule of the packs that speaks of the request, with what it needs. What is not known is refused by
    /// the gate's own rules.
    fn each(&self, seen: &mut Option<AllSeen<'a>>, take: &mut impl FnMut(&On<'_, 'a>)) {
        let Some((contact, link)) = self.contact.zip(self.link) else { return };
        let kind = (link.role, self.asked.channel, self.asked.purpose);
        let policies = &self.state.policies;
        let Some(plan) = policies.plan_of(contact.regions, kind) else { return };
        let all = match seen.take() {
            Some(seen) => self.see_again(seen, plan.persons, plan.cases),
            None => self.see(plan.persons, plan.cases),
        };
        let view = self.view(contact, link, all);
        for (adopted, rules) in policies.planned(contact.regions, plan, self.now.at) {
            if !self.owned(adopted) {
                continue;
            }
            for (rule, prepared) in rules {
                if !self.asked_here(&rule.kind, link) {
                    continue;
                }
                take(&On { view: &view, adopted, rule, prepared });
            }
        }
        *seen = Some(view.seen);
    }

    /// The packs that apply, in order of id.
    fn packs(&self) -> impl Iterator<Item = &'a Adopted> {
        let regions = self.contact.map(|contact| contact.regions).unwrap_or_default();
        self.state.policies.of(regions, self.now.at).filter(|adopted| self.owned(adopted))
    }

    /// Whether a pack is asked about requests such as this: the platform's, or the party's own.
    fn owned(&self, adopted: &Adopted) -> bool {
        match adopted.pack.owner {
            Owner::Platform => true,
            Owner::Lender(lender) => self.link.is_some_and(|link| link.lender == lender),
            Owner::Agency(agency) => self.asked.agency == agency,
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

    fn view(&self, contact: &'a Contact, link: &'a Link, seen: AllSeen<'a>) -> View<'_, 'a> {
        let mut moments = SmallVec::new();
        if self.now.trusted {
            self.clocks().for_each(|clock| moments.push(clock.at(self.now.at)));
        }
        let line = self.state.askers.line(&self.asked.line);
        View { facts: self, contact, link, seen, moments, line }
    }

    /// The debts that it counts toward, by their cases.
    pub fn debts(&self) -> impl Iterator<Item = CaseId> + Clone + use<'a> {
        let own = self.toward.is_none().then_some(self.asked.case);
        own.into_iter().chain(self.toward.unwrap_or(&self.asked.also).iter().copied())
    }

    /// The rules, asked of a contact that was made, that now do not hold.
    pub fn broken(&self) -> Vec<RuleName> {
        let mut broken = Vec::new();
        self.each(&mut None, &mut |on| {
            if matches!(on.rule.kind, Kind::Frequency(_) | Kind::CoolDown(_) | Kind::Interval(_))
                && on.ask(&mut Trace::Off).verdict == RuleVerdict::Refuses
            {
                broken.push(on.prepared.name);
            }
        });
        broken
    }

    /// What the frequency rules on the contact point alone count.
    pub fn counts(&self) -> Vec<(RuleName, Count)> {
        let mut counts = Vec::new();
        let alone = Scope::NONE.with(Key::ContactPoint);
        self.each(&mut None, &mut |on| {
            let Kind::Frequency(frequency) = &on.rule.kind else { return };
            if frequency.scope != alone || on.rule.effect == Effect::Flag {
                return;
            }
            let finding = on.ask(&mut Trace::Off);
            if let (Some(limit), Some(counted)) = (finding.limit, finding.counted) {
                counts.push((on.prepared.name, Count { counted, limit }));
            }
        });
        counts
    }
}

/// One rule, and whom it is asked about.
#[derive(Clone, Copy)]
pub(super) struct On<'f, 'a> {
    pub view: &'f View<'f, 'a>,
    pub adopted: &'a Adopted,
    pub rule: &'a Rule,
    pub prepared: &'a Prepared,
}

/// What is looked at once for all rules.
pub(super) struct View<'f, 'a> {
    pub facts: &'f Facts<'a>,
    pub contact: &'a Contact,
    pub link: &'a Link,
    /// Contacts that may count.
    pub seen: AllSeen<'a>,
    /// The clock of every zone that the contact point may be in; none where the time is not sure.
    pub moments: SmallVec<[Moment<'a>; 2]>,
    /// The line that is asked from, if it was ever seen.
    pub line: Option<LineNumber>,
}

impl On<'_, '_> {
    pub fn now(&self) -> Timestamp {
        self.view.facts.now.at
    }

    /// Time can be judged: the clock is sure and a zone is known. Otherwise the gate's own rules refuse.
    pub fn timed(&self) -> bool {
        !self.view.moments.is_empty()
    }

    /// What the rule says.
    fn ask(&self, trace: &mut Trace) -> Finding {
        let finding = match &self.rule.kind {
            Kind::Frequency(frequency) => frequency::ask(self, frequency, trace),
            Kind::CoolDown(cool_down) => frequency::ask_cool_down(self, cool_down, trace),
            Kind::Interval(interval) => frequency::ask_interval(self, interval, trace),
            Kind::Hours(open) => hours::ask(self, open),
            Kind::Purpose(purpose) => purpose::ask(self, purpose, trace),
            Kind::Lines(lines) => lines::ask(self, lines, trace),
            Kind::Fresh(fresh) => fresh::ask(self, fresh),
            Kind::Content(content) => content::ask(self, content),
            Kind::Shared(shared) => shared::ask(self, shared),
        };
        match (finding.verdict, self.rule.effect) {
            (RuleVerdict::Refuses, Effect::Flag) => Finding { verdict: RuleVerdict::Flags, ..finding },
            _ => finding,
        }
    }

    /// More of a rule that refuses: until when, and what is wrong.
    fn why(&self) -> Why {
        let why = match &self.rule.kind {
            Kind::Frequency(frequency) => Why::until(frequency::ends(self, frequency)),
            Kind::CoolDown(cool_down) => Why::until(frequency::cool_down_ends(self, cool_down)),
            Kind::Interval(interval) => Why::until(frequency::interval_ends(self, interval)),
            Kind::Hours(open) => Why::until(hours::opens(self, open)),
            Kind::Purpose(purpose) => purpose::why(self, purpose),
            Kind::Lines(lines) => Why::until(lines::ends(self, lines)),
            Kind::Fresh(fresh) => Why::until(fresh::shown_from(self, fresh)),
            Kind::Content(content) => content::why(self, content),
            Kind::Shared(shared) => shared::why(self, shared),
        };
        // With its pack the rule ends too.
        let end = self.view.facts.state.policies.end(self.adopted, self.view.contact.regions, self.now());
        Why { next: frequency::sooner(why.next, end), ..why }
    }
}

/// When the last of them ends; `None` if one never does.
fn latest(reasons: &[Reason]) -> Option<Timestamp> {
    reasons
        .iter()
        .map(|reason| reason.next_allowed)
        .try_fold(Timestamp(i64::MIN), |latest, next| next.map(|next| latest.max(next)))
}

/// Codes of the caps: the calendar day and seven days have their own, since they are the most asked for.
pub(super) fn cap_code(window: policy::pack::Window) -> Code {
    match window {
        policy::pack::Window::Days(1) => Code::DAY_CAP,
        policy::pack::Window::Days(7) => Code::SEVEN_DAY_CAP,
        _ => Code::CAP,
    }
}
