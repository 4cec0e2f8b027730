"""The HTTP server: moto's application, behind the faults, beside the admin API under `/_local/`."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from .batch import Scheduler
from .calls import Calls
from .damage import rot
from .faults import Faults, expire_visibility
from .memory import forget
from .settings import HOST
from .sns import Mailbox

LOG = logging.getLogger(__name__)

PREFIX = "/_local/"


class Handler(MotoRequestHandler):
    """moto's handler without a line for every request."""

    # A connection is kept open, which the SDKs expect; werkzeug's default closes it after every answer.
    protocol_version = "HTTP/1.1"

    def log_request(self, *arguments: Any) -> None:
        """Says nothing."""


class Admin:
    """The admin API: what tests ask of the local AWS and could not ask of AWS."""

    def __init__(self, mailbox: Mailbox, scheduler: Scheduler, faults: Faults, calls: Calls) -> None:
        self._mailbox = mailbox
        self._scheduler = scheduler
        self._faults = faults
        self._calls = calls

    def answer(self, what: str, body: Any) -> Any:
        """Answers a request; `body` is None for a GET. Raises LookupError for an unknown path, others for bad input."""
        if what == "health":
            return {"status": "ok"}
        if what == "mail":
            return self._mailbox.listing()
        if what == "calls":
            return self._calls.listing()
        if what == "faults":
            if body is not None:
                self._faults.set(body)
            return self._faults.listing()
        if what == "sqs-duplicates":
            return self._faults.duplicate(None if body is None else float(body["p"]))
        if what == "sqs-expire":
            return {"messages": expire_visibility((body or {})["queue"])}
        if what == "forget":
            return forget(self._scheduler)
        if what == "rot":
            return {"byte": rot(body["bucket"], body["key"], body.get("at", 0.5))}
        if what == "kill":
            return self._faults.kill(body or {})
        raise LookupError(f"the local AWS has no {PREFIX}{what}")

    def beside(self, application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
        """The application, with the admin API in front of it."""

        def call(request: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
            if not request["PATH_INFO"].startswith(PREFIX):
                return application(request, start)
            status, answer = self._handle(request)
            body = json.dumps(answer).encode()
            start(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
            return [body]

        return call

    def _handle(self, request: dict[str, Any]) -> tuple[str, Any]:
        length = int(request.get("CONTENT_LENGTH") or 0)
        raw = request["wsgi.input"].read(length) if length else b""
        try:
            body = json.loads(raw) if raw else None
            return "200 OK", self.answer(request["PATH_INFO"].removeprefix(PREFIX), body)
        except Exception as error:
            LOG.warning("%s: %r", request["PATH_INFO"], error)
            return "400 Bad Request", {"error": f"{type(error).__name__}: {error}"}


def serve(listener: socket.socket, admin: Admin, faults: Faults, calls: Calls) -> BaseWSGIServer:
    """A server on a socket that listens already."""
    application = admin.beside(calls.before(faults.before(DomainDispatcherApplication(create_backend_app))))
    port = listener.getsockname()[1]
    return make_server(HOST, port, application, threaded=True, request_handler=Handler, fd=listener.fileno())
