//! Mail to operators: plain text, one a run.

use std::sync::{Mutex, PoisonError};

use tamiz_domain::{Disposed, Disposition};

use crate::Folder;

/// A mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    subject: String,
    /// Plain text with line breaks.
    pub body: String,
}

impl Mail {
    /// Longest subject that SNS takes: under 100 characters.
    pub const SUBJECT_LIMIT: usize = 99;

    /// A mail whose subject SNS takes: ASCII without control characters, under 100 characters. Other
    /// characters become `?`, and what is too long is cut, since a mail that is refused helps nobody.
    pub fn new(subject: &str, body: String) -> Self {
        let printable = |c: char| if c.is_ascii() && !c.is_ascii_control() { c } else { '?' };
        Self { subject: subject.chars().map(printable).take(Self::SUBJECT_LIMIT).collect(), body }
    }

    /// The subject.
    pub fn subject(&self) -> &str {
        &self.subject
    }
}

/// A mail that did not go out. The adapter has retried already.
#[derive(Debug, thiserror::Error)]
#[error("failed to send the mail")]
pub struct MailError {
    /// The service's answer.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl Disposed for MailError {
    fn disposition(&self) -> Disposition {
        Disposition::Retry
    }
}

/// Sends mail. `name` identifies the mail (a run id, a model version): sending the same name twice may reach
/// people twice, so the sender makes sure it does not where it can.
#[async_trait::async_trait]
pub trait Mailer: Send + Sync {
    /// Sends a mail.
    async fn send(&self, name: &str, mail: &Mail) -> Result<(), MailError>;
}

/// Keeps mail as text files `<name>.txt` in a folder: what a run without AWS does.
#[derive(Debug, Clone)]
pub struct FolderMailer {
    folder: Folder,
}

impl FolderMailer {
    /// Mail goes into `folder`.
    pub fn new(folder: Folder) -> Self {
        Self { folder }
    }
}

#[async_trait::async_trait]
impl Mailer for FolderMailer {
    async fn send(&self, name: &str, mail: &Mail) -> Result<(), MailError> {
        let text = format!("Subject: {}\n\n{}", mail.subject, mail.body);
        self.folder.write(&format!("{name}.txt"), text).await.map_err(|error| MailError { source: Box::new(error) })
    }
}

/// Keeps mail in memory, for tests.
#[derive(Debug, Default)]
pub struct MemoryMailer {
    sent: Mutex<Vec<(String, Mail)>>,
}

impl MemoryMailer {
    /// Every mail sent, with its name.
    pub fn sent(&self) -> Vec<(String, Mail)> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait::async_trait]
impl Mailer for MemoryMailer {
    async fn send(&self, name: &str, mail: &Mail) -> Result<(), MailError> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).push((name.to_owned(), mail.clone()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_always_one_that_sns_takes() {
        let mail = Mail::new(&format!("café\n{}", "x".repeat(200)), String::new());
        assert!(mail.subject().starts_with("caf??x") && mail.subject().len() == Mail::SUBJECT_LIMIT);
    }
}
