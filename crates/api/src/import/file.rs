//! What a lender's file is for, and how it is to be read.

use events::ledger::FileKind;

use crate::portfolio::Defaults;

/// A file that is to be imported.
#[derive(Debug, Clone)]
pub struct FileImport {
    /// What it is for.
    pub kind: FileKind,
    /// Read and report alone: nothing changes.
    pub check: bool,
    /// What the file leaves unsaid.
    pub defaults: Defaults,
}

impl Default for FileImport {
    fn default() -> Self {
        Self { kind: FileKind::Dispatch, check: false, defaults: Defaults::default() }
    }
}
