"""The canary of a deployment, with the real programs: what it lets through, and what it takes back."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from desk import ACCOUNT
from pipe import Pipe


@pytest.fixture(scope="module")
def pipe(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipe]:
    """A local AWS in which the cleaning of a build called broken ends with a bug; without a deployment."""
    pipe = Pipe(root, tmp_path_factory.mktemp("canary"), {"*/tamiz/etl:broken-*": ["/bin/false"]})
    yield pipe
    pipe.stop()


def up(pipe: Pipe, tag: str, *arguments: str):
    return pipe.command("up", "--accelerator", "cpu", "--email", "ops@example.com", "--image-tag", tag, *arguments)


def cleaning(pipe: Pipe) -> str:
    """The tag of the image that the next run is cleaned by."""
    definitions = pipe.client("batch").describe_job_definitions(jobDefinitionName="tamiz-etl")["jobDefinitions"]
    newest = max(definitions, key=lambda definition: definition["revision"])
    return newest["containerProperties"]["image"].rpartition(":")[2]


def deployments(pipe: Pipe) -> list[str]:
    return re.findall(r"deployments/\w+", pipe.command("status").stdout)


# In this order: each goes on from what the one before has left.


def test_a_first_deployment_that_fails_its_canary_stays(pipe):
    done = up(pipe, "broken-at-first")
    assert done.returncode == 1
    assert re.search(r"the canary's run \w+ ended as FAILED; its mail says why", done.stderr)
    assert "it stays, since there is none before it to go back to" in done.stderr
    assert done.stderr.endswith("deploy again: scripts/deploy.sh up --project tamiz\n")
    assert cleaning(pipe) == "broken-at-first"


def test_a_deployment_that_works_passes_its_canary(pipe):
    done = up(pipe, "good")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"canary: run \w+ succeeded", done.stdout)
    assert len(deployments(pipe)) == 2


def test_a_deployment_that_fails_its_canary_is_taken_back_and_the_one_before_works_again(pipe):
    before, mails = deployments(pipe), len(pipe.mails())
    done = up(pipe, "broken-later", "--set", "RunCostCeilingUsd=40")
    assert done.returncode == 1
    assert "the canary failed: taking the deployment back" in done.stdout
    assert re.search(r"going back from \w+ to \w+: images good", done.stdout)
    told = done.stderr.splitlines()
    assert "was taken back: what ran before runs; the canary's upload and run are kept" in told[-2]
    assert told[-1].endswith("deploy again: scripts/deploy.sh up --project tamiz")
    # What it tells of is there: the run's summary and its mail.
    [summary] = re.findall(r"aws s3 cp s3://[\w-]+/(\S+/summary\.json) -", done.stderr)
    body = pipe.client("s3").get_object(Bucket=f"tamiz-results-{ACCOUNT}", Key=summary)["Body"].read()
    assert json.loads(body)["verdict"] == "failed"
    assert any("FAILED" in mail["subject"] for mail in pipe.mails()[mails:])
    # Everything of it is gone, and uploads are labelled as before.
    assert cleaning(pipe) == "good" and deployments(pipe) == before
    [alarm] = pipe.client("cloudwatch").describe_alarms(AlarmNames=["tamiz-run-cost"])["MetricAlarms"]
    assert alarm["Threshold"] == 25.0
    rows = (pipe._root / "tests/data/uploads/phones.jsonl").read_bytes()
    assert pipe.upload("after.jsonl", rows) == "SUCCEEDED"
