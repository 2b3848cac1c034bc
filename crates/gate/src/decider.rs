//! The gate as a [`Decider`].

use events::gate::{GateAnswer, GateCommand, GateEvent, GateQuery, GateReply};
use events::{Decider, Now, Position, Reason, Refusal, Service, Tally};
use model::Timestamp;

use crate::{State, adoption, consent, hold, link, number, permit, query, record, registry, stop};

/// The gate.
#[derive(Debug, Clone, Copy)]
pub struct Gate;

impl Decider for Gate {
    const SERVICE: Service = Service::Gate;
    type State = State;
    type Command = GateCommand;
    type Event = GateEvent;
    type Answer = GateAnswer;
    type Query = GateQuery;
    type Reply = GateReply;

    fn key(command: &GateCommand) -> Option<[u8; 16]> {
        let contact = match command {
            GateCommand::AdoptPolicy(_)
            | GateCommand::WithdrawPolicy(_)
            | GateCommand::GiveConsent(_)
            | GateCommand::RevokeConsent(_)
            | GateCommand::SetStanding(_)
            | GateCommand::RegisterLine(_)
            | GateCommand::ApproveTemplate(_)
            | GateCommand::WithdrawTemplate(_)
            | GateCommand::Tick { .. } => return None,
            GateCommand::PlaceHold(placed) => placed.contact?,
            GateCommand::LiftHold(lifted) => lifted.contact?,
            GateCommand::RecordContact(recorded) => recorded.contact,
            GateCommand::DisproveNumber(disproved) => disproved.contact,
            GateCommand::CheckNumber(checked) => checked.contact,
            GateCommand::LinkContact(linked) => linked.contact,
            GateCommand::PlaceContact(placed) => placed.contact,
            GateCommand::CloseContact(closed) => closed.contact,
            GateCommand::RequestPermit(asked) => asked.contact,
            GateCommand::AnswerConsent(answered) => answered.contact,
            GateCommand::RedeemPermit { contact, .. }
            | GateCommand::SettlePermit { contact, .. }
            | GateCommand::PlaceStop { contact, .. } => *contact,
        };
        Some(contact.0)
    }

    fn decide(state: &State, command: &GateCommand, now: Now) -> Result<Vec<GateEvent>, Refusal> {
        match command {
            GateCommand::AdoptPolicy(wanted) => adoption::adopt(state, wanted),
            GateCommand::WithdrawPolicy(unwanted) => adoption::withdraw(state, unwanted),
            GateCommand::LinkContact(linked) => link::link(state, linked),
            GateCommand::PlaceContact(placed) => Ok(link::place(state, placed)),
            GateCommand::CloseContact(closed) => Ok(link::close(state, closed)),
            GateCommand::RequestPermit(asked) => permit::request(state, asked, now),
            GateCommand::RedeemPermit { contact, permit, call } => {
                permit::redeem(state, *contact, *permit, *call, now)
            }
            GateCommand::SettlePermit { contact, permit, outcome, toward, discussed } => {
                permit::settle(state, *contact, *permit, *outcome, toward, discussed)
            }
            GateCommand::PlaceStop { contact, source } => Ok(stop::place(state, *contact, *source)),
            GateCommand::AnswerConsent(answered) => link::answer_consent(state, answered),
            GateCommand::PlaceHold(placed) => hold::place(state, placed, now),
            GateCommand::LiftHold(lifted) => hold::lift(state, lifted),
            GateCommand::GiveConsent(given) => consent::give(state, given),
            GateCommand::RevokeConsent(revoked) => Ok(consent::revoke(state, revoked)),
            GateCommand::RecordContact(recorded) => record::record(state, recorded, now),
            GateCommand::DisproveNumber(disproved) => number::disprove(state, disproved),
            GateCommand::CheckNumber(checked) => number::check(state, checked),
            GateCommand::SetStanding(changed) => Ok(registry::set_standing(state, changed)),
            GateCommand::RegisterLine(registered) => Ok(registry::register_line(state, registered)),
            GateCommand::ApproveTemplate(approved) => registry::approve(state, approved),
            GateCommand::WithdrawTemplate(withdrawn) => Ok(registry::withdraw(state, withdrawn)),
            GateCommand::Tick { repeated } => Ok(permit::tick(state, repeated, now)),
        }
    }

    fn expect(state: &State, commands: &[&GateCommand]) {
        crate::expected::look(state, commands);
    }

    fn evolve(state: &mut State, event: &GateEvent, at: Timestamp, position: Position) {
        state.take(event, at, position);
    }

    fn answer(events: &[GateEvent], first: Position) -> GateAnswer {
        let permits_voided = events.iter().filter(|event| matches!(event, GateEvent::PermitVoided(_)));
        // One voided permit an event of one command, far below 2^32.
        let voided = permits_voided.count() as u32;
        match events {
            [] => GateAnswer::Done { changed: false },
            [GateEvent::PermitReserved(reserved)] => {
                let (expires_at, tightest) = (reserved.expires_at, reserved.tightest);
                GateAnswer::Permit { permit: first, expires_at, tightest }
            }
            [GateEvent::PermitRefused(refused)] => GateAnswer::Refused {
                decision: first,
                reasons: refused.reasons.iter().map(Reason::from).collect(),
                next_allowed: refused.next_allowed,
            },
            [GateEvent::PermitRedeemed(redeemed)] => {
                GateAnswer::Redeemed { permit: redeemed.permit, call: redeemed.call }
            }
            [GateEvent::PermitSettled(settled)] => {
                GateAnswer::Settled { permit: settled.permit, given_back: settled.given_back }
            }
            [GateEvent::StopPlaced(_), ..] => GateAnswer::Stopped { stop: first, voided },
            [GateEvent::ConsentAnswered(_), GateEvent::StopPlaced(_), ..] => {
                GateAnswer::Stopped { stop: Position(first.0 + 1), voided }
            }
            _ => GateAnswer::Done { changed: true },
        }
    }

    fn query(state: &State, query: &GateQuery, now: Now) -> GateReply {
        query::answer(state, query, now)
    }

    fn tick(repeated: Vec<(Tally, u32)>) -> Option<GateCommand> {
        Some(GateCommand::Tick { repeated })
    }
}
