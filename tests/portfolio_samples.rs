//! Files as lenders really send them: each row of `samples` is taken with the values, or refused with the words, that
//! stand beside it in the `.expected` of the same name. `proto/portfolio.md` is the rule. After a deliberate change
//! `FORBEAR_SAMPLES=write` writes them anew, for reading each line of the difference.

use std::fmt::Write;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use api::json::day;
use api::portfolio::{Defaults, PersonRow, Portfolio, PortfolioRow};
use eventlog::embedded::EmbeddedLog;
use events::Service;
use events::ledger::{FileKind, LedgerEvent};
use forbear_tests::evidence::events;
use forbear_tests::load::eventually;
use forbear_tests::program::{run, text};
use forbear_tests::site::Site;

const FORBEAR: &str = env!("CARGO_BIN_EXE_forbear-under-test");
/// 2026-11-24.
const TODAY: i32 = 20_781;
/// Of the ledger, as `up` has them.
const LEDGER_PARTITIONS: u16 = 2;
/// What the issue asks for.
const ROWS_MIN: usize = 100;

fn samples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let files = fs::read_dir(folder).expect("the samples").map(|entry| entry.expect("a file").path());
    let kinds = ["csv", "jsonl"];
    let mut files: Vec<PathBuf> = files
        .filter(|path| path.extension().is_some_and(|kind| kinds.iter().any(|known| kind == *known)))
        .collect();
    files.sort();
    files
}

/// What becomes of a file, in the words of its `.expected`; and of how many rows.
fn outcome(sample: &Path) -> (String, usize) {
    let file = File::open(sample).expect("the sample");
    let defaults = Defaults { today: Some(TODAY), ..Defaults::default() };
    let portfolio = match Portfolio::open(file, defaults) {
        Ok(portfolio) => portfolio,
        Err(error) => return (format!("{error}\n"), 1),
    };
    let (mut told, mut rows) = (String::new(), 0);
    for row in portfolio {
        rows += 1;
        match row {
            Ok(row) => writeln!(told, "{}", taken(&row)).expect("memory"),
            Err(error) => writeln!(told, "{error}").expect("memory"),
        }
    }
    (told, rows)
}

fn taken(row: &PortfolioRow) -> String {
    let people: Vec<String> = row.people().map(person).collect();
    let amounts = [row.principal, row.interest, row.fees].map(|money| money.to_string()).join(" + ");
    let since = day(row.overdue_since);
    format!("line {}: {} owes {amounts} since {since}: {}", row.line, row.reference, people.join("; "))
}

fn person(person: &PersonRow) -> String {
    let id = person.id.as_ref().map_or(String::new(), |id| format!(" ({id})"));
    let numbers: Vec<&str> = person.numbers().map(|(number, _)| number.e164()).collect();
    format!("{}{id} {}", person.name, numbers.join(" "))
}

#[test]
fn given_files_as_they_really_are_when_read_then_each_row_has_the_outcome_that_is_written_down() {
    let (mut wrong, mut rows) = (String::new(), 0);
    for sample in samples() {
        let expected = fs::read_to_string(sample.with_extension("expected")).unwrap_or_default();
        let (told, of_file) = outcome(&sample);
        rows += of_file;
        if std::env::var_os("FORBEAR_SAMPLES").is_some_and(|wish| wish == "write") {
            fs::write(sample.with_extension("expected"), &told).expect("written");
            continue;
        }
        for (expected, told) in expected.lines().zip(told.lines()).filter(|(expected, told)| expected != told)
        {
            writeln!(wrong, "{}:\n  expected {expected}\n  got      {told}", sample.display())
                .expect("memory");
        }
        let (told, expected) = (told.lines().count(), expected.lines().count());
        if told != expected {
            writeln!(wrong, "{}: expected {expected} lines, got {told}", sample.display()).expect("memory");
        }
    }
    assert_eq!(wrong, "");
    assert!(rows >= ROWS_MIN, "{rows} rows");
    println!("{rows} rows");
}

#[test]
fn given_a_refused_row_then_the_message_says_what_to_do_and_no_personal_data() {
    let personal = [
        "王小明",
        "李四",
        "张三丰",
        "12345678",
        "13900000000",
        "13900000002",
        "13800000000",
        "50000003",
        "31010119",
    ];
    for sample in samples() {
        let (told, _) = outcome(&sample);
        let refused = told.lines().filter(|line| line.contains("expected "));
        for line in refused {
            let (expected, got) = line.split_once(", got ").unwrap_or_else(|| panic!("{line}"));
            // Examples are in what is expected.
            assert!(personal.iter().all(|personal| !got.contains(personal)), "{line}");
            assert!(expected.contains("expected "), "{line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn given_a_spreadsheets_export_when_imported_by_the_program_then_its_cases_are_open_and_the_rest_is_named()
 {
    let site = Site::new(FORBEAR, "warn");
    let mut program = site.up();
    site.http.wait_until_ready(&program);
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/excel-export.csv");
    let bytes = fs::read(&sample).expect("the sample");
    let report = site.http.upload("/v1/lenders/lender-1/cases", bytes).done("the import");
    let counts = ["taken", "unchanged", "refused"].map(|count| report[count].as_u64());
    assert_eq!(counts, [Some(3), Some(0), Some(4)], "{report}");
    let key = site.key();
    let server = site.server();
    let signed_in = ["--lender", "lender-1", "--server", &server, "--vault-key", text(&key)];
    let line = |arguments: &[&str]| String::from_utf8(run(FORBEAR, arguments, "warn").0).expect("text");
    let out = line(&[&["import", text(&sample)][..], &signed_in].concat());
    assert!(out.starts_with("0 cases taken, 3 unchanged, 4 rows refused"), "{out}");
    assert!(out.contains("got a row of totals") && out.contains("got the header once more"), "{out}");
    // Names of the lender's own, and a look without a platform.
    let (file, names) = (site.path("bank.csv"), site.path("bank.toml"));
    let rows = "客户编号,欠款总额,逾期日期,姓名,手机号\nB-1,\"1,234.56\",2026/3/1,王小明,13812345678\n";
    fs::write(&file, rows).expect("written");
    fs::write(&names, "'客户编号' = 'reference'\n'欠款总额' = 'principal'\n").expect("written");
    let columns = ["--columns", text(&names)];
    let out = line(&[&["import", text(&file), "--check"][..], &columns].concat());
    assert!(out.starts_with("1 row can be read, 0 rows cannot; nothing was changed"), "{out}");
    let out = line(&[&["import", text(&file)][..], &columns, &signed_in].concat());
    assert!(out.starts_with("1 case taken"), "{out}");
    // What is owed now, and its recall.
    fs::write(&file, "合同号,数据日期,本金\nB-1,2026-04-01,\"1,000.00\"\n").expect("written");
    let out = line(&[&["import", text(&file), "--kind", "update"][..], &signed_in].concat());
    assert!(out.starts_with("1 case changed, 0 unchanged"), "{out}");
    fs::write(&file, "合同号\nB-1\n").expect("written");
    let out = line(&[&["import", text(&file), "--kind", "recall"][..], &signed_in].concat());
    assert!(out.starts_with("1 case recalled, 0 unchanged"), "{out}");
    program.stop();
    let mut log = None;
    eventually("the store to be free", || {
        log = EmbeddedLog::open(&site.path("data")).ok();
        log.is_some()
    });
    let events: Vec<(u16, LedgerEvent)> =
        events(&log.expect("it was opened"), Service::Ledger, LEDGER_PARTITIONS).await;
    let mut accounts: Vec<_> = events
        .into_iter()
        .filter_map(|(_, event)| match event {
            LedgerEvent::FileReported(report) => {
                Some((report.kind, report.taken, report.unchanged, report.refused))
            }
            _ => None,
        })
        .collect();
    accounts.sort_unstable();
    let expected = [
        (FileKind::Dispatch, 0, 3, 4),
        (FileKind::Dispatch, 1, 0, 0),
        (FileKind::Dispatch, 3, 0, 4),
        (FileKind::Update, 1, 0, 0),
        (FileKind::Recall, 1, 0, 0),
    ];
    assert_eq!(accounts, expected);
}
