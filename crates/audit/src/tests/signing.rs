use events::Code;
use events::gate::GateEvent;
use tlog::{Checkpoint, Hash, TreeHead, leaf_hash, root_of_leaves};

use super::world::*;
use crate::{AuditPort, AuditQuery, AuditReply};

async fn checkpoint(running: &Running) -> (Vec<u8>, TreeHead) {
    let AuditReply::Checkpoint(note) = running.ask(AuditQuery::Checkpoint(GATE)).await else { panic!() };
    let trusted = [signer().verifier_key().clone()];
    let opened = Checkpoint::open(&note, "forbear/gate/0", &trusted).expect("it verifies");
    (note, *opened.head())
}

fn leaves(events: &[GateEvent]) -> Vec<Hash> {
    let stored = |event: &GateEvent| {
        let mut bytes = Vec::new();
        events::Event::encode(event, &mut bytes);
        leaf_hash(&bytes)
    };
    events.iter().map(stored).collect()
}

/// A hundred stops; the one at `odd` is of another contact point.
fn history(odd: Option<usize>) -> Vec<GateEvent> {
    (0..100).map(|number| stop(contact(if odd == Some(number) { 200 } else { number as u8 }))).collect()
}

async fn written(events: &[GateEvent]) -> World {
    let mut world = World::new();
    for chunk in events.chunks(7) {
        world.write(GATE, MONDAY, chunk).await;
    }
    world
}

#[tokio::test]
async fn given_a_log_when_signed_then_the_checkpoint_commits_to_every_byte_of_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let events = history(None);
    let running = Running::caught_up(directory.path(), &written(&events).await.log).await;
    let (_, head) = checkpoint(&running).await;
    let mut leaves = leaves(&events);
    assert_eq!(head, TreeHead { size: 100, root: root_of_leaves(&leaves) });
    running.stop().await;

    let mut flipped = Vec::new();
    events::Event::encode(&events[41], &mut flipped);
    flipped[9] ^= 1;
    leaves[41] = leaf_hash(&flipped);
    assert_ne!(head.root, root_of_leaves(&leaves));
}

#[tokio::test]
async fn given_a_log_that_grows_when_signed_again_then_heads_extend_each_other_over_restarts() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut events = history(None);
    let mut world = written(&events).await;
    let running = Running::caught_up(directory.path(), &world.log).await;
    let first = checkpoint(&running).await;
    assert_eq!(checkpoint(&running).await, first, "nothing new: the same note");
    running.stop().await;
    // Built anew, past the signed size.
    std::fs::remove_dir_all(directory.path().join("rows")).expect("removed");
    world.write(GATE, MONDAY, &[stop(contact(150))]).await;
    events.push(stop(contact(150)));
    let running = Running::caught_up(directory.path(), &world.log).await;
    let (_, head) = checkpoint(&running).await;
    assert_eq!(head, TreeHead { size: 101, root: root_of_leaves(&leaves(&events)) });
    running.stop().await;
}

#[tokio::test]
async fn given_a_rewritten_or_shorter_log_when_a_checkpoint_is_asked_for_then_nothing_is_signed() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut world = written(&history(None)).await;
    world.write(GATE_1, MONDAY, &[stop(contact(1))]).await;
    let running = Running::caught_up(directory.path(), &world.log).await;
    checkpoint(&running).await;
    running.stop().await;

    let refused = async |world: &World| {
        let running = Running::caught_up(directory.path(), &world.log).await;
        let refusal = running.audit.ask(AuditQuery::Checkpoint(GATE)).await.expect_err("refused");
        assert_eq!(refusal.reasons[0].code, Code::UNAVAILABLE);
        assert!(
            running.audit.ask(AuditQuery::Checkpoint(GATE_1)).await.is_ok(),
            "other logs are not concerned"
        );
        let rebuilt = running.rebuilt();
        running.stop().await;
        (refusal.to_string(), rebuilt)
    };
    let mut longer = history(Some(30));
    longer.push(stop(contact(150)));
    let (why, rebuilt) = refused(&written(&longer).await).await;
    assert!(why.contains("the log was rewritten"), "{why}");
    assert_eq!(rebuilt, 1.0, "the rows were of another log");
    let (why, _) = refused(&written(&history(Some(30))).await).await;
    assert!(why.contains("the log was rewritten"), "{why}");
    let (why, _) = refused(&written(&history(None)[..98]).await).await;
    assert!(why.contains("the log was cut"), "{why}");
}
