//! Real NATS servers for tests: started on free loopback ports with the configuration in `deploy/nats`, killed
//! when dropped.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const READY_MAX: Duration = Duration::from_secs(30);

/// One server and its directory.
pub struct NatsServer {
    config: PathBuf,
    environment: Vec<(&'static str, String)>,
    store: PathBuf,
    port: u16,
    child: Option<Child>,
    _dir: Option<TempDir>,
}

impl NatsServer {
    /// A single server with `deploy/nats/single.conf`, ready.
    pub fn single() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut server = Self::new("single.conf", dir.path().join("store"), free_port());
        server._dir = Some(dir);
        server.restart();
        server
    }

    fn new(config: &str, store: PathBuf, port: u16) -> Self {
        let environment = vec![
            ("NATS_HOST", "127.0.0.1".to_owned()),
            ("NATS_PORT", port.to_string()),
            ("NATS_STORE", store.display().to_string()),
        ];
        let config = root().join("deploy/nats").join(config);
        Self { config, environment, store, port, child: None, _dir: None }
    }

    /// Where to connect.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Where it keeps its streams.
    pub fn store(&self) -> &Path {
        &self.store
    }

    /// Kills the server with SIGKILL.
    pub fn kill9(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("the server is ours");
            child.wait().expect("the server ends");
        }
    }

    /// Stops the server as an operator does, with SIGTERM, and waits for its end.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
            assert!(told.expect("kill is installed").success(), "the server had ended before it was told to");
            child.wait().expect("the server ends");
        }
    }

    /// Starts the server again in the same directory (killing it if it runs) and waits until it answers.
    pub fn restart(&mut self) {
        self.kill9();
        self.spawn();
        self.wait_until_ready();
    }

    fn spawn(&mut self) {
        let binary = binary();
        let mut command = Command::new(&binary);
        command.arg("-c").arg(&self.config).envs(self.environment.iter().map(|(key, value)| (key, value)));
        command.stdin(Stdio::null()).stdout(Stdio::null());
        match std::env::var_os("NATS_LOG") {
            Some(_) => command.stderr(Stdio::inherit()),
            None => command.stderr(Stdio::null()),
        };
        let child = command.spawn().unwrap_or_else(|error| {
            panic!("{}: {error}; `cargo xtask setup` installs it, or set NATS_SERVER", binary.display())
        });
        self.child = Some(child);
    }

    fn wait_until_ready(&mut self) {
        let began = Instant::now();
        loop {
            if let Ok(stream) = TcpStream::connect(("127.0.0.1", self.port)) {
                let mut line = String::new();
                stream.set_read_timeout(Some(Duration::from_secs(1))).expect("a timeout above zero");
                if BufReader::new(stream).read_line(&mut line).is_ok() && line.starts_with("INFO ") {
                    return;
                }
            }
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            assert!(ended.is_none(), "nats-server ended at once: {ended:?}; NATS_LOG=1 shows why");
            assert!(began.elapsed() < READY_MAX, "nats-server did not answer on port {}", self.port);
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.kill9();
    }
}

/// Three servers with `deploy/nats/cluster.conf`.
pub struct NatsCluster {
    /// The servers; each may be killed and restarted.
    pub nodes: Vec<NatsServer>,
    dir: TempDir,
}

impl NatsCluster {
    /// Starts three servers that know each other. Give [`client`] the urls; it waits for a leader.
    pub fn start() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let route_ports: Vec<u16> = (0..3).map(|_| free_port()).collect();
        let routes: Vec<String> = route_ports.iter().map(|port| format!("nats://127.0.0.1:{port}")).collect();
        let mut nodes = Vec::new();
        for (index, route_port) in route_ports.iter().enumerate() {
            let name = format!("n{}", index + 1);
            let mut node = NatsServer::new("cluster.conf", dir.path().join(&name), free_port());
            node.environment.push(("NATS_NAME", name));
            node.environment.push(("NATS_CLUSTER_PORT", route_port.to_string()));
            node.environment.push(("NATS_ROUTES", format!("[{}]", routes.join(", "))));
            node.spawn();
            nodes.push(node);
        }
        for node in &mut nodes {
            node.wait_until_ready();
        }
        Self { nodes, dir }
    }

    /// The servers, and the directory that they need as long as they run.
    pub fn into_parts(self) -> (Vec<NatsServer>, TempDir) {
        (self.nodes, self.dir)
    }

    /// Where to connect: every server.
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(NatsServer::url).collect()
    }
}

/// A connection to these servers, once JetStream answers.
pub async fn client(urls: &[String]) -> async_nats::Client {
    let addresses: Vec<async_nats::ServerAddr> =
        urls.iter().map(|url| url.parse().expect("an address of ours")).collect();
    let began = Instant::now();
    loop {
        let connected = async_nats::ConnectOptions::new()
            .reconnect_delay_callback(|_| Duration::from_millis(50))
            .connect(addresses.clone())
            .await;
        if let Ok(client) = connected {
            while began.elapsed() < READY_MAX {
                if async_nats::jetstream::new(client.clone()).query_account().await.is_ok() {
                    return client;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        assert!(began.elapsed() < READY_MAX, "JetStream on {urls:?} did not become ready");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The server's program: `NATS_SERVER`, what `cargo xtask setup` installed, or the one on the path.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("NATS_SERVER") {
        return path.into();
    }
    let installed = root().join(".tools/bin/nats-server");
    if installed.exists() { installed } else { "nats-server".into() }
}

/// The repository's top directory.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ has a parent").to_owned()
}

/// A port that was free just now, below those that the system gives to outgoing connections.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 15_000 + (std::process::id().wrapping_mul(61).wrapping_add(step) % 17_000) as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
