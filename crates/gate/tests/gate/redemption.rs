//! What has changed since the permit was given counts when it is used: every rule is asked again.

use events::Code;
use events::gate::{
    ContactLinkedV2, ContactRecordedV1, Direction, GateCommand, HoldKind, HoldPlacedV1, HoldSource,
    LineRegisteredV1, NumberCheck, NumberCheckedV1, NumberDisprovedV1, StandingChangedV1,
};
use model::{Channel, Outcome, Purpose, Role};

use crate::scenario::{AGENCY, CASE, CONTACT, Given, asked, line_registered, moment, named, pack, somebody};

const RULES: &str = r#"
[[frequency]]
id = "cap"
count = "attempts"
scope = ["person"]
limit = 2
window = "1 day"

[[cool-down]]
id = "quiet"
scope = ["person"]
window = "7 days"

[[purpose]]
id = "owing"
roles = ["attorney"]
allowed = []

[[lines]]
id = "lines"
registered = true

[[hours]]
id = "hours"
open = ["daily 08:00-21:00"]
"#;

fn recorded(direction: Direction, outcome: Outcome) -> GateCommand {
    GateCommand::RecordContact(ContactRecordedV1 {
        contact: CONTACT,
        case: CASE,
        agency: AGENCY,
        channel: Channel::Call,
        purpose: Purpose::Collect,
        direction,
        at: moment("24 09:00"),
        outcome,
        toward: Vec::new(),
        discussed: Vec::new(),
        line: None,
    })
}

#[test]
fn given_a_permit_when_a_rule_would_refuse_it_now_then_it_is_not_redeemed() {
    let hold = HoldPlacedV1 {
        contact: Some(CONTACT),
        person: None,
        case: None,
        kind: HoldKind::Dispute,
        channels: Vec::new(),
        places: Vec::new(),
        times: Vec::new(),
        until: None,
        by: HoldSource::CalledPerson,
    };
    let (agency, line) = (AGENCY, asked().line);
    let (found, at) = (NumberCheck::Fabricated, moment("24 10:00"));
    let disproved = NumberDisprovedV1 { contact: CONTACT, person: somebody(1), belongs_to: somebody(7) };
    let changes: [(GateCommand, Code); 9] = [
        (GateCommand::PlaceHold(hold), Code::HELD),
        (recorded(Direction::Inbound, Outcome::Conversation), Code::COOL_DOWN),
        (GateCommand::CheckNumber(NumberCheckedV1 { contact: CONTACT, found, at }), Code::HELD),
        (GateCommand::DisproveNumber(disproved), Code::HELD),
        (
            GateCommand::SetStanding(StandingChangedV1 { agency, collector: None, active: false }),
            Code::NOT_IN_STANDING,
        ),
        (
            GateCommand::RegisterLine(LineRegisteredV1 { agency, line, registered: false }),
            Code::LINE_NOT_REGISTERED,
        ),
        (
            GateCommand::LinkContact(ContactLinkedV2 { role: Role::Attorney, ..named(1, 1, 1) }),
            Code::PURPOSE_NOT_ALLOWED,
        ),
        (
            GateCommand::AdoptPolicy(pack(
                "night",
                "",
                "[[hours]]\nid = \"hours\"\nopen = [\"daily 20:00-21:00\"]\n",
            )),
            Code::OUTSIDE_HOURS,
        ),
        (
            GateCommand::LinkContact(ContactLinkedV2 {
                zones: vec!["America/New_York".parse().expect("a zone")],
                ..named(1, 1, 1)
            }),
            Code::OUTSIDE_HOURS,
        ),
    ];
    for (change, code) in changes {
        let given = crate::scenario::law(RULES).knows(named(1, 1, 1)).and(line_registered());
        let given = given.asks(asked(), "24 10:00").then_permit();
        let permit = given.permit;
        let given = given.does(change, "24 10:00:10");
        given.when(crate::scenario::redeem(permit, 1), "24 10:00:20").then_refused([code]);
    }
}

/// Two late contacts fill the day while the permit waits: the third is not made.
#[test]
fn given_a_permit_when_the_cap_was_filled_meanwhile_then_it_is_not_redeemed_and_counts_itself_not() {
    let late = || recorded(Direction::Outbound, Outcome::NoAnswer);
    let known = || -> Given {
        let given = crate::scenario::law(RULES).knows(named(1, 1, 1)).and(line_registered());
        given.asks(asked(), "24 10:00").then_permit().does(late(), "24 10:00:10")
    };
    let one = known();
    let permit = one.permit;
    one.when(crate::scenario::redeem(permit, 1), "24 10:00:20").then_some(1);
    let two = known().does(late(), "24 10:00:15");
    let permit = two.permit;
    two.when(crate::scenario::redeem(permit, 1), "24 10:00:20").then_refused([Code::DAY_CAP]);
}
