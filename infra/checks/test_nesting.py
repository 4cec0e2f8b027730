"""What holds the templates together: parameters, outputs, and names that are written out."""

import re
from fnmatch import fnmatchcase

import pytest

from cloudformation import texts

NESTED = ("Storage", "Images", "Network", "Roles", "Jobs", "Pipeline", "Watch", "Query", "Audit")

# Properties in which a resource's name stands.
NAMES = {
    "AlarmName",
    "BucketName",
    "FunctionName",
    "JobDefinitionName",
    "JobQueueName",
    "LogGroupName",
    "Name",
    "QueueName",
    "RepositoryName",
    "StateMachineName",
    "TopicName",
    "TrailName",
}


def test_every_template_is_part_of_the_stack(root, stack):
    used = [stack.properties(name)["TemplateURL"] for name in stack.nested]
    assert sorted([*used, "template.yaml"]) == sorted(path.name for path in (root / "infra").glob("*.yaml"))
    assert tuple(stack.nested) == NESTED


@pytest.mark.parametrize("name", NESTED)
def test_a_nested_stack_gets_the_parameters_that_it_declares(stack, name):
    assert stack.passed(name).keys() == stack.nested[name]["Parameters"].keys()


@pytest.mark.parametrize("name", NESTED)
def test_defaults_and_limits_stand_in_the_root_alone(stack, name):
    assert all(parameter.keys() == {"Type"} for parameter in stack.nested[name]["Parameters"].values())


@pytest.mark.parametrize("name", NESTED)
def test_a_parameter_has_the_name_of_what_it_is_given(stack, name):
    """One role's ARN in the place of another's is a text like any other."""
    for parameter, value in stack.passed(name).items():
        if "Ref" in value:
            assert value["Ref"] == parameter
        elif "Fn::GetAtt" in value:
            assert value["Fn::GetAtt"][1] == f"Outputs.{parameter}"
        else:
            assert parameter == "InstanceTypes", f"{name}.{parameter}"


@pytest.mark.parametrize("name", NESTED)
def test_outputs_exist_and_are_used(stack, name):
    used = {attribute for stack_name, attribute in attributes(stack.root) if stack_name == name}
    assert used == {f"Outputs.{output}" for output in stack.nested[name].get("Outputs", {})}


def test_a_stack_uses_only_what_those_before_it_made(stack):
    """CloudFormation would refuse a circle; the order in the file is for readers."""
    order = list(stack.nested)
    for name in order:
        for other, _ in attributes(stack.passed(name)):
            assert order.index(other) < order.index(name), f"{name} uses {other}"


def test_a_parameter_that_a_person_sets_is_described(stack):
    for name, parameter in stack.parameters.items():
        assert parameter["Description"].endswith("."), name


def test_names_that_are_written_out_are_those_of_resources(stack):
    """Where two stacks need each other, one names the other's resource by an ARN, which nothing else would check."""
    resources = [resource for template in stack.templates for resource in template["Resources"].values()]
    given = [item for resource in resources for item in resource.get("Properties", {}).items()]
    names = {plain(text) for key, value in given if key in NAMES for text in texts(value)}
    arns = {plain(text) for template in stack.templates for text in texts(template) if text.startswith("arn:")}
    ours = {arn for arn in arns if "${ProjectName}" in arn}
    assert len(ours) > 10
    for arn in ours:
        name = re.sub(
            r"^([\w-]+:|(job-queue|job-definition|repository|trail)/)", "", arn.split(":", 5)[5]
        ).removesuffix(":*")
        assert any(fnmatchcase(each, name) for each in names), f"no resource is called {name}: {arn}"


def plain(text: str) -> str:
    """A text without the colons of `${AWS::Region}` and the like."""
    return re.sub(r"\$\{AWS::(\w+)\}", r"\1", text)


def attributes(value: object):
    """Every GetAtt in a value."""
    if isinstance(value, dict) and "Fn::GetAtt" in value:
        yield tuple(value["Fn::GetAtt"])
    elif isinstance(value, list | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from attributes(each)
