"""CloudFormation: `package` and `deploy` of the AWS CLI, as the product's own script calls them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from conftest import Deployed, unique, until

QUEUE = {"Type": "AWS::SQS::Queue"}
PASS = {"StartAt": "Pass", "States": {"Pass": {"Type": "Pass", "Result": {"word": "${Word}"}, "End": True}}}


def machine(folder: Path, definition: dict[str, Any], **substitutions: Any) -> dict[str, Any]:
    """A state machine that is read from a file beside the template."""
    (folder / "machine.asl.json").write_text(json.dumps(definition))
    properties = {
        "StateMachineName": unique("machine"),
        "RoleArn": "arn:aws:iam::123456789012:role/any",
        "DefinitionS3Location": "machine.asl.json",
        "DefinitionSubstitutions": substitutions,
    }
    return {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}


def test_unknown_type_fails_the_deployment_by_its_name(stack: Deployed):
    error = stack.deploy({"Queue": QUEUE, "Robot": {"Type": "AWS::RoboMaker::Robot"}}, check=False)
    assert "Unrecognized resource types: [AWS::RoboMaker::Robot]" in error
    assert "does not exist" in stack.cli("describe-stacks", "--stack-name", stack.name, check=False).stderr


def test_resource_that_fails_fails_the_stack_and_says_why(stack: Deployed, tmp_path: Path):
    broken = machine(tmp_path, {"StartAt": "Nowhere"})
    assert "Failed to create/update the stack" in stack.deploy({"Machine": broken}, check=False)
    assert stack.stack()["StackStatus"] == "ROLLBACK_COMPLETE"
    assert [reason.split(":")[0] for reason in stack.reasons()] == ["Machine"]


def test_definition_comes_from_its_file_with_its_substitutions(stack: Deployed, tmp_path: Path):
    made = machine(tmp_path, PASS, Word={"Fn::GetAtt": ["Queue", "QueueName"]})
    outputs = {"Machine": {"Value": {"Ref": "Machine"}}, "Queue": {"Value": {"Fn::GetAtt": ["Queue", "QueueName"]}}}
    stack.deploy({"Machine": made, "Queue": QUEUE}, Outputs=outputs)
    client = stack.aws.client("stepfunctions")
    run = client.start_execution(stateMachineArn=stack.output("Machine"), name="run", input="{}")["executionArn"]
    until(lambda: client.describe_execution(executionArn=run)["status"] == "SUCCEEDED", "the execution succeeds")
    told = json.loads(client.describe_execution(executionArn=run)["output"])
    assert told == {"word": stack.output("Queue")}


def test_change_reaches_what_refers_to_it(stack: Deployed, tmp_path: Path):
    definition = {
        "Type": "AWS::Batch::JobDefinition",
        "Properties": {
            "Type": "container",
            "JobDefinitionName": unique("definition"),
            "Timeout": {"AttemptDurationSeconds": 90},
            "RetryStrategy": {"Attempts": 2, "EvaluateOnExit": [{"OnExitCode": "75", "Action": "RETRY"}]},
            "ContainerProperties": {
                "Image": {"Fn::Sub": "registry/tests/shell:${Tag}"},
                "ResourceRequirements": [{"Type": "VCPU", "Value": "1"}, {"Type": "MEMORY", "Value": "512"}],
            },
        },
    }
    resources = {"Machine": machine(tmp_path, PASS, Word={"Ref": "Definition"}), "Definition": definition}
    more = {"Parameters": {"Tag": {"Type": "String"}}, "Outputs": {"Machine": {"Value": {"Ref": "Machine"}}}}
    client, batch = stack.aws.client("stepfunctions"), stack.aws.client("batch")

    def used() -> dict[str, Any]:
        text = client.describe_state_machine(stateMachineArn=stack.output("Machine"))["definition"]
        arn = json.loads(text)["States"]["Pass"]["Result"]["word"]
        return batch.describe_job_definitions(jobDefinitions=[arn])["jobDefinitions"][0]

    stack.deploy(resources, overrides={"Tag": "one"}, **more)
    first = used()
    assert (first["revision"], first["containerProperties"]["image"]) == (1, "registry/tests/shell:one")
    assert first["timeout"] == {"attemptDurationSeconds": 90}
    assert first["retryStrategy"]["attempts"] == 2
    stack.deploy(resources, overrides={"Tag": "two"}, **more)
    assert (used()["revision"], used()["containerProperties"]["image"]) == (2, "registry/tests/shell:two")
    stack.deploy(resources, overrides={"Tag": "two"}, **more)
    assert used()["revision"] == 2


def test_condition_that_comes_true_makes_its_resource_and_one_that_no_longer_is_takes_it_away(stack: Deployed):
    more = {
        "Parameters": {"Wanted": {"Type": "String"}},
        "Conditions": {"HasExtra": {"Fn::Equals": [{"Ref": "Wanted"}, "yes"]}},
    }
    name = unique("queue")
    extra = QUEUE | {"Condition": "HasExtra", "Properties": {"QueueName": name}}
    sqs = stack.aws.client("sqs")
    stack.deploy({"Queue": QUEUE, "Extra": extra}, overrides={"Wanted": "no"}, **more)
    assert "QueueUrls" not in sqs.list_queues(QueueNamePrefix=name)
    stack.deploy({"Queue": QUEUE, "Extra": extra}, overrides={"Wanted": "yes"}, **more)
    assert len(sqs.list_queues(QueueNamePrefix=name)["QueueUrls"]) == 1
    stack.deploy({"Queue": QUEUE, "Extra": extra}, overrides={"Wanted": "no"}, **more)
    assert "QueueUrls" not in sqs.list_queues(QueueNamePrefix=name)


def test_number_of_a_condition_is_a_text_whether_by_default_or_set(stack: Deployed):
    more = {
        "Parameters": {"Days": {"Type": "Number", "Default": 0}},
        "Conditions": {"HasExtra": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Days"}, "0"]}]}},
    }
    name = unique("queue")
    extra = QUEUE | {"Condition": "HasExtra", "Properties": {"QueueName": name}}
    sqs = stack.aws.client("sqs")
    stack.deploy({"Queue": QUEUE, "Extra": extra}, **more)
    assert "QueueUrls" not in sqs.list_queues(QueueNamePrefix=name)
    stack.deploy({"Queue": QUEUE, "Extra": extra}, overrides={"Days": "3"}, **more)
    assert len(sqs.list_queues(QueueNamePrefix=name)["QueueUrls"]) == 1


def test_bucket_has_what_its_template_says(stack: Deployed):
    name = unique("bucket")
    bucket = {
        "BucketName": name,
        "VersioningConfiguration": {"Status": "Enabled"},
        "PublicAccessBlockConfiguration": {"BlockPublicAcls": True},
        "LifecycleConfiguration": {
            "Rules": [{"Id": "Old", "Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 90}}]
        },
        "NotificationConfiguration": {
            "QueueConfigurations": [
                {
                    "Event": "s3:ObjectCreated:*",
                    "Queue": {"Fn::GetAtt": ["Queue", "Arn"]},
                    "Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": "incoming/"}]}},
                }
            ]
        },
    }
    stack.deploy({"Bucket": {"Type": "AWS::S3::Bucket", "Properties": bucket}, "Queue": QUEUE})
    s3 = stack.aws.client("s3")
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    assert s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]["BlockPublicAcls"]
    rule = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"][0]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
    told = s3.get_bucket_notification_configuration(Bucket=name)["QueueConfigurations"][0]
    assert told["Filter"]["Key"]["FilterRules"] == [{"Name": "prefix", "Value": "incoming/"}]


def test_bucket_with_object_lock_keeps_versions(stack: Deployed):
    name = unique("bucket")
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    properties = {
        "BucketName": name,
        "ObjectLockEnabled": True,
        "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", "Rule": rule},
    }
    stack.deploy({"Bucket": {"Type": "AWS::S3::Bucket", "Properties": properties}})
    s3 = stack.aws.client("s3")
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    kept = s3.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert (kept["Mode"], kept["Days"]) == ("GOVERNANCE", 1)
    s3.put_object(Bucket=name, Key="locked", Body=b"", ChecksumAlgorithm="SHA256")
    rule["DefaultRetention"]["Days"] = 2
    stack.deploy({"Bucket": {"Type": "AWS::S3::Bucket", "Properties": properties}})
    kept = s3.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert kept["Days"] == 2


def test_policies_subscriptions_alarms_and_filters_are_made(stack: Deployed):
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "Any", "Effect": "Allow", "Principal": "*", "Action": "*"}],
    }
    alarm, group = unique("alarm"), unique("/tests/group")
    comparison = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "Threshold": 0}
    metric = {"Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible", "Statistic": "Maximum"}
    transformation = {"MetricName": "Errors", "MetricNamespace": "Tests", "MetricValue": "1"}
    resources: dict[str, Any] = {
        "Queue": QUEUE,
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": group}},
        "QueuePolicy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {"Queues": [{"Ref": "Queue"}], "PolicyDocument": policy},
        },
        "TopicPolicy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {"Topics": [{"Ref": "Topic"}], "PolicyDocument": policy},
        },
        "Subscription": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {"TopicArn": {"Ref": "Topic"}, "Protocol": "email", "Endpoint": "ops@example.com"},
        },
        "Alarm": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {"AlarmName": alarm, "Period": 60, **comparison, **metric},
        },
        "Filter": {
            "Type": "AWS::Logs::MetricFilter",
            "Properties": {
                "LogGroupName": {"Ref": "Group"},
                "FilterPattern": "ERROR",
                "MetricTransformations": [transformation],
            },
        },
    }
    outputs = {"Queue": {"Value": {"Ref": "Queue"}}, "Topic": {"Value": {"Ref": "Topic"}}}
    stack.deploy(resources, Outputs=outputs)
    client = stack.aws.client
    attributes = client("sqs").get_queue_attributes(QueueUrl=stack.output("Queue"), AttributeNames=["Policy"])
    assert json.loads(attributes["Attributes"]["Policy"])["Statement"][0]["Sid"] == "Any"
    topic = client("sns").get_topic_attributes(TopicArn=stack.output("Topic"))["Attributes"]
    assert json.loads(topic["Policy"])["Statement"][0]["Sid"] == "Any"
    subscriptions = client("sns").list_subscriptions_by_topic(TopicArn=stack.output("Topic"))["Subscriptions"]
    assert [each["Endpoint"] for each in subscriptions] == ["ops@example.com"]
    assert len(client("cloudwatch").describe_alarms(AlarmNames=[alarm])["MetricAlarms"]) == 1
    assert len(client("logs").describe_metric_filters(logGroupName=group)["metricFilters"]) == 1


def test_dashboard_names_its_alarms_and_rule_mails_its_lines(stack: Deployed):
    alarm, dashboard, source = unique("alarm"), unique("dashboard"), unique("source")
    comparison = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "Threshold": 0, "Period": 60}
    metric = {"Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible", "Statistic": "Maximum"}
    transformer = {"InputPathsMap": {"job": "$.detail.job"}, "InputTemplate": '"<job> is stuck"\n"See the runbook."'}
    resources: dict[str, Any] = {
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Subscription": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {"TopicArn": {"Ref": "Topic"}, "Protocol": "email", "Endpoint": "ops@example.com"},
        },
        "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmName": alarm, **comparison, **metric}},
        "Dashboard": {
            "Type": "AWS::CloudWatch::Dashboard",
            "Properties": {"DashboardName": dashboard, "DashboardBody": {"Fn::Sub": '{"alarms": ["${Alarm.Arn}"]}'}},
        },
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventPattern": {"source": [source]},
                "Targets": [{"Id": "mail", "Arn": {"Ref": "Topic"}, "InputTransformer": transformer}],
            },
        },
    }
    stack.deploy(resources, Outputs={"Topic": {"Value": {"Ref": "Topic"}}})
    client = stack.aws.client
    body = json.loads(client("cloudwatch").get_dashboard(DashboardName=dashboard)["DashboardBody"])
    described = client("cloudwatch").describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
    assert body == {"alarms": [each["AlarmArn"] for each in described]}
    client("events").put_events(Entries=[{"Source": source, "DetailType": "any", "Detail": '{"job": "etl"}'}])

    def mails() -> list[str]:
        return [mail["message"] for mail in stack.aws.admin("mail") if mail["topic"] == stack.output("Topic")]

    # The quotes are AWS's.
    assert until(mails, "the event is mailed") == ['"etl is stuck"\n"See the runbook."']


def test_alarm_that_is_removed_and_address_that_is_replaced_are_gone(stack: Deployed):
    alarm = unique("alarm")
    comparison = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "Threshold": 0, "Period": 60}
    metric = {"Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible", "Statistic": "Maximum"}
    extra = {"Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmName": alarm, **comparison, **metric}}}
    client = stack.aws.client

    def deploy(address: str, resources: dict[str, Any]) -> tuple[list[str], int]:
        subscribed = {"TopicArn": {"Ref": "Topic"}, "Protocol": "email", "Endpoint": address}
        resources |= {"Subscription": {"Type": "AWS::SNS::Subscription", "Properties": subscribed}}
        stack.deploy(
            {"Topic": {"Type": "AWS::SNS::Topic"}, **resources}, Outputs={"Topic": {"Value": {"Ref": "Topic"}}}
        )
        told = client("sns").list_subscriptions_by_topic(TopicArn=stack.output("Topic"))["Subscriptions"]
        alarms = client("cloudwatch").describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
        return [each["Endpoint"] for each in told], len(alarms)

    assert deploy("one@example.com", extra) == (["one@example.com"], 1)
    assert deploy("two@example.com", {}) == (["two@example.com"], 0)


def test_no_value_is_left_out_of_a_list(stack: Deployed):
    words = {"Fn::Join": [",", ["a", {"Ref": "AWS::NoValue"}, "b"]]}
    stack.deploy({"Queue": QUEUE}, Outputs={"Words": {"Value": words}})
    assert stack.output("Words") == "a,b"


def test_list_parameter_keeps_its_default_over_updates(stack: Deployed):
    more = {
        "Parameters": {"Words": {"Type": "CommaDelimitedList", "Default": "a,b"}, "Other": {"Type": "String"}},
        "Outputs": {"Word": {"Value": {"Fn::Select": [1, {"Ref": "Words"}]}}},
    }
    for other in ("one", "two"):
        stack.deploy({"Queue": QUEUE}, overrides={"Other": other}, **more)
        assert stack.output("Word") == "b"
