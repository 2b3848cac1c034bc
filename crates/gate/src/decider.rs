//! The gate as a [`Decider`].

use events::gate::{GateAnswer, GateCommand, GateEvent, GateQuery, GateReply};
use events::{Decider, Now, Position, Reason, Refusal, Service, Tally, partition_of};
use model::Timestamp;

use crate::{
    State, adoption, consent, hold, homes, link, number, permit, query, record, registry, share, stop,
};

/// The gate.
#[derive(Debug, Clone, Copy)]
pub struct Gate;

impl Gate {
    /// What an event of one partition of so many means for others: what is known of a contact point, and what became of a
    /// permit, is told its homes. Pure: the work of a process manager.
    pub fn homes_of(event: &GateEvent, partition: u16, partitions: u16) -> Vec<GateCommand> {
        match event {
            // Only its own partition tells: homes that passed on what they were told would tell each other for ever.
            GateEvent::ContactLinked(linked) if partition_of(&linked.contact.0, partitions) == partition => {
                let tell = |home| GateCommand::TellHome { home, link: linked.clone() };
                vec![tell(linked.person.0), tell(linked.case.0)]
            }
            GateEvent::SharesEnded(ended) => share::settlements(ended),
            _ => Vec::new(),
        }
    }
}

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
            | GateCommand::SetPartitions(_)
            | GateCommand::EndHolds { .. }
            | GateCommand::Tick { .. } => return None,
            GateCommand::ReserveShare(asked) => return Some(asked.home),
            GateCommand::RedeemShare(used) => return Some(used.home),
            GateCommand::SettleShare(settled) => return Some(settled.home),
            GateCommand::TellHome { home, .. } => return Some(*home),
            GateCommand::TellReached(reached) => return Some(reached.home),
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
            GateCommand::RequestShared(asked) => asked.asked.contact,
            GateCommand::RedeemShared(used) => used.contact,
            GateCommand::RedeemPermit { contact, .. }
            | GateCommand::VoidPermit { contact, .. }
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
                permit::redeem(state, *contact, *permit, *call, None, now)
            }
            GateCommand::RequestShared(asked) => share::request(state, asked, now),
            GateCommand::RedeemShared(used) => {
                let shares = Some((&used.shares[..], used.since));
                permit::redeem(state, used.contact, used.permit, used.call, shares, now)
            }
            GateCommand::VoidPermit { contact, permit } => {
                Ok(share::ended(state, permit::void(state, *contact, *permit)?, now))
            }
            GateCommand::ReserveShare(asked) => share::reserve(state, asked, now),
            GateCommand::RedeemShare(used) => share::redeem(state, used, now),
            GateCommand::SettleShare(settled) => share::settle(state, settled, now),
            GateCommand::TellHome { link, .. } => homes::tell(state, link),
            GateCommand::TellReached(reached) => Ok(share::tell_reached(state, reached)),
            GateCommand::SetPartitions(set) => homes::set(state, set),
            GateCommand::SettlePermit { contact, permit, outcome, toward, discussed } => {
                let settled = permit::settle(state, *contact, *permit, *outcome, toward, discussed)?;
                Ok(share::ended(state, settled, now))
            }
            GateCommand::PlaceStop { contact, source } => {
                Ok(share::ended(state, stop::place(state, *contact, *source), now))
            }
            GateCommand::AnswerConsent(answered) => {
                Ok(share::ended(state, link::answer_consent(state, answered)?, now))
            }
            GateCommand::PlaceHold(placed) => hold::place(state, placed, now),
            GateCommand::LiftHold(lifted) => hold::lift(state, lifted),
            GateCommand::EndHolds { case, kind, placed_by, by } => {
                Ok(hold::end(state, *case, *kind, placed_by, *by))
            }
            GateCommand::GiveConsent(given) => consent::give(state, given),
            GateCommand::RevokeConsent(revoked) => Ok(consent::revoke(state, revoked)),
            GateCommand::RecordContact(recorded) => record::record(state, recorded, now),
            GateCommand::DisproveNumber(disproved) => number::disprove(state, disproved),
            GateCommand::CheckNumber(checked) => number::check(state, checked),
            GateCommand::SetStanding(changed) => Ok(registry::set_standing(state, changed)),
            GateCommand::RegisterLine(registered) => Ok(registry::register_line(state, registered)),
            GateCommand::ApproveTemplate(approved) => registry::approve(state, approved),
            GateCommand::WithdrawTemplate(withdrawn) => Ok(registry::withdraw(state, withdrawn)),
            GateCommand::Tick { repeated } => {
                Ok(share::ended(state, permit::tick(state, repeated, now), now))
            }
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
            [GateEvent::PermitReserved(reserved)]
            | [GateEvent::PermitReserved(reserved), GateEvent::PermitShared(_)] => {
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
            [GateEvent::ShareReserved(reserved)] => {
                let (expires_at, tightest) = (reserved.expires_at, reserved.tightest);
                GateAnswer::Share { share: first, expires_at, tightest }
            }
            [GateEvent::ShareRedeemed(redeemed)] => {
                GateAnswer::ShareRedeemed { share: redeemed.share, at: redeemed.at }
            }
            [GateEvent::PermitSettled(settled)]
            | [GateEvent::PermitSettled(settled), GateEvent::SharesEnded(_)] => {
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
