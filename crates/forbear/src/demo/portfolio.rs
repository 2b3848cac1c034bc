//! Writes a lender's portfolio file like those that lenders send: mostly right, with the bad rows that real
//! files have.

use std::io::{self, Write};

use super::chance::Chance;

/// The number of a man who owes on several contracts, so that several agencies call him.
pub const SOUGHT_NUMBER: &str = "13800138000";
/// The number of a stranger whom several borrowers named as their emergency contact.
pub const STRANGER_NUMBER: &str = "13900139000";
/// Contracts of the one.
const CONTRACTS: u64 = 5;
/// Borrowers who named the other: more, and the number would have to be checked before anybody asks her at all.
const NAMED_BY: u64 = 3;

const SURNAMES: [&str; 16] =
    ["王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林"];
const GIVEN: [&str; 16] =
    ["伟", "芳", "娜", "敏", "静", "强", "磊", "洋", "艳", "勇", "杰", "娟", "涛", "明", "超", "秀英"];
const PREFIXES: [&str; 8] = ["131", "135", "137", "150", "158", "177", "186", "189"];
const PRODUCTS: [&str; 3] = ["cash-loan", "credit-card", "consumer-finance"];

/// One bad row in so many.
const BAD_EVERY: u64 = 100;

/// Writes `cases` rows, of them about one in a hundred bad. Returns how many are.
pub fn write(out: &mut impl Write, cases: u64, seed: u64) -> io::Result<u64> {
    writeln!(out, "合同号,产品,币种,本金,利息,费用,逾期日期,姓名,身份证号,手机号,紧急联系人,紧急联系人电话")?;
    let mut chance = Chance::new(seed, &[1]);
    let mut bad = 0;
    for row in 0..cases {
        let mut fields = good(&mut chance, row, cases);
        // The rows that the story is about stay good.
        if chance.below(BAD_EVERY) == 0 && fields[9] != SOUGHT_NUMBER && fields[11] != STRANGER_NUMBER {
            spoil(&mut chance, &mut fields);
            bad += 1;
        }
        writeln!(out, "{}", fields.join(","))?;
    }
    out.flush()?;
    Ok(bad)
}

fn good(chance: &mut Chance, row: u64, cases: u64) -> Vec<String> {
    let step = (cases / CONTRACTS).max(1);
    let sought = row % step == step / 2;
    let names_stranger = row % step == step / 3 && row / step < NAMED_BY;
    let phone = if sought { SOUGHT_NUMBER.to_owned() } else { phone(chance, row, 0) };
    let contact = if names_stranger {
        Some(STRANGER_NUMBER.to_owned())
    } else if chance.percent(70) {
        Some(self::phone(chance, row, 1))
    } else {
        None
    };
    let principal = 50_000 + chance.below(5_000_000);
    let amount = |minor: u64| format!("{}.{:02}", minor / 100, minor % 100);
    vec![
        format!("HT2025{row:07}"),
        chance.pick(&PRODUCTS).copied().unwrap_or_default().to_owned(),
        "CNY".to_owned(),
        amount(principal),
        amount(principal / 20),
        amount(chance.below(20_000)),
        format!("2025-{:02}-{:02}", 1 + chance.below(12), 1 + chance.below(28)),
        name(chance),
        // The last digit is never 0: three of them at the end look as if a spreadsheet had cut the number.
        format!(
            "1101011990{:02}{:02}{:03}{}",
            1 + chance.below(12),
            1 + chance.below(28),
            row / 9 % 1_000,
            1 + row % 9
        ),
        phone,
        contact.as_ref().map(|_| name(chance)).unwrap_or_default(),
        contact.unwrap_or_default(),
    ]
}

/// A number that no other row has: the row is in its digits.
fn phone(chance: &mut Chance, row: u64, which: u64) -> String {
    let prefix = chance.pick(&PREFIXES).copied().unwrap_or("131");
    format!("{prefix}{:08}", (row * 2 + which) % 100_000_000)
}

fn name(chance: &mut Chance) -> String {
    let surname = chance.pick(&SURNAMES).copied().unwrap_or("王");
    format!("{surname}{}", chance.pick(&GIVEN).copied().unwrap_or("伟"))
}

/// What spreadsheets and clerks do to rows.
fn spoil(chance: &mut Chance, fields: &mut [String]) {
    match chance.below(6) {
        0 => fields[9] = format!("{}****{}", &fields[9][..3], &fields[9][7..]),
        1 => fields[9] = "1.38001E+10".to_owned(),
        2 => fields[3] = String::new(),
        3 => fields[6] = "2025-13-45".to_owned(),
        4 => fields[3] = "12.345,67".replace(',', "·"),
        _ => fields[9] = fields[9][..8].to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_writes_the_same_file() {
        let written = |seed| {
            let mut out = Vec::new();
            let bad = write(&mut out, 2000, seed).expect("memory takes it");
            (out, bad)
        };
        assert_eq!(written(7), written(7));
        assert_ne!(written(7).0, written(8).0);
        let text = String::from_utf8(written(7).0).expect("UTF-8");
        assert_eq!(text.matches(SOUGHT_NUMBER).count(), CONTRACTS as usize);
        assert_eq!(text.matches(STRANGER_NUMBER).count(), NAMED_BY as usize);
        assert!(written(7).1 > 0);
    }
}
