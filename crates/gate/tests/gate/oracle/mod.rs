//! The gate against an oracle that shares no code with it: lists of what happened, plain scans, dates from zoned
//! date-times. Random histories, packs and clocks.
//!
//! `FORBEAR_ORACLE_CASES=100000 cargo test --release -p gate --test gate oracle -- --nocapture` for a long run.

mod book;
mod judge;
mod packs;
mod steps;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

use events::gate::{
    ConsentAnsweredV1, ConsentGivenV1, ConsentRevokedV1, ContactClosedV1, ContactLinkedV2, ContactPlacedV1,
    ContactRecordedV1, Direction, Explanation, GateCommand, GateEvent, GateQuery, GateReply, HoldLiftedV1,
    HoldPlacedV1, HoldSource, Line, LineRegisteredV1, NumberCheckedV1, NumberDisprovedV1, PermitRequest,
    PolicyAdoptedV2, PolicyWithdrawnV1, RuleName, RuleVerdict, StandingChangedV1, StopSource,
    TemplateApprovedV1, TemplateId, TemplateWithdrawnV1, WeekTime,
};
use events::{Code, Decider, Now, Position, Reason, Refusal, Tally};
use gate::{Gate, State};
use model::{
    AgencyId, CaseId, Channel, CollectorId, ContactPointId, LenderId, Outcome, PersonId, Purpose, Role,
    Timestamp,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use self::book::{Attempt, Book, Dead};
use self::judge::{Judge, Said};
use self::packs::Head;
use self::steps::{Ask, Link, Step};

/// Verdicts compared, and how many of them allowed.
static COMPARED: AtomicU64 = AtomicU64::new(0);
static ALLOWED: AtomicU64 = AtomicU64::new(0);
/// Next allowed moments that were probed.
static PROBED: AtomicU64 = AtomicU64::new(0);

const TEXTS: [&str; 4] = [
    "{agency}: call us. {stop}",
    "{agency}: you owe nothing. {stop}",
    "{agency}: pay or be ARRESTED. {stop}",
    "call us, you owe nothing",
];

fn contact(number: u8) -> ContactPointId {
    ContactPointId([number + 1; 16])
}

fn case(number: u8) -> CaseId {
    CaseId([number + 101; 16])
}

fn person(number: u8) -> PersonId {
    PersonId([number + 201; 16])
}

fn line(number: u8) -> Line {
    Line::new(["4001", "4002", "4003"][usize::from(number)]).expect("a line")
}

fn linked(link: &Link) -> ContactLinkedV2 {
    ContactLinkedV2 {
        contact: contact(link.contact),
        case: case(link.case),
        lender: LenderId(u32::from(link.case % 2) + 1),
        person: person(link.person),
        role: link.role,
        zones: link.zones.iter().map(|zone| zone.parse().expect("a zone")).collect(),
        regions: link.region.iter().map(|region| region.parse().expect("a region")).collect(),
        place: link.place,
    }
}

/// A verdict in a form that both sides have.
type Verdict = (RuleName, RuleVerdict, Option<(Code, Option<u32>, Option<u32>)>);

fn of_oracle(said: &Said) -> Verdict {
    let against = matches!(said.verdict, RuleVerdict::Refuses | RuleVerdict::Flags);
    let counts = against || said.limit.is_some();
    (said.rule, said.verdict, counts.then_some((said.code, said.limit, said.counted)))
}

fn of_gate(explanation: &Explanation) -> Vec<Verdict> {
    let one = |rule: &events::gate::Considered| {
        let against = matches!(rule.verdict, RuleVerdict::Refuses | RuleVerdict::Flags);
        let counts = against || rule.limit.is_some();
        (rule.rule, rule.verdict, counts.then_some((rule.code, rule.limit, rule.counted)))
    };
    explanation.rules.iter().map(one).collect()
}

type Why = (Code, Option<RuleName>, Option<u32>, Option<u32>);

fn why(reasons: &[Reason]) -> Vec<Why> {
    reasons.iter().map(|reason| (reason.code, reason.rule, reason.limit, reason.counted)).collect()
}

fn expected(said: &[Said]) -> Vec<Why> {
    let refusing = said.iter().filter(|said| said.verdict == RuleVerdict::Refuses);
    refusing.map(|said| (said.code, Some(said.rule), said.limit, said.counted)).collect()
}

/// The gate, its log, and what the oracle knows.
struct Run {
    state: State,
    log: Vec<(Timestamp, GateEvent)>,
    book: Book,
    links: Vec<Link>,
    now: Now,
    start: jiff::civil::Date,
    /// Of each slot, the versions that were adopted.
    versions: [u32; 4],
    chance: u64,
    repeats: BTreeMap<Tally, u32>,
}

type Checked<T = ()> = Result<T, TestCaseError>;

impl Run {
    /// A cheap source of numbers, so that probing needs no steps of its own.
    fn chance(&mut self, below: u64) -> u64 {
        self.chance =
            self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.chance >> 33) % below
    }

    fn take(&mut self, event: GateEvent) {
        let position = Position(self.log.len() as u64);
        Gate::evolve(&mut self.state, &event, self.now.at, position);
        self.book.take(&event, self.now.at.0, position);
        self.log.push((self.now.at, event));
    }

    fn decide(&mut self, command: &GateCommand) -> Checked<Result<Vec<GateEvent>, Refusal>> {
        let decided = Gate::decide(&self.state, command, self.now);
        if self.chance(256) == 0 {
            let snapshot = postcard::to_allocvec(&self.state).expect("plain data");
            let restored: State = postcard::from_bytes(&snapshot).expect("just written");
            let again = Gate::decide(&restored, command, self.now);
            prop_assert_eq!(&again, &decided, "a restored state decides otherwise");
        }
        if let Ok(events) = &decided {
            events.iter().for_each(|event| self.take(event.clone()));
        }
        Ok(decided)
    }

    fn asked(&self, ask: &Ask) -> PermitRequest {
        let known = &self.links[ask.link % self.links.len()];
        let (point, of_case) = ask.stray.unwrap_or((known.contact, known.case));
        let mut agency = self.book.link_of(contact(point), case(of_case)).and_then(|named| named.agency);
        if ask.other_agency {
            agency = Some(AgencyId(3).min(AgencyId(agency.map_or(1, |agency| agency.0 % 2 + 1))));
        }
        PermitRequest {
            contact: contact(point),
            case: case(of_case),
            also: ask.also.iter().map(|number| case(*number)).collect(),
            agency: agency.unwrap_or(AgencyId(1)),
            collector: CollectorId(7),
            channel: ask.channel,
            purpose: ask.purpose,
            line: line(ask.line),
            template: ask.template.map(TemplateId),
        }
    }

    /// What each rule says, on both sides, and the next allowed moment.
    fn compare(&mut self, asked: &PermitRequest, now: Now) -> Checked {
        let GateReply::Explain(explanation) =
            Gate::query(&self.state, &GateQuery::Explain(asked.clone()), now)
        else {
            return Err(TestCaseError::fail("no explanation"));
        };
        let said = Judge::new(&self.book, asked, now, None).all();
        let oracle: Vec<Verdict> = said.iter().map(of_oracle).collect();
        prop_assert_eq!(of_gate(&explanation), oracle, "gate and oracle, of {:?} at {:?}", asked, now);
        COMPARED.fetch_add(1, Ordering::Relaxed);
        ALLOWED.fetch_add(explanation.allowed.into(), Ordering::Relaxed);
        let refused = said.iter().any(|said| said.verdict == RuleVerdict::Refuses);
        prop_assert_eq!(explanation.allowed, !refused);
        if !refused || !now.trusted {
            return Ok(());
        }
        // Each rule's own promise: it refuses until just before, and not then.
        for rule in &explanation.rules {
            let (RuleVerdict::Refuses, Some(next)) = (rule.verdict, rule.next_allowed) else { continue };
            let refuses = |at: i64| {
                let said =
                    Judge::new(&self.book, asked, Now { at: Timestamp(at), trusted: true }, None).refusing();
                said.iter().any(|said| said.rule == rule.rule)
            };
            let of = || format!("{asked:?} at {}", now.at.0);
            prop_assert!(!refuses(next.0), "{} refuses at {}, as promised not: {}", rule.rule, next.0, of());
            prop_assert!(refuses(next.0 - 1), "{} does not refuse before {}: {}", rule.rule, next.0, of());
        }
        self.probe(asked, now, explanation.next_allowed)
    }

    fn refused_at(&self, asked: &PermitRequest, at: i64) -> bool {
        let now = Now { at: Timestamp(at), trusted: true };
        !Judge::new(&self.book, asked, now, None).refusing().is_empty()
    }

    /// Refused until just before, allowed then; where nothing is promised, refused whenever it is tried.
    fn probe(&mut self, asked: &PermitRequest, now: Now, next: Option<Timestamp>) -> Checked {
        const DAY: u64 = 86_400_000;
        match next {
            Some(next) => {
                PROBED.fetch_add(1, Ordering::Relaxed);
                prop_assert!(next > now.at);
                let of = || format!("{asked:?} at {}", now.at.0);
                prop_assert!(!self.refused_at(asked, next.0), "promised {}, refused then: {}", next.0, of());
                prop_assert!(self.refused_at(asked, next.0 - 1), "allowed before {}: {}", next.0, of());
                for _ in 0..2 {
                    let wait = self.chance(next.ms_since(now.at) as u64) as i64;
                    let refused = self.refused_at(asked, now.at.0 + wait);
                    prop_assert!(refused, "promised {}, allowed at {}: {}", next.0, now.at.0 + wait, of());
                }
            }
            None if self.chance(8) == 0 => {
                for _ in 0..6 {
                    let wait = self.chance(40 * DAY) as i64;
                    let refused = self.refused_at(asked, now.at.0 + wait);
                    prop_assert!(
                        refused,
                        "nothing promised, allowed at {}: {asked:?} at {}",
                        now.at.0 + wait,
                        now.at.0
                    );
                }
            }
            None => {}
        }
        Ok(())
    }

    fn request(&mut self, asked: PermitRequest) -> Checked {
        let said = Judge::new(&self.book, &asked, self.now, None).all();
        let mut expected = expected(&said);
        expected.sort_unstable();
        COMPARED.fetch_add(1, Ordering::Relaxed);
        match self.decide(&GateCommand::RequestPermit(asked.clone()))?.as_deref() {
            Ok([GateEvent::PermitReserved(reserved)]) => {
                ALLOWED.fetch_add(1, Ordering::Relaxed);
                prop_assert_eq!(&expected, &vec![], "reserved");
                let limits = said.iter().filter(|said| said.verdict == RuleVerdict::Allows);
                let left = limits.filter_map(|said| {
                    // A rule that only flags is no limit.
                    let flags = self.book.packs.iter().any(|adopted| {
                        let of = |rule: &&policy::pack::Rule| said.rule.as_str() == rule.name(&adopted.pack);
                        adopted
                            .pack
                            .rules
                            .iter()
                            .find(of)
                            .is_some_and(|rule| rule.effect == policy::pack::Effect::Flag)
                    });
                    let (limit, counted) = (said.limit?, said.counted?);
                    (!flags).then_some((limit - counted - 1, said.rule, counted + 1, limit))
                });
                let tightest = left.min_by_key(|(left, ..)| *left);
                let named = reserved.tightest.map(|tightest| {
                    (tightest.rule, tightest.count.counted.into(), tightest.count.limit.into())
                });
                prop_assert_eq!(named, tightest.map(|(_, rule, counted, limit)| (rule, counted, limit)));
                prop_assert_eq!(reserved.expires_at.0, self.now.at.0 + gate::PERMIT_TTL_MS);
            }
            Ok([GateEvent::PermitRefused(refused)]) => {
                let reasons: Vec<Reason> = refused.reasons.iter().map(Reason::from).collect();
                prop_assert_eq!(why(&reasons), expected);
            }
            Err(refusal) => {
                prop_assert_eq!(why(&refusal.reasons), expected);
                let tally = refusal.repeats.expect("a repeat");
                *self.repeats.entry(tally).or_default() += 1;
            }
            other => return Err(TestCaseError::fail(format!("{other:?}"))),
        }
        Ok(())
    }

    /// The permit that was given so many before the last.
    fn back(&self, back: usize) -> Option<Attempt> {
        self.book.attempts.iter().rev().filter(|attempt| attempt.expires > i64::MIN).nth(back).cloned()
    }

    fn redeem(&mut self, back: usize, call: u8) -> Checked {
        let Some(attempt) = self.back(back) else { return Ok(()) };
        let asked = self.log.get(attempt.position.0 as usize).and_then(|(_, event)| match event {
            GateEvent::PermitReserved(reserved) => Some(reserved.asked.clone()),
            _ => None,
        });
        let asked = asked.expect("a reservation");
        let said = Judge::new(&self.book, &asked, self.now, Some(attempt.position)).all();
        let call = [call; 16];
        let command = GateCommand::RedeemPermit { contact: attempt.contact, permit: attempt.position, call };
        let decided = self.decide(&command)?;
        let alone = |code| Ok::<_, TestCaseError>(vec![(code, None, None, None)]);
        let mut expected = match (attempt.made, attempt.dead) {
            // The gate forgets what was closed a day ago.
            _ if decided == Err(Code::PERMIT_UNKNOWN.into()) => {
                prop_assert!(self.now.at.0 - attempt.reserved > 24 * 3_600_000);
                return Ok(());
            }
            (Some(_), _) if attempt.call == call => {
                prop_assert_eq!(decided, Ok(Vec::new()));
                return Ok(());
            }
            (Some(_), _) => alone(Code::PERMIT_USED)?,
            (None, Some(Dead::Expired)) => alone(Code::PERMIT_EXPIRED)?,
            (None, Some(Dead::Voided)) => alone(Code::PERMIT_VOIDED)?,
            (None, None) => {
                COMPARED.fetch_add(1, Ordering::Relaxed);
                let mut expected = expected(&said);
                if self.now.trusted && self.now.at.0 > attempt.expires {
                    expected.push((Code::PERMIT_EXPIRED, None, None, None));
                }
                expected
            }
        };
        expected.sort_unstable();
        match decided {
            Ok(events) => {
                prop_assert_eq!(events.len(), 1);
                prop_assert_eq!(&expected, &vec![], "redeemed");
                prop_assert!(!self.book.stops.contains(&attempt.contact), "redeemed after the stop");
                ALLOWED.fetch_add(1, Ordering::Relaxed);
            }
            Err(refusal) => prop_assert_eq!(why(&refusal.reasons), expected),
        }
        Ok(())
    }

    fn settle(&mut self, back: usize, outcome: Outcome, toward: u8, discussed: u8) -> Checked {
        let Some(attempt) = self.back(back) else { return Ok(()) };
        let of = |mask: u8, debts: &[CaseId]| -> Vec<CaseId> {
            debts.iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1).map(|(_, debt)| *debt).collect()
        };
        let toward = of(toward & toward.rotate_right(3), &attempt.debts);
        let discussed = of(discussed, if toward.is_empty() { &attempt.debts } else { &toward });
        let (contact, permit) = (attempt.contact, attempt.position);
        let decided =
            self.decide(&GateCommand::SettlePermit { contact, permit, outcome, toward, discussed })?;
        let free = attempt.made.is_some() && attempt.outcome.is_none();
        prop_assert_eq!(free, decided.as_ref().is_ok_and(|events| events.len() == 1), "{:?}", decided);
        Ok(())
    }

    /// A late fact, and what it shows of what was done after it.
    fn record(&mut self, recorded: ContactRecordedV1) -> Checked {
        let before = self.book.clone();
        let position = Position(self.log.len() as u64);
        let named = before.link_of(recorded.contact, recorded.case).cloned();
        let decided = self.decide(&GateCommand::RecordContact(recorded.clone()))?;
        let Some(named) = named else {
            prop_assert_eq!(decided, Err(Code::CONTACT_UNKNOWN.into()));
            return Ok(());
        };
        let mut found = BTreeSet::new();
        for event in decided.map_err(|refusal| TestCaseError::fail(refusal.to_string()))? {
            if let GateEvent::FindingRaised(finding) = event {
                found.insert((finding.contact_made, finding.rule));
            }
        }
        let mut after = before.clone();
        after.attempts.push(Book::recorded(&recorded, position));
        let mut expected = BTreeSet::new();
        for made in &before.attempts {
            let Some(at) = made.made.filter(|at| !made.inbound && *at >= recorded.at.0) else { continue };
            let link = before.link_of(made.contact, made.case).expect("named");
            let akin =
                link.person == named.person || made.case == recorded.case || made.contact == recorded.contact;
            if !akin {
                continue;
            }
            let asked = PermitRequest {
                contact: made.contact,
                case: made.case,
                also: Vec::new(),
                agency: made.agency,
                collector: CollectorId(0),
                channel: made.channel,
                purpose: made.purpose,
                line: line(0),
                template: None,
            };
            let now = Now { at: Timestamp(at), trusted: true };
            let broken = |book: &Book| -> BTreeSet<RuleName> {
                let judge = Judge::new(book, &asked, now, Some(made.position)).toward(made.debts.clone());
                judge.refusing().iter().filter(|said| said.binds_afterwards).map(|said| said.rule).collect()
            };
            let known = broken(&before);
            let shown = broken(&after).into_iter().filter(|rule| !known.contains(rule));
            expected.extend(shown.map(|rule| (made.position, rule)));
        }
        prop_assert_eq!(found, expected, "findings of {:?}", recorded);
        Ok(())
    }

    fn adopt(&mut self, slot: usize, head: &Head, rules: &[String]) {
        self.versions[slot] += 1;
        let pack = packs::text(slot, self.versions[slot], head, self.start, rules);
        // As the log has it: whether a pack may be adopted is not what is compared here.
        self.take(GateEvent::PolicyAdopted(PolicyAdoptedV2 { pack }));
    }

    fn step(&mut self, step: Step) -> Checked {
        let at = self.now.at;
        let command = match step {
            Step::Wait { ms } => {
                self.now.at = at.plus_ms(ms);
                return Ok(());
            }
            Step::ClockUnsure => {
                self.now.trusted = false;
                return Ok(());
            }
            Step::Ask(ask) => {
                let asked = self.asked(&ask);
                self.compare(&asked, self.now)?;
                self.request(asked)?;
                return self.done();
            }
            Step::Redeem { back, call } => {
                self.redeem(back, call)?;
                return self.done();
            }
            Step::Settle { back, outcome, toward, discussed } => {
                self.settle(back, outcome, toward, discussed)?;
                return self.done();
            }
            Step::Record { ask, inbound, ago_ms, outcome, line } => {
                let asked = self.asked(&ask);
                let PermitRequest { contact, case, also, agency, channel, purpose, .. } = asked;
                let direction = if inbound { Direction::Inbound } else { Direction::Outbound };
                let (toward, discussed) = (also, Vec::new());
                let line = line.then_some(asked.line);
                let at = at.plus_ms(-ago_ms);
                self.record(ContactRecordedV1 {
                    contact,
                    case,
                    agency,
                    channel,
                    purpose,
                    direction,
                    at,
                    outcome,
                    toward,
                    discussed,
                    line,
                })?;
                return self.done();
            }
            Step::Consent { person: who, agency, case: of, contact: there, covers, wait_ms, lasts_ms } => {
                let from = at.plus_ms(wait_ms);
                GateCommand::GiveConsent(ConsentGivenV1 {
                    person: person(who),
                    agency: AgencyId(agency),
                    case: of.map(case),
                    contact: there.map(contact),
                    covers,
                    given: at,
                    from,
                    until: lasts_ms.map(|ms| from.plus_ms(ms)),
                })
            }
            Step::Revoke { person: who, all, ago_ms } => {
                let given = self.book.consents.iter().find(|(_, given, _)| given.person == person(who));
                let consent = given.map(|(position, ..)| *position).filter(|_| !all);
                GateCommand::RevokeConsent(ConsentRevokedV1 {
                    person: person(who),
                    consent,
                    at: at.plus_ms(-ago_ms),
                })
            }
            Step::Hold { contact: there, person: who, case: of, kind, channels, places, times, lasts_ms } => {
                let times = times.map(|(days, from_s, until_s)| WeekTime { days, from_s, until_s });
                GateCommand::PlaceHold(HoldPlacedV1 {
                    contact: there.map(contact),
                    person: who.map(person),
                    case: of.map(case),
                    kind,
                    channels,
                    places,
                    times: times.into_iter().collect(),
                    until: lasts_ms.map(|ms| at.plus_ms(ms)),
                    by: HoldSource::CalledPerson,
                })
            }
            Step::Lift { back } => {
                let Some((hold, _, placed)) = self.book.holds.iter().rev().nth(back) else { return Ok(()) };
                let HoldPlacedV1 { contact, person, case, .. } = *placed;
                GateCommand::LiftHold(HoldLiftedV1 {
                    contact,
                    person,
                    case,
                    hold: *hold,
                    by: HoldSource::Operator,
                })
            }
            // Most numbers name nobody: stops are rare.
            Step::Stop { contact: there } if there >= 5 => return Ok(()),
            Step::Stop { contact: there } => {
                GateCommand::PlaceStop { contact: contact(there), source: StopSource::CalledPerson }
            }
            Step::Disprove { contact: there, person: who, to } => {
                GateCommand::DisproveNumber(NumberDisprovedV1 {
                    contact: contact(there),
                    person: person(who),
                    belongs_to: person(to),
                })
            }
            Step::Check { contact: there, found, ago_ms } => {
                let at = at.plus_ms(-ago_ms);
                GateCommand::CheckNumber(NumberCheckedV1 { contact: contact(there), found, at })
            }
            Step::Standing { agency, collector, active } => GateCommand::SetStanding(StandingChangedV1 {
                agency: AgencyId(agency),
                collector: collector.then_some(CollectorId(7)),
                active,
            }),
            Step::Line { agency, line: number, registered } => GateCommand::RegisterLine(LineRegisteredV1 {
                agency: AgencyId(agency),
                line: line(number),
                registered,
            }),
            Step::Approve { agency, template, text } => GateCommand::ApproveTemplate(TemplateApprovedV1 {
                agency: AgencyId(agency),
                template: TemplateId(template),
                channels: vec![Channel::Sms, Channel::App],
                roles: vec![Role::Debtor, Role::EmergencyContact],
                text: TEXTS[text].to_owned(),
            }),
            Step::WithdrawText { agency, template } => GateCommand::WithdrawTemplate(TemplateWithdrawnV1 {
                agency: AgencyId(agency),
                template: TemplateId(template),
            }),
            Step::Adopt { slot, head, rules } => {
                self.adopt(slot, &head, &rules);
                return Ok(());
            }
            Step::Withdraw { slot } => {
                GateCommand::WithdrawPolicy(PolicyWithdrawnV1 { id: format!("p{slot}") })
            }
            Step::Link(link) => {
                self.links.push(link.clone());
                GateCommand::LinkContact(linked(&link))
            }
            Step::Place { link, agency } => {
                let Link { contact: there, case: of, .. } = self.links[link % self.links.len()];
                let (contact, case, agency) = (contact(there), case(of), agency.map(AgencyId));
                GateCommand::PlaceContact(ContactPlacedV1 { contact, case, agency })
            }
            Step::Close { link } => {
                let Some(&Link { contact: there, case: of, .. }) = self.links.get(link) else {
                    return Ok(());
                };
                GateCommand::CloseContact(ContactClosedV1 { contact: contact(there), case: case(of) })
            }
            Step::Answer { link, answer } => {
                let Link { contact: there, case: of, .. } = self.links[link % self.links.len()];
                GateCommand::AnswerConsent(ConsentAnsweredV1 {
                    contact: contact(there),
                    case: case(of),
                    answer,
                })
            }
            Step::Tick => {
                let repeated = std::mem::take(&mut self.repeats).into_iter().collect();
                GateCommand::Tick { repeated }
            }
        };
        let _ = self.decide(&command)?;
        self.done()
    }

    /// After each step some other requests are judged, now and later.
    fn done(&mut self) -> Checked {
        self.now.trusted = true;
        for _ in 0..3 {
            let link = self.chance(self.links.len() as u64) as usize;
            let pick = self.chance(1 << 20);
            let channels = [Channel::Call, Channel::Call, Channel::Sms, Channel::App];
            let purposes = [
                Purpose::Collect,
                Purpose::Collect,
                Purpose::Collect,
                Purpose::Locate,
                Purpose::Reply,
                Purpose::StopReceipt,
            ];
            let ask = Ask {
                link,
                stray: None,
                other_agency: pick.is_multiple_of(16),
                also: if pick.is_multiple_of(5) { vec![(pick / 5 % 4) as u8] } else { Vec::new() },
                channel: channels[(pick / 64 % 4) as usize],
                purpose: purposes[(pick / 256 % 6) as usize],
                line: (pick / 4096 % 3) as u8,
                template: (pick / 16_384).is_multiple_of(2).then_some((pick / 32_768 % 3) as u32),
            };
            let later = if pick.is_multiple_of(3) { self.chance(9 * 86_400_000) as i64 } else { 0 };
            let now = Now { at: self.now.at.plus_ms(later), trusted: true };
            let asked = self.asked(&ask);
            self.compare(&asked, now)?;
        }
        Ok(())
    }
}

#[derive(Debug, Clone)]
struct History {
    /// Milliseconds.
    start: i64,
    chance: u64,
    links: Vec<Link>,
    law: Vec<String>,
    packs: Vec<(Head, Vec<String>)>,
    steps: Vec<Step>,
}

fn history() -> impl Strategy<Value = History> {
    // From March 2026 through November: changes of the clock on both halves of the earth.
    let start = 1_772_400_000_000..1_794_000_000_000_i64;
    let packs = prop::collection::vec((packs::head(), packs::rules(false)), 0..3);
    let steps = prop::collection::vec(steps::step(), 1..120);
    (start, any::<u64>(), prop::collection::vec(steps::link(), 2..8), packs::rules(true), packs, steps)
        .prop_map(|(start, chance, links, law, packs, steps)| History {
            start,
            chance,
            links,
            law,
            packs,
            steps,
        })
}

fn play(history: History) -> Checked {
    let at = Timestamp(history.start);
    let start = jiff::Timestamp::from_millisecond(at.0).expect("in range");
    let start = jiff::tz::TimeZone::UTC.to_datetime(start).date();
    let mut run = Run {
        state: State::default(),
        log: Vec::new(),
        book: Book::default(),
        links: Vec::new(),
        now: Now { at, trusted: true },
        start,
        versions: [0; 4],
        chance: history.chance,
        repeats: BTreeMap::new(),
    };
    let everywhere = Head { applies: "\"everywhere\"", owner: "platform", from: -9, days: None };
    // Windows that reach far back are in force from the beginning: what no rule may count is forgotten.
    run.adopt(0, &everywhere, &history.law);
    for (slot, (head, rules)) in (1..).zip(&history.packs) {
        run.adopt(slot, head, rules);
    }
    for link in history.links {
        run.take(GateEvent::ContactLinked(linked(&link)));
        let (contact, case) = (contact(link.contact), case(link.case));
        let agency = Some(AgencyId(u32::from(link.person % 2) + 1));
        run.take(GateEvent::ContactPlaced(ContactPlacedV1 { contact, case, agency }));
        run.links.push(link);
    }
    for agency in 1..3 {
        for number in 0..2 {
            let (agency, line) = (AgencyId(agency), line(number));
            run.take(GateEvent::LineRegistered(LineRegisteredV1 { agency, line, registered: true }));
        }
    }
    for step in history.steps {
        run.step(step)?;
    }
    let mut replayed = State::default();
    for (position, (at, event)) in run.log.iter().enumerate() {
        Gate::evolve(&mut replayed, event, *at, Position(position as u64));
    }
    let bytes = |state: &State| postcard::to_allocvec(state).expect("plain data");
    prop_assert_eq!(bytes(&replayed), bytes(&run.state), "a replay gives the same state");
    Ok(())
}

#[test]
fn the_gate_and_the_oracle_agree() {
    let cases = std::env::var("FORBEAR_ORACLE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(60);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    let outcome = TestRunner::new(config).run(&history(), play);
    let [compared, allowed, probed] =
        [&COMPARED, &ALLOWED, &PROBED].map(|count| count.load(Ordering::Relaxed));
    println!(
        "{cases} histories, {compared} verdicts compared, {allowed} of them allowed, {probed} next moments probed"
    );
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
