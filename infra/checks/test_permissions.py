"""What the programs call, against what their roles allow: nothing called is refused, nothing is allowed in vain."""

import json
from typing import NamedTuple
from urllib.parse import parse_qs

import pytest

from cloudformation import listed
from desk import ACCOUNT
from policies import applies, fits, is_allowed

STAGES = ("Dispatcher", "Reconciler", "Etl", "Inference", "Monitor", "Retrain")

# Allowed, and not called by the programs themselves here; each with the reason.
NOT_SEEN = {
    "kms:Decrypt": "S3, SQS and SNS call it with the caller's role",
    "kms:GenerateDataKey": "S3, SQS and SNS call it with the caller's role",
    "logs:CreateLogStream": "Lambda calls it with the function's role",
    "logs:PutLogEvents": "Lambda calls it with the function's role",
    "sqs:ReceiveMessage": "Lambda polls with the function's role",
    "sqs:DeleteMessage": "Lambda deletes what the function has settled",
    "sqs:GetQueueAttributes": "Lambda asks it with the function's role",
    "s3:AbortMultipartUpload": "only when an upload in parts breaks off",
}
# The same, of one stage and one resource.
NOT_SEEN_THERE = {
    ("Etl", "s3:ListBucket", "tamiz-input"): "an upload that a person has deleted meanwhile is missing, not forbidden",
    ("Inference", "s3:ListBucket", "tamiz-staging"): "a shard that is missing is missing, not forbidden",
    ("Monitor", "s3:ListBucket", "tamiz-models"): "a baseline that a model does not have is missing, not forbidden",
    (
        "Dispatcher",
        "sqs:ChangeMessageVisibility",
        "tamiz-uploads",
    ): "gives messages back that are held back or have failed",
    ("Monitor", "s3:PutObject", "/runs/*/errors/*"): "only when the report itself fails",
}


class Need(NamedTuple):
    """What a request needs of IAM; of a listing, conditions see the prefix."""

    action: str
    resource: str
    prefix: str | None = None

    def context(self) -> dict[str, str]:
        """What conditions are compared with."""
        return {} if self.prefix is None else {"s3:prefix": self.prefix}


@pytest.fixture(scope="module")
def called(pipe) -> dict[str, set[Need]]:
    """What every request needs, by stage."""
    found = {stage: set() for stage in STAGES}
    for call in pipe.calls():
        [stage] = [stage for stage in STAGES if f"{stage}Role" in call["role"]]
        found[stage] |= actions(call)
    return found


@pytest.fixture(scope="module")
def allowed(pipe) -> dict[str, list[dict]]:
    """The statements of every stage's role, as deployed."""
    return {stage: pipe.statements(f"{stage}Role") for stage in STAGES}


def actions(call: dict) -> set[Need]:
    """What a request needs of IAM."""
    if call["service"] == "s3":
        return on_object(call)
    body = call["body"]
    if call["service"] == "sns":
        form = {key: values[0] for key, values in parse_qs(body).items()}
        return {Need(f"sns:{form['Action']}", form["TopicArn"])}
    if call["service"] == "batch":
        operation = {"/v1/listjobs": "ListJobs", "/v1/describejobs": "DescribeJobs"}[call["path"]]
        return {Need(f"batch:{operation}", "*")}
    asked = json.loads(body)
    if call["service"] == "sqs":
        queue = asked["QueueUrl"].rsplit("/", 1)[-1]
        return {Need(f"sqs:{call['operation'].removesuffix('Batch')}", f"arn:aws:sqs:us-east-1:{ACCOUNT}:{queue}")}
    return {Need(f"{call['service']}:{call['operation']}", asked.get("stateMachineArn") or asked["executionArn"])}


def on_object(call: dict) -> set[Need]:
    """What a request to S3 needs: a bucket alone is listed, an object read or written, in parts or whole."""
    bucket, _, key = call["path"].lstrip("/").partition("/")
    asked = parse_qs(call["query"], keep_blank_values=True)
    if not key:
        action = "s3:ListBucketVersions" if "versions" in asked else "s3:ListBucket"
        assert call["method"] == "GET" and asked.keys() & {"versions", "list-type"}, call
        return {Need(action, f"arn:aws:s3:::{bucket}", asked.get("prefix", [""])[0])}
    action = {
        "GET": "GetObjectVersion" if "versionId" in asked else "GetObject",
        "HEAD": "GetObjectVersion" if "versionId" in asked else "GetObject",
        "PUT": "PutObject",
        "POST": "PutObject",
        "DELETE": "AbortMultipartUpload" if "uploadId" in asked else "DeleteObject",
    }[call["method"]]
    # Who may not list is told 403 instead of 404 for what is not there, and would give up.
    needed_too = {Need("s3:ListBucket", f"arn:aws:s3:::{bucket}")} if call["status"] == 404 else set()
    return {Need(f"s3:{action}", f"arn:aws:s3:::{bucket}/{key}")} | needed_too


@pytest.mark.parametrize("stage", STAGES)
def test_what_a_program_calls_its_role_allows(stage, called, allowed):
    assert called[stage], f"{stage} called nothing"
    refused = {
        each for each in called[stage] if not is_allowed(allowed[stage], each.action, each.resource, each.context())
    }
    assert not refused


@pytest.mark.parametrize("stage", STAGES)
def test_what_a_role_allows_its_program_calls(stage, called, allowed):
    in_vain = []
    for statement in allowed[stage]:
        for action in set(listed(statement["Action"])) - NOT_SEEN.keys():
            for resource in listed(statement["Resource"]):
                narrow = {**statement, "Action": action, "Resource": resource}
                if excused(stage, action, resource):
                    continue
                if not any(applies(narrow, each.action, each.resource, each.context()) for each in called[stage]):
                    in_vain.append((action, resource))
    assert not in_vain, in_vain


def excused(stage: str, action: str, resource: str) -> bool:
    return any(each[:2] == (stage, action) and each[2] in resource for each in NOT_SEEN_THERE)


def test_the_reconciler_may_list_no_more_than_what_is_announced(allowed):
    """Whatever else somebody keeps in the bucket is none of its business."""
    statements, bucket = allowed["Reconciler"], f"arn:aws:s3:::tamiz-input-{ACCOUNT}"
    for context, answer in [({"s3:prefix": "incoming/"}, True), ({"s3:prefix": ""}, False), ({}, False)]:
        assert is_allowed(statements, "s3:ListBucketVersions", bucket, context) is answer


def test_what_is_not_seen_is_really_allowed_to_somebody(allowed):
    """Or the list above would hide what nobody has any more."""
    given = {action for statements in allowed.values() for each in statements for action in listed(each["Action"])}
    assert NOT_SEEN.keys() <= given


def test_no_program_asks_for_an_encryption_of_its_own(pipe):
    """The policies of the buckets would refuse it; what is not asked for is encrypted by the bucket."""
    assert not [call for call in pipe.calls() if call["headers"]]


def test_the_state_machine_may_read_what_it_reads(machine, pipe):
    statements = pipe.statements("StateMachineRole")
    history = pipe.client("stepfunctions")
    reads, publishes = set(), set()
    arn = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:tamiz-pipeline"
    for execution in history.list_executions(stateMachineArn=arn)["executions"]:
        for event in history.get_execution_history(executionArn=execution["executionArn"])["events"]:
            told = event.get("taskScheduledEventDetails", {})
            asked = json.loads(told.get("parameters", "{}"))
            if told.get("resource") == "getObject":
                reads.add(f"arn:aws:s3:::{asked['Bucket']}/{asked['Key']}")
            if told.get("resource") == "publish":
                publishes.add(asked["TopicArn"])
    assert reads and all(is_allowed(statements, "s3:GetObject", each) for each in reads)
    patterns = [r for s in statements if s["Action"] == "s3:GetObject" for r in listed(s["Resource"])]
    assert all(any(fits(pattern, each) for each in reads) for pattern in patterns), "allowed in vain"
