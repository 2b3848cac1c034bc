//! Rule packs: adopted and withdrawn.

use events::gate::{GateEvent, PolicyAdoptedV2, PolicyWithdrawnV1, RuleName};
use events::{Code, Reason, Refusal};

use policy::Pack;
use policy::pack::Owner;

use crate::State;

/// Most packs in force at once.
const PACKS_MAX: usize = 1024;

pub(crate) fn adopt(state: &State, asked: &PolicyAdoptedV2) -> Result<Vec<GateEvent>, Refusal> {
    let invalid = |detail: String| Refusal::from(Reason::detail(Code::POLICY_INVALID, detail));
    let pack = policy::parse(&asked.pack).map_err(|error| invalid(error.to_string()))?;
    for rule in &pack.rules {
        if RuleName::new(&rule.name(&pack)).is_none() {
            return Err(invalid(format!(
                "expected a name of at most 64 ASCII characters, got {}",
                rule.name(&pack)
            )));
        }
    }
    if pack.id == "gate" {
        return Err(invalid(
            "expected an id of its own, got gate: that names the gate's own rules".to_owned(),
        ));
    }
    let policies = &state.policies;
    let current = policies.packs().iter().find(|adopted| adopted.pack.id == pack.id);
    if current.is_some_and(|adopted| adopted.text == asked.pack) {
        return Ok(Vec::new());
    }
    if policies.known(&pack.id, pack.version).is_some_and(|text| text != asked.pack) {
        let (id, version) = (&pack.id, pack.version);
        return Err(invalid(format!(
            "{id} version {version} is known with other content; give the changed pack a new version"
        )));
    }
    if pack.owner != Owner::Platform {
        let base = policies.packs().iter().map(|adopted| &adopted.pack);
        let base: Vec<&Pack> = base.filter(|pack| pack.owner == Owner::Platform).collect();
        policy::check_addition(&pack, &base).map_err(|loosenings| {
            let reasons = loosenings
                .iter()
                .map(|loosening| Reason::detail(Code::POLICY_LOOSENS, loosening.to_string()));
            Refusal { reasons: reasons.collect(), next_allowed: None, repeats: None }
        })?;
    }
    if current.is_none() && policies.packs().len() >= PACKS_MAX {
        return Err(invalid(format!("expected at most {PACKS_MAX} packs, got one more")));
    }
    Ok(vec![GateEvent::PolicyAdopted(asked.clone())])
}

pub(crate) fn withdraw(state: &State, asked: &PolicyWithdrawnV1) -> Result<Vec<GateEvent>, Refusal> {
    if state.policies.packs().iter().any(|adopted| adopted.pack.id == asked.id) {
        return Ok(vec![GateEvent::PolicyWithdrawn(asked.clone())]);
    }
    Err(Reason::detail(Code::NOT_FOUND, "expected the id of a pack in force").into())
}
