"""The parameters of a deployment: what configs/ says, and what was typed.

settings.py TEMPLATE FILE[,FILE…] [NAME=VALUE…]    # JSON for `aws cloudformation create-change-set --parameters` on stdout

A later file overrides the earlier ones, and what is typed overrides the files. The first file names every key there is.
"""

import difflib
import json
import re
import sys
import tomllib
from pathlib import Path


class SettingsError(Exception):
    """A setting that cannot be used; the message names file and key."""


def parameter_name(key: str) -> str:
    """`max_fargate_vcpus` is the parameter `MaxFargateVcpus`."""
    return "".join(part.capitalize() for part in key.split("_"))


def text_of(file: str, key: str, value: object) -> str:
    """A value as CloudFormation takes it; the parts of a list with commas."""
    if isinstance(value, list):
        return ",".join(text_of(file, key, part) for part in value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise SettingsError(f"{file}: {key}: text, a number or a list of them was expected")
    return str(value)


def nearest(key: str, known: list[str]) -> str:
    """A hint at what may have been meant."""
    found = difflib.get_close_matches(key, known, n=1)
    return f"; did you mean `{found[0]}`?" if found else ""


def read(file: str, base: dict[str, str]) -> dict[str, str]:
    """The settings of a file; those of a file behind the base must be among the base's."""
    try:
        written = tomllib.loads(Path(file).read_text())
    except (OSError, ValueError) as error:
        raise SettingsError(f"{file}: {error}") from error
    for key in written:
        if base and key not in base:
            raise SettingsError(f"{file}: unknown key `{key}`{nearest(key, list(base))}")
    return {key: text_of(file, key, value) for key, value in written.items()}


def parameters_of(template: str) -> list[str]:
    """The names of a template's parameters; read by lines, since the short forms of CloudFormation are no plain YAML."""
    section = re.search(r"^Parameters:\n(.*?)^\w", Path(template).read_text(), re.MULTILINE | re.DOTALL)
    return re.findall(r"^  (\w+):", section[1], re.MULTILINE) if section else []


def resolve(template: str, files: list[str], typed: list[str]) -> dict[str, str]:
    """The value of every parameter that files or people name."""
    known, settings = parameters_of(template), {}
    for file in files:
        settings |= read(file, settings)
    resolved = {}
    for key, value in settings.items():
        name = parameter_name(key)
        if name not in known:
            raise SettingsError(f"{files[0]}: {key}: {template} has no parameter {name}{nearest(name, known)}")
        resolved[name] = value
    for assignment in typed:
        name, equals, value = assignment.partition("=")
        if not equals or not name:
            raise SettingsError(f"--set {assignment}: NAME=VALUE was expected")
        if name not in known:
            raise SettingsError(f"--set {assignment}: {template} has no such parameter{nearest(name, known)}")
        resolved[name] = value
    return resolved


def main() -> None:
    """Prints the parameters; a wrong setting ends with 2, as in every program of Tamiz."""
    template, files, *typed = sys.argv[1:]
    try:
        resolved = resolve(template, files.split(","), typed)
    except SettingsError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)
    print(json.dumps([{"ParameterKey": name, "ParameterValue": value} for name, value in sorted(resolved.items())]))


if __name__ == "__main__":
    main()
