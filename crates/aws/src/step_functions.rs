//! Runs as executions of a Step Functions state machine.

use aws_sdk_sfn::Client;
use aws_sdk_sfn::types::ExecutionStatus as Status;
use tamiz_domain::RunId;
use tamiz_ports::{ExecutionStatus, Started, Workflow, WorkflowError};

use crate::service_error::ServiceError;

/// The most executions that one call lists.
const PAGE: usize = 1000;

/// A standard state machine whose executions are named by run ids.
#[derive(Debug, Clone)]
pub struct StepFunctionsWorkflow {
    client: Client,
    state_machine_arn: String,
}

impl StepFunctionsWorkflow {
    pub(crate) fn new(client: Client, state_machine_arn: &str) -> Self {
        Self { client, state_machine_arn: state_machine_arn.to_owned() }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn execution_arn(&self, run_id: &RunId) -> String {
        let executions = self.state_machine_arn.replacen(":stateMachine:", ":execution:", 1);
        format!("{executions}:{run_id}")
    }
}

#[async_trait::async_trait]
impl Workflow for StepFunctionsWorkflow {
    /// A start of a running name with the same input succeeds and answers as if it were new, so the name is looked at
    /// first. Two callers that start one name at the same moment may then both be told [`Started::New`]; there is one
    /// execution all the same.
    async fn start(&self, run_id: &RunId, input: &str) -> Result<Started, WorkflowError> {
        if self.status(run_id).await?.is_some() {
            return Ok(Started::Exists);
        }
        let request = self.client.start_execution().state_machine_arn(&self.state_machine_arn);
        match request.name(run_id.as_str()).input(input).send().await {
            Ok(_) => Ok(Started::New),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_execution_already_exists()) => {
                Ok(Started::Exists)
            }
            Err(error) => Err(failed("start an execution", error)),
        }
    }

    async fn status(&self, run_id: &RunId) -> Result<Option<ExecutionStatus>, WorkflowError> {
        match self.client.describe_execution().execution_arn(self.execution_arn(run_id)).send().await {
            Ok(answer) => Ok(Some(status(&answer.status))),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_execution_does_not_exist()) => Ok(None),
            Err(error) => Err(failed("look at an execution", error)),
        }
    }

    async fn count_running(&self, at_most: usize) -> Result<usize, WorkflowError> {
        Ok(self.running(at_most).await?.len())
    }
}

impl StepFunctionsWorkflow {
    /// Names of running executions, the latest first, no more than `at_most`: runs, and retrainings that no run asked for.
    ///
    /// # Errors
    /// [`WorkflowError`].
    pub async fn running(&self, at_most: usize) -> Result<Vec<String>, WorkflowError> {
        let (mut names, mut token) = (Vec::new(), None);
        while names.len() < at_most {
            let answer = self
                .client
                .list_executions()
                .state_machine_arn(&self.state_machine_arn)
                .status_filter(Status::Running)
                .max_results(i32::try_from((at_most - names.len()).min(PAGE)).unwrap_or(i32::MAX))
                .set_next_token(token)
                .send()
                .await
                .map_err(|error| failed("list running executions", error))?;
            names.extend(answer.executions.into_iter().map(|execution| execution.name));
            token = answer.next_token;
            if token.is_none() {
                break;
            }
        }
        names.truncate(at_most);
        Ok(names)
    }
}

/// A status that this program does not know yet is taken as running: nobody then acts on an end that was not one.
pub(crate) fn status(status: &Status) -> ExecutionStatus {
    match status {
        Status::Succeeded => ExecutionStatus::Succeeded,
        Status::Failed | Status::TimedOut | Status::Aborted => ExecutionStatus::Failed,
        _ => ExecutionStatus::Running,
    }
}

pub(crate) fn failed(operation: &'static str, error: impl Into<ServiceError>) -> WorkflowError {
    WorkflowError { operation, source: Box::new(error.into()) }
}
