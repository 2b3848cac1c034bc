//! Importing files.

use std::io::{Cursor, Read};

use api::portfolio::Defaults;
use api::{Principal, Progress, ROW_ERRORS_KEPT};
use eventlog::memory::Faults;
use events::Code;
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
