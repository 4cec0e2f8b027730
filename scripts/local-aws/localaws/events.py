"""EventBridge: the status events of Batch and Step Functions, and the targets of rules."""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
import uuid
from collections.abc import Sequence
from typing import Any

from moto.events import models
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication

from .desk import Desk
from .settings import ACCOUNT, REGION
from .sqs import queue_url

LOG = logging.getLogger(__name__)


def emit(source: str, detail_type: str, detail: dict[str, Any], resources: Sequence[str]) -> None:
    """Puts an AWS service's own event on the buses; moto's services emit none."""
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "source": source,
        "detail-type": detail_type,
        "account": ACCOUNT,
        "region": REGION,
        "time": time.time(),
        "ingestion-time": time.time(),
        "resources": list(resources),
        "detail": detail,
    }
    for bus in models.events_backends[ACCOUNT][REGION].event_buses.values():
        for rule in list(bus.rules.values()):
            # moto lets a rule without a pattern (a schedule) match every event.
            if rule.state == "ENABLED" and not rule.scheduled_expression:
                rule.send_to_targets(event)


def send(desk: Desk, target: dict[str, Any], event: dict[str, Any]) -> None:
    """Delivers an event to one target."""
    service, body = target["Arn"].split(":")[2], target.get("Input") or event
    if "InputTransformer" in target and "Input" not in target:
        body = transformed(target["InputTransformer"], event)
    text = body if isinstance(body, str) else json.dumps(body, default=str)
    if service == "sns":
        desk.client("sns").publish(TopicArn=target["Arn"], Message=text)
    elif service == "sqs":
        url = queue_url(desk, target["Arn"].rsplit(":", 1)[-1])
        desk.client("sqs").send_message(QueueUrl=url, MessageBody=text)
    elif service == "states":
        name = str(uuid.uuid4())
        desk.client("stepfunctions").start_execution(stateMachineArn=target["Arn"], name=name, input=text)
    elif service == "lambda":
        desk.client("lambda").invoke(FunctionName=target["Arn"], Payload=text)
    else:
        LOG.error("an event rule has the target %s, which the local AWS does not know", target["Arn"])


def transformed(transformer: dict[str, Any], event: dict[str, Any]) -> Any:
    """What an input transformer makes of an event; moto knows no text, which is a JSON string a line."""
    template, paths = transformer["InputTemplate"], transformer.get("InputPathsMap", {})
    if not template.startswith('"'):
        return models.EventTemplateParser.parse(template, paths, event)
    # AWS leaves the quotes, too.
    return "\n".join(f'"{models.EventTemplateParser.parse(line, paths, event)}"' for line in template.splitlines())


def install(desk: Desk) -> None:
    """Mends moto's EventBridge and makes executions tell of their end."""
    deliveries: queue.SimpleQueue[tuple[models.Rule, dict[str, Any]]] = queue.SimpleQueue()

    def deliver() -> None:
        while True:
            rule, event = deliveries.get()
            for target in rule.targets:
                try:
                    send(desk, target, event)
                except Exception:
                    LOG.exception("event rule %s", rule.name)

    def send_to_targets(rule: models.Rule, event: dict[str, Any], transform_input: bool = True) -> None:
        # moto knows neither SNS nor Step Functions as the target of a rule, and delivers inside the caller's request.
        if rule.event_pattern.matches_event(event):
            deliveries.put((rule, event))

    reflect = BaseExecutionWorkerCommunication._reflect_execution_status

    def reflect_and_tell(communication: BaseExecutionWorkerCommunication) -> None:
        # moto's Step Functions emits no status events.
        reflect(communication)
        execution = communication.execution
        detail = {
            "executionArn": execution.exec_arn,
            "stateMachineArn": execution.state_machine.arn,
            "name": execution.name,
            "status": execution.status,
            "error": execution.error,
            "cause": execution.cause,
        }
        emit("aws.states", "Step Functions Execution Status Change", detail, [execution.exec_arn])

    threading.Thread(target=deliver, name="events", daemon=True).start()
    models.Rule.send_to_targets = send_to_targets
    BaseExecutionWorkerCommunication._reflect_execution_status = reflect_and_tell
