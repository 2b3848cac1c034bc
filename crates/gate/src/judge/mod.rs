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
use model::{AgencyId, CaseId, Purpose, Timestamp};
use policy::pack::{Effect, Kind, Owner, Rule, Who};
use policy::sets::{Key, Scope};
use smallvec::SmallVec;

pub(crate) use self::content::fault as content_fault;
use self::finding::{Finding, Trace, Why};
use self::seen::{AllSeen, Seen};
use crate::State;
use crate::arena::ContactNumber;
use crate::askers::LineNumber;
use crate::attempts::Attempt;
use crate::contact::{Contact, Link};
use crate::person::{Person, Talk};
use crate::policies::{Adopted, Cap, Plan, PlannedLines, PlannedPack, Prepared};
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
    /// The line that is asked from, if it was ever seen.
    pub line: Option<LineNumber>,
    /// It is registered to the agency.
    pub registered: bool,
    /// The clock of every zone that the contact point may be in, now.
    pub moments: SmallVec<[Moment<'a>; 2]>,
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
        let (line, registered) = state.askers.standing(asked.agency, &asked.line);
        let moments = moments(state, contact, now.at);
        let (but, toward, more) = (None, None, None);
        Self {
            state,
            asked,
            now,
            number,
            contact,
            link,
            person,
            line,
            registered,
            moments,
            but,
            toward,
            more,
        }
    }

    /// The same at another moment.
    pub fn at(&self, at: Timestamp) -> Self {
        let moments = moments(self.state, self.contact, at);
        Self { now: Now { at, trusted: self.now.trusted }, moments, ..self.clone() }
    }

    /// Asks every rule.
    pub fn judge(&self) -> Judgement {
        let mut seen = AllSeen::default();
        let mut judgement = self.reasons_by(&mut seen);
        if !judgement.reasons.is_empty() {
            judgement.next_allowed = self.next_allowed(&judgement.reasons, &mut seen);
        }
        judgement
    }

    /// Every reason now, without the search for the next allowed moment.
    pub fn reasons(&self) -> Judgement {
        self.reasons_by(&mut AllSeen::default())
    }

    /// Every reason, by what was seen at an earlier moment, if it was looked at, and what is seen at this one.
    fn reasons_by(&self, seen: &mut AllSeen<'a>) -> Judgement {
        let mut reasons = Vec::new();
        own::each_refusing(self, |own, finding| reasons.push((own.why)(self).reason(finding, own.name)));
        let mut least: Option<(&RuleName, Count)> = None;
        if let Some((view, plan)) = self.look(seen) {
            let simple = view.simple(plan);
            for (adopted, pack) in self.planned(plan) {
                let mut ask = |place: u16| {
                    let on = view.on(adopted, place).filter(On::asked_here)?;
                    let finding = on.ask(&mut Trace::Off);
                    if finding.verdict == RuleVerdict::Refuses {
                        reasons.push(on.why().reason(finding, on.prepared.name));
                    }
                    Some(finding).filter(|finding| finding.verdict == RuleVerdict::Allows)
                };
                // What is nothing special is counted at once; what does not fit is asked about for its reason.
                for cap in &pack.caps {
                    let counted = match &simple {
                        Some(simple) if self.counted_here(cap.scope, view.link) => simple.count(cap),
                        _ => u16::MAX,
                    };
                    let count = if counted < cap.limit {
                        debug_assert_eq!(
                            ask(cap.place).and_then(|finding| finding.counted),
                            Some(counted),
                            "a simple count is the count"
                        );
                        Some(Count { counted, limit: cap.limit })
                    } else {
                        let finding = ask(cap.place);
                        finding.and_then(|of| Some(Count { counted: of.counted?, limit: of.limit? }))
                    };
                    if let (Some(count), Some(prepared)) = (count, adopted.rules.get(usize::from(cap.place)))
                    {
                        tighten(&mut least, &prepared.name, count);
                    }
                }
                for lines in &pack.lines {
                    if !simple.as_ref().is_some_and(|simple| simple.fits(lines)) {
                        ask(lines.place);
                    }
                }
                for place in &pack.others {
                    ask(*place);
                }
            }
        }
        reasons.sort_unstable_by_key(|reason| (reason.code, reason.rule));
        let tightest = least.map(|(rule, Count { counted, limit })| {
            // With the one that is asked for.
            let count = Count { counted: counted.saturating_add(1), limit };
            Tightest { rule: *rule, count }
        });
        Judgement { reasons, next_allowed: None, tightest }
    }

    /// The first moment at which everything allows it, if nothing else happens: move to when the last of the reasons
    /// ends, and ask again.
    fn next_allowed(&self, reasons: &[Reason], seen: &mut AllSeen<'a>) -> Option<Timestamp> {
        let mut at = latest(reasons)?;
        if self.only_hours(reasons, seen, at) {
            debug_assert!(self.at(at).reasons().reasons.is_empty(), "only the hours refused");
            return Some(at);
        }
        for _ in 0..SEARCH_MAX {
            let reasons = self.at(at).reasons_by(seen).reasons;
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

    /// Whether the only reason is the only rule that may refuse again as time passes, its hours, and nothing but contacts is
    /// known of whom is asked for: then what ends it ends it, and no rule needs to be asked again.
    fn only_hours(&self, reasons: &[Reason], seen: &AllSeen<'a>, opens: Timestamp) -> bool {
        let (&[Reason { code: Code::OUTSIDE_HOURS, .. }], Some(contact)) = (reasons, self.contact) else {
            return false;
        };
        let nothing_else = !contact.has_facts()
            && self.person.is_some_and(|person| person.facts.is_none())
            && !own::some_hold(self)
            && !matches!(self.asked.purpose, Purpose::Reply | Purpose::StopReceipt)
            && !seen.later;
        nothing_else
            && self
                .plan()
                .is_some_and(|plan| self.planned(plan).map(|(_, pack)| pack.turning).sum::<usize>() == 1)
            && self.state.policies.same(contact.regions, self.now.at, opens)
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
        let mut seen = AllSeen::default();
        let named = self.contact.zip(self.link);
        if named.is_some() {
            self.see(&mut seen, true, true);
        }
        let view = named.map(|(contact, link)| self.view(contact, link, &seen));
        for adopted in self.packs() {
            for (rule, prepared) in adopted.pack.rules.iter().zip(&adopted.rules) {
                let view = view.as_ref().filter(|view| self.concerned(&rule.who, view.link));
                let on = view.map(|view| On { view, adopted, rule, prepared }).filter(On::asked_here);
                let finding = on.as_ref().map_or(Finding::SILENT, |on| on.ask(&mut trace));
                let why = on.filter(|_| finding.refuses()).map(|on| on.why());
                rules.push(why.unwrap_or_default().considered(finding, prepared.name, trace.take()));
            }
        }
        Explanation { at: self.now.at, allowed: reasons.is_empty(), next_allowed, rules }
    }

    /// What the rules of the packs look at, and which of them speak of the request. `None` where it is not known who is asked
    /// for: the gate's own rules refuse that.
    fn look<'f>(&'f self, seen: &'f mut AllSeen<'a>) -> Option<(View<'f, 'a>, &'a Plan)> {
        let ((contact, link), plan) = self.contact.zip(self.link).zip(self.plan())?;
        self.see(seen, plan.persons, plan.cases);
        Some((self.view(contact, link, seen), plan))
    }

    fn plan(&self) -> Option<&'a Plan> {
        let (contact, link) = self.contact.zip(self.link)?;
        let kind = (link.role, self.asked.channel, self.asked.purpose);
        self.state.policies.plan_of(contact.regions, kind)
    }

    /// The planned packs that are in force and concern the parties, in order of id.
    fn planned(&self, plan: &'a Plan) -> impl Iterator<Item = (&'a Adopted, &'a PlannedPack)> {
        let regions = self.contact.map(|contact| contact.regions).unwrap_or_default();
        let planned = self.state.policies.planned(regions, plan, self.now.at);
        planned.filter(|(_, pack)| self.concerns(pack.owner))
    }

    /// Gives every planned rule.
    fn each(&self, take: &mut impl FnMut(&On<'_, 'a>)) {
        let mut seen = AllSeen::default();
        let Some((view, plan)) = self.look(&mut seen) else { return };
        for (adopted, pack) in self.planned(plan) {
            let rules = pack.all().filter_map(|place| view.on(adopted, place));
            rules.filter(On::asked_here).for_each(|on| take(&on));
        }
    }

    /// The packs that apply, in order of id.
    fn packs(&self) -> impl Iterator<Item = &'a Adopted> {
        let regions = self.contact.map(|contact| contact.regions).unwrap_or_default();
        self.state.policies.of(regions, self.now.at).filter(|adopted| self.concerns(adopted.pack.owner))
    }

    /// Whether an owner's packs are asked about requests such as this: the platform's, or the party's own.
    fn concerns(&self, owner: Owner) -> bool {
        match owner {
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
    pub fn clocks(&self) -> impl Iterator<Item = &'a ZoneClock> {
        self.moments.iter().map(|moment| moment.clock)
    }

    fn view<'f>(&'f self, contact: &'a Contact, link: &'a Link, seen: &'f AllSeen<'a>) -> View<'f, 'a> {
        let moments = if self.now.trusted { &self.moments[..] } else { &[] };
        View { facts: self, contact, link, seen: &seen.list, moments }
    }

    /// The debts that it counts toward, by their cases.
    pub fn debts(&self) -> impl Iterator<Item = CaseId> + Clone + use<'a> {
        let own = self.toward.is_none().then_some(self.asked.case);
        own.into_iter().chain(self.toward.unwrap_or(&self.asked.also).iter().copied())
    }

    /// The rules, asked of a contact that was made, that now do not hold.
    pub fn broken(&self) -> Vec<RuleName> {
        let mut broken = Vec::new();
        self.each(&mut |on| {
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
        self.each(&mut |on| {
            let Kind::Frequency(frequency) = &on.rule.kind else { return };
            if frequency.scope != alone {
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
    pub seen: &'f [Seen<'a>],
    /// The clock of every zone that the contact point may be in; none where the time is not sure.
    pub moments: &'f [Moment<'a>],
}

/// What is nothing special: time can be judged, nobody consented to anything, and one debt is asked about. A frequency counts
/// by its screen and its window alone.
struct Simple<'f, 'a> {
    seen: &'f [Seen<'a>],
    line: Option<LineNumber>,
    registered: bool,
    windows: usize,
    /// Since when each window of the plan counts, zone by zone.
    starts: SmallVec<[Timestamp; 8]>,
}

impl Simple<'_, '_> {
    /// How many a cap counts, in the zone where most do.
    fn count(&self, cap: &Cap) -> u16 {
        let mut most = 0;
        for starts in self.starts.chunks_exact(self.windows) {
            let Some(start) = starts.get(cap.window) else { continue };
            let mut counted: u16 = 0;
            for one in self.seen {
                counted = counted.saturating_add(u16::from(cap.screen.counts(one.marks) & one.since(*start)));
            }
            most = most.max(counted);
        }
        most
    }

    /// Whether no line but this one was seen.
    fn fits(&self, lines: &PlannedLines) -> bool {
        let other = |one: &Seen<'_>| Some(one.line) != self.line && lines.screen.counts(one.marks);
        (self.registered || !lines.registered) && !self.seen.iter().any(other) && lines.most != Some(0)
    }
}

impl<'f, 'a> View<'f, 'a> {
    fn simple(&self, plan: &Plan) -> Option<Simple<'f, 'a>> {
        let facts = self.facts;
        let simple = !self.moments.is_empty()
            && facts.toward.is_none()
            && facts.asked.also.is_empty()
            && facts.person.is_none_or(|person| person.consents().is_empty())
            && !self.seen.iter().any(|one| one.marks.consents());
        simple.then(|| {
            let mut starts = SmallVec::new();
            for moment in self.moments {
                plan.windows.iter().for_each(|window| starts.push(moment.window_start(*window)));
            }
            let &Facts { line, registered, .. } = facts;
            Simple { seen: self.seen, line, registered, windows: plan.windows.len().max(1), starts }
        })
    }

    /// One rule of a pack.
    fn on(&'f self, adopted: &'a Adopted, place: u16) -> Option<On<'f, 'a>> {
        adopted.rule(place).map(|(rule, prepared)| On { view: self, adopted, rule, prepared })
    }
}

/// Keeps the one that leaves least; of several the first.
fn tighten<'a>(least: &mut Option<(&'a RuleName, Count)>, rule: &'a RuleName, count: Count) {
    let left = |count: Count| count.limit.saturating_sub(count.counted);
    if least.is_none_or(|(_, known)| left(count) < left(known)) {
        *least = Some((rule, count));
    }
}

impl On<'_, '_> {
    fn asked_here(&self) -> bool {
        self.view.facts.asked_here(&self.rule.kind, self.view.link)
    }

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

/// The clocks of every zone that a contact point may be in.
fn moments<'a>(state: &'a State, contact: Option<&'a Contact>, at: Timestamp) -> SmallVec<[Moment<'a>; 2]> {
    let mut moments = SmallVec::new();
    if let Some(contact) = contact {
        state.zones.clocks(contact.zones).for_each(|clock| moments.push(clock.at(at)));
    }
    moments
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
