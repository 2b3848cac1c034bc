//! Dialers that retry, hammer, redeem twice, settle late or never; people who want to be left alone; clerks whose news
//! comes late.

use std::sync::Arc;
use std::time::Duration;

use events::gate::{
    ContactClosedV1, ContactRecordedV1, Direction, GateAnswer, GateCommand, HoldKind, HoldLiftedV1,
    HoldPlacedV1, HoldSource, PermitRequest, StopSource,
};
use events::{Position, Refusal};
use gate::{Course, Redeem, Request, Settle, Tell};
use model::{AgencyId, Channel, ContactPointId, Outcome, Purpose, Role};
use tokio::time::sleep;

use crate::chance::Chance;
use crate::router::Router;
use crate::stage::Stage;
use crate::world::Named;

const CHANNELS: [Channel; 3] = [Channel::Call, Channel::Call, Channel::Sms];

/// One client, until it is over.
pub async fn client(stage: Arc<Stage>, number: u64) {
    let chance = Chance::new(stage.settings.seed, 0x0001_0000 + number);
    let mut client = Client { stage, chance, version: number as usize };
    while client.stage.step() {
        client.act().await;
        let pause = client.chance.below(120);
        sleep(Duration::from_millis(pause)).await;
    }
}

struct Client {
    stage: Arc<Stage>,
    chance: Chance,
    version: usize,
}

impl Client {
    async fn act(&mut self) {
        let link = *self.chance.pick(&self.stage.world.links);
        match self.chance.below(100) {
            0..=61 => self.call(link).await,
            62..=67 => self.hammer(link).await,
            68..=74 => self.batch().await,
            75 => self.stop(link.contact).await,
            76..=77 => self.call(link).await,
            78..=85 => self.record(link).await,
            86..=89 => self.hold(link.contact).await,
            90..=93 => self.place(link).await,
            94 if self.chance.percent(50) => self.close(link).await,
            94 => self.link_again(link).await,
            _ => self.legislate().await,
        }
    }

    /// Gives a command, and retries with the same id, unless it loses patience.
    async fn do_it(&mut self, command: GateCommand) -> Option<Result<GateAnswer, Refusal>> {
        let partition = self.stage.partition(&command);
        self.do_it_at(partition, command).await
    }

    async fn do_it_at(
        &mut self,
        partition: u16,
        command: GateCommand,
    ) -> Option<Result<GateAnswer, Refusal>> {
        let tries = if self.chance.percent(15) { 1 } else { 25 };
        let order = self.stage.order(command);
        self.stage.insist(partition, order, tries, &mut self.chance).await
    }

    fn ask(&mut self, link: Named) -> PermitRequest {
        let other = self.chance.percent(12);
        let agency = if other { AgencyId(1 + self.chance.below(3) as u32) } else { link.agency };
        link.asked(agency, *self.chance.pick(&CHANNELS))
    }

    /// Takes a call to its end, by one router after another.
    async fn drive<C: Course + Clone>(&mut self, course: C) -> Option<C::End> {
        let (call, patience) = (self.stage.call(), self.chance.below(3));
        let tries = if self.chance.percent(15) { 1 } else { 20 };
        for _ in 0..=patience {
            let mut router = Router::new(&self.stage, &mut self.chance, 25, tries);
            let end = router.drive(course.clone(), call).await;
            if end.is_some() || self.stage.is_over() {
                return end;
            }
        }
        None
    }

    /// A permit, and what a dialer does with it.
    async fn call(&mut self, link: Named) {
        let asked = self.ask(link);
        let granted = self.drive(Request::new(asked, self.stage.partitions)).await;
        if let Some(Ok(granted)) = granted {
            self.use_it(link.contact, granted.permit).await;
        }
    }

    async fn use_it(&mut self, contact: ContactPointId, permit: Position) {
        if self.chance.percent(12) {
            self.race(contact);
            let pause = self.chance.below(400);
            sleep(Duration::from_millis(pause)).await;
        }
        match self.chance.below(10) {
            // The trunk died.
            0 => return,
            // It took its time; meanwhile anything may happen.
            1..=3 => {
                let pause = self.chance.below(3_000);
                sleep(Duration::from_millis(pause)).await;
            }
            _ => {}
        }
        let (call, partitions) = (self.chance.draw().to_be_bytes(), self.stage.partitions);
        let redeem = |salt: u8| {
            let mut digest = [salt; 16];
            digest[..8].copy_from_slice(&call);
            Redeem::new(contact, permit, digest, partitions)
        };
        let mut placed = matches!(self.drive(redeem(0)).await, Some(Ok(_)));
        if self.chance.percent(25) {
            // The same call once more, or another with the same permit.
            let salt = self.chance.below(2) as u8;
            placed |= matches!(self.drive(redeem(salt)).await, Some(Ok(_)));
        }
        if !placed || self.chance.percent(20) {
            return;
        }
        if self.chance.percent(40) {
            let pause = self.chance.below(2_000);
            sleep(Duration::from_millis(pause)).await;
        }
        let times = 1 + self.chance.below(2);
        for _ in 0..times {
            let outcome = *self.chance.pick(Outcome::ALL);
            self.drive(Settle::new(contact, permit, outcome, (Vec::new(), Vec::new()), partitions)).await;
        }
    }

    /// The same question again and again.
    async fn hammer(&mut self, link: Named) {
        let asked = self.ask(link);
        for _ in 0..self.chance.between(3, 20) {
            if !self.stage.step() {
                return;
            }
            self.drive(Request::new(asked.clone(), self.stage.partitions)).await;
        }
    }

    /// Many at once, straight to one partition: where that is not enough, it has to refuse.
    async fn batch(&mut self) {
        let partition = self.chance.below(u64::from(self.stage.partitions)) as u16;
        let links = self.stage.world.links.clone();
        let mut orders = Vec::new();
        for _ in 0..self.chance.between(2, 8) {
            let link = *self.chance.pick(&links);
            let command = GateCommand::RequestPermit(self.ask(link));
            if self.stage.partition(&command) == partition {
                orders.push(self.stage.order(command));
            }
        }
        if orders.is_empty() {
            return;
        }
        for _ in 0..3 {
            let answers = self.stage.give(partition, orders.clone(), &mut self.chance).await;
            let Some(answers) = answers else { continue };
            for (order, answer) in orders.iter().zip(answers) {
                if let (GateCommand::RequestPermit(asked), Ok(GateAnswer::Permit { permit, .. })) =
                    (&order.command, answer)
                {
                    self.use_it(asked.contact, permit).await;
                }
            }
            return;
        }
    }

    async fn stop(&mut self, contact: ContactPointId) {
        if let Some(command) = self.stop_of(contact) {
            self.do_it(command).await;
        }
    }

    /// Somebody else stops the contact point while its permit is about to be used.
    fn race(&mut self, contact: ContactPointId) {
        let Some(command) = self.stop_of(contact) else { return };
        let mut other = Chance::new(self.chance.draw(), 0);
        let (stage, order) = (Arc::clone(&self.stage), self.stage.order(command));
        tokio::spawn(async move {
            let partition = stage.partition(&order.command);
            sleep(Duration::from_millis(other.below(150))).await;
            stage.insist(partition, order, 25, &mut other).await;
        });
    }

    /// A stop; none if the world would be a dull one, in which everybody is stopped.
    fn stop_of(&mut self, contact: ContactPointId) -> Option<GateCommand> {
        let stopped = {
            let inner = self.stage.inner();
            let links = &self.stage.world.links;
            links.iter().filter(|link| inner.witness.view.book().stopped(link.contact)).count()
        };
        if 2 * stopped >= self.stage.world.links.len() {
            return None;
        }
        let source =
            *self.chance.pick(&[StopSource::CalledPerson, StopSource::Collector, StopSource::Regulator]);
        Some(GateCommand::PlaceStop { contact, source })
    }

    /// News of a contact that took place a while ago.
    async fn record(&mut self, link: Named) {
        let ago = self.chance.between(0, 3 * 3_600_000) / self.chance.between(1, 1_000);
        let inbound = self.chance.percent(30);
        let recorded = ContactRecordedV1 {
            contact: link.contact,
            case: link.case,
            agency: link.agency,
            channel: *self.chance.pick(&CHANNELS),
            purpose: Purpose::Collect,
            direction: if inbound { Direction::Inbound } else { Direction::Outbound },
            at: self.stage.time().plus_ms(-ago),
            outcome: *self.chance.pick(Outcome::ALL),
            toward: Vec::new(),
            discussed: Vec::new(),
            line: None,
        };
        self.drive(Tell::recorded(recorded, self.stage.partitions)).await;
    }

    /// No contact for a moment.
    async fn hold(&mut self, contact: ContactPointId) {
        let placed = HoldPlacedV1 {
            contact: Some(contact),
            person: None,
            case: None,
            kind: HoldKind::Dispute,
            channels: Vec::new(),
            places: Vec::new(),
            times: Vec::new(),
            until: None,
            by: HoldSource::Operator,
        };
        let order = self.stage.order(GateCommand::PlaceHold(placed));
        let (id, partition) = (order.id, self.stage.partition(&order.command));
        let answer = self.stage.insist(partition, order, 25, &mut self.chance).await;
        if !matches!(answer, Some(Ok(_))) {
            return;
        }
        let pause = self.chance.below(500);
        sleep(Duration::from_millis(pause)).await;
        let place = self.stage.inner().witness.view.commands.get(&id).copied();
        if let Some(place) = place {
            let (person, case, by) = (None, None, HoldSource::Operator);
            let lifted = HoldLiftedV1 { contact: Some(contact), person, case, hold: place.first, by };
            self.do_it(GateCommand::LiftHold(lifted)).await;
        }
    }

    /// It goes to another agency, and mostly back.
    async fn place(&mut self, link: Named) {
        let agency = *self.chance.pick(&[None, Some(AgencyId(1)), Some(AgencyId(2))]);
        self.do_it(link.placed(agency)).await;
        if self.chance.percent(85) {
            self.do_it(link.placed(Some(link.agency))).await;
        }
    }

    /// The file names them in one role, then in another, as where two parties of a case have one phone.
    async fn link_again(&mut self, link: Named) {
        for role in [Role::CoDebtor, Role::Debtor] {
            self.do_it(link.linked_as(role)).await;
        }
    }

    async fn close(&mut self, link: Named) {
        // One in a world is enough.
        if link.case == self.stage.world.links[0].case && self.chance.percent(30) {
            let closed = ContactClosedV1 { contact: link.contact, case: link.case };
            self.do_it(GateCommand::CloseContact(closed)).await;
        }
    }

    /// The law changes: other limits, in the same windows.
    async fn legislate(&mut self) {
        // Where several partitions judge one call, they would judge it by different laws for a moment.
        if self.stage.world.spread || !self.chance.percent(30) {
            return;
        }
        self.version = (self.version + self.chance.below(12) as usize) % 100;
        let law = GateCommand::AdoptPolicy(self.stage.world.law(self.version));
        for partition in 0..self.stage.partitions {
            self.do_it_at(partition, law.clone()).await;
        }
    }
}
