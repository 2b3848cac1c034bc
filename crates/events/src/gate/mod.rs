//! Words of the gate service. The key of every command but a few is the contact point: whoever is behind
//! the number is protected, whatever case, lender, agency, collector or line is used.

mod ask;
mod consent;
mod hold;
mod link;
mod permit;
mod policy;
mod record;
mod request;
mod samples;
mod share;
mod standing;
mod stop;
mod template;

use model::{CaseId, ContactPointId, Outcome};
use serde::{Deserialize, Serialize};

pub use self::ask::*;
pub use self::consent::*;
pub use self::hold::*;
pub use self::link::*;
pub use self::permit::*;
pub use self::policy::*;
pub use self::record::*;
pub use self::request::*;
pub use self::samples::samples;
pub use self::share::*;
pub use self::standing::*;
pub use self::stop::*;
pub use self::template::*;
use crate::{Position, Tally};

/// What may be asked of the gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum GateCommand {
    /// Decide by this rule pack too, or by this version of it, from now on. Sent to each partition.
    AdoptPolicy(PolicyAdoptedV2),
    /// Decide by this rule pack no longer. Sent to each partition.
    WithdrawPolicy(PolicyWithdrawnV1),
    /// A lender's file names this contact point for a case. The same again changes nothing.
    LinkContact(ContactLinkedV2),
    /// The case was placed with an agency, or (`None`) taken back.
    PlaceContact(ContactPlacedV1),
    /// The case needs no more contact.
    CloseContact(ContactClosedV1),
    /// May this contact be made? If so, a permit is reserved and counts at once.
    RequestPermit(PermitRequest),
    /// The contact is being made now. Idempotent per call.
    RedeemPermit {
        /// Whom the permit is for.
        contact: ContactPointId,
        /// The permit: where its reservation stands.
        permit: Position,
        /// Which call: a digest of its SIP Call-ID and From-tag, or of a message's id.
        call: [u8; 16],
    },
    /// What became of it.
    SettlePermit {
        /// Whom the permit was for.
        contact: ContactPointId,
        /// The permit.
        permit: Position,
        /// What became of the call.
        outcome: Outcome,
        /// The debts that it counts toward; empty: as asked.
        toward: Vec<CaseId>,
        /// The debts that were spoken about; empty, if there was a conversation: those that it counts toward.
        discussed: Vec<CaseId>,
    },
    /// Leave this contact point alone, everywhere. Holds for contact points not known yet, too.
    PlaceStop {
        /// Whom to leave alone.
        contact: ContactPointId,
        /// Who says so.
        source: StopSource,
    },
    /// What somebody who was named as a contact answered to the one notice.
    AnswerConsent(ConsentAnsweredV1),
    /// No contact, within bounds. One that names no contact point is sent to each partition.
    PlaceHold(HoldPlacedV1),
    /// The hold no longer stands. Sent where it was.
    LiftHold(HoldLiftedV1),
    /// A person consented. Sent to each partition.
    GiveConsent(ConsentGivenV1),
    /// A person took a consent back. Sent to each partition.
    RevokeConsent(ConsentRevokedV1),
    /// A contact took place without a permit.
    RecordContact(ContactRecordedV1),
    /// The number is somebody else's.
    DisproveNumber(NumberDisprovedV1),
    /// A number was checked.
    CheckNumber(NumberCheckedV1),
    /// An agency or a collector may collect, or may not. Sent to each partition.
    SetStanding(StandingChangedV1),
    /// A calling number is an agency's, or not. Sent to each partition.
    RegisterLine(LineRegisteredV1),
    /// A message's text may be sent. Sent to each partition.
    ApproveTemplate(TemplateApprovedV1),
    /// A message's text may no longer be sent. Sent to each partition.
    WithdrawTemplate(TemplateWithdrawnV1),
    /// The partition is this one, of so many. Sent to each partition by number, before it gives permits.
    SetPartitions(PartitionsSetV1),
    /// May a permit elsewhere count here? The key is the home's.
    ReserveShare(Box<ReserveShare>),
    /// The contact is about to be made. Idempotent per call. The key is the home's.
    RedeemShare(Box<RedeemShare>),
    /// What became of the permit that stands on it. The key is the home's.
    SettleShare(ShareSettledV1),
    /// May this contact be made, on these shares?
    RequestShared(Box<RequestShared>),
    /// The contact is being made now, and its shares were redeemed. Idempotent per call.
    RedeemShared(RedeemShared),
    /// The permit shall not be used any more: a share of it could not be.
    VoidPermit {
        /// Whom it is for.
        contact: ContactPointId,
        /// The permit.
        permit: Position,
    },
    /// What the contact point's own partition knows is made known at a home. The key is the home's.
    TellHome {
        /// Where.
        home: HomeKey,
        /// The link. The same again changes nothing.
        link: ContactLinkedV2,
    },
    /// A debtor was reached. The key is the home's.
    TellReached(ContactReachedV1),
    /// Time passed. Sent to each partition.
    Tick {
        /// Refusals repeated since the last tick.
        repeated: Vec<(Tally, u32)>,
    },
    /// Lift every hold of a kind that these placed on a case as a whole. Sent to each partition.
    EndHolds {
        /// Which case.
        case: CaseId,
        /// Of which kind.
        kind: HoldKind,
        /// Who placed them.
        placed_by: Vec<HoldSource>,
        /// Who lifts them.
        by: HoldSource,
    },
}

crate::events! {
    /// What happened at the gate: types 0x03xx.
    pub enum GateEvent {
        /// A rule pack was adopted.
        0x0301 PolicyAdopted(PolicyAdoptedV2) = { 1: PolicyAdoptedV1, 2: PolicyAdoptedV2 },
        /// A contact point was named for a case.
        0x0302 ContactLinked(ContactLinkedV2) = { 1: ContactLinkedV1, 2: ContactLinkedV2 },
        /// It was placed with an agency or taken back.
        0x0303 ContactPlaced(ContactPlacedV1) = { 1: ContactPlacedV1 },
        /// It was closed for contact.
        0x0304 ContactClosed(ContactClosedV1) = { 1: ContactClosedV1 },
        /// A permit was given.
        0x0305 PermitReserved(PermitReservedV2) = { 1: PermitReservedV1, 2: PermitReservedV2 },
        /// A permit was refused.
        0x0306 PermitRefused(PermitRefusedV2) = { 1: PermitRefusedV1, 2: PermitRefusedV2 },
        /// The refusal was repeated.
        0x0307 RefusalsRepeated(RefusalsRepeatedV1) = { 1: RefusalsRepeatedV1 },
        /// A permit was used.
        0x0308 PermitRedeemed(PermitRedeemedV1) = { 1: PermitRedeemedV1 },
        /// What became of the call.
        0x0309 PermitSettled(PermitSettledV2) = { 1: PermitSettledV1, 2: PermitSettledV2 },
        /// A permit was not used in time.
        0x030a PermitExpired(PermitExpiredV1) = { 1: PermitExpiredV1 },
        /// A permit was voided by a stop.
        0x030b PermitVoided(PermitVoidedV1) = { 1: PermitVoidedV1 },
        /// The contact point is to be left alone.
        0x030c StopPlaced(StopPlacedV1) = { 1: StopPlacedV1 },
        /// Somebody who was named as a contact answered.
        0x030d ConsentAnswered(ConsentAnsweredV1) = { 1: ConsentAnsweredV1 },
        /// A rule pack is no longer in force.
        0x030e PolicyWithdrawn(PolicyWithdrawnV1) = { 1: PolicyWithdrawnV1 },
        /// A hold was placed.
        0x030f HoldPlaced(HoldPlacedV1) = { 1: HoldPlacedV1 },
        /// A hold was lifted.
        0x0310 HoldLifted(HoldLiftedV1) = { 1: HoldLiftedV1 },
        /// A person consented.
        0x0311 ConsentGiven(ConsentGivenV1) = { 1: ConsentGivenV1 },
        /// A person took a consent back.
        0x0312 ConsentRevoked(ConsentRevokedV1) = { 1: ConsentRevokedV1 },
        /// A contact took place without a permit.
        0x0313 ContactRecorded(ContactRecordedV1) = { 1: ContactRecordedV1 },
        /// The number is somebody else's.
        0x0314 NumberDisproved(NumberDisprovedV1) = { 1: NumberDisprovedV1 },
        /// A number was checked.
        0x0315 NumberChecked(NumberCheckedV1) = { 1: NumberCheckedV1 },
        /// A contact should not have been made.
        0x0316 FindingRaised(FindingRaisedV1) = { 1: FindingRaisedV1 },
        /// An agency or a collector may collect, or may not.
        0x0317 StandingChanged(StandingChangedV1) = { 1: StandingChangedV1 },
        /// A calling number is an agency's, or not.
        0x0318 LineRegistered(LineRegisteredV1) = { 1: LineRegisteredV1 },
        /// A message's text may be sent.
        0x0319 TemplateApproved(TemplateApprovedV1) = { 1: TemplateApprovedV1 },
        /// A message's text may no longer be sent.
        0x031a TemplateWithdrawn(TemplateWithdrawnV1) = { 1: TemplateWithdrawnV1 },
        /// The partition was told which it is.
        0x031b PartitionsSet(PartitionsSetV1) = { 1: PartitionsSetV1 },
        /// A share was given.
        0x031c ShareReserved(ShareReservedV1) = { 1: ShareReservedV1 },
        /// A share was used.
        0x031d ShareRedeemed(ShareRedeemedV1) = { 1: ShareRedeemedV1 },
        /// What became of its permit.
        0x031e ShareSettled(ShareSettledV1) = { 1: ShareSettledV1 },
        /// A share was not used in time.
        0x031f ShareExpired(ShareExpiredV1) = { 1: ShareExpiredV1 },
        /// A permit stands on shares.
        0x0320 PermitShared(PermitSharedV1) = { 1: PermitSharedV1 },
        /// A permit that stands on shares has come to its end.
        0x0321 SharesEnded(SharesEndedV1) = { 1: SharesEndedV1 },
        /// A debtor was reached.
        0x0322 ContactReached(ContactReachedV1) = { 1: ContactReachedV1 },
    }
}
