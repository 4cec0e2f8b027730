"""Walks a state machine."""

from collections.abc import Iterator

SUBMIT_JOB = "arn:aws:states:::batch:submitJob.sync"


def every_state(machine: dict) -> Iterator[tuple[str, dict]]:
    """All states, those inside branches included."""
    for name, state in machine["States"].items():
        yield name, state
        for branch in state.get("Branches", []):
            yield from every_state(branch)


def tasks(machine: dict) -> dict[str, dict]:
    """The states that call a service."""
    return {name: state for name, state in every_state(machine) if state["Type"] == "Task"}


def jobs(machine: dict) -> dict[str, dict]:
    """The tasks that submit a Batch job."""
    return {name: state for name, state in tasks(machine).items() if state["Resource"] == SUBMIT_JOB}


def successors(state: dict) -> set[str]:
    """The states that may follow, after an error too."""
    named = [state, *state.get("Choices", []), *state.get("Catch", [])]
    return {s["Next"] for s in named if "Next" in s} | ({state["Default"]} if "Default" in state else set())


def definition_of(task: dict) -> str:
    """Logical name of the job definition that a task submits."""
    return substitution(task["Parameters"]["JobDefinition"])


def queue_of(task: dict) -> str:
    """Logical name of the queue that a task submits to."""
    return substitution(task["Parameters"]["JobQueue"])


def substitution(text: str) -> str:
    """The name in `${name}`."""
    assert text.startswith("${") and text.endswith("}"), f"{text} is no substitution"
    return text[2:-1]


def environment_of(task: dict) -> set[str]:
    """The variables that a task sets for its job."""
    return {variable["Name"] for variable in task["Parameters"]["ContainerOverrides"]["Environment"]}


def longest_seconds(machine: dict) -> float:
    """The time that the slowest path takes when every state on it uses up its timeout and all its retries."""
    states, known = machine["States"], {}

    def from_state(name: str) -> float:
        if name not in known:
            rest = max((from_state(after) for after in successors(states[name])), default=0)
            known[name] = _own_seconds(states[name]) + rest
        return known[name]

    return from_state(machine["StartAt"])


def _own_seconds(state: dict) -> float:
    total, attempts = 0.0, 1
    for retrier in state.get("Retry", []):
        for attempt in range(retrier["MaxAttempts"]):
            delay = retrier["IntervalSeconds"] * retrier["BackoffRate"] ** attempt
            total += min(delay, retrier.get("MaxDelaySeconds", delay))
        # Only a retrier for timeouts can make a state use up its timeout more than once.
        attempts += retrier["MaxAttempts"] if "States.Timeout" in retrier["ErrorEquals"] else 0
    return total + attempts * state.get("TimeoutSeconds", 0)
