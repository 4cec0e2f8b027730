"""Brings the lines that a process writes into a file to CloudWatch Logs, while it runs."""

from __future__ import annotations

import time
from pathlib import Path

from moto.logs.models import LogsBackend, logs_backends

from .settings import ACCOUNT, REGION

# As CloudWatch Logs itself: one PutLogEvents call holds at most this many events.
EVENTS_A_CALL = 10_000


class LogStream:
    """One log stream that follows one file."""

    def __init__(self, group: str, stream: str, file: Path) -> None:
        self._group, self._stream, self._file = group, stream, file
        self._position = file.stat().st_size if file.exists() else 0
        backend: LogsBackend = logs_backends[ACCOUNT][REGION]
        backend.ensure_log_group(group)
        backend.ensure_log_stream(group, stream)

    def ship(self, final: bool = False) -> None:
        """Sends the complete lines written since the last call; with `final` also a last line without its end."""
        with self._file.open("rb") as source:
            source.seek(self._position)
            fresh = source.read()
        end = len(fresh) if final else fresh.rfind(b"\n") + 1
        self._position += end
        now = int(time.time() * 1000)
        lines = fresh[:end].decode(errors="replace").split("\n")
        events = [{"timestamp": now, "message": line} for line in lines if line]
        for start in range(0, len(events), EVENTS_A_CALL):
            logs_backends[ACCOUNT][REGION].put_log_events(
                self._group, self._stream, events[start : start + EVENTS_A_CALL]
            )
