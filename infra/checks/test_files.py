"""Linters for what is neither template nor state machine."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(sys.executable).parent
STAGES = ("dispatcher", "etl", "inference", "monitor", "retrain")


def assert_clean(*command) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_shellcheck_is_content_with_the_deployment(root):
    assert_clean(TOOLS / "shellcheck", "--external-sources", "--source-path", root, root / "scripts/deploy.sh")


@pytest.mark.parametrize("stage", STAGES)
def test_hadolint_is_content_with_the_images(root, stage):
    assert_clean(TOOLS / "hadolint", root / f"docker/{stage}.Dockerfile")


@pytest.mark.parametrize("stage", STAGES)
def test_images_run_their_own_binary_as_the_template_does(root, stage):
    text = (root / f"docker/{stage}.Dockerfile").read_text()
    assert "\nUSER 10001:10001\n" in text
    assert text.rstrip().endswith(f'ENTRYPOINT ["/usr/local/bin/tamiz-{stage}"]')


def test_the_programs_are_built_by_the_same_stage_in_every_image(root):
    """Which Docker then builds once for all five."""
    texts = [(root / f"docker/{stage}.Dockerfile").read_text() for stage in STAGES]
    builds = {
        re.search(r"^ARG BUILD_IMAGE.*?rm -rf target/release$", text, re.DOTALL | re.MULTILINE)[0] for text in texts
    }
    assert len(builds) == 1


def test_the_deployment_and_the_checks_use_one_aws_cli(root):
    pin = next(line for line in (root / "scripts/deploy.sh").read_text().splitlines() if "AWSCLI_VERSION=" in line)
    assert f"awscli=={pin.split('=')[1]}" in (root / "infra/checks/requirements.txt").read_text()
