//! A day at the command line: every command, as its help describes it, against one running platform.

use std::fs::Permissions;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use forbear_tests::load::{PACK, eventually};
use forbear_tests::nats_server::{self, free_port};
use forbear_tests::program::{Program, run, run_to_failure, run_with, text};
use forbear_tests::site::Site;
use serde_json::{Value, json};

const FORBEAR: &str = env!("CARGO_BIN_EXE_forbear-under-test");

/// Three cases that are taken, and a row that is not.
const PORTFOLIO: &str = "reference,principal,overdue_since,debtor_name,debtor_phone\n\
    A1,3000.00,2026-01-15,First,13800000001\n\
    A2,2000.00,2026-01-15,Second,13800000002\n\
    A3,much,2026-01-15,Third,13800000003\n\
    A4,1000.00,2026-01-15,Fourth,13800000004\n";

/// The platform as the command line reaches it.
struct CommandLine {
    server: String,
    key: String,
}

impl CommandLine {
    /// What a command prints for people. Nothing of it is missing.
    fn text(&self, arguments: &[&str]) -> String {
        let (out, _) = run(FORBEAR, &self.signed_in(arguments), "warn");
        let out = String::from_utf8(out).expect("text");
        assert!(!out.contains("null"), "{arguments:?} prints what is not there: {out}");
        out
    }

    /// What a command prints for programs.
    fn json(&self, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--format", "json"]].concat();
        let (out, _) = run(FORBEAR, &self.signed_in(&arguments), "warn");
        serde_json::from_slice(&out).expect("one JSON object")
    }

    /// How a command fails, as programs are told.
    fn failure(&self, arguments: &[&str]) -> Value {
        failure(&self.signed_in(&[arguments, &["--format", "json"]].concat()), &[])
    }

    /// What a command that fails had printed for programs.
    fn failure_after(&self, arguments: &[&str]) -> String {
        let arguments = [arguments, &["--format", "json"]].concat();
        let (code, out, _) = run_to_failure(FORBEAR, &self.signed_in(&arguments), &[]);
        assert_eq!(code, Some(1), "{out}");
        out
    }

    fn signed_in<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        let server = ["--server", &self.server];
        // Anybody may say stop; the command takes no key.
        let key: &[&str] = if arguments[0] == "stop" { &[] } else { &["--vault-key", &self.key] };
        [arguments, &server, key].concat()
    }
}

/// How the program fails, as programs are told: one object, and nothing on standard output.
fn failure(arguments: &[&str], settings: &[(&str, &str)]) -> Value {
    let (code, out, errors) = run_to_failure(FORBEAR, arguments, settings);
    assert_eq!(out, "", "{arguments:?}");
    let last = errors.lines().last().expect("a line");
    let failure: Value = serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {errors}"));
    let keys: Vec<&String> = failure.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["code", "decision", "error", "exit_code", "message", "next_allowed", "reasons"]);
    assert_eq!(failure["exit_code"].as_i64(), code.map(i64::from), "{failure}");
    failure
}

#[test]
fn given_a_command_line_that_is_wrong_or_nobody_who_answers_then_programs_are_told_in_json() {
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let usage = |arguments: &[&str], said: &str| {
        let failure = failure(&[arguments, &["--format", "json"]].concat(), &[]);
        assert_eq!((&failure["error"], &failure["exit_code"]), (&json!("usage"), &json!(2)), "{failure}");
        let message = failure["message"].as_str().expect("a message");
        assert!(message.contains(said), "{said:?} is not in {message:?}");
    };
    usage(&["stop"], "required");
    usage(&["no-such-command"], "no-such-command");
    usage(&["import", "/nowhere/portfolio.csv", "--lender", "lender-1"], "/nowhere/portfolio.csv");
    usage(&["code", "F9999"], "F0302");
    usage(&["status", "--server", &nobody, "--data", "/nowhere"], "--token");
    usage(&["serve", "gate", "--vault-key", "/nowhere/vault.key"], "/nowhere/vault.key");
    usage(
        &["config", "check", "--replicas", "2"],
        "nats.replicas: expected 1, 3 or 5, got 2 (flag --replicas)",
    );
    let silent =
        failure(&["stop", "--number", "+8613800000001", "--server", &nobody, "--format", "json"], &[]);
    assert_eq!((&silent["error"], &silent["exit_code"]), (&json!("unavailable"), &json!(3)), "{silent}");
    assert!(!silent.to_string().contains("13800000001"), "the number is told: {silent}");
}

#[test]
fn given_a_file_the_environment_and_flags_when_checked_then_each_setting_says_where_it_comes_from() {
    let site = Site::new(FORBEAR, "warn");
    let file = site.path("site.toml");
    std::fs::write(&file, "data = \"of-the-file\"\nlisten = \"127.0.0.1:9\"\n[nats]\nreplicas = 5\n")
        .expect("written");
    let (file, key) = (text(&file).to_owned(), site.key());
    let check =
        ["config", "check", "gate", "web", "--config", &file, "--replicas", "3", "--vault-key", text(&key)];
    let settings = [("FORBEAR_NATS", "nats://me:s3cret@one:4222"), ("FORBEAR_LISTEN", "127.0.0.1:8")];
    let told = run_with(FORBEAR, &[&check[..], &["--format", "json"]].concat(), &settings);
    let told: Value = serde_json::from_str(&told).expect("one JSON object");
    assert_eq!(told["valid_for"], "serve gate web");
    let listed = told["settings"].as_array().expect("a list");
    for (name, value, source, from) in [
        ("data", json!("of-the-file"), "file", json!(file)),
        ("listen", json!("127.0.0.1:8"), "environment", json!("FORBEAR_LISTEN")),
        ("nats.replicas", json!(3), "flag", json!("--replicas")),
        ("nats.url", json!("nats://***@one:4222"), "environment", json!("FORBEAR_NATS")),
        ("nats.lease_s", json!(5), "default", Value::Null),
        ("instance", Value::Null, "default", Value::Null),
    ] {
        let expected = json!({ "key": name, "value": value, "source": source, "from": from });
        assert!(listed.contains(&expected), "expected {expected} in {told}");
    }
    // What it prints for people is a configuration file.
    let printed = run_with(FORBEAR, &check, &settings);
    assert!(!printed.contains("s3cret"), "{printed}");
    let again = site.path("again.toml");
    std::fs::write(&again, &printed).expect("written");
    run_with(FORBEAR, &["config", "check", "--config", text(&again), "--vault-key", text(&key)], &[]);
    std::fs::write(&again, "[nats]\nreplica = 3").expect("written");
    let wrong = failure(&["config", "check", "--config", text(&again), "--format", "json"], &[]);
    let message = wrong["message"].as_str().expect("a message");
    assert!(message.contains("there is no setting nats.replica, the nearest is nats.replicas"), "{message}");
}

#[test]
fn given_a_server_that_wants_a_password_when_it_is_in_a_file_or_in_the_address_then_services_take_part() {
    let site = Site::new(FORBEAR, "warn");
    let (port, config) = (free_port(), site.path("nats.conf"));
    let settings = format!(
        "listen: \"127.0.0.1:{port}\"\nauthorization {{ user: me, password: \"s3:cr@t\" }}\n\
         jetstream {{ store_dir: {:?} }}\n",
        text(&site.path("nats"))
    );
    std::fs::write(&config, settings).expect("written");
    let mut server = Command::new(nats_server::binary());
    server.arg("-c").arg(&config).stdout(Stdio::null()).stderr(Stdio::null());
    let mut server = server.spawn().expect("the server starts");
    eventually("the server to listen", || TcpStream::connect(("127.0.0.1", port)).is_ok());

    let login = site.path("nats.login");
    std::fs::write(&login, "me:s3:cr@t\n").expect("written");
    let (login, key) = (text(&login).to_owned(), site.key());
    let plain = format!("nats://127.0.0.1:{port}");
    let in_address = format!("nats://me:s3%3Acr%40t@127.0.0.1:{port}");
    let serve = ["serve", "assignment", "--vault-key", text(&key)];
    let check = ["config", "check", "--nats-login", &login, "--format", "json"];
    std::fs::set_permissions(&login, Permissions::from_mode(0o644)).expect("ours");
    let open = failure(&check, &[]);
    assert!(open["message"].as_str().expect("text").contains("chmod 600"), "{open}");
    std::fs::set_permissions(&login, Permissions::from_mode(0o600)).expect("ours");
    for (name, arguments) in [
        ("file", ["--nats", plain.as_str(), "--nats-login", login.as_str()].as_slice()),
        ("address", &["--nats", &in_address]),
    ] {
        let (data, log) = (site.path(name), site.path(&format!("{name}.log")));
        let all = [&serve[..], arguments, &["--data", text(&data)]].concat();
        let mut program = Program::new(FORBEAR, &all, log, "info");
        program.start();
        eventually("the service to lead", || program.last_logged("leading").is_some());
        program.stop();
        assert!(
            !program.log_end().contains("s3:cr@t") && !program.log_end().contains("s3%3A"),
            "{}",
            program.log_end()
        );
    }
    let refused = failure(
        &[&serve[..], &["--nats", &plain, "--data", text(&site.path("none")), "--format", "json"]].concat(),
        &[],
    );
    assert_eq!(refused["error"], "unavailable", "{refused}");
    server.kill().expect("it is ours");
    server.wait().expect("it ends");
}

#[test]
fn given_a_platform_when_each_command_is_used_then_it_says_what_it_did() {
    let site = Site::new(FORBEAR, "info");
    let file = site.path("portfolio.csv");
    std::fs::write(&file, PORTFOLIO).expect("the lender's file");
    let mut program = site.up();
    site.http.wait_until_ready(&program);
    // Also the audit, which opens its store meanwhile.
    site.http.figures();
    let line = CommandLine { server: site.server(), key: text(&site.key()).to_owned() };

    let agency = ["agency", "add", "agency-1", "--name", "Anxin", "--jurisdictions", "CN", "--capacity", "9"];
    let agency = [&agency[..], &["--lines", "+86400100001"]].concat();
    assert_eq!(line.text(&agency).trim(), "agency-1 is registered");
    assert_eq!(line.text(&agency).trim(), "agency-1 was registered so before");
    line.text(&["agency", "collector", "collector-1", "--agency", "agency-1", "--name", "Li"]);
    let report = line.text(&["import", text(&file), "--lender", "lender-1"]);
    assert!(report.starts_with("3 cases taken, 0 unchanged, 1 row refused"), "{report}");
    assert!(report.contains("line 4, principal: expected"), "the bad row is not named: {report}");
    let again = line.text(&["import", text(&file), "--lender", "lender-1"]);
    assert!(again.starts_with("0 cases taken, 3 unchanged, 1 row refused"), "{again}");
    // At once: it waits for what was just imported.
    let placement = line.json(&["place"]);
    assert_eq!((&placement["placed"], &placement["on_the_way"]), (&json!(3), &json!(0)), "{placement}");
    assert!(line.text(&["agency", "list"]).contains("Anxin"));

    let mut queue = Value::Null;
    eventually("the gate to know whom the cases were placed with", || {
        queue = line.json(&["queue", "collector-1"]);
        ["callable", "later"]
            .iter()
            .flat_map(|list| queue[list].as_array().expect("a list"))
            .filter(|entry| entry["contacts"][0]["callable_at"].is_string())
            .count()
            == 3
    });
    assert!(line.text(&["queue", "collector-1"]).contains("debtor"));
    let entries = ["callable", "later"].map(|list| queue[list].as_array().expect("a list"));
    let first = entries.into_iter().flatten().next().expect("a case");
    let (case, contact) = (&first["case"], &first["contacts"][0]["contact"]);
    let (case, contact) = (case.as_str().expect("a case"), contact.as_str().expect("a contact point"));
    let ask = ["permit", "request", "--contact", contact, "--case", case, "--collector", "collector-1"];
    let named = [&ask[..], &["--retry-key", "first"]].concat();
    let permit = line.json(&named);
    assert_eq!(line.json(&named)["permit"], permit["permit"], "the same name gave another permit");
    let token = permit["token"].as_str().expect("a token");
    line.text(&["permit", "redeem", token, "--call", "call-1@pbx"]);
    line.text(&["permit", "settle", token, "--outcome", "no-answer"]);
    line.text(&ask);
    let stopped = line.text(&["stop", "--contact", contact]);
    assert!(stopped.contains("receipt") && stopped.contains("1 permit voided"), "{stopped}");
    assert!(line.text(&["stop", "--contact", contact]).contains("already"));
    let refused = line.failure(&ask);
    assert_eq!((&refused["error"], &refused["exit_code"]), (&json!("refused"), &json!(1)), "{refused}");
    assert_eq!(
        (&refused["code"], &refused["reasons"][0]["word"]),
        (&json!("F0301"), &json!("stopped")),
        "{refused}"
    );
    assert!(refused["decision"].is_u64(), "the receipt is missing: {refused}");
    let unknown = line.failure(&["agency", "suspend", "agency-9"]);
    assert_eq!(unknown["code"], "F0201", "{unknown}");
    let mut timeline = String::new();
    eventually("the audit to know the stop", || {
        timeline = line.text(&["timeline", "--contact", contact]);
        timeline.contains("StopPlaced")
    });
    assert!(timeline.contains("PermitRedeemed") && timeline.contains("PermitSettled"), "{timeline}");
    assert!(line.text(&["timeline", "--case", case]).contains("CaseOpened"));
    let status = line.text(&["status"]);
    assert!(status.contains("cases 3, asked 3, allowed 2, refused 1, calls 1, stops 1"), "{status}");
    assert!(line.text(&["recount"]).contains("asked 3, allowed 2, refused 1, calls 1"));
    assert!(line.text(&["agency", "suspend", "agency-1"]).contains("3 cases taken back"));
    assert!(line.text(&["agency", "suspend", "agency-1", "--lift"]).contains("may work again"));
    program.stop();
}

/// An agency, a collector and a case placed with them; the case, and the contact point of who owes.
fn placed(site: &Site, line: &CommandLine) -> (String, String) {
    let file = site.path("portfolio.csv");
    std::fs::write(&file, PORTFOLIO).expect("the lender's file");
    let agency = ["agency", "add", "agency-1", "--name", "Anxin", "--jurisdictions", "CN", "--capacity", "9"];
    line.text(&[&agency[..], &["--lines", "+86400100001"]].concat());
    line.text(&["agency", "collector", "collector-1", "--agency", "agency-1", "--name", "Li"]);
    line.text(&["import", text(&file), "--lender", "lender-1"]);
    line.text(&["place"]);
    let mut found = None;
    eventually("the gate to know whom the cases were placed with", || {
        let queue = line.json(&["queue", "collector-1"]);
        let entries = queue["callable"].as_array().expect("a list").clone();
        found = entries.first().map(|entry| {
            let contact = entry["contacts"][0]["contact"].as_str().expect("a contact point");
            (entry["case"].as_str().expect("a case").to_owned(), contact.to_owned())
        });
        found.is_some()
    });
    found.expect("a case")
}

#[test]
fn given_a_platform_when_the_gate_is_told_and_asked_then_each_command_says_what_it_did() {
    let site = Site::new(FORBEAR, "info");
    let mut program = site.up();
    site.http.wait_until_ready(&program);
    let line = CommandLine { server: site.server(), key: text(&site.key()).to_owned() };
    let (case, contact) = placed(&site, &line);
    let (case, contact) = (case.as_str(), contact.as_str());
    let on = ["--contact", contact];
    let ask = ["--contact", contact, "--case", case, "--collector", "collector-1"];

    // Holds.
    let place =
        [&["hold", "place", "stop", "--channel", "call", "--source", "called-person"][..], &on].concat();
    let hold = line.json(&place);
    let name = hold["hold"].as_str().expect("a name");
    assert!(line.text(&place).contains("stood before"));
    let listed = line.text(&[&["hold", "list"][..], &on].concat());
    assert!(listed.contains(name) && listed.contains("by called-person; contact"), "{listed}");
    let refused = line.failure(&[&["permit", "request"][..], &ask].concat());
    assert_eq!(refused["code"], "F0316", "{refused}");
    let would = line.text(&[&["permit", "explain"][..], &ask].concat());
    assert!(would.starts_with("would be refused") && would.contains("refuses  gate/holds"), "{would}");
    assert!(line.text(&[&["hold", "lift", name][..], &on].concat()).contains("is lifted"));
    assert_eq!(line.failure(&[&["hold", "lift", name][..], &on].concat())["code"], "F0334");

    // Decisions, made again from the log.
    let decision = refused["decision"].to_string();
    for reader in ["collector", "supervisor", "person"] {
        let told = line.text(&[&["explain", &decision, "--for", reader][..], &on].concat());
        assert!(told.contains("refused at") || told.contains("It was not allowed"), "{reader}: {told}");
    }
    // Its whole name says in which of the gate's partitions it stands.
    let explained = line.json(&[&["explain", &decision][..], &on].concat());
    let name = explained["decision"].as_str().expect("its name").to_owned();
    let zh = line.text(&["explain", &name, "--for", "person", "--language", "zh"]);
    assert!(zh.contains("该请求未获准许") && zh.contains("结果相同"), "{zh}");
    assert_eq!(line.json(&["explain", &name])["reproduced"], json!(true));
    assert_eq!(line.failure(&["explain", "gate/0/999999"])["code"], "F0006");
    assert_eq!(line.failure(&["explain", "yesterday"])["code"], "F0004");

    assert!(
        line.text(&["reproduce"])
            .starts_with("1 decision made again from the log alone: 0 came out otherwise")
    );

    // Lists.
    let list = site.path("asks.jsonl");
    let one = json!({
        "contact": contact, "case": case, "collector": "collector-1", "channel": "call", "purpose": "collect",
    });
    std::fs::write(&list, format!("{one}\n\n{one}\n")).expect("written");
    let list = text(&list);
    let checked = line.text(&["permit", "check", list]);
    assert!(checked.contains("line 1: now") && checked.contains("line 3: now"), "{checked}");
    let batch = line.json(&["permit", "batch", list, "--retry-key", "today"]);
    let permits = |batch: &Value| [0, 1].map(|nth: usize| batch["answers"][nth]["permit"]["permit"].clone());
    assert!(permits(&batch)[0].is_u64() && permits(&batch)[0] != permits(&batch)[1], "{batch}");
    assert_eq!(permits(&line.json(&["permit", "batch", list, "--retry-key", "today"])), permits(&batch));
    let allowed =
        line.text(&["explain", &permits(&batch)[1].to_string(), "--for", "person", "--contact", contact]);
    assert!(allowed.contains("Before it, 1 of 3 were counted"), "{allowed}");

    // A draft on the past.
    let draft = site.path("draft.toml");
    let pack =
        forbear_tests::load::PACK.replace("limit = 3", "limit = 1").replace("2000-01-01", "2030-01-01");
    std::fs::write(&draft, pack).expect("written");
    let replay = ["policy", "replay", text(&draft), "--from", "2026-01-01", "--until", "2099-12-31"];
    let replayed = line.json(&replay);
    assert_eq!((&replayed["decisions"], &replayed["refused_instead"]), (&json!(3), &json!(1)), "{replayed}");
    assert!(line.text(&replay).contains("under-test/day-cap: 1 refused"), "{}", line.text(&replay));

    // What happened elsewhere.
    let happened = site.path("contacts.jsonl");
    let inbound = json!({
        "contact": contact, "case": case, "agency": "agency-1", "channel": "call", "purpose": "collect",
        "direction": "inbound", "at": "2026-11-20T02:00:00Z", "outcome": "conversation",
    });
    std::fs::write(&happened, format!("{inbound}\n")).expect("written");
    assert!(line.text(&["contacts", "record", text(&happened)]).starts_with("1 recorded, 0 refused"));
    std::fs::write(&happened, format!("{inbound}\n{{}}\n")).expect("written");
    let wrong = line.failure_after(&["contacts", "record", text(&happened)]);
    assert!(wrong.contains("\"refused\":1"), "{wrong}");
    let of_case = ["--contact", contact, "--case", case];
    let consent = [&["consent", "give", "--covers", "hours", "--agency", "agency-1"][..], &of_case].concat();
    assert_eq!(line.text(&consent).trim(), "the consent is taken down");
    assert_eq!(
        line.text(&[&["consent", "revoke"][..], &of_case].concat()).trim(),
        "no consent holds any more"
    );
    assert!(line.text(&[&["number", "check", "not-reassigned"][..], &on].concat()).contains("taken down"));
    line.text(&[&["number", "disprove"][..], &of_case].concat());

    // Who may collect, from which numbers, with which texts.
    assert!(line.text(&["agency", "standing", "agency-1", "--suspended"]).contains("may not collect"));
    assert!(line.text(&["agency", "standing", "agency-1"]).contains("may collect"));
    assert!(line.text(&["agency", "line", "agency-1", "+86400100002"]).contains("is a number of agency-1"));
    let words = site.path("template.txt");
    std::fs::write(&words, "{agency}: please call back. {stop}\n").expect("written");
    let template =
        ["agency", "template", "agency-1", "7", text(&words), "--channel", "sms", "--role", "debtor"];
    assert!(line.text(&template).contains("is approved"));
    assert!(
        line.text(&["agency", "template", "agency-1", "7", "--withdraw"]).contains("may no longer be sent")
    );
    program.stop();
}

/// One pack less must not become all that come after it less: that would let calls through.
#[test]
fn given_a_configured_rule_pack_that_is_refused_when_it_starts_then_those_after_it_are_in_force() {
    let site = Site::new(FORBEAR, "info");
    let (first, same_name) = (site.path("first.toml"), site.path("same-name.toml"));
    let pack = PACK.replace("Tight caps at every time of the day", "Another text under the same name");
    std::fs::write(&first, PACK).expect("written");
    std::fs::write(&same_name, pack).expect("written");
    let config = format!("policies = [{:?}, {:?}, \"strict\"]\n", text(&first), text(&same_name));
    std::fs::write(site.path("forbear.toml"), config).expect("written");
    let program = site.up();
    site.http.wait_until_ready(&program);
    let in_force = || {
        let packs = site.http.get("/v1/policies").done("the rules")["packs"].clone();
        packs
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let strict = || in_force().iter().any(|pack| pack.contains("id = \"strict\""));
    eventually("the pack after the refused one is in force", strict);
    assert!(in_force().contains(&PACK.to_owned()), "{:?}", in_force());
    assert!(program.last_logged("a configured rule pack was not adopted").is_some());
}
