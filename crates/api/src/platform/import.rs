//! Importing a lender's file.

use std::io::Read;

use events::ledger::{FileKind, FileReportedV1};
use events::{Code, Refusal, Tenant};
use model::LenderId;

use super::Platform;
use super::give::{Names, give};
use crate::import::{self, FileImport, ImportReport, Progress};
use crate::portfolio::{Defaults, PortfolioRow, RecallRow, UpdateRow};
use crate::principal::Principal;

impl Platform {
    /// Imports a file of new cases, as [`Platform::import_file`].
    pub async fn import_portfolio(
        &self,
        principal: &Principal,
        lender: LenderId,
        reader: impl Read + Send + 'static,
        defaults: Defaults,
        retry_key: Option<&str>,
        progress: impl FnMut(Progress) + Send,
    ) -> Result<ImportReport, Refusal> {
        let import = FileImport { defaults, ..FileImport::default() };
        self.import_file(principal, lender, import, reader, retry_key, progress).await
    }

    /// Imports a lender's file: for that lender and the operator. Reads it on a thread, in constant memory;
    /// `progress` is called after each thousand rows. A row that is refused does not stop the others, and the same
    /// file twice changes nothing. The figures of the report are in the log, too. Dropping the future stops the import; what was taken stays.
    pub async fn import_file(
        &self,
        principal: &Principal,
        lender: LenderId,
        mut import: FileImport,
        reader: impl Read + Send + 'static,
        retry_key: Option<&str>,
        progress: impl FnMut(Progress) + Send,
    ) -> Result<ImportReport, Refusal> {
        principal.lender_only(lender)?;
        let today = self.now().day();
        import.defaults.today = Some(today);
        let _bulk = self.parts.metrics.bulk_work();
        if import.check {
            let checking = tokio::task::spawn_blocking(move || import::check_file(import, reader));
            return checking.await.unwrap_or_else(|error| {
                tracing::error!(%error, "checking a file did not end");
                Err(Code::UNAVAILABLE.into())
            });
        }
        let run = import::Run {
            vault: self.parts.vault.clone(),
            lender,
            actor: principal.actor(),
            today,
            nonce: Names::new(principal, retry_key)?.nth(0).0,
        };
        let (ledger, defaults) = (&self.parts.ledger, import.defaults);
        let report = match import.kind {
            FileKind::Dispatch => import::run::<PortfolioRow>(&run, ledger, reader, defaults, progress).await,
            FileKind::Update => import::run::<UpdateRow>(&run, ledger, reader, defaults, progress).await,
            FileKind::Recall => import::run::<RecallRow>(&run, ledger, reader, defaults, progress).await,
        }?;
        let ImportReport { file, complete, taken, unchanged, .. } = report;
        let (kind, refused) = (import.kind, report.refused.total);
        let account = FileReportedV1 { lender, kind, file, complete, taken, unchanged, refused };
        let (id, command) = run.report(account);
        give(ledger, principal, Tenant::Lender(lender), id, command).await?;
        Ok(report)
    }
}
