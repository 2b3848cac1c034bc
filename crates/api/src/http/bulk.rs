//! Many requests at once, a JSON line each.

use std::pin::pin;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use events::Refusal;
use futures::{StreamExt, TryStreamExt};
use serde_json::{Value, json};

use super::asker::{Asker, RetryKey};
use super::json_lines::JsonLines;
use super::lines::lines;
use super::permits::Ask;
use super::problem::Problem;
use crate::json::rfc3339;
use crate::platform::{CheckedAsk, PermitAsk, Platform};
use crate::shape;

/// Looks a list through. A line that does not read refuses the whole of it: nothing was reserved.
pub(super) async fn check(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    body: JsonLines,
) -> Result<Json<Value>, Problem> {
    let asks = body.read::<Ask>().map(|ask| ask.and_then(Ask::read));
    let asks: Vec<PermitAsk> = asks.try_collect::<Vec<_>>().await.map_err(|refusal: Refusal| refusal)?;
    let (at, answers) = platform.check_permits(&principal, asks).await?;
    let answer = |answer: &CheckedAsk| match answer {
        Ok(next) => json!({
            "callable_now": next.is_some_and(|next| next <= at),
            "next_allowed": next.map(rfc3339),
        }),
        Err(refusal) => json!({ "refusal": shape::refusal(refusal) }),
    };
    Ok(Json(json!({ "at": rfc3339(at), "answers": answers.iter().map(answer).collect::<Vec<_>>() })))
}

/// Asks for permits; one line each, in order: the permit, or the refusal.
pub(super) async fn request(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    body: JsonLines,
) -> Response {
    let (sender, response) = lines();
    tokio::spawn(async move {
        let asks = body.read::<Ask>().map(|ask| ask.and_then(Ask::read));
        let mut answers = pin!(platform.request_permits(&principal, asks, retry_key.as_deref()));
        while let Some(answer) = answers.next().await {
            let line = match answer {
                Ok(permit) => json!({ "permit": permit }),
                Err(refusal) => json!({ "refusal": shape::refusal(&refusal) }),
            };
            if sender.send(line).await.is_err() {
                return;
            }
        }
    });
    response
}
