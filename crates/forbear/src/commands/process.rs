//! `up`, `serve`, `config check`.

use std::sync::Arc;

use api::{CodeSender, DisplayOnly};
use model::Timestamp;
use runtime::{Clock, SimulatedClock, SystemClock};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{Format, Serve, Settings};
use crate::config::Config;
use crate::failure::Failure;
use crate::node::{Node, Place, Role, Start, master_key};

/// The defaults, changed by the file, the environment and the flags.
fn config(settings: &Settings) -> Result<Config, Failure> {
    let mut config = Config::load(settings.config.as_deref()).map_err(Failure::usage)?;
    if let Some(data) = &settings.data {
        config.data.clone_from(data);
    }
    if let Some(listen) = settings.listen {
        config.listen = listen;
    }
    if settings.vault_key.is_some() {
        config.vault_key.clone_from(&settings.vault_key);
    }
    Ok(config)
}

fn valid(config: Config) -> Result<Config, Failure> {
    config.validate().map_err(Failure::usage)?;
    Ok(config)
}

pub(super) fn check(settings: &Settings) -> Result<(), Failure> {
    let config = valid(config(settings)?)?;
    let text = toml::to_string(&config).map_err(Failure::refused)?;
    println!("{}", text.trim_end());
    Ok(())
}

pub(super) async fn up(settings: &Settings, format: Format) -> Result<(), Failure> {
    let config = valid(config(settings)?)?;
    let master = master_key(&config, true).map_err(Failure::refused)?;
    let node = Node::start(Start {
        config: &config,
        roles: &Role::ALL,
        place: Place::Embedded,
        clock: Clock::System(SystemClock::start()),
        master,
        codes: None,
    })
    .await
    .map_err(Failure::refused)?;
    if let Some(address) = node.listening {
        match format {
            Format::Json => println!("{}", serde_json::json!({ "listening": address.to_string() })),
            Format::Text => println!(
                "forbear is up at http://{address}, data in {}\n\
                 sign in with a token: `forbear token operator`; stop with Ctrl-C",
                config.data.display()
            ),
        }
    }
    run_until_stopped(node).await
}

pub(super) async fn serve(serve: Serve) -> Result<(), Failure> {
    let mut config = config(&serve.settings)?;
    if let Some(url) = &serve.nats {
        config.nats.url.clone_from(url);
    }
    if serve.probes.is_some() {
        config.probes = serve.probes;
    }
    if let Some(instance) = serve.instance {
        config.instance = instance;
    }
    if let Some(replicas) = serve.replicas {
        config.nats.replicas = replicas;
    }
    let config = valid(config)?;
    let master = master_key(&config, false).map_err(Failure::refused)?;
    let client = runtime::nats::connect(&config.nats.url).await.map_err(Failure::unavailable)?;
    let (clock, codes): (_, Option<Arc<dyn CodeSender>>) = match serve.simulate_from {
        Some(at) => (Clock::Simulated(SimulatedClock::starting(Timestamp(at))), Some(Arc::new(DisplayOnly))),
        None => (Clock::System(SystemClock::start()), None),
    };
    let node = Node::start(Start {
        config: &config,
        roles: &serve.roles,
        place: Place::Nats(client),
        clock,
        master,
        codes,
    })
    .await
    .map_err(Failure::refused)?;
    let roles: Vec<_> = serve.roles.iter().map(|role| role.name()).collect();
    tracing::info!(roles = roles.join(" "), instance = config.instance, "taking part");
    run_until_stopped(node).await
}

/// Until Ctrl-C or SIGTERM, or until a part cannot go on.
async fn run_until_stopped(mut node: Node) -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::refused)?;
    let failed = tokio::select! {
        _ = tokio::signal::ctrl_c() => None,
        _ = terminate.recv() => None,
        error = node.failed() => Some(error),
    };
    let stopped = node.stop().await;
    match failed {
        Some(why) => Err(Failure::refused(why)),
        None => stopped.map_err(Failure::refused),
    }
}
