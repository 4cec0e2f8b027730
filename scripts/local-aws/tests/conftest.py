"""One server for all tests, on a free port, with shell commands and a small function as images."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

HERE = Path(__file__).parent
SCRIPTS = HERE.parent
PATIENCE_SECONDS = 30
AWS_CLI = Path(sys.executable).parent / "aws"
# Properties for which `aws cloudformation package` puts a file into a bucket.
LOCAL_FILES = {"DefinitionS3Location", "TemplateURL"}
ROLE = "arn:aws:iam::123456789012:role/any"


def until(ask: Callable[[], Any], what: str) -> Any:
    """Asks until the answer is true; fails after a time that only a hang needs."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if answer := ask():
            return answer
        time.sleep(0.02)
    raise AssertionError(f"never came true: {what}")


def start(state: Path, *options: str) -> dict[str, str]:
    """Starts a server that ends with this process, and answers the environment that start.sh printed."""
    command = [SCRIPTS / "start.sh", "--port", "0", "--state", state, "--die-with", str(os.getpid()), *options]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    lines = [line.removeprefix("export ") for line in done.stdout.splitlines()]
    return dict(line.split("=", 1) for line in lines)


def stop(state: Path) -> None:
    """Stops a server."""
    subprocess.run([SCRIPTS / "stop.sh", "--state", state], check=True)


@dataclass
class LocalAws:
    """The server under test."""

    environment: dict[str, str]
    state: Path
    folder: Path

    def client(self, service: str) -> Any:
        """A client as a test of the product would make it."""
        return boto3.client(
            service,
            endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            region_name=self.environment["AWS_REGION"],
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(retries={"total_max_attempts": 1}),
        )

    def admin(self, what: str, body: Any = None) -> Any:
        """Asks the admin API."""
        url, data = f"{self.environment['AWS_ENDPOINT_URL']}/_local/{what}", None
        if body is not None:
            data = json.dumps(body).encode()
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data=data)) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from error

    def bucket(self) -> str:
        """A new bucket."""
        name = unique("bucket")
        self.client("s3").create_bucket(Bucket=name)
        return name

    def queue(self, **attributes: str) -> str:
        """The URL of a new queue."""
        return self.client("sqs").create_queue(QueueName=unique("queue"), Attributes=attributes)["QueueUrl"]


def unique(prefix: str) -> str:
    """A name that no other test uses."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def process_lives(process: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    folder = tmp_path_factory.mktemp("local-aws")
    images = {
        "*/shell:*": ["/bin/sh", "-c"],
        "*/function:*": [sys.executable, str(HERE / "programs" / "function.py"), str(folder)],
    }
    (folder / "images.json").write_text(json.dumps(images))
    state = folder / "state"
    environment = start(
        state, "--bin", str(folder), "--images", str(folder / "images.json"), "--slots", "4", "--grace", "1"
    )
    yield LocalAws(environment, state, folder)
    stop(state)


@dataclass
class Batch:
    """A queue and a job definition of which the command is a line of shell."""

    aws: LocalAws
    client: Any
    queue: str

    def definition(self, command: str, **more: Any) -> str:
        """The ARN of a new job definition."""
        container = {"image": "registry/tests/shell:1", "command": [command], "vcpus": 1, "memory": 128}
        container |= more.pop("container", {})
        name = more.pop("name", unique("definition"))
        made = self.client.register_job_definition(
            jobDefinitionName=name, type="container", containerProperties=container, **more
        )
        return made["jobDefinitionArn"]

    def submit(self, command: str, define: dict[str, Any] | None = None, **more: Any) -> str:
        """The id of a new job."""
        definition = self.definition(command, **(define or {}))
        more.setdefault("jobName", unique("job"))
        return self.client.submit_job(jobQueue=self.queue, jobDefinition=definition, **more)["jobId"]

    def describe(self, job: str) -> dict[str, Any]:
        """DescribeJobs of one job."""
        return self.client.describe_jobs(jobs=[job])["jobs"][0]

    def ended(self, job: str) -> dict[str, Any]:
        """The job, once it has ended."""
        until(lambda: self.describe(job)["status"] in ("SUCCEEDED", "FAILED"), f"job {job} ends")
        return self.describe(job)

    def reaches(self, job: str, status: str) -> None:
        """Waits for a state."""
        until(lambda: self.describe(job)["status"] == status, f"job {job} is {status}")

    def log(self, job: str) -> str:
        """What the attempts of a job wrote into their files."""
        name = self.describe(job)["jobName"]
        files = sorted((self.aws.state / "jobs").glob(f"{name}-{job.replace(':', '-')}-*.log"))
        return "".join(file.read_text() for file in files)


@pytest.fixture(scope="session")
def batch(aws: LocalAws) -> Batch:
    return batch_of(aws)


def batch_of(aws: LocalAws) -> Batch:
    """A new job queue of a server."""
    client = aws.client("batch")
    environment = client.create_compute_environment(
        computeEnvironmentName=unique("environment"), type="UNMANAGED", serviceRole=service_role(aws)
    )
    order = [{"order": 1, "computeEnvironment": environment["computeEnvironmentArn"]}]
    queue = client.create_job_queue(
        jobQueueName=unique("queue"), state="ENABLED", priority=1, computeEnvironmentOrder=order
    )
    return Batch(aws, client, queue["jobQueueArn"])


def service_role(aws: LocalAws) -> str:
    """A role that Batch and Lambda may take: moto looks whether it exists."""
    allow = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    services = ["batch.amazonaws.com", "lambda.amazonaws.com"]
    trust = {"Version": "2012-10-17", "Statement": [allow | {"Principal": {"Service": each}} for each in services]}
    made = aws.client("iam").create_role(RoleName=unique("role"), AssumeRolePolicyDocument=json.dumps(trust))
    return made["Role"]["Arn"]


class Deployed:
    """A stack that `aws cloudformation deploy` made, or failed to."""

    def __init__(self, aws: LocalAws, folder: Path) -> None:
        self.aws, self.folder, self.name = aws, folder, unique("stack")
        self.artifacts = aws.bucket()

    def deploy(self, resources: dict[str, Any], *, check: bool = True, **more: Any) -> str:
        """Packages and deploys; answers the error output."""
        overrides = more.pop("overrides", {})
        template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources, **more}
        (self.folder / "template.json").write_text(json.dumps(template))
        packaged = self.folder / "template.json"
        if any(LOCAL_FILES & each.get("Properties", {}).keys() for each in resources.values()):
            packaged = self.folder / "packaged.json"
            self.cli(
                "package", "--template-file", self.folder / "template.json", "--s3-bucket", self.artifacts,
                "--output-template-file", packaged, "--use-json",
            )  # fmt: skip
        parameters = ["--parameter-overrides", *(f"{key}={value}" for key, value in overrides.items())]
        done = self.cli(
            "deploy", "--template-file", packaged, "--stack-name", self.name, "--no-fail-on-empty-changeset",
            "--capabilities", "CAPABILITY_NAMED_IAM", *(parameters if overrides else []), check=False,
        )  # fmt: skip
        assert done.returncode == 0 or not check, (done.stderr, self.reasons())
        return done.stderr

    def cli(self, *arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs the AWS CLI with the environment that start.sh printed."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder)} | self.aws.environment
        command = [AWS_CLI, "cloudformation", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=check)

    def stack(self) -> dict[str, Any]:
        """DescribeStacks."""
        return self.aws.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"][0]

    def output(self, key: str) -> str:
        """One of the stack's outputs."""
        return {each["OutputKey"]: each["OutputValue"] for each in self.stack()["Outputs"]}[key]

    def failures(self, name: str | None = None) -> list[dict[str, Any]]:
        """Events of what failed in this stack, or in another."""
        client = self.aws.client("cloudformation")
        events = client.describe_stack_events(StackName=name or self.name)["StackEvents"]
        return [each for each in events if each["ResourceStatus"].endswith("FAILED")]

    def reasons(self, name: str | None = None) -> list[str]:
        """Why resources failed."""
        return [f"{each['LogicalResourceId']}: {each['ResourceStatusReason']}" for each in self.failures(name)]


@pytest.fixture
def stack(aws: LocalAws, tmp_path: Path) -> Deployed:
    return Deployed(aws, tmp_path)
