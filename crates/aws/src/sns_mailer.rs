//! Mail over SNS.

use aws_sdk_sns::Client;
use tamiz_ports::{Mail, MailError, Mailer};

use crate::service_error::ServiceError;

/// Mails the subscribers of an SNS topic.
#[derive(Debug, Clone)]
pub struct SnsMailer {
    client: Client,
    topic_arn: String,
}

impl SnsMailer {
    pub(crate) fn new(client: Client, topic_arn: &str) -> Self {
        Self { client, topic_arn: topic_arn.to_owned() }
    }
}

#[async_trait::async_trait]
impl Mailer for SnsMailer {
    async fn send(&self, name: &str, mail: &Mail) -> Result<(), MailError> {
        let request = self.client.publish().topic_arn(&self.topic_arn).subject(mail.subject()).message(&mail.body);
        let answer = request.send().await.map_err(|error| MailError { source: Box::new(ServiceError::from(error)) })?;
        tracing::info!(name, message_id = answer.message_id(), "mail handed to SNS");
        Ok(())
    }
}
