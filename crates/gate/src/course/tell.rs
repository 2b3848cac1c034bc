//! Facts that concern the homes of a contact point too: they are told the homes first and its own partition last, so that
//! what was acknowledged is counted everywhere.

use std::collections::VecDeque;

use events::gate::{
    ContactLinkedV2, ContactRecordedV1, ContactStatus, GateAnswer, GateCommand, GateQuery, GateReply,
    NumberCheckedV1, NumberDisprovedV1,
};
use events::{Refusal, partition_of};
use model::ContactPointId;

use super::{Course, Step, Told, ask, give, own, unexpected};
use crate::homes::{Home, homes, parts};

/// The numbers of the commands to a call's homes begin here; below are those of the partitions.
const HISTORY_NTH: u32 = 1 << 17;

/// Tells a fact. Ends with whether it changed something at the contact point's own partition.
#[derive(Debug, Clone)]
pub struct Tell {
    contact: ContactPointId,
    fact: Fact,
    partitions: u16,
    phase: Phase,
    links: Vec<ContactLinkedV2>,
    steps: VecDeque<(u16, Option<u32>, GateCommand)>,
}

#[derive(Debug, Clone)]
enum Fact {
    Recorded(ContactRecordedV1),
    Disproved(NumberDisprovedV1),
    Checked(NumberCheckedV1),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Start,
    Knowing,
    History,
    Homes,
    Own,
}

type Next = Step<Result<bool, Refusal>>;

impl Course for Tell {
    type End = Result<bool, Refusal>;

    fn next(&mut self, told: Told) -> Next {
        match (self.phase, told) {
            (Phase::Start, Told::Start) if self.partitions <= 1 => self.last(),
            (Phase::Start, Told::Start) => {
                self.phase = Phase::Knowing;
                ask(self.own(), GateQuery::Contact(self.contact))
            }
            (Phase::Knowing, Told::Reply(Ok(GateReply::Contact(known)))) => self.known(known.as_deref()),
            (Phase::History, Told::Reply(Ok(GateReply::History(history)))) => self.disprove(&history),
            (Phase::Knowing | Phase::History, Told::Reply(Err(refusal))) => Step::Done(Err(refusal)),
            (Phase::Homes, Told::Answer(Ok(_))) => self.go_on(),
            (Phase::Own, Told::Answer(Ok(answer))) => {
                Step::Done(Ok(answer != GateAnswer::Done { changed: false }))
            }
            (Phase::Homes | Phase::Own, Told::Answer(Err(refusal))) => Step::Done(Err(refusal)),
            _ => Step::Done(Err(unexpected())),
        }
    }
}

impl Tell {
    /// A contact that took place without a permit.
    pub fn recorded(recorded: ContactRecordedV1, partitions: u16) -> Self {
        Self::new(recorded.contact, Fact::Recorded(recorded), partitions)
    }

    /// A number that is somebody else's.
    pub fn disproved(disproved: NumberDisprovedV1, partitions: u16) -> Self {
        Self::new(disproved.contact, Fact::Disproved(disproved), partitions)
    }

    /// What a check of a number found.
    pub fn checked(checked: NumberCheckedV1, partitions: u16) -> Self {
        Self::new(checked.contact, Fact::Checked(checked), partitions)
    }

    fn new(contact: ContactPointId, fact: Fact, partitions: u16) -> Self {
        let (links, steps) = (Vec::new(), VecDeque::new());
        Self { contact, fact, partitions, phase: Phase::Start, links, steps }
    }

    fn own(&self) -> u16 {
        own(self.contact, self.partitions)
    }

    fn command(&self) -> GateCommand {
        match &self.fact {
            Fact::Recorded(recorded) => GateCommand::RecordContact(recorded.clone()),
            Fact::Disproved(disproved) => GateCommand::DisproveNumber(*disproved),
            Fact::Checked(checked) => GateCommand::CheckNumber(*checked),
        }
    }

    fn known(&mut self, known: Option<&ContactStatus>) -> Next {
        let wanted = |link: &ContactLinkedV2| match &self.fact {
            Fact::Recorded(recorded) => link.case == recorded.case,
            Fact::Disproved(disproved) => link.person == disproved.person,
            Fact::Checked(_) => true,
        };
        self.links = known.into_iter().flat_map(|known| links(self.contact, known)).filter(wanted).collect();
        if let Fact::Disproved(disproved) = self.fact {
            self.phase = Phase::History;
            return ask(self.own(), GateQuery::History(self.contact, disproved.person));
        }
        let mut told = Vec::new();
        for link in self.links.clone() {
            let all = homes(self.contact, link.person, link.case, self.partitions);
            // What was found is looked at where the case is at home.
            let at_case = partition_of(&link.case.0, self.partitions);
            let checked = matches!(self.fact, Fact::Checked(_));
            for home in all.into_iter().filter(|home| !checked || home.partition == at_case) {
                self.link(home, &link);
                if !told.contains(&home.partition) {
                    told.push(home.partition);
                }
            }
        }
        for partition in told {
            self.tell(partition);
        }
        self.go_on()
    }

    /// Whose it is has not known of what was counted for the other: it is recorded there before it becomes theirs.
    fn disprove(&mut self, history: &[ContactRecordedV1]) -> Next {
        let Fact::Disproved(disproved) = self.fact else { return Step::Done(Err(unexpected())) };
        let key = disproved.belongs_to.0;
        let theirs = Home { partition: partition_of(&key, self.partitions), key };
        let own = self.own();
        let mut told = Vec::new();
        for link in self.links.clone() {
            let known = homes(self.contact, link.person, link.case, self.partitions);
            let new = theirs.partition != own && known.iter().all(|home| home.partition != theirs.partition);
            for home in known.iter().copied().chain(new.then_some(theirs)) {
                self.link(home, &link);
                if !told.contains(&home.partition) {
                    told.push(home.partition);
                }
            }
            if !new {
                continue;
            }
            for (nth, made) in (HISTORY_NTH..).zip(history).filter(|(_, made)| made.case == link.case) {
                let record = GateCommand::RecordContact(made.clone());
                self.steps.push_back((theirs.partition, Some(nth), record));
            }
        }
        for partition in told {
            self.tell(partition);
        }
        self.go_on()
    }

    fn link(&mut self, home: Home, link: &ContactLinkedV2) {
        for link in parts(link) {
            self.steps.push_back((home.partition, None, GateCommand::TellHome { home: home.key, link }));
        }
    }

    fn tell(&mut self, partition: u16) {
        self.steps.push_back((partition, Some(1 + u32::from(partition)), self.command()));
    }

    fn go_on(&mut self) -> Next {
        self.phase = Phase::Homes;
        match self.steps.pop_front() {
            Some((partition, nth, command)) => give(partition, nth, command),
            None => self.last(),
        }
    }

    fn last(&mut self) -> Next {
        self.phase = Phase::Own;
        give(self.own(), Some(0), self.command())
    }
}

/// What a contact point's own partition knows of it, case by case.
fn links(contact: ContactPointId, known: &ContactStatus) -> impl Iterator<Item = ContactLinkedV2> + '_ {
    known.holders.iter().map(move |holder| ContactLinkedV2 {
        contact,
        case: holder.case,
        lender: holder.lender,
        person: holder.person,
        role: holder.role,
        zones: known.zones.clone(),
        regions: known.regions.clone(),
        place: known.place,
    })
}
