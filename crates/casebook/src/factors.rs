//! Circumstances that may rebut a presumption (12 CFR 1006.14, comments 14(b)(2)(i)-2 and 14(b)(2)(ii)-2). The gate
//! never decides on them: they are printed for whoever weighs them.

use events::gate::HoldKind;
use model::Role;

use crate::case::{Act, Case, ContactMade, Reason, Tie, What};
use crate::report::{Note, RuleSays, Says};
use crate::run::Run;

/// Why a call that exceeded a frequency was placed, where that may rebut the presumption of a violation.
pub(crate) fn against_violation(line: usize, made: &ContactMade) -> Option<Note> {
    let text = match made.reason? {
        Reason::RequiredByLaw => {
            "placed to comply with, or as required by, applicable law (14(b)(2)(ii)-2.i)"
        }
        Reason::Litigation => "directly related to active litigation about the debt (14(b)(2)(ii)-2.ii)",
        Reason::InformationRequested => {
            "placed in response to the person's request for information (14(b)(2)(ii)-2.iii)"
        }
        Reason::CallDropped => "placed at once to complete a conversation that dropped (14(b)(2)(ii)-2.iv.A)",
        Reason::TimeOfTheEssence => {
            "conveyed a chance to avoid a negative effect outside the collector's control, time being of the essence (14(b)(2)(ii)-2.iv.B)"
        }
        Reason::OwnOffer => return None,
    };
    Some(Note { line, text: text.to_owned() })
}

/// What came before a call and may rebut the presumption of compliance; what the rules flag of it is among them.
pub(crate) fn against_compliance(run: &Run<'_>, index: usize, made: &ContactMade) -> Vec<Note> {
    let (at, person) = (run.steps[index].at, made.intended.person);
    let mut notes = Vec::new();
    for step in run.steps.iter().filter(|step| step.known <= at) {
        let statement = &run.case.statements[step.statement];
        let text = match &statement.what {
            What::Act(Act::Conduct { person: of, about }) if of.is_none_or(|of| of == person) => *about,
            What::Act(Act::Stop { person: of, .. }) if *of == person => {
                "the person asked to be left alone (14(b)(2)(i)-2.iii)"
            }
            What::Act(Act::Hold(hold)) if hold.person == Some(person) => match hold.kind {
                HoldKind::Stop => "the person asked not to be contacted so (14(b)(2)(i)-2.iii, 14(h))",
                HoldKind::Cease => {
                    "the person refused to pay or gave notice to cease (14(b)(2)(i)-2.iii, 6(c))"
                }
                HoldKind::Dispute => "the person disputed the debt (14(b)(2)(i)-2.iii)",
                _ => continue,
            },
            _ => continue,
        };
        notes.push(Note { line: statement.line, text: text.to_owned() });
    }
    for (earlier, judged) in run.said.range(..index) {
        let statement = &run.case.statements[run.steps[*earlier].statement];
        let same = matches!(&statement.what, What::Contact(made) if made.intended.person == person);
        let inconvenient = |rule: &&RuleSays| {
            let named =
                rule.detail.as_deref().is_some_and(|kind| matches!(kind, "inconvenient" | "employer"));
            rule.says == Says::Refuses && (named || rule.word == "outside-hours")
        };
        if same && judged.rules.iter().any(|rule| inconvenient(&rule)) {
            let text = "the collector contacted at an inconvenient time or place (14(b)(2)(i)-2.iv, 6(b)(1))"
                .to_owned();
            notes.push(Note { line: statement.line, text });
        }
    }
    notes
}

/// What a case states that is no factor, and what it is taken to state.
pub(crate) fn remarks(case: &Case) -> Vec<Note> {
    let offers = case.statements.iter().filter(
        |statement| matches!(&statement.what, What::Contact(made) if made.reason == Some(Reason::OwnOffer)),
    );
    let text = "an offer of the collector's own is in its control and no factor (14(b)(2)(ii)-2.iv.C)";
    let offers = offers.map(|statement| Note { line: statement.line, text: text.to_owned() });
    let people = case.world.people.iter().enumerate().filter(|(person, known)| {
        let third = |tie: &Tie| tie.person == *person && tie.role == Role::OtherThirdParty;
        !known.unasked && case.world.ties.iter().any(third)
    });
    let agreed = people.map(|(_, person)| {
        let name = &person.name;
        let text = format!(
            "{name} is taken to have agreed to be asked, as the platform's own rules demand; if not, say \"{name} has not been asked\""
        );
        Note { line: person.line, text }
    });
    offers.chain(agreed).collect()
}
