//! What the audit keeps of each stream.

use std::collections::HashMap;
use std::sync::Arc;

use events::assignment::AssignmentEvent;
use events::gate::{ContactLinkedV2, GateEvent, NumberCheckedV1, NumberDisprovedV1, PermitRefusedV2};
use events::ledger::{CloseReason, LedgerEvent};
use events::{Actor, Code, Decoded, Event, Position, Record, Service, StreamId, partition_of};
use model::{AgencyId, CaseId, ContactPointId, PersonId, Timestamp};
use runtime::projection::{Projection, Reader, Rows, StoreError};
use serde::Serialize;
use tlog::{Tree, TreeHead, leaf_hash};

use crate::case::{Opened, Placement, row};
use crate::figures::{Figures, StopRecord, StreamTotals};
use crate::kept;
use crate::key::{self, Subject};
use crate::signing::Signing;

/// Rows that are remembered from batch to batch; more, and they are read again from the store.
const REMEMBERED_MAX: usize = 200_000;

/// What every stream's read model is made with.
#[derive(Clone)]
pub struct Context {
    /// Signs checkpoints.
    pub signing: Arc<Signing>,
    /// How many partitions the gate has.
    pub gate_partitions: u16,
}

/// The audit's read model of one stream.
pub struct AuditProjection {
    stream: StreamId,
    gate_partitions: u16,
    signing: Arc<Signing>,
    /// The last head that was signed, while the tree has not passed it.
    signed: Option<TreeHead>,
    tree: Tree,
    totals: StreamTotals,
    agencies: HashMap<AgencyId, Changing<Figures>>,
    /// Kept events of this batch, by subject, with the position of the first.
    kept: HashMap<Subject, (Position, Vec<u8>)>,
    /// Calls per contact point.
    calls: HashMap<ContactPointId, Changing<u32>>,
    /// Who asked for the permit, or was refused and why, or made the contact, at a position.
    asked: HashMap<Position, Asked>,
    in_batch: bool,
}

/// A value of a row, and whether this batch has changed it.
#[derive(Default)]
struct Changing<T> {
    value: T,
    changed: bool,
}

/// A request to the gate or a recorded contact, as far as later events refer to it.
#[derive(Clone)]
struct Asked {
    agency: AgencyId,
    /// The rules that refused, each once; of a permit and of a recorded contact, none.
    codes: Vec<Code>,
}

/// An event and what stands around it.
#[derive(Clone, Copy)]
struct Place<'a> {
    position: Position,
    at: Timestamp,
    actor: Actor,
    bytes: &'a [u8],
    rows: &'a Reader,
}

impl Projection for AuditProjection {
    const NAME: &'static str = "audit";
    const GENERATION: u32 = 4;
    type Context = Context;

    fn resume(stream: StreamId, context: &Self::Context, rows: &Reader) -> Result<Self, StoreError> {
        let tree = match rows.get(&key::tree(stream))? {
            Some(bytes) => Tree::from_bytes(&bytes).map_err(|error| StoreError(error.to_string()))?,
            None => Tree::new(),
        };
        let mut agencies = HashMap::new();
        for row in rows.scan(&key::figures_of(stream)) {
            let (key, value) = row?;
            let agency = key.get(4..).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
            let agency = agency.ok_or_else(|| StoreError("a figures key does not read".to_owned()))?;
            let value = postcard::from_bytes(&value).map_err(|error| StoreError(error.to_string()))?;
            agencies.insert(AgencyId(agency), Changing { value, changed: false });
        }
        Ok(Self {
            stream,
            gate_partitions: context.gate_partitions,
            signing: Arc::clone(&context.signing),
            signed: None,
            tree,
            totals: row(rows, &key::totals(stream))?.unwrap_or_default(),
            agencies,
            kept: HashMap::new(),
            calls: HashMap::new(),
            asked: HashMap::new(),
            in_batch: false,
        })
    }

    fn apply(&mut self, record: &Record<'_>, rows: &Reader, changed: &mut Rows) -> Result<(), StoreError> {
        if !self.in_batch {
            self.begin();
        }
        for command in &record.commands {
            for (index, bytes) in command.events.iter().enumerate() {
                let position = Position(command.first.0 + index as u64);
                self.leaf(bytes);
                self.totals.events += 1;
                let place = Place { position, at: command.at, actor: command.envelope.actor, bytes, rows };
                if !self.event(place, changed)? {
                    self.totals.not_read += 1;
                }
            }
        }
        Ok(())
    }

    fn flush(&mut self, changed: &mut Rows) {
        for (subject, (first, row)) in self.kept.drain() {
            changed.put(&key::events_at(&subject, self.stream, first), &row);
        }
        for (contact, calls) in &mut self.calls {
            if std::mem::take(&mut calls.changed) {
                put(changed, &key::calls(contact), &calls.value);
            }
        }
        for (agency, figures) in &mut self.agencies {
            if std::mem::take(&mut figures.changed) {
                put(changed, &key::figures(self.stream, *agency), &figures.value);
            }
        }
        put(changed, &key::totals(self.stream), &self.totals);
        changed.put(&key::tree(self.stream), &self.tree.to_bytes());
        self.in_batch = false;
    }
}

/// Where a hold is kept: with the narrowest that it names, as the gate does.
fn held(contact: Option<ContactPointId>, person: Option<PersonId>, case: Option<CaseId>) -> Option<Subject> {
    let contact = contact.as_ref().map(key::contact);
    contact.or(person.as_ref().map(key::person)).or(case.as_ref().map(key::case))
}

fn put<T: Serialize>(changed: &mut Rows, key: &[u8], value: &T) {
    // Plain data into a growing vector: nothing to fail.
    changed.put(key, &postcard::to_allocvec(value).unwrap_or_default());
}

impl Asked {
    fn refused(refused: &PermitRefusedV2) -> Self {
        // In order of code; several rules may have the same.
        let mut codes: Vec<Code> = refused.reasons.iter().map(|reason| reason.code).collect();
        codes.dedup();
        Self { agency: refused.asked.agency, codes }
    }
}

impl AuditProjection {
    /// The contact point is at home in this stream.
    fn is_own(&self, contact: &ContactPointId) -> bool {
        partition_of(&contact.0, self.gate_partitions) == self.stream.partition
    }

    fn begin(&mut self) {
        self.in_batch = true;
        // Whatever was gathered before this batch is stored by now, so it may be forgotten.
        if self.asked.len() > REMEMBERED_MAX {
            self.asked.clear();
        }
        if self.calls.len() > REMEMBERED_MAX {
            self.calls.clear();
        }
        self.signed = self.signing.last(self.stream).filter(|head| head.size > self.tree.size());
    }

    fn leaf(&mut self, bytes: &[u8]) {
        self.tree.append(leaf_hash(bytes));
        if let Some(signed) = self.signed
            && signed.size == self.tree.size()
        {
            if signed.root != self.tree.root() {
                tracing::error!(stream = %self.stream, size = signed.size, "the log is not the one that was signed");
                self.signing.contradicts(self.stream);
            }
            self.signed = None;
        }
    }

    fn keep(&mut self, subject: Subject, place: Place<'_>, bytes: &[u8], changed: &mut Rows) {
        let (first, row) = self.kept.entry(subject).or_insert_with(|| (place.position, Vec::new()));
        kept::append(row, place.position, place.at, place.actor, bytes);
        if row.len() > kept::ROW_BYTES {
            changed.put(&key::events_at(&subject, self.stream, *first), row);
            self.kept.remove(&subject);
        }
    }

    /// Takes an event; false if it cannot be read.
    fn event(&mut self, place: Place<'_>, changed: &mut Rows) -> Result<bool, StoreError> {
        let Ok((event_type, _, _)) = events::codec::split(place.bytes) else { return Ok(false) };
        if event_type.0 < 0x0100 {
            return Ok(true);
        }
        match self.stream.service {
            Service::Gate => match GateEvent::decode(place.bytes) {
                Ok(Decoded::Known(event)) => self.gate(&event, place, changed).map(|()| true),
                _ => Ok(false),
            },
            Service::Ledger => match LedgerEvent::decode(place.bytes) {
                Ok(Decoded::Known(event)) => {
                    self.ledger(event, place, changed);
                    Ok(true)
                }
                _ => Ok(false),
            },
            Service::Assignment => match AssignmentEvent::decode(place.bytes) {
                Ok(Decoded::Known(event)) => {
                    self.assignment(&event, place, changed);
                    Ok(true)
                }
                _ => Ok(false),
            },
        }
    }

    fn gate(&mut self, event: &GateEvent, place: Place<'_>, changed: &mut Rows) -> Result<(), StoreError> {
        let subject = match event {
            GateEvent::PolicyAdopted(adopted) => {
                self.totals.adopted(&adopted.pack);
                return Ok(());
            }
            GateEvent::PolicyWithdrawn(withdrawn) => {
                self.totals.withdrawn(&withdrawn.id);
                return Ok(());
            }
            GateEvent::StandingChanged(_)
            | GateEvent::LineRegistered(_)
            | GateEvent::TemplateApproved(_)
            | GateEvent::TemplateWithdrawn(_)
            | GateEvent::PartitionsSet(_)
            | GateEvent::ShareRedeemed(_)
            | GateEvent::ShareSettled(_)
            | GateEvent::ShareExpired(_)
            | GateEvent::PermitShared(_)
            | GateEvent::SharesEnded(_)
            | GateEvent::ContactReached(_) => return Ok(()),
            // A home was told what its contact point's own partition tells.
            GateEvent::ContactLinked(ContactLinkedV2 { contact, .. })
            | GateEvent::NumberDisproved(NumberDisprovedV1 { contact, .. })
            | GateEvent::NumberChecked(NumberCheckedV1 { contact, .. })
                if !self.is_own(contact) =>
            {
                return Ok(());
            }
            // What is found later refers to it.
            GateEvent::ContactRecorded(recorded) if !self.is_own(&recorded.contact) => {
                self.asked.insert(place.position, Asked { agency: recorded.agency, codes: Vec::new() });
                return Ok(());
            }
            GateEvent::ShareReserved(reserved) => {
                self.asked.insert(place.position, Asked { agency: reserved.asked.agency, codes: Vec::new() });
                key::contact(&reserved.asked.contact)
            }
            GateEvent::ContactLinked(linked) => {
                changed.put(&key::link(&linked.case, &linked.contact), &[]);
                key::contact(&linked.contact)
            }
            GateEvent::ContactPlaced(placed) => key::contact(&placed.contact),
            GateEvent::ContactClosed(closed) => key::contact(&closed.contact),
            GateEvent::ConsentAnswered(answered) => key::contact(&answered.contact),
            GateEvent::HoldPlaced(placed) => match held(placed.contact, placed.person, placed.case) {
                Some(subject) => subject,
                None => return Ok(()),
            },
            GateEvent::HoldLifted(lifted) => match held(lifted.contact, lifted.person, lifted.case) {
                Some(subject) => subject,
                None => return Ok(()),
            },
            GateEvent::ConsentGiven(given) => key::person(&given.person),
            GateEvent::ConsentRevoked(revoked) => key::person(&revoked.person),
            GateEvent::NumberDisproved(disproved) => key::contact(&disproved.contact),
            GateEvent::NumberChecked(checked) => key::contact(&checked.contact),
            GateEvent::ContactRecorded(recorded) => {
                self.asked.insert(place.position, Asked { agency: recorded.agency, codes: Vec::new() });
                key::contact(&recorded.contact)
            }
            GateEvent::FindingRaised(finding) => {
                let agency = self.asker(finding.contact, finding.contact_made, place.rows)?;
                self.figures(agency).0.findings += 1;
                key::contact(&finding.contact)
            }
            GateEvent::PermitReserved(reserved) => {
                self.asked.insert(place.position, Asked { agency: reserved.asked.agency, codes: Vec::new() });
                self.figures(Some(reserved.asked.agency)).reserved();
                key::contact(&reserved.asked.contact)
            }
            GateEvent::PermitRefused(refused) => {
                self.asked.insert(place.position, Asked::refused(refused));
                self.figures(Some(refused.asked.agency)).refused(refused);
                key::contact(&refused.asked.contact)
            }
            GateEvent::RefusalsRepeated(repeated) => {
                let asked = self.asked(repeated.contact, repeated.first, place.rows)?;
                let first = asked.as_ref().map(|asked| asked.codes.as_slice()).unwrap_or_default();
                // The gate may no longer remember them; they stand at the first refusal.
                let codes = if repeated.codes.is_empty() { first } else { &repeated.codes };
                let agency = asked.as_ref().map(|asked| asked.agency);
                self.figures(agency).repeated(codes, repeated.count);
                key::contact(&repeated.contact)
            }
            GateEvent::PermitRedeemed(redeemed) => {
                let agency = self.asker(redeemed.contact, redeemed.permit, place.rows)?;
                self.figures(agency).0.redeemed += 1;
                let calls = self.called(redeemed.contact, place.rows)?;
                self.totals.called(redeemed.contact, calls);
                key::contact(&redeemed.contact)
            }
            GateEvent::PermitSettled(settled) => {
                let agency = self.asker(settled.contact, settled.permit, place.rows)?;
                self.figures(agency).settled(settled.outcome, settled.given_back);
                key::contact(&settled.contact)
            }
            GateEvent::PermitExpired(expired) => {
                let agency = self.asker(expired.contact, expired.permit, place.rows)?;
                self.figures(agency).0.expired += 1;
                key::contact(&expired.contact)
            }
            GateEvent::PermitVoided(voided) => {
                let agency = self.asker(voided.contact, voided.permit, place.rows)?;
                self.figures(agency).0.voided += 1;
                key::contact(&voided.contact)
            }
            GateEvent::StopPlaced(stop) => {
                self.totals.stopped(StopRecord {
                    contact: stop.contact,
                    at: place.at,
                    source: stop.source,
                    stream: self.stream,
                    position: place.position,
                });
                key::contact(&stop.contact)
            }
        };
        self.keep(subject, place, place.bytes, changed);
        Ok(())
    }

    /// An agency's figures, to be changed; without an agency, those of nobody.
    fn figures(&mut self, agency: Option<AgencyId>) -> &mut Figures {
        match agency {
            Some(agency) => {
                let figures = self.agencies.entry(agency).or_default();
                figures.changed = true;
                &mut figures.value
            }
            None => &mut self.totals.unattributed,
        }
    }

    /// One more call to a contact point: how many there are now.
    fn called(&mut self, contact: ContactPointId, rows: &Reader) -> Result<u32, StoreError> {
        let calls = match self.calls.entry(contact) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(unknown) => {
                let value = row(rows, &key::calls(&contact))?.unwrap_or_default();
                unknown.insert(Changing { value, changed: false })
            }
        };
        calls.value = calls.value.saturating_add(1);
        calls.changed = true;
        Ok(calls.value)
    }

    /// The agency whose request or contact stands at a position.
    fn asker(
        &mut self,
        contact: ContactPointId,
        position: Position,
        rows: &Reader,
    ) -> Result<Option<AgencyId>, StoreError> {
        match self.asked.get(&position) {
            Some(asked) => Ok(Some(asked.agency)),
            None => Ok(self.asked(contact, position, rows)?.map(|asked| asked.agency)),
        }
    }

    /// The request that stands at a position, from memory or from what is kept.
    fn asked(
        &mut self,
        contact: ContactPointId,
        position: Position,
        rows: &Reader,
    ) -> Result<Option<Asked>, StoreError> {
        if let Some(asked) = self.asked.get(&position) {
            return Ok(Some(asked.clone()));
        }
        let asked = match self.kept_event(contact, position, rows)? {
            Some(GateEvent::PermitReserved(reserved)) => {
                Asked { agency: reserved.asked.agency, codes: Vec::new() }
            }
            Some(GateEvent::ShareReserved(reserved)) => {
                Asked { agency: reserved.asked.agency, codes: Vec::new() }
            }
            Some(GateEvent::PermitRefused(refused)) => Asked::refused(&refused),
            Some(GateEvent::ContactRecorded(recorded)) => {
                Asked { agency: recorded.agency, codes: Vec::new() }
            }
            _ => return Ok(None),
        };
        self.asked.insert(position, asked.clone());
        Ok(Some(asked))
    }

    /// A contact point's event by its position, in this batch or before.
    fn kept_event(
        &self,
        contact: ContactPointId,
        position: Position,
        rows: &Reader,
    ) -> Result<Option<GateEvent>, StoreError> {
        let subject = key::contact(&contact);
        let mut found = None;
        if let Some((first, row)) = self.kept.get(&subject)
            && *first <= position
        {
            found = kept::events(self.stream, row)?.into_iter().find(|event| event.position == position);
        }
        let found = match found {
            Some(found) => Some(found),
            None => kept::at(rows, &subject, self.stream, position)?,
        };
        Ok(found.and_then(|event| match GateEvent::decode(&event.bytes) {
            Ok(Decoded::Known(event)) => Some(event),
            _ => None,
        }))
    }

    fn ledger(&mut self, event: LedgerEvent, place: Place<'_>, changed: &mut Rows) {
        match event {
            LedgerEvent::CaseOpened(opened) => {
                self.totals.cases.opened += 1;
                let case = opened.case;
                // Its place in the timeline is in this row, too.
                let opened =
                    Opened::new(opened, place.at, self.stream.partition, place.position, place.actor);
                put(changed, &key::opened(&case), &opened);
            }
            LedgerEvent::PaymentPosted(payment) => {
                self.totals.cases.payments += 1;
                put(changed, &key::balance(&payment.case), &payment.balance);
                self.keep(key::case(&payment.case), place, place.bytes, changed);
            }
            LedgerEvent::CaseClosed(closed) => {
                self.totals.cases.closed += 1;
                put(changed, &key::closed(&closed.case), &Some(closed.reason));
                self.keep(key::case(&closed.case), place, place.bytes, changed);
            }
            other => {
                let Some(case) = other.case() else { return };
                if let Some(balance) = other.balance() {
                    put(changed, &key::balance(&case), &balance);
                }
                if let LedgerEvent::CaseReopened(_) = other {
                    put(changed, &key::closed(&case), &None::<CloseReason>);
                }
                self.keep(key::case(&case), place, place.bytes, changed);
            }
        }
    }

    fn assignment(&mut self, event: &AssignmentEvent, place: Place<'_>, changed: &mut Rows) {
        let mut place_case =
            |case: &CaseId, placement: Option<Placement>| put(changed, &key::placed(case), &placement);
        let case = match event {
            AssignmentEvent::AgencyRegistered(registered) => {
                changed.put(&key::agency_name(registered.agency), registered.name.as_bytes());
                return;
            }
            AssignmentEvent::CaseOffered(offered) => offered.case,
            AssignmentEvent::CasePlaced(placed) => {
                let (agency, collector) = (placed.agency, placed.collector);
                place_case(&placed.case, Some(Placement { agency, collector, since: place.at }));
                placed.case
            }
            AssignmentEvent::CaseWithdrawn(withdrawn) => {
                place_case(&withdrawn.case, None);
                withdrawn.case
            }
            AssignmentEvent::CaseDescribed(said) => said.case,
            AssignmentEvent::RecoveryNoted(noted) => noted.case,
            AssignmentEvent::AgencySuspended(_)
            | AssignmentEvent::CollectorRegistered(_)
            | AssignmentEvent::CollectorEnded(_)
            | AssignmentEvent::PlacementRan(_)
            | AssignmentEvent::AgencyTermsSet(_)
            | AssignmentEvent::LenderTermsSet(_)
            | AssignmentEvent::CollectorCertified(_)
            | AssignmentEvent::CollectorStanding(_)
            | AssignmentEvent::PlanStaged(_)
            | AssignmentEvent::PlanAdopted(_)
            | AssignmentEvent::PlanProgressed(_) => return,
        };
        self.keep(key::case(&case), place, place.bytes, changed);
    }
}
