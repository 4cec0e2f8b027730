"""Faults on demand: requests that fail or are slow, messages delivered twice, jobs whose host is taken away."""

from __future__ import annotations

import json
import random
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from moto.sqs.models import SQSBackend, sqs_backends

from .batch import Scheduler
from .batch_process import Ending
from .children import kill_group
from .settings import ACCOUNT, REGION

SERVICE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/")


@dataclass
class Fault:
    """Which requests go wrong, how often, and how: with `status` they fail, with `latency_ms` they are slow.

    `service` is the name that requests are signed for (s3, sqs, sns, states, batch, lambda, logs), `method` the HTTP
    method, `path` a regular expression searched in the path, `target` a part of the operation's name (SendMessage;
    the JSON services only). The fault strikes `count` times at most, each time with probability `p`.
    """

    service: str = ""
    method: str = ""
    path: str = ""
    target: str = ""
    status: int | None = None
    code: str = "InternalError"
    latency_ms: float = 0
    count: int = 1
    p: float = 1.0
    hits: int = 0

    def matches(self, request: dict[str, Any]) -> bool:
        """Whether the fault is about this WSGI request."""
        return (
            self.count > 0
            and self.service in ("", signed_for(request))
            and self.method in ("", request["REQUEST_METHOD"])
            and re.search(self.path, request["PATH_INFO"]) is not None
            and self.target in request.get("HTTP_X_AMZ_TARGET", "")
        )


class Faults:
    """The faults that are set, applied in front of an application."""

    def __init__(self, scheduler: Scheduler, seed: int = 0) -> None:
        self._scheduler = scheduler
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        # Seeded, so that a test that fails can be run again.
        self._random = random.Random(seed)
        self._duplicates = 0.0

    def set(self, faults: list[dict[str, Any]]) -> None:
        """Replaces all faults; raises TypeError for a field that Fault does not have."""
        fresh = [Fault(**each) for each in faults]
        with self._lock:
            self._faults = fresh

    def listing(self) -> list[dict[str, Any]]:
        """The faults with the number of times that each struck and still may."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def duplicate(self, probability: float | None) -> dict[str, float]:
        """Sets how probably a message to SQS arrives twice; None only asks."""
        if probability is not None:
            self._duplicates = probability
        return {"p": self._duplicates}

    def kill(self, wish: dict[str, Any]) -> list[str]:
        """Takes the host away from running jobs, by default as Spot does; answers their ids.

        `job` is a regular expression searched in "<name> <id>", `n` how many at most; with `warn` the process gets
        SIGTERM instead of SIGKILL. `statusReason`, `reason` and `exitCode` are what AWS then says, which decides
        whether the job is retried.
        """
        found = [
            job for job in self._scheduler.running() if re.search(wish.get("job", ""), f"{job.job_name} {job.job_id}")
        ]
        reason = wish.get("statusReason", "Host EC2 (instance i-0123456789abcdef0) terminated.")
        killed = []
        for job in found[: wish.get("n", len(found))]:
            attempt = job.attempt
            process = attempt.tell(Ending(wish.get("exitCode"), reason, wish.get("reason"))) if attempt else None
            if process:
                if wish.get("warn"):
                    process.terminate()
                else:
                    kill_group(process)
                killed.append(job.job_id)
        return killed

    def before(self, application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
        """The application, behind the faults."""

        def behind(request: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
            fault = self._strike(request)
            if fault and fault.latency_ms:
                time.sleep(fault.latency_ms / 1000)
            if fault and fault.status:
                return fail(fault, request, start)
            return application(request, start)

        return behind

    def install(self) -> None:
        """Lets messages to SQS arrive twice, which AWS allows itself and moto never does."""
        send = SQSBackend.send_message

        def send_perhaps_twice(backend: SQSBackend, *arguments: Any, **named: Any) -> Any:
            message = send(backend, *arguments, **named)
            if self._duplicates and self._random.random() < self._duplicates:
                send(backend, *arguments, **named)
            return message

        SQSBackend.send_message = send_perhaps_twice

    def _strike(self, request: dict[str, Any]) -> Fault | None:
        with self._lock:
            for fault in self._faults:
                if fault.matches(request) and self._random.random() < fault.p:
                    fault.count -= 1
                    fault.hits += 1
                    return fault
        return None


def signed_for(request: dict[str, Any]) -> str:
    """The service that a request's signature names."""
    found = SERVICE.search(request.get("HTTP_AUTHORIZATION", ""))
    return found.group(1) if found else ""


def fail(fault: Fault, request: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Answers with the fault, in the words of the service's protocol."""
    # The body is not read; an answer before its end needs a new connection.
    identifier = uuid.uuid4().hex
    headers = [("x-amzn-errortype", fault.code), ("Connection", "close")]
    headers += [("x-amz-request-id", identifier), ("x-amzn-requestid", identifier)]
    service = signed_for(request)
    if service == "s3":
        body = f"<Error><Code>{fault.code}</Code><Message>injected</Message><RequestId>{identifier}</RequestId></Error>"
    elif service == "sns":
        body = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{fault.code}</Code><Message>injected</Message></Error>"
            f"<RequestId>{identifier}</RequestId></ErrorResponse>"
        )
    else:
        body = json.dumps({"__type": fault.code, "message": "injected"})
    kind = "application/xml" if body.startswith("<") else "application/json"
    start(f"{fault.status} Injected", [("Content-Type", kind), ("Content-Length", str(len(body))), *headers])
    return [body.encode()]


def expire_visibility(queue: str) -> int:
    """Lets the visibility timeout of every message in flight in a queue run out now; answers how many there were."""
    backend = sqs_backends[ACCOUNT][REGION]
    in_flight = [message for message in backend.get_queue(queue)._messages if not message.visible]
    for message in in_flight:
        backend.change_message_visibility(queue, message.receipt_handle, 0)
    return len(in_flight)
