//! Every event and version that has golden bytes, with its frozen struct.

use events::{DecodeError, Decoded, Event, EventType, codec};

use crate::json::Json;
use crate::shape::Shapes;

/// One version of one event.
pub struct Frozen {
    pub event_type: EventType,
    pub version: u16,
    pub name: &'static str,
    /// Whether this is what samples encode to.
    pub newest: bool,
    /// Reads stored bytes as the frozen struct of this version.
    pub read: fn(&[u8]) -> Result<Read, DecodeError>,
    /// Reads them as the service does.
    pub decode: fn(&[u8]) -> Result<Known, DecodeError>,
    /// The definition of the frozen struct.
    pub shape: fn(&mut Shapes) -> String,
    samples: fn() -> Vec<Vec<u8>>,
}

/// A frozen struct that was read.
pub struct Read {
    /// Its bytes when encoded again.
    pub encoded: Vec<u8>,
    pub payload: Json,
}

/// What a service makes of stored bytes.
#[derive(Debug, PartialEq)]
pub enum Known {
    /// The sample of that event.
    Sample,
    /// Another value.
    Other(String),
    /// The bytes were kept.
    Unknown(Vec<u8>),
}

impl Frozen {
    /// Name of its golden files, without extension.
    pub fn file(&self) -> String {
        format!("{:04x}-v{}-{}", self.event_type.0, self.version, self.name)
    }

    /// The sample's stored bytes.
    pub fn sample(&self) -> Vec<u8> {
        let wanted = |bytes: &Vec<u8>| {
            codec::split(bytes).is_ok_and(|(event_type, version, _)| {
                (event_type, version) == (self.event_type, self.version)
            })
        };
        let found = (self.samples)().into_iter().find(wanted);
        found.unwrap_or_else(|| panic!("samples() has no {} v{}", self.name, self.version))
    }

    /// What the decoder prints for this event.
    pub fn document(&self, payload: Json) -> Json {
        Json::Object(vec![
            ("type", Json::Text(format!("0x{:04x}", self.event_type.0))),
            ("version", Json::Number(self.version.into())),
            ("name", Json::Text(self.name.to_owned())),
            ("payload", payload),
        ])
    }
}

fn encoded<E: Event>(events: &[E]) -> Vec<Vec<u8>> {
    let encode = |event: &E| {
        let mut bytes = Vec::new();
        event.encode(&mut bytes);
        bytes
    };
    events.iter().map(encode).collect()
}

fn known<E: Event + PartialEq + std::fmt::Debug>(bytes: &[u8], samples: &[E]) -> Result<Known, DecodeError> {
    Ok(match E::decode(bytes)? {
        Decoded::Known(event) if samples.contains(&event) => Known::Sample,
        Decoded::Known(event) => Known::Other(format!("{event:?}")),
        Decoded::Unknown(unknown) => Known::Unknown(unknown.bytes),
    })
}

fn is_newest<E: Event>(event_type: EventType, version: u16) -> bool {
    E::catalogue().iter().all(|&(other, known, _)| other != event_type || known <= version)
}

macro_rules! frozen {
    ($($event:ident from $module:ident { $($type:literal $name:ident = { $($version:literal: $struct:ident),+ })* })*) => {
        /// All of them, in order of type and version.
        pub fn all() -> Vec<Frozen> {
            vec![$($($(Frozen {
                event_type: EventType($type),
                version: $version,
                name: stringify!($name),
                newest: is_newest::<events::$module::$event>(EventType($type), $version),
                read: |bytes| {
                    let (_, _, payload) = codec::split(bytes)?;
                    let value: events::$module::$struct = codec::decode($type, $version, payload)?;
                    let mut encoded = Vec::new();
                    codec::encode($type, $version, &value, &mut encoded);
                    Ok(Read { encoded, payload: Json::of(&value) })
                },
                decode: |bytes| known::<events::$module::$event>(bytes, &events::$module::samples()),
                shape: |shapes| shapes.define::<events::$module::$struct>(),
                samples: || encoded(&events::$module::samples()),
            },)+)*)*]
        }

        /// What the services say that they know.
        pub fn services() -> Vec<(EventType, u16, &'static str)> {
            [$(events::$module::$event::catalogue()),*].concat()
        }
    };
}

frozen! {
    PlatformEvent from platform {
        0x0001 Elected = { 1: ElectedV1 }
    }
    LedgerEvent from ledger {
        0x0101 CaseOpened = { 1: CaseOpenedV1, 2: CaseOpenedV2 }
        0x0102 PaymentPosted = { 1: PaymentPostedV1, 2: PaymentPostedV2 }
        0x0103 CaseClosed = { 1: CaseClosedV1 }
        0x0104 FileReported = { 1: FileReportedV1 }
        0x0110 EntryBooked = { 1: EntryBookedV1 }
        0x0111 InterestAccrued = { 1: InterestAccruedV1 }
        0x0112 TermsSet = { 1: TermsSetV1 }
        0x0113 CommissionAgreed = { 1: CommissionAgreedV1 }
        0x0114 SettlementOffered = { 1: SettlementOfferedV1 }
        0x0115 CommitmentMade = { 1: CommitmentMadeV1 }
        0x0116 CommitmentEnded = { 1: CommitmentEndedV1 }
        0x0117 CollectionPaused = { 1: CollectionPausedV1 }
        0x0118 CollectionResumed = { 1: CollectionResumedV1 }
        0x0119 CaseReopened = { 1: CaseReopenedV1 }
        0x011a LimitationSet = { 1: LimitationSetV1 }
        0x011b LimitationPassed = { 1: LimitationPassedV1 }
    }
    AssignmentEvent from assignment {
        0x0201 AgencyRegistered = { 1: AgencyRegisteredV1 }
        0x0202 AgencySuspended = { 1: AgencySuspendedV1 }
        0x0203 CollectorRegistered = { 1: CollectorRegisteredV1 }
        0x0204 CollectorEnded = { 1: CollectorEndedV1 }
        0x0205 CaseOffered = { 1: CaseOfferedV1, 2: CaseOfferedV2 }
        0x0206 CasePlaced = { 1: CasePlacedV1 }
        0x0207 CaseWithdrawn = { 1: CaseWithdrawnV1 }
        0x0208 PlacementRan = { 1: PlacementRanV1 }
        0x0209 AgencyTermsSet = { 1: AgencyTermsSetV1 }
        0x020a LenderTermsSet = { 1: LenderTermsSetV1 }
        0x020b CollectorCertified = { 1: CollectorCertifiedV1 }
        0x020c CollectorStanding = { 1: CollectorStandingV1 }
        0x020d CaseDescribed = { 1: CaseDescribedV1 }
        0x020e PlanStaged = { 1: PlanStagedV1 }
        0x020f PlanAdopted = { 1: PlanAdoptedV1 }
        0x0210 PlanProgressed = { 1: PlanProgressedV1 }
        0x0211 RecoveryNoted = { 1: RecoveryNotedV1 }
    }
    GateEvent from gate {
        0x0301 PolicyAdopted = { 1: PolicyAdoptedV1, 2: PolicyAdoptedV2 }
        0x0302 ContactLinked = { 1: ContactLinkedV1, 2: ContactLinkedV2 }
        0x0303 ContactPlaced = { 1: ContactPlacedV1 }
        0x0304 ContactClosed = { 1: ContactClosedV1 }
        0x0305 PermitReserved = { 1: PermitReservedV1, 2: PermitReservedV2 }
        0x0306 PermitRefused = { 1: PermitRefusedV1, 2: PermitRefusedV2 }
        0x0307 RefusalsRepeated = { 1: RefusalsRepeatedV1 }
        0x0308 PermitRedeemed = { 1: PermitRedeemedV1 }
        0x0309 PermitSettled = { 1: PermitSettledV1, 2: PermitSettledV2 }
        0x030a PermitExpired = { 1: PermitExpiredV1 }
        0x030b PermitVoided = { 1: PermitVoidedV1 }
        0x030c StopPlaced = { 1: StopPlacedV1 }
        0x030d ConsentAnswered = { 1: ConsentAnsweredV1 }
        0x030e PolicyWithdrawn = { 1: PolicyWithdrawnV1 }
        0x030f HoldPlaced = { 1: HoldPlacedV1 }
        0x0310 HoldLifted = { 1: HoldLiftedV1 }
        0x0311 ConsentGiven = { 1: ConsentGivenV1 }
        0x0312 ConsentRevoked = { 1: ConsentRevokedV1 }
        0x0313 ContactRecorded = { 1: ContactRecordedV1 }
        0x0314 NumberDisproved = { 1: NumberDisprovedV1 }
        0x0315 NumberChecked = { 1: NumberCheckedV1 }
        0x0316 FindingRaised = { 1: FindingRaisedV1 }
        0x0317 StandingChanged = { 1: StandingChangedV1 }
        0x0318 LineRegistered = { 1: LineRegisteredV1 }
        0x0319 TemplateApproved = { 1: TemplateApprovedV1 }
        0x031a TemplateWithdrawn = { 1: TemplateWithdrawnV1 }
        0x031b PartitionsSet = { 1: PartitionsSetV1 }
        0x031c ShareReserved = { 1: ShareReservedV1 }
        0x031d ShareRedeemed = { 1: ShareRedeemedV1 }
        0x031e ShareSettled = { 1: ShareSettledV1 }
        0x031f ShareExpired = { 1: ShareExpiredV1 }
        0x0320 PermitShared = { 1: PermitSharedV1 }
        0x0321 SharesEnded = { 1: SharesEndedV1 }
        0x0322 ContactReached = { 1: ContactReachedV1 }
    }
}
