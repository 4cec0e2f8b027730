"""The server itself: how it starts, what it leaves behind, and its faults."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from conftest import AWS_CLI, SCRIPTS, Batch, LocalAws, batch_of, process_lives, start, stop, unique, until

TRAP = "trap '' TERM; sleep 600 & echo $! >{file}; wait; sleep 600"


def job_of(state: Path, environment: dict[str, str], file: Path) -> int:
    """Starts a job that ignores SIGTERM on a server, and answers the id of a process that the job has started."""
    batch_of(LocalAws(environment, state, file.parent)).submit(TRAP.format(file=file))
    return int(until(lambda: file.exists() and file.read_text().strip(), "the job has started a process"))


@pytest.fixture
def images(tmp_path: Path) -> list[str]:
    file = tmp_path / "images.json"
    file.write_text('{"*/shell:*": ["/bin/sh", "-c"]}')
    return ["--images", str(file), "--grace", "0.2"]


def test_stop_ends_the_server_and_what_its_jobs_started(tmp_path: Path, images: list[str]):
    state = tmp_path / "state"
    environment = start(state, *images)
    server = int((state / "pid").read_text())
    child = job_of(state, environment, tmp_path / "child")
    assert process_lives(server)
    assert process_lives(child)
    stop(state)
    assert not process_lives(server)
    assert not process_lives(child)
    assert not (state / "env").exists()
    assert list((state / "children").iterdir()) == []


def test_stop_ends_what_a_killed_server_left_behind(tmp_path: Path, images: list[str]):
    state = tmp_path / "state"
    child = job_of(state, start(state, *images), tmp_path / "child")
    os.kill(int((state / "pid").read_text()), 9)
    assert process_lives(child)
    stop(state)
    until(lambda: not process_lives(child), "the job is gone")


def test_server_ends_with_the_process_that_it_was_bound_to(tmp_path: Path, images: list[str]):
    state, companion = tmp_path / "state", subprocess.Popen(["sleep", "600"])
    environment = start(state, *images, "--die-with", str(companion.pid))
    server = int((state / "pid").read_text())
    child = job_of(state, environment, tmp_path / "child")
    companion.kill()
    # Not waited for: the server must not take a zombie for a process that lives.
    until(lambda: not process_lives(server) and not process_lives(child), "the server and its job are gone")
    companion.wait()


def test_second_server_with_the_same_state_is_refused(aws: LocalAws):
    done = subprocess.run(
        [SCRIPTS / "start.sh", "--port", "0", "--state", aws.state], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "runs already" in done.stderr


def test_port_that_is_taken_is_told(aws: LocalAws, tmp_path: Path):
    port = aws.environment["AWS_ENDPOINT_URL"].rsplit(":", 1)[-1]
    done = subprocess.run(
        [SCRIPTS / "start.sh", "--port", port, "--state", tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert f"cannot listen on port {port}" in done.stderr


def test_unknown_option_is_a_usage_error():
    done = subprocess.run([SCRIPTS / "start.sh", "--prot", "1"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")


def test_environment_file_says_what_start_printed(aws: LocalAws):
    lines = (aws.state / "env").read_text().splitlines()
    assert dict(line.removeprefix("export ").split("=", 1) for line in lines) == aws.environment
    assert aws.environment["AWS_SECRET_ACCESS_KEY"] == "local"


def test_server_is_healthy(aws: LocalAws):
    assert aws.admin("health") == {"status": "ok"}


def test_fault_strikes_as_often_as_it_was_told(aws: LocalAws):
    s3, bucket = aws.client("s3"), aws.bucket()
    fault = {"service": "s3", "method": "PUT", "path": "claims/", "status": 503, "code": "SlowDown", "count": 2}
    aws.admin("faults", [fault])
    s3.put_object(Bucket=bucket, Key="elsewhere", Body=b"")
    for _ in range(2):
        with pytest.raises(ClientError, match="SlowDown"):
            s3.put_object(Bucket=bucket, Key="claims/1", Body=b"")
    s3.put_object(Bucket=bucket, Key="claims/1", Body=b"")
    assert [fault["hits"] for fault in aws.admin("faults")] == [2]
    aws.admin("faults", [])


def test_fault_can_be_bound_to_an_operation(aws: LocalAws):
    fault = {"service": "sqs", "target": "SendMessage", "status": 400, "code": "ThrottlingException"}
    sqs, url = aws.client("sqs"), aws.queue()
    aws.admin("faults", [fault])
    sqs.get_queue_attributes(QueueUrl=url)
    with pytest.raises(ClientError, match="ThrottlingException"):
        sqs.send_message(QueueUrl=url, MessageBody="x")
    sqs.send_message(QueueUrl=url, MessageBody="x")
    aws.admin("faults", [])


def test_fault_with_a_field_that_does_not_exist_is_refused(aws: LocalAws):
    with pytest.raises(AssertionError, match="stauts"):
        aws.admin("faults", [{"stauts": 500}])


def test_queue_of_a_stack_has_its_url_here(aws: LocalAws):
    template = '{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}, "Outputs": {"Url": {"Value": {"Ref": "Q"}}}}'
    client, name = aws.client("cloudformation"), unique("stack")
    client.create_stack(StackName=name, TemplateBody=template)
    output = client.describe_stacks(StackName=name)["Stacks"][0]["Outputs"][0]
    assert output["OutputValue"].startswith(aws.environment["AWS_ENDPOINT_URL"])


def test_calls_of_a_role_are_told_and_those_of_nobody_are_not(aws: LocalAws, batch: Batch):
    bucket, name = aws.bucket(), unique("role")
    ask = f"aws s3api head-object --bucket {bucket} --key none"
    role = {"jobRoleArn": f"arn:aws:iam::123456789012:role/{name}"}
    job = batch.submit(f"export PATH={AWS_CLI.parent}:$PATH; {ask}; true", define={"container": role})
    assert batch.ended(job)["status"] == "SUCCEEDED", batch.log(job)
    [call] = [each for each in aws.admin("calls") if each["role"] == name]
    assert (call["service"], call["method"], call["path"], call["status"]) == ("s3", "HEAD", f"/{bucket}/none", 404)
    assert "local" not in {each["role"] for each in aws.admin("calls")}
