//! The gate's decision alone, in memory, on one core: `cargo bench -p forbear-benches --bench gate [-- CONTACTS]`.
//!
//! Half of the contact points are in China under `cn`, half in the United States under `us-reg-f`, all under
//! `platform`; one in a hundred is stopped; each has three contacts in its windows. Asked for at random, so that nothing
//! is in the processor's caches that would not be in earnest.

use std::time::Instant;

use events::gate::{
    ContactLinkedV2, ContactPlacedV1, GateCommand, GateEvent, Line, LineRegisteredV1, PermitRedeemedV1,
    PermitRequest, PermitReservedV2, PermitSettledV2, PolicyAdoptedV2, StopPlacedV1, StopSource,
};
use events::{Decider, Now, Position};
use gate::{Gate, State};
use model::{
    AgencyId, CaseId, Channel, CollectorId, ContactPointId, LenderId, Outcome, PersonId, Place, Purpose,
    Role, Timestamp,
};

/// Wednesday, 25 November 2026, 23:30 in Shanghai is outside hours, so both halves are asked at 14:30 UTC: 22:30 in
/// Shanghai, 09:30 in New York. Half of the decisions are refused for the hours, as a day has it.
const NIGHT: Timestamp = Timestamp(1_795_617_000_000);
/// 06:30 UTC: 14:30 in Shanghai, 01:30 in New York.
const DAY: Timestamp = Timestamp(1_795_588_200_000);
const DECISIONS: u64 = 3_200_000;
/// Decided one by one, but expected together, as the runtime takes what has come meanwhile.
const BATCH: usize = 64;
const DAY_MS: i64 = 86_400_000;

fn main() {
    let contacts = std::env::args().skip(1).find_map(|text| text.parse().ok()).unwrap_or(1_000_000);
    let Some(line) = Line::new("+862150000001") else { return };
    let before = resident();
    let began = Instant::now();
    let mut world = World::of(contacts, line);
    let bytes = (resident() - before) as f64 / contacts as f64;
    println!(
        "{contacts} contact points in {:.1} s, {bytes:.0} resident bytes each",
        began.elapsed().as_secs_f64()
    );
    for (name, at) in [("day in China", DAY), ("day in America", NIGHT)] {
        let (allowed, rate) = world.ask(at);
        println!(
            "{name}: {rate:.0} decisions/s on one core, {:.0} ns each, {:.1} % allowed",
            1e9 / rate,
            allowed as f64 * 100.0 / DECISIONS as f64
        );
    }
}

struct World {
    state: State,
    end: u64,
    contacts: u64,
    line: Line,
}

impl World {
    fn of(contacts: u64, line: Line) -> Self {
        let mut world = Self { state: State::default(), end: 0, contacts, line };
        for (_, text) in policy::texts() {
            let adopted = GateEvent::PolicyAdopted(PolicyAdoptedV2 { pack: (*text).to_owned() });
            world.take(&adopted, Timestamp(0));
        }
        let registered = LineRegisteredV1 { agency: AgencyId(1), line, registered: true };
        world.take(&GateEvent::LineRegistered(registered), Timestamp(0));
        (0..contacts).for_each(|number| world.person(number));
        for days in (1..=3).rev() {
            (0..contacts).for_each(|number| world.called(number, DAY.plus_ms(-days * DAY_MS)));
        }
        // A day later, what was remembered of the last day's permits is forgotten too.
        for number in (0..contacts).step_by(100) {
            let (contact, source) = (contact(number), StopSource::CalledPerson);
            world.take(&GateEvent::StopPlaced(StopPlacedV1 { contact, source }), DAY.plus_ms(-1));
        }
        world
    }

    fn take(&mut self, event: &GateEvent, at: Timestamp) {
        Gate::evolve(&mut self.state, event, at, Position(self.end));
        self.end += 1;
    }

    fn person(&mut self, number: u64) {
        let (contact, case, china) = (contact(number), case(number), number.is_multiple_of(2));
        let (zone, region) = if china { ("Asia/Shanghai", "CN") } else { ("America/New_York", "US") };
        self.take(
            &GateEvent::ContactLinked(ContactLinkedV2 {
                contact,
                case,
                lender: LenderId(1),
                person: PersonId(contact.0),
                role: Role::Debtor,
                zones: zone.parse().into_iter().collect(),
                regions: region.parse().into_iter().collect(),
                place: Place::Mobile,
            }),
            Timestamp(0),
        );
        self.take(
            &GateEvent::ContactPlaced(ContactPlacedV1 { contact, case, agency: Some(AgencyId(1)) }),
            Timestamp(0),
        );
    }

    fn called(&mut self, number: u64, at: Timestamp) {
        let (contact, permit) = (contact(number), Position(self.end));
        let asked = self.request(number);
        let expires_at = at.plus_ms(60_000);
        let reserved = PermitReservedV2 { asked, policy: Position(0), expires_at, tightest: None };
        self.take(&GateEvent::PermitReserved(reserved), at);
        self.take(&GateEvent::PermitRedeemed(PermitRedeemedV1 { contact, permit, call: [0; 16] }), at);
        let (outcome, toward, discussed) = (Outcome::NoAnswer, Vec::new(), Vec::new());
        let settled = PermitSettledV2 { contact, permit, outcome, toward, discussed, given_back: false };
        self.take(&GateEvent::PermitSettled(settled), at);
    }

    fn request(&self, number: u64) -> PermitRequest {
        PermitRequest {
            contact: contact(number),
            case: case(number),
            also: Vec::new(),
            agency: AgencyId(1),
            collector: CollectorId(1),
            channel: Channel::Call,
            purpose: Purpose::Collect,
            line: self.line,
            template: None,
        }
    }

    fn ask(&mut self, at: Timestamp) -> (u64, f64) {
        // Since when each window looks back is remembered from the day's first decision in each zone on.
        self.called(1, at);
        self.called(2, at);
        let now = Now { at, trusted: true };
        let (mut allowed, mut chance) = (0, 0x9e37_79b9_7f4a_7c15_u64);
        let began = Instant::now();
        let mut batch = Vec::with_capacity(BATCH);
        for _ in 0..DECISIONS / BATCH as u64 {
            batch.clear();
            for _ in 0..BATCH {
                // xorshift64: any of them, with equal chance.
                chance ^= chance << 13;
                chance ^= chance >> 7;
                chance ^= chance << 17;
                batch.push(GateCommand::RequestPermit(self.request(chance % self.contacts)));
            }
            Gate::expect(&self.state, &batch.iter().collect::<Vec<_>>());
            for asked in &batch {
                let given = Gate::decide(&self.state, asked, now);
                allowed += u64::from(matches!(given.as_deref(), Ok([GateEvent::PermitReserved(_)])));
            }
        }
        (allowed, DECISIONS as f64 / began.elapsed().as_secs_f64())
    }
}

fn contact(number: u64) -> ContactPointId {
    ContactPointId(spread(number, 1))
}

fn case(number: u64) -> CaseId {
    CaseId(spread(number, 2))
}

/// As uniform as a keyed pseudonym.
fn spread(number: u64, salt: u64) -> [u8; 16] {
    let mix = |mut word: u64| {
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ word >> 31
    };
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&mix(number.wrapping_add(salt << 48)).to_le_bytes());
    bytes[8..].copy_from_slice(&mix(number.wrapping_mul(3).wrapping_add(salt << 50)).to_le_bytes());
    bytes
}

/// Bytes of this process in memory.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or_default() * 4096
}
