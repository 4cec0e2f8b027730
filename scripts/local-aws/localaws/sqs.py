"""SQS: the URL of a queue that CloudFormation made."""

from __future__ import annotations

from moto.sqs import models

from .desk import Desk
from .settings import ACCOUNT


def queue_url(desk: Desk, name: str) -> str:
    """A queue's URL on this server."""
    return f"{desk.settings.endpoint}/{ACCOUNT}/{name}"


def install(desk: Desk) -> None:
    """Mends moto's SQS: a `Ref` to a queue is the URL of the real AWS, to which some clients then go."""
    models.Queue.physical_resource_id = property(lambda queue: queue_url(desk, queue.name))
