//! Who may collect, from which numbers, with which texts.

use axum::Json;
use axum::extract::{Path, State};
use events::gate::{Line, TemplateApprovedV1, TemplateId};
use model::{Channel, CollectorId, Role};
use serde::Deserialize;
use serde_json::{Value, json};

use super::asker::{Asker, RetryKey};
use super::input::{Input, id, parsed, parsed_each, parsed_if_any};
use super::problem::Problem;
use crate::platform::Platform;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Standing {
    #[serde(default, deserialize_with = "parsed_if_any")]
    collector: Option<CollectorId>,
    active: bool,
}

pub(super) async fn standing(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Path(agency): Path<String>,
    Input(Standing { collector, active }): Input<Standing>,
) -> Result<Json<Value>, Problem> {
    let key = retry_key.as_deref();
    let changed = platform.set_standing(&principal, id(&agency)?, collector, active, key).await?;
    Ok(Json(json!({ "changed": changed })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Registered {
    #[serde(deserialize_with = "parsed")]
    line: Line,
    registered: bool,
}

pub(super) async fn line(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Path(agency): Path<String>,
    Input(Registered { line, registered }): Input<Registered>,
) -> Result<Json<Value>, Problem> {
    let key = retry_key.as_deref();
    let changed = platform.register_line(&principal, id(&agency)?, line, registered, key).await?;
    Ok(Json(json!({ "changed": changed })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Template {
    template: u32,
    #[serde(deserialize_with = "parsed_each")]
    channels: Vec<Channel>,
    #[serde(deserialize_with = "parsed_each")]
    roles: Vec<Role>,
    text: String,
}

pub(super) async fn approve(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Path(agency): Path<String>,
    Input(Template { template, channels, roles, text }): Input<Template>,
) -> Result<Json<Value>, Problem> {
    let (agency, template) = (id(&agency)?, TemplateId(template));
    let approved = TemplateApprovedV1 { agency, template, channels, roles, text };
    let changed = platform.approve_template(&principal, approved, retry_key.as_deref()).await?;
    Ok(Json(json!({ "changed": changed })))
}

pub(super) async fn withdraw(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Path((agency, template)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    let (agency, template) = (id(&agency)?, TemplateId(id(&template)?));
    let changed = platform.withdraw_template(&principal, agency, template, retry_key.as_deref()).await?;
    Ok(Json(json!({ "changed": changed })))
}
