//! What cannot be used is recorded once and never retried; it does not hold up what can.

use serde_json::json;
use tamiz_dispatcher::RefusedRecord;

use crate::announce::{body, identity, upload};
use crate::desk::Desk;

async fn refused(desk: &Desk) -> Vec<RefusedRecord> {
    let mut found = Vec::new();
    for name in desk.refusals().await {
        found.push(desk.folder().read_json(&name).await.unwrap());
    }
    found
}

#[tokio::test]
async fn of_several_records_the_good_ones_run_and_the_bad_one_is_recorded() {
    let desk = Desk::default();
    desk.queue.put(body(&[upload("a", "1", 1), json!({"eventName": "ObjectRemoved:Delete"}), upload("b", "1", 1)]));
    desk.come_to_rest().await;
    desk.check(&[identity("a", "1"), identity("b", "1")]).await;
    let [record] = refused(&desk).await.try_into().unwrap();
    assert_eq!((record.record, record.reason.as_str()), (1, "not_a_creation"));
}

#[tokio::test]
async fn a_poison_message_is_recorded_once_with_its_bytes_beside_the_record_and_never_retried() {
    let desk = Desk::default();
    for _ in 0..2 {
        desk.queue.put("the secret text of a review");
        assert_eq!(desk.come_to_rest().await.messages_settled, 1);
    }
    let name = desk.refusals().await[0].clone();
    let stored = String::from_utf8(desk.folder().read(&name).await.unwrap().to_vec()).unwrap();
    assert!(!stored.contains("secret"), "{stored}");
    let body = desk.folder().read(&name.replace(".json", ".body")).await.unwrap();
    assert_eq!(body, "the secret text of a review");
    let [record] = refused(&desk).await.try_into().unwrap();
    assert_eq!(record.reason, "not_json");
    assert_eq!(record.replay, format!("tamiz replay s3://staging/{name}"));
    // sha256sum of the body
    assert_eq!(record.body_sha256, "9fe083e18f785c12ff7dc8a4c76140553d8c705b6dfa22fb69583695569a1df2");
    assert!(desk.started().is_empty());
}

#[tokio::test]
async fn two_bad_records_of_one_message_are_two_records() {
    let desk = Desk::default();
    desk.queue.put(body(&[json!({}), json!({})]));
    assert_eq!(desk.come_to_rest().await.refused, 2);
    assert_eq!(refused(&desk).await.len(), 2);
}

#[tokio::test]
async fn a_key_that_cannot_be_read_is_named_in_its_record() {
    let desk = Desk::default();
    desk.queue.put(body(&[upload("a//b.csv", "1", 1)]));
    desk.come_to_rest().await;
    assert_eq!(refused(&desk).await[0].object.as_deref(), Some("s3://input/a//b.csv"));
}

#[tokio::test]
async fn an_object_that_cannot_be_read_is_recorded_once_however_often_it_is_announced() {
    let desk = Desk::default();
    for version in 1..=3 {
        desk.queue.put(body(&[upload("a//b.csv", "1", version), upload("a/../b.csv", "1", version)]));
        desk.come_to_rest().await;
    }
    assert_eq!(refused(&desk).await.len(), 2);
}

#[tokio::test]
async fn the_s3_test_event_is_acknowledged_and_leaves_nothing() {
    let desk = Desk::default();
    desk.queue.put(json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "input"}).to_string());
    assert_eq!(desk.come_to_rest().await.messages_settled, 1);
    assert!(desk.names("").await.is_empty());
    assert!(desk.started().is_empty());
}
