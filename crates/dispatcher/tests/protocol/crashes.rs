//! Every step failed once and broken off once, before and after its effect; then a fresh process takes over.

use std::sync::Arc;

use serde_json::{Value, json};
use tamiz_domain::ObjectIdentity;
use tamiz_ports::Moment;

use crate::announce::{body, identity, upload};
use crate::desk::Desk;
use crate::fuse::{Effect, Fuse};

/// Two runs of two objects, shared between messages, with a refused record and an event delivered twice.
fn busy_desk() -> (Desk, Vec<ObjectIdentity>) {
    let desk = Desk::default();
    desk.limit("max_objects = 2");
    let messages: [&[Value]; 4] = [
        &[upload("a", "1", 1), upload("b", "1", 1)],
        &[upload("c", "1", 1), json!({"eventName": "ObjectRemoved:Delete"}), upload("a", "1", 1)],
        &[upload("d", "1", 1)],
        &[upload("d", "1", 1)],
    ];
    messages.iter().for_each(|records| desk.queue.put(body(records)));
    (desk, ["a", "b", "c", "d"].map(|key| identity(key, "1")).into())
}

async fn check_busy_desk(desk: &Desk, objects: &[ObjectIdentity]) {
    desk.check(objects).await;
    assert_eq!(desk.refusals().await.len(), 1);
    assert!(desk.repeats().await.is_empty(), "an event that comes again is no second upload");
    let num_marked = desk.names("runs").await.iter().filter(|name| name.ends_with("started.json")).count();
    assert_eq!(num_marked, desk.started().len());
}

async fn survives(moment: Moment, effect: Effect) {
    let mut step = 0;
    loop {
        step += 1;
        let (desk, objects) = busy_desk();
        let fuse = Arc::new(Fuse::new(step, moment, effect));
        let _ = desk.work(&fuse).await;
        if !fuse.is_blown() {
            break;
        }
        desk.come_to_rest().await;
        check_busy_desk(&desk, &objects).await;
        match effect {
            // The rest of the batch goes on without the object that failed, so it may be packed otherwise.
            Effect::Fail => assert!((2..=3).contains(&desk.started().len())),
            Effect::Crash | Effect::Stall => assert_eq!(desk.started().len(), 2, "the same runs as without the crash"),
        }
    }
    assert!(step > 20, "only {step} steps were tried");
}

#[tokio::test]
async fn an_undisturbed_desk_comes_to_rest_with_two_runs() {
    let (desk, objects) = busy_desk();
    let outcome = desk.come_to_rest().await;
    assert_eq!((outcome.runs_started, outcome.messages_settled, outcome.refused), (2, 4, 1));
    check_busy_desk(&desk, &objects).await;
}

#[tokio::test]
async fn a_failure_before_any_step_loses_nothing_and_repeats_nothing() {
    survives(Moment::Before, Effect::Fail).await;
}

#[tokio::test]
async fn a_failure_after_the_effect_of_any_step_loses_nothing_and_repeats_nothing() {
    survives(Moment::After, Effect::Fail).await;
}

#[tokio::test]
async fn a_crash_before_any_step_loses_nothing_and_repeats_nothing() {
    survives(Moment::Before, Effect::Crash).await;
}

#[tokio::test]
async fn a_crash_after_any_step_loses_nothing_and_repeats_nothing() {
    survives(Moment::After, Effect::Crash).await;
}

/// After the crash the messages come back one by one: the run that was begun is finished as it was planned.
#[tokio::test]
async fn a_crash_is_mended_even_when_the_messages_come_back_one_at_a_time() {
    let mut num_finished = 0;
    for step in 1.. {
        let (desk, objects) = busy_desk();
        let fuse = Arc::new(Fuse::new(step, Moment::After, Effect::Crash));
        let _ = desk.work(&fuse).await;
        if !fuse.is_blown() {
            break;
        }
        let dispatcher = desk.dispatcher(&Arc::new(Fuse::none())).await;
        for message in desk.receive_all().await.into_iter().rev() {
            let dispatched = dispatcher.dispatch(vec![message]).await;
            assert!(dispatched.kept.is_empty(), "{:?}", dispatched.errors);
        }
        desk.check(&objects).await;
        num_finished += 1;
    }
    assert!(num_finished > 20);
}

#[tokio::test]
async fn no_message_is_acknowledged_before_its_uploads_are_in_started_runs() {
    for step in 1.. {
        let (desk, _) = busy_desk();
        let fuse = Arc::new(Fuse::new(step, Moment::Before, Effect::Fail));
        let dispatcher = desk.dispatcher(&fuse).await;
        let messages = desk.receive_all().await;
        let dispatched = dispatcher.dispatch(messages.clone()).await;
        assert_eq!(dispatched.settled.len() + dispatched.kept.len(), messages.len());
        for settled in &dispatched.settled {
            for object in uploads_of(&settled.message().body) {
                let owner = desk.owner(&object).await.unwrap();
                assert!(desk.started().contains(&owner), "step {step}: {object:?}");
            }
        }
        if !fuse.is_blown() {
            assert!(dispatched.kept.is_empty());
            break;
        }
        assert!(!dispatched.errors.is_empty(), "step {step} failed silently");
    }
}

fn uploads_of(body: &str) -> Vec<ObjectIdentity> {
    let records = tamiz_dispatcher::parse(body).into_iter();
    records
        .filter_map(|record| match record {
            tamiz_dispatcher::Record::Upload(upload) => Some(upload.object.identity),
            _ => None,
        })
        .collect()
}
