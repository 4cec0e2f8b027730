//! The reconciliation as a job: once, or at each invocation of an AWS Lambda function.

use std::sync::Arc;

use jiff::Timestamp;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use tamiz_ports::{Mailer, ObjectUri};
use tamiz_telemetry::Shutdown;

use super::mail::compose;
use super::{Reconciled, Reconciliation};
use crate::DispatchError;
use crate::lambda::diagnosed;

/// A reconciliation and who is told.
pub struct ReconcileJob {
    /// What is compared.
    pub reconciliation: Reconciliation,
    /// The folder of the uploads, for the mail.
    pub input: ObjectUri,
    /// Sends the mail; none sends none.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// Name of the deployment, shown in the mail's subject.
    pub project: String,
    /// The clock.
    pub now: fn() -> Timestamp,
}

impl ReconcileJob {
    /// Reconciles, and mails what was found, if anything was.
    ///
    /// # Errors
    /// As [`Reconciliation::run`], and a mail that did not go out: then what it would have said is in the log.
    pub async fn run(&self) -> Result<Reconciled, DispatchError> {
        let now = (self.now)();
        let found = self.reconciliation.run(now).await?;
        let Reconciled { uploads, too_young, unannounced, unstarted, refused, .. } = &found;
        tracing::info!(
            uploads,
            too_young,
            unannounced = unannounced.count,
            unstarted = unstarted.count,
            refused = refused.count,
            "reconciled"
        );
        if let Some(mailer) = self.mailer.as_ref().filter(|_| !found.is_clean() && !found.dry_run) {
            let mail = compose(&self.project, &self.input, &found);
            mailer.send(&format!("reconcile-{}", now.as_second()), &mail).await?;
        }
        Ok(found)
    }

    /// Reconciles at each invocation, whatever it carries, until it is asked to stop.
    ///
    /// # Errors
    /// The end of the runtime interface. An invocation that fails is told to Lambda, which counts it.
    pub async fn serve(self, shutdown: Shutdown) -> Result<(), DispatchError> {
        let job = Arc::new(self);
        let handler = service_fn(move |_: LambdaEvent<Value>| {
            let job = job.clone();
            async move { job.run().await.map_err(diagnosed) }
        });
        tokio::select! {
            ended = lambda_runtime::run(handler) => ended.map_err(DispatchError::Lambda),
            () = shutdown.cancelled() => Ok(()),
        }
    }
}
