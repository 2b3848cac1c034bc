//! Rules as sentences, for those who do not read TOML.

mod chinese;
mod english;

use std::fmt;

use crate::pack::{Pack, Rule};

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&english::rule(self))
    }
}

impl Rule {
    /// The rule in one English sentence; the same as its `Display`.
    pub fn describe(&self) -> String {
        english::rule(self)
    }

    /// The rule in one Chinese sentence.
    pub fn describe_zh(&self) -> String {
        chinese::rule(self)
    }
}

impl Pack {
    /// The pack in English, some lines for each rule.
    pub fn describe(&self) -> String {
        english::pack(self)
    }

    /// The pack in Chinese, some lines for each rule. Titles, notes and sources stay as they were written.
    pub fn describe_zh(&self) -> String {
        chinese::pack(self)
    }
}
