//! What an event of the gate says that the fields of a timeline's entry do not, in plain words. Never personal data.

use events::Code;
use events::gate::{
    ConsentAnswer, ConsentCovers, ConsentGivenV1, ConsentRevokedV1, ContactRecordedV1, Direction,
    FindingRaisedV1, GateEvent, HoldKind, HoldLiftedV1, HoldPlacedV1, HoldSource, NumberCheck,
    NumberCheckedV1, PermitReservedV2, RefusedByV2, Tightest, WeekTime,
};
use model::Timestamp;

/// The sentence; `None` where the event's kind and fields say it all.
pub fn of(event: &GateEvent) -> Option<String> {
    match event {
        GateEvent::PermitReserved(reserved) => permitted(reserved),
        GateEvent::PermitRefused(refused) => refused_by(&refused.reasons),
        GateEvent::ConsentAnswered(answered) => Some(answer(answered.answer).to_owned()),
        GateEvent::HoldPlaced(placed) => Some(hold(placed)),
        GateEvent::HoldLifted(lifted) => Some(hold_lifted(lifted)),
        GateEvent::ConsentGiven(given) => Some(consent(given)),
        GateEvent::ConsentRevoked(revoked) => Some(consent_revoked(revoked)),
        GateEvent::ContactRecorded(recorded) => Some(contact(recorded)),
        GateEvent::NumberDisproved(_) => Some(
            "the number is somebody else's: what was counted for the one counts for the other".to_owned(),
        ),
        GateEvent::NumberChecked(checked) => Some(check(checked)),
        GateEvent::FindingRaised(finding) => Some(found(finding)),
        _ => None,
    }
}

fn permitted(reserved: &PermitReservedV2) -> Option<String> {
    let Tightest { rule, count } = reserved.tightest?;
    Some(format!("{} of {} by {rule}, this one included", count.counted, count.limit))
}

fn refused_by(reasons: &[RefusedByV2]) -> Option<String> {
    let one = |reason: &RefusedByV2| {
        let RefusedByV2 { code, rule, limit, counted, .. } = *reason;
        let name = rule.map_or(code.word().to_owned(), |rule| format!("{} ({rule})", Code::word(code)));
        match (counted, limit) {
            (Some(counted), Some(limit)) => format!("{name}: {counted} of {limit}"),
            _ => name,
        }
    };
    let all: Vec<String> = reasons.iter().map(one).collect();
    (!all.is_empty()).then(|| format!("refused by {}", all.join("; ")))
}

const fn answer(answer: ConsentAnswer) -> &'static str {
    match answer {
        ConsentAnswer::Confirmed => "knows of it and agrees",
        ConsentAnswer::Refused => "does not agree",
        ConsentAnswer::UnknownDebtor => "does not know the debtor",
    }
}

fn hold(placed: &HoldPlacedV1) -> String {
    let HoldPlacedV1 { contact, person, case, kind, channels, places, times, until, by } = placed;
    let mut of = Vec::new();
    contact.is_some().then(|| of.push("this contact point"));
    person.is_some().then(|| of.push("this person"));
    case.is_some().then(|| of.push("this debt"));
    let mut text = format!("no contact with {}: {}", of.join(" and "), held_for(*kind));
    if !channels.is_empty() {
        text += &format!("; by {}", words(channels.iter().map(|channel| channel.word())));
    }
    if !places.is_empty() {
        text += &format!("; at {}", words(places.iter().map(|place| place.word())));
    }
    if !times.is_empty() {
        let times: Vec<String> = times.iter().map(week_time).collect();
        text += &format!("; {}", words(times.iter().map(String::as_str)));
    }
    match until {
        Some(until) => text += &format!("; until {}", moment(*until)),
        None => text += "; until it is lifted",
    }
    text + &format!("; so said {}", source(*by))
}

fn hold_lifted(lifted: &HoldLiftedV1) -> String {
    format!("the hold at position {} no longer stands; so said {}", lifted.hold.0, source(lifted.by))
}

const fn held_for(kind: HoldKind) -> &'static str {
    match kind {
        HoldKind::Stop => "the person wants to be left alone",
        HoldKind::WrongParty => "the number is not theirs",
        HoldKind::Dispute => "the debt is disputed",
        HoldKind::Attorney => "an attorney represents the person",
        HoldKind::Hardship => "hardship",
        HoldKind::Deceased => "the person has died",
        HoldKind::Complaint => "a complaint is open",
        HoldKind::Cease => "the person refused or asked in writing to cease",
        HoldKind::Inconvenient => "the person named this as inconvenient",
        HoldKind::Employer => "the employer forbids such calls",
        HoldKind::Disclosure => "somebody else is reached there too",
        HoldKind::Limitation => "the claim may no longer be enforced",
        HoldKind::Recalled => "the lender recalled the debt",
        HoldKind::Order => "by order of a court or a regulator",
    }
}

fn source(source: HoldSource) -> String {
    match source {
        HoldSource::CalledPerson => "the person".to_owned(),
        HoldSource::Lender(lender) => lender.to_string(),
        HoldSource::Agency(agency) => agency.to_string(),
        HoldSource::Operator => "the operator".to_owned(),
        HoldSource::Regulator => "a court or a regulator".to_owned(),
    }
}

fn week_time(time: &WeekTime) -> String {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let on = DAYS.iter().enumerate().filter(|(day, _)| time.days >> day & 1 == 1).map(|(_, name)| *name);
    let days: Vec<&str> = on.collect();
    format!("{} {} to {}", days.join(","), clock(time.from_s), clock(time.until_s))
}

fn clock(second: u32) -> String {
    format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

fn consent(given: &ConsentGivenV1) -> String {
    let covers = match given.covers {
        ConsentCovers::Frequency => "more calls, or a call back",
        ConsentCovers::Hours => "contact at otherwise closed hours",
        ConsentCovers::Messages => "messages",
    };
    let case = given.case.map_or("every debt", |_| "this debt");
    let contact = given.contact.map_or("any contact point", |_| "one contact point");
    let until = given
        .until
        .map_or("as long as the law lets it".to_owned(), |until| format!("until {}", moment(until)));
    let from = moment(given.from);
    format!("consented to {covers}, to {}, about {case}, at {contact}, from {from}, {until}", given.agency)
}

fn consent_revoked(revoked: &ConsentRevokedV1) -> String {
    let which = match revoked.consent {
        Some(position) => format!("the consent at position {}", position.0),
        None => "every consent".to_owned(),
    };
    format!("took back {which}, since {}", moment(revoked.at))
}

fn contact(recorded: &ContactRecordedV1) -> String {
    let began = match recorded.direction {
        Direction::Outbound => "the agency began it",
        Direction::Inbound => "the person began it",
    };
    format!("took place without a permit, {}; {began}; recorded afterwards", moment(recorded.at))
}

fn check(checked: &NumberCheckedV1) -> String {
    let found = match checked.found {
        NumberCheck::NotReassigned => "it is still the same subscriber's",
        NumberCheck::NotInService => "it is in nobody's service",
        NumberCheck::SharedInOrder => "that many name it is in order",
        NumberCheck::Fabricated => "it was made up",
    };
    format!("the number was checked, {}: {found}", moment(checked.at))
}

fn found(finding: &FindingRaisedV1) -> String {
    let FindingRaisedV1 { contact_made, at, rule, .. } = finding;
    format!(
        "a fact that became known late shows that the contact at position {}, made {}, would have passed {rule}",
        contact_made.0,
        moment(*at)
    )
}

fn words<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

fn moment(at: Timestamp) -> String {
    let moment = jiff::Timestamp::from_millisecond(at.0);
    moment.map_or_else(|_| format!("{} ms after 1970", at.0), |moment| format!("{moment:.0}"))
}
