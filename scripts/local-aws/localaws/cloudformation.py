"""CloudFormation: templates are refused, created, and updated as AWS does it, instead of skipped in part."""

from __future__ import annotations

import inspect
import ipaddress
import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

from moto.cloudformation import models, parsing
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.responses import CloudFormationResponse

from . import cloudformation_failures, cloudformation_nested, cloudformation_types
from .cloudformation_failures import telling
from .desk import Desk

LOG = logging.getLogger(__name__)


def install(desk: Desk) -> None:
    """Mends moto's CloudFormation."""
    cloudformation_types.install(desk)
    mend_unknown_types()
    mend_parameters()
    mend_cidr()
    mend_no_value()
    mend_equals()
    cloudformation_nested.install(desk)
    cloudformation_failures.install()
    mend_updates()
    mend_outputs()
    mend_empty_change_sets()


def mend_unknown_types() -> None:
    """moto leaves out resources of types that it does not know, and calls the stack complete."""
    for name in ("create_change_set", "create_stack", "update_stack"):
        setattr(models.CloudFormationBackend, name, refusing(getattr(models.CloudFormationBackend, name)))


def refusing(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method, for templates of which every type is known."""
    signature = inspect.signature(method)

    def checked(*arguments: Any, **named: Any) -> Any:
        template = signature.bind(*arguments, **named).arguments.get("template")
        resources = models.Stack.parse_template(template).get("Resources", {}) if template else {}
        unknown = sorted({each["Type"] for each in resources.values()} - known_types())
        if unknown:
            # AWS's own words for a type that does not exist.
            raise ValidationError(message=f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]")
        return method(*arguments, **named)

    return checked


def known_types() -> set[str]:
    """Types that moto or this package makes; a null model is made by doing nothing, on AWS too."""
    return set(parsing.get_model_map()) | set(parsing.NULL_MODELS)


def mend_parameters() -> None:
    """moto splits list parameters where they are passed, but not where their default or previous value holds."""
    load = parsing.ResourceMap.load_parameters

    def load_lists(resources: parsing.ResourceMap) -> None:
        for name, parameter in (resources._template.get("Parameters") or {}).items():
            is_list = parameter["Type"] == "CommaDelimitedList" or parameter["Type"].startswith("List")
            value = resources.input_parameters.get(name, parameter.get("Default"))
            if is_list and value is not None:
                text = ",".join(str(each) for each in value) if isinstance(value, list) else str(value)
                resources.input_parameters[name] = text
        load(resources)

    parsing.ResourceMap.load_parameters = load_lists


def mend_cidr() -> None:
    """moto does not know Fn::Cidr."""
    clean = parsing.clean_json

    def clean_with_cidr(value: Any, resources: parsing.ResourceMap) -> Any:
        if not (isinstance(value, dict) and "Fn::Cidr" in value):
            return clean(value, resources)
        block, count, bits = clean_with_cidr(value["Fn::Cidr"], resources)
        subnets = ipaddress.ip_network(block).subnets(new_prefix=32 - int(bits))
        return [str(next(subnets)) for _ in range(int(count))]

    parsing.clean_json = clean_with_cidr


def mend_no_value() -> None:
    """moto leaves AWS::NoValue out of a mapping, but not out of a list."""
    clean = parsing.clean_json

    def clean_without(value: Any, resources: parsing.ResourceMap) -> Any:
        cleaned = clean(value, resources)
        return [each for each in cleaned if each is not None] if isinstance(value, list) else cleaned

    parsing.clean_json = clean_without


def mend_equals() -> None:
    """moto compares a number, which a parameter's default may be, with the text that it is when somebody sets it."""
    parse = parsing.parse_condition

    def parse_texts(condition: Any, resources: parsing.ResourceMap, known: dict[str, Any]) -> bool:
        if isinstance(condition, dict) and "Fn::Equals" in condition:
            one, other = (clean_text(each, resources) for each in condition["Fn::Equals"])
            return one == other
        return parse(condition, resources, known)

    def clean_text(value: Any, resources: parsing.ResourceMap) -> str:
        text = str(parsing.clean_json(value, resources))
        return text.lower() if text in ("True", "False") else text

    parsing.parse_condition = parse_texts


def mend_updates() -> None:
    """moto updates what differs in the template's text; AWS updates what differs once references are filled in."""
    create, update = parsing.parse_and_create_resource, parsing.parse_and_update_resource
    update_all, diff = parsing.ResourceMap.update, parsing.ResourceMap.build_resource_diff

    def create_and_remember(logical_id: str, resource: dict[str, Any], resources: Any, **named: Any) -> Any:
        made = create(logical_id, resource, resources, **named)
        if made is not None:
            remembered(resources)[logical_id] = resolved(resource, resources)
        return made

    def update_if_changed(logical_id: str, resource: dict[str, Any], resources: Any, **named: Any) -> Any:
        # moto goes on after a failure, and tries it again four times.
        if resources.failure is not None:
            raise resources.failure
        try:
            return changed(logical_id, resource, resources, **named)
        except Exception as error:
            resources.failure = error
            raise

    def changed(logical_id: str, resource: dict[str, Any], resources: Any, **named: Any) -> Any:
        if not is_wanted(resource, resources):
            # moto keeps what a condition no longer asks for.
            made = resources._parsed_resources.get(logical_id)
            if made is not None and resource.get("DeletionPolicy") != "Retain":
                telling(logical_id, resource, lambda: resources._delete_resource(made, resource))
            remembered(resources).pop(logical_id, None)
            return None
        old = resources[logical_id]
        now = resolved(resource, resources) if old is not None else None
        if now == remembered(resources).get(logical_id):
            return old
        new = telling(logical_id, resource, lambda: update(logical_id, resource, resources, **named))
        if new is None:
            LOG.warning(
                "%s (%s) changed, which moto cannot do: restart the local AWS to see it", logical_id, resource["Type"]
            )
        remembered(resources)[logical_id] = now
        return new or old

    def update_in_order(resources: Any, template: dict[str, Any], parameters: dict[str, Any] | None = None) -> None:
        removed = [name for name in resources._resource_json_map if name not in template["Resources"]]
        resources.updating, resources.failure = True, None
        try:
            update_all(resources, template, parameters)
        finally:
            resources.updating = False
            # Removed resources are none; nor is one whose condition does not hold, until an update says that it does.
            absent = [name for name, value in resources._parsed_resources.items() if value is None]
            for name in {*removed, *absent} - {"AWS::NoValue"}:
                resources._parsed_resources.pop(name, None)
                remembered(resources).pop(name, None)

    def diff_of_update(resources: Any, template: dict[str, Any], parameters: dict[str, Any] | None = None) -> Any:
        found = diff(resources, template, parameters)
        if getattr(resources, "updating", False):
            # moto makes what is new before it changes what it needs, and in the order of the template.
            found["Add"], found["Modify"] = [], ordered(template["Resources"])
        return found

    parsing.parse_and_create_resource = create_and_remember
    parsing.parse_and_update_resource = update_if_changed
    parsing.ResourceMap.update = update_in_order
    parsing.ResourceMap.build_resource_diff = diff_of_update


def is_wanted(resource: dict[str, Any], resources: Any) -> bool:
    """Whether the condition of a resource holds, if it has one."""
    return "Condition" not in resource or resources.lazy_condition_map[resource["Condition"]]


def remembered(resources: Any) -> dict[str, str | None]:
    """What each resource of a stack was last made or changed with."""
    if not hasattr(resources, "last_resolved"):
        resources.last_resolved = {}
    return resources.last_resolved


def resolved(resource: dict[str, Any], resources: Any) -> str:
    """A resource's properties as text, with references filled in."""
    return json.dumps(parsing.clean_json(resource.get("Properties", {}), resources), sort_keys=True, default=str)


def ordered(template: dict[str, Any]) -> list[str]:
    """The resources of a template, each after those that it refers to."""
    done: dict[str, None] = {}

    def visit(name: str, path: frozenset[str]) -> None:
        if name in done or name in path or name not in template:
            return
        for other in references(template[name]):
            visit(other, path | {name})
        done[name] = None

    for name in template:
        visit(name, frozenset())
    return list(done)


def references(value: Any) -> Iterator[str]:
    """The names that Ref, Fn::GetAtt, Fn::Sub and DependsOn mention anywhere in a value."""
    if isinstance(value, list):
        for each in value:
            yield from references(each)
    if not isinstance(value, dict):
        return
    for key, each in value.items():
        if key == "Ref":
            yield each
        elif key == "Fn::GetAtt":
            yield each[0] if isinstance(each, list) else each.split(".")[0]
        elif key == "Fn::Sub":
            text = each[0] if isinstance(each, list) else each
            yield from (match.split(".")[0] for match in re.findall(r"\$\{([^!}]+)\}", text))
        elif key == "DependsOn":
            yield from ([each] if isinstance(each, str) else each)
        yield from references(each)


def mend_outputs() -> None:
    """moto loses the outputs of a stack that came from a change set, as `aws cloudformation deploy` makes it."""
    apply = models.ChangeSet.apply

    def apply_with_outputs(change_set: models.ChangeSet) -> None:
        apply(change_set)
        stack = change_set.stack
        stack.template, stack.template_dict = change_set.template, change_set.template_dict
        stack.parameters = change_set.parameters
        stack.output_map = stack._create_output_map()

    models.ChangeSet.apply = apply_with_outputs


def mend_empty_change_sets() -> None:
    """moto refuses a change set without changes; AWS makes a failed one, for which `deploy` looks."""
    validate = CloudFormationResponse._validate_different_update

    def validate_updates(response: CloudFormationResponse, *arguments: Any, **named: Any) -> None:
        if response._get_action() == "UpdateStack":
            validate(response, *arguments, **named)

    CloudFormationResponse._validate_different_update = validate_updates
