//! A running platform, and what the process managers would do, done by hand.

use std::io::Cursor;
use std::sync::Arc;

use api::{
    AgencyRegistration, CodeSender, DisplayOnly, ImportReport, Parts, PermitAsk, Platform, Principal, Target,
};
use assignment::Assignment;
use audit::{Audit, AuditOptions, AuditPort, AuditQuery, AuditReply, CaseParty};
use eventlog::memory::{Faults, MemoryLog};
use events::assignment::{AssignmentCommand, AssignmentQuery, AssignmentReply, CaseOfferedV2};
use events::gate::{
    ContactLinkedV2, ContactPlacedV1, GateCommand, GateEvent, LineRegisteredV1, PartitionsSetV1,
};
use events::{Actor, Code, Refusal, Service, StreamId, Tenant};
use gate::Gate;
use ledger::Ledger;
use model::{
    AgencyId, CaseId, Channel, CollectorId, CommandId, LenderId, PhoneNumber, Purpose, Role, Timestamp,
};
use runtime::{Clock, Metrics, Options, Order, SimulatedClock, SoleInstance, Surroundings};
use tokio::sync::watch;
use vault::{MasterKey, MemoryKeys, Vault};

/// Tuesday 24 November 2026, 10:00 in Shanghai.
pub const TEN: Timestamp = Timestamp(1_795_478_400_000 + 2 * 3_600_000);
pub const LENDER: LenderId = LenderId(7);
pub const OTHER_LENDER: LenderId = LenderId(8);
pub const AGENCY: AgencyId = AgencyId(3);
pub const OTHER_AGENCY: AgencyId = AgencyId(4);
pub const COLLECTOR: CollectorId = CollectorId(301);
pub const OTHER_COLLECTOR: CollectorId = CollectorId(401);
pub const LINE: &str = "+862150000003";

pub const HEADER: &str = "reference,product,principal,interest,fees,overdue_since,debtor_name,debtor_id,debtor_phone,contact_name,contact_phone";
pub const ROW: &str =
    "L-1,consumer,1000.00,50.00,10.00,2026-08-01,王小明,110101199001011234,13812345678,李四,13912345678";
pub const DEBTOR_NUMBER: &str = "13812345678";
pub const CONTACT_NUMBER: &str = "13912345678";

pub struct Given {
    pub platform: Platform,
    pub clock: SimulatedClock,
    pub log: MemoryLog,
    audit: Audit,
    stop: watch::Sender<bool>,
    commands: std::sync::atomic::AtomicU64,
    _directory: tempfile::TempDir,
    _services: Box<dyn Send + Sync>,
}

struct Running {
    _ledger: runtime::Service<Ledger>,
    _assignment: runtime::Service<Assignment>,
    _gate: runtime::Service<Gate>,
}

impl Given {
    /// Empty services, a policy in force.
    pub async fn nothing() -> Self {
        Self::with_codes(Arc::new(DisplayOnly)).await
    }

    pub async fn with_codes(codes: Arc<dyn CodeSender>) -> Self {
        Self::with(codes, 2).await
    }

    /// A gate of so many partitions.
    pub async fn of_partitions(gate: u16) -> Self {
        Self::with(Arc::new(DisplayOnly), gate).await
    }

    async fn with(codes: Arc<dyn CodeSender>, gates: u16) -> Self {
        let clock = SimulatedClock::starting(TEN);
        let (stop, stopped) = watch::channel(false);
        let metrics = Metrics::new().expect("metrics");
        let memory = MemoryLog::new(Faults::none());
        let log: Arc<dyn eventlog::Log> = Arc::new(memory.clone());
        let surroundings = Surroundings {
            log: Arc::clone(&log),
            clock: Clock::Simulated(clock.clone()),
            leadership: Arc::new(SoleInstance),
            metrics: metrics.clone(),
            stop: stopped.clone(),
        };
        let partitions = |partitions| Options { partitions, ..Options::default() };
        let mut ledger = runtime::Service::<Ledger>::start(&surroundings, &partitions(2), None);
        let mut assignment = runtime::Service::<Assignment>::start(&surroundings, &partitions(1), None);
        let mut gate = runtime::Service::<Gate>::start(&surroundings, &partitions(gates), None);
        ledger.ready().await.expect("ledger");
        assignment.ready().await.expect("assignment");
        gate.ready().await.expect("gate");
        let directory = tempfile::tempdir().expect("directory");
        let streams = [(Service::Ledger, 2), (Service::Assignment, 1), (Service::Gate, gates)];
        let streams = streams.into_iter().flat_map(|(service, partitions)| {
            (0..partitions).map(move |partition| StreamId { service, partition })
        });
        let options = AuditOptions {
            directory: directory.path().join("audit"),
            checkpoints: directory.path().join("checkpoints"),
            streams: streams.collect(),
            signer: tlog::NoteSigner::from_seed("forbear.test/log", &[7; 32]).expect("signer"),
        };
        let audit = Audit::start(options, log, metrics.clone(), stopped).expect("audit");
        let vault = Vault::new(MasterKey::generate().expect("key"), Arc::new(MemoryKeys::default()));
        let platform = Platform::new(Parts {
            ledger: ledger.port(),
            assignment: assignment.port(),
            gate: gate.port(),
            audit: Arc::new(audit.clone()),
            vault: vault.await.expect("vault"),
            clock: Clock::Simulated(clock.clone()),
            metrics,
            codes,
        });
        let running = Running { _ledger: ledger, _assignment: assignment, _gate: gate };
        let given = Self {
            platform,
            clock,
            log: memory,
            audit,
            stop,
            commands: std::sync::atomic::AtomicU64::new(0),
            _directory: directory,
            _services: Box::new(running),
        };
        for own in 0..gates {
            let set = GateCommand::SetPartitions(PartitionsSetV1 { partitions: gates, own });
            let orders = vec![given.order(set)];
            let port = &given.platform.parts().gate;
            port.submit_to(own, orders).await.remove(0).expect("it knows which it is");
        }
        for pack in ["platform", "strict"] {
            let text = policy::text(pack).expect("a pack that is checked in").to_owned();
            given.platform.adopt_policy(&Principal::Operator, text, None).await.expect("policy");
        }
        given
    }

    /// One case, placed with the only agency and its only collector.
    pub async fn placed_case() -> (Self, CaseId) {
        Self::placed_case_of(2).await
    }

    /// The same, before a gate of so many partitions.
    pub async fn placed_case_of(gates: u16) -> (Self, CaseId) {
        let given = Self::of_partitions(gates).await;
        given.agency(AGENCY, COLLECTOR, LINE).await;
        let report = given.import(LENDER, &format!("{HEADER}\n{ROW}\n")).await;
        assert_eq!((report.taken, report.refused.total), (1, 0), "{report:?}");
        let case = given.case_id(LENDER, "L-1");
        given.make_known(case).await;
        given.place().await;
        (given, case)
    }

    pub async fn agency(&self, agency: AgencyId, collector: CollectorId, line: &str) {
        let registration = AgencyRegistration {
            agency,
            name: format!("催收公司 {}", agency.0),
            jurisdictions: vec!["CN".to_owned()],
            capacity: 1_000,
            lines: vec![line.to_owned()],
        };
        let operator = Principal::Operator;
        let changed = self.platform.register_agency(&operator, registration, None).await.expect("agency");
        assert!(changed);
        self.platform
            .register_collector(&operator, collector, agency, "张三", None)
            .await
            .expect("collector");
        // As the process managers do.
        let line = line.parse().expect("a line");
        let line = GateCommand::RegisterLine(LineRegisteredV1 { agency, line, registered: true });
        for command in [line, GateCommand::ApproveTemplate(api::notice(agency))] {
            let gate = &self.platform.parts().gate;
            for partition in 0..gate.partitions() {
                let orders = vec![self.order(command.clone())];
                gate.submit_to(partition, orders).await.remove(0).expect("made known");
            }
        }
    }

    pub async fn import(&self, lender: LenderId, file: &str) -> ImportReport {
        let reader = Cursor::new(file.as_bytes().to_vec());
        let principal = Principal::Lender(lender);
        let defaults = api::portfolio::Defaults::default();
        let imported =
            self.platform.import_portfolio(&principal, lender, reader, defaults, None, |_| {}).await;
        imported.expect("imported")
    }

    pub fn case_id(&self, lender: LenderId, reference: &str) -> CaseId {
        self.platform.parts().vault.pseudonyms().case(lender, reference)
    }

    pub async fn caught_up(&self) {
        self.audit.caught_up().await.expect("caught up");
    }

    /// What the process managers do when a case opens.
    pub async fn make_known(&self, case: CaseId) {
        self.caught_up().await;
        let Ok(AuditReply::Case(Some(view))) = self.audit.ask(AuditQuery::Case(case)).await else {
            panic!("the audit does not know {case}");
        };
        let contacts = |party: &CaseParty| {
            let role = party.role;
            party.contacts.iter().map(move |contact| (contact.contact, role)).collect::<Vec<_>>()
        };
        let offer = CaseOfferedV2 {
            case,
            lender: view.lender,
            jurisdiction: view.jurisdiction.clone(),
            contacts: view.parties.iter().flat_map(contacts).collect(),
            minor: view.balance,
            currency: view.currency,
            product: String::new(),
            overdue_since: None,
        };
        let parts = self.platform.parts();
        let order = self.order(AssignmentCommand::OfferCase(offer));
        parts.assignment.submit(order).await.expect("offered");
        for party in &view.parties {
            for contact in &party.contacts {
                let linked = ContactLinkedV2 {
                    contact: contact.contact,
                    case,
                    lender: view.lender,
                    person: party.person,
                    role: party.role,
                    zones: vec!["Asia/Shanghai".parse().expect("zone")],
                    regions: Vec::new(),
                    place: model::Place::Unknown,
                };
                let order = self.order(GateCommand::LinkContact(linked.clone()));
                parts.gate.submit(order).await.expect("linked");
                let partitions = parts.gate.partitions();
                let own = parts.gate.partition_of(&linked.contact.0);
                let homes = Gate::homes_of(&GateEvent::ContactLinked(linked), own, partitions);
                // A sole partition has no homes to tell.
                for command in homes.into_iter().filter(|_| partitions > 1) {
                    parts.gate.submit(self.order(command)).await.expect("told");
                }
            }
        }
    }

    /// Places what waits, and tells the gate, as the process managers do.
    pub async fn place(&self) {
        let run = self.platform.place_open_cases(&Principal::Operator, None).await.expect("placed");
        assert_eq!(run.remaining, 0, "{run:?}");
        for collector in [COLLECTOR, OTHER_COLLECTOR] {
            let query = AssignmentQuery::Queue { collector, limit: 1_000, after: None };
            let reply = self.platform.parts().assignment.query(0, query).await.expect("queue");
            let AssignmentReply::Queue(queue) = reply else { panic!("no queue") };
            let agency = if collector == COLLECTOR { AGENCY } else { OTHER_AGENCY };
            for case in queue {
                for (contact, _) in case.contacts {
                    let placed = ContactPlacedV1 { contact, case: case.case, agency: Some(agency) };
                    let order = self.order(GateCommand::PlaceContact(placed));
                    self.platform.parts().gate.submit(order).await.expect("placed");
                }
            }
        }
    }

    pub fn order<C>(&self, command: C) -> Order<C> {
        let number = self.commands.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut id = [0xee; 16];
        id[..8].copy_from_slice(&number.to_be_bytes());
        let actor = Actor::Follower(Service::Ledger);
        Order { id: CommandId(id), actor, tenant: Tenant::Platform, cause: None, command }
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

pub fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text, Some("CN")).expect("number")
}

pub fn debtor() -> Target {
    number(DEBTOR_NUMBER).into()
}

pub fn ask(case: CaseId) -> PermitAsk {
    PermitAsk {
        also: Vec::new(),
        template: None,
        target: debtor(),
        case,
        collector: None,
        channel: Channel::Call,
        purpose: Purpose::Collect,
        line: None,
    }
}

pub fn collector() -> Principal {
    Principal::Collector(COLLECTOR, AGENCY)
}

pub fn codes<T: std::fmt::Debug>(result: Result<T, Refusal>) -> Vec<Code> {
    result.expect_err("refused").reasons.iter().map(|reason| reason.code).collect()
}

pub fn roles(people: &[api::CasePerson]) -> Vec<Role> {
    people.iter().map(|person| person.role).collect()
}
