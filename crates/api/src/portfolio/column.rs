//! The columns of a portfolio, and the names that files give them.

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
    /// ISO 3166 alpha-2.
    Jurisdiction: "jurisdiction", "适用法域";
    /// Personal.
    DebtorName: "debtor_name", "name", "姓名", "客户姓名";
    /// Personal.
    DebtorId: "debtor_id", "id_number", "身份证号", "身份证号码", "证件号码";
    /// Personal.
    DebtorPhone: "debtor_phone", "phone", "mobile", "手机号", "手机号码";
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
    /// Without these no row can be taken.
    pub const REQUIRED: [Self; 5] =
        [Self::Reference, Self::Principal, Self::OverdueSince, Self::DebtorName, Self::DebtorPhone];

    /// Its canonical name.
    pub const fn name(self) -> &'static str {
        self.names()[0]
    }

    /// The column that a file calls so: letter case does not matter, and a blank or a dash is as good as an
    /// underscore.
    pub fn called(name: &str) -> Option<Self> {
        if let Some(column) = Self::ALL.iter().find(|column| column.name() == name) {
            return Some(*column);
        }
        let plain = name.trim().to_lowercase().replace([' ', '-'], "_");
        Self::ALL.iter().copied().find(|column| column.names().contains(&plain.as_str()))
    }
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
        assert_eq!(Column::called(" Debtor Phone"), Some(Column::DebtorPhone));
        assert_eq!(Column::called("remarks"), None);
    }
}
