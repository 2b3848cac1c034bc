//! The names of the settings, as the file has them: `nats.url`. They follow from the configuration's own type.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::{Config, Nats};

/// Names are the operator's own below it.
const FREE: &str = "pages.lenders";

/// Every setting's name and value below a table.
pub(super) fn leaves(table: &Table) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    collect("", table, &mut found);
    found
}

fn collect(above: &str, table: &Table, found: &mut BTreeMap<String, Value>) {
    for (name, value) in table {
        let key = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
        match value {
            Value::Table(below) if !below.is_empty() => collect(&key, below, found),
            value => {
                found.insert(key, value.clone());
            }
        }
    }
}

/// Every setting that there is, also those that have no default.
pub(super) fn known() -> Vec<String> {
    let all = Config {
        probes: Some(Config::default().listen),
        vault_key: Some(Config::default().data),
        instance: Some(0),
        code_command: Some(Vec::new()),
        nats: Nats { login: Some(Config::default().data), ..Nats::default() },
        ..Config::default()
    };
    // The tests serialise the same value.
    Table::try_from(all).map(|table| leaves(&table).into_keys().collect()).unwrap_or_default()
}

/// The names in a file that no setting has, each with the nearest one that there is.
pub(super) fn unknown(file: &Table) -> Vec<(String, String)> {
    let known = known();
    let is_known = |key: &str| {
        let free = key.strip_prefix(FREE).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        // An empty section is no mistake.
        free || known.iter().any(|known| known == key || known.starts_with(&format!("{key}.")))
    };
    let unknown = leaves(file).into_keys().filter(|key| !is_known(key));
    unknown
        .map(|key| {
            let nearest = known.iter().min_by_key(|known| distance(&key, known)).cloned();
            (key, nearest.unwrap_or_default())
        })
        .collect()
}

/// How many letters apart two names are; a name in the wrong section is a little further from its own.
fn distance(given: &str, known: &str) -> usize {
    let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let whole = strsim::damerau_levenshtein(given, known);
    whole.min(strsim::damerau_levenshtein(&last(given), &last(known)) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown_in(text: &str) -> Vec<(String, String)> {
        unknown(&text.parse().expect("TOML"))
    }

    #[test]
    fn given_the_settings_then_each_that_a_file_may_hold_is_known() {
        let known = known();
        let refused = toml::from_str::<Config>("no-such-setting = 1").expect_err("there is none").to_string();
        let expected = refused.split("expected one of").nth(1).expect("the settings");
        for name in expected.split('`').skip(1).step_by(2) {
            let below = format!("{name}.");
            assert!(known.iter().any(|key| key == name || key.starts_with(&below)), "{name}: {known:?}");
        }
        for key in ["nats.url", "nats.replicas", "policies", "pages.https", "partitions.gate", "instance"] {
            assert!(known.iter().any(|known| known == key), "{key}: {known:?}");
        }
    }

    #[test]
    fn given_a_name_that_no_setting_has_then_the_nearest_is_named() {
        for (text, unknown, nearest) in [
            ("lisen = 1", "lisen", "listen"),
            ("replicas = 3", "replicas", "nats.replicas"),
            ("[nats]\nulr = 1", "nats.ulr", "nats.url"),
            ("policy = []", "policy", "policies"),
            ("[partition]\ngate = 3", "partition.gate", "partitions.gate"),
            ("vault-key = 1", "vault-key", "vault_key"),
        ] {
            assert_eq!(unknown_in(text), [(unknown.to_owned(), nearest.to_owned())], "{text}");
        }
    }

    #[test]
    fn given_names_of_lenders_and_empty_sections_then_nothing_is_unknown() {
        assert_eq!(unknown_in("[pages.lenders]\nlender-1 = \"A bank\"\n[nats]\n"), []);
    }
}
