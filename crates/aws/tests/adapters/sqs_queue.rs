//! The upload events' queue.

use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName;
use tamiz_aws::SqsQueue;
use tamiz_ports::{Message, Queue};

use crate::local_aws::LocalAws;

/// A queue whose messages stay invisible for an hour: nothing in these tests comes back by the passing of time.
async fn queue(local: &LocalAws) -> (SqsQueue, aws_sdk_sqs::Client, String) {
    let sqs = aws_sdk_sqs::Client::new(&local.sdk().await);
    let request = sqs.create_queue().queue_name("uploads").attributes(QueueAttributeName::VisibilityTimeout, "3600");
    let url = request.send().await.unwrap().queue_url.unwrap();
    (local.aws().await.queue(&url), sqs, url)
}

async fn receive_one(queue: &SqsQueue) -> Message {
    let mut messages = queue.receive(Duration::from_secs(10)).await.unwrap();
    assert_eq!(messages.len(), 1);
    messages.remove(0)
}

#[tokio::test]
async fn a_message_that_is_given_back_is_delivered_again() {
    let local = LocalAws::start();
    let (queue, sqs, url) = queue(&local).await;
    sqs.send_message().queue_url(&url).message_body("hello").send().await.unwrap();
    let first = receive_one(&queue).await;
    assert_eq!((first.body.as_str(), first.receive_count), ("hello", 1));
    assert!(queue.receive(Duration::ZERO).await.unwrap().is_empty(), "invisible while it is worked on");

    queue.extend(&first.receipt, Duration::ZERO).await.unwrap();
    let second = receive_one(&queue).await;
    assert_eq!((&second.id, second.receive_count), (&first.id, 2));

    queue.extend(&second.receipt, Duration::from_secs(60)).await.unwrap();
    assert!(queue.receive(Duration::ZERO).await.unwrap().is_empty());
    queue.acknowledge(&second.receipt).await.unwrap();
    queue.acknowledge(&second.receipt).await.unwrap();
    assert!(queue.receive(Duration::ZERO).await.unwrap().is_empty());
}

#[tokio::test]
async fn messages_that_are_too_long_are_not_taken() {
    let local = LocalAws::start();
    let (queue, ..) = queue(&local).await;
    let error = queue.send(&["x".repeat(2 << 20)]).await.unwrap_err();
    assert_eq!(error.to_string(), "failed to send messages on the queue");
}

#[tokio::test]
async fn any_number_of_messages_is_sent_and_ten_come_at_once() {
    let local = LocalAws::start();
    let (queue, ..) = queue(&local).await;
    queue.send(&[]).await.unwrap();
    queue.send(&(0..12).map(|n| n.to_string()).collect::<Vec<_>>()).await.unwrap();
    let first = queue.receive(Duration::from_secs(10)).await.unwrap();
    let rest = queue.receive(Duration::from_secs(10)).await.unwrap();
    assert_eq!((first.len(), rest.len()), (10, 2));
    let mut bodies: Vec<usize> = first.iter().chain(&rest).map(|message| message.body.parse().unwrap()).collect();
    bodies.sort_unstable();
    assert_eq!(bodies, (0..12).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_missing_queue_is_named_in_the_error() {
    let local = LocalAws::start();
    let (queue, sqs, url) = queue(&local).await;
    sqs.delete_queue().queue_url(&url).send().await.unwrap();
    let error = queue.receive(Duration::ZERO).await.unwrap_err();
    assert!(error.source.to_string().contains("NonExistentQueue"), "{error:?}");
}
