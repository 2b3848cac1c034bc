//! The columns of a portfolio, and the names that files give them.

use super::text;

macro_rules! columns {
    ($($(#[$doc:meta])* $name:ident: $canonical:literal $(, $alias:literal)*;)*) => {
        /// A column. Described in `proto/portfolio.md`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Column { $($(#[$doc])* $name,)* }

        impl Column {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Every name, the canonical one first.
            pub const fn names(self) -> &'static [&'static str] {
                match self { $(Self::$name => &[$canonical $(, $alias)*],)* }
            }
        }
    };
}

columns! {
    /// The lender's own number of the case.
    Reference: "reference", "contract_no", "loan_no", "合同号", "合同编号", "借据号", "案件编号";
    /// The lender's word for the product.
    Product: "product", "产品", "产品名称";
    /// ISO 4217.
    Currency: "currency", "币种";
    /// Owed.
    Principal: "principal", "本金", "剩余本金";
    /// Owed.
    Interest: "interest", "利息";
    /// Owed.
    Fees: "fees", "费用";
    /// First day without the payment that was due.
    OverdueSince: "overdue_since", "逾期日期", "逾期起始日";
    /// The day of which the figures are.
    AsOf: "as_of", "数据日期", "余额日期", "截止日期";
    /// ISO 3166 alpha-2.
    Jurisdiction: "jurisdiction", "适用法域";
    /// Personal.
    DebtorName: "debtor_name", "name", "姓名", "客户姓名";
    /// Personal.
    DebtorId: "debtor_id", "id_number", "身份证号", "身份证号码", "证件号码";
    /// Personal.
    DebtorPhone: "debtor_phone", "phone", "mobile", "手机号", "手机号码";
    /// Personal.
    DebtorPhone2: "debtor_phone2", "phone2", "手机号2", "备用手机号";
    /// IANA names.
    DebtorZone: "debtor_zone", "时区";
    /// ISO 3166.
    DebtorRegion: "debtor_region", "适用地区";
    /// Personal.
    ContactName: "contact_name", "紧急联系人", "紧急联系人姓名", "紧急联系人1";
    /// Personal.
    ContactPhone: "contact_phone", "紧急联系人电话", "紧急联系人手机号", "紧急联系人1电话";
    /// IANA names.
    ContactZone: "contact_zone", "紧急联系人时区", "紧急联系人1时区";
    /// ISO 3166.
    ContactRegion: "contact_region", "紧急联系人适用地区", "紧急联系人1适用地区";
    /// Personal.
    Contact2Name: "contact2_name", "紧急联系人2", "紧急联系人2姓名";
    /// Personal.
    Contact2Phone: "contact2_phone", "紧急联系人2电话", "紧急联系人2手机号";
    /// IANA names.
    Contact2Zone: "contact2_zone", "紧急联系人2时区";
    /// ISO 3166.
    Contact2Region: "contact2_region", "紧急联系人2适用地区";
}

impl Column {
    /// Its canonical name.
    pub const fn name(self) -> &'static str {
        self.names()[0]
    }

    /// The column that a file calls so: letter case does not matter, a blank or a dash is as good as an
    /// underscore, and stars and units (`本金（元）`, `手机号*`) may stand beside it.
    pub fn called(name: &str) -> Option<Self> {
        if let Some(column) = Self::ALL.iter().find(|column| column.name() == name) {
            return Some(*column);
        }
        let folded = folded(name);
        let (bare, note) = split_note(&folded);
        let column = Self::ALL.iter().copied().find(|column| column.names().contains(&bare))?;
        (note.is_empty() || NOTES.contains(&note)).then_some(column)
    }

    /// The column of amounts that a file calls so and gives in units of ten thousand.
    pub fn in_ten_thousands(name: &str) -> Option<Self> {
        let folded = folded(name);
        let (bare, note) = split_note(&folded);
        let column = Self::called(bare).filter(|column| column.is_amount())?;
        note.contains(['万', '萬']).then_some(column)
    }

    /// Whether it holds an amount of money.
    pub const fn is_amount(self) -> bool {
        matches!(self, Self::Principal | Self::Interest | Self::Fees)
    }

    /// Whether it holds a person's name.
    pub const fn is_name(self) -> bool {
        matches!(self, Self::DebtorName | Self::ContactName | Self::Contact2Name)
    }
}

/// What may stand in parentheses behind a column's name and changes nothing.
const NOTES: [&str; 10] =
    ["元", "人民币", "rmb", "cny", "人民币元", "单位:元", "必填", "选填", "yyyy_mm_dd", "required"];

/// A name as names are compared.
pub fn folded(name: &str) -> String {
    let plain = text::plain(name).to_lowercase().replace([' ', '-', '/'], "_");
    plain.trim_matches(['*', '_']).to_owned()
}

/// A name and what stands in parentheses behind it.
fn split_note(name: &str) -> (&str, &str) {
    let inside = name.strip_suffix([')', ']']).and_then(|rest| rest.rsplit_once(['(', '[']));
    inside.map_or((name, ""), |(bare, note)| (bare.trim_end_matches(['_', '*']), note))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_described() {
        let page = include_str!("../../../../proto/portfolio.md");
        for column in Column::ALL {
            for name in column.names() {
                assert_eq!(Column::called(name), Some(*column), "{name}");
                assert!(page.contains(&format!("`{name}`")), "proto/portfolio.md does not name {name}");
            }
        }
        for (name, column) in [
            (" Debtor Phone", Column::DebtorPhone),
            ("手机号码*", Column::DebtorPhone),
            ("*姓名（必填）", Column::DebtorName),
            ("本金（元）", Column::Principal),
            ("\u{feff}合同号\u{3000}", Column::Reference),
            ("Overdue-Since (YYYY-MM-DD)", Column::OverdueSince),
        ] {
            assert_eq!(Column::called(name), Some(column), "{name}");
        }
        for name in ["remarks", "手机号（备用）", "本金（万元）"] {
            assert_eq!(Column::called(name), None, "{name}");
        }
        assert_eq!(Column::in_ten_thousands("剩余本金(万元)"), Some(Column::Principal));
    }
}
