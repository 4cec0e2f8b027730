"""The environment that jobs are given, against the command lines of their binaries."""

import re

import pytest

from states import definition_of, environment_of, jobs

# What each binary cannot run without; TAMIZ_<FLAG> stands for --<flag>.
REQUIRED = {
    "etl": {"TAMIZ_MANIFEST", "TAMIZ_OUTPUT", "TAMIZ_STEP", "TAMIZ_USER_KEY"},
    "inference": {"TAMIZ_SHARDS", "TAMIZ_MODEL", "TAMIZ_OUTPUT"},
    "monitor": {"TAMIZ_RUN", "TAMIZ_RESULTS", "TAMIZ_MODELS", "TAMIZ_TOPIC_ARN"},
    "retrain": {"TAMIZ_TRAINING_DATA", "TAMIZ_MODELS", "TAMIZ_NAME", "TAMIZ_TOPIC_ARN"},
    "dispatcher": {"TAMIZ_QUEUE_URL", "TAMIZ_STATE_MACHINE_ARN", "TAMIZ_STAGING", "TAMIZ_CONFIG", "TAMIZ_JOB_QUEUES"},
}


def given(machine: dict, template) -> dict[str, list[set[str]]]:
    """For each binary, the variables that each of its callers sets."""
    callers = {stage: [] for stage in REQUIRED}
    for task in jobs(machine).values():
        definition = template.properties(definition_of(task))
        container = definition["ContainerProperties"]
        fixed = {variable["Name"] for variable in container["Environment"] + container.get("Secrets", [])}
        stage = definition["JobDefinitionName"]["Fn::Sub"].removeprefix("${ProjectName}-")
        callers[stage].append(fixed | environment_of(task))
    callers["dispatcher"].append(set(template.properties("DispatcherFunction")["Environment"]["Variables"]))
    return callers


@pytest.mark.parametrize("stage", REQUIRED)
def test_a_binary_gets_what_it_requires(machine, template, stage):
    callers = given(machine, template)[stage]
    assert callers, f"nothing starts {stage}"
    assert all(REQUIRED[stage] <= variables for variables in callers)


@pytest.mark.parametrize("stage", REQUIRED)
def test_a_binary_knows_what_it_gets(machine, template, root, stage):
    """A variable that no flag declares would be ignored without a word."""
    sources = [*(root / "crates" / stage / "src").rglob("*.rs"), *(root / "crates/telemetry/src").rglob("*.rs")]
    declared = {name for source in sources for name in re.findall(r'env = "(TAMIZ_\w+)"', source.read_text())}
    for variables in given(machine, template)[stage]:
        assert variables <= declared, f"tamiz-{stage} has no flag for {variables - declared}"


def test_a_failed_stage_is_told_to_the_monitor(machine):
    assert "TAMIZ_FAILED_CAUSE" in environment_of(machine["States"]["Report the failure"])
    assert "TAMIZ_FAILED_CAUSE" not in environment_of(machine["States"]["Report the run"])
