//! Before anything goes wrong, and after: the world is told to the gate; and when nothing goes wrong any more, calls
//! get through, stops hold, and queues drain.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use eventlog::memory::Faults;
use events::Code;
use events::gate::{GateAnswer, GateCommand, PartitionsSetV1, StopSource};
use gate::{Course, Redeem, Request, SETTLE_AFTER_MS, Settle};
use model::{Channel, Outcome};
use runtime::{Answered, SystemClock};
use tokio::time::sleep;

use crate::chance::Chance;
use crate::promise::{Checked, Promise, Violation, holds};
use crate::router::Router;
use crate::stage::{Stage, Weather};
use crate::subject::Subject;

/// How often a client asks, once nothing goes wrong, before it is said that nobody answers.
const TRIES: u64 = 200;

/// Tells the gate what there is.
pub async fn begin(stage: &Arc<Stage>) -> Checked {
    let count = {
        let inner = stage.inner();
        inner.machines.iter().enumerate().for_each(|(index, machine)| machine.appoint(index == 0));
        inner.machines.len()
    };
    stage.restart(&(0..count).collect::<Vec<_>>()).await;
    for partition in 0..stage.partitions {
        // As the program does when it starts.
        let set = PartitionsSetV1 { partitions: stage.partitions, own: partition };
        taken(told(stage, partition, GateCommand::SetPartitions(set)).await?)?;
        let law = GateCommand::AdoptPolicy(stage.world.law(0));
        taken(told(stage, partition, law).await?)?;
    }
    for fact in stage.world.facts() {
        taken(told(stage, stage.partition(&fact), fact).await?)?;
    }
    Ok(())
}

fn taken(answer: Answered<Subject>) -> Checked {
    holds(Promise::Live, answer.is_ok(), || format!("the gate does not take the world in: {answer:?}"))
}

/// Nothing goes wrong from now on, and what went wrong is put right.
pub async fn heal(stage: &Arc<Stage>) {
    stage.log.set_faults(Faults::none());
    let count = {
        let mut inner = stage.inner();
        inner.weather = Weather::default();
        for (index, machine) in inner.machines.iter_mut().enumerate() {
            machine.jump(0);
            machine.blind.store(false, Ordering::Release);
            machine.appoint(index == 0);
        }
        inner.machines.len()
    };
    stage.restart(&(0..count).collect::<Vec<_>>()).await;
    catch_up_with_the_log(stage);
}

/// A log that was written under a wrong clock may be ahead; then time stands still until it is reached.
fn catch_up_with_the_log(stage: &Arc<Stage>) {
    stage.look();
    let ahead_ms = {
        let inner = stage.inner();
        let log_at = inner.witness.view.partitions.iter().map(|partition| partition.at).max();
        log_at.map_or(0, |at| at.ms_since(stage.time()))
    };
    stage.leap(ahead_ms.max(0) + 1_000);
}

/// A call gets through, a stop holds, everything closes, and the log says what the leaders say.
pub async fn restore(stage: &Arc<Stage>) -> Checked {
    catch_up_with_the_log(stage);
    let link = stage.world.spared;
    let (contact, partitions) = (link.contact, stage.partitions);
    let request = || Request::new(link.asked(link.agency, Channel::Call), partitions);
    let permit = match end(stage, request()).await? {
        Ok(granted) => granted.permit,
        Err(denied) => {
            return not_live(format!("expected a permit for somebody whom nobody calls, got {denied:?}"));
        }
    };
    let used = end(stage, Redeem::new(contact, permit, [7; 16], partitions)).await?;
    holds(Promise::Live, used == Ok(true), || format!("expected a fresh permit to be used, got {used:?}"))?;
    let settle = Settle::new(contact, permit, Outcome::NoAnswer, (Vec::new(), Vec::new()), partitions);
    let settled = end(stage, settle).await?;
    holds(Promise::Live, matches!(settled, Ok(GateAnswer::Settled { .. })), || {
        format!("expected the call to be settled, got {settled:?}")
    })?;
    let stop = GateCommand::PlaceStop { contact, source: StopSource::CalledPerson };
    let answer = told(stage, stage.partition(&stop), stop).await?;
    if !matches!(answer, Ok(GateAnswer::Stopped { .. })) {
        return not_live(format!("expected the stop to be placed, got {answer:?}"));
    }
    let reasons = match end(stage, request()).await? {
        Ok(granted) => {
            let detail = format!("after the stop of {contact}: {granted:?}");
            return Err(Violation::of(Promise::Stop, detail));
        }
        Err(denied) => denied.refusal.reasons,
    };
    holds(Promise::Stop, reasons.iter().any(|reason| reason.code == Code::STOPPED), || {
        format!("expected the stop among the reasons, got {reasons:?}")
    })?;
    everything_closes(stage).await?;
    log_and_leaders_agree(stage).await
}

async fn everything_closes(stage: &Arc<Stage>) -> Checked {
    // What a process had in flight when it was killed may land yet, and so may what the network has doubled.
    sleep(Duration::from_secs(1)).await;
    catch_up_with_the_log(stage);
    stage.leap(SETTLE_AFTER_MS + 60_000);
    // A tick a second, each as large as one may be.
    sleep(Duration::from_secs(3)).await;
    stage.look();
    let inner = stage.inner();
    let open = inner.witness.view.book().open();
    holds(Promise::Live, open.is_empty(), || {
        let time = stage.time().0;
        let each = open.iter().map(|permit| {
            let (partition, position, stage) = (permit.partition, permit.position, permit.stage);
            let log_at = inner.witness.view.partitions[usize::from(partition)].at.0;
            format!(
                "{position} of {partition}, {stage:?}, until {}, the log is at {log_at}",
                permit.expires_at.0
            )
        });
        format!("permits are still open at {time}, long after their time: {:?}", each.collect::<Vec<_>>())
    })?;
    let shares = inner.witness.view.book().open_shares();
    holds(Promise::Live, shares == 0, || format!("{shares} shares are still open, long after their time"))
}

async fn log_and_leaders_agree(stage: &Arc<Stage>) -> Checked {
    for partition in 0..stage.partitions {
        let mut compared = false;
        for _ in 0..20 {
            if compared || stage.is_over() {
                break;
            }
            compared = stage.compare(partition).await;
            sleep(Duration::from_millis(30)).await;
        }
        if !compared && !stage.is_over() {
            return not_live(format!("nobody says what the state of partition {partition} is"));
        }
    }
    let time = stage.time();
    let mut inner = stage.inner();
    inner.witness.nothing_is_gone(time)?;
    // A clock that jumps must not carry the log along, unless a process began under it.
    let ahead_ms = inner.witness.view.ahead_ms();
    let bound_ms = 2 * SystemClock::TOLERANCE_MS;
    holds(Promise::Cap, inner.dated_wrongly || ahead_ms <= bound_ms, || {
        format!("expected a log at most {bound_ms} ms ahead of the true time, got {ahead_ms} ms")
    })
}

/// Takes a call to its end.
async fn end<C: Course>(stage: &Arc<Stage>, course: C) -> Checked<C::End> {
    let mut chance = Chance::new(stage.settings.seed, 0x000f_0006);
    let call = stage.call();
    match Router::new(stage, &mut chance, 0, TRIES).drive(course, call).await {
        Some(end) => Ok(end),
        None => not_live("a call does not come to its end, though nothing goes wrong".to_owned()),
    }
}

fn not_live<T>(detail: String) -> Checked<T> {
    Err(Violation::of(Promise::Live, detail))
}

async fn told(stage: &Arc<Stage>, partition: u16, command: GateCommand) -> Checked<Answered<Subject>> {
    let order = stage.order(command);
    let mut chance = Chance::new(stage.settings.seed, 0x000f_0004);
    match stage.insist(partition, order, TRIES, &mut chance).await {
        Some(answer) => Ok(answer),
        None => not_live(format!("nobody answered for partition {partition}, though nothing goes wrong")),
    }
}
