//! Figures, counted from events alone, so that a replay counts the same.

use std::collections::BTreeMap;

use events::Code;
use events::gate::{Figures, GateEvent};
use model::Outcome;
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tallies {
    allowed: u64,
    refused: u64,
    refused_by: BTreeMap<Code, u64>,
    repeated: u64,
    redeemed: u64,
    settled: BTreeMap<Outcome, u64>,
    given_back: u64,
    expired: u64,
    voided: u64,
    stops: u64,
    findings: u64,
    contacts: u64,
}

impl Tallies {
    /// Counts an event.
    pub fn count(&mut self, event: &GateEvent) {
        match event {
            GateEvent::PermitReserved(_) => self.allowed += 1,
            GateEvent::PermitRefused(refused) => {
                self.refused += 1;
                self.refuse(refused.reasons.iter().map(|reason| reason.code), 1);
            }
            GateEvent::RefusalsRepeated(repeated) => {
                let count = u64::from(repeated.count);
                self.refused += count;
                self.repeated += count;
                self.refuse(repeated.codes.iter().copied(), count);
            }
            GateEvent::PermitRedeemed(_) => self.redeemed += 1,
            GateEvent::PermitSettled(settled) => {
                *self.settled.entry(settled.outcome).or_default() += 1;
                self.given_back += u64::from(settled.given_back);
            }
            GateEvent::PermitExpired(_) => self.expired += 1,
            GateEvent::PermitVoided(_) => self.voided += 1,
            GateEvent::StopPlaced(_) => self.stops += 1,
            GateEvent::FindingRaised(_) => self.findings += 1,
            GateEvent::PolicyAdopted(_)
            | GateEvent::PolicyWithdrawn(_)
            | GateEvent::ContactLinked(_)
            | GateEvent::ContactPlaced(_)
            | GateEvent::ContactClosed(_)
            | GateEvent::ConsentAnswered(_)
            | GateEvent::HoldPlaced(_)
            | GateEvent::HoldLifted(_)
            | GateEvent::ConsentGiven(_)
            | GateEvent::ConsentRevoked(_)
            | GateEvent::ContactRecorded(_)
            | GateEvent::NumberDisproved(_)
            | GateEvent::NumberChecked(_)
            | GateEvent::StandingChanged(_)
            | GateEvent::LineRegistered(_)
            | GateEvent::TemplateApproved(_)
            | GateEvent::TemplateWithdrawn(_)
            | GateEvent::PartitionsSet(_)
            | GateEvent::ShareReserved(_)
            | GateEvent::ShareRedeemed(_)
            | GateEvent::ShareSettled(_)
            | GateEvent::ShareExpired(_)
            | GateEvent::PermitShared(_)
            | GateEvent::SharesEnded(_)
            | GateEvent::ContactReached(_) => {}
        }
    }

    /// A contact point was named by a case for the first time.
    pub fn new_contact(&mut self) {
        self.contacts += 1;
    }

    fn refuse(&mut self, codes: impl Iterator<Item = Code>, count: u64) {
        for code in codes {
            *self.refused_by.entry(code).or_default() += count;
        }
    }

    /// As an answer.
    pub fn figures(&self, policies: Vec<(String, u32)>) -> Figures {
        Figures {
            asked: self.allowed + self.refused,
            allowed: self.allowed,
            refused: self.refused,
            refused_by: self.refused_by.iter().map(|(code, count)| (*code, *count)).collect(),
            repeated: self.repeated,
            redeemed: self.redeemed,
            settled: self.settled.iter().map(|(outcome, count)| (*outcome, *count)).collect(),
            given_back: self.given_back,
            expired: self.expired,
            voided: self.voided,
            stops: self.stops,
            findings: self.findings,
            contacts: self.contacts,
            policies,
        }
    }
}
