//! Importing a lender's file.

use std::io::Read;

use events::{Code, Refusal};
use model::LenderId;

use super::Platform;
use super::give::Names;
use crate::import::{self, ImportReport, Progress};
use crate::portfolio::Defaults;
use crate::principal::Principal;

const DAY_MS: i64 = 86_400_000;

impl Platform {
    /// Imports a lender's file: for that lender and the operator. Reads it on a thread, in constant memory;
    /// `progress` is called after each thousand rows. A row that is refused does not stop the others, and the same
    /// file twice changes nothing. Dropping the future stops the import; what was taken stays.
    pub async fn import_portfolio(
        &self,
        principal: &Principal,
        lender: LenderId,
        reader: impl Read + Send + 'static,
        defaults: Defaults,
        retry_key: Option<&str>,
        progress: impl FnMut(Progress) + Send,
    ) -> Result<ImportReport, Refusal> {
        match principal {
            Principal::Operator => {}
            Principal::Lender(own) if *own == lender => {}
            Principal::Lender(_) => return Err(Code::NOT_FOUND.into()),
            other => return Err(other.forbidden("the lender or the operator")),
        }
        let opened_on = i32::try_from(self.now().0.div_euclid(DAY_MS)).unwrap_or(i32::MAX);
        let run = import::Run {
            vault: self.parts.vault.clone(),
            lender,
            actor: principal.actor(),
            opened_on,
            nonce: Names::new(principal, retry_key)?.nth(0).0,
        };
        let defaults = Defaults { today: Some(opened_on), ..defaults };
        let _bulk = self.parts.metrics.bulk_work();
        import::run(run, &self.parts.ledger, reader, defaults, progress).await
    }
}
