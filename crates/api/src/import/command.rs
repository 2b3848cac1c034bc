//! From rows to commands, one way for each kind of file.

use std::future::ready;

use events::ledger::{CloseReason, LedgerCommand};
use events::{Actor, Tenant};
use model::{CaseId, CommandId, LenderId};
use runtime::Order;
use vault::{Vault, VaultError};

use crate::portfolio::{PortfolioRow, RecallRow, Row, RowError};

/// What all rows of a run have in common.
#[derive(Clone)]
pub(crate) struct Run {
    pub vault: Vault,
    pub lender: LenderId,
    pub actor: Actor,
    /// Days since 1970-01-01.
    pub today: i32,
    /// Makes the command ids of this run differ from those of every other.
    pub nonce: [u8; 16],
}

/// A row that is on its way to the ledger.
pub(crate) struct Prepared {
    pub line: u64,
    pub order: Order<LedgerCommand>,
}

/// A batch of rows on their way.
pub(crate) type PreparedRows = Vec<Result<Prepared, RowError>>;

/// A row that a command follows from.
pub(crate) trait Commanding: Row + Send + Sync + 'static {
    /// The line it begins on, from 1.
    fn line(&self) -> u64;

    /// The commands of a batch, in its order. The same rows in the same run give the same commands.
    fn prepare(run: &Run, rows: &[Self]) -> impl Future<Output = Result<PreparedRows, VaultError>> + Send;
}

impl Run {
    /// The case that this lender calls so.
    pub(super) fn case(&self, reference: &str) -> CaseId {
        self.vault.pseudonyms().case(self.lender, reference)
    }

    /// Names a command by its run, line, case and content. The day is part of what is commanded, so the same file on another day
    /// is another command; its content makes it unchanged.
    pub(super) fn order(&self, line: u64, case: CaseId, digest: &[u8], command: LedgerCommand) -> Prepared {
        let mut name = Vec::with_capacity(60);
        for part in [&self.nonce[..], &case.0, digest, &line.to_be_bytes(), &self.today.to_be_bytes()] {
            name.extend_from_slice(part);
        }
        let id = CommandId(self.vault.pseudonyms().row_digest(&name));
        let tenant = Tenant::Lender(self.lender);
        Prepared { line, order: Order { id, actor: self.actor, tenant, cause: None, command } }
    }
}

impl Commanding for PortfolioRow {
    fn line(&self) -> u64 {
        self.line
    }

    fn prepare(run: &Run, rows: &[Self]) -> impl Future<Output = Result<PreparedRows, VaultError>> + Send {
        run.prepare(rows)
    }
}

impl Commanding for RecallRow {
    fn line(&self) -> u64 {
        self.line
    }

    fn prepare(run: &Run, rows: &[Self]) -> impl Future<Output = Result<PreparedRows, VaultError>> + Send {
        let recall = |row: &Self| {
            let case = run.case(&row.reference);
            let command = LedgerCommand::CloseCase { case, reason: CloseReason::Recalled };
            Ok(run.order(row.line, case, &[], command))
        };
        ready(Ok(rows.iter().map(recall).collect()))
    }
}
