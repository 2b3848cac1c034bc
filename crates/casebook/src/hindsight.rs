//! Looking back with what became known later, or with what does not hold any more.

use model::{Channel, Timestamp};

use crate::case::{Act, ContactMade, Index, Intended, Kind, Moment, Statement, What, Which};
use crate::clock;
use crate::desk::Desk;
use crate::factors;
use crate::report::{Answer, Note, Says, Verdict};
use crate::run::{Judged, Run, attributed, blank};

impl Run<'_> {
    /// By all that was known at a moment: late facts take effect from their own time, and calls to a number that is
    /// not the person's are not calls to that person (comment 14(b)(2)(i)-3).
    pub(crate) fn presumed(&self, statement: &Statement, which: &Which) -> Answer {
        let as_of = which.as_of.map(|date| clock::end(&Moment { date, time: None }, &statement.zone));
        let as_of = as_of.and_then(Result::ok).unwrap_or(self.last);
        let mut answer = blank(statement, Verdict::NothingToJudge);
        for (index, made) in self.chosen(which, as_of) {
            if self.disproved(made.intended.contact, made.intended.person, as_of) {
                answer.contacts.push(self.contact_says(index, Verdict::NotCounted, Vec::new()));
                continue;
            }
            let Some(judged) = self.with_hindsight(index, made, as_of) else { continue };
            let violated = judged
                .rules
                .iter()
                .any(|rule| rule.says == Says::Refuses && self.law.is_call_frequency(&rule.rule));
            let verdict = if violated { Verdict::PresumedViolation } else { Verdict::PresumedCompliant };
            let mut rules = judged.rules;
            rules.retain(|rule| rule.says != Says::Refuses || self.law.is_call_frequency(&rule.rule));
            answer.contacts.push(self.contact_says(index, verdict, rules));
            if violated {
                let line = self.case.statements[self.steps[index].statement].line;
                answer.factors.extend(factors::against_violation(line, made));
            } else {
                answer.factors.extend(self.against_compliance(index, made));
            }
        }
        let violated = answer.contacts.iter().any(|contact| contact.verdict == Verdict::PresumedViolation);
        answer.verdict = match (answer.contacts.is_empty(), violated) {
            // Who placed no call exceeded no frequency; a particular call that there is not is nothing.
            (true, _) if which.is_general() => Verdict::PresumedCompliant,
            (true, _) => Verdict::NothingToJudge,
            (false, true) => Verdict::PresumedViolation,
            (false, false) => Verdict::PresumedCompliant,
        };
        // A factor against compliance is of no account where there is none.
        if violated {
            let lines: Vec<usize> = answer
                .contacts
                .iter()
                .filter(|contact| contact.verdict == Verdict::PresumedViolation)
                .map(|contact| contact.line)
                .collect();
            answer.factors.retain(|factor| lines.contains(&factor.line));
        }
        answer.factors.sort();
        answer.factors.dedup();
        answer
    }

    pub(crate) fn disproved(&self, contact: Index, person: Index, as_of: Timestamp) -> bool {
        self.steps.iter().any(|step| {
            let what = &self.case.statements[step.statement].what;
            let other = matches!(what, What::Act(Act::Disprove { contact: number, person: of, .. })
                if (*number, *of) == (contact, person));
            other && step.known <= as_of
        })
    }

    /// A count is a person's: it is asked for at a number that is theirs.
    pub(crate) fn own_phone(&self, intended: &Intended, at: Timestamp) -> Index {
        let theirs = |contact: &Index| {
            let point = &self.case.world.contacts[*contact];
            point.person == intended.person
                && point.kind == Kind::Phone
                && !self.disproved(*contact, intended.person, at)
        };
        let contacts = 0..self.case.world.contacts.len();
        if theirs(&intended.contact) {
            intended.contact
        } else {
            contacts.into_iter().find(theirs).unwrap_or(intended.contact)
        }
    }

    fn with_hindsight(&self, target: usize, made: &ContactMade, as_of: Timestamp) -> Option<Judged> {
        if self.nothing_late() {
            return self.said.get(&target).cloned();
        }
        let mut desk = self.looking_back(target, as_of, false);
        let zone = &self.case.statements[self.steps[target].statement].zone;
        self.judge(&mut desk, &attributed(made), zone)
    }

    /// Every fact was known when it happened: what was said then is what is said now.
    fn nothing_late(&self) -> bool {
        self.steps.iter().all(|step| {
            let disproof =
                matches!(self.case.statements[step.statement].what, What::Act(Act::Disprove { .. }));
            step.known == step.at && !disproof
        })
    }

    /// The gate at the moment of a contact, with all that was known at a later one of what came before; the contact
    /// itself included or not.
    fn looking_back(&self, target: usize, as_of: Timestamp, included: bool) -> Desk<'_> {
        let mut desk = Desk::open(self.case, self.first);
        let mut earlier: Vec<(Timestamp, usize)> = self
            .steps
            .iter()
            .enumerate()
            .filter(|(_, step)| step.known <= as_of)
            .map(|(index, step)| (step.at, index))
            .collect();
        earlier.sort_unstable();
        let this = (self.steps[target].at, target);
        let mut disproofs = Vec::new();
        for (at, index) in &earlier {
            let statement = &self.case.statements[self.steps[*index].statement];
            let before = (*at, *index) < this || (included && (*at, *index) == this);
            match &statement.what {
                What::Act(act @ Act::Disprove { .. }) => disproofs.push((statement.line, act)),
                _ if !before => {}
                What::Contact(made) => {
                    desk.until(*at);
                    desk.record(statement.line, made, *at);
                }
                What::Act(act) => {
                    desk.until(*at);
                    desk.act(statement.line, act, *at, &statement.zone);
                }
                What::Ask(_) => {}
            }
        }
        desk.until(self.steps[target].at);
        for (line, act) in disproofs {
            desk.act(line, act, self.steps[target].at, "UTC");
        }
        desk
    }

    /// Which calls count toward a debt, by the cap on calls: each is counted with and without it.
    pub(crate) fn counts(&self, statement: &Statement, which: &Which) -> Answer {
        let mut answer = blank(statement, Verdict::NothingToJudge);
        let Some(debt) = which.toward else { return answer };
        let mut counted = 0;
        for (index, made) in self.chosen(which, self.last) {
            let count = |included| {
                let mut desk = self.looking_back(index, self.last, included);
                let at = self.steps[index].at.plus_ms(1);
                desk.until(at);
                let zone = &self.case.statements[self.steps[index].statement].zone;
                // What was consented to stays excluded; what is asked now is not.
                desk.act(0, &Act::RevokeConsent { person: made.intended.person }, at, zone);
                let mut intended = Intended { debts: vec![debt], ..made.intended.clone() };
                intended.contact = self.own_phone(&intended, self.last);
                let judged = self.judge(&mut desk, &intended, zone)?;
                self.law.call_cap(&judged.rules).cloned()
            };
            let (Some(before), Some(after)) = (count(false), count(true)) else { continue };
            let counts = after.counted > before.counted;
            counted += u64::from(counts);
            let verdict = if counts { Verdict::Counted } else { Verdict::NotCounted };
            answer.contacts.push(self.contact_says(index, verdict, Vec::new()));
        }
        if !answer.contacts.is_empty() {
            answer.verdict = Verdict::Counted;
            answer.counted = Some(counted);
        }
        answer
    }

    /// A count that a consent hides: what would count if everything that the person consented to were taken back now.
    pub(crate) fn without_consents(&self, intended: &Intended, at: Timestamp, zone: &str) -> Option<Judged> {
        let mut known: Vec<(Timestamp, usize)> =
            self.steps.iter().enumerate().map(|(index, step)| (step.known, index)).collect();
        known.retain(|(known, _)| *known <= at);
        known.sort_unstable();
        let mut desk = Desk::open(self.case, self.first);
        for (known, index) in known {
            let step = self.steps[index];
            let statement = &self.case.statements[step.statement];
            desk.until(known);
            match &statement.what {
                What::Contact(made) => desk.record(statement.line, made, step.at),
                What::Act(act) => {
                    desk.act(statement.line, act, step.at, &statement.zone);
                }
                What::Ask(_) => {}
            }
        }
        desk.until(at);
        desk.act(0, &Act::RevokeConsent { person: intended.person }, at, zone);
        self.judge(&mut desk, intended, zone)
    }

    fn against_compliance(&self, index: usize, made: &ContactMade) -> Vec<Note> {
        if made.intended.channel != Channel::Call {
            return Vec::new();
        }
        factors::against_compliance(self, index, made)
    }
}
