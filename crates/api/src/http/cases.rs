//! Cases: import, look up, pay, close.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use events::ledger::{CloseReason, FileKind, Receiver};
use model::{CaseId, Currency, LenderId, Money};
use serde::Deserialize;
use serde_json::{Value, json};

use super::asker::{Asker, RetryKey};
use super::input::{Input, Params, a_reference, after, id, malformed, parsed, parsed_if_any, without_input};
use super::problem::Problem;
use super::upload::upload;
use crate::import::FileImport;
use crate::json::parse_day;
use crate::platform::{Payment, Platform};
use crate::portfolio::{ColumnNames, Defaults};
use crate::shape;

/// The file's format and encoding are found from its content; `format` is for the reader of a log.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Import {
    format: Option<String>,
    product: Option<String>,
    #[serde(default, deserialize_with = "parsed_if_any")]
    currency: Option<Currency>,
    jurisdiction: Option<String>,
    kind: Option<String>,
    #[serde(default, deserialize_with = "parsed_if_any")]
    check: Option<bool>,
    /// A JSON object: their names of columns, and ours.
    columns: Option<String>,
}

pub(super) async fn import(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Path(lender): Path<String>,
    Params(import): Params<Import>,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let lender: LenderId = id(&lender)?;
    if !matches!(import.format.as_deref(), None | Some("csv" | "jsonl")) {
        return Err(malformed("format: expected csv or jsonl").into());
    }
    let usual = Defaults::default();
    let defaults = Defaults {
        product: import.product.unwrap_or(usual.product),
        currency: import.currency.unwrap_or(usual.currency),
        jurisdiction: import.jurisdiction.unwrap_or(usual.jurisdiction),
        columns: import.columns.as_deref().map_or(Ok(usual.columns), column_names)?,
        ..usual
    };
    let kind = match import.kind.as_deref() {
        None => FileKind::Dispatch,
        Some(word) => {
            FileKind::of(word).ok_or_else(|| malformed("kind: expected one of dispatch, update, recall"))?
        }
    };
    let import = FileImport { kind, check: import.check.unwrap_or(false), defaults };
    let key = retry_key.as_deref();
    let report = platform.import_file(&principal, lender, import, upload(body), key, |_| {}).await?;
    Ok(Json(report.shape()))
}

fn column_names(text: &str) -> Result<ColumnNames, Problem> {
    let names: BTreeMap<String, String> = serde_json::from_str(text)
        .map_err(|error| malformed(format!("columns: {}", without_input(&error))))?;
    let pairs = names.iter().map(|(their, our)| (their.as_str(), our.as_str()));
    Ok(ColumnNames::new(pairs).map_err(|error| malformed(format!("columns: {error}")))?)
}

pub(super) async fn case(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    Path(case): Path<String>,
) -> Result<Json<Value>, Problem> {
    let summary = platform.case(&principal, id(&case)?).await?;
    Ok(Json(shape::case(&summary)))
}

pub(super) async fn people(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    Path(case): Path<String>,
) -> Result<Json<Value>, Problem> {
    let people = platform.people(&principal, id(&case)?).await?;
    Ok(Json(json!({ "people": shape::people(&people) })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    limit: Option<u32>,
    after: Option<String>,
}

pub(super) async fn timeline(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    Path(case): Path<String>,
    Params(page): Params<Page>,
) -> Result<Json<Value>, Problem> {
    let after = after(page.after.as_deref())?;
    let limit = page.limit.unwrap_or(100);
    let page = platform.case_timeline(&principal, id(&case)?, limit, after).await?;
    Ok(Json(shape::timeline(&page)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pay {
    reference: String,
    /// A decimal text, such as `1234.56`.
    amount: String,
    #[serde(deserialize_with = "parsed")]
    currency: Currency,
    /// `2026-11-24`.
    value_date: String,
    /// `lender` or `agency`; the lender if left out.
    received_by: Option<String>,
}

pub(super) async fn pay(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Path(case): Path<String>,
    Input(pay): Input<Pay>,
) -> Result<Json<Value>, Problem> {
    let case: CaseId = id(&case)?;
    a_reference(&pay.reference)?;
    let amount =
        Money::parse(&pay.amount, pay.currency).map_err(|error| malformed(format!("amount: {error}")))?;
    let value_date =
        parse_day(&pay.value_date).ok_or_else(|| malformed("value_date: expected 2026-11-24"))?;
    let received_by = match pay.received_by.as_deref() {
        None | Some("lender") => Receiver::Lender,
        Some("agency") => Receiver::Agency,
        Some(_) => return Err(malformed("received_by: expected lender or agency").into()),
    };
    let payment = Payment { case, reference: pay.reference, amount, value_date, received_by };
    let posted = platform.post_payment(&principal, &payment, retry_key.as_deref()).await?;
    Ok(Json(json!({
        "changed": posted.balance.is_some(),
        "balance": posted.balance.map(|minor| shape::money(minor, pay.currency)),
    })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Close {
    reason: String,
}

pub(super) async fn close(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Path(case): Path<String>,
    Input(close): Input<Close>,
) -> Result<Json<Value>, Problem> {
    let reason = CloseReason::ALL
        .into_iter()
        .find(|reason| reason.word() == close.reason)
        .ok_or_else(|| malformed("reason: expected one of settled, paid, recalled, written-off, error"))?;
    let changed = platform.close_case(&principal, id(&case)?, reason, retry_key.as_deref()).await?;
    Ok(Json(json!({ "changed": changed })))
}
