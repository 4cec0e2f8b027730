//! The dispatcher as an AWS Lambda function behind an event source mapping of SQS.
//!
//! The mapping receives and deletes the messages: it deletes those of an invocation that the response does not list.
//! Format: <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>

use std::sync::Arc;

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};
use tamiz_domain::Disposed;
use tamiz_ports::{Message, Queue, Receipt};
use tamiz_telemetry::{Shutdown, error_chain};

use crate::poll::release;
use crate::{Deps, DispatchError, Dispatcher, Settings};

/// Serves invocations until it is asked to stop, which Lambda does between them; one that is broken off all the same
/// is a crash like any other.
///
/// # Errors
/// A configuration that cannot be used, and the end of the runtime interface.
pub async fn serve(settings: Settings, deps: Deps, shutdown: Shutdown) -> Result<(), DispatchError> {
    let dispatcher = Arc::new(Dispatcher::open(&settings, &deps).await?);
    let queue = deps.queue;
    let handler = service_fn(move |event: LambdaEvent<Value>| {
        let (dispatcher, queue) = (dispatcher.clone(), queue.clone());
        async move { handle(&dispatcher, queue.as_ref(), event.payload).await.map_err(diagnosed) }
    });
    tokio::select! {
        ended = lambda_runtime::run(handler) => ended.map_err(DispatchError::Lambda),
        () = shutdown.cancelled() => Ok(()),
    }
}

/// Dispatches the messages of one invocation; answers which of them stay in the queue.
///
/// # Errors
/// A payload that is no SQS event, and what a person must mend: then Lambda counts the invocation as failed, which
/// raises the alarm, and all its messages come back; those that were settled are recognised.
pub async fn handle(dispatcher: &Dispatcher, queue: &dyn Queue, payload: Value) -> Result<Value, DispatchError> {
    let mut dispatched = dispatcher.dispatch(messages_of(payload)?).await;
    // Not needed for correctness: without it a message would stay hidden for the queue's whole visibility timeout.
    release(queue, &dispatched.kept).await;
    if let Some(error) = dispatched.take_halting_error() {
        return Err(error);
    }
    let failures = dispatched.kept.iter().map(|kept| json!({"itemIdentifier": kept.message.id}));
    Ok(json!({"batchItemFailures": failures.collect::<Vec<_>>()}))
}

#[derive(Deserialize)]
struct SqsEvent {
    #[serde(rename = "Records")]
    records: Vec<SqsRecord>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SqsRecord {
    message_id: String,
    receipt_handle: String,
    body: String,
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Default, Deserialize)]
struct Attributes {
    #[serde(rename = "ApproximateReceiveCount")]
    receive_count: Option<String>,
}

/// The messages of an invocation. An empty id is refused here, since in the response it would make Lambda take the whole
/// batch for failed, or worse, for done.
fn messages_of(payload: Value) -> Result<Vec<Message>, DispatchError> {
    let event: SqsEvent =
        serde_json::from_value(payload).map_err(|error| DispatchError::Payload { why: error.to_string() })?;
    if event.records.iter().any(|record| record.message_id.is_empty()) {
        return Err(DispatchError::Payload { why: "a message has an empty `messageId`".to_owned() });
    }
    Ok(event.records.into_iter().map(SqsRecord::into_message).collect())
}

impl SqsRecord {
    fn into_message(self) -> Message {
        let receive_count = self.attributes.receive_count.and_then(|count| count.parse().ok()).unwrap_or(1);
        Message { id: self.message_id, receipt: Receipt(self.receipt_handle), body: self.body, receive_count }
    }
}

/// What Lambda shows of a failed invocation; the log has it too.
pub(crate) fn diagnosed(error: DispatchError) -> Diagnostic {
    let error_message = error_chain(&error).join(": ");
    tracing::error!(error = error_message, remedy = error.remedy().unwrap_or_default(), "invocation failed");
    Diagnostic { error_type: error.disposition().to_string(), error_message }
}
