//! A new case: pseudonyms, sealed fields, postings.

use std::ops::Range;

use events::Code;
use events::ledger::{Account, CaseOpenedV2, ContactV2, LedgerCommand, PartyV2, PostingV1};
use model::{PersonId, PhoneNumber, Region, Role, ZoneName};
use vault::{Field, Place, Pseudonyms, SealedField, VaultError};

use super::command::{Prepared, PreparedRows, Run};
use super::sealed::{IDENTITY, PHONE, REFERENCE, put_identity};
use crate::portfolio::{PersonRow, PortfolioRow, Problem, RowError};

/// A person of a row: where their sealed fields begin in the list of fields.
struct Party<'a> {
    row: &'a PersonRow,
    role: Role,
    person: PersonId,
    identity: Range<usize>,
}

struct Case<'a> {
    row: &'a PortfolioRow,
    parties: Vec<Party<'a>>,
}

impl Run {
    /// Prepares a batch. Each person's key is durable before this returns.
    pub(super) async fn prepare(&self, rows: &[PortfolioRow]) -> Result<PreparedRows, VaultError> {
        let pseudonyms = self.vault.pseudonyms();
        let mut identities = Vec::with_capacity(rows.len() * 64);
        let mut text = String::new();
        let cases: Vec<Case<'_>> =
            rows.iter().map(|row| self.parties(row, pseudonyms, &mut identities, &mut text)).collect();
        let mut fields = Vec::with_capacity(rows.len() * 7);
        for case in &cases {
            // The reference comes before the people who follow the first, as the vault has his key at hand.
            let mut reference = Some(case.row.reference.as_bytes());
            for party in &case.parties {
                let Party { row, person, identity, .. } = party;
                let place = |field| Place { person: *person, field };
                fields.push(Field { place: place(IDENTITY), plaintext: &identities[identity.clone()] });
                fields.extend(
                    row.numbers()
                        .map(|(phone, _)| Field { place: place(PHONE), plaintext: phone.e164().as_bytes() }),
                );
                if let Some(plaintext) = reference.take() {
                    fields.push(Field { place: place(REFERENCE), plaintext });
                }
            }
        }
        let mut sealed = self.vault.seal_batch(&fields).await?.into_iter();
        let mut scratch = Vec::with_capacity(512);
        Ok(cases.into_iter().map(|case| self.opening(case, pseudonyms, &mut sealed, &mut scratch)).collect())
    }

    fn parties<'a>(
        &self,
        row: &'a PortfolioRow,
        pseudonyms: &Pseudonyms,
        identities: &mut Vec<u8>,
        text: &mut String,
    ) -> Case<'a> {
        let contacts = row.contacts.iter().map(|contact| (contact, Role::EmergencyContact));
        let people = std::iter::once((&row.debtor, Role::Debtor)).chain(contacts);
        let party = |(row, role): (&'a PersonRow, Role)| {
            text.clear();
            identity_of(row, text);
            let begin = identities.len();
            put_identity(identities, &row.name, row.id.as_deref());
            let person = pseudonyms.person(self.lender, text);
            Party { row, role, person, identity: begin..identities.len() }
        };
        Case { row, parties: people.map(party).collect() }
    }

    fn opening(
        &self,
        case: Case<'_>,
        pseudonyms: &Pseudonyms,
        sealed: &mut impl Iterator<Item = SealedField>,
        scratch: &mut Vec<u8>,
    ) -> Result<Prepared, RowError> {
        let Case { row, parties } = case;
        // Take all of the case's fields before anything else: the next case's follow.
        let mut take = || match sealed.next() {
            Some(SealedField::Sealed(bytes)) => Some(bytes),
            Some(SealedField::Erased) | None => None,
        };
        let mut reference_sealed = None;
        let taken: Vec<Option<PartyV2>> = parties
            .iter()
            .enumerate()
            .map(|(index, party)| {
                let identity = take();
                // All of them, though one may be erased.
                let numbers: Vec<_> = party.row.numbers().map(|number| (number, take())).collect();
                if index == 0 {
                    reference_sealed = take();
                }
                let contact = |((phone, zones), sealed): ((&PhoneNumber, &[ZoneName]), Option<Vec<u8>>)| {
                    Some(ContactV2 {
                        contact: pseudonyms.contact_point(phone),
                        zones: zones.to_vec(),
                        regions: regions(&party.row.regions, phone, &row.jurisdiction),
                        sealed: sealed?,
                    })
                };
                Some(PartyV2 {
                    person: party.person,
                    role: party.role,
                    contacts: numbers.into_iter().map(contact).collect::<Option<_>>()?,
                    sealed: identity?,
                })
            })
            .collect();
        let parties: Option<Vec<PartyV2>> = taken.into_iter().collect();
        let (Some(parties), Some(reference_sealed)) = (parties, reference_sealed) else {
            return Err(erased(row.line));
        };
        let id = self.case(&row.reference);
        scratch.clear();
        row.canonical(scratch);
        let digest = pseudonyms.row_digest(scratch);
        let opening = CaseOpenedV2 {
            case: id,
            lender: self.lender,
            product: row.product.clone(),
            currency: row.principal.currency,
            jurisdiction: row.jurisdiction.clone(),
            opened_on: self.today,
            overdue_since: row.overdue_since,
            postings: postings(row)?,
            parties,
            reference_sealed,
            digest,
        };
        Ok(self.order(row.line, id, &digest, LedgerCommand::OpenCase(Box::new(opening))))
    }
}

/// Where the row says that somebody may be, and the country of their number: a number says where it was issued,
/// and who calls it is judged by that country's rules too. Without the jurisdiction, which holds for the whole case.
fn regions(named: &[Region], phone: &PhoneNumber, jurisdiction: &str) -> Vec<Region> {
    let mut regions = named.to_vec();
    regions.extend(phone.country().filter(|country| !named.contains(country)));
    regions.retain(|region| region.as_str() != jurisdiction);
    regions
}

/// What tells a lender's people apart: the identity number, or else number and name together.
fn identity_of(row: &PersonRow, out: &mut String) {
    match &row.id {
        Some(id) => {
            out.push_str("id/");
            out.push_str(id);
        }
        None => {
            out.push_str("phone/");
            out.push_str(row.phone.e164());
            out.push('/');
            out.push_str(&row.name);
        }
    }
}

/// The claims that are not zero, against where they come from.
fn postings(row: &PortfolioRow) -> Result<Vec<PostingV1>, RowError> {
    let claims = [
        (Account::Principal, row.principal.minor),
        (Account::Interest, row.interest.minor),
        (Account::Fees, row.fees.minor),
    ];
    let sum = claims.iter().try_fold(0_i64, |sum, (_, minor)| sum.checked_add(*minor));
    let Some(sum) = sum else {
        let expected = "amounts that together fit into 64-bit minor units".to_owned();
        let got = "more".to_owned();
        let column = "(row)".to_owned();
        let problem = Problem { column, expected, got, code: Code::AMOUNT_INVALID };
        return Err(RowError { line: row.line, problems: vec![problem] });
    };
    let mut postings: Vec<PostingV1> = claims
        .into_iter()
        .filter(|(_, minor)| *minor != 0)
        .map(|(account, minor)| PostingV1 { account, minor })
        .collect();
    postings.push(PostingV1 { account: Account::Opening, minor: -sum });
    Ok(postings)
}

fn erased(line: u64) -> RowError {
    let problem = Problem {
        column: "(row)".to_owned(),
        expected: "people who may be taken in".to_owned(),
        got: "one whose data was erased at their request".to_owned(),
        code: Code::FORBIDDEN,
    };
    RowError { line, problems: vec![problem] }
}
