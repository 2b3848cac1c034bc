//! One contact point's history, scanned from its beginning.

use events::Position;
use jiff::tz::TimeZone;
use model::{ContactPointId, Timestamp};

use super::local::day_and_second;
use super::{Findings, Limits};

/// Days in the longer window.
const SEVEN: i64 = 7;

/// When and where something was recorded. Sorts in order of time, over partitions too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub at: Timestamp,
    pub partition: u16,
    pub position: Position,
}

/// Something that was recorded about a contact point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    pub contact: ContactPointId,
    pub place: Place,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Linked {
        zones: Vec<usize>,
    },
    Reserved {
        expires_at: Timestamp,
        policy: Position,
    },
    Redeemed {
        permit: Position,
    },
    GivenBack {
        permit: Position,
        unconnected: bool,
    },
    /// Expired or voided.
    Dead {
        permit: Position,
    },
    Stopped,
}

struct Permit {
    reserved: Place,
    expires_at: Timestamp,
    limits: Option<Limits>,
    /// How many of the history's zones were known at the reservation.
    zones_known: usize,
    /// How often it was used.
    used: usize,
    dead: bool,
    over: bool,
}

struct Call {
    at: Timestamp,
    /// Index of its permit; `None`: it had none.
    permit: Option<usize>,
    /// When its permit was reserved, or itself if it had none: the order in which slots were taken.
    taken: Place,
    given_back: bool,
}

type Policies = [(u16, Position, Option<Limits>)];

fn in_force(policies: &Policies, place: Place) -> Option<&(u16, Position, Option<Limits>)> {
    policies
        .iter()
        .rev()
        .find(|(partition, position, _)| *partition == place.partition && *position < place.position)
}

/// Scans the facts of one contact point, in order.
pub fn scan(facts: &[Fact], all_zones: &[Option<TimeZone>], policies: &Policies, findings: &mut Findings) {
    let mut zones: Vec<&Option<TimeZone>> = Vec::new();
    let mut zone_numbers: Vec<usize> = Vec::new();
    let mut permits: Vec<Permit> = Vec::new();
    let mut calls: Vec<Call> = Vec::new();
    let mut stopped = false;
    for fact in facts {
        let place = fact.place;
        let find = |permits: &[Permit], permit: Position| {
            let is_it = |known: &Permit| {
                (known.reserved.partition, known.reserved.position) == (place.partition, permit)
            };
            permits.iter().rposition(is_it)
        };
        match &fact.what {
            What::Linked { zones: numbers } => {
                for number in numbers {
                    if !zone_numbers.contains(number)
                        && let Some(zone) = all_zones.get(*number)
                    {
                        zone_numbers.push(*number);
                        zones.push(zone);
                    }
                }
            }
            What::Stopped => stopped = true,
            What::Reserved { expires_at, policy } => {
                let adopted = in_force(policies, place);
                findings.policy_wrong += u64::from(adopted.is_none_or(|(_, position, _)| position != policy));
                findings.permits_after_stop += u64::from(stopped);
                findings.zone_unknown +=
                    u64::from(zones.is_empty() || zones.iter().any(|zone| zone.is_none()));
                let limits = adopted.and_then(|(_, _, limits)| *limits);
                let known: Vec<&TimeZone> = zones.iter().filter_map(|zone| zone.as_ref()).collect();
                findings.outside_hours +=
                    u64::from(limits.is_some_and(|limits| outside(limits, &known, place.at)));
                let waiting =
                    |permit: &&Permit| permit.used == 0 && !permit.dead && permit.expires_at >= place.at;
                let taken = permits.iter().filter(waiting).count() + 1;
                let over =
                    limits.is_some_and(|limits| over_at_reservation(limits, &known, place.at, taken, &calls));
                permits.push(Permit {
                    reserved: place,
                    expires_at: *expires_at,
                    limits,
                    zones_known: zones.len(),
                    used: 0,
                    dead: false,
                    over,
                });
            }
            What::Redeemed { permit } => {
                findings.redeemed_after_stop += u64::from(stopped);
                let known: Vec<&TimeZone> = zones.iter().filter_map(|zone| zone.as_ref()).collect();
                let limits = in_force(policies, place).and_then(|(_, _, limits)| *limits);
                let at_night = limits.is_some_and(|limits| outside(limits, &known, place.at));
                findings.redeemed_outside_hours += u64::from(at_night);
                let index = find(&permits, *permit);
                let mut taken = place;
                match index.and_then(|index| permits.get_mut(index)) {
                    Some(permit) => {
                        findings.double_used += u64::from(permit.used > 0);
                        findings.redeemed_late += u64::from(place.at > permit.expires_at);
                        findings.redeemed_void += u64::from(permit.dead);
                        // A second call took its slot when it was placed.
                        taken = if permit.used == 0 { permit.reserved } else { place };
                        permit.used += 1;
                    }
                    None => findings.without_permit += 1,
                }
                calls.push(Call { at: place.at, permit: index, taken, given_back: false });
            }
            What::GivenBack { permit, unconnected } => {
                let index = find(&permits, *permit);
                let reserved_under =
                    index.and_then(|index| permits.get(index)).and_then(|permit| permit.limits);
                let settled_under = in_force(policies, place).and_then(|(_, _, limits)| *limits);
                let gives =
                    |limits: Option<Limits>| limits.is_some_and(|limits| limits.give_back_unconnected);
                let rightly = *unconnected && (gives(reserved_under) || gives(settled_under));
                let call = calls
                    .iter_mut()
                    .rfind(|call| index.is_some() && call.permit == index && !call.given_back);
                match call {
                    Some(call) if rightly => call.given_back = true,
                    _ => findings.given_back_wrongly += 1,
                }
            }
            What::Dead { permit } => {
                if let Some(permit) = find(&permits, *permit).and_then(|index| permits.get_mut(index)) {
                    permit.dead = true;
                }
            }
        }
    }
    findings.over_cap += over_as_calls(&mut permits, &calls, &zones, policies);
    findings.over_cap += permits.iter().filter(|permit| permit.over).count() as u64;
}

fn outside(limits: Limits, zones: &[&TimeZone], at: Timestamp) -> bool {
    zones.iter().any(|zone| !(limits.from_s..=limits.until_s).contains(&day_and_second(zone, at).1))
}

fn over_at_reservation(
    limits: Limits,
    zones: &[&TimeZone],
    at: Timestamp,
    taken: usize,
    calls: &[Call],
) -> bool {
    // Without a zone, what waits counts all the same.
    if taken > limits.per_day.min(limits.per_seven_days) {
        return true;
    }
    zones.iter().any(|zone| {
        let (today, _) = day_and_second(zone, at);
        let (mut day, mut seven_days) = (taken, taken);
        for call in calls.iter().filter(|call| !call.given_back) {
            let (on, _) = day_and_second(zone, call.at);
            day += usize::from(on == today);
            seven_days += usize::from((today - SEVEN + 1..=today).contains(&on));
        }
        day > limits.per_day || seven_days > limits.per_seven_days
    })
}

/// Marks the permits whose calls are over a cap; counts the calls over a cap that have no permit of their own to mark.
fn over_as_calls(
    permits: &mut [Permit],
    calls: &[Call],
    zones: &[&Option<TimeZone>],
    policies: &Policies,
) -> u64 {
    let mut unmarked = 0;
    let mut over = vec![false; calls.len()];
    for (number, zone) in zones.iter().enumerate() {
        let Some(zone) = zone else { continue };
        // The calls that count, in order of day.
        let mut days: Vec<(i64, usize)> = Vec::with_capacity(calls.len());
        days.extend(
            calls
                .iter()
                .enumerate()
                .filter(|(_, call)| !call.given_back)
                .map(|(index, call)| (day_and_second(zone, call.at).0, index)),
        );
        days.sort_unstable();
        let within = |from: i64, until: i64, taken: Place| {
            let first = days.partition_point(|(day, _)| *day < from);
            let end = days.partition_point(|(day, _)| *day <= until);
            let held = days.get(first..end).unwrap_or_default();
            held.iter().filter(|(_, index)| calls.get(*index).is_some_and(|call| call.taken <= taken)).count()
        };
        for &(day, index) in &days {
            let Some(call) = calls.get(index) else { continue };
            let permit = call.permit.and_then(|index| permits.get(index));
            // A zone that became known later could not have been minded.
            if permit.is_some_and(|permit| permit.zones_known <= number) {
                continue;
            }
            let limits = match permit {
                Some(permit) => permit.limits,
                None => in_force(policies, call.taken).and_then(|(_, _, limits)| *limits),
            };
            let Some(limits) = limits else { continue };
            let on_the_day = within(day, day, call.taken);
            let weeks = day - SEVEN + 1..=day;
            let most =
                weeks.map(|first| within(first, first + SEVEN - 1, call.taken)).max().unwrap_or_default();
            if let Some(over) = over.get_mut(index) {
                *over |= on_the_day > limits.per_day || most > limits.per_seven_days;
            }
        }
    }
    for (call, over) in calls.iter().zip(over) {
        if !over {
            continue;
        }
        let permit = call
            .permit
            .and_then(|index| permits.get_mut(index))
            .filter(|permit| permit.reserved == call.taken);
        match permit {
            Some(permit) => permit.over = true,
            None => unmarked += 1,
        }
    }
    unmarked
}
