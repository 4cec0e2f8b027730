"""What the modules of the server share: settings, images, child processes, and clients of the server itself."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping

import boto3
from botocore.client import BaseClient
from botocore.config import Config

from .children import Children
from .images import Images
from .settings import ACCESS_KEY, INHERITED, REGION, SECRET_KEY, Settings


class Desk:
    """One running local AWS."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.images = Images(settings.bin, settings.images)
        self.children = Children(settings.state / "children", settings.grace)
        self._clients: dict[str, BaseClient] = {}
        self._clients_lock = threading.Lock()
        for folder in ("jobs", "lambda", "mail"):
            (settings.state / folder).mkdir(parents=True, exist_ok=True)

    def client(self, service: str) -> BaseClient:
        """A client of this very server, which does not retry; one for each service, since making them is slow."""
        with self._clients_lock:
            if service not in self._clients:
                self._clients[service] = self._connect(service)
            return self._clients[service]

    def _connect(self, service: str) -> BaseClient:
        return boto3.client(
            service,
            endpoint_url=self.settings.endpoint,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            # Long polling and slow functions need the time; Step Functions hands over values that only AWS can judge.
            config=Config(
                retries={"total_max_attempts": 1},
                parameter_validation=False,
                read_timeout=3600,
                max_pool_connections=64,
            ),
        )

    def environment(self, own: Mapping[str, object]) -> dict[str, str]:
        """The environment of a job or a function: the machine's few, the way to this server, and its own."""
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        # By this mark stop.sh knows the processes of a server that was killed.
        mark = {"LOCAL_AWS_STATE": str(self.settings.state)}
        return inherited | mark | self.settings.exports | {name: str(value) for name, value in own.items()}
