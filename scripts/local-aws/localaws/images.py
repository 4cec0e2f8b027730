"""Which program stands for a container image: the entry point that the image would have."""

from __future__ import annotations

import fnmatch
import json
import os
from pathlib import Path

STAGES = ("dispatcher", "etl", "inference", "monitor", "retrain")


class NoCommandError(Exception):
    """No program of this machine stands for the image; the message says what to do."""


class Images:
    """Maps `<registry>/<project>/<stage>:<tag>` or `@<digest>` to `<bin>/tamiz-<stage>`, after the globs of a file."""

    def __init__(self, folder: Path, overrides: Path | None) -> None:
        self._folder = folder
        self._overrides: dict[str, list[str]] = json.loads(overrides.read_text()) if overrides else {}

    def command(self, image: str) -> list[str]:
        """The command line for an image; raises NoCommandError."""
        for glob, command in self._overrides.items():
            # Whoever writes `:*` means every image of the repository.
            if fnmatch.fnmatchcase(image, glob) or fnmatch.fnmatchcase(image.replace("@", ":"), glob):
                return list(command)
        stage = image.rsplit("/", 1)[-1].split("@", maxsplit=1)[0].split(":", maxsplit=1)[0]
        if "/" not in image or stage not in STAGES:
            raise NoCommandError(f"no program stands for image {image}; name one with --images")
        program = self._folder / f"tamiz-{stage}"
        if not os.access(program, os.X_OK):
            raise NoCommandError(
                f"image {image} needs {program}, which is missing: cargo build --release -p tamiz-{stage}"
            )
        return [str(program)]
