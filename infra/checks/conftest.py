"""The templates and the state machine, parsed once, for every check."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloudformation import Stack
from desk import Desk
from pipe import Pipe, exercise

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def stack() -> Stack:
    return Stack.read(ROOT / "infra")


@pytest.fixture(scope="session")
def machine() -> dict:
    return json.loads((ROOT / "infra/state-machine.asl.json").read_text())


@pytest.fixture(scope="session")
def desk(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    desk = Desk(root, tmp_path_factory.mktemp("desk"))
    try:
        desk.deploy("--image-tag", "one")
        yield desk
    finally:
        desk.stop()


@pytest.fixture(scope="session")
def pipe(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipe]:
    pipe = Pipe(root, tmp_path_factory.mktemp("pipe"))
    try:
        pipe.deploy("--image-tag", "one")
        exercise(pipe)
        yield pipe
    finally:
        pipe.stop()
