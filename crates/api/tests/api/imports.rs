//! Importing files.

use std::io::{Cursor, Read};

use api::portfolio::{ColumnNames, Defaults};
use api::{FileImport, ImportReport, Principal, Progress, ROW_ERRORS_KEPT};
use eventlog::memory::Faults;
use events::Code;
use events::ledger::FileKind;
use model::Role;

use crate::given::{Given, HEADER, LENDER, OTHER_LENDER, ROW, codes, roles};

#[tokio::test]
async fn given_a_file_with_bad_rows_when_imported_then_good_rows_go_on_and_bad_ones_are_named() {
    let given = Given::nothing().await;
    let masked = ROW.replace("L-1,", "L-2,").replace("13812345678", "138****5678");
    let second = ROW.replace("L-1,", "L-3,");
    let report = given.import(LENDER, &format!("{HEADER}\n{ROW}\n{masked}\n{second}\n")).await;
    assert_eq!((report.taken, report.unchanged, report.refused.total), (2, 0, 1));
    assert!(report.complete);
    let error = &report.refused.shown[0];
    assert_eq!((error.line, error.problems[0].column.as_str()), (3, "debtor_phone"));
}

#[tokio::test]
async fn given_a_file_when_imported_again_then_nothing_changes_not_even_on_another_day() {
    let given = Given::nothing().await;
    let file = format!("{HEADER}\n{ROW}\n{}\n", ROW.replace("L-1,", "L-2,"));
    assert_eq!(given.import(LENDER, &file).await.taken, 2);
    for days in [0, 1] {
        given.clock.advance_to(given.clock.at().plus_ms(days * 86_400_000));
        let again = given.import(LENDER, &file).await;
        assert_eq!((again.taken, again.unchanged, again.refused.total), (0, 2, 0));
    }
    // Another lender's reference is another case.
    assert_eq!(given.import(OTHER_LENDER, &file).await.taken, 2);
}

#[tokio::test]
async fn given_a_reference_with_other_content_when_imported_then_the_first_stays_and_the_line_is_named() {
    let given = Given::nothing().await;
    let other = ROW.replace("1000.00", "2000.00");
    let report = given.import(LENDER, &format!("{HEADER}\n{ROW}\n{other}\n{ROW}\n")).await;
    assert_eq!((report.taken, report.unchanged, report.refused.total), (1, 1, 1));
    let error = &report.refused.shown[0];
    assert_eq!((error.line, error.problems[0].code), (3, Code::CASE_DIFFERS));
    let case =
        given.platform.case(&Principal::Lender(LENDER), given.case_id(LENDER, "L-1")).await.expect("case");
    assert_eq!(case.view.balance, 106_000);
}

#[tokio::test]
async fn given_many_rows_when_imported_then_all_are_counted_errors_are_bounded_and_progress_is_told() {
    let given = Given::nothing().await;
    let mut file = HEADER.to_owned();
    for row in 0..3_500 {
        let reference = format!("\nL-{row},");
        let bad = row % 2 == 1;
        let row = ROW.replace("L-1,", &reference);
        file.push_str(&if bad { row.replace("2026-08-01", "soon") } else { row });
    }
    let mut told: Vec<Progress> = Vec::new();
    let length = file.len() as u64;
    let reader = Cursor::new(file.into_bytes());
    let report = given
        .platform
        .import_portfolio(&Principal::Operator, LENDER, reader, Defaults::default(), None, |p| told.push(p))
        .await
        .expect("imported");
    assert_eq!((report.taken, report.refused.total, report.rows()), (1_750, 1_750, 3_500));
    assert_eq!(report.refused.shown.len(), ROW_ERRORS_KEPT);
    let lines: Vec<u64> = report.refused.shown.iter().map(|error| error.line).collect();
    assert!(lines.is_sorted() && lines[0] == 3, "{:?}", &lines[..5]);
    let last = told.last().expect("progress");
    assert_eq!((last.bytes, last.taken, last.refused), (length, 1_750, 1_750));
    assert!(told.len() >= 4 && told.is_sorted_by_key(|progress| progress.bytes));
}

#[tokio::test]
async fn given_the_same_retry_key_when_imported_again_then_the_first_answers_come_again() {
    let given = Given::nothing().await;
    let file = format!("{HEADER}\n{ROW}\n");
    for _ in 0..2 {
        let reader = Cursor::new(file.clone().into_bytes());
        let key = Some("file-1");
        let report = given
            .platform
            .import_portfolio(&Principal::Lender(LENDER), LENDER, reader, Defaults::default(), key, |_| {})
            .await
            .expect("imported");
        assert_eq!((report.taken, report.unchanged), (1, 0));
    }
}

#[tokio::test]
async fn given_a_file_that_breaks_off_when_imported_then_what_was_read_is_taken_and_it_is_said() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _out: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let given = Given::nothing().await;
    // Longer than the head that is looked at before the first row.
    let rows: Vec<String> = (0..1_000).map(|row| ROW.replace("L-1,", &format!("L-{row},"))).collect();
    let reader = Cursor::new(format!("{HEADER}\n{}\n", rows.join("\n")).into_bytes()).chain(Broken);
    let principal = Principal::Lender(LENDER);
    let report = given
        .platform
        .import_portfolio(&principal, LENDER, reader, Defaults::default(), None, |_| {})
        .await
        .expect("imported");
    assert_eq!((report.taken, report.complete), (1_000, false), "{:?}", report.refused);
}

#[tokio::test]
async fn given_a_log_that_loses_and_delays_when_imported_then_each_row_is_taken_once() {
    let given = Given::nothing().await;
    let recoveries = || {
        let families = given.platform.parts().metrics.registry.gather();
        let family =
            families.iter().find(|family| family.name() == "forbear_recoveries_total").expect("metric");
        family.get_metric().iter().map(|metric| metric.get_counter().get_value()).sum::<f64>()
    };
    let before = recoveries();
    given.log.set_faults(Faults { lost_ack: 300, dropped: 300, ..Faults::some(11) });
    let mut file = HEADER.to_owned();
    for row in 0..8_000 {
        file.push_str(&ROW.replace("L-1,", &format!("\nL-{row},")));
    }
    let report = given.import(LENDER, &file).await;
    assert_eq!((report.taken, report.unchanged, report.refused.total), (8_000, 0, 0));
    assert!(recoveries() > before, "nothing went wrong, so nothing was tested");
}

#[tokio::test]
async fn given_no_table_when_imported_then_the_file_is_refused() {
    let given = Given::nothing().await;
    let import = |file: &'static str| {
        let principal = Principal::Lender(LENDER);
        let platform = given.platform.clone();
        async move {
            let reader = Cursor::new(file);
            platform.import_portfolio(&principal, LENDER, reader, Defaults::default(), None, |_| {}).await
        }
    };
    assert_eq!(codes(import("").await), [Code::MALFORMED]);
    assert_eq!(codes(import("a,b,c\n1,2,3\n").await), [Code::MALFORMED]);
}

#[tokio::test]
async fn given_an_imported_case_then_its_people_read_back_and_an_erased_one_does_not() {
    let (given, case) = Given::placed_case().await;
    let lender = Principal::Lender(LENDER);
    let people = given.platform.people(&lender, case).await.expect("people");
    assert_eq!(roles(&people), [Role::Debtor, Role::EmergencyContact]);
    assert_eq!(people[0].name.as_deref(), Some("王小明"));
    assert_eq!(people[0].contacts[0].hint.as_deref(), Some("+86 ··· 5678"));
    assert!(!format!("{people:?}").contains("王小明"));

    given.platform.parts().vault.erase(people[0].person).await.expect("erased");
    let people = given.platform.people(&lender, case).await.expect("people");
    assert_eq!((people[0].name.as_deref(), people[1].name.as_deref()), (None, Some("李四")));
    let again = given.import(LENDER, &format!("{HEADER}\n{}\n", ROW.replace("L-1,", "L-9,"))).await;
    assert_eq!((again.taken, again.refused.total), (0, 1));
    assert_eq!(again.refused.shown[0].problems[0].code, Code::FORBIDDEN);
}

async fn import(given: &Given, principal: &Principal, import: FileImport, file: &str) -> ImportReport {
    let reader = Cursor::new(file.to_owned().into_bytes());
    given.platform.import_file(principal, LENDER, import, reader, None, |_| {}).await.expect("imported")
}

#[tokio::test]
async fn given_cases_when_a_recall_file_comes_then_each_is_closed_once_and_unknown_ones_are_named() {
    let given = Given::nothing().await;
    let second = ROW.replace("L-1,", "L-2,");
    given.import(LENDER, &format!("{HEADER}\n{ROW}\n{second}\n")).await;
    given.import(OTHER_LENDER, &format!("{HEADER}\n{}\n", ROW.replace("L-1,", "L-9,"))).await;
    let lender = Principal::Lender(LENDER);
    let recall = || FileImport { kind: FileKind::Recall, ..FileImport::default() };
    // The last is another lender's.
    let file = "合同号,备注\nL-1,\nL-3,\nL-9,\n";
    let report = import(&given, &lender, recall(), file).await;
    assert_eq!((report.taken, report.unchanged, report.refused.total), (1, 0, 2));
    let problems: Vec<_> =
        report.refused.shown.iter().map(|error| (error.line, &error.problems[0])).collect();
    let named: Vec<_> =
        problems.iter().map(|(line, problem)| (*line, problem.column.as_str(), problem.code)).collect();
    assert_eq!(named, [(3, "合同号", Code::CASE_UNKNOWN), (4, "合同号", Code::CASE_UNKNOWN)]);
    assert_eq!(problems[0].1.got, "one that is not known");
    assert_eq!(report.ignored_columns, ["备注"]);
    let again = import(&given, &lender, recall(), file).await;
    assert_eq!((again.taken, again.unchanged), (0, 1));
    let closed = |reference: &'static str| {
        let (platform, case) = (given.platform.clone(), given.case_id(LENDER, reference));
        async move { platform.case(&Principal::Operator, case).await.expect("a case").view.closed.is_some() }
    };
    assert!(closed("L-1").await && !closed("L-2").await);
}

#[tokio::test]
async fn given_names_of_the_lenders_own_when_imported_then_they_are_understood_and_others_are_not() {
    let given = Given::nothing().await;
    let columns =
        ColumnNames::new([("客户手机", "debtor_phone"), ("编号", "reference"), ("欠款", "principal")])
            .expect("fits");
    let defaults = Defaults { columns, ..Defaults::default() };
    // The collector's number has a name that is known, and the debtor's one that is not.
    let file = "编号,欠款,逾期日期,姓名,客户手机,手机号\nN-1,100,2026-08-01,王小明,13812345678,催收员\n";
    let report =
        import(&given, &Principal::Lender(LENDER), FileImport { defaults, ..FileImport::default() }, file)
            .await;
    assert_eq!((report.taken, report.refused.total), (1, 0), "{:?}", report.refused.shown);
    assert_eq!(report.ignored_columns, ["手机号"]);
}

#[tokio::test]
async fn given_a_file_when_only_checked_then_it_is_reported_on_and_nothing_changes() {
    let given = Given::nothing().await;
    let lender = Principal::Lender(LENDER);
    let file = format!("{HEADER}\n{ROW}\n{}\n", ROW.replace("1000.00", "much"));
    let check = FileImport { check: true, ..FileImport::default() };
    let report = import(&given, &lender, check, &file).await;
    assert_eq!((report.readable, report.taken, report.refused.total), (Some(1), 0, 1));
    assert_eq!(given.import(LENDER, &file).await.taken, 1, "it had been taken by the check");
}

#[tokio::test]
async fn given_cases_when_an_update_file_comes_then_what_is_owed_changes_once_and_payments_since_stay() {
    let given = Given::nothing().await;
    let second = ROW.replace("L-1,", "L-2,");
    given.import(LENDER, &format!("{HEADER}\n{ROW}\n{second}\n")).await;
    let lender = Principal::Lender(LENDER);
    let update = || FileImport { kind: FileKind::Update, ..FileImport::default() };
    let day = api::json::day((given.clock.at().0 / 86_400_000 - 1) as i32);
    // The first owes less, the second as much as is known, a third is not known, a fourth row says nothing.
    let file = format!(
        "合同号,数据日期,本金,手机号\nL-1,{day},\"900.00\",13800000000\nL-2,{day},1000,\nL-3,{day},5,\nL-1,{day},,\n"
    );
    let report = import(&given, &lender, update(), &file).await;
    assert_eq!(
        (report.taken, report.unchanged, report.refused.total),
        (1, 1, 2),
        "{:?}",
        report.refused.shown
    );
    assert_eq!(report.ignored_columns, ["手机号"]);
    let refused: Vec<_> =
        report.refused.shown.iter().map(|error| (error.line, error.problems[0].code)).collect();
    assert_eq!(refused, [(4, Code::CASE_UNKNOWN), (5, Code::AMOUNT_INVALID)]);
    let balance = |reference: &'static str| {
        let (platform, case) = (given.platform.clone(), given.case_id(LENDER, reference));
        async move { platform.case(&Principal::Operator, case).await.expect("a case").view.balance }
    };
    assert_eq!((balance("L-1").await, balance("L-2").await), (96_000, 106_000));
    for _ in 0..2 {
        let again = import(&given, &lender, update(), &file).await;
        assert_eq!((again.taken, again.unchanged, again.file), (0, 2, report.file));
    }
    let missing = given
        .platform
        .import_file(&lender, LENDER, update(), Cursor::new("合同号,本金\nL-1,5\n"), None, |_| {})
        .await;
    assert_eq!(codes(missing), [Code::MALFORMED]);
}
