"""What AWS checks of a state machine's definition when it is created and moto does not: the names of parameters."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

import botocore.session
from botocore.model import ListShape, Shape, StructureShape

RESOURCE = re.compile(r"arn:aws:states:::(?:aws-sdk:)?([a-zA-Z0-9]+):([a-zA-Z]+)")
SERVICES = {"states": "stepfunctions", "sfn": "stepfunctions"}


@functools.cache
def shape_of(service: str, action: str, side: str) -> Shape | None:
    """The input or output shape of an operation that is named in snake case; None where boto3 knows none."""
    session = botocore.session.get_session()
    if service not in session.get_available_services():
        return None
    model = session.get_service_model(service)
    names = {botocore.xform_name(name): name for name in model.operation_names}
    return getattr(model.operation_model(names[action]), side) if action in names else None


def unknown_fields(definition: Any, path: str = "") -> Iterator[str]:
    """Where a definition gives a task a parameter that its API does not have, as `<field> at <path>`."""
    for name, state in definition.get("States", {}).items():
        here = f"{path}/States/{name}"
        found = RESOURCE.match(state.get("Resource", ""))
        if found:
            service, action = found.groups()
            shape = shape_of(SERVICES.get(service, service), botocore.xform_name(action), "input_shape")
            yield from unknown_in(state.get("Parameters", {}), shape, f"{here}/Parameters")
        for number, branch in enumerate(state.get("Branches", [])):
            yield from unknown_fields(branch, f"{here}/Branches[{number}]")
        for key in ("Iterator", "ItemProcessor"):
            yield from unknown_fields(state.get(key, {}), f"{here}/{key}")


def unknown_in(value: Any, shape: Shape | None, path: str) -> Iterator[str]:
    """The fields of a value that its shape does not have; a state machine writes them in PascalCase."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        members = {name[0].upper() + name[1:]: member for name, member in shape.members.items()}
        for key, each in value.items():
            name = key.removesuffix(".$")
            if name not in members:
                yield f'"{name}" at {path}'
            elif name == key:
                yield from unknown_in(each, members[name], f"{path}/{name}")
    elif isinstance(shape, ListShape) and isinstance(value, list):
        for number, each in enumerate(value):
            yield from unknown_in(each, shape.member, f"{path}[{number}]")
