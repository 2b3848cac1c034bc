//! A row of a file that says what is owed now.

use std::fmt;

use events::Code;
use model::{Currency, Money};

use super::Row;
use super::cells::Reading;
use super::column::Column;

/// What is owed on a known case.
#[derive(Clone, PartialEq, Eq)]
pub struct UpdateRow {
    /// The line it begins on, from 1.
    pub line: u64,
    /// The lender's own number of the case. Not for logs.
    pub reference: String,
    /// The day of which the figures are: days since 1970-01-01.
    pub as_of: i32,
    /// Of every amount here.
    pub currency: Currency,
    /// Owed; `None`: as it is.
    pub principal: Option<Money>,
    /// Owed; `None`: as it is.
    pub interest: Option<Money>,
    /// Owed; `None`: as it is.
    pub fees: Option<Money>,
}

impl fmt::Debug for UpdateRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UpdateRow(line {}, hidden)", self.line)
    }
}

impl Row for UpdateRow {
    const REQUIRED: &'static [Column] = &[Column::Reference, Column::AsOf];

    fn has(column: Column) -> bool {
        column.is_amount() || matches!(column, Column::Reference | Column::AsOf | Column::Currency)
    }

    fn read(row: &mut Reading<'_>) -> Option<Self> {
        let reference = row.reference();
        let as_of = row.date(Column::AsOf);
        let currency = row.currency()?;
        let amounts =
            [Column::Principal, Column::Interest, Column::Fees].map(|column| row.amount(column, currency));
        if amounts == [Some(None); 3] {
            let expected = "an amount that is owed now, here or as interest or fees";
            row.problem(Column::Principal, Code::AMOUNT_INVALID, expected, "nothing".to_owned());
        }
        let [principal, interest, fees] = amounts;
        Some(Self {
            line: row.line(),
            reference: reference?,
            as_of: as_of?,
            currency,
            principal: principal?,
            interest: interest?,
            fees: fees?,
        })
    }
}
