//! Stop, "who calls me", and the answers of somebody who was named as a contact.

use axum::http::{Method, StatusCode};
use model::{CaseId, Channel, Outcome, Purpose};

use api::{PermitAsk, Principal};

use crate::browser::{Browser, Page, encoded};
use crate::given::{AGENCY, CONTACT_NUMBER, DEBTOR_NUMBER, Given, ask, codes, collector, number};

/// The code in the box of a demonstration.
fn code(page: &Page) -> String {
    let text = page.html.split("Your code is ").nth(1).expect("the box");
    text.chars().take(6).collect()
}

/// Shows that a number is theirs.
async fn signed_in(browser: &mut Browser, number: &str) -> Page {
    let page = browser.post("/who", &[("number", number)]).await;
    let code = code(&page);
    browser.submit(&page, "/who/code", &[("code", &code)]).await
}

async fn called(given: &Given, case: CaseId, call: &str, outcome: Outcome) {
    let permit = given.platform.request_permit(&collector(), &ask(case), None).await.expect("permit");
    given.platform.redeem(&collector(), &permit.token, call, None).await.expect("redeemed");
    given.platform.settle(&collector(), &permit.token, &outcome.into(), None).await.expect("settled");
}

#[tokio::test]
async fn given_anybody_when_they_press_stop_then_it_stands_and_they_get_a_receipt() {
    let (given, case) = Given::placed_case().await;
    let mut browser = Browser::new(&given);
    browser.get("/").await.is(StatusCode::OK).says("Stop all contact").says("Who calls me?");
    let answer = browser.posted("/stop", &[("number", "138 1234 5678")]).await;
    assert_eq!((answer.status, answer.location().as_str()), (StatusCode::SEE_OTHER, "/stop/receipt"));
    let receipt = browser.get("/stop/receipt").await;
    receipt.is(StatusCode::OK).says("It is stopped").says("+86 ··· 5678").says("24 Nov 2026, 10:00");
    receipt.says("every lender, agency and channel").silent("1234 5678").silent(DEBTOR_NUMBER);
    let contact = given.platform.contact_point(&number(DEBTOR_NUMBER).into());
    let view = given.platform.contact(&Principal::Operator, &contact.into()).await.expect("known");
    let stop = view.stop.expect("the stop stands");
    let partition = given.platform.parts().gate.partition_of(&contact.0);
    receipt.says(&format!("gate/{partition}/{}", stop.position)).says(&contact.to_string());
    let refused = given.platform.request_permit(&collector(), &ask(case), None).await;
    assert!(codes(refused).contains(&events::Code::STOPPED));
}

#[tokio::test]
async fn given_a_number_that_nobody_knows_when_stopped_then_the_receipt_is_the_same() {
    let given = Given::nothing().await;
    let mut browser = Browser::chinese(&given);
    let receipt = browser.post("/stop", &[("number", "+44 20 7946 0018")]).await;
    receipt.is(StatusCode::OK).says("已停止").says("+44 ··· 0018").says("2026年11月24日 周二 10:00");
}

#[tokio::test]
async fn given_no_number_when_stopped_then_the_page_says_what_is_wrong_and_does_not_repeat_it() {
    let given = Given::nothing().await;
    let mut browser = Browser::new(&given);
    for (typed, said) in [
        ("138****5678", "hidden"),
        ("<script>alert(1)</script>", "not a phone number"),
        ("99999", "not a phone number"),
        ("", "not a phone number"),
    ] {
        let page = browser.post("/stop", &[("number", typed)]).await;
        page.is(StatusCode::UNPROCESSABLE_ENTITY).silent("<script");
        assert!(page.html.contains(said) || page.html.contains("no such number"), "{typed}: {}", page.html);
        if !typed.is_empty() {
            page.silent(typed);
        }
    }
    let unread = browser.post("/stop", &[]).await;
    unread.is(StatusCode::UNPROCESSABLE_ENTITY).says("could not be read");
}

#[tokio::test]
async fn given_the_right_code_when_asked_who_calls_then_holders_and_history_are_shown() {
    let (given, case) = Given::placed_case().await;
    for call in ["a", "b", "c"] {
        called(&given, case, call, Outcome::NoAnswer).await;
    }
    given.platform.request_permit(&collector(), &ask(case), None).await.expect_err("the day is full");
    given.caught_up().await;
    let mut browser = Browser::new(&given);
    let page = signed_in(&mut browser, DEBTOR_NUMBER).await;
    page.is(StatusCode::OK).says("+86 ··· 5678").says("lender-7").says("催收公司 3").says("debtor");
    page.says("no answer").says("Refused").says("cap of the day").says("3/3").says("+862150000003");
    page.says("collector-301").says("Asia/Shanghai").silent(DEBTOR_NUMBER);
    page.silent("I know and agree");
    assert_eq!(page.html.matches("no answer").count(), 3, "one line for each call");
    assert!(!browser.has_cookie("forbear-asked"), "the number is forgotten when it is no longer needed");

    let receipt = browser.submit(&page, "/my-number/stop", &[]).await;
    receipt.is(StatusCode::OK).says("It is stopped").says("gate/");
    // The gate knows it at once; the history follows.
    given.caught_up().await;
    let after = browser.get("/my-number").await;
    after.says("Contact is stopped").says("All contact stopped").silent("action=\"/my-number/stop\"");
}

#[tokio::test]
async fn given_a_number_that_nobody_knows_when_asked_who_calls_then_only_its_owner_learns_that() {
    let (given, _) = Given::placed_case().await;
    let mut known = Browser::new(&given);
    let mut unknown = Browser::new(&given);
    let first = known.post("/who", &[("number", DEBTOR_NUMBER)]).await;
    let second = unknown.post("/who", &[("number", "13700000000")]).await;
    let without_codes = |page: &Page| page.html.replace(&code(page), "");
    assert_eq!(without_codes(&first), without_codes(&second));
    let own = signed_in(&mut unknown, "13700000000").await;
    own.is(StatusCode::OK).says("Nobody holds this number").says("Nothing so far");
}

#[tokio::test]
async fn given_a_wrong_code_then_nothing_is_shown() {
    let (given, _) = Given::placed_case().await;
    let mut browser = Browser::new(&given);
    let page = browser.post("/who", &[("number", DEBTOR_NUMBER)]).await;
    let wrong = if code(&page) == "000000" { "000001" } else { "000000" };
    let answer = browser.submit(&page, "/who/code", &[("code", wrong)]).await;
    answer.is(StatusCode::UNPROCESSABLE_ENTITY).says("This is not the code").silent("lender-7");
    let sent_back = browser.once(Method::GET, "/my-number", None, &[]).await;
    assert_eq!((sent_back.status, sent_back.location().as_str()), (StatusCode::SEE_OTHER, "/"));
}

#[tokio::test]
async fn given_an_emergency_contact_when_they_answer_then_it_counts_and_a_no_stops_everything() {
    for (answer, said, stopped) in [
        ("confirmed", "knows and agrees", false),
        ("refused", "does not agree", true),
        ("unknown-debtor", "does not know the debtor", true),
    ] {
        let (given, case) = Given::placed_case().await;
        given.caught_up().await;
        let mut browser = Browser::new(&given);
        let page = signed_in(&mut browser, CONTACT_NUMBER).await;
        page.says("emergency contact").says("You owe nothing");
        page.says("I know and agree")
            .says("I do not agree")
            .says("I don&#39;t know this person".replace("&#39;", "'").as_str());
        let after = browser.submit(&page, "/my-number/answer", &[("answer", answer)]).await;
        after.is(StatusCode::OK).says(said).silent("I know and agree");
        assert_eq!(after.html.contains("Contact is stopped"), stopped, "{answer}");
        let locate = PermitAsk {
            target: number(CONTACT_NUMBER).into(),
            purpose: Purpose::Locate,
            channel: Channel::Call,
            ..ask(case)
        };
        let asked = given.platform.request_permit(&collector(), &locate, None).await;
        assert_eq!(asked.is_ok(), !stopped, "{answer}");
    }
}

#[tokio::test]
async fn given_a_hostile_name_then_it_is_shown_as_text() {
    let given = Given::nothing().await;
    let hostile = "<script>alert('x')</script>";
    let registration = api::AgencyRegistration {
        agency: AGENCY,
        name: hostile.to_owned(),
        jurisdictions: vec!["CN".to_owned()],
        capacity: 10,
        lines: vec!["+862150000003".to_owned()],
    };
    let operator = Principal::Operator;
    given.platform.register_agency(&operator, registration, None).await.expect("agency");
    given.caught_up().await;
    let mut browser = Browser::of(&given, operator).await;
    browser.get("/figures").await.says("&lt;script&gt;alert").silent("<script");
}

#[tokio::test]
async fn given_every_page_of_a_called_person_then_no_address_holds_their_number() {
    let (given, _) = Given::placed_case().await;
    let mut browser = Browser::new(&given);
    browser.post("/stop", &[("number", DEBTOR_NUMBER)]).await;
    let page = signed_in(&mut browser, CONTACT_NUMBER).await;
    browser.submit(&page, "/my-number/answer", &[("answer", "confirmed")]).await;
    browser.submit(&page, "/my-number/stop", &[]).await;
    assert!(browser.addresses.len() > 20);
    for address in &browser.addresses {
        let digits: String = address.chars().filter(char::is_ascii_digit).collect();
        assert!(!digits.contains("12345678") && !address.starts_with("tel:"), "{address}");
    }
}

#[tokio::test]
async fn given_many_stops_from_one_address_then_it_has_to_wait_and_the_page_says_so() {
    let given = Given::nothing().await;
    let mut browser = Browser::new(&given);
    let mut waited = None;
    for _ in 0..40 {
        let page = browser.posted("/stop", &[("number", DEBTOR_NUMBER)]).await;
        if page.status == StatusCode::TOO_MANY_REQUESTS {
            waited = Some(page);
            break;
        }
    }
    let page = waited.expect("paced");
    page.says("Please wait a little");
    assert!(page.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn given_a_form_of_another_site_then_no_code_is_sent() {
    let given = Given::nothing().await;
    let mut browser = Browser::new(&given);
    let body = encoded(&[("number", DEBTOR_NUMBER)]);
    let page = browser.once(Method::POST, "/who", Some(body), &[("sec-fetch-site", "cross-site")]).await;
    page.is(StatusCode::UNAUTHORIZED).says("did not come from a page of your session");
    assert!(!browser.has_cookie("forbear-asked"));
}
