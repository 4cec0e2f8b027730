"""Reads the CloudFormation templates into plain dictionaries, and finds resources over all of them."""

from collections.abc import Iterator
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


STACK = "AWS::CloudFormation::Stack"


def read(path: Path) -> dict:
    """The template in a file."""
    return yaml.load(path.read_text(), _Loader)


@dataclass(frozen=True)
class Stack:
    """The root template and those nested in it; a resource is found by its logical name, which is one of its kind."""

    root: dict
    nested: dict[str, dict]

    @classmethod
    def read(cls, folder: Path) -> "Stack":
        """The templates of a folder, of which `template.yaml` is the root."""
        root = read(folder / "template.yaml")
        nested = {
            name: read(folder / resource["Properties"]["TemplateURL"])
            for name, resource in root["Resources"].items()
            if resource["Type"] == STACK
        }
        stack = cls(root, nested)
        names = [name for template in stack.templates for name in template["Resources"]]
        assert len(names) == len(set(names)), "two resources have one logical name"
        return stack

    @property
    def templates(self) -> list[dict]:
        """The root and what is nested in it."""
        return [self.root, *self.nested.values()]

    @property
    def parameters(self) -> dict[str, dict]:
        """The parameters of the whole, which scripts/deploy.sh sets."""
        return self.root["Parameters"]

    def resource(self, name: str) -> dict:
        """A resource by its logical name."""
        return self._holder(name)["Resources"][name]

    def properties(self, name: str) -> dict:
        """The properties of a resource, by its logical name."""
        return self.resource(name)["Properties"]

    def of_type(self, kind: str) -> dict[str, dict]:
        """Logical name to properties of every resource of a type."""
        resources = [item for template in self.templates for item in template["Resources"].items()]
        found = {name: resource["Properties"] for name, resource in resources if resource["Type"] == kind}
        assert found, f"the templates have no {kind}"
        return found

    def passed(self, nested: str) -> dict[str, object]:
        """The parameters that a nested stack is given."""
        return self.properties(nested)["Parameters"]

    def origin(self, resource: str, value: dict) -> str:
        """The logical name of what a Ref or GetAtt in a resource means, through parameters and outputs."""
        template = self._holder(resource)
        while True:
            [name, *attribute] = value["Fn::GetAtt"] if "Fn::GetAtt" in value else [value["Ref"]]
            if template is self.root and name in self.nested:
                template = self.nested[name]
                value = template["Outputs"][attribute[0].removeprefix("Outputs.")]["Value"]
            elif template is not self.root and name in template.get("Parameters", {}):
                [stack] = [key for key, each in self.nested.items() if each is template]
                template, value = self.root, self.passed(stack)[name]
            else:
                return name

    def _holder(self, name: str) -> dict:
        found = [template for template in self.templates if name in template["Resources"]]
        assert found, f"the templates have no {name}"
        return found[0]


def listed(value: object) -> list:
    """IAM writes one thing without a list around it."""
    return value if isinstance(value, list) else [value]


def texts(value: object) -> Iterator[str]:
    """Every text in a value, that of Fn::Sub included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts(each)
