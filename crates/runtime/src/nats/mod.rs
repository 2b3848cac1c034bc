//! Services over NATS: commands and queries as NATS services, leases and keys in JetStream KV.
//!
//! | subject | asked | answered by |
//! |---|---|---|
//! | `forbear.<service>.<partition>` | postcard of [`call::Call`] | whoever leads the partition |
//! | `forbear.audit` | postcard of the audit crate's query | any audit process (queue group) |
//!
//! No subject and no payload carries personal data in clear (P6).

pub mod call;
mod client;
mod keys;
mod lease;
mod login;
mod patience;
mod serve;

pub use async_nats::Client;
pub use client::{RemotePartition, ask, remote_port};
pub use keys::JetStreamKeys;
pub use lease::KvLeases;
pub use login::Login;
pub use serve::{NatsAnnounce, Serving, answer};

use async_nats::{ServerAddr, jetstream};
use events::{Code, Reason, Refusal, StreamId};

/// Connects to the first server that answers, of several separated by commas; later losses of the connection
/// mend themselves. Without a login, that of the first address that has one is used, for all of them.
pub async fn connect(urls: &str, login: Option<Login>) -> Result<Client, NatsError> {
    let servers: Result<Vec<ServerAddr>, _> = urls.split(',').map(|url| url.trim().parse()).collect();
    let servers = servers.map_err(|error| NatsError::new("reading the servers' addresses", error))?;
    // Hosts only: an address may carry a password.
    let hosts: Vec<String> =
        servers.iter().map(|server| format!("{}:{}", server.host(), server.port())).collect();
    let options = async_nats::ConnectOptions::new();
    let options = match login.or_else(|| servers.iter().find_map(Login::of)) {
        Some(login) => login.apply(options),
        None => options,
    };
    let connected = options.connect(servers).await;
    connected.map_err(|error| NatsError::new(format!("connecting to {}", hosts.join(", ")), error))
}

/// The bytes of a question or an answer.
pub fn encode<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, Refusal> {
    postcard::to_stdvec(value).map_err(|error| Reason::detail(Code::MALFORMED, error.to_string()).into())
}

/// Reads a question or an answer.
pub fn decode<T: serde::de::DeserializeOwned>(payload: &[u8]) -> Result<T, Refusal> {
    postcard::from_bytes(payload).map_err(|error| {
        let detail = format!("expected a message of this version: {error}");
        Reason::detail(Code::MALFORMED, detail).into()
    })
}

/// Why NATS could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("NATS: {action}: {cause}; check the server and its JetStream settings (deploy/nats)")]
pub struct NatsError {
    /// What was being done.
    pub action: String,
    /// What NATS says.
    pub cause: String,
}

impl NatsError {
    fn new(action: impl Into<String>, cause: impl std::fmt::Display) -> Self {
        Self { action: action.into(), cause: cause.to_string() }
    }
}

fn subject(stream: StreamId) -> String {
    format!("forbear.{}.{}", stream.service, stream.partition)
}

/// A key-value bucket on file storage, created if it is not there.
async fn bucket(
    client: &Client,
    name: &str,
    replicas: usize,
    max_age: std::time::Duration,
) -> Result<jetstream::kv::Store, NatsError> {
    let context = jetstream::new(client.clone());
    let config = jetstream::kv::Config {
        bucket: name.to_owned(),
        history: 1,
        max_age,
        num_replicas: replicas,
        storage: jetstream::stream::StorageType::File,
        ..Default::default()
    };
    // Creating a bucket that exists with the same settings is no error; several processes start at once.
    let open = || async {
        match context.create_key_value(config.clone()).await {
            Ok(store) => Ok((store, true)),
            Err(created) => match context.get_key_value(name).await {
                Ok(store) => Ok((store, false)),
                Err(_) => Err(NatsError::new(format!("creating the bucket {name}"), created)),
            },
        }
    };
    match patience::patiently(open).await? {
        (store, true) => Ok(store),
        (store, false) => same_settings(store, name, replicas, max_age).await,
    }
}

/// Refuses a bucket that was made with other settings: leases would run out early, keys be kept too few times.
async fn same_settings(
    store: jetstream::kv::Store,
    name: &str,
    replicas: usize,
    max_age: std::time::Duration,
) -> Result<jetstream::kv::Store, NatsError> {
    let action = || format!("opening the bucket {name}");
    let status = store.status().await.map_err(|error| NatsError::new(action(), error))?;
    let config = &status.info.config;
    if config.num_replicas == replicas && config.max_age == max_age {
        return Ok(store);
    }
    let cause = format!(
        "expected {replicas} replicas and an age of {} s, it was made with {} and {} s; use those, or change the \
         bucket's stream KV_{name}",
        max_age.as_secs(),
        config.num_replicas,
        config.max_age.as_secs()
    );
    Err(NatsError::new(action(), cause))
}
