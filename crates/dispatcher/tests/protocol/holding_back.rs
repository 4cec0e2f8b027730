//! While too much is open, messages wait in the queue.

use std::sync::Arc;

use tamiz_dispatcher::KeptBecause;
use tamiz_ports::{ExecutionStatus, Moment};

use crate::announce::{body, identity, message, upload};
use crate::desk::Desk;
use crate::fuse::{Effect, Fuse};

#[tokio::test]
async fn held_back_messages_are_not_lost() {
    let desk = Desk::default();
    desk.limit("max_open_runs = 1");
    let unfused = Arc::new(Fuse::none());
    desk.queue.put(body(&[upload("a", "1", 1)]));
    desk.work(&unfused).await.unwrap();
    desk.queue.put(body(&[upload("b", "1", 1)]));
    for _ in 0..3 {
        let outcome = desk.work(&unfused).await.unwrap();
        assert_eq!((outcome.messages_held_back, outcome.runs_started), (1, 0));
        assert_eq!(desk.queue.len(), 1);
        assert!(desk.owner(&identity("b", "1")).await.is_none(), "nothing is claimed while it is held back");
    }
    desk.workflow.close(&desk.started()[0], ExecutionStatus::Succeeded);
    desk.come_to_rest().await;
    desk.check(&[identity("a", "1"), identity("b", "1")]).await;
}

#[tokio::test]
async fn waiting_jobs_hold_back_as_well() {
    let mut desk = Desk::default();
    desk.num_waiting = 3;
    desk.limit("max_runnable_jobs = 3");
    desk.queue.put(body(&[upload("a", "1", 1)]));
    assert_eq!(desk.work(&Arc::new(Fuse::none())).await.unwrap().messages_held_back, 1);
    assert!(desk.started().is_empty());
    desk.num_waiting = 2;
    desk.come_to_rest().await;
    desk.check(&[identity("a", "1")]).await;
}

#[tokio::test]
async fn a_batch_of_many_runs_stops_at_the_limit() {
    let desk = Desk::default();
    desk.limit("max_objects = 1\nmax_open_runs = 2");
    let dispatcher = desk.dispatcher(&Arc::new(Fuse::none())).await;
    let messages = ["a", "b", "c"].map(|key| message(key, &[upload(key, "1", 1)]));
    let dispatched = dispatcher.dispatch(messages.into()).await;
    assert_eq!((desk.started().len(), dispatched.settled.len()), (2, 2));
    let [kept] = dispatched.kept.as_slice() else { panic!("{:?}", dispatched.kept) };
    assert_eq!((kept.message.id.as_str(), kept.because), ("c", KeptBecause::HeldBack));
}

#[tokio::test]
async fn what_starts_nothing_is_not_held_back() {
    let desk = Desk::default();
    desk.limit("max_open_runs = 1");
    desk.queue.put(body(&[upload("a", "1", 1)]));
    desk.come_to_rest().await;
    desk.queue.put(body(&[upload("a", "1", 2)]));
    desk.queue.put("nonsense");
    let outcome = desk.come_to_rest().await;
    assert_eq!((outcome.already_seen, outcome.refused, outcome.messages_held_back), (1, 1, 0));
}

#[tokio::test]
async fn an_unfinished_run_waits_for_room_too() {
    let desk = Desk::default();
    desk.limit("max_open_runs = 1");
    // Look, count, manifest, claim: the crash leaves a claim without an execution.
    desk.queue.put(body(&[upload("a", "1", 1)]));
    for step in 1.. {
        let fuse = Arc::new(Fuse::new(step, Moment::After, Effect::Crash));
        let _ = desk.work(&fuse).await;
        if desk.owner(&identity("a", "1")).await.is_some() {
            break;
        }
    }
    assert!(desk.started().is_empty());
    let other = desk.dispatcher(&Arc::new(Fuse::none())).await;
    other.dispatch(vec![message("b", &[upload("b", "1", 1)])]).await;
    assert_eq!(desk.work(&Arc::new(Fuse::none())).await.unwrap().messages_held_back, 1);
    desk.workflow.close(&desk.started()[0], ExecutionStatus::Failed);
    desk.come_to_rest().await;
    desk.check(&[identity("a", "1"), identity("b", "1")]).await;
}
