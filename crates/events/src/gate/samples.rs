//! One of each event: the golden bytes are made from these.

use model::{
    AgencyId, CaseId, Channel, CollectorId, ContactPointId, LenderId, Outcome, PersonId, Place, Purpose,
    Role, Timestamp,
};

use super::*;
use crate::{Code, Position};

/// One representative of each event type, in order of type: the golden bytes are made from these.
pub fn samples() -> Vec<GateEvent> {
    let contact = ContactPointId(*b"contact-point-01");
    let case = CaseId(*b"case-number-0001");
    let person = PersonId(*b"person-number-01");
    let Some(line) = Line::new("95533") else { return Vec::new() };
    let Some(day_cap) = RuleName::new("strict/day-cap") else { return Vec::new() };
    let asked = PermitRequest {
        contact,
        case,
        also: vec![CaseId(*b"case-number-0002")],
        agency: AgencyId(3),
        collector: CollectorId(301),
        channel: Channel::Call,
        purpose: Purpose::Collect,
        line,
        template: Some(TemplateId(12)),
    };
    let time = Timestamp(1_795_500_000_000);
    let pack = "schema = 1\nid = \"strict\"\nversion = 1\n".to_owned();
    let by_day_cap = RefusedByV2 {
        code: Code::DAY_CAP,
        rule: Some(day_cap),
        limit: Some(3),
        counted: Some(3),
        next_allowed: Some(time.plus_ms(86_400_000)),
    };
    let not_placed =
        RefusedByV2 { code: Code::NOT_PLACED, rule: None, limit: None, counted: None, next_allowed: None };
    let permit = Position(1000);
    let shares = vec![
        ShareV1 { home: person.0, share: Position(2000) },
        ShareV1 { home: case.0, share: Position(3000) },
    ];
    vec![
        GateEvent::PolicyAdopted(PolicyAdoptedV2 { pack }),
        GateEvent::ContactLinked(ContactLinkedV2 {
            contact,
            case,
            lender: LenderId(2),
            person,
            role: Role::EmergencyContact,
            zones: ["Asia/Shanghai", "Asia/Urumqi"].iter().filter_map(|name| name.parse().ok()).collect(),
            regions: ["CN", "CN-SH"].iter().filter_map(|name| name.parse().ok()).collect(),
            place: Place::Mobile,
        }),
        GateEvent::ContactPlaced(ContactPlacedV1 { contact, case, agency: Some(AgencyId(3)) }),
        GateEvent::ContactClosed(ContactClosedV1 { contact, case }),
        GateEvent::PermitReserved(PermitReservedV2 {
            asked: asked.clone(),
            policy: Position(1),
            expires_at: time.plus_ms(60_000),
            tightest: Some(Tightest { rule: day_cap, count: Count { counted: 2, limit: 3 } }),
        }),
        GateEvent::PermitRefused(PermitRefusedV2 {
            asked: asked.clone(),
            policy: Some(Position(1)),
            reasons: vec![by_day_cap, not_placed],
            next_allowed: None,
        }),
        GateEvent::RefusalsRepeated(RefusalsRepeatedV1 {
            contact,
            first: Position(1001),
            count: 250,
            codes: vec![Code::DAY_CAP, Code::NOT_PLACED],
        }),
        GateEvent::PermitRedeemed(PermitRedeemedV1 { contact, permit, call: *b"call-id-from-tag" }),
        GateEvent::PermitSettled(PermitSettledV2 {
            contact,
            permit,
            outcome: Outcome::Busy,
            toward: vec![case],
            discussed: Vec::new(),
            given_back: true,
        }),
        GateEvent::PermitExpired(PermitExpiredV1 { contact, permit }),
        GateEvent::PermitVoided(PermitVoidedV1 { contact, permit, stop_before: 1 }),
        GateEvent::StopPlaced(StopPlacedV1 { contact, source: StopSource::CalledPerson }),
        GateEvent::ConsentAnswered(ConsentAnsweredV1 { contact, case, answer: ConsentAnswer::UnknownDebtor }),
        GateEvent::PolicyWithdrawn(PolicyWithdrawnV1 { id: "strict".to_owned() }),
        GateEvent::HoldPlaced(HoldPlacedV1 {
            contact: Some(contact),
            person: Some(person),
            case: None,
            kind: HoldKind::Inconvenient,
            channels: vec![Channel::Call, Channel::Sms],
            places: vec![Place::Work],
            times: vec![WeekTime { days: 0b001_1111, from_s: 54_000, until_s: 61_199 }],
            until: Some(time.plus_ms(604_800_000)),
            by: HoldSource::Agency(AgencyId(3)),
        }),
        GateEvent::HoldLifted(HoldLiftedV1 {
            contact: Some(contact),
            person: Some(person),
            case: None,
            hold: Position(1010),
            by: HoldSource::CalledPerson,
        }),
        GateEvent::ConsentGiven(ConsentGivenV1 {
            person,
            agency: AgencyId(3),
            case: Some(case),
            contact: None,
            covers: ConsentCovers::Frequency,
            given: time,
            from: time,
            until: Some(time.plus_ms(86_400_000)),
        }),
        GateEvent::ConsentRevoked(ConsentRevokedV1 { person, consent: Some(Position(1012)), at: time }),
        GateEvent::ContactRecorded(ContactRecordedV1 {
            contact,
            case,
            agency: AgencyId(3),
            channel: Channel::Call,
            purpose: Purpose::Collect,
            direction: Direction::Inbound,
            at: time,
            outcome: Outcome::Conversation,
            toward: Vec::new(),
            discussed: vec![case],
            line: Some(line),
        }),
        GateEvent::NumberDisproved(NumberDisprovedV1 {
            contact,
            person,
            belongs_to: PersonId(*b"person-number-02"),
        }),
        GateEvent::NumberChecked(NumberCheckedV1 { contact, found: NumberCheck::NotReassigned, at: time }),
        GateEvent::FindingRaised(FindingRaisedV1 { contact, contact_made: permit, at: time, rule: day_cap }),
        GateEvent::StandingChanged(StandingChangedV1 {
            agency: AgencyId(3),
            collector: Some(CollectorId(301)),
            active: false,
        }),
        GateEvent::LineRegistered(LineRegisteredV1 { agency: AgencyId(3), line, registered: true }),
        GateEvent::TemplateApproved(TemplateApprovedV1 {
            agency: AgencyId(3),
            template: TemplateId(12),
            channels: vec![Channel::Sms],
            roles: vec![Role::Debtor],
            text: "{agency}: please call us about {reference}. Reply STOP to stop.".to_owned(),
        }),
        GateEvent::TemplateWithdrawn(TemplateWithdrawnV1 { agency: AgencyId(3), template: TemplateId(12) }),
        GateEvent::PartitionsSet(PartitionsSetV1 { partitions: 3, own: 2 }),
        GateEvent::ShareReserved(ShareReservedV1 {
            home: person.0,
            asked,
            policy: Position(1),
            expires_at: time.plus_ms(60_000),
            tightest: Some(Tightest { rule: day_cap, count: Count { counted: 2, limit: 3 } }),
        }),
        GateEvent::ShareRedeemed(ShareRedeemedV1 {
            home: person.0,
            contact,
            share: permit,
            call: *b"call-id-from-tag",
            at: time,
        }),
        GateEvent::ShareSettled(ShareSettledV1 {
            home: person.0,
            contact,
            share: permit,
            outcome: Some(Outcome::Conversation),
            made: time,
            toward: vec![case],
            discussed: vec![case],
        }),
        GateEvent::ShareExpired(ShareExpiredV1 { home: case.0, contact, share: permit }),
        GateEvent::PermitShared(PermitSharedV1 { contact, shares: shares.clone() }),
        GateEvent::SharesEnded(SharesEndedV1 {
            contact,
            permit,
            shares,
            outcome: None,
            made: time,
            toward: Vec::new(),
            discussed: Vec::new(),
        }),
        GateEvent::ContactReached(ContactReachedV1 { home: case.0, contact, at: time }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Decoded, Event};

    #[test]
    fn samples_are_one_of_each_type_and_read_back() {
        let samples = samples();
        let names: Vec<_> = samples.iter().map(GateEvent::name).collect();
        let mut catalogue: Vec<_> = GateEvent::catalogue().iter().map(|(_, _, name)| *name).collect();
        catalogue.dedup();
        assert_eq!(names, catalogue);
        for sample in samples {
            let mut bytes = Vec::new();
            sample.encode(&mut bytes);
            assert_eq!(GateEvent::decode(&bytes), Ok(Decoded::Known(sample)));
        }
    }
}
