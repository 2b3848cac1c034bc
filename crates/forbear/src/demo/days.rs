//! Simulated days: collectors dial through the gate, far too often, at every hour. Each minute all of them
//! act at once, but so that the same seed gives the same figures however the machine schedules them: attempts on the
//! same number go one after the other, in the order of the collectors; and those on people who owe nothing go before
//! those on debtors, because whether the former may be asked depends on whether the debtor can be reached.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use api::{PermitAsk, Platform, Principal, Target};
use events::gate::{ConsentAnswer, Line, StopSource};
use events::{Code, Refusal};
use futures::future::join_all;
use model::{AgencyId, CaseId, Channel, CollectorId, ContactPointId, Outcome, Purpose, Role, Timestamp};
use runtime::SimulatedClock;

use super::DemoError;
use super::chance::Chance;

const MINUTE_MS: i64 = 60_000;
const MINUTES_A_DAY: i64 = 24 * 60;

/// Somebody who dials, and what their queue held in the morning of the first day.
pub struct Dialing {
    /// Who.
    pub collector: CollectorId,
    /// For whom.
    pub agency: AgencyId,
    /// Every contact of every case in their queue, in order of case and contact point.
    pub contacts: Vec<(CaseId, ContactPointId, Role)>,
}

/// The two people that the story is about.
#[derive(Clone, Copy)]
pub struct People {
    /// Called by everybody, until he says stop.
    pub sought: ContactPointId,
    /// Named as a contact by people whom she does not know.
    pub stranger: ContactPointId,
}

/// What happened, as the dialers saw it.
#[derive(Debug, Default, Clone, serde::Serialize)]
pub struct Seen {
    /// Permits asked for.
    pub asked: u64,
    /// Permits given.
    pub allowed: u64,
    /// Permits refused.
    pub refused: u64,
    /// Calls placed.
    pub calls: u64,
    /// Permits on the sought number that the stop voided.
    pub stop_voided: u32,
    /// Calls that were refused although a permit had been given, because of the stop.
    pub stop_cut_off: u32,
    /// From the order to stop until it was durable and in force, under load, in milliseconds.
    pub stop_ack_ms: f64,
    /// Permits asked for the sought number after that; all refused.
    pub refused_after_stop: u64,
    /// Permits asked for the stranger to speak about the debt, or to locate, before and after she answered.
    pub stranger_asked: u64,
    /// Of these, given; only the one notice that asks for consent.
    pub stranger_allowed: u64,
}

impl Seen {
    fn add(&mut self, other: &Self) {
        self.asked += other.asked;
        self.allowed += other.allowed;
        self.refused += other.refused;
        self.calls += other.calls;
        self.stop_voided += other.stop_voided;
        self.stop_cut_off += other.stop_cut_off;
        self.stop_ack_ms += other.stop_ack_ms;
        self.refused_after_stop += other.refused_after_stop;
        self.stranger_asked += other.stranger_asked;
        self.stranger_allowed += other.stranger_allowed;
    }
}

/// One attempt of one collector in one minute.
#[derive(Clone, Copy)]
struct Attempt {
    agency: AgencyId,
    collector: CollectorId,
    case: CaseId,
    contact: ContactPointId,
    purpose: Purpose,
    channel: Channel,
    /// They owe the debt.
    owes: bool,
    /// What chance has in store for it.
    fate: u64,
}

/// Attempts on each number, in order.
type Chains = BTreeMap<ContactPointId, Vec<Attempt>>;

/// The simulation.
pub struct Days<'a> {
    /// Where the dialers ask.
    pub platform: &'a Platform,
    /// The time, which moves minute by minute.
    pub clock: &'a SimulatedClock,
    /// Local midnight of the first day.
    pub midnight: Timestamp,
    /// Chance.
    pub seed: u64,
    /// Who dials.
    pub dialing: &'a [Dialing],
    /// The two people.
    pub people: People,
    /// Told after each minute.
    pub progress: &'a indicatif::ProgressBar,
}

/// Minutes after midnight of the second day (of the first, if there is only one) at which the sought man
/// says stop.
const STOP_MINUTE: i64 = 10 * 60 + 30;
/// From here on before the stop, the dialers leave the sought man for that minute.
const QUIET_BEFORE_STOP: i64 = 8 * 60;
/// Minutes after the first midnight at which the stranger gets the one notice, and answers it.
const NOTICE_MINUTE: i64 = 9 * 60;
const ANSWER_MINUTE: i64 = 9 * 60 + 20;

impl Days<'_> {
    /// Runs so many days.
    pub async fn run(&self, days: u32) -> Result<Seen, DemoError> {
        let mut seen = Seen::default();
        let stop_day = i64::from(days > 1);
        let stop_at = stop_day * MINUTES_A_DAY + STOP_MINUTE;
        for minute in 0..i64::from(days) * MINUTES_A_DAY {
            self.clock.advance_to(self.midnight.plus_ms(minute * MINUTE_MS));
            let quiet = (stop_day * MINUTES_A_DAY + QUIET_BEFORE_STOP..stop_at).contains(&minute);
            let (mut others, mut debtors) = (Chains::new(), Chains::new());
            for dialing in self.dialing {
                if let Some(attempt) = self.attempt(dialing, minute)
                    && !(attempt.contact == self.people.sought && (quiet || minute == stop_at))
                {
                    let chains = if attempt.owes { &mut debtors } else { &mut others };
                    chains.entry(attempt.contact).or_default().push(attempt);
                }
            }
            let chains = |chains: Chains| {
                join_all(chains.into_values().map(|chain| self.chain(chain, minute > stop_at)))
            };
            chains(others).await.into_iter().try_for_each(|part| part.map(|part| seen.add(&part)))?;
            let chains = chains(debtors);
            if minute == stop_at {
                let (others, stopped) = futures::future::join(chains, self.stop()).await;
                others.into_iter().try_for_each(|part| part.map(|part| seen.add(&part)))?;
                seen.add(&stopped?);
            } else {
                chains.await.into_iter().try_for_each(|part| part.map(|part| seen.add(&part)))?;
            }
            if minute == NOTICE_MINUTE || minute == ANSWER_MINUTE {
                seen.add(&self.stranger(minute == ANSWER_MINUTE).await?);
            }
            self.progress.inc(1);
        }
        Ok(seen)
    }

    /// What a collector tries in a minute: somebody from their queue, the sought man far too often.
    fn attempt(&self, dialing: &Dialing, minute: i64) -> Option<Attempt> {
        let mut chance = Chance::new(self.seed, &[2, u64::from(dialing.collector.0), minute as u64]);
        let sought = dialing.contacts.iter().find(|(_, contact, _)| *contact == self.people.sought);
        let chosen = match sought {
            Some(sought) if chance.percent(10) => sought,
            _ => chance.pick(&dialing.contacts)?,
        };
        let (case, contact, role) = *chosen;
        let collect = role.owes() || chance.percent(20);
        Some(Attempt {
            agency: dialing.agency,
            collector: dialing.collector,
            case,
            contact,
            purpose: if collect { Purpose::Collect } else { Purpose::Locate },
            channel: Channel::Call,
            owes: role.owes(),
            fate: chance.next(),
        })
    }

    /// Attempts on one number, one after the other.
    async fn chain(&self, attempts: Vec<Attempt>, after_stop: bool) -> Result<Seen, DemoError> {
        let mut seen = Seen::default();
        for attempt in attempts {
            let allowed = self.call(&attempt, &mut seen).await?;
            if attempt.contact == self.people.sought && after_stop && !allowed {
                seen.refused_after_stop += 1;
            }
            if attempt.contact == self.people.stranger {
                seen.stranger_asked += 1;
                seen.stranger_allowed += u64::from(allowed);
            }
        }
        Ok(seen)
    }

    /// Asks, and if it may, mostly calls, and mostly says what became of it.
    async fn call(&self, attempt: &Attempt, seen: &mut Seen) -> Result<bool, DemoError> {
        let Some(token) = self.ask(attempt, seen).await? else { return Ok(false) };
        let mut fate = Chance::new(attempt.fate, &[3]);
        let principal = Principal::Collector(attempt.collector, attempt.agency);
        if fate.percent(96) {
            let call = format!("{:016x}@demo", fate.next());
            match self.platform.redeem(&principal, &token, &call, None).await {
                Ok(_) => seen.calls += 1,
                // Every rule is asked again as the call is placed.
                Err(refusal) if is_verdict(&refusal) => return Ok(true),
                Err(refusal) => return Err(refusal.into()),
            }
            if fate.percent(97) {
                self.platform.settle(&principal, &token, &outcome(&mut fate).into(), None).await?;
            }
        }
        Ok(true)
    }

    /// A permit's token, or `None` if the gate refused.
    async fn ask(&self, attempt: &Attempt, seen: &mut Seen) -> Result<Option<String>, DemoError> {
        let principal = Principal::Collector(attempt.collector, attempt.agency);
        let ask = PermitAsk {
            target: Target::Point(attempt.contact),
            case: attempt.case,
            also: Vec::new(),
            collector: None,
            channel: attempt.channel,
            purpose: attempt.purpose,
            line: None::<Line>,
            template: None,
        };
        seen.asked += 1;
        match self.platform.request_permit(&principal, &ask, None).await {
            Ok(given) => {
                seen.allowed += 1;
                Ok(Some(given.token))
            }
            Err(refusal) if is_verdict(&refusal) => {
                seen.refused += 1;
                Ok(None)
            }
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// Every agency that has the sought man's case takes a permit and is about to dial; he says stop; they
    /// dial.
    async fn stop(&self) -> Result<Seen, DemoError> {
        let mut seen = Seen::default();
        let mut held = Vec::new();
        for dialing in self.dialing {
            let Some((case, contact, _)) =
                dialing.contacts.iter().find(|(_, contact, _)| *contact == self.people.sought)
            else {
                continue;
            };
            let attempt = Attempt {
                agency: dialing.agency,
                collector: dialing.collector,
                case: *case,
                contact: *contact,
                purpose: Purpose::Collect,
                channel: Channel::Call,
                owes: true,
                fate: 0,
            };
            if let Some(token) = self.ask(&attempt, &mut seen).await? {
                held.push((Principal::Collector(dialing.collector, dialing.agency), token));
            }
        }
        let started = Instant::now();
        let target = Target::Point(self.people.sought);
        let person = Principal::CalledPerson(self.people.sought);
        let receipt = self.platform.stop(&person, &target, StopSource::CalledPerson, None).await?;
        seen.stop_ack_ms = millis(started.elapsed());
        seen.stop_voided = receipt.voided;
        for (principal, token) in held {
            match self.platform.redeem(&principal, &token, "late@demo", None).await {
                Err(refusal) if refusal.reasons.iter().any(|reason| reason.code == Code::PERMIT_VOIDED) => {
                    seen.stop_cut_off += 1;
                }
                Err(refusal) => return Err(refusal.into()),
                Ok(_) => return Err(DemoError::Promise("a permit was redeemed after a stop (P2)")),
            }
        }
        Ok(seen)
    }

    /// The stranger gets the one notice that asks, or answers it.
    async fn stranger(&self, answers: bool) -> Result<Seen, DemoError> {
        let mut seen = Seen::default();
        let stranger = self.people.stranger;
        let holding = self.dialing.iter().find_map(|dialing| {
            let held = dialing.contacts.iter().find(|(_, contact, _)| *contact == stranger);
            held.map(|(case, _, _)| (dialing, *case))
        });
        let Some((dialing, case)) = holding else { return Ok(seen) };
        if answers {
            let person = Principal::CalledPerson(stranger);
            let answer = ConsentAnswer::UnknownDebtor;
            self.platform.answer_consent(&person, &Target::Point(stranger), case, answer, None).await?;
            return Ok(seen);
        }
        let notice = Attempt {
            agency: dialing.agency,
            collector: dialing.collector,
            case,
            contact: stranger,
            purpose: Purpose::ConsentNotice,
            channel: Channel::Sms,
            owes: false,
            fate: self.seed,
        };
        seen.stranger_asked += 1;
        seen.stranger_allowed += u64::from(self.call(&notice, &mut seen).await?);
        Ok(seen)
    }
}

/// A refusal that is the gate's verdict, and not a failure to give one.
fn is_verdict(refusal: &Refusal) -> bool {
    refusal.reasons.iter().all(|reason| reason.code.is_verdict())
}

fn outcome(chance: &mut Chance) -> Outcome {
    match chance.below(100) {
        0..20 => Outcome::Conversation,
        20..25 => Outcome::AnsweredDropped,
        25..70 => Outcome::NoAnswer,
        70..85 => Outcome::Voicemail,
        85..95 => Outcome::Busy,
        _ => Outcome::NotInService,
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
