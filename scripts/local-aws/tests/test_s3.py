"""S3: events as AWS sends them, and the conditional requests on which claims and pointers rest."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import zlib
from typing import Any

import pytest
from botocore.exceptions import ClientError
from conftest import LocalAws, unique, until


@pytest.fixture
def versioned(aws: LocalAws) -> str:
    name = aws.bucket()
    aws.client("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def refused(call: Any, **named: Any) -> tuple[int, str]:
    """The status and the code with which a call is refused."""
    with pytest.raises(ClientError) as error:
        call(**named)
    response = error.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def listen(aws: LocalAws, bucket: str) -> str:
    """The URL of a queue that gets the bucket's events under `incoming/`, after S3's test event."""
    sqs, url = aws.client("sqs"), aws.queue()
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rules = [{"Name": "prefix", "Value": "incoming/"}]
    configuration = {
        "QueueConfigurations": [
            {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"], "Filter": {"Key": {"FilterRules": rules}}}
        ]
    }
    aws.client("s3").put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)
    assert receive(aws, url)["Event"] == "s3:TestEvent"
    return url


def receive(aws: LocalAws, url: str) -> dict[str, Any]:
    """The body of the next message, which is deleted."""
    sqs = aws.client("sqs")
    message = until(lambda: sqs.receive_message(QueueUrl=url).get("Messages"), "a message arrives")[0]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return json.loads(message["Body"])


def test_event_names_key_version_etag_size_and_order(aws: LocalAws, versioned: str):
    url, s3 = listen(aws, versioned), aws.client("s3")
    s3.put_object(Bucket=versioned, Key="elsewhere/x.csv", Body=b"no event")
    first = s3.put_object(Bucket=versioned, Key="incoming/a b+c.csv", Body=b"text")
    record = receive(aws, url)["Records"][0]
    assert (record["eventSource"], record["eventName"]) == ("aws:s3", "ObjectCreated:Put")
    assert record["s3"]["bucket"]["name"] == versioned
    told = record["s3"]["object"]
    assert told["key"] == "incoming/a+b%2Bc.csv"
    assert (told["size"], told["versionId"], f'"{told["eTag"]}"') == (4, first["VersionId"], first["ETag"])
    second = s3.put_object(Bucket=versioned, Key="incoming/a b+c.csv", Body=b"other text")
    later = receive(aws, url)["Records"][0]["s3"]["object"]
    assert later["versionId"] == second["VersionId"] != first["VersionId"]
    assert int(later["sequencer"], 16) > int(told["sequencer"], 16)


def test_event_of_a_bucket_without_versions_names_none(aws: LocalAws):
    bucket = aws.bucket()
    url = listen(aws, bucket)
    aws.client("s3").put_object(Bucket=bucket, Key="incoming/x", Body=b"text")
    assert "versionId" not in receive(aws, url)["Records"][0]["s3"]["object"]


def test_multipart_upload_is_one_event_with_the_whole_size(aws: LocalAws, versioned: str):
    url, s3 = listen(aws, versioned), aws.client("s3")
    where = {"Bucket": versioned, "Key": "incoming/big"}
    upload = s3.create_multipart_upload(**where)["UploadId"]
    parts = [
        {"PartNumber": n, "ETag": s3.upload_part(**where, UploadId=upload, PartNumber=n, Body=body)["ETag"]}
        for n, body in ((1, b"x" * 5 * 1024 * 1024), (2, b"y"))
    ]
    done = s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": parts})
    record = receive(aws, url)["Records"][0]
    assert record["eventName"] == "ObjectCreated:CompleteMultipartUpload"
    assert record["s3"]["object"]["size"] == 5 * 1024 * 1024 + 1
    assert record["s3"]["object"]["versionId"] == done["VersionId"]
    assert record["s3"]["object"]["eTag"].endswith("-2")


def test_create_only_put_is_taken_once(aws: LocalAws):
    s3, where = aws.client("s3"), {"Bucket": aws.bucket(), "Key": "claim"}
    s3.put_object(**where, Body=b"mine", IfNoneMatch="*")
    assert refused(s3.put_object, **where, Body=b"yours", IfNoneMatch="*") == (412, "PreconditionFailed")
    assert s3.get_object(**where)["Body"].read() == b"mine"


def test_of_many_creations_at_once_one_wins(aws: LocalAws):
    bucket, body = aws.bucket(), bytes(2 * 1024 * 1024)
    address = aws.environment["AWS_ENDPOINT_URL"].removeprefix("http://")
    head = {
        "Authorization": "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/s3/aws4_request, Signature=0",
        "Content-Length": str(len(body)),
        "If-None-Match": "*",
        "x-amz-sdk-checksum-algorithm": "SHA256",
        "x-amz-checksum-sha256": base64.b64encode(hashlib.sha256(body).digest()).decode(),
    }
    for key in range(4):
        connections = [http.client.HTTPConnection(address) for _ in range(6)]
        for connection in connections:
            connection.putrequest("PUT", f"/{bucket}/claim-{key}")
            for name, value in head.items():
                connection.putheader(name, value)
            connection.endheaders(body[:-1])
        # With the last byte every request is whole, and all of them at the same moment.
        for connection in connections:
            connection.send(body[-1:])
        assert sorted(connection.getresponse().status for connection in connections) == [200] + 5 * [412]


def test_deleted_object_can_be_created_again(aws: LocalAws, versioned: str):
    s3, where = aws.client("s3"), {"Bucket": versioned, "Key": "claim"}
    s3.put_object(**where, Body=b"mine", IfNoneMatch="*")
    s3.delete_object(**where)
    s3.put_object(**where, Body=b"yours", IfNoneMatch="*")


def test_swap_needs_the_tag_of_what_is_there(aws: LocalAws):
    s3, where = aws.client("s3"), {"Bucket": aws.bucket(), "Key": "latest.json"}
    old = s3.put_object(**where, Body=b"1")["ETag"]
    s3.put_object(**where, Body=b"2", IfMatch=old)
    assert refused(s3.put_object, **where, Body=b"3", IfMatch=old) == (412, "PreconditionFailed")
    assert s3.get_object(**where)["Body"].read() == b"2"


def test_swap_of_what_is_not_there_is_not_found(aws: LocalAws):
    s3, bucket = aws.client("s3"), aws.bucket()
    assert refused(s3.put_object, Bucket=bucket, Key="nothing", Body=b"1", IfMatch='"0"') == (404, "NoSuchKey")


def test_create_only_multipart_upload_is_taken_once(aws: LocalAws):
    s3, where = aws.client("s3"), {"Bucket": aws.bucket(), "Key": "part-00000.parquet"}
    upload = s3.create_multipart_upload(**where)["UploadId"]
    part = s3.upload_part(**where, UploadId=upload, PartNumber=1, Body=b"mine")["ETag"]
    s3.put_object(**where, Body=b"first")
    complete = {"UploadId": upload, "MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": part}]}, "IfNoneMatch": "*"}
    assert refused(s3.complete_multipart_upload, **where, **complete) == (412, "PreconditionFailed")
    assert s3.get_object(**where)["Body"].read() == b"first"


def test_version_is_read_after_the_object_changed(aws: LocalAws, versioned: str):
    s3, where = aws.client("s3"), {"Bucket": versioned, "Key": "incoming/x"}
    old = s3.put_object(**where, Body=b"old")
    s3.put_object(**where, Body=b"new")
    read = s3.get_object(**where, VersionId=old["VersionId"], IfMatch=old["ETag"])
    assert read["Body"].read() == b"old"
    assert refused(s3.get_object, **where, IfMatch=old["ETag"]) == (412, "PreconditionFailed")
    missing = s3.put_object(Bucket=versioned, Key="other", Body=b"x")["VersionId"]
    assert refused(s3.get_object, **where, VersionId=missing)[0] in (400, 404)


@pytest.mark.parametrize(
    ("algorithm", "digest"),
    [
        ("SHA256", hashlib.sha256(b"text").digest()),
        ("CRC32", zlib.crc32(b"text").to_bytes(4, "big")),
    ],
    ids=["sha256", "crc32"],
)
def test_checksum_is_kept_and_a_wrong_one_refused(aws: LocalAws, algorithm: str, digest: bytes):
    s3, where, name = aws.client("s3"), {"Bucket": aws.bucket(), "Key": "x"}, f"Checksum{algorithm}"
    right, wrong = base64.b64encode(digest).decode(), base64.b64encode(bytes(len(digest))).decode()
    s3.put_object(**where, Body=b"text", ChecksumAlgorithm=algorithm, **{name: right})
    assert s3.head_object(**where, ChecksumMode="ENABLED")[name] == right
    assert refused(s3.put_object, **where, Body=b"text", ChecksumAlgorithm=algorithm, **{name: wrong})[0] == 400
    assert s3.get_object(**where)["Body"].read() == b"text"


def test_missing_bucket_and_missing_key_are_told_apart(aws: LocalAws):
    s3 = aws.client("s3")
    assert refused(s3.get_object, Bucket=aws.bucket(), Key="x") == (404, "NoSuchKey")
    assert refused(s3.get_object, Bucket=unique("bucket"), Key="x") == (404, "NoSuchBucket")
