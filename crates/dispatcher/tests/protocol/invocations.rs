//! The Lambda function: SQS events in, partial batch responses out.

use std::sync::Arc;

use serde_json::{Value, json};
use tamiz_dispatcher::{DispatchError, handle};
use tamiz_domain::{Disposed, Disposition};
use tamiz_ports::{Moment, Queue};

use crate::announce::{body, identity, upload};
use crate::desk::Desk;
use crate::fuse::{Effect, Fuse};

fn sqs_event(messages: &[(&str, String)]) -> Value {
    let records = messages.iter().map(|(id, body)| {
        json!({
            "messageId": id, "receiptHandle": format!("receipt of {id}"), "body": body,
            "attributes": {"ApproximateReceiveCount": "3"}, "messageAttributes": {},
            "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-1:1:uploads", "awsRegion": "us-east-1",
        })
    });
    json!({"Records": records.collect::<Vec<_>>()})
}

async fn invoke(desk: &Desk, fuse: Fuse, event: Value) -> Result<Value, DispatchError> {
    let dispatcher = desk.dispatcher(&Arc::new(fuse)).await;
    handle(&dispatcher, desk.queue.as_ref() as &dyn Queue, event).await
}

#[tokio::test]
async fn a_good_invocation_lists_no_failures() {
    let desk = Desk::default();
    let event = sqs_event(&[("m1", body(&[upload("a", "1", 1)])), ("m2", "nonsense".into())]);
    let response = invoke(&desk, Fuse::none(), event).await.unwrap();
    assert_eq!(response, json!({"batchItemFailures": []}));
    desk.check(&[identity("a", "1")]).await;
}

#[tokio::test]
async fn the_response_lists_exactly_the_unfinished_messages() {
    let desk = Desk::default();
    desk.limit("max_objects = 1\nmax_open_runs = 1");
    let event = sqs_event(&[
        ("m1", body(&[upload("a", "1", 1)])),
        ("m2", body(&[upload("b", "1", 1), upload("a", "1", 1)])),
        ("m3", "nonsense".into()),
        ("m4", body(&[upload("b", "1", 1)])),
    ]);
    let response = invoke(&desk, Fuse::none(), event).await.unwrap();
    assert_eq!(response, json!({"batchItemFailures": [{"itemIdentifier": "m2"}, {"itemIdentifier": "m4"}]}));
}

#[tokio::test]
async fn a_failure_at_any_step_keeps_only_messages_whose_uploads_are_not_in_a_started_run() {
    for step in 1.. {
        let desk = Desk::default();
        desk.limit("max_objects = 1");
        let event = sqs_event(&[("a", body(&[upload("a", "1", 1)])), ("b", body(&[upload("b", "1", 1)]))]);
        let fuse = Fuse::new(step, Moment::Before, Effect::Fail);
        let response = invoke(&desk, fuse, event).await.unwrap();
        let failures = response["batchItemFailures"].as_array().unwrap();
        if failures.is_empty() {
            assert!(step > 10);
            break;
        }
        for key in ["a", "b"] {
            let owner = desk.owner(&identity(key, "1")).await;
            let is_started = owner.is_some_and(|owner| desk.started().contains(&owner));
            let is_listed = failures.contains(&json!({"itemIdentifier": key}));
            assert!(is_started || is_listed, "step {step}: {key} is lost");
        }
    }
}

#[tokio::test]
async fn an_unknown_payload_is_an_error() {
    let desk = Desk::default();
    for payload in [
        json!({}),
        json!(null),
        json!({"Records": [{"eventSource": "aws:s3", "s3": {}}]}),
        sqs_event(&[("", body(&[upload("a", "1", 1)]))]),
    ] {
        let error = invoke(&desk, Fuse::none(), payload.clone()).await.unwrap_err();
        assert!(matches!(error, DispatchError::Payload { .. }), "{payload}");
        assert_eq!(error.disposition(), Disposition::Refuse);
    }
    assert!(desk.started().is_empty());
}
