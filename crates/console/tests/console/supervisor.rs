//! Live figures.

use api::Principal;
use axum::http::StatusCode;
use events::gate::StopSource;
use model::Outcome;

use crate::browser::Browser;
use crate::given::{AGENCY, DEBTOR_NUMBER, Given, OTHER_AGENCY, ask, collector, debtor};

#[tokio::test]
async fn given_calls_refusals_and_a_stop_then_the_figures_show_them_and_no_number() {
    let (given, case) = Given::placed_case().await;
    let permit = given.platform.request_permit(&collector(), &ask(case), None).await.expect("permit");
    given.platform.redeem(&collector(), &permit.token, "a", None).await.expect("redeemed");
    given
        .platform
        .settle(&collector(), &permit.token, &Outcome::Voicemail.into(), None)
        .await
        .expect("settled");
    let source = StopSource::CalledPerson;
    given.platform.stop(&Principal::Anonymous, &debtor(), source, None).await.expect("stopped");
    given.platform.request_permit(&collector(), &ask(case), None).await.expect_err("stopped");
    given.caught_up().await;
    let mut browser = Browser::of(&given, Principal::Supervisor(None)).await;
    let page = browser.get("/figures").await;
    page.is(StatusCode::OK).says("http-equiv=\"refresh\" content=\"5\"").says("href=\"/figures?pause=1\"");
    page.says("asked to be left alone").says("F0301").says("<meter").says("催收公司 3").says("voicemail");
    page.says("Asia/Shanghai").says("gate/0").says("gate/1").says("strict 2").says("contact-");
    page.silent(DEBTOR_NUMBER).silent("5678");
    browser.get("/figures?pause=1").await.silent("http-equiv=\"refresh\"").says("go on");
}

#[tokio::test]
async fn given_an_agency_then_it_sees_its_own_figures_and_no_other_s() {
    let (given, _) = Given::placed_case().await;
    given.agency(OTHER_AGENCY, crate::given::OTHER_COLLECTOR, "+862150000004").await;
    given.caught_up().await;
    for principal in [Principal::Agency(AGENCY), Principal::Supervisor(Some(AGENCY))] {
        let mut browser = Browser::of(&given, principal).await;
        browser.get("/figures").await.is(StatusCode::OK).says("催收公司 3").silent("催收公司 4");
    }
}

#[tokio::test]
async fn given_anybody_else_then_there_are_no_figures() {
    let (given, _) = Given::placed_case().await;
    Browser::new(&given).get("/figures").await.is(StatusCode::UNAUTHORIZED).says("Please sign in");
    for principal in [collector(), Principal::Lender(crate::given::LENDER), Principal::Trunk] {
        let mut browser = Browser::of(&given, principal).await;
        browser.get("/figures").await.is(StatusCode::FORBIDDEN).says("not for you").silent("<meter");
    }
}
