"""The way back and the end of a deployment: scripts/deploy.sh on a local AWS of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from desk import ACCOUNT, Desk

BUCKETS = {f"tamiz-{name}-{ACCOUNT}" for name in ("input", "staging", "results", "models", "artifacts")}


@pytest.fixture(scope="module")
def desk(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A local AWS with three deployments, which differ in what a run may cost."""
    desk = Desk(root, tmp_path_factory.mktemp("commands"))
    try:
        for cost in ("11", "12", "13"):
            desk.deploy("--image-tag", f"build-{cost}", "--set", f"RunCostCeilingUsd={cost}")
        yield desk
    finally:
        desk.stop()


def ceiling(desk: Desk) -> float:
    """What a run may cost before an alarm tells of it."""
    [alarm] = desk.client("cloudwatch").describe_alarms(AlarmNames=["tamiz-run-cost"])["MetricAlarms"]
    return alarm["Threshold"]


def buckets(desk: Desk) -> set[str]:
    return {bucket["Name"] for bucket in desk.client("s3").list_buckets()["Buckets"]}


def test_each_rollback_goes_one_deployment_further_back(desk):
    assert ceiling(desk) == 13.0
    told = desk.command("rollback")
    assert told.returncode == 0 and "images build-12" in told.stdout, told.stderr
    assert ceiling(desk) == 12.0
    assert desk.command("rollback").returncode == 0
    assert ceiling(desk) == 11.0
    refused = desk.command("rollback")
    assert refused.returncode == 1 and "there is no deployment to go back to" in refused.stderr
    assert ceiling(desk) == 11.0


def test_the_status_tells_parameters_runs_and_deployments(desk):
    told = desk.command("status")
    assert told.returncode == 0, told.stderr
    assert "RunCostCeilingUsd                11" in told.stdout
    assert "uploads that could not be settled: 0" in told.stdout
    assert told.stdout.count("deployments/") == 1
    nothing = desk.command("status", "--project", "elsewhere")
    assert nothing.returncode == 1 and nothing.stderr.endswith("deploy it: scripts/deploy.sh up --project elsewhere\n")
    # With the environment, whose settings would be left out otherwise.
    nothing = desk.command("status", "--env", "dev")
    assert nothing.returncode == 1 and nothing.stderr.endswith("deploy it: scripts/deploy.sh up --env dev\n")


def test_a_plan_makes_nothing_and_names_what_the_environment_overrides(desk):
    told = desk.command("plan", "--env", "staging")
    assert told.returncode == 0, told.stderr
    assert "LogRetentionDays                 14" in told.stdout
    [files] = [line.split()[1] for line in told.stdout.splitlines() if "PipelineConfiguration" in line]
    assert files.count("s3://tamiz-staging-artifacts-") == 2
    base = desk.command("plan", "--project", "elsewhere", "--config", "configs/demo.toml")
    [files] = [line.split()[1] for line in base.stdout.splitlines() if "PipelineConfiguration" in line]
    assert files.count("s3://") == 1
    assert not [name for name in buckets(desk) if "staging-artifacts" in name]


def test_the_end_of_a_deployment_keeps_its_data_until_it_is_told_twice(desk):
    for bucket in ("results", "models"):  # Models are locked; who deletes all data goes over that.
        desk.client("s3").put_object(Bucket=f"tamiz-{bucket}-{ACCOUNT}", Key="runs/x/summary.json", Body=b"{}")
    done = desk.command("destroy", "--data")
    assert done.returncode == 0 and "data stay" in done.stdout, done.stderr
    assert desk.command("status").returncode == 1
    assert buckets(desk) >= BUCKETS
    done = desk.command("destroy", "--data", "--data", "--yes")
    assert done.returncode == 0, done.stderr
    assert not buckets(desk) & BUCKETS


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "Usage: scripts/deploy.sh COMMAND"),
        (("deploy",), "unknown command deploy"),
        (("up", "--env", "qa"), "dev, staging or prod was expected"),
        (("up", "--email", "nobody"), "is not a mail address"),
        (("up", "--config", "none.toml"), "there is no such file"),
    ],
)
def test_a_wrong_call_ends_with_2_and_says_what_was_expected(desk, arguments, complaint):
    done = desk.command(*arguments)
    assert done.returncode == 2 and complaint in done.stderr
