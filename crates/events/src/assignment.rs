//! Words of the assignment service: agencies, collectors, who works which case.

mod offer;
mod outcome;
mod plan;
mod terms;

use model::{AgencyId, CaseId, CollectorId, ContactPointId, Currency, LenderId, Role};
use serde::{Deserialize, Serialize};

pub use offer::{CONFLICTS_MAX, CONTACTS_MAX, CaseDescribedV1, CaseOfferedV1, CaseOfferedV2};
pub use outcome::RecoveryNotedV1;
pub use plan::{
    AGE_BANDS, AMOUNT_BANDS, AllotmentV1, PlanAdoptedV1, PlanBasisV1, PlanId, PlanProgressedV1, PlanStagedV1,
    SegmentV1,
};
pub use terms::{
    AgencyTermsSetV1, AllowedV1, CertificateV1, CollectorCertifiedV1, CollectorStandingV1, InsuranceV1,
    LenderTermsSetV1, LicenceV1, Part,
};

/// An agency was registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgencyRegisteredV1 {
    /// Its id.
    pub agency: AgencyId,
    /// Its legal name. Not personal data.
    pub name: String,
    /// Where it is licensed to collect: ISO 3166 alpha-2.
    pub jurisdictions: Vec<String>,
    /// The most cases it may hold at once.
    pub capacity: u32,
    /// The calling numbers registered to it, in E.164. Not personal data.
    pub lines: Vec<String>,
}

/// An agency was suspended, or its suspension lifted. While it is suspended its placements are void: its
/// collectors' queues are empty and nothing more is placed with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgencySuspendedV1 {
    /// Which.
    pub agency: AgencyId,
    /// True: suspended; false: lifted.
    pub suspended: bool,
}

/// A collector began to work for an agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectorRegisteredV1 {
    /// Their id.
    pub collector: CollectorId,
    /// For whom.
    pub agency: AgencyId,
    /// Their real name, sealed.
    #[serde(with = "crate::ledger::sealed")]
    pub name_sealed: Vec<u8>,
}

/// A collector stopped working for their agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectorEndedV1 {
    /// Who.
    pub collector: CollectorId,
}

/// Why a case went where it went. The order is part of the wire format: append only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PlacementReason {
    /// The only agency that could take it.
    OnlyAgency,
    /// Of those that could take it, this one had the least of its capacity in use.
    LeastLoaded,
    /// An adopted plan says so.
    Planned,
}

/// A case was placed with an agency and one of its collectors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CasePlacedV1 {
    /// Which.
    pub case: CaseId,
    /// With whom.
    pub agency: AgencyId,
    /// In whose queue.
    pub collector: CollectorId,
    /// The contact points that the agency may now ask to contact.
    pub contacts: Vec<ContactPointId>,
    /// Why there.
    pub reason: PlacementReason,
}

/// Why a case was taken away. The order is part of the wire format: append only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum WithdrawalReason {
    /// The case is closed or recalled; it is not placed again.
    Lender,
    /// Its agency is suspended; it waits to be placed again.
    AgencySuspended,
    /// Its collector stopped working; it waits to be placed again.
    CollectorEnded,
    /// Its agency held it as long as its lender allows; it waits to be placed elsewhere.
    Overheld,
    /// Its agency recovered too little; it waits to be placed elsewhere.
    Performance,
    /// Its agency was complained of too often; it waits to be placed elsewhere.
    Complaints,
}

impl WithdrawalReason {
    /// The agency failed: the case does not go back there at once, and its next agency is of the next stage.
    pub const fn is_recall(self) -> bool {
        matches!(self, Self::Overheld | Self::Performance | Self::Complaints)
    }
}

/// A case was taken from its agency, or from the cases that wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseWithdrawnV1 {
    /// Which.
    pub case: CaseId,
    /// Its contact points.
    pub contacts: Vec<ContactPointId>,
    /// Who had it; `None`: it was waiting.
    pub agency: Option<AgencyId>,
    /// Why.
    pub reason: WithdrawalReason,
}

/// Why a case cannot be placed: the last test that some agency passed. The order is part of the wire
/// format: append only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Unplaceable {
    /// No agency is licensed in its jurisdiction.
    NoLicence,
    /// Those that are licensed are suspended.
    Suspended,
    /// Those that are licensed and not suspended have no active collector.
    NoCollector,
    /// Those that could work it are at their capacity.
    Full,
}

impl Unplaceable {
    /// Every reason, in wire order.
    pub const ALL: [Self; 4] = [Self::NoLicence, Self::Suspended, Self::NoCollector, Self::Full];

    /// The word used on the command line, in labels and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoLicence => "no-licence",
            Self::Suspended => "suspended",
            Self::NoCollector => "no-collector",
            Self::Full => "full",
        }
    }
}

/// How many cases cannot be placed for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnplacedV1 {
    /// Why.
    pub reason: Unplaceable,
    /// How many.
    pub cases: u32,
}

/// A batch of placements is complete. Recorded after the placements, and whenever the figures differ from
/// the last recorded ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacementRanV1 {
    /// Placed in this batch.
    pub placed: u32,
    /// Waiting after it.
    pub remaining: u32,
    /// Those of the waiting that no agency can take as things stand; reasons without cases are left out.
    pub not_placeable: Vec<UnplacedV1>,
}

crate::events! {
    /// Events of the assignment service: types 0x02xx.
    pub enum AssignmentEvent {
        /// An agency was registered.
        0x0201 AgencyRegistered(AgencyRegisteredV1) = { 1: AgencyRegisteredV1 },
        /// An agency was suspended, or its suspension lifted.
        0x0202 AgencySuspended(AgencySuspendedV1) = { 1: AgencySuspendedV1 },
        /// A collector began to work for an agency.
        0x0203 CollectorRegistered(CollectorRegisteredV1) = { 1: CollectorRegisteredV1 },
        /// A collector stopped working for their agency.
        0x0204 CollectorEnded(CollectorEndedV1) = { 1: CollectorEndedV1 },
        /// A case is to be placed.
        0x0205 CaseOffered(CaseOfferedV2) = { 1: CaseOfferedV1, 2: CaseOfferedV2 },
        /// A case was placed.
        0x0206 CasePlaced(CasePlacedV1) = { 1: CasePlacedV1 },
        /// A case was taken away.
        0x0207 CaseWithdrawn(CaseWithdrawnV1) = { 1: CaseWithdrawnV1 },
        /// A batch of placements is complete.
        0x0208 PlacementRan(PlacementRanV1) = { 1: PlacementRanV1 },
        /// What an agency may take and for what price.
        0x0209 AgencyTermsSet(AgencyTermsSetV1) = { 1: AgencyTermsSetV1 },
        /// The agencies that a lender uses.
        0x020a LenderTermsSet(LenderTermsSetV1) = { 1: LenderTermsSetV1 },
        /// A collector's identity and certificates.
        0x020b CollectorCertified(CollectorCertifiedV1) = { 1: CollectorCertifiedV1 },
        /// A collector's certificates run out, or are current again.
        0x020c CollectorStanding(CollectorStandingV1) = { 1: CollectorStandingV1 },
        /// What is known of a case that decides where it may go.
        0x020d CaseDescribed(CaseDescribedV1) = { 1: CaseDescribedV1 },
        /// A part of a plan arrived.
        0x020e PlanStaged(PlanStagedV1) = { 1: PlanStagedV1 },
        /// A plan is carried out.
        0x020f PlanAdopted(PlanAdoptedV1) = { 1: PlanAdoptedV1 },
        /// A batch of it was.
        0x0210 PlanProgressed(PlanProgressedV1) = { 1: PlanProgressedV1 },
        /// Money was received for a placed case.
        0x0211 RecoveryNoted(RecoveryNotedV1) = { 1: RecoveryNotedV1 },
    }
}

/// What may be asked of the assignment service, which has one partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AssignmentCommand {
    /// Register an agency. Repeating it changes nothing.
    RegisterAgency(AgencyRegisteredV1),
    /// Suspend an agency, or lift the suspension. Takes effect with the event; to have its cases placed
    /// elsewhere, follow with [`WithdrawFromAgency`](Self::WithdrawFromAgency) until nothing changes.
    SuspendAgency {
        /// Which.
        agency: AgencyId,
        /// True: suspend; false: lift.
        suspended: bool,
    },
    /// Register a collector with an agency. Repeating it changes nothing.
    RegisterCollector(CollectorRegisteredV1),
    /// End a collector's registration. Follow with [`WithdrawFromCollector`](Self::WithdrawFromCollector).
    EndCollector {
        /// Who.
        collector: CollectorId,
    },
    /// Offer a case for placement. Repeating it changes nothing.
    OfferCase(CaseOfferedV2),
    /// Take a case away for good: it is closed or recalled.
    WithdrawCase {
        /// Which.
        case: CaseId,
    },
    /// Take at most `limit` cases from a suspended agency; they wait to be placed again.
    WithdrawFromAgency {
        /// Which; must be suspended.
        agency: AgencyId,
        /// The most cases in this batch; a batch also ends where its record would grow too large.
        limit: u32,
    },
    /// Take at most `limit` cases from a collector who has ended; they wait to be placed again.
    WithdrawFromCollector {
        /// Who; must have ended.
        collector: CollectorId,
        /// As above.
        limit: u32,
    },
    /// Place at most `limit` of the waiting cases, the worthiest first. Not while a plan is carried out.
    PlaceOpenCases {
        /// As above.
        limit: u32,
    },
    /// Set what an agency may take. Repeating it changes nothing.
    SetAgencyTerms(AgencyTermsSetV1),
    /// Set the agencies that a lender uses. Repeating it changes nothing.
    SetLenderTerms(LenderTermsSetV1),
    /// Record a collector's identity and certificates. Repeating it changes nothing.
    CertifyCollector(CollectorCertifiedV1),
    /// Record whose certificates have run out, or will by `day`.
    ReviewStandings {
        /// Days since 1970-01-01.
        day: i32,
    },
    /// Say what decides where a case may go. Repeating it changes nothing.
    DescribeCase(CaseDescribedV1),
    /// Take at most `limit` cases back from an agency that failed; they wait to be placed elsewhere.
    RecallCases {
        /// Which.
        agency: AgencyId,
        /// Whose alone; `None`: every lender's.
        lender: Option<LenderId>,
        /// Why: one that [is a recall](WithdrawalReason::is_recall). [`Overheld`](WithdrawalReason::Overheld) takes
        /// only those that are held too long.
        reason: WithdrawalReason,
        /// As above.
        limit: u32,
    },
    /// Take down that money was received for a case, or taken back. Of a case that nobody has nothing is recorded.
    NoteRecovery {
        /// Which.
        case: CaseId,
        /// How much, in minor units of its currency; below 0: a payment was reversed.
        minor: i64,
    },
    /// Bring a part of a plan.
    StagePlan(PlanStagedV1),
    /// Carry out the plan that was brought, if nothing has changed since what it was made from.
    AdoptPlan(PlanAdoptedV1),
    /// Carry out at most `limit` placements of the adopted plan. Repeating it when the plan is complete changes nothing.
    ContinuePlan {
        /// Which.
        plan: PlanId,
        /// As above.
        limit: u32,
    },
}

/// What the asker is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AssignmentAnswer {
    /// Done.
    Done {
        /// False: it was so already; nothing was recorded. After
        /// [`PlaceOpenCases`](AssignmentCommand::PlaceOpenCases): nothing could be placed, and the figures
        /// are as recorded last.
        changed: bool,
    },
    /// A batch of placements is complete.
    Placed {
        /// Placed in this batch.
        placed: u32,
        /// Waiting after it.
        remaining: u32,
        /// Those of the waiting that no agency can take as things stand, by reason.
        not_placeable: Vec<UnplacedV1>,
    },
    /// A batch of a plan was carried out.
    Planned(PlanProgressedV1),
    /// A batch of cases was taken away.
    Withdrawn {
        /// How many.
        cases: u32,
    },
}

/// A question to the assignment service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AssignmentQuery {
    /// A collector's cases, the worthiest first.
    Queue {
        /// Whose.
        collector: CollectorId,
        /// The most cases to list.
        limit: u32,
        /// Worth and id of the last case of the page before.
        after: Option<(i64, CaseId)>,
    },
    /// The figures.
    Figures,
    /// For whom a collector works.
    Collector(CollectorId),
    /// Every agency.
    Agencies,
    /// Where a case is.
    Case(CaseId),
    /// What agencies may take and lenders allow.
    Terms {
        /// The day that licences must hold on: days since 1970-01-01.
        day: i32,
    },
    /// The waiting cases by segment, in order of segment.
    Segments {
        /// The day that ages are counted to.
        day: i32,
        /// Segments to skip.
        skip: u32,
        /// The most segments to list.
        limit: u32,
    },
    /// How far the plan that was adopted last has come.
    Progress,
    /// What came of placements.
    Outcomes,
}

/// What it is answered with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AssignmentReply {
    /// A page of a queue; empty if the collector is not active or their agency is suspended.
    Queue(Vec<QueuedCase>),
    /// The figures.
    Figures(AssignmentFigures),
    /// The collector, if registered.
    Collector(Option<CollectorView>),
    /// Every agency, in order of id.
    Agencies(Vec<AgencyView>),
    /// The case, if it is offered or placed.
    Case(Option<PlacementView>),
    /// What agencies may take and lenders allow.
    Terms(PlanningTerms),
    /// A page of segments.
    Segments(SegmentPage),
    /// How far the plan has come; `None`: none was adopted yet.
    Progress(Option<PlanProgressedV1>),
    /// What came of placements.
    Outcomes(Vec<Outcome>),
}

/// What came of the placements that have something in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Whose cases.
    pub lender: LenderId,
    /// With whom.
    pub agency: AgencyId,
    /// In whose queue.
    pub collector: CollectorId,
    /// The lender's word for the product.
    pub product: String,
    /// The age band on the day of the placement.
    pub age: u8,
    /// Of the amounts.
    pub currency: Currency,
    /// How many, how much.
    pub counts: OutcomeCounts,
}

/// How many placements, and what they brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeCounts {
    /// Placements.
    pub cases: u32,
    /// Of these, that brought anything.
    pub payers: u32,
    /// What was owed, in minor units.
    pub placed: i64,
    /// What was received, in minor units.
    pub recovered: i64,
}

/// What agencies may take and lenders allow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanningTerms {
    /// As of when.
    pub basis: PlanBasisV1,
    /// Every agency, in order of id.
    pub agencies: Vec<AgencyTerms>,
    /// Every lender who said which agencies it uses, in order of id.
    pub lenders: Vec<LenderTermsSetV1>,
    /// How many cases each agency holds of each lender.
    pub held: Vec<(LenderId, AgencyId, u32)>,
}

/// What an agency may take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgencyTerms {
    /// Its terms; where none were set, those that follow from its registration.
    pub terms: AgencyTermsSetV1,
    /// Its legal name.
    pub name: String,
    /// The cases that it holds.
    pub placed: u32,
    /// It is suspended.
    pub suspended: bool,
    /// It has a collector who has not ended.
    pub staffed: bool,
}

/// A page of segments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentPage {
    /// As of when.
    pub basis: PlanBasisV1,
    /// How many segments there are.
    pub total: u32,
    /// Those of the page.
    pub segments: Vec<SegmentCases>,
}

/// The cases of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentCases {
    /// What they have in common.
    pub segment: SegmentV1,
    /// How many wait.
    pub cases: u32,
    /// What they are worth together, in minor units.
    pub minor: i128,
}

/// A case in a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuedCase {
    /// Which.
    pub case: CaseId,
    /// Whose claim it is.
    pub lender: LenderId,
    /// Whom it concerns.
    pub contacts: Vec<(ContactPointId, Role)>,
    /// What it is worth, in minor units.
    pub minor: i64,
    /// Of the worth.
    pub currency: Currency,
}

/// A registered collector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectorView {
    /// For whom they work, or last worked.
    pub agency: AgencyId,
    /// Not ended, and the agency is not suspended.
    pub active: bool,
    /// Cases in their queue.
    pub cases: u32,
}

/// A registered agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgencyView {
    /// Its id.
    pub agency: AgencyId,
    /// Its legal name.
    pub name: String,
    /// Where it is licensed.
    pub jurisdictions: Vec<String>,
    /// Its calling numbers, in E.164.
    pub lines: Vec<String>,
    /// Whether it is suspended.
    pub suspended: bool,
    /// The most cases it may hold.
    pub capacity: u32,
    /// The cases it holds.
    pub placed: u32,
    /// Its collectors who have not ended.
    pub collectors: u32,
}

/// Where a case is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacementView {
    /// Whose claim it is.
    pub lender: LenderId,
    /// Agency and collector; `None`: it waits.
    pub placed: Option<(AgencyId, CollectorId)>,
}

/// The figures.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignmentFigures {
    /// Every agency.
    pub agencies: Vec<AgencyView>,
    /// Cases offered and not withdrawn for good.
    pub offered: u64,
    /// Of these, placed.
    pub placed: u64,
    /// Of these, waiting and placeable now.
    pub waiting: u64,
    /// Of these, not placeable, by reason.
    pub not_placeable: Vec<UnplacedV1>,
    /// Recorded events that do not fit the state. Always 0, or the log was written by a faulty program.
    pub misplaced: u64,
}

/// One representative value of every event type, for golden bytes.
pub fn samples() -> Vec<AssignmentEvent> {
    use AssignmentEvent as E;
    let case = CaseId([0xca; 16]);
    let (debtor, named) = (ContactPointId([0xc1; 16]), ContactPointId([0xc2; 16]));
    let (agency, collector) = (AgencyId(3), CollectorId(300));
    vec![
        E::AgencyRegistered(AgencyRegisteredV1 {
            agency,
            name: "和信催收有限公司".to_owned(),
            jurisdictions: vec!["CN".to_owned(), "HK".to_owned()],
            capacity: 20_000,
            lines: vec!["+862150000001".to_owned()],
        }),
        E::AgencySuspended(AgencySuspendedV1 { agency, suspended: true }),
        E::CollectorRegistered(CollectorRegisteredV1 { collector, agency, name_sealed: vec![1, 2, 3] }),
        E::CollectorEnded(CollectorEndedV1 { collector }),
        E::CaseOffered(CaseOfferedV2 {
            case,
            lender: LenderId(7),
            jurisdiction: "CN".to_owned(),
            contacts: vec![(debtor, Role::Debtor), (named, Role::EmergencyContact)],
            minor: 1_053_800,
            currency: Currency::CNY,
            product: "card".to_owned(),
            overdue_since: Some(20_400),
        }),
        E::CasePlaced(CasePlacedV1 {
            case,
            agency,
            collector,
            contacts: vec![debtor, named],
            reason: PlacementReason::LeastLoaded,
        }),
        E::CaseWithdrawn(CaseWithdrawnV1 {
            case,
            contacts: vec![debtor, named],
            agency: Some(agency),
            reason: WithdrawalReason::AgencySuspended,
        }),
        E::PlacementRan(PlacementRanV1 {
            placed: 500,
            remaining: 42,
            not_placeable: vec![UnplacedV1 { reason: Unplaceable::Full, cases: 40 }],
        }),
        E::AgencyTermsSet(AgencyTermsSetV1 {
            agency,
            licences: vec![LicenceV1 {
                number: "CN-2026-0017".to_owned(),
                jurisdiction: "CN".to_owned(),
                from: 20_454,
                until: Some(21_184),
            }],
            products: vec!["card".to_owned()],
            languages: vec!["zh".to_owned()],
            capacity: 20_000,
            commission: vec![1_500, 2_500],
            insurance: Some(InsuranceV1 {
                insurer: "An insurer".to_owned(),
                policy: "P-1".to_owned(),
                until: 20_818,
                minor: 500_000_000,
                currency: Currency::CNY,
            }),
            certificates_required: true,
        }),
        E::LenderTermsSet(LenderTermsSetV1 {
            lender: LenderId(7),
            agencies: vec![AllowedV1 {
                agency,
                part: Part::Challenger,
                share_min: 50,
                share_max: 200,
                samples_min: 300,
            }],
            days_max: vec![180, 90],
        }),
        E::CollectorCertified(CollectorCertifiedV1 {
            collector,
            identity_verified: 20_700,
            certificates: vec![CertificateV1 {
                products: vec!["card".to_owned()],
                languages: vec!["zh".to_owned()],
                until: 21_000,
            }],
            capacity: 200,
        }),
        E::CollectorStanding(CollectorStandingV1 { agency, collector, active: false }),
        E::CaseDescribed(CaseDescribedV1 {
            case,
            language: Some("zh".to_owned()),
            conflicts: vec![AgencyId(4)],
        }),
        E::PlanStaged(PlanStagedV1 {
            plan: PlanId([0xab; 32]),
            part: 0,
            allotments: vec![AllotmentV1 {
                segment: SegmentV1 {
                    lender: LenderId(7),
                    product: "card".to_owned(),
                    jurisdiction: "CN".to_owned(),
                    language: Some("zh".to_owned()),
                    currency: Currency::CNY,
                    age: 3,
                    amount: 4,
                    stage: 1,
                    failed: Some(AgencyId(2)),
                    conflicts: vec![AgencyId(4)],
                },
                shares: vec![(agency, 300), (AgencyId(5), 120)],
            }],
        }),
        E::PlanAdopted(PlanAdoptedV1 {
            plan: PlanId([0xab; 32]),
            basis: PlanBasisV1 { changes: 812, offers: 100_000, day: 20_781 },
        }),
        E::PlanProgressed(PlanProgressedV1 { plan: PlanId([0xab; 32]), placed: 400, dropped: 3, left: 17 }),
        E::RecoveryNoted(RecoveryNotedV1 { case, agency, collector, minor: 50_000, currency: Currency::CNY }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Decoded, Event};

    #[test]
    fn every_event_type_has_a_sample_that_reads_back() {
        let samples = samples();
        let kinds: std::collections::BTreeSet<_> =
            AssignmentEvent::catalogue().iter().map(|(of, ..)| *of).collect();
        assert_eq!(samples.len(), kinds.len());
        for sample in samples {
            let mut bytes = Vec::new();
            sample.encode(&mut bytes);
            assert_eq!(AssignmentEvent::decode(&bytes), Ok(Decoded::Known(sample)));
        }
    }
}
