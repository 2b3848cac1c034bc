//! One partition and three decide alike: the same random history told to both.

use std::collections::BTreeSet;

use events::gate::{ContactRecordedV1, Direction, GateCommand, NumberDisprovedV1, StopSource};
use gate::{Denied, Granted};
use model::{AgencyId, CaseId, Channel, ContactPointId, Outcome, PersonId, Purpose};

use crate::partitions::{Gates, call, case, contact, person};
use crate::scenario::{AGENCY, pack};

const RULES: &str = r#"
[[frequency]]
id = "point-day"
limit = 3
window = "1 day"
scope = ["contact-point"]
count = "attempts"
except = ["unconnected"]

[[frequency]]
id = "person-day"
limit = 4
window = "1 day"
scope = ["person"]
count = "attempts"
except = ["unconnected"]

[[frequency]]
id = "person-debt-week"
limit = 6
window = "7 days"
scope = ["person", "debt"]
count = "unanswered"

[[frequency]]
id = "case-day"
limit = 4
window = "1 day"
scope = ["case", "agency"]
count = "attempts"

[[cool-down]]
id = "after-talk"
window = "2 days"
scope = ["person", "debt"]

[[cool-down]]
id = "after-talk-about-case"
window = "1 day"
scope = ["case"]

[[interval]]
id = "pause"
least = "30 minutes"
scope = ["person"]

[[lines]]
id = "few-lines"
most = 2
window = "3 days"
scope = ["person"]
"#;

const MINUTE_MS: i64 = 60_000;

/// SplitMix64.
pub struct Chance(pub u64);

impl Chance {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) % bound as u64) as usize
    }

    pub fn of<T: Copy>(&mut self, several: &[T]) -> T {
        several[self.below(several.len())]
    }
}

struct World {
    links: Vec<(ContactPointId, PersonId, CaseId)>,
    persons: Vec<PersonId>,
}

impl World {
    fn of(chance: &mut Chance) -> Self {
        let third = |chance: &mut Chance| chance.below(3) as u8;
        let contacts: Vec<_> = (1..=5).map(|number| contact(third(chance), number)).collect();
        let persons: Vec<_> = (11..=13).map(|number| person(third(chance), number)).collect();
        let cases: Vec<_> =
            (21..=24).map(|number| (case(third(chance), number), chance.of(&persons))).collect();
        let mut links = Vec::new();
        for (case, person) in cases {
            for _ in 0..3 {
                let contact = chance.of(&contacts);
                if !links.iter().any(|(known, _, of)| (*known, *of) == (contact, case)) {
                    links.push((contact, person, case));
                }
            }
        }
        Self { links, persons }
    }
}

/// What is compared of an answer.
fn said(answer: &Result<Granted, Denied>) -> Vec<String> {
    match answer {
        Ok(granted) => {
            // Of two rules that leave as little, either is named.
            let left = granted.tightest.map(|tightest| tightest.count.limit - tightest.count.counted);
            vec![format!("granted {left:?}")]
        }
        Err(denied) => {
            let reasons = denied.refusal.reasons.iter();
            reasons
                .map(|reason| format!("{:?} {:?} {:?}", reason.rule, reason.counted, reason.limit))
                .collect()
        }
    }
}

#[test]
fn given_any_history_when_told_to_one_partition_and_to_three_then_they_decide_alike() {
    let (mut granted, mut refused) = (0, 0);
    for seed in 0..100 {
        let mut chance = Chance(seed);
        let world = World::of(&mut chance);
        let packs = [pack("law", "", RULES)];
        let mut gates = [Gates::of(1, &packs), Gates::of(3, &packs)];
        for &(contact, person, case) in &world.links {
            gates.iter_mut().for_each(|gates| gates.knows(contact, person, case));
        }
        let (mut open, mut disproved_before) = (Vec::new(), BTreeSet::new());
        for step in 0..80 {
            let later = MINUTE_MS * 7 * (1 + chance.below(6) as i64);
            gates.iter_mut().for_each(|gates| gates.now = gates.now.plus_ms(later));
            let (contact, _, about) = chance.of(&world.links);
            let context = |what: &str| format!("seed {seed}, step {step}: {what}");
            match chance.below(20) {
                0 => {
                    let outcome = chance.of(Outcome::ALL);
                    let direction = chance.of(&[Direction::Inbound, Direction::Outbound]);
                    let ago = -MINUTE_MS * chance.below(3000) as i64;
                    let recorded = ContactRecordedV1 {
                        contact,
                        case: about,
                        agency: AGENCY,
                        channel: Channel::Call,
                        purpose: Purpose::Collect,
                        direction,
                        at: gates[0].now.plus_ms(ago),
                        outcome,
                        toward: Vec::new(),
                        discussed: Vec::new(),
                        line: None,
                    };
                    let [one, three] = gates.each_mut().map(|gates| gates.recorded(recorded.clone()));
                    assert_eq!(one, three, "{}", context("recorded"));
                }
                1 if open.is_empty() => {
                    let (contact, wrong, _) = chance.of(&world.links);
                    let belongs_to = chance.of(&world.persons);
                    let disproved = NumberDisprovedV1 { contact, person: wrong, belongs_to };
                    // Twice, and what was counted may be counted twice where it comes back to: that errs to silence.
                    if wrong != belongs_to && disproved_before.insert(contact) {
                        let [one, three] = gates.each_mut().map(|gates| gates.disproved(disproved).is_ok());
                        assert_eq!(one, three, "{}", context("disproved"));
                    }
                }
                2 if chance.below(8) == 0 => {
                    let stop = GateCommand::PlaceStop { contact, source: StopSource::CalledPerson };
                    gates.iter_mut().for_each(|gates| drop(gates.route(&stop).expect("stopped")));
                }
                3 => gates.iter_mut().for_each(Gates::tick),
                4..=8 if !open.is_empty() => {
                    let (contact, permits) = open.remove(chance.below(open.len()));
                    let outcome = chance.of(Outcome::ALL);
                    let both: [events::Position; 2] = permits;
                    for (gates, permit) in gates.iter_mut().zip(both) {
                        // Settled as unknown by a tick, maybe.
                        drop(gates.settle(contact, permit, outcome));
                    }
                }
                _ => {
                    let mut asked = call(contact, about);
                    if chance.below(10) == 0 {
                        asked.line = "95534".parse().expect("a line");
                    }
                    if chance.below(30) == 0 {
                        asked.agency = AgencyId(4);
                    }
                    if chance.below(6) == 0 {
                        let others = world.links.iter().map(|(_, _, case)| *case);
                        asked.also = others.filter(|case| *case != about).take(1).collect();
                    }
                    let answers = gates.each_mut().map(|gates| gates.request(&asked));
                    let [one, three] = answers.each_ref().map(said);
                    assert_eq!(one, three, "{}", context("asked"));
                    let [Ok(one), Ok(three)] = answers else {
                        refused += 1;
                        continue;
                    };
                    granted += 1;
                    if chance.below(5) > 0 {
                        let permits = [one.permit, three.permit];
                        for (gates, permit) in gates.iter_mut().zip(permits) {
                            assert_eq!(gates.redeem(contact, permit, step), Ok(true), "{}", context("used"));
                        }
                        open.push((contact, permits));
                    }
                }
            }
            gates[1].follow_new();
        }
        gates[1].replays();
    }
    assert!(granted > 500 && refused > 500, "{granted} granted, {refused} refused: nothing was tested");
}
