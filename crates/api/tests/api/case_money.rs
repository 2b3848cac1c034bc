//! Payments and closing.

use api::{Payment, Principal};
use events::Code;
use events::ledger::{CloseReason, Receiver};
use model::{Currency, Money};

use crate::given::{Given, LENDER, codes};

#[tokio::test]
async fn given_a_case_when_a_payment_is_posted_twice_then_it_counts_once() {
    let (given, case) = Given::placed_case().await;
    let lender = Principal::Lender(LENDER);
    let amount = Money { minor: 6_000, currency: Currency::CNY };
    let payment = Payment {
        case,
        reference: "P-1".to_owned(),
        amount,
        value_date: 20_781,
        received_by: Receiver::Lender,
    };
    let first = given.platform.post_payment(&lender, &payment, Some("a")).await.expect("posted");
    assert_eq!(first.balance, Some(100_000));
    let retried = given.platform.post_payment(&lender, &payment, Some("a")).await.expect("posted");
    assert_eq!(retried, first);
    let repeated = given.platform.post_payment(&lender, &payment, None).await.expect("unchanged");
    assert_eq!(repeated.balance, None);
    let other = Payment { amount: Money { minor: 1, ..amount }, ..payment.clone() };
    assert_eq!(
        codes(given.platform.post_payment(&lender, &other, Some("a")).await),
        [Code::COMMAND_ID_REUSED]
    );
    assert_eq!(codes(given.platform.post_payment(&lender, &other, None).await), [Code::PAYMENT_DIFFERS]);
}

#[tokio::test]
async fn given_a_case_when_closed_then_it_is_closed_once() {
    let (given, case) = Given::placed_case().await;
    let lender = Principal::Lender(LENDER);
    let close = || given.platform.close_case(&lender, case, CloseReason::Recalled, None);
    assert!(close().await.expect("closed"));
    assert!(!close().await.expect("unchanged"));
    let summary = given.platform.case(&lender, case).await.expect("case");
    assert_eq!(summary.view.closed, Some(CloseReason::Recalled));
}
