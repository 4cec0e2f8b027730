"""Faults on demand: requests that fail, wait or break off, messages delivered twice, jobs whose host is taken away."""

from __future__ import annotations

import json
import random
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from moto.sqs.models import SQSBackend, sqs_backends

from . import damage
from .batch import Scheduler
from .batch_process import Ending
from .children import kill_group
from .settings import ACCOUNT, REGION

SIGNED = re.compile(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/")
# Whoever holds a request and never lets go has gone.
HOLD_SECONDS = 60
STRUCK_KEPT = 20


@dataclass
class Fault:
    """Which requests go wrong, how often, and how.

    `service` is the name that requests are signed for (s3, sqs, sns, states, batch, lambda, logs), `role` a part of the
    name of the role that signs (EtlRole), `method` the HTTP method, `path` a regular expression searched in the path,
    `target` a part of the operation's name (SendMessage; the JSON services only); `whole` leaves out requests for a
    range of an object. The fault lets `after` requests pass, then strikes `count` times at most, each time with
    probability `p`.

    With `status` requests fail, with `latency_ms` they are slow, with `hold` they wait until the faults are replaced.
    `cut` is the share of the body, of the request's or else of the answer's, after which the connection ends; with
    `lost` the request is done and never answered; `flip` is the share of the answer's body at which a bit is changed.
    """

    service: str = ""
    role: str = ""
    method: str = ""
    path: str = ""
    target: str = ""
    whole: bool = False
    status: int | None = None
    code: str = "InternalError"
    latency_ms: float = 0
    hold: bool = False
    cut: float | None = None
    lost: bool = False
    flip: float | None = None
    after: int = 0
    count: int = 1
    p: float = 1.0
    hits: int = 0
    struck: list[str] = field(default_factory=list)

    def matches(self, request: dict[str, Any]) -> bool:
        """Whether the fault is about this WSGI request."""
        role, service = signature(request)
        return (
            self.count > 0
            and self.service in ("", service)
            and self.role in role
            and self.method in ("", request["REQUEST_METHOD"])
            and re.search(self.path, request["PATH_INFO"]) is not None
            and self.target in request.get("HTTP_X_AMZ_TARGET", "")
            and not (self.whole and "HTTP_RANGE" in request)
        )


class Faults:
    """The faults that are set, applied in front of an application."""

    def __init__(self, scheduler: Scheduler, seed: int = 0) -> None:
        self._scheduler = scheduler
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._replaced = threading.Event()
        # Seeded, so that a test that fails can be run again.
        self._random = random.Random(seed)
        self._duplicates = 0.0

    def set(self, faults: list[dict[str, Any]]) -> None:
        """Replaces all faults; raises TypeError for a field that Fault does not have."""
        fresh = [Fault(**each) for each in faults]
        with self._lock:
            self._faults = fresh
            self._replaced.set()
            self._replaced = threading.Event()

    def listing(self) -> list[dict[str, Any]]:
        """The faults: how often each struck and still may, and the first requests that it struck."""
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
        whether the job is retried; with a `statusReason` of null it says what the process itself ended with, as if
        something inside the container had sent the signal.
        """
        found = [
            job for job in self._scheduler.running() if re.search(wish.get("job", ""), f"{job.job_name} {job.job_id}")
        ]
        reason = wish.get("statusReason", "Host EC2 (instance i-0123456789abcdef0) terminated.")
        ending = None if reason is None else Ending(wish.get("exitCode"), reason, wish.get("reason"))
        killed = []
        for job in found[: wish.get("n", len(found))]:
            attempt = job.attempt
            process = attempt.tell(ending) if attempt else None
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
            with self._lock:
                fault, replaced = self._strike(request), self._replaced
            if fault is None:
                return application(request, start)
            time.sleep(fault.latency_ms / 1000)
            if fault.hold:
                replaced.wait(HOLD_SECONDS)
            if fault.status:
                return fail(fault, request, start)
            if fault.cut is not None:
                return damage.cut(fault.cut, application, request, start)
            if fault.lost:
                return damage.lose(application, request, start)
            if fault.flip is not None:
                return damage.flip(fault.flip, application, request, start)
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
        for fault in self._faults:
            if not fault.matches(request):
                continue
            if fault.after:
                fault.after -= 1
            elif self._random.random() < fault.p:
                fault.count -= 1
                fault.hits += 1
                if len(fault.struck) < STRUCK_KEPT:
                    fault.struck.append(told(request))
                return fault
        return None


def signature(request: dict[str, Any]) -> tuple[str, str]:
    """The role and the service that a request's signature names."""
    found = SIGNED.search(request.get("HTTP_AUTHORIZATION", ""))
    return (found[1], found[2]) if found else ("", "")


def told(request: dict[str, Any]) -> str:
    """A request in a few words: method, path, and the range of the object that it is for."""
    return " ".join(filter(None, (request["REQUEST_METHOD"], request["PATH_INFO"], request.get("HTTP_RANGE"))))


def fail(fault: Fault, request: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Answers with the fault, in the words of the service's protocol."""
    # The body is not read; an answer before its end needs a new connection.
    identifier = uuid.uuid4().hex
    headers = [("x-amzn-errortype", fault.code), ("Connection", "close")]
    headers += [("x-amz-request-id", identifier), ("x-amzn-requestid", identifier)]
    _, service = signature(request)
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
