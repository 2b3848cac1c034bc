//! Terms, accounts of lenders and agencies, and the books beside a list of payments.

use std::io::Read;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use events::ledger::{Account, CeilingV1, CommissionAgreedV1, DayCount, InterestTermsV1, TermsSetV1};
use events::{Code, Refusal};
use model::{AgencyId, Currency, LenderId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::asker::{Asker, RetryKey};
use super::input::{Input, Params, a_day, a_reference, an_amount, id, malformed, parsed};
use super::problem::Problem;
use super::upload::upload;
use crate::platform::{PaymentRow, Platform};
use crate::shape;

/// Largest list of payments, in bytes: some hundred thousand.
const LIST_MAX: u64 = 16 * 1024 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Terms {
    product: String,
    #[serde(default)]
    allocation: Vec<String>,
    interest: Option<Interest>,
    ceiling: Option<Ceiling>,
    #[serde(default)]
    discount_max_bp: u16,
    #[serde(default)]
    grace_days: u16,
    limitation_days: Option<u32>,
    #[serde(default)]
    limitation_restarts: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Interest {
    rate_ppm: u32,
    day_count: String,
    from: Option<String>,
    until: Option<String>,
}

/// One that is known by name, or one's own with its source.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ceiling {
    name: Option<String>,
    rate_ppm: Option<u32>,
    source: Option<String>,
    as_of: String,
}

fn ceiling(asked: Ceiling) -> Result<CeilingV1, Refusal> {
    let as_of = a_day("as_of", &asked.as_of)?;
    match (asked.name, asked.rate_ppm, asked.source) {
        (Some(name), None, None) => ledger::ceilings::named(&name, as_of).ok_or_else(|| {
            malformed("ceiling: expected a name such as cn-private-lending and a day on which it is known")
        }),
        (None, Some(rate_ppm), Some(source)) => Ok(CeilingV1 { rate_ppm, source, as_of }),
        _ => Err(malformed("ceiling: expected either `name` or `rate_ppm` and `source`")),
    }
}

fn interest(asked: &Interest) -> Result<InterestTermsV1, Refusal> {
    Ok(InterestTermsV1 {
        rate_ppm: asked.rate_ppm,
        day_count: DayCount::of(&asked.day_count)
            .ok_or_else(|| malformed("day_count: expected act/365f, act/360 or 30e/360"))?,
        from: asked.from.as_deref().map(|day| a_day("from", day)).transpose()?,
        until: asked.until.as_deref().map(|day| a_day("until", day)).transpose()?,
    })
}

pub(super) async fn set_terms(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Path(lender): Path<String>,
    Input(asked): Input<Terms>,
) -> Result<Json<Value>, Problem> {
    let account = |word: &String| {
        Account::of(word).ok_or_else(|| malformed("allocation: expected costs, fees, interest, principal"))
    };
    let terms = TermsSetV1 {
        lender: id(&lender)?,
        product: asked.product,
        allocation: asked.allocation.iter().map(account).collect::<Result<_, _>>()?,
        interest: asked.interest.as_ref().map(interest).transpose()?,
        ceiling: asked.ceiling.map(ceiling).transpose()?,
        discount_max_bp: asked.discount_max_bp,
        grace_days: asked.grace_days,
        limitation_days: asked.limitation_days,
        limitation_restarts: asked.limitation_restarts,
    };
    let changed = platform.set_terms(&principal, terms, retry_key.as_deref()).await?;
    Ok(Json(json!({ "changed": changed })))
}

pub(super) async fn terms(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    Path(lender): Path<String>,
) -> Result<Json<Value>, Problem> {
    let (terms, commissions) = platform.terms(&principal, id(&lender)?).await?;
    Ok(Json(shape::terms(&terms, &commissions)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Commission {
    #[serde(deserialize_with = "parsed")]
    agency: AgencyId,
    rate_bp: u16,
    #[serde(default)]
    direct: bool,
}

pub(super) async fn agree(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Path(lender): Path<String>,
    Input(Commission { agency, rate_bp, direct }): Input<Commission>,
) -> Result<Json<Value>, Problem> {
    let agreed = CommissionAgreedV1 { lender: id(&lender)?, agency, rate_bp, direct };
    let changed = platform.agree_commission(&principal, agreed, retry_key.as_deref()).await?;
    Ok(Json(json!({ "changed": changed })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct On {
    on: Option<String>,
}

pub(super) async fn of_lender(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    Path(lender): Path<String>,
    Params(On { on }): Params<On>,
) -> Result<Json<Value>, Problem> {
    let on = match on.as_deref() {
        Some(on) => a_day("on", on)?,
        None => platform.now().day(),
    };
    let account = platform.lender_account(&principal, id(&lender)?, on).await?;
    Ok(Json(shape::party_account(&account)))
}

pub(super) async fn of_agency(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    Path(agency): Path<String>,
) -> Result<Json<Value>, Problem> {
    let account = platform.agency_account(&principal, id(&agency)?).await?;
    Ok(Json(shape::party_account(&account)))
}

pub(super) async fn reconcile(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    Path(lender): Path<String>,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let lender: LenderId = id(&lender)?;
    let reader = upload(body);
    let read = tokio::task::spawn_blocking(move || rows(reader)).await;
    let rows = read.map_err(|_| Refusal::from(Code::UNAVAILABLE))??;
    let result = platform.reconcile(&principal, lender, rows).await?;
    Ok(Json(shape::reconciliation(&result)))
}

/// A row as it stands in the list.
#[derive(Deserialize)]
struct Row {
    case: String,
    reference: String,
    amount: String,
    currency: Option<String>,
    value_date: String,
}

/// Reads CSV with the columns case, reference, amount, currency (CNY if left out) and value_date.
fn rows(reader: impl Read) -> Result<Vec<PaymentRow>, Refusal> {
    let mut csv = csv::Reader::from_reader(reader.take(LIST_MAX + 1));
    let mut rows = Vec::new();
    let headers = csv.headers().cloned().map_err(|error| unreadable(&error, 1))?;
    for (index, record) in csv.records().enumerate() {
        // Under the header; what came is not repeated.
        let next = index as u64 + 2;
        let record = record.map_err(|error| unreadable(&error, next))?;
        let line = record.position().map_or(next, csv::Position::line);
        if record.position().is_some_and(|position| position.byte() > LIST_MAX) {
            return Err(malformed(format!("expected at most {LIST_MAX} bytes; compare it in parts")));
        }
        let row: Row = record.deserialize(Some(&headers)).map_err(|error| unreadable(&error, line))?;
        let at = |refusal: Refusal| malformed(format!("line {line}: {refusal}"));
        let currency: Currency = row
            .currency
            .as_deref()
            .unwrap_or("CNY")
            .parse()
            .map_err(|_| malformed(format!("line {line}: currency: expected a code such as CNY")))?;
        let amount = an_amount(&row.amount, currency).map_err(at)?;
        let value_date = a_day("value_date", &row.value_date).map_err(at)?;
        a_reference(&row.reference).map_err(at)?;
        rows.push(PaymentRow { line, case: row.case, reference: row.reference, amount, value_date });
    }
    Ok(rows)
}

fn unreadable(error: &csv::Error, line: u64) -> Refusal {
    let line = error.position().map_or(line, csv::Position::line);
    malformed(format!("line {line}: expected the columns case, reference, amount, currency, value_date"))
}
