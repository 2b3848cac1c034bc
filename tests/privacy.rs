//! No name and no number of a debtor is in any file of the data directory, in any log line or in the metrics, in
//! any form in which somebody might have written it. The vault keeps them, sealed.

use std::collections::HashMap;
use std::path::Path;

use encoding_rs::GB18030;
use forbear_tests::load::eventually;
use forbear_tests::nats_server::NatsServer;
use forbear_tests::program::{Heard, Http, run, text};
use forbear_tests::site::Site;
use serde_json::json;

const FORBEAR: &str = env!("CARGO_BIN_EXE_forbear-under-test");

/// Shorter patterns occur by chance in megabytes of sealed bytes: two Chinese characters are 4 bytes in GB18030.
const SHORTEST: usize = 6;

/// What must not be found, and in which form it is looked for.
struct Secrets {
    by_start: HashMap<[u8; 4], Vec<(Vec<u8>, String)>>,
    starts: Vec<bool>,
    patterns: usize,
}

impl Secrets {
    fn new() -> Self {
        Self { by_start: HashMap::new(), starts: vec![false; 1 << 16], patterns: 0 }
    }

    /// A text in every encoding.
    fn text(&mut self, secret: &str) {
        let utf16: Vec<u16> = secret.encode_utf16().collect();
        self.bytes(secret, "UTF-8", secret.as_bytes().to_vec());
        self.bytes(secret, "GB18030", GB18030.encode(secret).0.into_owned());
        self.bytes(secret, "UTF-16LE", utf16.iter().flat_map(|unit| unit.to_le_bytes()).collect());
        self.bytes(secret, "UTF-16BE", utf16.iter().flat_map(|unit| unit.to_be_bytes()).collect());
        // As `{:?}` and JSON may escape it.
        if !secret.is_ascii() {
            let escaped: String = utf16.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            self.bytes(secret, "JSON escapes", escaped.into_bytes());
            let encoded: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
            self.bytes(secret, "percent-encoding", encoded.into_bytes());
        }
    }

    /// A Chinese mobile number: as it is dialled at home and from abroad, as text and as an integer.
    fn number(&mut self, national: &str) {
        assert_eq!(national.len(), 11);
        // The national form is part of every other one that keeps its digits together.
        self.text(national);
        let grouped = [&national[..3], &national[3..7], &national[7..]];
        for separator in [" ", "-"] {
            self.text(&grouped.join(separator));
        }
        for digits in [national.to_owned(), format!("86{national}")] {
            let value: u64 = digits.parse().expect("digits");
            self.bytes(national, "integer, little endian", value.to_le_bytes().to_vec());
            self.bytes(national, "integer, big endian", value.to_be_bytes().to_vec());
            self.bytes(national, "integer, variable length", varint(value));
        }
    }

    fn bytes(&mut self, secret: &str, form: &str, bytes: Vec<u8>) {
        if bytes.len() < SHORTEST {
            return;
        }
        self.starts[usize::from(u16::from_be_bytes([bytes[0], bytes[1]]))] = true;
        self.patterns += 1;
        let start = [bytes[0], bytes[1], bytes[2], bytes[3]];
        self.by_start.entry(start).or_default().push((bytes, format!("{secret} in {form}")));
    }

    /// Every secret in these bytes.
    fn found<'a>(&'a self, bytes: &[u8]) -> Vec<&'a str> {
        let mut found = Vec::new();
        for (at, window) in bytes.windows(4).enumerate() {
            if !self.starts[usize::from(u16::from_be_bytes([window[0], window[1]]))] {
                continue;
            }
            let here = self.by_start.get(&[window[0], window[1], window[2], window[3]]);
            let matching = |(pattern, _): &&(Vec<u8>, String)| bytes[at..].starts_with(pattern);
            found.extend(here.into_iter().flatten().filter(matching).map(|(_, what)| what.as_str()));
        }
        found
    }

    fn assert_none(&self, place: &str, bytes: &[u8]) {
        let found = self.found(bytes);
        assert!(
            found.is_empty(),
            "{place}: {} hits, such as {:?}",
            found.len(),
            &found[..found.len().min(5)]
        );
    }

    /// Looks through every file below; how many files and bytes there were.
    fn assert_none_below(&self, directory: &Path) -> (u64, u64) {
        let (mut files, mut size) = (0, 0);
        for entry in std::fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("its entry").path();
            if path.is_dir() {
                let below = self.assert_none_below(&path);
                (files, size) = (files + below.0, size + below.1);
            } else {
                let bytes = std::fs::read(&path).expect("its bytes");
                self.assert_none(text(&path), &bytes);
                (files, size) = (files + 1, size + bytes.len() as u64);
            }
        }
        (files, size)
    }
}

/// LEB128, as postcard writes integers.
fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

#[test]
fn given_a_secret_in_any_form_then_the_search_finds_it() {
    let mut secrets = Secrets::new();
    secrets.text("王秀英");
    secrets.number("13800138000");
    for hidden in [
        "…王秀英…".as_bytes(),
        &GB18030.encode("姓名:王秀英").0,
        b"tel:+8613800138000",
        b"138 0013 8000",
        &8_613_800_138_000_u64.to_le_bytes(),
        b"\\u738b\\u79c0\\u82f1",
    ] {
        assert!(!secrets.found(hidden).is_empty(), "{hidden:?}");
    }
    assert_eq!(secrets.found("王伟 13800138001 and much else".as_bytes()), Vec::<&str>::new());
}

#[test]
fn given_the_demonstration_when_its_data_and_log_are_searched_then_nobody_is_found() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let keep = dir.path().join("kept");
    let arguments =
        ["demo", "--exit", "--format", "json", "--cases", "500", "--days", "1", "--keep", text(&keep)];
    let (out, log) = run(FORBEAR, &arguments, "trace");
    let portfolio = std::fs::read_to_string(keep.join("portfolio.csv")).expect("the lender's file");
    let mut secrets = Secrets::new();
    for row in portfolio.lines().skip(1) {
        let fields: Vec<&str> = row.split(',').collect();
        let [.., name, identity, phone, contact, contact_phone] = fields[..] else { panic!("a row: {row}") };
        for text in [name, identity, contact] {
            secrets.text(text);
        }
        for number in [phone, contact_phone] {
            if number.len() == 11 && number.bytes().all(|byte| byte.is_ascii_digit()) {
                secrets.number(number);
            } else {
                secrets.text(number);
            }
        }
    }
    assert!(!secrets.found(portfolio.as_bytes()).is_empty(), "the search works");
    let (files, size) = secrets.assert_none_below(&keep.join("data"));
    assert!(size > 1 << 20, "only {size} bytes in {files} files: is this where the data is?");
    secrets.assert_none("the log", &log);
    secrets.assert_none("the report", &out);
    println!(
        "{} patterns, {files} files of {} KiB, {} KiB of log: nobody found",
        secrets.patterns,
        size >> 10,
        log.len() >> 10
    );
}

/// Imports people and asks about them, rightly and wrongly. Who they are.
fn use_names_and_numbers(http: &Http) -> Secrets {
    // Names long enough to be looked for in every encoding, and such rows as are refused with what came.
    let mut secrets = Secrets::new();
    let mut file = "合同号,本金,逾期日期,姓名,身份证号,手机号,紧急联系人,紧急联系人电话\n".to_owned();
    for row in 0..200 {
        let (name, contact) = (format!("欧阳{}慕容", digits(row)), format!("司马{}诸葛", digits(row)));
        let (phone, contact_phone) = (format!("1387654{row:04}"), format!("1597654{row:04}"));
        let identity = format!("11010119900307{row:04}");
        let principal = if row % 20 == 0 { name.as_str() } else { "1000.00" };
        let dialled = if row % 20 == 1 { format!("{phone}转{identity}") } else { phone.clone() };
        file += &format!(
            "HT{row},{principal},2026-01-15,{name},{identity},{dialled},{contact},{contact_phone}\n"
        );
        for secret in [&name, &contact, &identity] {
            secrets.text(secret);
        }
        secrets.number(&phone);
        secrets.number(&contact_phone);
    }
    assert!(!secrets.found(&GB18030.encode(&file).0).is_empty(), "the search works");
    let report =
        http.upload("/v1/lenders/lender-1/cases", GB18030.encode(&file).0.into_owned()).done("the import");
    assert_eq!((&report["taken"], &report["refused"]), (&json!(180), &json!(20)), "{report}");
    secrets.assert_none("the import's report", report.to_string().as_bytes());
    eventually("the cases to be offered", || http.figures()["assignment"]["offered"] == 180);
    for number in ["13876540005", "+86 138 7654 0006", "139876", "13876540005x"] {
        let body = json!({ "number": number, "region": "CN" });
        for path in ["/v1/stops", "/v1/contacts/lookup", "/v1/contacts/timeline", "/v1/codes"] {
            let heard = http.post(path, &body, None);
            if path != "/v1/contacts/lookup" {
                secrets.assert_none(path, format!("{heard:?}").as_bytes());
            }
        }
    }
    for body in [
        json!({ "number": "13876540007", "region": "欧阳〇〇一慕容", "case": "13876540008" }),
        json!({ "13876540009": "欧阳〇〇二慕容" }),
        json!({ "token": "13876540010", "call": "13876540011" }),
    ] {
        for path in ["/v1/permits", "/v1/permits/redeem", "/v1/stops", "/v1/consents"] {
            let heard = http.post(path, &body, Some("13876540012"));
            assert!(!matches!(heard, Heard::Done(_)) || path == "/v1/stops", "{path}: {heard:?}");
            secrets.assert_none(path, format!("{heard:?}").as_bytes());
        }
    }
    let metrics = http.text("/metrics");
    secrets.assert_none("the metrics", metrics.as_bytes());
    secrets
}

#[test]
fn given_requests_with_names_and_numbers_when_data_log_and_metrics_are_searched_then_nobody_is_found() {
    let site = Site::new(FORBEAR, "trace");
    let mut program = site.up();
    site.http.wait_until_ready(&program);
    let secrets = use_names_and_numbers(&site.http);
    assert!(site.http.text("/metrics").contains("# TYPE"), "the metrics that were searched are empty");
    program.stop();
    let (files, size) = secrets.assert_none_below(site.all());
    println!("{} patterns, {files} files of {} KiB: nobody found", secrets.patterns, size >> 10);
}

#[test]
fn given_the_same_requests_to_services_when_the_server_is_searched_too_then_nobody_is_found() {
    let (mut server, site) = (NatsServer::single(), Site::new(FORBEAR, "trace"));
    let mut services = site.serve(&["ledger", "assignment", "gate", "audit", "web"], &server.url());
    site.http.wait_until_ready(&services[4]);
    let secrets = use_names_and_numbers(&site.http);
    for service in services.iter_mut().rev() {
        service.stop();
    }
    server.stop();
    for directory in [site.all(), server.store()] {
        let (files, size) = secrets.assert_none_below(directory);
        println!("{} patterns, {files} files of {} KiB: nobody found", secrets.patterns, size >> 10);
    }
}

/// A number in Chinese digits.
fn digits(number: u32) -> String {
    const DIGITS: [char; 10] = ['〇', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
    let digit = |place: u32| DIGITS[(number / place % 10) as usize];
    [digit(100), digit(10), digit(1)].into_iter().collect()
}
