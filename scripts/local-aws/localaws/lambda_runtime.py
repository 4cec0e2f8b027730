"""Lambda functions from container images: one warm process a function, speaking the Lambda Runtime API."""

from __future__ import annotations

import json
import logging
import queue
import subprocess
import threading
import time
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from moto.awslambda import models

from .calls import access_key
from .desk import Desk
from .images import NoCommandError
from .logs import LogStream
from .settings import HOST

LOG = logging.getLogger(__name__)

POLL_SECONDS = 0.02


@dataclass
class Invocation:
    """One event on its way through a function; `answer` gets the body and whether it is an error."""

    event: bytes
    deadline: float
    identifier: str = field(default_factory=lambda: str(uuid.uuid4()))
    answer: queue.SimpleQueue[tuple[bytes, bool]] = field(default_factory=queue.SimpleQueue)


class RuntimeApi:
    """The HTTP side of one process: hands it the next invocation and takes its answers."""

    def __init__(self, arn: str) -> None:
        self.arn = arn
        self._next: queue.SimpleQueue[Invocation] = queue.SimpleQueue()
        self._open: dict[str, Invocation] = {}
        self._server = ThreadingHTTPServer((HOST, 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, name=f"runtime-{arn}", daemon=True).start()

    @property
    def address(self) -> str:
        """What the process finds in AWS_LAMBDA_RUNTIME_API."""
        return f"{HOST}:{self._server.server_address[1]}"

    def offer(self, invocation: Invocation) -> None:
        """Puts an invocation where the process's next poll finds it."""
        self._open[invocation.identifier] = invocation
        self._next.put(invocation)

    def take(self) -> Invocation:
        """The next invocation, as soon as there is one."""
        return self._next.get()

    def settle(self, identifier: str, body: bytes, failed: bool) -> bool:
        """Gives an answer to whoever waits for it; False where nobody does."""
        invocation = self._open.pop(identifier, None)
        if invocation:
            invocation.answer.put((body, failed))
        return invocation is not None

    def close(self) -> None:
        """Ends the server."""
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments: Any) -> None:
                pass

            def do_GET(self) -> None:
                invocation = api.take()
                headers = {
                    "Lambda-Runtime-Aws-Request-Id": invocation.identifier,
                    "Lambda-Runtime-Deadline-Ms": str(int(invocation.deadline * 1000)),
                    "Lambda-Runtime-Invoked-Function-Arn": api.arn,
                    "Lambda-Runtime-Trace-Id": f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]}",
                }
                self.reply(200, invocation.event, headers)

            def do_POST(self) -> None:
                body, parts = self.body(), self.path.strip("/").split("/")
                # /2018-06-01/runtime/invocation/<id>/response, .../error, or /2018-06-01/runtime/init/error
                if parts[2] == "invocation" and not api.settle(parts[3], body, parts[4] == "error"):
                    self.reply(400, b'{"errorType":"InvalidRequestID"}', {})
                    return
                self.reply(202, b'{"status":"OK"}', {})

            def body(self) -> bytes:
                if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                    return self.rfile.read(int(self.headers.get("Content-Length") or 0))
                chunks = []
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    chunks.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(chunks)

            def reply(self, code: int, body: bytes, headers: dict[str, str]) -> None:
                self.send_response(code)
                for name, value in (headers | {"Content-Type": "application/json"}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Handler


class Sandbox:
    """The process of one function; it is started when it is needed and kept until it fails."""

    def __init__(self, desk: Desk, function: models.LambdaFunction) -> None:
        self._desk, self._function = desk, function
        self._one_at_a_time = threading.Lock()
        self._api: RuntimeApi | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._stream: LogStream | None = None

    def invoke(self, event: bytes) -> tuple[bytes, bool]:
        """The function's answer to an event, and whether it is an error."""
        with self._one_at_a_time:
            try:
                self._warm_up()
            except (NoCommandError, OSError) as error:
                LOG.error("function %s: %s", self._function.function_name, error)
                return problem("Runtime.InvalidEntrypoint", str(error)), True
            invocation = Invocation(event, time.time() + int(self._function.timeout or 3))
            self._api.offer(invocation)
            try:
                return self._await(invocation)
            finally:
                self._stream.ship(final=True)

    def close(self) -> None:
        """Ends the process; the next invocation starts a fresh one."""
        if self._process:
            self._desk.children.end(self._process)
            self._api.close()
        self._process = None

    def _await(self, invocation: Invocation) -> tuple[bytes, bool]:
        while True:
            try:
                return invocation.answer.get(timeout=POLL_SECONDS)
            except queue.Empty:
                if self._process.poll() is not None:
                    code = self._process.returncode
                    self.close()
                    return problem("Runtime.ExitError", f"Runtime exited with error: exit status {code}"), True
                if time.time() > invocation.deadline:
                    self.close()
                    seconds = f"{int(self._function.timeout or 3)}.00"
                    return problem("Sandbox.Timedout", f"Task timed out after {seconds} seconds"), True

    def _warm_up(self) -> None:
        if self._process and self._process.poll() is None:
            return
        self.close()
        function = self._function
        command = self._desk.images.command(function.code["ImageUri"])
        folder = self._desk.settings.state / "lambda"
        log = folder / f"{function.function_name}.log"
        log.touch()
        self._api = RuntimeApi(function.function_arn)
        environment = self._desk.environment(
            access_key(function.role)
            | function.environment_vars
            | {
                "AWS_LAMBDA_RUNTIME_API": self._api.address,
                "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": function.memory_size,
                "AWS_LAMBDA_LOG_GROUP_NAME": function.logs_group_name,
                "AWS_LAMBDA_LOG_STREAM_NAME": "local",
                "AWS_EXECUTION_ENV": "AWS_Lambda_Image",
                "LAMBDA_TASK_ROOT": folder,
            }
        )
        self._stream = LogStream(function.logs_group_name, f"local/[$LATEST]{uuid.uuid4().hex}", log)
        self._process = self._desk.children.start(command, environment, folder, log)


def problem(kind: str, message: str) -> bytes:
    """An error as Lambda words it."""
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


def install(desk: Desk) -> None:
    """Makes moto's functions from images run; moto has no way to invoke them."""
    sandboxes: dict[str, tuple[str, Sandbox]] = {}
    lock = threading.Lock()
    invoke = models.LambdaFunction._invoke_lambda

    def invoke_image(function: models.LambdaFunction, event: Any = None) -> tuple[str, bool, str]:
        if "ImageUri" not in function.code:
            return invoke(function, event)
        configuration = json.dumps([function.code["ImageUri"], function.environment_vars, function.timeout])
        with lock:
            known, sandbox = sandboxes.get(function.function_arn, (None, None))
            if known != configuration:
                # An update of the function replaces its warm process.
                if sandbox:
                    sandbox.close()
                sandbox = Sandbox(desk, function)
                sandboxes[function.function_arn] = (configuration, sandbox)
        body, failed = sandbox.invoke(event.encode() if isinstance(event, str) else json.dumps(event or {}).encode())
        return body.decode() or "null", failed, ""

    models.LambdaFunction._invoke_lambda = invoke_image
