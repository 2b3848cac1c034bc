//! The program as a process: started, killed, stopped, and asked over HTTP.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use ureq::{Agent, Body, http};

/// How long a start, a stop or an answer may take before the test fails: a busy machine is no fault.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A process of the program. It is killed when dropped.
pub struct Program {
    program: PathBuf,
    arguments: Vec<OsString>,
    log: PathBuf,
    level: &'static str,
    child: Option<Child>,
}

impl Program {
    /// What to run, not started yet. Its log lines of `level` are appended to the file `log`.
    pub fn new(program: &str, arguments: &[&str], log: PathBuf, level: &'static str) -> Self {
        let arguments = arguments.iter().map(OsString::from).collect();
        Self { program: program.into(), arguments, log, level, child: None }
    }

    /// Starts it.
    pub fn start(&mut self) {
        let log = OpenOptions::new().create(true).append(true).open(&self.log).expect("its log file");
        let mut command = command(&self.program, self.level);
        command.args(&self.arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.child = Some(command.spawn().expect("the program starts"));
    }

    /// Kills it with SIGKILL.
    pub fn kill9(&mut self) {
        if let Some(mut child) = self.child.take() {
            let ended = child.try_wait().expect("it is ours");
            child.kill().expect("it is ours");
            child.wait().expect("it ends");
            assert!(
                ended.is_none() || std::thread::panicking(),
                "{ended:?} before the kill:\n{}",
                self.log_end()
            );
        }
    }

    /// Stops it as an operator does, with SIGTERM. It must end well.
    pub fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
        assert!(told.expect("kill is installed").success(), "it had ended:\n{}", self.log_end());
        let began = Instant::now();
        let status = loop {
            match child.try_wait().expect("it is ours") {
                Some(status) => break status,
                None if began.elapsed() > PATIENCE => {
                    drop(child.kill());
                    panic!("it did not stop in {PATIENCE:?}:\n{}", self.log_end());
                }
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        };
        assert!(status.success(), "{status} on SIGTERM:\n{}", self.log_end());
    }

    /// Its process id, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// When it last logged such a message, as the log has it: later times compare greater.
    pub fn last_logged(&self, message: &str) -> Option<String> {
        let log = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&log);
        let line = text.lines().rev().find(|line| line.contains(&format!(" {message} ")))?;
        Some(line.split_whitespace().next().unwrap_or_default().to_owned())
    }

    /// The last lines that it logged.
    pub fn log_end(&self) -> String {
        let log = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
            if std::thread::panicking() {
                eprintln!("the end of {}:\n{}", self.log.display(), self.log_end());
            }
        }
    }
}

/// Runs the program to its end: its standard output and its log lines. It must end well.
pub fn run(program: &str, arguments: &[&str], level: &str) -> (Vec<u8>, Vec<u8>) {
    let output =
        command(Path::new(program), level).args(arguments).stdin(Stdio::null()).output().expect("it starts");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} of {arguments:?}: {error}", output.status);
    (output.stdout, output.stderr)
}

/// Runs the program to its end, which must be a failure: its exit code, its standard output and its log lines.
/// `settings` are variables of its environment.
pub fn run_to_failure(
    program: &str,
    arguments: &[&str],
    settings: &[(&str, &str)],
) -> (Option<i32>, String, String) {
    let mut command = command(Path::new(program), "warn");
    command.args(arguments).envs(settings.iter().copied()).stdin(Stdio::null());
    let output = command.output().expect("it starts");
    assert!(!output.status.success(), "{arguments:?} did not fail");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Runs the program to its end, which must be good, with these variables in its environment: its standard output.
pub fn run_with(program: &str, arguments: &[&str], settings: &[(&str, &str)]) -> String {
    let mut command = command(Path::new(program), "warn");
    command.args(arguments).envs(settings.iter().copied()).stdin(Stdio::null());
    let output = command.output().expect("it starts");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} of {arguments:?}: {error}", output.status);
    String::from_utf8(output.stdout).expect("text")
}

/// The program with no settings but those given.
fn command(program: &Path, level: &str) -> Command {
    let mut command = Command::new(program);
    for name in std::env::vars_os().map(|(name, _)| name) {
        if name.to_string_lossy().starts_with("FORBEAR_") {
            command.env_remove(name);
        }
    }
    command.env("FORBEAR_LOG", level).env("NATS_SERVER", crate::nats_server::binary());
    command
}

/// Writes a master key that only its owner may read.
pub fn write_vault_key(path: &Path) {
    let mut options = OpenOptions::new();
    let mut file: File = options.write(true).create_new(true).mode(0o600).open(path).expect("the key file");
    writeln!(file, "{}", "5e".repeat(32)).expect("it is written");
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("temporary directories have plain names")
}

/// What came of a request.
#[derive(Debug, Clone)]
pub enum Heard {
    /// It was done.
    Done(Value),
    /// It was decided, and refused: the status and every reason.
    Refused(u16, Value),
    /// Nobody knows: no answer, or one that says that nothing was decided.
    Nothing(String),
}

impl Heard {
    /// What was done; a refusal or silence fails the test.
    pub fn done(self, what: &str) -> Value {
        match self {
            Self::Done(value) => value,
            other => panic!("{what}: {other:?}"),
        }
    }
}

/// A client of the platform.
#[derive(Clone)]
pub struct Http {
    agent: Agent,
    base: String,
    token: String,
}

impl Http {
    /// Asks at `base`, signed in by `token`; waits so long for each answer.
    pub fn new(base: &str, token: &str, timeout: Duration) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(timeout))
            .max_idle_connections(32)
            .max_idle_connections_per_host(32);
        Self { agent: config.build().into(), base: base.to_owned(), token: token.to_owned() }
    }

    /// The same client, as patient as this.
    pub fn waiting(&self, timeout: Duration) -> Self {
        Self::new(&self.base, &self.token, timeout)
    }

    /// What it signs in with.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Asks.
    pub fn get(&self, path: &str) -> Heard {
        let request = self.agent.get(format!("{}{path}", self.base));
        heard(request.header("Authorization", format!("Bearer {}", self.token)).call())
    }

    /// The figures of all services, as soon as they all answer: the audit opens its store after a start.
    pub fn figures(&self) -> Value {
        until_answered("the figures", || self.get("/v1/figures"))
    }

    /// The platform's own recount, likewise.
    pub fn recount(&self) -> Value {
        let nothing = Value::Object(serde_json::Map::new());
        until_answered("the recount", || self.post("/v1/recount", &nothing, None))
    }

    /// Text, such as the metrics.
    pub fn text(&self, path: &str) -> String {
        let mut response = self.agent.get(format!("{}{path}", self.base)).call().expect("an answer");
        response.body_mut().read_to_string().expect("text")
    }

    /// Commands; `key` names the command, so that it may be repeated.
    pub fn post(&self, path: &str, body: &Value, key: Option<&str>) -> Heard {
        self.send(path, "application/json", body.to_string().into_bytes(), key)
    }

    /// Commands, with a file.
    pub fn upload(&self, path: &str, body: Vec<u8>) -> Heard {
        self.send(path, "application/octet-stream", body, None)
    }

    fn send(&self, path: &str, content_type: &str, body: Vec<u8>, key: Option<&str>) -> Heard {
        let mut request = self
            .agent
            .post(format!("{}{path}", self.base))
            .header("Content-Type", content_type)
            .header("Authorization", format!("Bearer {}", self.token));
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        heard(request.send(body))
    }

    /// Waits until every part answers, and this program for them; how long that took. Asks every 5 ms.
    pub fn wait_until_ready(&self, program: &Program) -> Duration {
        let began = Instant::now();
        loop {
            let last = self.get("/ready");
            match &last {
                Heard::Done(ready) if ready["pid"].as_u64() == program.id().map(u64::from) => {
                    return began.elapsed();
                }
                _ => {}
            }
            assert!(began.elapsed() < PATIENCE, "not ready: {last:?}\n{}", program.log_end());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn until_answered(what: &str, ask: impl Fn() -> Heard) -> Value {
    let began = Instant::now();
    loop {
        match ask() {
            Heard::Nothing(_) if began.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(20)),
            heard => return heard.done(what),
        }
    }
}

fn heard(response: Result<http::Response<Body>, ureq::Error>) -> Heard {
    let mut response = match response {
        Ok(response) => response,
        Err(error) => return Heard::Nothing(error.to_string()),
    };
    let status = response.status();
    let body = match response.body_mut().with_config().limit(64 << 20).read_to_string() {
        Ok(body) => body,
        Err(error) => return Heard::Nothing(format!("{status}, then {error}")),
    };
    match status.as_u16() {
        429 | 503 => Heard::Nothing(format!("{status}: {body}")),
        _ if status.is_success() => match serde_json::from_str(&body) {
            Ok(value) => Heard::Done(value),
            Err(error) => panic!("{status} with {} bytes that are no JSON: {error}", body.len()),
        },
        status => Heard::Refused(status, serde_json::from_str(&body).unwrap_or(Value::String(body))),
    }
}
