"""The event source mapping from an SQS queue to a function, with AWS's rules for what is deleted from the queue."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Collection
from typing import Any

from moto.awslambda import models
from moto.sqs.models import sqs_backends

from .desk import Desk
from .settings import ACCOUNT, REGION
from .sqs import queue_url

LOG = logging.getLogger(__name__)

RECEIVE_AT_MOST = 10
WAIT_SECONDS = 1
PAUSE_AFTER_ERROR_SECONDS = 0.5


class BadResponseError(Exception):
    """The function's partial batch response means nothing, so that AWS takes the whole batch as failed."""


def failed_messages(response: str, sent: Collection[str]) -> set[str]:
    """The ids that a partial batch response lists; raises BadResponseError where AWS would fail the whole batch."""
    try:
        answer = json.loads(response)
    except ValueError as error:
        raise BadResponseError(f"the response is no JSON: {error}") from error
    if answer is None or answer == {}:
        return set()
    if not isinstance(answer, dict):
        raise BadResponseError("the response is no object")
    failures = answer.get("batchItemFailures")
    if failures is None:
        return set()
    identifiers = set()
    for failure in failures:
        identifier = failure.get("itemIdentifier") if isinstance(failure, dict) else None
        if identifier not in sent:
            raise BadResponseError(f"itemIdentifier {identifier!r} names no message of the batch")
        identifiers.add(identifier)
    return identifiers


class Poller:
    """Feeds one function from one queue, one batch at a time, until the mapping is gone."""

    def __init__(self, desk: Desk, mapping: models.EventSourceMapping, backend: models.LambdaBackend) -> None:
        self._desk, self._mapping, self._backend = desk, mapping, backend
        self._sqs = desk.client("sqs")
        self._url = queue_url(desk, mapping.event_source_arn.rsplit(":", 1)[-1])

    def run(self) -> None:
        """Polls for ever; an error of the queue's pauses it."""
        while self._mapping.uuid in self._backend._event_source_mappings:
            try:
                if not self._mapping.enabled:
                    time.sleep(WAIT_SECONDS)
                elif batch := self._gather():
                    self._deliver(batch)
            except Exception as error:
                LOG.warning("mapping of %s: %s", self._url, error)
                time.sleep(PAUSE_AFTER_ERROR_SECONDS)

    def _gather(self) -> list[dict[str, Any]]:
        """Messages up to the batch size, or as many as come before the window of the first one closes."""
        override = self._desk.settings.batching_window
        window = float(self._mapping.max_batch_window or 0) if override is None else override
        batch: list[dict[str, Any]] = []
        closes = None
        while len(batch) < self._mapping.batch_size:
            left = WAIT_SECONDS if closes is None else closes - time.monotonic()
            batch += self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=min(RECEIVE_AT_MOST, self._mapping.batch_size - len(batch)),
                WaitTimeSeconds=max(0, min(WAIT_SECONDS, int(left))),
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
            ).get("Messages", [])
            if not batch:
                return []
            closes = closes or time.monotonic() + window
            if time.monotonic() >= closes:
                break
            time.sleep(min(0.05, max(0.0, closes - time.monotonic())))
        return batch

    def _deliver(self, batch: list[dict[str, Any]]) -> None:
        """Invokes the function and deletes what it has settled; the rest comes back when its visibility ends."""
        function = self._backend.get_function(self._mapping.function_arn)
        records = [self._record(message) for message in batch]
        response, failed, _ = function._invoke_lambda(json.dumps({"Records": records}))
        if failed:
            LOG.warning("function %s failed a batch of %d: %s", function.function_name, len(batch), response)
            return
        keep: set[str] = set()
        if "ReportBatchItemFailures" in (self._mapping.function_response_types or []):
            try:
                keep = failed_messages(response, {message["MessageId"] for message in batch})
            except BadResponseError as error:
                LOG.warning("function %s failed a batch of %d: %s", function.function_name, len(batch), error)
                return
        for message in batch:
            if message["MessageId"] not in keep:
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])

    def _record(self, message: dict[str, Any]) -> dict[str, Any]:
        attributes = message.get("MessageAttributes", {})
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
            "messageAttributes": {
                name: {"stringValue": value.get("StringValue"), "dataType": value["DataType"]}
                for name, value in attributes.items()
            },
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self._mapping.event_source_arn,
            "awsRegion": REGION,
        }


def install(desk: Desk) -> None:
    """Replaces moto's mapping from SQS: it invokes inside SendMessage and knows no window and no partial response."""
    create = models.LambdaBackend.create_event_source_mapping

    def create_and_poll(backend: models.LambdaBackend, spec: dict[str, Any]) -> models.EventSourceMapping:
        mapping = create(backend, spec)
        if ":sqs:" in mapping.event_source_arn:
            queue = sqs_backends[ACCOUNT][REGION].queues[mapping.event_source_arn.rsplit(":", 1)[-1]]
            queue.lambda_event_source_mappings.clear()
            poller = Poller(desk, mapping, backend)
            threading.Thread(target=poller.run, name=f"mapping-{queue.name}", daemon=True).start()
        return mapping

    models.LambdaBackend.create_event_source_mapping = create_and_poll
