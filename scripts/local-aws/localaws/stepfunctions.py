"""Step Functions: moto's interpreter, mended until it runs a state machine as AWS does."""

from __future__ import annotations

import json
import re
import sys
import threading
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from botocore.model import Shape
from moto.core.config import default_user_config
from moto.stepfunctions import models
from moto.stepfunctions.parser.api import ExecutionStatus, HistoryEventType, InvalidDefinition, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.intrinsic.function.statesfunction.states_function import StatesFunction
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branches_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk,
    state_task_service_callback,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import StateTaskService
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_batch import (
    StateTaskServiceBatch,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.utils import json_path
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.models import StepFunctionsParserBackend, stepfunctions_parser_backends

from . import definitions
from .definitions import shape_of
from .desk import Desk

WATCH_SECONDS = 0.1
STOP_SECONDS = 5
UNCATCHABLE = ("States.Runtime", "States.DataLimitExceeded")
INDEFINITE = re.compile(r"\*|\.\.|\?\(|\[[^\]]*[:,]")


def install(desk: Desk) -> None:
    """Mends moto's Step Functions."""
    default_user_config["stepfunctions"]["execute_state_machine"] = True
    # CloudFormation makes state machines in the backend that only pretends to run them.
    models.stepfunctions_backends = stepfunctions_parser_backends
    mend_casing()
    mend_paths()
    mend_sync(desk)
    mend_names()
    mend_stop()
    mend_clients(desk)
    mend_validation()
    mend_errors()


def mend_casing() -> None:
    """Parameters and results of tasks are not re-cased (`JobName` stays, where boto3 wants `jobName`)."""

    def shape(task: StateTaskService, service: str | None, action: str | None, side: str) -> Shape | None:
        return shape_of(task._get_boto_service_name(service), task._get_boto_service_action(action), side)

    def request(
        task: StateTaskService, parameters: dict[str, Any], boto_service_name: str | None = None,
        service_action_name: str | None = None,
    ) -> None:  # fmt: skip
        if found := shape(task, boto_service_name, service_action_name, "input_shape"):
            task._to_boto_request(parameters, found)

    def response(
        task: StateTaskService, response: Any, boto_service_name: str | None = None,
        service_action_name: str | None = None,
    ) -> None:  # fmt: skip
        if found := shape(task, boto_service_name, service_action_name, "output_shape"):
            task._from_boto_response(response, found)

    plain = StateTaskService._from_boto_response_value

    def value(response_value: Any) -> Any:
        # Times reach the state as Python objects, which no JSON holds.
        return as_json(plain(response_value))

    StateTaskService._normalise_parameters = request
    StateTaskService._normalise_response = response
    StateTaskService._from_boto_response_value = staticmethod(value)


def as_json(value: Any) -> Any:
    """Turns times into ISO 8601 text, in place where the value is a container, since moto re-keys it afterwards."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, list):
        value[:] = [as_json(each) for each in value]
    if isinstance(value, dict):
        value.update({key: as_json(each) for key, each in value.items()})
    return value


def mend_paths() -> None:
    """A definite path through an index (`$.a[0].k`) gives a list of one instead of the value."""
    json_path._is_singleton_array_access = lambda path: not INDEFINITE.search(path)


def mend_sync(desk: Desk) -> None:
    """A `.sync` task polls slowly, times out at once when it is retried, and leaves its job running when stopped."""
    state_task_service_callback._DELAY_SECONDS_SYNC_CONDITION_CHECK = 0.05
    callback = state_task_service_callback.StateTaskServiceCallback
    wait = callback._eval_sync

    def wait_for_end(task: Any, **named: Any) -> Any:
        # A retried task listens on the callback of its first attempt, which is over: that reads as States.Timeout.
        return wait(task, **(named | {"callback_endpoint": None}))

    resolve = StateTaskServiceBatch._build_sync_resolver

    def watch(task: StateTaskServiceBatch, env: Any, *arguments: Any, **named: Any) -> Callable[[], Any] | None:
        # AWS cancels the job when the task times out or the execution is stopped; moto forgets it.
        job = env.stack[-1]["JobId"]
        ended = threading.Event()
        resolver = resolve(task, env, *arguments, **named)

        def cancel() -> None:
            while env.is_running() and not ended.wait(WATCH_SECONDS):
                pass
            if not ended.is_set():
                desk.client("batch").terminate_job(jobId=job, reason="the Step Functions task was stopped")

        def resolved() -> Any:
            try:
                answer = resolver()
            except Exception:
                ended.set()
                raise
            if answer:
                ended.set()
            return answer

        threading.Thread(target=cancel, name=f"watch-{job}", daemon=True).start()
        return resolved

    callback._eval_sync = wait_for_end
    StateTaskServiceBatch._build_sync_resolver = watch


def mend_names() -> None:
    """Names that AWS gives: of an execution started without one, and of the errors of `aws-sdk:s3`."""
    start = StepFunctionsParserBackend.start_execution

    def start_named(backend: Any, state_machine_arn: str, name: str | None = None, *rest: Any, **named: Any) -> Any:
        if name:
            # moto's interpreter takes any name, with which the execution's ARN may then be none.
            backend._validate_name(name)
        return start(backend, state_machine_arn, name or str(uuid.uuid4()), *rest, **named)

    StepFunctionsParserBackend.start_execution = start_named
    # moto says `s3.NoSuchKeyException`, AWS `S3.NoSuchKeyException`.
    state_task_service_aws_sdk._SERVICE_ERROR_NAMES["s3"] = "S3"


def mend_stop() -> None:
    """An execution is stopped once the answer is there; moto's goes on running until its thread has heard of it."""
    stop = Execution.stop

    def stop_and_wait(self: Execution, stop_date: datetime, error: str | None, cause: str | None) -> None:
        stop(self, stop_date, error, cause)
        deadline = time.monotonic() + STOP_SECONDS
        while self.exec_status == ExecutionStatus.RUNNING and time.monotonic() < deadline:
            time.sleep(0.005)

    Execution.stop = stop_and_wait


def mend_clients(desk: Desk) -> None:
    """A client is made for every task from boto3's default session, which is slow and not safe between threads."""

    def client_for(region: str, service: str, state_credentials: Any = None) -> Any:
        return desk.client(service)

    for name, module in list(sys.modules.items()):
        if name.startswith("moto.stepfunctions.") and hasattr(module, "boto_client_for"):
            module.boto_client_for = client_for


def mend_validation() -> None:
    """A task's parameter that its API does not have is left out silently; AWS refuses the state machine."""
    validate = StepFunctionsParserBackend._validate_definition

    def validate_fields(definition: str) -> None:
        validate(definition=definition)
        if unknown := list(definitions.unknown_fields(json.loads(definition))):
            problems = "; ".join(f"The field {each} is not supported by Step Functions" for each in unknown)
            raise InvalidDefinition(f"Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: {problems}'")

    StepFunctionsParserBackend._validate_definition = staticmethod(validate_fields)


def mend_errors() -> None:
    """States.ALL catches what it does not on AWS, and a failed intrinsic function cannot be caught at all."""
    matches, evaluate = ErrorEqualsDecl._eval_body, StatesFunction.eval

    def matches_as_on_aws(equals: ErrorEqualsDecl, env: Any) -> None:
        error = env.stack[-1].error_name
        matches(equals, env)
        if error in UNCATCHABLE and ErrorEqualsDecl._STATE_ALL_ERROR in equals.error_names:
            env.stack[-1] = False

    def evaluate_or_tell(function: StatesFunction, env: Any) -> None:
        try:
            evaluate(function, env)
        except (FailureEventException, json_path.NoSuchJsonPathError):
            raise
        except Exception as error:
            kind = StatesErrorName(typ=StatesErrorNameType.StatesIntrinsicFailure)
            cause = f"The function 'States.{function.name.function_type.name}' had the following error: {error}"
            details = TaskFailedEventDetails(error=kind.error_name, cause=cause)
            event = FailureEvent(
                env=env,
                error_name=kind,
                event_type=HistoryEventType.TaskFailed,
                event_details=EventDetails(taskFailedEventDetails=details),
            )
            raise FailureEventException(failure_event=event) from error

    def name_of(error_name: str) -> StatesErrorName | CustomErrorName:
        # A branch that fails with one of AWS's own errors (States.TaskFailed) breaks the interpreter.
        known = {kind.to_name(): kind for kind in StatesErrorNameType}
        return StatesErrorName(typ=known[error_name]) if error_name in known else CustomErrorName(error_name=error_name)

    branches_decl.CustomErrorName = name_of
    ErrorEqualsDecl._eval_body = matches_as_on_aws
    StatesFunction.eval = evaluate_or_tell
