"""The template deployed by scripts/deploy.sh into the local AWS, with stand-ins for the images."""

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.client import BaseClient

ACCOUNT = "123456789012"
STAGES = ("etl", "inference", "monitor", "retrain")
PATIENCE_SECONDS = 60


@dataclass
class Run:
    """What became of one execution."""

    run_id: str
    status: str
    error: str
    cause: str
    calls: list[dict]
    mails: list[dict]

    def stages(self) -> list[str]:
        """The stages whose jobs were started, in order."""
        return [call["stage"] for call in self.calls]

    def environments(self, stage: str) -> list[dict]:
        """What each job of a stage found in its environment."""
        return [call["environment"] for call in self.calls if call["stage"] == stage]


class Desk:
    """A local AWS that has the stack."""

    def __init__(self, root: Path, folder: Path) -> None:
        self._root, self._folder = root, folder
        stand_in = [sys.executable, str(Path(__file__).with_name("stand_in.py"))]
        images = {f"*/tamiz/{stage}:*": [*stand_in, stage, str(folder)] for stage in STAGES}
        self._start(images)

    def _start(self, images: dict[str, list[str]], *options: object) -> None:
        """Starts the local AWS, in which programs stand for images."""
        (self._folder / "images.json").write_text(json.dumps(images))
        self._script("local-aws/start.sh", "--port", "0", "--images", self._folder / "images.json", *options)
        self.environment = os.environ | read_exports(self._folder / "state/env")
        self.endpoint = self.environment["AWS_ENDPOINT_URL"]

    def stop(self) -> None:
        """Stops the local AWS and everything that runs in it."""
        self._script("local-aws/stop.sh")

    def _script(self, name: str, *arguments: object) -> None:
        command = [self._root / "scripts" / name, "--state", self._folder / "state", *arguments]
        subprocess.run([str(part) for part in command], check=True)

    def deploy(self, *arguments: str) -> str:
        """Runs scripts/deploy.sh, which must succeed, and answers what it printed."""
        done = self.try_deploy(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def try_deploy(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Deploys without a canary, since stand-ins label nothing."""
        return self.command("up", "--no-canary", "--accelerator", "cpu", "--email", "ops@example.com", *arguments)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a command of scripts/deploy.sh."""
        call = [str(self._root / "scripts/deploy.sh"), *arguments]
        return subprocess.run(call, env=self.environment, capture_output=True, text=True, check=False)

    def fault(self, **fault: object) -> None:
        """Lets the next request of a kind fail."""
        url = self.endpoint + "/_local/faults"
        urllib.request.urlopen(urllib.request.Request(url, data=json.dumps([fault]).encode())).close()

    def client(self, service: str) -> BaseClient:
        """A client of a service of this local AWS."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )

    def run(self, scenario: dict, model: str | None = "v1", payload: dict | None = None) -> Run:
        """Runs the state machine once under a scenario, with or without a registered model; or with a payload."""
        self._prepare(scenario, model)
        seen, run_id, states = len(self.mails()), secrets.token_hex(16), self.client("stepfunctions")
        arn = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:tamiz-pipeline"
        payload = payload or {"run_id": run_id, "manifest": f"s3://tamiz-staging-{ACCOUNT}/runs/{run_id}/manifest.json"}
        execution = states.start_execution(stateMachineArn=arn, name=run_id, input=json.dumps(payload))
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (end := states.describe_execution(executionArn=execution["executionArn"]))["status"] == "RUNNING":
            assert time.monotonic() < deadline, (
                f"still running: {states.get_execution_history(**execution)['events'][-1]}"
            )
            time.sleep(0.05)
        calls = [json.loads(line) for line in (self._folder / "calls.jsonl").read_text().splitlines()]
        return Run(run_id, end["status"], end.get("error", ""), end.get("cause", ""), calls, self.mails()[seen:])

    def wait(self, ask: Callable[[], object], what: str) -> object:
        """Asks until there is an answer."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (answer := ask()):
            assert time.monotonic() < deadline, f"{what} never came"
            time.sleep(0.05)
        return answer

    def _prepare(self, scenario: dict, model: str | None) -> None:
        (self._folder / "scenario.json").write_text(json.dumps(scenario))
        (self._folder / "calls.jsonl").write_text("")
        pointer = {"Bucket": f"tamiz-models-{ACCOUNT}", "Key": "reviews/latest.json"}
        if model:
            self.client("s3").put_object(**pointer, Body=json.dumps({"version": model, "digest": ""}).encode())
        else:
            self.client("s3").delete_object(**pointer)

    def mails(self) -> list[dict]:
        """Every mail that went out so far."""
        with urllib.request.urlopen(self.endpoint + "/_local/mail") as answer:
            return json.load(answer)


def read_exports(path: Path) -> dict[str, str]:
    """The variables of a shell file of `export NAME=value` lines."""
    lines = [line.removeprefix("export ") for line in path.read_text().splitlines() if "=" in line]
    return {name: value.strip("'\"") for name, _, value in (line.partition("=") for line in lines)}
