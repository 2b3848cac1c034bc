//! Who may be called in a measurement: half of the contact points are in China, half in the United States, each with a
//! case of its own at one agency; one in a hundred is stopped.

use events::gate::{
    ContactLinkedV2, ContactPlacedV1, ContactRecordedV1, Direction, GateCommand, Line, LineRegisteredV1,
    PermitRequest, PolicyAdoptedV2, StopSource,
};
use events::{Actor, Tenant};
use gate::Gate;
use model::{
    AgencyId, CaseId, Channel, CollectorId, CommandId, ContactPointId, LenderId, Outcome, PersonId, Place,
    Purpose, Role,
};
use runtime::{Order, Port};
use tokio::task::JoinSet;

use crate::Failed;
use crate::simulated_time::BEGIN;

/// The agency that asks.
pub const AGENCY: AgencyId = AgencyId(1);
/// Its collector.
pub const COLLECTOR: CollectorId = CollectorId(1);
/// Its calling number.
pub const LINE: &str = "+862150000001";
/// One contact point in so many is stopped.
pub const STOPPED_EVERY: u64 = 100;

/// Contact points whose commands are given in one go.
const CHUNK: u64 = 512;
/// Chunks under way at once.
const UNDER_WAY_MAX: usize = 8;
const DAY_MS: i64 = 86_400_000;

/// So many contact points.
#[derive(Debug, Clone, Copy)]
pub struct World {
    /// How many.
    pub contacts: u64,
}

impl World {
    /// The nth contact point.
    pub fn contact(number: u64) -> ContactPointId {
        ContactPointId(spread(number, 1))
    }

    /// The case that names it.
    pub fn case(number: u64) -> CaseId {
        CaseId(spread(number, 2))
    }

    /// May the agency call the nth, about its case?
    pub fn request(number: u64) -> Result<PermitRequest, Failed> {
        Ok(PermitRequest {
            contact: Self::contact(number),
            case: Self::case(number),
            also: Vec::new(),
            agency: AGENCY,
            collector: COLLECTOR,
            channel: Channel::Call,
            purpose: Purpose::Collect,
            line: line()?,
            template: None,
        })
    }

    /// Gives the gate every rule pack that comes with the program, the contact points with so many unanswered calls each
    /// on as many days before [`BEGIN`], and the stops: as an import does, in large batches.
    pub async fn load(&self, port: &Port<Gate>, attempts: u32) -> Result<(), Failed> {
        let mut rules = Vec::new();
        for (_, text) in policy::texts() {
            rules.push(GateCommand::AdoptPolicy(PolicyAdoptedV2 { pack: (*text).to_owned() }));
        }
        let (agency, line, registered) = (AGENCY, line()?, true);
        rules.push(GateCommand::RegisterLine(LineRegisteredV1 { agency, line, registered }));
        give(port, rules, spread(u64::MAX, 3)).await?;
        let mut chunks = JoinSet::new();
        for first in (0..self.contacts).step_by(CHUNK as usize) {
            let (port, last) = (port.clone(), (first + CHUNK).min(self.contacts));
            chunks.spawn(async move {
                let mut commands = Vec::new();
                for number in first..last {
                    known(number, attempts, line, &mut commands)?;
                }
                give(&port, commands, spread(first, 3)).await
            });
            if chunks.len() >= UNDER_WAY_MAX
                && let Some(given) = chunks.join_next().await
            {
                given??;
            }
        }
        while let Some(given) = chunks.join_next().await {
            given??;
        }
        Ok(())
    }
}

/// What is known of the nth contact point.
fn known(number: u64, attempts: u32, line: Line, commands: &mut Vec<GateCommand>) -> Result<(), Failed> {
    let (contact, case) = (World::contact(number), World::case(number));
    let (zone, region) =
        if number.is_multiple_of(2) { ("Asia/Shanghai", "CN") } else { ("America/Los_Angeles", "US") };
    commands.push(GateCommand::LinkContact(ContactLinkedV2 {
        contact,
        case,
        lender: LenderId(1),
        person: PersonId(spread(number, 4)),
        role: Role::Debtor,
        zones: vec![zone.parse()?],
        regions: vec![region.parse()?],
        place: Place::Mobile,
    }));
    commands.push(GateCommand::PlaceContact(ContactPlacedV1 { contact, case, agency: Some(AGENCY) }));
    commands.extend((1..=attempts).rev().map(|days| {
        GateCommand::RecordContact(ContactRecordedV1 {
            contact,
            case,
            agency: AGENCY,
            channel: Channel::Call,
            purpose: Purpose::Collect,
            direction: Direction::Outbound,
            at: BEGIN.plus_ms(-i64::from(days) * DAY_MS),
            outcome: Outcome::NoAnswer,
            toward: Vec::new(),
            discussed: Vec::new(),
            line: Some(line),
        })
    }));
    if number.is_multiple_of(STOPPED_EVERY) {
        commands.push(GateCommand::PlaceStop { contact, source: StopSource::CalledPerson });
    }
    Ok(())
}

/// All of them, or the first refusal. `name` makes their ids.
async fn give(port: &Port<Gate>, commands: Vec<GateCommand>, name: [u8; 16]) -> Result<(), Failed> {
    let order = |(nth, command): (u32, GateCommand)| {
        let mut id = name;
        id[12..].copy_from_slice(&nth.to_be_bytes());
        let (actor, tenant) = (Actor::Operator, Tenant::Platform);
        Order { id: CommandId(id), actor, tenant, cause: None, command }
    };
    for answer in port.submit_all((0_u32..).zip(commands).map(order).collect()).await {
        answer.map_err(|refusal| refusal.to_string())?;
    }
    Ok(())
}

fn line() -> Result<Line, Failed> {
    Ok(LINE.parse()?)
}

/// Chance: xorshift64.
#[derive(Debug, Clone, Copy)]
pub struct Chance(u64);

impl Chance {
    /// Another one for each seed.
    pub fn of(seed: u64) -> Self {
        Self(mix(seed.wrapping_add(0x9e37_79b9_7f4a_7c15)) | 1)
    }

    /// Any number below `bound`, with equal chance.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound.max(1)
    }
}

/// As uniform as a keyed pseudonym.
fn spread(number: u64, salt: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&mix(number.wrapping_add(salt << 48)).to_le_bytes());
    bytes[8..].copy_from_slice(&mix(number.wrapping_mul(3).wrapping_add(salt << 50)).to_le_bytes());
    bytes
}

fn mix(mut word: u64) -> u64 {
    word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}
