//! Entries, commitments, pauses and accounts: who may, and what they see.

use api::{EntryAsk, Instalments, Payment, PaymentRow, Principal};
use events::Code;
use events::ledger::{
    Account, Basis, CommissionAgreedV1, CommitmentKind, EntryKind, InstalmentV1, PauseKind, Receiver,
};
use model::{Currency, Money};

use crate::given::{AGENCY, Given, LENDER, OTHER_AGENCY, OTHER_LENDER, TEN, codes, collector};

fn money(minor: i64) -> Money {
    Money { minor, currency: Currency::CNY }
}

#[tokio::test]
async fn given_a_payment_at_the_agency_when_accounted_then_it_earns_and_is_to_be_handed_on() {
    let (given, case) = Given::placed_case().await;
    let (platform, lender) = (&given.platform, Principal::Lender(LENDER));
    let agreed = CommissionAgreedV1 { lender: LENDER, agency: AGENCY, rate_bp: 1_500, direct: false };
    assert!(platform.agree_commission(&lender, agreed, None).await.expect("agreed"));
    let payment = Payment {
        case,
        reference: "P-1".to_owned(),
        amount: money(10_000),
        value_date: 20_781,
        received_by: Receiver::Agency,
    };
    platform.post_payment(&lender, &payment, None).await.expect("posted");
    let account = platform.agency_account(&Principal::Agency(AGENCY), AGENCY).await.expect("its own");
    let of = |account: &events::ledger::PartyAccount, wanted| {
        let accounts = account.sums.iter().flat_map(|sums| &sums.accounts);
        accounts.filter(|(known, _)| *known == wanted).map(|(_, minor)| *minor).sum::<i128>()
    };
    assert_eq!((of(&account, Account::AgencyCash), of(&account, Account::Commission)), (10_000, -1_500));
    let other = platform.agency_account(&Principal::Agency(OTHER_AGENCY), AGENCY).await;
    assert_eq!(codes(other), [Code::NOT_FOUND]);
    let account = platform.lender_account(&lender, LENDER, 20_781).await.expect("its own");
    assert_eq!(account.ages.iter().map(|bucket| bucket.minor).sum::<i128>(), 96_000);
    let other = platform.lender_account(&Principal::Lender(OTHER_LENDER), LENDER, 20_781).await;
    assert_eq!(codes(other), [Code::NOT_FOUND]);
    // A list that agrees, and one that knows nothing of it.
    let row = |reference: &str| PaymentRow {
        line: 2,
        case: "L-1".to_owned(),
        reference: reference.to_owned(),
        amount: money(10_000),
        value_date: 20_781,
    };
    let agreed = platform.reconcile(&lender, LENDER, vec![row("P-1")]).await.expect("its own");
    assert_eq!((agreed.agreed, agreed.differing.len(), agreed.unlisted.len()), (1, 0, 0));
    let differing = platform.reconcile(&lender, LENDER, vec![row("P-2")]).await.expect("its own");
    assert_eq!((differing.agreed, differing.differing.len(), differing.unlisted.len()), (0, 1, 1));
}

#[tokio::test]
async fn given_a_case_when_its_collector_is_told_then_they_may_promise_and_pause_but_not_post() {
    let (given, case) = Given::placed_case().await;
    let platform = &given.platform;
    let parts = || Instalments {
        parts: vec![InstalmentV1 { due_on: 20_800, minor: 5_000 }],
        currency: Currency::CNY,
    };
    let promise = (CommitmentKind::Promise, 0);
    platform.commit(&collector(), case, promise, parts(), None).await.expect("told");
    let pause = (PauseKind::Dispute, TEN.plus_ms(86_400_000));
    platform.pause_collection(&collector(), case, pause, None).await.expect("told");
    let view = platform.case(&collector(), case).await.expect("placed").view;
    assert_eq!(view.pauses, [pause]);
    assert!(view.commitment.is_some());
    let resumed = platform.resume_collection(&collector(), case, PauseKind::Dispute, None).await;
    assert_eq!(codes(resumed), [Code::FORBIDDEN]);
    let entry = EntryAsk {
        case,
        kind: EntryKind::Fee,
        reference: "F-1".to_owned(),
        account: Account::Fees,
        amount: money(5),
        basis: Basis::Contract,
        value_date: 20_781,
    };
    assert_eq!(codes(platform.book(&collector(), &entry, None).await), [Code::FORBIDDEN]);
    for stranger in [Principal::Lender(OTHER_LENDER), Principal::Agency(OTHER_AGENCY)] {
        assert_eq!(codes(platform.pause_collection(&stranger, case, pause, None).await), [Code::NOT_FOUND]);
    }
    // Without terms nothing may be given up but by the lender.
    platform.cancel_commitment(&collector(), case, None).await.expect("told");
    let offer =
        |who: Principal| async move { platform.offer_settlement(&who, case, parts(), 20_790, None).await };
    assert_eq!(codes(offer(collector()).await), [Code::APPROVAL_NEEDED]);
    offer(Principal::Lender(LENDER)).await.expect("approved");
    platform
        .resume_collection(&Principal::Lender(LENDER), case, PauseKind::Dispute, None)
        .await
        .expect("its own");
}
