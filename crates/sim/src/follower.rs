//! The process manager that tells the homes of persons and cases what a partition knows: the runtime's, from each partition
//! of the gate to every other, and what the gate says that an event means for them.

use std::sync::Arc;

use async_trait::async_trait;
use events::gate::{GateCommand, GateEvent};
use events::{Code, Position, Refusal, StreamId};
use gate::Gate;
use runtime::{Answered, Metrics, Order, PartitionPort, Port, manager};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinHandle};

use crate::chance::Chance;
use crate::stage::Stage;
use crate::subject::{Asked, Said, Subject};

/// What an event means for homes.
struct Homes;

impl manager::Manager for Homes {
    type Source = Subject;
    type Target = Subject;
    const NAME: &'static str = "homes";

    fn react(event: &GateEvent, place: manager::Place) -> Vec<GateCommand> {
        Gate::homes_of(event, place.partition, place.targets)
    }
}

/// One follower, until this is dropped.
pub struct Following {
    task: AbortHandle,
    _active: watch::Sender<bool>,
    _stop: watch::Sender<bool>,
}

impl Drop for Following {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Follows one partition. `None` if there are no metrics, whose names are valid.
pub fn follow(stage: &Arc<Stage>, partition: u16) -> Option<Following> {
    let ports = (0..stage.partitions).map(|partition| -> Box<dyn PartitionPort<Subject>> {
        Box::new(Anywhere { stage: Arc::clone(stage), partition })
    });
    let target = Port::new(ports.collect());
    let (active, is_active) = watch::channel(true);
    let (stop, stopped) = watch::channel(false);
    let log = Arc::clone(&stage.store);
    let metrics = Metrics::new().ok()?;
    let task: JoinHandle<()> =
        tokio::spawn(manager::run::<Homes>(log, partition, target, is_active, stopped, metrics));
    Some(Following { task: task.abort_handle(), _active: active, _stop: stop })
}

/// A partition, wherever it is led now.
struct Anywhere {
    stage: Arc<Stage>,
    partition: u16,
}

impl Anywhere {
    fn chance(&self) -> Chance {
        Chance::new(self.stage.settings.seed ^ self.stage.steps(), 0x000f_0005)
    }
}

#[async_trait]
impl PartitionPort<Subject> for Anywhere {
    async fn submit(&self, orders: Vec<Order<GateCommand>>) -> Vec<Answered<Subject>> {
        if self.stage.is_over() {
            // Else a circle goes on for ever: it takes no simulated time.
            std::future::pending::<()>().await;
        }
        let machine = self.stage.whom_to_ask(self.partition, &mut self.chance());
        self.stage.give_to(machine, self.partition, orders).await
    }

    async fn query(&self, query: Asked) -> Result<Said, Refusal> {
        match self.stage.port_of(self.stage.whom_to_ask(self.partition, &mut self.chance())) {
            Some(port) => port.query(self.partition, query).await,
            None => Err(Code::UNAVAILABLE.into()),
        }
    }

    async fn followed(&self, source: StreamId) -> Result<Option<Position>, Refusal> {
        match self.stage.port_of(self.stage.whom_to_ask(self.partition, &mut self.chance())) {
            Some(port) => port.followed(self.partition, source).await,
            None => Err(Code::UNAVAILABLE.into()),
        }
    }
}
