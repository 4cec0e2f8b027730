"""A bucket's properties in a template, put onto the bucket through S3's own API."""

from __future__ import annotations

from typing import Any

from moto.s3 import models

from .desk import Desk

TARGETS = {
    "QueueConfigurations": ("QueueConfigurations", "Queue", "QueueArn"),
    "TopicConfigurations": ("TopicConfigurations", "Topic", "TopicArn"),
    "LambdaConfigurations": ("LambdaFunctionConfigurations", "Function", "LambdaFunctionArn"),
}


def configure(desk: Desk, bucket: models.FakeBucket, properties: dict[str, Any]) -> None:
    """Versioning, public access, Object Lock, lifecycle and notifications, as far as the template names them."""
    client = desk.client("s3")
    if value := properties.get("VersioningConfiguration"):
        client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration=value)
    if value := properties.get("PublicAccessBlockConfiguration"):
        flags = {key: str(flag).lower() == "true" for key, flag in value.items()}
        client.put_public_access_block(Bucket=bucket.name, PublicAccessBlockConfiguration=flags)
    if properties.get("ObjectLockEnabled"):
        bucket.object_lock_enabled = True
        # Object Lock comes with versions on AWS.
        client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    if value := properties.get("ObjectLockConfiguration"):
        # By hand, since moto refuses a change of it once the bucket holds something.
        retention = (value.get("Rule") or {}).get("DefaultRetention", {})
        bucket.default_lock_mode = retention.get("Mode", "")
        bucket.default_lock_days, bucket.default_lock_years = (int(retention.get(key, 0)) for key in ("Days", "Years"))
    if value := properties.get("LifecycleConfiguration"):
        rules = {"Rules": [lifecycle_rule(rule) for rule in value["Rules"]]}
        client.put_bucket_lifecycle_configuration(Bucket=bucket.name, LifecycleConfiguration=rules)
    if value := properties.get("NotificationConfiguration"):
        client.put_bucket_notification_configuration(Bucket=bucket.name, NotificationConfiguration=notifications(value))


def lifecycle_rule(rule: dict[str, Any]) -> dict[str, Any]:
    """A template's lifecycle rule in the words of S3's API."""
    told: dict[str, Any] = {"Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
    if "Id" in rule:
        told["ID"] = rule["Id"]
    if "ExpirationInDays" in rule:
        told["Expiration"] = {"Days": int(rule["ExpirationInDays"])}
    if "Transitions" in rule:
        told["Transitions"] = [
            {"Days": int(each["TransitionInDays"]), "StorageClass": each["StorageClass"]}
            for each in rule["Transitions"]
        ]
    for key in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if key in rule:
            told[key] = {name: int(value) for name, value in rule[key].items()}
    return told


def notifications(configuration: dict[str, Any]) -> dict[str, Any]:
    """A template's notification configuration in the words of S3's API."""
    told: dict[str, Any] = {}
    for written, (key, target, arn) in TARGETS.items():
        for each in configuration.get(written, []):
            entry: dict[str, Any] = {arn: each[target], "Events": [each["Event"]]}
            if "Filter" in each:
                entry["Filter"] = {"Key": {"FilterRules": each["Filter"]["S3Key"]["Rules"]}}
            told.setdefault(key, []).append(entry)
    if "EventBridgeConfiguration" in configuration:
        told["EventBridgeConfiguration"] = {}
    return told
