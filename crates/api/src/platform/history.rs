//! What the audit knows: timelines, who is behind a case, the number to dial, recount, checkpoints.

use audit::{After, AuditFigures, AuditQuery, AuditReply, CaseParty, Recount, TimelineEntry, TimelineOf};
use events::{Code, Reason, Refusal, StreamId};
use model::{AgencyId, CaseId, ContactPointId, PersonId, PhoneNumber, Role};
use vault::{Opened, Place};

use super::{Platform, vault_failed};
use crate::import::sealed::{IDENTITY, PHONE, name_in};
use crate::principal::{Principal, not_found};
use crate::target::Target;

/// Most entries of one page.
pub const TIMELINE_MAX: u32 = 1_000;

/// A page of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelinePage {
    /// What the asker may see of the page, in order of time. May be empty though there is more.
    pub entries: Vec<TimelineEntry>,
    /// Where the next page begins; `None`: there is none.
    pub next: Option<After>,
}

/// A person in a case.
#[derive(Clone, PartialEq, Eq)]
pub struct CasePerson {
    /// Who: a pseudonym.
    pub person: PersonId,
    /// What they are to the case.
    pub role: Role,
    /// Their name; `None`: their data was erased. Not for logs.
    pub name: Option<String>,
    /// How they can be reached.
    pub contacts: Vec<CaseContact>,
}

/// A contact point of a person in a case.
#[derive(Clone, PartialEq, Eq)]
pub struct CaseContact {
    /// Which.
    pub contact: ContactPointId,
    /// Enough of the number to recognise it, not to call it; `None`: erased.
    pub hint: Option<String>,
}

impl std::fmt::Debug for CasePerson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CasePerson({}, {}, hidden)", self.person, self.role)
    }
}

impl std::fmt::Debug for CaseContact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CaseContact({}, hidden)", self.contact)
    }
}

impl Platform {
    /// What happened to a contact point: to whoever may look it up; an agency and a lender see what is theirs, and
    /// stops.
    pub async fn contact_timeline(
        &self,
        principal: &Principal,
        target: &Target,
        limit: u32,
        after: Option<After>,
    ) -> Result<TimelinePage, Refusal> {
        let contact = self.contact(principal, target).await?.contact;
        let page = self.timeline(TimelineOf::Contact(contact), limit, after).await?;
        Ok(seen_by(page, |entry| {
            entry.stop.is_some()
                || match *principal {
                    Principal::Lender(lender) => entry.lender == Some(lender),
                    Principal::CalledPerson(_) => true,
                    _ => principal.sees_all() || entry.agency == principal.agency(),
                }
        }))
    }

    /// What happened to a case: to whoever may see it; an agency does not see what others did before it.
    pub async fn case_timeline(
        &self,
        principal: &Principal,
        case: CaseId,
        limit: u32,
        after: Option<After>,
    ) -> Result<TimelinePage, Refusal> {
        self.visible_case(principal, case).await?;
        let page = self.timeline(TimelineOf::Case(case), limit, after).await?;
        let own = principal.agency();
        Ok(seen_by(page, |entry| own.is_none() || entry.agency.is_none() || entry.agency == own))
    }

    /// Who is in a case: to whoever may see it. Empty while the audit has not taken the case yet.
    pub async fn people(&self, principal: &Principal, case: CaseId) -> Result<Vec<CasePerson>, Refusal> {
        self.visible_case(principal, case).await?;
        let parties = self.parties(case).await?;
        let mut sealed: Vec<(Place, &[u8])> = Vec::new();
        for party in &parties {
            sealed.push((Place { person: party.person, field: IDENTITY }, &party.sealed));
            for contact in &party.contacts {
                sealed.push((Place { person: party.person, field: PHONE }, &contact.sealed));
            }
        }
        let opened = self.parts.vault.open_batch(&sealed).await.map_err(|error| vault_failed(&error))?;
        let mut opened = opened.into_iter().map(|opened| match opened {
            Opened::Plain(plain) => Some(plain),
            Opened::Erased => None,
        });
        let mut people = Vec::with_capacity(parties.len());
        for party in &parties {
            let name = opened.next().flatten().map(|identity| name_in(&identity));
            let contact = |contact: &audit::PartyContact| CaseContact {
                contact: contact.contact,
                hint: opened.next().flatten().and_then(|number| phone(&number)).map(|number| number.hint()),
            };
            let contacts = party.contacts.iter().map(contact).collect();
            people.push(CasePerson { person: party.person, role: party.role, name, contacts });
        }
        Ok(people)
    }

    /// The number that a permit is for, until it expires: for whoever it was given to, the trunk and the operator.
    pub async fn number_to_dial(&self, principal: &Principal, token: &str) -> Result<PhoneNumber, Refusal> {
        let permit = self.own_permit(principal, token)?;
        if self.now() > permit.expires_at {
            return Err(Code::PERMIT_EXPIRED.into());
        }
        let parties = self.parties(permit.case).await?;
        let found = parties.iter().find_map(|party| {
            let contact = party.contacts.iter().find(|contact| contact.contact == permit.contact)?;
            Some((party.person, &contact.sealed))
        });
        let Some((person, sealed)) = found else {
            let detail = "the audit has not taken this case yet; try again";
            return Err(Reason::detail(Code::UNAVAILABLE, detail).into());
        };
        match self.parts.vault.open(person, PHONE, sealed).await.map_err(|error| vault_failed(&error))? {
            Opened::Plain(number) => phone(&number).ok_or_else(not_found),
            Opened::Erased => Err(not_found()),
        }
    }

    /// One agency's figures: to itself, the operator and the supervisor of all.
    pub async fn agency_figures(
        &self,
        principal: &Principal,
        agency: AgencyId,
    ) -> Result<audit::AgencyFigures, Refusal> {
        if !principal.sees_all() && principal.agency() != Some(agency) {
            return Err(not_found());
        }
        let figures = self.audit_figures().await?;
        figures.agencies.into_iter().find(|figures| figures.agency == agency).ok_or_else(not_found)
    }

    /// Counts the gate's history again from its log, independently of the gate: for the operator and the supervisor
    /// of all. Takes as long as reading the log.
    pub async fn recount(&self, principal: &Principal) -> Result<Recount, Refusal> {
        if !principal.sees_all() {
            return Err(principal.forbidden("the operator or the supervisor of all agencies"));
        }
        match self.parts.audit.ask(AuditQuery::Recount).await? {
            AuditReply::Recount(recount) => Ok(*recount),
            _ => Err(Code::UNAVAILABLE.into()),
        }
    }

    /// A signed checkpoint of a log: to anybody, it holds nothing but a hash.
    pub async fn checkpoint(&self, stream: StreamId) -> Result<Vec<u8>, Refusal> {
        match self.parts.audit.ask(AuditQuery::Checkpoint(stream)).await? {
            AuditReply::Checkpoint(note) => Ok(note),
            _ => Err(Code::UNAVAILABLE.into()),
        }
    }

    pub(super) async fn audit_figures(&self) -> Result<AuditFigures, Refusal> {
        match self.parts.audit.ask(AuditQuery::Figures).await? {
            AuditReply::Figures(figures) => Ok(*figures),
            _ => Err(Code::UNAVAILABLE.into()),
        }
    }

    async fn timeline(
        &self,
        of: TimelineOf,
        limit: u32,
        after: Option<After>,
    ) -> Result<audit::Timeline, Refusal> {
        let limit = limit.clamp(1, TIMELINE_MAX);
        match self.parts.audit.ask(AuditQuery::Timeline { of, limit, after }).await? {
            AuditReply::Timeline(timeline) => Ok(timeline),
            _ => Err(Code::UNAVAILABLE.into()),
        }
    }

    pub(super) async fn parties(&self, case: CaseId) -> Result<Vec<CaseParty>, Refusal> {
        match self.parts.audit.ask(AuditQuery::Case(case)).await? {
            AuditReply::Case(view) => Ok(view.map(|view| view.parties).unwrap_or_default()),
            _ => Err(Code::UNAVAILABLE.into()),
        }
    }
}

fn seen_by(timeline: audit::Timeline, seen: impl Fn(&TimelineEntry) -> bool) -> TimelinePage {
    let audit::Timeline { mut entries, more } = timeline;
    let last = entries.last().filter(|_| more);
    let next = last.map(|last| After { at: last.at, stream: last.stream, position: last.position });
    entries.retain(seen);
    TimelinePage { entries, next }
}

fn phone(e164: &[u8]) -> Option<PhoneNumber> {
    PhoneNumber::parse(std::str::from_utf8(e164).ok()?, None).ok()
}
