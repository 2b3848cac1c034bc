//! What a lender's file is for, and how it is to be read.

use crate::portfolio::Defaults;

/// What a lender's file is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FileKind {
    /// New cases.
    #[default]
    Dispatch,
    /// Cases that the lender takes back.
    Recall,
}

impl FileKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Dispatch, Self::Recall];

    /// The word used on the command line and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Dispatch => "dispatch",
            Self::Recall => "recall",
        }
    }

    /// What a word means.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// A file that is to be imported.
#[derive(Debug, Clone, Default)]
pub struct FileImport {
    /// What it is for.
    pub kind: FileKind,
    /// Read and report alone: nothing changes.
    pub check: bool,
    /// What the file leaves unsaid.
    pub defaults: Defaults,
}
