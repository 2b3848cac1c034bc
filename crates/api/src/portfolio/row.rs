//! One row: from cells to typed values, collecting everything that is wrong.

use std::borrow::Cow;
use std::fmt;

use events::Code;
use events::ledger::{PRODUCT_LEN_MAX, REGIONS_MAX, ZONES_MAX};
use model::{Currency, Money, MoneyError, PhoneError, PhoneNumber, Region, ZoneName};

use super::column::Column;
use super::error::{Problem, RowError, quote, shape};
use super::{Defaults, date, region, zone};

const REFERENCE_LEN_MAX: usize = 128;
const PERSONAL_LEN_MAX: usize = 200;
/// Room is left for the country of the number.
const REGIONS_NAMED_MAX: usize = REGIONS_MAX - 1;
const NOT_UTF8: [u8; 1] = [0xff];

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
    /// Every region that the file says they may be in, sorted; none: it says nothing.
    pub regions: Vec<Region>,
}

impl fmt::Debug for PortfolioRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let people = 1 + self.contacts.len();
        write!(f, "PortfolioRow(line {}, {} people, hidden)", self.line, people)
    }
}

impl fmt::Debug for PersonRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonRow(hidden)")
    }
}

impl PortfolioRow {
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
        for person in std::iter::once(&self.debtor).chain(&self.contacts) {
            put(person.name.as_bytes());
            put(&[u8::from(person.id.is_some())]);
            put(person.id.as_deref().unwrap_or("").as_bytes());
            put(person.phone.e164().as_bytes());
            put(&(person.zones.len() as u64).to_le_bytes());
            person.zones.iter().for_each(|zone| put(zone.as_str().as_bytes()));
        }
        // Regions came later. A row that names none has the bytes that it had before, so that its case is still known.
        // One that does goes on with what cannot be the name of another person.
        let people = || std::iter::once(&self.debtor).chain(&self.contacts);
        if people().any(|person| !person.regions.is_empty()) {
            put(&NOT_UTF8);
            for person in people() {
                put(&(person.regions.len() as u64).to_le_bytes());
                person.regions.iter().for_each(|region| put(region.as_str().as_bytes()));
            }
        }
    }
}

/// The cells of a row, by column.
#[derive(Debug, Default)]
pub struct Cells<'a> {
    cells: [Option<Cow<'a, str>>; Column::ALL.len()],
}

impl<'a> Cells<'a> {
    pub fn put(&mut self, column: Column, text: Cow<'a, str>) {
        self.cells[column as usize] = Some(text);
    }

    fn get(&self, column: Column) -> Option<&str> {
        self.cells[column as usize].as_deref().map(str::trim).filter(|text| !text.is_empty())
    }
}

/// Reads a row. `name` says what the file calls a column; `problems` are those found on the way here.
pub fn read(
    line: u64,
    cells: &Cells<'_>,
    name: &dyn Fn(Column) -> String,
    problems: Vec<Problem>,
    defaults: &Defaults,
) -> Result<PortfolioRow, RowError> {
    let mut row = Reading { cells, name, problems };
    let reference = row.text(Column::Reference, REFERENCE_LEN_MAX);
    let product = match row.cells.get(Column::Product) {
        None => Some(defaults.product.clone()),
        Some(_) => row.text(Column::Product, PRODUCT_LEN_MAX),
    };
    let currency = row.currency(defaults.currency);
    let jurisdiction = row.jurisdiction(&defaults.jurisdiction);
    let principal = row.amount(Column::Principal, currency);
    let interest = row.amount(Column::Interest, currency);
    let fees = row.amount(Column::Fees, currency);
    if let (Some(principal), Some(interest), Some(fees)) = (principal, interest, fees)
        && principal.minor == 0
        && interest.minor == 0
        && fees.minor == 0
    {
        row.problem(Column::Principal, Code::AMOUNT_INVALID, "something that is owed", "0 in all".to_owned());
    }
    let overdue_since = row.date(Column::OverdueSince);
    let country = jurisdiction.as_deref();
    row.require(Column::DebtorName);
    let debtor = row.person(country, &DEBTOR);
    let id = row.cells.get(Column::DebtorId).and_then(|_| row.text(Column::DebtorId, PERSONAL_LEN_MAX));
    if debtor.is_none() {
        row.require(Column::DebtorPhone);
    }
    let contacts = [row.person(country, &CONTACT), row.person(country, &CONTACT_2)];

    let problems = row.problems;
    let found = (reference, product, principal, interest, fees, overdue_since, jurisdiction, debtor);
    match found {
        (
            Some(reference),
            Some(product),
            Some(principal),
            Some(interest),
            Some(fees),
            Some(overdue_since),
            Some(jurisdiction),
            Some(debtor),
        ) if problems.is_empty() => Ok(PortfolioRow {
            line,
            reference,
            product,
            principal,
            interest,
            fees,
            overdue_since,
            jurisdiction,
            debtor: PersonRow { id, ..debtor },
            contacts: contacts.into_iter().flatten().collect(),
        }),
        _ => Err(RowError { line, problems }),
    }
}

/// The columns that speak of one person.
struct PersonColumns {
    name: Column,
    phone: Column,
    zone: Column,
    region: Column,
}

const DEBTOR: PersonColumns = PersonColumns {
    name: Column::DebtorName,
    phone: Column::DebtorPhone,
    zone: Column::DebtorZone,
    region: Column::DebtorRegion,
};
const CONTACT: PersonColumns = PersonColumns {
    name: Column::ContactName,
    phone: Column::ContactPhone,
    zone: Column::ContactZone,
    region: Column::ContactRegion,
};
const CONTACT_2: PersonColumns = PersonColumns {
    name: Column::Contact2Name,
    phone: Column::Contact2Phone,
    zone: Column::Contact2Zone,
    region: Column::Contact2Region,
};

struct Reading<'a> {
    cells: &'a Cells<'a>,
    name: &'a dyn Fn(Column) -> String,
    problems: Vec<Problem>,
}

impl Reading<'_> {
    fn problem(&mut self, column: Column, code: Code, expected: impl Into<String>, got: String) {
        let column = (self.name)(column);
        // A cell that could not be decoded has been reported, and looks empty here.
        if self.problems.iter().any(|problem| problem.column == column) {
            return;
        }
        self.problems.push(Problem { code, ..Problem::new(column, expected, got) });
    }

    /// Reports an empty cell.
    fn require(&mut self, column: Column) {
        if self.cells.get(column).is_none() {
            self.problem(column, Code::MALFORMED, "a value", "nothing".to_owned());
        }
    }

    fn text(&mut self, column: Column, len_max: usize) -> Option<String> {
        let text = self.cells.get(column).unwrap_or("");
        if text.is_empty() || text.len() > len_max {
            let got = if text.is_empty() { "nothing".to_owned() } else { format!("{} bytes", text.len()) };
            self.problem(column, Code::MALFORMED, format!("a text of 1 to {len_max} bytes"), got);
            return None;
        }
        Some(text.to_owned())
    }

    fn currency(&mut self, default: Currency) -> Option<Currency> {
        let text = match self.cells.get(Column::Currency) {
            None => return Some(default),
            Some("人民币" | "RMB") => return Some(Currency::CNY),
            Some(text) => text,
        };
        let currency = text.parse().ok();
        if currency.is_none() {
            let expected = "a three-letter currency code such as CNY";
            self.problem(Column::Currency, Code::MALFORMED, expected, quote(text));
        }
        currency
    }

    fn jurisdiction(&mut self, default: &str) -> Option<String> {
        let text = self.cells.get(Column::Jurisdiction).unwrap_or(default);
        if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Some(text.to_owned());
        }
        let expected = "a country in two capital letters such as CN";
        self.problem(Column::Jurisdiction, Code::MALFORMED, expected, quote(text));
        None
    }

    /// An amount that is owed. Only the principal must be given.
    fn amount(&mut self, column: Column, currency: Option<Currency>) -> Option<Money> {
        let currency = currency?;
        let text = match self.cells.get(column) {
            None if column == Column::Principal => {
                self.require(column);
                return None;
            }
            None => return Some(Money { minor: 0, currency }),
            Some(text) => text,
        };
        let expected = match Money::parse(text, currency) {
            Ok(money) if money.minor >= 0 => return Some(money),
            Ok(_) => "an amount that is not negative".to_owned(),
            Err(MoneyError::TooPrecise { digits, .. }) => format!("at most {digits} digits after the point"),
            Err(MoneyError::Overflow) => "an amount that fits into 64-bit minor units".to_owned(),
            Err(_) => "a plain amount such as 1234.56, without separators or a currency sign".to_owned(),
        };
        self.problem(column, Code::AMOUNT_INVALID, expected, quote(text));
        None
    }

    fn date(&mut self, column: Column) -> Option<i32> {
        let text = self.cells.get(column).unwrap_or("");
        let date = date::parse(text);
        if date.is_none() {
            let got = if text.is_empty() { "nothing".to_owned() } else { quote(text) };
            self.problem(column, Code::MALFORMED, "a date as YYYY-MM-DD, such as 2026-03-01", got);
        }
        date
    }

    /// `None`: no phone number, or a wrong cell, which is then reported. `country` fixes what a national number means.
    fn person(&mut self, country: Option<&str>, columns: &PersonColumns) -> Option<PersonRow> {
        let &PersonColumns { name, phone, zone, region } = columns;
        let Some(number) = self.cells.get(phone) else {
            if self.cells.get(name).is_some() {
                let expected = "the phone number of the person who is named";
                self.problem(phone, Code::MALFORMED, expected, "nothing".to_owned());
            }
            return None;
        };
        // Without a country a national number means nothing, and the country has been reported.
        country?;
        let number = match PhoneNumber::parse(number, country) {
            Ok(number) => number,
            Err(error) => {
                let (expected, got) = phone_problem(&error, number);
                self.problem(phone, Code::MALFORMED, expected, got);
                return None;
            }
        };
        let zones = match self.cells.get(zone) {
            None => Some(zone::of_number(&number).into_iter().collect()),
            Some(names) => self.zones(zone, names),
        };
        let regions = match self.cells.get(region) {
            None => Some(Vec::new()),
            Some(names) => self.regions(region, names),
        };
        let name = match self.cells.get(name) {
            None => String::new(),
            Some(_) => self.text(name, PERSONAL_LEN_MAX)?,
        };
        Some(PersonRow { name, id: None, phone: number, zones: zones?, regions: regions? })
    }

    fn zones(&mut self, column: Column, names: &str) -> Option<Vec<ZoneName>> {
        let zones: Result<Vec<ZoneName>, _> = listed(names).map(str::parse).collect();
        match zones {
            Ok(zones) if zones.len() > ZONES_MAX => {
                let got = format!("{} of them", zones.len());
                self.problem(column, Code::MALFORMED, format!("at most {ZONES_MAX} time zones"), got);
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
                    self.problem(column, Code::MALFORMED, expected, quote(name));
                    return None;
                }
            }
        }
        regions.sort_unstable();
        regions.dedup();
        if regions.len() > REGIONS_NAMED_MAX {
            let got = format!("{} of them", regions.len());
            self.problem(column, Code::MALFORMED, format!("at most {REGIONS_NAMED_MAX} regions"), got);
            return None;
        }
        Some(regions)
    }
}

/// The entries of a cell that may have several.
fn listed(names: &str) -> impl Iterator<Item = &str> {
    names.split(['|', ' ']).filter(|name| !name.is_empty())
}

fn phone_problem(error: &PhoneError, text: &str) -> (String, String) {
    let number = "a phone number such as 13812345678 or +8613812345678";
    match error {
        PhoneError::Masked => ("a whole phone number".to_owned(), "one with hidden digits (*)".to_owned()),
        PhoneError::Scientific => (
            "a phone number (format the column as text and export again)".to_owned(),
            "scientific notation, which has lost digits".to_owned(),
        ),
        PhoneError::NotANumber { .. } => (number.to_owned(), shape(text)),
        PhoneError::NotAssigned { country_code } => {
            (format!("a number that the numbering plan of +{country_code} assigns"), shape(text))
        }
    }
}
