//! Keys of rows. The first byte says what the row is; integers are big-endian, so that keys sort as numbers.

use events::{Position, StreamId};
use model::{AgencyId, CaseId, ContactPointId, PersonId};

/// A contact point's gate events, from a position on; see [`kept`](crate::kept).
const CONTACT: u8 = b't';
/// A person's holds and consents, from a position on.
const PERSON: u8 = b'p';
/// A case's ledger and assignment events and the gate's holds on it, from a position on.
const CASE: u8 = b'k';
/// A case as it was opened.
const OPENED: u8 = b'o';
/// What is owed after a case's last payment.
const BALANCE: u8 = b'b';
/// Why a case was closed.
const CLOSED: u8 = b'd';
/// Where a case is placed.
const PLACED: u8 = b'a';
/// That a case names a contact point.
const LINKED: u8 = b'x';
/// An agency's figures from one stream.
const FIGURES: u8 = b'f';
/// An agency's name.
const AGENCY: u8 = b'y';
/// A stream's totals.
const TOTALS: u8 = b'z';
/// Calls placed to a contact point.
const CALLS: u8 = b'n';
/// A stream's Merkle frontier.
const TREE: u8 = b'm';

/// Whose events are kept: the first 17 bytes of their keys.
pub type Subject = [u8; 17];

fn subject(kind: u8, id: &[u8; 16]) -> Subject {
    let mut key = [kind; 17];
    key[1..].copy_from_slice(id);
    key
}

pub fn contact(contact: &ContactPointId) -> Subject {
    subject(CONTACT, &contact.0)
}

pub fn person(person: &PersonId) -> Subject {
    subject(PERSON, &person.0)
}

pub fn case(case: &CaseId) -> Subject {
    subject(CASE, &case.0)
}

pub fn stream_bytes(stream: StreamId) -> [u8; 3] {
    let [high, low] = stream.partition.to_be_bytes();
    [stream.service as u8, high, low]
}

/// The stream that these bytes name, if any.
pub fn stream_of(bytes: &[u8]) -> Option<StreamId> {
    let &[service, high, low] = bytes.first_chunk::<3>()?;
    let service = events::Service::ALL.into_iter().find(|known| *known as u8 == service)?;
    Some(StreamId { service, partition: u16::from_be_bytes([high, low]) })
}

/// Events of a subject from one stream, from a position on.
pub fn events_at(subject: &Subject, stream: StreamId, position: Position) -> [u8; 28] {
    let mut key = [0; 28];
    key[..17].copy_from_slice(subject);
    key[17..20].copy_from_slice(&stream_bytes(stream));
    key[20..].copy_from_slice(&position.0.to_be_bytes());
    key
}

pub fn opened(case: &CaseId) -> Subject {
    subject(OPENED, &case.0)
}

pub fn balance(case: &CaseId) -> Subject {
    subject(BALANCE, &case.0)
}

pub fn closed(case: &CaseId) -> Subject {
    subject(CLOSED, &case.0)
}

pub fn placed(case: &CaseId) -> Subject {
    subject(PLACED, &case.0)
}

pub fn links(case: &CaseId) -> Subject {
    subject(LINKED, &case.0)
}

pub fn link(case: &CaseId, contact: &ContactPointId) -> [u8; 33] {
    let mut key = [0; 33];
    key[..17].copy_from_slice(&links(case));
    key[17..].copy_from_slice(&contact.0);
    key
}

pub fn calls(contact: &ContactPointId) -> Subject {
    subject(CALLS, &contact.0)
}

pub const ALL_FIGURES: &[u8] = &[FIGURES];

pub fn figures(stream: StreamId, agency: AgencyId) -> [u8; 8] {
    let mut key = [FIGURES; 8];
    key[1..4].copy_from_slice(&stream_bytes(stream));
    key[4..].copy_from_slice(&agency.0.to_be_bytes());
    key
}

pub fn figures_of(stream: StreamId) -> [u8; 4] {
    with_stream(FIGURES, stream)
}

pub const ALL_AGENCIES: &[u8] = &[AGENCY];

pub fn agency_name(agency: AgencyId) -> [u8; 5] {
    let mut key = [AGENCY; 5];
    key[1..].copy_from_slice(&agency.0.to_be_bytes());
    key
}

pub const ALL_TOTALS: &[u8] = &[TOTALS];

pub fn totals(stream: StreamId) -> [u8; 4] {
    with_stream(TOTALS, stream)
}

pub fn tree(stream: StreamId) -> [u8; 4] {
    with_stream(TREE, stream)
}

fn with_stream(kind: u8, stream: StreamId) -> [u8; 4] {
    let [service, high, low] = stream_bytes(stream);
    [kind, service, high, low]
}
