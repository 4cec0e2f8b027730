//! Several dispatchers at once, with messages in common.

use std::pin::pin;
use std::sync::Arc;

use serde_json::Value;
use tamiz_ports::{Message, Moment};

use crate::announce::{identity, message, upload};
use crate::desk::Desk;
use crate::fuse::{Effect, Fuse};

fn batch(keys: &[&str]) -> Vec<Message> {
    let records: Vec<Value> = keys.iter().map(|key| upload(key, "1", 1)).collect();
    records.iter().enumerate().map(|(n, record)| message(&format!("m{n}"), std::slice::from_ref(record))).collect()
}

/// The first dispatcher stands still at each step in turn while the second does all of its work.
async fn interleave(first: &[&str], second: &[&str], moment: Moment) {
    let mut step = 0;
    loop {
        step += 1;
        let desk = Desk::default();
        let fuse = Arc::new(Fuse::new(step, moment, Effect::Stall));
        let slow = desk.dispatcher(&fuse).await;
        let quick = desk.dispatcher(&Arc::new(Fuse::none())).await;
        let mut slow = pin!(slow.dispatch(batch(first)));
        let stalled = tokio::select! { _ = &mut slow => false, () = fuse.blown() => true };
        if !stalled {
            break;
        }
        let by_quick = quick.dispatch(batch(second)).await;
        assert!(by_quick.kept.is_empty(), "{:?}", by_quick.errors);
        fuse.mend();
        let by_slow = slow.await;
        assert!(by_slow.kept.is_empty(), "{:?}", by_slow.errors);
        let all: Vec<_> = first.iter().chain(second).map(|key| identity(key, "1")).collect();
        desk.check(&all).await;
        assert!(desk.repeats().await.is_empty());
    }
    assert!(step > 6, "only {step} steps were tried");
}

#[tokio::test]
async fn overlapping_batches_put_each_object_into_exactly_one_started_run() {
    for moment in [Moment::Before, Moment::After] {
        interleave(&["a", "b", "c"], &["b", "c", "d"], moment).await;
        interleave(&["b", "c", "d"], &["a", "b", "c"], moment).await;
    }
}

#[tokio::test]
async fn the_same_batch_twice_at_once_gives_one_run() {
    for moment in [Moment::Before, Moment::After] {
        interleave(&["a", "b"], &["a", "b"], moment).await;
    }
}

#[tokio::test]
async fn a_dispatcher_that_wakes_after_its_run_was_finished_by_another_loses_nothing() {
    for moment in [Moment::Before, Moment::After] {
        interleave(&["a", "b", "c"], &["a"], moment).await;
        interleave(&["a", "b", "c"], &["c"], moment).await;
    }
}

/// Both got the same message and the slow one acknowledges it, so nobody else would come to finish the other's run.
#[tokio::test]
async fn who_loses_its_claims_to_a_run_that_died_finishes_that_run() {
    let mut num_steps = 0;
    loop {
        num_steps += 1;
        let desk = Desk::default();
        // It has looked at the claims, found none, and stands still before it counts the open runs.
        let stall = Arc::new(Fuse::new(3, Moment::Before, Effect::Stall));
        let crash = Arc::new(Fuse::new(num_steps, Moment::After, Effect::Crash));
        let (slow, dying) = (desk.dispatcher(&stall).await, desk.dispatcher(&crash).await);
        let mut slow = pin!(slow.dispatch(batch(&["a", "b"])));
        tokio::select! { _ = &mut slow => panic!("it did not stall"), () = stall.blown() => {} }
        let died = tokio::select! { _ = dying.dispatch(batch(&["b", "c"])) => false, () = crash.blown() => true };
        stall.mend();
        let dispatched = slow.await;
        assert!(dispatched.kept.is_empty(), "{:?}", dispatched.errors);
        for key in ["a", "b"] {
            let owner = desk.owner(&identity(key, "1")).await.unwrap();
            assert!(desk.started().contains(&owner), "step {num_steps}: {key} is claimed and never run");
        }
        if !died {
            break;
        }
    }
    assert!(num_steps > 6);
}

#[tokio::test]
async fn a_run_that_owns_none_of_its_objects_is_not_started() {
    // The slow one has looked at the claims and not yet claimed.
    let desk = Desk::default();
    let fuse = Arc::new(Fuse::new(3, Moment::Before, Effect::Stall));
    let slow = desk.dispatcher(&fuse).await;
    let quick = desk.dispatcher(&Arc::new(Fuse::none())).await;
    let mut slow = pin!(slow.dispatch(batch(&["a", "b"])));
    tokio::select! { _ = &mut slow => panic!("it did not stall"), () = fuse.blown() => {} }
    quick.dispatch(batch(&["a"])).await;
    quick.dispatch(batch(&["b"])).await;
    fuse.mend();
    let dispatched = slow.await;
    assert_eq!((dispatched.settled.len(), dispatched.outcome.runs_started), (2, 0));
    assert_eq!(desk.started().len(), 2);
}
