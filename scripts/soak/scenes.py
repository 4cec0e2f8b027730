"""The two things that are disturbed: a run from its event to its mail, and a retraining."""

import json
import time
from pathlib import Path
from typing import ClassVar

from desk import MACHINE, PROJECT, QUEUE, Desk, Objects
from outputs import comparable

# As often as this a message that the dispatcher has not settled comes back; on AWS, after its visibility timeout.
REDELIVERY_SECONDS = 3


class Scene:
    """Something that the pipeline does, from a state that is the same each time."""

    # The stages that take part, by the names of their programs.
    stages: tuple[str, ...]
    # The buckets that it may change.
    buckets: tuple[str, ...]
    # What the mail of a failure must say, subject first: regular expressions by what they find.
    told: ClassVar[dict[str, str]]

    def __init__(self, desk: Desk, before: dict[str, Objects]) -> None:
        self.desk = desk
        self._before = before

    def prepare(self) -> None:
        """Puts everything back to how it was before."""
        self.desk.admin("faults", [])
        self.desk.admin("sqs-duplicates", {"p": 0})
        self.desk.admin("forget", {})
        self.desk.drain()
        for bucket in self.buckets:
            self.desk.restore(bucket, self._before[bucket])

    def begin(self) -> None:
        """Sets it going."""
        raise NotImplementedError

    def nudge(self) -> None:
        """Does what time does, which passes faster here."""

    def is_over(self) -> bool:
        """Whether an execution has ended and nothing is left to do."""
        executions = self.desk.executions()
        return bool(executions) and all(each["status"] != "RUNNING" for each in executions)

    def outputs(self) -> Objects:
        """What came out, as far as two times can be compared."""
        return {
            f"{bucket}/{key}": body
            for bucket in self.buckets
            for key, body in comparable(self.desk.objects(bucket)).items()
        }


class Labelling(Scene):
    """Uploads are announced, cleaned, labelled and reported."""

    stages = ("dispatcher", "etl", "inference", "monitor")
    buckets = ("staging", "results", "models")
    told: ClassVar = {
        "that it failed": rf"\A\[{PROJECT}\] FAILED run ",
        "the next command": r"^\s*(aws|tamiz|scripts/\S+) \S",
    }

    def __init__(self, desk: Desk, before: dict[str, Objects], event: str) -> None:
        super().__init__(desk, before)
        self._event = event
        self._redelivery = 0.0

    def begin(self) -> None:
        # The same event again: the same versions of the same objects, and so the same run and the same provenance.
        self.desk.client("sqs").send_message(QueueUrl=self.desk.queue_url(), MessageBody=self._event)
        self._redelivery = time.monotonic() + REDELIVERY_SECONDS

    def nudge(self) -> None:
        if time.monotonic() > self._redelivery:
            self.desk.admin("sqs-expire", {"queue": QUEUE})
            self._redelivery = time.monotonic() + REDELIVERY_SECONDS

    def is_over(self) -> bool:
        return super().is_over() and self.desk.messages() == 0


class Retraining(Scene):
    """A model is trained on what a run has cleaned, and takes the place of a weak one."""

    stages = ("retrain",)
    # In staging a retraining that fails leaves its note, below retrainings/; one that succeeds leaves nothing.
    buckets = ("models", "staging")
    told: ClassVar = {
        "that it failed": rf"\A\[{PROJECT}\] FAILED retraining of reviews: ",
        "what to do": "^What to do$",
        "the next command": rf"^Next command\n(.+\n)*\s*scripts/retrain\.sh --project {PROJECT}$",
    }

    def begin(self) -> None:
        payload = json.dumps({"retrain_only": True})
        self.desk.client("stepfunctions").start_execution(stateMachineArn=MACHINE, name="soak", input=payload)


def upload(desk: Desk, files: list[Path]) -> str:
    """Uploads files that no event tells of, and answers the message that S3 would send for all of them."""
    s3, bucket = desk.client("s3"), desk.bucket("input")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    records = []
    for number, file in enumerate(files):
        key = f"incoming/{file.name}"
        made = s3.put_object(Bucket=bucket, Key=key, Body=file.read_bytes(), ChecksumAlgorithm="SHA256")
        told = {"key": key, "size": file.stat().st_size, "eTag": made["ETag"].strip('"')}
        told |= {"versionId": made["VersionId"], "sequencer": f"{number:016X}"}
        name = {"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put"}
        records.append(name | {"s3": {"bucket": {"name": bucket}, "object": told}})
    return json.dumps({"Records": records})
