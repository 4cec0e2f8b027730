"""What the server was started with, and the names that everything in it shares."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
REGION = "us-east-1"
ACCOUNT = "123456789012"
ACCESS_KEY = "local"
SECRET_KEY = "local"

# Handed down from the server's own environment to jobs and functions: what a program needs to start at all on this
# machine. Everything else comes from the job definition, as in a container.
INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "RUST_BACKTRACE")


@dataclass(frozen=True)
class Settings:
    """One server's settings; times are in seconds."""

    port: int
    state: Path
    bin: Path
    images: Path | None
    slots: int
    grace: float
    batching_window: float | None
    die_with: int | None

    @property
    def endpoint(self) -> str:
        """The URL that clients put into AWS_ENDPOINT_URL; an address, so that SDKs use path-style buckets."""
        return f"http://{HOST}:{self.port}"

    @property
    def exports(self) -> dict[str, str]:
        """The environment that points a client at this server."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def parser() -> argparse.ArgumentParser:
    """The command line of `python -m localaws`; start.sh passes its own arguments through."""
    parse = argparse.ArgumentParser(prog="start.sh", description="Starts the local AWS.")
    parse.add_argument("--port", type=int, default=5005, help="port to listen on, 0 for a free one (5005)")
    parse.add_argument("--state", type=Path, required=True, help="folder for logs, mail, pid and env")
    parse.add_argument("--bin", type=Path, required=True, help="folder of the tamiz-* programs")
    parse.add_argument("--images", type=Path, help='JSON file {"image glob": ["command", "argument"]}, looked at first')
    parse.add_argument("--slots", type=int, default=4, help="jobs that run at once in each job queue (4)")
    parse.add_argument("--grace", type=float, default=5.0, help="seconds between SIGTERM and SIGKILL (5; AWS: 30)")
    parse.add_argument("--batching-window", type=float, help="seconds instead of every mapping's own batching window")
    parse.add_argument("--die-with", type=int, metavar="PID", help="end when that process does")
    return parse


def from_arguments(arguments: argparse.Namespace, port: int) -> Settings:
    """Settings with the port that was really bound and absolute folders, since jobs run in folders of their own."""
    return Settings(
        port=port,
        state=arguments.state.resolve(),
        bin=arguments.bin.resolve(),
        images=arguments.images.resolve() if arguments.images else None,
        slots=arguments.slots,
        grace=arguments.grace,
        batching_window=arguments.batching_window,
        die_with=arguments.die_with,
    )
