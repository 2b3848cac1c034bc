//! A collector's queue and a permit, step by step.

use api::Principal;
use axum::http::StatusCode;
use events::gate::ConsentAnswer;
use model::{CollectorId, Timestamp};

use crate::browser::{Browser, Page};
use crate::given::{
    AGENCY, CONTACT_NUMBER, DEBTOR_NUMBER, Given, LENDER, LINE, OTHER_AGENCY, OTHER_COLLECTOR, collector,
    debtor, number,
};

const CALL: &str = "Request permit to call";

/// The queue, and the answer to a request for the debtor's number.
async fn requested(browser: &mut Browser) -> Page {
    let queue = browser.get("/queue").await;
    browser.submit(&queue.form_with("value=\"collect\""), "/permits", &[]).await
}

/// The path of a permit's page, from its forms.
fn path(page: &Page, step: &str) -> String {
    let start = page.html.find("action=\"/permits/").expect("a form") + "action=\"".len();
    let path = page.html[start..].split('"').next().expect("closed");
    let (path, _) = path.rsplit_once('/').expect("a step");
    format!("{path}/{step}")
}

#[tokio::test]
async fn given_a_callable_case_when_requested_placed_and_settled_then_each_step_is_shown() {
    let (given, _) = Given::placed_case().await;
    given.caught_up().await;
    let mut browser = Browser::of(&given, collector()).await;
    let queue = browser.get("/queue").await;
    queue.is(StatusCode::OK).says("1060.00 CNY").says("王小明").says("+86 ··· 5678").says("debtor");
    queue.says("李四").says("emergency contact").says("owes nothing").says(CALL).says(LINE);
    queue.silent(DEBTOR_NUMBER).silent(CONTACT_NUMBER);

    let permit = requested(&mut browser).await;
    permit
        .is(StatusCode::OK)
        .says("Allowed, once")
        .says("+8613812345678")
        .says("10:01:00")
        .says("Asia/Shanghai");
    permit.says("60 s were left").says("1/3 (strict/day-cap)").says(LINE);
    let placed = browser.submit(&permit, &path(&permit, "redeem"), &[]).await;
    placed.is(StatusCode::OK).says("What became of it?").silent("+8613812345678");
    let settled = browser.submit(&placed, &path(&placed, "settle"), &[("outcome", "no-answer")]).await;
    settled.is(StatusCode::OK).says("Recorded").says("no answer");
    browser.get("/queue").await.says("strict/day-cap 1/3");
    for address in &browser.addresses {
        assert!(!address.contains("12345678") && !address.starts_with("tel:"), "{address}");
    }
}

#[tokio::test]
async fn given_one_page_when_its_button_is_clicked_twice_then_one_permit_is_given() {
    let (given, _) = Given::placed_case().await;
    given.caught_up().await;
    let mut browser = Browser::of(&given, collector()).await;
    let queue = browser.get("/queue").await.form_with("value=\"collect\"");
    browser.submit(&queue, "/permits", &[]).await.says("1/3 (strict/day-cap)");
    browser.submit(&queue, "/permits", &[]).await.says("1/3 (strict/day-cap)");
}

#[tokio::test]
async fn given_a_full_day_when_requested_then_every_reason_is_said_with_the_next_time() {
    let (given, _) = Given::placed_case().await;
    given.caught_up().await;
    let mut browser = Browser::of(&given, collector()).await;
    for _ in 0..3 {
        let permit = requested(&mut browser).await;
        let placed = browser.submit(&permit, &path(&permit, "redeem"), &[]).await;
        browser.submit(&placed, &path(&placed, "settle"), &[("outcome", "busy")]).await;
        given.clock.advance_to(given.clock.at().plus_ms(1_000));
    }
    let queue = browser.get("/queue").await;
    queue
        .says("strict/day-cap 3/3")
        .says("Wed 25 Nov 2026, 08:00")
        .says("Why not?")
        .silent(CALL.to_uppercase().as_str());
    let refused = requested(&mut browser).await;
    refused
        .is(StatusCode::OK)
        .says("Not allowed")
        .says("as often as one calendar day allows")
        .says("(3 of 3)");
    refused.says("F0302 day-cap").says("Wait until the time given").says("Wed 25 Nov 2026, 08:00");
    refused.says("Asia/Shanghai").says("This refusal is recorded at").silent("+8613812345678");
    let chinese = browser.get("/queue?lang=zh").await;
    let refused = browser.submit(&chinese.form_with("value=\"collect\""), "/permits", &[]).await;
    refused.says("不允许").says("今天的联系次数已达上限").says("2026年11月25日 周三 08:00");
}

#[tokio::test]
async fn given_a_permit_that_expired_then_the_number_is_hidden_and_it_cannot_be_used() {
    let (given, _) = Given::placed_case().await;
    given.caught_up().await;
    let mut browser = Browser::of(&given, collector()).await;
    let permit = requested(&mut browser).await;
    given.clock.advance_to(Timestamp(given.clock.at().0 + 61_000));
    let page = path(&permit, "redeem");
    let shown = browser.get(page.trim_end_matches("/redeem")).await;
    shown.silent("+8613812345678").says("F0321 permit-expired");
    let late = browser.submit(&permit, &page, &[]).await;
    late.is(StatusCode::CONFLICT).says("It was not done").says("F0321 permit-expired");
}

#[tokio::test]
async fn given_a_contact_who_owes_nothing_then_only_the_notice_may_be_sent_and_the_debt_is_off_limits() {
    let (given, _) = Given::placed_case().await;
    given.caught_up().await;
    let mut browser = Browser::of(&given, collector()).await;
    let queue = browser.get("/queue").await;
    queue.says("Request permit to ask for consent").says("has not agreed").silent("value=\"locate\"");
    let notice = browser.submit(&queue.form_with("value=\"consent-notice\""), "/permits", &[]).await;
    notice.says("Allowed, once").says("owes nothing").says("Do not speak of the debt").says(">Sent<");
    let mut fields = queue.form_with("value=\"consent-notice\"").hidden("/permits");
    for (name, value) in &mut fields {
        match name.as_str() {
            "purpose" => *value = "locate".to_owned(),
            "channel" => *value = "call".to_owned(),
            _ => {}
        }
    }
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    let locate = browser.post("/permits", &fields).await;
    locate.says("Not allowed").says("F0308 consent-missing").says("Waiting will not change this");

    let answered = browser.submit(&notice, &path(&notice, "answer"), &[("answer", "unknown-debtor")]).await;
    answered.is(StatusCode::OK).says("The answer is recorded");
    let target = number(CONTACT_NUMBER).into();
    let view = given.platform.contact(&collector(), &target).await.expect("seen");
    assert!(view.stop.is_some());
    assert_eq!(view.holders[0].consent, Some(ConsentAnswer::UnknownDebtor));
    // A yes is for the person alone to give.
    let page = browser.submit(&notice, &path(&notice, "answer"), &[("answer", "confirmed")]).await;
    page.is(StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn given_somebody_who_says_stop_on_the_call_then_the_collector_can_place_it() {
    let (given, _) = Given::placed_case().await;
    given.caught_up().await;
    let mut browser = Browser::of(&given, collector()).await;
    let permit = requested(&mut browser).await;
    let done = browser.submit(&permit, &path(&permit, "stop"), &[]).await;
    done.is(StatusCode::OK).says("left alone from now on");
    let view = given.platform.contact(&collector(), &debtor()).await.expect("seen");
    assert!(view.stop.is_some());
    browser
        .get("/queue")
        .await
        .says("asked to be left alone")
        .says("not by waiting")
        .silent(CALL.to_lowercase().as_str());
}

#[tokio::test]
async fn given_a_hostile_name_in_the_lender_s_file_then_it_is_shown_as_text() {
    let given = Given::nothing().await;
    given.agency(AGENCY, crate::given::COLLECTOR, LINE).await;
    let row =
        "L-9,consumer,10.00,0,0,2026-08-01,<script>alert(1)</script>,,13812345678,<img src=x>,13912345678";
    let report = given.import(LENDER, &format!("{}\n{row}\n", crate::given::HEADER)).await;
    assert_eq!(report.taken, 1, "{report:?}");
    let case = given.case_id(LENDER, "L-9");
    given.make_known(case).await;
    given.place().await;
    given.caught_up().await;
    let mut browser = Browser::of(&given, collector()).await;
    let queue = browser.get("/queue").await;
    queue.says("&lt;script&gt;alert(1)&lt;/script&gt;").silent("<script").silent("<img");
    let permit = browser.submit(&queue.form_with("value=\"collect\""), "/permits", &[]).await;
    permit.says("&lt;script&gt;").silent("<script");
}

#[tokio::test]
async fn given_another_s_queue_or_permit_then_it_is_as_if_it_did_not_exist() {
    let (given, _) = Given::placed_case().await;
    given.agency(OTHER_AGENCY, OTHER_COLLECTOR, "+862150000004").await;
    given.caught_up().await;
    let mut own = Browser::of(&given, collector()).await;
    own.get("/queue?collector=collector-401").await.is(StatusCode::NOT_FOUND).silent("王小明");
    let permit = requested(&mut own).await;
    let page = path(&permit, "redeem");
    let other = Principal::Collector(OTHER_COLLECTOR, OTHER_AGENCY);
    let mut other = Browser::of(&given, other).await;
    other.get("/queue?collector=collector-301").await.is(StatusCode::NOT_FOUND);
    other.get("/queue").await.is(StatusCode::OK).silent("王小明");
    other.get(page.trim_end_matches("/redeem")).await.is(StatusCode::NOT_FOUND);
    // The form of one session does not work in another.
    let stolen = other.submit(&permit, &page, &[]).await;
    stolen.is(StatusCode::FORBIDDEN).says("did not come from a page of your session");
    let named = given.platform.queue(&collector(), CollectorId(301), 10, None).await.expect("queue");
    assert_eq!(named.callable.len() + named.later.len(), 1);
}
