//! The oracle's verdict: each rule as its words say, by plain scans over the lists.

use events::gate::{
    ConsentAnswer, ConsentCovers, HoldKind, NumberCheck, PermitRequest, RuleName, RuleVerdict, WeekTime,
};
use events::{Code, Now, Position};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::{CaseId, ContactPointId, Outcome, PersonId, Place, Purpose, Role};
use policy::pack::{
    Applies, Content, CoolDown, Counted, Effect, Element, Frequency, Fresh, Hours, Interval, Kind, Lines,
    OutOfContact, Owner, PurposeRule, Rule, Shared, Window,
};
use policy::sets::{Day, Exception, Key, Scope};
use policy::span::Span;

use super::book::{Adopted, Attempt, Book, Named};

/// What a rule says: limit and count only where it has a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    pub rule: RuleName,
    pub verdict: RuleVerdict,
    pub code: Code,
    pub limit: Option<u32>,
    pub counted: Option<u32>,
    /// A contact that was made is judged by it afterwards: it is about frequency, and there to refuse.
    pub binds_afterwards: bool,
}

pub struct Judge<'b> {
    pub book: &'b Book,
    pub asked: &'b PermitRequest,
    pub now: Now,
    /// The permit that is redeemed, or the contact that is judged afterwards.
    pub but: Option<Position>,
    zones: Vec<&'b TimeZone>,
    named: Option<&'b Named>,
    debts: Vec<CaseId>,
}

const DAY: i64 = 86_400_000;

fn local(zone: &TimeZone, at: i64) -> jiff::civil::DateTime {
    zone.to_datetime(jiff::Timestamp::from_millisecond(at).expect("in range"))
}

fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).expect("in range").get_days()
}

fn monday(date: Date) -> Date {
    date.checked_sub(jiff::Span::new().days(date.weekday().to_monday_zero_offset())).expect("in range")
}

/// Whether what happened at `at` is in a window that ends at `now`.
fn within(window: Window, zone: &TimeZone, at: i64, now: i64) -> bool {
    match window {
        Window::RollingMs(ms) => now - at < ms,
        Window::Ever => true,
        Window::Days(_) | Window::Week | Window::Month => {
            let (then, today) = (local(zone, at).date(), local(zone, now).date());
            match window {
                Window::Days(days) => days_between(then, today) < i32::from(days),
                Window::Week => monday(then) == monday(today),
                _ => (then.year(), then.month()) == (today.year(), today.month()),
            }
        }
    }
}

fn in_spans(zone: &TimeZone, spans: impl IntoIterator<Item = (u8, u32, u32)>, at: i64) -> bool {
    let now = local(zone, at);
    let day = now.weekday().to_monday_zero_offset();
    let second = now.hour() as u32 * 3600 + now.minute() as u32 * 60 + now.second() as u32;
    spans.into_iter().any(|(days, from, until)| days >> day & 1 == 1 && from <= second && second <= until)
}

fn spans(spans: &[Span]) -> impl Iterator<Item = (u8, u32, u32)> {
    let bits = |span: &Span| {
        let days = Day::ALL.iter().enumerate().filter(|(_, day)| span.days.has(**day));
        days.map(|(bit, _)| 1 << bit).sum()
    };
    spans.iter().map(move |span| (bits(span), span.from_s, span.until_s))
}

enum Says {
    Silent,
    Allows,
    Excepted,
    Refuses(Code),
    /// Code, limit, counted.
    Counts(Code, u32, u32),
    /// Code and counted, refused.
    Many(Code, u32),
}

impl<'b> Judge<'b> {
    pub fn new(book: &'b Book, asked: &'b PermitRequest, now: Now, but: Option<Position>) -> Self {
        let zones = book
            .zones
            .iter()
            .filter(|(contact, _)| *contact == asked.contact)
            .map(|(_, zone)| zone)
            .collect();
        let named = book.link_of(asked.contact, asked.case);
        let mut debts = vec![asked.case];
        debts.extend(&asked.also);
        Self { book, asked, now, but, zones, named, debts }
    }

    /// What a contact that was made counts toward.
    pub fn toward(self, debts: Vec<CaseId>) -> Self {
        Self { debts, ..self }
    }

    fn at(&self) -> i64 {
        self.now.at.0
    }

    /// Every rule, in the gate's order.
    pub fn all(&self) -> Vec<Said> {
        let mut said = Vec::new();
        let mut own = |rule: &str, says: Option<bool>, code: Code| {
            let verdict = match says {
                None => RuleVerdict::Silent,
                Some(true) => RuleVerdict::Refuses,
                Some(false) => RuleVerdict::Allows,
            };
            let rule = RuleName::new(rule).expect("a name");
            said.push(Said { rule, verdict, code, limit: None, counted: None, binds_afterwards: false });
        };
        let (book, asked) = (self.book, self.asked);
        let here = |named: &&Named| named.contact == asked.contact;
        let any = book.named.iter().any(|named| here(&named));
        own("gate/stop", Some(book.stops.contains(&asked.contact)), Code::STOPPED);
        own("gate/contact-known", Some(self.named.is_none()), Code::CONTACT_UNKNOWN);
        own("gate/zone-known", Some(any && self.zones.is_empty()), Code::ZONE_UNKNOWN);
        own("gate/placed", self.named.map(|named| named.agency != Some(asked.agency)), Code::NOT_PLACED);
        own("gate/case-open", self.named.map(|named| named.closed), Code::CONTACT_CLOSED);
        let gone = |collector| book.suspended.contains(&(asked.agency, collector));
        own("gate/standing", Some(gone(None) || gone(Some(asked.collector))), Code::NOT_IN_STANDING);
        own("gate/clock", Some(!self.now.trusted), Code::CLOCK_UNSURE);
        let platform =
            book.packs.iter().any(|adopted| adopted.pack.owner == Owner::Platform && self.applies(adopted));
        own("gate/policy", Some(!platform), Code::NO_POLICY);
        let fabricated = self.checked(asked.contact, NumberCheck::Fabricated).is_some();
        own(
            "gate/right-party",
            Some(fabricated || self.named.is_some_and(|named| named.disproved)),
            Code::HELD,
        );
        own("gate/holds", self.named.map(|named| self.held(named)), Code::HELD);
        own("gate/one-reply", self.named.and_then(|_| self.replied()), Code::NOTHING_TO_REPLY);
        for adopted in book.packs.iter().filter(|adopted| self.applies(adopted) && self.concerned(adopted)) {
            for rule in &adopted.pack.rules {
                said.push(self.ask(adopted, rule));
            }
        }
        said
    }

    pub fn refusing(&self) -> Vec<Said> {
        self.all().into_iter().filter(|said| said.verdict == RuleVerdict::Refuses).collect()
    }

    fn concerned(&self, adopted: &Adopted) -> bool {
        match adopted.pack.owner {
            Owner::Platform => true,
            Owner::Agency(agency) => agency == self.asked.agency,
            Owner::Lender(lender) => self.named.is_some_and(|named| named.lender == lender),
        }
    }

    fn in_force(&self, adopted: &Adopted) -> bool {
        adopted.from <= self.at() && self.at() <= adopted.last
    }

    fn applies(&self, adopted: &Adopted) -> bool {
        let there = |adopted: &Adopted| match &adopted.pack.applies {
            Applies::Regions(named) => self.book.regions.iter().any(|(contact, region)| {
                let part = |of: &str| region.as_str() == of || region.as_str().starts_with(&format!("{of}-"));
                *contact == self.asked.contact && named.iter().any(|named| part(named.as_str()))
            }),
            _ => false,
        };
        let fits = match adopted.pack.applies {
            Applies::Everywhere => true,
            Applies::Regions(_) => there(adopted),
            Applies::Otherwise => {
                let law = |region: &str| {
                    self.book.packs.iter().any(|other| {
                        let Applies::Regions(named) = &other.pack.applies else { return false };
                        let part = |of: &str| region == of || region.starts_with(&format!("{of}-"));
                        let there = named.iter().any(|named| part(named.as_str()));
                        other.pack.owner == Owner::Platform && self.in_force(other) && there
                    })
                };
                let own = self.book.regions.iter().filter(|(contact, _)| *contact == self.asked.contact);
                let regions: Vec<&str> = own.map(|(_, region)| region.as_str()).collect();
                regions.is_empty() || regions.iter().any(|region| !law(region))
            }
        };
        fits && self.in_force(adopted)
    }

    fn ask(&self, adopted: &Adopted, rule: &Rule) -> Said {
        let who = &rule.who;
        let says = match self.named {
            Some(named)
                if who.roles.has(named.role)
                    && who.channels.has(self.asked.channel)
                    && who.purposes.has(self.asked.purpose) =>
            {
                match &rule.kind {
                    Kind::Frequency(frequency) => self.frequency(adopted, rule, named, frequency),
                    Kind::CoolDown(cool_down) => self.cool_down(adopted, rule, named, cool_down),
                    Kind::Interval(interval) => self.interval(adopted, rule, named, interval),
                    Kind::Hours(hours) => self.hours(adopted, named, hours),
                    Kind::Purpose(purpose) => self.purpose(named, purpose),
                    Kind::Lines(lines) => self.lines(rule, named, lines),
                    Kind::Fresh(fresh) => self.fresh(named, fresh),
                    Kind::Content(content) => self.content(named, content),
                    Kind::Shared(shared) => self.shared(shared),
                }
            }
            _ => Says::Silent,
        };
        let refuses = rule.effect == Effect::Refuse;
        let binds_afterwards =
            refuses && matches!(rule.kind, Kind::Frequency(_) | Kind::CoolDown(_) | Kind::Interval(_));
        let against = if refuses { RuleVerdict::Refuses } else { RuleVerdict::Flags };
        let (verdict, code, limit, counted) = match says {
            Says::Silent => (RuleVerdict::Silent, Code(0), None, None),
            Says::Allows => (RuleVerdict::Allows, Code(0), None, None),
            Says::Excepted => (RuleVerdict::Excepted, Code(0), None, None),
            Says::Refuses(code) => (against, code, None, None),
            Says::Counts(code, limit, counted) => {
                let verdict = if counted < limit { RuleVerdict::Allows } else { against };
                (verdict, code, Some(limit), Some(counted))
            }
            Says::Many(code, counted) => (against, code, None, Some(counted)),
        };
        let rule = RuleName::new(&format!("{}/{}", adopted.pack.id, rule.id)).expect("a name");
        Said { rule, verdict, code, limit, counted, binds_afterwards }
    }

    fn timed(&self) -> bool {
        self.now.trusted && !self.zones.is_empty()
    }

    fn person_of(&self, attempt: &Attempt) -> PersonId {
        self.book.link_of(attempt.contact, attempt.case).expect("named").person
    }

    fn waits(&self, attempt: &Attempt) -> bool {
        attempt.made.is_none() && attempt.dead.is_none() && self.at() <= attempt.expires
    }

    /// Outbound contacts by now that agree with the request in the scope.
    fn agreeing<'s>(&'s self, scope: Scope, named: &'s Named) -> impl Iterator<Item = &'s Attempt> {
        self.book.attempts.iter().filter(move |attempt| {
            let there = match attempt.made {
                Some(made) => made <= self.at(),
                None => self.waits(attempt) && attempt.reserved <= self.at(),
            };
            if !there || attempt.inbound || self.but == Some(attempt.position) {
                return false;
            }
            self.agrees(scope, named, attempt, &attempt.debts)
        })
    }

    fn agrees(&self, scope: Scope, named: &Named, attempt: &Attempt, debts: &[CaseId]) -> bool {
        let link = self.book.link_of(attempt.contact, attempt.case).expect("named");
        scope.words().all(|key| match key {
            Key::ContactPoint => attempt.contact == self.asked.contact,
            Key::Person => link.person == named.person,
            Key::Debt => self.debts.iter().any(|debt| debts.contains(debt)),
            Key::Case => attempt.case == self.asked.case,
            Key::Lender => link.lender == named.lender,
            Key::Agency => attempt.agency == self.asked.agency,
        })
    }

    /// Those of them that a rule counts.
    fn counting<'s>(
        &'s self,
        adopted: &'s Adopted,
        rule: &'s Rule,
        named: &'s Named,
        scope: Scope,
        except: policy::sets::Exceptions,
    ) -> impl Iterator<Item = &'s Attempt> {
        self.agreeing(scope, named).filter(move |attempt| {
            let link = self.book.link_of(attempt.contact, attempt.case).expect("named");
            if !rule.who.roles.has(link.role)
                || !rule.who.channels.has(attempt.channel)
                || !rule.who.purposes.has(attempt.purpose)
            {
                return false;
            }
            let unconnected =
                matches!(attempt.outcome, Some(Outcome::Busy | Outcome::NotInService | Outcome::Undelivered));
            if except.has(Exception::Unconnected) && unconnected {
                return false;
            }
            let when = attempt.made.unwrap_or(attempt.reserved);
            let consented = || {
                attempt.debts.iter().all(|debt| {
                    let whom = (link.person, attempt.agency, attempt.contact);
                    self.covered(adopted, ConsentCovers::Frequency, whom, *debt, when)
                })
            };
            !(except.has(Exception::Consented) && consented())
        })
    }

    fn covered(
        &self,
        adopted: &Adopted,
        covers: ConsentCovers,
        (person, agency, contact): (PersonId, model::AgencyId, ContactPointId),
        debt: CaseId,
        at: i64,
    ) -> bool {
        self.book.consents.iter().any(|(_, given, revoked)| {
            let fits = (given.person, given.agency, given.covers) == (person, agency, covers)
                && given.case.is_none_or(|case| case == debt)
                && given.contact.is_none_or(|there| there == contact)
                && given.from.0 <= at
                && given.until.is_none_or(|until| at <= until.0)
                && revoked.is_none_or(|revoked| at < revoked);
            fits && (covers != ConsentCovers::Frequency
                || adopted.pack.consents.iter().all(|terms| {
                    let short = terms.at_most_days.is_none_or(|days| {
                        self.zones.iter().all(|zone| {
                            let (first, day) = (local(zone, given.given.0).date(), local(zone, at).date());
                            days_between(first, day) < i32::from(days)
                        })
                    });
                    let spoken = self.book.attempts.iter().any(|talk| {
                        let when = talk.made.unwrap_or(i64::MIN);
                        talk.spoken.contains(&debt)
                            && talk.agency == agency
                            && self.person_of(talk) == person
                            && given.given.0 < when
                            && when < at
                    });
                    short && !(terms.ends_with_conversation && spoken)
                }))
        })
    }

    fn consented(&self, adopted: &Adopted, named: &Named, covers: ConsentCovers) -> bool {
        let whom = (named.person, self.asked.agency, self.asked.contact);
        self.debts.iter().all(|debt| self.covered(adopted, covers, whom, *debt, self.at()))
    }

    fn frequency(&self, adopted: &Adopted, rule: &Rule, named: &Named, frequency: &Frequency) -> Says {
        if !self.timed() {
            return Says::Silent;
        }
        let except = frequency.except;
        if except.has(Exception::Consented) && self.consented(adopted, named, ConsentCovers::Frequency) {
            return Says::Excepted;
        }
        let known: Vec<&Attempt> = self
            .counting(adopted, rule, named, frequency.scope, except)
            .filter(|attempt| match frequency.count {
                Counted::Attempts => true,
                Counted::Unanswered => attempt.outcome != Some(Outcome::Conversation),
                Counted::Communications => matches!(
                    attempt.outcome,
                    None | Some(Outcome::Conversation | Outcome::Delivered | Outcome::Unknown)
                ),
            })
            .collect();
        let mut most = 0;
        for zone in &self.zones {
            let inside = |attempt: &&&Attempt| {
                attempt.made.is_none_or(|made| within(frequency.window, zone, made, self.at()))
            };
            if frequency.scope.has(Key::Debt) {
                for debt in &self.debts {
                    let toward = known.iter().filter(|attempt| attempt.debts.contains(debt));
                    most = most.max(toward.filter(inside).count());
                }
            } else {
                most = most.max(known.iter().filter(inside).count());
            }
        }
        let code = match frequency.window {
            Window::Days(1) => Code::DAY_CAP,
            Window::Days(7) => Code::SEVEN_DAY_CAP,
            _ => Code::CAP,
        };
        Says::Counts(code, frequency.limit.into(), most as u32)
    }

    fn cool_down(&self, adopted: &Adopted, rule: &Rule, named: &Named, cool_down: &CoolDown) -> Says {
        if !self.timed() {
            return Says::Silent;
        }
        if cool_down.except.has(Exception::Consented)
            && self.consented(adopted, named, ConsentCovers::Frequency)
        {
            return Says::Excepted;
        }
        let spoken = self.book.attempts.iter().any(|attempt| {
            let Some(made) = attempt.made.filter(|made| *made <= self.at()) else { return false };
            if self.but == Some(attempt.position) || !rule.who.channels.has(attempt.channel) {
                return false;
            }
            let possible = !attempt.inbound && matches!(attempt.outcome, None | Some(Outcome::Unknown));
            let talk =
                !attempt.spoken.is_empty() && self.agrees(cool_down.scope, named, attempt, &attempt.spoken);
            let maybe = possible && self.agrees(cool_down.scope, named, attempt, &attempt.debts);
            (talk || maybe) && self.zones.iter().any(|zone| within(cool_down.window, zone, made, self.at()))
        });
        if spoken { Says::Refuses(Code::COOL_DOWN) } else { Says::Allows }
    }

    fn interval(&self, adopted: &Adopted, rule: &Rule, named: &Named, interval: &Interval) -> Says {
        if !self.timed() {
            return Says::Silent;
        }
        if interval.except.has(Exception::Consented)
            && self.consented(adopted, named, ConsentCovers::Frequency)
        {
            return Says::Excepted;
        }
        let mut known = self.counting(adopted, rule, named, interval.scope, interval.except);
        let soon = known.any(|attempt| attempt.made.is_none_or(|made| self.at() - made < interval.least_ms));
        if soon { Says::Refuses(Code::TOO_SOON) } else { Says::Allows }
    }

    fn hours(&self, adopted: &Adopted, named: &Named, hours: &Hours) -> Says {
        if !self.timed() {
            return Says::Silent;
        }
        let open = self.zones.iter().all(|zone| {
            let holiday = hours.holidays.contains(&local(zone, self.at()).date());
            in_spans(zone, spans(if holiday { &hours.holiday_open } else { &hours.open }), self.at())
        });
        if open {
            Says::Allows
        } else if hours.unless_consented && self.consented(adopted, named, ConsentCovers::Hours) {
            Says::Excepted
        } else {
            Says::Refuses(Code::OUTSIDE_HOURS)
        }
    }

    fn purpose(&self, named: &Named, rule: &PurposeRule) -> Says {
        let purpose = self.asked.purpose;
        if !rule.allowed.has(purpose) {
            return Says::Refuses(Code::PURPOSE_NOT_ALLOWED);
        }
        if rule.confirmed.has(purpose) && named.answer != Some(ConsentAnswer::Confirmed) {
            return Says::Refuses(Code::CONSENT_MISSING);
        }
        match &rule.debtor_out_of_contact {
            Some(out) if out.purposes.has(purpose) && !self.out_of_contact(out) => {
                Says::Refuses(Code::DEBTOR_REACHABLE)
            }
            _ => Says::Allows,
        }
    }

    fn out_of_contact(&self, out: &OutOfContact) -> bool {
        let owes = |named: &&Named| {
            named.case == self.asked.case
                && matches!(named.role, Role::Debtor | Role::CoDebtor)
                && !named.disproved
        };
        let points: Vec<ContactPointId> =
            self.book.named.iter().filter(owes).map(|named| named.contact).collect();
        if points.is_empty() || !self.timed() {
            return false;
        }
        let there = |attempt: &&Attempt| points.contains(&attempt.contact);
        let reached = |attempt: &Attempt| {
            attempt.inbound
                || attempt.made.is_some()
                    && matches!(
                        attempt.outcome,
                        None | Some(Outcome::Conversation | Outcome::AnsweredDropped | Outcome::Unknown)
                    )
        };
        let gone = |point: &ContactPointId| {
            let Some(found) = self.checked(*point, NumberCheck::NotInService) else { return false };
            let mut here = self.book.attempts.iter().filter(|attempt| attempt.contact == *point);
            !here.any(|attempt| reached(attempt) && attempt.made.is_some_and(|made| made > found))
        };
        if points.iter().all(gone) {
            return true;
        }
        let by_now = |attempt: &&Attempt| attempt.made.is_some_and(|made| made <= self.at());
        let known: Vec<&Attempt> = self.book.attempts.iter().filter(there).filter(by_now).collect();
        let made = |attempt: &&Attempt| attempt.made.unwrap_or(i64::MIN);
        let last = known.iter().filter(|attempt| reached(attempt)).map(made).max().unwrap_or(i64::MIN);
        let failed = |attempt: &&&Attempt| {
            !attempt.inbound
                && made(attempt) > last
                && matches!(
                    attempt.outcome,
                    Some(
                        Outcome::Busy
                            | Outcome::NoAnswer
                            | Outcome::NotInService
                            | Outcome::Undelivered
                            | Outcome::Voicemail
                    )
                )
        };
        let failed: Vec<i64> = known.iter().filter(failed).map(made).collect();
        let zones: Vec<&TimeZone> = self
            .book
            .zones
            .iter()
            .filter(|(contact, _)| points.contains(contact))
            .map(|(_, zone)| zone)
            .collect();
        !zones.is_empty()
            && zones.iter().all(|zone| {
                let today = local(zone, self.at()).date();
                let tries = |ago: i32| {
                    failed.iter().filter(|at| days_between(local(zone, **at).date(), today) == ago).count()
                };
                let days = i32::from(out.days);
                (0..=1).any(|end| (end..end + days).all(|ago| tries(ago) >= usize::from(out.tries)))
            })
    }

    fn lines(&self, rule: &Rule, named: &Named, lines: &Lines) -> Says {
        if lines.registered && !self.book.lines.contains(&(self.asked.agency, self.asked.line)) {
            return Says::Refuses(Code::LINE_NOT_REGISTERED);
        }
        let Some(most) = lines.most else { return Says::Allows };
        if !self.timed() {
            return Says::Silent;
        }
        let mut counted = 0;
        for zone in &self.zones {
            let mut others = Vec::new();
            for attempt in self.agreeing(lines.scope, named) {
                let link = self.book.link_of(attempt.contact, attempt.case).expect("named");
                let fits = rule.who.roles.has(link.role)
                    && rule.who.channels.has(attempt.channel)
                    && rule.who.purposes.has(attempt.purpose);
                let inside = attempt.made.is_none_or(|made| within(lines.window, zone, made, self.at()));
                if fits && inside && attempt.line != Some(self.asked.line) && !others.contains(&attempt.line)
                {
                    others.push(attempt.line);
                }
            }
            counted = counted.max(others.len() as u32);
        }
        if counted >= u32::from(most) { Says::Many(Code::TOO_MANY_LINES, counted) } else { Says::Allows }
    }

    fn checked(&self, contact: ContactPointId, found: NumberCheck) -> Option<i64> {
        let checks = self.book.checks.iter().filter(|(there, what, _)| (*there, *what) == (contact, found));
        checks.map(|(_, _, at)| *at).max()
    }

    fn fresh(&self, named: &Named, fresh: &Fresh) -> Says {
        if !self.now.trusted {
            return Says::Silent;
        }
        let recent = |at: i64| at <= self.at() && self.at() - at <= i64::from(fresh.within_days) * DAY;
        let asked = self.asked;
        let at_work = (asked.contact, Place::Work);
        if fresh.at_work && !self.book.places.contains(&at_work) {
            return Says::Allows;
        }
        let message = self.inbound().is_some_and(recent);
        let check = self.checked(asked.contact, NumberCheck::NotReassigned).is_some_and(recent);
        let consent = self.book.consents.iter().any(|(_, given, revoked)| {
            (given.person, given.agency, given.covers)
                == (named.person, asked.agency, ConsentCovers::Messages)
                && given.contact.is_none_or(|there| there == asked.contact)
                && recent(given.given.0)
                && given.from.0 <= self.at()
                && given.until.is_none_or(|until| self.at() <= until.0)
                && revoked.is_none_or(|revoked| self.at() < revoked)
        });
        let shown = fresh.by_message && message || fresh.by_check && check || fresh.by_consent && consent;
        if shown { Says::Allows } else { Says::Refuses(Code::NUMBER_STALE) }
    }

    fn content(&self, named: &Named, content: &Content) -> Says {
        let asked = self.asked;
        let template = asked.template.and_then(|id| self.book.template(asked.agency, id));
        let fits = template
            .filter(|text| text.channels.contains(&asked.channel) && text.roles.contains(&named.role));
        let Some(template) = fits else {
            return if content.template { Says::Refuses(Code::TEMPLATE_MISSING) } else { Says::Allows };
        };
        let text = template.text.to_lowercase();
        let lacks = content.require.iter().any(|element| match element {
            Element::Sender => !text.contains("{agency}"),
            Element::OptOut => !text.contains("{stop}"),
            Element::OwesNothing => !text.contains("you owe nothing"),
        });
        let has = content.forbid.iter().any(|word| text.contains(&word.to_lowercase()));
        if lacks || has { Says::Refuses(Code::CONTENT) } else { Says::Allows }
    }

    fn shared(&self, shared: &Shared) -> Says {
        let named = self.book.named.iter().filter(|named| named.contact == self.asked.contact);
        let borrowers = named
            .filter(|named| {
                matches!(named.role, Role::EmergencyContact | Role::OtherThirdParty | Role::Attorney)
            })
            .count();
        let good = self.checked(self.asked.contact, NumberCheck::SharedInOrder).is_some();
        if borrowers > usize::from(shared.most) && !good {
            Says::Refuses(Code::NUMBER_SHARED)
        } else {
            Says::Allows
        }
    }

    fn held(&self, named: &Named) -> bool {
        let place = self.book.places.iter().find(|(contact, _)| *contact == self.asked.contact);
        let place = place.map_or(Place::Unknown, |(_, place)| *place);
        self.book.holds.iter().any(|(_, _, hold)| {
            let lifted = match self.asked.purpose {
                Purpose::Reply => matches!(
                    hold.kind,
                    HoldKind::Stop | HoldKind::Inconvenient | HoldKind::Employer | HoldKind::Attorney
                ),
                Purpose::RequiredNotice => matches!(hold.kind, HoldKind::Stop | HoldKind::Cease),
                Purpose::StopReceipt => hold.kind == HoldKind::Stop,
                _ => false,
            };
            let now = |time: &WeekTime| {
                self.zones
                    .iter()
                    .any(|zone| in_spans(zone, [(time.days, time.from_s, time.until_s)], self.at()))
            };
            !lifted
                && hold.contact.is_none_or(|contact| contact == self.asked.contact)
                && hold.person.is_none_or(|person| person == named.person)
                && hold.case.is_none_or(|case| self.debts.contains(&case))
                && (hold.channels.is_empty() || hold.channels.contains(&self.asked.channel))
                && (hold.places.is_empty() || hold.places.contains(&place))
                && (hold.times.is_empty() || hold.times.iter().any(now))
                && hold.until.is_none_or(|until| self.at() <= until.0)
        })
    }

    /// When the person last began a contact on the channel asked for.
    fn inbound(&self) -> Option<i64> {
        let here = |attempt: &&Attempt| {
            attempt.inbound && (attempt.contact, attempt.channel) == (self.asked.contact, self.asked.channel)
        };
        self.book.attempts.iter().filter(here).filter_map(|attempt| attempt.made).max()
    }

    fn replied(&self) -> Option<bool> {
        let begun = match self.asked.purpose {
            Purpose::Reply => self.inbound(),
            Purpose::StopReceipt => {
                let stops = self.book.holds.iter().filter(|(_, _, hold)| {
                    let person = self.named.map(|named| named.person);
                    let there = hold.contact == Some(self.asked.contact)
                        || hold.contact.is_none() && hold.person.is_some() && hold.person == person;
                    let stands = hold.until.is_none_or(|until| self.at() <= until.0);
                    hold.kind == HoldKind::Stop && there && stands
                });
                stops.map(|(_, at, _)| *at).max()
            }
            _ => return None,
        };
        let Some(begun) = begun.filter(|begun| *begun <= self.at()) else { return Some(true) };
        Some(self.book.attempts.iter().any(|attempt| {
            let same = (attempt.contact, attempt.channel, attempt.purpose)
                == (self.asked.contact, self.asked.channel, self.asked.purpose);
            same && !attempt.inbound
                && self.but != Some(attempt.position)
                && attempt.made.map_or(self.waits(attempt), |made| made >= begun)
        }))
    }
}
