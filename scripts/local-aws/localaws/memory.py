"""What AWS forgets in time: executions after 90 days, jobs after 7."""

from __future__ import annotations

from moto.batch.models import batch_backends
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from .batch import Scheduler
from .settings import ACCOUNT, REGION


def forget(scheduler: Scheduler) -> dict[str, int]:
    """Forgets every execution and every job that has ended now; answers how many of each."""
    return {"executions": forget_executions(), "jobs": forget_jobs(scheduler)}


def forget_executions() -> int:
    """Forgets executions, of every state machine."""
    forgotten = 0
    for machine in stepfunctions_parser_backends[ACCOUNT][REGION].state_machines:
        ended = [each for each in machine.executions if each.status != "RUNNING"]
        for each in ended:
            machine.executions.remove(each)
        forgotten += len(ended)
    return forgotten


def forget_jobs(scheduler: Scheduler) -> int:
    """Forgets jobs, in every queue."""
    backend = batch_backends[ACCOUNT][REGION]
    forgotten = scheduler.forget()
    for job in forgotten:
        backend._jobs.pop(job, None)
    return len(forgotten)
