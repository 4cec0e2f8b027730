"""The workflows of GitHub: what they may do, that what they call exists, and the scripts that only they call."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

TOOLS = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".github/workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))
IMAGES = ROOT / "scripts/images/release.sh"
STAGES = ("dispatcher", "etl", "inference", "monitor", "retrain")

# A commit of an action, with the version that people know it by.
PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*$")
# A workflow of this repository, which is always that of the commit that runs.
OURS = re.compile(r"uses: \./\.github/workflows/[\w-]+\.yml( #.*)?$")
# Jobs that may be somebody else: each needs a role of AWS, or signs.
IDENTIFIED = {("cd.yml", "images"), ("cd.yml", "staging"), ("cd.yml", "prod"), ("train.yml", "retrain")}


def read(text: str) -> dict:
    # Without the resolver of YAML 1.1, to which the key `on` is true.
    return yaml.load(text, yaml.BaseLoader)


def problems(name: str, text: str) -> list[str]:
    """What a workflow does that it may not."""
    workflow, found = read(text), []
    lines = [line.strip().removeprefix("- ") for line in text.splitlines()]
    found += [
        f"not pinned: {line}"
        for line in lines
        if line.startswith("uses:") and not (PINNED.match(line) or OURS.match(line))
    ]
    if workflow.get("permissions") not in ({}, {"contents": "read"}):
        found.append("more permissions than reading, for every job")
    if re.search(r"secrets\s*[.\[]|aws-(access-key-id|secret-access-key)|AKIA[0-9A-Z]{16}", text):
        found.append("a stored key")
    for job_name, job in workflow["jobs"].items():
        found += [f"{job_name}: {problem}" for problem in problems_of_job(name, job_name, job)]
    return found


def problems_of_job(name: str, job_name: str, job: dict) -> list[str]:
    found, permissions = [], job.get("permissions", {})
    if "timeout-minutes" not in job and "uses" not in job:
        found.append("no timeout")
    if not permissions:
        found.append("no permissions of its own")
    if (permissions.get("id-token") == "write") != ((name, job_name) in IDENTIFIED):
        found.append("id-token")
    for step in job.get("steps", []):
        if (
            step.get("uses", "").startswith("actions/checkout@")
            and step.get("with", {}).get("persist-credentials") != "false"
        ):
            found.append("checkout leaves its token behind")
        if "${{" in step.get("run", ""):
            found.append("an expression in a script, which runs what it holds")
    return found


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_does_what_it_may(path):
    assert problems(path.name, path.read_text()) == []


@pytest.mark.parametrize(
    "name, was, becomes, complaint",
    [
        ("ci.yml", "@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2", "@v6", "not pinned"),
        ("ci.yml", " # v6.0.2", "", "not pinned"),
        ("cd.yml", "./.github/workflows/ci.yml", "somebody/else/.github/workflows/ci.yml@main", "not pinned"),
        ("cd.yml", "permissions: {}", "permissions: write-all", "more permissions"),
        ("cd.yml", "role-to-assume: ${{ vars.AWS_ROLE_ARN }}", "aws-access-key-id: ${{ vars.KEY }}", "stored key"),
        ("train.yml", "${{ vars.PROJECT }}", "${{ secrets.AWS_KEY }}", "stored key"),
        ("train.yml", "    timeout-minutes: 355", "    continue-on-error: false", "no timeout"),
        ("ci.yml", "persist-credentials: false", "fetch-depth: 0", "leaves its token behind"),
        ("ci.yml", "run: ./scripts/test.sh", "run: ./scripts/test.sh ${{ github.head_ref }}", "expression"),
        ("ci.yml", "      contents: read", "      id-token: write", "id-token"),
    ],
)
def test_a_broken_workflow_is_told(name, was, becomes, complaint):
    text = (FOLDER / name).read_text()
    assert was in text
    assert any(complaint in problem for problem in problems(name, text.replace(was, becomes)))


def steps() -> list[tuple[str, str]]:
    """Every script in a workflow, with where it stands."""
    jobs = [(path.name, *job) for path in WORKFLOWS for job in read(path.read_text())["jobs"].items()]
    return [
        (f"{name}-{job}-{at}", step["run"])
        for name, job, body in jobs
        for at, step in enumerate(body.get("steps", []))
        if "run" in step
    ]


def calls(script: str) -> list[list[str]]:
    """The calls of this repository's scripts, each as its words."""
    lexer = shlex.shlex(script.replace("\\\n", " "), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    found, words = [], []
    for word in [*lexer, "\n"]:
        if word[0] not in "|;&<>()\n" and not words and word.endswith(".sh"):
            words = [word]
        elif words and word[0] in "|;&<>()\n":
            found.append(words)
            words = []
        elif words:
            words.append(word)
    return found


@pytest.mark.parametrize("script", [pytest.param(script, id=where) for where, script in steps()])
def test_the_scripts_that_are_called_know_their_arguments(script):
    for program, *arguments in calls(script):
        assert os.access(ROOT / program, os.X_OK), f"{program} cannot be run"
        known = {word for word in arguments if re.match(r"--[a-z]", word)} | set(arguments[:1])
        if known:
            shown = subprocess.run([ROOT / program, "--help"], capture_output=True, text=True, check=True).stdout
            assert not (unknown := {word for word in known if not re.search(rf"(?<![\w-]){word}(?![\w-])", shown)}), (
                unknown
            )


def test_a_pipeline_calls_what_the_delivery_needs():
    called = [words[:2] for _, script in steps() for words in calls(script)]
    verbs = {"up", "status", "publish", "sign", "copy", "scan"}
    assert {verb for _, verb in (words for words in called if len(words) == 2)} >= verbs
    assert ["./scripts/test.sh"] in called


@pytest.mark.parametrize("script", [pytest.param(script, id=where) for where, script in steps()])
def test_shellcheck_is_content_with_a_step(script):
    checked = subprocess.run(
        [TOOLS / "shellcheck", "--shell=bash", "-"], input=script, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout


def assert_content(*command: object) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_shellcheck_is_content_with_the_scripts():
    assert_content(
        TOOLS / "shellcheck", "--external-sources", "--source-path", ROOT, IMAGES, ROOT / "scripts/retrain.sh"
    )


def test_zizmor_is_content():
    assert_content(TOOLS / "zizmor", "--offline", "--persona", "pedantic", "--strict-collection", ROOT / ".github")


def test_the_schemas_of_github_are_kept():
    assert_content(TOOLS / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)
    assert_content(TOOLS / "check-jsonschema", "--builtin-schema", "vendor.dependabot", ROOT / ".github/dependabot.yml")


# actionlint comes from GitHub alone: ci.yml installs it there, and elsewhere scripts/test.sh leaves this out by name.
def test_actionlint_is_content():
    assert_content("actionlint", *WORKFLOWS)


def retrain(desk, *arguments: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / "scripts/retrain.sh"), *arguments]
    environment = desk.environment | ({"PATH": f"{path}:{os.environ['PATH']}"} if path else {})
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def write_verdict(desk, time: str, **changes: object) -> str:
    figures = {"rows": 400, "accuracy": 0.912, "macro_f1": 0.9101}
    verdict = {
        "at": time,
        "by": "tamiz-retrain",
        "from": "old",
        "to": "new",
        "why": "It is better.",
        "decision": "promoted",
    }
    verdict |= {"challenger": figures, "champion": figures | {"accuracy": 0.9}} | changes
    place = {"Bucket": "tamiz-models-123456789012", "Key": f"reviews/promotions/{time}-new.json"}
    desk.client("s3").put_object(**place, Body=json.dumps(verdict, indent=2).encode())
    return place["Key"]


@pytest.fixture
def stand_ins(desk):
    """Says how the job ends, and leaves no verdicts behind."""
    yield lambda scenario: desk._prepare(scenario, None)
    s3 = desk.client("s3")
    for each in s3.list_objects_v2(Bucket="tamiz-models-123456789012", Prefix="reviews/promotions/").get(
        "Contents", []
    ):
        s3.delete_object(Bucket="tamiz-models-123456789012", Key=each["Key"])


def test_the_verdict_of_a_retraining_is_its_own(desk, stand_ins):
    stand_ins({"retrain": {"exits": [0]}})
    write_verdict(desk, "20200101T000000Z", decision="kept_champion")
    # Later than any job of this test: the first verdict after the job's start is the job's.
    write_verdict(desk, "29990101T000000Z")
    write_verdict(desk, "29990102T000000Z", decision="kept_champion")
    done = retrain(desk)
    assert done.returncode == 0, done.stderr
    assert (
        "### Retraining of reviews: promoted" in done.stdout and "| new model | 91.2% | 0.9101 | 400 |" in done.stdout
    )
    assert "Nothing new" not in done.stdout
    # The same for whoever comes back for it.
    execution = re.search(r"execution ([\w-]+) retrains reviews", done.stderr)[1]
    assert retrain(desk, "--execution", execution).stdout == done.stdout


def test_without_a_new_verdict_the_one_before_stands_whatever_people_did_since(desk, stand_ins):
    stand_ins({"retrain": {"exits": [0]}})
    write_verdict(desk, "20200101T000000Z", decision="kept_champion")
    write_verdict(desk, "20200102T000000Z", decision="rolled_back")
    done = retrain(desk)
    assert done.returncode == 0, done.stderr
    assert "### Retraining of reviews: kept champion" in done.stdout and "Nothing new" in done.stdout


def test_a_retraining_that_fails_tells_its_exit_code_and_its_log_and_mails(desk, stand_ins):
    # The job that reports it ends in another way.
    stand_ins({"retrain": {"exits": [3]}, "monitor": {"exits": [1]}})
    mails = len(desk.mails())
    done = retrain(desk)
    assert done.returncode == 3
    assert "too few labelled reviews" in done.stdout and "/tamiz/retrain --log-stream-names retrain/" in done.stdout
    assert [mail["subject"] for mail in desk.mails()[mails:]] == ["[tamiz] FAILED retraining of reviews"]


def test_a_retraining_that_never_ran_tells_what_step_functions_says(desk, stand_ins):
    stand_ins({})
    desk.fault(service="batch", path="/v1/submitjob", status=400, code="ClientException", count=1)
    done = retrain(desk)
    assert done.returncode == 1
    assert "No job came to its end: FAILED: Tamiz.RetrainingFailed: retraining reviews failed" in done.stdout


def test_the_job_that_reports_is_not_taken_for_the_one_that_retrains(desk, stand_ins, tmp_path):
    """Of a retraining that ran out of time the history tells no cause: the first that it tells of is the report's."""
    stand_ins({"retrain": {"exits": [3]}})
    reported = {"JobName": "monitor-failure-x", "Container": {"ExitCode": 0, "LogStreamName": "monitor/x"}}
    history, aws = tmp_path / "history", tmp_path / "aws"
    history.write_text(json.dumps([json.dumps(reported)]))
    asked = f'[ "$2" != get-execution-history ] || exec cat {history}'
    aws.write_text(f'#!/bin/sh\n{asked}\nexec {TOOLS / "aws"} "$@"\n')
    aws.chmod(0o755)
    done = retrain(desk, path=tmp_path)
    assert done.returncode == 1
    assert "No job came to its end: FAILED" in done.stdout and "monitor" not in done.stdout


@pytest.mark.parametrize(
    "arguments, code, complaint",
    [
        (["--what"], 2, "unknown option --what"),
        (["--project", "other"], 1, "cannot read the stack other"),
        (["--execution", "nobody"], 1, "Step Functions does not tell of nobody"),
    ],
)
def test_a_retraining_that_cannot_start_says_why(desk, arguments, code, complaint):
    done = retrain(desk, *arguments)
    assert done.returncode == code and complaint in done.stderr


class Registry:
    """Stands for docker, cosign, syft and grype: notes what is called, and answers as it is told."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "bin").mkdir()
        program = f"""#!{sys.executable}
import json, pathlib, sys
name, folder = pathlib.Path(sys.argv[0]).name, pathlib.Path({str(folder)!r})
with (folder / "calls").open("a") as log:
    print(name, *sys.argv[1:], file=log)
plan = json.loads((folder / "plan").read_text())
if "inspect" in sys.argv:
    image = sys.argv[-1]
    if image not in plan["images"]:
        sys.exit(f"ERROR: {{image}}: " + plan.get("error", "not found"))
    sys.exit(print(plan["images"][image]))
if "imagetools" in sys.argv:
    plan["images"][sys.argv[-2]] = plan.get("copied", sys.argv[-1].partition("@")[2])
    (folder / "plan").write_text(json.dumps(plan))
if name == "grype":
    pathlib.Path(sys.argv[-1].removeprefix("sarif=")).write_text(json.dumps({{"runs": [{{}}]}}))
sys.exit(" ".join([name, *sys.argv[1:2]]) in plan.get("fail", []))
"""
        for name in ("docker", "cosign", "syft", "grype"):
            (folder / "bin" / name).write_text(program)
            (folder / "bin" / name).chmod(0o755)

    def run(self, *arguments: str, **plan: object) -> subprocess.CompletedProcess[str]:
        """Runs images.sh while the registry is as planned."""
        (self._folder / "plan").write_text(json.dumps(plan))
        (self._folder / "calls").write_text("")
        environment = os.environ | {"PATH": f"{self._folder / 'bin'}:{os.environ['PATH']}"}
        command = [str(IMAGES), *arguments, "--tag", "abc", "--out", str(self._folder / "out")]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def calls(self, start: str) -> list[str]:
        """What was called, of what begins so."""
        return [line for line in (self._folder / "calls").read_text().splitlines() if line.startswith(start)]


@pytest.fixture
def registry(tmp_path) -> Registry:
    return Registry(tmp_path)


COPY = ("copy", "--from", "here/tamiz", "--repository", "prod/tamiz", "--identity", "^me@")


def images(prefix: str) -> dict[str, str]:
    return {f"{prefix}/{stage}:abc": f"sha256:{stage}" for stage in STAGES}


def test_images_are_signed_and_listed_by_digest(registry, tmp_path):
    done = registry.run("sign", "--repository", "here/tamiz", images=images("here/tamiz"))
    assert done.returncode == 0, done.stderr
    assert registry.calls("cosign sign") == [f"cosign sign --yes here/tamiz/{stage}@sha256:{stage}" for stage in STAGES]
    predicate = f"--type spdxjson --predicate {tmp_path}/out/etl.spdx.json here/tamiz/etl@sha256:etl"
    assert f"cosign attest --yes {predicate}" in registry.calls("cosign attest")
    assert len(registry.calls("syft scan")) == len(STAGES)


def test_images_that_are_there_are_not_built_again(registry):
    done = registry.run("publish", "--repository", "here/tamiz", "--identity", "^me@", images=images("here/tamiz"))
    assert done.returncode == 0, done.stderr
    assert not registry.calls("docker build ")


def test_an_image_that_somebody_else_pushed_is_not_signed(registry):
    one = {"here/tamiz/etl:abc": "sha256:etl"}
    done = registry.run(
        "publish", "--repository", "here/tamiz", "--identity", "^me@", images=one, fail=["cosign verify"]
    )
    assert done.returncode == 1 and "find out who pushed it" in done.stderr
    assert not registry.calls("docker build ")


def test_a_registry_that_does_not_answer_is_not_an_empty_one(registry):
    done = registry.run("publish", "--repository", "here/tamiz", "--identity", "^me@", images={}, error="denied")
    assert done.returncode == 1 and "cannot ask for here/tamiz/dispatcher:abc" in done.stderr
    assert not registry.calls("docker build ")


def test_images_are_copied_byte_for_byte_and_only_where_they_are_missing(registry):
    there = {"prod/tamiz/etl:abc": "sha256:etl"}
    done = registry.run(
        *COPY,
        images=images("here/tamiz") | there,
    )
    assert done.returncode == 0, done.stderr
    copies = registry.calls("docker buildx imagetools create --prefer-index=false")
    assert len(copies) == len(STAGES) - 1 and not any("etl" in copy for copy in copies)


@pytest.mark.parametrize("check", ["cosign verify", "cosign verify-attestation"])
def test_an_image_without_signature_or_list_is_not_copied(registry, check):
    done = registry.run(
        *COPY,
        images=images("here/tamiz"),
        fail=[check],
    )
    assert done.returncode == 1 and "so it is not to be deployed" in done.stderr
    assert not registry.calls("docker buildx imagetools create")


def test_another_image_under_the_same_tag_is_refused(registry):
    there = {"prod/tamiz/etl:abc": "sha256:other"}
    done = registry.run(
        *COPY,
        images=images("here/tamiz") | there,
    )
    assert done.returncode == 1 and "is another image than here/tamiz/etl@sha256:etl" in done.stderr


def test_a_vulnerable_image_fails_the_scan_after_all_were_looked_at(registry, tmp_path):
    done = registry.run("scan", "--repository", "tamiz", images={}, fail=["grype docker:tamiz/etl:abc"])
    assert done.returncode == 1 and "Build it again, or update" in done.stderr
    reports = [json.loads((tmp_path / f"out/{stage}.sarif").read_text()) for stage in STAGES]
    assert [report["runs"][0]["automationDetails"]["id"] for report in reports] == [
        f"image-{stage}/" for stage in STAGES
    ]


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        (["sign"], "sign needs --repository"),
        (["--repository", "here"], "no command"),
        (["verify", "--repository", "here"], "verify needs --identity"),
        (["publish", "--repository", "here"], "publish needs --identity"),
        (["copy", "--repository", "here", "--identity", "^me@"], "copy needs --from"),
        (["copy", "--wrong"], "unknown argument --wrong"),
    ],
)
def test_a_usage_error_of_the_images_ends_with_2(registry, arguments, complaint):
    done = registry.run(*arguments)
    assert done.returncode == 2 and complaint in done.stderr
