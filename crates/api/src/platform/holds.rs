//! Holds: who may place which, who sees them, who lifts them. Whether a hold may be lifted by this party, the gate decides.

use events::gate::{
    GateCommand, GateQuery, GateReply, HoldKind, HoldLiftedV1, HoldPlacedV1, HoldSource, StandingHold,
    WeekTime,
};
use events::{Code, Reason, Refusal};
use model::{CaseId, Channel, ContactPointId, PersonId, Place, Timestamp};
use sha2::{Digest, Sha256};

use super::Platform;
use crate::principal::{Principal, not_found};
use crate::target::Target;

/// Most holds that stand on one contact point, person or case.
const HOLDS_MAX: usize = 64;

/// What a hold is on: a contact that fits all that is given. At least one is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HoldOn {
    /// This contact point.
    pub target: Option<Target>,
    /// This person, at any of their contact points.
    pub person: Option<PersonId>,
    /// This debt, by its case.
    pub case: Option<CaseId>,
}

/// A hold that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldAsk {
    /// On what.
    pub on: HoldOn,
    /// Why.
    pub kind: HoldKind,
    /// On these channels; empty: on all.
    pub channels: Vec<Channel>,
    /// In these places; empty: in all.
    pub places: Vec<Place>,
    /// At these times of the week, by the clock of any zone that the contact point may be in; empty: always.
    pub times: Vec<WeekTime>,
    /// Until then; `None`: until it is lifted.
    pub until: Option<Timestamp>,
    /// In whose name; `None`: one's own. Only the operator speaks for others.
    pub source: Option<HoldVoice>,
}

/// For whom the operator speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldVoice {
    /// The person, who said so by letter or on the telephone.
    CalledPerson,
    /// A court or a regulator.
    Regulator,
}

/// A hold that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldView {
    /// Its name: the same in every partition of the gate.
    pub hold: HoldName,
    /// Since when.
    pub at: Timestamp,
    /// What was placed.
    pub placed: HoldPlacedV1,
}

/// The name of a hold: 16 hexadecimal digits of a digest of all that was said when it was placed. The gate keeps the same
/// hold once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldName(pub u64);

impl HoldName {
    fn of(placed: &HoldPlacedV1) -> Result<Self, Refusal> {
        let bytes = postcard::to_stdvec(placed).map_err(|_| Refusal::from(Code::MALFORMED))?;
        let mut first = [0; 8];
        first.copy_from_slice(&Sha256::digest(bytes)[..8]);
        Ok(Self(u64::from_be_bytes(first)))
    }
}

impl std::fmt::Display for HoldName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "hold-{:016x}", self.0)
    }
}

impl std::str::FromStr for HoldName {
    type Err = model::IdError;

    fn from_str(text: &str) -> Result<Self, model::IdError> {
        let digits = text.strip_prefix("hold-").unwrap_or(text);
        let number = (digits.len() == 16).then(|| u64::from_str_radix(digits, 16).ok()).flatten();
        let expected = "a hold such as hold-0123456789abcdef";
        number.map(Self).ok_or_else(|| model::IdError { expected, got: text.to_owned() })
    }
}

/// A hold was placed, or stood before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldReceipt {
    /// Its name.
    pub hold: HoldName,
    /// False: it stood before.
    pub changed: bool,
}

/// What a hold is on, by pseudonyms.
#[derive(Debug, Clone, Copy)]
struct Subject {
    contact: Option<ContactPointId>,
    person: Option<PersonId>,
    case: Option<CaseId>,
}

impl Platform {
    /// Places a hold. A called person may for their own number, an agency and its collectors for what they were told on their
    /// cases, a lender for its cases, the operator for all. With a person or a case and no contact point it concerns every one.
    pub async fn place_hold(
        &self,
        principal: &Principal,
        ask: &HoldAsk,
        retry_key: Option<&str>,
    ) -> Result<HoldReceipt, Refusal> {
        let by = voice(principal, ask.source)?;
        if !may_place(principal, ask.kind) {
            return Err(principal.forbidden(&format!("somebody who may place a hold for {}", ask.kind)));
        }
        let Subject { contact, person, case } = self.subject(principal, &ask.on).await?;
        let HoldAsk { kind, channels, places, times, until, .. } = ask.clone();
        let placed = HoldPlacedV1 { contact, person, case, kind, channels, places, times, until, by };
        let hold = HoldName::of(&placed)?;
        let partition = contact.map_or(0, |contact| self.parts.gate.partition_of(&contact.0));
        let standing = self.standing(partition, Subject { contact, person, case }).await?;
        if standing.len() >= HOLDS_MAX && !standing.iter().any(|known| known.placed == placed) {
            let detail = format!("expected at most {HOLDS_MAX} holds on the same, got one more; lift some");
            return Err(Reason::detail(Code::MALFORMED, detail).into());
        }
        let command = GateCommand::PlaceHold(placed);
        let changed = self.tell_gate(principal, principal.tenant(), command, retry_key).await?;
        Ok(HoldReceipt { hold, changed })
    }

    /// Lifts a hold: whoever placed it, and the operator. A collector's agency lifts what the collector was told to place.
    pub async fn lift_hold(
        &self,
        principal: &Principal,
        on: &HoldOn,
        hold: HoldName,
        source: Option<HoldVoice>,
        retry_key: Option<&str>,
    ) -> Result<bool, Refusal> {
        if matches!(principal, Principal::Collector(..)) {
            return Err(
                principal.forbidden("the collector's agency, which lifts what was placed in its name")
            );
        }
        let by = voice(principal, source)?;
        let own = self.subject(principal, on).await?;
        let known = self.on(own).await?;
        let mut found = None;
        for known in known {
            if HoldName::of(&known.placed)? == hold {
                found = Some(known.placed);
            }
        }
        let placed = found.ok_or(Refusal::from(Code::HOLD_UNKNOWN))?;
        if matches!(principal, Principal::CalledPerson(_)) && placed.contact != own.contact {
            return Err(Code::HOLD_UNKNOWN.into());
        }
        let subject = Subject { contact: placed.contact, person: placed.person, case: placed.case };
        let partitions = match subject.contact {
            Some(contact) => {
                let partition = self.parts.gate.partition_of(&contact.0);
                partition..partition + 1
            }
            None => 0..self.parts.gate.partitions(),
        };
        let names = super::give::Names::new(principal, retry_key)?;
        let mut lifted = false;
        for partition in partitions {
            let standing = self.standing(partition, subject).await?;
            let Some(known) = standing.into_iter().find(|known| known.placed == placed) else { continue };
            let Subject { contact, person, case } = subject;
            let lift = HoldLiftedV1 { contact, person, case, hold: known.position, by };
            let order = runtime::Order {
                id: names.nth(u32::from(partition)),
                actor: principal.actor(),
                tenant: principal.tenant(),
                cause: None,
                command: GateCommand::LiftHold(lift),
            };
            super::give::give_to(&self.parts.gate, partition, order).await?;
            lifted = true;
        }
        Ok(lifted)
    }

    /// The holds that stand on a contact point, those on its persons and cases included, or on a person or a case: to whoever
    /// may place one there.
    pub async fn holds(&self, principal: &Principal, on: &HoldOn) -> Result<Vec<HoldView>, Refusal> {
        let subject = self.subject(principal, on).await?;
        let mut views = Vec::new();
        for StandingHold { at, placed, .. } in self.on(subject).await? {
            let hold = HoldName::of(&placed)?;
            if !views.iter().any(|view: &HoldView| view.hold == hold) {
                views.push(HoldView { hold, at, placed });
            }
        }
        views.sort_by_key(|view| view.at);
        Ok(views)
    }

    /// Whether the principal may speak about these, and what they are.
    async fn subject(&self, principal: &Principal, on: &HoldOn) -> Result<Subject, Refusal> {
        let own = match principal {
            Principal::CalledPerson(own) => Some(*own),
            _ => None,
        };
        let contact = on.target.as_ref().map(|target| self.contact_point(target)).or(own);
        let subject = Subject { contact, person: on.person, case: on.case };
        let nothing = contact.is_none() && on.person.is_none() && on.case.is_none();
        if nothing {
            return Err(
                Reason::detail(Code::MALFORMED, "expected a number, a person or a case, got none").into()
            );
        }
        match principal {
            Principal::Operator | Principal::Supervisor(None) => return Ok(subject),
            Principal::Anonymous | Principal::Trunk => {
                return Err(principal.forbidden("the person themselves, or a party to the case"));
            }
            Principal::CalledPerson(own) if contact != Some(*own) || on.person.is_some() => {
                return Err(not_found());
            }
            Principal::Lender(_) if on.case.is_none() => {
                return Err(principal.forbidden("a case of the lender's own to be named"));
            }
            _ if contact.is_none() && on.case.is_none() => {
                return Err(principal.forbidden("a case of their own to be named beside the person"));
            }
            _ => {}
        }
        if let (Some(case), None) = (on.case, own) {
            self.visible_case(principal, case).await?;
        }
        if let Some(contact) = contact {
            self.holder_seen(principal, contact, on.case).await?;
        }
        if let (Some(person), Some(case)) = (on.person, on.case) {
            let people = self.people(principal, case).await?;
            if !people.iter().any(|known| known.person == person) {
                return Err(not_found());
            }
        } else if on.person.is_some() {
            return Err(principal.forbidden("a case of their own to be named beside the person"));
        }
        Ok(subject)
    }

    /// Everything that stands on these.
    async fn on(&self, subject: Subject) -> Result<Vec<StandingHold>, Refusal> {
        let Some(contact) = subject.contact else { return self.standing(0, subject).await };
        let partition = self.parts.gate.partition_of(&contact.0);
        let mut all =
            self.standing(partition, Subject { contact: Some(contact), person: None, case: None }).await?;
        let status = self.contact_status(contact).await?;
        for holder in status.iter().flat_map(|status| &status.holders) {
            if subject.case.is_some_and(|case| case != holder.case) {
                continue;
            }
            let person = Subject { contact: None, person: Some(holder.person), case: None };
            let case = Subject { contact: None, person: None, case: Some(holder.case) };
            all.extend(self.standing(partition, person).await?);
            all.extend(self.standing(partition, case).await?);
        }
        let of_case = |hold: &StandingHold| {
            subject.case.is_none() || hold.placed.case.is_none() || hold.placed.case == subject.case
        };
        all.retain(of_case);
        Ok(all)
    }

    async fn standing(&self, partition: u16, subject: Subject) -> Result<Vec<StandingHold>, Refusal> {
        let Subject { contact, person, case } = subject;
        match self.parts.gate.query(partition, GateQuery::Holds { contact, person, case }).await? {
            GateReply::Holds(holds) => Ok(holds),
            _ => Err(Code::UNAVAILABLE.into()),
        }
    }
}

/// In whose name a principal speaks.
pub(super) fn voice(principal: &Principal, source: Option<HoldVoice>) -> Result<HoldSource, Refusal> {
    match (principal, source) {
        (Principal::Operator, None) => Ok(HoldSource::Operator),
        (Principal::Operator, Some(HoldVoice::Regulator)) => Ok(HoldSource::Regulator),
        (Principal::Operator, Some(HoldVoice::CalledPerson)) => Ok(HoldSource::CalledPerson),
        (Principal::CalledPerson(_), None | Some(HoldVoice::CalledPerson)) => Ok(HoldSource::CalledPerson),
        (Principal::Lender(lender), None) => Ok(HoldSource::Lender(*lender)),
        (_, None) => match principal.agency() {
            Some(agency) => Ok(HoldSource::Agency(agency)),
            None => Err(principal.forbidden("the person, a lender, an agency or the operator")),
        },
        (other, Some(_)) => Err(other.forbidden("the operator, who alone speaks for others")),
    }
}

/// Which holds are whose to place. A person needs no reason for what concerns them; an agency takes down what it was told.
fn may_place(principal: &Principal, kind: HoldKind) -> bool {
    use HoldKind::{
        Attorney, Cease, Complaint, Deceased, Disclosure, Dispute, Employer, Hardship, Inconvenient,
        Limitation, Recalled, Stop, WrongParty,
    };
    match principal {
        Principal::Operator => true,
        Principal::CalledPerson(_) => matches!(
            kind,
            Stop | WrongParty | Dispute | Attorney | Hardship | Complaint | Cease | Inconvenient | Employer
        ),
        Principal::Lender(_) => {
            matches!(kind, Dispute | Hardship | Deceased | Recalled | Limitation | Complaint | Attorney)
        }
        Principal::Agency(_) | Principal::Collector(..) | Principal::Supervisor(Some(_)) => matches!(
            kind,
            Stop | WrongParty
                | Dispute
                | Attorney
                | Hardship
                | Deceased
                | Complaint
                | Cease
                | Inconvenient
                | Employer
                | Disclosure
        ),
        Principal::Supervisor(None) | Principal::Trunk | Principal::Anonymous => false,
    }
}

#[cfg(test)]
mod tests {
    use model::{AgencyId, LenderId};

    use super::*;

    #[test]
    fn an_order_is_placed_by_the_operator_alone_and_in_nobody_elses_name() {
        let agency = Principal::Agency(AgencyId(3));
        for principal in
            [Principal::CalledPerson(ContactPointId([1; 16])), Principal::Lender(LenderId(1)), agency]
        {
            assert!(!may_place(&principal, HoldKind::Order), "{principal:?}");
            assert!(voice(&principal, Some(HoldVoice::Regulator)).is_err(), "{principal:?}");
        }
        assert_eq!(voice(&Principal::Operator, Some(HoldVoice::Regulator)), Ok(HoldSource::Regulator));
        assert_eq!(voice(&agency, None), Ok(HoldSource::Agency(AgencyId(3))));
    }

    #[test]
    fn a_name_reads_back() {
        let name = HoldName(0x0123_4567_89ab_cdef);
        assert_eq!(name.to_string().parse(), Ok(name));
        assert!("hold-12".parse::<HoldName>().is_err());
    }
}
