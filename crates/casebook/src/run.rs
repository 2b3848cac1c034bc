//! Puts a case to the gate, moment by moment, and answers its questions.

use std::collections::BTreeMap;

use events::Refusal;
use events::gate::{Considered, Explanation, RuleVerdict};
use model::Timestamp;

use crate::case::{Act, Case, ContactMade, CountOf, Intended, Pick, Question, Statement, What, Which};
use crate::clock::{self, Instant};
use crate::desk::Desk;
use crate::law::Law;
use crate::report::{Answer, ContactSays, Note, Report, RuleSays, Says, Verdict};
use crate::schedule::Step;
use crate::{expect, factors};

/// What every rule said at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Judged {
    pub allowed: bool,
    pub next: Option<Timestamp>,
    pub rules: Vec<RuleSays>,
}

pub(crate) struct Run<'c> {
    pub case: &'c Case,
    pub law: Law,
    pub steps: &'c [Step],
    /// What the gate said of each contact when it was made, by step.
    pub said: BTreeMap<usize, Judged>,
    /// What the gate said to each request for a permit and to each use of one.
    asked: BTreeMap<usize, (Judged, Timestamp)>,
    used: BTreeMap<usize, (Judged, Timestamp)>,
    answers: BTreeMap<usize, Answer>,
    /// The first moment of the case, and the last.
    pub first: Timestamp,
    pub last: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Judge,
    Apply,
    Both,
}

pub(crate) fn run(case: &Case, steps: &[Step]) -> Report {
    let law = Law::of(&case.world.packs);
    let first = steps.iter().map(|step| step.at).filter(|at| at.0 > 0).min().unwrap_or_default();
    let mut run = Run {
        case,
        law,
        steps,
        said: BTreeMap::new(),
        asked: BTreeMap::new(),
        used: BTreeMap::new(),
        answers: BTreeMap::new(),
        first,
        last: steps.iter().map(|step| step.known.max(step.at)).max().unwrap_or_default(),
    };
    let mut desk = Desk::open(case, first);
    run.through(&mut desk);
    for step in steps {
        run.look_back(step);
    }
    let Run { law, mut answers, .. } = run;
    for (index, answer) in &mut answers {
        expect::check(answer, &case.statements[*index], &law);
        answer.rules.retain(worth_showing);
        answer.contacts.iter_mut().for_each(|contact| contact.rules.retain(|rule| rule.says != Says::Allows));
    }
    let mut notes: Vec<Note> =
        desk.notes.iter().map(|(line, text)| Note { line: *line, text: text.clone() }).collect();
    notes.extend(desk.findings().into_iter().map(|(line, rule)| {
        let text = format!("a fact learned later shows that this contact does not keep to {rule}");
        Note { line, text }
    }));
    notes.extend(factors::remarks(case));
    notes.sort();
    notes.dedup();
    Report { packs: law.used(), answers: answers.into_values().collect(), notes }
}

/// What has a limit that nothing was counted toward says nothing.
fn worth_showing(rule: &RuleSays) -> bool {
    rule.says != Says::Allows || rule.counted.is_some_and(|counted| counted > 0)
}

impl Run<'_> {
    /// Everything in order of time; what happens at one moment, in order of the file.
    fn through(&mut self, desk: &mut Desk<'_>) {
        let mut stages: Vec<(Timestamp, usize, Stage)> = Vec::new();
        for (index, step) in self.steps.iter().enumerate() {
            let contact = matches!(self.case.statements[step.statement].what, What::Contact(_));
            if contact && step.known > step.at {
                stages.push((step.at, index, Stage::Judge));
                stages.push((step.known, index, Stage::Apply));
            } else {
                stages.push((step.known, index, Stage::Both));
            }
        }
        stages.sort();
        for (at, index, stage) in stages {
            let step = self.steps[index];
            let statement = &self.case.statements[step.statement];
            let (line, zone) = (statement.line, statement.zone.as_str());
            match &statement.what {
                What::Ask(
                    Question::Was(_)
                    | Question::Presumed(_)
                    | Question::Counts(_)
                    | Question::WasPermit(_)
                    | Question::WasUse(_),
                ) => {}
                What::Ask(question) => {
                    desk.until(at);
                    if let Some(answer) = self.answer(desk, statement, question, at) {
                        self.answers.insert(step.statement, answer);
                    }
                }
                What::Contact(made) => {
                    desk.until(at);
                    if stage != Stage::Apply
                        && !made.inbound
                        && let Some(judged) = self.judge(desk, &attributed(made), zone)
                    {
                        self.said.insert(index, judged);
                    }
                    if stage != Stage::Judge {
                        desk.record(line, made, step.at);
                    }
                }
                What::Act(act) => {
                    desk.until(at);
                    self.act(desk, line, act, step, zone);
                }
            }
        }
    }

    fn act(&mut self, desk: &mut Desk<'_>, line: usize, act: &Act, step: Step, zone: &str) {
        let before = match act {
            Act::Request { intended, .. } => self.judge(desk, intended, zone),
            _ => None,
        };
        let Some(result) = desk.act(line, act, step.at, zone) else { return };
        let judged = match (&result, before) {
            (Ok(()), Some(judged)) => judged,
            (Ok(()), None) => Judged { allowed: true, next: None, rules: Vec::new() },
            (Err(refusal), before) => {
                let rules = match before {
                    Some(before) if !before.allowed => before.rules,
                    _ => self.refused(refusal, zone),
                };
                Judged { allowed: false, next: refusal.next_allowed, rules }
            }
        };
        match act {
            Act::Request { permit, .. } => self.asked.insert(*permit, (judged, step.at)),
            Act::Redeem { permit } => self.used.insert(*permit, (judged, step.at)),
            _ => None,
        };
    }

    fn refused(&self, refusal: &Refusal, zone: &str) -> Vec<RuleSays> {
        let says = |reason: &events::Reason| {
            let name =
                reason.rule.map_or_else(|| format!("gate/{}", reason.code.word()), |rule| rule.to_string());
            RuleSays {
                source: self.law.source(&name, reason.code),
                rule: name,
                says: Says::Refuses,
                code: reason.code.to_string(),
                word: reason.code.word().to_owned(),
                limit: reason.limit,
                counted: reason.counted,
                lines: Vec::new(),
                next_allowed: reason.next_allowed.map(|next| Instant::new(next, zone)),
                detail: reason.detail.clone(),
            }
        };
        refusal.reasons.iter().map(says).collect()
    }

    pub fn judge(&self, desk: &mut Desk<'_>, intended: &Intended, zone: &str) -> Option<Judged> {
        let Explanation { allowed, next_allowed, rules, .. } = desk.explain(intended)?;
        let mut rules: Vec<RuleSays> =
            rules.into_iter().filter_map(|considered| self.says(desk, considered, zone)).collect();
        rules.sort_by_key(|rule| match rule.says {
            Says::Refuses => 0,
            Says::Flags => 1,
            Says::Excepted => 2,
            Says::Allows => 3,
        });
        Some(Judged { allowed, next: next_allowed, rules })
    }

    fn says(&self, desk: &Desk<'_>, considered: Considered, zone: &str) -> Option<RuleSays> {
        let Considered { rule, verdict, code, limit, counted, positions, next_allowed, detail } = considered;
        let says = match verdict {
            RuleVerdict::Silent => return None,
            RuleVerdict::Allows => Says::Allows,
            RuleVerdict::Excepted => Says::Excepted,
            RuleVerdict::Flags => Says::Flags,
            RuleVerdict::Refuses => Says::Refuses,
        };
        let rule = rule.to_string();
        let lines = desk.lines_of(&positions);
        // A cool-down counts conversations and has no limit to count against.
        let counted = counted.or_else(|| self.law.is_cool_down(&rule).then_some(lines.len() as u32));
        Some(RuleSays {
            source: self.law.source(&rule, code),
            rule,
            says,
            code: code.to_string(),
            word: code.word().to_owned(),
            limit,
            counted,
            lines,
            next_allowed: next_allowed.map(|next| Instant::new(next, zone)),
            detail,
        })
    }

    fn answer(
        &self,
        desk: &mut Desk<'_>,
        statement: &Statement,
        question: &Question,
        at: Timestamp,
    ) -> Option<Answer> {
        let zone = statement.zone.as_str();
        let intended = match question {
            Question::May(intended) | Question::Next(intended) | Question::Count { intended, .. } => intended,
            Question::Was(_)
            | Question::Presumed(_)
            | Question::Counts(_)
            | Question::WasPermit(_)
            | Question::WasUse(_) => {
                return None;
            }
        };
        let mut intended = intended.clone();
        if let Question::Count { .. } = question {
            intended.contact = self.own_phone(&intended, at);
        }
        let mut judged = self.judge(desk, &intended, zone)?;
        if let Question::Count { .. } = question
            && judged.rules.iter().any(|rule| rule.says == Says::Excepted)
        {
            judged = self.without_consents(&intended, at, zone)?;
        }
        let mut answer = blank(statement, if judged.allowed { Verdict::Allowed } else { Verdict::Refused });
        answer.at = Some(Instant::new(at, zone));
        let next = judged.next.filter(|_| !judged.allowed);
        answer.next_allowed = next.map(|next| Instant::new(next, zone));
        if let Question::Next(_) = question
            && judged.allowed
        {
            answer.next_allowed = Some(Instant::new(at, zone));
        }
        answer.rules = judged.rules;
        if let Question::Count { of, rule, .. } = question {
            answer.verdict = Verdict::Counted;
            answer.next_allowed = None;
            let found = match (rule, of) {
                (Some(rule), _) => answer.rules.iter().find(|says| expect::names(rule, says)),
                (None, CountOf::Calls) => self.law.call_cap(&answer.rules),
                (None, CountOf::Conversations) => {
                    answer.rules.iter().find(|says| self.law.is_cool_down(&says.rule))
                }
            };
            let found = found.cloned();
            answer.counted = found.as_ref().and_then(|says| says.counted).map(u64::from);
            answer.rules = found.into_iter().collect();
        }
        Some(answer)
    }

    /// Questions about the past.
    fn look_back(&mut self, step: &Step) {
        let statement = &self.case.statements[step.statement];
        let What::Ask(question) = &statement.what else { return };
        let answer = match question {
            Question::Was(which) => self.was(statement, which),
            Question::Presumed(which) => self.presumed(statement, which),
            Question::Counts(which) => self.counts(statement, which),
            Question::WasPermit(permit) => self.of_permit(statement, self.asked.get(permit)),
            Question::WasUse(permit) => self.of_permit(statement, self.used.get(permit)),
            Question::May(_) | Question::Next(_) | Question::Count { .. } => return,
        };
        self.answers.insert(step.statement, answer);
    }

    fn of_permit(&self, statement: &Statement, judged: Option<&(Judged, Timestamp)>) -> Answer {
        let Some((judged, at)) = judged else { return blank(statement, Verdict::NothingToJudge) };
        let mut answer = blank(statement, if judged.allowed { Verdict::Allowed } else { Verdict::Refused });
        answer.at = Some(Instant::new(*at, &statement.zone));
        answer.next_allowed =
            judged.next.filter(|_| !judged.allowed).map(|next| Instant::new(next, &statement.zone));
        answer.rules.clone_from(&judged.rules);
        answer
    }

    fn was(&self, statement: &Statement, which: &Which) -> Answer {
        let mut answer = blank(statement, Verdict::NothingToJudge);
        for (index, _) in self.chosen(which, self.last) {
            let Some(judged) = self.said.get(&index) else { continue };
            let verdict = if judged.allowed { Verdict::Allowed } else { Verdict::Refused };
            answer.contacts.push(self.contact_says(index, verdict, judged.rules.clone()));
        }
        answer.verdict = match answer.contacts.as_slice() {
            [] => Verdict::NothingToJudge,
            contacts if contacts.iter().any(|contact| contact.verdict == Verdict::Refused) => {
                Verdict::Refused
            }
            _ => Verdict::Allowed,
        };
        if let [contact] = answer.contacts.as_slice() {
            let next = self.chosen(which, self.last).first().and_then(|(index, _)| self.said.get(index));
            let zone = &statement.zone;
            answer.next_allowed = next
                .and_then(|judged| judged.next.filter(|_| !judged.allowed))
                .map(|next| Instant::new(next, zone));
            answer.at = Some(contact.at.clone());
        }
        answer
    }

    /// The outbound contacts that a question is about, in order of time.
    pub fn chosen(&self, which: &Which, until: Timestamp) -> Vec<(usize, &ContactMade)> {
        let mut chosen: Vec<(Timestamp, usize, &ContactMade)> = Vec::new();
        for (index, step) in self.steps.iter().enumerate() {
            let statement = &self.case.statements[step.statement];
            let What::Contact(made) = &statement.what else { continue };
            let debts = if made.toward.is_empty() { &made.intended.debts } else { &made.toward };
            let local = clock::local(step.at, &statement.zone);
            let time = which.time.as_ref().is_none_or(|said| said.time == local.time());
            if !made.inbound
                && step.at <= until
                && which.agency.is_none_or(|agency| agency == made.intended.agency)
                && which.person.is_none_or(|person| person == made.intended.person)
                && which.debt.is_none_or(|debt| debts.contains(&debt))
                && which.channel.is_none_or(|channel| channel == made.intended.channel)
                && which.date.is_none_or(|date| date == local.date())
                && time
            {
                chosen.push((step.at, index, made));
            }
        }
        chosen.sort_by_key(|(at, index, _)| (*at, *index));
        let chosen: Vec<_> = chosen.into_iter().map(|(_, index, made)| (index, made)).collect();
        match which.pick {
            Pick::All => chosen,
            Pick::First => chosen.into_iter().take(1).collect(),
            Pick::Last => chosen.into_iter().next_back().into_iter().collect(),
        }
    }

    pub fn contact_says(&self, index: usize, verdict: Verdict, rules: Vec<RuleSays>) -> ContactSays {
        let step = self.steps[index];
        let statement = &self.case.statements[step.statement];
        ContactSays { line: statement.line, at: Instant::new(step.at, &statement.zone), verdict, rules }
    }
}

/// What is asked for a contact that was made: about the debts that it was counted toward.
pub(crate) fn attributed(made: &ContactMade) -> Intended {
    let mut intended = made.intended.clone();
    if !made.toward.is_empty() {
        intended.debts.clone_from(&made.toward);
    }
    intended
}

pub(crate) fn blank(statement: &Statement, verdict: Verdict) -> Answer {
    Answer {
        line: statement.line,
        question: statement.text.clone(),
        verdict,
        at: None,
        counted: None,
        next_allowed: None,
        rules: Vec::new(),
        contacts: Vec::new(),
        factors: Vec::new(),
        expectations: Vec::new(),
    }
}
