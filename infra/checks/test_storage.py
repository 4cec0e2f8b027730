"""What guards the data: who may reach a bucket or a queue how, what is locked, and what expires."""

import pytest
from botocore.exceptions import ClientError

from cloudformation import texts
from desk import ACCOUNT
from policies import is_allowed, rendered

BUCKETS = ("InputBucket", "StagingBucket", "ResultsBucket", "ModelsBucket")
SAFE = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3"}
ENCRYPTION = "s3:x-amz-server-side-encryption"
KEY = f"{ENCRYPTION}-aws-kms-key-id"


@pytest.fixture(params=BUCKETS)
def bucket(request) -> str:
    return request.param


@pytest.fixture
def may(stack, bucket):
    """Whether a person whose own policies allow everything may do something with an object of the bucket."""
    statements = rendered(policy_of(stack, "AWS::S3::BucketPolicy", "Bucket", bucket)["Statement"])
    return lambda action, context: is_allowed(statements, action, f"{bucket}.Arn/key", context, by_default=True)


def policy_of(stack, kind: str, key: str, of: str) -> dict:
    """The document of the one policy of a resource."""
    found = [p for p in stack.of_type(kind).values() if {"Ref": of} in (p[key] if key != "Bucket" else [p[key]])]
    assert len(found) == 1, f"{of} has {len(found)} policies"
    return found[0]["PolicyDocument"]


def test_every_bucket_is_looked_at_here(stack):
    assert set(stack.of_type("AWS::S3::Bucket")) >= set(BUCKETS)
    for name in stack.of_type("AWS::S3::Bucket"):
        policy = policy_of(stack, "AWS::S3::BucketPolicy", "Bucket", name)
        assert {"PlainHttp", "OldTls"} <= {statement["Sid"] for statement in policy["Statement"]}, name


@pytest.mark.parametrize("action", ["s3:GetObject", "s3:PutObject", "s3:DeleteObjectVersion"])
@pytest.mark.parametrize("transport", [{"aws:SecureTransport": "false"}, SAFE | {"s3:TlsVersion": "1.1"}])
def test_only_safe_connections_reach_an_object(may, action, transport):
    assert may(action, SAFE) and not may(action, transport)


def test_only_safe_connections_reach_the_bucket_itself(stack, bucket):
    statements = rendered(policy_of(stack, "AWS::S3::BucketPolicy", "Bucket", bucket)["Statement"])
    for context, answer in [(SAFE, True), ({"aws:SecureTransport": "false"}, False)]:
        assert is_allowed(statements, "s3:ListBucket", f"{bucket}.Arn", context, by_default=True) is answer


@pytest.mark.parametrize(
    "headers, answer",
    [
        ({}, True),  # the bucket's own encryption, which is our key
        ({ENCRYPTION: "aws:kms", KEY: "DataKey.Arn"}, True),
        ({ENCRYPTION: "aws:kms"}, False),  # the key of S3, which everybody in the account may use
        ({ENCRYPTION: "aws:kms", KEY: "another"}, False),
        ({ENCRYPTION: "AES256"}, False),
        ({f"{ENCRYPTION}-customer-algorithm": "AES256"}, False),
    ],
)
def test_an_object_is_encrypted_with_our_key_or_refused(may, headers, answer):
    assert may("s3:PutObject", SAFE | headers) is answer


def test_a_bucket_without_a_word_encrypts_with_the_key_that_its_policy_asks_for(stack, bucket):
    [rule] = stack.properties(bucket)["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] == {"Fn::GetAtt": ["DataKey", "Arn"]}


@pytest.mark.parametrize("queue", ["UploadQueue", "UploadDeadLetterQueue"])
def test_queues_are_reached_over_tls_alone(stack, queue):
    statements = rendered(policy_of(stack, "AWS::SQS::QueuePolicy", "Queues", queue)["Statement"])
    for action in ("sqs:SendMessage", "sqs:ReceiveMessage", "sqs:PurgeQueue"):
        assert is_allowed(statements, action, f"{queue}.Arn", {"aws:SecureTransport": "true"}, by_default=True)
        assert not is_allowed(statements, action, f"{queue}.Arn", {"aws:SecureTransport": "false"}, by_default=True)


def test_the_topic_takes_mail_over_tls_and_from_eventbridge_which_says_nothing_of_it(stack):
    statements = rendered(stack.properties("TopicPolicy")["PolicyDocument"]["Statement"])
    for context, answer in [
        ({"aws:SecureTransport": "false"}, False),
        ({"aws:SecureTransport": "true"}, True),
        ({}, True),
    ]:
        assert is_allowed(statements, "sns:Publish", "TopicArn", context) is answer


def test_every_bucket_keeps_versions_and_removes_old_ones(stack, bucket):
    properties = stack.properties(bucket)
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    rules = properties["LifecycleConfiguration"]["Rules"]
    assert any("NoncurrentVersionExpiration" in rule for rule in rules), bucket
    assert any("AbortIncompleteMultipartUpload" in rule for rule in rules), bucket


def test_nothing_of_the_staging_bucket_or_of_a_model_expires(stack):
    """A claim without its run's manifest cannot be settled; labelled shards are training data."""
    for name in ("StagingBucket", "ModelsBucket"):
        assert "ExpirationInDays" not in str(stack.properties(name)["LifecycleConfiguration"]), name


def test_by_default_nothing_expires_and_models_are_locked(stack):
    defaults = {name: stack.parameters[name]["Default"] for name in stack.parameters if name.endswith("RetentionDays")}
    assert (defaults["InputRetentionDays"], defaults["ResultsRetentionDays"]) == (0, 0)
    assert defaults["ModelRetentionDays"] > 0


def test_no_role_may_remove_a_version_or_a_lock(stack):
    actions = {text for role in stack.of_type("AWS::IAM::Role").values() for text in texts(role.get("Policies", []))}
    assert not {a for a in actions if a.startswith("s3:") and ("Delete" in a or "Bypass" in a or "Retention" in a)}


def test_the_deployed_buckets_have_versions_lock_and_retention(desk):
    s3 = desk.client("s3")
    for name in ("input", "staging", "results", "models"):
        assert s3.get_bucket_versioning(Bucket=f"tamiz-{name}-{ACCOUNT}")["Status"] == "Enabled", name
    told = s3.get_object_lock_configuration(Bucket=f"tamiz-models-{ACCOUNT}")["ObjectLockConfiguration"]
    retention = told["Rule"]["DefaultRetention"]
    assert (retention["Mode"], retention["Days"]) == ("GOVERNANCE", 365)
    rules = {name: expirations(s3, name) for name in ("input", "staging", "results", "models")}
    assert rules == {"input": {}, "staging": {}, "results": {"athena/": 30}, "models": {}}


def test_a_pointer_is_swapped_under_lock_and_no_version_of_it_is_lost(desk):
    s3, at = desk.client("s3"), {"Bucket": f"tamiz-models-{ACCOUNT}", "Key": "locked/latest.json"}
    first = s3.put_object(**at, Body=b"1", IfNoneMatch="*", ChecksumAlgorithm="SHA256")
    second = s3.put_object(**at, Body=b"2", IfMatch=first["ETag"], ChecksumAlgorithm="SHA256")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(**at, Body=b"3", IfMatch=first["ETag"], ChecksumAlgorithm="SHA256")
    for version in (first, second):
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.delete_object(**at, VersionId=version["VersionId"])
    assert s3.get_object(**at, VersionId=first["VersionId"])["Body"].read() == b"1"
    s3.delete_object(**at)  # only a marker
    assert s3.get_object(**at, VersionId=second["VersionId"])["Body"].read() == b"2"


def test_retention_is_set_by_parameters(desk):
    set_ = ["--set", "InputRetentionDays=90", "--set", "ResultsRetentionDays=365", "--set", "ModelRetentionDays=0"]
    desk.deploy("--image-tag", "one", *set_)
    s3 = desk.client("s3")
    assert expirations(s3, "input") == {"": 90} and expirations(s3, "results") == {"runs/": 365, "athena/": 30}
    told = s3.get_object_lock_configuration(Bucket=f"tamiz-models-{ACCOUNT}")["ObjectLockConfiguration"]
    assert "DefaultRetention" not in told.get("Rule", {})
    back = ["--set", "InputRetentionDays=0", "--set", "ResultsRetentionDays=0", "--set", "ModelRetentionDays=365"]
    desk.deploy("--image-tag", "one", *back)
    assert expirations(s3, "input") == {} and "runs/" not in expirations(s3, "results")


def expirations(s3, name: str) -> dict[str, int]:
    """Days after which objects expire, by prefix."""
    rules = s3.get_bucket_lifecycle_configuration(Bucket=f"tamiz-{name}-{ACCOUNT}")["Rules"]
    rules = [rule for rule in rules if "Days" in rule.get("Expiration", {})]
    return {rule["Filter"]["Prefix"]: rule["Expiration"]["Days"] for rule in rules}


def test_every_repository_keeps_as_many_images_as_the_parameter_says(desk, stack):
    for stage in ("dispatcher", "etl", "inference", "monitor", "retrain"):
        policy = desk.client("ecr").get_lifecycle_policy(repositoryName=f"tamiz/{stage}")["lifecyclePolicyText"]
        assert f'"countNumber": {stack.parameters["KeptImages"]["Default"]}' in policy
