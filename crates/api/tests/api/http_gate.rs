//! What the gate can be told and asked over HTTP beyond permits: holds, consents, facts, registry, explanations, lists.

use api::Principal;
use serde_json::{Value, json};

use crate::given::{AGENCY, DEBTOR_NUMBER, Given, LENDER, OTHER_AGENCY, OTHER_LENDER, collector, debtor};
use crate::http::{Web, codes};

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_person_and_a_list_then_holds_are_placed_listed_lifted_and_seen_by_the_list() {
    let (given, case) = Given::placed_case().await;
    let web = Web::over(given).await;
    let person = Principal::CalledPerson(web.given.platform.contact_point(&debtor()));
    let wanted = json!({ "kind": "stop", "channels": ["call"], "times": ["mon-sun 00:00-24:00"] });
    let placed = web.post(person, "/v1/holds", wanted).await;
    assert_eq!((placed.status, &placed.body["changed"]), (200, &json!(true)), "{}", placed.text);
    let listed = web.post(person, "/v1/holds/list", json!({})).await;
    assert_eq!(listed.body["holds"][0]["hold"], placed.body["hold"], "{}", listed.text);
    assert_eq!(listed.body["holds"][0]["times"][0], json!("mon,tue,wed,thu,fri,sat,sun 00:00-23:59:59"));
    let ask = |channel: &str| json!({ "number": DEBTOR_NUMBER, "case": case.to_string(), "channel": channel, "purpose": "collect" });
    let list = format!("{}\n{}\n", ask("call"), ask("visit"));
    let checked = web.post_lines(collector(), "/v1/permits/check", list.clone()).await;
    let answers = checked.body["answers"].as_array().expect("answers");
    assert_eq!(answers.len(), 2, "{}", checked.text);
    assert_eq!(answers[0]["callable_now"], json!(false));
    let explained = web.post(collector(), "/v1/permits/explain", ask("call")).await;
    assert_eq!(explained.body["allowed"], json!(false), "{}", explained.text);
    let rules = explained.body["rules"].as_array().expect("rules");
    let holds = rules.iter().find(|rule| rule["rule"] == "gate/holds").expect("the rule");
    assert!(holds["verdict"] == "refuses" && holds["says_zh"].is_string(), "{holds}");
    let lift = json!({ "hold": placed.body["hold"] });
    let other = json!({ "hold": placed.body["hold"], "number": DEBTOR_NUMBER, "case": case.to_string() });
    let refused = web.post(Principal::Agency(AGENCY), "/v1/holds/lift", other).await;
    assert_eq!((refused.status, codes(&refused)), (404, vec!["hold-unknown"]));
    let lifted = web.post(person, "/v1/holds/lift", lift).await;
    assert_eq!(lifted.body, json!({ "changed": true }), "{}", lifted.text);
    let batch = web
        .post_lines(collector(), "/v1/permits/batch", format!("{}\n{{\n{}\n", ask("call"), ask("call")))
        .await;
    let answers = lines(&batch.text);
    assert_eq!(answers.len(), 3, "{}", batch.text);
    assert!(
        answers[0]["permit"]["token"].is_string() && answers[2]["permit"]["token"].is_string(),
        "{}",
        batch.text
    );
    assert_eq!(answers[1]["refusal"]["reasons"][0]["word"], json!("malformed"));
    let explain = json!({ "decision": answers[0]["permit"]["permit"].to_string(), "number": DEBTOR_NUMBER });
    let explained = web.post(person, "/v1/decisions/explain", explain).await;
    assert_eq!(
        (&explained.body["reproduced"], &explained.body["for"], &explained.body["asked"]["collector"]),
        (&json!(true), &json!("person"), &Value::Null),
        "{}",
        explained.text
    );
    let as_supervisor = json!({ "decision": "gate/0/1", "for": "supervisor" });
    assert_eq!(web.post(person, "/v1/decisions/explain", as_supervisor).await.status, 422);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_consents_and_facts_when_told_then_each_party_tells_its_own() {
    let (given, case) = Given::placed_case().await;
    let web = Web::over(given).await;
    let case = case.to_string();
    let person = Principal::CalledPerson(web.given.platform.contact_point(&debtor()));
    let consent = json!({ "number": DEBTOR_NUMBER, "case": case, "agency": "agency-3", "covers": "hours" });
    let given = web.post(person, "/v1/consents/give", consent.clone()).await;
    assert_eq!(given.body, json!({ "changed": true }), "{}", given.text);
    for (principal, status) in
        [(Principal::Agency(OTHER_AGENCY), 404), (Principal::Lender(LENDER), 403), (Principal::Trunk, 403)]
    {
        let refused = web.post(principal, "/v1/consents/give", consent.clone()).await;
        assert_eq!(refused.status, status, "{principal:?}: {}", refused.text);
    }
    let whom = json!({ "number": DEBTOR_NUMBER, "case": case });
    let revoked = web.post(person, "/v1/consents/revoke", whom.clone()).await;
    assert_eq!(revoked.body, json!({ "changed": true }), "{}", revoked.text);
    let again = web.post(collector(), "/v1/consents/revoke", whom.clone()).await;
    assert_eq!(again.body, json!({ "changed": false }), "{}", again.text);

    let inbound = json!({
        "number": DEBTOR_NUMBER, "case": case, "channel": "call", "purpose": "collect", "direction": "inbound",
        "at": "2026-11-24T01:00:00Z", "outcome": "conversation",
    });
    let recorded = web.post(collector(), "/v1/contacts/record", inbound.clone()).await;
    assert_eq!(recorded.body, json!({ "changed": true }), "{}", recorded.text);
    let refused = web.post(Principal::Agency(OTHER_AGENCY), "/v1/contacts/record", inbound.clone()).await;
    assert_eq!(refused.status, 404, "{}", refused.text);
    let many = web
        .post_lines(
            collector(),
            "/v1/contacts/record/batch",
            format!("{inbound}\n{{\"at\": 1}}\n{inbound}\n"),
        )
        .await;
    let answers = lines(&many.text);
    assert_eq!(
        (answers.len(), &answers[0], &answers[2]),
        (3, &json!({ "changed": true }), &json!({ "changed": true }))
    );
    assert!(answers[1]["refusal"].is_object(), "{}", many.text);

    let shared = json!({ "number": DEBTOR_NUMBER, "found": "shared-in-order" });
    assert_eq!(web.post(collector(), "/v1/numbers/check", shared.clone()).await.status, 403);
    assert_eq!(
        web.post(Principal::Operator, "/v1/numbers/check", shared).await.body,
        json!({ "changed": true })
    );
    let found = json!({ "number": DEBTOR_NUMBER, "found": "not-reassigned" });
    assert_eq!(
        web.post(Principal::Lender(OTHER_LENDER), "/v1/numbers/check", found.clone()).await.status,
        404
    );
    assert_eq!(
        web.post(Principal::Lender(LENDER), "/v1/numbers/check", found).await.body,
        json!({ "changed": true })
    );
    let wrong = web.post(person, "/v1/numbers/disprove", whom).await;
    assert_eq!(wrong.body, json!({ "changed": true }), "{}", wrong.text);
    let ask = json!({ "number": DEBTOR_NUMBER, "case": case, "channel": "call", "purpose": "collect" });
    let refused = web.post(collector(), "/v1/permits", ask).await;
    assert_eq!(refused.status, 409, "it is a stranger's number: {}", refused.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_agencies_when_registered_at_the_gate_then_standing_lines_and_templates_are_whose_they_are() {
    let (given, case) = Given::placed_case().await;
    let web = Web::over(given).await;
    let (operator, agency) = (Principal::Operator, Principal::Agency(AGENCY));
    let suspended = json!({ "active": false });
    assert_eq!(web.post(agency, "/v1/agencies/agency-3/standing", suspended.clone()).await.status, 403);
    let changed = web.post(operator, "/v1/agencies/agency-3/standing", suspended).await;
    assert_eq!(changed.body, json!({ "changed": true }), "{}", changed.text);
    let ask =
        json!({ "number": DEBTOR_NUMBER, "case": case.to_string(), "channel": "call", "purpose": "collect" });
    let refused = web.post(collector(), "/v1/permits", ask).await;
    assert!(codes(&refused).contains(&"not-in-standing"), "{}", refused.text);
    web.post(operator, "/v1/agencies/agency-3/standing", json!({ "active": true })).await;
    assert_eq!(
        web.post(operator, "/v1/agencies/agency-9/standing", json!({ "active": true })).await.status,
        404
    );

    let text = "{agency}: please call us back. To be left alone: {stop}";
    let template = json!({ "template": 7, "channels": ["sms"], "roles": ["debtor"], "text": text });
    let approved = web.post(agency, "/v1/agencies/agency-3/templates", template.clone()).await;
    assert_eq!((approved.status, &approved.body), (200, &json!({ "changed": true })), "{}", approved.text);
    let other = web.post(Principal::Agency(OTHER_AGENCY), "/v1/agencies/agency-3/templates", template).await;
    assert_eq!(other.status, 403);
    let notice = web.post(agency, "/v1/agencies/agency-3/templates/1/withdraw", json!({})).await;
    assert_eq!(notice.status, 403, "the notice is the platform's: {}", notice.text);
    let withdrawn = web.post(agency, "/v1/agencies/agency-3/templates/7/withdraw", json!({})).await;
    assert_eq!(withdrawn.body, json!({ "changed": true }), "{}", withdrawn.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_draft_when_replayed_over_http_then_lines_tell_how_far_it_is_and_the_last_the_result() {
    let (given, case) = Given::placed_case().await;
    let web = Web::over(given).await;
    let ask =
        json!({ "number": DEBTOR_NUMBER, "case": case.to_string(), "channel": "call", "purpose": "collect" });
    web.post(collector(), "/v1/permits", ask).await;
    let pack = policy::text("strict").expect("a pack");
    let period = json!({ "pack": pack, "from": "2026-11-24", "until": "2026-11-24" });
    let refused = web.post(Principal::Agency(AGENCY), "/v1/policies/replay", period.clone()).await;
    assert_eq!(refused.status, 403);
    let replayed = web.post(Principal::Operator, "/v1/policies/replay", period).await;
    let told = lines(&replayed.text);
    assert!(told[0]["progress"]["records"].is_number(), "{}", replayed.text);
    let result = &told.last().expect("a result")["result"];
    assert_eq!((&result["decisions"], &result["refused_instead"]), (&json!(1), &json!(0)), "{result}");
    let wrong = json!({ "pack": pack, "from": "yesterday", "until": "2026-11-24" });
    assert_eq!(web.post(Principal::Operator, "/v1/policies/replay", wrong).await.status, 422);
}
