"""Linters that know AWS: checkov of the templates, asl-validator of the state machine."""

import json
import subprocess

import pytest

from side_tools import asl_validator, checkov


@pytest.fixture(scope="module")
def findings(root) -> dict:
    """What checkov says; without a connection, because policies of its maker's platform are none of ours."""
    options = ["--framework", "cloudformation", "--skip-download", "--quiet", "--compact", "--output", "json"]
    done = subprocess.run(
        [checkov(root), "--directory", root / "infra", *options], capture_output=True, text=True, check=False
    )
    return json.loads(done.stdout)


def test_checkov_is_content(findings):
    failed = [f"{each['check_id']} {each['resource']}" for each in findings["results"]["failed_checks"]]
    assert not failed and findings["summary"]["passed"] > 150 and not findings["summary"]["parsing_errors"]


def test_what_checkov_leaves_out_has_a_reason_and_is_something_that_it_looks_for(stack, findings):
    given = [
        (skip["id"], skip["comment"])
        for template in stack.templates
        for resource in template["Resources"].values()
        for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
    ]
    assert given and all(comment.endswith(".") and len(comment) > 20 for _, comment in given)
    assert len(given) == findings["summary"]["skipped"], "a suppression of what no longer is found"


def test_asl_validator_is_content_with_the_state_machine_and_not_with_a_broken_one(root, machine, tmp_path):
    def judged(path) -> subprocess.CompletedProcess[str]:
        command = [str(part) for part in [*asl_validator(root), "--json-path", path]]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    good = judged(root / "infra/state-machine.asl.json")
    assert good.returncode == 0, good.stdout + good.stderr
    broken = json.loads(json.dumps(machine))
    broken["States"]["Clean reviews"]["Next"] = "Nowhere"
    (tmp_path / "broken.asl.json").write_text(json.dumps(broken))
    assert judged(tmp_path / "broken.asl.json").returncode != 0
