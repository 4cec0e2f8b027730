//! The same content again, changed content, and events out of order.

use std::sync::Arc;

use tamiz_ports::{ExecutionStatus, MemoryWorkflow, Moment};

use crate::announce::{body, identity, message, unversioned, upload};
use crate::desk::Desk;
use crate::fuse::{Effect, Fuse};

#[tokio::test]
async fn the_same_bytes_under_one_key_give_one_run_and_a_record_of_the_repeat() {
    let desk = Desk::default();
    desk.queue.put(body(&[upload("a", "1", 1)]));
    desk.come_to_rest().await;
    desk.queue.put(body(&[upload("a", "1", 2)]));
    let outcome = desk.come_to_rest().await;
    assert_eq!((outcome.runs_started, outcome.already_seen), (0, 1));
    desk.check(&[identity("a", "1")]).await;
    let [(run, repeat)] = desk.repeats().await.try_into().unwrap();
    assert_eq!(run, desk.started()[0].as_str());
    assert_eq!(repeat.version_id.as_deref(), Some("version-2"));
    assert_eq!(desk.names("runs").await.iter().filter(|name| name.ends_with("manifest.json")).count(), 1);
}

#[tokio::test]
async fn a_repeat_that_is_delivered_again_is_counted_once() {
    let desk = Desk::default();
    desk.queue.put(body(&[upload("a", "1", 1)]));
    desk.come_to_rest().await;
    let mut already_seen = 0;
    for _ in 0..3 {
        desk.queue.put(body(&[upload("a", "1", 2)]));
        already_seen += desk.come_to_rest().await.already_seen;
    }
    assert_eq!(already_seen, 1);
    assert_eq!(desk.repeats().await.len(), 1);
}

#[tokio::test]
async fn a_redelivered_message_starts_no_second_execution_and_is_no_repeat() {
    let desk = Desk::default();
    for _ in 0..3 {
        desk.queue.put(body(&[upload("a", "1", 1), upload("b", "1", 1)]));
        desk.come_to_rest().await;
    }
    assert_eq!(desk.started().len(), 1);
    assert!(desk.repeats().await.is_empty());
}

#[tokio::test]
async fn changed_bytes_under_one_key_give_a_second_run() {
    let desk = Desk::default();
    for content in ["1", "2"] {
        desk.queue.put(body(&[upload("a", content, 1)]));
        desk.come_to_rest().await;
    }
    assert_eq!(desk.started().len(), 2);
    desk.check(&[identity("a", "1"), identity("a", "2")]).await;
    assert!(desk.repeats().await.is_empty());
}

#[tokio::test]
async fn two_contents_of_one_key_that_arrive_together_out_of_order_both_count() {
    let desk = Desk::default();
    desk.queue.put(body(&[upload("a", "new", 2)]));
    desk.queue.put(body(&[upload("a", "old", 1)]));
    desk.come_to_rest().await;
    desk.check(&[identity("a", "new"), identity("a", "old")]).await;
    assert_eq!(desk.started().len(), 1, "they are packed into one run");
}

#[tokio::test]
async fn of_the_same_bytes_uploaded_twice_together_the_newest_version_is_read_and_the_other_recorded() {
    let desk = Desk::default();
    desk.queue.put(body(&[upload("a", "1", 16)]));
    desk.queue.put(body(&[upload("a", "1", 9)]));
    let outcome = desk.come_to_rest().await;
    assert_eq!((outcome.runs_started, outcome.already_seen), (1, 1));
    let manifest = desk.manifest(&desk.started()[0]).await;
    assert_eq!(manifest.objects[0].version_id.as_deref(), Some("version-16"));
    assert_eq!(desk.repeats().await[0].1.version_id.as_deref(), Some("version-9"));
}

#[tokio::test]
async fn a_later_upload_of_the_same_bytes_does_not_replace_the_version_that_a_manifest_on_record_pins() {
    let desk = Desk::default();
    let first = message("m1", &[upload("a", "1", 1)]);
    for step in 1.. {
        let crash = Arc::new(Fuse::new(step, Moment::After, Effect::Crash));
        let dispatcher = desk.dispatcher(&crash).await;
        tokio::select! { _ = dispatcher.dispatch(vec![first.clone()]) => {}, () = crash.blown() => {} }
        if !desk.names("runs").await.is_empty() {
            break;
        }
    }
    assert!(desk.owner(&identity("a", "1")).await.is_none(), "the manifest is written and nothing else");
    let dispatcher = desk.dispatcher(&Arc::new(Fuse::none())).await;
    dispatcher.dispatch(vec![first, message("m2", &[upload("a", "1", 2)])]).await;
    assert_eq!(desk.started().len(), 1);
    assert_eq!(desk.repeats().await[0].1.version_id.as_deref(), Some("version-2"));
}

#[tokio::test]
async fn without_versions_an_upload_of_known_bytes_is_recorded_as_a_repeat() {
    let desk = Desk::default();
    for sequence in [1, 2] {
        desk.queue.put(body(&[unversioned("a", "1", sequence)]));
        desk.come_to_rest().await;
    }
    assert_eq!((desk.started().len(), desk.repeats().await.len()), (1, 1));
}

#[tokio::test]
async fn an_upload_whose_run_ended_is_settled_however_it_ended() {
    for status in [ExecutionStatus::Running, ExecutionStatus::Succeeded, ExecutionStatus::Failed] {
        let desk = Desk::default();
        desk.queue.put(body(&[upload("a", "1", 1)]));
        desk.come_to_rest().await;
        desk.workflow.close(&desk.started()[0], status);
        desk.queue.put(body(&[upload("a", "1", 2)]));
        let outcome = desk.come_to_rest().await;
        assert_eq!((outcome.runs_started, outcome.messages_settled), (0, 1), "{status:?}");
        assert_eq!(desk.workflow.executions()[&desk.started()[0]].1, status);
    }
}

/// Step Functions forgets closed executions after 90 days.
#[tokio::test]
async fn known_bytes_start_no_second_execution_after_the_engine_forgot_the_first() {
    let mut desk = Desk::default();
    desk.queue.put(body(&[upload("a", "1", 1)]));
    desk.come_to_rest().await;
    desk.workflow = Arc::new(MemoryWorkflow::default());
    desk.queue.put(body(&[upload("a", "1", 2)]));
    let outcome = desk.come_to_rest().await;
    assert_eq!((outcome.runs_started, outcome.already_seen), (0, 1));
    assert!(desk.started().is_empty());
}
