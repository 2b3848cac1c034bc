//! What has come is decided, in order, against the speculative state.

use events::{Actor, Code, Decider, Envelope, Now, Position, Reason, Tally, Tenant};

use super::answers::{Pending, Waiting, reused};
use super::internal_id;
use super::leader::{Leader, WAITING_MAX};
use crate::call::Submitted;
use crate::clock::{Clock, SystemClock};
use crate::command_index::Accepted;
use crate::mailbox::Message;
use crate::port::{Answered, Order};

/// Work that is done before the writer looks whether a record has become durable.
const SLICE: usize = 256;

/// Work that is done between two looks at the clock.
const SAME_TIME: usize = 32;

/// Fewer events between two ticks, and whoever is kept waiting by a snapshot is hardly anybody.
const CALM: u64 = 1000;

/// Tallies in one command, so that their events fit a record.
const TALLIES_MAX: usize = 2048;

impl<D: Decider> Leader<'_, D> {
    /// Takes what has come, and works off a slice of it.
    pub fn work_off(&mut self) {
        let came = self.partition.inbox.take(&mut self.inbox);
        self.gather.came(came);
        if self.inbox.is_empty() {
            return;
        }
        self.tick_if_due();
        self.fetch();
        let mut now = self.now();
        let (mut done, mut looked) = (0, 0);
        while done < SLICE
            && self.waiting.len() < WAITING_MAX
            && let Some(message) = self.inbox.pop_front()
        {
            if done >= looked + SAME_TIME {
                looked = done;
                now = self.now();
            }
            done += message.weight();
            self.handle(message, now);
        }
        self.decided += done;
        self.count();
        self.partition.metrics.queue_depth.set(self.partition.mailbox.depth() as i64);
    }

    /// Has the processor fetch what the next slice asks for.
    fn fetch(&self) {
        let orders = self.inbox.iter().flat_map(|message| match message {
            Message::Order(caller) => std::slice::from_ref(caller.submitted()),
            Message::Orders { orders, .. } => orders,
            Message::Query { .. } | Message::Followed { .. } => &[],
        });
        let mut fetched = 0_u64;
        let near = orders.take(SLICE).map(|Submitted { order, .. }| {
            fetched = fetched.wrapping_add(self.replica.commands.fetch(&order.id));
            &order.command
        });
        let commands: Vec<_> = near.collect();
        // It is fetched only if something is made of it.
        std::hint::black_box(fetched);
        D::expect(&self.replica.state, &commands);
    }

    fn count(&mut self) {
        let metrics = &self.partition.metrics;
        metrics.accepted.inc_by(std::mem::take(&mut self.accepted));
        metrics.refused.inc_by(std::mem::take(&mut self.refused));
    }

    fn handle(&mut self, message: Message<D>, now: Now) {
        match message {
            Message::Order(caller) => {
                let answer = self.order(caller.submitted(), now);
                self.waiting.push(Waiting::Order { answer, caller });
            }
            Message::Orders { orders, reply } => {
                let answers = orders.iter().map(|order| self.order(order, now)).collect();
                self.waiting.push(Waiting::Orders { answers, reply });
            }
            Message::Query { query, reply } => {
                let answer = D::query(&self.replica.state, &query, now);
                self.waiting.push(Waiting::Query { answer, reply });
            }
            Message::Followed { source, reply } => {
                let answer = self.replica.commands.followed(source);
                self.waiting.push(Waiting::Followed { answer, reply });
            }
        }
    }

    /// Now, but never before the last event. A clock that is far behind the log was wrong when that event was
    /// decided, or is wrong now; until it has caught up the time stands still, and is not to be trusted.
    fn now(&self) -> Now {
        let now = self.partition.clock.now();
        let behind_ms = self.replica.at.ms_since(now.at);
        let trusted = now.trusted && behind_ms <= SystemClock::TOLERANCE_MS;
        Now { at: now.at.max(self.replica.at), trusted }
    }

    fn order(&mut self, submitted: &Submitted<D>, now: Now) -> Pending<D> {
        let Submitted { order: Order { id, actor, tenant, cause, command }, input } = submitted;
        let (id, actor, tenant, cause, input) = (*id, *actor, *tenant, *cause, *input);
        let commands = &self.replica.commands;
        let caused = || cause.and_then(|cause| commands.caused(cause, &id));
        if let Some(accepted) = commands.get(&id).or_else(caused) {
            if accepted.input == input {
                return Pending::Stored { slot: accepted.slot, command: id, tenant };
            }
            return Pending::Known(Err(reused(id)));
        }
        if let Some(cause) = cause
            && commands.followed(cause.stream).is_some_and(|done| cause.position < done)
        {
            return Pending::Known(Ok(D::answer(&[], self.position)));
        }
        let envelope = Envelope { command: id, input, delay_ms: 0, actor, tenant, cause };
        Pending::Known(self.decide(envelope, command, now))
    }

    fn decide(&mut self, envelope: Envelope, command: &D::Command, now: Now) -> Answered<D> {
        let events = match D::decide(&self.replica.state, command, now) {
            Ok(events) => events,
            Err(refusal) => {
                if let Some(tally) = refusal.repeats {
                    *self.repeated.entry(tally).or_default() += 1;
                }
                self.refused += 1;
                return Err(refusal);
            }
        };
        self.accepted += 1;
        if events.is_empty() {
            return Ok(D::answer(&[], self.position));
        }
        // A record holds no delay beyond 2^32 ms.
        if !self.open.is_empty() && now.at.ms_since(self.opened) > i64::from(u32::MAX) {
            self.close_record();
        }
        if self.open.is_empty() {
            self.opened = now.at;
        }
        if !self.open.push(envelope, now.at, &events) {
            self.close_record();
            self.opened = now.at;
            if !self.open.push(envelope, now.at, &events) {
                let detail =
                    format!("expected a command whose events fit {} bytes", events::record::RECORD_MAX);
                return Err(Reason::detail(Code::MALFORMED, detail).into());
            }
        }
        let first = self.next_position(events.len());
        for (index, event) in events.iter().enumerate() {
            let position = Position(first.0 + index as u64);
            D::evolve(&mut self.replica.state, event, now.at, position);
        }
        self.replica.at = now.at;
        self.replica.note(&envelope, Accepted { input: envelope.input, slot: self.slot, first });
        Ok(D::answer(&events, first))
    }

    /// The position of the first of the `pushed` events that were pushed last.
    fn next_position(&self, pushed: usize) -> Position {
        Position(self.position.0 + u64::from(self.open.events()) - pushed as u64)
    }

    pub fn tick_if_due(&mut self) {
        let now = self.now().at;
        if now.ms_since(self.ticked) >= Clock::TICK_MS {
            let since = self.position.0 - self.position_ticked.0;
            (self.ticked, self.position_ticked) = (now, self.position);
            if since < CALM {
                self.snapshot_if_calm();
            }
            self.tick();
        }
    }

    pub fn tick(&mut self) {
        let mut repeated: Vec<_> = self.repeated.drain().collect();
        repeated.sort_unstable();
        while repeated.len() > TALLIES_MAX {
            let rest = repeated.split_off(TALLIES_MAX);
            self.give_tick(repeated);
            repeated = rest;
        }
        self.give_tick(repeated);
    }

    fn give_tick(&mut self, repeated: Vec<(Tally, u32)>) {
        let now = self.now();
        let Some(command) = D::tick(repeated) else { return };
        let position = Position(self.position.0 + u64::from(self.open.events()));
        let envelope = Envelope {
            command: internal_id(b"tick", self.replica.chain.epoch, position),
            input: 0,
            delay_ms: 0,
            actor: Actor::System(self.partition.options.instance),
            tenant: Tenant::Platform,
            cause: None,
        };
        if let Err(refusal) = self.decide(envelope, &command, now) {
            tracing::error!(stream = %self.partition.stream, %refusal, "a tick was refused");
        }
        self.count();
    }
}
