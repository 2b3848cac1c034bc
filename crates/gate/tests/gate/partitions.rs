//! Several partitions of the gate, and who drives the steps between them: `Gates::of(3)`.

use events::gate::{
    ContactLinkedV2, ContactPlacedV1, ContactRecordedV1, GateAnswer, GateCommand, GateEvent, GateQuery,
    NumberDisprovedV1, PartitionsSetV1, PermitRequest, PolicyAdoptedV2, ShareSettledV1,
};
use events::{Code, Decider, Now, Position, Refusal, partition_of};
use gate::{Course, Denied, Gate, Granted, Redeem, Request, Settle, State, Step, Tell, Told};
use model::{CaseId, ContactPointId, Outcome, PersonId, Timestamp};

use crate::scenario::{AGENCY, asked, linked, moment};

/// A key in one of three partitions.
const fn key(partition: u8, number: u8) -> [u8; 16] {
    let mut key = [number; 16];
    key[0] = 0x10 + 0x55 * partition;
    key
}

pub const fn contact(partition: u8, number: u8) -> ContactPointId {
    ContactPointId(key(partition, number))
}

pub const fn person(partition: u8, number: u8) -> PersonId {
    PersonId(key(partition, number))
}

pub const fn case(partition: u8, number: u8) -> CaseId {
    CaseId(key(partition, number))
}

/// A call.
pub fn call(contact: ContactPointId, case: CaseId) -> PermitRequest {
    PermitRequest { contact, case, ..asked() }
}

struct Partition {
    state: State,
    log: Vec<(Timestamp, GateEvent)>,
    followed: usize,
}

impl Partition {
    fn next(&mut self) -> Option<(Timestamp, GateEvent)> {
        let event = self.log.get(self.followed).cloned();
        self.followed += usize::from(event.is_some());
        event
    }
}

pub struct Gates {
    partitions: Vec<Partition>,
    pub now: Timestamp,
    calls: u8,
    /// After so many steps whoever drives them is gone.
    pub crash_after: Option<usize>,
}

impl Gates {
    /// So many partitions, under these packs.
    pub fn of(partitions: u16, packs: &[PolicyAdoptedV2]) -> Self {
        let partition = |_| Partition { state: State::default(), log: Vec::new(), followed: 0 };
        let now = moment("24 10:00");
        let mut gates =
            Self { partitions: (0..partitions).map(partition).collect(), now, calls: 0, crash_after: None };
        for own in 0..partitions {
            gates.give(own, &GateCommand::SetPartitions(PartitionsSetV1 { partitions, own })).expect("set");
            for pack in packs {
                gates.give(own, &GateCommand::AdoptPolicy(pack.clone())).expect("adopted");
            }
        }
        gates
    }

    pub fn count(&self) -> u16 {
        self.partitions.len() as u16
    }

    pub fn of_key(&self, key: &[u8; 16]) -> u16 {
        partition_of(key, self.count())
    }

    /// A case names somebody, is placed, and the process manager has told the homes.
    pub fn knows(&mut self, contact: ContactPointId, person: PersonId, case: CaseId) {
        self.knows_link(ContactLinkedV2 {
            contact,
            case,
            person,
            ..linked(model::Role::Debtor, &["Asia/Shanghai"])
        });
    }

    pub fn knows_link(&mut self, link: ContactLinkedV2) {
        let placed = ContactPlacedV1 { contact: link.contact, case: link.case, agency: Some(AGENCY) };
        self.route(&GateCommand::LinkContact(link)).expect("linked");
        self.route(&GateCommand::PlaceContact(placed)).expect("placed");
    }

    /// To the partition of its key.
    pub fn route(&mut self, command: &GateCommand) -> Result<GateAnswer, Refusal> {
        let key = Gate::key(command).expect("a key");
        self.give(self.of_key(&key), command)
    }

    pub fn give(&mut self, partition: u16, command: &GateCommand) -> Result<GateAnswer, Refusal> {
        let now = Now { at: self.now, trusted: true };
        let Partition { state, log, .. } = &mut self.partitions[usize::from(partition)];
        let events = Gate::decide(state, command, now)?;
        let first = Position(log.len() as u64);
        for (index, event) in events.iter().enumerate() {
            Gate::evolve(state, event, self.now, Position(first.0 + index as u64));
            log.push((self.now, event.clone()));
        }
        Ok(Gate::answer(&events, first))
    }

    pub fn tick(&mut self) {
        for partition in 0..self.count() {
            self.give(partition, &GateCommand::Tick { repeated: Vec::new() }).expect("ticks");
        }
    }

    /// What the process manager does: what became of permits is told to their shares.
    pub fn follow(&mut self) {
        self.partitions.iter_mut().for_each(|partition| partition.followed = 0);
        self.follow_new();
    }

    /// The same, from where it had come.
    pub fn follow_new(&mut self) {
        for partition in 0..self.partitions.len() {
            while let Some((_, event)) = self.partitions[partition].next() {
                for command in Gate::homes_of(&event, partition as u16, self.count()) {
                    self.route(&command).expect("followed");
                }
            }
        }
    }

    /// One step of a course: what it ends with, or what it was told.
    pub fn step<C: Course>(&mut self, course: &mut C, told: Told) -> Result<C::End, Told> {
        match course.next(told) {
            Step::Done(end) => Ok(end),
            Step::Ask { partition, query } => Err(Told::Reply(Ok(self.query(partition, &query)))),
            Step::Give { partition, command, .. } => Err(Told::Answer(self.give(partition, &command))),
        }
    }

    /// What was logged, with when.
    pub fn logged(&self, partition: u16) -> &[(Timestamp, GateEvent)] {
        &self.partitions[usize::from(partition)].log
    }

    /// `None`: whoever drove it is gone.
    pub fn drive<C: Course>(&mut self, mut course: C) -> Option<C::End> {
        let mut told = Told::Start;
        let mut steps = 0;
        loop {
            match course.next(told) {
                Step::Done(end) => return Some(end),
                _ if self.crash_after.is_some_and(|after| steps >= after) => return None,
                Step::Ask { partition, query } => told = Told::Reply(Ok(self.query(partition, &query))),
                Step::Give { partition, command, .. } => told = Told::Answer(self.give(partition, &command)),
            }
            steps += 1;
        }
    }

    pub fn query(&self, partition: u16, query: &GateQuery) -> events::gate::GateReply {
        let now = Now { at: self.now, trusted: true };
        Gate::query(&self.partitions[usize::from(partition)].state, query, now)
    }

    pub fn request(&mut self, asked: &PermitRequest) -> Result<Granted, Denied> {
        self.drive(Request::new(asked.clone(), self.count())).expect("driven")
    }

    /// The codes of a refusal, each once.
    #[track_caller]
    pub fn refused(&mut self, asked: &PermitRequest) -> Vec<Code> {
        let mut codes: Vec<Code> = self
            .request(asked)
            .expect_err("refused")
            .refusal
            .reasons
            .iter()
            .map(|reason| reason.code)
            .collect();
        codes.dedup();
        codes
    }

    #[track_caller]
    pub fn permit(&mut self, asked: &PermitRequest) -> Granted {
        self.request(asked).unwrap_or_else(|denied| panic!("{denied:?}"))
    }

    pub fn redeem(&mut self, contact: ContactPointId, permit: Position, call: u8) -> Result<bool, Refusal> {
        self.drive(Redeem::new(contact, permit, [call; 16], self.count())).expect("driven")
    }

    pub fn settle(
        &mut self,
        contact: ContactPointId,
        permit: Position,
        outcome: Outcome,
    ) -> Result<GateAnswer, Refusal> {
        let debts = (Vec::new(), Vec::new());
        self.drive(Settle::new(contact, permit, outcome, debts, self.count())).expect("driven")
    }

    /// A permit, redeemed by a call of its own.
    #[track_caller]
    pub fn made(&mut self, asked: &PermitRequest) -> Position {
        let permit = self.permit(asked).permit;
        self.calls += 1;
        assert_eq!(self.redeem(asked.contact, permit, self.calls), Ok(true));
        permit
    }

    /// A permit, redeemed and settled.
    #[track_caller]
    pub fn became(&mut self, asked: &PermitRequest, outcome: Outcome) -> Position {
        let permit = self.made(asked);
        self.settle(asked.contact, permit, outcome).expect("settled");
        permit
    }

    pub fn recorded(&mut self, recorded: ContactRecordedV1) -> Result<bool, Refusal> {
        self.drive(Tell::recorded(recorded, self.count())).expect("driven")
    }

    pub fn disproved(&mut self, disproved: NumberDisprovedV1) -> Result<bool, Refusal> {
        self.drive(Tell::disproved(disproved, self.count())).expect("driven")
    }

    pub fn log(&self, partition: u16) -> impl Iterator<Item = &GateEvent> {
        self.partitions[usize::from(partition)].log.iter().map(|(_, event)| event)
    }

    pub fn settled_shares(&self, partition: u16) -> Vec<&ShareSettledV1> {
        let settled = self.log(partition).filter_map(|event| match event {
            GateEvent::ShareSettled(settled) => Some(settled),
            _ => None,
        });
        settled.collect()
    }

    /// What a log leads to when it is read again is the same state.
    pub fn replays(&self) {
        for Partition { state, log, .. } in &self.partitions {
            let mut again = State::default();
            for (index, (at, event)) in log.iter().enumerate() {
                Gate::evolve(&mut again, event, *at, Position(index as u64));
            }
            assert_eq!(format!("{again:?}"), format!("{state:?}"));
        }
    }
}
