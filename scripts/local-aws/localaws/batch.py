"""AWS Batch: moto keeps queues, definitions and jobs; here the jobs run, in slots for each queue."""

from __future__ import annotations

import json
import logging
import queue
import threading
import uuid
from typing import Any

from flask import request
from moto.batch import models
from moto.batch.exceptions import ClientException
from moto.batch.utils import JobStatus

from .batch_job import ARRAY_FAILED, LocalJob
from .batch_process import NOT_STARTED, Attempt, Ending
from .batch_retry import retries
from .calls import access_key
from .desk import Desk
from .images import NoCommandError
from .logs import LogStream
from .settings import ACCOUNT, REGION

LOG = logging.getLogger(__name__)

DEPENDENCY_FAILED = "Dependent Job failed"
ARRAY_SIZES = range(2, 10_001)
OVERRIDES_CHARACTERS = 8192


class Scheduler:
    """Runs jobs first come, first served, so many at once in each queue as it has slots."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lock = threading.RLock()
        self._queues: dict[str, queue.SimpleQueue[LocalJob]] = {}
        self._jobs: dict[str, LocalJob] = {}
        self._waiting: list[LocalJob] = []

    def add(self, job: LocalJob) -> None:
        """Takes in a job that was just submitted, with its children where it is an array."""
        with self._lock:
            for each in (job, *job.children):
                self._jobs[each.job_id] = each
                each.move(JobStatus.PENDING)
            self._waiting += job.children or [job]
            self._release()

    def stop(self, job: LocalJob, reason: str) -> None:
        """Ends a job, or every child of an array, whatever its state."""
        with self._lock:
            for each in job.children or [job]:
                if each.settled:
                    continue
                each.stop = True
                if each.attempt:
                    each.attempt.stop(reason)
                else:
                    self._settle(each, False, reason)

    def running(self) -> list[LocalJob]:
        """The jobs that have an attempt under way."""
        with self._lock:
            return [job for job in self._jobs.values() if job.attempt]

    def forget(self) -> list[str]:
        """Lets go of every job that has ended and that no other waits for, a whole array at once; answers ids."""
        with self._lock:
            needed = {each["jobId"] for job in self._waiting for each in job.depends_on or []}
            over = {job.job_id for job in self._jobs.values() if job.settled} - needed
            ended = [job for job in self._jobs.values() if {job.job_id, job.job_id.split(":")[0]} <= over]
            for each in ended:
                del self._jobs[each.job_id]
            return [each.job_id for each in ended]

    def _release(self) -> None:
        """Makes every waiting job runnable whose dependencies are done, and fails those whose dependencies failed."""
        for job in [each for each in self._waiting if not each.settled]:
            before = [self._jobs[each["jobId"]] for each in job.depends_on or []]
            if any(each.status == JobStatus.FAILED for each in before):
                self._settle(job, False, DEPENDENCY_FAILED)
            elif all(each.status == JobStatus.SUCCEEDED for each in before):
                self._waiting.remove(job)
                self._enqueue(job)

    def _enqueue(self, job: LocalJob) -> None:
        job.move(JobStatus.RUNNABLE)
        arn = job.job_queue.arn
        if arn not in self._queues:
            self._queues[arn] = queue.SimpleQueue()
            for slot in range(self._desk.settings.slots):
                name = f"{job.job_queue.name}-{slot}"
                threading.Thread(target=self._work, args=[self._queues[arn]], name=name, daemon=True).start()
        self._queues[arn].put(job)

    def _settle(self, job: LocalJob, success: bool, reason: str | None) -> None:
        """Ends a job, then whatever hangs on its end: its array, the jobs that depend on either."""
        job.settle(success, reason)
        if job in self._waiting:
            self._waiting.remove(job)
        parent = self._jobs[job.job_id.split(":")[0]]
        # moto never ends an array of which a child failed.
        if parent is not job and all(child.settled for child in parent.children):
            failed = any(child.status == JobStatus.FAILED for child in parent.children)
            parent.settle(not failed, ARRAY_FAILED if failed else None)
        self._release()

    def _work(self, jobs: queue.SimpleQueue[LocalJob]) -> None:
        while True:
            job = jobs.get()
            try:
                self._attempt(job)
            except Exception as error:
                LOG.exception("job %s", job.job_id)
                with self._lock:
                    job.attempt = None
                    if not job.settled:
                        self._settle(job, False, f"the local AWS failed: {error}")

    def _attempt(self, job: LocalJob) -> None:
        with self._lock:
            if job.settled:
                return
            job.attempt = Attempt(self._desk.children, job._get_attempt_duration())
            job.move(JobStatus.STARTING)
        ending = run(self._desk, job, job.attempt)
        with self._lock:
            job.close_attempt(ending)
            job.attempt = None
            rules = job.retry_strategy.get("evaluateOnExit") or []
            left = len(job.attempts) < int(job.retry_strategy.get("attempts") or 1)
            if ending.exit_code == 0 and not job.stop:
                self._settle(job, True, ending.status_reason)
            elif left and not job.stop and retries(rules, ending):
                self._enqueue(job)
            else:
                self._settle(job, False, ending.status_reason)


def run(desk: Desk, job: LocalJob, attempt: Attempt) -> Ending:
    """Runs one attempt of a job in a folder of its own; its log goes to a file and to CloudWatch Logs."""
    number, container = len(job.attempts) + 1, job.job_definition.container_properties
    task = uuid.uuid4().hex
    options = (container.get("logConfiguration") or {}).get("options") or {}
    stream = f"{options.get('awslogs-stream-prefix', job.job_definition.name)}/default/{task}"
    name = f"{job.job_name}-{job.job_id.replace(':', '-')}-{number}"
    log = desk.settings.state / "jobs" / f"{name}.log"
    folder = desk.settings.state / "jobs" / "work" / name
    folder.mkdir(parents=True)
    log.touch()
    job.open_attempt(stream, f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/local/{task}")
    shipped = LogStream(options.get("awslogs-group", "/aws/batch/job"), stream, log)
    try:
        command = desk.images.command(container["image"]) + job.command
    except NoCommandError as error:
        log.write_text(f"{error}\n")
        shipped.ship(final=True)
        return Ending(None, NOT_STARTED, f"CannotPullContainerError: {error}")
    role = access_key(container.get("jobRoleArn", ""))
    environment = desk.environment(role | job.environment | secrets(desk, container) | job.identity(number))
    return attempt.run(command, environment, folder, log, shipped, lambda: job.move(JobStatus.RUNNING))


def secrets(desk: Desk, container: dict[str, Any]) -> dict[str, str]:
    """The secrets that a definition names, fetched as the agent of ECS does before it starts the container."""
    client = desk.client("secretsmanager")
    named = container.get("secrets") or []
    return {each["name"]: client.get_secret_value(SecretId=each["valueFrom"])["SecretString"] for each in named}


def submit(
    backend: models.BatchBackend,
    job_name: str,
    job_def_id: str,
    job_queue: str,
    array_properties: dict[str, int] | None = None,
    **named: Any,
) -> LocalJob:
    """Makes a job out of SubmitJob's parameters, or refuses it as AWS does; an array comes with its children."""
    array_properties = array_properties or {}
    if models.JOB_NAME_REGEX.match(job_name) is None:
        raise ClientException("Job name should match valid pattern")
    definition, queue_ = backend.get_job_definition(job_def_id), backend.get_job_queue(job_queue)
    if definition is None:
        raise ClientException(f"Job definition {job_def_id} does not exist")
    if queue_ is None:
        raise ClientException(f"Job queue {job_queue} does not exist")
    # moto accepts arrays of any size, overrides of any length, and dependencies that it then ignores.
    if "size" in array_properties and int(array_properties["size"]) not in ARRAY_SIZES:
        raise ClientException("Array size must be between 2 and 10000.")
    if len(json.dumps(named.get("container_overrides") or {})) > OVERRIDES_CHARACTERS:
        raise ClientException(f"Container overrides length must be at most {OVERRIDES_CHARACTERS}.")
    for dependency in named.get("depends_on") or []:
        if dependency.get("type") or dependency.get("jobId") not in backend._jobs:
            raise ClientException(f"The local AWS knows no such dependency: {json.dumps(dependency)}")

    def make(array: dict[str, Any], **more: Any) -> LocalJob:
        return LocalJob(
            job_name, definition, queue_, backend, log_backend=backend.logs_backend, all_jobs=backend._jobs,
            array_properties=array, **named, **more,
        )  # fmt: skip

    job = make(array_properties)
    size = int(array_properties.get("size", 0))
    job._child_jobs = [make({"index": index}, provided_job_id=f"{job.job_id}:{index}") for index in range(size)]
    for child in job._child_jobs:
        child.array_size = size
        # A queue's list shows the array; its children are listed by the array's id.
        queue_.jobs.remove(child)
    for each in (job, *job._child_jobs):
        backend._jobs[each.job_id] = each
    return job


def install(desk: Desk) -> Scheduler:
    """Mends moto's Batch and answers the scheduler."""
    scheduler = Scheduler(desk)
    submitting = threading.Lock()

    def submit_job(backend: models.BatchBackend, *arguments: Any, **named: Any) -> tuple[str, str, str]:
        # moto's own starts a Docker container and drops the retry strategy of the request.
        named["retry_strategy"] = (request.get_json(force=True, silent=True) or {}).get("retryStrategy")
        with submitting:
            job = submit(backend, *arguments, **named)
        scheduler.add(job)
        return job.job_name, job.job_id, job.arn

    def describe_jobs(backend: models.BatchBackend, jobs: list[str] | None) -> list[dict[str, Any]]:
        # moto walks through all jobs, and fails when one is submitted meanwhile.
        known = backend._jobs
        return [known[each].describe() for each in (name.rsplit("/", 1)[-1] for name in jobs or []) if each in known]

    def terminate(job: LocalJob, reason: str) -> None:
        scheduler.stop(job, reason)

    list_all = models.BatchBackend.list_jobs

    def list_jobs(
        backend: models.BatchBackend, job_queue_name: str | None, array_job_id: str | None,
        job_status: str | None = None, filters: list[dict[str, Any]] | None = None,
    ) -> list[models.Job]:  # fmt: skip
        # moto lists jobs in every state where none is asked for; AWS lists those that run.
        status = job_status or (None if filters else JobStatus.RUNNING.value)
        return list_all(backend, job_queue_name, array_job_id, status, filters)

    models.BatchBackend.submit_job = submit_job
    models.BatchBackend.describe_jobs = describe_jobs
    models.BatchBackend.list_jobs = list_jobs
    LocalJob.terminate = terminate
    return scheduler
