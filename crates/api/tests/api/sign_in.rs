//! Codes and tokens through the platform.

use std::sync::Arc;

use api::{Delivery, NoSender, Principal};
use events::Code;

use crate::given::{CONTACT_NUMBER, DEBTOR_NUMBER, Given, codes, number};

fn digits(delivery: &Delivery) -> String {
    let Delivery::Shown(text) = delivery else { panic!("not shown") };
    text.chars().skip_while(|sign| !sign.is_ascii_digit()).take_while(char::is_ascii_digit).collect()
}

#[tokio::test]
async fn given_a_code_when_verified_then_the_person_is_signed_in_for_their_number_only() {
    let given = Given::nothing().await;
    let own = number(DEBTOR_NUMBER);
    let code = digits(&given.platform.send_code(&own).await.expect("shown"));
    assert_eq!(code.len(), 6);
    assert_eq!(codes(given.platform.verify_code(&number(CONTACT_NUMBER), &code)), [Code::FORBIDDEN]);
    let (principal, token) = given.platform.verify_code(&own, &code).expect("signed in");
    assert_eq!(principal, Principal::CalledPerson(given.platform.contact_point(&own.into())));
    assert_eq!(given.platform.authenticate(&token), Ok(principal));
    given.clock.advance_to(given.clock.at().plus_ms(30 * 60 * 1000));
    assert_eq!(codes(given.platform.authenticate(&token)), [Code::FORBIDDEN]);
}

#[tokio::test]
async fn given_many_wrong_codes_when_tried_then_the_right_one_waits_too() {
    let given = Given::nothing().await;
    let own = number(DEBTOR_NUMBER);
    let code = digits(&given.platform.send_code(&own).await.expect("shown"));
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        assert_eq!(codes(given.platform.verify_code(&own, wrong)), [Code::FORBIDDEN]);
    }
    assert_eq!(codes(given.platform.verify_code(&own, &code)), [Code::BUSY]);
    for _ in 0..2 {
        given.platform.send_code(&own).await.expect("shown");
    }
    assert_eq!(codes(given.platform.send_code(&own).await), [Code::BUSY], "nobody is flooded with codes");
}

#[tokio::test]
async fn given_no_way_to_send_when_asked_for_a_code_then_it_is_said() {
    let given = Given::with_codes(Arc::new(NoSender)).await;
    let refusal = given.platform.send_code(&number(DEBTOR_NUMBER)).await.expect_err("not configured");
    assert!(refusal.to_string().contains("code_command"), "{refusal}");
}
