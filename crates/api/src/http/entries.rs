//! Entries of a case's journal, its statement, reopening, limitation.

use axum::Json;
use axum::extract::{Path, State};
use events::Refusal;
use events::ledger::{Account, Basis, EntryKind};
use model::{CaseId, Currency};
use serde::Deserialize;
use serde_json::Value;

use super::asker::{Asker, RetryKey};
use super::input::{Input, Params, a_day, a_reference, an_amount, id, malformed, moment_if_any, parsed};
use super::problem::Problem;
use crate::platform::{EntryAsk, Platform};
use crate::shape;

fn a_basis(word: &str) -> Result<Basis, Refusal> {
    Basis::of(word)
        .ok_or_else(|| malformed(format!("basis: expected one of {}", words(Basis::ALL, |b| b.word()))))
}

fn words<T: Copy>(all: &[T], word: impl Fn(T) -> &'static str) -> String {
    all.iter().map(|one| word(*one)).collect::<Vec<_>>().join(", ")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TakeBack {
    reference: String,
    #[serde(default)]
    charge_back: bool,
    value_date: String,
}

pub(super) async fn take_back(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Path(case): Path<String>,
    Input(asked): Input<TakeBack>,
) -> Result<Json<Value>, Problem> {
    let case: CaseId = id(&case)?;
    let how = (asked.charge_back, a_day("value_date", &asked.value_date)?);
    let reference = a_reference(&asked.reference)?;
    let booked = platform.take_back_payment(&principal, case, reference, how, retry_key.as_deref()).await?;
    let view = platform.case(&principal, case).await?.view;
    Ok(Json(shape::booked(booked, Some(view.currency))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    kind: String,
    reference: String,
    account: Option<String>,
    amount: String,
    #[serde(deserialize_with = "parsed")]
    currency: Currency,
    basis: String,
    value_date: String,
}

pub(super) async fn book(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Path(case): Path<String>,
    Input(entry): Input<Entry>,
) -> Result<Json<Value>, Problem> {
    let kind = EntryKind::of(&entry.kind);
    let account = entry.account.as_deref().map(Account::of);
    let ask = EntryAsk {
        case: id(&case)?,
        kind: kind.ok_or_else(|| malformed("kind: expected fee, cost, adjustment, refund or remittance"))?,
        reference: a_reference(&entry.reference)?.to_owned(),
        account: account
            .unwrap_or(Some(Account::Principal))
            .ok_or_else(|| malformed("account: expected principal, interest, fees or costs"))?,
        amount: an_amount(&entry.amount, entry.currency)?,
        basis: a_basis(&entry.basis)?,
        value_date: a_day("value_date", &entry.value_date)?,
    };
    let booked = platform.book(&principal, &ask, retry_key.as_deref()).await?;
    Ok(Json(shape::booked(booked, Some(entry.currency))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Accrue {
    until: String,
}

pub(super) async fn accrue(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Path(case): Path<String>,
    Input(asked): Input<Accrue>,
) -> Result<Json<Value>, Problem> {
    let case: CaseId = id(&case)?;
    let until = a_day("until", &asked.until)?;
    let booked = platform.accrue_interest(&principal, case, until, retry_key.as_deref()).await?;
    let view = platform.case(&principal, case).await?.view;
    Ok(Json(shape::booked(booked, Some(view.currency))))
}

pub(super) async fn reopen(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Path(case): Path<String>,
) -> Result<Json<Value>, Problem> {
    let case: CaseId = id(&case)?;
    let booked = platform.reopen_case(&principal, case, retry_key.as_deref()).await?;
    let view = platform.case(&principal, case).await?.view;
    Ok(Json(shape::booked(booked, Some(view.currency))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limitation {
    on: Option<String>,
    basis: String,
}

pub(super) async fn limit(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Path(case): Path<String>,
    Input(asked): Input<Limitation>,
) -> Result<Json<Value>, Problem> {
    let on = asked.on.as_deref().map(|on| a_day("on", on)).transpose()?;
    let set = (on, a_basis(&asked.basis)?);
    let booked = platform.set_limitation(&principal, id(&case)?, set, retry_key.as_deref()).await?;
    Ok(Json(shape::booked(booked, None)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AsOf {
    on: Option<String>,
    booked_by: Option<String>,
}

pub(super) async fn statement(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    Path(case): Path<String>,
    Params(as_of): Params<AsOf>,
) -> Result<Json<Value>, Problem> {
    let on = as_of.on.as_deref().map(|on| a_day("on", on)).transpose()?;
    let booked_by = moment_if_any("booked_by", as_of.booked_by.as_deref())?;
    let statement = platform.statement(&principal, id(&case)?).await?;
    Ok(Json(shape::statement(&statement, on, booked_by)))
}
