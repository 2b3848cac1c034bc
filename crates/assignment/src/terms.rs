//! What is set for agencies, lenders, collectors and cases; and whose certificates are current.

use events::assignment::{
    AgencyTermsSetV1, AssignmentEvent, CONFLICTS_MAX, CaseDescribedV1, CollectorCertifiedV1,
    CollectorStandingV1, LenderTermsSetV1,
};
use events::{Code, Reason, Refusal};
use model::{AgencyId, CollectorId};

use crate::registry::known_agency;
use crate::state::{Described, State, jurisdiction};

const LIST_MAX: usize = 256;
const TEXT_LEN_MAX: usize = 128;
const LENDER_AGENCIES_MAX: usize = 2_000;
const STAGES_MAX: usize = 16;

#[derive(Default)]
struct Checks(Vec<Reason>);

impl Checks {
    fn must(&mut self, holds: bool, detail: impl FnOnce() -> String) {
        if !holds {
            self.0.push(Reason::detail(Code::MALFORMED, detail()));
        }
    }

    fn texts(&mut self, what: &str, list: &[String]) {
        let count = list.len();
        self.must(count <= LIST_MAX, || format!("{what}: expected at most {LIST_MAX}, got {count}"));
        let wrong = list.iter().find(|text| text.is_empty() || text.len() > TEXT_LEN_MAX);
        self.must(wrong.is_none(), || format!("{what}: expected texts of 1 to {TEXT_LEN_MAX} bytes"));
    }

    fn languages(&mut self, list: &[String]) {
        let wrong = list.iter().find(|text| !is_language(text));
        self.must(wrong.is_none() && list.len() <= LIST_MAX, || {
            format!("languages: expected ISO 639 codes such as zh, got {wrong:?}")
        });
    }

    fn done(self) -> Result<(), Refusal> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Refusal { reasons: self.0, next_allowed: None, repeats: None })
        }
    }
}

fn is_language(text: &str) -> bool {
    (2..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

pub fn set_agency(
    state: &State,
    terms: &AgencyTermsSetV1,
    today: i32,
) -> Result<Vec<AssignmentEvent>, Refusal> {
    known_agency(state, terms.agency)?;
    if state.agency_terms.get(&terms.agency) == Some(terms) {
        return Ok(Vec::new());
    }
    let mut checks = Checks::default();
    let licences = terms.licences.len();
    checks.must((1..=LIST_MAX).contains(&licences), || {
        format!("licences: expected 1 to {LIST_MAX}, got {licences}")
    });
    for licence in &terms.licences {
        checks.must(jurisdiction(&licence.jurisdiction).is_some(), || {
            format!(
                "licences: expected a jurisdiction of two letters such as CN, got {:?}",
                licence.jurisdiction
            )
        });
        checks.must((1..=TEXT_LEN_MAX).contains(&licence.number.len()), || {
            format!("licences: expected numbers of 1 to {TEXT_LEN_MAX} bytes, got {}", licence.number.len())
        });
        checks.must(licence.until.is_none_or(|until| licence.from <= until), || {
            "licences: expected a last day that is not before the first".to_owned()
        });
    }
    checks.texts("products", &terms.products);
    checks.languages(&terms.languages);
    let stages = terms.commission.len();
    checks.must(stages <= STAGES_MAX && terms.commission.iter().all(|part| *part <= 10_000), || {
        format!("commission: expected at most {STAGES_MAX} stages of 0 to 10000 hundredths of a percent")
    });
    checks.done()?;
    let mut events = vec![AssignmentEvent::AgencyTermsSet(terms.clone())];
    events.extend(standings(state, terms.agency, terms.certificates_required, today));
    Ok(events)
}

pub fn set_lender(state: &State, terms: &LenderTermsSetV1) -> Result<Vec<AssignmentEvent>, Refusal> {
    if state.lender_terms.get(&terms.lender) == Some(terms) {
        return Ok(Vec::new());
    }
    let mut checks = Checks::default();
    let agencies = terms.agencies.len();
    checks.must(agencies <= LENDER_AGENCIES_MAX, || {
        format!("agencies: expected at most {LENDER_AGENCIES_MAX}, got {agencies}")
    });
    let mut named = std::collections::BTreeSet::new();
    for allowed in &terms.agencies {
        known_agency(state, allowed.agency)?;
        checks.must(named.insert(allowed.agency), || format!("agencies: {} is there twice", allowed.agency));
        checks.must(allowed.share_min <= allowed.share_max && allowed.share_max <= 1_000, || {
            format!(
                "agencies: {}: expected shares in thousandths, the least not above the most, got {} and {}",
                allowed.agency, allowed.share_min, allowed.share_max
            )
        });
    }
    let least: u32 = terms.agencies.iter().map(|allowed| u32::from(allowed.share_min)).sum();
    checks.must(least <= 1_000, || format!("agencies: expected least shares of 1000 at most, got {least}"));
    checks.must(terms.days_max.len() <= STAGES_MAX, || {
        format!("days_max: expected at most {STAGES_MAX} stages, got {}", terms.days_max.len())
    });
    checks.done()?;
    Ok(vec![AssignmentEvent::LenderTermsSet(terms.clone())])
}

pub fn certify(
    state: &State,
    certified: &CollectorCertifiedV1,
    today: i32,
) -> Result<Vec<AssignmentEvent>, Refusal> {
    let id = certified.collector;
    let collector =
        state.collectors.get(&id).ok_or_else(|| Reason::detail(Code::COLLECTOR_UNKNOWN, id.to_string()))?;
    if state.certified.get(&id) == Some(certified) {
        return Ok(Vec::new());
    }
    let mut checks = Checks::default();
    checks.must(certified.certificates.len() <= LIST_MAX, || {
        format!("certificates: expected at most {LIST_MAX}, got {}", certified.certificates.len())
    });
    checks.must(certified.identity_verified <= today, || {
        "identity_verified: expected a day that is not in the future".to_owned()
    });
    for certificate in &certified.certificates {
        checks.texts("products", &certificate.products);
        checks.languages(&certificate.languages);
    }
    checks.done()?;
    let mut events = vec![AssignmentEvent::CollectorCertified(certified.clone())];
    let may =
        !collector.ended && (!is_required(state, collector.agency) || is_current(Some(certified), today));
    events.extend(standing(state, collector.agency, id, may));
    Ok(events)
}

/// Collectors whose standing is not what their certificates say on that day.
pub fn review(state: &State, day: i32) -> Vec<AssignmentEvent> {
    let agencies = state.agencies.keys();
    agencies.flat_map(|agency| standings(state, *agency, is_required(state, *agency), day)).collect()
}

pub fn describe(state: &State, said: &CaseDescribedV1) -> Result<Vec<AssignmentEvent>, Refusal> {
    if !state.cases.contains_key(&said.case) {
        return Err(Reason::detail(Code::CASE_UNKNOWN, said.case.to_string()).into());
    }
    let described = Described { language: said.language.clone(), conflicts: said.conflicts.clone() };
    if state.described.get(&said.case) == Some(&described) {
        return Ok(Vec::new());
    }
    let mut checks = Checks::default();
    checks.languages(said.language.as_slice());
    checks.must(said.conflicts.len() <= CONFLICTS_MAX, || {
        format!("conflicts: expected at most {CONFLICTS_MAX}, got {}", said.conflicts.len())
    });
    checks.done()?;
    Ok(vec![AssignmentEvent::CaseDescribed(said.clone())])
}

/// Whether an agency's collectors need a current certificate.
pub fn is_required(state: &State, agency: AgencyId) -> bool {
    state.agency_terms.get(&agency).is_some_and(|terms| terms.certificates_required)
}

fn is_current(certified: Option<&CollectorCertifiedV1>, day: i32) -> bool {
    certified.is_some_and(|certified| certified.certificates.iter().any(|one| day <= one.until))
}

fn standings(state: &State, agency: AgencyId, required: bool, day: i32) -> Vec<AssignmentEvent> {
    let active = state.collectors.iter().filter(|(_, of)| of.agency == agency && !of.ended);
    active
        .filter_map(|(id, _)| {
            standing(state, agency, *id, !required || is_current(state.certified.get(id), day))
        })
        .collect()
}

/// The standing that a collector who begins, or ends, has.
pub fn standing_of(
    state: &State,
    agency: AgencyId,
    id: CollectorId,
    works: bool,
    day: i32,
) -> Option<AssignmentEvent> {
    let may = works && (!is_required(state, agency) || is_current(state.certified.get(&id), day));
    standing(state, agency, id, may)
}

/// What is to be recorded, if it is not so already.
fn standing(
    state: &State,
    agency: AgencyId,
    collector: CollectorId,
    active: bool,
) -> Option<AssignmentEvent> {
    let changed = state.barred.contains(&collector) == active;
    changed.then_some(AssignmentEvent::CollectorStanding(CollectorStandingV1 { agency, collector, active }))
}

#[cfg(test)]
mod tests {
    use events::assignment::{AssignmentCommand, CertificateV1, LicenceV1};

    use super::*;
    use crate::given::{agency, codes, collector, given};

    fn terms(required: bool) -> AgencyTermsSetV1 {
        AgencyTermsSetV1 {
            agency: AgencyId(1),
            licences: vec![LicenceV1 {
                number: "7".to_owned(),
                jurisdiction: "CN".to_owned(),
                from: 0,
                until: None,
            }],
            products: vec![],
            languages: vec!["zh".to_owned()],
            capacity: 5,
            commission: vec![1_500],
            insurance: None,
            certificates_required: required,
        }
    }

    fn until(day: i32) -> CollectorCertifiedV1 {
        let certificates = vec![CertificateV1 { products: vec![], languages: vec![], until: day }];
        CollectorCertifiedV1 { collector: CollectorId(5), identity_verified: 0, certificates, capacity: 9 }
    }

    fn standings(events: &[AssignmentEvent]) -> Vec<bool> {
        let active = events.iter().filter_map(|event| match event {
            AssignmentEvent::CollectorStanding(standing) => Some(standing.active),
            _ => None,
        });
        active.collect()
    }

    #[test]
    fn given_certificates_are_required_when_they_come_and_run_out_then_the_standing_follows() {
        let mut service = given(&[
            AssignmentEvent::AgencyRegistered(agency(1, 10)),
            AssignmentEvent::CollectorRegistered(collector(5, 1)),
        ]);
        let mut then = |command| standings(&service.then(&command).expect("taken").0);
        assert_eq!(then(AssignmentCommand::SetAgencyTerms(terms(true))), [false]);
        assert_eq!(then(AssignmentCommand::CertifyCollector(until(3))), [true]);
        assert_eq!(then(AssignmentCommand::ReviewStandings { day: 3 }), [] as [bool; 0]);
        assert_eq!(then(AssignmentCommand::ReviewStandings { day: 4 }), [false]);
        assert_eq!(then(AssignmentCommand::CertifyCollector(until(30))), [true]);
        assert_eq!(then(AssignmentCommand::EndCollector { collector: CollectorId(5) }), [false]);
        assert_eq!(then(AssignmentCommand::RegisterCollector(collector(5, 1))), [true]);
    }

    #[test]
    fn given_malformed_terms_when_set_then_every_field_is_named() {
        let service = given(&[AssignmentEvent::AgencyRegistered(agency(1, 10))]);
        let mut wrong = terms(false);
        wrong.licences[0].until = Some(-1);
        wrong.languages = vec!["Chinese".to_owned()];
        wrong.commission = vec![10_001];
        let told = service.when(&AssignmentCommand::SetAgencyTerms(wrong));
        assert_eq!(codes(told), [Code::MALFORMED; 3]);
    }
}
