"""CloudFormation: stacks in a stack, from templates that `aws cloudformation package` uploads."""

from __future__ import annotations

import json
from typing import Any

from conftest import Deployed, unique

# A state machine that no Step Functions takes.
BROKEN = {
    "Type": "AWS::StepFunctions::StateMachine",
    "Properties": {"RoleArn": "arn:aws:iam::123456789012:role/any", "DefinitionString": '{"StartAt": "Nowhere"}'},
}


def queue(name: Any, **properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name, **properties}}


def nested(stack: Deployed, file: str, resources: dict[str, Any], parameters: dict[str, Any] | None = None,
           outputs: dict[str, Any] | None = None) -> dict[str, Any]:  # fmt: skip
    """A nested stack that declares what it is given; its outputs are values by name."""
    parameters = parameters or {}
    template = {"Resources": resources, "Parameters": {name: {"Type": "String"} for name in parameters}}
    template["Outputs"] = {name: {"Value": value} for name, value in (outputs or {}).items()}
    (stack.folder / file).write_text(json.dumps(template))
    return {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": file, "Parameters": parameters}}


def output(name: str, key: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [name, f"Outputs.{key}"]}


def described(stack: Deployed, logical_id: str) -> dict[str, Any]:
    """DescribeStacks of a nested stack."""
    client = stack.aws.client("cloudformation")
    resources = client.describe_stack_resources(StackName=stack.name)["StackResources"]
    [arn] = [each["PhysicalResourceId"] for each in resources if each["LogicalResourceId"] == logical_id]
    return client.describe_stacks(StackName=arn)["Stacks"][0]


def queues(stack: Deployed, name: str) -> int:
    """How many queues have this name."""
    return len(stack.aws.client("sqs").list_queues(QueueNamePrefix=name).get("QueueUrls", []))


def created(stack: Deployed, url: str) -> tuple[str, str]:
    """When a queue was made, since another one of the same name has another time; and its visibility timeout."""
    attributes = stack.aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return attributes["CreatedTimestamp"], attributes["VisibilityTimeout"]


def test_nested_stacks_are_made_each_after_those_whose_outputs_it_uses(stack: Deployed):
    name = unique("queue")
    second = nested(
        stack,
        "second.json",
        {"Queue": queue({"Fn::Sub": "${First}-second"})},
        {"First": output("First", "Name")},
        {"Name": {"Fn::GetAtt": ["Queue", "QueueName"]}},
    )
    first = nested(
        stack, "first.json", {"Queue": queue({"Ref": "Name"})}, {"Name": name},
        {"Name": {"Fn::GetAtt": ["Queue", "QueueName"]}},
    )  # fmt: skip
    outputs = {
        "Second": {"Value": output("Second", "Name")},
        "Stack": {"Value": {"Ref": "Second"}},
        "Text": {"Value": {"Fn::Sub": "made ${Second.Outputs.Name}"}},
    }
    stack.deploy({"Second": second, "First": first}, Outputs=outputs)
    assert stack.output("Second") == f"{name}-second"
    assert stack.output("Text") == f"made {name}-second"
    inner = described(stack, "Second")
    assert stack.output("Stack") == inner["StackId"]
    assert inner["StackName"].startswith(f"{stack.name}-Second-")
    assert (inner["ParentId"], inner["RootId"]) == (stack.stack()["StackId"],) * 2
    assert {each["OutputKey"]: each["OutputValue"] for each in inner["Outputs"]} == {"Name": f"{name}-second"}


def test_change_reaches_only_what_it_concerns(stack: Deployed):
    name = unique("queue")
    timed, still = queue(f"{name}-timed", VisibilityTimeout={"Ref": "Seconds"}), queue(f"{name}-still")
    urls = {"Timed": {"Ref": "Timed"}, "Still": {"Ref": "Still"}}
    inner = nested(stack, "inner.json", {"Timed": timed, "Still": still}, {"Seconds": {"Ref": "Seconds"}}, urls)
    other = nested(stack, "other.json", {"Queue": queue(f"{name}-other")})
    more = {"Parameters": {"Seconds": {"Type": "Number"}}}
    more["Outputs"] = {key: {"Value": output("Inner", key)} for key in urls}
    stack.deploy({"Inner": inner, "Other": other}, overrides={"Seconds": "11"}, **more)
    before = {key: created(stack, stack.output(key)) for key in urls}
    stack.deploy({"Inner": inner, "Other": other}, overrides={"Seconds": "22"}, **more)
    after = {key: created(stack, stack.output(key)) for key in urls}
    assert (before["Timed"][1], after["Timed"][1]) == ("11", "22")
    assert after["Still"] == before["Still"]
    statuses = [described(stack, each)["StackStatus"] for each in ("Inner", "Other")]
    assert statuses == ["UPDATE_COMPLETE", "CREATE_COMPLETE"]


def test_new_stack_gets_the_new_output_of_one_that_changes(stack: Deployed):
    name = unique("queue")
    stack.deploy({"First": nested(stack, "first.json", {"Queue": queue(name)})})
    outputs = {"Name": {"Fn::GetAtt": ["Queue", "QueueName"]}}
    first = nested(stack, "first.json", {"Queue": queue(name)}, outputs=outputs)
    second = nested(
        stack, "second.json", {"Queue": queue({"Fn::Sub": "${First}-second"})}, {"First": output("First", "Name")}
    )
    stack.deploy({"Second": second, "First": first})
    assert queues(stack, f"{name}-second") == 1


def test_resource_that_fails_in_a_nested_stack_fails_the_whole_and_is_named(stack: Deployed):
    inner = nested(stack, "inner.json", {"Queue": queue(unique("queue")), "Machine": BROKEN})
    stack.deploy({"Inner": inner}, check=False)
    assert stack.stack()["StackStatus"] == "ROLLBACK_COMPLETE"
    [event] = stack.failures()
    assert (event["LogicalResourceId"], event["ResourceType"]) == ("Inner", "AWS::CloudFormation::Stack")
    assert "The following resource(s) failed to create: [Machine]" in event["ResourceStatusReason"]
    # Its events outlive it, under its id only.
    assert [reason.split(":")[0] for reason in stack.reasons(event["PhysicalResourceId"])] == ["Machine"]
    inner = stack.aws.client("cloudformation").describe_stacks(StackName=event["PhysicalResourceId"])["Stacks"][0]
    assert inner["StackStatus"] == "DELETE_COMPLETE"


def test_failed_update_leaves_everything_as_it_was(stack: Deployed):
    name = unique("queue")
    outputs = {"Url": {"Ref": "Queue"}}

    def resources(seconds: int, **more: Any) -> dict[str, Any]:
        first = nested(stack, "first.json", {"Queue": queue(f"{name}-1", VisibilityTimeout=seconds)}, outputs=outputs)
        timed = queue(f"{name}-2", VisibilityTimeout=seconds)
        return {"First": first, "Second": nested(stack, "second.json", {"Queue": timed, **more}, outputs=outputs)}

    more = {"Outputs": {each: {"Value": output(each, "Url")} for each in ("First", "Second")}}

    def timeouts() -> list[str]:
        return [created(stack, stack.output(each))[1] for each in ("First", "Second")]

    stack.deploy(resources(11), **more)
    stack.deploy(resources(22, Extra=queue(f"{name}-3"), Machine=BROKEN), check=False, **more)
    assert stack.stack()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    [event] = stack.failures()
    assert [reason.split(":")[0] for reason in stack.reasons(event["PhysicalResourceId"])] == ["Machine"]
    assert timeouts() == ["11", "11"]
    assert queues(stack, f"{name}-3") == 0
    stack.deploy(resources(22, Extra=queue(f"{name}-3")), **more)
    assert timeouts() == ["22", "22"]
    assert queues(stack, f"{name}-3") == 1


def test_parameter_that_the_nested_template_does_not_have_is_refused(stack: Deployed):
    inner = nested(stack, "inner.json", {"Queue": queue(unique("queue"))})
    inner["Properties"]["Parameters"] = {"Nmae": "x"}
    stack.deploy({"Inner": inner}, check=False)
    assert stack.reasons() == ["Inner: Parameters: [Nmae] do not exist in the template"]


def test_parameter_that_the_nested_template_misses_is_refused(stack: Deployed):
    inner = nested(stack, "inner.json", {"Queue": queue({"Ref": "Name"})}, {"Name": "x"})
    del inner["Properties"]["Parameters"]["Name"]
    stack.deploy({"Inner": inner}, check=False)
    [reason] = stack.reasons()
    assert reason.startswith("Inner: ") and "Name" in reason


def test_output_that_a_nested_stack_does_not_have_is_refused(stack: Deployed):
    first = nested(stack, "first.json", {"Queue": queue(unique("queue"))})
    second = nested(stack, "second.json", {"Queue": queue({"Ref": "Name"})}, {"Name": output("First", "Nmae")})
    stack.deploy({"First": first, "Second": second}, check=False)
    [reason] = stack.reasons()
    assert reason.startswith("Second: ") and "Outputs.Nmae" in reason


def test_nested_stack_that_is_removed_takes_its_resources_along_and_can_come_back(stack: Deployed):
    name = unique("queue")
    keep = {"Keep": queue(f"{name}-keep")}
    inner = {"Inner": nested(stack, "inner.json", {"Queue": queue(f"{name}-inner")})}
    for there in (True, False, True):
        stack.deploy(keep | (inner if there else {}))
        assert queues(stack, f"{name}-inner") == there
    stack.aws.client("cloudformation").delete_stack(StackName=stack.name)
    assert queues(stack, name) == 0
