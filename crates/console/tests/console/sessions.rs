//! Signing in and out, whose form it is, what the browser may do, and which language it is said in.

use api::Principal;
use axum::http::{Method, StatusCode};

use crate::browser::{Browser, encoded};
use crate::given::{Given, collector};

#[tokio::test]
async fn given_a_token_when_signed_in_then_it_leaves_the_address_and_the_right_page_follows() {
    let (given, _) = Given::placed_case().await;
    for (principal, home) in [
        (collector(), "/queue"),
        (Principal::Operator, "/figures"),
        (Principal::Supervisor(None), "/figures"),
        (Principal::Trunk, "/sign-in"),
    ] {
        let token = given.platform.sign_in(principal, 60_000).expect("token");
        let mut browser = Browser::new(&given);
        let address = format!("/sign-in?token={token}");
        let page = browser.once(Method::GET, &address, None, &[]).await;
        assert_eq!((page.status, page.location().as_str()), (StatusCode::SEE_OTHER, home));
        assert!(page.headers["set-cookie"].to_str().expect("ASCII").contains("Max-Age=60"));
        let shown = browser.get(home).await;
        shown.is(StatusCode::OK).silent(&token);
        // From another site's page the cookie would not go along with a redirect.
        let led = browser.once(Method::GET, &address, None, &[("sec-fetch-site", "cross-site")]).await;
        led.is(StatusCode::OK).says(&format!("0;url={home}")).silent(&token);
        let pasted = Browser::new(&given).posted("/sign-in", &[("token", &token)]).await;
        assert_eq!(pasted.location(), home);
    }
}

#[tokio::test]
async fn given_no_token_of_ours_or_an_old_one_when_signed_in_then_it_is_refused() {
    let given = Given::nothing().await;
    let old = given.platform.sign_in(Principal::Operator, -1).expect("token");
    for token in ["", "x", "forbear1.AA.AA", &old] {
        let mut browser = Browser::new(&given);
        let page = browser.get(&format!("/sign-in?token={token}")).await;
        page.is(StatusCode::UNAUTHORIZED).says("not of this platform");
        assert!(!browser.has_cookie("forbear"));
    }
}

#[tokio::test]
async fn given_a_form_without_the_token_of_the_session_then_nothing_is_done() {
    let (given, case) = Given::placed_case().await;
    given.caught_up().await;
    let mut browser = Browser::of(&given, collector()).await;
    let queue = browser.get("/queue").await.form_with("value=\"collect\"");
    let fields = queue.hidden("/permits");
    assert!(fields.iter().any(|(name, _)| name == "form_token"));
    for token in [None, Some(""), Some("AAAAAAAAAAAAAAAAAAAAAA")] {
        let mut forged: Vec<(&str, &str)> = fields
            .iter()
            .filter(|(name, _)| name != "form_token")
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        forged.extend(token.map(|token| ("form_token", token)));
        let page = browser.posted("/permits", &forged).await;
        page.is(StatusCode::FORBIDDEN).says("did not come from a page of your session");
    }
    let out = browser.posted("/sign-out", &[]).await;
    out.is(StatusCode::FORBIDDEN);
    let figures = given.platform.figures(&Principal::Operator).await.expect("figures");
    assert_eq!(figures.gate.asked, 0, "nothing was asked about {case}");
}

#[tokio::test]
async fn given_a_form_that_another_site_sent_then_nothing_is_done_even_with_the_right_fields() {
    let (given, _) = Given::placed_case().await;
    given.caught_up().await;
    let mut browser = Browser::of(&given, collector()).await;
    let queue = browser.get("/queue").await.form_with("value=\"collect\"");
    let fields = queue.hidden("/permits");
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    for site in ["cross-site", "same-site"] {
        let page =
            browser.once(Method::POST, "/permits", Some(encoded(&fields)), &[("sec-fetch-site", site)]).await;
        page.is(StatusCode::FORBIDDEN);
    }
    let page = browser
        .once(Method::POST, "/permits", Some(encoded(&fields)), &[("sec-fetch-site", "same-origin")])
        .await;
    page.is(StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn given_nobody_signed_in_when_a_form_for_the_signed_in_is_sent_then_they_are_asked_to_sign_in() {
    let (given, _) = Given::placed_case().await;
    let mut browser = Browser::new(&given);
    for path in
        ["/permits", "/permits/0011223344556677/redeem", "/my-number/stop", "/my-number/answer", "/sign-out"]
    {
        browser.posted(path, &[]).await.is(StatusCode::UNAUTHORIZED).says("Please sign in");
    }
    browser.get("/queue").await.is(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn given_somebody_signed_in_when_they_sign_out_then_the_cookie_is_gone() {
    let given = Given::nothing().await;
    let mut browser = Browser::of(&given, Principal::Operator).await;
    let page = browser.get("/figures").await;
    browser.submit(&page, "/sign-out", &[]).await.is(StatusCode::OK).says("Staff sign-in");
    assert!(!browser.has_cookie("forbear"));
    browser.get("/figures").await.is(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn given_any_page_then_the_browser_is_told_to_load_nothing_else_and_to_keep_nothing() {
    let given = Given::nothing().await;
    let mut browser = Browser::of(&given, Principal::Operator).await;
    for path in ["/", "/figures", "/sign-in", "/nowhere", "/stop/receipt"] {
        let page = browser.get(path).await;
        let header = |name: &str| page.headers[name].to_str().expect("ASCII").to_owned();
        assert_eq!(
            header("content-security-policy"),
            "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        );
        assert_eq!(
            (header("referrer-policy").as_str(), header("cache-control").as_str()),
            ("no-referrer", "no-store")
        );
        assert_eq!(header("x-content-type-options"), "nosniff");
        page.silent("<script").silent(" style=\"").silent("<style").silent(" onclick");
    }
    let page = browser.get("/").await;
    let sheet = page.html.split("rel=\"stylesheet\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
    let sheet = browser.get(sheet.expect("a style sheet")).await;
    assert_eq!(sheet.headers["content-type"], "text/css; charset=utf-8");
    assert!(sheet.headers["cache-control"].to_str().expect("ASCII").contains("immutable"));
    assert!(sheet.html.contains("prefers-color-scheme"));
}

#[tokio::test]
async fn given_a_choice_of_language_then_it_holds_for_the_pages_after() {
    let given = Given::nothing().await;
    let mut browser = Browser::new(&given);
    browser.get("/").await.says("<html lang=\"en\">").says("href=\"/?lang=zh\"");
    browser.get("/?lang=zh").await.says("<html lang=\"zh-Hans\">").says("停止一切联系");
    browser.get("/sign-in").await.says("工作人员登录").says("href=\"/sign-in?lang=en\"");
    Browser::chinese(&given).get("/").await.says("谁在打给我");
}

#[tokio::test]
async fn given_a_path_that_nobody_has_then_a_friendly_page_says_so() {
    let given = Given::nothing().await;
    let mut browser = Browser::new(&given);
    browser.get("/nowhere").await.is(StatusCode::NOT_FOUND).says("There is nothing here").says("href=\"/\"");
    browser.get("/?lang=xx&lang=").await.is(StatusCode::OK);
    browser.get("/figures?pause=1&pause=2").await.is(StatusCode::NOT_FOUND).says("There is nothing here");
    browser.posted("/figures", &[]).await.is(StatusCode::METHOD_NOT_ALLOWED).says("There is no page");
}
