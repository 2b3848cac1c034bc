//! What one lender's files call the columns: names of theirs beside the names that are known.

use super::column::{Column, folded};

/// Most names in one mapping.
const NAMES_MAX: usize = 256;

/// What a lender's files call the columns. The default knows the names of `proto/portfolio.md` alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnNames {
    /// As names are compared; `None`: means nothing here.
    theirs: Vec<(String, Option<Column>)>,
}

impl ColumnNames {
    /// From pairs of their name and ours, which may be any name of `proto/portfolio.md`, or empty for a column that is to be
    /// ignored though its name is known.
    pub fn new<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, String> {
        let mut theirs: Vec<(String, Option<Column>)> = Vec::new();
        for (their, our) in pairs {
            let column = match our.trim() {
                "" => None,
                our => Some(Column::called(our).ok_or_else(|| {
                    let known: Vec<_> = Column::ALL.iter().map(|column| column.name()).collect();
                    format!("{their} = {our:?}: expected one of {}, or nothing", known.join(", "))
                })?),
            };
            let name = folded(their);
            let taken = |(known, other): &(String, Option<Column>)| {
                *known == name || column.is_some() && *other == column
            };
            if theirs.iter().any(taken) {
                return Err(format!("{their} = {our:?}: expected each name and each column once"));
            }
            theirs.push((name, column));
        }
        if theirs.len() > NAMES_MAX {
            return Err(format!("expected at most {NAMES_MAX} names, got {}", theirs.len()));
        }
        Ok(Self { theirs })
    }

    /// The column that a file calls so. A column that has a name of theirs has no other.
    pub fn column(&self, name: &str) -> Option<Column> {
        if self.theirs.is_empty() {
            return Column::called(name);
        }
        let folded = folded(name);
        match self.theirs.iter().find(|(their, _)| *their == folded) {
            Some((_, column)) => *column,
            None => Column::called(name)
                .filter(|column| !self.theirs.iter().any(|(_, theirs)| *theirs == Some(*column))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_known_by_the_name_of_the_mapping_alone() {
        let names = ColumnNames::new([("客户 手机", "debtor_phone"), ("催收员", "本金"), ("备注", "")])
            .expect("fits");
        assert_eq!(names.column("客户_手机*"), Some(Column::DebtorPhone));
        assert_eq!(names.column("手机号"), None, "it may be the collector's");
        assert_eq!((names.column("催收员"), names.column("备注")), (Some(Column::Principal), None));
        assert_eq!(names.column("姓名"), Some(Column::DebtorName));
        assert_eq!(ColumnNames::default().column("手机号"), Some(Column::DebtorPhone));
    }

    #[test]
    fn a_mapping_that_means_nothing_says_what_is_known() {
        let error = ColumnNames::new([("a", "telephone")]).expect_err("no such column");
        assert!(error.contains("expected one of reference, product"), "{error}");
        for twice in [[("a", "reference"), ("A", "principal")], [("a", "reference"), ("b", "合同号")]] {
            assert!(ColumnNames::new(twice).expect_err("twice").contains("once"));
        }
    }
}
