"""The template and the state machine, parsed once, for every check."""

import json
from pathlib import Path

import pytest

from cloudformation import Template

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def template() -> Template:
    return Template.read(ROOT / "infra/template.yaml")


@pytest.fixture(scope="session")
def machine() -> dict:
    return json.loads((ROOT / "infra/state-machine.asl.json").read_text())
