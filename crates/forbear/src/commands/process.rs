//! `up`, `serve`, `config check`.

use std::sync::Arc;

use api::{CodeSender, DisplayOnly};
use model::Timestamp;
use runtime::{Clock, SimulatedClock, SystemClock};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use vault::MasterKey;

use super::print;
use crate::cli::{Check, ClusterSettings, Format, Serve, Settings};
use crate::config::{Config, ConfigError, Given, Layers, Setting};
use crate::failure::Failure;
use crate::node::{Node, Place, Role, Start, master_key};

/// The defaults, changed by the file, the environment and the flags; and what the file held.
fn layered(settings: &Settings, cluster: &ClusterSettings) -> Result<(Config, Vec<String>), Failure> {
    let loaded = settings.config.as_deref().map(Config::load).transpose().map_err(Failure::usage)?;
    let (mut config, in_file) = loaded.unwrap_or_default();
    if let Some(data) = &settings.data {
        config.data.clone_from(data);
    }
    if let Some(listen) = settings.listen {
        config.listen = listen;
    }
    if settings.vault_key.is_some() {
        config.vault_key.clone_from(&settings.vault_key);
    }
    if let Some(url) = &cluster.nats {
        config.nats.url.clone_from(url);
    }
    if cluster.nats_login.is_some() {
        config.nats.login.clone_from(&cluster.nats_login);
    }
    if cluster.probes.is_some() {
        config.probes = cluster.probes;
    }
    if cluster.instance.is_some() {
        config.instance = cluster.instance;
    }
    if let Some(replicas) = cluster.replicas {
        config.nats.replicas = replicas;
    }
    Ok((config, in_file))
}

/// The configuration, if it can work; where each setting comes from is in `given`.
fn valid(
    settings: &Settings,
    cluster: &ClusterSettings,
    given: &Given,
) -> Result<(Config, Vec<Setting>), Failure> {
    let (config, in_file) = layered(settings, cluster)?;
    let layers = Layers { file: settings.config.as_deref().map(|path| (path, in_file)), given };
    config.validate().map_err(|error| match &error {
        ConfigError::Value { key, .. } => Failure::usage(format!("{error} ({})", layers.origin(key))),
        _ => Failure::usage(&error),
    })?;
    let shown = layers.settings(&config).map_err(Failure::failed)?;
    Ok((config, shown))
}

/// The key that every process of a cluster has.
fn shared_key(config: &Config) -> Result<MasterKey, Failure> {
    master_key(config, false).map_err(|error| {
        Failure::usage(format!("vault_key: {error}; for a new cluster, `forbear key FILE` makes one"))
    })
}

pub(super) fn check(check: &Check, given: &Given, format: Format) -> Result<(), Failure> {
    let (config, settings) = valid(&check.settings, &check.cluster, given)?;
    let key = config.vault_key();
    // `up` makes the key on its first start.
    if !check.roles.is_empty() || key.exists() {
        shared_key(&config)?;
    }
    config.nats_login().map_err(Failure::usage)?;
    let roles: Vec<_> = check.roles.iter().map(|role| role.name()).collect();
    let what = if roles.is_empty() { "up".to_owned() } else { format!("serve {}", roles.join(" ")) };
    let shown: Vec<_> = settings.iter().map(Setting::json).collect();
    print(format, &json!({ "valid_for": what, "settings": shown }), |_| {
        let lines: Vec<_> = settings.iter().map(Setting::line).collect();
        format!("# valid for: forbear {what}\n{}", lines.join("\n"))
    });
    Ok(())
}

pub(super) async fn up(settings: &Settings, given: &Given, format: Format) -> Result<(), Failure> {
    let (config, _) = valid(settings, &ClusterSettings::default(), given)?;
    let master = master_key(&config, true).map_err(Failure::usage)?;
    let node = Node::start(Start {
        config: &config,
        roles: &Role::ALL,
        place: Place::Embedded,
        clock: Clock::System(SystemClock::start()),
        master,
        codes: None,
    })
    .await
    .map_err(Failure::failed)?;
    if let Some(address) = node.listening {
        let (data, key) = (config.data.display(), config.vault_key());
        let answer = json!({ "listening": address.to_string(), "data": data.to_string() });
        print(format, &answer, |_| {
            // Other commands look for the key in the usual place, unless told.
            let elsewhere = key != Config::default().vault_key();
            let at = if elsewhere { format!(" --vault-key {}", key.display()) } else { String::new() };
            format!(
                "forbear is up at http://{address}, its data in {data}; Ctrl-C ends it\n\
                 sign in at http://{address}/sign-in with what this prints: forbear token operator{at}"
            )
        });
    }
    run_until_stopped(node).await
}

pub(super) async fn serve(serve: &Serve, given: &Given, format: Format) -> Result<(), Failure> {
    let (mut config, _) = valid(&serve.settings, &serve.cluster, given)?;
    if config.instance.is_none() {
        // Two processes that were given no number must not have the same.
        config.instance = Some(getrandom::u32().map_err(Failure::failed)?);
    }
    let master = shared_key(&config)?;
    // Named twice, a role is one.
    let mut roles = serve.roles.clone();
    roles.sort_unstable();
    roles.dedup();
    let login = config.nats_login().map_err(Failure::usage)?;
    let client = runtime::nats::connect(&config.nats.url, login).await.map_err(Failure::unavailable)?;
    let (clock, codes): (_, Option<Arc<dyn CodeSender>>) = match serve.simulate_from {
        Some(at) => (Clock::Simulated(SimulatedClock::starting(Timestamp(at))), Some(Arc::new(DisplayOnly))),
        None => (Clock::System(SystemClock::start()), None),
    };
    let node = Node::start(Start {
        config: &config,
        roles: &roles,
        place: Place::Nats(client),
        clock,
        master,
        codes,
    })
    .await
    .map_err(Failure::failed)?;
    let roles: Vec<_> = roles.iter().map(|role| role.name()).collect();
    let instance = config.instance();
    tracing::info!(roles = roles.join(" "), %instance, "taking part");
    let at = |address: Option<std::net::SocketAddr>| address.map(|address| address.to_string());
    let answer = json!({
        "roles": roles, "instance": instance.0, "listening": at(node.listening), "probes": at(config.probes),
    });
    print(format, &answer, |answer| {
        let mut out = format!("forbear takes part as {instance}: {}; Ctrl-C ends it", roles.join(", "));
        for (key, what) in [("listening", "pages"), ("probes", "probes")] {
            if let Some(address) = answer[key].as_str() {
                out.push_str(&format!("\n{what} at http://{address}"));
            }
        }
        out
    });
    run_until_stopped(node).await
}

/// Until Ctrl-C or SIGTERM, or until a part cannot go on.
async fn run_until_stopped(mut node: Node) -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::failed)?;
    let failed = tokio::select! {
        _ = tokio::signal::ctrl_c() => None,
        _ = terminate.recv() => None,
        error = node.failed() => Some(error),
    };
    let stopped = node.stop().await;
    match failed {
        Some(why) => Err(Failure::failed(why)),
        None => stopped.map_err(Failure::failed),
    }
}
