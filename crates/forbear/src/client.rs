//! A client of the platform's HTTP interface.

use std::io::Read;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use api::{Principal, SignIn};
use model::Timestamp;
use serde_json::Value;
use ureq::http::Response;
use ureq::typestate::WithBody;
use ureq::{Agent, Body, RequestBuilder, SendBody};
use vault::MasterKey;

use crate::cli::Server;
use crate::failure::Failure;

/// How long a token made for one command lasts.
const TOKEN_MS: i64 = 3_600_000;

/// A client, signed in.
pub struct Client {
    agent: Agent,
    server: String,
    token: Option<String>,
}

impl Client {
    /// As the token says, or else as the operator, if the vault key can be read.
    pub fn signed_in(server: &Server) -> Result<Self, Failure> {
        let token = match &server.token {
            Some(token) => token.clone(),
            None => {
                let path = server.vault_key.clone().unwrap_or_else(|| server.data.join(MasterKey::FILE_NAME));
                let key = MasterKey::load(&path).map_err(|error| {
                    Failure::usage(format!(
                        "no token: give --token, or --data with the platform's data directory, or --vault-key ({error})"
                    ))
                })?;
                token(&key, Principal::Operator, TOKEN_MS)?
            }
        };
        Ok(Self { token: Some(token), ..Self::anonymous(&server.server) })
    }

    /// As nobody.
    pub fn anonymous(server: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(5)))
            .build();
        Self { agent: config.into(), server: server.trim_end_matches('/').to_owned(), token: None }
    }

    /// Asks.
    pub fn get(&self, path: &str) -> Result<Value, Failure> {
        let mut request = self.agent.get(format!("{}{path}", self.server));
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        self.read(request.call())
    }

    /// Commands.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.read(self.request(path, "application/json").send(body.to_string()))
    }

    /// Commands what its path says in full. A body that the platform does not read could break the connection
    /// before its answer is here.
    pub fn order(&self, path: &str) -> Result<Value, Failure> {
        self.read(self.request(path, "application/json").send_empty())
    }

    /// Commands, with a long body.
    pub fn upload(&self, path: &str, reader: impl Read + 'static) -> Result<Value, Failure> {
        let body = SendBody::from_owned_reader(reader);
        self.read(self.request(path, "application/octet-stream").send(body))
    }

    fn request(&self, path: &str, content_type: &str) -> RequestBuilder<WithBody> {
        let request = self.agent.post(format!("{}{path}", self.server)).header("Content-Type", content_type);
        match &self.token {
            Some(token) => request.header("Authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    fn read(&self, response: Result<Response<Body>, ureq::Error>) -> Result<Value, Failure> {
        let server = &self.server;
        let mut response = response.map_err(|error| {
            Failure::unavailable(format!("no answer from {server}: {error}; is `forbear up` running there?"))
        })?;
        let status = response.status();
        let text = response
            .body_mut()
            .with_config()
            .limit(64 * 1024 * 1024)
            .read_to_string()
            .map_err(|error| Failure::unavailable(format!("{server} broke off its answer: {error}")))?;
        let value: Value = serde_json::from_str(&text).map_err(|_| {
            Failure::refused(format!(
                "expected JSON from {server}, got {} bytes of something else",
                text.len()
            ))
        })?;
        if status.is_success() {
            return Ok(value);
        }
        let message = refusal(&value);
        Err(if matches!(status.as_u16(), 429 | 503) {
            Failure::unavailable(message)
        } else {
            Failure::refused(message)
        })
    }
}

/// Signs a token with the master key.
pub fn token(key: &MasterKey, principal: Principal, lasts_ms: i64) -> Result<String, Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(Failure::refused)?;
    let now = Timestamp(i64::try_from(now.as_millis()).unwrap_or(i64::MAX));
    let sign_in = SignIn { principal, expires_at: now.plus_ms(lasts_ms) };
    sign_in.sign(&key.tokens()).map_err(Failure::refused)
}

/// Every reason of a refusal, a line each.
fn refusal(value: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut lines = vec!["refused:".to_owned()];
    for reason in value["reasons"].as_array().into_iter().flatten() {
        let mut line = format!("  {} {}", text(&reason["code"]), text(&reason["word"]));
        if let (Some(counted), Some(limit)) = (reason["counted"].as_u64(), reason["limit"].as_u64()) {
            line.push_str(&format!(" ({counted} of {limit})"));
        }
        if let Some(detail) = reason["detail"].as_str() {
            line.push_str(&format!(": {detail}"));
        }
        lines.push(line);
    }
    match value["next_allowed"].as_str() {
        Some(next) => lines.push(format!("  next allowed: {next}")),
        None if lines.len() == 1 => lines.push(format!("  {value}")),
        None => {}
    }
    lines.join("\n")
}
