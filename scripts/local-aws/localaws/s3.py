"""S3: event notifications with all the fields that AWS sends."""

from __future__ import annotations

import functools
import itertools
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

from moto.core.utils import iso_8601_datetime_with_milliseconds
from moto.s3 import models, notifications
from moto.s3.exceptions import S3ClientError
from moto.s3.responses import S3Response
from moto.s3.utils import compute_checksum

from .settings import ACCOUNT

COUNTER = itertools.count(1)
# CRC32C and CRC64NVME need libraries that are not installed here.
COMPARED_CHECKSUMS = ("SHA256", "SHA1", "CRC32")


class BadDigestError(S3ClientError):
    """A body that does not have the checksum that came with it."""

    code = "BadDigest"

    def __init__(self, algorithm: str) -> None:
        super().__init__(f"The {algorithm} you specified did not match the calculated checksum.")


def sequencer() -> str:
    """Grows with every event, in hexadecimal digits, as S3's does for the events of one key."""
    return f"{int(time.time()):08X}{next(COUNTER):010X}"


def event(event_name: str, bucket: models.FakeBucket, key: models.FakeKey, notification: str) -> dict[str, Any]:
    """An event as in AWS's documentation of the notification's content."""
    described: dict[str, Any] = {
        # AWS leaves slashes as they are.
        "key": quote_plus(key.name, safe="/"),
        "size": key.size,
        "eTag": key.etag.replace('"', ""),
        "sequencer": sequencer(),
    }
    if bucket.versioning_status in ("Enabled", "Suspended"):
        described["versionId"] = key.version_id
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": bucket.region_name,
        "eventTime": iso_8601_datetime_with_milliseconds(),
        "eventName": event_name.removeprefix("s3:"),
        "userIdentity": {"principalId": f"AWS:{ACCOUNT}"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": uuid.uuid4().hex[:16].upper(), "x-amz-id-2": uuid.uuid4().hex},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": notification,
            "bucket": {"name": bucket.name, "ownerIdentity": {"principalId": ACCOUNT}, "arn": bucket.arn},
            "object": described,
        },
    }
    return {"Records": [record]}


def install() -> None:
    """Mends moto's S3."""
    mend_events()
    mend_races()
    mend_checksums()


def mend_events() -> None:
    """moto's events lack version, sequencer and more, encode a key's slashes, and tell a multipart upload twice."""
    send, complete = notifications.send_event, models.S3Backend.complete_multipart_upload
    completing = threading.local()

    def send_once(account: str, name: notifications.S3NotificationEvent, bucket: Any, key: Any) -> None:
        is_put = name == notifications.S3NotificationEvent.OBJECT_CREATED_PUT_EVENT
        if not (is_put and getattr(completing, "now", False)):
            send(account, name, bucket, key)

    def complete_and_tell_once(backend: models.S3Backend, *arguments: Any, **named: Any) -> Any:
        completing.now = True
        try:
            return complete(backend, *arguments, **named)
        finally:
            completing.now = False

    notifications._get_s3_event = event
    notifications.send_event = send_once
    models.S3Backend.complete_multipart_upload = complete_and_tell_once


def mend_races() -> None:
    """moto looks at a condition and then writes: of two requests at once, both may create the same object."""
    locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
    guard = threading.Lock()

    def one_at_a_time(method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def locked(response: S3Response, *arguments: Any, **named: Any) -> Any:
            if "partNumber" in response.querystring:
                return method(response, *arguments, **named)
            with guard:
                lock = locks[f"{response.bucket_name}/{response.parse_key_name()}"]
            with lock:
                return method(response, *arguments, **named)

        return locked

    for name in ("_key_response_put", "_key_response_post", "_key_response_delete"):
        setattr(S3Response, name, one_at_a_time(getattr(S3Response, name)))


def mend_checksums() -> None:
    """moto keeps the checksum that comes in a header, and does not compare it with the body."""
    get = S3Response._get_checksum

    def get_and_compare(response: S3Response, headers: dict[str, Any]) -> tuple[str, str | None]:
        for algorithm in COMPARED_CHECKSUMS:
            told = response.headers.get(f"x-amz-checksum-{algorithm.lower()}")
            if told and told != compute_checksum(response.body or b"", algorithm).decode():
                raise BadDigestError(algorithm)
        return get(response, headers)

    S3Response._get_checksum = get_and_compare
