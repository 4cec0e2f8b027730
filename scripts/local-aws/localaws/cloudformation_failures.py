"""CloudFormation: a change that fails names its resource, fails its stack, and is taken back."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from moto.cloudformation import models, parsing

LOG = logging.getLogger(__name__)

STACK_TYPE = "AWS::CloudFormation::Stack"
ENDED = {"CREATE": "ROLLBACK_COMPLETE", "UPDATE": "UPDATE_ROLLBACK_COMPLETE"}


class ResourceError(Exception):
    """A resource that could not be made or changed; the message is AWS's reason."""

    def __init__(self, logical_id: str, kind: str, reason: str, physical_id: str = "") -> None:
        super().__init__(f"{logical_id} ({kind}): {reason}")
        self.logical_id, self.kind, self.reason, self.physical_id = logical_id, kind, reason, physical_id


def telling(logical_id: str, resource: dict[str, Any], change: Callable[[], Any]) -> Any:
    """Does a change; an error names the resource in which it came up."""
    try:
        return change()
    except ResourceError:
        raise
    except Exception as error:
        # A failed dependency has its own name; what is left is this resource's.
        reason = getattr(error, "message", None) or f"{type(error).__name__}: {error}"
        raise ResourceError(logical_id, resource["Type"], reason, getattr(error, "stack_id", "")) from error


def fail(stack: models.Stack, verb: str, error: Exception) -> str:
    """Notes on a stack why a change failed, as AWS does; answers the logical id of the resource that failed."""
    LOG.warning("stack %s: %s", stack.name, error)
    logical_id, kind = getattr(error, "logical_id", stack.name), getattr(error, "kind", STACK_TYPE)
    reason, physical_id = getattr(error, "reason", None) or str(error), getattr(error, "physical_id", "")
    event = models.Event(stack.stack_id, stack.name, logical_id, physical_id, kind, f"{verb}_FAILED", reason, None)
    stack.events.append(event)
    stack.status = ENDED[verb]
    return logical_id


def take_back(stack: models.Stack) -> None:
    """Brings the resources of a stack whose update failed to the template and the parameters that it had before."""
    try:
        stack.resource_map.update(stack.template_dict, stack.parameters)
    except Exception:
        LOG.exception("stack %s: its resources are neither as they were nor as they should be", stack.name)
    stack.output_map = stack._create_output_map()


def install() -> None:
    """moto answers a failed change with an error and leaves the stack as it was; AWS fails the stack and says why."""
    create, execute = parsing.parse_and_create_resource, models.CloudFormationBackend.execute_change_set

    def create_or_tell(logical_id: str, resource: dict[str, Any], *arguments: Any, **named: Any) -> Any:
        return telling(logical_id, resource, lambda: create(logical_id, resource, *arguments, **named))

    def execute_and_tell(backend: Any, change_set_name: str, stack_name: str | None = None) -> None:
        change_set = backend.describe_change_set(change_set_name)
        stack = backend.stacks[change_set.stack_id]
        try:
            execute(backend, change_set_name, stack_name)
        except Exception as error:
            fail(stack, change_set.change_set_type, error)
            if change_set.change_set_type == "UPDATE":
                take_back(stack)

    parsing.parse_and_create_resource = create_or_tell
    models.CloudFormationBackend.execute_change_set = execute_and_tell
