//! Load on a running platform: callers who ask for permits, redeem and settle them, and people who say stop while
//! they do. Everything that was acknowledged is noted, to be looked for in the log afterwards.

use std::collections::HashSet;
use std::fmt::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use model::{ContactPointId, Outcome};
use serde_json::{Value, json};

use crate::program::{Heard, Http, PATIENCE};

/// The configuration of the tests: tight caps, but at every time of the day, since tests run at any.
pub const CONFIG: &str = r#"
policies = ["under-test.toml"]

[partitions]
gate = 2

[nats]
lease_s = 2
"#;

/// The rule pack of the tests.
pub const PACK: &str = r#"
schema = 1
id = "under-test"
version = 1
title = "Tight caps at every time of the day"
effective = 2000-01-01
applies = "everywhere"
owner = "platform"

[[frequency]]
id = "day-cap"
source = "tests/load.rs: tests run at any time of the day"
read = "unverified"
count = "attempts"
scope = ["contact-point"]
limit = 3
window = "1 day"

[[frequency]]
id = "seven-day-cap"
source = "tests/load.rs"
read = "unverified"
count = "attempts"
scope = ["contact-point"]
limit = 7
window = "7 days"
"#;

/// As in [`PACK`].
pub const PER_DAY: usize = 3;
/// As in [`PACK`].
pub const PER_SEVEN_DAYS: usize = 7;
/// Partitions of the gate, as in [`CONFIG`]: a permit stands on shares that lie in the other one.
pub const PARTITIONS: u16 = 2;

const COLLECTORS: u32 = 8;
const CALLERS: u64 = 6;
/// How long a caller waits for an answer before it counts as none.
const ANSWER: Duration = Duration::from_secs(2);
/// Between one stop and the next.
const STOP_EVERY: Duration = Duration::from_millis(15);

/// How many rounds of killing: `FORBEAR_KILL_ROUNDS`, or 5.
pub fn rounds() -> u64 {
    std::env::var("FORBEAR_KILL_ROUNDS").map_or(5, |text| text.parse().expect("a number of rounds"))
}

/// How long the load of a round runs before the kill: 50 to 300 ms, different each time, the same in every run.
pub fn round_time(round: u64) -> Duration {
    Duration::from_millis(50 + round * 97 % 251)
}

/// Somebody who owes, and who calls them.
#[derive(Debug, Clone)]
struct Debtor {
    contact: ContactPointId,
    case: String,
    collector: String,
}

/// One thing asked of the platform.
#[derive(Debug, Clone)]
enum Ask {
    Permit { debtor: usize },
    Redeem { contact: ContactPointId, permit: u64, token: String },
    Settle { contact: ContactPointId, permit: u64, token: String, outcome: Outcome },
    Stop { contact: ContactPointId },
}

/// A command whose answer is not known.
#[derive(Debug, Clone)]
struct Unanswered {
    ask: Ask,
    key: String,
}

/// What the platform has acknowledged.
#[derive(Debug, Default)]
pub struct Acknowledged {
    /// Permits given: to contact whom, and the number.
    pub permits: Vec<(ContactPointId, u64)>,
    /// Permits redeemed.
    pub redeemed: Vec<(ContactPointId, u64)>,
    /// Permits settled, and how.
    pub settled: Vec<(ContactPointId, u64, Outcome)>,
    /// Stops, and where they stand.
    pub stops: Vec<(ContactPointId, u64)>,
    /// Permits that a retry returned, and when the retry was sent: milliseconds since 1970.
    pub retried: Vec<(ContactPointId, u64, i64)>,
    /// Refusals, which are answers too.
    pub refused: u64,
    /// Commands that had no answer the first time.
    pub unanswered: u64,
    /// Answers that should not have been.
    pub wrong: Vec<String>,
}

/// The load.
pub struct Load {
    http: Http,
    debtors: Vec<Debtor>,
    next_stop: AtomicUsize,
    next_key: AtomicU64,
    stopped: Mutex<HashSet<ContactPointId>>,
    unanswered: Mutex<Vec<Unanswered>>,
    acknowledged: Mutex<Acknowledged>,
}

/// Tells the threads that make load that it is over, also when what runs beside them panics: else they, and with
/// them the test, would never end.
pub struct Ends<'a>(pub &'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Load {
    /// Brings the platform to where calls can be made: an agency, its collectors, a portfolio for so many rounds,
    /// placed.
    pub fn prepare(http: &Http, rounds: u64) -> Self {
        let cases = 200 + 25 * rounds as usize;
        let http = http.waiting(PATIENCE);
        register(&http);
        let report =
            http.upload("/v1/lenders/lender-1/cases", portfolio(cases).into_bytes()).done("the import");
        assert_eq!(report["taken"], cases, "{report}");
        eventually("the cases to be offered", || {
            let figures = http.figures();
            figures["assignment"]["offered"] == cases
        });
        let placement = http.post("/v1/placement", &json!({}), None).done("the placement");
        assert_eq!(placement["placed"], cases, "{placement}");
        let mut debtors = Vec::new();
        eventually("the gate to know the placements", || {
            debtors = callable(&http);
            debtors.len() == cases
        });
        Self {
            http: http.waiting(ANSWER),
            debtors,
            next_stop: AtomicUsize::new(0),
            next_key: AtomicU64::new(0),
            stopped: Mutex::default(),
            unanswered: Mutex::default(),
            acknowledged: Mutex::default(),
        }
    }

    /// Loads the platform while `meanwhile` runs.
    pub fn during<T>(&self, meanwhile: impl FnOnce() -> T) -> T {
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..CALLERS {
                scope.spawn(|| self.call_until(&over));
            }
            scope.spawn(|| self.stop_until(&over));
            let _ends = Ends(&over);
            meanwhile()
        })
    }

    /// Repeats every command that had no answer until it has one, and then once more: a permit must be the same.
    /// How many there were.
    pub fn retry(&self) -> usize {
        let unanswered = std::mem::take(&mut *self.unanswered.lock().expect("nobody panicked"));
        for Unanswered { ask, key } in &unanswered {
            let sent_at = now_ms();
            let first = self.until_answered(ask, key);
            let again = self.until_answered(ask, key);
            let mut acknowledged = self.acknowledged.lock().expect("nobody panicked");
            if let (Ask::Permit { .. }, Heard::Done(first)) = (ask, &first) {
                let (contact, permit) = permit(first);
                acknowledged.retried.push((contact, permit, sent_at));
            }
            let same = match (&first, &again) {
                (Heard::Done(first), Heard::Done(again)) => first["permit"] == again["permit"],
                (Heard::Refused(first, _), Heard::Refused(again, _)) => first == again,
                _ => false,
            };
            if !same {
                acknowledged.wrong.push(format!("{ask:?} by {key}: first {first:?}, then {again:?}"));
            }
        }
        unanswered.len()
    }

    /// How long until each partition of the gate answers a permit request.
    pub fn wait_until_permits_are_answered(&self) -> Duration {
        let (began, http) = (Instant::now(), self.http.waiting(Duration::from_millis(500)));
        for partition in 0..PARTITIONS {
            let of = |debtor: &Debtor| events::partition_of(&debtor.contact.0, PARTITIONS) == partition;
            let debtor = self.debtors.iter().position(of).expect("every partition has debtors");
            loop {
                let (ask, key) = (Ask::Permit { debtor }, self.new_key());
                let heard = self.ask(&http, &ask, &key);
                if !matches!(heard, Heard::Nothing(_)) {
                    break;
                }
                assert!(began.elapsed() < PATIENCE, "no permit request is answered: {heard:?}");
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        began.elapsed()
    }

    /// What was acknowledged in all.
    pub fn finish(self) -> Acknowledged {
        let unanswered = self.unanswered.into_inner().expect("nobody panicked");
        assert!(unanswered.is_empty(), "{} commands were not retried", unanswered.len());
        self.acknowledged.into_inner().expect("nobody panicked")
    }

    fn new_key(&self) -> String {
        format!("key-{}", self.next_key.fetch_add(1, Ordering::Relaxed))
    }

    /// Calls: mostly those who are about to say stop.
    fn call_until(&self, over: &AtomicBool) {
        let mut chance = self.next_key.fetch_add(1, Ordering::Relaxed);
        while !over.load(Ordering::Relaxed) {
            let debtor = if below(&mut chance, 2) == 0 {
                self.next_stop.load(Ordering::Relaxed) + below(&mut chance, 3)
            } else {
                below(&mut chance, self.debtors.len())
            };
            let debtor = debtor % self.debtors.len();
            let Some(given) = self.answered(&Ask::Permit { debtor }) else { continue };
            let (contact, permit) = permit(&given);
            let token = given["token"].as_str().expect("a token").to_owned();
            if below(&mut chance, 10) == 0 {
                continue;
            }
            let redeem = Ask::Redeem { contact, permit, token: token.clone() };
            if self.answered(&redeem).is_some() && below(&mut chance, 10) > 0 {
                let outcome = if below(&mut chance, 2) == 0 { Outcome::Conversation } else { Outcome::Busy };
                self.answered(&Ask::Settle { contact, permit, token, outcome });
            }
        }
    }

    fn stop_until(&self, over: &AtomicBool) {
        while !over.load(Ordering::Relaxed) {
            std::thread::sleep(STOP_EVERY);
            let next = self.next_stop.load(Ordering::Relaxed);
            let Some(debtor) = self.debtors.get(next) else { return };
            if self.answered(&Ask::Stop { contact: debtor.contact }).is_some() {
                self.next_stop.store(next + 1, Ordering::Relaxed);
            }
        }
    }

    /// Asks once; silence is noted for a retry. What was done, if it was.
    fn answered(&self, ask: &Ask) -> Option<Value> {
        let key = self.new_key();
        let stopped_before = self.contact(ask).filter(|contact| {
            !matches!(ask, Ask::Stop { .. } | Ask::Settle { .. })
                && self.stopped.lock().expect("nobody panicked").contains(contact)
        });
        let heard = self.ask(&self.http, ask, &key);
        if let (Some(contact), Heard::Done(done)) = (stopped_before, &heard)
            && done["changed"] != false
        {
            let wrong = format!("{ask:?} was asked after {contact} was stopped, and done: {done}");
            self.acknowledged.lock().expect("nobody panicked").wrong.push(wrong);
        }
        match heard {
            Heard::Done(done) => Some(done),
            Heard::Refused(..) => None,
            Heard::Nothing(_) => {
                // Not as fast as refused connections come back.
                std::thread::sleep(Duration::from_millis(50));
                None
            }
        }
    }

    fn until_answered(&self, ask: &Ask, key: &str) -> Heard {
        let began = Instant::now();
        loop {
            match self.send(&self.http, ask, key) {
                Heard::Nothing(silence) => assert!(began.elapsed() < PATIENCE, "{ask:?}: {silence}"),
                heard => {
                    self.note(ask, &heard);
                    return heard;
                }
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn ask(&self, http: &Http, ask: &Ask, key: &str) -> Heard {
        let heard = self.send(http, ask, key);
        if let Heard::Nothing(_) = heard {
            let unanswered = Unanswered { ask: ask.clone(), key: key.to_owned() };
            self.unanswered.lock().expect("nobody panicked").push(unanswered);
            self.acknowledged.lock().expect("nobody panicked").unanswered += 1;
        } else {
            self.note(ask, &heard);
        }
        heard
    }

    fn send(&self, http: &Http, ask: &Ask, key: &str) -> Heard {
        let (path, body) = match ask {
            Ask::Permit { debtor } => {
                let Debtor { contact, case, collector } = &self.debtors[*debtor];
                let body = json!({
                    "contact": contact.to_string(), "case": case, "collector": collector,
                    "channel": "call", "purpose": "collect",
                });
                ("/v1/permits", body)
            }
            Ask::Redeem { token, .. } => ("/v1/permits/redeem", json!({ "token": token, "call": key })),
            Ask::Settle { token, outcome, .. } => {
                ("/v1/permits/settle", json!({ "token": token, "outcome": outcome.word() }))
            }
            Ask::Stop { contact } => ("/v1/stops", json!({ "contact": contact.to_string() })),
        };
        http.post(path, &body, Some(key))
    }

    fn note(&self, ask: &Ask, heard: &Heard) {
        let mut acknowledged = self.acknowledged.lock().expect("nobody panicked");
        let done = match heard {
            Heard::Done(done) => done,
            // A state that does not allow it: a cap, a stop, a permit that is void, used or over.
            Heard::Refused(409, _) => {
                acknowledged.refused += 1;
                return;
            }
            other => {
                acknowledged.wrong.push(format!("{ask:?}: {other:?}"));
                return;
            }
        };
        match *ask {
            Ask::Permit { .. } => acknowledged.permits.push(permit(done)),
            Ask::Redeem { contact, permit, .. } => acknowledged.redeemed.push((contact, permit)),
            Ask::Settle { contact, permit, outcome, .. } => {
                acknowledged.settled.push((contact, permit, outcome));
            }
            Ask::Stop { contact } => match done["stop"].as_u64() {
                Some(stop) => {
                    acknowledged.stops.push((contact, stop));
                    drop(acknowledged);
                    self.stopped.lock().expect("nobody panicked").insert(contact);
                }
                None => acknowledged.wrong.push(format!("a stop without a receipt: {done}")),
            },
        }
    }

    fn contact(&self, ask: &Ask) -> Option<ContactPointId> {
        match ask {
            Ask::Permit { debtor } => self.debtors.get(*debtor).map(|debtor| debtor.contact),
            Ask::Redeem { contact, .. } | Ask::Settle { contact, .. } | Ask::Stop { contact } => {
                Some(*contact)
            }
        }
    }
}

/// Registers an agency and its collectors.
pub fn register(http: &Http) {
    let agency = json!({
        "agency": "agency-1", "name": "Anxin", "jurisdictions": ["CN"], "capacity": 1_000_000,
        "lines": ["+86400100001"],
    });
    http.post("/v1/agencies", &agency, None).done("registering an agency");
    for number in 1..=COLLECTORS {
        let collector = json!({ "collector": format!("collector-{number}"), "name": "A collector" });
        http.post("/v1/agencies/agency-1/collectors", &collector, None).done("registering a collector");
    }
}

/// Asks again until it is so.
pub fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < PATIENCE, "waited {PATIENCE:?} for {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Now, in milliseconds since 1970.
pub fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as i64
}

/// The median and the worst of some times, as text.
pub fn spread(mut times: Vec<Duration>) -> String {
    times.sort();
    match (times.get(times.len() / 2), times.last()) {
        (Some(median), Some(worst)) => format!("median {median:.1?}, worst {worst:.1?} of {}", times.len()),
        _ => "none".to_owned(),
    }
}

/// A lender's file of so many cases, each with a debtor and a number of its own.
pub fn portfolio(cases: usize) -> String {
    let mut file = "reference,principal,overdue_since,debtor_name,debtor_phone\n".to_owned();
    for row in 0..cases {
        writeln!(file, "R{row},{}.00,2026-01-15,Debtor {row},138{row:08}", 1000 + row).expect("memory");
    }
    file
}

/// Everybody in the collectors' queues whom the gate would let them call, at this time of the gate's clock.
fn callable(http: &Http) -> Vec<Debtor> {
    let mut debtors = Vec::new();
    for number in 1..=COLLECTORS {
        let collector = format!("collector-{number}");
        let queue = http.get(&format!("/v1/collectors/{collector}/queue?limit=500")).done("a queue");
        let entries = ["callable", "later"].map(|list| queue[list].as_array().expect("a list"));
        for entry in entries.into_iter().flatten() {
            let contact = &entry["contacts"][0];
            if contact["callable_at"].is_string() {
                debtors.push(Debtor {
                    contact: id(&contact["contact"]),
                    case: entry["case"].as_str().expect("a case").to_owned(),
                    collector: collector.clone(),
                });
            }
        }
    }
    debtors
}

/// For whom a permit is, and its number.
fn permit(given: &Value) -> (ContactPointId, u64) {
    (id(&given["contact"]), given["permit"].as_u64().expect("its number"))
}

fn id(value: &Value) -> ContactPointId {
    value.as_str().and_then(|text| text.parse().ok()).expect("a contact point")
}

/// Chance, by SplitMix64. The bias does not matter here.
fn below(state: &mut u64, bound: usize) -> usize {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed >> 33) as usize % bound
}
