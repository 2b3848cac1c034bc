//! What agencies may take, lenders allow and collectors are certified for. Days are such as 2026-11-24.

use axum::Json;
use axum::extract::{Path, State};
use events::Refusal;
use events::assignment::{
    AgencyTerms, AgencyTermsSetV1, AllowedV1, CaseDescribedV1, CertificateV1, CollectorCertifiedV1,
    InsuranceV1, LenderTermsSetV1, LicenceV1, Part,
};
use model::{AgencyId, Currency};
use serde::Deserialize;
use serde_json::{Value, json};

use super::asker::{Asker, RetryKey};
use super::input::{Input, a_day, id, parsed};
use super::problem::Problem;
use crate::json::day;
use crate::platform::Platform;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Agency {
    licences: Vec<Licence>,
    #[serde(default)]
    products: Vec<String>,
    #[serde(default)]
    languages: Vec<String>,
    capacity: u32,
    #[serde(default)]
    commission: Vec<u16>,
    insurance: Option<Insurance>,
    #[serde(default)]
    certificates_required: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Licence {
    number: String,
    jurisdiction: String,
    from: String,
    until: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Insurance {
    insurer: String,
    policy: String,
    until: String,
    minor: i64,
    #[serde(deserialize_with = "parsed")]
    currency: Currency,
}

pub(super) async fn set_agency(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Path(agency): Path<String>,
    Input(terms): Input<Agency>,
) -> Result<Json<Value>, Problem> {
    let licences = terms.licences.into_iter().map(|licence| {
        Ok(LicenceV1 {
            number: licence.number,
            jurisdiction: licence.jurisdiction,
            from: a_day("licences.from", &licence.from)?,
            until: licence.until.map(|until| a_day("licences.until", &until)).transpose()?,
        })
    });
    let insurance = terms.insurance.map(|insurance| {
        Ok::<_, Refusal>(InsuranceV1 {
            insurer: insurance.insurer,
            policy: insurance.policy,
            until: a_day("insurance.until", &insurance.until)?,
            minor: insurance.minor,
            currency: insurance.currency,
        })
    });
    let terms = AgencyTermsSetV1 {
        agency: id(&agency)?,
        licences: licences.collect::<Result<_, Refusal>>()?,
        products: terms.products,
        languages: terms.languages,
        capacity: terms.capacity,
        commission: terms.commission,
        insurance: insurance.transpose()?,
        certificates_required: terms.certificates_required,
    };
    let changed = platform.set_agency_terms(&principal, terms, retry_key.as_deref()).await?;
    Ok(Json(json!({ "changed": changed })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lender {
    agencies: Vec<Allowed>,
    #[serde(default)]
    days_max: Vec<u16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Allowed {
    #[serde(deserialize_with = "parsed")]
    agency: AgencyId,
    #[serde(default)]
    challenger: bool,
    #[serde(default)]
    share_min: u16,
    #[serde(default = "everything")]
    share_max: u16,
    #[serde(default)]
    samples_min: u32,
}

const fn everything() -> u16 {
    1_000
}

pub(super) async fn set_lender(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Path(lender): Path<String>,
    Input(Lender { agencies, days_max }): Input<Lender>,
) -> Result<Json<Value>, Problem> {
    let agencies = agencies.into_iter().map(|allowed| AllowedV1 {
        agency: allowed.agency,
        part: if allowed.challenger { Part::Challenger } else { Part::Champion },
        share_min: allowed.share_min,
        share_max: allowed.share_max,
        samples_min: allowed.samples_min,
    });
    let terms = LenderTermsSetV1 { lender: id(&lender)?, agencies: agencies.collect(), days_max };
    let changed = platform.set_lender_terms(&principal, terms, retry_key.as_deref()).await?;
    Ok(Json(json!({ "changed": changed })))
}

/// Public.
pub(super) async fn of_lender(
    State(platform): State<Platform>,
    Path(lender): Path<String>,
) -> Result<Json<Value>, Problem> {
    let terms = platform.agencies_of_lender(id(&lender)?).await?;
    Ok(Json(json!({ "agencies": terms.agencies.iter().map(public_agency).collect::<Vec<_>>() })))
}

fn public_agency(agency: &AgencyTerms) -> Value {
    // Those that follow from a registration without terms have no number and no end.
    let licences = agency.terms.licences.iter().map(|licence| {
        json!({
            "number": (!licence.number.is_empty()).then_some(&licence.number),
            "jurisdiction": licence.jurisdiction,
            "until": licence.until.map(day),
        })
    });
    json!({
        "agency": agency.terms.agency.to_string(),
        "name": agency.name,
        "licences": licences.collect::<Vec<_>>(),
        "suspended": agency.suspended,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Certified {
    identity_verified: String,
    certificates: Vec<Certificate>,
    capacity: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Certificate {
    #[serde(default)]
    products: Vec<String>,
    #[serde(default)]
    languages: Vec<String>,
    until: String,
}

pub(super) async fn certify(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Path(collector): Path<String>,
    Input(certified): Input<Certified>,
) -> Result<Json<Value>, Problem> {
    let certificates = certified.certificates.into_iter().map(|certificate| {
        let until = a_day("certificates.until", &certificate.until)?;
        Ok(CertificateV1 { products: certificate.products, languages: certificate.languages, until })
    });
    let certified = CollectorCertifiedV1 {
        collector: id(&collector)?,
        identity_verified: a_day("identity_verified", &certified.identity_verified)?,
        certificates: certificates.collect::<Result<_, Refusal>>()?,
        capacity: certified.capacity,
    };
    let changed = platform.certify_collector(&principal, certified, retry_key.as_deref()).await?;
    Ok(Json(json!({ "changed": changed })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Described {
    language: Option<String>,
    #[serde(default)]
    conflicts: Vec<String>,
}

pub(super) async fn describe(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Path(case): Path<String>,
    Input(Described { language, conflicts }): Input<Described>,
) -> Result<Json<Value>, Problem> {
    let conflicts = conflicts.iter().map(|agency| id(agency)).collect::<Result<_, Refusal>>()?;
    let said = CaseDescribedV1 { case: id(&case)?, language, conflicts };
    let changed = platform.describe_case(&principal, said, retry_key.as_deref()).await?;
    Ok(Json(json!({ "changed": changed })))
}
