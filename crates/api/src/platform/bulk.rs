//! Many requests at once: a list looked through without reserving anything, and permits in batches.

use events::gate::PermitRequest;
use events::{Code, Reason, Refusal};
use futures::{Stream, StreamExt};
use model::Timestamp;

use super::Platform;
use super::permits::{PermitAsk, PermitGiven};
use crate::principal::Principal;

/// Most requests that are looked through at once.
pub const CHECK_MAX: usize = 10_000;

/// Requests of one batch that are under way at once.
const UNDER_WAY_MAX: usize = 64;

/// When a request would be allowed, or why it cannot be asked.
pub type CheckedAsk = Result<Option<Timestamp>, Refusal>;

impl Platform {
    /// When each request would next be allowed: `now` if now, `None` if not by the passing of time. Reserves and records
    /// nothing: what is allowed here may be refused when it is asked for. One answer for each, in order.
    pub async fn check_permits(
        &self,
        principal: &Principal,
        asks: Vec<PermitAsk>,
    ) -> Result<(Timestamp, Vec<CheckedAsk>), Refusal> {
        if asks.len() > CHECK_MAX {
            let detail = format!("expected at most {CHECK_MAX} requests, got {}", asks.len());
            return Err(Reason::detail(Code::MALFORMED, detail).into());
        }
        let mut answers: Vec<CheckedAsk> = Vec::with_capacity(asks.len());
        let request = |ask: PermitAsk| async move { self.request_of(principal, &ask).await };
        let requests = futures::stream::iter(asks).map(request);
        let requests: Vec<Result<PermitRequest, Refusal>> = requests.buffered(UNDER_WAY_MAX).collect().await;
        let (mut indexes, mut asked) = (Vec::new(), Vec::new());
        for (index, request) in requests.into_iter().enumerate() {
            answers.push(match request {
                Ok(request) => {
                    indexes.push(index);
                    asked.push(request);
                    Ok(None)
                }
                Err(refusal) => Err(refusal),
            });
        }
        let next = self.check_each(&asked).await?;
        indexes.into_iter().zip(next).for_each(|(index, next)| answers[index] = Ok(next));
        // Taken last: what is allowed now was allowed by the gate's clock a moment ago.
        Ok((self.now(), answers))
    }

    /// Asks for many permits; one answer each, in order, as they come. The nth request of a batch has the retry key and its
    /// number as its own key.
    pub fn request_permits<'a>(
        &'a self,
        principal: &'a Principal,
        asks: impl Stream<Item = Result<PermitAsk, Refusal>> + Send + 'a,
        retry_key: Option<&'a str>,
    ) -> impl Stream<Item = Result<PermitGiven, Refusal>> + Send + 'a {
        let asked = asks.enumerate().map(move |(nth, ask)| async move {
            let key = retry_key.map(|key| format!("{key}#{nth}"));
            self.request_permit(principal, &ask?, key.as_deref()).await
        });
        asked.buffered(UNDER_WAY_MAX)
    }
}
