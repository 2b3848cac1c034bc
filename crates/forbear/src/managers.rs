//! What one service's events mean for another. Process managers join the services:
//! a case that opens is offered for placement and made known to the gate; where it is placed decides who
//! may ask the gate for a permit; a case that closes is closed everywhere.

use assignment::Assignment;
use events::assignment::{AssignmentCommand, AssignmentEvent, CaseOfferedV2, WithdrawalReason};
use events::gate::{
    ContactClosedV1, ContactLinkedV2, ContactPlacedV1, GateCommand, GateEvent, HoldKind, HoldPlacedV1,
    HoldSource, LineRegisteredV1, StandingChangedV1,
};
use events::ledger::{Account, CaseOpenedV2, LedgerEvent, ZONES_MAX};
use gate::Gate;
use ledger::Ledger;
use model::{AgencyId, CaseId, CollectorId, ContactPointId, Place, Timestamp, ZoneName};
use runtime::manager::{self, Manager};

/// Ledger → gate: who is behind which number, for which case.
pub struct Contacts;

impl Manager for Contacts {
    type Source = Ledger;
    type Target = Gate;
    const NAME: &'static str = "contacts";

    fn react(event: &LedgerEvent, _: manager::Place) -> Vec<GateCommand> {
        match event {
            LedgerEvent::CaseOpened(opened) => links(opened).map(GateCommand::LinkContact).collect(),
            LedgerEvent::CollectionPaused(paused) => {
                vec![hold(paused.case, paused.kind.hold(), Some(paused.until), paused.by)]
            }
            LedgerEvent::CollectionResumed(resumed) => {
                let (case, kind, by) = (resumed.case, resumed.kind.hold(), resumed.by);
                vec![GateCommand::EndHolds { case, kind, placed_by: resumed.placed_by.clone(), by }]
            }
            // A closing goes by the assignment log, too, but nobody waits for a placement run to be left alone.
            LedgerEvent::CaseClosed(closed) => vec![hold(closed.case, HoldKind::Recalled, None, PLATFORM)],
            LedgerEvent::CaseReopened(reopened) => vec![end(reopened.case, HoldKind::Recalled)],
            LedgerEvent::LimitationPassed(passed) => {
                vec![hold(passed.case, HoldKind::Limitation, None, PLATFORM)]
            }
            LedgerEvent::LimitationSet(set) if set.revived => vec![end(set.case, HoldKind::Limitation)],
            _ => Vec::new(),
        }
    }
}

/// In whose name the platform holds what follows from its own books.
const PLATFORM: HoldSource = HoldSource::Operator;

/// Nobody is contacted about a case.
fn hold(case: CaseId, kind: HoldKind, until: Option<Timestamp>, by: HoldSource) -> GateCommand {
    GateCommand::PlaceHold(HoldPlacedV1 {
        contact: None,
        person: None,
        case: Some(case),
        kind,
        channels: Vec::new(),
        places: Vec::new(),
        times: Vec::new(),
        until,
        by,
    })
}

/// What the platform held is over.
fn end(case: CaseId, kind: HoldKind) -> GateCommand {
    GateCommand::EndHolds { case, kind, placed_by: vec![PLATFORM], by: PLATFORM }
}

fn links(opened: &CaseOpenedV2) -> impl Iterator<Item = ContactLinkedV2> + '_ {
    let contacts =
        opened.parties.iter().flat_map(|party| party.contacts.iter().map(move |contact| (party, contact)));
    contacts.flat_map(move |(party, contact)| {
        let link = |zones: &[ZoneName]| ContactLinkedV2 {
            contact: contact.contact,
            case: opened.case,
            lender: opened.lender,
            person: party.person,
            role: party.role,
            zones: zones.to_vec(),
            regions: opened.regions(contact),
            place: Place::Unknown,
        };
        let zones = party.zones(contact);
        if zones.is_empty() {
            return vec![link(&zones)];
        }
        // Zones add up in the gate, which takes so many at once.
        zones.chunks(ZONES_MAX).map(link).collect()
    })
}

/// Ledger → assignment: cases to place, and cases that are over.
pub struct Placements;

impl Manager for Placements {
    type Source = Ledger;
    type Target = Assignment;
    const NAME: &'static str = "placements";

    fn react(event: &LedgerEvent, _: manager::Place) -> Vec<AssignmentCommand> {
        match event {
            LedgerEvent::CaseOpened(opened) => vec![AssignmentCommand::OfferCase(offer(opened))],
            LedgerEvent::CaseClosed(closed) => vec![AssignmentCommand::WithdrawCase { case: closed.case }],
            LedgerEvent::PaymentPosted(paid) => {
                vec![AssignmentCommand::NoteRecovery { case: paid.case, minor: paid.minor }]
            }
            LedgerEvent::CaseReopened(reopened) => vec![AssignmentCommand::OfferCase(CaseOfferedV2 {
                case: reopened.case,
                lender: reopened.lender,
                jurisdiction: reopened.jurisdiction.clone(),
                contacts: reopened.contacts.clone(),
                minor: reopened.balance,
                currency: reopened.currency,
                product: String::new(),
                overdue_since: None,
            })],
            _ => Vec::new(),
        }
    }
}

fn offer(opened: &CaseOpenedV2) -> CaseOfferedV2 {
    let contacts = opened
        .parties
        .iter()
        .flat_map(|party| party.contacts.iter().map(|contact| (contact.contact, party.role)))
        .collect();
    let claims = opened.postings.iter().filter(|posting| Account::is_claim(posting.account));
    CaseOfferedV2 {
        case: opened.case,
        lender: opened.lender,
        jurisdiction: opened.jurisdiction.clone(),
        contacts,
        minor: claims.map(|posting| posting.minor).fold(0, i64::saturating_add),
        currency: opened.currency,
        product: opened.product.clone(),
        overdue_since: Some(opened.overdue_since),
    }
}

/// Gate → gate: what one partition knows of a contact point and what became of its permits, told the homes of its person and
/// case. Not needed where there is one partition.
pub struct Homes;

impl Manager for Homes {
    type Source = Gate;
    type Target = Gate;
    const NAME: &'static str = "homes";

    fn react(event: &GateEvent, place: manager::Place) -> Vec<GateCommand> {
        Gate::homes_of(event, place.partition, place.targets)
    }
}

/// Assignment → gate: who may collect, from which numbers, and which agency may ask for which case; which cases are over. It follows the
/// assignment log also for closings, so that a closing can never overtake a placement.
pub struct Access;

impl Manager for Access {
    type Source = Assignment;
    type Target = Gate;
    const NAME: &'static str = "access";

    fn react(event: &AssignmentEvent, _: manager::Place) -> Vec<GateCommand> {
        match event {
            AssignmentEvent::CasePlaced(placed) => {
                let (case, agency) = (placed.case, Some(placed.agency));
                each(&placed.contacts, |contact| {
                    GateCommand::PlaceContact(ContactPlacedV1 { contact, case, agency })
                })
            }
            AssignmentEvent::CaseWithdrawn(withdrawn) => {
                let case = withdrawn.case;
                each(&withdrawn.contacts, |contact| match withdrawn.reason {
                    WithdrawalReason::Lender => GateCommand::CloseContact(ContactClosedV1 { contact, case }),
                    _ => GateCommand::PlaceContact(ContactPlacedV1 { contact, case, agency: None }),
                })
            }
            AssignmentEvent::AgencyRegistered(registered) => {
                let agency = registered.agency;
                let lines = registered.lines.iter().filter_map(|line| line.parse().ok());
                let registered =
                    |line| GateCommand::RegisterLine(LineRegisteredV1 { agency, line, registered: true });
                let notice = GateCommand::ApproveTemplate(api::notice(agency));
                lines.map(registered).chain([notice]).collect()
            }
            AssignmentEvent::AgencySuspended(changed) => {
                vec![standing(changed.agency, None, !changed.suspended)]
            }
            AssignmentEvent::CollectorStanding(changed) => {
                vec![standing(changed.agency, Some(changed.collector), changed.active)]
            }
            AssignmentEvent::CollectorRegistered(_)
            | AssignmentEvent::CollectorEnded(_)
            | AssignmentEvent::CaseOffered(_)
            | AssignmentEvent::PlacementRan(_)
            | AssignmentEvent::AgencyTermsSet(_)
            | AssignmentEvent::LenderTermsSet(_)
            | AssignmentEvent::CollectorCertified(_)
            | AssignmentEvent::CaseDescribed(_)
            | AssignmentEvent::RecoveryNoted(_)
            | AssignmentEvent::PlanStaged(_)
            | AssignmentEvent::PlanAdopted(_)
            | AssignmentEvent::PlanProgressed(_) => Vec::new(),
        }
    }
}

/// Assignment → assignment: an adopted plan is carried out batch by batch to its end, also by the next leader.
pub struct Plans;

/// Placements of one batch.
const PLAN_BATCH: u32 = 1_000;

impl Manager for Plans {
    type Source = Assignment;
    type Target = Assignment;
    const NAME: &'static str = "plans";

    fn react(event: &AssignmentEvent, _: manager::Place) -> Vec<AssignmentCommand> {
        let plan = match event {
            AssignmentEvent::PlanAdopted(adopted) => adopted.plan,
            AssignmentEvent::PlanProgressed(progress) if progress.left > 0 => progress.plan,
            _ => return Vec::new(),
        };
        vec![AssignmentCommand::ContinuePlan { plan, limit: PLAN_BATCH }]
    }
}

fn standing(agency: AgencyId, collector: Option<CollectorId>, active: bool) -> GateCommand {
    GateCommand::SetStanding(StandingChangedV1 { agency, collector, active })
}

fn each(contacts: &[ContactPointId], command: impl Fn(ContactPointId) -> GateCommand) -> Vec<GateCommand> {
    contacts.iter().copied().map(command).collect()
}
