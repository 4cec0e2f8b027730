//! An execution as a person wants to see it.

use aws_sdk_sfn::types::HistoryEvent;
use aws_smithy_types::DateTime;
use jiff::Timestamp;
use tamiz_domain::RunId;
use tamiz_ports::{ExecutionStatus, WorkflowError};

use crate::StepFunctionsWorkflow;
use crate::step_functions::{failed, status};

/// Where an execution stands, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// Whether it runs, and how it ended.
    pub status: ExecutionStatus,
    /// When it was started.
    pub started_at: Option<Timestamp>,
    /// When it ended; none of one that runs.
    pub ended_at: Option<Timestamp>,
    /// The state that it entered last, as the state machine names it; none where the history is forgotten.
    pub state: Option<String>,
    /// Why it failed, in the state machine's words.
    pub cause: Option<String>,
}

impl StepFunctionsWorkflow {
    /// What the engine tells of a run's execution; none if there never was one, or it is forgotten (after 90 days).
    ///
    /// # Errors
    /// [`WorkflowError`].
    pub async fn execution(&self, run_id: &RunId) -> Result<Option<Execution>, WorkflowError> {
        let arn = self.execution_arn(run_id);
        let told = match self.client().describe_execution().execution_arn(&arn).send().await {
            Ok(told) => told,
            Err(error) if error.as_service_error().is_some_and(|e| e.is_execution_does_not_exist()) => return Ok(None),
            Err(error) => return Err(failed("look at an execution", error)),
        };
        Ok(Some(Execution {
            status: status(&told.status),
            started_at: timestamp(Some(&told.start_date)),
            ended_at: timestamp(told.stop_date.as_ref()),
            state: self.last_state(&arn).await?,
            cause: told.cause.or(told.error),
        }))
    }

    async fn last_state(&self, arn: &str) -> Result<Option<String>, WorkflowError> {
        let mut pages = self.client().get_execution_history().execution_arn(arn).into_paginator().send();
        let mut last = None;
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failed("read the history of an execution", error))?;
            last = page.events.iter().rev().find_map(entered).or(last);
        }
        Ok(last)
    }
}

fn entered(event: &HistoryEvent) -> Option<String> {
    event.state_entered_event_details().map(|details| details.name().to_owned())
}

fn timestamp(time: Option<&DateTime>) -> Option<Timestamp> {
    Timestamp::from_second(time?.secs()).ok()
}
