"""Requests that break off, wait or lie, and bytes that rot."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    FlexibleChecksumError,
    IncompleteReadError,
    ResponseStreamingError,
)
from conftest import LocalAws, until

BODY = bytes(range(256)) * 1024


@pytest.fixture
def s3(aws: LocalAws) -> Any:
    return aws.client("s3")


@pytest.fixture
def bucket(aws: LocalAws, s3: Any) -> str:
    name = aws.bucket()
    s3.put_object(Bucket=name, Key="whole", Body=BODY, ChecksumAlgorithm="SHA256")
    return name


@pytest.fixture
def fault(aws: LocalAws) -> Iterator[Callable[..., None]]:
    yield lambda **fault: aws.admin("faults", [{"service": "s3", **fault}])
    aws.admin("faults", [])


def test_download_breaks_off_after_a_share_of_the_body(s3: Any, bucket: str, fault: Callable[..., None]):
    fault(method="GET", path="whole", cut=0.5)
    answer = s3.get_object(Bucket=bucket, Key="whole")
    assert answer["ContentLength"] == len(BODY)
    with pytest.raises((IncompleteReadError, ResponseStreamingError)):
        answer["Body"].read()
    assert s3.get_object(Bucket=bucket, Key="whole")["Body"].read() == BODY


def test_upload_that_breaks_off_was_never_made(s3: Any, bucket: str, fault: Callable[..., None]):
    fault(method="PUT", path="half", cut=0.5)
    with pytest.raises(ConnectionClosedError):
        s3.put_object(Bucket=bucket, Key="half", Body=BODY)
    assert keys(s3, bucket) == ["whole"]


def test_lost_answer_is_that_of_a_request_that_was_done(s3: Any, bucket: str, fault: Callable[..., None]):
    fault(method="PUT", path="lost", lost=True)
    with pytest.raises(ConnectionClosedError):
        s3.put_object(Bucket=bucket, Key="lost", Body=BODY)
    assert keys(s3, bucket) == ["lost", "whole"]


def test_bit_that_changes_on_the_way_is_found_by_the_checksum(s3: Any, bucket: str, fault: Callable[..., None]):
    fault(method="GET", path="whole", flip=0.5)
    with pytest.raises(FlexibleChecksumError):
        s3.get_object(Bucket=bucket, Key="whole", ChecksumMode="ENABLED")["Body"].read()
    assert s3.get_object(Bucket=bucket, Key="whole")["Body"].read() == BODY


def test_object_that_rots_keeps_its_etag(aws: LocalAws, s3: Any, bucket: str):
    before = s3.head_object(Bucket=bucket, Key="whole")
    assert aws.admin("rot", {"bucket": bucket, "key": "whole", "at": 0.25}) == {"byte": len(BODY) // 4}
    assert s3.head_object(Bucket=bucket, Key="whole")["ETag"] == before["ETag"]
    with pytest.raises(FlexibleChecksumError):
        s3.get_object(Bucket=bucket, Key="whole")["Body"].read()
    # No checksum is told of a range.
    halves = [f"bytes=0-{len(BODY) // 2 - 1}", f"bytes={len(BODY) // 2}-"]
    body = b"".join(s3.get_object(Bucket=bucket, Key="whole", Range=half)["Body"].read() for half in halves)
    changed = [at for at, (old, new) in enumerate(zip(BODY, body, strict=True)) if old != new]
    assert changed == [len(BODY) // 4]


def test_what_is_not_there_cannot_rot(aws: LocalAws, bucket: str):
    with pytest.raises(AssertionError, match="no byte to change"):
        aws.admin("rot", {"bucket": bucket, "key": "nothing"})


def test_requests_pass_before_a_fault_strikes(aws: LocalAws, s3: Any, bucket: str, fault: Callable[..., None]):
    fault(method="PUT", after=2, status=500)
    for name in ("1", "2"):
        s3.put_object(Bucket=bucket, Key=name, Body=b"")
    with pytest.raises(ClientError, match="InternalError"):
        s3.put_object(Bucket=bucket, Key="3", Body=b"")
    [told] = aws.admin("faults")
    assert (told["hits"], told["struck"]) == (1, [f"PUT /{bucket}/3"])


def test_fault_can_be_bound_to_a_role(s3: Any, bucket: str, fault: Callable[..., None]):
    fault(role="EtlRole", status=500)
    s3.put_object(Bucket=bucket, Key="1", Body=b"")


def test_fault_can_leave_ranges_alone(s3: Any, bucket: str, fault: Callable[..., None]):
    fault(method="GET", path="whole", whole=True, status=500)
    s3.get_object(Bucket=bucket, Key="whole", Range="bytes=0-9")
    with pytest.raises(ClientError, match="InternalError"):
        s3.get_object(Bucket=bucket, Key="whole")


def test_held_request_goes_on_when_faults_are_replaced(aws: LocalAws, s3: Any, bucket: str, fault: Callable[..., None]):
    fault(method="PUT", path="held", hold=True)
    put = threading.Thread(target=s3.put_object, kwargs={"Bucket": bucket, "Key": "held", "Body": b""})
    put.start()
    until(lambda: aws.admin("faults")[0]["hits"], "the request is held")
    assert keys(s3, bucket) == ["whole"]
    aws.admin("faults", [])
    put.join()
    assert keys(s3, bucket) == ["held", "whole"]


def keys(s3: Any, bucket: str) -> list[str]:
    """The keys of a bucket."""
    return [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
