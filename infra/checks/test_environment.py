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
    "reconciler": {
        "TAMIZ_RECONCILE",
        "TAMIZ_QUEUE_URL",
        "TAMIZ_STATE_MACHINE_ARN",
        "TAMIZ_STAGING",
        "TAMIZ_TOPIC_ARN",
    },
}
# Whose program a stage runs, where it has none of its own.
PROGRAMS = {stage: stage for stage in REQUIRED} | {"reconciler": "dispatcher"}


def given(machine: dict, stack) -> dict[str, list[set[str]]]:
    """For each binary, the variables that each of its callers sets."""
    callers = {stage: [] for stage in REQUIRED}
    for task in jobs(machine).values():
        definition = stack.properties(definition_of(task))
        container = definition["ContainerProperties"]
        fixed = {variable["Name"] for variable in container["Environment"] + container.get("Secrets", [])}
        stage = definition["JobDefinitionName"]["Fn::Sub"].removeprefix("${ProjectName}-")
        callers[stage].append(fixed | environment_of(task))
    for stage in ("dispatcher", "reconciler"):
        function = stack.properties(f"{stage.capitalize()}Function")
        callers[stage].append(set(function["Environment"]["Variables"]))
    return callers


@pytest.mark.parametrize("stage", REQUIRED)
def test_a_binary_gets_what_it_requires(machine, stack, stage):
    callers = given(machine, stack)[stage]
    assert callers, f"nothing starts {stage}"
    assert all(REQUIRED[stage] <= variables for variables in callers)


@pytest.mark.parametrize("stage", REQUIRED)
def test_a_binary_knows_what_it_gets(machine, stack, root, stage):
    """A variable that no flag declares would be ignored without a word."""
    folders = [root / "crates" / crate / "src" for crate in (PROGRAMS[stage], "telemetry")]
    sources = [source for folder in folders for source in folder.rglob("*.rs")]
    # A flag, or a constant of what telemetry reads itself.
    declaration = r'(?:\benv = |const \w+: &str = )"(TAMIZ_\w+)"'
    declared = {name for source in sources for name in re.findall(declaration, source.read_text())}
    for variables in given(machine, stack)[stage]:
        assert variables <= declared, f"tamiz-{stage} has no flag for {variables - declared}"


@pytest.mark.parametrize("stage", REQUIRED)
def test_a_stage_knows_its_project(machine, stack, stage):
    """Its metrics carry the name; alarms and dashboard look for it."""
    assert all("TAMIZ_PROJECT" in variables for variables in given(machine, stack)[stage])


def test_the_reconciler_looks_where_the_bucket_announces_uploads(stack):
    """An upload elsewhere is no work for anybody."""
    place = stack.properties("ReconcilerFunction")["Environment"]["Variables"]["TAMIZ_RECONCILE"]["Fn::Sub"]
    [queue] = stack.properties("InputBucket")["NotificationConfiguration"]["QueueConfigurations"]
    [rule] = queue["Filter"]["S3Key"]["Rules"]
    assert rule["Name"] == "prefix" and place == f"s3://${{InputBucket}}/{rule['Value'].removesuffix('/')}"


def test_the_reconciler_is_the_dispatcher_s_image_and_speaks_of_the_same_queue_and_runs(stack):
    dispatcher, reconciler = (stack.properties(f"{name}Function") for name in ("Dispatcher", "Reconciler"))
    assert dispatcher["Code"] == reconciler["Code"]
    one, other = (each["Environment"]["Variables"] for each in (dispatcher, reconciler))
    shared = REQUIRED["dispatcher"] & REQUIRED["reconciler"] | {"TAMIZ_PROJECT"}
    assert {name: one[name] for name in shared} == {name: other[name] for name in shared}


def test_reports_have_the_language_of_the_deployment(stack):
    container = stack.properties("MonitorJobDefinition")["ContainerProperties"]
    [language] = [each["Value"] for each in container["Environment"] if each["Name"] == "TAMIZ_LANG"]
    assert stack.origin("MonitorJobDefinition", language) == "ReportLanguage"


def test_a_failed_stage_is_told_to_the_monitor(machine):
    for report in ("Report the failure", "Report the failed retraining"):
        assert "TAMIZ_FAILED_CAUSE" in environment_of(machine["States"][report])
    assert "TAMIZ_FAILED_CAUSE" not in environment_of(machine["States"]["Report the run"])


def test_the_note_of_a_failed_retraining_is_looked_for_where_it_lies(machine):
    def place(state: str, name: str) -> str:
        environment = machine["States"][state]["Parameters"]["ContainerOverrides"]["Environment"]
        return next(each["Value.$"] for each in environment if each["Name"] == name)

    noted = {place(state, "TAMIZ_NOTES") for state in ("Retrain the model", "Retrain alone")}
    assert noted == {place("Report the failed retraining", name) for name in ("TAMIZ_RUN", "TAMIZ_RESULTS")}
    assert len(noted) == 1 and "$$.Execution.Name" in noted.pop()
