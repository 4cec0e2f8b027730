"""What AWS Batch does after an attempt that failed: pure, as documented for `evaluateOnExit`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .batch_process import TIMED_OUT, Ending

CONDITIONS = {"onExitCode": "exit_code", "onReason": "reason", "onStatusReason": "status_reason"}


def retries(rules: Sequence[dict[str, Any]], ending: Ending) -> bool:
    """Whether another attempt follows a failed one: the first rule decides whose every condition matches.

    Where none matches the job is retried; an attempt that ran out of time never is.
    """
    if ending.status_reason == TIMED_OUT:
        return False
    for rule in rules:
        conditions = [name for name in CONDITIONS if name in rule]
        if conditions and all(matches(rule[name], getattr(ending, CONDITIONS[name])) for name in conditions):
            return str(rule["action"]).upper() == "RETRY"
    return True


def matches(pattern: str, value: object) -> bool:
    """Whether a value matches a pattern: case is ignored, and only an asterisk at the very end is a wildcard."""
    text = "" if value is None else str(value).lower()
    pattern = pattern.lower()
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern
