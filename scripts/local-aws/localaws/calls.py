"""Who called what: every request of a job or a function, by the role that it would have on AWS."""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Callable, Iterable
from typing import Any

from .settings import ACCESS_KEY

SIGNED = re.compile(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/")
# A request is looked at as far as this; what is larger is an object, not a question.
LONGEST_QUESTION = 65_536


def access_key(role: str) -> dict[str, str]:
    """The variable that makes a process sign as its role; of no role, nothing."""
    return {"AWS_ACCESS_KEY_ID": role.rsplit("/", 1)[-1]} if role else {}


class Calls:
    """The requests of roles, each kind once, in front of an application."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, dict[str, Any]] = {}

    def listing(self) -> list[dict[str, Any]]:
        """The requests in order: role, service, method, path, query, operation, body, headers of encryption, status."""
        with self._lock:
            return list(self._seen.values())

    def before(self, application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
        """The application, with a note of each request."""

        def noting(request: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
            signed = SIGNED.search(request.get("HTTP_AUTHORIZATION", ""))
            if not signed or signed[1] == ACCESS_KEY:
                return application(request, start)
            told = note(signed[1], signed[2], request)

            def started(status: str, *arguments: Any) -> Any:
                self._keep(told | {"status": int(status.split(maxsplit=1)[0])})
                return start(status, *arguments)

            return application(request, started)

        return noting

    def _keep(self, told: dict[str, Any]) -> None:
        with self._lock:
            self._seen.setdefault(json.dumps(told, sort_keys=True), told)


def note(role: str, service: str, request: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a request."""
    return {
        "role": role,
        "service": service,
        "method": request["REQUEST_METHOD"],
        "path": request["PATH_INFO"],
        "query": request.get("QUERY_STRING", ""),
        "operation": request.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2],
        "body": "" if service == "s3" else question(request),
        "headers": {name: value for name, value in request.items() if "SERVER_SIDE_ENCRYPTION" in name},
    }


def question(request: dict[str, Any]) -> str:
    """The body of a small request, which stays to be read."""
    length = int(request.get("CONTENT_LENGTH") or 0)
    if not 0 < length <= LONGEST_QUESTION:
        return ""
    body = request["wsgi.input"].read(length)
    request["wsgi.input"] = io.BytesIO(body)
    return body.decode(errors="replace")
