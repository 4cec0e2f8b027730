"""SQS: the URL of a queue that CloudFormation made, and queues of many messages."""

from __future__ import annotations

from moto.core.utils import unix_time_millis
from moto.sqs import models

from .desk import Desk
from .settings import ACCOUNT


def queue_url(desk: Desk, name: str) -> str:
    """A queue's URL on this server."""
    return f"{desk.settings.endpoint}/{ACCOUNT}/{name}"


def waiting(queue: models.Queue) -> list[models.Message]:
    """The messages that can be received."""
    now = unix_time_millis()
    return [each for each in queue._messages if each.visible_at < now and each.delayed_until <= now]


def count_delayed(queue: models.Queue) -> int:
    """How many messages cannot be received yet."""
    now = unix_time_millis()
    return sum(each.delayed_until > now for each in queue._messages)


def count_in_flight(queue: models.Queue) -> int:
    """How many messages somebody has received and not deleted."""
    now = unix_time_millis()
    return sum(each.visible_at >= now for each in queue._messages)


def install(desk: Desk) -> None:
    """Mends moto's SQS.

    A `Ref` to a queue is the URL of the real AWS, to which some clients then go. And every request counts the
    messages of its queue, several times over, with a look at the clock for each: with ten thousand of them that takes
    a tenth of a second.
    """
    models.Queue.physical_resource_id = property(lambda queue: queue_url(desk, queue.name))
    models.Queue.messages = property(waiting)
    models.Queue.approximate_number_of_messages_delayed = property(count_delayed)
    models.Queue.approximate_number_of_messages_not_visible = property(count_in_flight)
