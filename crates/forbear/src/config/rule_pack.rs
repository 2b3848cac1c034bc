//! A configured rule pack.

use std::path::Path;

use super::ConfigError;

/// A rule pack that the gate is to decide by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulePack {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// Its text.
    pub text: String,
}

impl RulePack {
    /// One that comes with the program, or a file.
    pub(super) fn read(name: &str) -> Result<Self, ConfigError> {
        let text = if Path::new(name).extension().is_some_and(|extension| extension == "toml") {
            let path = Path::new(name);
            std::fs::read_to_string(path)
                .map_err(|cause| ConfigError::Read { path: path.to_owned(), cause })?
        } else {
            let text = policy::text(name).ok_or_else(|| ConfigError::Value {
                key: "policies",
                expected: "ids of rule packs that come with the program (see `forbear policy list`), or .toml files",
                got: name.to_owned(),
            })?;
            text.to_owned()
        };
        let pack = policy::parse(&text).map_err(|error| ConfigError::Value {
            key: "policies",
            expected: "rule packs as in proto/policy.md",
            got: format!("{name}:\n{error}"),
        })?;
        Ok(Self { id: pack.id, version: pack.version, text })
    }
}
