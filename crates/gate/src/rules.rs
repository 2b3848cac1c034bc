//! The rules. Each looks at the same facts and refuses or not; all are asked, so their order never matters. A fact
//! that is missing refuses by the rule that names what is missing.

use events::gate::{ConsentAnswer, PermitRequest, PolicyV1};
use events::{Code, Now, Reason};
use model::{Purpose, Role, Timestamp};

use crate::state::{Contact, Link, Notice};
use crate::window::{Counts, Window};
use crate::zone::ZoneClock;
use crate::{State, hours};

/// What a request is judged on.
pub(crate) struct Facts<'a> {
    state: &'a State,
    asked: &'a PermitRequest,
    now: Now,
    contact: Option<&'a Contact>,
    link: Option<&'a Link>,
    /// In the strictest zone; `None`: no zone is known.
    pub counts: Option<Counts>,
}

/// A verdict: every reason, in order of code, and when the passing of time would remove them all.
pub(crate) struct Judgement {
    pub reasons: Vec<Reason>,
    pub next_allowed: Option<Timestamp>,
}

type Rule = fn(&Facts<'_>) -> Option<Reason>;

const RULES: [Rule; 12] = [
    stopped,
    day_cap,
    seven_day_cap,
    calling_hours,
    zone_known,
    contact_known,
    placed_with_asker,
    consent,
    clock_sure,
    policy_adopted,
    purpose_allowed,
    open_case,
];

/// Whether only the passing of time stands against it.
const fn passes_with_time(code: Code) -> bool {
    matches!(code, Code::DAY_CAP | Code::SEVEN_DAY_CAP | Code::OUTSIDE_HOURS)
}

impl<'a> Facts<'a> {
    pub fn gather(state: &'a State, asked: &'a PermitRequest, now: Now) -> Self {
        let contact = state.contacts.get(&asked.contact);
        let link = contact.and_then(|contact| contact.link(asked.case));
        let counts = contact.and_then(|contact| {
            contact.attempts.count(state.zones.clocks(contact.zones), &state.permits, now.at)
        });
        Self { state, asked, now, contact, link, counts }
    }

    /// Asks every rule.
    pub fn judge(&self) -> Judgement {
        self.judge_by(&RULES)
    }

    fn judge_by(&self, rules: &[Rule]) -> Judgement {
        let mut reasons: Vec<Reason> = rules.iter().filter_map(|rule| rule(self)).collect();
        reasons.sort_unstable_by_key(|reason| reason.code);
        let passes = reasons.iter().all(|reason| passes_with_time(reason.code));
        let next_allowed = if passes { self.next_allowed(&reasons) } else { None };
        Judgement { reasons, next_allowed }
    }

    /// The first moment at which hours and caps all allow it, if nothing else happens. Caps only free up, so the last
    /// of them is the earliest start of the search for an opening.
    fn next_allowed(&self, reasons: &[Reason]) -> Option<Timestamp> {
        let mut free = self.now.at;
        for reason in reasons {
            free = free.max(reason.next_allowed?);
        }
        hours::next_open(self.clocks(), self.timed()?, free)
    }

    fn clocks(&self) -> impl Iterator<Item = &'a ZoneClock> + Clone {
        let (zones, contact) = (&self.state.zones, self.contact);
        contact.into_iter().flat_map(|contact| zones.clocks(contact.zones))
    }

    /// The policy, if time can be judged at all: the clock is sure and a zone is known.
    fn timed(&self) -> Option<&'a PolicyV1> {
        let known = self.now.trusted && self.counts.is_some();
        self.state.policy.as_ref().map(|adopted| &adopted.policy).filter(|_| known)
    }

    fn cap(&self, window: Window) -> Option<Reason> {
        let (policy, counts, contact) = (self.timed()?, self.counts?, self.contact?);
        let (code, limit, counted) = match window {
            Window::Day => (Code::DAY_CAP, policy.per_day, counts.day),
            Window::SevenDays => (Code::SEVEN_DAY_CAP, policy.per_seven_days, counts.seven_days),
        };
        if counted < u32::from(limit) {
            return None;
        }
        let permits = &self.state.permits;
        let next_allowed = contact.attempts.next_below(window, limit, self.clocks(), permits, self.now.at);
        Some(Reason { code, limit: Some(limit.into()), counted: Some(counted), next_allowed, detail: None })
    }

    fn third_party(&self) -> Option<&'a Link> {
        self.link.filter(|link| matches!(link.role, Role::EmergencyContact | Role::OtherThirdParty))
    }
}

/// The one notice that asks for consent was sent, or a permit for it waits.
pub(crate) fn notice_used(state: &State, contact: &Contact, now: Timestamp) -> bool {
    match contact.notice {
        Notice::Unused => false,
        Notice::Reserved(permit) => state.permits.waits(permit, now),
        Notice::Sent => true,
    }
}

fn refuse_if(refuses: bool, code: Code) -> Option<Reason> {
    refuses.then_some(Reason::new(code))
}

fn stopped(facts: &Facts<'_>) -> Option<Reason> {
    refuse_if(facts.contact.is_some_and(|contact| contact.stopped), Code::STOPPED)
}

fn day_cap(facts: &Facts<'_>) -> Option<Reason> {
    facts.cap(Window::Day)
}

fn seven_day_cap(facts: &Facts<'_>) -> Option<Reason> {
    facts.cap(Window::SevenDays)
}

fn calling_hours(facts: &Facts<'_>) -> Option<Reason> {
    let policy = facts.timed()?;
    if hours::open(facts.clocks(), policy, facts.now.at) {
        return None;
    }
    let next_allowed = hours::next_open(facts.clocks(), policy, facts.now.at);
    Some(Reason { next_allowed, ..Reason::new(Code::OUTSIDE_HOURS) })
}

/// Of a contact point that some case names: of others, `contact_known` says what is missing.
fn zone_known(facts: &Facts<'_>) -> Option<Reason> {
    let named = facts.contact.is_some_and(|contact| !contact.links.is_empty());
    refuse_if(named && facts.counts.is_none(), Code::ZONE_UNKNOWN)
}

fn contact_known(facts: &Facts<'_>) -> Option<Reason> {
    refuse_if(facts.link.is_none(), Code::CONTACT_UNKNOWN)
}

fn placed_with_asker(facts: &Facts<'_>) -> Option<Reason> {
    refuse_if(facts.link?.agency != Some(facts.asked.agency), Code::NOT_PLACED)
}

/// Somebody who owes nothing may be sent one notice that asks; after a yes, more.
fn consent(facts: &Facts<'_>) -> Option<Reason> {
    let agreed = facts.third_party()?.consent == Some(ConsentAnswer::Confirmed);
    let first_notice = facts.asked.purpose == Purpose::ConsentNotice
        && !notice_used(facts.state, facts.contact?, facts.now.at);
    refuse_if(!agreed && !first_notice, Code::CONSENT_MISSING)
}

fn clock_sure(facts: &Facts<'_>) -> Option<Reason> {
    refuse_if(!facts.now.trusted, Code::CLOCK_UNSURE)
}

fn policy_adopted(facts: &Facts<'_>) -> Option<Reason> {
    refuse_if(facts.state.policy.is_none(), Code::NO_POLICY)
}

/// Who owes may be spoken to about the debt and asked where another is; who was named and agreed may only be asked
/// where the debtor is; nobody is asked twice whether they agree; an attorney is not dialed.
fn purpose_allowed(facts: &Facts<'_>) -> Option<Reason> {
    let link = facts.link?;
    let agreed = link.consent == Some(ConsentAnswer::Confirmed);
    let allowed = match (link.role, facts.asked.purpose) {
        (Role::Debtor | Role::CoDebtor | Role::Guarantor, Purpose::Collect | Purpose::Locate) => true,
        (Role::EmergencyContact | Role::OtherThirdParty, Purpose::Locate) => true,
        (Role::EmergencyContact | Role::OtherThirdParty, Purpose::ConsentNotice) => !agreed,
        _ => false,
    };
    refuse_if(!allowed, Code::PURPOSE_NOT_ALLOWED)
}

fn open_case(facts: &Facts<'_>) -> Option<Reason> {
    refuse_if(facts.link?.closed, Code::CONTACT_CLOSED)
}

#[cfg(test)]
mod tests {
    use events::Position;
    use events::gate::{
        ConsentAnsweredV1, ContactPlacedV1, GateEvent, PolicyAdoptedV1, StopPlacedV1, StopSource,
    };
    use model::Channel;

    use super::*;

    /// A state in which nearly every rule refuses, and the request.
    fn refused_by_many() -> (State, PermitRequest) {
        let mut state = State::default();
        let mut asked = None;
        let policy = PolicyV1 { per_day: 0, per_seven_days: 0, ..crate::strict() };
        let mut take = |event| state.take(&event, Timestamp(0), Position(0));
        take(GateEvent::PolicyAdopted(PolicyAdoptedV1 { policy }));
        for sample in events::gate::samples() {
            match &sample {
                GateEvent::ContactLinked(_) | GateEvent::ContactClosed(_) | GateEvent::StopPlaced(_) => {
                    take(sample)
                }
                GateEvent::PermitReserved(reserved) => asked = Some(reserved.asked),
                _ => {}
            }
        }
        (state, asked.expect("a sample of each event"))
    }

    #[test]
    fn given_any_order_of_the_rules_then_the_judgement_is_the_same() {
        let (state, asked) = refused_by_many();
        for trusted in [true, false] {
            let facts = Facts::gather(&state, &asked, Now { at: Timestamp(0), trusted });
            let expected = facts.judge().reasons;
            assert!(expected.len() >= 6, "{expected:?}");
            let mut rules = RULES;
            for turn in 0..RULES.len() {
                rules.rotate_left(1);
                assert_eq!(facts.judge_by(&rules).reasons, expected);
                rules[turn..].reverse();
                assert_eq!(facts.judge_by(&rules).reasons, expected);
            }
        }
    }

    /// One refusal of one rule is enough: no fact about a case lifts it.
    #[test]
    fn given_a_stop_when_everything_else_allows_then_it_is_refused() {
        let (mut state, asked) = refused_by_many();
        let PermitRequest { contact, case, agency, .. } = asked;
        let answer = ConsentAnswer::Confirmed;
        for event in [
            GateEvent::PolicyAdopted(PolicyAdoptedV1 { policy: crate::strict() }),
            GateEvent::ContactPlaced(ContactPlacedV1 { contact, case, agency: Some(agency) }),
            GateEvent::ConsentAnswered(ConsentAnsweredV1 { contact, case, answer }),
            GateEvent::StopPlaced(StopPlacedV1 { contact, source: StopSource::Operator }),
        ] {
            state.take(&event, Timestamp(0), Position(0));
        }
        for channel in Channel::ALL {
            let asked = PermitRequest { channel: *channel, purpose: Purpose::Locate, ..asked };
            let reasons =
                Facts::gather(&state, &asked, Now { at: Timestamp(4 * 3_600_000), trusted: true }).judge();
            let codes: Vec<_> = reasons.reasons.iter().map(|reason| reason.code).collect();
            assert_eq!(codes, [Code::STOPPED, Code::CONTACT_CLOSED]);
        }
    }

    /// What a snapshot and ten million contact points cost; the bar of issue 3 is 120 bytes with three attempts.
    #[test]
    fn a_contact_point_is_small() {
        assert!(size_of::<Contact>() <= 64, "{} bytes", size_of::<Contact>());
        assert!(size_of::<Link>() <= 56, "{} bytes", size_of::<Link>());
    }
}
