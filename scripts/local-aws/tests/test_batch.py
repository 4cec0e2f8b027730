"""AWS Batch: what a job's process is given, and how a job ends."""

from __future__ import annotations

import json
import re

import pytest
from botocore.exceptions import ClientError
from conftest import Batch, LocalAws, process_lives, unique, until

RETRY_75 = {
    "attempts": 3,
    "evaluateOnExit": [{"onExitCode": "75", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}],
}
HOST_TAKEN = [{"onStatusReason": "Host EC2*", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}]


def test_submission_overrides_the_environment_of_the_definition(batch: Batch):
    container = {"environment": [{"name": "A", "value": "definition"}, {"name": "B", "value": "definition"}]}
    overrides = {"environment": [{"name": "B", "value": "submission"}, {"name": "C", "value": "submission"}]}
    job = batch.submit(
        'echo "$A $B $C $AWS_BATCH_JOB_ID $AWS_BATCH_JOB_ATTEMPT"',
        {"container": container},
        containerOverrides=overrides,
    )
    assert batch.ended(job)["status"] == "SUCCEEDED"
    assert batch.log(job) == f"definition submission submission {job} 1\n"


def test_describing_a_job_often_does_not_change_it(batch: Batch):
    job = batch.submit("true", containerOverrides={"environment": [{"name": "A", "value": "1"}]})
    batch.ended(job)
    assert batch.describe(job)["container"]["environment"] == batch.describe(job)["container"]["environment"]
    assert len(batch.describe(job)["container"]["environment"]) == 1


def test_output_goes_to_a_file_and_to_the_log_group_of_the_definition(batch: Batch, aws: LocalAws):
    group = unique("/tests/logs")
    options = {"awslogs-group": group, "awslogs-stream-prefix": "stage"}
    logging = {"logConfiguration": {"logDriver": "awslogs", "options": options}}
    job = batch.ended(batch.submit("echo out; echo err >&2; printf unfinished", {"container": logging}))
    stream = job["container"]["logStreamName"]
    assert re.fullmatch(r"stage/default/[0-9a-f]{32}", stream)
    events = aws.client("logs").get_log_events(logGroupName=group, logStreamName=stream)["events"]
    assert [event["message"] for event in events] == ["out", "err", "unfinished"]
    assert batch.log(job["jobId"]) == "out\nerr\nunfinished"


def test_log_lines_arrive_while_the_job_runs(batch: Batch, aws: LocalAws):
    job = batch.submit("echo first; sleep 60")
    batch.reaches(job, "RUNNING")
    stream = batch.describe(job)["container"]["logStreamName"]
    logs = aws.client("logs")
    until(
        lambda: logs.get_log_events(logGroupName="/aws/batch/job", logStreamName=stream)["events"],
        "a line of a running job is in CloudWatch Logs",
    )
    batch.client.terminate_job(jobId=job, reason="enough")
    assert batch.ended(job)["status"] == "FAILED"


def test_children_of_an_array_know_their_index_and_its_size(batch: Batch):
    job = batch.submit('echo "$AWS_BATCH_JOB_ARRAY_INDEX of $AWS_BATCH_JOB_ARRAY_SIZE"', arrayProperties={"size": 3})
    ended = batch.ended(job)
    assert ended["status"] == "SUCCEEDED"
    assert ended["arrayProperties"]["statusSummary"]["SUCCEEDED"] == 3
    assert [batch.log(f"{job}:{index}") for index in range(3)] == ["0 of 3\n", "1 of 3\n", "2 of 3\n"]
    assert batch.describe(f"{job}:2")["arrayProperties"]["index"] == 2
    children = batch.client.list_jobs(arrayJobId=job, jobStatus="SUCCEEDED")["jobSummaryList"]
    assert {child["jobId"] for child in children} == {f"{job}:{index}" for index in range(3)}


def test_array_ends_failed_when_a_child_failed(batch: Batch):
    job = batch.submit('[ "$AWS_BATCH_JOB_ARRAY_INDEX" != 1 ]', arrayProperties={"size": 3})
    ended = batch.ended(job)
    assert (ended["status"], ended["statusReason"]) == ("FAILED", "Array Child Job failed")
    summary = ended["arrayProperties"]["statusSummary"]
    assert (summary["FAILED"], summary["SUCCEEDED"]) == (1, 2)


@pytest.mark.parametrize("size", [1, 10_001])
def test_array_of_another_size_than_aws_allows_is_refused(batch: Batch, size: int):
    with pytest.raises(ClientError, match="Array size must be between 2 and 10000"):
        batch.submit("true", arrayProperties={"size": size})


def test_array_far_larger_than_the_slots_ends(batch: Batch):
    job = batch.submit("true", arrayProperties={"size": 200})
    assert batch.ended(job)["arrayProperties"]["statusSummary"]["SUCCEEDED"] == 200


def test_exit_code_that_a_rule_retries_is_retried_until_it_succeeds(batch: Batch):
    job = batch.ended(batch.submit('[ "$AWS_BATCH_JOB_ATTEMPT" = 3 ] || exit 75', {"retryStrategy": RETRY_75}))
    assert job["status"] == "SUCCEEDED"
    assert [attempt["container"]["exitCode"] for attempt in job["attempts"]] == [75, 75, 0]


def test_exit_code_that_no_rule_retries_ends_the_job(batch: Batch):
    job = batch.ended(batch.submit("exit 3", {"retryStrategy": RETRY_75}))
    assert (job["status"], job["statusReason"]) == ("FAILED", "Essential container in task exited")
    assert [attempt["container"]["exitCode"] for attempt in job["attempts"]] == [3]
    assert job["container"]["exitCode"] == 3


def test_attempts_come_to_an_end(batch: Batch):
    job = batch.ended(batch.submit("exit 75", {"retryStrategy": RETRY_75}))
    assert (job["status"], len(job["attempts"])) == ("FAILED", 3)


def test_retry_strategy_of_the_submission_wins(batch: Batch):
    job = batch.ended(batch.submit("exit 75", {"retryStrategy": RETRY_75}, retryStrategy={"attempts": 1}))
    assert len(job["attempts"]) == 1


def test_attempt_that_takes_too_long_is_stopped_and_not_retried(batch: Batch):
    job = batch.submit("sleep 60", {"retryStrategy": {"attempts": 3}}, timeout={"attemptDurationSeconds": 1})
    ended = batch.ended(job)
    assert (ended["status"], ended["statusReason"]) == ("FAILED", "Job attempt duration exceeded timeout")
    assert len(ended["attempts"]) == 1


def test_terminated_job_gets_sigterm_and_may_save_its_progress(batch: Batch):
    job = batch.submit("trap 'echo saved; exit 143' TERM; echo ready; while :; do sleep 0.1; done")
    until(lambda: batch.log(job) == "ready\n", "the job waits for its signal")
    batch.client.terminate_job(jobId=job, reason="not needed")
    ended = batch.ended(job)
    assert (ended["status"], ended["statusReason"]) == ("FAILED", "not needed")
    assert ended["container"]["exitCode"] == 143
    assert batch.log(job) == "ready\nsaved\n"


def test_terminated_job_that_does_not_listen_is_killed_with_all_it_started(batch: Batch, tmp_path):
    child = tmp_path / "child"
    job = batch.submit(f"trap '' TERM; sleep 600 & echo $! >{child}; wait; sleep 600")
    until(lambda: child.exists() and child.read_text().endswith("\n"), "the job has started a process")
    batch.client.terminate_job(jobId=job, reason="not needed")
    assert batch.ended(job)["container"]["exitCode"] == 137
    until(lambda: not process_lives(int(child.read_text())), "the job's own child is gone")


def test_job_that_waits_for_a_slot_can_be_cancelled(batch: Batch):
    running = [batch.submit("sleep 60") for _ in range(4)]
    for job in running:
        batch.reaches(job, "RUNNING")
    waiting = batch.submit("true")
    batch.reaches(waiting, "RUNNABLE")
    batch.client.cancel_job(jobId=waiting, reason="changed my mind")
    assert (batch.ended(waiting)["status"], batch.describe(waiting)["statusReason"]) == ("FAILED", "changed my mind")
    for job in running:
        batch.client.terminate_job(jobId=job, reason="enough")
    assert {batch.ended(job)["status"] for job in running} == {"FAILED"}


def test_job_waits_for_those_it_depends_on(batch: Batch, tmp_path):
    gate = tmp_path / "gate"
    first = batch.submit(f"until [ -e {gate} ]; do sleep 0.02; done")
    second = batch.submit("true", dependsOn=[{"jobId": first}])
    batch.reaches(first, "RUNNING")
    assert batch.describe(second)["status"] == "PENDING"
    gate.touch()
    assert batch.ended(second)["status"] == "SUCCEEDED"


def test_job_fails_with_those_it_depends_on(batch: Batch):
    first = batch.submit("exit 1")
    second = batch.submit("true", dependsOn=[{"jobId": first}])
    assert (batch.ended(second)["status"], batch.describe(second)["statusReason"]) == ("FAILED", "Dependent Job failed")


def test_program_that_is_missing_reads_like_an_image_that_is_missing(batch: Batch):
    job = batch.ended(batch.submit("", {"container": {"image": "registry/tamiz/etl:1", "command": []}}))
    assert (job["status"], job["statusReason"]) == ("FAILED", "Task failed to start")
    assert job["container"]["reason"].startswith("CannotPullContainerError: image registry/tamiz/etl:1 needs ")
    assert "cargo build --release -p tamiz-etl" in batch.log(job["jobId"])


def test_host_taken_by_spot_is_retried_by_its_status_reason(batch: Batch, aws: LocalAws):
    command = '[ "$AWS_BATCH_JOB_ATTEMPT" = 2 ] || sleep 60'
    job = batch.submit(command, {"retryStrategy": {"attempts": 2, "evaluateOnExit": HOST_TAKEN}})
    batch.reaches(job, "RUNNING")
    assert aws.admin("kill", {"job": job}) == [job]
    ended = batch.ended(job)
    assert ended["status"] == "SUCCEEDED"
    assert ended["attempts"][0]["statusReason"].startswith("Host EC2 (instance i-")


def test_memory_that_ran_out_is_told_as_aws_tells_it(batch: Batch, aws: LocalAws):
    reason = "OutOfMemoryError: Container killed due to memory usage"
    job = batch.submit("sleep 60", {"retryStrategy": {"attempts": 2, "evaluateOnExit": HOST_TAKEN}})
    batch.reaches(job, "RUNNING")
    story = {"statusReason": "Essential container in task exited", "reason": reason, "exitCode": 137}
    aws.admin("kill", {"job": job} | story)
    ended = batch.ended(job)
    assert (ended["status"], len(ended["attempts"])) == ("FAILED", 1)
    assert (ended["container"]["exitCode"], ended["container"]["reason"]) == (137, reason)


def test_listing_a_queue_shows_what_runs_unless_another_state_is_asked_for(batch: Batch):
    job = batch.submit("sleep 60")
    batch.reaches(job, "RUNNING")

    def listed(**filters: str) -> set[str]:
        return {each["jobId"] for each in batch.client.list_jobs(jobQueue=batch.queue, **filters)["jobSummaryList"]}

    assert job in listed()
    assert job not in listed(jobStatus="FAILED")
    batch.client.terminate_job(jobId=job, reason="enough")
    batch.ended(job)
    assert job not in listed()
    assert job in listed(jobStatus="FAILED")


def test_overrides_that_aws_would_refuse_are_refused(batch: Batch):
    overrides = {"environment": [{"name": "A", "value": "x" * 9000}]}
    with pytest.raises(ClientError, match="overrides length"):
        batch.submit("true", containerOverrides=overrides)


def test_end_of_a_job_is_told_to_event_rules(batch: Batch, aws: LocalAws):
    url = aws.queue()
    arn = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events, rule = aws.client("events"), unique("rule")
    pattern = {"source": ["aws.batch"], "detail": {"status": ["FAILED"]}}
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn}])
    job = batch.submit("exit 1")
    batch.ended(job)

    def told() -> list[str]:
        messages = aws.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        details = [json.loads(message["Body"])["detail"] for message in messages]
        return [detail["status"] for detail in details if detail["jobId"] == job]

    assert until(told, "the event of the failed job arrives") == ["FAILED"]
    events.remove_targets(Rule=rule, Ids=["queue"])
    events.delete_rule(Name=rule)
