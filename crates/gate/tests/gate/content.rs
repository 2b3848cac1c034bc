//! What messages say, and that they are made from approved texts.

use events::Code;
use events::gate::{GateCommand, PermitRequest, TemplateApprovedV1, TemplateId, TemplateWithdrawnV1};
use model::{AgencyId, Channel, Role};

use crate::scenario::{AGENCY, Given, call, law, named, pack};

const RULES: &str = r#"
[[content]]
id = "texts"
channels = ["sms"]
template = true
require = ["sender", "opt-out"]
forbid = ["Arrest", "坐牢"]
"#;

fn text(template: u32, text: &str) -> TemplateApprovedV1 {
    TemplateApprovedV1 {
        agency: AGENCY,
        template: TemplateId(template),
        channels: vec![Channel::Sms],
        roles: vec![Role::Debtor],
        text: text.to_owned(),
    }
}

fn approve(approved: TemplateApprovedV1) -> GateCommand {
    GateCommand::ApproveTemplate(approved)
}

fn sms(template: Option<u32>) -> PermitRequest {
    PermitRequest { channel: Channel::Sms, template: template.map(TemplateId), ..call(1, 1) }
}

const GOOD: &str = "{agency}: please call us. Reply STOP to stop.";

fn known() -> Given {
    law(RULES).knows(named(1, 1, 1)).does(approve(text(1, GOOD)), "24 09:00")
}

#[test]
fn given_an_approved_text_then_it_may_be_sent_and_nothing_else() {
    let withdraw =
        || GateCommand::WithdrawTemplate(TemplateWithdrawnV1 { agency: AGENCY, template: TemplateId(1) });
    known()
        .asks(sms(None), "24 10:00")
        .then_refused([Code::TEMPLATE_MISSING])
        .asks(sms(Some(2)), "24 10:00")
        .then_refused([Code::TEMPLATE_MISSING])
        .made(sms(Some(1)), "24 10:00")
        // A call has no text.
        .made(call(1, 1), "24 10:00")
        .does(withdraw(), "24 11:00")
        .when(withdraw(), "24 11:00")
        .then_nothing()
        .asks(sms(Some(1)), "24 12:00")
        .then_refused([Code::TEMPLATE_MISSING]);
}

#[test]
fn given_a_text_for_another_agency_channel_or_role_then_it_is_not_for_this() {
    for other in [
        TemplateApprovedV1 { agency: AgencyId(9), ..text(2, GOOD) },
        TemplateApprovedV1 { channels: vec![Channel::Email], ..text(2, GOOD) },
        TemplateApprovedV1 { roles: vec![Role::Guarantor], ..text(2, GOOD) },
    ] {
        known()
            .does(approve(other), "24 09:00")
            .asks(sms(Some(2)), "24 10:00")
            .then_refused([Code::TEMPLATE_MISSING]);
    }
}

#[test]
fn given_a_text_without_what_is_required_or_with_what_is_forbidden_then_it_is_not_approved() {
    let known = known();
    for wrong in [
        "Please call us. Reply STOP to stop.",
        "{agency}: please call us.",
        "{agency}: pay or be ARRESTED. {stop}",
        "{agency}：不还款就坐牢。回复TD退订",
    ] {
        assert_eq!(known.refuses(&approve(text(2, wrong)), "24 10:00"), [Code::CONTENT], "{wrong}");
    }
    // The same number is always the same text.
    assert_eq!(known.refuses(&approve(text(1, "{sender}: hello. {stop}")), "24 10:00"), [Code::CONTENT]);
    assert_eq!(known.refuses(&approve(text(2, "")), "24 10:00"), [Code::MALFORMED]);
    known.when(approve(text(1, GOOD)), "24 10:00").then_nothing();
}

/// What the law of one region demands is asked when it is sent there.
#[test]
fn given_a_pack_that_comes_later_or_applies_elsewhere_then_the_text_is_asked_again_when_it_is_sent() {
    let stricter = RULES.replace("Arrest", "call us");
    let given =
        known().does(GateCommand::AdoptPolicy(pack("region", "applies = [\"CN\"]", &stricter)), "24 10:00");
    let mut there = named(2, 1, 1);
    there.regions = vec!["CN-SH".parse().expect("a region")];
    let given = given.knows(there).made(sms(Some(1)), "24 10:00");
    given
        .asks(PermitRequest { contact: crate::scenario::contact(2), ..sms(Some(1)) }, "24 10:00")
        .then_refused([Code::CONTENT]);
}
