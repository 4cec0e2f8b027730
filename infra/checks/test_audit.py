"""CloudTrail, GuardDuty and AWS Config: absent unless asked for, and complete then."""

import pytest

from cloudformation import texts
from desk import ACCOUNT, Desk
from policies import is_allowed, rendered

TRAIL = "arn:AWS::Partition:cloudtrail:AWS::Region:AWS::AccountId:trail/ProjectName-trail"
WRITE = {"aws:SecureTransport": "true", "s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceArn": TRAIL}
PRESENT = [option for name in ("CloudTrail", "GuardDuty", "AwsConfig") for option in ("--set", f"{name}=present")]


@pytest.fixture(scope="module")
def watched(root, tmp_path_factory):
    """A deployment to which all three are added later; and a look at it without them."""
    desk = Desk(root, tmp_path_factory.mktemp("watched"))
    try:
        desk.deploy("--image-tag", "one")
        before = found(desk)
        desk.deploy("--image-tag", "one", *PRESENT)
        yield desk, before
    finally:
        desk.stop()


def found(desk: Desk) -> tuple[int, int, int, bool]:
    """Trails, detectors, recorders, and whether there is a bucket for them."""
    return (
        len(desk.client("cloudtrail").describe_trails()["trailList"]),
        len(desk.client("guardduty").list_detectors()["DetectorIds"]),
        len(desk.client("config").describe_configuration_recorders()["ConfigurationRecorders"]),
        f"tamiz-audit-{ACCOUNT}" in [each["Name"] for each in desk.client("s3").list_buckets()["Buckets"]],
    )


def test_they_are_absent_by_default_and_present_when_asked_for(watched, stack):
    desk, before = watched
    assert before == (0, 0, 0, False) and found(desk) == (1, 1, 1, True)
    assert {stack.parameters[name]["Default"] for name in ("CloudTrail", "GuardDuty", "AwsConfig")} == {"absent"}


def test_the_trail_logs_every_object_of_our_buckets(watched):
    client = watched[0].client("cloudtrail")
    [trail] = client.describe_trails()["trailList"]
    assert trail["S3BucketName"] == f"tamiz-audit-{ACCOUNT}" and trail["LogFileValidationEnabled"] and trail["KmsKeyId"]
    assert client.get_trail_status(Name=trail["Name"])["IsLogging"]
    [selector] = client.get_event_selectors(TrailName=trail["Name"])["EventSelectors"]
    assert (selector["ReadWriteType"], selector["IncludeManagementEvents"]) == ("All", True)
    names = ("input", "staging", "results", "models")
    assert selector["DataResources"][0]["Values"] == [f"arn:aws:s3:::tamiz-{name}-{ACCOUNT}/" for name in names]


def test_the_recorder_runs_and_delivers_under_its_key(watched):
    client = watched[0].client("config")
    [status] = client.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
    [channel] = client.describe_delivery_channels()["DeliveryChannels"]
    assert status["recording"] and channel["s3KmsKeyArn"].startswith("arn:aws:kms:")


def test_every_bucket_with_data_is_in_the_trail(stack):
    """One more bucket would be read unseen; the audit's own would log its own log."""
    logged = [text for text in texts(stack.properties("Trail")["EventSelectors"]) if text.startswith("arn:")]
    buckets = stack.of_type("AWS::S3::Bucket").keys() - {"AuditBucket"}
    assert sorted(logged) == sorted(f"arn:${{AWS::Partition}}:s3:::${{{name}}}/" for name in buckets)


@pytest.mark.parametrize(
    "change, answer",
    [
        ({}, True),
        ({"aws:SourceArn": TRAIL.replace("ProjectName", "another")}, False),
        ({"aws:SecureTransport": "false"}, False),
    ],
)
def test_the_bucket_takes_the_log_of_our_trail_alone(stack, change, answer):
    statements = rendered(stack.properties("AuditBucketPolicy")["PolicyDocument"]["Statement"])
    at = "AuditBucket.Arn/AWSLogs/AWS::AccountId/CloudTrail/log"
    assert is_allowed(statements, "s3:PutObject", at, WRITE | change) is answer


def test_what_was_written_cannot_be_deleted_until_it_expires(stack):
    bucket = stack.properties("AuditBucket")
    [rule] = bucket["LifecycleConfiguration"]["Rules"]
    retention = bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert retention == {"Mode": "GOVERNANCE", "Days": rule["ExpirationInDays"]}


def test_they_go_when_they_are_no_longer_asked_for(watched):
    desk, _ = watched
    desk.deploy("--image-tag", "one", *[option.replace("present", "absent") for option in PRESENT])
    trails, detectors, _, _ = found(desk)
    assert (trails, detectors) == (0, 0)
