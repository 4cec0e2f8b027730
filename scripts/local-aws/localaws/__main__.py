"""Starts the local AWS: `python -m localaws --state DIR --bin DIR [--port N]`; start.sh does it for people."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import select
import signal
import socket
import sys
import threading

from .settings import HOST, Settings, from_arguments, parser


def listen(port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Bound before anything else, since everything names the port."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    listener.listen(256)
    return listener


def end_on(die_with: int | None) -> queue.SimpleQueue[str]:
    """A queue that gets the reason to end: SIGTERM, SIGINT, or the end of another process."""
    reasons: queue.SimpleQueue[str] = queue.SimpleQueue()
    # Handlers, since a blocked signal would stay blocked in every job: SIGTERM could not stop one.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: reasons.put(signal.Signals(received).name))
    if die_with is not None:

        def follow() -> None:
            with contextlib.suppress(ProcessLookupError):
                select.select([os.pidfd_open(die_with)], [], [])
            reasons.put(f"process {die_with} is gone")

        threading.Thread(target=follow, name="die-with", daemon=True).start()
    return reasons


def announce(settings: Settings) -> None:
    """Writes pid and env; env is what start.sh waits for, so it comes last and whole."""
    (settings.state / "pid").write_text(f"{os.getpid()}\n")
    draft = settings.state / "env.part"
    draft.write_text("".join(f"export {name}={value}\n" for name, value in settings.exports.items()))
    draft.rename(settings.state / "env")


def main() -> int:
    """Runs the server until it is told to stop."""
    arguments = parser().parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # moto logs every failed state with its whole payload; the execution's history tells it better.
    logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)
    try:
        listener = listen(arguments.port)
    except OSError as error:
        print(
            f"error: cannot listen on port {arguments.port}: {error.strerror}; choose another --port", file=sys.stderr
        )
        return 1
    settings = from_arguments(arguments, listener.getsockname()[1])
    settings.state.mkdir(parents=True, exist_ok=True)

    reasons = end_on(settings.die_with)

    # moto reads its settings when it is imported, and calls itself back at this port.
    os.environ["MOTO_PORT"] = str(settings.port)
    from . import assembly  # noqa: PLC0415

    server, children = assembly.build(settings, listener)
    threading.Thread(target=server.serve_forever, name="server", daemon=True).start()
    announce(settings)
    print(f"local AWS at {settings.endpoint}, state in {settings.state}", flush=True)
    print(f"local AWS ends: {reasons.get()}", flush=True)
    children.close()
    for name in ("env", "pid"):
        (settings.state / name).unlink(missing_ok=True)
    # Requests and pollers may still wait in their threads; nothing of theirs is worth waiting for.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
