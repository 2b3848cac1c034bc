//! Every route, over a real listener.

use std::net::SocketAddr;

use api::Principal;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use ureq::Agent;
use ureq::http::Response;

use crate::given::{
    AGENCY, COLLECTOR, CONTACT_NUMBER, DEBTOR_NUMBER, Given, HEADER, LENDER, LINE, OTHER_LENDER, ROW,
    collector,
};

/// A server and a client that does not fail on a status.
pub struct Web {
    pub given: Given,
    address: SocketAddr,
    agent: Agent,
    stop: watch::Sender<bool>,
    served: tokio::task::JoinHandle<std::io::Result<()>>,
}

pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub text: String,
    headers: ureq::http::HeaderMap,
}

impl Web {
    pub async fn over(given: Given) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("listener");
        let address = listener.local_addr().expect("address");
        let (stop, stopped) = watch::channel(false);
        let router = api::http::router(given.platform.clone());
        let served = tokio::spawn(api::http::serve(listener, router, stopped));
        let agent = Agent::config_builder().http_status_as_error(false).build().into();
        Self { given, address, agent, stop, served }
    }

    fn token(&self, principal: Principal) -> String {
        self.given.platform.sign_in(principal, 3_600_000).expect("token")
    }

    async fn get(&self, principal: Principal, path: &str) -> Answer {
        let bearer = format!("Bearer {}", self.token(principal));
        self.call(
            move |agent, url| agent.get(url).header("authorization", bearer).call().expect("answer"),
            path,
        )
        .await
    }

    pub async fn post(&self, principal: Principal, path: &str, body: Value) -> Answer {
        let bearer = (principal != Principal::Anonymous).then(|| format!("Bearer {}", self.token(principal)));
        self.call(
            move |agent, url| {
                let mut request = agent.post(url).header("content-type", "application/json");
                if let Some(bearer) = bearer {
                    request = request.header("authorization", bearer);
                }
                request.send(body.to_string()).expect("answer")
            },
            path,
        )
        .await
    }

    pub async fn post_lines(&self, principal: Principal, path: &str, body: String) -> Answer {
        let bearer = format!("Bearer {}", self.token(principal));
        self.call(
            move |agent, url| {
                let request = agent.post(url).header("content-type", "application/x-ndjson");
                request.header("authorization", bearer).send(body).expect("answer")
            },
            path,
        )
        .await
    }

    async fn call(
        &self,
        call: impl FnOnce(Agent, String) -> Response<ureq::Body> + Send + 'static,
        path: &str,
    ) -> Answer {
        let (agent, url) = (self.agent.clone(), format!("http://{}{path}", self.address));
        tokio::task::spawn_blocking(move || {
            let mut response = call(agent, url);
            let text = response.body_mut().read_to_string().expect("text");
            let body = serde_json::from_str(&text).unwrap_or(Value::Null);
            Answer { status: response.status().as_u16(), body, text, headers: response.headers().clone() }
        })
        .await
        .expect("call")
    }
}

pub fn codes(answer: &Answer) -> Vec<&str> {
    let reasons = answer.body["reasons"].as_array().expect("reasons");
    reasons.iter().map(|reason| reason["word"].as_str().expect("word")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_from_the_file_to_a_settled_call() {
    let web = Web::over(Given::nothing().await).await;
    let operator = Principal::Operator;
    let agency = json!({
        "agency": "agency-3", "name": "催收公司", "jurisdictions": ["CN"], "capacity": 100, "lines": [LINE],
    });
    assert_eq!(web.post(operator, "/v1/agencies", agency.clone()).await.body, json!({ "changed": true }));
    assert_eq!(web.post(operator, "/v1/agencies", agency).await.body, json!({ "changed": false }));
    // As the process managers do.
    let line = json!({ "line": LINE, "registered": true });
    let registered = web.post(operator, "/v1/agencies/agency-3/lines", line).await;
    assert_eq!((registered.status, registered.body), (200, json!({ "changed": true })));
    let person = json!({ "collector": "collector-301", "name": "张三" });
    let registered = web.post(Principal::Agency(AGENCY), "/v1/agencies/agency-3/collectors", person).await;
    assert_eq!((registered.status, registered.body), (200, json!({ "changed": true })));

    let bearer = format!("Bearer {}", web.token(Principal::Lender(LENDER)));
    let bad = ROW.replace("L-1,", "L-2,").replace("1000.00", "a lot");
    let file = format!("{HEADER}\n{ROW}\n{bad}\n");
    let import = web
        .call(
            move |agent, url| {
                let request =
                    agent.post(url).header("authorization", bearer).header("content-type", "text/csv");
                request.send(file).expect("answer")
            },
            "/v1/lenders/lender-7/cases?format=csv",
        )
        .await;
    assert_eq!(import.status, 200, "{}", import.text);
    assert_eq!((&import.body["taken"], &import.body["refused"]), (&json!(1), &json!(1)));
    assert_eq!(import.body["errors"][0]["line"], json!(3));
    assert_eq!(import.body["errors"][0]["problems"][0]["column"], json!("principal"));

    let case = web.given.case_id(LENDER, "L-1");
    web.given.make_known(case).await;
    web.given.place().await;
    let seen = web.get(Principal::Lender(LENDER), &format!("/v1/cases/{case}")).await;
    assert_eq!(seen.body["balance"]["text"], json!("1060.00 CNY"));
    assert_eq!(seen.body["overdue_since"], json!("2026-08-01"));
    assert_eq!(seen.body["agency"], json!("agency-3"));
    let hidden = web.get(Principal::Lender(OTHER_LENDER), &format!("/v1/cases/{case}")).await;
    assert_eq!((hidden.status, codes(&hidden)), (404, vec!["not-found"]));
    let people = web.get(collector(), &format!("/v1/cases/{case}/people")).await;
    assert_eq!(people.body["people"][0]["name"], json!("王小明"));
    assert!(!people.text.contains(DEBTOR_NUMBER), "{}", people.text);
    let queue = web.get(collector(), "/v1/collectors/collector-301/queue?limit=10").await;
    assert_eq!(queue.body["callable"][0]["case"], json!(case.to_string()));
    assert_eq!(queue.body["at"], json!("2026-11-24T02:00:00Z"));

    let ask =
        json!({ "number": DEBTOR_NUMBER, "case": case.to_string(), "channel": "call", "purpose": "collect" });
    let permit = web.post(collector(), "/v1/permits", ask.clone()).await;
    assert_eq!(
        (permit.status, &permit.body["tightest"]["count"]),
        (200, &json!({ "counted": 1, "limit": 3 })),
        "{}",
        permit.text
    );
    let token = permit.body["token"].as_str().expect("token").to_owned();
    let number = web.post(collector(), "/v1/permits/number", json!({ "token": token })).await;
    assert_eq!(number.body, json!({ "number": format!("+86{DEBTOR_NUMBER}") }));
    let redeemed =
        web.post(Principal::Trunk, "/v1/permits/redeem", json!({ "token": token, "call": "id;tag" })).await;
    assert_eq!(redeemed.body["changed"], json!(true), "{}", redeemed.text);
    let settled = web
        .post(collector(), "/v1/permits/settle", json!({ "token": token, "outcome": "conversation" }))
        .await;
    assert_eq!(settled.body["given_back"], json!(false), "{}", settled.text);

    let paid =
        json!({ "reference": "P-1", "amount": "60.00", "currency": "CNY", "value_date": "2026-11-24" });
    let paid = web.post(Principal::Lender(LENDER), &format!("/v1/cases/{case}/payments"), paid).await;
    assert_eq!(paid.body["balance"]["minor"], json!(100_000), "{}", paid.text);
    web.given.caught_up().await;
    let timeline = web.get(Principal::Lender(LENDER), &format!("/v1/cases/{case}/timeline?limit=3")).await;
    assert_eq!(timeline.body["entries"].as_array().map(Vec::len), Some(3), "{}", timeline.text);
    assert_eq!(timeline.body["entries"][0]["kind"], json!("CaseOpened"));
    let next = timeline.body["next"].as_str().expect("more");
    let rest = web.get(Principal::Lender(LENDER), &format!("/v1/cases/{case}/timeline?after={next}")).await;
    assert_ne!(rest.body["entries"][0], timeline.body["entries"][0]);
    let closed = json!({ "reason": "recalled" });
    let closed = web.post(Principal::Lender(LENDER), &format!("/v1/cases/{case}/close"), closed).await;
    assert_eq!(closed.body, json!({ "changed": true }), "{}", closed.text);

    web.given.caught_up().await;
    let figures = web.get(operator, "/v1/figures").await;
    assert_eq!(figures.body["ledger"]["closed"]["recalled"], json!(1), "{}", figures.text);
    assert_eq!(figures.body["gate"]["allowed"], json!(1));
    assert_eq!(figures.body["audit"]["agencies"][0]["settled"]["conversation"], json!(1), "{}", figures.text);
    let own = web.get(Principal::Agency(AGENCY), "/v1/agencies/agency-3/figures").await;
    assert_eq!(own.body["asked"], json!(1), "{}", own.text);
    let recount = web.post(operator, "/v1/recount", json!({})).await;
    assert_eq!((&recount.body["calls"], &recount.body["findings"]["over_cap"]), (&json!(1), &json!(0)));
    let checkpoint = web.get(operator, "/v1/checkpoints/gate/0").await;
    assert!(checkpoint.text.starts_with("forbear/gate/0\n"), "{}", checkpoint.text);
    let placement = web.post(operator, "/v1/placement", json!({})).await;
    assert_eq!(placement.status, 200, "{}", placement.text);
    let ended = web.post(operator, "/v1/collectors/collector-301/end", json!({})).await;
    assert_eq!(ended.status, 200, "{}", ended.text);
    let suspended =
        web.post(operator, "/v1/agencies/agency-3/suspension", json!({ "suspended": true })).await;
    assert_eq!(suspended.status, 200, "{}", suspended.text);
    let agencies = web.get(operator, "/v1/agencies").await;
    assert_eq!(agencies.body["agencies"][0]["suspended"], json!(true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_called_person_signs_in_looks_up_their_number_and_stops_it() {
    let (given, case) = Given::placed_case().await;
    let web = Web::over(given).await;
    let nobody = Principal::Anonymous;
    let number = json!({ "number": CONTACT_NUMBER });
    let unknown = web.post(nobody, "/v1/contacts/lookup", number.clone()).await;
    assert_eq!((unknown.status, codes(&unknown)), (401, vec!["forbidden"]));
    assert_eq!(unknown.headers.get("www-authenticate").expect("header"), "Bearer");
    let shown = web.post(nobody, "/v1/codes", number.clone()).await;
    let text = shown.body["demonstration"].as_str().expect("shown");
    let code: String =
        text.chars().skip_while(|sign| !sign.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    let signed_in =
        web.post(nobody, "/v1/codes/verify", json!({ "number": CONTACT_NUMBER, "code": code })).await;
    assert_eq!(signed_in.status, 200, "{}", signed_in.text);
    let cookie = signed_in.headers.get("set-cookie").expect("cookie").to_str().expect("text").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    assert!(!cookie.contains("Secure"), "nobody could send it back over HTTP: {cookie}");
    let verify = json!({ "number": CONTACT_NUMBER, "code": code }).to_string();
    let behind_proxy = web
        .call(
            move |agent, url| {
                let request = agent.post(url).header("content-type", "application/json");
                request.header("x-forwarded-proto", "https").send(verify).expect("answer")
            },
            "/v1/codes/verify",
        )
        .await;
    let secure = behind_proxy.headers.get("set-cookie").expect("cookie").to_str().expect("text").to_owned();
    assert!(secure.ends_with("; Secure"), "{secure}");
    let cookie = cookie.split(';').next().expect("pair").to_owned();
    let with_cookie = |site: Option<&'static str>, path: &'static str, body: Value| {
        let cookie = cookie.clone();
        web.call(
            move |agent, url| {
                let mut request =
                    agent.post(url).header("cookie", cookie).header("content-type", "application/json");
                if let Some(site) = site {
                    request = request.header("sec-fetch-site", site);
                }
                request.send(body.to_string()).expect("answer")
            },
            path,
        )
    };
    let mine = with_cookie(Some("same-origin"), "/v1/contacts/lookup", number.clone()).await;
    assert_eq!(mine.body["holders"][0]["role"], json!("emergency-contact"), "{}", mine.text);
    assert_eq!(mine.body["holders"][0]["case"], json!(case.to_string()));
    let foreign = with_cookie(Some("cross-site"), "/v1/contacts/lookup", number.clone()).await;
    assert_eq!(foreign.status, 403, "{}", foreign.text);
    let consent = json!({ "number": CONTACT_NUMBER, "case": case.to_string(), "answer": "unknown-debtor" });
    let answered = with_cookie(None, "/v1/consents", consent).await;
    assert_eq!(answered.body, json!({ "changed": true }), "{}", answered.text);
    web.given.caught_up().await;
    let timeline = with_cookie(None, "/v1/contacts/timeline", number.clone()).await;
    let kinds = timeline.body["entries"].as_array().expect("entries").iter().map(|entry| &entry["kind"]);
    assert!(kinds.clone().any(|kind| kind == "ConsentAnswered"), "{:?}", kinds.collect::<Vec<_>>());
    let stopped = web.post(nobody, "/v1/stops", json!({ "number": DEBTOR_NUMBER })).await;
    assert_eq!(stopped.body["changed"], json!(true), "{}", stopped.text);
    let me = web.get(collector(), "/v1/me").await;
    assert_eq!((&me.body["role"], &me.body["agency"]), (&json!("collector"), &json!("agency-3")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_names_every_rule_and_its_page_and_a_retry_gets_the_first_answer() {
    let (given, case) = Given::placed_case().await;
    let web = Web::over(given).await;
    let ask =
        json!({ "number": DEBTOR_NUMBER, "case": case.to_string(), "channel": "call", "purpose": "collect" });
    let bearer = format!("Bearer {}", web.token(collector()));
    let mut permits = Vec::new();
    for key in ["a", "a", "b"] {
        let (bearer, body) = (bearer.clone(), ask.to_string());
        let answer = web
            .call(
                move |agent, url| {
                    let request =
                        agent.post(url).header("authorization", bearer).header("idempotency-key", key);
                    request.header("content-type", "application/json").send(body).expect("answer")
                },
                "/v1/permits",
            )
            .await;
        permits.push(answer.body["permit"].clone());
    }
    assert!(permits[0] == permits[1] && permits[1] != permits[2], "{permits:?}");
    web.post(collector(), "/v1/permits", ask.clone()).await;
    web.post(Principal::Anonymous, "/v1/stops", json!({ "number": DEBTOR_NUMBER })).await;
    let refused = web.post(collector(), "/v1/permits", ask).await;
    assert_eq!(refused.status, 409);
    assert!(codes(&refused).contains(&"stopped"), "{}", refused.text);
    assert!(refused.body["next_allowed"].is_null() && refused.body["decision"].is_number());
    let page = refused.body["reasons"][0]["page"].as_str().expect("page");
    let page = web.get(collector(), page).await;
    assert!(page.text.starts_with("# F0301 stopped"), "{}", page.text);
    let absent = web.get(collector(), "/v1/refusals/F9999").await;
    assert_eq!(absent.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_is_refused_without_repeating_it() {
    let web = Web::over(Given::nothing().await).await;
    let operator = Principal::Operator;
    let number = web.post(operator, "/v1/stops", json!({ "number": 13812345678_u64 })).await;
    assert_eq!((number.status, codes(&number)), (422, vec!["malformed"]), "{}", number.text);
    assert!(!number.text.contains("138"), "{}", number.text);
    let both = json!({ "number": DEBTOR_NUMBER, "contact": format!("contact-{}", "0".repeat(32)) });
    assert_eq!(web.post(operator, "/v1/stops", both).await.status, 422);
    let mistyped = json!({ "number": DEBTOR_NUMBER, "sorce": "regulator" });
    assert_eq!(web.post(operator, "/v1/stops", mistyped).await.status, 422);
    let wrong = web.post(operator, "/v1/stops", json!({ "number": "98765" })).await;
    assert_eq!(wrong.status, 422);
    assert!(!wrong.text.contains("98765"), "{}", wrong.text);
    assert_eq!(web.get(operator, "/v1/cases/none").await.status, 422);
    assert_eq!(web.get(operator, "/v1/nothing").await.status, 404);
    assert_eq!(web.post(operator, "/v1/figures", json!({})).await.status, 405);
    let large = web.post(operator, "/v1/stops", json!({ "number": "1".repeat(100_000) })).await;
    assert_eq!(large.status, 413, "{}", large.text);
    let form = web
        .call(
            |agent, url| agent.post(url).header("content-type", "text/plain").send("{}").expect("answer"),
            "/v1/stops",
        )
        .await;
    assert_eq!(form.status, 415);
    let forged = web
        .call(
            |agent, url| {
                agent.get(url).header("authorization", "Bearer forbear1.AAAA.AAAA").call().expect("answer")
            },
            "/v1/me",
        )
        .await;
    assert_eq!(forged.status, 401);
    let wrong = json!({ "pack": "id = \"strict\"" });
    assert_eq!(web.post(operator, "/v1/policies", wrong).await.status, 422);
    let pack = json!({ "pack": policy::text("strict").expect("a pack") });
    let adopted = web.post(operator, "/v1/policies", pack).await;
    assert_eq!((adopted.status, adopted.body), (200, json!({ "changed": false })), "{}", adopted.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_stops_from_one_address_have_to_wait() {
    let web = Web::over(Given::nothing().await).await;
    let mut last = None;
    for tail in 0..40 {
        let number = json!({ "number": format!("138123456{tail:02}") });
        let answer = web.post(Principal::Anonymous, "/v1/stops", number).await;
        if answer.status != 200 {
            last = Some(answer);
            break;
        }
    }
    let answer = last.expect("paced");
    assert_eq!((answer.status, codes(&answer)), (429, vec!["busy"]));
    let wait: u64 =
        answer.headers.get("retry-after").expect("header").to_str().expect("text").parse().expect("s");
    assert!((1..=60).contains(&wait), "{wait}");
    let operator = web.post(Principal::Operator, "/v1/stops", json!({ "number": "13912345600" })).await;
    assert_eq!(operator.status, 200, "who is signed in is not held up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probes_and_metrics_answer_and_a_stop_ends_the_server() {
    let web = Web::over(Given::nothing().await).await;
    web.given.caught_up().await;
    let nobody = |agent: Agent, url: String| agent.get(url).call().expect("answer");
    let pid = std::process::id();
    assert_eq!(web.call(nobody, "/health").await.body, json!({ "alive": true, "pid": pid }));
    let ready = web.call(nobody, "/ready").await;
    assert_eq!((ready.status, ready.body), (200, json!({ "ready": true, "reasons": [], "pid": pid })));
    let metrics = web.call(nobody, "/metrics").await;
    assert!(metrics.text.contains("forbear_commands_total"), "{}", metrics.text);
    let status = web.get(Principal::Operator, "/v1/status").await;
    assert_eq!(status.body["partitions"].as_array().map(Vec::len), Some(5), "{}", status.text);
    assert_eq!(status.body["lag"].as_array().map(Vec::len), Some(5));
    assert_eq!(web.get(collector(), "/v1/status").await.status, 403);
    let unready = web.get(collector(), "/v1/collectors/collector-301/queue").await;
    assert_eq!(unready.status, 404, "{COLLECTOR} is not registered");
    web.stop.send_replace(true);
    let served = tokio::time::timeout(std::time::Duration::from_secs(10), web.served).await;
    served.expect("in time").expect("no panic").expect("served");
}
