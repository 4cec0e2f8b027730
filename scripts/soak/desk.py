"""The local AWS that the soak disturbs, and its buckets, which are put back to what they held before every fault."""

import json
import os
import signal
import urllib.error
import urllib.request
from pathlib import Path

import boto3
from botocore.client import BaseClient
from botocore.config import Config

PROJECT = "tamiz"
ACCOUNT = "123456789012"
MACHINE = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:{PROJECT}-pipeline"
QUEUE = f"{PROJECT}-uploads"

Objects = dict[str, bytes]


class Desk:
    """A local AWS that has the stack."""

    def __init__(self, state: Path) -> None:
        self.state = state
        lines = (state / "env").read_text().splitlines()
        self._endpoint = dict(line.removeprefix("export ").split("=", 1) for line in lines)["AWS_ENDPOINT_URL"]
        self._clients: dict[str, BaseClient] = {}

    def client(self, service: str) -> BaseClient:
        """A client by a name of its own, so that no fault for the server's own requests strikes it."""
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self._endpoint,
                region_name="us-east-1",
                aws_access_key_id="soak",
                aws_secret_access_key="soak",
                # Objects that rotted are read on purpose.
                config=Config(response_checksum_validation="when_required"),
            )
        return self._clients[service]

    def admin(self, what: str, body: object = None) -> object:
        """Asks the admin API."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._endpoint}/_local/{what}", data=data)
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{what}: {error.read().decode()}") from error

    def bucket(self, name: str) -> str:
        """The whole name of a bucket of the stack."""
        return f"{PROJECT}-{name}-{ACCOUNT}"

    def objects(self, bucket: str) -> Objects:
        """What a bucket holds."""
        s3, name = self.client("s3"), self.bucket(bucket)
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=name)
        keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
        return {key: s3.get_object(Bucket=name, Key=key)["Body"].read() for key in keys}

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Writes an object as the programs do."""
        self.client("s3").put_object(Bucket=self.bucket(bucket), Key=key, Body=body, ChecksumAlgorithm="SHA256")

    def restore(self, bucket: str, wanted: Objects) -> None:
        """Makes a bucket hold exactly these objects, each in one version."""
        s3, name = self.client("s3"), self.bucket(bucket)
        held = self.objects(bucket)
        versions: dict[str, list[str]] = {}
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
            for each in page.get("Versions", []) + page.get("DeleteMarkers", []):
                versions.setdefault(each["Key"], []).append(each["VersionId"])
        for key, identifiers in versions.items():
            if len(identifiers) > 1 or held.get(key) != wanted.get(key):
                for identifier in identifiers:
                    s3.delete_object(Bucket=name, Key=key, VersionId=identifier, BypassGovernanceRetention=True)
                held.pop(key, None)
        for key in wanted.keys() - held.keys():
            self.put(bucket, key, wanted[key])

    def rot(self, bucket: str, key: str, share: float) -> None:
        """Changes a bit of an object; a second time, changes it back."""
        self.admin("rot", {"bucket": self.bucket(bucket), "key": key, "at": share})

    def executions(self) -> list[dict]:
        """The executions since they were last forgotten."""
        return self.client("stepfunctions").list_executions(stateMachineArn=MACHINE)["executions"]

    def queue_url(self) -> str:
        """The address of the queue of uploads."""
        return self.client("sqs").get_queue_url(QueueName=QUEUE)["QueueUrl"]

    def messages(self) -> int:
        """How many messages wait or are in work."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        told = self.client("sqs").get_queue_attributes(QueueUrl=self.queue_url(), AttributeNames=names)["Attributes"]
        return sum(int(told[name]) for name in names)

    def drain(self) -> None:
        """Takes every message off the queue; PurgeQueue does so once a minute."""
        sqs, url = self.client("sqs"), self.queue_url()
        while self.messages():
            self.admin("sqs-expire", {"queue": QUEUE})
            for each in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
                sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])

    def kill_function(self) -> bool:
        """Kills the dispatcher's process, which no admin request knows; answers whether there was one."""
        for file in (self.state / "children").iterdir():
            command = Path("/proc", file.name, "cmdline")
            if command.exists() and b"tamiz-dispatcher" in command.read_bytes():
                os.kill(int(file.name), signal.SIGKILL)
                return True
        return False

    def log_names(self) -> set[str]:
        """The file of every attempt of every job."""
        return {file.name for file in (self.state / "jobs").glob("*.log")}

    def log(self, name: str) -> str:
        """What an attempt has said."""
        return (self.state / "jobs" / name).read_text(errors="replace")
