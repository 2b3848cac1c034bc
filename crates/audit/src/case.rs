//! A case, as its events tell.

use events::Position;
use events::ledger::{CaseOpenedV2, CloseReason, PostingV1};
use model::{AgencyId, CaseId, CollectorId, ContactPointId, Currency, LenderId, PersonId, Role, Timestamp};
use runtime::projection::{Reader, StoreError};
use serde::{Deserialize, Serialize};

use crate::key;

/// A case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseView {
    /// Which.
    pub case: CaseId,
    /// Whose claim it is.
    pub lender: LenderId,
    /// The lender's word for the product.
    pub product: String,
    /// Of every amount here.
    pub currency: Currency,
    /// ISO 3166 alpha-2.
    pub jurisdiction: String,
    /// When it was dispatched.
    pub opened_at: Timestamp,
    /// Days since 1970-01-01.
    pub opened_on: i32,
    /// Days since 1970-01-01.
    pub overdue_since: i32,
    /// What is owed, in minor units; after a close, what was owed before it.
    pub balance: i64,
    /// Why it was closed; `None`: it is open.
    pub closed: Option<CloseReason>,
    /// Who works it.
    pub placed: Option<Placement>,
    /// Who is in it.
    pub parties: Vec<CaseParty>,
}

/// Who works a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// The agency.
    pub agency: AgencyId,
    /// The collector.
    pub collector: CollectorId,
    /// Since when.
    pub since: Timestamp,
}

/// A person in a case. What is sealed is kept sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseParty {
    /// Pseudonym of the person.
    pub person: PersonId,
    /// What they are to the case.
    pub role: Role,
    /// Name and identity number, sealed under the person's key.
    pub sealed: Vec<u8>,
    /// How they can be reached.
    pub contacts: Vec<PartyContact>,
}

/// A contact point of a party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartyContact {
    /// Its pseudonym.
    pub contact: ContactPointId,
    /// The number itself, sealed under the person's key.
    pub sealed: Vec<u8>,
}

/// A case as it was opened, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    pub view: CaseView,
    pub partition: u16,
    pub position: Position,
    pub actor: events::Actor,
}

impl Opened {
    pub fn new(
        opened: CaseOpenedV2,
        at: Timestamp,
        partition: u16,
        position: Position,
        actor: events::Actor,
    ) -> Self {
        let owed = |posting: &&PostingV1| posting.account.is_claim();
        let view = CaseView {
            case: opened.case,
            lender: opened.lender,
            product: opened.product,
            currency: opened.currency,
            jurisdiction: opened.jurisdiction,
            opened_at: at,
            opened_on: opened.opened_on,
            overdue_since: opened.overdue_since,
            balance: opened
                .postings
                .iter()
                .filter(owed)
                .fold(0, |sum, posting| posting.minor.saturating_add(sum)),
            closed: None,
            placed: None,
            parties: opened
                .parties
                .into_iter()
                .map(|party| CaseParty {
                    person: party.person,
                    role: party.role,
                    sealed: party.sealed,
                    contacts: party
                        .contacts
                        .into_iter()
                        .map(|contact| PartyContact { contact: contact.contact, sealed: contact.sealed })
                        .collect(),
                })
                .collect(),
        };
        Self { view, partition, position, actor }
    }

    pub fn load(rows: &Reader, case: &CaseId) -> Result<Option<Self>, StoreError> {
        row(rows, &key::opened(case))
    }
}

/// The case as it stands; `None` if no ledger that is followed opened it.
pub fn view(rows: &Reader, case: &CaseId) -> Result<Option<CaseView>, StoreError> {
    let Some(Opened { mut view, .. }) = Opened::load(rows, case)? else { return Ok(None) };
    if let Some(balance) = row(rows, &key::balance(case))? {
        view.balance = balance;
    }
    view.closed = row::<Option<CloseReason>>(rows, &key::closed(case))?.flatten();
    view.placed = row::<Option<Placement>>(rows, &key::placed(case))?.flatten();
    Ok(Some(view))
}

/// The contact points that the gate or the ledger knows for a case.
pub fn contacts(rows: &Reader, case: &CaseId) -> Result<Vec<ContactPointId>, StoreError> {
    let mut contacts = Vec::new();
    for row in rows.scan(&key::links(case)) {
        let (key, _) = row?;
        let id = key.get(17..).and_then(|id| <[u8; 16]>::try_from(id).ok());
        contacts.push(ContactPointId(id.ok_or_else(|| StoreError("a link's key does not read".to_owned()))?));
    }
    if let Some(opened) = Opened::load(rows, case)? {
        let parties = opened.view.parties.iter();
        contacts.extend(parties.flat_map(|party| &party.contacts).map(|contact| contact.contact));
    }
    contacts.sort_unstable();
    contacts.dedup();
    Ok(contacts)
}

/// Reads a row in postcard.
pub fn row<T: serde::de::DeserializeOwned>(rows: &Reader, key: &[u8]) -> Result<Option<T>, StoreError> {
    let Some(bytes) = rows.get(key)? else { return Ok(None) };
    postcard::from_bytes(&bytes)
        .map(Some)
        .map_err(|error| StoreError(format!("a row does not read: {error}")))
}
