use std::io::{self, Read};

use encoding_rs::GB18030;
use events::Code;

use super::*;

const ENGLISH: &str = "reference,product,currency,principal,interest,fees,overdue_since,jurisdiction,debtor_name,\
debtor_id,debtor_phone,debtor_zone,contact_name,contact_phone\n\
A-1,消费贷,CNY,1234.56,7.8,0,2026-03-01,CN,王小明,310101199001011234,13812345678,,李四,+8613900000002\n";
const CHINESE: &str = "合同号,产品,本金,利息,逾期日期,姓名,身份证号,手机号,紧急联系人,紧急联系人电话,备注\r\n\
A-1,消费贷,1234.56,7.8,2026-03-01,王小明,310101199001011234,138 1234 5678,李四,13900000002,\"急,急\"\r\n";

fn read(bytes: &[u8]) -> Vec<Result<PortfolioRow, RowError>> {
    Portfolio::open(bytes, Defaults::default()).expect("a portfolio").collect()
}

fn content(row: &PortfolioRow) -> Vec<u8> {
    let mut bytes = Vec::new();
    row.canonical(&mut bytes);
    bytes
}

/// One row under a header with every required column and an emergency contact.
fn one(row: &str) -> Result<PortfolioRow, RowError> {
    let header = "合同号,本金,逾期日期,姓名,手机号,debtor_zone,紧急联系人,紧急联系人电话,jurisdiction,币种";
    let mut rows = read(format!("{header}\n{row}\n").as_bytes());
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

fn problems(row: &str) -> Vec<(String, String, String)> {
    let problems = one(row).expect_err(row).problems.into_iter();
    problems.map(|problem| (problem.column, problem.expected, problem.got)).collect()
}

#[test]
fn given_a_portfolio_when_read_then_every_cell_has_its_type() {
    let rows = read(ENGLISH.as_bytes());
    let [Ok(row)] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!((row.line, row.reference.as_str(), row.product.as_str()), (2, "A-1", "消费贷"));
    assert_eq!((row.principal.minor, row.interest.minor, row.fees.minor), (123_456, 780, 0));
    assert_eq!((row.overdue_since, row.jurisdiction.as_str()), (20_513, "CN"));
    assert_eq!((row.debtor.name.as_str(), row.debtor.phone.e164()), ("王小明", "+8613812345678"));
    assert_eq!(row.debtor.id.as_deref(), Some("310101199001011234"));
    assert_eq!(row.debtor.zones[0].as_str(), "Asia/Shanghai");
    let [contact] = &row.contacts[..] else { panic!("{:?}", row.contacts) };
    assert_eq!((contact.name.as_str(), contact.phone.e164()), ("李四", "+8613900000002"));
}

#[test]
fn given_the_same_rows_in_any_dress_when_read_then_their_content_is_the_same() {
    let gb18030 = |text: &str| GB18030.encode(text).0.into_owned();
    let marked = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
    let json = r#"{"reference":"A-1","产品":"消费贷","principal":1234.56,"interest":"7.8","overdue_since":"2026-03-01",
        "debtor_name":"王小明","debtor_id":"310101199001011234","debtor_phone":13812345678,"fees":null,
        "contact_name":"李四","contact_phone":"13900000002","remarks":["ignored"]}"#;
    let json = json.replace('\n', " ") + "\n";
    let dresses = [
        CHINESE.as_bytes().to_vec(),
        gb18030(CHINESE),
        marked(b"\xef\xbb\xbf", CHINESE.as_bytes()),
        marked(b"\x84\x31\x95\x33", &gb18030(CHINESE)),
        CHINESE.replace(',', ";").into_bytes(),
        CHINESE.replace(',', "\t").into_bytes(),
        CHINESE.trim_end().as_bytes().to_vec(),
        json.clone().into_bytes(),
        gb18030(&json),
    ];
    let rows = read(ENGLISH.as_bytes());
    let expected = content(rows[0].as_ref().expect("good"));
    for (index, dress) in dresses.iter().enumerate() {
        let rows = read(dress);
        let [Ok(row)] = &rows[..] else { panic!("dress {index}: {rows:?}") };
        assert_eq!(content(row), expected, "dress {index}");
    }
}

#[test]
fn given_bad_rows_when_read_then_each_is_reported_and_good_rows_go_on() {
    let good = |reference: &str| format!("{reference},100,2026-03-01,王小明,13812345678,\n");
    let mut file = "合同号,本金,逾期日期,姓名,手机号,备注\n".to_owned();
    file += &good("A-1");
    file += "A-2,100,2026-03-01\n";
    file += "A-3,\"1,00.00\",01/03/2026,,138****5678,\n";
    file += "\n,,,,,\n";
    file += "A-4,100,2026-03-01,王小明,13812345678,\"two\nlines\"\n";
    file += &good("A-5");
    file += "A-6,100,2026-03-01,王小明,13812345678,\"open\n";
    file += &good("A-7");
    file += &good("A-8");
    let rows = read(file.as_bytes());
    let taken: Vec<_> = rows.iter().flatten().map(|row| (row.line, row.reference.as_str())).collect();
    assert_eq!(taken, [(2, "A-1"), (7, "A-4"), (9, "A-5"), (11, "A-7"), (12, "A-8")]);
    let refused: Vec<_> = rows.iter().filter_map(|row| row.as_ref().err()).map(ToString::to_string).collect();
    let expected = [
        "line 3, column (row): expected 6 fields, as in the header, got 3 fields (F0004)",
        "line 4, column 本金: expected a point before the decimals, and a comma every three digits or none: 1,234.56, \
         got \"1,00.00\" (F0105)\n\
         line 4, column 逾期日期: expected a date with the year first, such as 2026-03-01 (which of two numbers is the \
         month cannot be known), got \"01/03/2026\" (F0004)\n\
         line 4, column 姓名: expected a value, got nothing (F0004)\n\
         line 4, column 手机号: expected a whole phone number (one with hidden digits cannot be called: export it \
         unmasked), got one with hidden digits (F0004)",
        "line 10, column (row): expected each quotation mark closed, got an open one (F0004)",
    ];
    assert_eq!(refused, expected);
}

#[test]
fn given_a_mark_that_is_never_closed_when_a_later_row_has_another_then_no_row_between_is_lost() {
    let header = "合同号,本金,逾期日期,姓名,手机号,备注\n";
    let good =
        |reference: &str, remarks: &str| format!("{reference},100,2026-03-01,王小明,13812345678,{remarks}\n");
    for (open, later) in
        [("\"open", "\"later\""), ("\"open", "\"a \"\"b\"\"\""), ("\"\"\"open", "\"two\nlines\"")]
    {
        let file =
            [header, &good("A-1", open), &good("A-2", ""), &good("A-3", later), &good("A-4", "")].concat();
        let rows = read(file.as_bytes());
        let taken: Vec<_> = rows.iter().flatten().map(|row| row.reference.as_str()).collect();
        assert_eq!(taken, ["A-2", "A-3", "A-4"], "{open} {later}");
        assert!(
            rows[0].as_ref().is_err_and(|error| error.problems[0].got == "an open one"),
            "{open}: {rows:?}"
        );
    }
}

#[test]
fn given_each_kind_of_wrong_cell_when_read_then_the_clerk_can_act() {
    let says = |row: &str, column: &str, expected: &str, got: &str| {
        let [problem] = &problems(row)[..] else { panic!("{:?}", problems(row)) };
        assert_eq!((problem.0.as_str(), problem.1.as_str(), problem.2.as_str()), (column, expected, got));
    };
    let scientific = "a phone number (format the column as text and export again)";
    let number = "a phone number such as 13812345678 or +8613812345678";
    says(",1,2026-03-01,王,13812345678,,,,,", "合同号", "a text of 1 to 128 bytes", "nothing");
    says("A,0,2026-03-01,王,13812345678,,,,,", "本金", "something that is owed", "0 in all");
    says(
        "A,-5,2026-03-01,王,13812345678,,,,,",
        "本金",
        "an amount that is not negative (a credit is no claim: leave the row out)",
        "\"-5\"",
    );
    says("A,1.005,2026-03-01,王,13812345678,,,,,", "本金", "at most 2 digits after the point", "\"1.005\"");
    let date = "a date as YYYY-MM-DD, such as 2026-03-01";
    let real = "a day that the calendar has, such as 2026-03-01";
    says("A,1,2026-02-30,王,13812345678,,,,,", "逾期日期", real, "\"2026-02-30\"");
    says("A,1,,王,13812345678,,,,,", "逾期日期", date, "nothing");
    says(
        "A,1,2026-03-01,王,1.38E+10,,,,,",
        "手机号",
        scientific,
        "scientific notation, which has lost digits",
    );
    says("A,1,2026-03-01,王,,,,,,", "手机号", "the phone number of the person who is named", "nothing");
    says(
        "A,1,2026-03-01,王,王小明,,,,,",
        "手机号",
        number,
        "3 characters, none of them a digit (look whether columns are swapped)",
    );
    says(
        "A,1,2026-03-01,王,13812345678,,李四,,,",
        "紧急联系人电话",
        "the phone number of the person who is named",
        "nothing",
    );
    says(
        "A,1,2026-03-01,王,13812345678,,,,China,",
        "jurisdiction",
        "a country in two capital letters such as CN",
        "5 characters, none of them a digit",
    );
    says("A,1,2026-03-01,王,13812345678,,,,,¥", "币种", "a three-letter currency code such as CNY", "\"¥\"");
    let zones = "IANA time zones such as Asia/Shanghai, separated by |";
    says(
        "A,1,2026-03-01,王,13812345678,北京,,,,",
        "debtor_zone",
        zones,
        "2 characters, none of them a digit",
    );
}

#[test]
fn given_personal_data_in_wrong_cells_when_reported_then_it_is_not_repeated() {
    let secrets = ["王小明", "李四光", "1371234560", "139999"];
    let [name, other, phone, short] = secrets;
    let rows = [
        format!("A,1,2026-03-01,{},{phone},,{other},{short},,", name.repeat(80)),
        format!("A,1,2026-03-01,{name},{other},,{other},{name},,"),
        // Columns that got swapped.
        format!("A,{phone},{name},2026-03-01,1,{name},{other},,{phone}5,{other}"),
        format!("A,{name},{phone}5,2026-03-01,1,{phone},{other},,{name},{phone}"),
    ];
    for row in rows {
        let error = one(&row).expect_err("wrong");
        let shown = format!("{error} {error:?}");
        assert!(secrets.iter().all(|secret| !shown.contains(secret)), "{shown}");
    }
    let json = format!("{{\"debtor_name\": \"{name}\", \"debtor_phone\": {phone}x}}\n\"{other}\"\n");
    for error in read(json.as_bytes()).into_iter().map(|row| row.expect_err("wrong")) {
        let shown = format!("{error} {error:?}");
        assert!(secrets.iter().all(|secret| !shown.contains(secret)), "{shown}");
    }
    let headless = ENGLISH.lines().nth(1).expect("a row");
    let shown = Portfolio::open(headless.as_bytes(), Defaults::default()).expect_err("no header").to_string();
    assert!(!shown.contains("王小明") && !shown.contains("13812345678"), "{shown}");
    let good = read(ENGLISH.as_bytes());
    let shown = format!("{good:?}");
    assert!(!shown.contains("王小明") && !shown.contains("13812345678") && !shown.contains("A-1"), "{shown}");
}

#[test]
fn given_zones_when_read_then_given_ones_win_and_unknown_ones_stay_unknown() {
    let zones = |row: &str| -> Vec<String> {
        one(row).expect(row).debtor.zones.iter().map(ToString::to_string).collect()
    };
    assert_eq!(zones("A,1,2026-03-01,王,13812345678,,,,,"), ["Asia/Shanghai"]);
    let several = zones("A,1,2026-03-01,王,13812345678,Asia/Urumqi|Asia/Shanghai,,,,");
    assert_eq!(several, ["Asia/Urumqi", "Asia/Shanghai"]);
    assert_eq!(zones("A,1,2026-03-01,王,(201) 555-0123,,,,US,USD"), [""; 0]);
}

/// One row under a header with regions.
fn regional(row: &str) -> Result<PortfolioRow, RowError> {
    let header = "reference,principal,overdue_since,debtor_name,debtor_phone,debtor_region,\
        contact_name,contact_phone,contact_region,contact2_name,contact2_phone,紧急联系人2适用地区";
    let mut rows = read(format!("{header}\n{row}\n").as_bytes());
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

const PLAIN: &str = "A,1,2026-03-01,Ann,13812345678,,Bob,13912345678,,Cy,13712345678,";

#[test]
fn given_regions_when_read_then_each_person_has_their_own_in_one_order() {
    let row = regional(
        "A,1,2026-03-01,Ann,+16175550123,US-NY-NYC|US-MA | US-MA,Bob,13912345678,HK,Cy,13712345678,GB-SCT|CN",
    )
    .expect("good");
    let regions =
        |person: &PersonRow| -> Vec<String> { person.regions.iter().map(ToString::to_string).collect() };
    assert_eq!(regions(&row.debtor), ["US-MA", "US-NY-NYC"]);
    assert_eq!(regions(&row.contacts[0]), ["HK"]);
    assert_eq!(regions(&row.contacts[1]), ["CN", "GB-SCT"]);
    assert!(regional(PLAIN).expect("good").debtor.regions.is_empty());
}

#[test]
fn given_wrong_regions_when_read_then_the_column_and_what_was_expected_are_named() {
    let says = |regions: &str, expected: &str, got: &str| {
        let row = PLAIN.replace("13812345678,", &format!("13812345678,{regions}"));
        let error = regional(&row).expect_err(regions);
        let [problem] = &error.problems[..] else { panic!("{error}") };
        assert_eq!((problem.column.as_str(), problem.code), ("debtor_region", Code::MALFORMED));
        assert_eq!((problem.expected.as_str(), problem.got.as_str()), (expected, got));
    };
    let form = "regions in capital letters such as GB, US-MA or US-NY-NYC, separated by |";
    let country =
        "regions that begin with a country of ISO 3166 such as GB (not UK), US or CN, separated by |";
    let state = "regions of the United States that begin with a state, such as US-MA, or US-NY-NYC for the city, \
        separated by |";
    says("us", form, "\"us\"");
    says("US-MA|马萨诸塞州", form, "5 characters, none of them a digit");
    says("GB-SW1A", form, "7 characters, 1 of them digits");
    says("UK", country, "\"UK\"");
    says("CN|US-NYC", state, "6 characters, none of them a digit");
    let many: Vec<String> = (0..15).map(|part| format!("CN-{part}")).collect();
    says(&many.join("|"), "at most 14 regions", "15 of them");
    assert!(
        regional(&PLAIN.replace("13812345678,", &format!("13812345678,{}", many[1..].join("|")))).is_ok()
    );
}

#[test]
fn given_a_row_without_regions_then_its_content_is_what_it_was_before_there_were_any() {
    let mut before = Vec::new();
    let mut put = |bytes: &[u8]| {
        before.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        before.extend_from_slice(bytes);
    };
    for part in ["A".as_bytes(), b"", b"CNY"] {
        put(part);
    }
    for minor in [100_i64, 0, 0] {
        put(&minor.to_le_bytes());
    }
    put(&20_513_i32.to_le_bytes());
    put(b"CN");
    for (name, phone) in [("Ann", "+8613812345678"), ("Bob", "+8613912345678"), ("Cy", "+8613712345678")] {
        put(name.as_bytes());
        put(&[0]);
        put(b"");
        put(phone.as_bytes());
        put(&1_u64.to_le_bytes());
        put(b"Asia/Shanghai");
    }
    assert_eq!(content(&regional(PLAIN).expect("good")), before);
}

#[test]
fn given_rows_that_differ_in_regions_alone_then_their_contents_differ() {
    let rows = [
        PLAIN.to_owned(),
        PLAIN.replace("13812345678,", "13812345678,HK"),
        PLAIN.replace("13912345678,", "13912345678,HK"),
        PLAIN.replace("13712345678,", "13712345678,HK"),
        PLAIN.replace("13812345678,", "13812345678,HK|US"),
    ];
    let contents: std::collections::BTreeSet<_> =
        rows.iter().map(|row| content(&regional(row).expect("good"))).collect();
    assert_eq!(contents.len(), rows.len());
}

#[test]
fn given_a_broken_character_when_read_then_one_cell_is_reported() {
    for encode in [|text: &str| text.as_bytes().to_vec(), |text: &str| GB18030.encode(text).0.into_owned()] {
        let mut bytes = encode(CHINESE);
        bytes.extend(encode(CHINESE).split_inclusive(|byte| *byte == b'\n').nth(1).expect("a row"));
        let name = encode("王小明");
        let at = bytes.windows(name.len()).position(|window| window == name).expect("there");
        bytes[at] = 0xff;
        let rows = read(&bytes);
        let [Err(error), Ok(_)] = &rows[..] else { panic!("{rows:?}") };
        let [problem] = &error.problems[..] else { panic!("{error}") };
        assert_eq!((error.line, problem.column.as_str()), (2, "姓名"));
        assert!(problem.expected.ends_with("text, as in the rest of the file"), "{error}");
    }
}

#[test]
fn given_an_unusable_file_when_opened_then_it_says_why() {
    let open = |bytes: &[u8]| match Portfolio::open(bytes, Defaults::default()) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    };
    assert_eq!(open(b" \n\n"), "expected a header and rows, got an empty file");
    assert!(open(b"\xff\xfea\0").contains("UTF-16"));
    assert!(open(b"reference,reference\n").contains("each column once"));
    let missing = open("合同号;本金;备注\n".as_bytes());
    assert!(missing.starts_with("line 1: expected columns overdue_since or 逾期日期"), "{missing}");
    assert!(missing.ends_with("got 3 columns, of which known here: [合同号, 本金]"), "{missing}");
    let portfolio = Portfolio::open(CHINESE.as_bytes(), Defaults::default()).expect("good");
    assert_eq!(portfolio.ignored_columns(), ["备注"]);
}

#[test]
fn given_a_file_that_breaks_off_when_read_then_it_is_said_once_and_ends() {
    struct Breaks;
    impl Read for Breaks {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("unplugged"))
        }
    }
    let long = CHINESE.repeat(1 + HEAD_LEN as usize / CHINESE.len());
    let broken = long.as_bytes().chain(Breaks);
    let rows: Vec<_> = Portfolio::open(broken, Defaults::default()).expect("the head is whole").collect();
    let error = rows.last().expect("rows").as_ref().expect_err("the break");
    assert!(error.is_unreadable() && error.problems[0].code == Code::UNAVAILABLE);
    assert_eq!(rows.iter().flatten().filter(|row| row.reference == "A-1").count(), long.lines().count() / 2);
}

#[test]
fn given_any_damage_when_read_then_nothing_panics_and_every_line_is_accounted_for() {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % below as u64) as usize
    };
    let header = CHINESE.lines().next().expect("a header");
    let row = CHINESE.lines().nth(1).expect("a row");
    for round in 0..300 {
        let mut text = format!("{header}\n").into_bytes();
        let start = text.len();
        text.extend(format!("{row}\n").repeat(20).bytes());
        for _ in 0..1 + random(6) {
            let at = start + random(text.len() - start);
            text[at] = *[b'"', b',', b'\n', b'\r', 0, 0xff, b'9', b'*'].get(random(8)).unwrap_or(&b'x');
        }
        let lines = read(&text).into_iter().map(|row| row.map_or_else(|error| error.line, |row| row.line));
        let lines: Vec<_> = lines.collect();
        assert!(lines.is_sorted_by(|left, right| left < right), "round {round}: {lines:?}");
        // Six damaged bytes spoil, join or split at most so many of twenty rows.
        assert!(lines.len() >= 12, "round {round}: {lines:?}");
    }
}
