//! The gate of one case: its state, its log, and which line of the file each record comes from.

use std::collections::BTreeMap;

use events::gate::{
    ConsentAnswer, ConsentAnsweredV1, ConsentGivenV1, ConsentRevokedV1, ContactClosedV1, ContactLinkedV2,
    ContactPlacedV1, ContactRecordedV1, Direction, Explanation, GateCommand, GateEvent, GateQuery, GateReply,
    HoldLiftedV1, HoldPlacedV1, HoldSource, LineRegisteredV1, NumberCheckedV1, NumberDisprovedV1,
    PolicyAdoptedV2, PolicyWithdrawnV1, StandingChangedV1, StopSource, TemplateId, TemplateWithdrawnV1,
};
use events::{Decider, Now, Position, Refusal};
use gate::{Gate, State};
use model::{ContactPointId, Region, Role, Timestamp, ZoneName};

use crate::case::{Act, By, Case, Consent, ContactMade, Hold, Index, Intended, What};
use crate::clock;
use crate::wire::{
    MESSAGE, NOTICE, OWN, agency_id, case_id, collector_id, contact_id, lender_id, line_of, person_id,
    pseudonym, request, template_of,
};

/// How long before its first statement a case begins.
const BEFORE_MS: i64 = 86_400_000;

/// The number of a debt of some borrower whom the case does not name.
const OTHERS: usize = 1_000_000;

const MESSAGE_TEXT: &str = "{sender}: please contact us. {stop}";
const NOTICE_TEXT: &str = "{sender}: you owe nothing. Somebody named you as a contact; do you agree? {stop}";

pub(crate) struct Desk<'c> {
    case: &'c Case,
    state: State,
    now: Timestamp,
    /// The line of each record, by position from 1; 0: the facts.
    lines: Vec<usize>,
    /// Debts whose placement the case states; others are with whoever acts.
    stated: Vec<bool>,
    placed: Vec<Option<Index>>,
    holds: Vec<(Position, HoldPlacedV1)>,
    permits: BTreeMap<Index, (ContactPointId, Option<Position>)>,
    findings: Vec<(Position, String)>,
    /// What the gate did not take, by line.
    pub notes: Vec<(usize, String)>,
}

impl<'c> Desk<'c> {
    /// With the facts of the case.
    pub fn open(case: &'c Case, first: Timestamp) -> Self {
        let world = &case.world;
        let place = |statement: &crate::case::Statement, debt: Index| matches!(&statement.what, What::Act(Act::Place { debt: placed, .. }) if *placed == debt);
        let stated = (0..world.debts.len()).map(|debt| {
            world.debts[debt].placed.is_some()
                || case.statements.iter().any(|statement| place(statement, debt))
        });
        let mut desk = Self {
            case,
            state: State::default(),
            now: first.plus_ms(-BEFORE_MS),
            lines: Vec::new(),
            stated: stated.collect(),
            placed: vec![None; world.debts.len()],
            holds: Vec::new(),
            permits: BTreeMap::new(),
            findings: Vec::new(),
            notes: Vec::new(),
        };
        desk.facts();
        desk
    }

    fn facts(&mut self) {
        let case = self.case;
        let world = &case.world;
        for text in world.packs.iter().filter_map(|id| policy::text(id)) {
            self.fact(GateCommand::AdoptPolicy(PolicyAdoptedV2 { pack: text.to_owned() }));
        }
        for (agency, owner) in world.agencies.iter().enumerate() {
            for (line, _) in owner.lines.iter().enumerate().filter(|(_, calling)| calling.registered) {
                let (agency, line) = (agency_id(agency), line_of(world, agency, line));
                self.fact(GateCommand::RegisterLine(LineRegisteredV1 { agency, line, registered: true }));
            }
            for (template, text) in [(MESSAGE, MESSAGE_TEXT), (NOTICE, NOTICE_TEXT)] {
                self.fact(GateCommand::ApproveTemplate(template_of(agency, template, text)));
            }
        }
        for (index, template) in world.templates.iter().enumerate() {
            // More templates than a case file has lines there are not.
            let number = TemplateId(OWN + index as u32);
            self.fact(GateCommand::ApproveTemplate(template_of(template.agency, number, &template.text)));
        }
        for contact in 0..world.contacts.len() {
            self.link(contact);
        }
        for tie in world.ties.iter().filter(|tie| tie.role == Role::OtherThirdParty) {
            if world.people[tie.person].unasked {
                continue;
            }
            for contact in world.contacts_of(tie.person) {
                let (contact, case, answer) =
                    (contact_id(contact), case_id(tie.debt), ConsentAnswer::Confirmed);
                self.fact(GateCommand::AnswerConsent(ConsentAnsweredV1 { contact, case, answer }));
            }
        }
        for (debt, stated) in world.debts.iter().enumerate() {
            if let Some(agency) = stated.placed {
                self.place(0, debt, Some(agency));
            }
        }
    }

    fn fact(&mut self, command: GateCommand) {
        let _ = self.apply(0, command);
    }

    fn link(&mut self, contact: Index) {
        let case = self.case;
        let world = &case.world;
        let point = &world.contacts[contact];
        let person = &world.people[point.person];
        let mut regions: Vec<Region> =
            point.regions.iter().chain(&person.regions).filter_map(|region| region.parse().ok()).collect();
        if regions.is_empty() {
            regions = world.regions.iter().filter_map(|region| region.parse().ok()).collect();
        }
        let zones: Vec<ZoneName> =
            world.zones_of(point).iter().filter_map(|zone| zone.parse().ok()).collect();
        for tie in world.ties.iter().filter(|tie| tie.person == point.person) {
            self.fact(GateCommand::LinkContact(ContactLinkedV2 {
                contact: contact_id(contact),
                case: case_id(tie.debt),
                lender: lender_id(world.debts[tie.debt].lender.unwrap_or(0)),
                person: person_id(point.person),
                role: tie.role,
                zones: zones.clone(),
                regions: regions.clone(),
                place: point.place,
            }));
        }
        for other in 0..point.others as usize {
            let other = OTHERS + contact * OTHERS + other;
            self.fact(GateCommand::LinkContact(ContactLinkedV2 {
                contact: contact_id(contact),
                case: case_id(other),
                lender: lender_id(0),
                person: person_id(other),
                role: Role::EmergencyContact,
                zones: zones.clone(),
                regions: regions.clone(),
                place: point.place,
            }));
        }
    }

    /// Time passes.
    pub fn until(&mut self, at: Timestamp) {
        self.now = self.now.max(at);
        let _ = self.apply(0, GateCommand::Tick { repeated: Vec::new() });
    }

    fn apply(&mut self, line: usize, command: GateCommand) -> Result<(Position, Vec<GateEvent>), Refusal> {
        let now = Now { at: self.now, trusted: true };
        self.apply_at(line, command, now)
    }

    fn apply_at(
        &mut self,
        line: usize,
        command: GateCommand,
        now: Now,
    ) -> Result<(Position, Vec<GateEvent>), Refusal> {
        let events = Gate::decide(&self.state, &command, now)?;
        let first = Position(self.lines.len() as u64 + 1);
        for event in &events {
            self.lines.push(line);
            let position = Position(self.lines.len() as u64);
            if let GateEvent::FindingRaised(finding) = event {
                self.findings.push((finding.contact_made, finding.rule.to_string()));
            }
            Gate::evolve(&mut self.state, event, self.now, position);
        }
        Ok((first, events))
    }

    /// Applies what a line says; what the gate does not take is noted.
    fn say(&mut self, line: usize, command: GateCommand) -> Option<(Position, Vec<GateEvent>)> {
        match self.apply(line, command) {
            Ok(done) => Some(done),
            Err(refusal) => {
                self.notes.push((line, format!("the gate does not take this: {refusal}")));
                None
            }
        }
    }

    /// The lines that records come from; the facts' own are left out.
    pub fn lines_of(&self, positions: &[Position]) -> Vec<usize> {
        let line = |position: &Position| self.lines.get(usize::try_from(position.0).ok()?.checked_sub(1)?);
        positions.iter().filter_map(line).copied().filter(|line| *line > 0).collect()
    }

    /// Findings that late facts raised: the line of the contact, and the rule.
    pub fn findings(&self) -> Vec<(usize, String)> {
        let line = |(position, rule): &(Position, String)| {
            Some((*self.lines_of(&[*position]).first()?, rule.clone()))
        };
        self.findings.iter().filter_map(line).collect()
    }

    /// What every rule says about a contact now.
    pub fn explain(&mut self, intended: &Intended) -> Option<Explanation> {
        self.attend(intended);
        let asked = request(&self.case.world, intended);
        let now = Now { at: self.now, trusted: intended.trusted };
        match Gate::query(&self.state, &GateQuery::Explain(asked), now) {
            GateReply::Explain(explanation) => Some(explanation),
            _ => None,
        }
    }

    /// Debts whose placement the case does not state are with whoever acts.
    fn attend(&mut self, intended: &Intended) {
        for debt in intended.debts.clone() {
            if !self.stated[debt] && self.placed[debt] != Some(intended.agency) {
                self.place(0, debt, Some(intended.agency));
            }
        }
    }

    fn place(&mut self, line: usize, debt: Index, agency: Option<Index>) {
        let case = self.case;
        let world = &case.world;
        self.placed[debt] = agency;
        for (contact, point) in world.contacts.iter().enumerate() {
            if world.ties.iter().any(|tie| tie.person == point.person && tie.debt == debt) {
                let (contact, case) = (contact_id(contact), case_id(debt));
                let agency = agency.map(agency_id);
                let _ =
                    self.apply(line, GateCommand::PlaceContact(ContactPlacedV1 { contact, case, agency }));
            }
        }
    }

    /// A contact took place, whatever the gate would have said.
    pub fn record(&mut self, line: usize, made: &ContactMade, at: Timestamp) {
        self.attend(&made.intended);
        let world = &self.case.world;
        let debts = |of: &[Index]| of.iter().map(|debt| case_id(*debt)).collect();
        let intended = &made.intended;
        let toward = if made.toward.is_empty() { &intended.debts } else { &made.toward };
        let recorded = ContactRecordedV1 {
            contact: contact_id(intended.contact),
            case: case_id(intended.debts[0]),
            agency: agency_id(intended.agency),
            channel: intended.channel,
            purpose: intended.purpose,
            direction: if made.inbound { Direction::Inbound } else { Direction::Outbound },
            at,
            outcome: made.outcome,
            toward: debts(toward),
            discussed: debts(&made.discussed),
            line: (!made.inbound).then(|| line_of(world, intended.agency, intended.line)),
        };
        self.say(line, GateCommand::RecordContact(recorded));
    }

    /// Something happened that is no contact. The answer of a permit, where it is one.
    pub fn act(&mut self, line: usize, act: &Act, at: Timestamp, zone: &str) -> Option<Result<(), Refusal>> {
        match act {
            Act::Request { permit, intended } => return Some(self.request(line, *permit, intended)),
            Act::Redeem { permit } => return Some(self.redeem(line, *permit)),
            Act::Settle { permit, outcome, toward, discussed } => {
                let (contact, position) = self.permits.get(permit).copied()?;
                let Some(position) = position else {
                    self.notes.push((line, "there is no such permit: it was refused".to_owned()));
                    return None;
                };
                let debts = |of: &[Index]| of.iter().map(|debt| case_id(*debt)).collect();
                let (toward, discussed, outcome) = (debts(toward), debts(discussed), *outcome);
                self.say(
                    line,
                    GateCommand::SettlePermit { contact, permit: position, outcome, toward, discussed },
                );
            }
            Act::Consent(consent) => self.consent(line, consent, at, zone),
            Act::RevokeConsent { person } => {
                let revoked = ConsentRevokedV1 { person: person_id(*person), consent: None, at };
                self.say(line, GateCommand::RevokeConsent(revoked));
            }
            Act::Stop { person, contacts, agency } => self.stop(line, *person, contacts, *agency),
            Act::Hold(hold) => self.hold(line, hold, zone),
            Act::Lift { kinds, person, channel, place, debt } => {
                let (person, debt) = (person.map(person_id), debt.map(case_id));
                let fits = |held: &HoldPlacedV1| {
                    kinds.contains(&held.kind)
                        && person.is_none_or(|person| held.person == Some(person))
                        && debt.is_none_or(|debt| held.case.is_none() || held.case == Some(debt))
                        && channel.is_none_or(|channel| {
                            held.channels.is_empty() || held.channels.contains(&channel)
                        })
                        && place.is_none_or(|place| held.places.contains(&place))
                };
                let (lifted, kept) =
                    std::mem::take(&mut self.holds).into_iter().partition(|(_, held)| fits(held));
                self.holds = kept;
                let lifted: Vec<(Position, HoldPlacedV1)> = lifted;
                if lifted.is_empty() {
                    self.notes.push((line, "there is nothing to lift: no such hold stands".to_owned()));
                }
                for (hold, HoldPlacedV1 { contact, person, case, .. }) in lifted {
                    let by = HoldSource::Operator;
                    self.say(line, GateCommand::LiftHold(HoldLiftedV1 { contact, person, case, hold, by }));
                }
            }
            Act::Answer { person, debt, answer } => {
                for contact in self.case.world.contacts_of(*person) {
                    for owed in self.case.world.debts_of(*person) {
                        if debt.is_none_or(|debt| debt == owed) {
                            let (contact, case, answer) = (contact_id(contact), case_id(owed), *answer);
                            self.say(
                                line,
                                GateCommand::AnswerConsent(ConsentAnsweredV1 { contact, case, answer }),
                            );
                        }
                    }
                }
            }
            Act::Disprove { contact, person, belongs_to } => {
                let (contact, person) = (contact_id(*contact), person_id(*person));
                let belongs_to = person_id(*belongs_to);
                self.say(
                    line,
                    GateCommand::DisproveNumber(NumberDisprovedV1 { contact, person, belongs_to }),
                );
            }
            Act::Check { contact, found } => {
                let (contact, found) = (contact_id(*contact), *found);
                self.say(line, GateCommand::CheckNumber(NumberCheckedV1 { contact, found, at }));
            }
            Act::Place { debt, agency } => self.place(line, *debt, *agency),
            Act::Close { debt } => {
                let ties = &self.case.world.ties;
                for (contact, point) in self.case.world.contacts.iter().enumerate() {
                    if ties.iter().any(|tie| tie.person == point.person && tie.debt == *debt) {
                        let (contact, case) = (contact_id(contact), case_id(*debt));
                        self.say(line, GateCommand::CloseContact(ContactClosedV1 { contact, case }));
                    }
                }
            }
            Act::Standing { agency, agent, active } => {
                let collector = agent.map(|agent| collector_id(*agency, agent));
                let (agency, active) = (agency_id(*agency), *active);
                self.say(line, GateCommand::SetStanding(StandingChangedV1 { agency, collector, active }));
            }
            Act::Register { agency, line: calling, registered } => {
                let calling = line_of(&self.case.world, *agency, *calling);
                let (agency, registered) = (agency_id(*agency), *registered);
                self.say(
                    line,
                    GateCommand::RegisterLine(LineRegisteredV1 { agency, line: calling, registered }),
                );
            }
            Act::Withdraw { template } => {
                let agency = agency_id(self.case.world.templates[*template].agency);
                let template = TemplateId(OWN + *template as u32);
                self.say(line, GateCommand::WithdrawTemplate(TemplateWithdrawnV1 { agency, template }));
            }
            Act::AdoptPack(id) => {
                let pack = policy::text(id).unwrap_or_default().to_owned();
                self.say(line, GateCommand::AdoptPolicy(PolicyAdoptedV2 { pack }));
            }
            Act::WithdrawPack(id) => {
                self.say(line, GateCommand::WithdrawPolicy(PolicyWithdrawnV1 { id: id.clone() }));
            }
            Act::Move { person, zone } => self.moves(line, *person, zone),
            Act::Conduct { .. } => {}
            Act::Remark(why) => self.notes.push((line, (*why).to_owned())),
        }
        None
    }

    fn request(&mut self, line: usize, permit: Index, intended: &Intended) -> Result<(), Refusal> {
        self.attend(intended);
        let asked = request(&self.case.world, intended);
        let contact = asked.contact;
        let now = Now { at: self.now, trusted: intended.trusted };
        self.permits.insert(permit, (contact, None));
        let (first, events) = self.apply_at(line, GateCommand::RequestPermit(asked), now)?;
        match events.as_slice() {
            [GateEvent::PermitReserved(_), ..] => {
                self.permits.insert(permit, (contact, Some(first)));
                Ok(())
            }
            [GateEvent::PermitRefused(refused), ..] => Err(Refusal {
                reasons: refused.reasons.iter().map(Into::into).collect(),
                next_allowed: refused.next_allowed,
                repeats: None,
            }),
            _ => Ok(()),
        }
    }

    fn redeem(&mut self, line: usize, permit: Index) -> Result<(), Refusal> {
        let Some((contact, Some(position))) = self.permits.get(&permit).copied() else {
            return Err(events::Code::PERMIT_UNKNOWN.into());
        };
        let call = pseudonym(b"call", permit);
        self.apply(line, GateCommand::RedeemPermit { contact, permit: position, call }).map(|_| ())
    }

    fn consent(&mut self, line: usize, consent: &Consent, given: Timestamp, zone: &str) {
        let bound = |moment: Option<&crate::case::Moment>,
                     read: fn(&_, &str) -> Result<Timestamp, String>| {
            moment.map(|moment| read(moment, zone)).transpose()
        };
        let bounds = bound(consent.from.as_ref(), clock::start)
            .and_then(|from| bound(consent.until.as_ref(), clock::end).map(|until| (from, until)));
        let (from, until) = match bounds {
            Ok(bounds) => bounds,
            Err(wrong) => return self.notes.push((line, wrong)),
        };
        let consent = ConsentGivenV1 {
            person: person_id(consent.person),
            agency: agency_id(consent.agency),
            case: consent.debt.map(case_id),
            contact: consent.contact.map(contact_id),
            covers: consent.covers,
            given,
            // A consent for today begins now.
            from: from.map_or(given, |from| from.max(given)),
            until,
        };
        self.say(line, GateCommand::GiveConsent(consent));
    }

    fn stop(&mut self, line: usize, person: Index, contacts: &[Index], agency: Option<Index>) {
        let all = contacts.is_empty();
        let contacts = if all { self.case.world.contacts_of(person) } else { contacts.to_vec() };
        for contact in contacts {
            let (contact, source) = (contact_id(contact), StopSource::CalledPerson);
            self.say(line, GateCommand::PlaceStop { contact, source });
        }
        if all {
            // Numbers that turn up later are theirs too.
            let by = agency.map_or(By::Person, By::Agency);
            let kind = events::gate::HoldKind::Stop;
            let (channels, places, times) = (Vec::new(), Vec::new(), Vec::new());
            let hold = Hold {
                kind,
                person: Some(person),
                contact: None,
                debt: None,
                channels,
                places,
                times,
                until: None,
                by,
            };
            self.hold(line, &hold, "UTC");
        }
    }

    fn hold(&mut self, line: usize, hold: &Hold, zone: &str) {
        let until = match hold.until.as_ref().map(|until| clock::end(until, zone)).transpose() {
            Ok(until) => until,
            Err(wrong) => return self.notes.push((line, wrong)),
        };
        let placed = HoldPlacedV1 {
            contact: hold.contact.map(contact_id),
            person: hold.person.map(person_id),
            case: hold.debt.map(case_id),
            kind: hold.kind,
            channels: hold.channels.clone(),
            places: hold.places.clone(),
            times: hold.times.clone(),
            until,
            by: match hold.by {
                By::Person => HoldSource::CalledPerson,
                By::Agency(agency) => HoldSource::Agency(agency_id(agency)),
                By::Lender(lender) => HoldSource::Lender(lender_id(lender)),
                By::Operator => HoldSource::Operator,
                By::Court => HoldSource::Regulator,
            },
        };
        if let Some((position, _)) = self.say(line, GateCommand::PlaceHold(placed.clone())) {
            self.holds.push((position, placed));
        }
    }

    fn moves(&mut self, line: usize, person: Index, zone: &str) {
        let case = self.case;
        let world = &case.world;
        for contact in world.contacts_of(person) {
            let point = &world.contacts[contact];
            for tie in world.ties.iter().filter(|tie| tie.person == person) {
                let linked = ContactLinkedV2 {
                    contact: contact_id(contact),
                    case: case_id(tie.debt),
                    lender: lender_id(world.debts[tie.debt].lender.unwrap_or(0)),
                    person: person_id(person),
                    role: tie.role,
                    zones: zone.parse().into_iter().collect(),
                    regions: Vec::new(),
                    place: point.place,
                };
                self.say(line, GateCommand::LinkContact(linked));
            }
        }
    }
}
