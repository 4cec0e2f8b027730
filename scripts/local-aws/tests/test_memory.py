"""What can be forgotten before AWS would."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError
from conftest import Batch, LocalAws, until


def test_execution_that_is_forgotten_can_be_started_again(aws: LocalAws):
    states = aws.client("stepfunctions")
    definition = {"StartAt": "Do", "States": {"Do": {"Type": "Succeed"}}}
    role = "arn:aws:iam::123456789012:role/any"
    machine = states.create_state_machine(name="forgotten", definition=json.dumps(definition), roleArn=role)
    named = {"stateMachineArn": machine["stateMachineArn"], "name": "once", "input": "{}"}
    execution = states.start_execution(**named)["executionArn"]
    until(lambda: states.describe_execution(executionArn=execution)["status"] == "SUCCEEDED", "it has ended")
    assert aws.admin("forget", {})["executions"] >= 1
    with pytest.raises(ClientError, match="ExecutionDoesNotExist"):
        states.describe_execution(executionArn=execution)
    states.start_execution(**named)


def test_jobs_that_have_ended_are_forgotten_and_others_are_not(aws: LocalAws, batch: Batch, tmp_path):
    array = batch.submit("exit 0", arrayProperties={"size": 2})
    batch.ended(array)
    file = tmp_path / "go"
    running = batch.submit(f"until [ -e {file} ]; do sleep 0.02; done")
    batch.reaches(running, "RUNNING")
    assert aws.admin("forget", {})["jobs"] >= 3
    jobs = batch.client.describe_jobs(jobs=[array, f"{array}:0", running])["jobs"]
    assert [job["jobId"] for job in jobs] == [running]
    file.touch()
    assert batch.ended(running)["status"] == "SUCCEEDED"
