"""A Batch job as DescribeJobs tells of it: moto's job, with what moto leaves out."""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime
from typing import Any

from moto.batch import models
from moto.batch.utils import JobStatus

from .batch_process import Attempt, Ending
from .events import emit

ARRAY_FAILED = "Array Child Job failed"
SETTLED = (JobStatus.SUCCEEDED, JobStatus.FAILED)


class LocalJob(models.Job):
    """moto's Job is a thread that runs a container; this one is never started, the scheduler runs it."""

    def __init__(self, *arguments: Any, retry_strategy: dict[str, Any] | None = None, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._status = JobStatus.SUBMITTED.value
        # moto ignores the retry strategy of SubmitJob.
        self.retry_strategy: dict[str, Any] = retry_strategy or self.job_definition.retry_strategy or {}
        self.array_size: int | None = None
        self.attempt: Attempt | None = None
        self.last: Ending | None = None

    @property
    def children(self) -> list[LocalJob]:
        """The children of an array, none for any other job."""
        return self._child_jobs or []

    @property
    def settled(self) -> bool:
        """Whether the job has come to its end."""
        return self.status in SETTLED

    @property
    def environment(self) -> dict[str, str]:
        """The definition's variables, overridden by the submission's."""
        merged = {}
        for source in (self.job_definition.container_properties, self.container_overrides):
            merged |= {each["name"]: each.get("value", "") for each in (source or {}).get("environment", [])}
        return merged

    @property
    def command(self) -> list[str]:
        """The arguments after the image's entry point, with `Ref::` parameters filled in."""
        written = self.container_overrides.get("command") or self.job_definition.container_properties.get("command")
        return self._add_parameters_to_command(written or [])

    def identity(self, number: int) -> dict[str, object]:
        """The variables by which AWS tells a job's process who it is; moto sets none for the children of an array."""
        own: dict[str, object] = {
            "AWS_BATCH_JOB_ID": self.job_id,
            "AWS_BATCH_JOB_ATTEMPT": number,
            "AWS_BATCH_JQ_NAME": self.job_queue.name,
            "AWS_BATCH_CE_NAME": "local",
        }
        if self.array_size:
            own["AWS_BATCH_JOB_ARRAY_INDEX"] = self.array_properties["index"]
            own["AWS_BATCH_JOB_ARRAY_SIZE"] = self.array_size
        return own

    def move(self, status: JobStatus) -> None:
        """Changes the state and tells EventBridge, which moto does not."""
        self.status = status.value
        detail = {
            "jobArn": self.arn,
            "jobId": self.job_id,
            "jobName": self.job_name,
            "jobQueue": self.job_queue.arn,
            "jobDefinition": self.job_definition.arn,
            "status": status.value,
        }
        if self.job_stopped_reason:
            detail["statusReason"] = self.job_stopped_reason
        emit("aws.batch", "Batch Job State Change", detail, [self.arn])

    def open_attempt(self, log_stream: str, task: str) -> None:
        """Writes down that an attempt begins."""
        if not self.attempts:
            self.job_started_at = datetime.now()
        self.log_stream_name = log_stream
        self.latest_attempt = {
            "container": {"logStreamName": log_stream, "taskArn": task, "networkInterfaces": []},
            "startedAt": int(time.time() * 1000),
        }
        self.attempts.append(self.latest_attempt)

    def close_attempt(self, ending: Ending) -> None:
        """Writes down how the attempt ended."""
        self.last, self.exit_code = ending, ending.exit_code
        self.latest_attempt |= {"stoppedAt": int(time.time() * 1000), "statusReason": ending.status_reason}
        self.latest_attempt["container"] |= container_ending(ending)

    def settle(self, success: bool, reason: str | None) -> None:
        """Brings the job to its end."""
        self.job_stopped, self.job_stopped_at, self.job_stopped_reason = True, datetime.now(), reason
        self.move(JobStatus.SUCCEEDED if success else JobStatus.FAILED)

    def describe_short(self) -> dict[str, Any]:
        """ListJobs: moto leaves out that a job is an array, or which child of one."""
        told = super().describe_short()
        if self.children:
            told["arrayProperties"] = {"size": len(self.children)}
        elif "index" in self.array_properties:
            told["arrayProperties"] = {"index": self.array_properties["index"]}
        return told

    def describe(self) -> dict[str, Any]:
        """DescribeJobs: moto leaves out the retry strategy, the exit code, the reason, the index and an array's end."""
        told = super().describe()
        told["retryStrategy"] = {"attempts": 1, "evaluateOnExit": []} | self.retry_strategy
        told["platformCapabilities"] = self.job_definition.platform_capabilities or ["EC2"]
        if self.children:
            told["arrayProperties"] = {"size": len(self.children), "statusSummary": self.summary()}
            told["status"] = self.status
        elif "index" in self.array_properties:
            told["arrayProperties"] = {"statusSummary": {}, "index": self.array_properties["index"]}
        if "container" in told:
            told["container"] |= {"image": self.job_definition.container_properties["image"]}
            if self.latest_attempt:
                told["container"]["taskArn"] = self.latest_attempt["container"]["taskArn"]
            if self.last:
                told["container"] |= container_ending(self.last)
        return told

    def summary(self) -> dict[str, int]:
        """How many children of an array are in each state."""
        states = Counter(child.status for child in self.children)
        return {status.value: states[status.value] for status in JobStatus}

    def _get_container_property(self, p: str, default: Any) -> Any:
        # moto appends to the overrides that all children of an array share, once for every DescribeJobs.
        if p == "environment":
            return [{"name": name, "value": value} for name, value in self.environment.items()]
        return super()._get_container_property(p, default)


def container_ending(ending: Ending) -> dict[str, Any]:
    """The part of an ending that AWS tells under `container`."""
    told = {"exitCode": ending.exit_code, "reason": ending.reason}
    return {name: value for name, value in told.items() if value is not None}
