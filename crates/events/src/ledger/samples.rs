//! One representative value of every event type, for golden bytes.

use model::{
    AgencyId, CaseId, ContactPointId, Currency, LenderId, PersonId, Region, Role, Timestamp, ZoneName,
};

use super::*;
use crate::gate::HoldSource;

/// One representative value of every event type, for golden bytes.
pub fn samples() -> Vec<LedgerEvent> {
    let posting = |account, minor| PostingV1 { account, minor };
    let zone = |name: &str| name.parse::<ZoneName>().into_iter().collect();
    let regions = |names: &[&str]| names.iter().filter_map(|name| name.parse::<Region>().ok()).collect();
    let case = CaseId([0xca; 16]);
    vec![
        LedgerEvent::CaseOpened(CaseOpenedV2 {
            case,
            lender: LenderId(7),
            product: "消费贷".to_owned(),
            currency: Currency::CNY,
            jurisdiction: "CN".to_owned(),
            opened_on: 20_781,
            overdue_since: 20_690,
            postings: vec![
                posting(Account::Principal, 1_000_000),
                posting(Account::Interest, 52_300),
                posting(Account::Fees, 1_500),
                posting(Account::Opening, -1_053_800),
            ],
            parties: vec![
                PartyV2 {
                    person: PersonId([0xd0; 16]),
                    role: Role::Debtor,
                    contacts: vec![ContactV2 {
                        contact: ContactPointId([0xc1; 16]),
                        zones: zone("Asia/Shanghai"),
                        regions: regions(&["HK", "US-NY-NYC"]),
                        sealed: vec![1, 2, 3],
                    }],
                    sealed: vec![4, 5],
                },
                PartyV2 {
                    person: PersonId([0xd1; 16]),
                    role: Role::EmergencyContact,
                    contacts: vec![ContactV2 {
                        contact: ContactPointId([0xc2; 16]),
                        zones: Vec::new(),
                        regions: Vec::new(),
                        sealed: vec![6],
                    }],
                    sealed: vec![7],
                },
            ],
            reference_sealed: vec![8, 9],
            digest: [0xdd; 16],
        }),
        LedgerEvent::PaymentPosted(PaymentPostedV2 {
            case,
            reference: [0xee; 16],
            minor: 60_000,
            value_date: 20_785,
            received_by: Receiver::Agency,
            agency: Some(AgencyId(3)),
            postings: vec![
                posting(Account::AgencyCash, 60_000),
                posting(Account::Fees, -1_500),
                posting(Account::Interest, -52_300),
                posting(Account::Principal, -6_200),
            ],
            balance: 993_800,
        }),
        LedgerEvent::CaseClosed(CaseClosedV1 {
            case,
            reason: CloseReason::WrittenOff,
            postings: vec![posting(Account::WriteOff, 993_800), posting(Account::Principal, -993_800)],
        }),
        LedgerEvent::EntryBooked(EntryBookedV1 {
            case,
            kind: EntryKind::Commission,
            reference: [0xee; 16],
            agency: Some(AgencyId(3)),
            basis: Basis::Contract,
            value_date: 20_785,
            postings: vec![posting(Account::CommissionCost, 9_000), posting(Account::Commission, -9_000)],
            balance: 993_800,
        }),
        LedgerEvent::InterestAccrued(InterestAccruedV1 {
            case,
            from: 20_781,
            until: 20_785,
            principal: 1_000_000,
            rate_ppm: 120_000,
            day_count: DayCount::Act365Fixed,
            carry: 25_000_000,
            postings: vec![posting(Account::Interest, 1_315), posting(Account::Charges, -1_315)],
            balance: 1_055_115,
        }),
        LedgerEvent::TermsSet(TermsSetV1 {
            lender: LenderId(7),
            product: "消费贷".to_owned(),
            allocation: vec![Account::Costs, Account::Interest, Account::Principal, Account::Fees],
            interest: Some(InterestTermsV1 {
                rate_ppm: 120_000,
                day_count: DayCount::Act365Fixed,
                from: Some(20_781),
                until: None,
            }),
            ceiling: Some(CeilingV1 { rate_ppm: 120_000, source: "4 x LPR".to_owned(), as_of: 20_700 }),
            discount_max_bp: 2_000,
            grace_days: 3,
            limitation_days: Some(1_095),
            limitation_restarts: true,
        }),
        LedgerEvent::CommissionAgreed(CommissionAgreedV1 {
            lender: LenderId(7),
            agency: AgencyId(3),
            rate_bp: 1_500,
            direct: true,
        }),
        LedgerEvent::SettlementOffered(SettlementOfferedV1 {
            case,
            instalments: vec![InstalmentV1 { due_on: 20_800, minor: 800_000 }],
            grace_days: 3,
            expires_on: 20_790,
            discount: 193_800,
            approved: false,
        }),
        LedgerEvent::CommitmentMade(CommitmentMadeV1 {
            case,
            kind: CommitmentKind::Plan,
            instalments: vec![
                InstalmentV1 { due_on: 20_800, minor: 500_000 },
                InstalmentV1 { due_on: 20_831, minor: 493_800 },
            ],
            grace_days: 3,
        }),
        LedgerEvent::CommitmentEnded(CommitmentEndedV1 {
            case,
            kind: CommitmentKind::Plan,
            end: CommitmentEnd::Broken,
            due: 500_000,
            paid: 499_999,
        }),
        LedgerEvent::CollectionPaused(CollectionPausedV1 {
            case,
            kind: PauseKind::Hardship,
            until: Timestamp(1_798_000_000_000),
            by: HoldSource::Lender(LenderId(7)),
        }),
        LedgerEvent::CollectionResumed(CollectionResumedV1 {
            case,
            kind: PauseKind::Dispute,
            placed_by: vec![HoldSource::Agency(AgencyId(3)), HoldSource::Lender(LenderId(7))],
            by: HoldSource::Operator,
        }),
        LedgerEvent::CaseReopened(CaseReopenedV1 {
            case,
            lender: LenderId(7),
            jurisdiction: "CN".to_owned(),
            currency: Currency::CNY,
            was: CloseReason::WrittenOff,
            postings: vec![posting(Account::WriteOff, -993_800), posting(Account::Principal, 993_800)],
            balance: 993_800,
            contacts: vec![(ContactPointId([0xc1; 16]), Role::Debtor)],
        }),
        LedgerEvent::LimitationSet(LimitationSetV1 {
            case,
            on: Some(21_785),
            basis: Basis::Statute,
            revived: true,
        }),
        LedgerEvent::LimitationPassed(LimitationPassedV1 { case, on: 21_785 }),
        LedgerEvent::FileReported(FileReportedV1 {
            lender: LenderId(7),
            kind: FileKind::Recall,
            file: [0xf1; 16],
            complete: true,
            taken: 1_000_000,
            unchanged: 300,
            refused: 2,
        }),
    ]
}
