//! What goes wrong: crashes, lost leases, jumping clocks, a store and a network at their worst. Then it is over.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use eventlog::memory::Faults;
use runtime::SystemClock;
use tokio::time::sleep;

use crate::chance::Chance;
use crate::stage::{Stage, Weather};

/// What may go wrong in this world: each seed leaves some of it out, so that what hides others does not hide them
/// always.
struct Swarm {
    crashes: bool,
    kills: bool,
    leases: bool,
    jumps: bool,
    wrong_starts: bool,
    store: bool,
    network: bool,
    leaps: bool,
}

/// Acts until it is over.
pub async fn reign(stage: Arc<Stage>) {
    let mut chance = Chance::new(stage.settings.seed, 0x000f_0003);
    let mut often = |percent| chance.percent(percent);
    let swarm = Swarm {
        crashes: often(70),
        kills: often(70),
        leases: often(70),
        jumps: often(60),
        wrong_starts: often(30),
        store: often(80),
        network: often(80),
        leaps: often(90),
    };
    let mut fate = Fate { stage, chance, swarm };
    while fate.stage.step() {
        let pause = fate.chance.below(60);
        sleep(Duration::from_millis(pause)).await;
        fate.act().await;
        fate.stage.look();
    }
}

struct Fate {
    stage: Arc<Stage>,
    chance: Chance,
    swarm: Swarm,
}

impl Fate {
    fn machine(&mut self) -> usize {
        let count = self.stage.inner().machines.len();
        self.chance.below(count as u64) as usize
    }

    async fn act(&mut self) {
        match self.chance.below(100) {
            0..=19 if self.swarm.leaps => self.stage.leap(self.chance.between(0, 90_000)),
            20..=31 if self.swarm.leaps => {
                let most = *self.chance.pick(&[600_000, 7_200_000, 30 * 3_600_000]);
                self.stage.leap(self.chance.between(0, most));
            }
            32..=35 if self.swarm.crashes => {
                self.stage.log.crash();
                self.nothing_is_gone();
            }
            36..=41 if self.swarm.kills => {
                let machine = self.machine();
                self.stage.inner().machines[machine].kill();
                self.nothing_is_gone();
            }
            42..=44 if self.swarm.kills => {
                let machine = self.machine();
                if self.stage.keeps_snapshots || self.stage.partitions > 1 {
                    // One that stops in good order waits for its file, and a file takes as long as it takes. Several
                    // partitions would stop in an order that is none of the seed's.
                    self.stage.inner().machines[machine].kill();
                } else {
                    self.stage.inner().machines[machine].ask_to_stop();
                }
            }
            45..=54 => self.start_again().await,
            55..=66 if self.swarm.leases => self.appoint(),
            67..=72 if self.swarm.jumps => {
                let machine = self.machine();
                let near = SystemClock::TOLERANCE_MS + 1_000;
                let most = *self.chance.pick(&[20_000, near, 3_600_000, 10 * 86_400_000]);
                let offset_ms = self.chance.between(-most, most);
                self.stage.inner().machines[machine].jump(offset_ms);
                self.stage.leap(0);
            }
            73..=78 => {
                let machine = self.machine();
                self.stage.inner().machines[machine].jump(0);
                self.stage.leap(0);
            }
            79..=84 if self.swarm.store => {
                let faults = self.faults();
                self.stage.log.set_faults(faults);
            }
            85..=88 if self.swarm.network => {
                let weather = Weather::random(&mut self.chance);
                self.stage.inner().weather = weather;
            }
            89..=90 if self.swarm.kills => {
                let partition = self.chance.below(u64::from(self.stage.partitions)) as u16;
                self.stage.follow(partition);
            }
            _ => {
                let partition = self.chance.below(u64::from(self.stage.partitions)) as u16;
                self.stage.compare(partition).await;
            }
        }
    }

    fn nothing_is_gone(&mut self) {
        let time = self.stage.time();
        let checked = {
            let mut inner = self.stage.inner();
            inner.witness.nothing_is_gone(time).and_then(|()| inner.witness.replay(time))
        };
        self.stage.check(checked);
    }

    fn faults(&mut self) -> Faults {
        let mut often = |most| if self.chance.percent(50) { self.chance.below(most) as u32 } else { 0 };
        let (lost_ack, dropped, delivered_twice) = (often(60), often(60), often(60));
        let (delayed, delay_max) = (often(800), often(60));
        Faults { seed: 0, lost_ack, dropped, delivered_twice, delayed, delay_max }
    }

    /// A process that is down comes back; sometimes one that is not is started anew.
    async fn start_again(&mut self) {
        let count = self.stage.inner().machines.len();
        let mut again = Vec::new();
        for machine in 0..count {
            let (up, offset) = {
                let inner = self.stage.inner();
                (inner.machines[machine].is_up(), inner.machines[machine].offset_ms)
            };
            let right = offset.abs() <= SystemClock::TOLERANCE_MS;
            if (!up || self.chance.percent(10)) && (right || self.swarm.wrong_starts) {
                again.push(machine);
            }
        }
        self.stage.restart(&again).await;
    }

    /// Others should lead from now on: one, none, or several at once. Some do not learn of it.
    fn appoint(&mut self) {
        let inner = self.stage.inner();
        for machine in &inner.machines {
            machine.blind.store(self.chance.percent(30), Ordering::Release);
        }
        let one = self.chance.below(inner.machines.len() as u64) as usize;
        let others = *self.chance.pick(&[0, 0, 0, 30]);
        for (index, machine) in inner.machines.iter().enumerate() {
            machine.appoint(index == one || self.chance.percent(others));
        }
    }
}
