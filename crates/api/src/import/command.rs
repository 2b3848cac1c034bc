//! From rows to commands, one way for each kind of file.

use std::future::ready;

use events::ledger::{ClaimsAmendment, CloseReason, FileReportedV1, LedgerCommand};
use events::{Actor, Tenant};
use model::{CaseId, CommandId, LenderId};
use runtime::Order;
use vault::{Vault, VaultError};

use crate::portfolio::{PortfolioRow, RecallRow, Row, RowError, UpdateRow};

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

/// The account of a file.
impl Run {
    /// Keyed, as everything is that is made from a lender's data.
    pub(super) fn file_digest(&self, digest: &[u8; 32]) -> [u8; 16] {
        self.vault.pseudonyms().row_digest(&[b"file\0", &digest[..]].concat())
    }

    /// Keeps the account of a file. Another outcome of the same run is another account.
    pub(crate) fn report(&self, report: FileReportedV1) -> (CommandId, LedgerCommand) {
        let mut name = [&self.nonce[..], &report.file].concat();
        for figure in [report.taken, report.unchanged, report.refused, u64::from(report.complete)] {
            name.extend_from_slice(&figure.to_be_bytes());
        }
        (CommandId(self.vault.pseudonyms().row_digest(&name)), LedgerCommand::ReportFile(report))
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

impl Commanding for UpdateRow {
    fn line(&self) -> u64 {
        self.line
    }

    fn prepare(run: &Run, rows: &[Self]) -> impl Future<Output = Result<PreparedRows, VaultError>> + Send {
        let amend = |row: &Self| {
            let case = run.case(&row.reference);
            let mut said = b"update\0".to_vec();
            said.extend_from_slice(&case.0);
            said.extend_from_slice(&row.as_of.to_be_bytes());
            said.extend_from_slice(row.currency.to_string().as_bytes());
            let amounts = [row.principal, row.interest, row.fees].map(|money| money.map(|money| money.minor));
            for minor in amounts {
                said.push(u8::from(minor.is_some()));
                said.extend_from_slice(&minor.unwrap_or(0).to_be_bytes());
            }
            let reference = run.vault.pseudonyms().row_digest(&said);
            let [principal, interest, fees] = amounts;
            let (as_of, currency) = (row.as_of, row.currency);
            let amendment = ClaimsAmendment { case, reference, as_of, currency, principal, interest, fees };
            Ok(run.order(row.line, case, &reference, LedgerCommand::AmendClaims(amendment)))
        };
        ready(Ok(rows.iter().map(amend).collect()))
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
