"""Puts the server together: every mend of moto, in an order in which each finds what it builds on."""

from __future__ import annotations

import socket

import moto
from werkzeug.serving import BaseWSGIServer

from . import batch, cloudformation, events, lambda_mapping, lambda_runtime, s3, sns, sqs, stepfunctions
from .calls import Calls
from .children import Children
from .desk import Desk
from .faults import Faults
from .server import Admin, serve
from .settings import Settings

# Every mend stands for a gap of this very version.
MOTO_VERSION = "5.2.5"


def build(settings: Settings, listener: socket.socket) -> tuple[BaseWSGIServer, Children]:
    """A server that is ready to serve, and the processes that end with it."""
    if moto.__version__ != MOTO_VERSION:
        raise SystemExit(f"error: the local AWS mends moto {MOTO_VERSION}, found {moto.__version__}; run start.sh")
    desk = Desk(settings)
    events.install(desk)
    s3.install()
    sqs.install(desk)
    mailbox = sns.install(desk)
    scheduler = batch.install(desk)
    stepfunctions.install(desk)
    lambda_runtime.install(desk)
    lambda_mapping.install(desk)
    cloudformation.install(desk)
    faults = Faults(scheduler)
    faults.install()
    calls = Calls()
    return serve(listener, Admin(mailbox, scheduler, faults, calls), faults, calls), desk.children
