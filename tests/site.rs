//! A directory in which the program runs: one configuration, one vault key, data and log lines of each process.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::load::{CONFIG, PACK};
use crate::nats_server::free_port;
use crate::program::{Http, PATIENCE, Program, run, text, write_vault_key};

/// The directory, and who asks there. Goes when dropped.
pub struct Site {
    dir: TempDir,
    forbear: &'static str,
    level: &'static str,
    listen: String,
    /// The operator, where the pages will be.
    pub http: Http,
}

impl Site {
    /// For the program at `forbear`, logging from `level` on.
    pub fn new(forbear: &'static str, level: &'static str) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let pack = dir.path().join("under-test.toml");
        std::fs::write(&pack, PACK).expect("the rule pack");
        let config = CONFIG.replace("under-test.toml", text(&pack));
        std::fs::write(dir.path().join("forbear.toml"), config).expect("the configuration");
        let key = dir.path().join("vault.key");
        write_vault_key(&key);
        let (token, _) = run(forbear, &["token", "operator", "--vault-key", text(&key)], "warn");
        let token = String::from_utf8(token).expect("text");
        let listen = format!("127.0.0.1:{}", free_port());
        let http = Http::new(&format!("http://{listen}"), token.trim(), PATIENCE);
        Self { dir, forbear, level, listen, http }
    }

    /// Starts `forbear up`, with its data in `data`.
    pub fn up(&self) -> Program {
        self.start(&["up"], "data")
    }

    /// Starts `forbear serve` once for each role, on the NATS server at `url`. The instances count from 1.
    pub fn serve(&self, roles: &[&str], url: &str) -> Vec<Program> {
        let start = |(instance, role): (u32, &&str)| {
            let instance = instance.to_string();
            let what = ["serve", role, "--nats", url, "--instance", &instance];
            self.start(&what, &format!("{role}-{instance}"))
        };
        (1..).zip(roles).map(start).collect()
    }

    fn start(&self, what: &[&str], name: &str) -> Program {
        let (data, key, config) = (self.path(name), self.key(), self.path("forbear.toml"));
        let settings = [
            "--data",
            text(&data),
            "--vault-key",
            text(&key),
            "--config",
            text(&config),
            "--listen",
            &self.listen,
        ];
        let log = self.path(&format!("{name}.log"));
        let mut program = Program::new(self.forbear, &[what, &settings].concat(), log, self.level);
        program.start();
        program
    }

    /// Where the pages are.
    pub fn server(&self) -> String {
        format!("http://{}", self.listen)
    }

    /// The vault's key.
    pub fn key(&self) -> PathBuf {
        self.path("vault.key")
    }

    /// A file or directory here: `data`, or a service's such as `gate-3`, with its log lines in `gate-3.log`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Everything.
    pub fn all(&self) -> &Path {
        self.dir.path()
    }
}
