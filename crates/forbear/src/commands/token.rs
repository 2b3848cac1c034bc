//! `token`.

use std::path::Path;

use api::Principal;
use model::{AgencyId, CollectorId, LenderId};
use serde_json::json;
use vault::MasterKey;

use super::print;
use crate::cli::{Format, Token};
use crate::client;
use crate::failure::Failure;

pub(super) fn run(token: &Token, format: Format) -> Result<(), Failure> {
    let path = token.vault_key.clone().unwrap_or_else(|| token.data.join(MasterKey::FILE_NAME));
    let key = MasterKey::load(&path).map_err(Failure::usage)?;
    let principal = principal(&token.whom).ok_or_else(|| {
        Failure::usage(format!(
            "expected operator, supervisor, supervisor:agency-3, lender-1, agency-3, collector-301:agency-3 or trunk, got {:?}",
            token.whom
        ))
    })?;
    let signed = client::token(&key, principal, i64::from(token.hours) * 3_600_000)?;
    print(format, &json!({ "token": signed }), |_| signed.clone());
    Ok(())
}

pub(super) fn key(file: &Path, format: Format) -> Result<(), Failure> {
    if file.exists() {
        return Err(Failure::usage(format!("expected a file that is not there yet, {} is", file.display())));
    }
    MasterKey::load_or_create(file).map_err(Failure::failed)?;
    print(format, &json!({ "file": file.display().to_string() }), |_| {
        format!(
            "{} made; give it to every process with --vault-key, and keep a copy elsewhere",
            file.display()
        )
    });
    Ok(())
}

fn principal(text: &str) -> Option<Principal> {
    if let Some((who, agency)) = text.split_once(':') {
        let agency: AgencyId = agency.parse().ok()?;
        return match who {
            "supervisor" => Some(Principal::Supervisor(Some(agency))),
            collector => collector.parse::<CollectorId>().ok().map(|id| Principal::Collector(id, agency)),
        };
    }
    match text {
        "operator" => Some(Principal::Operator),
        "supervisor" => Some(Principal::Supervisor(None)),
        "trunk" => Some(Principal::Trunk),
        // Bare numbers would be read as either.
        _ if text.starts_with("lender-") => text.parse::<LenderId>().ok().map(Principal::Lender),
        _ if text.starts_with("agency-") => text.parse::<AgencyId>().ok().map(Principal::Agency),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_principal_can_be_named() {
        assert_eq!(principal("operator"), Some(Principal::Operator));
        assert_eq!(principal("supervisor:agency-3"), Some(Principal::Supervisor(Some(AgencyId(3)))));
        assert_eq!(
            principal("collector-301:agency-3"),
            Some(Principal::Collector(CollectorId(301), AgencyId(3)))
        );
        assert_eq!(principal("lender-1"), Some(Principal::Lender(LenderId(1))));
        for wrong in ["", "7", "collector-301", "lender", "agency-x", "operator:agency-1"] {
            assert_eq!(principal(wrong), None, "{wrong:?}");
        }
    }
}
