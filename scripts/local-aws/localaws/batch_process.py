"""One attempt of a Batch job as a process of this machine, ending the way AWS tells of it."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .children import Children
from .logs import LogStream

EXITED = "Essential container in task exited"
TIMED_OUT = "Job attempt duration exceeded timeout"
NOT_STARTED = "Task failed to start"

POLL_SECONDS = 0.02
SHIP_SECONDS = 0.5


@dataclass(frozen=True)
class Ending:
    """How an attempt ended: `exit_code` is None where no process came to an end of its own or of ours."""

    exit_code: int | None
    status_reason: str
    reason: str | None = None


class Attempt:
    """A running attempt; `stop` and `kill` may be called from any thread."""

    def __init__(self, children: Children, timeout: float | None) -> None:
        self._children = children
        self._timeout = timeout
        self._told: Ending | None = None
        self._asked_to_stop = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None

    def stop(self, status_reason: str) -> None:
        """Asks the process to stop, as TerminateJob does."""
        self._told = Ending(None, status_reason)
        self._asked_to_stop.set()

    def tell(self, ending: Ending | None) -> subprocess.Popen[bytes] | None:
        """Makes the attempt end with this ending, whatever the process itself says; returns the process to kill.

        Without an ending the process has the last word.
        """
        self._told = ending
        return self._process

    def run(
        self, command: list[str], environment: dict[str, str], folder: Path, log: Path, stream: LogStream,
        started: Callable[[], None],
    ) -> Ending:  # fmt: skip
        """Runs the command to its end and ships its log meanwhile."""
        try:
            process = self._process = self._children.start(command, environment, folder, log)
        except OSError as error:
            return Ending(None, NOT_STARTED, f"CannotStartContainerError: {error}")
        started()
        overdue = self._watch(process, stream)
        if self._asked_to_stop.is_set() or overdue:
            self._children.end(process)
        else:
            self._children.bury(process)
        stream.ship(final=True)
        exit_code = process.returncode if process.returncode >= 0 else 128 - process.returncode
        if self._asked_to_stop.is_set():
            return Ending(exit_code, self._told.status_reason)
        if overdue:
            return Ending(exit_code, TIMED_OUT)
        return self._told or Ending(exit_code, EXITED)

    def _watch(self, process: subprocess.Popen[bytes], stream: LogStream) -> bool:
        """Waits until the process has ended or should; answers whether its time is over."""
        begin = shipped = time.monotonic()
        while process.poll() is None and not self._asked_to_stop.is_set():
            now = time.monotonic()
            if self._timeout is not None and now - begin > self._timeout:
                return True
            if now - shipped > SHIP_SECONDS:
                stream.ship()
                shipped = now
            time.sleep(POLL_SECONDS)
        return False
