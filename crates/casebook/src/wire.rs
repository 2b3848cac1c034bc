//! The words of a case in the words of the gate. A case names everything; the gate knows pseudonyms and numbers.

use events::gate::{Line, PermitRequest, TemplateApprovedV1, TemplateId};
use model::{AgencyId, CaseId, Channel, CollectorId, ContactPointId, LenderId, PersonId, Purpose, Role};

use crate::case::{Index, Intended, World};

/// Templates that a case need not approve: for messages, and for the one notice that asks for agreement.
pub(crate) const MESSAGE: TemplateId = TemplateId(1);
pub(crate) const NOTICE: TemplateId = TemplateId(2);
/// The case's own follow.
pub(crate) const OWN: u32 = 10;

/// The request that a contact would be asked by.
pub(crate) fn request(world: &World, intended: &Intended) -> PermitRequest {
    let message = matches!(intended.channel, Channel::Sms | Channel::Email | Channel::App | Channel::Letter);
    let usual = if intended.purpose == Purpose::ConsentNotice { NOTICE } else { MESSAGE };
    PermitRequest {
        contact: contact_id(intended.contact),
        case: case_id(intended.debts[0]),
        also: intended.debts[1..].iter().map(|debt| case_id(*debt)).collect(),
        agency: agency_id(intended.agency),
        collector: collector_id(intended.agency, intended.agent),
        channel: intended.channel,
        purpose: intended.purpose,
        line: line_of(world, intended.agency, intended.line),
        template: match intended.template {
            Some(template) => Some(TemplateId(OWN + template as u32)),
            None => message.then_some(usual),
        },
    }
}

pub(crate) fn template_of(agency: Index, template: TemplateId, text: &str) -> TemplateApprovedV1 {
    TemplateApprovedV1 {
        agency: agency_id(agency),
        template,
        channels: vec![Channel::Sms, Channel::Email, Channel::Letter, Channel::App],
        roles: Role::ALL.to_vec(),
        text: text.to_owned(),
    }
}

/// A calling number: as the case names it, where that is one, or made from its place in the case.
pub(crate) fn line_of(world: &World, agency: Index, line: Index) -> Line {
    let named = world.agencies.get(agency).and_then(|agency| agency.lines.get(line));
    let text = format!("{}-{}", agency + 1, line + 1);
    named.and_then(|line| Line::new(&line.name)).or_else(|| Line::new(&text)).unwrap_or(FALLBACK)
}

/// What is never used: two numbers and a dash are a line.
const FALLBACK: Line = match Line::new("line") {
    Some(line) => line,
    None => panic!("a line"),
};

pub(crate) fn pseudonym(kind: &[u8; 4], index: usize) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(kind);
    bytes[8..].copy_from_slice(&(index as u64).to_be_bytes());
    bytes
}

pub(crate) fn contact_id(index: Index) -> ContactPointId {
    ContactPointId(pseudonym(b"ctct", index))
}

pub(crate) fn person_id(index: Index) -> PersonId {
    PersonId(pseudonym(b"pers", index))
}

pub(crate) fn case_id(index: Index) -> CaseId {
    CaseId(pseudonym(b"debt", index))
}

// Far fewer than 2^32 of each fit in a file.
pub(crate) fn agency_id(index: Index) -> AgencyId {
    AgencyId(index as u32 + 1)
}

pub(crate) fn lender_id(index: Index) -> LenderId {
    LenderId(index as u32 + 1)
}

pub(crate) fn collector_id(agency: Index, agent: Index) -> CollectorId {
    CollectorId((agency as u32 + 1) * 1000 + agent as u32 + 1)
}
