"""The processes that the server has started: each in a process group of its own, none of which outlives the server."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path


class Children:
    """Starts process groups and ends them; `<state>/children/<pid>` names each one for stop.sh while it lives."""

    def __init__(self, folder: Path, grace: float) -> None:
        self._folder = folder
        self._grace = grace
        self._lock = threading.Lock()
        self._alive: dict[int, subprocess.Popen[bytes]] = {}
        self._closed = False
        folder.mkdir(parents=True, exist_ok=True)

    def start(
        self, command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path
    ) -> subprocess.Popen[bytes]:
        """Starts a command with its output appended to `log`; raises OSError when it cannot."""
        with self._lock, log.open("ab") as output:
            if self._closed:
                raise OSError("the local AWS is stopping")
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                cwd=folder,
                start_new_session=True,
            )
            self._alive[process.pid] = process
            (self._folder / str(process.pid)).touch()
        return process

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """Asks a process to stop, as a container's first process is asked, and kills its group after the grace."""
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(self._grace)
        self.bury(process)

    def bury(self, process: subprocess.Popen[bytes]) -> None:
        """Kills what is left of a group: nothing outlives its container. Reaps the process."""
        kill_group(process)
        process.wait()
        with self._lock:
            self._alive.pop(process.pid, None)
            (self._folder / str(process.pid)).unlink(missing_ok=True)

    def close(self) -> None:
        """Ends every group at once and starts no more."""
        with self._lock:
            self._closed = True
            left = list(self._alive.values())
        for process in left:
            process.terminate()
        deadline = time.monotonic() + self._grace
        for process in left:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            self.bury(process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kills a process and everything it started; nothing happens where all of it is gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
