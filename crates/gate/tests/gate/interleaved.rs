//! Many drive permits through three partitions at once, in any order of their steps, and some are gone half way: the caps
//! hold by the times at which the calls were made.

use std::collections::BTreeMap;

use events::Position;
use events::gate::{GateCommand, GateEvent};
use gate::{Redeem, Request, Settle, Told};
use model::{ContactPointId, Outcome, Timestamp};

use crate::one_or_several::Chance;
use crate::partitions::{Gates, call, case, contact, person};
use crate::scenario::{moment, pack};

const PERSON: model::PersonId = person(2, 9);
const CAP: usize = 3;

const RULES: &str = r#"
[[frequency]]
id = "person-day"
limit = 3
window = "1 day"
scope = ["person"]
count = "attempts"
except = ["unconnected"]

[[frequency]]
id = "person-hour"
limit = 2
window = "1 hour"
scope = ["person"]
count = "attempts"
except = ["unconnected"]

[[cool-down]]
id = "after-talk"
window = "2 hours"
scope = ["person"]
"#;

/// Who drives one permit.
enum Driving {
    Asking(Box<Request>),
    Using(Position, Box<Redeem>),
    Telling(Box<Settle>),
}

struct Driver {
    contact: ContactPointId,
    driving: Driving,
    told: Told,
}

/// Gone, or done with this.
enum After {
    Goes(Box<Driver>),
    Calls(ContactPointId, Position),
    Ends,
}

impl Driver {
    fn step(mut self, gates: &mut Gates, call: u8) -> After {
        let told = std::mem::replace(&mut self.told, Told::Start);
        let partitions = gates.count();
        match self.driving {
            Driving::Asking(mut course) => match gates.step(&mut *course, told) {
                Err(told) => After::Goes(Box::new(Self { driving: Driving::Asking(course), told, ..self })),
                Ok(Err(_)) => After::Ends,
                Ok(Ok(granted)) => {
                    let course = Redeem::new(self.contact, granted.permit, [call; 16], partitions);
                    let driving = Driving::Using(granted.permit, Box::new(course));
                    After::Goes(Box::new(Self { driving, told: Told::Start, ..self }))
                }
            },
            Driving::Using(permit, mut course) => match gates.step(&mut *course, told) {
                Err(told) => {
                    After::Goes(Box::new(Self { driving: Driving::Using(permit, course), told, ..self }))
                }
                Ok(Ok(true)) => After::Calls(self.contact, permit),
                Ok(_) => After::Ends,
            },
            Driving::Telling(mut course) => match gates.step(&mut *course, told) {
                Err(told) => After::Goes(Box::new(Self { driving: Driving::Telling(course), told, ..self })),
                Ok(_) => After::Ends,
            },
        }
    }
}

struct Made {
    at: Timestamp,
    outcome: Outcome,
}

/// The calls as the contact points' own partitions have them.
fn calls(gates: &Gates) -> Vec<Made> {
    let mut calls = Vec::new();
    for partition in 0..gates.count() {
        let mut of: BTreeMap<Position, Made> = BTreeMap::new();
        for (at, event) in gates.logged(partition) {
            match event {
                GateEvent::PermitRedeemed(redeemed) => {
                    let made = Made { at: *at, outcome: Outcome::Unknown };
                    assert!(of.insert(redeemed.permit, made).is_none(), "used twice");
                }
                GateEvent::PermitSettled(settled) => {
                    of.get_mut(&settled.permit).expect("used").outcome = settled.outcome;
                }
                _ => {}
            }
        }
        calls.extend(of.into_values());
    }
    calls.sort_by_key(|made| made.at);
    calls
}

#[test]
fn given_steps_in_any_order_and_crashes_between_them_then_the_caps_hold_by_when_calls_were_made() {
    let mut made_in_all = 0;
    for seed in 0..60 {
        let mut chance = Chance(seed);
        let mut gates = Gates::of(3, &[pack("law", "", RULES)]);
        let numbers = [contact(0, 1), contact(1, 2), contact(2, 3)];
        let cases = [case(0, 7), case(1, 8)];
        for number in numbers {
            for case in cases {
                gates.knows(number, PERSON, case);
            }
        }
        gates.now = moment("24 22:30");
        let mut drivers: Vec<Driver> = Vec::new();
        let mut live: Vec<(ContactPointId, Position)> = Vec::new();
        let mut calls_begun = 0_u8;
        for _ in 0..1500 {
            // Mostly seconds; sometimes as long as a permit holds, or a call lasts.
            let pause = [0, 0, 200, 3_000, 30_000, 900_000][chance.below(6)];
            gates.now = gates.now.plus_ms(if chance.below(4) == 0 { pause } else { 0 });
            match chance.below(12) {
                0 | 1 if drivers.len() < 6 => {
                    let contact = numbers[chance.below(3)];
                    let asked = call(contact, cases[chance.below(2)]);
                    let driving = Driving::Asking(Box::new(Request::new(asked, 3)));
                    drivers.push(Driver { contact, driving, told: Told::Start });
                }
                2 if !live.is_empty() => {
                    let (contact, permit) = live.remove(chance.below(live.len()));
                    let outcome = chance.of(Outcome::ALL);
                    let course = Settle::new(contact, permit, outcome, (Vec::new(), Vec::new()), 3);
                    let driving = Driving::Telling(Box::new(course));
                    drivers.push(Driver { contact, driving, told: Told::Start });
                }
                3 if chance.below(3) == 0 => gates.tick(),
                4 if chance.below(3) == 0 => gates.follow_new(),
                5 if chance.below(4) == 0 && !drivers.is_empty() => {
                    drivers.remove(chance.below(drivers.len()));
                }
                _ if !drivers.is_empty() => {
                    let driver = drivers.remove(chance.below(drivers.len()));
                    calls_begun = calls_begun.wrapping_add(1);
                    match driver.step(&mut gates, calls_begun) {
                        After::Goes(driver) => drivers.push(*driver),
                        After::Calls(contact, permit) => live.push((contact, permit)),
                        After::Ends => {}
                    }
                }
                _ => {}
            }
        }
        let made = calls(&gates);
        made_in_all += made.len();
        let hour = 3_600_000;
        let counted = |from: &dyn Fn(&Made) -> bool| {
            made.iter().filter(|made| !made.outcome.unconnected()).filter(|made| from(made)).count()
        };
        for one in &made {
            let day = (one.at.0 + 8 * hour).div_euclid(24 * hour);
            let on_day = counted(&|made| (made.at.0 + 8 * hour).div_euclid(24 * hour) == day);
            assert!(on_day <= CAP, "seed {seed}: {on_day} on a day");
            let in_hour = counted(&|made| made.at <= one.at && one.at.ms_since(made.at) < hour);
            assert!(in_hour <= 2, "seed {seed}: {in_hour} in an hour");
            let quiet = made.iter().all(|before| {
                before.outcome != Outcome::Conversation
                    || before.at >= one.at
                    || one.at.ms_since(before.at) >= 2 * hour
            });
            assert!(quiet, "seed {seed}: soon after a conversation");
        }
        // When everybody has been told everything, and nobody does anything any more, nothing is held.
        for _ in 0..3 {
            gates.now = gates.now.plus_ms(5 * hour);
            gates.tick();
            gates.follow_new();
        }
        gates.now = moment("2026-12-20T10:00:00+08:00").max(gates.now.plus_ms(3 * 24 * hour));
        for _ in 0..2 {
            gates.became(&call(numbers[0], cases[0]), Outcome::NoAnswer);
        }
        let stop = GateCommand::Tick { repeated: Vec::new() };
        gates.give(0, &stop).expect("ticks");
        gates.replays();
    }
    assert!(made_in_all > 200, "{made_in_all} calls: nothing was tested");
}
