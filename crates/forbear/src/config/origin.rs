//! Where each setting comes from, for `forbear config check`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use clap::parser::ValueSource;
use serde_json::{Value, json};

use super::{Config, ConfigError, keys};

/// The settings that can be given at the command line: the argument's id, the setting, flag and variable.
const ARGUMENTS: [(&str, &str, &str, &str); 8] = [
    ("data", "data", "--data", "FORBEAR_DATA"),
    ("listen", "listen", "--listen", "FORBEAR_LISTEN"),
    ("vault_key", "vault_key", "--vault-key", "FORBEAR_VAULT_KEY"),
    ("nats", "nats.url", "--nats", "FORBEAR_NATS"),
    ("nats_login", "nats.login", "--nats-login", "FORBEAR_NATS_LOGIN"),
    ("instance", "instance", "--instance", "FORBEAR_INSTANCE"),
    ("replicas", "nats.replicas", "--replicas", "FORBEAR_REPLICAS"),
    ("probes", "probes", "--probes", "FORBEAR_PROBES"),
];

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody gave it.
    Default,
    /// The configuration file.
    File(PathBuf),
    /// This variable of the environment.
    Environment(&'static str),
    /// This flag.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(flag) => write!(f, "flag {flag}"),
        }
    }
}

/// What the command line and the environment gave, by setting.
#[derive(Debug, Default)]
pub struct Given(BTreeMap<&'static str, Origin>);

impl Given {
    /// As the innermost command was given it.
    pub fn of(matches: &ArgMatches) -> Self {
        let mut innermost = matches;
        while let Some((_, below)) = innermost.subcommand() {
            innermost = below;
        }
        let mut given = BTreeMap::new();
        for (id, key, flag, variable) in ARGUMENTS {
            // Asking for an argument that this command does not have is an error.
            if !innermost.ids().any(|known| known == id) {
                continue;
            }
            match innermost.value_source(id) {
                Some(ValueSource::CommandLine) => given.insert(key, Origin::Flag(flag)),
                Some(ValueSource::EnvVariable) => given.insert(key, Origin::Environment(variable)),
                _ => None,
            };
        }
        Self(given)
    }
}

/// A setting, as it is in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Its name in the file, such as `nats.url`.
    pub key: String,
    /// Its value, without passwords; `None`: not set.
    pub value: Option<toml::Value>,
    /// Where it comes from.
    pub origin: Origin,
}

impl Setting {
    /// As a program reads it.
    pub fn json(&self) -> Value {
        let (source, from) = match &self.origin {
            Origin::Default => ("default", None),
            Origin::File(path) => ("file", Some(path.display().to_string())),
            Origin::Environment(name) => ("environment", Some((*name).to_owned())),
            Origin::Flag(flag) => ("flag", Some((*flag).to_owned())),
        };
        json!({ "key": self.key, "value": self.value, "source": source, "from": from })
    }

    /// As a line of a configuration file.
    pub fn line(&self) -> String {
        match &self.value {
            Some(value) => format!("{:<62} # {}", format!("{} = {value}", self.key), self.origin),
            None => format!("{:<62} # not set", format!("# {}", self.key)),
        }
    }
}

/// A configuration, and where each of its settings comes from.
#[derive(Debug)]
pub struct Layers<'a> {
    /// The file that was read, with the settings in it.
    pub file: Option<(&'a Path, Vec<String>)>,
    /// What wins over it.
    pub given: &'a Given,
}

impl Layers<'_> {
    /// Where a setting comes from.
    pub fn origin(&self, key: &str) -> Origin {
        if let Some(origin) = self.given.0.get(key) {
            return origin.clone();
        }
        match &self.file {
            // A whole section may be meant, such as `policy`.
            Some((path, keys))
                if keys.iter().any(|known| known == key || known.starts_with(&format!("{key}."))) =>
            {
                Origin::File((*path).to_owned())
            }
            _ => Origin::Default,
        }
    }

    /// Every setting, in order of name.
    pub fn settings(&self, config: &Config) -> Result<Vec<Setting>, ConfigError> {
        let table = toml::Table::try_from(config).map_err(|cause| ConfigError::Shown(cause.to_string()))?;
        let mut values = keys::leaves(&table);
        let mut names: Vec<String> = keys::known().into_iter().chain(values.keys().cloned()).collect();
        names.sort_unstable();
        names.dedup();
        // A section that has settings is not one itself.
        let section = |key: &str| names.iter().any(|other| other.starts_with(&format!("{key}.")));
        let settings = names.iter().filter(|key| !section(key)).map(|key| Setting {
            key: key.clone(),
            value: values.remove(key).map(|value| without_secrets(key, value)),
            origin: self.origin(key),
        });
        Ok(settings.collect())
    }
}

/// A password in an address, and what a command is given, are nobody's to read.
fn without_secrets(key: &str, value: toml::Value) -> toml::Value {
    match (key, value) {
        ("nats.url", toml::Value::String(urls)) => {
            toml::Value::String(urls.split(',').map(without_password).collect::<Vec<_>>().join(","))
        }
        ("code_command", toml::Value::Array(words)) => {
            let shown = words.into_iter().enumerate();
            let hidden = || toml::Value::String("***".to_owned());
            toml::Value::Array(shown.map(|(nth, word)| if nth == 0 { word } else { hidden() }).collect())
        }
        (_, value) => value,
    }
}

fn without_password(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").map_or(("", url), |(scheme, rest)| (scheme, rest));
    match rest.rsplit_once('@') {
        Some((_, host)) if scheme.is_empty() => format!("***@{host}"),
        Some((_, host)) => format!("{scheme}://***@{host}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_passwords_then_they_are_not_shown() {
        let given = Given::default();
        let mut config = Config {
            code_command: Some(vec!["send".to_owned(), "key=s3cret".to_owned()]),
            ..Config::default()
        };
        config.nats.url = "nats://me:s3cret@one:4222, tls://s3cret@two,me:s3cret@three".to_owned();
        let settings = Layers { file: None, given: &given }.settings(&config).expect("settings");
        let shown: Vec<String> =
            settings.iter().map(|setting| format!("{}{}", setting.line(), setting.json())).collect();
        assert!(!shown.join("\n").contains("s3cret"), "{shown:?}");
        assert!(
            shown.iter().any(|line| line.contains("@one:4222") && line.contains("@two,***@three")),
            "{shown:?}"
        );
        assert!(shown.iter().any(|line| line.contains("\"send\"")), "{shown:?}");
    }

    #[test]
    fn given_all_three_then_each_setting_names_its_own() {
        let given = Given(
            [("listen", Origin::Flag("--listen")), ("data", Origin::Environment("FORBEAR_DATA"))].into(),
        );
        let file = (Path::new("forbear.toml"), vec!["data".to_owned(), "nats.replicas".to_owned()]);
        let layers = Layers { file: Some(file), given: &given };
        let settings = layers.settings(&Config::default()).expect("settings");
        let origin = |key: &str| {
            settings.iter().find(|setting| setting.key == key).map(|setting| setting.origin.clone())
        };
        assert_eq!(origin("listen"), Some(Origin::Flag("--listen")));
        assert_eq!(origin("data"), Some(Origin::Environment("FORBEAR_DATA")));
        assert_eq!(origin("nats.replicas"), Some(Origin::File("forbear.toml".into())));
        assert_eq!(origin("nats.url"), Some(Origin::Default));
        let unset = settings.iter().find(|setting| setting.key == "probes").expect("a setting");
        assert_eq!((&unset.value, unset.json()["value"].clone()), (&None, Value::Null));
        let text: Vec<String> = settings.iter().map(Setting::line).collect();
        toml::from_str::<Config>(&text.join("\n")).expect("a configuration file");
    }
}
