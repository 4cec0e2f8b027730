"""Reads a CloudFormation template into plain dictionaries."""

from dataclasses import dataclass
from pathlib import Path

import yaml


class _Loader(yaml.SafeLoader):
    """YAML with the short forms of the intrinsic functions: `!Sub x` is `{"Fn::Sub": x}`."""


def _intrinsic(loader: _Loader, suffix: str, node: yaml.Node) -> dict:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        return {name: value.split(".", 1) if suffix == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _intrinsic)


@dataclass(frozen=True)
class Template:
    """A template whose resources are found by logical name and by type."""

    body: dict

    @classmethod
    def read(cls, path: Path) -> "Template":
        """The template in a file."""
        return cls(yaml.load(path.read_text(), _Loader))

    def properties(self, name: str) -> dict:
        """The properties of a resource, by its logical name."""
        return self.body["Resources"][name]["Properties"]

    def of_type(self, kind: str) -> dict[str, dict]:
        """Logical name to properties of every resource of a type."""
        resources = self.body["Resources"]
        found = {name: r["Properties"] for name, r in resources.items() if r["Type"] == kind}
        assert found, f"the template has no {kind}"
        return found


def listed(value: object) -> list:
    """IAM writes one thing without a list around it."""
    return value if isinstance(value, list) else [value]
