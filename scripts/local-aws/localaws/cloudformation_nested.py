"""CloudFormation: nested stacks, which moto makes without outputs, without parents, and anew at every update."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from moto.cloudformation import models, parsing, responses
from moto.cloudformation.exceptions import UnformattedGetAttTemplateException, ValidationError
from moto.cloudformation.models import Stack

from .cloudformation_failures import fail, take_back
from .desk import Desk


class EmbeddedStackError(Exception):
    """A nested stack that failed; its own events say more."""

    def __init__(self, stack: Stack, verb: str, logical_id: str) -> None:
        # AWS's own words.
        self.message = (
            f"Embedded stack {stack.stack_id} was not successfully {verb.lower()}d: "
            f"The following resource(s) failed to {verb.lower()}: [{logical_id}]. "
        )
        super().__init__(self.message)
        self.stack_id = stack.stack_id


def install(desk: Desk) -> None:
    """Mends moto's nested stacks."""
    mend_template_urls(desk)
    mend_names()
    Stack.get_cfn_attribute = output_of
    Stack.create_from_cloudformation_json = classmethod(create)
    Stack.update_from_cloudformation_json = classmethod(update)


def mend_template_urls(desk: Desk) -> None:
    """moto looks for the bucket in the host's name; `aws cloudformation package` writes it into the path."""
    original = models.get_stack_from_s3_url

    def read(template_url: str, account_id: str, partition: str) -> str:
        if not template_url.startswith(f"{desk.settings.endpoint}/"):
            return original(template_url, account_id=account_id, partition=partition)
        bucket, _, key = urlsplit(template_url).path.lstrip("/").partition("/")
        return desk.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()

    models.get_stack_from_s3_url = read
    responses.get_stack_from_s3_url = read


def mend_names() -> None:
    """moto's Ref of a stack is its name, and an attribute ends at its first dot; AWS's are an ARN and `Outputs.Key`."""
    clean = parsing.clean_json

    def clean_with_outputs(value: Any, resources: parsing.ResourceMap) -> Any:
        attribute = value.get("Fn::GetAtt") if isinstance(value, dict) else None
        if isinstance(attribute, list) and len(attribute) > 2:
            value = {"Fn::GetAtt": [attribute[0], ".".join(attribute[1:])]}
        return clean(value, resources)

    parsing.clean_json = clean_with_outputs
    Stack.physical_resource_id = property(lambda stack: stack.stack_id)


def output_of(stack: Stack, attribute_name: str) -> str:
    """The value of `Outputs.Key`."""
    kind, _, key = attribute_name.partition(".")
    output = stack.output_map[key] if kind == "Outputs" and key in stack.output_map.outputs else None
    if output is None:
        raise UnformattedGetAttTemplateException()
    return output.value


def create(
    cls: type, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **more: Any
) -> Stack:
    """Makes a nested stack; one that fails is deleted, and its events stay to be read by its id, as on AWS."""
    backend = models.cloudformation_backends[account_id][region_name]
    template, parameters = contents(cloudformation_json["Properties"], account_id)
    try:
        stack = backend.create_stack(name=resource_name, template=template, parameters=parameters)
    except Exception as error:
        failed = [each for each in backend.stacks.values() if each.name == resource_name]
        if not failed:
            raise
        logical_id = fail(failed[0], "CREATE", error)
        backend.delete_stack(failed[0].stack_id)
        raise EmbeddedStackError(failed[0], "CREATE", logical_id) from error
    parent = backend.get_stack(more["StackId"])
    stack.parent_id, stack.root_id = parent.stack_id, getattr(parent, "root_id", parent.stack_id)
    return stack


def update(
    cls: type,
    original_resource: Stack,
    new_resource_name: str,
    cloudformation_json: Any,
    account_id: str,
    region_name: str,
) -> Stack:
    """Changes what differs in a nested stack; one that fails is as it was before."""
    stack, before = original_resource, original_resource.template
    template, parameters = contents(cloudformation_json["Properties"], account_id)
    try:
        stack.update(template, parameters=parameters)
    except Exception as error:
        logical_id = fail(stack, "UPDATE", error)
        stack.template = before
        stack._parse_template()
        take_back(stack)
        raise EmbeddedStackError(stack, "UPDATE", logical_id) from error
    return stack


def contents(properties: dict[str, Any], account_id: str) -> tuple[str, dict[str, str]]:
    """Template and parameters of a nested stack; refuses parameters that AWS refuses and moto drops."""
    template = models.get_stack_from_s3_url(properties["TemplateURL"], account_id=account_id, partition="aws")
    parameters = properties.get("Parameters", {})
    declared = Stack.parse_template(template).get("Parameters", {})
    if unknown := sorted(parameters.keys() - declared.keys()):
        raise ValidationError(message=f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    if lists := sorted(name for name, value in parameters.items() if isinstance(value, list | dict)):
        raise ValidationError(message=f"Value of property Parameters must be an object with String values: {lists}")
    return template, {name: str(value) for name, value in parameters.items()}
