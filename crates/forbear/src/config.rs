//! Configuration: a file, then the environment, then flags; the later wins.

mod keys;
mod origin;
mod rule_pack;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use model::{InstanceId, LenderId, ZoneName};
use runtime::nats::Login;
use serde::{Deserialize, Serialize};

pub use origin::{Given, Layers, Origin, Setting};
pub use rule_pack::RulePack;

/// Everything that can be configured, with its defaults. `forbear config check` prints it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where everything is kept: log, keys, snapshots, projections.
    pub data: PathBuf,
    /// Where the pages and the API are served.
    pub listen: SocketAddr,
    /// Where a process without pages serves /health, /ready and /metrics; nowhere if not given.
    pub probes: Option<SocketAddr>,
    /// The vault's master key; by default `vault.key` in the data directory, made on the first start.
    pub vault_key: Option<PathBuf>,
    /// The number by which the log names this process; by default a random one at each start, so that no two have
    /// the same. Nothing is decided by it.
    pub instance: Option<u32>,
    /// Partitions per service. They cannot change once a log has begun.
    pub partitions: Partitions,
    /// The cluster's NATS, for `forbear serve`.
    pub nats: Nats,
    /// The rule packs that the gate decides by: ids of those that come with the program, or files that end in `.toml`.
    pub policies: Vec<String>,
    /// The pages.
    pub pages: Pages,
    /// A command that sends one-time codes: it gets the number as its first line of input, the text as the
    /// second. Without one, codes cannot be sent.
    pub code_command: Option<Vec<String>>,
}

/// Most partitions of the gate: each follows every other's log.
const GATE_PARTITIONS_MAX: u16 = 64;

/// Partitions per service.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Partitions {
    /// Of the ledger.
    pub ledger: u16,
    /// Of the gate: 1 to 64. With more than one, a permit takes up to three durable steps, one after the other, instead of
    /// one: its contact point, its person and its case may each lie in another partition, and each counts. So one is faster
    /// until it is too much for one writer. The assignment service has one: a placement run is one plan.
    pub gate: u16,
}

/// The cluster's NATS.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Nats {
    /// Its servers, separated by commas.
    pub url: String,
    /// A file with `user:password`, or with a token, that only its owner may read.
    pub login: Option<PathBuf>,
    /// Copies of each record: 1 or 3.
    pub replicas: usize,
    /// Seconds after which a silent leader is replaced.
    pub lease_s: u64,
}

/// How the pages are set up.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pages {
    /// The IANA time zone of times that belong to nobody's own.
    pub zone: String,
    /// ISO 3166 alpha-2: what a number in national form means.
    pub region: String,
    /// The pages are reached over HTTPS, so cookies are sent over nothing else. Where a proxy that is believed
    /// says `X-Forwarded-Proto: https`, they are so in any case.
    pub https: bool,
    /// Addresses of proxies, besides this machine's own, that are believed about where a request comes from.
    pub proxies: Vec<IpAddr>,
    /// Names of lenders, such as `lender-1 = "A bank"`.
    pub lenders: BTreeMap<String, String>,
}

impl Default for Pages {
    fn default() -> Self {
        Self {
            zone: "Asia/Shanghai".to_owned(),
            region: "CN".to_owned(),
            https: false,
            proxies: Vec::new(),
            lenders: BTreeMap::new(),
        }
    }
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: {cause}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The file is not as expected.
    #[error("{path}: {cause}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// What was expected, and where.
        cause: Box<toml::de::Error>,
    },
    /// Names that no setting has, each with the nearest that there is.
    #[error("{path}: {}; `forbear config check` prints every setting", mistaken(unknown))]
    Unknown {
        /// The file.
        path: PathBuf,
        /// The name, and the nearest setting.
        unknown: Vec<(String, String)>,
    },
    /// It cannot be shown.
    #[error("the configuration cannot be shown: {0}")]
    Shown(String),
    /// A value that cannot work.
    #[error("{key}: expected {expected}, got {got}")]
    Value {
        /// Its name in the file.
        key: &'static str,
        /// What would work.
        expected: &'static str,
        /// What was given.
        got: String,
    },
}

fn mistaken(unknown: &[(String, String)]) -> String {
    let each =
        unknown.iter().map(|(key, nearest)| format!("there is no setting {key}, the nearest is {nearest}"));
    each.collect::<Vec<_>>().join("; ")
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from("forbear-data"),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            probes: None,
            vault_key: None,
            instance: None,
            partitions: Partitions::default(),
            nats: Nats::default(),
            policies: policy::texts().iter().map(|(id, _)| (*id).to_owned()).collect(),
            pages: Pages::default(),
            code_command: None,
        }
    }
}

impl Default for Partitions {
    fn default() -> Self {
        Self { ledger: 2, gate: 1 }
    }
}

impl Default for Nats {
    fn default() -> Self {
        Self { url: "nats://127.0.0.1:4222".to_owned(), login: None, replicas: 1, lease_s: 5 }
    }
}

impl Config {
    /// The defaults, changed by the file; and the names of the settings that are in it.
    pub fn load(path: &Path) -> Result<(Self, Vec<String>), ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|cause| ConfigError::Read { path: path.to_owned(), cause })?;
        let parse = |cause| ConfigError::Parse { path: path.to_owned(), cause: Box::new(cause) };
        let table: toml::Table = toml::from_str(&text).map_err(parse)?;
        let unknown = keys::unknown(&table);
        if !unknown.is_empty() {
            return Err(ConfigError::Unknown { path: path.to_owned(), unknown });
        }
        // From the text, so that an error names the line.
        let config = toml::from_str(&text).map_err(parse)?;
        Ok((config, keys::leaves(&table).into_keys().collect()))
    }

    /// Refuses values that cannot work.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let partitions = |key, count: u16| match count {
            1..=256 => Ok(()),
            _ => Err(ConfigError::Value { key, expected: "1 to 256", got: count.to_string() }),
        };
        partitions("partitions.ledger", self.partitions.ledger)?;
        if !(1..=GATE_PARTITIONS_MAX).contains(&self.partitions.gate) {
            let got = self.partitions.gate.to_string();
            return Err(ConfigError::Value { key: "partitions.gate", expected: "1 to 64", got });
        }
        if ![1, 3, 5].contains(&self.nats.replicas) {
            let got = self.nats.replicas.to_string();
            return Err(ConfigError::Value { key: "nats.replicas", expected: "1, 3 or 5", got });
        }
        if !(2..=60).contains(&self.nats.lease_s) {
            let got = self.nats.lease_s.to_string();
            return Err(ConfigError::Value { key: "nats.lease_s", expected: "2 to 60 seconds", got });
        }
        self.console()?;
        self.packs().map(drop)
    }

    /// The rule packs, read.
    pub fn packs(&self) -> Result<Vec<RulePack>, ConfigError> {
        self.policies.iter().map(|name| RulePack::read(name)).collect()
    }

    /// The pages' settings, as they take them.
    pub fn console(&self) -> Result<console::Options, ConfigError> {
        let value = |key, expected, got: &str| ConfigError::Value { key, expected, got: got.to_owned() };
        let Pages { zone, region, https, lenders, proxies: _ } = &self.pages;
        let parsed: ZoneName =
            zone.parse().map_err(|_| value("pages.zone", "an IANA time zone such as Asia/Shanghai", zone))?;
        let mut names = BTreeMap::new();
        for (id, name) in lenders {
            let id: LenderId = id.parse().map_err(|_| value("pages.lenders", "ids such as lender-1", id))?;
            names.insert(id, name.clone());
        }
        Ok(console::Options { zone: Some(parsed), region: region.clone(), secure: *https, lenders: names })
    }

    /// Where the vault's master key is.
    pub fn vault_key(&self) -> PathBuf {
        self.vault_key.clone().unwrap_or_else(|| self.data.join(vault::MasterKey::FILE_NAME))
    }

    /// Who this process is to the NATS servers, if a file says it.
    pub fn nats_login(&self) -> Result<Option<Login>, ConfigError> {
        let Some(path) = &self.nats.login else { return Ok(None) };
        let read = |cause| ConfigError::Read { path: path.clone(), cause };
        let wrong = |expected, got: String| ConfigError::Value { key: "nats.login", expected, got };
        let mode = std::fs::metadata(path).map_err(read)?.permissions().mode();
        if mode & 0o077 != 0 {
            let expected = "a file that only its owner may read (chmod 600)";
            return Err(wrong(expected, format!("{} with mode {:o}", path.display(), mode & 0o777)));
        }
        let text = std::fs::read_to_string(path).map_err(read)?;
        let login = Login::parse(&text).ok_or_else(|| {
            wrong("a file with user:password, or with a token", format!("{} with neither", path.display()))
        })?;
        Ok(Some(login))
    }

    /// This process. The only one there is, 1, if nobody has numbered it.
    pub fn instance(&self) -> InstanceId {
        InstanceId(self.instance.unwrap_or(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid_and_read_back() {
        let config = Config::default();
        config.validate().expect("valid");
        let text = toml::to_string(&config).expect("serialises");
        let again: Config = toml::from_str(&text).expect("reads");
        assert_eq!(again.policies, config.policies);
    }

    #[test]
    fn given_an_unknown_key_then_it_and_the_nearest_are_named() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "lisen = \"127.0.0.1:1\"").expect("written");
        let error = Config::load(file.path()).expect_err("a typo").to_string();
        assert!(error.contains("there is no setting lisen, the nearest is listen"), "{error}");
    }

    #[test]
    fn a_value_that_cannot_work_is_named() {
        let config = Config { partitions: Partitions { gate: 0, ledger: 1 }, ..Config::default() };
        let error = config.validate().expect_err("no partition");
        assert_eq!(error.to_string(), "partitions.gate: expected 1 to 64, got 0");
    }
}
