//! Agencies and collectors.

use events::assignment::{
    AgencyRegisteredV1, AgencySuspendedV1, AssignmentEvent, CollectorEndedV1, CollectorRegisteredV1,
};
use events::{Code, Reason, Refusal};
use model::{AgencyId, CollectorId};

use crate::state::{Agency, State, jurisdiction};
use crate::terms::standing_of;

const NAME_LEN_MAX: usize = 256;
const JURISDICTIONS_MAX: usize = 256;
const LINES_MAX: usize = 1000;
const SEALED_LEN_MAX: usize = 2048;

pub fn register_agency(state: &State, event: &AgencyRegisteredV1) -> Result<Vec<AssignmentEvent>, Refusal> {
    if let Some(known) = state.agencies.get(&event.agency) {
        if same_agency(known, event) {
            return Ok(Vec::new());
        }
        let detail = format!("{} is registered with other content", event.agency);
        return Err(Reason::detail(Code::REGISTRATION_DIFFERS, detail).into());
    }
    let mut reasons = Vec::new();
    let mut malformed = |detail: String| reasons.push(Reason::detail(Code::MALFORMED, detail));
    if event.name.is_empty() || event.name.len() > NAME_LEN_MAX {
        malformed(format!("name: expected 1 to {NAME_LEN_MAX} bytes, got {}", event.name.len()));
    }
    let licences = event.jurisdictions.len();
    if !(1..=JURISDICTIONS_MAX).contains(&licences) {
        malformed(format!("jurisdictions: expected 1 to {JURISDICTIONS_MAX}, got {licences}"));
    }
    if let Some(wrong) = event.jurisdictions.iter().find(|text| jurisdiction(text).is_none()) {
        malformed(format!("jurisdictions: expected two letters such as CN, got {wrong:?}"));
    }
    if event.lines.len() > LINES_MAX {
        malformed(format!("lines: expected at most {LINES_MAX}, got {}", event.lines.len()));
    }
    if let Some(wrong) = event.lines.iter().find(|line| !is_e164(line)) {
        let length = wrong.chars().count();
        malformed(format!(
            "lines: expected numbers such as +862150000001, got {length} characters that are not"
        ));
    }
    if reasons.is_empty() {
        return Ok(vec![AssignmentEvent::AgencyRegistered(event.clone())]);
    }
    Err(Refusal { reasons, next_allowed: None, repeats: None })
}

fn same_agency(known: &Agency, event: &AgencyRegisteredV1) -> bool {
    let jurisdictions = event.jurisdictions.iter().map(|text| jurisdiction(text));
    known.name == event.name
        && known.capacity == event.capacity
        && known.lines == event.lines
        && jurisdictions.eq(known.jurisdictions.iter().copied().map(Some))
}

fn is_e164(line: &str) -> bool {
    let digits = line.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

pub fn suspend_agency(
    state: &State,
    agency: AgencyId,
    suspended: bool,
) -> Result<Vec<AssignmentEvent>, Refusal> {
    let known = known_agency(state, agency)?;
    if known.suspended == suspended {
        return Ok(Vec::new());
    }
    Ok(vec![AssignmentEvent::AgencySuspended(AgencySuspendedV1 { agency, suspended })])
}

pub fn register_collector(
    state: &State,
    event: &CollectorRegisteredV1,
    today: i32,
) -> Result<Vec<AssignmentEvent>, Refusal> {
    known_agency(state, event.agency)?;
    if let Some(known) = state.collectors.get(&event.collector) {
        // The name is sealed, and sealed anew each time: it cannot be compared.
        if known.agency == event.agency && !known.ended {
            return Ok(Vec::new());
        }
        let held = known.queue.len();
        if known.agency != event.agency && (!known.ended || held > 0) {
            let detail = format!("{} is with {}, with {held} cases", event.collector, known.agency);
            return Err(Reason::detail(Code::COLLECTOR_ELSEWHERE, detail).into());
        }
    }
    let sealed_len = event.name_sealed.len();
    if sealed_len > SEALED_LEN_MAX {
        let detail = format!("sealed name: expected at most {SEALED_LEN_MAX} bytes, got {sealed_len}");
        return Err(Reason::detail(Code::MALFORMED, detail).into());
    }
    let standing = standing_of(state, event.agency, event.collector, true, today);
    Ok([AssignmentEvent::CollectorRegistered(event.clone())].into_iter().chain(standing).collect())
}

pub fn end_collector(
    state: &State,
    collector: CollectorId,
    today: i32,
) -> Result<Vec<AssignmentEvent>, Refusal> {
    let known = state.collectors.get(&collector);
    let known = known.ok_or_else(|| Reason::detail(Code::COLLECTOR_UNKNOWN, collector.to_string()))?;
    if known.ended {
        return Ok(Vec::new());
    }
    // At the gate they are out at once, before their cases are taken away.
    let standing = standing_of(state, known.agency, collector, false, today);
    Ok([AssignmentEvent::CollectorEnded(CollectorEndedV1 { collector })]
        .into_iter()
        .chain(standing)
        .collect())
}

/// The agency, or the refusal that there is none.
pub fn known_agency(state: &State, agency: AgencyId) -> Result<&Agency, Refusal> {
    let known = state.agencies.get(&agency);
    known.ok_or_else(|| Reason::detail(Code::AGENCY_UNKNOWN, agency.to_string()).into())
}

#[cfg(test)]
mod tests {
    use events::assignment::{AssignmentAnswer, AssignmentCommand};

    use super::*;
    use crate::given::{agency, codes, collector, given, offered, placed};

    const UNCHANGED: AssignmentAnswer = AssignmentAnswer::Done { changed: false };

    #[test]
    fn given_an_agency_when_registered_again_then_only_other_content_is_refused() {
        let mut service = given(&[]);
        let register = AssignmentCommand::RegisterAgency(agency(1, 10));
        assert_eq!(service.then(&register).map(|told| told.1), Ok(AssignmentAnswer::Done { changed: true }));
        assert_eq!(service.when(&register), Ok((vec![], UNCHANGED)));
        let other = AssignmentCommand::RegisterAgency(agency(1, 11));
        assert_eq!(codes(service.when(&other)), [Code::REGISTRATION_DIFFERS]);
    }

    #[test]
    fn given_a_malformed_agency_when_registered_then_every_field_is_named() {
        let wrong = AgencyRegisteredV1 {
            name: String::new(),
            jurisdictions: vec!["China".to_owned()],
            lines: vec!["021-5000".to_owned()],
            ..agency(1, 10)
        };
        let refused = codes(given(&[]).when(&AssignmentCommand::RegisterAgency(wrong)));
        assert_eq!(refused, [Code::MALFORMED; 3]);
    }

    #[test]
    fn given_a_collector_when_registered_elsewhere_then_refused_until_ended_and_empty() {
        let mut service = given(&[
            AssignmentEvent::AgencyRegistered(agency(1, 10)),
            AssignmentEvent::AgencyRegistered(agency(2, 10)),
            AssignmentEvent::CollectorRegistered(collector(5, 1)),
            AssignmentEvent::CaseOffered(offered(9, 100)),
            AssignmentEvent::CasePlaced(placed(9, 1, 5)),
        ]);
        let here = AssignmentCommand::RegisterCollector(collector(5, 1));
        let elsewhere = AssignmentCommand::RegisterCollector(collector(5, 2));
        assert_eq!(service.when(&here), Ok((vec![], UNCHANGED)));
        assert_eq!(codes(service.when(&elsewhere)), [Code::COLLECTOR_ELSEWHERE]);
        let end = AssignmentCommand::EndCollector { collector: CollectorId(5) };
        service.then(&end).expect("registered");
        assert_eq!(service.when(&end), Ok((vec![], UNCHANGED)));
        assert_eq!(codes(service.when(&elsewhere)), [Code::COLLECTOR_ELSEWHERE]);
        let withdraw = AssignmentCommand::WithdrawFromCollector { collector: CollectorId(5), limit: 9 };
        let told = service.then(&withdraw).expect("ended");
        assert_eq!(told.1, AssignmentAnswer::Withdrawn { cases: 1 });
        service.then(&elsewhere).expect("free");
        assert_eq!(service.collector(5).agency, AgencyId(2));
    }

    #[test]
    fn given_nothing_when_the_unknown_is_named_then_refused() {
        let service = given(&[]);
        let suspend = AssignmentCommand::SuspendAgency { agency: AgencyId(1), suspended: true };
        assert_eq!(codes(service.when(&suspend)), [Code::AGENCY_UNKNOWN]);
        let register = AssignmentCommand::RegisterCollector(collector(5, 1));
        assert_eq!(codes(service.when(&register)), [Code::AGENCY_UNKNOWN]);
        let end = AssignmentCommand::EndCollector { collector: CollectorId(5) };
        assert_eq!(codes(service.when(&end)), [Code::COLLECTOR_UNKNOWN]);
    }
}
