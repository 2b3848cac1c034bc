//! A row of a file that dispatches cases.

use std::fmt;

use events::Code;
use model::Money;

use super::Row;
use super::cells::Reading;
use super::column::Column;
use super::person::{CONTACT, CONTACT_2, DEBTOR, PersonRow};

/// Neither is ever in UTF-8.
const REGIONS_FOLLOW: [u8; 1] = [0xff];
const SECOND_NUMBERS_FOLLOW: [u8; 1] = [0xfe];

/// A row that can be imported.
#[derive(Clone, PartialEq, Eq)]
pub struct PortfolioRow {
    /// The line it begins on, from 1.
    pub line: u64,
    /// The lender's own number of the case. Not for logs: some lenders build it from personal data.
    pub reference: String,
    /// The lender's word for the product.
    pub product: String,
    /// Owed; not negative.
    pub principal: Money,
    /// Owed; not negative.
    pub interest: Money,
    /// Owed; not negative.
    pub fees: Money,
    /// Days since 1970-01-01.
    pub overdue_since: i32,
    /// ISO 3166 alpha-2.
    pub jurisdiction: String,
    /// Who owes.
    pub debtor: PersonRow,
    /// Emergency contacts, at most two.
    pub contacts: Vec<PersonRow>,
}

impl fmt::Debug for PortfolioRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let people = 1 + self.contacts.len();
        write!(f, "PortfolioRow(line {}, {} people, hidden)", self.line, people)
    }
}

impl PortfolioRow {
    /// Everybody in the row, the debtor first.
    pub fn people(&self) -> impl Iterator<Item = &PersonRow> {
        std::iter::once(&self.debtor).chain(&self.contacts)
    }

    /// Appends the row's content, without its line, so that equal rows give equal bytes and no others do: the
    /// input of the digest by which a repeated row is told from a changed one.
    pub fn canonical(&self, out: &mut Vec<u8>) {
        let mut put = |bytes: &[u8]| {
            out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
            out.extend_from_slice(bytes);
        };
        put(self.reference.as_bytes());
        put(self.product.as_bytes());
        put(self.principal.currency.to_string().as_bytes());
        for money in [self.principal, self.interest, self.fees] {
            put(&money.minor.to_le_bytes());
        }
        put(&self.overdue_since.to_le_bytes());
        put(self.jurisdiction.as_bytes());
        for person in self.people() {
            put(person.name.as_bytes());
            put(&[u8::from(person.id.is_some())]);
            put(person.id.as_deref().unwrap_or("").as_bytes());
            put(person.phone.e164().as_bytes());
            put(&(person.zones.len() as u64).to_le_bytes());
            person.zones.iter().for_each(|zone| put(zone.as_str().as_bytes()));
        }
        // Regions and second numbers came later. A row that has none has the bytes that it had before, so that its case is
        // still known. One that does goes on with what cannot be the name of another person.
        if self.people().any(|person| !person.regions.is_empty()) {
            put(&REGIONS_FOLLOW);
            for person in self.people() {
                put(&(person.regions.len() as u64).to_le_bytes());
                person.regions.iter().for_each(|region| put(region.as_str().as_bytes()));
            }
        }
        if self.people().any(|person| person.second.is_some()) {
            put(&SECOND_NUMBERS_FOLLOW);
            for second in self.people().map(|person| person.second.as_ref()) {
                put(second.map_or("", |second| second.phone.e164()).as_bytes());
            }
        }
    }
}

impl Row for PortfolioRow {
    const REQUIRED: &'static [Column] = &[
        Column::Reference,
        Column::Principal,
        Column::OverdueSince,
        Column::DebtorName,
        Column::DebtorPhone,
    ];

    fn has(column: Column) -> bool {
        column != Column::AsOf
    }

    fn read(row: &mut Reading<'_>) -> Option<Self> {
        let reference = row.reference();
        let product = row.product();
        let currency = row.currency();
        let jurisdiction = row.jurisdiction();
        row.require(Column::Principal);
        let mut owed = |column| {
            let currency = currency?;
            Some(row.amount(column, currency)?.unwrap_or(Money { minor: 0, currency }))
        };
        let (principal, interest, fees) =
            (owed(Column::Principal), owed(Column::Interest), owed(Column::Fees));
        if let (Some(principal), Some(interest), Some(fees)) = (principal, interest, fees)
            && [principal, interest, fees].iter().all(|money| money.minor == 0)
        {
            let got = "0 in all".to_owned();
            row.problem(Column::Principal, Code::AMOUNT_INVALID, "something that is owed", got);
        }
        let overdue_since = row.date(Column::OverdueSince);
        row.require(Column::DebtorName);
        let country = jurisdiction.as_deref();
        let debtor = row.person(country, &DEBTOR);
        row.require(Column::DebtorPhone);
        let contacts = [row.person(country, &CONTACT), row.person(country, &CONTACT_2)];
        let people = [(&debtor, &DEBTOR), (&contacts[0], &CONTACT), (&contacts[1], &CONTACT_2)];
        let people = people.into_iter().filter_map(|(person, columns)| Some((person.as_ref()?, columns)));
        row.distinct(&people.collect::<Vec<_>>());
        Some(Self {
            line: row.line(),
            reference: reference?,
            product: product?,
            principal: principal?,
            interest: interest?,
            fees: fees?,
            overdue_since: overdue_since?,
            jurisdiction: jurisdiction?,
            debtor: debtor?,
            contacts: contacts.into_iter().flatten().collect(),
        })
    }
}
