"""configs/aws.toml against the parameters of the template, and what scripts/deploy.sh makes of both."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

# What scripts/deploy.sh finds out itself.
IMAGES = {"DispatcherImage", "EtlImage", "InferenceImage", "MonitorImage", "RetrainImage"}
FOUND = {
    "ProjectName",
    "Dispatcher",
    "ArtifactBucket",
    "PipelineConfiguration",
    "ModelConfiguration",
    "ImageTag",
} | IMAGES
ENVIRONMENTS = ("dev", "staging", "prod")


def settings(root: Path, *files: Path | str, typed: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Runs scripts/deploy/settings.py as deploy.sh does."""
    command = [sys.executable, root / "scripts/deploy/settings.py", root / "infra/template.yaml"]
    return subprocess.run([*command, ",".join(map(str, files)), *typed], capture_output=True, text=True, check=False)


def resolved(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    assert done.returncode == 0, done.stderr
    return {each["ParameterKey"]: each["ParameterValue"] for each in json.loads(done.stdout)}


def test_the_base_names_every_parameter_with_its_default(root, stack):
    values = resolved(settings(root, root / "configs/aws.toml"))
    assert set(values) == set(stack.parameters) - FOUND
    for name, value in values.items():
        assert value == str(stack.parameters[name]["Default"]), name


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_differs_from_the_base_in_parameters_that_there_are(root, environment):
    base, over = root / "configs/aws.toml", root / "configs" / environment / "aws.toml"
    values, differing = resolved(settings(root, base)), resolved(settings(root, base, over))
    assert set(values) == set(differing) and values != differing


def test_what_is_typed_counts_most(root, tmp_path):
    base, over = tmp_path / "aws.toml", tmp_path / "prod.toml"
    base.write_text('report_language = "en"\nlog_retention_days = 30\ngpu_instance_types = ["a", "b"]\n')
    over.write_text("log_retention_days = 90\n")
    done = settings(root, base, over, typed=("ReportLanguage=es",))
    expected = {"ReportLanguage": "es", "LogRetentionDays": "90", "GpuInstanceTypes": "a,b"}
    assert resolved(done) == expected


@pytest.mark.parametrize(
    ("base", "over", "typed", "complaint"),
    [
        ("log_retention_day = 3", "", (), "log_retention_day: "),
        ("log_retention_days = 3", "log_retention_day = 3", (), "did you mean `log_retention_days`?"),
        ("log_retention_days = {a = 1}", "", (), "text, a number or a list of them was expected"),
        ("log_retention_days = ", "", (), "aws.toml: "),
        ("", "", ("LogRetentionDay=3",), "did you mean `LogRetentionDays`?"),
        ("", "", ("LogRetentionDays",), "NAME=VALUE was expected"),
    ],
)
def test_a_wrong_setting_ends_with_2_and_names_its_place(root, tmp_path, base, over, typed, complaint):
    (tmp_path / "aws.toml").write_text(base + "\n")
    (tmp_path / "over.toml").write_text(over + "\n")
    done = settings(root, tmp_path / "aws.toml", tmp_path / "over.toml", typed=typed)
    assert done.returncode == 2 and complaint in done.stderr
