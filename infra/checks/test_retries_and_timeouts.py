"""Exit codes against Batch's rules, and timeouts against each other."""

import pytest

from states import definition_of, jobs, longest_seconds, queue_of

ESSENTIAL = "Essential container in task exited"
SPOT_TOOK_IT = "Host EC2 (instance i-0123456789) terminated."


def decide(definition: dict, code: int | None, status_reason: str, reason: str = "") -> str:
    """Batch's own reading of its rules: the first that matches decides, and what none matches is retried."""
    seen = {"OnExitCode": "" if code is None else str(code), "OnStatusReason": status_reason, "OnReason": reason}

    def matches(pattern: str, text: str) -> bool:
        pattern, text = pattern.lower(), text.lower()
        return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern

    for rule in definition["RetryStrategy"]["EvaluateOnExit"]:
        if all(matches(rule[key], text) for key, text in seen.items() if key in rule):
            return rule["Action"]
    return "RETRY"


@pytest.fixture(params=["EtlJobDefinition", "InferenceJobDefinition", "MonitorJobDefinition", "RetrainJobDefinition"])
def definition(request, stack) -> dict:
    return stack.properties(request.param)


# 2 usage, 3 bad input, 1 and 101 a bug.
@pytest.mark.parametrize("code", [1, 2, 3, 101])
def test_what_cannot_get_better_is_not_retried(definition, code):
    assert decide(definition, code, ESSENTIAL) == "EXIT"


def test_a_job_that_needs_more_memory_than_it_has_is_not_retried(definition):
    reason = "OutOfMemoryError: Container killed due to memory usage"
    assert decide(definition, 137, ESSENTIAL, reason) == "EXIT"


# 75 transient, 143 stopped after saving progress, 137 and 139 killed.
@pytest.mark.parametrize("code", [75, 137, 139, 143])
def test_what_may_get_better_is_retried(definition, code):
    assert decide(definition, code, ESSENTIAL) == "RETRY"
    assert definition["RetryStrategy"]["Attempts"] > 1


def test_an_image_that_could_not_be_pulled_is_retried(definition):
    assert decide(definition, None, "Task failed to start", "CannotPullContainerError: timeout") == "RETRY"


def test_a_job_whose_spot_host_was_taken_is_retried(stack):
    for definition in stack.of_type("AWS::Batch::JobDefinition").values():
        if definition["PlatformCapabilities"] == ["EC2"]:
            for code in (None, 137, 143):
                assert decide(definition, code, SPOT_TOOK_IT) == "RETRY"


def test_a_job_knows_how_often_it_is_tried(definition):
    """An error that may pass leaves its note in the last attempt alone, since a later one may mend it."""
    given = {each["Name"]: each["Value"] for each in definition["ContainerProperties"]["Environment"]}
    assert given["TAMIZ_ATTEMPTS"] == str(definition["RetryStrategy"]["Attempts"])


def test_batch_holds_the_rules(definition):
    assert len(definition["RetryStrategy"]["EvaluateOnExit"]) <= 5


def test_a_state_outlasts_all_attempts_of_its_job(machine, stack):
    for name, task in jobs(machine).items():
        definition = stack.properties(definition_of(task))
        worst = definition["Timeout"]["AttemptDurationSeconds"] * definition["RetryStrategy"]["Attempts"]
        assert task["TimeoutSeconds"] > worst, f"{name}: {worst} s of attempts and no time to wait for a host"


def test_a_job_that_finds_no_machine_is_given_up_before_its_state_is(machine, stack):
    """The queue says why nothing could run; the timeout of a state says nothing."""
    for name, task in jobs(machine).items():
        definition, queue = (stack.properties(logical(task)) for logical in (definition_of, queue_of))
        worst = definition["Timeout"]["AttemptDurationSeconds"] * definition["RetryStrategy"]["Attempts"]
        actions = queue["JobStateTimeLimitActions"]
        assert {action["Reason"].split(":")[0] for action in actions} == {"CAPACITY", "MISCONFIGURATION"}
        longest = max(action["MaxTimeSeconds"] for action in actions)
        assert task["TimeoutSeconds"] > worst + longest, f"{name}: {worst} s of attempts and {longest} s of waiting"


def test_the_execution_outlasts_its_slowest_path(machine):
    """When the timeout of the execution strikes, no Catch runs and no mail is sent."""
    assert machine["TimeoutSeconds"] > longest_seconds(machine)


def test_messages_stay_hidden_while_the_dispatcher_works(stack):
    """AWS asks for six times the function's timeout, and the batching window on top."""
    window = stack.parameters["BatchingWindowSeconds"]["MaxValue"]
    timeout = stack.properties("DispatcherFunction")["Timeout"]
    assert stack.properties("UploadQueue")["VisibilityTimeout"] >= 6 * timeout + window


def test_dead_letters_are_kept_longer_than_messages(stack):
    """The age of a message goes on counting in the dead-letter queue."""
    queue, dead = (stack.properties(name) for name in ("UploadQueue", "UploadDeadLetterQueue"))
    assert dead["MessageRetentionPeriod"] > queue["MessageRetentionPeriod"]
