"""What the state machine must keep to, beyond what Step Functions checks itself."""

import json
import re

import botocore.session
import pytest
from botocore import xform_name

from states import SUBMIT_JOB, definition_of, every_state, jobs, queue_of, successors, tasks


def test_every_task_has_a_timeout_a_retry_and_a_catch(machine):
    lacking = {
        name: missing
        for name, task in tasks(machine).items()
        if (missing := [key for key in ("TimeoutSeconds", "Retry", "Catch") if not task.get(key)])
    }
    assert not lacking


def test_every_catch_takes_all_errors_and_keeps_the_input(machine):
    for name, state in every_state(machine):
        for catcher in state.get("Catch", []):
            assert catcher["ErrorEquals"] == ["States.ALL"], name
            assert catcher["ResultPath"].startswith("$."), f"{name}: the error would replace run_id"


def test_no_retrier_repeats_a_failed_job(machine):
    """Batch owns the retries of a job: a retrier here would multiply them."""
    for name, task in jobs(machine).items():
        errors = {error for retrier in task["Retry"] for error in retrier["ErrorEquals"]}
        assert not errors & {"States.ALL", "States.TaskFailed", "States.Timeout"}, name


def test_every_state_leads_somewhere_and_is_reached(machine):
    def check(part: dict) -> None:
        states, reached, open_ends = part["States"], set(), [part["StartAt"]]
        while open_ends:
            name = open_ends.pop()
            assert name in states, f"there is no state {name}"
            if name not in reached:
                reached.add(name)
                open_ends += successors(states[name])
        assert reached == set(states)
        for name, state in states.items():
            ends = state.get("End") or state["Type"] in ("Succeed", "Fail")
            assert ends or successors(state), f"{name} leads nowhere"
            for branch in state.get("Branches", []):
                check(branch)

    check(machine)
    names = [name for name, _ in every_state(machine)]
    assert len(names) == len(set(names))


def test_a_failed_run_never_ends_as_a_success(machine):
    """From a state that blames a stage of a run, every way leads to a Fail. A retraining is no stage of a run."""

    def following(state: dict, stage: str) -> set[str]:
        told = {choice["StringEquals"]: choice["Next"] for choice in state.get("Choices", []) if is_of_stage(choice)}
        return {told.get(stage, state["Default"])} if told else successors(state)

    def is_of_stage(choice: dict) -> bool:
        return choice.get("Variable") == "$.blame.stage"

    def ends(name: str, stage: str) -> set[str]:
        after = following(machine["States"][name], stage)
        return set().union(*(ends(each, stage) for each in after)) if after else {name}

    blames = {name: state.get("Result") or state["Parameters"].get("stage") for name, state in blaming(machine)}
    assert blames.pop("Blame the retraining") == "retrain" and blames.pop("Blame the job") is None
    assert len(blames) > 6 and all(ends(name, stage) == {"Fail the run"} for name, stage in blames.items())
    assert ends("Blame the retraining", "retrain") == {"Fail the retraining", "Finish"}


def blaming(machine: dict) -> list[tuple[str, dict]]:
    """The states that blame a stage."""
    return [(name, state) for name, state in machine["States"].items() if name.startswith("Blame")]


def test_only_jsonpath_without_variables(machine):
    """JSONata and variables are not what the local AWS interprets."""
    for name, state in every_state(machine):
        assert not state.keys() & {"QueryLanguage", "Assign", "Arguments", "Output"}, name


def test_causes_of_unknown_length_go_nowhere_but_the_parser(machine):
    allowed = {"Parse the job", "Choose how to read the cause"}
    users = {name for name, state in machine["States"].items() if "failure.Cause" in json.dumps(state)}
    assert users <= allowed | {"Read the cause"}  # the Parallel around "Parse the job"


def test_substitutions_are_given_and_used(machine, stack):
    used = set(re.findall(r"\$\{(\w+)\}", json.dumps(machine)))
    given = set(stack.properties("StateMachine")["DefinitionSubstitutions"])
    assert used == given


def test_substitutions_mean_what_they_are_called(stack):
    """The names are those of resources or of parameters of the whole; a mix-up would send jobs to a wrong place."""
    meant = {
        name: stack.origin("StateMachine", value)
        for name, value in stack.properties("StateMachine")["DefinitionSubstitutions"].items()
    }
    assert meant == {name: name.removesuffix("Arn") for name in meant}


def test_definitions_run_on_the_queue_that_they_are_sent_to(machine, stack):
    kinds = {"FARGATE": "FARGATE", "SPOT": "EC2", "EC2": "EC2"}
    for name, task in jobs(machine).items():
        platforms = stack.properties(definition_of(task))["PlatformCapabilities"]
        for step in stack.properties(queue_of(task))["ComputeEnvironmentOrder"]:
            environment = stack.properties(step["ComputeEnvironment"]["Ref"])
            assert [kinds[environment["ComputeResources"]["Type"]]] == platforms, name


@pytest.mark.parametrize(
    "resource, service, operation",
    [
        (SUBMIT_JOB, "batch", "SubmitJob"),
        ("arn:aws:states:::aws-sdk:s3:getObject", "s3", "GetObject"),
        ("arn:aws:states:::sns:publish", "sns", "Publish"),
    ],
)
def test_parameters_are_real(machine, resource, service, operation):
    """Step Functions ignores neither a misspelt parameter nor one in the wrong case, but only when it runs."""
    shape = botocore.session.get_session().get_service_model(service).operation_model(operation).input_shape
    calls = {name: task for name, task in tasks(machine).items() if task["Resource"] == resource}
    assert calls
    for name, task in calls.items():
        assert_shaped(task["Parameters"], shape, name)


def test_no_task_calls_anything_else(machine):
    known = {SUBMIT_JOB, "arn:aws:states:::aws-sdk:s3:getObject", "arn:aws:states:::sns:publish"}
    assert {task["Resource"] for task in tasks(machine).values()} == known


def test_subjects_stay_under_the_limit_of_sns(machine, stack):
    """SNS refuses a subject of 100 characters; the longest names that the template takes must fit."""
    longest = {"ProjectName": "p" * 20, "ModelName": "m" * 40, "run_id": "0" * 32}
    for name in ("ProjectName", "ModelName"):
        pattern = stack.parameters[name]["AllowedPattern"]
        assert re.match(pattern, longest[name]) and not re.match(pattern, longest[name] + "x"), name
    for name, task in tasks(machine).items():
        if task["Resource"] == "arn:aws:states:::sns:publish":
            given = task["Parameters"]
            subject = (
                given.get("Subject") or re.fullmatch(r"States\.Format\('(.*)', \$\.run_id\)", given["Subject.$"])[1]
            )
            subject = re.sub(r"\$\{(\w+)\}", lambda found: longest[found[1]], subject).replace("{}", longest["run_id"])
            assert subject.isascii() and len(subject) < 100, f"{name}: {len(subject)}"


def assert_shaped(value, shape, where: str) -> None:
    """Holds a parameter against a service model: Step Functions writes every member in PascalCase."""
    if shape.type_name == "structure" and isinstance(value, dict):
        members = {pascal(member): inner for member, inner in shape.members.items()}
        given = {key.removesuffix(".$"): inner for key, inner in value.items()}
        assert given.keys() <= members.keys(), f"{where}: {given.keys() - members.keys()} unknown to {shape.name}"
        required = {pascal(member) for member in shape.required_members}
        assert required <= given.keys(), f"{where}: {required - given.keys()} missing for {shape.name}"
        for key, inner in given.items():
            assert_shaped(inner, members[key], f"{where}.{key}")
    elif shape.type_name == "list" and isinstance(value, list):
        for inner in value:
            assert_shaped(inner, shape.member, where)
    else:
        assert not isinstance(value, (dict, list)), f"{where}: {shape.type_name} was expected"


def pascal(member: str) -> str:
    return "".join(part.capitalize() for part in xform_name(member).split("_"))
