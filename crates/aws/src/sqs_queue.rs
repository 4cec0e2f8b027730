//! The upload events' queue over SQS.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName, SendMessageBatchRequestEntry};
use tamiz_ports::{Message, Queue, QueueError, Receipt};

use crate::service_error::ServiceError;

/// The most messages that one call answers or takes.
const MESSAGES: i32 = 10;
/// The most bytes that the messages of one call may have together in every region.
const BATCH_BYTES: usize = 256 * 1024;
/// The longest that SQS waits for a message.
const LONGEST_WAIT: u64 = 20;
/// The longest that SQS keeps a message invisible: twelve hours.
const LONGEST_TIMEOUT: u64 = 12 * 60 * 60;

/// A standard SQS queue.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: Client,
    url: String,
}

impl SqsQueue {
    pub(crate) fn new(client: Client, url: &str) -> Self {
        Self { client, url: url.to_owned() }
    }

    /// About how many messages wait or are in work.
    ///
    /// # Errors
    /// [`QueueError`].
    pub async fn depth(&self) -> Result<u64, QueueError> {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let request = self.client.get_queue_attributes().queue_url(&self.url).set_attribute_names(Some(names.into()));
        let answer = request.send().await.map_err(|error| failed("count messages", error))?;
        let told = answer.attributes.unwrap_or_default();
        Ok(told.values().filter_map(|number| number.parse::<u64>().ok()).sum())
    }

    /// A batch of which SQS took some messages only is an error, like one that it did not take at all: who sends again
    /// sends some of them twice.
    async fn send_batch(&self, bodies: &[String]) -> Result<(), QueueError> {
        let entry = |(at, body): (usize, &String)| {
            SendMessageBatchRequestEntry::builder().id(at.to_string()).message_body(body).build()
        };
        let entries: Vec<_> = bodies
            .iter()
            .enumerate()
            .map(entry)
            .collect::<Result<_, _>>()
            .map_err(|error| QueueError { operation: "send messages", source: Box::new(error) })?;
        let request = self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries));
        let answer = request.send().await.map_err(|error| failed("send messages", error))?;
        match answer.failed.first() {
            None => Ok(()),
            Some(first) => {
                let why = first.message.as_deref().unwrap_or(&first.code);
                let source = format!("{} of {} were not taken: {why}", answer.failed.len(), bodies.len()).into();
                Err(QueueError { operation: "send messages", source })
            }
        }
    }
}

/// Number of messages, at least one, that go into the next batch.
fn batch_length(bodies: &[String]) -> usize {
    let mut bytes = 0;
    let fits = |body: &&String| {
        bytes += body.len();
        bytes <= BATCH_BYTES
    };
    bodies.iter().take(MESSAGES as usize).take_while(fits).count().max(1)
}

#[async_trait::async_trait]
impl Queue for SqsQueue {
    /// In batches, each of as many messages as SQS takes at once.
    async fn send(&self, bodies: &[String]) -> Result<(), QueueError> {
        let mut rest = bodies;
        while !rest.is_empty() {
            let (batch, behind) = rest.split_at(batch_length(rest));
            self.send_batch(batch).await?;
            rest = behind;
        }
        Ok(())
    }

    async fn receive(&self, wait: Duration) -> Result<Vec<Message>, QueueError> {
        let answer = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(MESSAGES)
            .wait_time_seconds(whole_seconds(wait, LONGEST_WAIT))
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .send()
            .await
            .map_err(|error| failed("receive messages", error))?;
        Ok(answer.messages.unwrap_or_default().into_iter().filter_map(message).collect())
    }

    async fn acknowledge(&self, receipt: &Receipt) -> Result<(), QueueError> {
        let request = self.client.delete_message().queue_url(&self.url).receipt_handle(&receipt.0);
        request.send().await.map_err(|error| failed("acknowledge a message", error))?;
        Ok(())
    }

    async fn extend(&self, receipt: &Receipt, timeout: Duration) -> Result<(), QueueError> {
        self.client
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(&receipt.0)
            .visibility_timeout(whole_seconds(timeout, LONGEST_TIMEOUT))
            .send()
            .await
            .map_err(|error| failed("extend the visibility timeout", error))?;
        Ok(())
    }
}

/// SQS counts whole seconds: rounded up, so that a short wait does not become a busy loop.
fn whole_seconds(duration: Duration, longest: u64) -> i32 {
    let seconds = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    i32::try_from(seconds.min(longest)).unwrap_or(i32::MAX)
}

/// A message without a receipt could never be acknowledged; SQS sends none.
fn message(message: aws_sdk_sqs::types::Message) -> Option<Message> {
    let receive_count = message
        .attributes
        .as_ref()
        .and_then(|attributes| attributes.get(&MessageSystemAttributeName::ApproximateReceiveCount))
        .and_then(|count| count.parse().ok())
        .unwrap_or(1);
    Some(Message {
        id: message.message_id.unwrap_or_default(),
        receipt: Receipt(message.receipt_handle?),
        body: message.body.unwrap_or_default(),
        receive_count,
    })
}

fn failed(operation: &'static str, error: impl Into<ServiceError>) -> QueueError {
    QueueError { operation, source: Box::new(error.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_whole_seconds_within_the_limit() {
        let of = |millis| whole_seconds(Duration::from_millis(millis), LONGEST_WAIT);
        assert_eq!([of(0), of(1), of(1_000), of(1_001), of(60_000)], [0, 1, 1, 2, 20]);
    }

    #[test]
    fn a_batch_has_ten_messages_or_as_many_as_its_bytes_allow() {
        let of = |sizes: &[usize]| batch_length(&sizes.iter().map(|&size| "x".repeat(size)).collect::<Vec<_>>());
        assert_eq!([of(&[1; 30]), of(&[100_000; 30]), of(&[1]), of(&[300_000, 1])], [10, 2, 1, 1]);
    }
}
