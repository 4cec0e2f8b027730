"""Resource types that moto's CloudFormation leaves out or makes by half."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import moto.batch.models as batch
import moto.ecr.models as ecr
import moto.s3.models as s3
import moto.stepfunctions.models as stepfunctions
from moto.cloudformation import parsing
from moto.core.common_models import CloudFormationModel

from . import cloudformation_bucket
from .desk import Desk
from .settings import ACCOUNT, REGION

Properties = dict[str, Any]

# What templates read of the types below, from the physical id.
ATTRIBUTES = {("AWS::CloudWatch::Alarm", "Arn"): f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{{}}"}
lower = batch.lowercase_first_key


def install(desk: Desk) -> None:
    """Registers the types."""
    unmake = unmakers(desk)
    for kind, make in makers(desk).items():
        register(kind, make, unmake.get(kind, lambda identifier: None))
    mend_buckets(desk)
    mend_state_machines(desk)
    mend_job_definitions()
    mend_repositories(desk)


def makers(desk: Desk) -> dict[str, Callable[[str, Properties], str | None]]:
    """Types that are one call of an API: called with the name and the properties, answers the physical id or None.

    Every call may be repeated with other properties: that is how these types are updated.
    """

    def queue_policy(name: str, properties: Properties) -> None:
        for url in properties["Queues"]:
            attributes = {"Policy": json.dumps(properties["PolicyDocument"])}
            desk.client("sqs").set_queue_attributes(QueueUrl=url, Attributes=attributes)

    def topic_policy(name: str, properties: Properties) -> None:
        for arn in properties["Topics"]:
            policy = json.dumps(properties["PolicyDocument"])
            desk.client("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)

    def bucket_policy(name: str, properties: Properties) -> None:
        # moto enforces a Deny and ignores its Condition: one for plain HTTP would refuse everything.
        document = dict(properties["PolicyDocument"])
        document["Statement"] = [
            each for each in document["Statement"] if not (each["Effect"] == "Deny" and each.get("Condition"))
        ]
        if document["Statement"]:
            desk.client("s3").put_bucket_policy(Bucket=properties["Bucket"], Policy=json.dumps(document))

    def subscription(name: str, properties: Properties) -> str:
        wanted = {key: properties[key] for key in ("TopicArn", "Protocol", "Endpoint")}
        return desk.client("sns").subscribe(**wanted)["SubscriptionArn"]

    def alarm(name: str, properties: Properties) -> str:
        wanted = {"AlarmName": name} | properties
        desk.client("cloudwatch").put_metric_alarm(**wanted)
        return wanted["AlarmName"]

    def metric_filter(name: str, properties: Properties) -> None:
        desk.client("logs").put_metric_filter(
            logGroupName=properties["LogGroupName"],
            filterName=name,
            filterPattern=properties["FilterPattern"],
            metricTransformations=[lower(each) for each in properties["MetricTransformations"]],
        )

    def secret(name: str, properties: Properties) -> str:
        client = desk.client("secretsmanager")
        try:
            return client.describe_secret(SecretId=properties["Name"])["ARN"]
        except client.exceptions.ResourceNotFoundException:
            value = client.get_random_password(**properties["GenerateSecretString"])["RandomPassword"]
            return client.create_secret(Name=properties["Name"], SecretString=value)["ARN"]

    def schedule(name: str, properties: Properties) -> str:
        client, name = desk.client("scheduler"), properties.get("Name", name)
        known = {each["Name"] for each in client.list_schedules()["Schedules"]}
        (client.update_schedule if name in known else client.create_schedule)(**properties | {"Name": name})
        return name

    return (
        makers_of_audit(desk)
        | makers_of_queries(desk)
        | {
            "AWS::Scheduler::Schedule": schedule,
            "AWS::SQS::QueuePolicy": queue_policy,
            "AWS::SNS::TopicPolicy": topic_policy,
            "AWS::S3::BucketPolicy": bucket_policy,
            "AWS::SNS::Subscription": subscription,
            "AWS::CloudWatch::Alarm": alarm,
            "AWS::Logs::MetricFilter": metric_filter,
            "AWS::SecretsManager::Secret": secret,
        }
    )


def makers_of_audit(desk: Desk) -> dict[str, Callable[[str, Properties], str | None]]:
    """The types of which an account has one, or that look at all of it."""

    def trail(name: str, properties: Properties) -> str:
        client, name = desk.client("cloudtrail"), properties.get("TrailName", name)
        renamed = {"KMSKeyId": "KmsKeyId"}
        told = {
            "S3BucketName",
            "IsMultiRegionTrail",
            "IncludeGlobalServiceEvents",
            "EnableLogFileValidation",
            "KMSKeyId",
        }
        client.create_trail(Name=name, **{renamed.get(key, key): properties[key] for key in told & properties.keys()})
        if selectors := properties.get("EventSelectors"):
            client.put_event_selectors(TrailName=name, EventSelectors=selectors)
        if properties.get("IsLogging"):
            client.start_logging(Name=name)
        return name

    def detector(name: str, properties: Properties) -> str:
        client = desk.client("guardduty")
        if known := client.list_detectors()["DetectorIds"]:
            client.update_detector(DetectorId=known[0], **properties)
            return known[0]
        return client.create_detector(**properties)["DetectorId"]

    def recorder(name: str, properties: Properties) -> str:
        told = {"name": properties["Name"], "roleARN": properties["RoleARN"]}
        told["recordingGroup"] = lower(properties.get("RecordingGroup", {}))
        desk.client("config").put_configuration_recorder(ConfigurationRecorder=told)
        return properties["Name"]

    def delivery_channel(name: str, properties: Properties) -> str:
        # AWS starts the recorder once both are there.
        desk.client("config").put_delivery_channel(DeliveryChannel=lower(properties))
        for each in desk.client("config").describe_configuration_recorders()["ConfigurationRecorders"]:
            desk.client("config").start_configuration_recorder(ConfigurationRecorderName=each["name"])
        return properties["Name"]

    return {
        "AWS::CloudTrail::Trail": trail,
        "AWS::GuardDuty::Detector": detector,
        "AWS::Config::ConfigurationRecorder": recorder,
        "AWS::Config::DeliveryChannel": delivery_channel,
    }


def makers_of_queries(desk: Desk) -> dict[str, Callable[[str, Properties], str | None]]:
    """What Athena asks, and how it may."""

    def database(name: str, properties: Properties) -> str:
        client, told = desk.client("glue"), properties["DatabaseInput"]
        if told["Name"] not in [each["Name"] for each in client.get_databases()["DatabaseList"]]:
            client.create_database(DatabaseInput=told)
        return told["Name"]

    def table(name: str, properties: Properties) -> str:
        client, told = desk.client("glue"), {key: properties[key] for key in ("DatabaseName", "TableInput")}
        known = [each["Name"] for each in client.get_tables(DatabaseName=told["DatabaseName"])["TableList"]]
        (client.update_table if told["TableInput"]["Name"] in known else client.create_table)(**told)
        return told["TableInput"]["Name"]

    def workgroup(name: str, properties: Properties) -> str:
        client, told = desk.client("athena"), properties["WorkGroupConfiguration"]
        if properties["Name"] in [each["Name"] for each in client.list_work_groups()["WorkGroups"]]:
            client.delete_work_group(WorkGroup=properties["Name"])  # moto cannot update one
        named = {"Name": properties["Name"], "Description": properties.get("Description", "")}
        client.create_work_group(**named, Configuration=told)
        return properties["Name"]

    return {
        "AWS::Glue::Database": database,
        "AWS::Glue::Table": table,
        "AWS::Athena::WorkGroup": workgroup,
    }


def unmakers(desk: Desk) -> dict[str, Callable[[str], Any]]:
    """How to take back what would be seen otherwise, by the physical id; the rest goes with what it belongs to."""
    return {
        "AWS::SNS::Subscription": lambda arn: desk.client("sns").unsubscribe(SubscriptionArn=arn),
        "AWS::CloudWatch::Alarm": lambda name: desk.client("cloudwatch").delete_alarms(AlarmNames=[name]),
        "AWS::Scheduler::Schedule": lambda name: desk.client("scheduler").delete_schedule(Name=name),
        "AWS::CloudTrail::Trail": lambda name: desk.client("cloudtrail").delete_trail(Name=name),
        "AWS::GuardDuty::Detector": lambda identifier: desk.client("guardduty").delete_detector(DetectorId=identifier),
    }


class Made(CloudFormationModel):
    """A resource that one API call made."""

    kind = ""
    make: Callable[[str, Properties], str | None]
    unmake: Callable[[str], Any]

    def __init__(self, name: str, identifier: str) -> None:
        self.name = name
        self.physical_resource_id = identifier

    @classmethod
    def cloudformation_type(cls) -> str:
        """The type's name."""
        return cls.kind

    @staticmethod
    def cloudformation_name_type() -> str:
        """No property of these types holds the name under which moto should know them."""
        return ""

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """An attribute that templates read; any other must fail."""
        if (self.kind, attribute_name) not in ATTRIBUTES:
            raise KeyError(f"the local AWS knows no attribute {attribute_name} of {self.kind}")
        return ATTRIBUTES[self.kind, attribute_name].format(self.physical_resource_id)

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **more: Any
    ) -> Made:
        """Makes the resource."""
        properties = copy.deepcopy(cloudformation_json["Properties"])
        return cls(resource_name, cls.make(resource_name, properties) or resource_name)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Made,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Made:
        """Makes it again under its own name; where another one came of it, the first goes."""
        made = cls.create_from_cloudformation_json(original_resource.name, cloudformation_json, account_id, region_name)
        if made.physical_resource_id != original_resource.physical_resource_id:
            original_resource.delete(account_id, region_name)
        return made

    def delete(self, account_id: str, region_name: str) -> None:
        """Takes it back."""
        self.unmake(self.physical_resource_id)


def register(kind: str, make: Callable[[str, Properties], str | None], unmake: Callable[[str], Any]) -> None:
    """Makes moto know a type."""
    members = {"kind": kind, "make": staticmethod(make), "unmake": staticmethod(unmake)}
    model = type(kind.replace("::", ""), (Made,), members)
    parsing.get_model_map()[kind] = model
    parsing.get_name_type_map()[kind] = ""


def mend_buckets(desk: Desk) -> None:
    """moto ignores all of a bucket's properties but encryption and tags."""

    def mend(method: str) -> None:
        original = getattr(s3.FakeBucket, method).__func__

        def configured(cls: type, *arguments: Any, **named: Any) -> s3.FakeBucket:
            bucket = original(cls, *arguments, **named)
            cloudformation_bucket.configure(desk, bucket, properties_of(arguments, named))
            return bucket

        setattr(s3.FakeBucket, method, classmethod(configured))

    mend("create_from_cloudformation_json")
    mend("update_from_cloudformation_json")


def mend_state_machines(desk: Desk) -> None:
    """moto reads neither DefinitionS3Location nor Definition, and fills in no DefinitionSubstitutions."""

    def mend(method: str) -> None:
        original = getattr(stepfunctions.StateMachine, method).__func__

        def defined(cls: type, *arguments: Any, **named: Any) -> stepfunctions.StateMachine:
            properties = properties_of(arguments, named)
            properties["DefinitionString"] = definition(desk, properties)
            return original(cls, *arguments, **named)

        setattr(stepfunctions.StateMachine, method, classmethod(defined))

    mend("create_from_cloudformation_json")
    mend("update_from_cloudformation_json")


def definition(desk: Desk, properties: Properties) -> str:
    """A state machine's definition, wherever it is written, with its substitutions."""
    if location := properties.get("DefinitionS3Location"):
        object_ = desk.client("s3").get_object(Bucket=location["Bucket"], Key=location["Key"])
        text = object_["Body"].read().decode()
    else:
        text = properties.get("DefinitionString") or json.dumps(properties["Definition"])
    for name, value in (properties.get("DefinitionSubstitutions") or {}).items():
        text = text.replace(f"${{{name}}}", str(value))
    return text


def mend_job_definitions() -> None:
    """moto drops a job definition's timeout and platform, re-cases its parameters, and cannot make a new revision."""

    def create(
        cls: type, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **more: Any
    ) -> batch.JobDefinition:
        properties = cloudformation_json["Properties"]
        return batch.batch_backends[account_id][region_name].register_job_definition(
            def_name=resource_name,
            parameters=properties.get("Parameters", {}),
            _type=properties.get("Type", "container"),
            tags=properties.get("Tags", {}),
            retry_strategy=lower(properties.get("RetryStrategy", {"Attempts": 1})),
            container_properties=lower(properties["ContainerProperties"]),
            node_properties=None,
            eks_properties=None,
            timeout={key: int(value) for key, value in lower(properties.get("Timeout", {})).items()},
            platform_capabilities=properties.get("PlatformCapabilities", ["EC2"]),
            propagate_tags=properties.get("PropagateTags", False),
        )

    def update(
        cls: type, original_resource: batch.JobDefinition, new_resource_name: str, cloudformation_json: Any,
        account_id: str, region_name: str,
    ) -> batch.JobDefinition:  # fmt: skip
        return create(cls, original_resource.name, cloudformation_json, account_id, region_name)

    batch.JobDefinition.create_from_cloudformation_json = classmethod(create)
    batch.JobDefinition.update_from_cloudformation_json = classmethod(update)


def mend_repositories(desk: Desk) -> None:
    """moto ignores a repository's lifecycle policy."""

    def mend(method: str) -> None:
        original = getattr(ecr.Repository, method).__func__

        def with_lifecycle(cls: type, *arguments: Any, **named: Any) -> ecr.Repository:
            repository = original(cls, *arguments, **named)
            if policy := properties_of(arguments, named).get("LifecyclePolicy"):
                told = {"repositoryName": repository.name, "lifecyclePolicyText": policy["LifecyclePolicyText"]}
                desk.client("ecr").put_lifecycle_policy(**told)
            return repository

        setattr(ecr.Repository, method, classmethod(with_lifecycle))

    mend("create_from_cloudformation_json")
    mend("update_from_cloudformation_json")


def properties_of(arguments: tuple[Any, ...], named: dict[str, Any]) -> Properties:
    """The properties among the arguments of one of moto's create or update methods."""
    template = named.get("cloudformation_json") or next(each for each in arguments if isinstance(each, dict))
    return template["Properties"]
