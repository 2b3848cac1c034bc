//! Each contact held against the rules of the packs that applied to it.

use events::gate::ConsentCovers;
use jiff::tz::TimeZone;
use model::{CaseId, Timestamp};
use policy::pack::{CoolDown, Counted, Effect, Frequency, Hours, Interval, Kind, Window};
use policy::sets::{Exception, Key};

use super::Findings;
use super::book::{Asking, Book, Counting};
use super::history::{Attempt, Origin, Place};
use super::local::{date, day, day_and_second, first_of_month, monday, weekday};
use super::packs::{Applying, Whom};

const DAY_MS: i64 = 86_400_000;

/// What came of a rule.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    /// Permits and calls that it spoke of.
    pub asked: u64,
    /// Of these, such as broke it.
    pub broken: u64,
    /// Permits that it spoke of, and that were not held against it.
    pub not_counted: u64,
}

/// Holds every contact that was made by a permit against its rules. Tallies are by number of the rule.
pub fn judge(book: &Book, findings: &mut Findings) -> Vec<Tally> {
    let mut tallies = vec![Tally::default(); book.packs.rules()];
    for (index, history) in book.histories.iter().enumerate() {
        for attempt in &history.attempts {
            let mut contact = Contact { book, history: index, attempt, tallies: &mut tallies, findings };
            contact.judge();
        }
    }
    tallies
}

/// One contact.
struct Contact<'b, 't> {
    book: &'b Book,
    history: usize,
    attempt: &'b Attempt,
    tallies: &'t mut Vec<Tally>,
    findings: &'t mut Findings,
}

/// Rules that a contact broke, by number, each once.
#[derive(Default)]
struct Broken {
    over: Vec<usize>,
    cool_down: Vec<usize>,
    too_soon: Vec<usize>,
    hours: Vec<usize>,
    hours_then: Vec<usize>,
}

impl<'b> Contact<'b, '_> {
    fn judge(&mut self) {
        let mut broken = Broken::default();
        let (taken, attempt) = (self.attempt.taken, self.attempt);
        match attempt.origin {
            Origin::Permit { policy } => {
                let named = self.book.packs.position(taken);
                self.findings.policy_wrong += u64::from(named != Some(policy));
                self.at_reservation(taken, &mut broken);
            }
            Origin::Again => {}
            Origin::Outbound | Origin::Inbound => return,
        }
        if let Some((at, made)) = attempt.made {
            self.as_call(taken, made, at, &mut broken);
            self.as_it_was_made(made, at, &mut broken);
        }
        let Broken { over, cool_down, too_soon, hours, hours_then } = broken;
        self.findings.over_cap += u64::from(!over.is_empty());
        self.findings.in_cool_down += u64::from(!cool_down.is_empty());
        self.findings.too_soon += u64::from(!too_soon.is_empty());
        self.findings.outside_hours += u64::from(!hours.is_empty());
        self.findings.redeemed_outside_hours += u64::from(!hours_then.is_empty());
        let mut all = [over, cool_down, too_soon, hours, hours_then].concat();
        all.sort_unstable();
        all.dedup();
        for rule in all {
            self.tally(rule).broken += 1;
        }
    }

    /// The permits that wait and the contacts made before, together with this one.
    fn at_reservation(&mut self, taken: Place, broken: &mut Broken) {
        let Some((asking, rules)) = self.ask(taken, taken, taken.at) else {
            self.findings.contact_unknown += 1;
            return;
        };
        for Applying { number, rule, pack } in rules {
            let breaks = match &rule.kind {
                Kind::Frequency(frequency) => {
                    let counting =
                        Counting { who: &rule.who, scope: frequency.scope, except: frequency.except, pack };
                    passes_at_reservation(&asking, frequency, counting).then_some(&mut broken.over)
                }
                Kind::CoolDown(cool_down) => {
                    let counting = talking(&rule.who, cool_down, pack);
                    cools(&asking, cool_down, counting).then_some(&mut broken.cool_down)
                }
                Kind::Interval(interval) => {
                    let counting =
                        Counting { who: &rule.who, scope: interval.scope, except: interval.except, pack };
                    too_soon(&asking, interval, counting).then_some(&mut broken.too_soon)
                }
                Kind::Hours(hours) => closed(&asking, hours).then_some(&mut broken.hours),
                Kind::Purpose(_) | Kind::Lines(_) | Kind::Fresh(_) | Kind::Content(_) | Kind::Shared(_) => {
                    self.tally(number).not_counted += 1;
                    continue;
                }
            };
            self.tally(number).asked += 1;
            if let Some(list) = breaks {
                list.push(number);
            }
        }
    }

    /// The calls of every window that holds this one, whose slots were taken no later.
    fn as_call(&mut self, taken: Place, made: Place, at: Timestamp, broken: &mut Broken) {
        let Some((asking, rules)) = self.ask(taken, taken, at) else { return };
        let Some(then) = self.book.asking(self.history, self.attempt, made, at) else { return };
        for Applying { number, rule, pack } in rules {
            let Kind::Frequency(frequency) = &rule.kind else { continue };
            if self.attempt.origin == Origin::Again {
                self.tally(number).asked += 1;
            }
            let counting =
                Counting { who: &rule.who, scope: frequency.scope, except: frequency.except, pack };
            if !excepted(&then, counting) && passes_as_call(&asking, frequency, counting) {
                broken.over.push(number);
            }
        }
    }

    /// What had happened before the call was placed, and the clock on the wall.
    fn as_it_was_made(&mut self, made: Place, at: Timestamp, broken: &mut Broken) {
        let Some((asking, rules)) = self.ask(made, made, at) else { return };
        for Applying { number, rule, pack } in rules {
            match &rule.kind {
                Kind::CoolDown(cool_down)
                    if cools(&asking, cool_down, talking(&rule.who, cool_down, pack)) =>
                {
                    broken.cool_down.push(number);
                }
                Kind::Interval(interval) => {
                    let counting =
                        Counting { who: &rule.who, scope: interval.scope, except: interval.except, pack };
                    if too_soon(&asking, interval, counting) {
                        broken.too_soon.push(number);
                    }
                }
                Kind::Hours(hours) if closed(&asking, hours) => broken.hours_then.push(number),
                _ => {}
            }
        }
    }

    /// The contact as of a place, and the rules that speak of it and refuse.
    fn ask(&self, known: Place, in_force: Place, at: Timestamp) -> Option<(Asking<'b>, Vec<Applying<'b>>)> {
        let asking = self.book.asking(self.history, self.attempt, known, at)?;
        let regions = self.book.histories.get(self.history)?.regions(known);
        let whom = Whom { regions: &regions, lender: asking.link.lender, agency: self.attempt.agency };
        let mut rules = self.book.packs.applying(in_force, in_force.at, whom);
        rules
            .retain(|applying| applying.rule.effect == Effect::Refuse && asking.concerns(&applying.rule.who));
        Some((asking, rules))
    }

    /// Of a rule that applies, so one of those that have a number.
    fn tally(&mut self, rule: usize) -> &mut Tally {
        &mut self.tallies[rule]
    }
}

fn talking<'a>(who: &'a policy::pack::Who, cool_down: &CoolDown, pack: &'a policy::Pack) -> Counting<'a> {
    Counting { who, scope: cool_down.scope, except: cool_down.except, pack }
}

fn excepted(asking: &Asking<'_>, counting: Counting<'_>) -> bool {
    counting.except.has(Exception::Consented)
        && asking.consented(ConsentCovers::Frequency, &counting.pack.consents)
}

/// More than the limit, this one included, in the window that ends with it.
fn passes_at_reservation(asking: &Asking<'_>, frequency: &Frequency, counting: Counting<'_>) -> bool {
    if excepted(asking, counting) {
        return false;
    }
    let limit = usize::from(frequency.limit);
    let waiting = asking.waiting(counting);
    let made = asking.made_before(counting, earliest(frequency.window, asking.at));
    if waiting.len() + made.len() < limit {
        return false;
    }
    per_debt(asking, counting).any(|debt| {
        let counts = |attempt: &Attempt| {
            counted(frequency.count, attempt, Some(asking.known)) && toward(attempt, debt, Some(asking.known))
        };
        let waiting = waiting.iter().filter(|(_, attempt)| counts(attempt)).count();
        let made = made.iter().filter(|(_, attempt)| counts(attempt)).map(|(at, _)| *at);
        waiting + most_until(frequency.window, made, asking) + 1 > limit
    })
}

/// More than the limit, itself included, in a window that holds it.
fn passes_as_call(asking: &Asking<'_>, frequency: &Frequency, counting: Counting<'_>) -> bool {
    let limit = usize::from(frequency.limit);
    let from = earliest(frequency.window, asking.at);
    let until = Timestamp(asking.at.0.saturating_add(asking.at.0.saturating_sub(from.0)));
    let made = asking.made_around(counting, from, until);
    if made.len() <= limit {
        return false;
    }
    per_debt(asking, counting).any(|debt| {
        let counts =
            |attempt: &Attempt| counted(frequency.count, attempt, None) && toward(attempt, debt, None);
        let made: Vec<Timestamp> =
            made.iter().filter(|(_, attempt)| counts(attempt)).map(|(at, _)| *at).collect();
        counts(asking.attempt) && most_around(frequency.window, &made, asking) > limit
    })
}

/// Each debt has a count of its own, where the scope names debts.
fn per_debt(asking: &Asking<'_>, counting: Counting<'_>) -> impl Iterator<Item = Option<CaseId>> {
    let debts = match counting.scope.has(Key::Debt) {
        true => asking.debts().iter().copied().map(Some).collect(),
        false => vec![None],
    };
    debts.into_iter()
}

fn toward(attempt: &Attempt, debt: Option<CaseId>, known: Option<Place>) -> bool {
    debt.is_none_or(|debt| attempt.debts(known).contains(&debt))
}

fn counted(count: Counted, attempt: &Attempt, known: Option<Place>) -> bool {
    let outcome = attempt.outcome(known);
    match count {
        Counted::Attempts => true,
        Counted::Unanswered => outcome != Some(model::Outcome::Conversation),
        Counted::Communications => outcome.is_none_or(model::Outcome::conveyed),
    }
}

/// No window that ends at a moment begins before this, in no zone.
fn earliest(window: Window, at: Timestamp) -> Timestamp {
    let back = |days: i64| at.plus_ms(-(days + 2) * DAY_MS);
    match window {
        Window::Days(days) => back(days.into()),
        Window::Week => back(7),
        Window::Month => back(31),
        Window::RollingMs(ms) => at.plus_ms(1 - ms),
        Window::Ever => Timestamp(i64::MIN),
    }
}

/// The most that count in the window that ends now, over the zones.
fn most_until(window: Window, made: impl Iterator<Item = Timestamp> + Clone, asking: &Asking<'_>) -> usize {
    if matches!(window, Window::RollingMs(_) | Window::Ever) {
        // Only such were looked for.
        return made.count();
    }
    let in_zone = |zone: &&TimeZone| {
        let first = first_day(window, day(zone, asking.at));
        made.clone().filter(|at| day(zone, *at) >= first).count()
    };
    asking.zones.iter().map(in_zone).max().unwrap_or_default()
}

/// The most that count in a window that holds this moment, over the zones.
fn most_around(window: Window, made: &[Timestamp], asking: &Asking<'_>) -> usize {
    match window {
        Window::Ever => made.len(),
        Window::RollingMs(ms) => {
            let starts = made.iter().filter(|start| start.0 <= asking.at.0 && asking.at.0 < start.0 + ms);
            let inside = |start: &Timestamp| {
                let (from, end) = (start.0, start.0 + ms);
                made.iter().filter(move |at| (from..end).contains(&at.0))
            };
            starts.map(|start| inside(start).count()).max().unwrap_or_default()
        }
        Window::Days(_) | Window::Week | Window::Month => {
            let in_zone = |zone: &&TimeZone| {
                let days: Vec<i64> = made.iter().map(|at| day(zone, *at)).collect();
                most_days(window, &days, day(zone, asking.at))
            };
            asking.zones.iter().map(in_zone).max().unwrap_or_default()
        }
    }
}

fn most_days(window: Window, days: &[i64], today: i64) -> usize {
    if let Window::Days(length) = window {
        let length = i64::from(length);
        let starts = days.iter().filter(|start| (today - length + 1..=today).contains(*start));
        let inside = |start: &i64| days.iter().filter(|day| (*start..*start + length).contains(*day)).count();
        return starts.map(inside).max().unwrap_or_default();
    }
    let first = first_day(window, today);
    days.iter().filter(|day| first_day(window, **day) == first).count()
}

/// The first day of a calendar window that ends today.
fn first_day(window: Window, today: i64) -> i64 {
    match window {
        Window::Days(days) => today + 1 - i64::from(days),
        Window::Week => monday(today),
        Window::Month => first_of_month(today),
        Window::RollingMs(_) | Window::Ever => i64::MIN,
    }
}

/// There was a conversation in the window that ends with it.
fn cools(asking: &Asking<'_>, cool_down: &CoolDown, counting: Counting<'_>) -> bool {
    if excepted(asking, counting) {
        return false;
    }
    let by_debt = cool_down.scope.has(Key::Debt);
    let debts = asking.debts();
    let talks = asking.talks(counting, earliest(cool_down.window, asking.at));
    let about =
        talks.into_iter().filter(|(_, spoken)| !by_debt || spoken.iter().any(|debt| debts.contains(debt)));
    let times: Vec<Timestamp> = about.map(|(at, _)| at).collect();
    most_until(cool_down.window, times.into_iter(), asking) > 0
}

/// Another contact had been made less than the least time before.
fn too_soon(asking: &Asking<'_>, interval: &Interval, counting: Counting<'_>) -> bool {
    if excepted(asking, counting) {
        return false;
    }
    let from = asking.at.plus_ms(1 - interval.least_ms);
    let debts: Vec<Option<CaseId>> = per_debt(asking, counting).collect();
    let about = |attempt: &Attempt| debts.iter().any(|debt| toward(attempt, *debt, Some(asking.known)));
    asking.made_before(counting, from).iter().any(|(_, attempt)| about(attempt))
}

/// The clock on the wall is outside the hours in one of the zones.
fn closed(asking: &Asking<'_>, hours: &Hours) -> bool {
    let closed = |zone: &&TimeZone| {
        let (day, second) = day_and_second(zone, asking.at);
        let holiday =
            !hours.holidays.is_empty() && date(day).is_some_and(|date| hours.holidays.contains(&date));
        let open = if holiday { &hours.holiday_open } else { &hours.open };
        let inside = |span: &policy::span::Span| {
            span.days.has(weekday(day)) && (span.from_s..=span.until_s).contains(&second)
        };
        !open.iter().any(inside)
    };
    let consented = || hours.unless_consented && asking.consented(ConsentCovers::Hours, &[]);
    asking.zones.iter().any(closed) && !consented()
}
