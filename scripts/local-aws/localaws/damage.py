"""What networks and disks do: connections that end too early, bytes that change."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from typing import Any

from moto.s3.models import s3_backends

from .settings import ACCOUNT

Application = Callable[..., Iterable[bytes]]


def cut(share: float, application: Application, request: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Cuts the connection after a share of the body: of the request's where it has one, else of the answer's."""
    length = int(request.get("CONTENT_LENGTH") or 0)
    if length:
        # The application never learns of the request, as a service that got half of it.
        request["wsgi.input"].read(int(length * share))
        hang_up(request)
    body = b"".join(application(request, start))
    if not body:
        hang_up(request)
    return part(body[: int(len(body) * share)], request)


def part(body: bytes, request: dict[str, Any]) -> Iterable[bytes]:
    """The start of an answer, after which nothing comes."""
    yield body
    hang_up(request)


def lose(application: Application, request: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Does what is asked, and never answers."""
    for _ in application(request, start):
        pass
    hang_up(request)
    return []


def flip(share: float, application: Application, request: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Answers with one bit changed, at a share of the body; its checksums stay."""
    return [flipped(b"".join(application(request, start)), share)]


def rot(bucket: str, key: str, share: float) -> int:
    """Changes one bit of a stored object, whose ETag and checksums stay; answers at which byte."""
    found = s3_backends[ACCOUNT]["aws"].get_object(bucket, key)
    if found is None or not found.size:
        raise LookupError(f"s3://{bucket}/{key} has no byte to change")
    # moto reckons an ETag when it is first asked for.
    assert found.etag
    found.value = flipped(found.value, share)
    return place(found.value, share)


def flipped(body: bytes, share: float) -> bytes:
    """Bytes of which one has another bit; none stay none."""
    if not body:
        return body
    at = place(body, share)
    return body[:at] + bytes([body[at] ^ 0x04]) + body[at + 1 :]


def place(body: bytes, share: float) -> int:
    """The byte at a share of a body."""
    return min(int(len(body) * share), len(body) - 1)


def hang_up(request: dict[str, Any]) -> None:
    """Ends the connection. The server takes the error for a client that is gone, and says no more."""
    connection: socket.socket = request["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError("cut by a fault")
