"""Step Functions: what the pipeline's state machine relies on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from conftest import ROLE, Batch, LocalAws, unique, until

SYNC = "arn:aws:states:::batch:submitJob.sync"
GET_OBJECT = "arn:aws:states:::aws-sdk:s3:getObject"


def task(resource: str, parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": resource,
        "Parameters": parameters,
        **({"End": True} if "Next" not in more else {}),
        **more,
    }


def start(aws: LocalAws, states: dict[str, Any], given: Any = None) -> str:
    """Starts an execution of a new machine that begins at its first state."""
    client = aws.client("stepfunctions")
    definition = {"StartAt": next(iter(states)), "States": states}
    machine = client.create_state_machine(name=unique("machine"), definition=json.dumps(definition), roleArn=ROLE)
    started = client.start_execution(
        stateMachineArn=machine["stateMachineArn"], name=unique("run"), input=json.dumps(given or {})
    )
    return started["executionArn"]


def ended(aws: LocalAws, execution: str) -> dict[str, Any]:
    client = aws.client("stepfunctions")
    until(lambda: client.describe_execution(executionArn=execution)["status"] != "RUNNING", "the execution ends")
    return client.describe_execution(executionArn=execution)


def output(aws: LocalAws, states: dict[str, Any], given: Any = None) -> Any:
    """What an execution that succeeds gives."""
    end = ended(aws, start(aws, states, given))
    assert end["status"] == "SUCCEEDED", end
    return json.loads(end["output"])


def job(batch: Batch, command: str, define: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """The parameters of a Batch task."""
    definition = batch.definition(command, **(define or {}))
    return {"JobName": unique("job"), "JobQueue": batch.queue, "JobDefinition": definition, **more}


def test_job_that_succeeds_answers_with_its_description(aws: LocalAws, batch: Batch):
    overrides = {"Environment": [{"Name": "WORD", "Value.$": "$.word"}]}
    told = output(aws, {"Run": task(SYNC, job(batch, 'echo "$WORD"', ContainerOverrides=overrides))}, {"word": "hello"})
    assert (told["Status"], told["Container"]["ExitCode"]) == ("SUCCEEDED", 0)
    assert batch.log(told["JobId"]) == "hello\n"


def test_job_that_fails_goes_into_the_catch_with_its_description_as_the_cause(aws: LocalAws, batch: Batch):
    catch = [{"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.failure", "Next": "Read"}]
    read = {"error.$": "$.failure.Error", "job.$": "States.StringToJson($.failure.Cause)"}
    states = {
        "Run": task(SYNC, job(batch, "exit 3"), Catch=catch, Next="Read"),
        "Read": {"Type": "Pass", "Parameters": read, "End": True},
    }
    told = output(aws, states)
    assert told["error"] == "States.TaskFailed"
    assert (told["job"]["Status"], told["job"]["Container"]["ExitCode"]) == ("FAILED", 3)
    assert told["job"]["StatusReason"] == "Essential container in task exited"
    assert told["job"]["Attempts"][0]["Container"]["ExitCode"] == 3


def test_array_that_fails_tells_how_many_children_ended_how(aws: LocalAws, batch: Batch):
    array = job(batch, '[ "$AWS_BATCH_JOB_ARRAY_INDEX" = 0 ]', ArrayProperties={"Size.$": "$.size"})
    end = ended(aws, start(aws, {"Run": task(SYNC, array)}, {"size": 3}))
    assert (end["status"], end["error"]) == ("FAILED", "States.TaskFailed")
    summary = json.loads(end["cause"])["ArrayProperties"]["StatusSummary"]
    assert (summary["FAILED"], summary["SUCCEEDED"]) == (2, 1)


def test_retried_job_runs_again(aws: LocalAws, batch: Batch, tmp_path):
    once = f"[ -e {tmp_path}/seen ] || {{ touch {tmp_path}/seen; exit 1; }}"
    retry = [{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 1, "MaxAttempts": 2}]
    told = output(aws, {"Run": task(SYNC, job(batch, once), Retry=retry, TimeoutSeconds=60)})
    assert told["Status"] == "SUCCEEDED"


def test_array_of_one_is_refused_with_the_error_of_batch(aws: LocalAws, batch: Batch):
    end = ended(aws, start(aws, {"Run": task(SYNC, job(batch, "true", ArrayProperties={"Size": 1}))}))
    assert (end["status"], end["error"]) == ("FAILED", "Batch.ClientException")


def test_parameter_that_batch_does_not_know_is_refused(aws: LocalAws, batch: Batch):
    overrides = {"Environment": [{"Name": "A", "Val.$": "$.a"}]}
    parameters = job(batch, "true", ContainerOverrides=overrides) | {"JobNam": "typing error"}
    with pytest.raises(ClientError, match=r'"Val" at .*Environment\[0\].*"JobNam" at /States/Run/Parameters'):
        start(aws, {"Run": task(SYNC, parameters)})


def test_path_that_leads_nowhere_is_not_caught(aws: LocalAws, batch: Batch):
    overrides = {"Environment": [{"Name": "A", "Value.$": "$.nowhere"}]}
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
    states = {
        "Run": task(SYNC, job(batch, "true", ContainerOverrides=overrides), Catch=catch, Next="Caught"),
        "Caught": {"Type": "Succeed"},
    }
    end = ended(aws, start(aws, states))
    assert (end["status"], end["error"]) == ("FAILED", "States.Runtime")


def test_task_that_times_out_terminates_its_job(aws: LocalAws, batch: Batch):
    slow = job(batch, "sleep 60")
    end = ended(aws, start(aws, {"Run": task(SYNC, slow, TimeoutSeconds=1)}))
    assert (end["status"], end["error"]) == ("FAILED", "States.Timeout")
    assert job_named(batch, slow["JobName"])["status"] == "FAILED"


def test_execution_that_is_stopped_terminates_its_job(aws: LocalAws, batch: Batch):
    slow = job(batch, "sleep 60")
    execution = start(aws, {"Run": task(SYNC, slow)})
    filters = [{"name": "JOB_NAME", "values": [slow["JobName"]]}]
    until(lambda: batch.client.list_jobs(jobQueue=batch.queue, filters=filters)["jobSummaryList"], "the job is there")
    aws.client("stepfunctions").stop_execution(executionArn=execution)
    assert job_named(batch, slow["JobName"])["status"] == "FAILED"


def job_named(batch: Batch, name: str) -> dict[str, Any]:
    """A job, once it has ended."""
    filters = [{"name": "JOB_NAME", "values": [name]}]
    found = batch.client.list_jobs(jobQueue=batch.queue, filters=filters)["jobSummaryList"]
    return batch.ended(found[0]["jobId"])


def test_object_is_read_as_text(aws: LocalAws):
    bucket = aws.bucket()
    body = json.dumps({"shards": [{"key": "a"}, {"key": "b"}], "num_shards": 2})
    aws.client("s3").put_object(Bucket=bucket, Key="runs/7f3a/etl.json", Body=body)
    key = {"Bucket": bucket, "Key.$": "States.Format('runs/{}/etl.json', $.run_id)"}
    selector = {"etl.$": "States.StringToJson($.Body)"}
    states = {
        "Read": task(GET_OBJECT, key, ResultSelector=selector, ResultPath="$.read", Next="Keep"),
        "Keep": {
            "Type": "Pass",
            "Parameters": {"n.$": "$.read.etl.num_shards", "first.$": "$.read.etl.shards[0].key"},
            "End": True,
        },
    }
    assert output(aws, states, {"run_id": "7f3a"}) == {"n": 2, "first": "a"}


def test_object_that_is_missing_has_the_error_name_of_aws(aws: LocalAws):
    end = ended(aws, start(aws, {"Read": task(GET_OBJECT, {"Bucket": aws.bucket(), "Key": "nothing"})}))
    assert (end["status"], end["error"]) == ("FAILED", "S3.NoSuchKeyException")


def test_object_store_that_is_down_has_the_general_error_name(aws: LocalAws):
    bucket = aws.bucket()
    fault = {"service": "s3", "method": "GET", "path": bucket, "status": 503, "code": "SlowDown", "count": 1}
    aws.admin("faults", [fault])
    end = ended(aws, start(aws, {"Read": task(GET_OBJECT, {"Bucket": bucket, "Key": "any"})}))
    aws.admin("faults", [])
    assert (end["status"], end["error"]) == ("FAILED", "S3.S3Exception")


def test_intrinsics_and_paths_of_the_pipeline_work(aws: LocalAws):
    parameters = {
        "format.$": "States.Format('s3://bucket/runs/{}', $.run_id)",
        "json.$": "States.JsonToString($.object)",
        "value.$": "$.list[1].k",
        "all.$": "$.list[*].k",
        "name.$": "$$.Execution.Name",
    }
    given = {"run_id": "7f3a", "object": {"a": 1}, "list": [{"k": "x"}, {"k": "y"}]}
    told = output(aws, {"Pass": {"Type": "Pass", "Parameters": parameters, "End": True}}, given)
    assert told.pop("name").startswith("run-")
    assert json.loads(told.pop("json")) == {"a": 1}
    assert told == {"format": "s3://bucket/runs/7f3a", "value": "y", "all": ["x", "y"]}


def test_choice_may_ask_whether_a_field_is_there(aws: LocalAws):
    choices = [
        {"And": [{"Variable": "$.a", "IsPresent": True}, {"Variable": "$.a", "StringMatches": "{*"}], "Next": "Yes"}
    ]
    states = {
        "Choose": {"Type": "Choice", "Choices": choices, "Default": "No"},
        "Yes": {"Type": "Pass", "Result": {"answer": "yes"}, "End": True},
        "No": {"Type": "Pass", "Result": {"answer": "no"}, "End": True},
    }
    assert [output(aws, states, given)["answer"] for given in ({"a": "{}"}, {"a": "x"}, {"b": 1})] == [
        "yes",
        "no",
        "no",
    ]


def test_parallel_of_one_branch_catches_what_a_pass_cannot(aws: LocalAws):
    parse = {"Type": "Pass", "Parameters": {"job.$": "States.StringToJson($.text)"}, "End": True}
    states = {
        "Try": {
            "Type": "Parallel",
            "Branches": [{"StartAt": "Parse", "States": {"Parse": parse}}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "Otherwise"}],
            "End": True,
        },
        "Otherwise": {"Type": "Pass", "Result": {"answer": "caught"}, "End": True},
    }
    assert output(aws, states, {"text": '{"half": '}) == {"answer": "caught"}
    assert output(aws, states, {"text": '{"whole": 1}'}) == [{"job": {"whole": 1}}]


def test_execution_of_the_same_name_is_started_once(aws: LocalAws):
    client = aws.client("stepfunctions")
    definition = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}}
    machine = client.create_state_machine(name=unique("machine"), definition=json.dumps(definition), roleArn=ROLE)
    arn = machine["stateMachineArn"]
    first = client.start_execution(stateMachineArn=arn, name="run", input="{}")["executionArn"]
    assert client.start_execution(stateMachineArn=arn, name="run", input="{}")["executionArn"] == first
    with pytest.raises(client.exceptions.ExecutionAlreadyExists):
        client.start_execution(stateMachineArn=arn, name="run", input='{"other": 1}')
    client.stop_execution(executionArn=first)
    with pytest.raises(client.exceptions.ExecutionAlreadyExists):
        client.start_execution(stateMachineArn=arn, name="run", input="{}")
    with pytest.raises(ClientError, match="InvalidName"):
        client.start_execution(stateMachineArn=arn, name="a/b#c", input="{}")
