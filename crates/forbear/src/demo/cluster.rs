//! The demonstration as services: a NATS server and five processes of this program.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use model::Timestamp;
use tokio::process::{Child, Command};

use super::{DemoError, PATIENCE};
use crate::node::Role;

/// The processes of a cluster on this machine. They end with it.
pub struct Processes {
    url: String,
    server: Child,
    services: Vec<Child>,
}

impl Processes {
    /// Starts a NATS server and a process for each service.
    pub async fn start(directory: &Path, key: &Path, at: Timestamp) -> Result<Self, DemoError> {
        let port = free_port()?;
        let url = format!("nats://127.0.0.1:{port}");
        let server = start_server(directory, port)?;
        let mut processes = Self { url, server, services: Vec::new() };
        processes.client().await?;
        for (instance, role) in (1..).zip([Role::Ledger, Role::Assignment, Role::Gate, Role::Audit]) {
            let child = processes.spawn(directory, key, at, instance, role, None)?;
            processes.services.push(child);
        }
        Ok(processes)
    }

    /// Starts the process that serves the pages, and waits until it can.
    pub async fn start_web(
        &mut self,
        directory: &Path,
        key: &Path,
        at: Timestamp,
        listen: SocketAddr,
    ) -> Result<SocketAddr, DemoError> {
        let listen = if listen.port() == 0 { SocketAddr::new(listen.ip(), free_port()?) } else { listen };
        let mut child = self.spawn(directory, key, at, 5, Role::Web, Some(listen))?;
        let started = Instant::now();
        while !is_ready(listen, child.id()).await {
            if let Ok(Some(status)) = child.try_wait() {
                let why = format!("the process for the pages ended: {status}; its output above says why");
                return Err(DemoError::Process(why));
            }
            if started.elapsed() > PATIENCE {
                return Err(DemoError::Late("the pages to be served"));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.services.push(child);
        Ok(listen)
    }

    /// A connection to the server, as soon as it takes one.
    pub async fn client(&self) -> Result<runtime::nats::Client, DemoError> {
        let started = Instant::now();
        loop {
            match runtime::nats::connect(&self.url, None).await {
                Ok(client) => return Ok(client),
                Err(_) if started.elapsed() < PATIENCE => tokio::time::sleep(Duration::from_millis(50)).await,
                Err(error) => {
                    return Err(DemoError::Process(format!("nats-server does not answer: {error}")));
                }
            }
        }
    }

    /// Asks every process to end, and waits.
    pub async fn stop(mut self) {
        for child in &mut self.services {
            terminate(child).await;
        }
        terminate(&mut self.server).await;
    }

    fn spawn(
        &self,
        directory: &Path,
        key: &Path,
        at: Timestamp,
        instance: u32,
        role: Role,
        listen: Option<SocketAddr>,
    ) -> Result<Child, DemoError> {
        let program = std::env::current_exe().map_err(|error| DemoError::Process(error.to_string()))?;
        let mut command = Command::new(program);
        command
            .args(["serve", role.name(), "--nats", &self.url])
            .arg("--data")
            .arg(directory.join(role.name()))
            .arg("--vault-key")
            .arg(key)
            .args(["--instance", &instance.to_string(), "--simulate-from", &at.0.to_string()])
            .env("FORBEAR_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true);
        if let Some(listen) = listen {
            command.args(["--listen", &listen.to_string()]);
        }
        command
            .spawn()
            .map_err(|error| DemoError::Process(format!("cannot start forbear serve {role}: {error}")))
    }
}

async fn terminate(child: &mut Child) {
    if let Some(id) = child.id() {
        // SIGTERM by the system's own program, since sending signals needs unsafe code or another crate.
        drop(Command::new("kill").arg(id.to_string()).status().await);
    }
    if tokio::time::timeout(Duration::from_secs(10), child.wait()).await.is_err() {
        drop(child.kill().await);
    }
}

/// The process of this id is ready at the address: another program may hold the port.
async fn is_ready(address: SocketAddr, pid: Option<u32>) -> bool {
    let url = format!("http://{address}/ready");
    let ask = move || {
        let text = ureq::get(&url).call().ok()?.body_mut().read_to_string().ok()?;
        let answer: serde_json::Value = serde_json::from_str(&text).ok()?;
        let answers = answer["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok());
        Some(pid.is_some() && answers == pid)
    };
    tokio::task::spawn_blocking(ask).await.ok().flatten().unwrap_or(false)
}

fn free_port() -> Result<u16, DemoError> {
    let failed = |error: std::io::Error| DemoError::Process(format!("no free port on loopback: {error}"));
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(failed)?;
    Ok(listener.local_addr().map_err(failed)?.port())
}

fn start_server(directory: &Path, port: u16) -> Result<Child, DemoError> {
    let store = directory.join("nats");
    let program = server_program().ok_or_else(|| {
        DemoError::Process(
            "expected nats-server in .tools/bin, on PATH or named by NATS_SERVER, found none; run `cargo xtask setup`"
                .to_owned(),
        )
    })?;
    let config = directory.join("nats.conf");
    // The settings of deploy/nats/single.conf that matter here: everything on this machine, every write synced.
    let text = format!(
        "listen: \"127.0.0.1:{port}\"\njetstream {{\n  store_dir: {:?}\n  sync_interval: always\n}}\n",
        store.display().to_string()
    );
    std::fs::write(&config, text).map_err(|cause| DemoError::File { path: config.clone(), cause })?;
    Command::new(&program)
        .arg("-c")
        .arg(&config)
        .arg("-l")
        .arg(directory.join("nats.log"))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| DemoError::Process(format!("cannot start {}: {error}", program.display())))
}

fn server_program() -> Option<PathBuf> {
    let named = std::env::var_os("NATS_SERVER").map(PathBuf::from);
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/bin/nats-server");
    let on_path = std::env::var_os("PATH").into_iter().flat_map(|path| {
        std::env::split_paths(&path).map(|directory| directory.join("nats-server")).collect::<Vec<_>>()
    });
    named.into_iter().chain([tools]).chain(on_path).find(|candidate| candidate.is_file())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    /// Answers every request with this, as whatever holds a port may.
    fn answering(body: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let length = body.len();
                drop(stream.read(&mut [0; 1024]));
                drop(write!(
                    stream,
                    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
                ));
            }
        });
        address
    }

    #[tokio::test]
    async fn given_another_program_on_the_port_then_the_process_is_not_taken_to_be_ready() {
        let ours = answering("{\"ready\": true, \"pid\": 7}");
        assert!(is_ready(ours, Some(7)).await);
        assert!(!is_ready(ours, Some(8)).await, "another process of this program");
        assert!(!is_ready(ours, None).await, "ours has ended");
        assert!(!is_ready(answering("<html>"), Some(7)).await, "another program");
    }
}
