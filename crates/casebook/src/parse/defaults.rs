//! What a case need not say.

use model::Role;

use super::Parser;
use super::facts::Phase;
use super::names::Named;
use crate::case::{CallingLine, Index, Person, Tie, Zones};
use crate::error::{Problem, nearest};
use crate::words::ZONE_OF_REGION;

impl Parser {
    /// What a case need not say.
    pub(super) fn fill_in(&mut self, after: Phase) {
        match after {
            Phase::Declared => {
                if self.world.agencies.is_empty() {
                    let agency = self.new_agency("collector");
                    for name in ["collector", "K"] {
                        let _ = self.names.introduce(name, agency);
                    }
                }
                if self.world.lenders.is_empty() {
                    self.world.lenders.push("creditor".to_owned());
                    for name in ["creditor", "lender"] {
                        let _ = self.names.introduce(name, Named::Lender(0));
                    }
                }
                if self.world.packs.is_empty() {
                    self.world.packs.push("us-reg-f".to_owned());
                }
                if !self.alone && !self.world.packs.iter().any(|pack| pack == "platform") {
                    self.world.packs.insert(0, "platform".to_owned());
                }
                self.place_of_packs();
            }
            Phase::Owing | Phase::Related => {}
            Phase::Having => {
                if self.world.people.is_empty() {
                    let (name, zones) = ("consumer".to_owned(), Zones::Unsaid);
                    self.world.people.push(Person {
                        name,
                        line: 0,
                        zones,
                        regions: Vec::new(),
                        unasked: false,
                    });
                    for name in ["consumer", "debtor", "P"] {
                        let _ = self.names.introduce(name, Named::Person(0));
                    }
                }
                self.only_debt();
                self.owe_the_rest();
                for (index, agency) in self.world.agencies.iter_mut().enumerate() {
                    if agency.lines.iter().all(|line| !line.registered) {
                        agency.lines.insert(0, CallingLine { name: String::new(), registered: true });
                        self.names.shift_lines(index);
                    }
                    if agency.agents.is_empty() {
                        agency.agents.push(String::new());
                    }
                }
            }
        }
    }

    /// The region and the zone that the packs are for.
    pub(super) fn place_of_packs(&mut self) {
        if self.world.regions.is_empty() {
            let packs = self.world.packs.iter().filter_map(|id| policy::parse(policy::text(id)?).ok());
            self.world.regions = packs
                .filter_map(|pack| match pack.applies {
                    policy::pack::Applies::Regions(regions) => regions.first().map(ToString::to_string),
                    _ => None,
                })
                .collect();
        }
        if self.world.zone.is_empty() {
            let region = self.world.regions.first().map_or("", String::as_str);
            let zone = ZONE_OF_REGION.iter().find(|(country, _)| region.get(..2) == Some(country));
            self.world.zone = zone.map_or("UTC", |(_, zone)| zone).to_owned();
        }
    }

    /// A debt that nobody owes is owed by the first person who is nobody's third party.
    pub(super) fn owe_the_rest(&mut self) {
        let third =
            |person: Index| self.world.ties.iter().any(|tie| tie.person == person && !tie.role.owes());
        let Some(person) = (0..self.world.people.len()).find(|person| !third(*person)) else { return };
        for debt in 0..self.world.debts.len() {
            let merged = self.names.merged(debt);
            let owed = self.world.ties.iter().any(|tie| tie.debt == debt && tie.role.owes());
            if !owed && !merged {
                self.world.ties.insert(0, Tie { person, debt, role: Role::Debtor });
            }
        }
    }

    /// People who are nothing to any debt: most likely a name that is misspelt.
    pub(super) fn nobodies(&self) -> Vec<Problem> {
        let strangers = self.world.people.iter().enumerate().filter(|(index, person)| {
            let reached = self.world.contacts.iter().any(|contact| contact.person == *index);
            self.world.debts_of(*index).is_empty() && (reached || person.zones != Zones::Unsaid)
        });
        let problem = |(_, person): (Index, &Person)| {
            let tied = self.world.ties.iter().map(|tie| self.world.people[tie.person].name.as_str());
            Problem {
                line: person.line,
                column: 1,
                expected: format!("what {} is to a debt, such as \"{} owes card\"", person.name, person.name),
                got: "nothing".to_owned(),
                suggestion: nearest(&person.name, tied),
            }
        };
        strangers.map(problem).collect()
    }
}
