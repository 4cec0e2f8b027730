"""SNS: a mailbox for subscribed addresses, and the limits that AWS puts on a message."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict, dataclass
from typing import Any

from moto.sns import models
from moto.sns.exceptions import SNSInvalidParameter

from .desk import Desk

SUBJECT_LIMIT = 100
MESSAGE_LIMIT = 256 * 1024


@dataclass(frozen=True)
class Mail:
    """One mail to one address; `at` is in seconds since 1970."""

    at: float
    to: str
    subject: str | None
    message: str
    topic: str


class Mailbox:
    """Every mail of this server, in memory and as `<state>/mail/NNNN.txt`."""

    def __init__(self, desk: Desk) -> None:
        self._folder = desk.settings.state / "mail"
        self._lock = threading.Lock()
        self._mails: list[Mail] = []
        self._before = max((int(file.stem) for file in self._folder.glob("[0-9]*.txt")), default=0)

    def keep(self, mail: Mail) -> None:
        """Keeps a mail; the file appears whole, and before the mail is listed."""
        with self._lock:
            number = self._before + len(self._mails) + 1
            # AWS takes the start of the message where there is no subject.
            subject = mail.subject or "AWS Notification Message"
            draft = self._folder / f".{number:04}.txt"
            draft.write_text(f"Subject: {subject}\nTo: {mail.to}\n\n{mail.message}")
            draft.rename(self._folder / f"{number:04}.txt")
            self._mails.append(mail)

    def listing(self) -> list[dict[str, Any]]:
        """The mails so far, oldest first."""
        with self._lock:
            return [asdict(mail) for mail in self._mails]


def refuse(message: str, subject: str | None) -> None:
    """Refuses what AWS refuses: moto publishes subjects of any alphabet and messages without text."""
    if not message:
        raise SNSInvalidParameter("Invalid parameter: Empty message")
    if len(message.encode()) > MESSAGE_LIMIT:
        raise SNSInvalidParameter("Invalid parameter: Message too long")
    if subject is None:
        return
    plain = subject.isascii() and subject.isprintable()
    if not subject or not plain or subject[0] == " " or len(subject) >= SUBJECT_LIMIT:
        raise SNSInvalidParameter("Invalid parameter: Subject")


def install(desk: Desk) -> Mailbox:
    """Mends moto's SNS and answers the mailbox."""
    mailbox = Mailbox(desk)
    publish = models.Topic.publish

    def publish_and_mail(topic: models.Topic, message: str, subject: str | None = None, **named: Any) -> str:
        refuse(message, subject)
        identifier = publish(topic, message, subject=subject, **named)
        # moto delivers nothing to addresses.
        for subscription in topic.sns_backend.list_subscriptions_by_topic(topic_arn=topic.arn)[0]:
            if subscription.protocol == "email":
                mailbox.keep(Mail(time.time(), subscription.endpoint, subject, message, topic.arn))
        return identifier

    models.Topic.publish = publish_and_mail
    return mailbox
