//! The people of a row: who they are, where to call them, whose law protects them.

use std::fmt;

use events::Code;
use events::ledger::{REGIONS_MAX, ZONES_MAX};
use model::{PhoneNumber, Region, ZoneName};

use super::cells::Reading;
use super::column::Column;
use super::error::quote;
use super::{phone, region, zone};

/// Room is left for the country of the number.
const REGIONS_NAMED_MAX: usize = REGIONS_MAX - 1;

/// A person in a row.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonRow {
    /// Empty if the file gives none.
    pub name: String,
    /// Identity number, if the file gives one.
    pub id: Option<String>,
    /// Where to call.
    pub phone: PhoneNumber,
    /// Every time zone that they may be in; none: not known, and the gate will refuse.
    pub zones: Vec<ZoneName>,
    /// Another number of theirs.
    pub second: Option<SecondNumber>,
    /// Every region that the file says they may be in, sorted; none: it says nothing.
    pub regions: Vec<Region>,
}

/// Another number of the same person.
#[derive(Clone, PartialEq, Eq)]
pub struct SecondNumber {
    /// Where to call.
    pub phone: PhoneNumber,
    /// As of the first number.
    pub zones: Vec<ZoneName>,
}

impl PersonRow {
    /// Their numbers, each with its time zones.
    pub fn numbers(&self) -> impl Iterator<Item = (&PhoneNumber, &[ZoneName])> {
        let second = self.second.iter().map(|second| (&second.phone, &second.zones[..]));
        std::iter::once((&self.phone, &self.zones[..])).chain(second)
    }
}

impl fmt::Debug for PersonRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonRow(hidden)")
    }
}

impl fmt::Debug for SecondNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecondNumber(hidden)")
    }
}

/// The columns that speak of one person.
#[derive(Debug)]
pub struct PersonColumns {
    name: Column,
    id: Option<Column>,
    phone: Column,
    second: Option<Column>,
    zone: Column,
    region: Column,
}

pub const DEBTOR: PersonColumns = PersonColumns {
    name: Column::DebtorName,
    id: Some(Column::DebtorId),
    phone: Column::DebtorPhone,
    second: Some(Column::DebtorPhone2),
    zone: Column::DebtorZone,
    region: Column::DebtorRegion,
};
pub const CONTACT: PersonColumns = PersonColumns {
    name: Column::ContactName,
    id: None,
    phone: Column::ContactPhone,
    second: None,
    zone: Column::ContactZone,
    region: Column::ContactRegion,
};
pub const CONTACT_2: PersonColumns = PersonColumns {
    name: Column::Contact2Name,
    id: None,
    phone: Column::Contact2Phone,
    second: None,
    zone: Column::Contact2Zone,
    region: Column::Contact2Region,
};

impl Reading<'_> {
    /// `None`: no phone number, or a wrong cell, which is then reported. `country` fixes what a national number means.
    pub fn person(&mut self, country: Option<&str>, columns: &PersonColumns) -> Option<PersonRow> {
        let name = match self.cells.get(columns.name) {
            None => Some(String::new()),
            Some(_) => self.person_name(columns.name),
        };
        let id = columns.id.and_then(|column| self.identity(column, country));
        if self.cells.get(columns.phone).is_none() {
            if self.cells.get(columns.name).is_some() {
                let expected = "the phone number of the person who is named";
                self.malformed(columns.phone, expected, "nothing");
            }
            return None;
        }
        // Without a country a national number means nothing, and the country has been reported.
        let country = country?;
        let phone = self.number(columns.phone, country, columns.second);
        let second = columns.second.and_then(|column| self.number(column, country, None));
        let zones = match self.cells.get(columns.zone) {
            None => None,
            Some(names) => Some(self.zones(columns.zone, names)?),
        };
        let regions = match self.cells.get(columns.region) {
            None => Some(Vec::new()),
            Some(names) => self.regions(columns.region, names),
        };
        let zones_of = |phone: &PhoneNumber| {
            zones.clone().unwrap_or_else(|| zone::of_number(phone).into_iter().collect())
        };
        let phone = phone?;
        let second = second.filter(|second| *second != phone);
        let second = second.map(|phone| SecondNumber { zones: zones_of(&phone), phone });
        Some(PersonRow { name: name?, id, zones: zones_of(&phone), phone, second, regions: regions? })
    }

    fn number(&mut self, column: Column, country: &str, second: Option<Column>) -> Option<PhoneNumber> {
        let text = self.cells.get(column)?;
        let second = second.map(|column| self.name_of(column));
        phone::parse(text, country, second.as_deref())
            .map_err(|(expected, got)| self.malformed(column, expected, got))
            .ok()
    }

    fn zones(&mut self, column: Column, names: &str) -> Option<Vec<ZoneName>> {
        let zones: Result<Vec<ZoneName>, _> = listed(names).map(str::parse).collect();
        match zones {
            Ok(zones) if zones.len() > ZONES_MAX => {
                let got = format!("{} of them", zones.len());
                self.malformed(column, format!("at most {ZONES_MAX} time zones"), got);
                None
            }
            Ok(zones) => Some(zones),
            Err(error) => {
                let expected = "IANA time zones such as Asia/Shanghai, separated by |";
                self.problem(column, Code::ZONE_UNKNOWN, expected, quote(&error.0));
                None
            }
        }
    }

    fn regions(&mut self, column: Column, names: &str) -> Option<Vec<Region>> {
        let mut regions = Vec::new();
        for name in listed(names) {
            match region::parse(name) {
                Ok(region) => regions.push(region),
                Err(expected) => {
                    self.malformed(column, expected, quote(name));
                    return None;
                }
            }
        }
        regions.sort_unstable();
        regions.dedup();
        if regions.len() > REGIONS_NAMED_MAX {
            let got = format!("{} of them", regions.len());
            self.malformed(column, format!("at most {REGIONS_NAMED_MAX} regions"), got);
            return None;
        }
        Some(regions)
    }

    /// Reports people who have a number of somebody before them: a contact's number that is the debtor's is not the
    /// contact's, and who is called there has two roles.
    pub fn distinct(&mut self, people: &[(&PersonRow, &PersonColumns)]) {
        for (index, (person, columns)) in people.iter().enumerate() {
            let taken = people[..index]
                .iter()
                .find(|(other, _)| other.numbers().any(|(number, _)| *number == person.phone));
            if let Some((_, other)) = taken {
                let other = self.name_of(other.phone);
                let expected =
                    format!("another number than in {other} (without one, empty the contact's cells)");
                self.malformed(columns.phone, expected, "the same number");
            }
        }
    }
}

/// The entries of a cell that may have several.
fn listed(names: &str) -> impl Iterator<Item = &str> {
    names.split(['|', ' ']).filter(|name| !name.is_empty())
}
