"""Which images a deployment runs: scripts/deploy.sh as against AWS; the local AWS is its registry, Docker is played."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from desk import Desk

STAGES = ("dispatcher", "etl", "inference", "monitor", "retrain")

# Pushes into the registry of the local AWS; the digest of an image is that of its name.
DOCKER = """#!{python}
import hashlib, json, sys
import boto3

verb, image = sys.argv[1], sys.argv[-1]
if verb == "login":
    sys.stdin.read()
elif verb == "push":
    repository, _, tag = image.partition("/")[2].rpartition(":")
    manifest = {{"mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": [], "of": image}}
    named = {{"repositoryName": repository, "imageTag": tag, "imageManifest": json.dumps(manifest)}}
    boto3.client("ecr").put_image(**named, imageDigest="sha256:" + hashlib.sha256(image.encode()).hexdigest())
elif "{{{{.Size}}}}" in sys.argv:
    print(40_000_000)
"""


class Account(Desk):
    """A local AWS that the AWS CLI takes for the real one, since only its configuration names the endpoint."""

    def __init__(self, root: Path, folder: Path) -> None:
        super().__init__(root, folder)
        (folder / "bin").mkdir()
        # Ten seconds between two looks are for AWS.
        programs = {"docker": DOCKER.format(python=sys.executable), "sleep": "#!/bin/sh\nexec /bin/sleep 0.1\n"}
        for name, text in programs.items():
            (folder / "bin" / name).write_text(text)
            (folder / "bin" / name).chmod(0o755)
        (folder / "config").write_text(f"[default]\nendpoint_url = {self.endpoint}\n")
        paths = [str(folder / "bin"), str(Path(sys.executable).parent), self.environment["PATH"]]
        self.environment |= {"AWS_CONFIG_FILE": str(folder / "config"), "PATH": os.pathsep.join(paths)}
        del self.environment["AWS_ENDPOINT_URL"]

    def up(self, tag: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Deploys images of a tag."""
        return self.command("up", "--yes", "--no-canary", "--accelerator", "cpu", "--image-tag", tag, *arguments)

    def held(self, tag: str) -> dict[str, str]:
        """The digest that each repository holds under a tag."""
        asked = [
            self.client("ecr").describe_images(repositoryName=f"tamiz/{stage}", imageIds=[{"imageTag": tag}])
            for stage in STAGES
        ]
        return {stage: each["imageDetails"][0]["imageDigest"] for stage, each in zip(STAGES, asked, strict=True)}

    def run_by(self) -> dict[str, str]:
        """What follows the repository in the name of each image that a function or the newest job definition has."""
        functions = self.client("lambda").list_functions()["Functions"]
        code = [self.client("lambda").get_function(FunctionName=each["FunctionName"])["Code"] for each in functions]
        definitions = self.client("batch").describe_job_definitions()["jobDefinitions"]
        definitions.sort(key=lambda definition: definition["revision"])
        images = [each["ImageUri"] for each in code]
        images += [each["containerProperties"]["image"] for each in definitions]
        return dict(image.partition("/tamiz/")[2].split("@") for image in images if "@" in image)


@pytest.fixture(scope="module")
def account(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """An account with a deployment of images that deploy.sh pushed itself."""
    account = Account(root, tmp_path_factory.mktemp("account"))
    try:
        done = account.up("one")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "first pass" in done.stdout
        yield account
    finally:
        account.stop()


def test_what_was_pushed_runs_by_its_digest(account):
    assert account.run_by() == account.held("one")
    functions = [each["FunctionName"] for each in account.client("lambda").list_functions()["Functions"]]
    assert sorted(functions) == ["tamiz-dispatcher", "tamiz-reconciler"]
    # The first pass, which knew no image, is none to go back to.
    assert account.command("status").stdout.count("deployments/") == 1
    run = account.run({"etl": {"exits": [3]}, "monitor": {"commits": {"summary.json": {"verdict": "failed"}}}})
    assert run.stages() == ["etl", "monitor"]


def test_the_same_tag_again_changes_nothing_and_pushes_nothing(account):
    before = account.held("one")
    told = account.up("one")
    assert told.returncode == 0 and "nothing to change" in told.stdout, told.stdout + told.stderr
    assert "pushing" not in told.stdout and account.held("one") == before


def test_a_rollback_brings_back_the_digests_of_before(account):
    assert account.up("two").returncode == 0
    assert account.run_by() == account.held("two") != account.held("one")
    assert f"EtlImage                         @{account.held('two')['etl']}" in account.command("status").stdout
    told = account.command("rollback", "--yes")
    assert told.returncode == 0 and "images one" in told.stdout, told.stdout + told.stderr
    assert account.run_by() == account.held("one")


def test_images_that_are_missing_are_named_and_nothing_is_changed(account):
    before = account.run_by()
    plan = account.command("plan", "--accelerator", "cpu", "--image-tag", "three")
    assert f"images to build and push as three: {' '.join(STAGES)}" in plan.stdout, plan.stderr
    told = account.up("three", "--no-build")
    assert told.returncode == 1 and f"the repositories lack {' '.join(STAGES)} tagged three" in told.stderr
    assert account.run_by() == before


def test_a_registry_that_does_not_answer_is_not_an_empty_one(account):
    account.fault(service="ecr", status=400, code="AccessDeniedException", count=1)
    told = account.up("one")
    assert told.returncode == 1 and "ECR does not tell whether tamiz/dispatcher holds" in told.stderr
