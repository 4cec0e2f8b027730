//! Runs as executions.

use tamiz_aws::StepFunctionsWorkflow;
use tamiz_domain::{ObjectIdentity, RunId};
use tamiz_ports::{ExecutionStatus, Started, Workflow};

use crate::local_aws::{LocalAws, eventually};

/// A state machine that does what its input says: waits for ever, fails, or succeeds.
const DEFINITION: &str = r#"{"StartAt": "Choose", "States": {
    "Choose": {"Type": "Choice", "Default": "Succeed", "Choices": [
        {"Variable": "$.do", "StringEquals": "wait", "Next": "Wait"},
        {"Variable": "$.do", "StringEquals": "fail", "Next": "Fail"}]},
    "Wait": {"Type": "Wait", "Seconds": 100000, "Next": "Succeed"},
    "Fail": {"Type": "Fail"},
    "Succeed": {"Type": "Succeed"}}}"#;

async fn workflow(local: &LocalAws) -> StepFunctionsWorkflow {
    let sfn = aws_sdk_sfn::Client::new(&local.sdk().await);
    let role = "arn:aws:iam::123456789012:role/states";
    let request = sfn.create_state_machine().name("pipeline").definition(DEFINITION).role_arn(role);
    let arn = request.send().await.unwrap().state_machine_arn;
    local.aws().await.workflow(&arn)
}

fn run_id(name: &str) -> RunId {
    let identity = ObjectIdentity { bucket: "b".into(), key: name.into(), etag: "e".into() };
    RunId::derive([&identity], "", None)
}

async fn ended(workflow: &StepFunctionsWorkflow, run_id: &RunId) -> ExecutionStatus {
    let ask = async || workflow.status(run_id).await.unwrap().filter(|status| *status != ExecutionStatus::Running);
    eventually("the end of the execution", ask).await
}

#[tokio::test]
async fn a_name_starts_once_while_it_runs_and_after_its_end() {
    let local = LocalAws::start();
    let workflow = workflow(&local).await;
    for (do_what, end) in [("succeed", ExecutionStatus::Succeeded), ("fail", ExecutionStatus::Failed)] {
        let (id, input) = (run_id(do_what), format!(r#"{{"do": "{do_what}"}}"#));
        assert_eq!(workflow.status(&id).await.unwrap(), None);
        assert_eq!(workflow.start(&id, &input).await.unwrap(), Started::New);
        assert_eq!(ended(&workflow, &id).await, end);
        assert_eq!(workflow.start(&id, &input).await.unwrap(), Started::Exists);
    }
    let (id, input) = (run_id("wait"), r#"{"do": "wait"}"#);
    assert_eq!(workflow.start(&id, input).await.unwrap(), Started::New);
    assert_eq!(workflow.start(&id, input).await.unwrap(), Started::Exists);
    assert_eq!(workflow.start(&id, r#"{"do": "succeed"}"#).await.unwrap(), Started::Exists);
    assert_eq!(workflow.status(&id).await.unwrap(), Some(ExecutionStatus::Running));
    assert_eq!(workflow.count_running(10).await.unwrap(), 1);
}

#[tokio::test]
async fn of_many_starts_at_once_one_execution_comes() {
    let local = LocalAws::start();
    let workflow = workflow(&local).await;
    let id = run_id("race");
    let starts = (0..8).map(|_| workflow.start(&id, r#"{"do": "wait"}"#));
    let started = futures::future::join_all(starts).await;
    assert!(started.iter().any(|started| matches!(started, Ok(Started::New))), "{started:?}");
    assert_eq!(workflow.count_running(10).await.unwrap(), 1);
}

#[tokio::test]
async fn running_executions_are_counted_up_to_a_limit() {
    let local = LocalAws::start();
    let workflow = workflow(&local).await;
    assert_eq!(workflow.count_running(5).await.unwrap(), 0);
    for name in ["a", "b", "c"] {
        workflow.start(&run_id(name), r#"{"do": "wait"}"#).await.unwrap();
    }
    let done = run_id("done");
    workflow.start(&done, r#"{"do": "succeed"}"#).await.unwrap();
    ended(&workflow, &done).await;
    let mut counts = Vec::new();
    for at_most in [0, 2, 3, 5] {
        counts.push(workflow.count_running(at_most).await.unwrap());
    }
    assert_eq!(counts, [0, 2, 3, 3]);
}
